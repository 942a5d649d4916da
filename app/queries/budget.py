"""经费测算: people × the standard of the finance office. One standard serves the month's figure and a reform's cost."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import holds

# What counts in a region: its own finance office's standard, then its district's, then the city's.
_STANDARD = (
    "SELECT DISTINCT ON (r.code, s.funding, s.category) r.code, s.funding, s.category, s.amount, s.document_no, s.region_code AS source"
    " FROM region r JOIN pay_standard s ON s.region_code IN (r.code, r.parent_code) OR s.region_code = (SELECT code FROM region"
    " WHERE kind = 'city') WHERE s.year = :y AND s.replaced_at IS NULL ORDER BY r.code, s.funding, s.category,"
    " (s.region_code = r.code) DESC, (s.region_code = r.parent_code) DESC"
)
# Of a month that is not over by the ledger's present totals, of one that is by who sat on its last day.
_PEOPLE_NOW = "SELECT t.line_id, t.occupied AS people FROM ledger_total t WHERE t.occupied > 0"
_PEOPLE_THEN = (
    f"SELECT o.line_id, count(*) AS people FROM occupancy o WHERE o.kind = 'establishment' AND {holds('o', ':d')}"
    " GROUP BY o.line_id"
)
_FIGURES = (
    "WITH n AS ({people}), s AS (" + _STANDARD + "),"
    " x AS (SELECT u.id AS unit_id, u.name AS unit, u.scope_path, u.region_code, CASE r.kind WHEN 'town' THEN r.parent_code ELSE r.code"
    " END AS district, l.funding, l.category, sum(n.people) AS people"
    " FROM n JOIN quota_line l ON l.id = n.line_id AND l.kind = 'establishment' JOIN unit u ON u.id = l.unit_id"
    " JOIN region r ON r.code = u.region_code WHERE (:r = '' OR r.code = :r OR r.kind = 'town' AND r.parent_code = :r)"
    " AND (:q = '' OR strpos(u.name, :q) > 0)"
    " GROUP BY u.id, u.name, u.scope_path, u.region_code, district, l.funding, l.category),"
    " y AS (SELECT x.*, s.amount FROM x LEFT JOIN s ON s.code = x.region_code AND s.funding = x.funding AND s.category = x.category) "
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figure: the year of the standards, the day whose people count (``now``: the ledger's today), and of whom.

    ``region`` is a city's own bodies or a district with its towns; '' is everybody in reach. ``q`` is part of a unit's name.
    """

    year: int
    day: dt.date
    now: bool
    region: str = ""
    q: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """As parameters of the statements here."""
        return {"y": self.year, "d": self.day, "r": self.region, "q": self.q}

    def sql(self, select: str) -> str:
        """A SELECT over ``y``: unit × funding × category with people and amount (分 a year, null where none is set)."""
        return _FIGURES.replace("{people}", _PEOPLE_NOW if self.now else _PEOPLE_THEN) + select


def totals(session: Session, asked: Asked) -> tuple[list[Any], list[Any]]:
    """By funding channel and category, and by district and channel: people, those without a standard, cost of the month (分).

    ``low`` and ``high`` are the standards that were used; they differ where districts have set their own.
    """
    query = asked.sql(
        "SELECT y.district, g.name AS region, y.funding, y.category, grouping(y.category) = 1 AS by_region, sum(y.people) AS people,"
        " coalesce(sum(y.people) FILTER (WHERE y.amount IS NULL), 0) AS without, min(y.amount) AS low, max(y.amount) AS high,"
        " round(sum(y.people * y.amount) / 12.0) AS cost FROM y JOIN region g ON g.code = y.district"
        " GROUP BY GROUPING SETS ((y.funding, y.category), (y.district, g.name, y.funding))"
        " ORDER BY y.district NULLS FIRST, y.funding, y.category"
    )
    rows = list(session.execute(text(query), asked.values).all())
    return [r for r in rows if not r.by_region], [r for r in rows if r.by_region]


def units(session: Session, asked: Asked, after: Sequence[str] | None, limit: int) -> list[Any]:
    """The same unit by unit, by path, beyond a mark."""
    query = asked.sql(
        "SELECT y.*, round(y.people * y.amount / 12.0) AS cost FROM y WHERE cast(:p AS text) IS NULL"
        ' OR (y.scope_path, y.funding COLLATE "C", y.category COLLATE "C") > (:p, :f, :c)'
        ' ORDER BY y.scope_path, y.funding COLLATE "C", y.category COLLATE "C" LIMIT :l'
    )
    path, funding, category = after or (None, "", "")
    return list(
        session.execute(text(query), {**asked.values, "p": path, "f": funding, "c": category, "l": limit}).all()
    )


def standards(session: Session, region: str, year: int) -> list[Any]:
    """What holds in a region for a year, whoever's finance office set it; ``own``: the region's."""
    query = (
        f"SELECT s.*, g.name AS setter, s.source = :r AS own FROM ({_STANDARD}) s JOIN region g ON g.code = s.source"
        " WHERE s.code = :r ORDER BY s.funding, s.category"
    )
    return list(session.execute(text(query), {"r": region, "y": year}).all())


def in_force(session: Session, year: int) -> list[Any]:
    """What holds in every region for a year: code of the region, funding, category, amount (分 a year), document."""
    return list(session.execute(text(_STANDARD), {"y": year}).all())


def set_standard(session: Session, year: int, funding: str, category: str, amount: int, document: str) -> None:
    """Sets the region's standard (分 a year); the finance office alone, by a document."""
    session.execute(
        text("SELECT pay_standard_set(:y, :f, :c, :a, :d)"),
        {"y": year, "f": funding, "c": category, "a": amount, "d": document},
    )
