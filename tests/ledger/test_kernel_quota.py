"""Quotas: a number makes or ends numbered seats; never below what is in use, on no day of the past."""

from typing import Any

import pytest

from app.domain import errors
from tests.ledger.steps import (
    TODAY,
    ago,
    by_office,
    correct_start,
    entered,
    findings,
    leave,
    refusal,
    reserved,
    seat,
    set_quota,
    transfer,
)
from tests.world import Body, World

DOCUMENT = {"document_no": "佛编〔2026〕7号", "issuer": "市委编委"}


def seats(world: World, line: int) -> dict[str, list[int]]:
    """The numbers of a line's seats by their state."""
    with world.superuser.connect() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT status, number FROM post WHERE line_id = {line} ORDER BY number"
        ).all()
    return {status: [n for s, n in rows if s == status] for status, _n in rows}


def authorised_on(world: World, line: int, day: Any) -> int | None:
    return world.value(
        "SELECT authorised FROM quota WHERE line_id = :l AND recorded_to IS NULL AND started_on <= :d"
        " AND (ended_on IS NULL OR ended_on > :d)", l=line, d=day)  # fmt: skip


def test_a_higher_number_makes_seats_and_a_lower_one_ends_the_highest_vacant_ones(world: World) -> None:
    body = world.body("增减局", quotas={"11": 3}, people={"11": 1})
    set_quota(world, body, body.line, 5)
    assert seats(world, body.line) == {"occupied": [1], "vacant": [2, 3, 4, 5]}
    set_quota(world, body, body.line, 2)
    assert seats(world, body.line) == {"occupied": [1], "vacant": [2], "abolished": [3, 4, 5]}
    assert world.figures(body.line) == (2, 1, 0)


def test_a_number_once_used_is_never_used_again(world: World) -> None:
    body = world.body("不重号局", quotas={"11": 3})
    set_quota(world, body, body.line, 1)
    set_quota(world, body, body.line, 3)
    assert seats(world, body.line) == {"vacant": [1, 4, 5], "abolished": [2, 3]}


def test_a_number_below_what_is_occupied_and_reserved_is_refused_with_the_figures(world: World) -> None:
    body = world.body("不得低局", quotas={"11": 5}, people={"11": 2})
    reserved(world, body)
    found = refusal(set_quota, world, body, body.line, 2)
    assert isinstance(found, errors.QuotaBelowUse)
    assert found.facts == {"line": body.line, "authorised": 2, "occupied": 2, "reserved": 1}
    set_quota(world, body, body.line, 3)
    assert world.figures(body.line) == (3, 2, 1)


def test_a_negative_number_is_refused(world: World) -> None:
    body = world.body("负数局", quotas={"11": 0})
    assert isinstance(refusal(set_quota, world, body, body.line, -1), errors.QuotaBelowUse)


def test_a_number_needs_a_document(world: World) -> None:
    body = world.body("无文局")
    facts = {"line": body.line, "authorised": 9, "document_no": "", "start": TODAY.isoformat()}
    assert isinstance(refusal(by_office, world, "quota", facts, about=body), errors.DocumentMissing)


def test_the_old_number_stands_for_its_time_and_what_was_known_then_stays_known(world: World) -> None:
    body = world.body("两轴局", quotas={"11": 3}, start=ago(400))
    before = world.value("SELECT clock_timestamp()")
    set_quota(world, body, body.line, 6, ago(100))
    assert [authorised_on(world, body.line, d) for d in (ago(101), ago(100), TODAY)] == [3, 6, 6]
    assert world.value(
        "SELECT authorised FROM quota WHERE line_id = :l AND recorded_at <= :m AND (recorded_to IS NULL OR"
        " recorded_to > :m) AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d)",
        l=body.line, m=before, d=TODAY) == 3  # fmt: skip


def test_a_number_before_the_last_one_or_in_the_future_is_refused(world: World) -> None:
    body = world.body("次序局", quotas={"11": 3}, start=ago(400))
    set_quota(world, body, body.line, 4, ago(50))
    assert isinstance(refusal(set_quota, world, body, body.line, 5, ago(51)), errors.BadDay)
    case = set_quota(world, body, body.line, 5, ago(-3))
    assert world.state(case) == "awaiting"
    assert world.figures(body.line) == (4, 0, 0)


@pytest.mark.parametrize("still", [False, True], ids=["all have left since", "somebody sits still"])
def test_a_back_dated_number_that_makes_a_past_day_over_full_is_refused_naming_the_day(
    world: World, still: bool
) -> None:
    body = world.body(f"倒减局{still}", quotas={"11": 3}, start=ago(400))
    first, second = entered(world, body, ago(300)), entered(world, body, ago(200))
    leave(world, body, second, ago(100))
    if not still:
        leave(world, body, first, ago(90))
    found = refusal(set_quota, world, body, body.line, 1, ago(250))
    assert isinstance(found, errors.BadDay)
    assert found.facts["day"] == ago(200).isoformat()
    assert seats(world, body.line).get("abolished") is None
    set_quota(world, body, body.line, 1, ago(100))
    assert authorised_on(world, body.line, ago(101)) == 3


def test_a_day_that_was_over_full_before_hinders_no_better_number(world: World) -> None:
    """A line over its quota since the opening: the surplus has gone, the old days stay as they were."""
    body = world.body("消化局", quotas={"11": 2}, people={"11": 3}, start=ago(400))
    for who in body.people[:2]:
        leave(world, body, who, ago(100))
    assert world.figures(body.line) == (2, 1, 0)
    set_quota(world, body, body.line, 3, ago(200))  # days of three holders under two become days under three
    assert authorised_on(world, body.line, ago(150)) == 3


def test_a_seat_that_was_held_after_the_day_is_not_ended_on_it(world: World) -> None:
    body = world.body("占座局", quotas={"11": 2}, start=ago(400))
    one = entered(world, body, ago(300))
    other = entered(world, body, ago(250))
    leave(world, body, other, ago(100))
    third = entered(world, body, ago(90))  # again on seat 2
    leave(world, body, one, ago(200))
    # One of two seats goes from a day on which seat 2 was held and seat 1 was still held.
    found = refusal(set_quota, world, body, body.line, 1, ago(240))
    assert isinstance(found, errors.BadDay)
    set_quota(world, body, body.line, 1, ago(200))
    assert seats(world, body.line) == {"abolished": [1], "occupied": [2]}
    assert world.value("SELECT count(*) FROM occupancy WHERE person_id = :p AND recorded_to IS NULL", p=third) == 1


def test_no_seat_is_held_after_its_end(world: World) -> None:
    """Whatever the tests of this module did."""
    assert world.value(
        "SELECT count(*) FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.recorded_to IS NULL"
        " AND p.abolished_on < coalesce(o.ended_on, 'infinity') AND o.ended_on IS DISTINCT FROM o.started_on") == 0  # fmt: skip


def test_a_new_line_is_made_once_and_known_by_what_it_is(world: World) -> None:
    body = world.body("新线局", quotas={"11": 1})
    facts = {"unit": body.id, "category": "13", "funding": "1", "structure": "none", "authorised": 2,
             "start": TODAY.isoformat(), **DOCUMENT}  # fmt: skip
    by_office(world, "quota_new", facts, about=body)
    again = facts | {"authorised": 4}
    assert isinstance(refusal(by_office, world, "quota_new", again, about=body), errors.DocumentUsed)
    by_office(world, "quota_new", again | {"document_no": "佛编〔2026〕8号"}, about=body)
    assert world.row("SELECT count(*), max(t.authorised) FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
                     " WHERE l.unit_id = :u AND l.category = '13'", u=body.id) == (1, 4)  # fmt: skip


def test_a_line_belongs_to_a_legal_body_and_its_scope_to_the_same(world: World) -> None:
    body, other = world.body("法人局", departments=("办公室",)), world.body("别家局", departments=("别科",))
    facts = {"unit": body.departments["办公室"], "category": "11", "authorised": 2, "start": str(TODAY), **DOCUMENT}
    assert isinstance(refusal(by_office, world, "quota_new", facts, about=body), errors.NotFound)
    lead = {"unit": body.id, "kind": "leadership", "role": "deputy", "level": "0142", "authorised": 1,
            "scope": other.departments["别科"], "start": str(TODAY), **DOCUMENT}  # fmt: skip
    assert isinstance(refusal(by_office, world, "lead_new", lead, about=body), errors.NotFound)


def test_unknown_is_not_zero_and_nobody_enters_a_line_without_a_number(world: World) -> None:
    body = world.body("未核局", quotas={"11": 2})
    set_quota(world, body, body.line, None)
    assert world.figures(body.line) == (None, 0, 0)
    assert seats(world, body.line) == {"abolished": [1, 2]}
    case = world.recruit(body)
    found = refusal(world.decide, world.office("establishment"), case, "establishment")
    assert isinstance(found, errors.QuotaExhausted)
    assert found.facts["authorised"] is None


def test_a_number_that_holds_the_surplus_makes_its_seats_regular_and_ends_the_alarm(world: World) -> None:
    body = world.body("转正局", quotas={"11": 2}, people={"11": 4})
    assert isinstance(refusal(set_quota, world, body, body.line, 3), errors.QuotaBelowUse)
    set_quota(world, body, body.line, 5)
    assert world.value("SELECT count(*) FROM post WHERE line_id = :l AND surplus AND status <> 'abolished'",
                       l=body.line) == 0  # fmt: skip
    assert seats(world, body.line) == {"occupied": [1, 2, 3, 4], "vacant": [5]}
    assert world.value("SELECT count(*) FROM alarm WHERE line_id = :l AND state = 'open'", l=body.line) == 0
    assert world.value("SELECT count(*) FROM alarm WHERE line_id = :l AND state = 'cleared'", l=body.line) == 1


def test_lines_never_offset_one_another(world: World) -> None:
    body = world.body("不抵局", quotas={"11": 5, "13": 1}, people={"11": 1, "13": 2})
    case = world.recruit(body, line=body.lines["13"])
    assert isinstance(refusal(world.decide, world.office("establishment"), case, "establishment"), errors.SurplusLine)
    assert world.figures(body.lines["11"]) == (5, 1, 0)


def test_the_database_itself_holds_a_reservation_within_the_number(world: World) -> None:
    """Not even the owner's plain statement reserves or enters beside a reservation on a full line."""
    body = world.body("约束局", quotas={"11": 1}, people={"11": 1})
    with pytest.raises(Exception, match="within_quota"), world.owner.begin() as connection:
        connection.exec_driver_sql(f"UPDATE ledger_total SET reserved = 1 WHERE line_id = {body.line}")


@pytest.fixture(scope="module")
def full(world: World) -> tuple[Body, Body]:
    """A line that was full for a hundred days, and a neighbour."""
    body = world.body("满员局", quotas={"11": 1}, start=ago(400))
    who = entered(world, body, ago(200))
    leave(world, body, who, ago(100))
    return body, world.body("邻局", quotas={"11": 3}, people={"11": 2}, start=ago(400))


def test_nobody_enters_back_to_a_day_when_the_line_was_full(world: World, full: tuple[Body, Body]) -> None:
    body, _ = full
    case = reserved(world, body)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, ago(150)), errors.BadDay)
    world.arrive(world.clerk(body), case, ago(100))
    assert world.figures(body.line) == (1, 1, 0)


def test_nobody_moves_back_to_a_day_when_the_line_was_full(world: World, full: tuple[Body, Body]) -> None:
    body, other = full
    set_quota(world, body, body.line, 2, ago(120))
    found = refusal(transfer, world, other, body, other.people[0], ago(130))
    assert isinstance(found, errors.BadDay)
    assert world.figures(other.line) == (3, 2, 0)


def test_no_correction_makes_a_day_over_full(world: World) -> None:
    body = world.body("更正满局", quotas={"11": 2}, start=ago(400))
    entered(world, body, ago(200))
    set_quota(world, body, body.line, 1, ago(100))
    set_quota(world, body, body.line, 2, ago(90))
    two = entered(world, body, ago(80))
    assert isinstance(refusal(correct_start, world, body, seat(world, two), ago(95)), errors.BadDay)
    correct_start(world, body, seat(world, two), ago(90))


def test_all_of_it_verifies(world: World) -> None:
    assert findings(world) == []
