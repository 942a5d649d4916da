"""What a deployment plants."""

from sqlalchemy import create_engine, text

from app.cli import seeds
from app.domain.codes import code_sets
from app.domain.regions import foshan
from app.domain.workdays import published
from tests.world import World

COUNTS = "SELECT (SELECT count(*) FROM region), (SELECT count(*) FROM office), (SELECT count(*) FROM code_set)," \
    " (SELECT count(*) FROM code), (SELECT count(*) FROM working_day), (SELECT count(*) FROM alarm_rule)"  # fmt: skip


def test_planting_twice_changes_nothing_and_the_lists_are_the_projects(world: World) -> None:
    engine = create_engine(world.owner_url)
    with engine.begin() as connection:
        seeds.plant(connection)
        first = connection.execute(text(COUNTS)).one()
        seeds.plant(connection)
        assert connection.execute(text(COUNTS)).one() == first
        stored = connection.execute(
            text("SELECT code_set, code, name, exchange FROM code WHERE ended_on IS NULL")
        ).all()
        days = connection.execute(text('SELECT "on", worked FROM working_day')).all()
        cited = connection.execute(text("SELECT source FROM code_set WHERE name = 'education'")).scalar_one()
    engine.dispose()
    assert {tuple(r) for r in stored} == {
        (s.name, c.code, c.name, c.exchange) for s in code_sets().values() for c in s.codes if c.ended_on is None
    }
    assert dict(tuple(d) for d in days) == published(seeds.FIRST_YEAR)
    assert first[0] == len(foshan()) == 38
    assert cited.endswith("（未核）")


def test_a_value_that_left_its_list_is_ended_and_kept(world: World) -> None:
    engine = create_engine(world.owner_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO code (code_set, code, name, position) VALUES ('sex', 'x', '旧值', 99)"))
        seeds.plant_codes(connection)
        row = connection.execute(text("SELECT name, ended_on FROM code WHERE code_set = 'sex' AND code = 'x'")).one()
    engine.dispose()
    assert row.name == "旧值"
    assert row.ended_on is not None
