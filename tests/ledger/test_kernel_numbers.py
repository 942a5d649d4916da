"""Numbers: what they are made of, what a region may have, how a surplus goes, lines nobody enters; each day and both chains."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from app.workflow import parts as jobs
from tests.ledger.steps import (
    TODAY,
    act,
    ago,
    by_office,
    entered,
    findings,
    leave,
    refusal,
    reserved,
    review,
    set_quota,
)
from tests.ledger.steps import file as filed
from tests.world import World

LATER = (TODAY + dt.timedelta(days=300)).isoformat()


def total(world: World, line: int) -> tuple[int | None, int, int]:
    row = world.row("SELECT authorised, occupied, reserved FROM ledger_total WHERE line_id = :l", l=line)
    return row[0], row[1], row[2]


def surplus(world: World, line: int) -> list[int]:
    return list(world.value("SELECT coalesce(array_agg(number ORDER BY number), '{}') FROM post WHERE line_id = :l AND surplus"
                            " AND status <> 'abolished'", l=line))  # fmt: skip


def expire(world: World) -> list[tuple[int, int, Any]]:
    return list(jobs.expire_due(world.database, world.service("svc-worker")))


def overdue(world: World, line: int) -> None:
    """Let a part's last day lie behind, in table and chain alike: the fixture's shortcut past the calendar."""
    with world.superuser.begin() as c:
        c.execute(text("UPDATE quota_part SET last_on = :d WHERE line_id = :l"), {"d": ago(1), "l": line})


def test_a_cut_below_what_is_in_use_needs_a_plan_of_absorption(world: World) -> None:
    body = world.body("核减局", quotas={"11": 5}, people={"11": 4})
    assert isinstance(refusal(set_quota, world, body, body.line, 2), (errors.QuotaBelowUse, errors.CheckFailed))
    act(world, "quota", body, line=body.line, authorised=2, until_on=LATER, targets="2027:1")
    assert total(world, body.line) == (2, 4, 0)
    assert surplus(world, body.line) == [3, 4]
    assert world.row("SELECT surplus, ended_on FROM absorption_plan WHERE line_id = :l", l=body.line) == (2, None)
    # 只出不进: nobody enters, whoever leaves frees a seat for a surplus holder, whose seat dies.
    assert isinstance(refusal(reserved, world, body), (errors.SurplusLine, errors.CheckFailed))
    leave(world, body, body.people[0])
    assert total(world, body.line) == (2, 3, 0)
    assert len(surplus(world, body.line)) == 1
    leave(world, body, body.people[3])
    assert surplus(world, body.line) == []
    assert world.value("SELECT ended_on FROM absorption_plan WHERE line_id = :l", l=body.line) == TODAY
    assert (
        world.value("SELECT count(*) FROM alarm WHERE line_id = :l AND standing AND state = 'open'", l=body.line) == 0
    )


def test_a_cut_with_a_plan_waits_for_running_cases(world: World) -> None:
    body = world.body("核减预留局", quotas={"11": 5}, people={"11": 3})
    reserved(world, body)
    found = refusal(act, world, "quota", body, line=body.line, authorised=1, until_on=LATER)
    assert isinstance(found, (errors.QuotaBelowUse, errors.CheckFailed))


def test_a_legacy_surplus_gets_its_plan_and_nobody_else_does(world: World) -> None:
    body, calm = world.body("旧超编局", quotas={"11": 2}, people={"11": 3}), world.body("不超局")
    act(world, "absorb", body, line=body.line, until_on=LATER, targets="2027:0")
    assert world.value("SELECT targets FROM absorption_plan WHERE line_id = :l", l=body.line) == "2027:0"
    assert isinstance(refusal(act, world, "absorb", calm, line=calm.line, until_on=LATER), errors.NoSurplus)
    assert isinstance(
        refusal(act, world, "absorb", body, line=body.line, until_on=TODAY.isoformat()), errors.InvalidInput
    )


def test_parts_never_exceed_the_number_and_an_unknown_part_counts_nothing(world: World) -> None:
    body = world.body("其中局", quotas={"11": 5})
    act(world, "quota_part", body, line=body.line, purpose="veteran", number=3, how="inside")
    act(world, "quota_part", body, line=body.line, purpose="law", number=None, how="inside")
    assert isinstance(
        refusal(act, world, "quota_part", body, line=body.line, purpose="talent", number=3, how="inside"),
        errors.PartsExceed,
    )
    assert isinstance(refusal(set_quota, world, body, body.line, 2), errors.PartsExceed)


def test_a_temporary_number_opens_entry_and_takes_itself_back(world: World) -> None:
    body = world.body("军转局", quotas={"11": 2}, people={"11": 2})
    act(world, "quota_part", body, line=body.line, purpose="military", number=2, how="added", last_on=LATER)
    assert total(world, body.line) == (4, 2, 0)
    entered(world, body)
    overdue(world, body.line)
    part = world.value("SELECT id FROM quota_part WHERE line_id = :l AND recorded_to IS NULL", l=body.line)
    assert (part, 2, None) in expire(world)
    # The one who came on it is surplus from that day, with an alarm; nothing happens on a second run.
    assert (total(world, body.line), surplus(world, body.line)) == ((2, 3, 0), [3])
    assert (
        world.value("SELECT count(*) FROM alarm WHERE line_id = :l AND rule = 'AL02' AND state = 'open'", l=body.line)
        == 1
    )
    assert all(gone == 0 for found, gone, _r in expire(world) if found == part)


def test_a_temporary_number_waits_for_seats_that_running_cases_hold(world: World) -> None:
    body = world.body("军转预留局", quotas={"11": 1}, people={"11": 1})
    act(world, "quota_part", body, line=body.line, purpose="military", number=2, how="added", last_on=LATER)
    case = reserved(world, body)
    overdue(world, body.line)
    expire(world)
    assert total(world, body.line) == (2, 1, 1)  # one number went, the one that is kept stays
    world.arrive(world.clerk(body), case, TODAY)
    expire(world)
    assert (total(world, body.line), surplus(world, body.line)) == ((1, 2, 0), [2])


def test_a_temporary_number_ends_on_its_day_though_people_sat_on_it_later(world: World) -> None:
    """The job came late, or the document did: the days between are over the number in the history, and nothing fails."""
    body = world.body("军转迟收局", quotas={"11": 1}, people={"11": 1})
    act(
        world,
        "quota_part",
        body,
        ago(90),
        line=body.line,
        purpose="military",
        number=1,
        how="added",
        last_on=ago(30).isoformat(),
    )
    leave(world, body, entered(world, body, ago(80)), ago(10))
    assert all(refused is None for _part, _gone, refused in expire(world))
    assert (total(world, body.line), surplus(world, body.line)) == ((1, 1, 0), [])
    days = [(ago(31), 2, 2), (ago(29), 1, 2), (ago(9), 1, 1)]
    for day, authorised, held in days:
        assert world.row(
            "SELECT (SELECT authorised FROM quota WHERE line_id = :l AND recorded_to IS NULL AND started_on <= :d"
            " AND (ended_on IS NULL OR ended_on > :d)), (SELECT count(*) FROM occupancy WHERE line_id = :l"
            " AND recorded_to IS NULL AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d))",
            l=body.line, d=day) == (authorised, held)  # fmt: skip
    # The seat went when it was left, not while somebody sat on it.
    assert world.value("SELECT abolished_on FROM post WHERE line_id = :l AND number = 2", l=body.line) == ago(10)


def test_a_number_is_given_back_by_document_neither_before_it_began_nor_before_the_last_number(world: World) -> None:
    body = world.body("早还局", quotas={"11": 2})
    act(world, "quota_part", body, ago(20), line=body.line, purpose="law", number=1, how="inside")
    act(world, "quota_part", body, ago(20), line=body.line, purpose="military", number=1, how="added", last_on=LATER)
    act(world, "quota", body, ago(5), line=body.line, authorised=4)
    for purpose, day in (("law", ago(21)), ("military", ago(21)), ("military", ago(10))):
        part = world.value("SELECT id FROM quota_part WHERE line_id = :l AND purpose = :p AND ended_on IS NULL"
                           " AND recorded_to IS NULL", l=body.line, p=purpose)  # fmt: skip
        found = refusal(act, world, "quota_part_end", body, day, part=part)
        assert isinstance(found, errors.BadDay), (purpose, day)


def test_what_is_added_has_a_last_day(world: World) -> None:
    body = world.body("无期局")
    for purpose, how in (("military", "added"), ("rotating", "inside")):
        found = refusal(act, world, "quota_part", body, line=body.line, purpose=purpose, number=1, how=how)
        assert isinstance(found, (errors.InvalidInput, errors.PoolExhausted)), purpose


def test_a_region_never_distributes_more_than_its_total(world: World) -> None:
    body = world.body("总量局", region="440605", quotas={"15": 3})
    act(world, "quota_pool", None, place="440605", region="440605", category="15", pool_kind="total", number=5)
    act(world, "quota", body, place="440605", line=body.line, authorised=5)
    found = refusal(act, world, "quota", body, place="440605", line=body.line, authorised=6)
    assert isinstance(found, errors.PoolExhausted)
    assert found.facts["distributed"] == 5
    assert isinstance(
        refusal(
            act, world, "quota_pool", None, place="440605", region="440605", category="15", pool_kind="total", number=4
        ),
        errors.PoolBelowUse,
    )


def test_two_units_never_both_take_the_last_of_a_total(world: World) -> None:
    one, other = (world.body(f"争量{n}局", region="440607", quotas={"14": 1}) for n in "甲乙")
    act(world, "quota_pool", None, place="440607", region="440607", category="14", pool_kind="total", number=3)
    facts = [{"line": b.line, "authorised": 2, "document_no": f"佛编〔2026〕{b.id}号", "issuer": "市委编委",
              "start": TODAY.isoformat()} for b in (one, other)]  # fmt: skip
    cases = [filed(world, "quota", f, about=b, region="440607") for f, b in zip(facts, (one, other), strict=True)]
    world.office("establishment", "440607")

    def decide(case: int) -> str:
        try:
            review(world, case, "440607")
        except errors.PoolExhausted:
            return "refused"
        return "set"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, cases)) == ["refused", "set"]


def test_numbers_on_loan_come_out_of_the_reserve_and_go_back(world: World) -> None:
    body = world.body("周转局", region="440608", quotas={"13": 2}, people={"13": 2})
    lend = {"line": body.line, "purpose": "rotating", "how": "added", "last_on": LATER, "place": "440608"}
    assert isinstance(refusal(act, world, "quota_part", body, **lend, number=1), errors.PoolExhausted)
    act(world, "quota_pool", None, place="440608", region="440608", category="13", pool_kind="rotating", number=2)
    # What is lent has a number; "to be set separately" would be lent without a bound.
    unknown = refusal(act, world, "quota_part", body, **lend | {"how": "inside"}, number=None)
    assert isinstance(unknown, errors.InvalidInput)
    act(world, "quota_part", body, **lend, number=2)
    assert isinstance(refusal(act, world, "quota_part", body, **lend, number=1), errors.PoolExhausted)
    part = world.value("SELECT id FROM quota_part WHERE line_id = :l AND recorded_to IS NULL", l=body.line)
    act(world, "quota_part_end", body, place="440608", part=part)
    assert total(world, body.line) == (2, 2, 0)


def test_numbers_move_between_lines_of_one_category_and_the_sum_stays(world: World) -> None:
    one, other = (
        world.body("划出局", quotas={"11": 5}, people={"11": 3}),
        world.body("划入编制局", quotas={"11": 1, "13": 1}),
    )
    act(world, "quota_move", one, from_line=one.line, line=other.line, number=2)
    assert (total(world, one.line)[0], total(world, other.line)[0]) == (3, 3)
    assert isinstance(
        refusal(act, world, "quota_move", one, from_line=one.line, line=other.line, number=1), errors.QuotaBelowUse
    )
    assert isinstance(
        refusal(act, world, "quota_move", one, from_line=one.line, line=other.lines["13"], number=1),
        errors.WrongCategory,
    )
    assert isinstance(
        refusal(act, world, "quota_move", one, from_line=one.line, line=other.line, number=9), errors.MoveAbove
    )
    assert (total(world, one.line)[0], total(world, other.line)[0]) == (3, 3)


def test_whoever_leaves_a_closed_line_takes_the_seat_along(world: World) -> None:
    body = world.body("退一收一局", quotas={"13": 4}, people={"13": 3})
    act(world, "line_close", body, line=body.line, entry="closed")
    assert isinstance(
        refusal(reserved, world, body, personnel="human_resources"), (errors.LineClosed, errors.CheckFailed)
    )
    leave(world, body, body.people[0], personnel="human_resources")
    assert total(world, body.line) == (3, 2, 0)
    act(world, "line_close", body, line=body.line, entry="open")
    leave(world, body, body.people[1], personnel="human_resources")
    assert total(world, body.line) == (3, 1, 0)


def test_an_exit_of_long_ago_takes_the_seat_along_though_the_line_was_over_full_then(world: World) -> None:
    body = world.body("退一收一补登局", quotas={"13": 2}, people={"13": 3}, start=ago(400))
    office = {"personnel": "human_resources"}
    leave(world, body, body.people[2], ago(50), **office)
    act(world, "line_close", body, line=body.line, entry="closed")
    leave(world, body, body.people[0], ago(100), **office)
    assert total(world, body.line) == (1, 1, 0)


def test_a_document_fixes_a_line_once(world: World) -> None:
    body = world.body("重号局")
    facts = {"line": body.line, "issuer": "市委编委", "start": TODAY.isoformat(), "document_no": "佛编〔2026〕77号"}
    by_office(world, "quota", facts | {"authorised": 6}, about=body)
    found = refusal(by_office, world, "quota", facts | {"authorised": 7}, about=body)
    assert isinstance(found, errors.DocumentUsed)


def test_chains_and_tables_agree_on_numbers(world: World) -> None:
    with world.superuser.begin() as c:  # the shortcut past the calendar is undone
        c.execute(text("UPDATE quota_part SET last_on = :d WHERE last_on = :a"), {"d": LATER, "a": ago(1)})
    assert findings(world) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [("quota_part", "number = number + 1"), ("quota_part", "last_on = last_on + 1"), ("quota_pool", "number = number + 1"),
     ("quota_pool", "document_no = '改'"), ("absorption_plan", "until_on = until_on + 1"), ("quota_line", "closed_to_entry = true")],
)  # fmt: skip
def test_a_changed_number_is_found(world: World, table: str, change: str) -> None:
    pick = {"quota_part": "added AND last_on IS NOT NULL", "quota_line": "NOT closed_to_entry"}.get(table, "true")
    connection = world.superuser.connect()
    transaction = connection.begin()
    connection.execute(text(f"UPDATE {table} SET {change} WHERE id = (SELECT max(id) FROM {table} WHERE {pick})"))
    from app.ledger.verify import Verifier

    found = [f.sentence() for f in Verifier(connection, world.keys).findings()]
    transaction.rollback()
    connection.close()
    assert any(table in f for f in found)
