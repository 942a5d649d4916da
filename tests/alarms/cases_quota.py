"""The cases of the rules on numbers with an end."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.domain.workdays import city_today
from tests.alarms.cases import case
from tests.ledger.steps import act
from tests.world import Body, World


def say(world: World, statement: str, **values: Any) -> None:
    with world.superuser.begin() as c:
        c.execute(text(statement), values)


def ahead(days: int) -> str:
    return (city_today() + dt.timedelta(days=days)).isoformat()


def temporary(world: World, name: str, purpose: str, days: int) -> Body:
    body = world.body(name, quotas={"11": 2}, people={"11": 2})
    act(world, "quota_part", body, line=body.line, purpose=purpose, number=1, how="added", last_on=ahead(days))
    return body


@case("AL24")
def loan_ends(world: World) -> Iterator[int]:
    act(world, "quota_pool", None, region="440600", category="11", pool_kind="rotating", number=50)
    body = temporary(world, "周转到期局", "rotating", 31)
    yield 0
    say(world, "UPDATE quota_part SET last_on = :d WHERE line_id = :l", l=body.line, d=ahead(30))
    yield 1
    part = world.value("SELECT id FROM quota_part WHERE line_id = :l AND recorded_to IS NULL", l=body.line)
    act(world, "quota_part_end", body, part=part)
    yield 0


def ended(world: World, name: str, purpose: str) -> Iterator[int]:
    """Over on the day itself: not yet; a day later with somebody above the number: a hit; with none above: mended."""
    body = temporary(world, name, purpose, 5)
    say(world, "UPDATE ledger_total SET occupied = authorised + 1 WHERE line_id = :l", l=body.line)
    say(world, "UPDATE quota_part SET last_on = :d WHERE line_id = :l", l=body.line, d=city_today())
    yield 0
    say(world, "UPDATE quota_part SET last_on = :d WHERE line_id = :l", l=body.line, d=ahead(-1))
    yield 1
    say(world, "UPDATE quota_part SET ended_on = :d WHERE line_id = :l", l=body.line, d=city_today())
    say(world, "UPDATE ledger_total SET occupied = authorised WHERE line_id = :l", l=body.line)
    yield 0


@case("AL25")
def transition_over(world: World) -> Iterator[int]:
    yield from ended(world, "过渡期局", "transition")


@case("AL31")
def temporary_over(world: World) -> Iterator[int]:
    yield from ended(world, "军转到期局", "military")


@case("AL32")
def plan_late(world: World) -> Iterator[int]:
    body = world.body("消化迟局", quotas={"11": 1}, people={"11": 3})
    last_year = city_today().year - 1
    act(world, "absorb", body, dt.date(last_year, 6, 1), line=body.line, until_on=ahead(9), targets=f"{last_year}:2")
    yield 0
    say(
        world, "UPDATE absorption_plan SET targets = :t WHERE line_id = :l", l=body.line, t=f"{city_today().year - 1}:1"
    )
    yield 1
    say(world, "UPDATE ledger_total SET occupied = 2 WHERE line_id = :l", l=body.line)
    yield 0


@case("AL33")
def total_overrun(world: World) -> Iterator[int]:
    body = world.body("超量局", quotas={"31": 3})
    act(world, "quota_pool", None, region="440600", category="31", pool_kind="total", number=3)
    yield 0
    say(world, "UPDATE ledger_total SET authorised = 4 WHERE line_id = :l", l=body.line)
    yield 1
    say(world, "UPDATE ledger_total SET authorised = 3 WHERE line_id = :l", l=body.line)
    yield 0
