"""控编单 and 用编计划 in the kernel: seats held without names, taken one by one, given back; nothing counted twice."""

import datetime as dt
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain import errors
from app.ledger.people import facts_of
from app.workflow import engine, permits
from tests.ledger.steps import TODAY, ago, findings, set_quota
from tests.world import Body, World, person


def granted(world: World, body: Body, seats: int = 2, **more: Any) -> list[int]:
    """Permits of one approved application."""
    case = asked(world, body, seats, **more)
    world.decide(world.office("establishment"), case, "establishment")
    with world.superuser.connect() as connection:
        return list(
            connection.execute(text("SELECT id FROM permit WHERE case_id = :c ORDER BY id"), {"c": case}).scalars()
        )


def asked(world: World, body: Body, seats: int, **more: Any) -> int:
    facts = {"line": body.line, "seats": seats, "numbering": "one", "purpose": "recruit", **more}
    return world.submit(world.clerk(body), body, "permit", facts)


def on_permit(world: World, body: Body, permit: int | None, process: str = "recruit", line: int | None = None) -> int:
    """An entry that names a permit, filed."""
    who = person()
    facts = {**facts_of(who, world.keys), "line": line or body.line, "department": None, "permit": permit}
    return world.submit(world.clerk(body), body, process, facts, name=who.name)


def counts(world: World, permit: int) -> Any:
    return world.row("SELECT status, approved, used, remaining, released FROM permit WHERE id = :p", p=permit)


def changed(world: World, body: Body, process: str, permit: int, **more: Any) -> int:
    case = world.submit(world.clerk(body), body, process, {"permit": permit, "grounds": "测试", **more})
    world.decide(world.office("establishment"), case, "establishment")
    return case


def test_a_permit_holds_its_seats_and_entries_take_them_one_by_one(world: World) -> None:
    body = world.body("控编局", quotas={"11": 3})
    (permit,) = granted(world, body)
    assert world.figures(body.line) == (3, 0, 2)
    assert counts(world, permit) == ("open", 2, 0, 2, 0)
    cases = [on_permit(world, body, permit) for _ in range(3)]
    office = world.office("establishment")
    for case in cases[:2]:
        world.decide(office, case, "establishment")
    with pytest.raises(errors.PermitUsed) as refused:
        world.decide(office, cases[2], "establishment")
    assert refused.value.facts["approved"] == 2
    assert world.figures(body.line) == (3, 0, 2)
    # The third seat of the line is free: an entry without a permit takes it.
    free = world.recruit(body)
    world.decide(office, free, "establishment")
    assert world.figures(body.line) == (3, 0, 3)
    for case in cases[:2]:
        world.decide(world.office("organisation"), case, "personnel")
        world.arrive(world.clerk(body), case, TODAY)
    assert counts(world, permit) == ("used", 2, 2, 0, 0)
    assert world.figures(body.line) == (3, 2, 1)
    assert findings(world) == []


def test_a_case_that_comes_to_nothing_gives_its_seat_back_to_the_permit(world: World) -> None:
    body = world.body("退回局", quotas={"11": 2})
    (permit,) = granted(world, body)
    case = on_permit(world, body, permit)
    world.decide(world.office("establishment"), case, "establishment")
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, case)
    assert counts(world, permit) == ("open", 2, 0, 2, 0)
    assert world.figures(body.line) == (2, 0, 2)
    assert world.value("SELECT count(*) FROM post WHERE permit_id = :p AND reserved_case_id IS NULL", p=permit) == 2
    assert findings(world) == []


def test_numbers_run_on_within_an_office_and_year_and_one_each_where_asked(world: World) -> None:
    body = world.body("编号局", quotas={"11": 9})
    district = world.body("南海编号局", region="440605", quotas={"11": 9})
    first = granted(world, body, 1)
    run = granted(world, body, 4, numbering="each")
    rows = [world.row("SELECT year, serial, number, approved FROM permit WHERE id = :p", p=p) for p in first + run]
    serials = [r[1] for r in rows]
    assert serials == list(range(serials[0], serials[0] + 5))
    assert [r[3] for r in rows] == [1] * 5
    assert rows[1][2] == f"佛编控〔{TODAY.year}〕{serials[1]}号"
    case = world.submit(world.clerk(district), district, "permit",
                        {"line": district.line, "seats": 2, "purpose": "hire"})  # fmt: skip
    world.decide(world.office("establishment", "440605"), case, "establishment")
    assert world.row("SELECT serial, number FROM permit WHERE case_id = :c", c=case) == (
        1,
        f"南编控〔{TODAY.year}〕1号",
    )
    assert findings(world) == []


def test_numbers_begin_anew_each_year(world: World) -> None:
    body = world.body("顺德编号局", region="440606", quotas={"11": 9})
    with world.owner.begin() as connection:  # what the office gave last year
        connection.execute(text("INSERT INTO number_series SELECT 'permit:' || id, :y, 40 FROM office WHERE"
                                " kind = 'establishment' AND region_code = '440606'"), {"y": TODAY.year - 1})  # fmt: skip
    case = asked(world, body, 1)
    world.decide(world.office("establishment", "440606"), case, "establishment")
    assert world.value("SELECT number FROM permit WHERE case_id = :c", c=case) == f"顺编控〔{TODAY.year}〕1号"


def test_case_numbers_begin_anew_each_year_and_for_each_prefix(world: World) -> None:
    who = world.office("establishment")

    def number(prefix: str) -> str:
        with world.database.transaction(who) as session:
            return str(session.execute(text("SELECT next_case_number(:p)"), {"p": prefix}).scalar_one())

    assert [number("QA"), number("QA"), number("QB")] == [f"QA{TODAY.year}-000001", f"QA{TODAY.year}-000002",
                                                        f"QB{TODAY.year}-000001"]  # fmt: skip
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE number_series SET year = year - 1 WHERE series = 'case:QA'"))
    assert number("QA") == f"QA{TODAY.year}-000001"
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(lambda _n: number("QC"), range(24)))) == 24
    with world.database.transaction(who) as session:
        assert session.execute(text("SELECT next_case_number('坏了')")).scalar() is None


def test_a_permit_asks_for_no_more_than_is_usable(world: World) -> None:
    body = world.body("超量局", quotas={"11": 2})
    case = asked(world, body, 3)
    with pytest.raises(errors.QuotaExhausted) as refused:
        world.decide(world.office("establishment"), case, "establishment")
    assert refused.value.facts["authorised"] == 2
    for seats in (0, 201):
        with pytest.raises(errors.InvalidInput):
            world.decide(world.office("establishment"), asked(world, body, seats), "establishment")
    with pytest.raises(errors.InvalidInput) as wrong:
        world.decide(world.office("establishment"), asked(world, body, 1, last_on=ago(1).isoformat()), "establishment")
    assert wrong.value.facts["errors"] == {"last_on": ["permit_period"]}
    far = (TODAY + dt.timedelta(days=800)).isoformat()
    with pytest.raises(errors.InvalidInput):
        world.decide(world.office("establishment"), asked(world, body, 1, last_on=far), "establishment")
    surplus = world.body("超编控编局", quotas={"11": 1}, people={"11": 2})
    with pytest.raises(errors.SurplusLine):
        world.decide(world.office("establishment"), asked(world, surplus, 1), "establishment")
    lead = world.body("职数控编局", leaders={"principal:0131": 1})
    with pytest.raises(errors.WrongCategory):
        world.decide(
            world.office("establishment"), asked(world, lead, 1, line=lead.lines["principal:0131"]), "establishment"
        )


def test_what_demands_a_permit_is_refused_without_one_and_with_a_foreign_or_ended_one(world: World) -> None:
    body, other = world.body("凭单局", quotas={"11": 3, "12": 2}), world.body("别单局", quotas={"11": 3})
    office = world.office("establishment")
    with pytest.raises(errors.PermitMissing):
        world.decide(office, on_permit(world, body, None, "recruit_permit"), "establishment")
    assert world.value("SELECT count(*) FROM alarm WHERE rule = 'AL07' AND unit_id = :u", u=body.id) == 1
    (foreign,) = granted(world, other, 1)
    (own,) = granted(world, body, 1)
    with pytest.raises(errors.PermitElsewhere):
        world.decide(office, on_permit(world, body, foreign, "recruit_permit"), "establishment")
    with pytest.raises(errors.PermitElsewhere):
        world.decide(office, on_permit(world, body, own, "recruit_permit", line=body.lines["12"]), "establishment")
    changed(world, body, "permit_cancel", own)
    with pytest.raises(errors.PermitLapsed):
        world.decide(office, on_permit(world, body, own, "recruit_permit"), "establishment")
    assert world.value("SELECT count(*) FROM alarm WHERE rule = 'AL08' AND unit_id = :u", u=body.id) == 3
    (good,) = granted(world, body, 1)
    case = on_permit(world, body, good, "recruit_permit")
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, TODAY)
    assert counts(world, good) == ("used", 1, 1, 0, 0)
    assert findings(world) == []


def test_a_permit_is_extended_cancelled_and_lapses_with_its_rest_released(world: World) -> None:
    body = world.body("期限局", quotas={"11": 6})
    (permit,) = granted(world, body, 3)
    assert world.value("SELECT last_on FROM permit WHERE id = :p", p=permit) >= TODAY + dt.timedelta(days=365)
    with pytest.raises(errors.InvalidInput):
        changed(world, body, "permit_extend", permit, last_on=(TODAY + dt.timedelta(days=30)).isoformat())
    later = TODAY + dt.timedelta(days=500)
    changed(world, body, "permit_extend", permit, last_on=later.isoformat())
    assert world.value("SELECT last_on FROM permit WHERE id = :p", p=permit) == later
    taken = on_permit(world, body, permit)
    world.decide(world.office("establishment"), taken, "establishment")
    changed(world, body, "permit_cancel", permit)
    assert counts(world, permit) == ("cancelled", 3, 0, 1, 2)
    assert world.figures(body.line) == (6, 0, 1)
    with pytest.raises(errors.PermitLapsed):
        changed(world, body, "permit_cancel", permit)
    # The seat that a running case has stays the case's; given up, it is free at once.
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, taken)
    assert counts(world, permit) == ("cancelled", 3, 0, 0, 3)
    assert world.figures(body.line) == (6, 0, 0)
    assert findings(world) == []


def test_the_job_ends_lapsed_permits_once_and_says_so_in_the_timeline(world: World) -> None:
    body = world.body("失效局", quotas={"11": 5})
    (permit,), (other,) = granted(world, body, 3), granted(world, body, 1)
    held = on_permit(world, body, permit)
    world.decide(world.office("establishment"), held, "establishment")
    # A year has passed for the one: the clock is the only thing that a test cannot wait for.
    yesterday = "SET last_on = kernel_today() - 1, granted_on = granted_on - 366"
    with world.owner.begin() as connection:
        connection.execute(text(f"UPDATE permit {yesterday} WHERE id = :p"), {"p": permit})
    with pytest.raises(errors.PermitLapsed):
        world.decide(world.office("establishment"), on_permit(world, body, permit), "establishment")
    with pytest.raises(errors.NotAllowed), world.database.transaction(world.office("establishment")) as session:
        session.execute(text("SELECT permit_lapse(:p)"), {"p": permit})
    assert list(permits.lapse_due(world.database, world.service("svc-worker"))) == [permit]
    assert list(permits.lapse_due(world.database, world.service("svc-worker"))) == []
    assert counts(world, permit) == ("lapsed", 3, 0, 1, 2)
    assert counts(world, other) == ("open", 1, 0, 1, 0)
    assert world.figures(body.line) == (5, 0, 2)
    number = world.value("SELECT number FROM permit WHERE id = :p", p=permit)
    assert world.row("SELECT e.operator <> '', e.facts FROM application_event e JOIN permit m ON m.case_id = e.application_id"
                     " WHERE m.id = :p AND e.kind = 'permit_lapsed'", p=permit) == (True, {"number": number, "released": 2})  # fmt: skip
    # The case that had its seat before the permit lapsed still enters.
    world.decide(world.office("organisation"), held, "personnel")
    world.arrive(world.clerk(body), held, TODAY)
    assert counts(world, permit) == ("lapsed", 3, 1, 0, 2)
    with world.owner.begin() as connection:  # what the test moved by hand, back
        connection.execute(text("UPDATE permit SET last_on = (SELECT (granted_on + 366 + interval '1 year')::date),"
                                " granted_on = granted_on + 366 WHERE id = :p"), {"p": permit})  # fmt: skip
    assert [f for f in findings(world) if f.column not in ("last_on",)] == []


def test_the_quota_is_never_cut_below_what_permits_hold_and_the_sum_always_fits(world: World) -> None:
    body = world.body("守恒局", quotas={"11": 4})
    (permit,) = granted(world, body, 3)
    with pytest.raises(errors.QuotaBelowUse):
        set_quota(world, body, body.line, 2)
    set_quota(world, body, body.line, 3)
    assert world.figures(body.line) == (3, 0, 3)
    with pytest.raises(DBAPIError, match="ck_permit_sum"), world.owner.begin() as connection:
        connection.execute(text("UPDATE permit SET used = used + 1 WHERE id = :p"), {"p": permit})
    assert findings(world) == []


def test_an_arrival_before_the_held_seat_was_free_takes_another_seat_and_the_permit_follows(world: World) -> None:
    """The reserved seat was in use on the day of arrival; the swap stays the permit's."""
    body = world.body("换席局", quotas={"11": 2}, people={"11": 1})
    leaving = world.submit(world.clerk(body), body, "leave",
                           {"person": body.people[0], "end": TODAY.isoformat(), "reason": "37"}, effective_on=TODAY)  # fmt: skip
    world.approve_recruit(leaving)
    (permit,) = granted(world, body, 1)
    case = on_permit(world, body, permit)
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, ago(3))
    assert counts(world, permit) == ("used", 1, 1, 0, 0)
    assert world.figures(body.line) == (2, 1, 0)
    assert findings(world) == []


def test_permits_reservations_and_entries_fight_for_the_last_seats_and_nothing_is_counted_twice(world: World) -> None:
    seats = 12
    body = world.body("争席局", quotas={"11": seats})
    (permit,) = granted(world, body, 4)
    office = [world.office("establishment", username=f"争席{n}") for n in range(4)]
    steps = [*(asked(world, body, 2) for _ in range(4)), *(world.recruit(body) for _ in range(8)),
             *(on_permit(world, body, permit) for _ in range(6))]  # fmt: skip
    random.Random(7).shuffle(steps)
    gate = threading.Barrier(len(steps))

    def run(n: int) -> str:
        gate.wait()
        try:
            world.decide(office[n % 4], steps[n], "establishment")
        except errors.DomainError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(steps)) as pool:
        said = list(pool.map(run, range(len(steps))))
    assert set(said) <= {"done", "quota_exhausted", "permit_used"}
    assert said.count("permit_used") == 2
    assert world.figures(body.line) == (seats, 0, seats) or said.count("quota_exhausted") == 0
    held = "SELECT count(*), count(DISTINCT coalesce(reserved_case_id, -id)) FROM post WHERE line_id = :l AND status = 'reserved'"
    number = world.figures(body.line)[2]
    assert world.row(held, l=body.line) == (number, number)
    assert world.value("SELECT count(*) FROM post WHERE permit_id = :p AND reserved_case_id IS NOT NULL", p=permit) == 4
    # Everybody arrives, withdraws and lets lapse at the same time.
    with world.superuser.connect() as connection:
        query = "SELECT id, process FROM application WHERE unit_id = :u AND state = 'running' ORDER BY id"
        running = connection.execute(text(query), {"u": body.id}).all()

    def leave(row: Any) -> str:
        try:
            with world.database.transaction(world.clerk(body)) as session:
                engine.withdraw(session, row.id)
        except errors.DomainError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(leave, running)) == {"done"}
    free = world.value("SELECT sum(remaining) FROM permit WHERE line_id = :l AND status = 'open'", l=body.line)
    assert world.figures(body.line) == (seats, 0, free)
    assert counts(world, permit) == ("open", 4, 0, 4, 0)
    assert findings(world) == []


def planned(world: World, body: Body, **facts: Any) -> int:
    case = world.submit(world.clerk(body), body, "plan", {"plan_year": TODAY.year, **facts})
    world.decide(world.office("establishment"), case, "establishment")
    return case


def test_a_plan_names_units_below_the_applicant_and_no_others(world: World) -> None:
    top, below, foreign = world.body("主管局", quotas={"11": 5}), world.body("下属中心", kind="institution",
                                    quotas={"22": 9}), world.body("旁局", quotas={"11": 5})  # fmt: skip
    with world.owner.begin() as connection:  # the opening balance sets who is below whom
        connection.execute(text("UPDATE unit SET parent_id = :t WHERE id = :b"), {"t": top.id, "b": below.id})
    case = planned(world, top, line1=top.line, number1=2, line2=below.line, number2=3)
    with world.superuser.connect() as connection:
        rows = connection.execute(text("SELECT p.unit_id, p.category, p.year, p.number FROM plan_line p JOIN plan n"
                                       " ON n.id = p.plan_id WHERE n.case_id = :c ORDER BY p.id"), {"c": case}).all()  # fmt: skip
    assert [tuple(r) for r in rows] == [(top.id, "11", TODAY.year, 2), (below.id, "22", TODAY.year, 3)]
    assert world.figures(below.line) == (9, 0, 0)  # a plan holds no seat
    for wrong in ({"line1": foreign.line, "number1": 1}, {"line1": top.line, "number1": 0}, {"line1": top.line},
                  {"line1": top.line, "number1": 1, "line2": top.line, "number2": 1}, {},
                  {"line1": top.line, "number1": 1, "plan_year": TODAY.year - 1}):  # fmt: skip
        with pytest.raises(errors.InvalidInput):
            planned(world, top, **wrong)
    # The rows are their own unit's to see, and the applicant's.
    for who, number in ((top, 2), (below, 1), (foreign, 0)):
        with world.database.transaction(world.clerk(who)) as session:
            assert session.execute(text("SELECT count(*) FROM plan_line")).scalar_one() == number
    with world.database.transaction(world.clerk(top)) as session:
        found = session.execute(text("SELECT unit_name FROM lines_below('')")).scalars().all()
        assert sorted(found) == sorted(["主管局", "下属中心"])
    granted(world, below, 2, purpose="hire")
    with world.database.transaction(world.clerk(below)) as session:
        row = session.execute(text("SELECT * FROM plan_left(:l, :y)"), {"l": below.line, "y": TODAY.year}).one()
        assert tuple(row) == (3, 2, 0)
    with world.database.transaction(world.clerk(foreign)) as session:
        assert session.execute(text("SELECT * FROM plan_left(:l, :y)"), {"l": below.line, "y": TODAY.year}).all() == []
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE unit SET parent_id = NULL WHERE id = :b"), {"b": below.id})
    assert findings(world) == []
