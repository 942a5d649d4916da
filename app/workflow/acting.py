"""经办: who acts in this transaction, on which day, on which locked case, and the step that is put on record.

Everything here answers for the transaction's own identity; the engine's modules stand on it.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db import KEPT
from app.domain import errors
from app.models import Application, ApplicationEvent, WorkingDay
from app.workflow.versions import process_of

Facts = Mapping[str, str | int | None]


def today(session: Session) -> dt.date:
    """The kernel's day (Foshan time), asked once a transaction."""
    if "today" not in session.info:
        session.info["today"] = session.execute(text("SELECT kernel_today()")).scalar_one()
    day: dt.date = session.info["today"]
    return day


def me(session: Session, part: int) -> str | None:
    """One part of the transaction's identity (see 010_identity.sql), as the database named it at the beginning."""
    if "parts" not in session.info:
        session.connection()  # begins the transaction, and with it the identity
    parts: list[str] = session.info["parts"]
    return parts[part - 1] or None if part <= len(parts) else None


def locked(session: Session, case_id: int) -> Application:
    """The case, locked against every other step; a foreign case answers as an absent one."""
    rows = session.scalars(
        select(Application).where(Application.id == case_id).with_for_update(), execution_options=KEPT
    )
    case = rows.one_or_none()
    if case is None:
        raise errors.NotFound(case=case_id)
    return case


def operator(session: Session) -> str:
    """The name of whoever acts (and in whose place, under a delegation), asked once a transaction."""
    if "operator" not in session.info:
        session.info["operator"] = session.execute(text("SELECT acting_name()")).scalar_one() or "—"
    name: str = session.info["operator"]
    return name


def note(
    session: Session,
    case: Application,
    kind: str,
    *,
    side: str,
    opinion: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Add one step to the timeline, with its operator."""
    user = me(session, 1)
    session.add(
        ApplicationEvent(
            application_id=case.id,
            kind=kind,
            user_id=int(user) if user else None,
            operator=operator(session),
            side=side,
            opinion=opinion,
            facts=facts or {},
            scope_path=case.scope_path,
        )
    )


def mine(session: Session, case: Application) -> bool:
    """Whether the case was begun by the identity's own unit or office, or is a person's own application."""
    if me(session, 3) == "person":
        return bool(session.execute(text("SELECT own_case(:c)"), {"c": case.id}).scalar())
    if case.office_id is not None:
        return str(case.office_id) == me(session, 7)
    # A competent department stands for its unit where it decides, not where the unit applies.
    own = case.unit_id is not None and str(case.unit_id) == me(session, 6) and me(session, 3) != "supervisor"
    return own and not by_person(session, case)


def by_person(session: Session, case: Application) -> bool:
    """Whether the case's business is one that persons apply for, through their unit."""
    return process_of(session, case).applicant == "person"


def applicant(session: Session, case: Application) -> str:
    """How the timeline names the applying side."""
    if by_person(session, case):
        return "本人"
    return "申报单位" if case.office_id is None else "申报部门"


def calendar(session: Session) -> dict[dt.date, bool]:
    """The published working days; a missing year counts Monday to Friday."""
    return {row.on: row.worked for row in session.scalars(select(WorkingDay))}
