"""编办的编制总览: regions × categories on one day, in a fixed number of queries however many units there are."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import SUMS, Moment, held, lines
from app.queries.places import figures, standing

AHEAD = 180  # days


def distributed(session: Session, at: Moment) -> list[Any]:
    """What stands in each region of the reader's by category on a day: sums of the units' own numbers, never offset."""
    return list(
        session.execute(
            text(
                f"SELECT r.code, r.name, r.prefix, d.category, {SUMS}, count(*) FILTER (WHERE d.authorised IS NULL) AS unknown"
                f" FROM {figures(at)} d JOIN region r ON r.code = d.region_code"
                ' GROUP BY r.code, r.name, r.prefix, d.category ORDER BY r.prefix COLLATE "C", d.category'
            ),
            at.values,
        )
    )


def pools(session: Session, at: Moment) -> list[Any]:
    """Totals and reserves of a day, of the regions that lie in the reader's own: beyond it the rows would be missing."""
    return list(
        session.execute(
            text(
                "SELECT q.region_code, g.name, g.prefix, q.category, q.kind, q.number, q.document_no, q.started_on"
                f" FROM quota_pool q JOIN region g ON g.code = q.region_code WHERE {held('q', at)}"
                " AND EXISTS (SELECT 1 FROM office o JOIN region m ON m.code = o.region_code WHERE o.id = scope_number(7)"
                ' AND starts_with(g.prefix, m.prefix)) ORDER BY g.prefix COLLATE "C", q.category, q.kind LIMIT 300'
            ),
            at.values,
        )
    )


def lent(session: Session, at: Moment) -> list[Any]:
    """周转编制 on loan on a day by region and category, and how much of it should have been back."""
    return list(
        session.execute(
            text(
                "SELECT r.prefix, l.category, sum(q.number - q.taken) AS lent,"
                " coalesce(sum(q.number - q.taken) FILTER (WHERE q.last_on < :on), 0) AS late"
                f" FROM quota_part q JOIN quota_line l ON l.id = q.line_id JOIN {standing(at, 'false')} u ON u.unit_id = l.unit_id"
                f" JOIN region r ON r.code = u.region_code WHERE q.purpose = 'rotating' AND {held('q', at)}"
                " GROUP BY r.prefix, l.category"
            ),
            at.values,
        )
    )


def dated(session: Session, at: Moment, limit: int = 50) -> list[Any]:
    """Temporary and lent numbers that end within half a year of a day or should have ended, the first day first."""
    return list(
        session.execute(
            text(
                "SELECT q.id, q.purpose, q.number, q.number - q.taken AS left, q.last_on, q.document_no, q.last_on < :on AS late,"
                " l.unit_id, unit_called(l.unit_id, :on, :known) AS name, l.category FROM quota_part q"
                f" JOIN quota_line l ON l.id = q.line_id WHERE {held('q', at)} AND q.last_on <= cast(:on AS date) + :n"
                " ORDER BY q.last_on, q.id LIMIT :m"
            ),
            {**at.values, "n": AHEAD, "m": limit},
        )
    )


def plans(session: Session, at: Moment, unit_id: int | None = None, limit: int = 50) -> list[Any]:
    """Plans of absorption that run on a day, with how much of the surplus was left then, the first last day first."""
    totals = "ledger_total" if at.plain else lines(at)
    return list(
        session.execute(
            text(
                "SELECT p.id, p.unit_id, unit_called(p.unit_id, :on, :known) AS name, l.category, p.surplus,"
                " greatest(0, t.occupied - coalesce(t.authorised, 0)) AS left, p.until_on, p.targets, p.document_no, p.started_on,"
                " p.until_on < :on AS late FROM absorption_plan p JOIN quota_line l ON l.id = p.line_id"
                f" JOIN {totals} t ON t.line_id = l.id WHERE p.started_on <= :on AND (p.ended_on IS NULL OR p.ended_on > :on)"
                " AND (cast(:u AS bigint) IS NULL OR p.unit_id = :u) ORDER BY p.until_on, p.id LIMIT :m"
            ),
            {**at.values, "u": unit_id, "m": limit},
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
