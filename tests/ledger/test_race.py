"""Real parallel connections: who comes second is refused clearly, and nothing is counted twice."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.db import Database, Identity
from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import (
    TODAY,
    ago,
    file,
    findings,
    newcomer_facts,
    reserved,
    review,
    seat,
    wanted,
)
from tests.world import Body, World, person

pytestmark = pytest.mark.race
WORKERS, CASES, SEATS, ROUNDS = 60, 200, 10, 12


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Run steps at the same moment, each on its own thread; a refusal is its outcome, everything else an error."""
    gate = threading.Barrier(len(steps))

    def run(step: Callable[[], object]) -> object:
        gate.wait()
        try:
            return step()
        except errors.DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def names(outcomes: list[object]) -> list[str]:
    return sorted(o.code if isinstance(o, errors.DomainError) else "done" for o in outcomes)


@pytest.fixture(scope="module")
def officials(world: World) -> Iterator[list[tuple[Database, Identity]]]:
    """Sixty officials of one office, each with an own session and an own connection."""
    made = []
    for n in range(WORKERS):
        world.account(f"official{n}", "office_member", office=("establishment", "440600"))
        made.append((Database(world.app_url, pool_size=1), world.identity(f"official{n}")))
    yield made
    for database, _identity in made:
        database.engine.dispose()


def approve(world: World, who: Identity, case: int, task: int) -> None:
    """One official approves a task that was read before."""
    with world.database.transaction(who, case_id=case) as session:
        engine.decide(session, task, verdict="approve", opinion="")


def test_sixty_connections_decide_two_hundred_cases_for_ten_seats(
    world: World, officials: list[tuple[Database, Identity]]
) -> None:
    body = world.body("抢编局", quotas={"11": SEATS})
    cases = [world.recruit(body) for _ in range(CASES)]
    tasks = [(case, world.task(case, "establishment")) for case in cases]
    gate = threading.Barrier(WORKERS)

    def decide(worker: int) -> list[object]:
        database, identity = officials[worker]
        out: list[object] = []
        with database.engine.connect():  # the connection stands before the start
            gate.wait()
        for case, task in tasks[worker::WORKERS]:
            try:
                with database.transaction(identity, case_id=case) as session:
                    engine.decide(session, task, verdict="approve", opinion="同意")
                out.append("reserved")
            except errors.DomainError as refusal:
                out.append(refusal)
        return out

    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = [o for part in pool.map(decide, range(WORKERS)) for o in part]
    refusals = [o for o in outcomes if isinstance(o, errors.DomainError)]
    assert Counter(type(o).__name__ for o in outcomes) == {"str": SEATS, "QuotaExhausted": CASES - SEATS}
    full = {"line": body.line, "authorised": SEATS, "occupied": 0, "reserved": SEATS, "surplus": 0}
    assert [r.facts for r in refusals] == [full] * (CASES - SEATS)
    assert world.figures(body.line) == (SEATS, 0, SEATS)
    assert world.row("SELECT count(*), count(DISTINCT reserved_case_id) FROM post WHERE line_id = :l"
                     " AND status = 'reserved'", l=body.line) == (SEATS, SEATS)  # fmt: skip
    # Each refusal is on record with its operator; each refused case is as it was.
    assert world.row("SELECT count(*), count(DISTINCT case_id), count(DISTINCT user_id) > 1 FROM alarm"
                     " WHERE rule = 'AL01' AND unit_id = :u", u=body.id) == (CASES - SEATS, CASES - SEATS, True)  # fmt: skip
    assert world.row("SELECT count(*) FROM decision d JOIN application a ON a.id = d.case_id WHERE a.unit_id = :u",
                     u=body.id) == (SEATS,)  # fmt: skip
    assert findings(world) == []


def test_two_cases_for_the_last_seat_give_it_once(world: World) -> None:
    office = world.office("establishment")
    for n in range(ROUNDS):
        body = world.body(f"一座{n}局", quotas={"11": 1})
        first, second = world.recruit(body), world.recruit(body)
        outcomes = at_once(*(lambda c=c: world.decide(office, c, "establishment") for c in (first, second)))
        assert names(outcomes) == ["done", "quota_exhausted"]
        assert world.figures(body.line) == (1, 0, 1)


@pytest.mark.parametrize("first", ["establishment", "organisation"])
def test_two_offices_decide_one_case_at_the_same_moment(world: World, first: str) -> None:
    """Whichever is called first: the case goes on once, with both words and one seat."""
    body = world.body(f"并联{first}局", quotas={"11": 20})
    offices = [("establishment", "establishment"), ("organisation", "personnel")]
    if first == "organisation":
        offices.reverse()
    for _ in range(ROUNDS):
        case = world.recruit(body)
        outcomes = at_once(*(lambda c=case, k=k, t=t: world.decide(world.office(k), c, t) for k, t in offices))
        assert outcomes == [None, None]
        assert world.state(case) == "awaiting"
        assert world.row(
            "SELECT count(*) FILTER (WHERE kind = 'approved'), count(*) FILTER (WHERE kind = 'approve'),"
            " count(*) FILTER (WHERE kind = 'reserved') FROM application_event WHERE application_id = :c",
            c=case) == (1, 2, 1)  # fmt: skip


def test_two_officials_of_one_office_decide_one_task_once(world: World) -> None:
    body = world.body("同办局", quotas={"11": 50})
    first, second = world.office("establishment"), world.office("establishment", username="second")

    for n in range(1, ROUNDS):
        case = world.recruit(body)
        task = world.task(case, "establishment")
        outcomes = at_once(*(lambda w=w, c=case, t=task: approve(world, w, c, t) for w in (first, second)))
        assert names(outcomes) == ["already_decided", "done"]
        assert world.figures(body.line) == (50, 0, n)


def test_an_approval_and_a_withdrawal_at_the_same_moment_leave_no_seat_behind(world: World) -> None:
    body = world.body("撤回局", quotas={"11": 50})

    def withdraw(case: int) -> None:
        with world.database.transaction(world.clerk(body)) as session:
            engine.withdraw(session, case)

    world.clerk(body)
    office = world.office("establishment")
    for _ in range(ROUNDS):
        case = world.recruit(body)
        # The official has the page open: the task is known before the withdrawal ends it.
        task = world.task(case, "establishment")
        outcomes = at_once(lambda c=case, t=task: approve(world, office, c, t), lambda c=case: withdraw(c))
        assert outcomes[1] is None
        assert names(outcomes) in (["done", "done"], ["already_decided", "done"])
        assert world.state(case) == "withdrawn"
        assert world.figures(body.line) == (50, 0, 0)


def test_one_person_is_taken_into_two_units_at_once_by_one_of_them(world: World) -> None:
    one, other = world.body("争人甲局"), world.body("争人乙局")
    clerks = {body.id: world.clerk(body) for body in (one, other)}
    for _ in range(ROUNDS):
        who = person()
        outcomes = at_once(
            *(lambda b=b, w=who: world.recruit(b, facts=w, who=clerks[b.id]) for b in (one, other))
        )  # fmt: skip
        assert names(outcomes) == ["done", "running_case"]


def test_the_same_person_known_to_the_ledger_is_in_one_case_of_two_filed_at_once(world: World) -> None:
    source, target = world.body("退与调局", people={"11": ROUNDS}), world.body("来调局", quotas={"11": 50})
    clerks = world.clerk(source), world.clerk(target)
    for who in source.people:
        leaving = {"person": who, "end": TODAY.isoformat(), "reason": "31"}
        moving = {"person": who, "line": target.line, "department": None, "start": TODAY.isoformat()}
        outcomes = at_once(
            lambda f=leaving: world.submit(clerks[0], source, "retire", f, effective_on=TODAY),
            lambda f=moving: world.submit(clerks[1], target, "transfer", f, name="调", effective_on=TODAY),
        )
        assert names(outcomes) == ["done", "running_case"]
        case = next(o for o in outcomes if isinstance(o, int))
        if outcomes[1] == case:
            world.decide(clerks[0], case, "source_unit")
        world.approve_recruit(case)
        assert world.state(case) == "done"
    occupied = world.figures(source.line)[1] + world.figures(target.line)[1]
    retired = world.value("SELECT count(*) FROM person WHERE state = 'retired' AND unit_id = :u", u=source.id)
    assert occupied == ROUNDS - retired
    assert world.figures(source.line)[1] == 0


@pytest.mark.parametrize("last", ["personnel", "establishment"])
def test_transfers_in_opposite_directions_do_not_block_each_other(world: World, last: str) -> None:
    """Whichever office closes the case. With 编办 last, one transaction reserves the new seat and leaves the old one."""
    one = world.body(f"对调甲{last}", quotas={"11": ROUNDS * 2}, people={"11": ROUNDS})
    other = world.body(f"对调乙{last}", quotas={"11": ROUNDS * 2}, people={"11": ROUNDS})
    offices = {"personnel": world.office("organisation"), "establishment": world.office("establishment")}
    early = next(k for k in offices if k != last)
    for n in range(ROUNDS):
        cases = [wanted(world, one, other, one.people[n]), wanted(world, other, one, other.people[n])]
        for case in cases:
            world.decide(offices[early], case, early)
        outcomes = at_once(*(lambda c=c: world.decide(offices[last], c, last) for c in cases))
        assert outcomes == [None, None]
    for body in (one, other):
        assert world.figures(body.line) == (ROUNDS * 2, ROUNDS, 0)


def test_exits_and_corrections_of_the_people_whom_they_move_keep_the_names_right(world: World) -> None:
    """An exit seats a surplus holder whose name is corrected at that moment."""
    body = world.body("改名递补局", quotas={"11": 1}, people={"11": 2})
    for n in range(ROUNDS):
        holder, over = (
            world.value("SELECT o.person_id FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.line_id = :l"
                        " AND o.recorded_to IS NULL AND o.ended_on IS NULL AND p.surplus = :s", l=body.line, s=s)
            for s in (False, True))  # fmt: skip
        name = f"新名{n}"
        facts = correction(world, over, name)
        case = file(world, "person_correct", {"person": over, **facts}, about=body)
        leaving = world.submit(world.clerk(body), body, "leave", {"person": holder, "end": TODAY.isoformat(), "reason": "32"},
                               effective_on=TODAY)  # fmt: skip
        world.decide(world.office("organisation"), leaving, "personnel")
        outcomes = at_once(
            lambda c=case: review(world, c),
            lambda c=leaving: world.decide(world.office("establishment"), c, "establishment"),
        )
        assert outcomes == [None, None]
        assert world.value("SELECT person_name FROM occupancy WHERE id = :o", o=seat(world, over)) == name
        body = world.body(f"改名递补{n}局", quotas={"11": 1}, people={"11": 2})
    assert findings(world) == []


def correction(world: World, who: int, name: str) -> dict[str, Any]:
    """The facts of a corrected name, everything else as it is."""
    row = world.row(
        "SELECT id_type, id_cipher, sex, birth_on, work_started_on, level, rank FROM person WHERE id = :p", p=who
    )
    number = world.keys.decrypt(row[0], bytes(row[1]))
    made = newcomer_facts(world, person(name, id_number=number, sex=row[2], birth_on=row[3], work_started_on=row[4],
                                        level=row[5], rank=row[6]))  # fmt: skip
    return {k: v for k, v in made.items() if k not in ("person_index", "id_cipher")}


def test_a_cut_and_a_reservation_at_the_same_moment_never_leave_more_than_the_number(world: World) -> None:
    body = world.body("减与留局", quotas={"11": 2})
    for _ in range(ROUNDS):
        facts = {"line": body.line, "authorised": 1, "document_no": "1", "start": TODAY.isoformat()}
        reserved(world, body)
        cut, case = file(world, "quota", facts, about=body), world.recruit(body)
        outcomes = at_once(
            lambda c=cut: review(world, c),
            lambda c=case: world.decide(world.office("establishment"), c, "establishment"),
        )
        assert names(outcomes) in (["done", "quota_exhausted"], ["done", "quota_below_use"])
        authorised, occupied, kept = world.figures(body.line)
        assert occupied + kept <= authorised
        body = world.body("减与留局", quotas={"11": 2})


def test_two_leaders_for_the_last_position_take_it_once(world: World) -> None:
    for n in range(ROUNDS):
        body = world.body(f"争位{n}局", people={"11": 2}, leaders={"principal:0131": 1})
        line, cases = body.lines["principal:0131"], []
        for who in body.people:
            facts = {"person": who, "line": line, "nature": "regular", "main": 1, "start": TODAY.isoformat()}
            case = world.submit(world.clerk(body), body, "leader", facts, effective_on=TODAY)
            world.decide(world.office("establishment"), case, "establishment")
            cases.append(case)
        outcomes = at_once(*(lambda c=c: world.decide(world.office("organisation"), c, "personnel") for c in cases))
        assert names(outcomes) == ["done", "leadership_exhausted"]
        assert world.figures(line) == (1, 1, 0)


def test_a_leader_taken_while_the_person_leaves_is_left_or_refused(world: World) -> None:
    """Two businesses of one person never run together, so the second waits for the first to end."""
    body = world.body("离任局", people={"11": ROUNDS}, leaders={"deputy:0132": ROUNDS})
    clerk = world.clerk(body)
    for who in body.people:
        lead = {"person": who, "line": body.lines["deputy:0132"], "nature": "regular", "start": TODAY.isoformat()}
        gone = {"person": who, "end": TODAY.isoformat(), "reason": "32"}
        outcomes = at_once(
            lambda f=lead: world.submit(clerk, body, "leader", f, effective_on=TODAY),
            lambda f=gone: world.submit(clerk, body, "leave", f, effective_on=TODAY),
        )
        assert names(outcomes) == ["done", "running_case"]


def test_a_unit_is_not_closed_while_a_quota_or_a_person_enters_it(world: World) -> None:
    """Either the unit is closed and nothing entered, or it entered and the unit stays."""
    document = {"document_no": "1", "start": TODAY.isoformat()}
    for n in range(ROUNDS):
        body = world.body(f"撤与设{n}局", quotas={"11": 0}, departments=("科",))
        closing = file(world, "unit_close", {"unit": body.departments["科"], **document}, about=body)
        line = {"unit": body.id, "kind": "leadership", "role": "deputy", "level": "0142", "authorised": 1,
                "scope": body.departments["科"], **document}  # fmt: skip
        setting = file(world, "lead_new", line, about=body)
        outcomes = at_once(lambda c=closing: review(world, c), lambda c=setting: review(world, c))
        assert names(outcomes) in (["done", "not_found"], ["done", "unit_not_empty"])
        assert world.value(
            "SELECT count(*) FROM unit u JOIN quota_line l ON l.scope_unit_id = u.id JOIN ledger_total t ON t.line_id = l.id"
            " WHERE u.id = :u AND u.status = 'closed' AND t.authorised > 0", u=body.departments["科"]) == 0  # fmt: skip


def test_nobody_sits_in_a_department_that_closes_at_that_moment(world: World) -> None:
    document = {"document_no": "1", "start": TODAY.isoformat()}
    for n in range(ROUNDS):
        body = world.body(f"撤与到{n}局", departments=("科",))
        who = person()
        facts = {**newcomer_facts(world, who), "line": body.line, "department": body.departments["科"]}
        case = world.submit(world.clerk(body), body, "recruit", facts, name=who.name)
        world.approve_recruit(case)
        closing = file(world, "unit_close", {"unit": body.departments["科"], **document}, about=body)
        outcomes = at_once(
            lambda c=closing: review(world, c), lambda c=case, b=body: world.arrive(world.clerk(b), c, TODAY)
        )
        assert names(outcomes) in (["done", "not_found"], ["done", "unit_not_empty"])


def test_everything_at_once_between_four_units_ends_without_a_deadlock(world: World) -> None:
    """Entries, exits, transfers both ways, leaders, quotas and corrections of four units, over their numbers too."""
    bodies = [world.body(f"乱局{n}", quotas={"11": 30}, people={"11": 12}, leaders={"deputy:0132": 6}, start=ago(400))
              for n in range(3)]  # fmt: skip
    bodies.append(world.body("乱局超", quotas={"11": 4}, people={"11": 12}, leaders={"deputy:0132": 6}, start=ago(400)))
    steps: list[Callable[[], object]] = []
    organisation, office = world.office("organisation"), world.office("establishment")

    def last(case: int, code: str = "personnel") -> Callable[[], object]:
        return lambda: world.decide(organisation if code == "personnel" else office, case, code)

    def begun(body: Body, process: str, facts: dict[str, Any], early: str) -> int:
        case = world.submit(world.clerk(body), body, process, facts, effective_on=TODAY)
        world.decide(office if early == "establishment" else organisation, case, early)
        return case

    for n, body in enumerate(bodies):
        near = bodies[(n + 1) % 4]
        for k in range(3):
            gone = {"person": body.people[k], "end": TODAY.isoformat(), "reason": "32"}
            steps.append(last(begun(body, "leave", gone, "establishment")))
            lead = {"person": body.people[3 + k], "line": body.lines["deputy:0132"], "nature": "regular",
                    "start": TODAY.isoformat()}  # fmt: skip
            steps.append(last(begun(body, "leader", lead, "personnel"), "establishment"))
            goal = near if near is not bodies[3] else bodies[0]
            moving = wanted(world, body, goal, body.people[6 + k]) if goal is not body else None
            if moving is not None:
                early = ("establishment", "personnel")[k % 2]
                world.decide(office if early == "establishment" else organisation, moving, early)
                steps.append(last(moving, "personnel" if early == "establishment" else "establishment"))
            fixed = file(world, "correction",
                         {"occupancy": seat(world, body.people[9 + k]), "start": ago(100 + k).isoformat()}, about=body)  # fmt: skip
            steps.append(lambda c=fixed: review(world, c))
        facts = {"line": body.line, "authorised": 40, "document_no": "1", "start": TODAY.isoformat()}
        grown = file(world, "quota", facts, about=body)
        steps.append(lambda c=grown: review(world, c))
        if body is not bodies[3]:
            case = reserved(world, body)
            steps.append(lambda b=body, c=case: world.arrive(world.clerk(b), c, TODAY))
    outcomes = at_once(*steps)
    assert not {o.code for o in outcomes if isinstance(o, errors.DomainError)} - {"later_entries", "bad_day"}
    assert findings(world) == []
