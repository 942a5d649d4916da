"""Filings of staff without seats, and of a line's funding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ledger.people import facts_of
from tests.world import person

if TYPE_CHECKING:
    from app.workflow.definition import Process
    from tests.workflow.filings import City, Filing


def off_quota(city: City, plan: Process) -> Filing:
    """A cap, an engagement and its change; a line's funding."""
    from tests.workflow.filings import DOCUMENT, Filing, day  # it knows this module

    body = city.body("22") if plan.process == "funding_change" else city.body(people=0)
    if plan.movement == "engage":
        facts = {**facts_of(person("编外甲"), city.world.keys), "unit": body.id, "engage_task": "窗口服务",
                 "engage_funding": "own", "start": day(), "until_on": day(12)}  # fmt: skip
        return Filing(facts, body, name="编外甲", other={"engage_task": "档案整理"})
    if plan.movement == "engage_change":
        begun = city.filing("engage")
        case = city.finished("engage", begun)
        who = city.world.value("SELECT person_id FROM engagement WHERE case_id = :c", c=case)
        facts = {"unit": begun.body.id, "engaged": who}
        facts |= {"until_on": day(24)} if plan.process == "engage_extend" else {"end": day()}
        return Filing(facts, begun.body, other={"until_on": day(20)} if "until_on" in facts else {"end": day(0, 1)})
    facts = {"start": day(), **DOCUMENT}
    facts |= {"unit": body.id, "number": 3} if plan.process == "staff_cap" else {
        "line": body.line, "new_category": "22", "new_funding": "2", "new_class": None}  # fmt: skip
    return Filing(facts, body, about=body.id, other={"document_no": "佛编〔2026〕12号"})
