"""任一日: the day that is shown and what was known of it, and the SQL that every query of a day is made of.

A row with periods holds on a day when ``started_on <= day < ended_on``, and was known at a moment when it had been recorded
by then and not yet replaced. ``known`` counts whole city days: what was recorded on that day is known.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.workdays import CITY_CLOCK


@dataclass(frozen=True, slots=True)
class Moment:
    """A day (``on``) as known up to an instant (``known_to``, itself left out; None: all that is known now).

    ``today`` is the day on which it is asked.
    """

    on: dt.date
    today: dt.date
    known_to: dt.datetime | None = None

    @classmethod
    def of(cls, on: dt.date, today: dt.date, known: dt.date | None = None) -> "Moment":
        """A day as known at the end of another; what is known by the end of today is all that is known."""
        if known is None or known >= today:
            return cls(on, today)
        return cls(on, today, dt.datetime.combine(known + dt.timedelta(days=1), dt.time(), CITY_CLOCK))

    @property
    def known(self) -> dt.date | None:
        """The last whole city day whose knowledge counts; None for today's."""
        last = self.known_to and (self.known_to.astimezone(CITY_CLOCK) - dt.timedelta(microseconds=1))
        return last.date() if last else None

    @property
    def plain(self) -> bool:
        """Whether this is simply today, as it is known now."""
        return self.on == self.today and self.known_to is None

    @property
    def future(self) -> bool:
        """Whether the day lies ahead, so that what is approved but not yet effected counts as expected."""
        return self.on > self.today and self.known_to is None

    @property
    def values(self) -> dict[str, Any]:
        """What the fragments below name."""
        return {"on": self.on, "known": self.known_to}

    @property
    def parameters(self) -> dict[str, str]:
        """The same moment as parameters of an address."""
        given = {} if self.on == self.today else {"on": self.on.isoformat()}
        return given | ({"known": self.known.isoformat()} if self.known else {})


def moment(on: "dt.date | Moment") -> Moment:
    """A moment from a plain day, as known now."""
    return on if isinstance(on, Moment) else Moment(on, on)


def known(alias: str, at: Moment) -> str:
    """The rows of a table with periods that were known then."""
    if at.known_to is None:
        return f"{alias}.recorded_to IS NULL"
    return f"{alias}.recorded_at < :known AND ({alias}.recorded_to IS NULL OR {alias}.recorded_to >= :known)"


def period(alias: str, day: str) -> str:
    """The rows whose days hold one."""
    return f"{alias}.started_on <= {day} AND ({alias}.ended_on IS NULL OR {alias}.ended_on > {day})"


def held(alias: str, at: Moment) -> str:
    """The rows that held on the moment's day, as known then."""
    return f"{known(alias, at)} AND {period(alias, ':on')}"


def holds(alias: str, day: str) -> str:
    """The rows that hold on a day, which the query writes as ``day``, as known now."""
    return f"{alias}.recorded_to IS NULL AND {period(alias, day)}"


# 已批准而未生效: each case that waits for its day, with the line it fills (1), leaves (-1), or both, and what it makes of the
# line's number: ``number`` (the last that is fixed) or so many more (``moved``).
WAITING = (
    "FROM application a JOIN case_record r ON r.case_id = a.id JOIN process_version v ON v.id = r.process_version_id{more}"
    " WHERE a.state = 'awaiting' AND a.effective_on <= :on AND jsonb_exists_any(v.requirements, '{{{movements}}}')"
)
EXPECTED = (
    "(SELECT w.line_id, sum(w.n)::int AS steps, count(*) FILTER (WHERE w.n > 0)::int AS arrivals, sum(w.moved)::int AS moved,"
    " (array_agg(w.number ORDER BY w.effective_on DESC, w.id DESC) FILTER (WHERE w.number IS NOT NULL))[1] AS number FROM ("
    "SELECT (r.facts::jsonb ->> 'line')::bigint AS line_id, 1 AS n, NULL::int AS number, 0 AS moved, a.effective_on, a.id "
    + WAITING.format(movements="occupy,move,change_line", more="")
    + " UNION ALL SELECT o.line_id, -1, NULL, 0, a.effective_on, a.id "
    + WAITING.format(
        movements="vacate,move,change_line",
        # Read apart: beside a row policy PostgreSQL 15 walks an index by a column, by no cast.
        more=" CROSS JOIN LATERAL (SELECT (r.facts::jsonb ->> 'person')::bigint AS person OFFSET 0) f"
        " JOIN occupancy o ON o.person_id = f.person AND o.recorded_to IS NULL AND o.ended_on IS NULL AND o.kind = 'establishment'",
    )
    + " UNION ALL SELECT (r.facts::jsonb ->> 'line')::bigint, 0, (r.facts::jsonb ->> 'authorised')::int, 0, a.effective_on, a.id "
    + WAITING.format(movements="set_quota", more="")
    + " UNION ALL SELECT x.line_id, 0, NULL, x.moved, a.effective_on, a.id "
    + WAITING.format(
        movements="move_quota",
        more=" CROSS JOIN LATERAL (VALUES ((r.facts::jsonb ->> 'from_line')::bigint, -(r.facts::jsonb ->> 'number')::int),"
        " ((r.facts::jsonb ->> 'line')::bigint, (r.facts::jsonb ->> 'number')::int)) x(line_id, moved)",
    )
    + ") w WHERE w.line_id IS NOT NULL GROUP BY w.line_id)"
)
# 已批准而未生效的更名、升格、划转、撤销: what such cases make of a body by a day ahead, each field from the last that names it;
# no superior is an empty one.
COMING = (
    "(SELECT w.unit_id, bool_or(w.ends) AS ends, "
    + ", ".join(
        f"(array_agg(w.{f} ORDER BY w.effective_on DESC, w.id DESC) FILTER (WHERE w.{f} IS NOT NULL))[1] AS {f}"
        for f in ("parent", "region", "name", "grade", "nature", "category")
    )
    + " FROM (SELECT (r.facts::jsonb ->> 'unit')::bigint AS unit_id, false AS ends, coalesce(r.facts::jsonb ->> 'parent', '') AS parent,"
    " nullif(r.facts::jsonb ->> 'region', '') AS region, NULL AS name, NULL AS grade, NULL AS nature, NULL AS category, a.effective_on, a.id "
    + WAITING.format(movements="transfer_unit", more="")
    + " UNION ALL SELECT (r.facts::jsonb ->> 'unit')::bigint, jsonb_exists(v.requirements, 'close_unit'), NULL, NULL, "
    + ", ".join(f"nullif(r.facts::jsonb ->> '{f}', '')" for f in ("name", "grade", "nature", "category"))
    + ", a.effective_on, a.id "
    + WAITING.format(movements="change_unit,close_unit", more="")
    + ") w GROUP BY w.unit_id)"
)
# A line's number on a day ahead, from ``EXPECTED`` as e and what stands today.
NUMBER = "coalesce(e.number, {now} + coalesce(e.moved, 0))"


def lines(at: Moment) -> str:
    """The establishment lines of the reader's range with their figures of a day, as a table of a query.

    The numbers come from ``day_lines`` of the kernel, which counts what changed between the day and today instead of
    everybody who sat. A seat reserved on a past day is not part of its history; on a day ahead, what is approved has
    taken effect.
    """
    if not at.future:
        return "(SELECT d.*, 0 AS reserved FROM day_lines(:on, :known) d)"
    return (
        f"(SELECT d.line_id, d.unit_id, d.category, {NUMBER.format(now='d.authorised')} AS authorised, d.occupied + coalesce(e.steps, 0) AS occupied,"
        " greatest(0, t.reserved - coalesce(e.arrivals, 0)) AS reserved, coalesce(x.region, d.region_code) AS region_code, d.scope_path,"
        " coalesce(x.name, d.name) AS name FROM day_lines(:on, :known) d"
        f" JOIN ledger_total t ON t.line_id = d.line_id LEFT JOIN {EXPECTED} e ON e.line_id = d.line_id"
        f" LEFT JOIN {COMING} x ON x.unit_id = d.unit_id)"
    )


# Sums of lines, each column for itself.
SUMS = (
    "sum(d.authorised) AS authorised, sum(d.occupied) AS occupied, sum(d.reserved) AS reserved,"
    " sum(greatest(0, d.authorised - d.occupied)) AS vacant, sum(greatest(0, d.occupied - d.authorised)) AS surplus"
)


def expected(session: Session, at: Moment, unit_id: int) -> list[Any]:
    """Approved cases of a body and its departments that take effect between today and a day ahead; those that the reader sees."""
    return list(
        session.execute(
            text(
                "SELECT a.id, a.number, a.title, a.person_name, a.effective_on, v.requirements, r.facts::jsonb AS facts"
                " FROM application a JOIN case_record r ON r.case_id = a.id JOIN process_version v ON v.id = r.process_version_id"
                " WHERE a.state = 'awaiting' AND a.effective_on <= :on"
                " AND a.unit_id IN (SELECT u.id FROM unit u WHERE u.id = :u OR u.parent_id = :u)"
                " ORDER BY a.effective_on, a.id LIMIT 100"
            ),
            {**at.values, "u": unit_id},
        )
    )
