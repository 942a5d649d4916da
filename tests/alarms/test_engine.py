"""The engine: every rule has a query that reads, twice the same, by two at once, and never silent about missing data."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.alarms import engine
from app.alarms.registry import rules
from app.domain.retirement import Track, statutory
from app.domain.workdays import city_today
from tests.alarms.cases_people import born, leave, say
from tests.world import World


def test_every_rule_runs_over_all_units_and_over_the_touched_ones(world: World) -> None:
    body = world.body("报警丙局", people={"11": 2})
    for units in (None, [body.id]):
        outcome = engine.sweep(world.owner_url, "full" if units is None else "touched", city_today(), units)
        assert outcome.failed == {}
        assert set(outcome.counts) | set(outcome.not_run) == {
            r.code for r in rules().values() if r.select and (units is None or r.units)
        }


@pytest.mark.parametrize(("sex", "worker", "senior", "track"), [
    ("1", False, False, Track.MAN), ("2", False, False, Track.WOMAN_CADRE), ("2", True, False, Track.WOMAN_WORKER),
    ("2", False, True, Track.MAN),
])  # fmt: skip
def test_the_kernels_day_of_retirement_is_the_laws_for_every_month_of_birth(
    world: World, sex: str, worker: bool, senior: bool, track: Track
) -> None:
    born = [dt.date(y, m, 31 if m in (1, 3, 5, 7, 8, 10, 12) else 28) for y in range(1955, 2001) for m in range(1, 13)]
    with world.owner.connect() as c:
        found = c.execute(
            text("SELECT k_retires_on(:s, d, :w, :n) FROM unnest(cast(:b AS date[])) d"),
            {"s": sex, "w": worker, "n": senior, "b": born},
        ).scalars()
        assert list(found) == [statutory(b, track).on for b in born]


def test_what_a_movement_touched_is_looked_at_and_only_that(world: World) -> None:
    body, other = world.body("触及甲局", people={"11": 1}), world.body("触及乙局", people={"11": 1})
    engine.touched(world.owner_url, city_today())  # what was opened before
    assert engine.touched(world.owner_url, city_today()) is None
    for made in (body, other):
        born(world, made.people[0], city_today() - dt.timedelta(days=60), later=False)
    case = world.recruit(body)
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, city_today())
    outcome = engine.touched(world.owner_url, city_today())
    assert outcome is not None
    assert outcome.units == 1
    assert outcome.counts["AL12"] == (1, 1, 0)
    assert say(world, "SELECT count(*) FROM alarm WHERE rule = 'AL12' AND unit_id = :u", u=other.id) == 0
    kept = say(world, "SELECT string_agg(rule, ',') FROM alarm_run WHERE sweep_id = :i", i=outcome.id)
    assert kept == "AL12"  # of the small runs only what changed something stays on record
    for made in (body, other):
        leave(world, made.people[0])
    engine.sweep(world.owner_url, "full", city_today())


@pytest.mark.race
def test_two_runs_at_once_raise_one_alarm_for_one_subject(world: World) -> None:
    body = world.body("并行局", quotas={"11": 12}, people={"11": 12})
    for person in body.people:
        born(world, person, city_today() - dt.timedelta(days=60), later=False)
    with ThreadPoolExecutor(3) as pool:
        kinds = ("full", "night", "touched")
        runs = list(
            pool.map(
                lambda k: engine.sweep(world.owner_url, k, city_today(), [body.id] if k == "touched" else None), kinds
            )
        )
    assert [r.failed for r in runs] == [{}, {}, {}]
    assert sum(r.counts["AL12"][1] for r in runs) == 12
    assert say(world, "SELECT count(*) FROM alarm WHERE rule = 'AL12' AND unit_id = :u", u=body.id) == 12
    assert (
        say(world, "SELECT count(*) FROM notice n JOIN alarm a ON a.id = n.alarm_id WHERE a.unit_id = :u", u=body.id)
        == 24
    )


def test_a_rule_that_fails_is_on_record_and_keeps_no_other_from_running(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(rules()["AL15"], select="SELECT 1 / 0 AS subject")
    monkeypatch.setattr(engine, "rules", lambda: rules() | {"AL15": broken})
    outcome = engine.sweep(world.owner_url, "full", city_today())
    assert list(outcome.failed) == ["AL15"]
    assert "AL42" in outcome.counts
    assert say(world, "SELECT state || error FROM alarm_sweep WHERE id = :i", i=outcome.id) == "failedAL15"
    assert say(world, "SELECT state FROM alarm_run WHERE sweep_id = :i AND rule = 'AL15'", i=outcome.id) == "failed"


def test_the_form_of_a_rule_for_touched_units_finds_what_that_of_the_whole_city_does(world: World) -> None:
    """AL06 has two forms of its query: both raise the same alarms, and neither clears what the other has found."""
    one = world.body("同人甲局", people={"11": 2})
    other = world.body("同人乙局", region="440605", people={"11": 1})
    same = "UPDATE person SET name = '同一人', sex = '1', birth_on = '1981-04-05', work_started_on = '2004-07-01' WHERE id = :p"
    for person in (one.people[0], other.people[0]):
        say(world, same, p=person)
    say(world, "UPDATE person SET id_verified = false WHERE id = :p", p=one.people[1])
    units = [one.id, other.id]
    near = engine.sweep(world.owner_url, "touched", city_today(), units)
    assert near.counts["AL06"] == (3, 3, 0)
    assert near.failed == {}
    assert engine.sweep(world.owner_url, "full", city_today()).counts["AL06"][1:] == (0, 0)
    say(world, "UPDATE person SET birth_on = birth_on + 1, id_verified = true WHERE id = ANY (:p)", p=one.people)
    assert engine.sweep(world.owner_url, "touched", city_today(), units).counts["AL06"] == (0, 0, 3)
