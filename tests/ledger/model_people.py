"""What may happen to people in the plain model: they come, move, lead, leave, and their days are corrected."""

from dataclasses import replace

from tests.ledger.model_numbers import Numbers
from tests.ledger.model_rows import Day, Refused, Seat, Stay


class Model(Numbers):
    """The whole of it."""

    def sit(self, person: int, line: str, seat: Seat, day: Day, nature: str = "regular") -> None:
        self.stays.append(Stay(day, None, self.step, person, line, seat.number, nature))
        self.not_worse(line, day)

    def reserve(self, name: str, case: int) -> None:
        self.enterable(name)
        self.vacant(name)[0].case = case

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
        self.freed(stay, day)
        self.settle(stay.line)

    def freed(self, stay: Stay, day: Day) -> None:
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
        else:
            self.take_along(stay.line, day)

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
