"""From the forms of businesses inside a unit to their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.queries import units
from app.security.hats import Hat
from app.views.filing import base as filing
from app.workflow.definition import Process

if TYPE_CHECKING:
    from app.views.filing.base import Filing


def _named(s: Session, person: Any) -> str:
    """The name of a person in the applicant's rows; a foreign one answers as an absent one."""
    name = s.execute(text("SELECT name FROM person WHERE id = :i"), {"i": person}).scalar() if person else None
    if name is None:
        raise errors.NotFound(person=person)
    return str(name)


def shift(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """内设机构间调动: the department is the own unit's; empty is the unit itself."""
    facts = filing.form_facts(form, plan)
    _own_department(s, facts.get("department"), who)
    return filing.Filing(facts, facts["person"], _named(s, facts["person"]), who.unit_id, form.start.data)


def _own_department(s: Session, department: Any, who: Hat) -> None:
    of = s.execute(text("SELECT legal_id FROM unit WHERE id = :i"), {"i": department}).scalar() if department else None
    if department and of != who.unit_id:
        raise errors.NotFound(department=department)


def change_line(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """编制类型变更: the line is the own unit's."""
    facts = filing.form_facts(form, plan)
    if filing.unit_of_line(s, facts.get("line")) != who.unit_id:
        raise errors.NotFound(line=facts.get("line"))
    return filing.Filing(facts, facts["person"], _named(s, facts["person"]), who.unit_id, form.start.data)


def absence_begin(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """借调、挂职、长期病假: a host where the kind has one, a unit of the city or a name.

    Raises:
        InvalidInput: no host, or two.
    """
    facts = filing.form_facts(form, plan)
    facts["absence_kind"] = facts.get("absence_kind") or "secondment"
    if "host" in facts and bool(facts["host"]) == bool(facts["host_unit"]):
        raise errors.InvalidInput(errors={"host": ["host_once"]})
    return filing.Filing(facts, facts["person"], _named(s, facts["person"]), who.unit_id, form.start.data)


def absence_change(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """延期、返回: of somebody of the own unit who is away."""
    facts = filing.form_facts(form, plan)
    name = _named(s, facts["person"])
    own = text("SELECT unit_id FROM absence WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL")
    if s.execute(own, {"p": facts["person"]}).scalar() != who.unit_id:
        raise errors.NotAbsent(person=name)
    return filing.Filing(facts, facts["person"], name, who.unit_id, form.end.data if "end" in form else None)


def certificate(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """机构编制管理证 of the own unit."""
    facts = filing.form_facts(form, plan) | {"unit": who.unit_id}
    if facts["certificate_reason"] != "verify":
        facts["year"] = None
    elif not facts["year"]:
        raise errors.InvalidInput(errors={"year": ["required"]})
    return filing.Filing(facts, None, None, who.unit_id, None)


def objection(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """异议: of a unit about whomever it sees, of a person about himself."""
    facts = filing.form_facts(form, plan)
    about = who.person_id or facts.get("about_person")
    if who.person_id:
        facts["person"] = who.person_id
    unit = who.unit_id or units.unit_of(s, who.person_id)
    return filing.Filing(facts, int(about) if about else None, _named(s, about) if about else None, unit, None)


FILERS = {
    "shift": shift,
    "change_line": change_line,
    "absence_begin": absence_begin,
    "absence_extend": absence_change,
    "absence_end": absence_change,
    "certificate": certificate,
    "objection": objection,
    "objection_own": objection,
    "own_proof": objection,
}
