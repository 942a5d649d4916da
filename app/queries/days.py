"""任一日: the day that is shown and what was known of it, and the SQL that every query of a day is made of.

A row with periods holds on a day when ``started_on <= day < ended_on``, and was known at a moment when it had been recorded
by then and not yet replaced. ``known`` counts whole city days: what was recorded on that day is known.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.quota import Figures
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


def held(alias: str, at: Moment, day: str = ":on") -> str:
    """The rows that held on a day, as known then."""
    return f"{known(alias, at)} AND {alias}.started_on <= {day} AND ({alias}.ended_on IS NULL OR {alias}.ended_on > {day})"


@dataclass(frozen=True, slots=True)
class DayLine:
    """One line of a body in the reader's range with its figures of a day."""

    line_id: int
    unit_id: int
    region: str
    category: str
    figures: Figures


def figures(session: Session, at: Moment, *, region: str | None = None, unit_id: int | None = None) -> list[DayLine]:
    """The establishment lines of the reader's range on a day, of everywhere, one region or one body.

    The numbers come from ``day_lines`` of the kernel, which counts what changed between the day and today instead of
    everybody who sat; a seat reserved on a past day is not part of its history.
    """
    rows = session.execute(
        text(
            "SELECT d.line_id, d.unit_id, u.region_code, d.category, d.authorised, d.occupied FROM day_lines(:on, :known) d"
            " JOIN unit u ON u.id = d.unit_id WHERE (cast(:r AS text) IS NULL OR u.region_code = :r)"
            " AND (cast(:u AS bigint) IS NULL OR d.unit_id = :u)"
        ),
        {**at.values, "r": region, "u": unit_id},
    )
    return [
        DayLine(r.line_id, r.unit_id, r.region_code, r.category, Figures.of(r.authorised, r.occupied, 0)) for r in rows
    ]


def category_label(category: str) -> str:
    """How a category of establishment is called."""
    return codes.CATEGORY.get(category, category)
