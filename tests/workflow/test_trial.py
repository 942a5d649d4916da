"""试运行: an invented case walked through a definition on paper."""

import datetime as dt
from typing import Any

from app.workflow import trial
from app.workflow.definition import Process, parse

DAY = dt.date(2026, 11, 25)  # a Wednesday


def plan(**changed: Any) -> Process:
    """Two stages; the second only for leaders, one of its tasks only in districts."""
    task = {"title": "核", "days": 3}
    made: dict[str, Any] = {
        "process": "invented", "codes": ["D01"], "version": 1, "title": "虚构", "family": "entry", "prefix": "XG",
        "guide": "无", "who": "无", "basis": ["无"], "applicant": "unit", "effect": "arrival", "arrival_days": 30,
        "days": {"statutory": 20, "promised": 6}, "fields": ["line"], "papers": [], "result": "完",
        "stages": [
            {"name": "并联", "tasks": [
                {"code": "establishment", "role": "establishment", "on_approve": "reserve", **task},
                {"code": "personnel", "role": "personnel", **task, "days": 5}]},
            {"name": "上报", "when": "level in ('121', '131')", "tasks": [
                {"code": "city", "role": "city_personnel", **task},
                {"code": "near", "role": "establishment", "when": "region_kind != 'city'", **task}]},
        ],
        "requirements": {"reserve": [{"role": "establishment"}],
                         "occupy": [{"role": "establishment"}, {"role": "personnel"}]},
    }  # fmt: skip
    return parse({**made, **changed})


def walk(facts: dict[str, str], **words: str) -> trial.Walk:
    named = {k.replace("_", "-", 1).removeprefix("w"): v for k, v in words.items()}
    return trial.walk(plan(), facts, named, {}, DAY)


def test_only_the_facts_that_a_condition_names_are_asked() -> None:
    assert trial.facts_asked(plan()) == ["level", "region_kind"]


def test_a_stage_waits_until_every_task_before_it_is_approved() -> None:
    first = walk({"level": "131"}, w0_establishment="approve")
    assert [s.state for s in first.stages] == ["open", "waiting"]
    assert first.state == "running"
    done = walk({"level": "131"}, w0_establishment="approve", w0_personnel="approve")
    assert [s.state for s in done.stages] == ["approved", "open"]


def test_a_stage_whose_condition_does_not_hold_is_passed_over() -> None:
    done = walk({"level": "142"}, w0_establishment="approve", w0_personnel="approve")
    assert [s.state for s in done.stages] == ["approved", "skipped"]
    assert done.state == "approved"


def test_a_task_whose_condition_does_not_hold_is_not_asked() -> None:
    city = {"level": "131", "region_kind": "city"}
    done = walk(city, w0_establishment="approve", w0_personnel="approve", w1_city="approve")
    assert [t.state for t in done.stages[1].tasks] == ["approve", "skipped"]
    assert done.state == "approved"
    district = walk(
        city | {"region_kind": "district"}, w0_establishment="approve", w0_personnel="approve", w1_city="approve"
    )
    assert district.state == "running"


def test_one_rejection_ends_and_one_return_sends_back_whatever_the_others_say() -> None:
    assert walk({}, w0_establishment="approve", w0_personnel="reject").state == "rejected"
    assert walk({}, w0_establishment="return", w0_personnel="approve").state == "returned"


def test_a_quorum_suffices() -> None:
    some = plan(stages=[{"name": "会签", "quorum": 1, "tasks": [
        {"code": c, "role": r, "title": "核", "days": 1} for c, r in (("a", "establishment"), ("b", "personnel"))]}])  # fmt: skip
    assert trial.walk(some, {}, {"0-b": "approve"}, {}, DAY).state == "approved"


def test_due_days_count_working_days_and_the_next_stage_counts_from_the_last() -> None:
    done = walk({"level": "131"}, w0_establishment="approve", w0_personnel="approve")
    assert [t.due_on for t in done.stages[0].tasks] == [dt.date(2026, 11, 30), dt.date(2026, 12, 2)]
    assert done.stages[1].tasks[0].due_on == dt.date(2026, 12, 7)


def test_a_word_for_a_task_that_is_not_open_counts_nothing() -> None:
    early = walk({"level": "131"}, w1_city="reject")
    assert early.state == "running"
    assert early.stages[1].tasks[0].word == ""
