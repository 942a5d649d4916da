"""The ledger against a plain model in memory: same refusals, same figures, on every day and both time axes."""

import copy
import datetime as dt
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain import errors
from app.ledger.verify import Verifier
from app.workflow import engine
from tests.ledger.model import Line, Model, Refused, Seat, Stay
from tests.world import Body, World

TODAY = dt.datetime.now(dt.UTC).date()
OPENED = TODAY - dt.timedelta(days=400)
ENTERED = TODAY - dt.timedelta(days=300)
days = st.integers(-320, 2).map(lambda n: TODAY + dt.timedelta(days=n))
names = st.sampled_from(("one", "two", "over"))
_number = count()


class Ledger(RuleBasedStateMachine):
    """Three lines: two with seats left, one over its quota."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.bodies: dict[str, Body] = {}
        self.waiting: list[tuple[str, int]] = []  # approved entries: line, case
        self.known: list[tuple[Any, dict[str, Line]]] = []

    @initialize()
    def open_bodies(self) -> None:
        n = next(_number)
        for name, quota, people in (("one", 3, 1), ("two", 4, 3), ("over", 2, 4)):
            w = self.world
            body = w.body(f"{name}{n}", quotas={"11": quota}, people={"11": people}, start=OPENED)
            with w.superuser.begin() as connection:
                rows = connection.exec_driver_sql(
                    "SELECT o.person_id, p.number, p.surplus, o.started_on, p.created_on FROM occupancy o"
                    f" JOIN post p ON p.id = o.post_id WHERE o.line_id = {body.line} ORDER BY p.number"
                ).all()
            line = Line([(quota, OPENED, None)], [Seat(i + 1, OPENED) for i in range(quota)])
            for r in rows:
                if r.number > quota:
                    line.seats.append(Seat(r.number, r.created_on, surplus=True))
                line.stays.append(Stay(r.person_id, r.number, r.started_on))
            self.bodies[name], self.model.lines[name] = body, line
        self.model.today = TODAY
        self.remember()

    def remember(self) -> None:
        """What is known now, to be asked for later."""
        self.known.append((self.world.value("SELECT clock_timestamp()"), copy.deepcopy(self.model.lines)))

    def both(self, real: Any, step: str, *args: object) -> bool:
        """Do a step in the model and in the ledger; both agree or both refuse."""
        try:
            self.model.attempt(step, *args)
            expected = None
        except Refused as refused:
            expected = refused
        try:
            real()
            got = None
        except errors.DomainError as refusal:
            got = refusal
        assert (expected is None) == (got is None), f"{step}{args}: model {expected!r}, ledger {got!r}"
        self.remember()
        return got is None

    def people(self) -> list[int]:
        return sorted(s.person for ln in self.model.lines.values() for s in ln.stays if s.end is None)

    # -- what may happen ------------------------------------------------------------------------------------------

    @rule(name=names, number=st.integers(0, 6), day=days.filter(lambda d: d <= TODAY))
    def quota(self, name: str, number: int, day: dt.date) -> None:
        w, body = self.world, self.bodies[name]
        filer, reviewer = w.office("establishment", username="filer"), w.office("establishment")
        facts = {"line": body.line, "authorised": number, "document_no": "佛编1号", "issuer": "编委", "start": str(day)}
        case = self.by_office(filer, "quota", facts, body, day)
        if not self.both(lambda: w.decide(reviewer, case, "review"), "set_quota", name, number, day):
            self.drop(filer, case)

    @rule(name=names)
    def apply(self, name: str) -> None:
        w, body = self.world, self.bodies[name]
        case = w.recruit(body)
        if self.both(lambda: w.decide(w.office("establishment"), case, "establishment"), "reserve", name, case):
            w.decide(w.office("organisation"), case, "personnel")
            self.waiting.append((name, case))
        else:
            self.drop(w.clerk(body), case)

    @precondition(lambda self: self.waiting)
    @rule(day=days, data=st.data())
    def arrive(self, day: dt.date, data: st.DataObject) -> None:
        name, case = data.draw(st.sampled_from(self.waiting))
        w, newcomer = self.world, w_next(self.world)
        if self.both(lambda: w.arrive(w.clerk(self.bodies[name]), case, day), "fill", name, case, newcomer, day):
            self.waiting.remove((name, case))
            real = w.value("SELECT person_id FROM application WHERE id = :c", c=case)
            for stay in self.model.lines[name].stays:
                if stay.person == newcomer:
                    stay.person = real
            self.known[-1] = (self.known[-1][0], copy.deepcopy(self.model.lines))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        name, case = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove((name, case))
        self.both(lambda: self.drop(self.world.clerk(self.bodies[name]), case), "release", name, case)

    @rule(day=days.filter(lambda d: d <= TODAY), data=st.data())
    def vacate(self, day: dt.date, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(self.people() or [0]))
        if not person:
            return
        w, body = self.world, self.bodies[self.model.where(person)[0]]
        facts = {"person": person, "end": str(day), "reason": "32"}
        case = w.submit(w.clerk(body), body, "leave", facts, person_id=person, effective_on=day)
        w.decide(w.office("establishment"), case, "establishment")
        if not self.both(lambda: w.decide(w.office("organisation"), case, "personnel"), "vacate", person, day):
            self.drop(w.clerk(body), case)

    @rule(name=names, day=days.filter(lambda d: d <= TODAY), data=st.data())
    def move(self, name: str, day: dt.date, data: st.DataObject) -> None:
        inside = {s.person for s in self.model.lines[name].stays if s.end is None}
        person = data.draw(st.sampled_from([p for p in self.people() if p not in inside] or [0]))
        if not person:
            return
        w, target = self.world, self.bodies[name]
        source = self.bodies[self.model.where(person)[0]]
        facts = {"person": person, "line": target.line, "department": None, "start": str(day)}
        case = w.submit(w.clerk(target), target, "transfer", facts, name="调", effective_on=day)
        w.decide(w.clerk(source), case, "source_unit")
        if not self.both(lambda: w.decide(w.office("establishment"), case, "establishment"), "reserve", name, case):
            self.drop(w.clerk(target), case)
            return
        if not self.both(
            lambda: w.decide(w.office("organisation"), case, "personnel"), "move", name, case, person, day
        ):
            self.both(lambda: self.drop(w.clerk(target), case), "release", name, case)

    @rule(day=days.filter(lambda d: d <= TODAY), data=st.data())
    def correct(self, day: dt.date, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(self.people() or [0]))
        if not person:
            return
        w, body = self.world, self.bodies[self.model.where(person)[0]]
        row = w.value(
            "SELECT id FROM occupancy WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL", p=person
        )
        filer = w.office("establishment", username="filer")
        case = self.by_office(filer, "correction", {"occupancy": row, "start": str(day)}, body, day)
        if not self.both(lambda: w.decide(w.office("establishment"), case, "review"), "correct", person, day):
            self.drop(filer, case)

    # -- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def figures_of_today_are_equal(self) -> None:
        for name, line in self.model.lines.items():
            assert self.world.figures(self.bodies[name].line) == (line.authorised, line.occupied, line.reserved), name

    def teardown(self) -> None:
        """Random past days, as known at random moments; the proof of the whole."""
        for moment, lines in self.known[:: max(1, len(self.known) // 6)]:
            for name, line in lines.items():
                for back in (0, 1, 50, 150, 299, 301, 350):
                    day = TODAY - dt.timedelta(days=back)
                    got = self.world.row(
                        "SELECT (SELECT count(*) FROM occupancy WHERE line_id = :l AND recorded_at <= :m"
                        " AND (recorded_to IS NULL OR recorded_to > :m) AND started_on <= :d"
                        " AND (ended_on IS NULL OR ended_on > :d)), coalesce((SELECT authorised FROM quota"
                        " WHERE line_id = :l AND recorded_at <= :m AND (recorded_to IS NULL OR recorded_to > :m)"
                        " AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d)), 0)",
                        l=self.bodies[name].line, m=moment, d=day,
                    )  # fmt: skip
                    assert got == (line.occupied_on(day), line.authorised_on(day) or 0), (name, moment, day)

    def by_office(self, who: Any, process: str, facts: dict[str, Any], body: Body, day: dt.date) -> int:
        with self.world.database.transaction(who) as session:
            office = int(engine.me(session, 7) or 0)
            case = engine.draft(
                session, process=process, unit_id=None, office_id=office, scope_path=body.scope_path, form={}
            )
            engine.submit(
                session, case.id, facts=facts, person_id=None, person_name=None, effective_on=day, unit_id=body.id
            )
            return case.id

    def drop(self, who: Any, case: int) -> None:
        with self.world.database.transaction(who) as session:
            engine.withdraw(session, case)


def w_next(_world: World) -> int:
    """A stand-in for a person whose number the ledger gives on arrival."""
    return -next(_number)


@pytest.mark.timeout(400)
def test_the_ledger_agrees_with_a_plain_model(world: World) -> None:
    Ledger.world = world
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    with world.superuser.connect() as connection:
        assert list(Verifier(connection, world.keys).findings()) == []
