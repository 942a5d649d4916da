"""编办的编制总览: regions × categories on one day, in a fixed number of queries however many units there are."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import Moment, held

AHEAD = 180  # days


def distributed(session: Session) -> list[Any]:
    """What stands in each region of the reader's by category: sums of the units' own numbers, never offset."""
    return list(
        session.execute(
            text(
                "SELECT r.code, r.name, r.prefix, l.category, sum(t.authorised) AS authorised, sum(t.occupied) AS occupied,"
                " sum(t.reserved) AS reserved, sum(greatest(0, t.authorised - t.occupied)) AS vacant,"
                " sum(greatest(0, t.occupied - t.authorised)) AS surplus, count(*) FILTER (WHERE t.authorised IS NULL) AS unknown"
                " FROM quota_line l JOIN ledger_total t ON t.line_id = l.id JOIN unit u ON u.id = l.unit_id"
                " JOIN region r ON r.code = u.region_code WHERE l.kind = 'establishment'"
                ' GROUP BY r.code, r.name, r.prefix, l.category ORDER BY r.prefix COLLATE "C", l.category'
            )
        )
    )


def pools(session: Session) -> list[Any]:
    """Totals and reserves that stand, of the regions that lie in the reader's own: beyond it the rows would be missing."""
    return list(
        session.execute(
            text(
                "SELECT q.region_code, g.name, g.prefix, q.category, q.kind, q.number, q.document_no, q.started_on"
                " FROM quota_pool q JOIN region g ON g.code = q.region_code WHERE q.ended_on IS NULL AND q.recorded_to IS NULL"
                " AND EXISTS (SELECT 1 FROM office o JOIN region m ON m.code = o.region_code WHERE o.id = scope_number(7)"
                ' AND starts_with(g.prefix, m.prefix)) ORDER BY g.prefix COLLATE "C", q.category, q.kind LIMIT 300'
            )
        )
    )


def lent(session: Session) -> list[Any]:
    """周转编制 on loan by region and category, and how much of it should be back."""
    return list(
        session.execute(
            text(
                "SELECT r.prefix, l.category, sum(q.number - q.taken) AS lent,"
                " coalesce(sum(q.number - q.taken) FILTER (WHERE q.last_on < kernel_today()), 0) AS late"
                " FROM quota_part q JOIN quota_line l ON l.id = q.line_id JOIN unit u ON u.id = l.unit_id"
                " JOIN region r ON r.code = u.region_code WHERE q.purpose = 'rotating' AND q.ended_on IS NULL"
                " AND q.recorded_to IS NULL GROUP BY r.prefix, l.category"
            )
        )
    )


def dated(session: Session, limit: int = 50) -> list[Any]:
    """Temporary and lent numbers that end within half a year or should have ended, the first day first."""
    return list(
        session.execute(
            text(
                "SELECT q.id, q.purpose, q.number, q.number - q.taken AS left, q.last_on, q.document_no, q.last_on < kernel_today() AS late,"
                " l.unit_id, u.name, l.category FROM quota_part q JOIN quota_line l ON l.id = q.line_id JOIN unit u ON u.id = l.unit_id"
                " WHERE q.ended_on IS NULL AND q.recorded_to IS NULL AND q.last_on <= kernel_today() + :n"
                " ORDER BY q.last_on, q.id LIMIT :m"
            ),
            {"n": AHEAD, "m": limit},
        )
    )


def plans(session: Session, unit_id: int | None = None, limit: int = 50) -> list[Any]:
    """Plans of absorption that run, with how much of the surplus is left now, the first last day first."""
    return list(
        session.execute(
            text(
                "SELECT p.id, p.unit_id, u.name, l.category, p.surplus, greatest(0, t.occupied - coalesce(t.authorised, 0)) AS left,"
                " p.until_on, p.targets, p.document_no, p.started_on, p.until_on < kernel_today() AS late FROM absorption_plan p"
                " JOIN quota_line l ON l.id = p.line_id JOIN ledger_total t ON t.line_id = l.id JOIN unit u ON u.id = p.unit_id"
                " WHERE p.ended_on IS NULL AND (cast(:u AS bigint) IS NULL OR p.unit_id = :u) ORDER BY p.until_on, p.id LIMIT :m"
            ),
            {"u": unit_id, "m": limit},
        )
    )


def parts(session: Session, unit_id: int, at: Moment) -> list[Any]:
    """What a unit's numbers are made of on a day: 其中, temporary, lent; by line."""
    return list(
        session.execute(
            text(
                "SELECT q.id, q.line_id, q.purpose, q.number, q.added, q.taken, q.last_on, q.document_no, l.category, l.kind,"
                " q.last_on < :on AS late FROM quota_part q JOIN quota_line l ON l.id = q.line_id WHERE l.unit_id = :u"
                f" AND {held('q', at)} ORDER BY q.line_id, q.id LIMIT 200"
            ),
            {"u": unit_id, **at.values},
        )
    )


def closed(session: Session, unit_id: int) -> list[Any]:
    """Lines of a unit that nobody enters any more."""
    return list(
        session.execute(
            text("SELECT id, category FROM quota_line WHERE unit_id = :u AND closed_to_entry ORDER BY id LIMIT 50"),
            {"u": unit_id},
        )
    )
