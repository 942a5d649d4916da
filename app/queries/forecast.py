"""展望: retirements by month for ten years by the law in force, the vacancies that follow, ages, numbers to plan with."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.retirement import add_months

YEARS = 10
# AL12's grace: so long after the day nobody is late yet (app/alarms/rules_people.py).
GRACE = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where: a half-open range of paths; a region, a body, or all that the reader sees."""

    low: str
    high: str


@dataclass(slots=True)
class Line:
    """One line today, and how many of its people reach the age, year by year."""

    category: str
    authorised: int | None
    occupied: int
    reserved: int
    leaving: Counter[int]

    def after(self, last: int) -> tuple[int, int]:
        """空编 and 超编 at the end of a year, if whoever reaches the age leaves and nobody enters."""
        left = self.occupied - sum(n for year, n in self.leaving.items() if year <= last)
        number = self.authorised
        return (0, 0) if number is None else (max(0, number - left), max(0, left - number))

    def proposed(self, year: int) -> int:
        """用编计划 for a year: the seats that are free at its end and wait for nobody, one for each who leaves (出一进一).

        A line over its number plans nobody until those who leave have brought it down.
        """
        return max(0, self.after(year)[0] - self.reserved)

    @property
    def usable(self) -> int:
        """可用编制 today."""
        return max(0, (self.authorised or 0) - self.occupied - self.reserved)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Ten years: ``months`` by law, ``early`` and ``late`` by year if all went as early or as late as they may."""

    today: dt.date
    months: Counter[dt.date]
    early: Counter[int]
    late: Counter[int]
    lines: dict[int, tuple[int, Line]]
    overdue: int

    @property
    def years(self) -> list[int]:
        """The years of the forecast, this one first."""
        return list(range(self.today.year, self.today.year + YEARS + 1))

    def of_year(self, year: int) -> int:
        """How many reach the age in a year; in this one from today on."""
        return sum(n for month, n in self.months.items() if month.year == year)


def end_of(today: dt.date) -> dt.date:
    """The first day that no longer belongs to the ten years."""
    return add_months(today.replace(day=1), 12 * YEARS + 1)


def lines_of(session: Session, place: Place, categories: Iterable[str] = ()) -> dict[int, tuple[int, Line]]:
    """The establishment lines of a place with their figures, each with its body; of some categories, or of all."""
    return {
        r.id: (r.unit_id, Line(r.category, r.authorised, r.occupied, r.reserved, Counter()))
        for r in session.execute(
            text(
                "SELECT l.id, l.unit_id, l.category, t.authorised, t.occupied, t.reserved FROM quota_line l"
                " JOIN ledger_total t ON t.line_id = l.id WHERE l.kind = 'establishment' AND l.scope_path >= :low"
                " AND l.scope_path < :high AND (cardinality(cast(:cats AS text[])) = 0 OR l.category = ANY (:cats))"
            ),
            {"low": place.low, "high": place.high, "cats": list(categories)},
        )
    }


def forecast(session: Session, place: Place, today: dt.date, ahead: int = YEARS) -> Forecast:
    """Five statements, whatever the number of people: lines with their figures, months, the band, lines by year, who is late.

    Who leaves a single line is counted for this year and ``ahead`` more.
    """
    span = {"low": place.low, "high": place.high}
    lines = lines_of(session, place)
    found = Forecast(today, Counter(), Counter(), Counter(), lines, overdue(session, place, today))
    for m in session.execute(
        text("SELECT * FROM forecast_months(:low, :high, :a, :b)"), {**span, "a": today, "b": end_of(today)}
    ):
        found.months[m.month] = m.n
    # This year from today on, whole years, the last one as far as the ten years go; spans are numbered from 1.
    starts = [today, *(dt.date(year, 1, 1) for year in found.years[1:]), end_of(today)]
    for b in session.execute(text("SELECT * FROM forecast_band(:low, :high, :days)"), {**span, "days": starts}):
        found.early[today.year + b.span - 1], found.late[today.year + b.span - 1] = b.earliest, b.latest
    starts = starts[: ahead + 2]
    for r in session.execute(text("SELECT * FROM forecast_lines(:low, :high, :days)"), {**span, "days": starts}):
        if r.line_id in lines:
            lines[r.line_id][1].leaving.update({today.year + int(k) - 1: n for k, n in r.spans.items()})
    return found


def overdue(session: Session, place: Place, today: dt.date, grace: int = 0) -> int:
    """到龄未退: who has passed the day by law (and so many days) and still holds a seat."""
    query = text("SELECT forecast_overdue(:low, :high, :d)")
    until = today - dt.timedelta(days=grace)
    return int(session.execute(query, {"low": place.low, "high": place.high, "d": until}).scalar_one())


def ages(session: Session, place: Place) -> list[Any]:
    """How many sit, by bands of five years of age."""
    return list(
        session.execute(text("SELECT * FROM forecast_ages(:low, :high)"), {"low": place.low, "high": place.high})
    )


def people(session: Session, place: Place, since: dt.date, until: dt.date, category: str,
           after: tuple[dt.date | str, int] | None, limit: int) -> list[Any]:  # fmt: skip
    """Who reaches the age in a span of days, the next first; keyset on day and person."""
    return list(
        session.execute(
            text(
                "SELECT x.*, p.name, p.id_mask, p.birth_on, u.id AS unit_id, u.name AS unit, l.category, l.structure"
                " FROM forecast_people(:low, :high, :a, :b, :c, :d, :i, :n) x JOIN person p ON p.id = x.person_id"
                " JOIN quota_line l ON l.id = x.line_id JOIN unit u ON u.id = l.unit_id ORDER BY x.retires_on, x.person_id"
            ),
            {"low": place.low, "high": place.high, "a": since, "b": until, "c": category,
             "d": after[0] if after else None, "i": after[1] if after else None, "n": limit},
        )
    )  # fmt: skip


def bodies(session: Session, numbers: list[int]) -> dict[int, str]:
    """The names of bodies."""
    rows = session.execute(text("SELECT id, name FROM unit WHERE id = ANY(:u)"), {"u": numbers})
    return {r.id: r.name for r in rows}
