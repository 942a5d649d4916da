"""The engine: every rule has a query that reads, twice the same, by two at once, and never silent about missing data."""

import datetime as dt

import pytest
from sqlalchemy import text

from app.alarms import engine
from app.alarms.registry import rules
from app.domain.retirement import Track, statutory
from app.domain.workdays import city_today
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
