"""People in the state machine: they come, move, lead, leave and are corrected."""

import datetime as dt

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.ledger.people import facts_of
from tests.ledger.machine import NATURES, POSITIONS, SEATS, Ledger, days
from tests.ledger.steps import TODAY
from tests.world import person


class People(Ledger):
    """What may happen to people."""

    @rule(line=st.sampled_from(SEATS), again=st.booleans(), then=st.sampled_from(("come", "come", "approve", "wait")),
          data=st.data())  # fmt: skip
    def recruit(self, line: str, again: bool, then: str, data: st.DataObject) -> None:
        back = [p for p in self.newcomers if p in self.real and not self.model.sits(p) and p not in self.busy()]
        who = self.some(data, back) if again and back else -1 - len(self.newcomers)
        self.newcomers.setdefault(who, person(f"新{-who}"))
        w = self.world
        facts = {**facts_of(self.newcomers[who], w.keys), "line": self.line[line], "department": None}
        case = w.submit(self.clerk(line), self.bodies[line[0]], "recruit", facts, name=f"新{-who}")
        if self.both(lambda: w.decide(w.office("establishment"), case, "establishment"), "reserve", line, case):
            self.waiting.append((line, case, who))
            if then == "approve":
                w.decide(self.personnel(line), case, "personnel")
            elif then == "come":
                self.come(line, case, who, data.draw(days))
        else:
            self.withdraw(self.clerk(line), case)

    @precondition(lambda self: self.waiting)
    @rule(day=days, data=st.data())
    def arrive(self, day: dt.date, data: st.DataObject) -> None:
        self.come(*self.some(data, self.waiting), day)

    def come(self, line: str, case: int, who: int, day: dt.date) -> None:
        w = self.world
        if w.state(case) == "running":
            w.decide(self.personnel(line), case, "personnel")
        if self.both(lambda: w.arrive(self.clerk(line), case, day), "fill", line, case, who, day):
            self.waiting.remove((line, case, who))
            self.real[who] = w.value("SELECT person_id FROM application WHERE id = :c", c=case)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Withdrawn by the unit, or rejected by the office that has not decided yet."""
        line, case, who = self.some(data, self.waiting)
        self.waiting.remove((line, case, who))
        if self.world.state(case) == "running":
            act = lambda: self.world.decide(self.personnel(line), case, "personnel", "reject", "不符")  # noqa: E731
        else:
            act = lambda: self.withdraw(self.clerk(line), case)  # noqa: E731
        self.both(act, "release", line, case)

    @rule(day=days, data=st.data())
    def vacate(self, day: dt.date, data: st.DataObject) -> None:
        stay = self.some(data, [s for s in self.model.valid() if s.end is None and s.line in SEATS])
        facts = {"person": self.real[stay.person], "end": day.isoformat(), "reason": "32"}
        self.by_unit("leave", facts, stay.line, day, "vacate", stay.person, day, personnel=self.personnel(stay.line))

    @rule(goal=st.sampled_from(SEATS), day=days, office_last=st.booleans(), data=st.data())
    def move(self, goal: str, day: dt.date, office_last: bool, data: st.DataObject) -> None:
        stay = self.some(data, [s for s in self.model.valid() if s.end is None and s.line in SEATS and s.line != goal])
        w, body, who = self.world, self.bodies[goal[0]], stay.person
        facts = {"person": self.real[who], "line": self.line[goal], "department": None, "start": day.isoformat()}
        # Another clerk than the one who may have to consent for the same unit.
        mover = w.clerk(body, f"mover{body.id}")
        case = w.submit(mover, body, "transfer", facts, name="调", effective_on=day)
        w.decide(self.clerk(stay.line), case, "source_unit")
        if self.personnel(stay.line) != self.personnel(goal):  # whoever keeps the class that is left has a word as well
            w.decide(self.personnel(stay.line), case, "source_personnel")
        seat = lambda: w.decide(w.office("establishment"), case, "establishment")  # noqa: E731
        word = lambda: w.decide(self.personnel(goal), case, "personnel")  # noqa: E731
        if office_last and day <= TODAY:
            word()
            moved = self.both(self.effect(case, seat), "reserve_and_move", goal, case, who, day)
        else:
            moved = held = self.both(seat, "reserve", goal, case)
            if held and not self.both(self.effect(case, word), "move", goal, case, who, day):
                self.both(lambda: self.withdraw(mover, case), "release", goal, case)
                return
        if not moved:
            self.withdraw(mover, case)

    @rule(line=st.sampled_from(POSITIONS), nature=st.sampled_from(NATURES), day=days, data=st.data())
    def take_lead(self, line: str, nature: str, day: dt.date, data: st.DataObject) -> None:
        leads = {s.person for s in self.model.valid(line) if s.end is None}
        inside = [s.person for s in self.model.valid() if s.end is None and s.line[0] == line[0] and s.line in SEATS]
        among = [p for p in (inside if nature == "regular" else self.real) if p not in leads | self.busy()]
        who = self.some(data, among)
        facts = {"person": self.real[who], "line": self.line[line], "nature": nature, "home_unit": "某单位", "main": 0,
                 "start": day.isoformat()}  # fmt: skip
        self.by_unit("leader", facts, line, day, "take_lead", line, who, nature, day)

    @rule(day=days, data=st.data())
    def leave_lead(self, day: dt.date, data: st.DataObject) -> None:
        lead = self.some(
            data,
            [s for s in self.model.valid() if s.end is None and s.line in POSITIONS and s.person not in self.busy()],
        )
        facts = {"person": self.real[lead.person], "line": self.line[lead.line], "end": day.isoformat()}
        self.by_unit("leader_leave", facts, lead.line, day, "leave_lead", lead.line, lead.person, day)

    @rule(day=days, data=st.data())
    def correct(self, day: dt.date, data: st.DataObject) -> None:
        stay = self.some(data, [s for s in self.model.valid() if s.start != s.end])
        row = self.world.value(
            "SELECT o.id FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.line_id = :l AND o.person_id = :p"
            " AND p.number = :n AND o.started_on = :s AND o.recorded_to IS NULL",
            l=self.line[stay.line], p=self.real[stay.person], n=stay.seat, s=stay.start,
        )  # fmt: skip
        facts = {"occupancy": row, "start": day.isoformat()}
        self.by_office("correction", facts, stay.line, TODAY if day > TODAY else day, "correct", stay, day)
