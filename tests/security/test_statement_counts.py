"""No page asks the database more often because it has more to show: each page's statements over little and over much."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.ledger.steps import TODAY, by_office, lead, scheme
from tests.security.conftest import Client
from tests.statements import heard
from tests.world import Body, World

YEAR = f"?from={TODAY.replace(year=TODAY.year - 1, day=1)}"
CITY = ("/forecast", "/forecast?region=440600", "/forecast/people", f"/difference{YEAR}", f"/difference{YEAR}&kind=in&region=440600",
        "/quota-desk", "/limits", "/reform/", "/commission/", "/commission/outside", "/alarms", "/alarms/figures", "/alarms/rules",
        "/alarms/accounts", "/payroll/", "/payroll/differences", "/payroll/month/changes", "/payroll/month/budget", "/ledger",
        f"/ledger?on={TODAY.replace(year=TODAY.year - 1, day=1)}", "/reform/{reform}", "/reform/variant/{variant}",
        "/commission/{meeting}")  # fmt: skip
BODY = ("/forecast?unit={unit}", f"/difference{YEAR}&unit={{unit}}", "/ranks/{unit}", "/sanding/{unit}", "/lineage/{unit}", "/unit/{unit}",
        f"/unit/{{unit}}?on={TODAY.replace(year=TODAY.year - 1, day=1)}", "/person/{person}")  # fmt: skip
CLERK = ("/forecast", f"/difference{YEAR}", "/alarms", "/alarms/figures", "/payroll/differences", "/ranks/{unit}", "/sanding/{unit}",
         "/lineage/{unit}", "/person/{person}")  # fmt: skip


def counting(app: Any, client: Client, path: str) -> list[str]:
    """The statements that one page sends."""
    client.get(path)  # what is read once, is
    with heard(app) as sent:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return sent


def say(world: World, query: str, **values: Any) -> Any:
    with world.superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        found = connection.execute(text(query), values)
        return found.scalar() if found.returns_rows else None


def more_of(world: World, body: Body, n: int) -> None:
    """So many alarms, differences of payroll, lists, meetings, reforms of the city and of one body."""
    names = {"u": body.id, "p": body.people[0], "s": body.scope_path, "n": n, "t": TODAY}
    say(world, "INSERT INTO alarm (rule, code, subject, standing, state, unit_id, person_id, operator, facts, scope_path, due_on) SELECT 'AL12', 'found',"
        " 'x' || :u || '-' || i, false, 'open', :u, :p, 'x', '{}', :s, :t FROM generate_series(1, :n) i", **names)  # fmt: skip
    office = say(world, "SELECT id FROM office WHERE kind = 'establishment' AND region_code = '440600'")
    user = say(world, "SELECT min(user_id) FROM account WHERE office_id = :o", o=office)
    batch = say(world, "INSERT INTO source_batch (kind, region_code, period, state, file_name, file_hash, rows, held, report, office_id, loaded_by, scope_path)"
                " SELECT 'payroll', '440600', (DATE '2000-01-01' + make_interval(months => :u * 30 + i))::date, 'superseded', 'x', 'x', 1, 0, '{}', :o, :y, '4406'"
                " FROM generate_series(1, :n) i RETURNING id", o=office, y=user, **names)  # fmt: skip
    say(world, "INSERT INTO pay_difference (kind, subject, state, region_code, first_month, month, batch_id, person_id, name, id_mask, unit_id, facts, note,"
        " scope_path, personnel_class) SELECT 'seat_without_pay', 'x' || :u || '-' || i, 'open', '440600', DATE '2026-01-01', DATE '2026-01-01', :b, :p, 'x', 'x', :u,"
        " '{}', '', :s, 'civil' FROM generate_series(1, :n) i", b=batch, **names)  # fmt: skip
    say(world, "INSERT INTO meeting (office_id, region_code, year, serial, held_on, state, opened_by, scope_path)"
        " SELECT :o, '440600', 2026, :u * 100 + i, :t, 'agenda', :y, '4406' FROM generate_series(1, :n) i", o=office, y=user, **names)  # fmt: skip
    say(world, "INSERT INTO organ_limit (region_code, category, most, document_no, issuer, started_on, recorded_at, case_id) SELECT '440600',"
        " 'x' || :u || i, 9, 'x', 'x', :t, now(), 0 FROM generate_series(1, :n) i", **names)  # fmt: skip


def reform_with(world: World, steps: int, first: Body, second: Body) -> tuple[int, int]:
    """A reform of two variants, the first with so many steps, tried."""
    with world.database.transaction(world.identity("bianban")) as s:
        reform = s.execute(text("SELECT reform_begin('计数')")).scalar_one()
        variant = s.execute(text("SELECT id FROM reform_variant WHERE reform_id = :r"), {"r": reform}).scalar_one()
        for n in range(steps):
            facts = f'{{"unit": "{(first, second)[n % 2].id}", "name": "改名{n}局"}}'
            s.execute(
                text("SELECT reform_step_put(:v, NULL, 'change_unit', CAST(:f AS jsonb), 1, '')"),
                {"v": variant, "f": facts},
            )
        s.execute(text("SELECT reform_try(:v, NULL)"), {"v": variant})
    return reform, variant


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Body]:
    """One body with little of everything and one with much of it."""
    made = {}
    for name, many in (("少量局", 1), ("大量局", 12)):
        body = world.body(name, quotas={"11": 30, "13": 20}, people={"11": 2 * many, "13": many}, leaders={"deputy:0132": many + 1},
                          departments=tuple(f"第{n}科" for n in range(1, many + 1)))  # fmt: skip
        for person in body.people[:many]:
            lead(world, body, body.lines["deputy:0132"], person)
        scheme(world, body)
        made[name] = body
    for name, kind, place in (
        ("bianban", "office_member", {"office": ("establishment", "440600")}),
        ("clerk-few", "unit_clerk", {"unit": made["少量局"].id}), ("clerk-many", "unit_clerk", {"unit": made["大量局"].id}),
    ):  # fmt: skip
        world.account(name, kind, **place)
    more_of(world, made["少量局"], 1)
    return made


def test_a_page_of_a_body_with_much_asks_as_often_as_that_of_one_with_little(
    world: World, bodies: dict[str, Body], app: Any, client: Callable[..., Client]
) -> None:
    few, many = bodies["少量局"], bodies["大量局"]
    more_of(world, many, 20)
    office = client("bianban")
    for one, other, paths in ((office, office, BODY), (client("clerk-few"), client("clerk-many"), CLERK)):
        for path in paths:
            little = counting(app, one, path.format(unit=few.id, person=few.people[0]))
            much = counting(app, other, path.format(unit=many.id, person=many.people[0]))
            assert len(much) <= len(little), (path, sorted(set(much)))


def test_a_page_of_the_city_asks_as_often_when_there_is_more_of_everything(
    world: World, bodies: dict[str, Body], app: Any, client: Callable[..., Client]
) -> None:
    few, many = bodies["少量局"], bodies["大量局"]
    office = client("bianban")
    names: dict[str, Any] = dict(zip(("reform", "variant"), reform_with(world, 2, few, many), strict=True))
    names["meeting"] = world.value("SELECT max(id) FROM meeting")
    before = {path: counting(app, office, path.format(**names)) for path in CITY}
    for n in range(6):
        body = world.body(f"又一{n}局", quotas={"11": 5}, people={"11": 3}, departments=("科",))
        by_office(world, "unit_change", {"unit": body.id, "name": f"改了名{n}局", "document_no": f"佛编〔2026〕{700 + n}号", "issuer": "市委编委",
                                         "start": TODAY.isoformat()}, about=body)  # fmt: skip
        more_of(world, body, 5)
    names |= dict(zip(("reform", "variant"), reform_with(world, 12, few, many), strict=True))
    for path in CITY:
        after = counting(app, office, path.format(**names))
        assert len(after) <= len(before[path]), (path, sorted(set(after)))
