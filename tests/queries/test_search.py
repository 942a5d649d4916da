"""Finding people by what is typed, and the connections that answers come over."""

import pytest
from sqlalchemy import text

from app.queries import listings
from app.queries.listings import LISTS, Asked, people_named, rows
from tests.ledger.steps import open_batch
from tests.ledger.test_kernel_opening import batch_of, seated
from tests.world import World, person


@pytest.mark.parametrize("few", [500, 0])
@pytest.mark.parametrize("typed", ["欧阳寻", "oyx", "OYX", "ouyangxun"])
def test_people_are_found_by_name_initials_and_pinyin_whether_few_or_many(
    world: World, monkeypatch: pytest.MonkeyPatch, typed: str, few: int
) -> None:
    """By the indexes where few are meant, along the page's order where many are: the same answer."""
    monkeypatch.setattr(listings, "FEW", few)
    names = [f"欧阳寻{x}{typed[-1:]}{few}" for x in "一二"]
    open_batch(
        world, seated(world, batch_of(f"寻人局{typed}{few}"), person(names[0]), person("寻别人"), person(names[1]))
    )
    with world.database.transaction(world.office("establishment")) as session:
        assert (people_named(session, typed) is None) == (few == 0)
        found = [r.name for r in rows(session, LISTS["people"], Asked("4406", "4407", q=typed, sort="unit"), 100)]
    assert set(names) <= set(found)
    assert all(name.startswith("欧阳寻") for name in found)


def test_nobody_is_found_outside_ones_rows(world: World) -> None:
    open_batch(world, seated(world, batch_of("别处局"), person("欧阳别处")))
    with world.database.transaction(world.clerk(world.body("寻人邻局"))) as session:
        assert people_named(session, "欧阳别处") == []


def test_a_connection_that_the_server_has_ended_is_replaced_unseen(world: World) -> None:
    who = world.service("svc-opening")
    backend = text("SELECT pg_backend_pid()")
    with world.database.transaction(who) as session:
        before = session.execute(backend).scalar_one()
    with world.superuser.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'bianzhi_app'"
            )
        )
    with world.database.transaction(who) as session:
        assert session.execute(backend).scalar_one() != before
