"""随机构走: who is beyond the number, who leads, who is away go along with a body that ends, as the bundle says."""

import datetime as dt
from typing import Any

from sqlalchemy import text

from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import TODAY, ago, by_office, by_unit, findings, lead, refusal
from tests.world import Body, World

DOCUMENT = {"document_no": "佛编〔2026〕61号", "issuer": "市委编委", "start": TODAY.isoformat()}
LATER = TODAY + dt.timedelta(days=700)


def merge(world: World, old: Body, heir: Body, **more: Any) -> int:
    facts = DOCUMENT | {"unit": old.id, "into": heir.id, "seats": "along"} | more
    return by_office(world, "unit_merge", facts, about=old)


def total(world: World, line: int) -> Any:
    return world.row("SELECT authorised, occupied FROM ledger_total WHERE line_id = :l", l=line)


def posts(world: World, line: int) -> dict[tuple[str, bool], int]:
    with world.superuser.begin() as c:
        rows = c.execute(
            text(
                "SELECT status, surplus, count(*) FROM post WHERE line_id = :l AND status <> 'abolished' GROUP BY 1, 2"
            ),
            {"l": line},
        ).all()
    return {(r[0], r[1]): r[2] for r in rows}


def plan(world: World, line: int) -> Any:
    return world.row(
        "SELECT surplus, until_on, targets, document_no FROM absorption_plan WHERE line_id = :l AND ended_on IS NULL", l=line
    )  # fmt: skip


def absorbing(world: World, name: str, number: int, people: int, until: dt.date, targets: str | None = None) -> Body:
    """A body with more people than its number, and a plan that runs."""
    body = world.body(name, quotas={"11": people}, people={"11": people})
    facts = DOCUMENT | {"line": body.line, "authorised": number, "until_on": until.isoformat(), "targets": targets}
    by_office(world, "quota", facts, about=body)
    return body


def away(world: World, body: Body, who: int, kind: str = "sick_leave", **more: Any) -> None:
    until = (TODAY + dt.timedelta(days=60)).isoformat()
    facts = {"person": who, "absence_kind": kind, "start": ago(20).isoformat(), "until_on": until}
    by_unit(world, body, "secondment" if more else "long_leave", facts | more)


def test_whoever_is_beyond_the_number_goes_along_as_surplus_with_the_plan_that_runs(world: World) -> None:
    old = absorbing(world, "超编并入局", 3, 5, LATER, f"{TODAY.year + 1}:1")
    heir = world.body("满编承接局", quotas={"11": 2}, people={"11": 2})
    marked = world.value("SELECT array_agg(o.person_id ORDER BY 1) FROM occupancy o JOIN post p ON p.id = o.post_id"
                         " WHERE o.line_id = :l AND p.surplus AND o.recorded_to IS NULL", l=old.line)  # fmt: skip
    merge(world, old, heir)
    assert total(world, heir.line) == (5, 7)
    assert posts(world, heir.line) == {("occupied", False): 5, ("occupied", True): 2}
    assert tuple(plan(world, heir.line)) == (2, LATER, f"{TODAY.year + 1}:1", DOCUMENT["document_no"])
    there = world.value("SELECT array_agg(o.person_id ORDER BY 1) FROM occupancy o JOIN post p ON p.id = o.post_id"
                        " WHERE o.line_id = :l AND p.surplus AND o.recorded_to IS NULL", l=heir.line)  # fmt: skip
    assert sorted(there) == sorted(marked)
    alarms = "SELECT count(*) FROM alarm WHERE line_id = :l AND standing AND state = 'open'"
    assert [world.value(alarms, l=line) for line in (old.line, heir.line)] == [0, 1]
    assert total(world, old.line) == (0, 0)


def test_what_is_vacant_in_the_successor_takes_the_surplus_up(world: World) -> None:
    old = absorbing(world, "有余并入局", 2, 4, LATER)
    heir = world.body("有空承接局", quotas={"11": 3}, people={"11": 2})
    merge(world, old, heir)
    assert total(world, heir.line) == (5, 6)
    assert plan(world, heir.line)[0] == 1


def test_two_plans_become_one_with_the_later_last_day(world: World) -> None:
    year = TODAY.year
    old = absorbing(world, "双计划并入局", 2, 5, LATER, f"{year + 1}:2")
    heir = absorbing(world, "双计划承接局", 1, 3, dt.date(year + 1, 6, 30), f"{year}:2")
    merge(world, old, heir)
    assert total(world, heir.line) == (3, 8)
    assert tuple(plan(world, heir.line))[:3] == (5, LATER, f"{year}:5,{year + 1}:2")


def test_a_surplus_without_a_plan_needs_a_last_day(world: World) -> None:
    old, heir = (
        world.body("无计划并入局", quotas={"11": 2}, people={"11": 4}),
        world.body("无计划承接局", quotas={"11": 0}),
    )
    found = refusal(merge, world, old, heir)
    assert isinstance(found, errors.SurplusWithoutPlan)
    assert found.facts["surplus"] == 2
    merge(world, old, heir, until_on=LATER.isoformat())
    assert tuple(plan(world, heir.line))[:2] == (2, LATER)


def test_a_line_closed_to_entry_stays_closed_and_loses_no_number_on_the_way(world: World) -> None:
    old, heir = world.body("工勤并入局", quotas={"11": 1, "13": 3}, people={"13": 3}), world.body("工勤承接局")
    by_office(world, "line_close", DOCUMENT | {"line": old.lines["13"], "entry": "closed"}, about=old)
    merge(world, old, heir)
    there = world.row("SELECT id, closed_to_entry FROM quota_line WHERE unit_id = :u AND category = '13'", u=heir.id)
    assert there[1] is True
    assert total(world, there[0]) == (3, 3)


def test_leaders_follow_or_leave_line_by_line(world: World) -> None:
    old = world.body("带班并入局", people={"11": 3}, leaders={"principal:0141": 1, "deputy:0142": 2})
    heir = world.body("带班承接局", leaders={"deputy:0142": 1})
    head, deputy, other = old.people
    lead(world, old, old.lines["principal:0141"], head)
    lead(world, old, old.lines["deputy:0142"], deputy)
    lead(world, old, old.lines["deputy:0142"], other)
    merge(world, old, heir, leads="follow", lead_lines=f"{old.lines['principal:0141']}:off")
    assert total(world, heir.lines["deputy:0142"]) == (3, 2)
    leading = "SELECT array_agg(person_id ORDER BY person_id) FROM occupancy WHERE unit_id = :u AND kind = 'leadership'" \
        " AND recorded_to IS NULL AND ended_on IS NULL"  # fmt: skip
    assert world.value(leading, u=heir.id) == sorted([deputy, other])
    assert world.value("SELECT exit_reason FROM occupancy WHERE person_id = :p AND kind = 'leadership' AND ended_on IS NOT NULL"
                       " AND recorded_to IS NULL", p=head) == "21"  # fmt: skip
    assert world.value("SELECT count(*) FROM quota_line WHERE unit_id = :u AND role = 'principal'", u=heir.id) == 0


def test_leaders_end_where_nothing_is_said(world: World) -> None:
    old, heir = world.body("撤班并入局", people={"11": 1}, leaders={"principal:0141": 1}), world.body("撤班承接局")
    lead(world, old, old.lines["principal:0141"], old.people[0])
    merge(world, old, heir)
    assert world.value("SELECT count(*) FROM occupancy WHERE person_id = :p AND kind = 'leadership' AND recorded_to IS NULL"
                       " AND ended_on IS NULL", p=old.people[0]) == 0  # fmt: skip


def test_on_approved_seats_leaders_need_posts_approved_there(world: World) -> None:
    old = world.body("定班并入局", people={"11": 1}, leaders={"principal:0141": 1})
    heir = world.body("定班承接局", quotas={"11": 3})
    lead(world, old, old.lines["principal:0141"], old.people[0])
    found = refusal(merge, world, old, heir, seats="approved", leads="follow")
    assert isinstance(found, errors.LeadershipExhausted)


def test_an_official_of_the_successor_who_led_beside_is_then_of_the_body(world: World) -> None:
    old, heir = world.body("兼任并入局", leaders={"deputy:0142": 1}), world.body("兼任承接局", people={"11": 1})
    lead(world, old, old.lines["deputy:0142"], heir.people[0], nature="concurrent", home="兼任承接局", main=0)
    merge(world, old, heir, leads="follow")
    assert world.row("SELECT nature, home_unit, main FROM occupancy WHERE unit_id = :u AND kind = 'leadership'"
                     " AND recorded_to IS NULL", u=heir.id) == ("regular", None, False)  # fmt: skip


def test_posts_of_other_bodies_lines_and_words_that_say_nothing_are_refused(world: World) -> None:
    old, heir = (
        world.body("错线并入局", leaders={"deputy:0142": 1}),
        world.body("错线承接局", leaders={"deputy:0142": 1}),
    )
    foreign = refusal(merge, world, old, heir, lead_lines=f"{heir.lines['deputy:0142']}:off")
    assert isinstance(foreign, errors.NotFound)
    assert isinstance(refusal(merge, world, old, heir, lead_lines="x:off"), errors.InvalidInput)


def test_an_absence_goes_on_in_the_new_body_unless_the_bundle_ends_it(world: World) -> None:
    old, heir = world.body("离岗并入局", people={"11": 2}), world.body("离岗承接局")
    away(world, old, old.people[0])
    merge(world, old, heir)
    rows = world.row("SELECT array_agg(unit_id ORDER BY id), array_agg(ended_on ORDER BY id), array_agg(started_on ORDER BY id)"
                     " FROM absence WHERE person_id = :p AND recorded_to IS NULL", p=old.people[0])  # fmt: skip
    assert tuple(rows) == ([old.id, heir.id], [TODAY, None], [ago(20), TODAY])
    third = world.body("再承接局")
    merge(world, heir, third, absences="end")
    assert world.value("SELECT count(*) FROM absence WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL",
                       p=old.people[0]) == 0  # fmt: skip


def test_a_loan_ends_where_the_host_takes_the_person_in_and_goes_on_with_a_host_s_successor(world: World) -> None:
    old, host = world.body("出借局", people={"11": 1}), world.body("借用局")
    lender, heir = world.body("他处出借局", people={"11": 1}), world.body("借用承接局")
    for body in (old, lender):
        away(world, body, body.people[0], "secondment", host_unit=host.id, host=host.name)
    merge(world, old, host)
    open_now = "SELECT unit_id, host_unit_id, host FROM absence WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL"
    with world.superuser.begin() as c:
        assert c.execute(text(open_now), {"p": old.people[0]}).one_or_none() is None
    merge(world, host, heir)
    assert tuple(world.row(open_now, p=lender.people[0])) == (lender.id, heir.id, heir.name)


def test_people_moved_as_a_body_are_still_away(world: World) -> None:
    old, into = world.body("整转离岗局", people={"11": 1}), world.body("整转离岗承接局")
    away(world, old, old.people[0])
    by_office(world, "people_move", DOCUMENT | {"line": old.line, "into_line": into.line, "people": "all"}, about=old)
    assert world.value("SELECT unit_id FROM absence WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL",
                       p=old.people[0]) == into.id  # fmt: skip


def test_drafts_and_open_notices_go_to_the_successor_and_the_administrators_hear_whose_accounts_ended(
    world: World,
) -> None:
    old, heir = world.body("案头并入局", people={"11": 1}), world.body("案头承接局")
    clerk = world.clerk(old)
    with world.database.transaction(clerk) as session:
        draft = engine.draft(
            session, process="recruit", unit_id=old.id, scope_path=old.scope_path, form={"note": "写了一半"}
        ).id
    with world.superuser.begin() as c:
        c.execute(text("INSERT INTO notice (kind, unit_id, why, scope_path) VALUES ('verification', :u, '2026', :p)"),
                  {"u": old.id, "p": old.scope_path})  # fmt: skip
    merge(world, old, heir)
    assert world.row("SELECT unit_id, scope_path, state FROM application WHERE id = :c", c=draft) == (
        heir.id, heir.scope_path, "draft")  # fmt: skip
    with world.database.transaction(world.clerk(heir)) as session:
        assert (
            session.execute(text("SELECT form ->> 'note' FROM application WHERE id = :c"), {"c": draft}).scalar_one()
            == "写了一半"
        )
        kinds = session.execute(
            text("SELECT array_agg(kind ORDER BY kind) FROM notice WHERE unit_id = :u"), {"u": heir.id}
        )
        assert kinds.scalar_one() == ["taken_over", "verification"]
    told = world.value(
        "SELECT why FROM notice WHERE kind = 'hats_ended' AND duty = 'system_admin' ORDER BY id DESC LIMIT 1"
    )
    assert told == "案头并入局 → 案头承接局：1"
    assert world.value("SELECT count(*) FROM account WHERE unit_id = :u AND ended_on IS NULL", u=old.id) == 0


def test_after_all_of_it_the_chains_say_what_the_tables_say(world: World) -> None:
    assert findings(world) == []
