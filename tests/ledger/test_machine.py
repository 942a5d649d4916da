"""The ledger against a plain model in memory: the same refusals, the same figures, on every day as known at any moment.

The suite runs the same examples each time; BIANZHI_LONG=1 runs many more, other ones in each run.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger.machine_numbers import Numbers
from tests.ledger.machine_people import People
from tests.ledger.steps import findings
from tests.world import World

LONG = bool(os.environ.get("BIANZHI_LONG"))


class City(People, Numbers):
    """People and numbers together."""


@pytest.mark.timeout(7200 if LONG else 400)
def test_the_ledger_agrees_with_a_plain_model(world: World) -> None:
    City.world = world
    run_state_machine_as_test(
        City,
        settings=settings(
            max_examples=200 if LONG else 25, stateful_step_count=40 if LONG else 30, deadline=None,
            derandomize=not LONG, database=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert findings(world) == []
