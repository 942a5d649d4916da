"""差异转业务: the draft of the business that mends a difference between payroll and roster."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.workflow import engine, versions

# By kind the first of these that is published and that a unit applies for; a difference without one is explained, or the
# payroll is put right.
MENDS: dict[str, tuple[str, ...]] = {
    "dead_paid": ("death",),
    "judged_paid": ("expel", "dismiss", "contract_end"),
    "in_custody": ("discipline", "discipline_public"),
    "pension_while_paid": ("retire",),
    "paid_while_absent": ("pay_change", "absence_return"),
    "no_attendance": ("long_leave", "dismiss", "contract_end"),
    "absent_long": ("dismiss", "contract_end"),
    "wrong_unit": ("transfer",),
    "wrong_category": ("change_line",),
    "identity_differs": ("person_correct", "objection"),
    "amount_changed": ("pay_change",),
    "not_verified": ("objection",),
    "seat_without_pay": ("objection",),
}


def mending(session: Session, kind: str) -> list[tuple[str, str]]:
    """The businesses that mend a kind and that units apply for: process and title."""
    known = versions.published(session, set(MENDS.get(kind, ())))
    return [(p, known[p][1].title) for p in MENDS.get(kind, ()) if p in known and known[p][1].applicant == "unit"]


def mend(session: Session, found: Any, process: str) -> int:
    """A draft in a business, with the person filled in; returns the case.

    Raises:
        NotFound: the business does not mend this kind of difference, or the unit does not apply for it.
    """
    if process not in {name for name, _title in mending(session, found.kind)} or found.person_id is None:
        raise errors.NotFound(process=process)
    fields = versions.latest(session, process)[1].fields
    known = {
        "person": str(found.person_id),
        "about_person": str(found.person_id),
        "objected": "person",
        "claim": f"工资核对：{found.name} {found.id_mask}",
        "ground": found.note,
    }
    form = {name: value for name, value in known.items() if name in fields and value}
    path = session.execute(text("SELECT scope_path FROM unit WHERE id = :u"), {"u": found.unit_id}).scalar_one()
    return int(engine.draft(session, process=process, unit_id=found.unit_id, scope_path=path, form=form).id)
