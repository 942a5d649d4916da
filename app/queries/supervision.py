"""效能监督的读: figures by office and by process for a period, and the cases behind them."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.times import Times, times

# The side of units among the offices: consents, units' heads, competent departments.
UNITS = 0


@dataclass(slots=True)
class Line:
    """One office or process: what was done in the period, and what waits now by its light."""

    days: Counter[int] = field(default_factory=Counter)
    timely: int = 0
    waiting: Counter[str] = field(default_factory=Counter)

    def add(self, spent: int, timely: bool, n: int) -> None:
        """So many more that took so many days."""
        self.days[spent] += n
        self.timely += n if timely else 0

    @property
    def times(self) -> Times:
        """Number, average, median, ninetieth percentile, share in time."""
        return times(self.days, self.timely)


@dataclass(frozen=True, slots=True)
class Picture:
    """All lines; ``whole`` says whether processes are counted by whole cases or by one office's own tasks."""

    offices: dict[int, Line]
    processes: dict[str, Line]
    whole: bool


def picture(s: Session, since: dt.date, until: dt.date, *, whole: bool) -> Picture:
    """The figures of a period (both days included) and of what waits now, in two statements."""
    offices: dict[int, Line] = {}
    processes: dict[str, Line] = {}
    for row in s.execute(text("SELECT * FROM supervision_times(:f, :t)"), {"f": since, "t": until}):
        if not row.whole:
            offices.setdefault(row.office_id or UNITS, Line()).add(row.spent, row.timely, row.n)
        if row.whole == whole:
            processes.setdefault(row.process, Line()).add(row.spent, row.timely, row.n)
    for row in s.execute(text("SELECT * FROM supervision_open()")):
        for line in (offices.setdefault(row.office_id or UNITS, Line()), processes.setdefault(row.process, Line())):
            line.waiting[row.light] += row.n
    return Picture(offices, processes, whole)


def office_names(s: Session) -> dict[int, str]:
    """The offices' names, in the order of regions."""
    rows = s.execute(text("SELECT id, name FROM office ORDER BY region_code, id"))
    return {row.id: row.name for row in rows}


@dataclass(frozen=True, slots=True)
class Behind:
    """What is asked of the cases behind a figure; without an office whole cases are meant."""

    since: dt.date
    until: dt.date
    office: int | None = None
    process: str = ""
    late: bool = False


def behind(s: Session, asked: Behind, after: tuple[int, int] | None, limit: int) -> list[Any]:
    """Cases, the longest first; keyset on days and record."""
    return list(
        s.execute(
            text(
                "SELECT x.record, x.spent, x.allowed, x.closed_on, a.id, a.number, a.title, a.process, a.state,"
                " unit_name(a.unit_id) AS unit, o.name AS office"
                " FROM supervision_cases(:f, :t, :o, :p, :l, :d, :a, :n) x JOIN application a ON a.id = x.case_id"
                " LEFT JOIN office o ON o.id = x.office_id ORDER BY x.spent DESC, x.record DESC"
            ),
            {"f": asked.since, "t": asked.until, "o": asked.office, "p": asked.process, "l": asked.late,
             "d": after[0] if after else None, "a": after[1] if after else None, "n": limit},
        )
    )  # fmt: skip
