"""核查确认: a unit confirms the roster of a year: one case to sign, and a draft for each difference.

All in the caller's transaction: either everything is there, or nothing. The kernel holds the rules (078_verification.sql).
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.queries import inside
from app.workflow import engine, versions

PROCESS = "verify_year"
# Which business mends a difference: the first that is published. What a unit cannot mend by itself it reports.
MENDS = {
    "left": ("leave", "objection"),
    "wrong_data": ("objection",),
    "unknown": ("objection",),
    "missing": ("recruit", "objection"),
}


def confirm(session: Session, verification_id: int) -> int:
    """Confirm a roster; returns the case that the head and 编办 approve.

    Raises:
        NotFound: no such verification of the own unit.
        AlreadyDecided: it is being signed, or is confirmed.
    """
    found = inside.verification(session, verification_id)
    head = session.execute(text("SELECT * FROM verification_head(:v)"), {"v": verification_id}).one_or_none()
    if found is None or head is None or head.sequence is None:
        raise errors.NotFound(verification=verification_id)
    again = found.case_state in ("draft", "returned")
    if again:
        engine.locked(session, found.case_id)  # the application's row first, as every step does
    case_id = found.case_id if again else _draft(session, found, PROCESS, {"verification": verification_id})
    session.execute(text("SELECT verification_filed(:v, :c)"), {"v": verification_id, "c": case_id})
    _mend(session, found)
    facts = {
        "verification": verification_id,
        "year": found.year,
        "sequence": head.sequence,
        "head": head.head,
        "people": head.people,
        "differences": head.differences,
    }
    engine.submit(session, case_id, facts=facts, person_id=None, person_name=None, effective_on=None)
    return int(case_id)


def _draft(session: Session, found: Any, process: str, form: dict[str, Any]) -> int:
    case = engine.draft(session, process=process, unit_id=found.unit_id, scope_path=found.scope_path, form=form)
    return int(case.id)


def _mend(session: Session, found: Any) -> None:
    """A draft for each difference that has none yet, in the business that mends it."""
    marks = [m for m in inside.marks(session, found.id) if m.case_id is None]
    known = versions.published(session, {*(p for names in MENDS.values() for p in names), *(m.business for m in marks)})
    known = {name: found for name, found in known.items() if found[1].applicant == "unit"}
    for mark in marks:
        process = next(p for p in (mark.business, *MENDS[mark.kind]) if p in known)
        draft = _draft(session, found, process, _form(mark, process, known[process][1].fields))
        session.execute(text("SELECT verification_mended(:m, :c)"), {"m": mark.id, "c": draft})


def _form(mark: Any, process: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """What is known of the difference, in the fields of the business's form."""
    known = {
        "person": str(mark.person_id) if mark.person_id else None,
        "about_person": str(mark.person_id) if mark.person_id else None,
        "person_name": mark.person_name,
        "objected": "person" if mark.kind == "wrong_data" else "roster",
        "claim": f"年度核查：{mark.person_name} {mark.note}".strip(),
        "ground": mark.note,
    }
    return {name: value for name, value in known.items() if name in fields and value}
