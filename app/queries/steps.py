"""办理步骤的读: whose clock stands, what may be taken back, who signed first, what happened since."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def standing(session: Session, case_id: int) -> Any:
    """The stop of a case's clock that has not ended: kind, reason, since when, by whom, and whether by one's own side."""
    return session.execute(
        text(
            "SELECT c.kind, c.reason, c.started_at, coalesce(o.name, unit_name(c.unit_id)) AS side,"
            " coalesce(c.office_id = scope_number(7) OR c.unit_id = scope_number(6), false) AS mine"
            " FROM clock_stop c LEFT JOIN office o ON o.id = c.office_id"
            " WHERE c.application_id = :c AND c.ended_at IS NULL"
        ),
        {"c": case_id},
    ).one_or_none()


def to_take_back(session: Session, case_id: int) -> int | None:
    """The task on which one's own word is the last thing that happened in a case."""
    return session.execute(
        text(
            "SELECT t.id FROM decision d JOIN task t ON t.application_id = d.case_id"
            " AND d.id = coalesce(t.decision_id, t.first_decision_id)"
            " WHERE d.case_id = :c AND d.user_id = scope_number(1) AND d.verdict IN ('approve', 'return')"
            " AND (d.office_id = scope_number(7) OR d.unit_id = scope_number(6)) AND t.state <> 'cancelled'"
            " AND NOT EXISTS (SELECT 1 FROM decision x WHERE x.case_id = d.case_id AND x.id > d.id)"
            " AND NOT EXISTS (SELECT 1 FROM application_event e WHERE e.application_id = d.case_id"
            " AND e.at > d.decided_at AND e.kind <> 'urged')"
        ),
        {"c": case_id},
    ).scalar()


def signed_first(session: Session, task_id: int) -> Any:
    """Whose approval a countersigned task has already, and whether it is one's own or a head's."""
    return session.execute(
        text(
            "SELECT operator_name(d.user_id) AS name, d.decided_at, d.opinion, d.user_id = scope_number(1) AS mine,"
            " d.account_id IN (SELECT id FROM account WHERE kind = 'office_head') AS by_head"
            " FROM task t JOIN decision d ON d.id = t.first_decision_id WHERE t.id = :t"
        ),
        {"t": task_id},
    ).one_or_none()


def own_matter(session: Session, case_id: int) -> str | None:
    """Why the reader may not decide a case that waits for his office: ``filed`` by him, ``subject`` of it; None where he may."""
    found = session.execute(text("SELECT case_own_matter(:c)"), {"c": case_id}).scalar()
    return str(found) if found else None


def seen(session: Session, case_id: int) -> str:
    """What a page shows of a case: the revision of its facts and its last step, as the page sends them back."""
    row = session.execute(
        text(
            "SELECT (SELECT revision FROM case_record WHERE case_id = :c) AS revision,"
            " (SELECT max(id) FROM application_event WHERE application_id = :c) AS step"
        ),
        {"c": case_id},
    ).one()
    return f"{row.revision or 0}.{row.step or 0}"


def since(session: Session, case_id: int, step: int) -> list[Any]:
    """The steps of a case after one that a page knew, oldest first."""
    return list(
        session.execute(
            text(
                "SELECT at, kind, operator, side FROM application_event WHERE application_id = :c AND id > :s"
                " ORDER BY id LIMIT 20"
            ),
            {"c": case_id, "s": step},
        )
    )
