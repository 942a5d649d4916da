"""Cases of the rules on payroll and the other offices' lists: a difference of each rule's kind. What makes one, tests/exchange/payroll tests."""

from collections.abc import Iterator
from functools import partial

from app.domain.workdays import city_today
from tests.alarms.cases import case
from tests.alarms.cases_people import say, seated
from tests.world import World

# One kind of difference for each rule, and one that is another rule's.
KINDS = {
    "AL20": ("wrong_unit", "dead_paid"),
    "AL21": ("pension_while_paid", "wrong_unit"),
    "AL36": ("seat_without_pay", "wrong_unit"),
    "AL37": ("not_insured", "wrong_unit"),
    "GP01": ("no_attendance", "wrong_unit"),
    "GP02": ("absent_long", "no_attendance"),
    "GP03": ("paid_after_exit", "wrong_unit"),
    "GP04": ("dead_paid", "judged_paid"),
    "GP05": ("in_custody", "dead_paid"),
    "GP06": ("paid_twice", "wrong_unit"),
}


def difference(world: World, code: str) -> Iterator[int]:
    """Another rule's difference, then this one's, then none that stands."""
    kind, other = KINDS[code]
    body, person = seated(world, f"工资{code}局")
    month = city_today().replace(day=1)
    made = say(
        world,
        "WITH b AS (INSERT INTO source_batch (kind, region_code, period, state, file_name, file_hash, rows, held, report, office_id,"
        " loaded_by, scope_path) SELECT 'payroll', '440600', :m, 'superseded', 'x', 'x', 1, 0, '{}', min(o.id),"
        " (SELECT min(id) FROM ab_user), :s FROM office o RETURNING id) INSERT INTO pay_difference (kind, subject, state,"
        " region_code, first_month, month, batch_id, person_id, name, id_mask, unit_id, facts, note, scope_path)"
        " SELECT :k, :k || :c, 'open', '440600', :m, :m, id, :p, '测试甲', '', :u, '{}', '', :s FROM b RETURNING id",
        m=month, s=body.scope_path, k=other, c=code, p=person, u=body.id,
    )  # fmt: skip
    yield 0
    say(world, "UPDATE pay_difference SET kind = :k WHERE id = :i", k=kind, i=made)
    yield 1
    say(world, "UPDATE pay_difference SET state = 'closed', closed_at = now() WHERE id = :i", i=made)
    yield 0


for _code in KINDS:
    case(_code)(partial(difference, code=_code))
