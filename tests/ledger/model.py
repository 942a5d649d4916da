"""The ledger in plain Python: rows that hold from a day to a day and are known from a step to a step.

Written from the rules, not from the kernel: days are looked at one by one, and nothing is looked up but lists.
"""

import copy
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

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
    """One line of a body: ``lead`` tells a leadership line."""

    body: str
    lead: bool
    numbers: list[Number]
    seats: list[Seat]
    documents: set[str] = field(default_factory=set)


class Model:
    """Lines by name, all stays ever known; ``step`` counts what was accepted."""

    def __init__(self, today: Day) -> None:
        self.today, self.step = today, 0
        self.lines: dict[str, Line] = {}
        self.stays: list[Stay] = []

    def attempt(self, what: str, *args: object) -> None:
        """Do something whole or not at all."""
        kept = copy.deepcopy((self.lines, self.stays))
        self.step += 1
        try:
            getattr(self, what)(*args)
        except Refused:
            self.step -= 1
            self.lines, self.stays = kept
            raise

    # -- what is asked --------------------------------------------------------------------------------------------

    def valid(self, line: str | None = None, person: int | None = None) -> list[Stay]:
        return [s for s in self.stays if s.until is None and line in (None, s.line) and person in (None, s.person)]

    def seats_of(self, person: int) -> list[Stay]:
        """The establishment seats of a person, now and before."""
        return [s for s in self.valid(person=person) if not self.lines[s.line].lead]

    def sits(self, person: int) -> Stay | None:
        return next((s for s in self.seats_of(person) if s.end is None), None)

    def held(self, line: str, day: Day, step: int | None = None) -> int:
        step = self.step if step is None else step
        return sum(s.line == line and s.on(day) and s.known(step) for s in self.stays)

    def authorised(self, line: str, day: Day, step: int | None = None) -> int | None:
        step = self.step if step is None else step
        return next((n.authorised for n in self.lines[line].numbers if n.on(day) and n.known(step)), None)

    def figures(self, line: str) -> tuple[int, int, int, int, int]:
        """Authorised, occupied, reserved, vacant, surplus; now."""
        number = next(n.authorised for n in self.lines[line].numbers if n.until is None and n.end is None)
        occupied = sum(s.end is None for s in self.valid(line))
        reserved = sum(s.case is not None for s in self.lines[line].seats)
        return number, occupied, reserved, max(0, number - occupied), max(0, occupied - number)

    def free(self, line: str, day: Day) -> list[Seat]:
        """Vacant seats that were there on a day and that nobody held then or later, lowest first."""
        taken = {s.seat for s in self.valid(line) if s.end is None or s.end > day}
        return [
            s
            for s in self.lines[line].seats
            if not s.gone and s.case is None and s.created <= day and s.number not in taken
        ]

    def seated(self, person: int, body: str, days: Iterable[Day], still: bool) -> bool:
        """Whether a person sits in a body on each of the days, and (where asked) goes on sitting."""
        there = [s for s in self.seats_of(person) if self.lines[s.line].body == body]
        return all(any(s.on(d) for s in there) for d in days) and (not still or any(s.end is None for s in there))

    def days(self, first: Day, end: Day | None = None) -> Iterator[Day]:
        """Every day from the first to today, or to the end."""
        last = self.today if end is None else end - ONE
        while first <= last:
            yield first
            first += ONE

    # -- what keeps the rules -------------------------------------------------------------------------------------

    def not_future(self, day: Day) -> None:
        if day > self.today:
            raise Refused("the future")

    def not_worse(self, line: str, first: Day) -> None:
        """No day from the first on may be further over the number than it was before this step."""

        def over(day: Day, step: int) -> int:
            number = self.authorised(line, day, step)
            return 0 if number is None else max(0, self.held(line, day, step) - number)

        if any(over(day, self.step) > over(day, self.step - 1) for day in self.days(first)):
            raise Refused("a day would be over-full")

    def enterable(self, line: str) -> None:
        number, occupied, reserved, _vacant, _surplus = self.figures(line)
        if occupied + reserved >= number:
            raise Refused("no seat left")

    def version(self, old: Stay, **changed: object) -> Stay:
        """Close what was known and add what is known now."""
        new = replace(old, since=self.step, until=None, **changed)  # type: ignore[arg-type]
        old.until = self.step
        self.stays.append(new)
        return new

    def sit(self, person: int, line: str, seat: Seat, day: Day, nature: str = "regular") -> None:
        self.stays.append(Stay(day, None, self.step, person, line, seat.number, nature))
        self.not_worse(line, day)

    # -- what may happen ------------------------------------------------------------------------------------------

    def set_quota(self, name: str, number: int, day: Day, document: str) -> None:
        self.not_future(day)
        line = self.lines[name]
        if document in line.documents:
            raise Refused("the document has fixed this line already")
        line.documents.add(document)
        _number, occupied, reserved, _vacant, _surplus = self.figures(name)
        last = next(n for n in line.numbers if n.until is None and n.end is None)
        if number < occupied + reserved or day < last.start:
            raise Refused("below what is in use, or before the last number")
        last.until = self.step
        line.numbers.append(Number(last.start, day, self.step, last.authorised))
        line.numbers.append(Number(day, None, self.step, number))
        self.not_worse(name, day)
        alive = [s for s in line.seats if not s.gone]
        top = max((s.number for s in line.seats), default=0)
        line.seats += [Seat(top + 1 + n, day) for n in range(number - len(alive))]
        spare = self.free(name, day)[::-1][: max(0, len(alive) - number)]
        if len(spare) < len(alive) - number:
            raise Refused("a seat was held since")
        for seat in spare:
            seat.gone = True
        for seat in line.seats:
            seat.surplus = seat.surplus and seat.gone

    def reserve(self, name: str, case: int) -> None:
        self.enterable(name)
        taken = {s.seat for s in self.valid(name) if s.end is None}
        vacant = [s for s in self.lines[name].seats if not s.gone and s.case is None and s.number not in taken]
        vacant[0].case = case

    def release(self, name: str, case: int) -> None:
        next(s for s in self.lines[name].seats if s.case == case).case = None

    def fill(self, name: str, case: int, person: int, day: Day) -> None:
        self.not_future(day)
        if any(s.end is None or s.end > day for s in self.seats_of(person)):
            raise Refused("sits, or sat after that day")
        mine = next(s for s in self.lines[name].seats if s.case == case)
        mine.case = None
        free = self.free(name, day)
        if not free:
            raise Refused("no seat was free since that day")
        self.sit(person, name, mine if mine in free else free[0], day)

    def leave(self, stay: Stay, day: Day) -> None:
        """One seat is left; where people sit beyond the number, the first of them takes it."""
        if day < stay.start:
            raise Refused("before the entry")
        self.version(stay, end=day)
        seats = {s.number: s for s in self.lines[stay.line].seats}
        if seats[stay.seat].surplus:
            seats[stay.seat].gone = True
            return
        waiting = [s for s in self.valid(stay.line) if s.end is None and seats[s.seat].surplus]
        if waiting:
            first = min(waiting, key=lambda s: s.seat)
            moved = max(day, first.start)
            seats[first.seat].gone = True
            self.version(first, end=moved)
            self.stays.append(replace(first, start=moved, seat=stay.seat, since=self.step, until=None))

    def vacate(self, person: int, day: Day, everywhere: bool = True) -> None:
        self.not_future(day)
        for stay in [s for s in self.valid(person=person) if s.end is None]:
            if everywhere or not self.lines[stay.line].lead or stay.nature == "regular":
                self.leave(stay, day)

    def move(self, name: str, case: int, person: int, day: Day) -> None:
        self.vacate(person, day, everywhere=False)
        self.fill(name, case, person, day)

    def reserve_and_move(self, name: str, case: int, person: int, day: Day) -> None:
        self.reserve(name, case)
        self.move(name, case, person, day)

    def take_lead(self, name: str, person: int, nature: str, day: Day) -> None:
        self.not_future(day)
        self.enterable(name)
        if nature == "regular" and not self.seated(person, self.lines[name].body, self.days(day), still=True):
            raise Refused("does not sit there")
        if any(s.end is None or s.end > day for s in self.valid(name, person)):
            raise Refused("leads in this line already, on some day since")
        free = self.free(name, day)
        if not free:
            raise Refused("no position was free since that day")
        self.sit(person, name, free[0], day, nature)

    def leave_lead(self, name: str, person: int, day: Day) -> None:
        self.not_future(day)
        self.leave(next(s for s in self.valid(name, person) if s.end is None), day)

    def correct(self, stay: Stay, day: Day) -> None:
        """The first day of a stay was another one. ``stay`` is found by its fields: the attempt works on a copy."""
        self.not_future(day)
        old = next(s for s in self.valid(stay.line, stay.person) if s == stay)
        line = self.lines[old.line]
        created = next(s.created for s in line.seats if s.number == old.seat)
        if (old.end is not None and day > old.end) or day < created <= old.start:
            raise Refused("after its end, or before the seat")
        mine = [] if line.lead else [s for s in self.seats_of(old.person) if s is not old]
        others = mine + [s for s in self.valid(old.line) if s.seat == old.seat and s is not old]
        if any(s.on(d) for s in others for d in self.days(day, old.end)) or any(s.end == old.start for s in mine):
            raise Refused("another stay is in the way, or rests on it")
        if old.end is None and any(s.start > self.today for s in others):
            raise Refused("another stay is in the way")
        new = self.version(old, start=day)
        leads = [s for s in self.valid(person=old.person) if self.lines[s.line].lead and s.nature == "regular"]
        for lead in (s for s in leads if self.lines[s.line].body == line.body and (s is new or not line.lead)):
            if not self.seated(lead.person, line.body, self.days(lead.start, lead.end), still=lead.end is None):
                raise Refused("a leader would not sit")
        self.not_worse(old.line, day)
