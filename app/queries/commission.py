"""编委会的读: meetings of the own office, their agenda, cases that wait for one, decisions of upper levels."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def meetings(session: Session) -> list[Any]:
    """The office's meetings, the newest first, with the number of their items."""
    return list(
        session.execute(
            text(
                "SELECT m.*, (SELECT count(*) FROM agenda_item i WHERE i.meeting_id = m.id) AS items FROM meeting m"
                " ORDER BY m.year DESC, m.serial DESC LIMIT 60"
            )
        )
    )


def meeting(session: Session, meeting_id: int) -> Any:
    """One meeting with who wrote it down and who stands for it; another office's is absent."""
    return session.execute(
        text(
            "SELECT m.*, operator_name(m.recorded_by) AS recorder, operator_name(m.settled_by) AS settler FROM meeting m"
            " WHERE m.id = :i"
        ),
        {"i": meeting_id},
    ).one_or_none()


def agenda(session: Session, meeting_id: int) -> list[Any]:
    """The items with their cases, and the task that waits for the word."""
    return list(
        session.execute(
            text(
                "SELECT i.*, a.number, a.title, a.state, unit_name(a.unit_id) AS unit, t.id AS task, t.state AS task_state,"
                " (SELECT count(*) FROM attachment f WHERE f.application_id = a.id AND f.state = 'kept') AS files"
                " FROM agenda_item i JOIN application a ON a.id = i.application_id LEFT JOIN LATERAL (SELECT k.id, k.state FROM task k"
                " WHERE k.application_id = a.id AND k.role = 'commission' ORDER BY k.id DESC LIMIT 1) t ON true"
                " WHERE i.meeting_id = :i ORDER BY i.position LIMIT 200"
            ),
            {"i": meeting_id},
        )
    )


def waiting(session: Session) -> list[Any]:
    """Cases of the office that wait for the commission and stand on no open agenda."""
    return list(
        session.execute(
            text(
                "SELECT a.id, a.number, a.title, unit_name(a.unit_id) AS unit, t.due_on FROM task t JOIN application a"
                " ON a.id = t.application_id WHERE t.role = 'commission' AND t.state = 'open' AND t.office_id = scope_number(7)"
                " AND NOT EXISTS (SELECT 1 FROM agenda_item i JOIN meeting m ON m.id = i.meeting_id WHERE i.application_id = a.id"
                " AND m.state <> 'settled') ORDER BY t.due_on, t.id LIMIT 200"
            )
        )
    )


OUTSIDE = (
    "SELECT a.id, r.facts::jsonb ->> 'document_no' AS document_no, r.facts::jsonb ->> 'issuer' AS issuer,"
    " r.facts::jsonb ->> 'decided_on' AS decided_on, r.facts::jsonb ->> 'matter' AS matter FROM application a"
    " JOIN case_record r ON r.case_id = a.id AND r.status = 'effected' WHERE a.process = 'outside_decision'"
)


def outside(session: Session, q: str) -> list[Any]:
    """Recorded decisions of upper levels by number or title, the newest first."""
    return list(
        session.execute(
            text(
                f"SELECT * FROM ({OUTSIDE}) x WHERE strpos(x.document_no, :q) > 0 OR strpos(x.matter, :q) > 0"
                " ORDER BY x.decided_on DESC, x.id DESC LIMIT 20"
            ),
            {"q": q},
        )
    )


def outside_named(session: Session, case_id: Any) -> str:
    """A recorded decision as a case cites it; the number of its case where the reader does not see it."""
    row = session.execute(text(f"SELECT * FROM ({OUTSIDE}) x WHERE x.id = :i"), {"i": int(case_id)}).one_or_none()
    return f"{row.issuer}{row.document_no}（{row.decided_on}）{row.matter}" if row else str(case_id)


def outside_exists(session: Session, case_id: Any) -> bool:
    """Whether a cited decision is on record, in the reader's sight."""
    if not str(case_id).isdecimal():
        return False
    return (
        session.execute(text(f"SELECT 1 FROM ({OUTSIDE}) x WHERE x.id = :i"), {"i": int(case_id)}).scalar() is not None
    )
