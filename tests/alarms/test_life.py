"""An alarm by rule: one for one subject, cleared with its cause, never deleted."""

from sqlalchemy import text

from app.alarms.registry import rules
from tests.world import World


def test_a_subject_has_one_open_alarm_however_often_it_is_raised_and_a_new_one_after_it_was_cleared(
    world: World,
) -> None:
    body = world.body("报警甲局")
    with world.owner.begin() as c:
        raised = [
            c.execute(
                text("SELECT k_alarm_raise('AL10', 'person:7', jsonb_build_object('n', cast(:n AS int)), :s, :u)"),
                {"n": n, "s": body.scope_path, "u": body.id},
            ).scalar_one()
            for n in (1, 2)
        ]
        row = c.execute(
            text("SELECT times, facts, state, due_on > kernel_today() AS later FROM alarm WHERE id = :i"),
            {"i": raised[0]},
        ).one()
        assert (raised[0] == raised[1], row.times, row.facts, row.state, row.later) == (True, 2, {"n": 2}, "open", True)
        c.execute(text("SELECT k_alarm_clear('AL10', 'person:7')"))
        again = c.execute(
            text("SELECT k_alarm_raise('AL10', 'person:7', '{}', :s, :u)"), {"s": body.scope_path, "u": body.id}
        ).scalar_one()
        assert again != raised[0]
        assert c.execute(text("SELECT state FROM alarm WHERE id = :i"), {"i": raised[0]}).scalar_one() == "cleared"


def test_the_registry_stands_in_the_database_and_what_was_set_there_stays(world: World) -> None:
    from app.alarms import registry

    with world.owner.begin() as c:
        c.execute(text("UPDATE alarm_rule SET params = '{\"days\": 3}' WHERE code = 'AL14'"))
        registry.plant(c)
        kept = {r.code: r for r in c.execute(text("SELECT code, name, level, answer_days, params FROM alarm_rule"))}
        assert set(kept) == set(rules())
        assert kept["AL14"].params == {"days": 3}
        c.execute(text("UPDATE alarm_rule SET params = '{}' WHERE code = 'AL14'"))


def test_a_movement_leaves_its_unit_to_be_looked_at(world: World) -> None:
    body = world.body("报警乙局")
    with world.owner.connect() as c:
        assert body.id in c.execute(text("SELECT unit_id FROM alarm_touched")).scalars().all()
