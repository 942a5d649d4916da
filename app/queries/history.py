"""沿革与流水的读: what a unit was called on a day, its documents, its movements; a person's movements."""

import datetime as dt
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries import days

Day = dt.date | days.Moment


def unit_on(session: Session, unit_id: int, on: Day) -> Any:
    """How a unit was named and classed on a day, with the names of its region and superior; None before its opening."""
    at = days.moment(on)
    return session.execute(
        text(
            "SELECT v.*, r.name AS region_name, unit_called(v.parent_id, :on, :known) AS parent_name FROM unit_version v"
            f" JOIN region r ON r.code = v.region_code WHERE v.unit_id = :u AND {days.held('v', at)}"
            " ORDER BY v.started_on DESC LIMIT 1"
        ),
        {**at.values, "u": unit_id},
    ).one_or_none()


def documents(session: Session, unit_id: int, on: Day) -> list[Any]:
    """The documents that fixed quotas of a unit up to a day, the newest first."""
    at = days.moment(on)
    return list(
        session.execute(
            text(
                "SELECT q.document_no, q.issuer, min(q.started_on) AS since, count(*) AS lines FROM quota q"
                f" JOIN quota_line l ON l.id = q.line_id WHERE l.unit_id = :u AND {days.known('q', at)}"
                " AND q.started_on <= :on AND q.document_no <> '' GROUP BY q.document_no, q.issuer"
                " ORDER BY min(q.started_on) DESC LIMIT 20"
            ),
            {**at.values, "u": unit_id},
        )
    )


def departments_on(session: Session, unit_id: int, on: Day) -> list[Any]:
    """内设机构 that stood on a day under their names of that day, with their people and the seats meant for them then.

    One inside another department comes with that one's name (``above``).
    """
    at = days.moment(on)
    allotted = (
        "(SELECT p.department_id, count(*)::int AS allotted FROM post p WHERE p.unit_id = :u AND p.status <> 'abolished'"
        " AND p.department_id IS NOT NULL GROUP BY p.department_id)"
        if at.plain
        else "day_allotments(:u, :on, :known)"
    )
    return list(
        session.execute(
            text(
                "SELECT u.id, v.name, v.grade, x.name AS above, coalesce(c.people, 0) AS people, a.allotted FROM unit u"
                f" JOIN unit_version v ON v.unit_id = u.id AND {days.held('v', at)}"
                f" LEFT JOIN unit_version x ON x.unit_id = v.parent_id AND x.unit_id <> u.legal_id AND {days.held('x', at)}"
                " LEFT JOIN (SELECT o.department_id, count(*) AS people FROM occupancy o WHERE o.unit_id = :u"
                f" AND o.kind = 'establishment' AND {days.held('o', at)} GROUP BY o.department_id) c ON c.department_id = u.id"
                f" LEFT JOIN {allotted} a ON a.department_id = u.id"
                " WHERE u.legal_id = :u AND u.node = 'department' ORDER BY u.scope_path LIMIT 200"
            ),
            {**at.values, "u": unit_id},
        )
    )


def seated(session: Session, unit_id: int, on: Day) -> int:
    """How many held an establishment seat of a unit on a day."""
    at = days.moment(on)
    return int(
        session.execute(
            text(
                f"SELECT count(*) FROM occupancy o WHERE o.unit_id = :u AND o.kind = 'establishment' AND {days.held('o', at)}"
            ),
            {**at.values, "u": unit_id},
        ).scalar_one()
    )


def movements(session: Session, chain: str, chain_id: int, on: Day | None = None, limit: int = 20) -> list[Any]:
    """The newest movements on a unit's or a person's chain that were effective (and known) up to a day.

    The person's number is read inside: beside a row policy PostgreSQL 15 walks an index by a column, by no cast.
    """
    at = days.moment(on) if on else None
    return list(
        session.execute(
            text(
                "SELECT e.sequence, e.type, e.effective_on, e.recorded_at, e.case_id, e.fields, a.number, a.title, a.process,"
                " (SELECT p.name FROM person p WHERE p.id = e.person_id) AS person,"
                " (SELECT v.operator FROM application_event v WHERE v.application_id = a.id AND v.kind = 'effected'"
                " LIMIT 1) AS operator FROM (SELECT *, (fields->>'person')::bigint AS person_id FROM ledger_entry WHERE chain_kind = :k AND chain_id = :i"
                " AND (cast(:d AS date) IS NULL OR effective_on <= :d)"
                " AND (cast(:known AS timestamptz) IS NULL OR recorded_at < :known) ORDER BY sequence DESC LIMIT :n) e"
                " LEFT JOIN application a ON a.id = e.case_id ORDER BY e.sequence DESC"
            ),
            {"k": chain, "i": chain_id, "d": at and at.on, "known": at and at.known_to, "n": limit},
        )
    )
