"""The cases of the rules on staff without seats."""

from collections.abc import Iterator

from tests.alarms.cases import case
from tests.ledger.steps import TODAY, ago
from tests.ledger.test_engagement import changed, engaged, set_cap
from tests.world import World, person


@case("AL23")
def more_engaged_than_allowed(world: World) -> Iterator[int]:
    body = world.body("控制数局", start=ago(400))
    set_cap(world, body, 1, "佛编外〔2026〕11号", ago(100))
    engaged(world, body, person("编外一"))
    yield 0
    second = engaged(world, body, person("编外二"))
    yield 1
    changed(world, body, "engage_end", second, end=str(TODAY))
    yield 0


@case("AL47")
def a_contract_ran_out(world: World) -> Iterator[int]:
    body = world.body("合同局", start=ago(400))
    who = engaged(world, body, person("期满一"), ago(60), TODAY)
    yield 0
    late = engaged(world, body, person("期满二"), ago(60), ago(1))
    yield 1
    changed(world, body, "engage_extend", late, until_on=str(ago(-90)))
    changed(world, body, "engage_end", who, end=str(TODAY))
    yield 0
