"""What may happen to numbers in the plain model: 核定, parts of a number, 划转, totals of a region, plans, closed lines."""

from dataclasses import replace

from tests.ledger.model import Ledger
from tests.ledger.model_rows import ONE, Day, Number, Part, Refused, Seat


class Numbers(Ledger):
    """Numbers by document."""

    def fix(self, name: str, number: int, day: Day, *, until: Day | None = None, ending: bool = False) -> None:
        """A line has this number from a day on; below what is in use only by a plan or because something ends."""
        line = self.lines[name]
        _number, occupied, reserved, _vacant, _surplus = self.figures(name)
        last, over = self.number(name), max(0, occupied - number)
        if number < occupied + reserved and (reserved or not (until or ending)):
            raise Refused("below what is in use")
        if day < last.start:
            raise Refused("before the last number")
        if number > last.authorised:
            self.room(line.category, number - last.authorised)
        last.until = self.step
        line.numbers.append(Number(last.start, day, self.step, last.authorised))
        line.numbers.append(Number(day, None, self.step, number))
        if not ending and not over:
            self.not_worse(name, day)
        if sum(p.rest for p in self.open_parts(name)) > number:
            raise Refused("less than its parts")
        self.seats(name, max(number, occupied + reserved), day, ending=ending)
        self.mark_surplus(name, over)
        if over and until:
            if until <= day:
                raise Refused("a plan that ends before it begins")
            line.plan = (over, until)
        self.settle(name)

    def seats(self, name: str, wanted: int, day: Day, *, ending: bool) -> None:
        """As many seats as a number needs: new ones above the highest, or the highest of those that nobody held since."""
        line = self.lines[name]
        alive, top = sum(not s.gone for s in line.seats), max((s.number for s in line.seats), default=0)
        line.seats += [Seat(top + 1 + n, day) for n in range(wanted - alive)]
        spare = self.free(name, day)[::-1]
        if ending:  # the day is fixed: a seat that was left after it goes when it was left
            spare += [s for s in self.vacant(name)[::-1] if s not in spare]
        if len(spare) < alive - wanted:
            raise Refused("a seat was held since")
        for seat in spare[: max(0, alive - wanted)]:
            seat.gone = True

    def mark_surplus(self, name: str, over: int) -> None:
        """As many surplus seats as people above the number: the lowest become regular, or the highest in use surplus."""
        seats = [s for s in self.lines[name].seats if not s.gone]
        marked = [s for s in seats if s.surplus]
        for seat in marked[: max(0, len(marked) - over)]:
            seat.surplus = False
        used = {s.seat for s in self.valid(name) if s.end is None}
        regular = [s for s in seats if s.number in used and not s.surplus]
        for seat in regular[::-1][: max(0, over - len(marked))]:
            seat.surplus = True

    def settle(self, name: str) -> None:
        """A plan ends with the surplus."""
        if not self.figures(name)[4]:
            self.lines[name].plan = None

    def room(self, category: str, more: int) -> None:
        """A region's total is for all of its lines together."""
        if ("total", category) in self.pools and self.used("total", category) + more > self.pools["total", category]:
            raise Refused("beyond the region's total")

    def used(self, kind: str, category: str) -> int:
        """What is distributed of a total, or lent of a reserve."""
        lines = [n for n, line in self.lines.items() if line.category == category and not line.lead]
        own = sum(self.number(n).authorised for n in lines)
        lent = sum(p.rest for p in self.open_parts() if p.purpose == "rotating" and p.line in lines)
        return self.others.get((kind, category), 0) + (own if kind == "total" else lent)

    # -- what may happen ------------------------------------------------------------------------------------------

    def set_quota(self, name: str, number: int, day: Day, document: str, until: Day | None = None) -> None:
        self.not_future(day)
        line = self.lines[name]
        if document in line.documents:
            raise Refused("the document has fixed this line already")
        line.documents.add(document)
        self.fix(name, number, day, until=until)

    def move_quota(self, source: str, name: str, number: int, day: Day, document: str) -> None:
        self.not_future(day)
        for line in (source, name):
            self.lines[line].documents.add(document)
        if self.lines[source].category != self.lines[name].category or self.number(source).authorised < number:
            raise Refused("of another category, or more than there is")
        self.fix(source, self.number(source).authorised - number, day)
        self.fix(name, self.number(name).authorised + number, day)

    def set_part(self, name: str, purpose: str, number: int | None, added: bool, day: Day, last: Day | None,
                 document: str) -> None:  # fmt: skip
        self.not_future(day)
        lent = ("rotating", self.lines[name].category)
        if purpose == "rotating" and self.used(*lent) + (number or 0) > self.pools.get(lent, 0):
            raise Refused("the reserve is empty")
        if (added or purpose == "rotating") and (not number or last is None):
            raise Refused("added or lent without a number or an end")
        if last is not None and last <= day:
            raise Refused("ends before it begins")
        if any((p.line, p.purpose, p.document) == (name, purpose, document) for p in self.parts):
            raise Refused("the document has named this part already")
        if added:
            self.lines[name].documents.add(document)
            self.fix(name, self.number(name).authorised + (number or 0), day)
        serial = 1 + max((p.serial for p in self.parts), default=0)
        self.parts.append(Part(day, None, self.step, serial, name, purpose, number, added, last, document))
        if sum(p.rest for p in self.open_parts(name)) > self.number(name).authorised:
            raise Refused("more parts than the whole")

    def end_part(self, name: str, document: str, purpose: str, day: Day) -> None:
        """收回、归还 by document, before its day."""
        self.not_future(day)
        part = next(p for p in self.open_parts(name) if (p.document, p.purpose) == (document, purpose))
        number, occupied, reserved, _vacant, _surplus = self.figures(name)
        if day < part.start or (part.added and day < self.number(name).start):
            raise Refused("before it began, or before the last number")
        if part.added and occupied + reserved > number - part.rest:
            raise Refused("in use")
        self.take_back(part, day, self.new_number())

    def new_number(self) -> str:
        """Any document of the part's end is the part's own affair."""
        return f"终{self.step}"

    def take_back(self, part: Part, day: Day, document: str) -> None:
        """A part ends, or as much of it as no running case holds."""
        number, occupied, reserved, _vacant, _surplus = self.figures(part.line)
        take = min(part.rest, number) if part.added else 0
        if reserved:
            take = max(0, min(take, number - occupied - reserved))
        ends = not part.added or part.taken + take >= (part.number or 0) or number == 0
        if not ends and not take:
            return
        part.until = self.step
        serial = 1 + max(p.serial for p in self.parts)
        self.parts.append(
            replace(
                part, since=self.step, until=None, serial=serial, taken=part.taken + take, end=day if ends else None
            )
        )
        if take:
            self.lines[part.line].documents.add(document)
            own_day = part.last is not None and day > part.last
            self.fix(part.line, number - take, max(day, self.number(part.line).start), ending=own_day)

    def night(self) -> None:
        """What is past its last day goes back, earliest first; whoever then sits above the number is surplus."""
        due = [p for p in self.open_parts() if p.last is not None and p.last < self.today]
        for part in sorted(due, key=lambda p: (p.last, p.serial)):
            assert part.last is not None
            self.take_back(part, part.last + ONE, part.document)

    def absorb(self, name: str, day: Day, until: Day) -> None:
        self.not_future(day)
        surplus = self.figures(name)[4]
        if not surplus or until <= day:
            raise Refused("nothing to absorb, or a plan that ends before it begins")
        self.lines[name].plan = (surplus, until)

    def close_line(self, name: str, closed: bool, day: Day) -> None:
        self.not_future(day)
        line = self.lines[name]
        if line.closed == closed or (closed and self.figures(name)[2]):
            raise Refused("it is so, or seats are kept for running cases")
        line.closed = closed

    def take_along(self, name: str, day: Day) -> None:
        """退一收一: whoever leaves a closed line takes the number along."""
        if self.lines[name].closed and self.number(name).authorised:
            self.fix(name, self.number(name).authorised - 1, max(day, self.number(name).start), ending=True)

    def set_pool(self, kind: str, category: str, number: int) -> None:
        if number < self.used(kind, category):
            raise Refused("less than is distributed or lent")
        self.pools[kind, category] = number
