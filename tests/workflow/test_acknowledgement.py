"""编制—人员—经费: what has taken effect is confirmed by finance, 人社 and social insurance; an arrival nobody confirms lapses."""

import multiprocessing
import os
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.db import Database, Identity
from app.domain import errors
from app.domain.workdays import add_workdays, city_today
from app.queries import acknowledgements, notices
from app.queries.acknowledgements import Asked
from app.workflow import due, engine
from tests.ledger.steps import findings
from tests.security.conftest import Client
from tests.world import Body, World, person

TODAY = city_today()
OFFICES = ("finance", "human_resources", "social_insurance")
ROWS = ("SELECT o.kind, o.region_code, k.way, k.unit_id FROM acknowledgement k JOIN office o ON o.id = k.office_id"
        " WHERE k.case_id = :c ORDER BY o.region_code, o.kind")  # fmt: skip


def entered(world: World, body: Body, name: str = "新来者") -> int:
    """A recruitment with the arrival confirmed; the case."""
    case = world.recruit(body, facts=person(name))
    region = world.value("SELECT region_code FROM unit WHERE id = :u", u=body.id)
    world.approve_recruit(case, region)
    world.arrive(world.clerk(body), case, TODAY)
    return case


def rows(world: World, case: int) -> list[tuple[str, str, str, int]]:
    with world.superuser.connect() as connection:
        return [tuple(r) for r in connection.execute(text(ROWS), {"c": case})]


def ids(world: World, case: int, kind: str) -> list[int]:
    found = ("SELECT coalesce(array_agg(k.id ORDER BY k.id), '{}') FROM acknowledgement k JOIN office o ON o.id = k.office_id"
             " WHERE k.case_id = :c AND o.kind = :k")  # fmt: skip
    return list(world.value(found, c=case, k=kind))


def days_pass(world: World, case: int, days: int) -> None:
    """So many days go by: the case's own days are moved instead of the clock."""
    with world.superuser.begin() as connection:
        for statement in (
            "UPDATE acknowledgement SET due_on = due_on - :d WHERE case_id = :c",
            "UPDATE application_event SET at = at - make_interval(days => :d) WHERE application_id = :c",
            "UPDATE application SET decided_at = decided_at - make_interval(days => :d) WHERE id = :c"
            " AND state = 'awaiting'",
        ):
            connection.execute(text(statement), {"c": case, "d": days})


def run(world: World) -> dict[int, str | None]:
    """The job's round."""
    who = world.service("svc-worker")
    lapsed = {case: refusal and refusal.code for case, refusal in due.lapse_due(world.database, who)}
    due.tell_late(world.database, who)
    return lapsed


def alarms(world: World, case: int) -> list[tuple[str, str, int]]:
    with world.superuser.connect() as connection:
        return [
            tuple(r)
            for r in connection.execute(
                text("SELECT rule, state, times FROM alarm WHERE case_id = :c ORDER BY id"), {"c": case}
            )
        ]


def kinds(world: World, who: Identity, case: int) -> list[str]:
    with world.database.transaction(who) as session:
        return [r.kind for r in notices.page(session, unread=True, limit=500) if r.case_id == case]


def test_an_entry_is_confirmed_by_each_office_once_and_shown_on_the_case(world: World) -> None:
    body, finance = world.body("生效局"), world.office("finance")
    case = entered(world, body)
    assert rows(world, case) == [(kind, "440600", "in", body.id) for kind in OFFICES]
    due_on = world.value("SELECT min(due_on) FROM acknowledgement WHERE case_id = :c", c=case)
    with world.database.transaction(finance) as session:
        assert due_on == add_workdays(TODAY, 5, engine.calendar(session))
    assert kinds(world, finance, case) == ["acknowledge"]
    (own,) = ids(world, case, "finance")
    with world.database.transaction(finance) as session:
        assert acknowledgements.acknowledge(session, [own], "已核拨") == 1
    with world.database.transaction(finance) as session:
        assert acknowledgements.acknowledge(session, [own], "再来") == 0
        assert (
            session.execute(text("SELECT note FROM acknowledgement WHERE id = :i"), {"i": own}).scalar_one() == "已核拨"
        )
    assert kinds(world, finance, case) == []
    with world.database.transaction(world.clerk(body)) as session:
        assert [bool(r.acknowledged_at) for r in acknowledgements.of_case(session, case)].count(True) == 1
        steps = "SELECT side, opinion FROM application_event WHERE application_id = :c AND kind = 'acknowledged'"
        assert session.execute(text(steps), {"c": case}).all() == [("佛山市财政局 · 按新增编制人员核拨经费", "已核拨")]


def test_an_office_sees_the_least_and_confirms_its_own_only(world: World) -> None:
    body, district = world.body("最少局"), world.body("区最少局", region="440604")
    case, other = entered(world, body, "甲某人"), entered(world, district, "乙某人")
    finance, insurance = world.office("finance"), world.office("social_insurance")
    with world.database.transaction(insurance) as session:
        seen = acknowledgements.page(session, Asked(office(world, "social_insurance")), None, 100)
        mine = next(r for r in seen if r.number == number(world, case))
        assert (mine.person_name, mine.id_mask[:4], mine.unit, mine.way) == ("甲某人", "4406", body.name, "in")
        assert number(world, other) not in [r.number for r in seen]
        assert session.execute(text("SELECT count(*) FROM application WHERE id = :c"), {"c": case}).scalar_one() == 0
    for foreign in (ids(world, case, "social_insurance"), ids(world, other, "finance"), [99_000_000]):
        with pytest.raises(errors.NotFound), world.database.transaction(finance) as session:
            acknowledgements.acknowledge(session, ids(world, case, "finance") + foreign, "")
    for who in (world.clerk(body), world.service("svc-worker")):
        with pytest.raises(errors.NotAllowed), world.database.transaction(who) as session:
            acknowledgements.acknowledge(session, ids(world, case, "finance"), "")
    assert world.value("SELECT count(*) FROM acknowledgement WHERE acknowledged_at IS NOT NULL AND case_id IN (:a, :b)",
                       a=case, b=other) == 0  # fmt: skip


def office(world: World, kind: str, region: str = "440600") -> int:
    return int(world.value("SELECT id FROM office WHERE kind = :k AND region_code = :r", k=kind, r=region))


def number(world: World, case: int) -> str:
    return str(world.value("SELECT number FROM application WHERE id = :c", c=case))


def test_a_transfer_between_divisions_is_confirmed_in_both_and_within_one_once(world: World) -> None:
    here, there = world.body("调出局", people={"11": 2}), world.body("调入局", region="440605", quotas={"11": 3})
    near = world.body("近处局", quotas={"11": 3})
    cases = {}
    for target, who in ((there, here.people[0]), (near, here.people[1])):
        facts = {"person": who, "line": target.line, "department": None, "start": TODAY.isoformat()}
        case = world.submit(
            world.clerk(target), target, "transfer", facts, name="调", person_id=who, effective_on=TODAY
        )
        region = world.value("SELECT region_code FROM unit WHERE id = :u", u=target.id)
        for code in ("source_unit", "establishment", "personnel"):
            side = {"source_unit": world.clerk(here), "establishment": world.office("establishment", region),
                    "personnel": world.office("organisation", region)}[code]  # fmt: skip
            world.decide(side, case, code)
        for kind in ("source_establishment", "source_personnel"):
            if world.value("SELECT count(*) FROM task WHERE application_id = :c AND code = :k AND state = 'open'",
                           c=case, k=kind):  # fmt: skip
                world.decide(world.office(kind.replace("source_", "").replace("personnel", "organisation")), case, kind)
        assert world.state(case) == "done"
        cases[target.id] = case
    assert rows(world, cases[there.id]) == [
        *((kind, "440600", "out", here.id) for kind in OFFICES), *((kind, "440605", "in", there.id) for kind in OFFICES),
    ]  # fmt: skip
    assert [r[:3] for r in rows(world, cases[near.id])] == [(kind, "440600", "move") for kind in OFFICES]


def test_what_is_not_confirmed_in_time_is_one_alarm_for_each_office_until_it_is(world: World) -> None:
    body, finance = world.body("迟确认局"), world.office("finance")
    case = entered(world, body)
    days_pass(world, case, 30)
    for kind in ("human_resources", "social_insurance"):
        with world.database.transaction(world.office(kind)) as session:
            acknowledgements.acknowledge(session, ids(world, case, kind), "")
    for _run in range(2):
        run(world)
    assert alarms(world, case) == [("AL29", "open", 1)]
    assert kinds(world, finance, case) == ["alarm", "acknowledge"]
    assert kinds(world, world.office("establishment"), case) == ["alarm"]
    with world.database.transaction(finance) as session:
        said = session.execute(
            text("SELECT facts ->> 'sentence' FROM alarm WHERE case_id = :c"), {"c": case}
        ).scalar_one()
        assert said.startswith("佛山市财政局到期未确认：按新增编制人员核拨经费")
        acknowledgements.acknowledge(session, ids(world, case, "finance"), "")
    assert alarms(world, case) == [("AL29", "cleared", 1)]
    assert kinds(world, finance, case) == kinds(world, world.office("establishment"), case) == []


def test_an_arrival_not_confirmed_is_an_alarm_and_after_twice_the_time_the_seat_is_free(world: World) -> None:
    body = world.body("不来局", quotas={"11": 3})
    late, lost, calm = (world.recruit(body) for _n in range(3))
    for case, days in ((late, 31), (lost, 61), (calm, 30)):
        world.approve_recruit(case)
        days_pass(world, case, days)
    assert world.figures(body.line) == (3, 0, 3)
    assert run(world) == {lost: None}
    assert (alarms(world, late), alarms(world, calm)) == ([("AL30", "open", 1)], [])
    assert alarms(world, lost) == [("AL30", "cleared", 1)]
    assert [world.state(c) for c in (late, lost, calm)] == ["awaiting", "withdrawn", "awaiting"]
    assert world.figures(body.line) == (3, 0, 2)
    assert world.row("SELECT status, closed_reason FROM case_record WHERE case_id = :c", c=lost) == ("closed", "lapsed")
    assert world.value("SELECT result FROM application WHERE id = :c", c=lost) == "未报到，编制已释放"
    assert kinds(world, world.clerk(body), lost) == ["lapsed"]
    assert sorted(kinds(world, world.clerk(body), late)) == ["alarm", "confirm_arrival"]
    assert run(world) == {}
    assert alarms(world, late) == [("AL30", "open", 1)]
    world.arrive(world.clerk(body), late, TODAY)
    assert alarms(world, late) == [("AL30", "cleared", 1)]
    assert world.figures(body.line) == (3, 1, 1)
    assert findings(world) == []


def test_nothing_lapses_before_its_time_nor_by_anybody_else_nor_after_the_arrival(world: World) -> None:
    body = world.body("未到期局", quotas={"11": 2})
    case, come = world.recruit(body), world.recruit(body)
    for one in (case, come):
        world.approve_recruit(one)
    days_pass(world, case, 60)
    who = world.service("svc-worker")
    with pytest.raises(errors.NotAllowed), world.database.transaction(who) as session:
        due.lapse(session, case)
    days_pass(world, case, 1)
    with pytest.raises(errors.DomainError), world.database.transaction(world.clerk(body)) as session:
        due.lapse(session, case)
    days_pass(world, come, 90)
    world.arrive(world.clerk(body), come, TODAY)
    with world.database.transaction(who) as session:
        due.lapse(session, come)
    assert (world.state(case), world.state(come)) == ("awaiting", "done")
    assert world.figures(body.line) == (2, 1, 1)


def dies(url: str, token: str, case: int) -> None:
    """A worker that is killed when everything is written and nothing committed."""
    session = Database(url).opened(Identity(token))
    due.lapse(session, case)
    session.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_killed_in_the_middle_leaves_the_case_whole_and_the_next_run_ends_it(world: World) -> None:
    body = world.body("杀死局", quotas={"11": 1})
    case = world.recruit(body)
    world.approve_recruit(case)
    days_pass(world, case, 61)
    process = multiprocessing.get_context("spawn").Process(
        target=dies, args=(world.app_url, world.service("svc-worker").token, case)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (world.state(case), world.figures(body.line)) == ("awaiting", (1, 0, 1))
    assert run(world)[case] is None
    assert (world.state(case), world.figures(body.line)) == ("withdrawn", (1, 0, 0))


def test_the_page_lists_filters_and_confirms_several_at_once(world: World, client: Callable[..., Client]) -> None:
    body = world.body("页面局", region="440608", quotas={"11": 9})
    cases = [entered(world, body, f"页面{n}") for n in "甲乙丙"]
    world.account("caizheng", "office_member", office=("finance", "440608"))
    user = client("caizheng")
    assert user.get("/").location == "/acknowledgements"  # what waits for the office is where it begins
    page = user.get("/acknowledgements").get_data(as_text=True)
    assert [f"页面{n}" in page for n in "甲乙丙"] == [True] * 3
    page = user.get("/acknowledgements?q=页面乙&way=in").get_data(as_text=True)
    assert [f"页面{n}</td>" in page or f"页面{n}<span" in page for n in "甲乙丙"] == [False, True, False]
    for bad in ("view=x", "way=x", "after=1", "after=2026-01-01_x", "page=2"):
        assert user.get(f"/acknowledgements?{bad}").status_code == 400, bad
    chosen = [str(ids(world, c, "finance")[0]) for c in cases[:2]]
    assert user.post("/acknowledgements", {}).status_code == 302
    assert user.post("/acknowledgements", {"chosen": chosen, "note": "已办"}).status_code == 302
    assert user.post("/acknowledgements", {"chosen": chosen}).status_code == 302
    assert "2" in user.get("/acknowledgements?view=done").get_data(as_text=True)
    assert (
        user.post("/acknowledgements", {"chosen": [str(ids(world, cases[2], "social_insurance")[0])]}).status_code
        == 404
    )
    assert user.post("/acknowledgements", {"chosen": ["x"]}).status_code == 400
    open_ = (
        "SELECT count(*) FROM acknowledgement WHERE case_id = ANY(:c) AND acknowledged_at IS NULL AND office_id = :o"
    )
    assert world.value(open_, c=cases, o=office(world, "finance", "440608")) == 1
