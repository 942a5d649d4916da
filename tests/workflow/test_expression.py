"""Conditions: what may stand in them, and that no case fails on one."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.workflow.expression import LONGEST, ExpressionError, condition

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
FACTS = {"category": "11", "rank": "R05", "unit_grade": "3", "cross_region": True, "seats": 12}


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("category in ('11', '12', '21')", True),
        ("category not in ('11', '12')", False),
        ("category in ('22',)", False),
        ("cross_region and not has_head", True),
        ("rank <= 'R05' or rank == None", True),
        ("rank < 'R05'", False),
        ("seats >= 10", True),
        ("9 < seats <= 12", True),
        ("seats != 12", False),
        # A fact that is missing, or of another kind, makes a comparison false and never an error.
        ("missing > 3", False),
        ("missing == None", True),
        ("seats > '3'", False),
        ("category in missing", False),
    ],
)
def test_a_condition_is_judged_by_the_facts(source: str, holds: bool) -> None:
    assert condition(source).holds(FACTS) is holds


@pytest.mark.parametrize(
    "source",
    [
        "", "(", "a b", "a.b", "a['b']", "f(1)", "__import__('os')", "a if b else c", "[x for x in a]", "lambda: 1", "1 + 1",
        "2 ** 9", "a is b", "f'{a}'", "{'a': 1}", "a == 1.5", "b'x' == a", "a := 1", "*a", "not (yield)", "a\nb",
        "a == '" + "x" * LONGEST + "'", " or ".join("a" for _ in range(40)), "(" * 120 + "a" + ")" * 120,
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_a_sentence(source: str) -> None:
    with pytest.raises(ExpressionError, match=r"[\u4e00-\u9fff]"):
        condition(source)


@CALM
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(st.none(), st.integers(), st.text(), st.booleans())))
def test_no_facts_make_a_condition_fail(facts: dict[str, Any]) -> None:
    for source in ("a < b", "a in ('1', 2) or not c", "a >= 1 and b != 'x'", "a == b == c", "a in b"):
        assert condition(source).holds(facts) in (True, False)


@CALM
@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_refused(source: str) -> None:
    with suppress(ExpressionError):
        assert condition(source).holds({}) in (True, False)
