"""两日之差: numbers before and after by line, units opened, closed, renamed, and people by seat."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import holds

# 进、出、单位间变动、岗位（编制、席位、部门）变动。
KINDS = ("in", "out", "moved", "changed")


@dataclass(frozen=True, slots=True)
class Between:
    """Two days and the place: half-open ranges of paths inside which people are compared; all by what is known now.

    ``low`` and ``high`` bound the place: a region, a body (``unit``, wherever it stood), or all that the reader sees.
    """

    since: dt.date
    until: dt.date
    low: str
    high: str
    unit: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What the queries name."""
        return {"a": self.since, "b": self.until, "low": self.low, "high": self.high, "unit": self.unit}

    def there(self, alias: str) -> str:
        """The rows of a table with a place that lie inside the place looked at."""
        if self.unit is not None:
            return f"{alias}.unit_id = :unit"
        return f"{alias}.scope_path >= :low AND {alias}.scope_path < :high"


# Whose seat on the first day is not the seat of the second: only rows that began or ended in between can tell, so nobody
# else is looked at. A seat is line, post and department; a person from outside the place comes in, one who goes there
# leaves.
def touched(kind: str, there: str) -> str:
    """The stays of a kind, in a place (of ``o``), on one of the days alone, as a query; ``later``: on the second."""
    rows = "SELECT o.person_id, o.line_id, o.unit_id, o.id, {} AS later FROM occupancy o WHERE o.recorded_to IS NULL AND {}"
    where = f" AND o.kind = '{kind}' AND {there}"
    left = "o.ended_on > :a AND o.ended_on <= :b AND o.started_on <= :a"
    came = "o.started_on > :a AND o.started_on <= :b AND (o.ended_on IS NULL OR o.ended_on > :b)"
    return f"{rows.format('false', left)}{where} UNION ALL {rows.format('true', came)}{where}"


TOUCHED = (
    f"WITH held AS MATERIALIZED ({touched('establishment', 'o.scope_path >= :low AND o.scope_path < :high')}),"
    " people AS (SELECT person_id, max(id) FILTER (WHERE NOT later) AS old, max(id) FILTER (WHERE later) AS new,"
    " CASE WHEN bool_and(later) THEN 'in' WHEN NOT bool_or(later) THEN 'out'"
    " WHEN max(unit_id) FILTER (WHERE later) <> max(unit_id) FILTER (WHERE NOT later) THEN 'moved' ELSE 'changed' END AS kind"
    " FROM held GROUP BY person_id)"
)


SEAT = (
    "p{n}.number AS number_{n}, l{n}.category AS category_{n}, l{n}.structure AS structure_{n}, o{n}.unit_id AS unit_id_{n},"
    " coalesce((SELECT v.name FROM unit_version v WHERE v.unit_id = o{n}.unit_id AND "
    + holds("v", "{d}")
    + " LIMIT 1), unit_name(o{n}.unit_id)) AS unit_{n},"
    " unit_called(o{n}.department_id, {d}, NULL) AS department_{n}, o{n}.started_on AS started_{n}, o{n}.ended_on AS ended_{n}"
)
JOINS = (
    " LEFT JOIN occupancy o{n} ON o{n}.id = x.{key} LEFT JOIN post p{n} ON p{n}.id = o{n}.post_id"
    " LEFT JOIN quota_line l{n} ON l{n}.id = o{n}.line_id"
)
PEOPLE = (
    f"{TOUCHED}, counted AS (SELECT coalesce(jsonb_object_agg(kind, n), '{{}}') AS counts FROM"
    " (SELECT kind, count(*) AS n FROM people GROUP BY kind) k)"
    " SELECT c.counts, x.person_id, x.kind, coalesce(o2.person_name, o1.person_name) AS name, h.id_mask,"
    f" {SEAT.format(n=1, d=':a')}, {SEAT.format(n=2, d=':b')} FROM counted c"
    " LEFT JOIN (SELECT * FROM people WHERE kind = :kind AND person_id > :after ORDER BY person_id LIMIT :n) x ON true"
    f"{JOINS.format(n=1, key='old')}{JOINS.format(n=2, key='new')} LEFT JOIN person h ON h.id = x.person_id"
    " ORDER BY x.person_id"
)


def people(
    session: Session, between: Between, kind: str, after: int = 0, limit: int = 50
) -> tuple[dict[str, int], list[Any]]:
    """How many people of each kind there are, and a page of one kind with the seats before and after.

    One statement, since both are found by the same look at what began or ended; keyset on the person.
    """
    rows = session.execute(text(PEOPLE), {**between.values, "kind": kind, "after": after, "n": limit}).all()
    counted = dict.fromkeys(KINDS, 0) | rows[0].counts
    return counted, [r for r in rows if r.person_id is not None]


def lines(session: Session, between: Between, by: str) -> list[Any]:
    """Numbers and people on both days, by region, by body or by category (``by``), those that differ and those that do not.

    Each day counts a body where it stood then, so what goes to another region is less in the one and more in the other. Only
    what a category of a group says is added: 空编 and 超编 are counted line by line on each day.
    """
    key, name, more = {
        "region": ("coalesce(x.region_code, y.region_code)", "r.name", " JOIN region r ON r.code = coalesce(y.region_code, x.region_code)"),
        "unit": ("coalesce(x.unit_id, y.unit_id)", "coalesce(y.name, x.name)", ""),
        "category": ("coalesce(x.category, y.category)", "coalesce(x.category, y.category)", ""),
    }[by]  # fmt: skip
    parts = ", ".join(
        f"coalesce(sum({t}.authorised), 0) AS authorised_{n}, coalesce(sum({t}.occupied), 0) AS occupied_{n},"
        f" coalesce(sum(greatest(0, {t}.authorised - {t}.occupied)), 0) AS vacant_{n},"
        f" coalesce(sum(greatest(0, {t}.occupied - {t}.authorised)), 0) AS surplus_{n}"
        for n, t in ((1, "x"), (2, "y"))
    )
    x, y = (f"(SELECT d.* FROM day_lines({day}, NULL) d WHERE {between.there('d')})" for day in (":a", ":b"))
    return list(
        session.execute(
            text(
                f"SELECT {key} AS key, max({name}) AS name, {parts} FROM {x} x FULL JOIN {y} y ON y.line_id = x.line_id"
                f" AND y.region_code = x.region_code{more} GROUP BY 1 ORDER BY 1 LIMIT 300"
            ),
            between.values,
        )
    )
