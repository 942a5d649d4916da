"""核身份: one document number, one person, one seat in the whole city."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.id_number import normalise, problems
from app.workflow.checks import Finding, Subject, check


def _registered(session: Session, case: Subject) -> tuple[bool, Any]:
    """Whether a number was given at all, and the person who has it, if the register knows one."""
    if case.case_id is not None:
        row = session.execute(text("SELECT * FROM case_person(:c)"), {"c": case.case_id}).one_or_none()
        return row is not None, row if row is not None and row.name is not None else None
    index = case.facts.get("person_index")
    if not index:
        return False, None
    found = session.execute(text("SELECT * FROM find_person(decode(:i, 'hex'))"), {"i": index}).one_or_none()
    return True, found


def _one_person(session: Session, case: Subject, code: str, *, wanted: bool) -> Finding | None:
    asked, found = _registered(session, case)
    if not asked:
        return None
    serving = found is not None and found.state == "serving"
    figures: tuple[tuple[str, Any], ...] = ()
    if found is not None:
        figures = (("person", f"{found.name} {found.id_mask}"), ("unit", found.unit_name))
    return Finding(code, serving == wanted, figures, None if found is not None else "not_in_register")


@check("identity_free")
def identity_free(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """一人一编: whoever enters holds no seat anywhere in the city yet."""
    return _one_person(session, case, "identity_free", wanted=False)


@check("identity_known")
def identity_known(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """在编人员: whoever is moved or promoted stands in the register and holds a seat."""
    return _one_person(session, case, "identity_known", wanted=True)


@check("id_agrees")
def id_agrees(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """号码与出生日期、性别一致 (GB 11643); a filed number was compared when it was filed, and only its mask stays."""
    number = case.facts.get("id_number")
    if number:
        wrong = problems(normalise(str(number)), case.day("birth_on"), case.facts.get("sex") or None)
        return Finding("id_agrees", not wrong, (), wrong[0] if wrong else None)
    if case.facts.get("id_mask") and case.facts.get("birth_on"):
        return Finding("id_agrees", True, (("document", case.facts["id_mask"]),))
    return None
