"""Each rule with a query: a near miss is none, a hit is found, its mending clears it; a rule without these cases fails."""

import datetime as dt
import importlib
import pkgutil

import pytest
from sqlalchemy import text

import tests.alarms
from app.alarms import engine
from app.alarms.registry import rules
from app.alarms.rule import Rule
from app.domain.workdays import city_today
from tests.alarms.cases import CASES
from tests.alarms.cases_people import say
from tests.world import World

for module in pkgutil.iter_modules(tests.alarms.__path__):
    if module.name.startswith("cases_"):
        importlib.import_module(f"tests.alarms.{module.name}")

QUERIES = [r for r in rules().values() if r.select]


def feed(world: World, rule: Rule) -> None:
    """Fresh data of each source that the rule rests on, in every region that keeps its own."""
    for source in rule.sources:
        say(
            world,
            "INSERT INTO source_feed (name, region_code, period, rows, state) SELECT :n, code, :t, 1, 'loaded' FROM region"
            " WHERE kind <> 'town'",
            n=source.name, t=city_today(),
        )  # fmt: skip


@pytest.mark.parametrize("rule", [r for r in QUERIES if r.sources], ids=lambda r: r.code)
def test_a_rule_without_its_data_is_not_run_and_says_what_lacks(world: World, rule: Rule) -> None:
    world.body(f"缺数据{rule.code}局", region="440604")
    say(world, "DELETE FROM source_feed")
    with world.owner.begin() as c:
        counts, lacks = engine.walk_rule(c, rule, None, city_today())
    assert counts is None  # never "nothing found"
    assert {x.source for x in lacks} == {s.name for s in rule.sources}
    feed(world, rule)
    aged = rule.sources[-1]
    old = city_today() - dt.timedelta(days=aged.max_age)
    say(world, "UPDATE source_feed SET period = :d WHERE name = :n", d=old, n=aged.name)
    with world.owner.begin() as c:
        assert engine.walk_rule(c, rule, None, city_today())[1] == []  # its last day
    where = "name = :n" if aged.citywide else "name = :n AND region_code = '440604'"
    say(world, f"UPDATE source_feed SET period = period - 1 WHERE {where}", n=aged.name)
    with world.owner.begin() as c:
        counts, lacks = engine.walk_rule(c, rule, None, city_today())
    assert (counts is None) == aged.citywide
    assert ("440604", old - dt.timedelta(days=1)) in [(x.region, x.last) for x in lacks]
    say(world, "DELETE FROM source_feed")


def test_no_rule_is_without_its_cases_and_no_case_without_a_rule() -> None:
    assert sorted(CASES) == [r.code for r in QUERIES]


@pytest.mark.parametrize("rule", QUERIES, ids=lambda r: r.code)
def test_a_near_miss_is_none_a_hit_is_found_its_mending_clears_it(world: World, rule: Rule) -> None:
    stood = []

    def run() -> tuple[int, int, int]:
        with world.owner.begin() as c:
            counts, _lacks = engine.walk_rule(c, rule, None, city_today())
            assert counts is not None
            return counts

    feed(world, rule)
    run()
    with world.owner.connect() as c:
        before = c.execute(
            text("SELECT count(*) FROM alarm WHERE rule = :r AND state = 'open'"), {"r": rule.code}
        ).scalar_one()
    for expected in CASES[rule.code](world):
        run()
        assert run()[1:] == (0, 0)  # a second run changes nothing
        with world.owner.connect() as c:
            rows = c.execute(
                text("SELECT facts FROM alarm WHERE rule = :r AND state = 'open' ORDER BY id DESC"), {"r": rule.code}
            ).scalars().all()  # fmt: skip
        assert len(rows) - before == expected, (rule.code, stood, rows)
        for facts in rows[:expected]:
            assert str(rule.says) % facts  # the sentence finds its facts
        stood.append(expected)
    assert (stood[0], stood[-1], max(stood) > 0) == (0, 0, True)
