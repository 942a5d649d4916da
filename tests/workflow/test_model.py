"""All shipped businesses under random hands: no case hangs, no seat stays reserved for nobody, the ledger proves itself.

In the suite each business is walked a few times, always the same ways. ``BIANZHI_WALKS=200`` walks each 200 times by
chance and proves the ledger after each business.
"""

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.domain.errors import DomainError
from app.workflow import due, engine, rescue
from tests import DAY
from tests.ledger.steps import findings
from tests.workflow.filings import PLANS, City
from tests.world import World

WALKS = int(os.environ.get("BIANZHI_WALKS", "0"))
STEPS = 12
# What a step may be; the first is what a shrunk walk is made of: the plain way to the end.
MOVES = (
    *["go_on"] * 9, "approve", "approve", "send_back", "send_to_stage", "reject", "request_papers", "answer", "suspend",
    "resume", "hand_over", "take_back", "take_back", "resubmit", "resubmit_other", "withdraw", "urge", "arrive", "days",
    "days", "leaves", "reroute",
)  # fmt: skip
ENDED = ("done", "rejected", "withdrawn")
accepted: Counter[str] = Counter()

# Seats that a case holds which is none that reserves, and the reverse.
LEAKS = {
    "a seat held for no living case":
        "SELECT p.id FROM post p JOIN application a ON a.id = p.reserved_case_id JOIN case_record r ON r.case_id = a.id"
        " WHERE r.status <> 'reserved' OR a.state NOT IN ('running', 'returned', 'awaiting')",
    "a case that reserved and holds no seat":
        "SELECT case_id FROM case_record r WHERE status = 'reserved' AND NOT EXISTS (SELECT 1 FROM post p"
        " WHERE p.reserved_case_id = r.case_id)",
    "a total that is not its seats":
        "SELECT t.line_id FROM quota_line l JOIN ledger_total t ON t.line_id = l.id LEFT JOIN post p ON p.line_id = l.id"
        " WHERE l.unit_id = :body GROUP BY t.line_id HAVING (t.occupied, t.reserved) IS DISTINCT FROM"
        " (count(*) FILTER (WHERE p.status = 'occupied'), count(*) FILTER (WHERE p.status = 'reserved'))",
}  # fmt: skip
SOMEBODY = """EXISTS (SELECT 1 FROM account x JOIN ab_user u ON u.id = x.user_id AND u.active
    WHERE (x.office_id = t.office_id OR x.unit_id = t.unit_id) AND x.ended_on IS NULL AND x.user_id <> r.filed_by
      AND CASE t.role WHEN 'unit_head' THEN x.kind = 'unit_head' ELSE x.kind IN ('unit_clerk', 'unit_head', 'office_member',
        'office_head') END)"""
# Whose move it is; a case about which none of these says anything hangs.
HANGS = {
    "running, without a task that somebody answers for, and no alarm":
        f"SELECT a.id FROM application a JOIN case_record r ON r.case_id = a.id WHERE a.id = :case AND a.state = 'running'"
        f" AND (NOT EXISTS (SELECT 1 FROM task t WHERE t.application_id = a.id AND t.state = 'open') OR EXISTS (SELECT 1"
        f" FROM task t WHERE t.application_id = a.id AND t.state = 'open' AND NOT {SOMEBODY}))"
        f" AND NOT EXISTS (SELECT 1 FROM alarm WHERE case_id = a.id AND rule = 'AL28' AND state = 'open')",
    "awaiting a day that is past, and no alarm":
        "SELECT a.id FROM application a JOIN process_version v ON v.id = a.process_version_id WHERE a.id = :case"
        " AND a.state = 'awaiting' AND v.definition ->> 'effect' <> 'arrival' AND (a.effective_on IS NULL OR a.effective_on"
        " <= kernel_today()) AND NOT EXISTS (SELECT 1 FROM alarm WHERE case_id = a.id AND rule = 'AL27' AND state = 'open')",
    "a clock that nobody can start again":
        "SELECT a.id FROM application a JOIN clock_stop s ON s.application_id = a.id AND s.ended_at IS NULL"
        " WHERE a.id = :case AND (a.state NOT IN ('running', 'returned') OR NOT EXISTS (SELECT 1 FROM task t"
        " WHERE t.application_id = a.id AND t.state = 'open' AND (t.office_id = s.office_id OR t.unit_id = s.unit_id)))",
    "open tasks of a case that does not run":
        "SELECT a.id FROM application a JOIN task t ON t.application_id = a.id AND t.state = 'open' WHERE a.id = :case"
        " AND a.state IN ('done', 'rejected', 'withdrawn', 'awaiting')",
    "an alarm of a case that has ended":
        "SELECT a.id FROM application a JOIN alarm m ON m.case_id = a.id AND m.state = 'open' AND m.rule IN ('AL27', 'AL28',"
        " 'AL30') WHERE a.id = :case AND a.state IN ('done', 'rejected', 'withdrawn')",
    "application and record of different minds":
        "SELECT a.id FROM application a JOIN case_record r ON r.case_id = a.id WHERE a.id = :case AND (a.state = 'done',"
        " a.state IN ('rejected', 'withdrawn')) IS DISTINCT FROM (r.status = 'effected', r.status = 'closed')",
}  # fmt: skip


def pass_to(world: World, day: dt.date) -> None:
    """The city's day is another one."""
    with world.superuser.begin() as c:
        c.execute(text("SET LOCAL session_replication_role = replica"))
        c.execute(text("CREATE OR REPLACE FUNCTION kernel_today() RETURNS date LANGUAGE sql STABLE SET search_path = public,"
                       f" pg_temp AS $$ SELECT date '{day}' $$"))  # fmt: skip


class Walk:
    """One case in the hands of everybody; each move takes two numbers that choose among what is there."""

    def __init__(self, city: City, process: str, headed: bool) -> None:
        self.city, self.world, self.plan, self.process = city, city.world, PLANS[process], process
        self.filing, self.day, self.gone = city.filing(process), DAY, set[str]()
        if headed:
            self.world.account(f"head{self.filing.body.id}", "unit_head", unit=self.filing.body.id)
        self.case = self.filing.case or city.submit(process, self.filing)
        self.applicant = city.applicant(self.plan, self.filing)

    @property
    def state(self) -> str:
        return self.world.state(self.case)

    def step(self, move: str, a: int, b: int) -> None:
        """One move, or the sentence that refuses it; anything else is a fault."""
        try:
            getattr(self, move)(a, b)
        except DomainError:
            return
        accepted[move] += 1

    # -- the offices ----------------------------------------------------------------------------------------------

    def decide(self, verdict: str, a: int, b: int, **more: Any) -> None:
        tasks = self.city.open_tasks(self.case)
        if not tasks:
            return
        names = self.city.deciders(tasks[a % len(tasks)])
        self.decided(tasks[a % len(tasks)].id, names[b % len(names)], verdict, **more)

    def decided(self, task: int, name: str, verdict: str, **more: Any) -> None:
        if verdict in ("approve", "return", "reject") and any(
            t.id == task and t.code == "commission" for t in self.city.open_tasks(self.case)
        ):
            self.city.convene(self.case, verdict)
        with self.world.database.transaction(self.city.who(name), case_id=self.case) as s:
            engine.decide(s, task, verdict=verdict, opinion="经核，情况属实", **more)

    def approve(self, a: int, b: int) -> None:
        self.decide("approve", a, b)

    def send_back(self, a: int, b: int) -> None:
        self.decide("return", a, b)

    def send_to_stage(self, a: int, b: int) -> None:
        self.decide("return", a, b, to=self.plan.stages[b % len(self.plan.stages)].name)

    def reject(self, a: int, b: int) -> None:
        self.decide("reject", a, b)

    def request_papers(self, a: int, b: int) -> None:
        self.decide("request_papers", a, b)

    def suspend(self, a: int, b: int) -> None:
        self.decide("suspend", a, b)

    def resume(self, a: int, b: int) -> None:
        self.decide("resume", a, b)

    def hand_over(self, a: int, b: int) -> None:
        tasks = [t for t in self.city.open_tasks(self.case) if t.office]
        if tasks:
            names = self.city.offices[tasks[a % len(tasks)].office]
            with self.world.database.transaction(self.city.who(names[b % 3]), case_id=self.case) as s:
                engine.hand_over(s, tasks[a % len(tasks)].id, self.city.user(names[(a + 1) % 3]))

    def take_back(self, a: int, b: int) -> None:
        with self.world.superuser.connect() as c:
            words = list(c.execute(text(
                "SELECT t.id, u.username FROM task t JOIN decision d ON d.id = coalesce(t.decision_id, t.first_decision_id)"
                " JOIN ab_user u ON u.id = d.user_id WHERE t.application_id = :c ORDER BY d.id DESC"), {"c": self.case}))  # fmt: skip
        if words:
            task, name = words[a % len(words) if b % 3 == 2 else 0]
            with self.world.database.transaction(self.city.who(name), case_id=self.case) as s:
                engine.take_back(s, task)

    def reroute(self, a: int, b: int) -> None:
        if b % 2:
            names = [n for t in self.city.open_tasks(self.case) if t.office for n in self.city.offices[t.office][2:]]
            if names:
                with self.world.database.transaction(self.city.who(names[a % len(names)]), case_id=self.case) as s:
                    engine.reroute(s, self.case, reason="调整")
        else:
            with self.world.database.transaction(self.city.who("sysadmin"), case_id=self.case) as s:
                s.execute(text("SELECT case_reroute(:c, '调整', '')"), {"c": self.case})

    def leaves(self, a: int, b: int) -> None:
        """A colleague's account ends, as the administrator has it."""
        names = [n for t in self.city.open_tasks(self.case) for n in self.city.deciders(t) if not n.startswith("clerk")]
        if names:
            name = names[a % len(names)]
            self.gone.add(name)
            self.active(name, False)

    def active(self, name: str, value: bool) -> None:
        with self.world.owner.begin() as c:
            c.execute(text("UPDATE ab_user SET active = :v WHERE username = :u"), {"v": value, "u": name})

    # -- the applicant --------------------------------------------------------------------------------------------

    def by_applicant(self, act: Any, *args: Any) -> None:
        with self.world.database.transaction(self.city.who(self.applicant), case_id=self.case) as s:
            act(s, self.case, *args)

    def answer(self, a: int, b: int) -> None:
        self.by_applicant(engine.answer, "已补")

    def withdraw(self, a: int, b: int) -> None:
        if a % 2:  # half of the times: what is withdrawn walks no further
            self.by_applicant(engine.withdraw)

    def urge(self, a: int, b: int) -> None:
        self.by_applicant(engine.urge)

    def arrive(self, a: int, b: int) -> None:
        self.by_applicant(engine.arrive, self.day - dt.timedelta(days=a % 3))

    def resubmit(self, a: int, b: int) -> None:
        self.city.submit(self.process, self.filing, case=self.case)

    def resubmit_other(self, a: int, b: int) -> None:
        facts = self.filing.facts | self.filing.other
        day = facts.get("start") or facts.get("end")
        self.filing.effective_on = dt.date.fromisoformat(day) if day else None
        self.city.submit(self.process, self.filing, facts, case=self.case)

    # -- time -----------------------------------------------------------------------------------------------------

    def days(self, a: int, b: int) -> None:
        """Some days pass, and each morning's jobs run."""
        self.day += dt.timedelta(days=(1, 2, 4, 35)[a % 4])
        pass_to(self.world, self.day)
        self.morning()

    def morning(self) -> None:
        world, service = self.world, self.world.service("svc-worker")
        list(due.post_due(world.database, service))
        list(due.lapse_due(world.database, service))
        due.escalate(world.database, service)
        due.tell_amber(world.database, service)
        rescue.watch(world.database, service)

    # -- onwards --------------------------------------------------------------------------------------------------

    def go_on(self, a: int, b: int) -> None:
        """The plain next move of whoever has it."""
        state = self.state
        if state == "returned":
            self.resubmit(a, b)
        elif state == "awaiting":
            self.arrive(0, 0) if self.plan.effect == "arrival" else self.days(0, 0)
        elif state == "running":
            self.someone_approves(a)

    def someone_approves(self, a: int) -> None:
        tasks = self.city.open_tasks(self.case)
        if not tasks:
            return
        task = tasks[a % len(tasks)]
        refusal: DomainError | None = None
        for name in self.city.deciders(task):
            try:
                return self.decided(task.id, name, "approve")
            except DomainError as refused:
                refusal = refused
        assert refusal is not None
        raise refusal

    # -- what must hold -------------------------------------------------------------------------------------------

    def faults(self, asked: dict[str, str]) -> list[str]:
        with self.world.superuser.connect() as c:
            return [says for says, query in asked.items()
                    if c.execute(text(query), {"case": self.case, "body": self.filing.body.id}).first()]  # fmt: skip

    def history(self) -> list[Any]:
        with self.world.superuser.connect() as c:
            return [tuple(r) for r in c.execute(text(
                "SELECT kind, operator, side, opinion, facts FROM application_event WHERE application_id = :c ORDER BY id"),
                {"c": self.case})]  # fmt: skip

    def end(self) -> None:
        """Everybody is back, the day is the first again, and what has not ended is withdrawn: nothing remains of it."""
        pass_to(self.world, DAY)
        for name in self.gone:
            self.active(name, True)
        if self.state not in ENDED:
            self.by_applicant(engine.withdraw)
        assert self.state in ENDED
        assert self.faults(LEAKS | HANGS) == [], self.history()


@pytest.fixture(scope="module")
def city(world: World) -> Iterator[City]:
    made = City(world)
    yield made
    assert findings(world) == []


@pytest.fixture
def proven(city: City) -> Iterator[City]:
    """The city of one business; on long walks its ledger is proven after each."""
    yield city
    if WALKS:
        assert findings(city.world) == []


STEP = st.tuples(st.sampled_from(MOVES), st.integers(0, 11), st.integers(0, 11))


@pytest.mark.parametrize("process", PLANS)
@settings(
    max_examples=WALKS or 2,
    derandomize=not WALKS,
    phases=(Phase.generate, Phase.shrink) if WALKS else (Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=STEPS, max_size=STEPS), headed=st.booleans())
def test_no_case_hangs_and_no_seat_leaks(
    proven: City, process: str, steps: list[tuple[str, int, int]], headed: bool
) -> None:
    turn = 0 if WALKS else len(process) + ord(process[0])  # the same draws are another walk for each business
    plain = all(move == "go_on" for move, _a, _b in steps)
    walk = Walk(proven, process, headed)
    for move, a, b in steps:
        walk.step(move if plain else MOVES[(MOVES.index(move) + turn) % len(MOVES)], a, b)
        assert walk.faults(LEAKS) == [], walk.history()
    walk.morning()
    assert walk.faults(LEAKS | HANGS) == [], walk.history()
    if plain:
        assert walk.state == "done", walk.history()
    walk.end()
