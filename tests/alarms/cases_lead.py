"""The cases of the rules of leadership, ranks and posts."""

from collections.abc import Iterator

from sqlalchemy import text

from tests.alarms.cases import case
from tests.ledger.steps import ago, lead, scheme, set_quota, stop_leading
from tests.world import World


def register(world: World, column: str, value: str, people: list[int]) -> None:
    """What an old register brought along: no business of the system wrote it."""
    with world.owner.begin() as c:
        c.execute(text(f"UPDATE person SET {column} = :v WHERE id = ANY (:p)"), {"v": value, "p": people})


@case("AL35")
def over_ranked(world: World) -> Iterator[int]:
    body = world.body("高配局", people={"11": 1}, leaders={"deputy:0132": 1})
    who = body.people[0]
    lead(world, body, body.lines["deputy:0132"], who, ago(9))
    register(world, "level", "0132", [who])
    yield 0
    register(world, "level", "0131", [who])
    yield 1
    stop_leading(world, body, body.lines["deputy:0132"], who)
    yield 0


@case("AL43")
def over_number(world: World) -> Iterator[int]:
    body = world.body("超职级局", quotas={"11": 2}, people={"11": 2})  # ⌊2 × 60%⌋ = 1
    scheme(world, body)
    register(world, "rank", "R10", body.people[:1])
    yield 0
    register(world, "rank", "R10", body.people)
    yield 1
    set_quota(world, body, body.line, 4)
    scheme(world, body, day=ago(0))
    yield 0


@case("AL44")
def stale_base(world: World) -> Iterator[int]:
    body = world.body("增编未核局", quotas={"11": 5})
    scheme(world, body)
    yield 0
    set_quota(world, body, body.line, 6)
    yield 1
    scheme(world, body, day=ago(0))
    yield 0
