"""The smallest demonstration city that may be loaded: whoever is not there has no case, and everything else is."""

from app.cli import demo_accounts
from app.cli.demo_desks import Desks
from tests.cli.test_demo import DAY, named, worked
from tests.ledger.steps import findings
from tests.world import World


def test_the_smallest_city_works_as_far_as_it_has_people(world: World) -> None:
    named(world, 2_000)
    with world.owner.begin() as connection:
        demo_accounts.accounts(connection)
    with world.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        made = worked(world, Desks(world.database, world.signin, world.keys, connection, DAY))
    assert {"fresh", "done", "review", "sanding"} <= made.keys()
    assert findings(world) == []
