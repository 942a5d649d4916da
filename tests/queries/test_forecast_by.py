"""Looking ahead for some of the people, their ages, and entries planned against what falls vacant."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.queries import forecast, forecast_by
from app.queries.forecast_by import GROUPS, Some
from tests.ledger.steps import TODAY
from tests.queries.test_forecast import CITY, SEATED, bodies
from tests.security.conftest import Client, app, client
from tests.world import World

__all__ = ["app", "bodies", "client"]  # the fixtures are shared

NEXT = TODAY.year + 1


def senior(r: Any) -> bool:
    return (r.level or "")[:4] in ("0121", "0122", "0131", "0132")


def fits(r: Any, some: Some) -> bool:
    """Whether somebody is one of those asked for, by the rule of the filter."""
    of_class = "worker" if r.category in ("13", "23") else "senior" if senior(r) else "cadre"
    return (
        (not some.group or r.category in GROUPS[some.group])
        and (not some.sex or r.sex == some.sex)
        and (not some.cadre or of_class == some.cadre)
    )


SOME = [Some(), Some("administrative"), Some("institution"), Some("workers"), Some("reference"), Some(sex="2"), Some(cadre="senior"),
        Some(cadre="worker"), Some("administrative", "1", "cadre")]  # fmt: skip


@pytest.mark.parametrize("some", SOME, ids=str)
def test_the_figures_are_those_of_the_people_asked_for(world: World, bodies: dict[str, Any], some: Some) -> None:
    with world.superuser.connect() as connection:
        people = {r.id: r for r in connection.execute(SEATED) if fits(r, some)}
        due = connection.execute(text("SELECT * FROM due_retirement")).all()
    until = forecast.end_of(TODAY)
    ours = [d for d in due if d.person_id in people]
    with world.database.transaction(world.office("establishment")) as session:
        found = forecast_by.forecast(session, CITY, TODAY, some)
        rows = forecast_by.people(session, CITY, dt.date(1949, 10, 1), until, some, None, 500)
        civil = forecast_by.people(session, CITY, dt.date(1949, 10, 1), until, some, None, 500, "11")
        bands, years = forecast_by.shape(session, CITY, some)
    within = [d.retires_on.replace(day=1) for d in ours if TODAY <= d.retires_on < until]
    assert found.months == Counter(within)
    assert found.overdue == sum(d.retires_on < TODAY for d in ours)
    assert sum(found.early.values()) == sum(TODAY <= d.earliest_on < until for d in ours)
    assert sum(found.late.values()) == sum(TODAY <= d.latest_on < until for d in ours)
    assert {r.person_id for r in rows} == {d.person_id for d in ours if d.retires_on < until}
    assert civil == [r for r in rows if r.category == "11"]
    assert sum(b.number for b in bands) == len(ours)
    assert sum(b.women for b in bands) == sum(people[d.person_id].sex == "2" for d in ours)
    assert years >= sum(b.start * b.number for b in bands)


def test_without_a_filter_both_ways_of_reckoning_agree(world: World, bodies: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        plain, some = forecast.forecast(session, CITY, TODAY), forecast_by.forecast(session, CITY, TODAY, Some())
    assert plain.months == some.months
    assert {k: line.leaving for k, (_u, line) in plain.lines.items()} == {k: line.leaving for k, (_u, line) in some.lines.items()}  # fmt: skip


def test_a_kept_plan_is_kept_with_person_and_day_and_the_newest_counts(world: World, bodies: dict[str, Any]) -> None:
    body = bodies["first"]
    with world.database.transaction(world.office("establishment")) as session:
        unit = session.execute(text("SELECT * FROM unit WHERE id = :u"), {"u": body.id}).one()
        me = int(session.execute(text("SELECT scope_number(1)")).scalar_one())
        assert forecast_by.keep_plan(session, unit, {("11", NEXT): 2, ("11", NEXT + 1): 1, ("13", NEXT): None}, me) == 2
        assert forecast_by.keep_plan(session, unit, {("11", NEXT): 2, ("11", NEXT + 1): None}, me) == 1
        plans = forecast_by.planned(session, CITY, NEXT)
        assert {k: v.number for k, v in plans.items()} == {(body.id, "11", NEXT): 2}
        plan = plans[body.id, "11", NEXT]
        assert (plan.entries, bool(plan.who), plan.at is not None) == (2, True, True)
        found = forecast.forecast(session, CITY, TODAY)
        rows, bare = forecast_by.against(found, plans, NEXT)["11"], forecast_by.against(found, {}, NEXT)["11"]
    assert [r.entries for r in rows] == [2, 0, 0, 0, 0]
    assert [r.leaving for r in rows] == [r.leaving for r in bare]
    assert all(x.vacant - x.surplus == y.vacant - y.surplus - 2 for x, y in zip(rows, bare, strict=True))
    assert world.value("SELECT count(*) FROM entry_plan WHERE unit_id = :u", u=body.id) == 3


def test_only_the_unit_and_its_office_plan_and_nothing_kept_is_changed(world: World, bodies: dict[str, Any]) -> None:
    first, school = bodies["first"], bodies["school"]
    insert = text("INSERT INTO entry_plan (unit_id, category, year, number, set_by, scope_path) SELECT id, '11', :y, 1,"
                  " coalesce(cast(:w AS int), scope_number(1)::int), scope_path FROM unit WHERE id = :u")  # fmt: skip
    with world.database.transaction(world.clerk(first)) as session:
        session.execute(insert, {"u": first.id, "y": NEXT + 3, "w": None})
    for who, unit, other in (
        (world.clerk(school), first.id, None),
        (world.office("organisation"), first.id, None),
        (world.office("establishment", "440604"), first.id, None),
        (world.clerk(first), first.id, 1),
    ):
        refused = pytest.raises(Exception, match=r"row-level security|no row")
        with refused, world.database.transaction(who) as session:
            made = session.execute(insert, {"u": unit, "y": NEXT + 4, "w": other})
            assert made.rowcount, "no row"  # type: ignore[attr-defined]
    for verb in ("UPDATE entry_plan SET number = 9", "DELETE FROM entry_plan"):
        with pytest.raises(Exception, match="permission denied"), world.database.transaction(world.clerk(first)) as session:  # fmt: skip
            session.execute(text(verb))


def test_the_pages_filter_plan_and_refuse_nonsense_with_what_was_typed(
    world: World, bodies: dict[str, Any], client: Callable[[str], Client]
) -> None:
    body = bodies["first"]
    world.account("jihua", "office_member", office=("establishment", "440600"))
    world.account("danwei", "unit_clerk", unit=bodies["school"].id)
    office = client("jihua")
    for query in ("group=administrative", "sex=2&cadre=cadre", f"unit={body.id}&group=workers", "region=440604&sex=1"):
        for page in ("", "/people", "/export", "/shape"):
            assert office.get(f"/forecast{page}?{query}").status_code == 200, (page, query)
    for bad in ("group=x", "sex=3", "cadre=y"):
        assert office.get(f"/forecast?{bad}").status_code == 400
    assert 'id="plan"' not in office.get("/forecast?sex=2").get_data(as_text=True)
    assert "Keep" not in office.get("/forecast").get_data(as_text=True)
    office.get(f"/forecast?unit={body.id}")
    wrong = office.post(f"/forecast/plan?unit={body.id}", {f"n-11-{NEXT}": "7", f"n-11-{NEXT + 1}": "x7"})
    assert wrong.status_code == 422
    assert 'value="x7"' in wrong.get_data(as_text=True)
    assert 'value="7"' in wrong.get_data(as_text=True)
    before = world.value("SELECT count(*) FROM entry_plan")
    assert office.post(f"/forecast/plan?unit={body.id}", {f"n-11-{NEXT}": "7"}).status_code == 302
    assert world.value("SELECT count(*) FROM entry_plan") == before + 1
    for year in (str(NEXT - 1), "9" * 5000):
        assert office.post(f"/forecast/plan?unit={body.id}", {f"n-11-{year}": "7"}).status_code == 400
    other = client("danwei")
    other.get("/forecast")
    assert other.post(f"/forecast/plan?unit={body.id}", {f"n-11-{NEXT}": "1"}).status_code == 404
