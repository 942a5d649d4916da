"""Definitions: their second form, and that what was published in the first one still reads."""

import copy
from typing import Any

import pytest
from marshmallow import ValidationError

from app.workflow import checks
from app.workflow.definition import FAMILIES, parse
from app.workflow.validation import load

# A version as it was published before definitions said more: cases may still run on it.
FIRST: dict[str, Any] = {
    "process": "transfer", "version": 1, "title": "市内调动", "prefix": "DD", "guide": "人员在本市单位之间调动。",
    "applicant": "unit", "effect": "date", "fields": ["id_number", "line", "department", "start"],
    "stages": [
        {"name": "调出单位意见", "tasks": [{"code": "source_unit", "role": "source_unit", "title": "同意", "days": 3}]},
        {"name": "并联审批", "tasks": [
            {"code": "establishment", "role": "establishment", "title": "核空编", "days": 3, "on_approve": "reserve"},
            {"code": "personnel", "role": "personnel", "title": "审批调动", "days": 5}]},
    ],
    "papers": ["《市内调动审批表》两份"], "result": "凭通知办理。",
    "requirements": {"reserve": [{"role": "establishment"}], "move": [{"role": "personnel"}]},
}  # fmt: skip


def test_a_version_of_the_first_form_still_reads_and_asks_what_it_asked() -> None:
    plan = parse(copy.deepcopy(FIRST))
    assert [t.code for s in plan.stages for t in s.tasks] == ["source_unit", "establishment", "personnel"]
    assert (plan.days.promised, plan.checks, plan.conditional) == (8, (), False)
    assert [(p.name, p.note) for p in plan.papers] == [("《市内调动审批表》两份", "")]


def test_every_shipped_definition_says_who_may_apply_on_what_basis_and_how_long() -> None:
    plans = [plan for _raw, plan in load()]
    assert len({p.process for p in plans}) == len(plans)
    for plan in plans:
        assert plan.family in FAMILIES
        assert plan.who
        assert plan.basis
        assert all(paper.name for paper in plan.papers)
        assert plan.days.promised <= plan.days.statutory
        assert {c.code for c in plan.checks} <= checks.known()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"family": "others"}, "family"),
        ({"applicant": "mayor"}, "applicant"),
        ({"prefix": "录用"}, "prefix"),
        ({"days": {"statutory": 20}}, "promised"),
        ({"papers": [{"name": "申请表", "copies": 0}]}, "copies"),
        ({"checks": [{"code": "usable_seat", "level": "shout", "article": "条例"}]}, "level"),
        ({"outputs": ["banknote"]}, "outputs"),
        ({"requirements": {"print_money": [{"role": "establishment"}]}}, "print_money"),
        ({"reasons": "none"}, "reasons"),
    ],
)
def test_what_a_definition_may_not_say_is_refused_by_name(changed: dict[str, Any], says: str) -> None:
    raw = next(raw for raw, plan in load() if plan.process == "recruit")
    with pytest.raises(ValidationError) as refused:
        parse(copy.deepcopy(raw) | changed)
    assert says in str(refused.value.messages)


def test_a_condition_that_is_none_is_refused_where_it_stands() -> None:
    raw = copy.deepcopy(next(raw for raw, plan in load() if plan.process == "recruit"))
    raw["stages"][0]["tasks"][1]["when"] = "open('/etc/passwd')"
    with pytest.raises(ValidationError) as refused:
        parse(raw)
    assert "条件中不允许" in str(refused.value.messages["stages"][0]["tasks"][1]["when"])
