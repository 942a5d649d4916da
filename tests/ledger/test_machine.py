"""The ledger against a plain model in memory: the same refusals, the same figures, on every day as known at any moment."""

import datetime as dt
import random
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.ledger.people import PersonFacts, facts_of
from app.workflow import due, engine
from tests.ledger.model import Line, Model, Number, Refused, Seat, Stay
from tests.ledger.steps import TODAY, ago, file, filer, findings
from tests.world import Body, World, person

OPENED = ago(400)
# Few days, with their neighbours, so that what happens meets on them.
DAYS = [OPENED - dt.timedelta(days=1), OPENED, *(ago(n) for n in (300, 201, 200, 199, 120, 100, 99, 30, 2, 1, 0, -1))]
days = st.sampled_from(DAYS)
NUMBERS = {"甲": {"11": (3, 2), "13": (2, 1), "deputy:0132": (2, 0)}, "乙": {"11": (3, 1), "deputy:0132": (1, 0)},
           "丙": {"11": (2, 4)}}  # fmt: skip
LINES = [f"{body}{key}" for body, of in NUMBERS.items() for key in of]
SEATS, POSITIONS = [n for n in LINES if "deputy" not in n], [n for n in LINES if "deputy" in n]
NATURES = ("regular", "regular", "regular", "concurrent", "superior")
_city = count()

BOTH_AXES = text("""
SELECT l.id, x.n,
  (SELECT count(*) FROM occupancy o WHERE o.line_id = l.id AND o.recorded_at <= x.at AND (o.recorded_to IS NULL OR
    o.recorded_to > x.at) AND o.started_on <= x.day AND (o.ended_on IS NULL OR o.ended_on > x.day)) AS held,
  (SELECT q.authorised FROM quota q WHERE q.line_id = l.id AND q.recorded_at <= x.at AND (q.recorded_to IS NULL OR
    q.recorded_to > x.at) AND q.started_on <= x.day AND (q.ended_on IS NULL OR q.ended_on > x.day)) AS authorised
FROM quota_line l CROSS JOIN unnest(cast(:days AS date[]), cast(:moments AS timestamptz[])) WITH ORDINALITY x(day, at, n)
WHERE l.id = ANY(:lines) ORDER BY l.id, x.n
""")
NOW = text("""
SELECT l.id, t.authorised, t.occupied, t.reserved,
  (SELECT count(*) FROM alarm a WHERE a.line_id = l.id AND a.standing AND a.state = 'open') AS alarms,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.status <> 'abolished') AS seats,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.status = 'occupied') AS taken,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.status = 'reserved') AS kept,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.surplus AND p.status <> 'abolished') AS surplus
FROM quota_line l JOIN ledger_total t ON t.line_id = l.id WHERE l.id = ANY(:lines)
""")


class Ledger(RuleBasedStateMachine):
    """Three bodies with six lines, one of them over its number; people come, move, lead, leave and are corrected."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(TODAY)
        self.bodies: dict[str, Body] = {}
        self.line: dict[str, int] = {}
        self.waiting: list[tuple[str, int, int]] = []  # reserved: line, case, person
        self.newcomers: dict[int, PersonFacts] = {}
        self.real: dict[int, int] = {}  # the model's number of a person: the ledger's
        self.moments: list[Any] = []

    @initialize()
    def open_bodies(self) -> None:
        city = next(_city)
        for name, of in NUMBERS.items():
            body = self.bodies[name] = self.world.body(
                f"{name}{city}", start=OPENED,
                quotas={k: n for k, (n, _) in of.items() if "deputy" not in k},
                people={k: p for k, (_, p) in of.items() if "deputy" not in k},
                leaders={k: n for k, (n, _) in of.items() if "deputy" in k},
            )  # fmt: skip
            for key, (number, _people) in of.items():
                line = self.line[name + key] = body.lines[key]
                seats = [Seat(n, OPENED) for n in range(1, number + 1)]
                with self.world.superuser.connect() as connection:
                    held = connection.exec_driver_sql(
                        "SELECT o.person_id, o.started_on, p.number, p.surplus FROM occupancy o JOIN post p"
                        f" ON p.id = o.post_id WHERE o.line_id = {line} ORDER BY p.number"
                    ).all()
                for who, start, n, surplus in held:
                    self.real[who] = who
                    seats += [Seat(n, start, surplus=True)] if surplus else []
                    self.model.stays.append(Stay(start, None, 0, who, name + key, n))
                self.model.lines[name + key] = Line(name, "deputy" in key, [Number(OPENED, None, 0, number)], seats)
        self.remember()

    def remember(self) -> None:
        self.moments.append(self.world.value("SELECT clock_timestamp()"))

    def both(self, real: Any, step: str, *args: object) -> bool:
        """Do a step in the model and in the ledger: both accept it or both refuse it."""
        expected, got = None, None
        try:
            self.model.attempt(step, *args)
        except Refused as refused:
            expected = refused
        try:
            real()
        except errors.DomainError as refusal:
            got = refusal
        assert (expected is None) == (got is None), f"{step}{args}: the model {expected!r}, the ledger {got!r}"
        if got is None:
            self.remember()
        return got is None

    # -- the ledger's side of a step --------------------------------------------------------------------------------

    def clerk(self, line: str) -> Identity:
        return self.world.clerk(self.bodies[line[0]])

    def effect(self, case: int, last: Any) -> Any:
        """The last approval; what then waits for a future day is posted too early on purpose."""

        def act() -> None:
            last()
            if self.world.state(case) == "awaiting":
                with self.world.database.transaction(self.world.service("svc-worker")) as session:
                    due.effect_due(session, case)

        return act

    def personnel(self, line: str) -> Identity:
        return self.world.office("human_resources" if line.endswith("13") else "organisation")

    def withdraw(self, who: Identity, case: int) -> None:
        with self.world.database.transaction(who) as session:
            engine.withdraw(session, case)

    def by_office(self, process: str, facts: dict[str, Any], line: str, day: dt.date, step: str, *args: object) -> None:
        w = self.world
        case = file(w, process, facts, about=self.bodies[line[0]], day=day)
        done = self.effect(case, lambda: w.decide(w.office("establishment"), case, "review"))
        if not self.both(done, step, *args):
            self.withdraw(filer(w), case)

    def by_unit(self, process: str, facts: dict[str, Any], line: str, day: dt.date, step: str, *args: object,
                personnel: Identity | None = None) -> None:  # fmt: skip
        w, body = self.world, self.bodies[line[0]]
        case = w.submit(self.clerk(line), body, process, facts, effective_on=day)
        w.decide(personnel or w.office("organisation"), case, "personnel")
        done = self.effect(case, lambda: w.decide(w.office("establishment"), case, "establishment"))
        if not self.both(done, step, *args):
            self.withdraw(self.clerk(line), case)

    def some(self, data: st.DataObject, among: list[Any]) -> Any:
        assume(among)
        return data.draw(st.sampled_from(among))

    def busy(self) -> set[int]:
        """Who is in a running case."""
        return {p for _line, _case, p in self.waiting}

    # -- what may happen --------------------------------------------------------------------------------------------

    @rule(line=st.sampled_from(LINES), spare=st.integers(-1, 3), again=st.sampled_from((False, False, False, True)),
          data=st.data())  # fmt: skip
    def set_quota(self, line: str, spare: int, again: bool, data: st.DataObject) -> None:
        _number, occupied, reserved, _vacant, _surplus = self.model.figures(line)
        number = max(0, occupied + reserved + spare)
        last = max(n.start for n in self.model.lines[line].numbers if n.until is None)
        day = data.draw(st.sampled_from([d for d in DAYS if d >= last] or DAYS))
        # A new decision has a new document; one that is filed again may have fixed this line already.
        document = "佛编0号" if again else f"佛编{len(self.moments)}号"
        facts = {"line": self.line[line], "authorised": number, "document_no": document, "start": day.isoformat()}
        self.by_office("quota", facts, line, day, "set_quota", line, number, day, document)

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

    # -- what must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def the_figures_are_equal(self) -> None:
        """Authorised, occupied, reserved, vacant, surplus; the seats behind them; the standing alarm."""
        with self.world.superuser.connect() as connection:
            rows = {r.id: r for r in connection.execute(NOW, {"lines": list(self.line.values())})}
        for name, line in self.line.items():
            r = rows[line]
            vacant, surplus = max(0, r.authorised - r.occupied), max(0, r.occupied - r.authorised)
            figures = self.model.figures(name)
            assert (r.authorised, r.occupied, r.reserved, vacant, surplus) == figures, name
            assert (r.seats, r.taken, r.kept) == (max(r.authorised, r.occupied), r.occupied, r.reserved), name
            assert r.surplus == surplus, name
            assert r.alarms == (surplus > 0), name

    @invariant()
    def the_past_is_equal_on_both_axes(self) -> None:
        """Some days, as known after some step; chosen anew after each step, the same in each run."""
        if not self.moments:
            return
        chance = random.Random(len(self.moments))
        asked = [(chance.choice(DAYS), chance.randrange(len(self.moments))) for _ in range(5)]
        asked += [(day, len(self.moments) - 1) for day in chance.sample(DAYS, 3)]
        with self.world.superuser.connect() as connection:
            rows = connection.execute(
                BOTH_AXES,
                {
                    "days": [day for day, _step in asked],
                    "moments": [self.moments[step] for _day, step in asked],
                    "lines": list(self.line.values()),
                },
            ).all()
        names = {line: name for name, line in self.line.items()}
        for r in rows:
            day, step = asked[r.n - 1]
            expected = self.model.held(names[r.id], day, step), self.model.authorised(names[r.id], day, step)
            assert (r.held, r.authorised) == expected, (names[r.id], day, step)


@pytest.mark.timeout(400)
def test_the_ledger_agrees_with_a_plain_model(world: World) -> None:
    Ledger.world = world
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert findings(world) == []
