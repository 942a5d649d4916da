"""条件: when a stage or a task applies, as a small expression over the facts of a case.

No program is run: simpleeval walks the parsed expression, and what may stand in it is a closed list: names of facts,
texts, whole numbers, lists in brackets, comparisons, ``in``, ``and``, ``or``, ``not``. A fact that a case does not have
is ``None``; a comparison with it is false, so no case can fail on a missing fact.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import simpleeval

LONGEST = 200
MOST_NODES = 60
# What the setting of a case tells beside its filed facts (kernel function ``case_setting``).
SETTING = (
    "unit_grade",
    "region",
    "region_kind",
    "category",
    "level",
    "rank",
    "cross_region",
    "has_head",
    "has_supervisor",
)
ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Compare, ast.Name, ast.Load, ast.Constant,
    ast.Tuple, ast.List, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
)  # fmt: skip


class ExpressionError(ValueError):
    """A condition that is refused; the text says why, in the words of whoever writes definitions."""


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """An order that holds between values of one kind only."""

    def apply(left: Any, right: Any) -> bool:
        return type(left) is type(right) and left is not None and compare(left, right)

    return apply


OPERATORS: dict[type[ast.AST], Callable[[Any, Any], bool] | Callable[[Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: _ordered(lambda a, b: a < b),
    ast.LtE: _ordered(lambda a, b: a <= b),
    ast.Gt: _ordered(lambda a, b: a > b),
    ast.GtE: _ordered(lambda a, b: a >= b),
    ast.In: lambda a, b: isinstance(b, tuple | list) and a in b,
    ast.NotIn: lambda a, b: isinstance(b, tuple | list) and a not in b,
    ast.Not: lambda a: not a,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked expression; ``names`` are the facts that it asks for."""

    source: str
    names: frozenset[str]
    _tree: ast.expr = field(repr=False, compare=False)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether the condition is true of these facts."""
        known = {name: facts.get(name) for name in self.names}
        evaluator = simpleeval.EvalWithCompoundTypes(names=known, functions={}, operators=OPERATORS)
        return bool(evaluator.eval(self.source, previously_parsed=self._tree))


def condition(source: str) -> Condition:
    """Read a condition.

    Raises:
        ExpressionError: it is too long, does not parse, or holds more than a condition may.
    """
    if len(source) > LONGEST:
        raise ExpressionError(f"条件超过 {LONGEST} 个字符")
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as wrong:
        raise ExpressionError(f"条件不成立，读不懂：{source}") from wrong
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES:
        raise ExpressionError("条件过于复杂，请拆成几个任务")
    for node in nodes:
        if not isinstance(node, ALLOWED):
            raise ExpressionError(f"条件中不允许：{ast.unparse(node) if isinstance(node, ast.expr) else source}")
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | None):
            raise ExpressionError(f"条件中只能写文字和整数：{node.value!r}")
    names = frozenset(n.id for n in nodes if isinstance(n, ast.Name))
    return Condition(source.strip(), names, tree.body)
