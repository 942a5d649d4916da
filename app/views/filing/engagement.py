"""From the forms about staff without seats, and about a line's funding, to their facts."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.ledger.people import PersonFacts, facts_of
from app.models import Unit
from app.security.hats import Hat
from app.security.services import services
from app.views.filing.base import Filing, form_facts, unit_of_line
from app.workflow.definition import Process


def cap(s: Session, form: Any, plan: Process, _who: Hat) -> Filing:
    """编外控制数 of a body of the office's ranges."""
    facts = form_facts(form, plan)
    row = s.get(Unit, int(str(facts["unit"]))) if str(facts.get("unit") or "").isdecimal() else None
    if row is None:
        raise errors.NotFound(unit=facts.get("unit"))
    return Filing(facts, None, None, row.id, form.start.data)


def engage(_s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """聘用: somebody who holds no seat, by the identity document."""
    facts = form_facts(form, plan)
    facts |= {"unit": who.unit_id, "until_on": facts.pop("engaged_until_on")}
    person = PersonFacts(
        name=form.person_name.data.strip(),
        id_number=form.id_number.data,
        sex=form.sex.data,
        birth_on=form.birth_on.data,
        education=facts.get("education"),
    )
    facts |= facts_of(person, services().keys)
    return Filing(facts, None, person.name, who.unit_id, form.start.data)


def change(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """续聘、解聘: of somebody whom the own unit engages; anybody else answers as absent."""
    facts = form_facts(form, plan)
    facts["unit"] = who.unit_id
    if "engaged_until_on" in facts:
        facts["until_on"] = facts.pop("engaged_until_on")
    name = s.execute(
        text(
            "SELECT coalesce(p.name, a.person_name) FROM engagement e JOIN application a ON a.id = e.case_id"
            " LEFT JOIN person p ON p.id = e.person_id WHERE e.person_id = :p AND e.unit_id = :u"
            " AND e.recorded_to IS NULL AND e.ended_on IS NULL"
        ),
        {"p": facts["engaged"], "u": who.unit_id},
    ).scalar()
    if name is None:
        raise errors.NotEngaged(person=facts["engaged"])
    return Filing(facts, None, str(name), who.unit_id, form.end.data if "end" in form else None)


def rekey(s: Session, form: Any, plan: Process, _who: Hat) -> Filing:
    """经费形式、编制类型变更: a line of the office's ranges."""
    facts = form_facts(form, plan)
    return Filing(facts, None, None, unit_of_line(s, facts["line"]), form.start.data)


FILERS: dict[str, Callable[..., Any]] = {
    "set_cap": cap,
    "engage": engage,
    "engage_change": change,
    "rekey_line": rekey,
}
