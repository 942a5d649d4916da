"""The demonstration's month of payroll: what is planted in its lists is what the comparison finds."""

from app.cli import demo_payroll
from tests.exchange.payroll.lists import MONTH, differences, payees
from tests.world import World

KINDS = {"paid_without_seat": 1, "paid_twice": 1, "wrong_unit": 2, "wrong_category": 1, "seat_without_pay": 2, "identity_differs": 1,
         "pension_while_paid": 2, "not_insured": 2, "insured_without_seat": 1}  # fmt: skip


def test_the_demonstration_shows_the_differences_that_were_planted_and_no_other(world: World) -> None:
    bodies = [world.body(f"示范统发{n}局", quotas={"11": 20}, people={"11": 12}) for n in range(3)]
    people = [p for b in bodies for p in payees(world, b)]
    lines = [demo_payroll.Line(p.number, p.name, p.unit, p.category, p.funding, p.amount) for p in people]
    paid, _insured, _pensioners = demo_payroll.planted(lines)
    assert len({(x.number, x.unit) for x in paid}) == len(paid)
    lists = demo_payroll.Loader(world.database, world.keys, MONTH)
    demo_payroll.hand_in(lists, world.office("finance"), world.office("human_resources"), lines)
    with world.superuser.connect() as connection:
        found = dict(connection.exec_driver_sql("SELECT kind, count(*) FROM pay_difference GROUP BY kind").all())
    assert found == KINDS
    assert len(differences(world)) == sum(KINDS.values())


def test_a_city_without_large_bodies_hands_in_lists_that_agree_with_its_roster(world: World) -> None:
    people = payees(world, world.body("示范小局", quotas={"11": 5}, people={"11": 3}))
    lines = [demo_payroll.Line(p.number, p.name, p.unit, p.category, p.funding, p.amount) for p in people]
    assert demo_payroll.planted(lines) == (lines, lines, [])
