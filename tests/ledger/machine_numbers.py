"""Numbers in the state machine: 核定, parts of a number, 划转, totals and reserves, plans of absorption, closed lines."""

import datetime as dt

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.workflow import parts
from tests.ledger.machine import DAYS, LATER, LINES, SEATS, Ledger, days
from tests.ledger.steps import TODAY

POOLS = [("total", "13"), ("rotating", "11")]


class Numbers(Ledger):
    """What may happen to numbers."""

    def document(self, again: bool = False) -> str:
        """A new decision has a new document; one that is filed again may have fixed this line already."""
        return "佛编0号" if again else f"佛编{len(self.moments)}号"

    def from_last(self, line: str, data: st.DataObject) -> dt.date:
        """A day on or after a line's last number, where there is one."""
        last = self.model.number(line).start
        return data.draw(st.sampled_from([d for d in DAYS if d >= last] or DAYS))

    @rule(line=st.sampled_from(LINES), spare=st.integers(-1, 3), again=st.sampled_from((False, False, False, True)),
          data=st.data())  # fmt: skip
    def set_quota(self, line: str, spare: int, again: bool, data: st.DataObject) -> None:
        _number, occupied, reserved, _vacant, _surplus = self.model.figures(line)
        number, day = max(0, occupied + reserved + spare), self.from_last(line, data)
        document = self.document(again)
        facts = {"line": self.line[line], "authorised": number, "document_no": document, "start": day.isoformat()}
        self.by_office("quota", facts, line, day, "set_quota", line, number, day, document)

    @rule(line=st.sampled_from(LINES), less=st.integers(0, 3), until=st.sampled_from((LATER, LATER, TODAY)),
          data=st.data())  # fmt: skip
    def cut(self, line: str, less: int, until: dt.date, data: st.DataObject) -> None:
        """Below what is in use, with a plan by which the surplus goes."""
        number = max(0, self.model.figures(line)[1] - less)
        day, document = self.from_last(line, data), self.document()
        facts = {"line": self.line[line], "authorised": number, "document_no": document, "start": day.isoformat(),
                 "until_on": until.isoformat()}  # fmt: skip
        self.by_office("quota", facts, line, day, "set_quota", line, number, day, document, until)

    @rule(line=st.sampled_from(LINES), day=days)
    def absorb(self, line: str, day: dt.date) -> None:
        facts = {"line": self.line[line], "until_on": LATER.isoformat(), "document_no": self.document(),
                 "start": day.isoformat()}  # fmt: skip
        self.by_office("absorb", facts, line, day, "absorb", line, day, LATER)

    @rule(line=st.sampled_from(SEATS), closed=st.sampled_from((True, False)), day=days)
    def close_line(self, line: str, closed: bool, day: dt.date) -> None:
        facts = {"line": self.line[line], "entry": "closed" if closed else "open", "document_no": self.document(),
                 "start": day.isoformat()}  # fmt: skip
        self.by_office("line_close", facts, line, day, "close_line", line, closed, day)

    @rule(line=st.sampled_from(SEATS), purpose=st.sampled_from(("military", "military", "rotating", "law")),
          number=st.sampled_from((1, 1, 2, None)), added=st.sampled_from((True, True, False)),
          last=st.sampled_from((None, LATER, TODAY, *DAYS[2:-2])), data=st.data())  # fmt: skip
    def set_part(self, line: str, purpose: str, number: int | None, added: bool, last: dt.date | None,
                 data: st.DataObject) -> None:  # fmt: skip
        """A mark inside the number, or numbers added until a day: temporary ones, or lent ones."""
        day, document = self.from_last(line, data), self.document()
        facts = {"line": self.line[line], "purpose": purpose, "number": number, "how": "added" if added else "inside",
                 "last_on": last and last.isoformat(), "document_no": document, "start": day.isoformat()}  # fmt: skip
        self.by_office("quota_part", facts, line, day, "set_part", line, purpose, number, added, day, last, document)

    @precondition(lambda self: self.model.open_parts())
    @rule(day=days, data=st.data())
    def end_part(self, day: dt.date, data: st.DataObject) -> None:
        part = self.some(data, self.model.open_parts())
        row = self.world.value(
            "SELECT id FROM quota_part WHERE line_id = :l AND document_no = :d AND purpose = :p AND ended_on IS NULL"
            " AND recorded_to IS NULL", l=self.line[part.line], d=part.document, p=part.purpose,
        )  # fmt: skip
        facts = {"part": row, "document_no": self.document(), "start": day.isoformat()}
        self.by_office("quota_part_end", facts, part.line, day, "end_part", part.line, part.document, part.purpose, day)

    @precondition(lambda self: any(p.last and p.last < TODAY for p in self.model.open_parts()))
    @rule()
    def night(self) -> None:
        """The job takes back what is past its day, and nothing refuses it."""

        def expire() -> None:
            done = list(parts.expire_due(self.world.database, self.world.service("svc-worker")))
            assert [refused for _part, _gone, refused in done if refused] == []

        self.both(expire, "night")
        self.share()  # those of other examples went back too

    @rule(source=st.sampled_from(SEATS), goal=st.sampled_from(SEATS), number=st.sampled_from((1, 1, 2)),
          data=st.data())  # fmt: skip
    def move_quota(self, source: str, goal: str, number: int, data: st.DataObject) -> None:
        if source == goal:
            return
        first = max(source, goal, key=lambda line: self.model.number(line).start)
        day, document = self.from_last(first, data), self.document()
        facts = {"from_line": self.line[source], "line": self.line[goal], "number": number, "document_no": document,
                 "start": day.isoformat()}  # fmt: skip
        self.by_office("quota_move", facts, source, day, "move_quota", source, goal, number, day, document)

    @rule(pool=st.sampled_from(POOLS), spare=st.integers(-1, 2))
    def set_pool(self, pool: tuple[str, str], spare: int) -> None:
        """A region's total, or its reserve, as tight as what is distributed or lent."""
        number = max(0, self.model.used(*pool) + spare)
        self.by_office("quota_pool", self.pool(*pool, number, self.document()), None, TODAY, "set_pool", *pool, number)
