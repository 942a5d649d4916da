"""Departments on any day: their names, the seats meant for them then, and what approved businesses make of them by a day ahead."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.queries import ahead, days, history, units
from app.queries.days import Moment
from tests.ledger.steps import TODAY, act, ago, allotted, file, review
from tests.ledger.test_kernel_inside import away, back, shift
from tests.security.conftest import Client, app, client
from tests.world import Body, World

__all__ = ["app", "client"]  # the fixtures are shared

DOCUMENT = {"document_no": "佛编〔2026〕41号", "issuer": "市委编委"}


def inner(body: Body, name: str) -> Body:
    """A department as what a case is about."""
    return Body(body.departments[name], name, body.scope_path)


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """Two seats are meant for each of three departments; somebody shifts, one is renamed, one goes into another."""
    made = world.body("往日科室局", quotas={"11": 8}, people={"11": 3}, departments=("办公室", "人事科", "老科"))
    allotted(world, made.line, made.departments.values(), 2)
    shift(world, made, made.people[0], made.departments["人事科"], -30)
    act(world, "department_change", inner(made, "人事科"), ago(20), unit=made.departments["人事科"], name="组织人事科")
    act(
        world,
        "department_merge",
        inner(made, "老科"),
        ago(10),
        unit=made.departments["老科"],
        into=made.departments["办公室"],
    )
    return made


def inside(world: World, body: Body, at: Moment) -> dict[str, tuple[int, int | None]]:
    """Departments of a day with their people and the seats meant for them, as the unit sees them."""
    with world.database.transaction(world.clerk(body)) as session:
        return {d.name: (d.people, d.allotted) for d in history.departments_on(session, body.id, at)}


def test_each_day_has_its_departments_their_people_and_their_seats(world: World, body: Body) -> None:
    assert inside(world, body, Moment(dt.date(2015, 6, 1), TODAY)) == {"办公室": (0, None), "人事科": (0, None), "老科": (0, None)}  # fmt: skip
    assert inside(world, body, Moment(ago(40), TODAY)) == {"办公室": (3, 2), "人事科": (0, 2), "老科": (0, 2)}
    assert inside(world, body, Moment(ago(25), TODAY)) == {"办公室": (2, 2), "人事科": (1, 2), "老科": (0, 2)}
    assert inside(world, body, Moment(ago(15), TODAY)) == {"办公室": (2, 2), "组织人事科": (1, 2), "老科": (0, 2)}
    assert inside(world, body, Moment(ago(5), TODAY)) == {"办公室": (2, 4), "组织人事科": (1, 2)}


def test_today_by_the_chain_is_today_by_the_seats(world: World, body: Body) -> None:
    with world.database.transaction(world.clerk(body)) as session:
        counted = history.departments_on(session, body.id, Moment(TODAY, TODAY))
        told = dict(
            session.execute(text("SELECT * FROM day_allotments(:u, :d, NULL)"), {"u": body.id, "d": TODAY}).all()
        )  # type: ignore[arg-type]
        assert {d.id: d.allotted for d in counted} == told


def test_before_anything_was_recorded_nothing_was_meant_for_anybody(world: World, body: Body) -> None:
    at = Moment(ago(40), TODAY, dt.datetime(2015, 1, 1, tzinfo=dt.UTC))
    assert inside(world, body, at) == {}
    with world.database.transaction(world.clerk(body)) as session:
        query = text("SELECT * FROM day_allotments(:u, :on, :known)")
        assert session.execute(query, {"u": body.id} | at.values).all() == []


def test_a_foreign_bodys_allotments_are_nobodys(world: World, body: Body) -> None:
    other = world.body("别家局")
    with world.database.transaction(world.clerk(other)) as session:
        query = text("SELECT * FROM day_allotments(:u, :d, NULL)")
        assert session.execute(query, {"u": body.id, "d": TODAY}).all() == []


def test_a_day_ahead_has_the_departments_and_numbers_that_are_approved(
    world: World, body: Body, client: Callable[[str], Client]
) -> None:
    ahead_of = TODAY + dt.timedelta(days=10)
    office = body.departments["办公室"]
    for process, facts in (
        ("department_change", {"unit": office, "name": "综合办公室"}),
        ("department_open", {"parent": body.id, "node": "department", "region": "440600", "name": "将设科"}),
        ("quota", {"line": body.line, "authorised": 9}),
        ("unit_change", {"unit": body.id, "name": "来日科室局"}),
    ):
        about = Body(int(facts.get("unit") or body.id), "", body.scope_path)
        case = file(world, process, DOCUMENT | {"start": ahead_of.isoformat(), "document_no": f"佛编〔2026〕5{len(process)}号"} | facts, about=about, day=ahead_of)  # fmt: skip
        review(world, case)
        assert world.state(case) == "awaiting"
    world.account("yuce", "office_member", office=("establishment", "440600"))
    reader = client("yuce")
    later, sooner = (
        reader.get(f"/unit/{body.id}?on={ahead_of + dt.timedelta(days=n)}").get_data(as_text=True) for n in (0, -1)
    )
    for said in ("综合办公室", "将设科", "来日科室局"):
        assert said in later, said
        assert said not in sooner, said
    with world.database.transaction(world.office("establishment")) as session:
        waiting = days.expected(session, Moment(ahead_of, TODAY), body.id)
        assert len(waiting) == 4
        assert ahead.of(body.id, waiting).body == {"name": "来日科室局"}
        for on, number in ((ahead_of, 9), (ahead_of - dt.timedelta(days=1), 8)):
            (line,) = units.lines_of(session, body.id, "establishment", Moment(on, TODAY))
            assert line.figures.authorised == number
            rows = session.execute(text(f"SELECT * FROM {days.lines(Moment(on, TODAY))} d WHERE line_id = :l"),
                                   {"l": body.line, **Moment(on, TODAY).values})  # fmt: skip
            assert rows.one().authorised == number


def test_a_past_day_has_who_was_away_and_who_was_lent_then(
    world: World, body: Body, client: Callable[[str], Client]
) -> None:
    host = world.body("借入往日局")
    away(world, body, body.people[2], host, start=-40)
    back(world, body, body.people[2], -20)
    world.account("jiediao", "office_member", office=("establishment", "440600"))
    reader = client("jiediao")
    for days_ago, there in ((50, False), (30, True), (20, False), (0, False)):
        own = reader.get(f"/unit/{body.id}?on={ago(days_ago)}").get_data(as_text=True)
        lent = reader.get(f"/unit/{host.id}?on={ago(days_ago)}").get_data(as_text=True)
        assert ('id="away"' in own, 'id="hosted"' in lent) == (there, there), days_ago
    before = f"/unit/{body.id}?on={ago(30)}&known={ago(1)}"
    assert 'id="away"' not in reader.get(before).get_data(as_text=True)
