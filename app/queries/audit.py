"""The auditor's questions: events by kind, operator, period, case, unit, person; runs of the verification; seals."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

SUBJECTS = ("case", "unit", "person")
COLUMNS = (
    "e.id, e.recorded_at, e.kind, e.user_id, e.account_id, e.operator, e.address, e.facts, e.case_id, e.unit_id,"
    " e.person_id, e.chain, e.sequence, e.prev_hash, e.hash"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for; empty fields ask nothing. ``after`` is the last row of the page before."""

    kind: str = ""
    operator: str = ""
    begin: dt.datetime | None = None
    end: dt.datetime | None = None
    case: str = ""
    unit: str = ""
    person: str = ""
    after: tuple[dt.datetime, int] | None = None


def events(s: Session, q: Question, limit: int) -> list[Any]:
    """The newest events that fit, along the index that the question names."""
    conditions, values = ["true"], dict[str, Any](n=limit)
    if q.kind:
        conditions.append("e.kind = :kind")
        values["kind"] = q.kind
    if q.operator:
        user = s.execute(text("SELECT id FROM ab_user WHERE username = :u"), {"u": q.operator}).scalar()
        # A role of the database is an operator without being a user.
        conditions.append("e.user_id = :user" if user is not None else "e.operator = :user AND e.user_id IS NULL")
        values["user"] = user if user is not None else q.operator
    if q.begin:
        conditions.append("e.recorded_at >= :begin")
        values["begin"] = q.begin
    if q.end:
        conditions.append("e.recorded_at < :end")
        values["end"] = q.end
    for what in SUBJECTS:
        wanted = getattr(q, what)
        if wanted:
            ids = s.execute(text("SELECT audit_subjects(:w, :t)"), {"w": what, "t": wanted}).scalar() or []
            one = f"e.{what}_id = :{what}" if len(ids) == 1 else f"e.{what}_id = ANY(cast(:{what} AS bigint[]))"
            conditions.append(one)
            values[what] = ids[0] if len(ids) == 1 else ids
    if q.after:
        conditions.append("(e.recorded_at, e.id) < (:at, :id)")
        values |= {"at": q.after[0], "id": q.after[1]}
    return list(
        s.execute(
            text(
                f"SELECT {COLUMNS} FROM audit_event e WHERE {' AND '.join(conditions)}"
                " ORDER BY e.recorded_at DESC, e.id DESC LIMIT :n"
            ),
            values,
        ).all()
    )


def event(s: Session, number: int) -> Any:
    """One event, or None."""
    return s.execute(text(f"SELECT {COLUMNS} FROM audit_event e WHERE e.id = :i"), {"i": number}).one_or_none()


def runs(s: Session, limit: int = 30) -> list[Any]:
    """The last verifications, newest first, with what they found."""
    return list(
        s.execute(text("SELECT * FROM verification_run ORDER BY ended_at DESC, id DESC LIMIT :n"), {"n": limit}).all()
    )


def seals(s: Session, before: int | None, limit: int) -> list[Any]:
    """Seals, newest first."""
    return list(
        s.execute(
            text("SELECT * FROM ledger_seal WHERE id < coalesce(:b, 9223372036854775807) ORDER BY id DESC LIMIT :n"),
            {"b": before, "n": limit},
        ).all()
    )


def seal(s: Session, number: int) -> Any:
    """One seal, or None."""
    return s.execute(text("SELECT * FROM ledger_seal WHERE id = :i"), {"i": number}).one_or_none()
