"""The approval in one transaction, statement by statement what the other peer's does (peer_django/core/views.py)."""

import datetime as dt
import hashlib
import json

from models import Application, Audit, AuditHead, Occupancy, Person, Slot, Task
from sqlalchemy import select, update


def approve(session, pk, actor):
    """Seat an applicant and write one row of audit; the seat's number, or None where somebody was first."""
    a = session.execute(
        select(Application)
        .where(Application.id == pk, Application.status == "pending")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    slot = (
        a
        and session.execute(
            select(Slot)
            .where(Slot.unit_id == a.unit_id, Slot.category == a.category, Slot.status == "vacant")
            .order_by(Slot.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).scalar_one_or_none()
    )
    if (
        not slot
        or session.execute(select(Occupancy.id).where(Occupancy.slot_id == slot.id, Occupancy.until.is_(None))).first()
    ):
        session.rollback()
        return None
    now = dt.datetime.now(dt.UTC)
    session.add(Occupancy(slot_id=slot.id, person_id=a.person_id, since=now.date()))
    slot.status = "filled"
    seated = {"status": "在编", "unit_id": a.unit_id, "category": a.category, "entered_on": now.date()}
    session.execute(update(Person).where(Person.id == a.person_id).values(**seated, updated_at=now))
    a.status, a.decided_at, a.decided_by = "approved", now, actor
    session.execute(
        update(Task).where(Task.application_id == pk, Task.status == "open").values(status="done", done_at=now)
    )
    head = session.execute(select(AuditHead).where(AuditHead.chain == a.unit_id).with_for_update()).scalar_one()
    doc = {"application": pk, "person": a.person_id, "slot": slot.id}
    new = hashlib.sha256(bytes(head.hash) + json.dumps(doc).encode()).digest()
    session.add(Audit(chain=a.unit_id, actor=actor, action="approve", payload=doc, prev_hash=head.hash, hash=new))
    head.hash = new
    session.commit()
    return slot.id
