"""Real parallel connections: who comes second is refused clearly, and nothing is counted twice."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import Database, Identity
from app.domain import errors
from app.ledger.verify import Verifier
from app.workflow import engine
from tests.world import World, person

pytestmark = pytest.mark.race
TODAY = dt.datetime.now(dt.UTC).date()


def clean(world: World) -> bool:
    with world.superuser.connect() as connection:
        return list(Verifier(connection, world.keys).findings()) == []


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Run steps at the same moment, each on its own thread; a refusal is its outcome."""
    gate = threading.Barrier(len(steps))

    def run(step: Callable[[], object]) -> object:
        gate.wait()
        try:
            return step()
        except errors.DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def test_sixty_connections_decide_two_hundred_cases_for_ten_seats(world: World) -> None:
    body = world.body("抢编局", quotas={"11": 10})
    cases = [world.recruit(body) for _ in range(200)]
    tasks = [(case, world.task(case, "establishment")) for case in cases]
    office = world.office("establishment")
    database = Database(world.app_url, pool_size=60)
    gate = threading.Barrier(60)

    def decide(worker: int) -> list[str]:
        out = []
        with database.engine.connect():  # each worker holds a real connection of its own before the start
            gate.wait()
        for case, task in tasks[worker::60]:
            try:
                with database.transaction(office, case_id=case) as session:
                    engine.decide(session, task, verdict="approve", opinion="同意")
                out.append("reserved")
            except errors.DomainError as refusal:
                out.append(refusal.code)
        return out

    with ThreadPoolExecutor(60) as pool:
        outcomes = Counter(o for part in pool.map(decide, range(60)) for o in part)
    database.engine.dispose()
    assert outcomes == {"reserved": 10, "quota_exhausted": 190}
    assert world.figures(body.line) == (10, 0, 10)
    assert world.value("SELECT count(*) FROM alarm WHERE rule = 'AL01' AND unit_id = :u", u=body.id) == 190
    assert clean(world)


def test_two_offices_decide_one_case_at_the_same_moment(world: World) -> None:
    body = world.body("并联局", quotas={"11": 20})
    bianban, zuzhi = world.office("establishment"), world.office("organisation")
    for _ in range(10):
        case = world.recruit(body)
        at_once(
            lambda c=case: world.decide(bianban, c, "establishment"), lambda c=case: world.decide(zuzhi, c, "personnel")
        )
        assert world.state(case) == "awaiting"
        query = "SELECT count(*) FROM application_event WHERE application_id = :c AND kind = 'approved'"
        assert world.value(query, c=case) == 1


def test_two_officials_of_one_office_decide_one_task_once(world: World) -> None:
    body = world.body("同办局", quotas={"11": 5})
    first, second = world.office("establishment"), world.office("establishment", username="second")
    case = world.recruit(body)
    task = world.task(case, "establishment")

    def decide(who: Identity) -> None:
        with world.database.transaction(who, case_id=case) as session:
            engine.decide(session, task, verdict="approve", opinion="")

    outcomes = at_once(lambda: decide(first), lambda: decide(second))
    assert sorted(type(o).__name__ for o in outcomes) == ["AlreadyDecided", "NoneType"]
    assert world.figures(body.line) == (5, 0, 1)


def test_one_person_is_taken_into_two_units_at_once_by_one_of_them(world: World) -> None:
    one, other = world.body("争人甲局"), world.body("争人乙局")
    for _ in range(5):
        wanted = person()
        clerks = world.clerk(one), world.clerk(other)
        outcomes = at_once(
            lambda w=wanted, c=clerks[0]: world.recruit(one, facts=w, who=c),
            lambda w=wanted, c=clerks[1]: world.recruit(other, facts=w, who=c),
        )
        assert sorted(type(o).__name__ for o in outcomes) == ["RunningCase", "int"]


def test_transfers_in_opposite_directions_do_not_block_each_other(world: World) -> None:
    one = world.body("对调甲局", quotas={"11": 8}, people={"11": 4})
    other = world.body("对调乙局", quotas={"11": 8}, people={"11": 4})
    zuzhi = world.office("organisation")
    for n in range(4):
        cases = []
        for source, target in ((one, other), (other, one)):
            facts = {"person": source.people[n], "line": target.line, "department": None, "start": TODAY.isoformat()}
            case = world.submit(world.clerk(target), target, "transfer", facts, name="对调", effective_on=TODAY)
            world.decide(world.clerk(source), case, "source_unit")
            world.decide(world.office("establishment"), case, "establishment")
            cases.append(case)
        outcomes = at_once(*(lambda c=c: world.decide(zuzhi, c, "personnel") for c in cases))
        assert outcomes == [None, None]
    assert world.figures(one.line) == (8, 4, 0)
    assert world.figures(other.line) == (8, 4, 0)
    assert clean(world)


def test_a_person_leaves_once_though_two_businesses_take_effect_at_once(world: World) -> None:
    source = world.body("一去局", quotas={"11": 5}, people={"11": 3})
    target = world.body("一来局", quotas={"11": 5})
    wanted = source.people[0]
    move = {"person": wanted, "line": target.line, "department": None, "start": TODAY.isoformat()}
    leave = {"person": wanted, "end": TODAY.isoformat(), "reason": "31"}
    first = world.submit(world.clerk(target), target, "transfer", move, name="去", effective_on=TODAY)
    with pytest.raises(errors.RunningCase):
        world.submit(world.clerk(source), source, "retire", leave, person_id=wanted, effective_on=TODAY)
    world.decide(world.clerk(source), first, "source_unit")
    world.approve_recruit(first)
    assert world.figures(source.line) == (5, 2, 0)
    assert world.figures(target.line) == (5, 1, 0)
