"""What the plain model is made of: rows that hold from a day to a day and are known from a step to a step."""

import datetime as dt
from dataclasses import dataclass, field

Day = dt.date
ONE = dt.timedelta(days=1)


class Refused(Exception):  # noqa: N818 - a refusal of the model
    """The model says no."""


@dataclass
class Row:
    """Something that holds for a period of days, and since when (and until when) that is known."""

    start: Day
    end: Day | None
    since: int
    until: int | None = field(default=None, kw_only=True)

    def on(self, day: Day) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def known(self, step: int) -> bool:
        return self.since <= step and (self.until is None or step < self.until)


@dataclass
class Number(Row):
    """How many a line has from a day on."""

    authorised: int


@dataclass
class Part(Row):
    """What some of a line's numbers are for, or how many it has more until a last day; ``taken``: gone back already."""

    serial: int
    line: str
    purpose: str
    number: int | None
    added: bool
    last: Day | None
    document: str
    taken: int = 0

    @property
    def rest(self) -> int:
        """What of it stands; 另定 is unknown and counts nothing."""
        return (self.number or 0) - self.taken


@dataclass
class Stay(Row):
    """One person on one numbered seat of a line."""

    person: int
    line: str
    seat: int
    nature: str = "regular"


@dataclass
class Seat:
    """One numbered seat as it is now."""

    number: int
    created: Day
    surplus: bool = False
    gone: bool = False
    case: int | None = None


@dataclass
class Line:
    """One line of a body: ``lead`` tells a leadership line, ``plan`` the surplus and last day of a 消化计划 that runs."""

    body: str
    category: str
    lead: bool
    numbers: list[Number]
    seats: list[Seat]
    documents: set[str] = field(default_factory=set)
    closed: bool = False
    plan: tuple[int, Day] | None = None
