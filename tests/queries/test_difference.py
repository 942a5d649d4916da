"""Two days compared: numbers, units and people by seat are what happened in between, whoever asks."""

from typing import Any

import pytest

from app.queries import changes, difference
from app.queries.difference import Between
from tests.ledger import steps
from tests.ledger.steps import TODAY, ago
from tests.security.conftest import Client, app, client
from tests.world import World, person

__all__ = ["app", "client"]  # the fixtures are shared


@pytest.fixture(scope="module")
def made(world: World) -> dict[str, Any]:
    """One came, one left, one moved, one came and left again; a number rose, a unit was renamed."""
    first = world.body("前日局", quotas={"11": 8}, people={"11": 4}, departments=("甲科", "乙科"))
    second = world.body("后日局", quotas={"11": 4}, people={"11": 1})
    came = steps.entered(world, first, ago(90), who=person("来者"))
    gone = steps.entered(world, first, ago(80), who=person("过客"))
    steps.leave(world, first, gone, ago(70))
    steps.leave(world, first, first.people[0], ago(60))
    steps.transfer(world, first, second, first.people[1], ago(50))
    steps.set_quota(world, first, first.line, 9, ago(30))
    return {"first": first, "second": second, "came": came, "gone": gone}


def asked(world: World, between: Between, who: Any = None) -> dict[str, set[int]]:
    with world.database.transaction(who or world.office("establishment")) as session:
        pages = {k: difference.people(session, between, k) for k in difference.KINDS}
    found = {k: {r.person_id for r in rows} for k, (_counts, rows) in pages.items()}
    assert all(counts == {k: len(v) for k, v in found.items()} for counts, _rows in pages.values())
    return found


def test_people_came_went_and_moved_by_seat(world: World, made: dict[str, Any]) -> None:
    first, second = made["first"], made["second"]
    whole = asked(world, Between(ago(100), TODAY, "4406", "4407"))
    assert whole == {"in": {made["came"]}, "out": {first.people[0]}, "moved": {first.people[1]}, "changed": set()}
    inside = asked(world, Between(ago(100), TODAY, first.scope_path, first.scope_path + "/"))
    assert inside["out"] == {first.people[0], first.people[1]}
    assert asked(world, Between(ago(100), TODAY, second.scope_path, second.scope_path + "/"))["in"] == {first.people[1]}
    assert asked(world, Between(ago(75), ago(65), "4406", "4407"))["out"] == {made["gone"]}


def test_each_person_has_both_seats(world: World, made: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        _counts, (row,) = difference.people(session, Between(ago(100), TODAY, "4406", "4407"), "moved")
    assert (row.unit_1, row.unit_2, row.department_1) == ("前日局", "后日局", "甲科")
    assert row.started_2 == ago(50)


def test_numbers_before_and_after(world: World, made: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        rows = {r.name: r for r in difference.lines(session, Between(ago(100), TODAY, "4406", "4407"), "unit")}
        total = difference.lines(session, Between(ago(100), TODAY, "4406", "4407"), "region")
    first = rows["前日局"]
    assert (first.authorised_1, first.occupied_1, first.authorised_2, first.occupied_2) == (8, 4, 9, 3)
    assert (rows["后日局"].occupied_1, rows["后日局"].occupied_2) == (1, 2)
    assert sum(r.occupied_2 for r in total) == 5


def test_units_opened_and_renamed(world: World, made: dict[str, Any]) -> None:
    body = made["second"]
    steps.by_office(world, "unit_change", {"unit": body.id, "name": "后日新局", "short_name": "后日新局",
                    "start": ago(5).isoformat(), "document_no": "佛编〔2026〕78号"}, about=body, day=ago(5))  # fmt: skip
    world.body("新立局", start=ago(20))
    with world.database.transaction(world.office("establishment")) as session:
        rows = {(r.name_1, r.name_2) for r in changes.organs(session, Between(ago(25), TODAY, "4406", "4407"))}
    assert rows == {("后日局", "后日新局"), (None, "新立局")}


def test_another_body_is_absent_and_its_people_too(world: World, made: dict[str, Any]) -> None:
    first, second = made["first"], made["second"]
    between = Between(ago(100), TODAY, "4406", "4407")
    found = asked(world, between, world.clerk(second))
    assert found["in"] | found["moved"] == {first.people[1]}
    assert found["out"] == set()
    with world.database.transaction(world.clerk(second)) as session:
        assert {r.name for r in difference.lines(session, between, "unit")} <= {"后日局", "后日新局"}


def test_the_pages_answer_and_refuse_nonsense(world: World, made: dict[str, Any], client: Any) -> None:
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("shenbao", "unit_clerk", unit=made["second"].id)
    office: Client = client("bianban")
    span = f"from={ago(100)}&to={TODAY}"
    for path in (f"/difference?{span}", f"/difference?{span}&kind=out", f"/difference?{span}&region=440600", "/difference",
                 f"/difference?{span}&unit={made['first'].id}&kind=moved", f"/difference/export?{span}"):  # fmt: skip
        assert office.get(path).status_code == 200, path
    for path in (
        f"from={TODAY}&to={ago(1)}",
        f"to={ago(-1)}",
        "from=x",
        f"{span}&kind=x",
        f"{span}&after=x",
        f"{span}&unit=x",
    ):
        assert office.get(f"/difference?{path}").status_code == 400, path
    said = office.get(f"/difference?{span}&region=440600").get_data(as_text=True)
    assert "来者" in said
    assert client("shenbao").get(f"/difference?{span}&unit={made['first'].id}").status_code == 404
