"""沿革与流水的读: what a unit was called on a day, its documents, its movements; a person's movements."""

import datetime as dt
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def unit_on(session: Session, unit_id: int, on: dt.date) -> Any:
    """How a unit was named and classed on a day, as known today; None before its opening."""
    return session.execute(
        text(
            "SELECT v.* FROM unit_version v WHERE v.unit_id = :u AND v.recorded_to IS NULL AND v.started_on <= :d"
            " AND (v.ended_on IS NULL OR v.ended_on > :d) ORDER BY v.started_on DESC LIMIT 1"
        ),
        {"u": unit_id, "d": on},
    ).one_or_none()


def documents(session: Session, unit_id: int, on: dt.date) -> list[Any]:
    """The documents that fixed quotas of a unit up to a day, the newest first."""
    return list(
        session.execute(
            text(
                "SELECT q.document_no, q.issuer, min(q.started_on) AS since, count(*) AS lines FROM quota q"
                " JOIN quota_line l ON l.id = q.line_id WHERE l.unit_id = :u AND q.recorded_to IS NULL"
                " AND q.started_on <= :d AND q.document_no <> '' GROUP BY q.document_no, q.issuer"
                " ORDER BY min(q.started_on) DESC LIMIT 20"
            ),
            {"u": unit_id, "d": on},
        )
    )


def departments_on(session: Session, unit_id: int, on: dt.date, today: dt.date) -> list[Any]:
    """内设机构 that stood on a day under their names of that day, with their people then.

    The seats meant for a department (``allotted``) are known for today only.
    """
    return list(
        session.execute(
            text(
                "SELECT v.name, (SELECT count(*) FROM occupancy o WHERE o.department_id = u.id"
                " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.started_on <= :d"
                " AND (o.ended_on IS NULL OR o.ended_on > :d)) AS people,"
                " CASE WHEN cast(:d AS date) = cast(:t AS date) THEN (SELECT count(*) FROM post p"
                " WHERE p.unit_id = u.legal_id AND p.department_id = u.id AND p.status <> 'abolished') END AS allotted"
                " FROM unit u JOIN unit_version v ON v.unit_id = u.id AND v.recorded_to IS NULL AND v.started_on <= :d"
                " AND (v.ended_on IS NULL OR v.ended_on > :d) WHERE u.legal_id = :u AND u.node = 'department'"
                " AND (u.closed_on IS NULL OR u.closed_on > :d) ORDER BY u.scope_path LIMIT 200"
            ),
            {"u": unit_id, "d": on, "t": today},
        )
    )


def seated(session: Session, unit_id: int, on: dt.date) -> int:
    """How many held an establishment seat of a unit on a day."""
    return int(
        session.execute(
            text(
                "SELECT count(*) FROM occupancy WHERE unit_id = :u AND kind = 'establishment' AND recorded_to IS NULL"
                " AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d)"
            ),
            {"u": unit_id, "d": on},
        ).scalar_one()
    )


def movements(session: Session, chain: str, chain_id: int, on: dt.date | None = None, limit: int = 20) -> list[Any]:
    """The newest movements on a unit's or a person's chain that were effective up to a day."""
    return list(
        session.execute(
            text(
                "SELECT e.sequence, e.type, e.effective_on, e.recorded_at, e.case_id, e.fields, a.number, a.title, a.process,"
                " (SELECT p.name FROM person p WHERE p.id = (e.fields->>'person')::bigint) AS person,"
                " (SELECT v.operator FROM application_event v WHERE v.application_id = a.id AND v.kind = 'effected'"
                " LIMIT 1) AS operator FROM (SELECT * FROM ledger_entry WHERE chain_kind = :k AND chain_id = :i"
                " AND (cast(:d AS date) IS NULL OR effective_on <= :d) ORDER BY sequence DESC LIMIT :n) e"
                " LEFT JOIN application a ON a.id = e.case_id ORDER BY e.sequence DESC"
            ),
            {"k": chain, "i": chain_id, "d": on, "n": limit},
        )
    )
