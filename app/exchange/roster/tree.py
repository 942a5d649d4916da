"""机构树: which legal body each row of the file belongs to, even when the row itself has errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.exchange.roster.records import NAMED, UNITS, Cell, RosterUnit, printable
from app.exchange.roster.rules import RowCheck

DEEPEST = 20
"""Levels above a node at most; the city has six."""


def written_code(cell: Cell) -> str:
    """A unit code as it was meant: a number typed for a code still names its unit."""
    if isinstance(cell.value, float) and cell.value.is_integer():
        return str(int(cell.value))
    return printable(cell.value.strip())[:60] if isinstance(cell.value, str) else ""


@dataclass(slots=True)
class Tree:
    """机构树: nodes by code, in file order; everything but a department stands for itself."""

    parent: dict[str, str] = field(default_factory=dict)
    department: dict[str, bool] = field(default_factory=dict)
    rows: dict[str, list[RowCheck]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, units: Iterable[tuple[RosterUnit | None, RowCheck]]) -> Tree:
        """The tree of the 单位 sheet; of rows with one code the first counts."""
        tree = cls()
        for _, check in units:
            code = written_code(check.row.cells["code"])
            if not code:
                continue
            tree.rows[code].append(check)
            if code not in tree.parent:
                tree.parent[code] = written_code(check.row.cells["parent_code"])
                tree.department[code] = check.values["node"] == "department"
        return tree

    def chain(self, code: str) -> list[str]:
        """The codes from a node upwards, ending before a code that is not in the file or comes twice."""
        seen: dict[str, None] = {}
        while code in self.parent and code not in seen and len(seen) < DEEPEST:
            seen[code] = None
            code = self.parent[code]
        return list(seen)

    def owner(self, code: str) -> str | None:
        """归属单位: the legal body of a node, or None when the chain leads to none."""
        return next((node for node in self.chain(code) if not self.department[node]), None)

    def is_department_of(self, code: str, legal: str) -> bool:
        """Whether a code is a department of the legal body."""
        return self.department.get(code, False) and self.owner(code) == legal

    def circular(self, code: str) -> bool:
        """Whether the way up from a node never ends."""
        chain = self.chain(code)
        return bool(chain) and self.parent[chain[-1]] in chain

    def in_order(self) -> list[str]:
        """The legal bodies, parents before children, otherwise as in the file."""
        legal = [code for code, department in self.department.items() if not department]
        return sorted(legal, key=lambda code: len(self.chain(code)))


def check_tree(tree: Tree, known_units: frozenset[str]) -> None:
    """Duplicate codes, circular, missing and wrong parents: complained of at their rows."""
    for code, rows in tree.rows.items():
        for check in rows:
            if len(rows) > 1:
                others = [(UNITS, other.row.number) for other in rows[:NAMED] if other is not check]
                check.complain("code", "duplicate_unit", related=others)
            _check_parent(tree, check, code, known_units)


def _check_parent(tree: Tree, check: RowCheck, code: str, known_units: frozenset[str]) -> None:
    parent = check.values["parent_code"]
    if parent is None or parent == code:
        return
    if parent not in tree.parent:
        if parent not in known_units or check.values["node"] == "department":
            check.complain("parent_code", "unknown_unit")
    elif len(tree.chain(code)) == DEEPEST:
        check.complain("parent_code", "too_deep", str(DEEPEST))
    elif tree.circular(code):
        check.complain("parent_code", "circular_parent")
    elif check.values["node"] == "legal" and tree.department[parent]:
        check.complain("parent_code", "not_a_legal_unit")
