"""The ledger in plain Python: lines, seats, people and numbers as the rules have them.

Written from the rules, not from the kernel: days are looked at one by one, and nothing is looked up but lists. What is asked
of it stands here; what may happen to people in ``model_people``, to numbers in ``model_numbers``.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.ledger.model_rows import ONE, Day, Line, Number, Part, Refused, Seat, Stay


class Ledger:
    """Lines by name, all stays and parts ever known; ``step`` counts what was accepted."""

    def __init__(self, today: Day) -> None:
        self.today, self.step = today, 0
        self.lines: dict[str, Line] = {}
        self.stays: list[Stay] = []
        self.parts: list[Part] = []
        # A region's total and reserve by kind and category, and what others have of them.
        self.pools: dict[tuple[str, str], int] = {}
        self.others: dict[tuple[str, str], int] = {}

    def attempt(self, what: str, *args: object) -> None:
        """Do something whole or not at all."""
        kept = copy.deepcopy((self.lines, self.stays, self.parts, self.pools))
        self.step += 1
        try:
            getattr(self, what)(*args)
        except Refused:
            self.step -= 1
            self.lines, self.stays, self.parts, self.pools = kept
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

    def number(self, line: str) -> Number:
        """A line's number now."""
        return next(n for n in self.lines[line].numbers if n.until is None and n.end is None)

    def figures(self, line: str) -> tuple[int, int, int, int, int]:
        """Authorised, occupied, reserved, vacant, surplus; now."""
        number = self.number(line).authorised
        occupied = sum(s.end is None for s in self.valid(line))
        reserved = sum(s.case is not None for s in self.lines[line].seats)
        return number, occupied, reserved, max(0, number - occupied), max(0, occupied - number)

    def open_parts(self, line: str | None = None) -> list[Part]:
        """Parts that stand, in the order in which they were last written."""
        found = [p for p in self.parts if p.until is None and p.end is None and line in (None, p.line)]
        return sorted(found, key=lambda p: p.serial)

    def parts_on(self, line: str, day: Day, step: int) -> tuple[int, int]:
        """How many parts a line has on a day, and of how much together."""
        found = [p for p in self.parts if p.line == line and p.on(day) and p.known(step)]
        return len(found), sum(p.number or 0 for p in found)

    def free(self, line: str, day: Day) -> list[Seat]:
        """Vacant seats that were there on a day and that nobody held then or later, lowest first."""
        taken = {s.seat for s in self.valid(line) if s.end is None or s.end > day}
        return [s for s in self.vacant(line) if s.created <= day and s.number not in taken]

    def vacant(self, line: str) -> list[Seat]:
        """Seats that nobody holds or waits for now, lowest first."""
        taken = {s.seat for s in self.valid(line) if s.end is None}
        return [s for s in self.lines[line].seats if not s.gone and s.case is None and s.number not in taken]

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
        if self.lines[line].closed:
            raise Refused("nobody enters a closed line")
        if occupied + reserved >= number:
            raise Refused("no seat left")

    def version(self, old: Stay, **changed: object) -> Stay:
        """Close what was known and add what is known now."""
        new = replace(old, since=self.step, until=None, **changed)  # type: ignore[arg-type]
        old.until = self.step
        self.stays.append(new)
        return new
