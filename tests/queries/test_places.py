"""Any day's organs: each body stands where it stood, under the superior and the name it had, for whoever it was the business of."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.queries import listings_day, places
from app.queries.days import Moment
from tests.ledger import steps
from tests.ledger.steps import TODAY, ago
from tests.security.conftest import Client, app, client
from tests.statements import heard
from tests.world import Body, World

__all__ = ["app", "client"]  # the fixtures are shared

OLD, NEW = "440604", "440605"


def act(world: World, process: str, about: Body, days_ago: int, **facts: Any) -> None:
    """One business of the 编办 of the body's place, in force so many days ago."""
    place, about.scope_path = world.row("SELECT region_code, scope_path FROM unit WHERE id = :u", u=about.id)
    case = steps.act(world, process, about, ago(days_ago), place, **facts)
    if world.state(case) == "running":
        world.decide(world.office("establishment"), case, "city")
    if "region" in facts:
        steps.received(world, case, facts["region"])
    assert world.state(case) == "done"


@pytest.fixture(scope="module")
def city(world: World) -> dict[str, Any]:
    """A body that went to another district, one that came under a superior, one that ended, one that is not networked."""
    made: dict[str, Any] = {
        "moved": world.body("划区局", region=OLD, quotas={"11": 4}, people={"11": 2}, departments=("划区科",)),
        "stays": world.body("留区局", region=OLD, quotas={"11": 3}, people={"11": 1}),
        "there": world.body("彼区局", region=NEW, quotas={"11": 5}, people={"11": 1}),
        "above": world.body("上级局", quotas={"11": 6}, people={"11": 2}),
        "below": world.body("下级中心", quotas={"11": 2}, people={"11": 1}),
        "ended": world.body("已撤局", region=OLD, quotas={"22": 2}, kind="institution"),
        "hidden": world.body("不上网局", region=OLD, quotas={"11": 9}),
    }
    act(world, "quota", made["ended"], 30, line=made["ended"].line, authorised=0)
    act(world, "unit_close", made["ended"], 20, unit=made["ended"].id)
    act(world, "unit_transfer", made["below"], 20, unit=made["below"].id, parent=made["above"].id)
    made["before"] = world.value("SELECT clock_timestamp()")
    act(world, "unit_transfer", made["moved"], 10, unit=made["moved"].id, region=NEW)
    act(world, "unit_change", made["moved"], 5, unit=made["moved"].id, name="划区新局", grade="0142")
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": made["hidden"].id})
    return made


def tree(world: World, at: Moment, region: str, reader: str = "440600") -> dict[str, tuple[Any, ...]]:
    """The bodies of a region with authorised, occupied and the number of bodies below, as an office sees them."""
    with world.database.transaction(world.office("establishment", reader)) as session:
        rows = places.bodies(session, at, region=region)
        return {r.name: (r.authorised, r.occupied, r.bodies) for r in rows}


PAST = Moment(ago(40), TODAY)
NOW = Moment(TODAY, TODAY)


def test_a_body_stands_in_the_region_of_the_day(world: World, city: dict[str, Any]) -> None:
    assert tree(world, PAST, OLD) == {"划区局": (4, 2, 0), "留区局": (3, 1, 0), "已撤局": (2, 0, 0)}
    assert tree(world, PAST, NEW) == {"彼区局": (5, 1, 0)}
    assert tree(world, NOW, OLD) == {"留区局": (3, 1, 0)}
    assert tree(world, NOW, NEW) == {"彼区局": (5, 1, 0), "划区新局": (4, 2, 0)}
    assert tree(world, Moment(ago(7), TODAY), NEW) == {"彼区局": (5, 1, 0), "划区局": (4, 2, 0)}


def test_a_transfer_that_was_not_yet_recorded_is_not_known(world: World, city: dict[str, Any]) -> None:
    at = Moment(TODAY, TODAY, city["before"])
    assert tree(world, at, OLD) == {"划区局": (4, 2, 0), "留区局": (3, 1, 0)}
    assert tree(world, at, NEW) == {"彼区局": (5, 1, 0)}


def test_a_body_is_below_the_superior_of_the_day_and_counted_with_it(world: World, city: dict[str, Any]) -> None:
    assert tree(world, PAST, "440600") == {"上级局": (6, 2, 0), "下级中心": (2, 1, 0)}
    assert tree(world, Moment(ago(7), TODAY), "440600") == {"上级局": (8, 3, 1)}
    assert tree(world, NOW, "440600") == {"上级局": (8, 3, 1)}
    with world.database.transaction(world.office("establishment")) as session:
        (below,) = places.bodies(session, NOW, region="440600", parent=city["above"].id)
        (row,) = places.bodies(session, Moment(ago(7), TODAY), region="440600")
        assert (below.name, below.own_authorised) == ("下级中心", 2)
        assert (row.own_authorised, row.own_occupied) == (6, 2)
        there = places.stood(session, NOW, city["below"].id)
        assert there.parent_name == "上级局"
        assert places.stood(session, PAST, city["below"].id).parent_name is None


def test_the_sums_of_regions_are_those_of_the_bodies_that_stood_there(world: World, city: dict[str, Any]) -> None:
    for at in (PAST, Moment(ago(15), TODAY), Moment(ago(7), TODAY), NOW, Moment(TODAY, TODAY, city["before"])):
        for reader in ("440600", OLD, NEW):
            with world.database.transaction(world.office("establishment", reader)) as session:
                found = {r.code: (r.authorised, r.occupied) for r in places.regions(session, at)}
                for code, sums in found.items():
                    rows = places.bodies(session, at, region=code)
                    assert (sum(r.authorised for r in rows), sum(r.occupied for r in rows)) == sums, (at, reader, code)


def test_a_district_sees_of_a_day_what_was_its_own_then(world: World, city: dict[str, Any]) -> None:
    assert tree(world, PAST, OLD, OLD) == tree(world, PAST, OLD)
    assert tree(world, NOW, OLD, OLD) == {"留区局": (3, 1, 0)}
    assert tree(world, PAST, NEW, NEW) == {"彼区局": (5, 1, 0)}
    assert tree(world, PAST, OLD, NEW) == {}
    assert tree(world, NOW, NEW, OLD) == {}


def test_a_unit_and_those_named_for_it_keep_its_whole_past(world: World, city: dict[str, Any]) -> None:
    with world.database.transaction(world.clerk(city["moved"])) as session:
        (row,) = places.bodies(session, PAST, region=OLD)
        assert (row.name, row.authorised, row.own) == ("划区局", 4, True)


def test_a_unit_that_is_not_networked_is_in_no_past_tree(world: World, city: dict[str, Any]) -> None:
    for reader in ("440600", OLD):
        assert "不上网局" not in tree(world, PAST, OLD, reader)
        with world.database.transaction(world.office("establishment", reader)) as session:
            assert places.stood(session, PAST, city["hidden"].id) is None
            assert session.execute(text("SELECT unit_called(:u, :d, NULL)"), {"u": city["hidden"].id, "d": ago(40)}).scalar() is None  # fmt: skip
            assert not session.execute(
                text("SELECT 1 FROM day_lines(:d, NULL) WHERE unit_id = :u"), {"u": city["hidden"].id, "d": ago(40)}
            ).all()


def test_the_office_that_lost_a_body_reads_its_figures_of_the_day_and_nobody_of_it(
    world: World, city: dict[str, Any], client: Callable[[str], Client]
) -> None:
    moved = city["moved"]
    for region in (OLD, NEW):
        world.account(f"qu{region}", "office_member", office=("establishment", region))
    old, new = client(f"qu{OLD}"), client(f"qu{NEW}")
    then = f"on={ago(40)}"
    for form in ("xlsx", "csv"):
        assert old.get(f"/ledger/export?{then}&form={form}").status_code == 200
    told = [c.get(f"/ledger/export?{then}&form=csv").get_data().decode("utf-8-sig") for c in (old, new)]
    assert ["划区局" in t for t in told] == [True, False]
    assert old.get(f"/ledger/export?{then}&form=pdf").status_code == 400
    for page in (f"/ledger/{OLD}?{then}", f"/list/units?{then}"):
        assert "划区局" in old.get(page).get_data(as_text=True), page
        assert "划区局" not in new.get(page).get_data(as_text=True), page
    shown = old.get(f"/unit/{moved.id}?{then}").get_data(as_text=True)
    assert "划区局" in shown
    assert "划区科" in shown
    assert "/person/" not in shown
    assert "划区科" in old.get(f"/ledger/unit/{moved.id}?{then}").get_data(as_text=True)
    assert old.get(f"/unit/{moved.id}").status_code == 404
    assert old.get(f"/unit/{moved.id}?on={ago(3)}").status_code == 404
    assert old.get(f"/unit/{moved.id}/export?{then}").status_code == 404
    whole = new.get(f"/unit/{moved.id}?{then}").get_data(as_text=True)
    assert "/person/" in whole
    assert f"/ledger/{OLD}?{then}" in whole


def test_the_page_of_a_day_says_region_superior_and_grade_of_the_day(
    world: World, city: dict[str, Any], client: Callable[[str], Client]
) -> None:
    world.account("shi", "office_member", office=("establishment", "440600"))
    office = client("shi")
    assert "上级局" in office.get(f"/unit/{city['below'].id}").get_data(as_text=True)
    assert "上级局" not in office.get(f"/unit/{city['below'].id}?on={ago(40)}").get_data(as_text=True)
    assert "已撤局" in office.get(f"/ledger/{OLD}?on={ago(40)}").get_data(as_text=True)
    assert "已撤局" not in office.get(f"/ledger/{OLD}").get_data(as_text=True)
    units = office.get(f"/list/units?on={ago(40)}&region=440604&cols=name&cols=parent&cols=grade").get_data(
        as_text=True
    )
    assert "划区局" in units
    assert "划区局" not in office.get(f"/list/units?on={ago(7)}&region=440604").get_data(as_text=True)
    assert office.get(f"/list/units/export?on={ago(40)}&region=440604&cols=parent").status_code == 200
    for name in ("people", "posts"):
        for region, there in ((OLD, True), (NEW, False)):
            then = office.get(f"/list/{name}?on={ago(40)}&region={region}").get_data(as_text=True)
            assert ("划区局" in then) is there, (name, region)
            now = office.get(f"/list/{name}?region={region}").get_data(as_text=True)
            assert ("划区新局" in now) is not there, (name, region)


def test_the_tree_asks_as_many_statements_for_many_bodies_as_for_few(
    world: World, city: dict[str, Any], client: Callable[[str], Client]
) -> None:
    world.account("shu", "office_member", office=("establishment", "440600"))
    office = client("shu")

    def asked(page: str) -> int:
        office.get(page)
        with heard(office.client.application) as sent:
            assert office.get(page).status_code == 200
        return len(sent)

    for on in (ago(7), TODAY):
        assert asked(f"/ledger/440600?on={on}") == asked(f"/ledger/{NEW}?on={on}")


def test_on_a_day_ahead_a_body_stands_where_what_is_approved_puts_it(world: World, city: dict[str, Any]) -> None:
    """Not before the day of its case; who sits and how many there may be is counted where it will stand."""
    north, south, head = "440606", "440607", world.body("将属局", region="440606", quotas={"11": 3}, people={"11": 1})
    child = world.body("将归中心", region=north, quotas={"11": 2}, people={"11": 1})
    goes = world.body("将划局", region=north, quotas={"11": 5}, people={"11": 2})
    shut = world.body("将撤局", region=north, quotas={"11": 0})

    def coming(process: str, about: Body, days: int, **facts: Any) -> None:
        case = steps.act(world, process, about, ago(-days), north, unit=about.id, **facts)
        if world.state(case) == "running":
            world.decide(world.office("establishment"), case, "city")
        if "region" in facts:
            steps.received(world, case, south)
        assert world.state(case) == "awaiting"

    coming("unit_transfer", child, 10, parent=head.id)
    coming("unit_change", goes, 10, name="将划新局", grade="0142")
    coming("unit_transfer", goes, 20, region=south)
    coming("unit_close", shut, 20)
    near, mid, far = (Moment(ago(-n), TODAY) for n in (9, 10, 20))
    before = {"将属局": (3, 1, 0), "将归中心": (2, 1, 0), "将划局": (5, 2, 0), "将撤局": (0, 0, 0)}
    assert tree(world, near, north) == tree(world, NOW, north) == before
    after = {"将属局": (5, 2, 1), "将划新局": (5, 2, 0), "将撤局": (0, 0, 0)}
    assert (tree(world, mid, north), tree(world, mid, south)) == (after, {})
    assert (tree(world, far, north), tree(world, far, south)) == ({"将属局": (5, 2, 1)}, {"将划新局": (5, 2, 0)})
    with world.database.transaction(world.office("establishment")) as session:
        (below,) = places.bodies(session, far, region=north, parent=head.id)
        sums = {r.code: (r.authorised, r.occupied) for r in places.regions(session, far)}
        listed = {(r.name, r.region, r.parent) for r in session.execute(
            text(listings_day.on_day("units", far).select), far.values) if r.name.startswith("将")}  # fmt: skip
    assert below.name == "将归中心"
    assert (sums[north], sums[south]) == ((5, 2), (5, 2))
    assert listed == {("将属局", "顺德区", None), ("将归中心", "顺德区", "将属局"), ("将划新局", "三水区", None)}
