"""Any day: figures by stored periods, by what changed since, and through the pages, on past days, known days and days ahead."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.quota import Figures
from app.queries import days, history, places, units
from app.queries.days import Moment
from tests.ledger import steps
from tests.ledger.steps import TODAY, ago
from tests.security.conftest import Client, app, client
from tests.world import Body, World, person

__all__ = ["app", "client"]  # the fixtures are shared

COUNTED = (
    "SELECT l.id, (SELECT count(*) FROM occupancy o WHERE o.line_id = l.id AND {held}) AS occupied,"
    " (SELECT q.authorised FROM quota q WHERE q.line_id = l.id AND {quota}) AS authorised FROM quota_line l"
    " WHERE l.kind = 'establishment'"
)


def counted(world: World, at: Moment) -> dict[int, tuple[int | None, int]]:
    """The figures of every line, by counting each row that held."""
    query = COUNTED.format(held=days.held("o", at), quota=days.held("q", at))
    with world.superuser.connect() as connection:
        rows = connection.execute(text(query), at.values)
        return {r.id: (r.authorised, r.occupied) for r in rows if r.authorised is not None or r.occupied}


def by_change(world: World, at: Moment) -> dict[int, tuple[int | None, int]]:
    """The same by what changed between the day and today."""
    with world.database.transaction(world.office("establishment")) as session:
        rows = session.execute(text(f"SELECT * FROM {days.lines(at)} d"), at.values)
        return {r.line_id: (r.authorised, r.occupied) for r in rows}


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Any]:
    """Two bodies with a history: somebody came, left, moved; a number was raised; a unit was renamed."""
    first = world.body("往日局", quotas={"11": 6}, people={"11": 3}, leaders={"deputy:0132": 1}, departments=("甲科",))
    second = world.body("来日局", quotas={"11": 4}, people={"11": 1})
    world.body("区日局", region="440604", quotas={"11": 4, "13": 1}, people={"11": 2})
    came = steps.entered(world, first, ago(200), who=person("新来甲"))
    steps.leave(world, first, first.people[0], ago(100))
    before = world.value("SELECT clock_timestamp()")
    steps.set_quota(world, first, first.line, 8, ago(50))
    steps.transfer(world, first, second, first.people[1], ago(30))
    return {"first": first, "second": second, "came": came, "before": before}


DAYS = [dt.date(2014, 1, 1), dt.date(2015, 1, 1), *(ago(n) for n in (201, 200, 199, 101, 100, 50, 31, 30, 1, 0, -30))]


def test_what_changed_since_adds_up_to_what_is_counted_on_every_day_as_known_at_any_moment(
    world: World, bodies: dict[str, Any]
) -> None:
    for known in (None, bodies["before"], dt.datetime(2015, 6, 1, tzinfo=dt.UTC)):
        for on in DAYS:
            at = Moment(on, TODAY, known)
            assert by_change(world, at) == counted(world, at), at


def test_a_past_day_has_its_own_people_and_numbers(world: World, bodies: dict[str, Any]) -> None:
    line = bodies["first"].line
    figures = {on: by_change(world, Moment(on, TODAY))[line] for on in (ago(201), ago(150), ago(60), ago(40), TODAY)}
    assert figures == {ago(201): (6, 3), ago(150): (6, 4), ago(60): (6, 3), ago(40): (8, 3), TODAY: (8, 2)}


def test_what_was_not_yet_recorded_is_not_known(world: World, bodies: dict[str, Any]) -> None:
    at = Moment(TODAY, TODAY, bodies["before"])
    assert by_change(world, at)[bodies["first"].line] == (6, 3)
    with world.database.transaction(world.office("establishment")) as session:
        known = {p.person_id for p in units.roster(session, bodies["first"].id, at, kind="establishment")}
        now = {p.person_id for p in units.roster(session, bodies["first"].id, TODAY, kind="establishment")}
    assert known - now == {bodies["first"].people[1]}


def test_the_sums_of_regions_are_those_of_their_units_and_those_of_their_lines(
    world: World, bodies: dict[str, Any]
) -> None:
    for on in DAYS:
        at = Moment(on, TODAY)
        with world.database.transaction(world.office("establishment")) as session:
            regions = places.regions(session, at)
            for r in regions:
                below = places.bodies(session, at, region=r.code, limit=200)
                for key in ("authorised", "occupied", "vacant", "surplus"):
                    assert sum(getattr(u, key) or 0 for u in below) == (getattr(r, key) or 0), (on, r.code, key)
                for unit in below:
                    lines = [x.figures for x in units.lines_of(session, unit.id, "establishment", at)]
                    assert sum(f.occupied for f in lines) == (unit.occupied or 0)
            kinds = places.whole(session, at)[1]
            assert sum(r.occupied for r in kinds) == sum(r.occupied for r in regions)


def test_a_day_ahead_counts_what_is_approved_and_nothing_else(world: World, bodies: dict[str, Any]) -> None:
    second, on = bodies["second"], ago(-20)
    facts = {"person": second.people[0], "end": ago(-10).isoformat(), "reason": "32"}
    case = world.submit(world.clerk(second), second, "leave", facts, effective_on=ago(-10))

    def figures(day: dt.date) -> Figures:
        with world.database.transaction(world.clerk(second)) as session:
            (line,) = units.lines_of(session, second.id, "establishment", Moment(day, TODAY))
            assert bool(days.expected(session, Moment(day, TODAY), second.id)) == (line.figures.occupied == 1)
            return line.figures

    assert figures(on).occupied == 2
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"
    assert (figures(ago(-9)).occupied, figures(ago(-11)).occupied, figures(TODAY).occupied) == (2, 1, 2)
    assert by_change(world, Moment(on, TODAY))[second.line] == (4, 1)


def test_numbers_that_are_to_move_count_on_the_other_line_from_their_day_on(world: World) -> None:
    gives = world.body("划出局", region="440605", quotas={"22": 6}, kind="institution")
    takes = world.body("划入局", region="440605", quotas={"22": 4}, kind="institution")
    case = steps.act(
        world, "quota_move", gives, ago(-12), "440605", from_line=gives.line, line=takes.line, number=2
    )  # fmt: skip
    assert world.state(case) == "awaiting"
    steps.act(world, "quota", takes, ago(-30), "440605", line=takes.line, authorised=9)
    numbers = {
        n: [by_change(world, Moment(ago(-n), TODAY))[x.line][0] for x in (gives, takes)] for n in (0, 11, 12, 29, 30)
    }
    assert numbers == {0: [6, 4], 11: [6, 4], 12: [4, 6], 29: [4, 6], 30: [4, 9]}


def test_a_unit_bears_the_name_of_the_day(world: World, bodies: dict[str, Any]) -> None:
    body: Body = bodies["second"]
    steps.by_office(world, "unit_change", {"unit": body.id, "name": "来日新局", "short_name": "来日新局",
                    "start": ago(5).isoformat(), "document_no": "佛编〔2026〕77号"}, about=body, day=ago(5))  # fmt: skip
    with world.database.transaction(world.office("establishment")) as session:
        names = {on: history.unit_on(session, body.id, Moment(on, TODAY)).name for on in (ago(6), ago(5))}
        below = [u.name for u in places.bodies(session, Moment(ago(6), TODAY), region="440600")]
    assert names == {ago(6): "来日局", ago(5): "来日新局"}
    assert "来日局" in below
    assert "来日新局" not in below


def test_nonsense_is_refused_and_each_page_says_which_day_it_shows(
    world: World, bodies: dict[str, Any], client: Any
) -> None:
    body: Body = bodies["first"]
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("shenbao", "unit_clerk", unit=body.id)
    office: Client = client("bianban")
    for page in ("/ledger", "/ledger/440600", f"/ledger/unit/{body.id}", f"/unit/{body.id}", f"/unit/{body.id}/export"):
        for bad in ("on=2026-02-30", "on=gestern", "on=20260101", "on=1900-01-01", f"known={ago(-1)}", "known=x"):
            assert office.get(f"{page}?{bad}").status_code == 400, (page, bad)
        answer = office.get(f"{page}?on={ago(150)}&known={ago(120)}")
        assert answer.status_code == 200
        if not page.endswith("export"):
            said = answer.get_data(as_text=True)
            assert str(ago(150)) in said
            assert str(ago(120)) in said
            assert f'href="{page}">显示今天' in said
    disclosed = client("shenbao").get(f"/disclosure?on={ago(150)}").get_data(as_text=True)
    assert str(ago(150)) in disclosed
    assert "新来甲" in disclosed
    assert office.get(f"/unit/{body.id}?on={ago(150)}").get_data(as_text=True).count("新来甲") >= 1
    assert "新来甲" not in office.get(f"/unit/{body.id}?on={ago(201)}").get_data(as_text=True)


def test_lists_show_who_and_what_there_was_on_the_day(world: World, bodies: dict[str, Any], client: Any) -> None:
    world.account("liebiao", "office_member", office=("establishment", "440600"))
    office: Client = client("liebiao")
    on = f"on={ago(150)}"
    for name in ("units", "people", "posts"):
        page = office.get(f"/list/{name}?{on}")
        assert page.status_code == 200, name
        assert str(ago(150)) in page.get_data(as_text=True)
        assert office.get(f"/list/{name}/export?{on}").status_code == 200
        assert office.get(f"/list/{name}?on=x").status_code == 400
    assert office.get(f"/list/cases?{on}").status_code == 400
    assert "新来甲" in office.get(f"/list/people?{on}&q=新来").get_data(as_text=True)
    assert "/person/" not in office.get(f"/list/people?on={ago(201)}&q=新来").get_data(as_text=True)
    assert "来日新局" not in office.get(f"/list/units?{on}").get_data(as_text=True)
    assert office.get(f"/list/people?{on}&known={ago(1)}&sort=-unit&state=serving").status_code == 200


def test_a_card_shows_the_seat_of_the_day(world: World, bodies: dict[str, Any], client: Any) -> None:
    world.account("kapian", "office_member", office=("establishment", "440600"))
    office: Client = client("kapian")
    moved = bodies["first"].people[1]
    card = office.get(f"/person/{moved}?on={ago(150)}").get_data(as_text=True)
    assert "往日局" in card
    assert office.get(f"/person/{moved}?on=x").status_code == 400
    before = office.get(f"/person/{bodies['came']}?on={ago(201)}").get_data(as_text=True)
    assert "不占编制" in before
    assert "不占编制" not in office.get(f"/person/{bodies['came']}").get_data(as_text=True)
