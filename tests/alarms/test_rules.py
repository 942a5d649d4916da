"""Each rule with a query: a near miss is none, a hit is found, its mending clears it; a rule without these cases fails."""

import importlib
import pkgutil

import pytest
from sqlalchemy import text

import tests.alarms
from app.alarms import engine
from app.alarms.registry import rules
from app.domain.workdays import city_today
from tests.alarms.cases import CASES
from tests.world import World

for module in pkgutil.iter_modules(tests.alarms.__path__):
    if module.name.startswith("cases_"):
        importlib.import_module(f"tests.alarms.{module.name}")

QUERIES = [r for r in rules().values() if r.select]


def test_no_rule_is_without_its_cases_and_no_case_without_a_rule() -> None:
    assert sorted(CASES) == [r.code for r in QUERIES]


@pytest.mark.parametrize("rule", QUERIES, ids=lambda r: r.code)
def test_a_near_miss_is_none_a_hit_is_found_its_mending_clears_it(world: World, rule: engine.Rule) -> None:
    stood = []

    def run() -> tuple[int, int, int]:
        with world.owner.begin() as c:
            counts, _lacks = engine.walk_rule(c, rule, None, city_today())
            assert counts is not None
            return counts

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
