"""Organs: under another superior, in another region, merged, departments moved; who succeeds whom; nobody is lost."""

from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from tests.ledger.steps import TODAY, ago, allotted, by_office, findings, received, refusal
from tests.world import Body, World

DOCUMENT = {"document_no": "佛编〔2026〕21号", "issuer": "市委编委", "start": TODAY.isoformat()}


def act(world: World, process: str, about: Body | None, **facts: Any) -> int:
    return by_office(world, process, DOCUMENT | facts, about=about)


def seated(world: World, body: int) -> int:
    return int(world.value(
        "SELECT count(*) FROM occupancy WHERE unit_id = :u AND kind = 'establishment' AND recorded_to IS NULL AND ended_on IS NULL",
        u=body))  # fmt: skip


def test_a_body_comes_under_another_superior_and_stays_where_it_is(world: World) -> None:
    above, below = world.body("划入主管局"), world.body("被划转中心", people={"11": 2})
    act(world, "unit_transfer", below, unit=below.id, parent=above.id)
    assert world.row("SELECT parent_id, scope_path FROM unit WHERE id = :u", u=below.id) == (above.id, below.scope_path)
    periods = world.row(
        "SELECT array_agg(parent_id ORDER BY id), array_agg(ended_on ORDER BY id) FROM unit_version"
        " WHERE unit_id = :u AND recorded_to IS NULL", u=below.id)  # fmt: skip
    assert tuple(periods) == ([None, above.id], [TODAY, None])
    assert seated(world, below.id) == 2


def test_a_loop_of_superiors_is_refused(world: World) -> None:
    top, middle = world.body("环上局"), world.body("环中局")
    act(world, "unit_transfer", middle, unit=middle.id, parent=top.id)
    assert isinstance(refusal(act, world, "unit_transfer", top, unit=top.id, parent=middle.id), errors.UnitLoop)
    assert isinstance(refusal(act, world, "unit_transfer", top, unit=top.id, parent=top.id), errors.UnitLoop)


def test_a_transfer_that_changes_nothing_is_refused(world: World) -> None:
    body = world.body("原地局")
    assert isinstance(refusal(act, world, "unit_transfer", body, unit=body.id), errors.SameSuperior)


def test_a_body_goes_into_another_region_with_all_that_bears_its_place(world: World) -> None:
    body = world.body("下放局", people={"11": 3}, leaders={"principal:0131": 1}, departments=("办公室", "业务科"))
    received(world, act(world, "unit_transfer", body, unit=body.id, region="440604"))
    path = world.value("SELECT scope_path FROM unit WHERE id = :u", u=body.id)
    assert path.startswith("440604.")
    for table in (
        "quota_line",
        "quota",
        "ledger_total",
        "post",
        "person",
        "occupancy",
        "unit_version",
        "ledger_entry",
        "application",
    ):
        assert world.value(f"SELECT count(*) FROM {table} WHERE scope_path = :p OR scope_path LIKE :b",
                           p=body.scope_path, b=body.scope_path + ".%") == 0, table  # fmt: skip
    assert (
        world.value("SELECT count(*) FROM unit WHERE scope_path LIKE :b AND region_code = '440604'", b=path + ".%") == 2
    )
    # The new district's office sees body, people and chain; the place of old days stays known.
    with world.database.transaction(world.office("establishment", "440604")) as s:
        assert s.execute(text("SELECT count(*) FROM occupancy WHERE unit_id = :u"), {"u": body.id}).scalar_one() >= 3
        assert (
            s.execute(
                text("SELECT count(*) FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u"), {"u": body.id}
            ).scalar_one()
            > 3
        )
    assert world.value("SELECT region_code FROM unit_version WHERE unit_id = :u AND recorded_to IS NULL AND started_on <= :d"
                       " AND (ended_on IS NULL OR ended_on > :d)", u=body.id, d=ago(1)) == "440600"  # fmt: skip


def test_a_body_whose_own_bodies_lie_elsewhere_does_not_leave_them_behind(world: World) -> None:
    body, child = world.body("有下属局"), world.body("下属中心")
    act(world, "unit_transfer", child, unit=child.id, parent=body.id)
    case = act(world, "unit_transfer", body, unit=body.id, region="440604")
    found = refusal(received, world, case)
    assert isinstance(found, errors.ChildrenElsewhere)


def test_a_line_of_which_nothing_goes_on_begins_none_in_the_other_body(world: World) -> None:
    """Only the people go over: where there are none, no line is left in the other body of which no entry tells."""
    old, heir = world.body("空线并出局", quotas={"13": 2}), world.body("空线承接局", quotas={"11": 3})
    act(world, "unit_merge", old, unit=old.id, into=heir.id, seats="approved")
    from_department = world.body("空线移科局", quotas={"13": 2}, departments=("科",))
    allotted(world, from_department.line, from_department.departments.values(), 1, TODAY)
    act(
        world,
        "department_move",
        from_department,
        unit=from_department.departments["科"],
        into=heir.id,
        seats="approved",
    )
    assert world.value("SELECT count(*) FROM quota_line WHERE unit_id = :u", u=heir.id) == 1
    assert world.value("SELECT count(*) FROM post WHERE department_id = :d", d=from_department.departments["科"]) == 0


def test_a_merged_body_ends_and_its_last_entry_names_the_heir_s_head(world: World) -> None:
    old, heir = (
        world.body("并入局", people={"11": 3}, leaders={"principal:0131": 1}, departments=("办公室",)),
        world.body("承接局"),
    )
    case = act(world, "unit_merge", old, unit=old.id, into=heir.id, seats="along")
    assert seated(world, old.id) == 0
    assert seated(world, heir.id) == 3
    assert world.value("SELECT status FROM unit WHERE id = :u", u=old.id) == "closed"
    assert world.row("SELECT to_unit_id, kind, case_id FROM unit_succession WHERE from_unit_id = :u", u=old.id) == (
        heir.id,
        "merge",
        case,
    )
    last = world.row("SELECT type, fields ->> 'successors' FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u"
                     " ORDER BY sequence DESC LIMIT 1", u=old.id)  # fmt: skip
    chain, sequence, head = last[1].split(":")
    assert last[0] == "unit.closed"
    assert int(chain) == heir.id
    assert world.value("SELECT hash FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u AND sequence = :s",
                       u=heir.id, s=int(sequence)) == head  # fmt: skip


def test_a_merge_onto_approved_seats_needs_them(world: World) -> None:
    old, heir = world.body("缺编并入局", people={"11": 4}), world.body("缺编承接局", quotas={"11": 2})
    assert isinstance(
        refusal(act, world, "unit_merge", old, unit=old.id, into=heir.id, seats="approved"), errors.QuotaExhausted
    )
    assert (seated(world, old.id), seated(world, heir.id)) == (4, 0)


def test_a_department_goes_with_its_people_and_numbers(world: World) -> None:
    old, into = world.body("原属局", people={"11": 3}, departments=("综合科",)), world.body("划入局")
    act(world, "department_move", old, unit=old.departments["综合科"], into=into.id, seats="along")
    new = world.value("SELECT to_unit_id FROM unit_succession WHERE from_unit_id = :u", u=old.departments["综合科"])
    assert world.row("SELECT legal_id, name FROM unit WHERE id = :u", u=new) == (into.id, "综合科")
    assert world.value("SELECT count(*) FROM person WHERE department_id = :d", d=new) == 3
    numbers = [world.value("SELECT authorised FROM ledger_total WHERE line_id = :l", l=b.line) for b in (old, into)]
    assert numbers == [2, 8]


def test_people_of_a_line_move_together_or_not_at_all(world: World) -> None:
    old, into = world.body("整转局", people={"11": 3}), world.body("接收局", quotas={"11": 2})
    found = refusal(act, world, "people_move", old, line=old.line, into_line=into.line, people="all")
    assert isinstance(found, errors.QuotaExhausted)
    assert (seated(world, old.id), seated(world, into.id)) == (3, 0)
    act(world, "people_move", old, line=old.line, into_line=into.line, people=",".join(map(str, old.people[:2])))
    assert (seated(world, old.id), seated(world, into.id)) == (1, 2)


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'split'",
        "happened_on = happened_on - 1",
        "to_unit_id = (SELECT id FROM unit WHERE id NOT IN (from_unit_id, to_unit_id) LIMIT 1)",
    ],
)
def test_a_changed_succession_is_found(world: World, change: str) -> None:
    old, heir = world.body("改承局"), world.body("被改承局")
    act(world, "unit_merge", old, unit=old.id, into=heir.id, seats="along")
    with world.superuser.begin() as c:
        c.execute(text(f"UPDATE unit_succession SET {change} WHERE from_unit_id = :u"), {"u": old.id})
    assert any("unit_succession" in f for f in findings(world))
    with world.superuser.begin() as c:
        c.execute(text("UPDATE unit_succession SET kind = 'merge', happened_on = :d, to_unit_id = :t WHERE from_unit_id = :u"),
                  {"u": old.id, "t": heir.id, "d": TODAY})  # fmt: skip


def test_after_all_of_it_the_chains_say_what_the_tables_say(world: World) -> None:
    assert findings(world) == []
