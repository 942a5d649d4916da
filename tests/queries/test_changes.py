"""What else changed between two days: organs, departments, leadership numbers and positions, ranks; on the page and given out."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from app.queries import changes, difference
from app.queries.difference import Between
from tests.ledger.steps import TODAY, ago, lead, scheme, stop_leading
from tests.queries.test_places import act
from tests.security.conftest import Client, app, client
from tests.world import World

__all__ = ["app", "client"]  # the fixtures are shared

HERE, THERE = "440604", "440605"
WHOLE = Between(ago(60), TODAY, "4406", "4407")


@pytest.fixture(scope="module")
def made(world: World) -> dict[str, Any]:
    """Bodies to which one thing each happened within sixty days, and one to which nothing did."""
    made: dict[str, Any] = {
        "led": world.body("领导局", quotas={"11": 5}, people={"11": 3}, leaders={"principal:0131": 1, "deputy:0132": 2},
                          departments=("甲科", "乙科")),
        "graded": world.body("升格局"),
        "above": world.body("主管局"),
        "under": world.body("划入中心"),
        "gone": world.body("并入局", quotas={"11": 2}, people={"11": 1}),
        "heir": world.body("承接局"),
        "away": world.body("划出局", region=HERE, quotas={"11": 4}, people={"11": 2}, departments=("同去科",)),
        "calm": world.body("不变局"),
    }  # fmt: skip
    led = made["led"]
    lead(world, led, led.lines["deputy:0132"], led.people[0], ago(90))
    lead(world, led, led.lines["principal:0131"], led.people[1], ago(90))
    stop_leading(world, led, led.lines["deputy:0132"], led.people[0], ago(40))
    lead(world, led, led.lines["deputy:0132"], led.people[2], ago(30))
    act(world, "quota", led, 20, line=led.lines["deputy:0132"], authorised=3, document_no="佛编〔2026〕61号")
    scheme(world, led)
    act(world, "department_change", led, 20, unit=led.departments["甲科"], name="甲一科")
    act(world, "department_merge", led, 15, unit=led.departments["乙科"], into=led.departments["甲科"])
    act(world, "unit_upgrade", made["graded"], 20, unit=made["graded"].id, grade="107")
    act(world, "unit_transfer", made["under"], 20, unit=made["under"].id, parent=made["above"].id)
    act(world, "unit_merge", made["gone"], 20, unit=made["gone"].id, into=made["heir"].id, seats="along", document_no="佛编〔2026〕62号")  # fmt: skip
    act(world, "unit_transfer", made["away"], 20, unit=made["away"].id, region=THERE)
    world.body("新设局", start=ago(10))
    act(world, "signboard", made["calm"], 20, unit=made["calm"].id, signboard_kind="plate", board_name="不变办", counts="yes",
        document_no="佛编〔2026〕63号")  # fmt: skip
    return made


def organs(world: World, between: Between = WHOLE, reader: str = "440600") -> dict[str, Any]:
    """What changed, by the name that a unit has after."""
    with world.database.transaction(world.office("establishment", reader)) as session:
        return {r.name_2 or r.name_1: r for r in changes.organs(session, between)}


def test_each_organ_says_what_became_of_it_and_the_others_are_absent(world: World, made: dict[str, Any]) -> None:
    found = organs(world)
    assert set(found) == {"甲一科", "乙科", "升格局", "划入中心", "并入局", "划出局", "新设局"}
    assert (found["甲一科"].name_1, found["甲一科"].legal) == ("甲科", "领导局")
    assert found["乙科"].into == "甲一科"
    assert found["升格局"].grade_2 == "107"
    assert (found["划入中心"].parent_1, found["划入中心"].parent_2) == (None, "主管局")
    assert (found["并入局"].name_2, found["并入局"].into) == (None, "承接局")
    assert (found["划出局"].region_code_1, found["划出局"].region_code_2) == (HERE, THERE)
    assert found["新设局"].name_1 is None


def test_signboards_are_told_where_they_began_or_ended(world: World, made: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        (board,) = changes.boards(session, WHOLE)
        assert changes.boards(session, Between(ago(60), ago(30), "4406", "4407")) == []
        assert len(changes.boards(session, Between(ago(60), TODAY, "", "", made["calm"].id))) == 1
    assert (board.shown, board.unit, board.begun, board.on_day) == ("不变办", "不变局", True, ago(20))


def test_a_body_that_went_to_another_division_is_seen_from_both(world: World, made: dict[str, Any]) -> None:
    here, there = organs(world, reader=HERE), organs(world, reader=THERE)
    assert "同去科" not in {*here, *there}
    gone, come = here["划出局"], there["划出局"]
    assert (gone.name_1, gone.name_2, gone.closed_on) == ("划出局", None, None)
    assert (come.name_1, come.name_2) == (None, "划出局")
    assert come.opened_on <= WHOLE.since
    for reader, expected in ((HERE, (4, 0)), (THERE, (0, 4))):
        with world.database.transaction(world.office("establishment", reader)) as session:
            (row,) = (r for r in difference.lines(session, WHOLE, "unit") if r.name == "划出局")
            assert (row.authorised_1, row.authorised_2) == expected
    with world.database.transaction(world.office("establishment")) as session:
        rows = {r.key: (r.authorised_1, r.authorised_2) for r in difference.lines(session, WHOLE, "region")}
    assert (rows[HERE], rows[THERE]) == ((4, 0), (0, 4))


def test_leadership_numbers_and_positions_before_and_after(world: World, made: dict[str, Any]) -> None:
    led = made["led"]
    with world.database.transaction(world.office("establishment")) as session:
        (number,) = changes.leadership(session, WHOLE)
        taken = {(r.person_id, r.taken) for r in changes.positions(session, WHOLE)}
        inside = changes.positions(session, Between(ago(60), TODAY, "", "", led.id))
        (none,) = [changes.leadership(session, Between(ago(60), ago(25), "4406", "4407"))]
    assert (number.line_id, number.authorised_1, number.authorised_2) == (led.lines["deputy:0132"], 2, 3)
    assert (number.held_1, number.held_2) == (1, 1)
    assert taken == {(led.people[0], False), (led.people[2], True)}
    assert len(inside) == 2
    assert none == []


def test_numbers_of_ranks_are_compared_group_by_group(world: World, made: dict[str, Any]) -> None:
    wide = Between(dt.date(2019, 12, 1), TODAY, "4406", "4407")
    with world.database.transaction(world.office("establishment")) as session:
        groups = changes.ranks(session, wide)
        assert changes.ranks(session, WHOLE) == []
    assert groups
    assert all(g.before is None and g.after is not None and g.unit == "领导局" for g in groups)


def test_departments_of_a_body_are_compared_by_people_and_name(world: World, made: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        found = {d.name: d for d in changes.departments(session, Between(ago(60), TODAY, "", "", made["led"].id))}
        assert changes.departments(session, WHOLE) == []
    assert found["甲一科"].before == "甲科"
    assert found["乙科"].people == (0, None)


def test_the_page_tells_each_and_gives_each_out_in_both_forms(
    world: World, made: dict[str, Any], client: Callable[[str], Client]
) -> None:
    world.account("cha", "office_member", office=("establishment", "440600"))
    office, span = client("cha"), f"from={ago(60)}&to={TODAY}"
    said = office.get(f"/difference?{span}").get_data(as_text=True)
    for text in ("升格局", "主管局", "承接局", "领导局", 'id="positions"', 'id="leadership"', 'id="organs"'):
        assert text in said, text
    assert 'id="departments"' in office.get(f"/difference?{span}&unit={made['led'].id}").get_data(as_text=True)
    for part in ("people", "organs", "boards", "leadership", "positions", "ranks", "departments"):
        for form in ("xlsx", "csv"):
            answer = office.get(f"/difference/export?{span}&part={part}&form={form}")
            assert answer.status_code == 200, (part, form)
            if form == "csv" and part == "organs":
                assert "升格局" in answer.get_data().decode("utf-8-sig")
    assert office.get(f"/difference/export?{span}&part=x").status_code == 400
    assert office.get(f"/difference/export?{span}&form=pdf").status_code == 400
