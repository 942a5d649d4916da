"""The ledger in plain Python: seats with periods, and every earlier state of knowledge kept as a copy."""

import copy
import datetime as dt
from dataclasses import dataclass, field

Day = dt.date


class Refused(Exception):  # noqa: N818 - a refusal of the model
    """The model says no."""


@dataclass
class Stay:
    """One person on one seat for a period."""

    person: int
    seat: int
    start: Day
    end: Day | None = None

    def on(self, day: Day) -> bool:
        return self.start <= day and (self.end is None or self.end > day)


@dataclass
class Seat:
    """One numbered seat."""

    number: int
    created: Day
    surplus: bool = False
    gone: bool = False
    reserved: int | None = None


@dataclass
class Line:
    """One quota line: its numbers by period, seats, stays."""

    quotas: list[tuple[int, Day, Day | None]]
    seats: list[Seat] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)

    @property
    def authorised(self) -> int:
        return self.quotas[-1][0]

    @property
    def occupied(self) -> int:
        return sum(s.end is None for s in self.stays)

    @property
    def reserved(self) -> int:
        return sum(s.reserved is not None for s in self.seats)

    def holder(self, seat: Seat) -> Stay | None:
        return next((s for s in self.stays if s.seat == seat.number and s.end is None), None)

    def vacant(self) -> list[Seat]:
        return [s for s in self.seats if not s.gone and s.reserved is None and self.holder(s) is None]

    def authorised_on(self, day: Day) -> int | None:
        return next((n for n, a, b in self.quotas if a <= day and (b is None or b > day)), None)

    def occupied_on(self, day: Day) -> int:
        return sum(s.on(day) for s in self.stays)

    def free_since(self, seat: Seat, day: Day) -> bool:
        held = any(s.seat == seat.number and (s.end is None or s.end > day) for s in self.stays)
        return seat.created <= day and not held

    def worse_than(self, before: "Line", day: Day) -> bool:
        """Whether some day from ``day`` on is further over the quota than it was."""
        marks = {day}
        for line in (self, before):
            marks |= {x for _n, a, b in line.quotas for x in (a, b) if x}
            marks |= {x for s in line.stays for x in (s.start, s.end) if x}
        for mark in (m for m in marks if m >= day):
            has, had = self.authorised_on(mark), before.authorised_on(mark)
            was, will = before.occupied_on(mark), self.occupied_on(mark)
            if has is not None and will > has and will - has > max(0, was - (was if had is None else had)):
                return True
        return False


class Model:
    """Lines by name; each operation changes all or raises Refused and changes nothing."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.today = Day.min

    def attempt(self, step: str, *args: object) -> None:
        """Do a step on a copy first: a refusal leaves no trace."""
        kept = copy.deepcopy(self.lines)
        try:
            getattr(self, step)(*args)
        except Refused:
            self.lines = kept
            raise

    def where(self, person: int) -> tuple[str, Stay]:
        for name, line in self.lines.items():
            for stay in line.stays:
                if stay.person == person and stay.end is None:
                    return name, stay
        raise Refused("not seated")

    def set_quota(self, name: str, number: int, day: Day) -> None:
        line = self.lines[name]
        before = copy.deepcopy(line)
        if number < line.occupied + line.reserved or day < line.quotas[-1][1]:
            raise Refused("below use, or before the last number")
        last, start, _end = line.quotas[-1]
        line.quotas[-1:] = [(last, start, day), (number, day, None)]
        if line.worse_than(before, day):
            raise Refused("a day would be over-full")
        live = [s for s in line.seats if not s.gone]
        top = max((s.number for s in line.seats), default=0)
        for n in range(number - len(live)):
            line.seats.append(Seat(top + 1 + n, day))
        spare = [s for s in line.vacant() if line.free_since(s, day)]
        cut = sorted(spare, key=lambda s: -s.number)[: max(0, len(live) - number)]
        if len(cut) < len(live) - number:
            raise Refused("a seat was held since that day")
        for seat in cut:
            seat.gone = True
        for seat in line.seats:
            if not seat.gone:
                seat.surplus = False

    def reserve(self, name: str, case: int) -> None:
        line = self.lines[name]
        if line.occupied + line.reserved >= line.authorised:
            raise Refused("no seat")
        min(line.vacant(), key=lambda s: s.number).reserved = case

    def release(self, name: str, case: int) -> None:
        for seat in self.lines[name].seats:
            if seat.reserved == case:
                seat.reserved = None

    def fill(self, name: str, case: int, person: int, day: Day) -> None:
        line = self.lines[name]
        if day > self.today:
            raise Refused("the future")
        before = copy.deepcopy(line)
        seat = next(s for s in line.seats if s.reserved == case)
        if not line.free_since(seat, day):
            others = [s for s in line.vacant() if line.free_since(s, day)]
            if not others:
                raise Refused("no seat was free on that day")
            seat.reserved, seat = None, min(others, key=lambda s: s.number)
        seat.reserved = None
        line.stays.append(Stay(person, seat.number, day))
        if line.worse_than(before, day):
            raise Refused("a day would be over-full")

    def vacate(self, person: int, day: Day) -> None:
        name, stay = self.where(person)
        line = self.lines[name]
        if day < stay.start or day > self.today:
            raise Refused("before the entry, or the future")
        stay.end = day
        seat = next(s for s in line.seats if s.number == stay.seat)
        if seat.surplus:
            seat.gone = True
            return
        extra = [s for s in line.seats if s.surplus and not s.gone and line.holder(s)]
        if extra:
            dying = min(extra, key=lambda s: s.number)
            mover = line.holder(dying)
            assert mover is not None
            mover.end = max(day, mover.start)
            dying.gone = True
            line.stays.append(Stay(mover.person, seat.number, mover.end))

    def move(self, name: str, case: int, person: int, day: Day) -> None:
        self.vacate(person, day)
        self.fill(name, case, person, day)

    def correct(self, person: int, day: Day) -> None:
        name, stay = self.where(person)
        line = self.lines[name]
        seat = next(s for s in line.seats if s.number == stay.seat)
        before = copy.deepcopy(line)
        if (day < seat.created <= stay.start) or day > self.today:
            raise Refused("before the seat, or the future")
        mine = [s for ln in self.lines.values() for s in ln.stays if s.person == person and s is not stay]
        if any(s.end == stay.start for s in mine):
            raise Refused("moved in one step: another stay rests on this day")
        others = mine + [s for s in line.stays if s.seat == stay.seat and s is not stay]
        if any(s.end is None or s.end > day for s in others if s.start != s.end):
            raise Refused("another stay is in the way")
        stay.start = day
        if line.worse_than(before, day):
            raise Refused("a day would be over-full")
