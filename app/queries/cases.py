"""业务的读: one case, an office's queue, a unit's cases."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def queue(session: Session, office_id: int, after: tuple[str, int] | None = None, limit: int = 30) -> list[Any]:
    """The open tasks of an office, due first; keyset on due day and id."""
    return list(
        session.execute(
            text(
                "SELECT t.id AS task_id, t.due_on, t.code, t.assignee_id, a.id, a.number, a.title, a.state, a.submitted_at,"
                " a.process, unit_name(a.unit_id) AS unit FROM task t JOIN application a ON a.id = t.application_id"
                " WHERE t.office_id = :o AND t.state = 'open' AND a.state = 'running'"
                " AND (cast(:d AS date) IS NULL OR (t.due_on, t.id) > (:d, :i)) ORDER BY t.due_on, t.id LIMIT :n"
            ),
            {"o": office_id, "d": after[0] if after else None, "i": after[1] if after else 0, "n": limit},
        )
    )


def unit_queue(session: Session, unit_id: int) -> list[Any]:
    """Consents asked of a unit (a person of it is wanted elsewhere)."""
    return list(
        session.execute(
            text(
                "SELECT t.id AS task_id, t.due_on, a.id, a.number, a.title, a.state, a.process, unit_name(a.unit_id) AS unit"
                " FROM task t JOIN application a ON a.id = t.application_id WHERE t.unit_id = :u AND t.state = 'open'"
                " AND a.state = 'running' ORDER BY t.due_on, t.id LIMIT 50"
            ),
            {"u": unit_id},
        )
    )


def unit_cases(session: Session, unit_id: int, limit: int = 30) -> list[Any]:
    """The newest cases of a unit."""
    return list(
        session.execute(
            text(
                "SELECT a.id, a.number, a.title, a.state, a.process, a.submitted_at, a.effective_on,"
                " (SELECT min(due_on) FROM task t WHERE t.application_id = a.id AND t.state = 'open') AS due_on"
                " FROM application a WHERE a.unit_id = :u ORDER BY a.id DESC LIMIT :n"
            ),
            {"u": unit_id, "n": limit},
        )
    )


def counts(session: Session, unit_id: int) -> dict[str, int]:
    """How many cases of a unit stand in each state."""
    rows = session.execute(
        text("SELECT state, count(*) AS n FROM application WHERE unit_id = :u GROUP BY state"), {"u": unit_id}
    )
    return {r.state: r.n for r in rows}


def tasks(session: Session, case_id: int) -> list[Any]:
    """All tasks of a case with office and decision."""
    return list(
        session.execute(
            text(
                "SELECT t.id, t.stage, t.code, t.state, t.opened_at, t.due_on, t.closed_at, t.office_id, t.unit_id,"
                " coalesce(o.name, unit_name(t.unit_id)) AS office, d.opinion, operator_name(coalesce(d.user_id, t.assignee_id))"
                " || coalesce('（代' || operator_name(d.delegator_id) || '）', '') AS assignee"
                " FROM task t LEFT JOIN office o ON o.id = t.office_id LEFT JOIN decision d ON d.id = t.decision_id"
                " WHERE t.application_id = :c ORDER BY t.stage, t.id"
            ),
            {"c": case_id},
        )
    )


def events(session: Session, case_id: int) -> list[Any]:
    """The timeline, oldest first."""
    return list(
        session.execute(
            text(
                "SELECT at, kind, operator, side, opinion, facts FROM application_event WHERE application_id = :c ORDER BY id"
            ),
            {"c": case_id},
        )
    )


def facts(session: Session, case_id: int) -> dict[str, Any]:
    """The filed facts of a case; empty for a draft."""
    row = session.execute(
        text("SELECT facts::jsonb AS facts FROM case_record WHERE case_id = :c"), {"c": case_id}
    ).one_or_none()
    return dict(row.facts) if row else {}


def waiting(session: Session, unit_id: int) -> list[Any]:
    """Cases in which the unit itself has the next step: returned ones, approved ones."""
    return list(
        session.execute(
            text(
                "SELECT id, title, state, process FROM application WHERE unit_id = :u"
                " AND state IN ('returned', 'awaiting') ORDER BY id DESC LIMIT 20"
            ),
            {"u": unit_id},
        )
    )


def office_counts(session: Session, office_id: int) -> Any:
    """How many tasks wait for an office, are due today, are late."""
    return session.execute(
        text(
            "SELECT count(*) AS open, count(*) FILTER (WHERE due_on = kernel_today()) AS due,"
            " count(*) FILTER (WHERE due_on < kernel_today()) AS late"
            " FROM task WHERE office_id = :o AND state = 'open'"
        ),
        {"o": office_id},
    ).one()
