"""From the forms of use of quota, entry and exit to their facts."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.ledger.people import PersonFacts, facts_of
from app.security.hats import Hat
from app.security.services import services
from app.views.fields.entry import REASONS, WAYS
from app.views.filing.base import Filing, form_facts
from app.workflow.definition import Process

WHOLE = ("permit", "seats", "plan_year", "absent_days", "absent_year_days")
CIVIL, REFERENCE = ("11", "12"), "21"


def entry_facts(form: Any, plan: Process) -> dict[str, Any]:
    """The facts of a form with whole numbers as such; a way or reason that the business leaves no choice of is filled in."""
    facts = form_facts(form, plan)
    for name, value in facts.items():
        if (name in WHOLE or name.startswith(("line", "number"))) and str(value or "").isdecimal():
            facts[name] = int(str(value))
    ways, reasons = WAYS.get(plan.process, ()), REASONS.get(plan.process, ())
    if len(ways) == 1:
        facts["entry_way"] = ways[0]
    if len(reasons) == 1:
        facts["reason"] = reasons[0]
    return facts


def _line_unit(s: Session, facts: dict[str, Any], who: Hat) -> tuple[int, str]:
    """The unit and category of the chosen line; a foreign one answers as an absent one."""
    row = s.execute(
        text("SELECT unit_id, category FROM quota_line WHERE id = :i AND kind = 'establishment'"), {"i": facts["line"]}
    ).one_or_none()
    if row is None or (who.unit_id and row.unit_id != who.unit_id):
        raise errors.NotFound(line=facts["line"])
    return int(row.unit_id), str(row.category)


def _permitted(s: Session, facts: dict[str, Any], who: Hat) -> None:
    """A named permit is of the applicant's rows."""
    if facts.get("permit") is not None:
        unit = s.execute(text("SELECT unit_id FROM permit WHERE id = :i"), {"i": facts["permit"]}).scalar()
        if unit is None or (who.unit_id and unit != who.unit_id):
            raise errors.NotFound(permit=facts["permit"])


def newcomer(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """入编: somebody who comes from outside the city's establishment.

    Raises:
        NotFound: the line or permit is not the applicant's to choose.
        DuplicatePerson: the number belongs to somebody who serves.
    """
    facts = entry_facts(form, plan)
    unit, _category = _line_unit(s, facts, who)
    _permitted(s, facts, who)
    person = PersonFacts(
        name=form.person_name.data.strip(),
        id_number=form.id_number.data,
        sex=form.sex.data,
        birth_on=form.birth_on.data,
        work_started_on=form.work_started_on.data,
        level=facts.get("level"),
        rank=facts.get("rank"),
        education=facts.get("education"),
        entry_way=facts["entry_way"],
    )
    facts |= facts_of(person, services().keys)
    known = s.execute(text("SELECT state FROM find_person(decode(:i, 'hex'))"), {"i": facts["person_index"]}).scalar()
    if known == "serving":
        raise errors.DuplicatePerson()
    start = form.start.data if "start" in form else None
    return Filing(facts, None, person.name, unit, start)


def known_person(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """调动、复职: somebody whom the register knows; whether seated is what the business asks.

    Raises:
        NotSeated: nobody of this number is known, or a transfer is of somebody who serves nowhere.
        AlreadySeated: the person sits in this unit already, or a return is of somebody who serves.
    """
    facts = entry_facts(form, plan)
    unit, category = _line_unit(s, facts, who)
    _permitted(s, facts, who)
    found = s.execute(
        text("SELECT * FROM find_person(:i)"), {"i": services().keys.blind_index("resident", form.id_number.data)}
    ).one_or_none()
    serves = found is not None and found.state == "serving"
    if found is None or serves == (plan.process == "reinstate") or (serves and found.unit_id == unit):
        raise errors.AlreadySeated() if serves else errors.NotSeated()
    if plan.process == "transfer":
        facts["reason"] = "11" if category in CIVIL else "13" if category == REFERENCE else "14"
    facts["person"] = found.id
    # Somebody of another unit: the case may name him, its row stays foreign.
    return Filing(facts, None, str(found.name), unit, form.start.data)


def leaver(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """出编: somebody of the applicant's rows.

    Raises:
        NotFound: the person is not the applicant's to choose.
    """
    facts = entry_facts(form, plan)
    row = s.execute(text("SELECT name, unit_id FROM person WHERE id = :i"), {"i": facts["person"]}).one_or_none()
    if row is None:
        raise errors.NotFound(person=facts["person"])
    return Filing(facts, facts["person"], str(row.name), who.unit_id or row.unit_id, form.end.data)


def seats_wanted(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """控编单: seats of an own line."""
    facts = entry_facts(form, plan)
    unit, _category = _line_unit(s, facts, who)
    return Filing(facts, None, None, unit, None)


def permit_change(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """延期、撤销: an own permit."""
    facts = entry_facts(form, plan)
    _permitted(s, facts, who)
    return Filing(facts, None, None, who.unit_id, None)


def year_plan(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """年度用编计划: the rows that are filled; whose lines they may be is the kernel's to say."""
    facts = {k: v for k, v in entry_facts(form, plan).items() if v is not None}
    return Filing(facts, None, None, who.unit_id, None)


FILERS: dict[str, Callable[[Session, Any, Process, Hat], Filing]] = {
    "occupy": newcomer,
    "move": known_person,
    "reinstate": known_person,
    "vacate": leaver,
    "permit_grant": seats_wanted,
    "permit_extend": permit_change,
    "permit_cancel": permit_change,
    "permit_plan": year_plan,
}
