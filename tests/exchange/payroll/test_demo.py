"""The demonstration's month of payroll: what is planted in its lists is what the comparison finds."""

from app.cli import demo_payroll
from tests.exchange.payroll.lists import MONTH, Payee, differences, load, payees, payroll, table
from tests.world import World

KINDS = {"paid_without_seat": 1, "paid_twice": 1, "wrong_unit": 2, "wrong_category": 1, "seat_without_pay": 2, "identity_differs": 1,
         "pension_while_paid": 2, "not_insured": 2, "insured_without_seat": 1}  # fmt: skip


def test_the_demonstration_shows_the_differences_that_were_planted_and_no_other(world: World) -> None:
    bodies = [world.body(f"示范统发{n}局", quotas={"11": 20}, people={"11": 12}) for n in range(3)]
    people = [p for b in bodies for p in payees(world, b)]
    lines = [demo_payroll.Line(p.number, p.name, p.unit, p.category, p.funding, p.amount) for p in people]
    paid, insured, pensioners = demo_payroll.planted(lines, MONTH)
    assert len({(x.number, x.unit) for x in paid}) == len(paid)
    load(world, world.office("human_resources"), "social_insurance", MONTH,
         table(["身份证号", "姓名", "单位"], [[x.number, x.name, x.unit] for x in insured]))  # fmt: skip
    load(world, world.office("human_resources"), "pension", MONTH,
         table(["身份证号", "姓名", "领取开始日期"], [[x.number, x.name, MONTH.isoformat()] for x in pensioners]))  # fmt: skip
    load(world, world.office("finance"), "payroll", MONTH,
         payroll([Payee(0, x.number, x.name, x.unit, x.category, x.funding, x.amount) for x in paid]))  # fmt: skip
    with world.superuser.connect() as connection:
        found = dict(connection.exec_driver_sql("SELECT kind, count(*) FROM pay_difference GROUP BY kind").all())
    assert found == KINDS
    assert len(differences(world)) == sum(KINDS.values())
