"""业务的读: one case, an office's queue, a unit's cases."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def process_titles(session: Session) -> dict[str, str]:
    """The businesses' names by process, from the newest version of each that holds or has held."""
    rows = session.execute(
        text(
            "SELECT DISTINCT ON (process) process, definition->>'title' AS title FROM process_version"
            " WHERE holds_from <= kernel_today() ORDER BY process, holds_from DESC, version DESC"
        )
    )
    return {r.process: r.title for r in rows}


# The clock of the task or of its case stands still (033_limits.sql): neither amber nor red.
STILL = "(t.still_since IS NOT NULL OR a.still_since IS NOT NULL)"
# Filters of an office's queue by name; the values are the application's own, never the reader's.
VIEWS = {
    "": "true",
    "today": "t.due_on = kernel_today()",
    "late": f"t.due_on < kernel_today() AND NOT {STILL}",
    "escalated": "t.escalated_at IS NOT NULL",
    "mine": "t.assignee_id = (SELECT scope_number(1))",
}


# Answered under the reader's own kind of hat: a unit's head, clerk or competent department (032_routing.sql).
ANSWERED = "(SELECT scope_part(3)) = ANY (role_kinds(t.role, t.unit_id IS NOT NULL))"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a reader asks of the queue of an office, or of a competent department (``unit_id``)."""

    office_id: int
    view: str = ""
    process: str = ""
    q: str = ""
    unit_id: int | None = None

    @property
    def side(self) -> str:
        """Whose tasks; a unit's are told apart by the hat that answers."""
        return f"t.unit_id = :o AND {ANSWERED}" if self.unit_id else "t.office_id = :o"

    @property
    def open(self) -> str:
        """Whatever waits for the side."""
        return f"{self.side} AND t.state = 'open' AND a.state = 'running'"

    @property
    def filters(self) -> str:
        """What the reader filters by."""
        return (
            f"{VIEWS[self.view]} AND (:p = '' OR a.process = :p)"
            " AND (:q = '' OR strpos(a.title, :q) > 0 OR a.number = upper(:q)"
            " OR strpos(coalesce(unit_name(a.unit_id), ''), :q) > 0)"
        )

    @property
    def values(self) -> dict[str, Any]:
        """The condition's values."""
        return {"o": self.unit_id or self.office_id, "p": self.process, "q": self.q}


def queue(session: Session, asked: Waiting, after: tuple[str, int] | None = None, limit: int = 30) -> list[Any]:
    """The open tasks of an office, due first; keyset on due day and id."""
    return list(
        session.execute(
            text(
                "SELECT t.id AS task_id, t.due_on, t.code, t.assignee_id, a.id, a.number, a.title, a.state, a.submitted_at,"
                " a.process, unit_name(a.unit_id) AS unit, operator_name(t.assignee_id) AS assignee,"
                " EXISTS (SELECT 1 FROM application_event e WHERE e.application_id = a.id AND e.kind = 'urged'"
                f" AND e.at > t.opened_at) AS urged, {STILL} AS still, t.escalated_at IS NOT NULL AS escalated,"
                " a.created_by = (SELECT scope_number(1)) AS own"
                f" FROM task t JOIN application a ON a.id = t.application_id WHERE {asked.open} AND {asked.filters}"
                " AND (cast(:d AS date) IS NULL OR (t.due_on, t.id) > (:d, :i)) ORDER BY t.due_on, t.id LIMIT :n"
            ),
            {**asked.values, "d": after[0] if after else None, "i": after[1] if after else 0, "n": limit},
        )
    )


def queue_place(session: Session, asked: Waiting, task_id: int) -> Any:
    """Where a task stands among its side's open ones: ``place`` of ``total``, and the case after it."""
    return session.execute(
        text(
            "WITH line AS (SELECT t.id, t.application_id, row_number() OVER w AS place, count(*) OVER () AS total,"
            " lead(t.application_id) OVER w AS following, first_value(t.application_id) OVER w AS first"
            " FROM task t JOIN application a ON a.id = t.application_id"
            f" WHERE {asked.side} AND t.state = 'open' AND a.state = 'running' WINDOW w AS (ORDER BY t.due_on, t.id))"
            " SELECT place, total, coalesce(following, first) AS following FROM line WHERE id = :t"
        ),
        {**asked.values, "t": task_id},
    ).one_or_none()


def unit_queue(session: Session, unit_id: int) -> list[Any]:
    """What a unit is asked: its consent (a person of it is wanted elsewhere), its head's or its own word."""
    return list(
        session.execute(
            text(
                "SELECT t.id AS task_id, t.due_on, a.id, a.number, a.title, a.state, a.process, unit_name(a.unit_id) AS unit, t.role,"
                f" {STILL} AS still"
                " FROM task t JOIN application a ON a.id = t.application_id WHERE t.unit_id = :u AND t.state = 'open'"
                f" AND {ANSWERED} AND a.state = 'running' ORDER BY t.due_on, t.id LIMIT 50"
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
                " CASE WHEN a.decided_at IS NULL THEN a.due_on END AS due_on, a.still_since IS NOT NULL AS still"
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
                " || coalesce('（代' || operator_name(d.delegator_id) || '）', '') AS assignee,"
                f" ((t.office_id = scope_number(7) OR t.unit_id = scope_number(6)) AND {ANSWERED}) AS mine,"
                " t.still_since IS NOT NULL AS still, t.escalated_at IS NOT NULL AS escalated"
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


def decision_checks(session: Session, case_id: int) -> dict[int, Any]:
    """The decisions of a case by id: what was checked, and from which address."""
    rows = session.execute(
        text("SELECT id, checks, address FROM decision WHERE case_id = :c AND jsonb_typeof(checks) = 'array'"),
        {"c": case_id},
    )
    return {r.id: r for r in rows}


def reserved(session: Session, case_id: int) -> bool:
    """Whether a case holds a reserved seat."""
    return bool(
        session.execute(text("SELECT status = 'reserved' FROM case_record WHERE case_id = :c"), {"c": case_id}).scalar()
    )


def facts(session: Session, case_id: int) -> dict[str, Any]:
    """The filed facts of a case; empty for a draft."""
    row = session.execute(
        text("SELECT facts::jsonb AS facts FROM case_record WHERE case_id = :c"), {"c": case_id}
    ).one_or_none()
    return dict(row.facts) if row else {}


def waiting(session: Session, unit_id: int) -> list[Any]:
    """Cases in which the unit itself has the next step, and which: correct, bring papers, confirm an arrival."""
    return list(
        session.execute(
            text(
                "SELECT a.id, a.title, a.state, a.process, c.reason, CASE WHEN a.state = 'returned' THEN 'correct'"
                " WHEN c.id IS NOT NULL THEN 'papers' ELSE 'arrival' END AS step FROM application a"
                " JOIN process_version v ON v.id = a.process_version_id"
                " LEFT JOIN clock_stop c ON c.application_id = a.id AND c.ended_at IS NULL AND c.kind = 'papers'"
                " WHERE a.unit_id = :u AND (a.state = 'returned' OR (a.state = 'running' AND c.id IS NOT NULL)"
                " OR (a.state = 'awaiting' AND v.definition ->> 'effect' = 'arrival')) ORDER BY a.id DESC LIMIT 20"
            ),
            {"u": unit_id},
        )
    )


def of_office(session: Session, office_id: int) -> list[Any]:
    """What an office itself applies for and has to go on with: drafts, returned cases; the newest first."""
    return list(
        session.execute(
            text(
                "SELECT id, title, state, process FROM application WHERE office_id = :o AND state IN ('draft', 'returned')"
                " ORDER BY id DESC LIMIT 10"
            ),
            {"o": office_id},
        )
    )


def queue_counts(session: Session, asked: Waiting) -> Any:
    """How many tasks wait for a side, are due today, are late, are in the reader's own hands; what the filters leave."""
    return session.execute(
        text(
            "SELECT count(*) AS open, count(*) FILTER (WHERE t.due_on = kernel_today()) AS due,"
            f" count(*) FILTER (WHERE {VIEWS['late']}) AS late, count(*) FILTER (WHERE {VIEWS['escalated']}) AS escalated,"
            f" count(*) FILTER (WHERE {VIEWS['mine']}) AS own,"
            f" count(*) FILTER (WHERE {asked.filters}) AS shown"
            f" FROM task t JOIN application a ON a.id = t.application_id WHERE {asked.open}"
        ),
        asked.values,
    ).one()


def drafts(session: Session, unit_id: int) -> list[Any]:
    """Drafts of a unit, the newest first."""
    return list(
        session.execute(
            text(
                "SELECT id, title, form ->> 'person_name' AS about FROM application WHERE unit_id = :u AND state = 'draft'"
                " ORDER BY id DESC LIMIT 10"
            ),
            {"u": unit_id},
        )
    )


def last_return(session: Session, case_id: int) -> Any:
    """By whom, when and why a case was returned last."""
    return session.execute(
        text(
            "SELECT operator, side, opinion, at FROM application_event WHERE application_id = :c AND kind = 'return'"
            " ORDER BY id DESC LIMIT 1"
        ),
        {"c": case_id},
    ).one_or_none()


def linked(session: Session, case_id: int) -> list[Any]:
    """Cases that steps of this one name: a correction begun for it, the report it came from; unseen ones by number only."""
    return list(
        session.execute(
            text(
                "SELECT e.kind, e.named AS id, a.title, a.number, a.state FROM"
                " (SELECT id, kind, (facts ->> 'case')::bigint AS named FROM application_event WHERE application_id = :c"
                " AND kind IN ('linked', 'linked_from') ORDER BY id LIMIT 20) e"
                # One row by its number, never a join that reads all cases.
                " LEFT JOIN LATERAL (SELECT title, number, state FROM application WHERE id = e.named LIMIT 1) a ON true"
                " ORDER BY e.id"
            ),
            {"c": case_id},
        )
    )
