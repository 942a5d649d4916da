"""三方比对: N differences of each kind are planted in a month, and exactly those are found, alarmed and ended."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.exchange.payroll.lists import (
    BEFORE,
    MONTH,
    NEXT,
    Payee,
    day,
    differences,
    load,
    months,
    payees,
    payroll,
    replace,
    stranger,
    table,
)  # fmt: skip
from tests.world import Body, World, id_number

KINDS = ("paid_without_seat", "paid_after_exit", "paid_twice", "wrong_unit", "wrong_category", "seat_without_pay",
         "identity_differs", "paid_while_absent", "not_verified", "amount_changed", "no_attendance", "absent_long", "dead_paid",
         "judged_paid", "in_custody", "pension_while_paid", "insured_elsewhere", "not_insured", "insured_without_seat")  # fmt: skip
RULES = {"paid_without_seat": "AL20", "paid_after_exit": "GP03", "paid_twice": "GP06", "wrong_unit": "AL20", "wrong_category": "AL20",
         "seat_without_pay": "AL36", "identity_differs": "AL37", "paid_while_absent": "GP01", "not_verified": "GP01",
         "amount_changed": "AL20", "no_attendance": "GP01", "absent_long": "GP02", "dead_paid": "GP04", "judged_paid": "GP05",
         "in_custody": "GP05", "pension_while_paid": "AL21", "insured_elsewhere": "GP06", "not_insured": "AL37",
         "insured_without_seat": "AL37"}  # fmt: skip


class Month:
    """The lists of one month, clean at first."""

    def __init__(self, world: World, home: Body, other: Body) -> None:
        self.world, self.home, self.other = world, home, other
        self.clean = payees(world, home) + payees(world, other)
        self.pay = {p.person: [p] for p in self.clean}
        self.social = {p.person: p for p in self.clean}
        self.attendance = {p.person: ["22", "0", "0"] for p in self.clean}
        self.deaths: list[list[str]] = []
        self.judgments: list[list[str]] = []
        self.pensions: list[list[str]] = []
        self.firms: list[list[str]] = []
        self.extra: list[Payee] = []
        self.insured: list[Payee] = []
        self.left: list[Payee] = []

    def sql(self, statement: str, **values: Any) -> None:
        with self.world.superuser.begin() as connection:
            # The kernel's triggers watch the owner as well; what happened long ago is planted beside them.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(statement), values)

    def plant(self, kind: str, p: Payee) -> str:
        """One difference of a kind about a person; returns the name it is found under."""
        line = self.pay[p.person][0]
        elsewhere = self.other.name if p.unit == self.home.name else self.home.name
        changed: dict[str, Callable[[], Any]] = {
            "paid_without_seat": lambda: self.extra.append(stranger(id_number(), p.unit, f"无{p.name}")),
            "paid_after_exit": lambda: self.leaves(p),
            "paid_twice": lambda: self.pay[p.person].append(replace(line, unit=elsewhere)),
            "wrong_unit": lambda: self.pay.update({p.person: [replace(line, unit=elsewhere)]}),
            "wrong_category": lambda: self.pay.update({p.person: [replace(line, category="22")]}),
            "seat_without_pay": lambda: self.pay.pop(p.person),
            "identity_differs": lambda: self.pay.update({p.person: [replace(line, name="改" + p.name)]}),
            "paid_while_absent": lambda: self.away(p, "sick_leave", months(6)),
            "not_verified": lambda: self.marked(p),
            "amount_changed": lambda: self.pay.update({p.person: [replace(line, amount="8000.01")]}),
            "no_attendance": lambda: self.attendance.update({p.person: ["0", "0", "0"]}),
            "absent_long": lambda: self.attendance.update({p.person: ["5", "16", "16"]}),
            "dead_paid": lambda: self.deaths.append([p.number, p.name, day(-1)]),
            "judged_paid": lambda: self.judgments.append([p.number, p.name, "判刑", day(-1), ""]),
            "in_custody": lambda: self.judgments.append([p.number, p.name, "强制措施", day(-1), ""]),
            "pension_while_paid": lambda: self.pensions.append([p.number, p.name, day(0)]),
            "insured_elsewhere": lambda: self.firms.append([p.number, p.name, "某公司", day(14)]),
            "not_insured": lambda: self.social.pop(p.person),
            "insured_without_seat": lambda: self.insured.append(stranger(id_number(), p.unit, f"保{p.name}")),
        }
        changed[kind]()
        return {"paid_without_seat": f"无{p.name}", "insured_without_seat": f"保{p.name}",
                "identity_differs": f"改{p.name}"}.get(kind, p.name)  # fmt: skip

    def leaves(self, p: Payee) -> None:
        """Social insurance knows of an exit, the payroll does not."""
        self.left.append(p)
        self.social.pop(p.person)
        self.sql(
            "UPDATE occupancy SET ended_on = :d, exit_reason = '6' WHERE person_id = :p", p=p.person, d=months(2, -1)
        )

    def away(self, p: Payee, kind: str, since: str) -> None:
        self.sql(
            "INSERT INTO absence (person_id, unit_id, kind, started_on, until_on, case_id, recorded_at, scope_path,"
            " personnel_class) SELECT id, unit_id, :k, :s, cast(:s AS date) + 600, 1, now(), scope_path, personnel_class FROM person"
            " WHERE id = :p", k=kind, s=since, p=p.person,
        )  # fmt: skip

    def marked(self, p: Payee) -> None:
        self.sql(
            "INSERT INTO verification (round_id, unit_id, year, due_on, case_id, people, differences, head_sequence, head_hash,"
            " confirmed_by, confirmed_at, scope_path) SELECT 1, unit_id, :y, :d, 1, 1, 1, 1, 'x', 1, now(),"
            " scope_path FROM person WHERE id = :p ON CONFLICT DO NOTHING", p=p.person, y=MONTH.year - 1, d=months(9),
        )  # fmt: skip
        self.sql(
            "INSERT INTO verification_mark (verification_id, person_id, person_name, kind, marked_by, scope_path)"
            " SELECT v.id, p.id, p.name, 'unknown', 1, p.scope_path FROM person p JOIN verification v ON v.unit_id = p.unit_id"
            " WHERE p.id = :p", p=p.person,
        )  # fmt: skip

    def near_misses(self, people: list[Payee]) -> None:
        """Beside each limit, on the lawful side."""
        a, b, c, d, e, f = people
        self.left.append(f)
        self.soon = {("judged_paid", c.name), ("paid_while_absent", e.name)}
        self.attendance[a.person] = ["3", "15", "30"]
        self.deaths.append([b.number, b.name, day(0)])
        self.judgments.append([c.number, c.name, "判刑", day(0), ""])
        self.judgments.append([d.number, d.name, "强制措施", day(-60), day(20)])
        self.away(e, "sick_leave", months(6, 1))
        self.attendance[e.person] = ["0", "0", "0"]  # on a registered leave
        self.sql("UPDATE occupancy SET ended_on = :d, exit_reason = '6' WHERE person_id = :p", p=f.person, d=months(2))

    def insured_list(self) -> bytes:
        """Whom social insurance lists as in service."""
        people = [*self.social.values(), *self.insured]
        return table(["身份证号", "姓名", "单位"], [[p.number, p.name, p.unit] for p in people])

    def load(self, month: dt.date = MONTH, *, without: tuple[str, ...] = ()) -> None:
        """All lists; the payroll last."""
        w, who = self.world, {p.person: p for p in self.clean}
        people = [p for lines in self.pay.values() for p in lines] + self.extra
        lists = {
            "attendance": (["身份证号", "姓名", "单位", "出勤天数", "连续旷工天数", "年累计旷工天数"],
                           [[who[i].number, who[i].name, who[i].unit, *x] for i, x in self.attendance.items()]),
            "death": (["身份证号", "姓名", "死亡日期"], [*self.deaths, [id_number(), "路人", "2026-01-01"]]),
            "judgment": (["身份证号", "姓名", "类别", "开始日期", "结束日期"],
                         [*self.judgments, [id_number(), "路人", "判刑", "2026-01-01", ""]]),
            "pension": (["身份证号", "姓名", "领取开始日期"], [*self.pensions, [id_number(), "路人", "2026-01-01"]]),
            "enterprise_insurance": (["身份证号", "姓名", "参保企业", "参保日期"],
                                     [*self.firms, [id_number(), "路人", "某公司", "2026-01-01"]]),
        }  # fmt: skip
        if "social_insurance" not in without:
            load(w, w.office("human_resources"), "social_insurance", month, self.insured_list())
        for kind, (headers, rows) in lists.items():
            if kind not in without:
                load(w, w.office("human_resources"), kind, month, table(headers, rows))
        load(w, w.office("finance"), "payroll", month, payroll(people))


@pytest.fixture(scope="module")
def month(world: World) -> Month:
    home = world.body("核对一局", quotas={"11": 90}, people={"11": 80})
    other = world.body("核对二局", quotas={"11": 5}, people={"11": 4})
    made = Month(world, home, other)
    load(world, world.office("finance"), "payroll", BEFORE, payroll(made.clean))
    return made


def test_exactly_the_planted_differences_are_found_alarmed_and_ended(world: World, month: Month) -> None:
    rng = random.Random(20261101)
    people = payees(world, month.home)
    rng.shuffle(people)
    month.near_misses([people.pop() for _ in range(6)])
    planted = set()
    for kind in KINDS:
        for _ in range(rng.randint(1, 4)):
            planted.add((kind, month.plant(kind, people.pop())))
    month.load()
    # Whoever is paid by two units is paid once by the wrong one.
    twice = {(k, n) for k, n in planted if k == "paid_twice"}
    planted |= {("wrong_unit", n) for _k, n in twice}
    assert differences(world) == planted
    alarms = world.row(
        "SELECT array_agg(rule ORDER BY rule) FROM alarm WHERE state = 'open' AND starts_with(subject, 'pay:')"
    )[0]
    assert Counter(alarms) == Counter(RULES[k] for k, _n in planted)
    # The same list once more: nothing new, nothing ended; the first one is kept.
    month.load()
    assert differences(world) == planted
    assert (
        world.value(
            "SELECT count(*) FROM source_batch WHERE kind = 'payroll' AND period = :m AND state = 'superseded'", m=MONTH
        )
        == 1
    )
    # The next month brings neither attendance nor deaths: what was found by lists that still hold goes on or ends, the rest is
    # not run and stands on.
    month.pay = {p.person: [p] for p in month.clean if p.person not in {x.person for x in month.left}}
    month.extra, month.insured, month.social = [], [], {p.person: p for p in month.clean if p.person in month.pay}
    load(world, world.office("human_resources"), "social_insurance", NEXT, month.insured_list())
    month.sql("UPDATE source_batch SET period = period - interval '1 year' WHERE kind IN ('attendance', 'death')")
    batch = load(world, world.office("finance"), "payroll", NEXT, payroll([p[0] for p in month.pay.values()]))
    stays = {(k, n) for k, n in planted if k in ("no_attendance", "absent_long", "dead_paid")}
    assert {x for x in differences(world, MONTH) if x[0] in ("no_attendance", "absent_long", "dead_paid")} == stays
    lists = {
        "judged_paid",
        "in_custody",
        "pension_while_paid",
        "insured_elsewhere",
        "paid_while_absent",
        "not_verified",
    }
    assert {x for x in differences(world, NEXT) if x[0] in lists} == {x for x in planted if x[0] in lists} | month.soon
    assert {x for x in differences(world, NEXT) if x[0] == "paid_without_seat"} == set()
    report = world.value("SELECT report FROM source_batch WHERE id = :b", b=batch)
    assert report["not_run"] == {"no_attendance": "attendance", "absent_long": "attendance", "dead_paid": "death"}
    open_alarms = world.value("SELECT count(*) FROM alarm WHERE state = 'open' AND starts_with(subject, 'pay:')")
    assert open_alarms == world.value("SELECT count(*) FROM pay_difference WHERE state <> 'closed'")
