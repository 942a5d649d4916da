"""Seats: reserved, released, occupied, vacated, moved; one person, one seat, on every day."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain import errors
from app.workflow import due, engine
from tests.ledger.steps import (
    TODAY,
    ago,
    call,
    entered,
    findings,
    lead,
    leave,
    newcomer_facts,
    refusal,
    reserved,
    seat,
    set_quota,
    transfer,
    wanted,
)
from tests.world import Body, World, person


def seat_of(world: World, who: int) -> tuple[int, bool]:
    """Number of a person's present seat, and whether it is a surplus one."""
    return world.row(
        "SELECT p.number, p.surplus FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.person_id = :p"
        " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL", p=who)  # fmt: skip


def periods(world: World, who: int) -> list[tuple[dt.date, dt.date | None]]:
    with world.superuser.connect() as connection:
        return [tuple(r) for r in connection.exec_driver_sql(
            "SELECT started_on, ended_on FROM occupancy WHERE recorded_to IS NULL AND kind = 'establishment'"
            f" AND person_id = {who} ORDER BY started_on, ended_on").all()]  # fmt: skip


def city_total(world: World) -> int:
    return int(world.value("SELECT coalesce(sum(t.occupied), 0) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id"
                           " WHERE l.kind = 'establishment'"))  # fmt: skip


# -- reserve, release ---------------------------------------------------------------------------------------------


def test_a_reservation_takes_the_lowest_vacant_seat_and_writes_it_down(world: World) -> None:
    body = world.body("预留局", quotas={"11": 3}, people={"11": 1})
    case = world.recruit(body)
    world.decide(world.office("establishment"), case, "establishment")
    assert world.row("SELECT number, status FROM post WHERE reserved_case_id = :c", c=case) == (2, "reserved")
    assert world.value("SELECT count(*) FROM ledger_entry WHERE case_id = :c AND type = 'seat.reserved'", c=case) == 1
    assert world.figures(body.line) == (3, 1, 1)


def test_a_second_reservation_of_one_case_is_the_same_seat(world: World) -> None:
    body = world.body("一留局", quotas={"11": 3})
    case = world.recruit(body)
    world.decide(world.office("establishment"), case, "establishment")
    kept = world.value("SELECT id FROM post WHERE reserved_case_id = :c", c=case)
    assert call(world, world.office("establishment"), "SELECT ledger_reserve(:c)", c=case) == kept
    assert world.figures(body.line) == (3, 0, 1)


def test_a_full_line_refuses_with_its_figures(world: World) -> None:
    body = world.body("满编局", quotas={"11": 2}, people={"11": 1})
    reserved(world, body)
    case = world.recruit(body)
    found = refusal(world.decide, world.office("establishment"), case, "establishment")
    assert isinstance(found, errors.QuotaExhausted)
    assert found.facts == {"line": body.line, "authorised": 2, "occupied": 1, "reserved": 1, "surplus": 0}


def test_a_case_filed_anew_for_another_line_gives_its_seat_back(world: World) -> None:
    body = world.body("改线局", quotas={"11": 2, "13": 2})
    who = person("改线")
    case = world.recruit(body, facts=who)
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("organisation"), case, "personnel", "return", "改线")
    with world.database.transaction(world.clerk(body)) as session:
        facts = {**newcomer_facts(world, who), "line": body.lines["13"], "department": None}
        engine.submit(session, case, facts=facts, person_id=None, person_name="改线", effective_on=None)
    assert world.figures(body.lines["11"]) == (2, 0, 0)
    world.decide(world.office("establishment"), case, "establishment")
    assert world.figures(body.lines["13"]) == (2, 0, 1)


def test_no_establishment_seat_is_reserved_on_a_leadership_line(world: World) -> None:
    body = world.body("错线局", leaders={"deputy:0132": 1})
    case = world.recruit(body, line=body.lines["deputy:0132"])
    assert isinstance(refusal(world.decide, world.office("establishment"), case, "establishment"), errors.WrongCategory)


# -- occupy -------------------------------------------------------------------------------------------------------


def test_an_arrival_registers_the_person_and_fills_the_seat(world: World) -> None:
    body = world.body("到岗局", quotas={"11": 2}, start=ago(50))
    who = person("到岗")
    case = reserved(world, body, who=who)
    world.arrive(world.clerk(body), case, ago(3))
    row = world.row("SELECT id, name, state, personnel_class, unit_id FROM person WHERE id_index = :i",
                    i=world.keys.blind_index("resident", who.id_number))  # fmt: skip
    assert row[1:] == ("到岗", "serving", "civil", body.id)
    assert periods(world, row[0]) == [(ago(3), None)]
    with world.superuser.connect() as connection:
        types = connection.exec_driver_sql(
            f"SELECT type FROM ledger_entry WHERE chain_kind = 'person' AND chain_id = {row[0]} ORDER BY sequence"
        ).scalars()
        assert list(types) == ["person.registered", "seat.occupied"]


def test_an_arrival_is_refused_in_the_future_and_before_the_seat_was_made(world: World) -> None:
    body = world.body("到岗日局", quotas={"11": 2}, start=ago(50))
    case = reserved(world, body)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, ago(-1)), errors.FutureEffect)
    found = refusal(world.arrive, world.clerk(body), case, ago(51))
    assert isinstance(found, errors.BadDay)
    assert world.state(case) == "awaiting"
    assert world.figures(body.line) == (2, 0, 1)
    world.arrive(world.clerk(body), case, ago(50))


def test_a_back_dated_arrival_takes_another_seat_when_the_reserved_one_was_in_use(world: World) -> None:
    body = world.body("换座局", quotas={"11": 2}, start=ago(400))
    first = entered(world, body, ago(300))
    leave(world, body, first, ago(100))
    case = reserved(world, body)
    assert world.value("SELECT number FROM post WHERE reserved_case_id = :c", c=case) == 1
    world.arrive(world.clerk(body), case, ago(200))
    who = world.value("SELECT person_id FROM application WHERE id = :c", c=case)
    assert seat_of(world, who) == (2, False)
    assert world.figures(body.line) == (2, 1, 0)


def test_a_back_dated_arrival_takes_an_older_seat_when_the_reserved_one_is_younger(world: World) -> None:
    body = world.body("新座局", quotas={"11": 1}, start=ago(400))
    first = entered(world, body, ago(300))
    set_quota(world, body, body.line, 2, ago(50))
    case = reserved(world, body)  # seat 2, made fifty days ago
    leave(world, body, first, ago(200))
    world.arrive(world.clerk(body), case, ago(150))
    who = world.value("SELECT person_id FROM application WHERE id = :c", c=case)
    assert seat_of(world, who) == (1, False)


def test_a_person_of_the_register_is_not_registered_again(world: World) -> None:
    body, other = world.body("重登局", start=ago(50)), world.body("重登二局", start=ago(50))
    who = person("一人")
    entered(world, body, ago(3), who=who)
    case = reserved(world, other, who=who)
    assert isinstance(refusal(world.arrive, world.clerk(other), case, TODAY), errors.DuplicatePerson)


def test_who_left_comes_back_under_the_same_row_but_not_before_the_exit(world: World) -> None:
    body = world.body("回岗局", start=ago(100))
    who = person("回岗")
    first = entered(world, body, ago(90), who=who)
    leave(world, body, first, ago(30))
    case = reserved(world, body, who=who)
    found = refusal(world.arrive, world.clerk(body), case, ago(31))
    assert isinstance(found, errors.BeforeEntry)
    world.arrive(world.clerk(body), case, ago(30))
    assert periods(world, first) == [(ago(90), ago(30)), (ago(30), None)]
    assert world.value("SELECT state FROM person WHERE id = :p", p=first) == "serving"


def test_a_department_of_another_body_is_no_place_to_sit(world: World) -> None:
    body, other = world.body("本局"), world.body("他局", departments=("他科",))
    who = person("错科")
    facts = {**newcomer_facts(world, who), "line": body.line, "department": other.departments["他科"]}
    case = world.submit(world.clerk(body), body, "recruit", facts, name=who.name)
    world.approve_recruit(case)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, TODAY), errors.NotFound)


def test_an_arrival_of_a_person_who_does_not_exist_changes_no_figure(world: World) -> None:
    body = world.body("无此人局", quotas={"11": 1})
    case = world.submit(world.clerk(body), body, "recruit", {"person": 99_999_999, "line": body.line}, name="无")
    world.approve_recruit(case)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, TODAY), errors.NotFound)
    assert world.figures(body.line) == (1, 0, 1)


def test_the_form_says_neither_the_number_of_a_persons_row_nor_where_the_person_serves(world: World) -> None:
    body = world.body("自填局")
    who = person("自填")
    facts = {**newcomer_facts(world, who), "line": body.line, "department": None, "id": 77_777_777,
             "state": "retired", "personnel_class": "public"}  # fmt: skip
    case = world.submit(world.clerk(body), body, "recruit", facts, name=who.name)
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, TODAY)
    row = world.row("SELECT id, state, personnel_class FROM person WHERE name = '自填'")
    assert row[0] < 1_000_000
    assert row[1:] == ("serving", "civil")


def test_locked_fields_are_not_entered_without_a_commitment_to_each(world: World) -> None:
    body = world.body("无承诺局")
    who = person("无承诺")
    facts = {**newcomer_facts(world, who), "line": body.line, "commit_birth_on": None}
    case = world.submit(world.clerk(body), body, "recruit", facts, name=who.name)
    world.approve_recruit(case)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, TODAY), errors.InvalidInput)


# -- vacate, 只出不进 ---------------------------------------------------------------------------------------------


def test_an_exit_frees_the_seat_from_its_day_and_keeps_what_was_known_before(world: World) -> None:
    body = world.body("出编局", quotas={"11": 2}, people={"11": 2}, start=ago(400))
    known = world.value("SELECT clock_timestamp()")
    leave(world, body, body.people[0], ago(10))
    on = ("SELECT count(*) FROM occupancy WHERE line_id = :l AND recorded_at <= :m AND (recorded_to IS NULL OR"
          " recorded_to > :m) AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d)")  # fmt: skip
    now = world.value("SELECT clock_timestamp()")
    assert [world.value(on, l=body.line, m=now, d=d) for d in (ago(11), ago(10), TODAY)] == [2, 1, 1]
    assert [world.value(on, l=body.line, m=known, d=d) for d in (ago(11), ago(10), TODAY)] == [2, 2, 2]


def test_an_exit_before_the_entry_is_refused_naming_the_entry(world: World) -> None:
    body = world.body("早退局", start=ago(100))
    who, other = entered(world, body, ago(20)), entered(world, body, ago(20))
    found = refusal(leave, world, body, who, ago(21))
    assert isinstance(found, errors.BeforeEntry)
    assert found.facts["day"] == ago(20).isoformat()
    leave(world, body, other, ago(20))  # on the first day itself: nobody sat on any day
    assert world.figures(body.line) == (5, 1, 0)


def test_a_future_exit_waits_for_its_day_and_is_posted_by_nobody_before(world: World) -> None:
    body = world.body("将退局", quotas={"11": 1}, people={"11": 1})
    case = leave(world, body, body.people[0], ago(-1))
    assert world.state(case) == "awaiting"
    with pytest.raises(errors.FutureEffect), world.database.transaction(world.service("svc-worker")) as session:
        due.effect_due(session, case)
    assert world.figures(body.line) == (1, 1, 0)


def test_who_left_cannot_leave_again(world: World) -> None:
    body = world.body("再退局", quotas={"11": 2}, people={"11": 2})
    leave(world, body, body.people[0])
    found = refusal(leave, world, body, body.people[0])
    assert isinstance(found, errors.NotSeated)


@pytest.mark.parametrize(("reason", "state"), [("31", "retired"), ("311", "retired"), ("32", "left"), ("35", "left")])
def test_the_reason_says_what_became_of_the_person(world: World, reason: str, state: str) -> None:
    body = world.body(f"原因{reason}局", quotas={"11": 1}, people={"11": 1})
    leave(world, body, body.people[0], reason=reason)
    assert world.value("SELECT state FROM person WHERE id = :p", p=body.people[0]) == state


def test_on_a_line_over_its_quota_people_leave_and_nobody_enters(world: World) -> None:
    body = world.body("只出局", quotas={"11": 2}, people={"11": 4}, start=ago(400))
    case = world.recruit(body)
    office = world.office("establishment")
    for left in (3, 2):
        found = refusal(world.decide, office, case, "establishment")
        assert isinstance(found, errors.SurplusLine)
        assert found.facts["surplus"] == left - 1
        leave(world, body, body.people[left - 1], ago(left))
    assert isinstance(refusal(world.decide, office, case, "establishment"), errors.QuotaExhausted)
    leave(world, body, body.people[0])
    world.decide(office, case, "establishment")
    assert world.figures(body.line) == (2, 1, 1)


def test_the_holder_of_the_lowest_surplus_seat_takes_the_freed_one_and_that_seat_dies(world: World) -> None:
    body = world.body("递补局", quotas={"11": 2}, people={"11": 4}, start=ago(400))
    holders = {seat_of(world, p)[0]: p for p in body.people}
    assert [seat_of(world, holders[n])[1] for n in (1, 2, 3, 4)] == [False, False, True, True]
    leave(world, body, holders[1], ago(5))
    assert seat_of(world, holders[3]) == (1, False)
    assert periods(world, holders[3])[-1] == (ago(5), None)
    assert world.value("SELECT status FROM post WHERE line_id = :l AND number = 3", l=body.line) == "abolished"
    assert world.figures(body.line) == (2, 3, 0)
    assert (
        world.value("SELECT facts ->> 'surplus' FROM alarm WHERE line_id = :l AND state = 'open'", l=body.line) == "1"
    )
    leave(world, body, holders[2], ago(4))
    assert world.value("SELECT count(*) FROM alarm WHERE line_id = :l AND state = 'open'", l=body.line) == 0


def test_who_leaves_a_surplus_seat_takes_it_along(world: World) -> None:
    body = world.body("带走局", quotas={"11": 1}, people={"11": 2}, start=ago(400))
    over = next(p for p in body.people if seat_of(world, p)[1])
    leave(world, body, over, ago(5))
    assert world.row("SELECT status, abolished_on FROM post WHERE line_id = :l AND number = 2", l=body.line) == (
        "abolished", ago(5))  # fmt: skip
    assert world.figures(body.line) == (1, 1, 0)


def test_an_exit_back_before_the_surplus_holders_entry_lets_the_seat_wait_for_him(world: World) -> None:
    """The surplus holder sits in the freed seat from his own first day on, not before."""
    body = world.body("早出局", quotas={"11": 1}, people={"11": 2}, start=dt.date(2015, 1, 1))
    holder = next(p for p in body.people if not seat_of(world, p)[1])
    over = next(p for p in body.people if p != holder)
    first = dt.date(2016, 1, 1)  # both came on this day
    leave(world, body, holder, first)
    assert periods(world, over) == [(first, first), (first, None)]


def test_an_exit_leaves_every_leadership_position_in_the_city(world: World) -> None:
    """编制和领导职数同时释放: also a concurrent position elsewhere."""
    body = world.body("全退局", people={"11": 1}, leaders={"deputy:0132": 1}, start=ago(400))
    other = world.body("兼职局", leaders={"principal:0131": 1}, start=ago(400))
    who = body.people[0]
    lead(world, body, body.lines["deputy:0132"], who, ago(20))
    lead(world, other, other.lines["principal:0131"], who, ago(20), nature="concurrent", home="全退局", main=0)
    leave(world, body, who, ago(2), "31")
    assert world.figures(body.lines["deputy:0132"])[1] == 0
    assert world.figures(other.lines["principal:0131"])[1] == 0


def test_an_exit_before_a_leadership_position_was_taken_is_refused(world: World) -> None:
    body = world.body("后任局", people={"11": 1}, leaders={"deputy:0132": 1}, start=ago(400))
    lead(world, body, body.lines["deputy:0132"], body.people[0], ago(10))
    assert isinstance(refusal(leave, world, body, body.people[0], ago(11)), errors.BeforeEntry)
    assert world.figures(body.line)[1] == 1


# -- move ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(world: World) -> tuple[Body, Body]:
    return (world.body("调出局", quotas={"11": 9, "13": 3}, people={"11": 5}, start=ago(400)),
            world.body("调入局", quotas={"11": 9}, start=ago(400)))  # fmt: skip


def test_a_transfer_is_one_step_and_the_city_has_as_many_people_on_every_day(
    world: World, pair: tuple[Body, Body]
) -> None:
    source, target = pair
    before, who = city_total(world), source.people[0]
    transfer(world, source, target, who, ago(7))
    assert city_total(world) == before
    assert periods(world, who)[-1] == (ago(7), None)
    assert periods(world, who)[0][1] == ago(7)
    case = "SELECT count(DISTINCT case_id) FROM ledger_entry WHERE chain_kind = 'person' AND chain_id = :p AND sequence > 2"
    assert world.value(case, p=who) == 1
    assert world.value("SELECT unit_id FROM person WHERE id = :p", p=who) == target.id


def test_a_transfer_before_the_entry_is_refused_and_nothing_moves(world: World, pair: tuple[Body, Body]) -> None:
    source, target = pair
    who = entered(world, source, ago(20))
    figures = world.figures(source.line), world.figures(target.line)
    case = wanted(world, source, target, who, ago(21))
    world.decide(world.office("establishment"), case, "establishment")
    found = refusal(world.decide, world.office("organisation"), case, "personnel")
    assert isinstance(found, errors.BeforeEntry)
    authorised, occupied, held = figures[1]
    assert world.figures(target.line) == (authorised, occupied, held + 1), "the seat stays reserved for the case"
    assert world.figures(source.line) == figures[0]


def test_a_transfer_needs_the_consent_of_the_unit_where_the_person_sits_now(
    world: World, pair: tuple[Body, Body]
) -> None:
    source, target = pair
    facts = {"person": source.people[1], "line": target.line, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="未同意", effective_on=TODAY)
    for office in ("establishment", "organisation"):
        call(world, world.office(office), "SELECT case_decide(:c, 'approve', '', '{}', '')", c=case)
    call(world, world.office("establishment"), "SELECT ledger_reserve(:c)", c=case)
    found = refusal(call, world, world.office("organisation"), "SELECT ledger_move(:c)", c=case)
    assert isinstance(found, errors.CaseNotApproved)
    assert found.facts["missing"] == "source_unit"


def test_a_move_within_a_unit_changes_the_line_and_leaves_the_leadership(world: World, pair: tuple[Body, Body]) -> None:
    source, _ = pair
    who = source.people[2]
    facts = {"person": who, "line": source.lines["13"], "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(source), source, "transfer", facts, name="转工勤", effective_on=TODAY)
    second = world.account("second", "unit_clerk", unit=source.id)
    world.decide(world.identity("second", second), case, "source_unit")  # another clerk than the one who filed
    world.approve_recruit(case, personnel="human_resources")
    world.decide(world.office("organisation"), case, "source_personnel")  # another office answers for civil servants
    assert world.value("SELECT personnel_class FROM person WHERE id = :p", p=who) == "support"
    assert world.figures(source.lines["13"]) == (3, 1, 0)


def test_a_transfer_leaves_regular_positions_and_keeps_concurrent_ones(world: World) -> None:
    source = world.body("调领导局", people={"11": 2}, leaders={"deputy:0132": 1}, start=ago(400))
    target, third = (
        world.body("来领导局", start=ago(400)),
        world.body("兼领导局", leaders={"deputy:0132": 1}, start=ago(400)),
    )
    who = source.people[0]
    lead(world, source, source.lines["deputy:0132"], who, ago(20))
    lead(world, third, third.lines["deputy:0132"], who, ago(20), nature="concurrent", home="调领导局", main=0)
    transfer(world, source, target, who, ago(3))
    assert world.figures(source.lines["deputy:0132"])[1] == 0
    assert world.figures(third.lines["deputy:0132"])[1] == 1


def test_a_transfer_out_of_a_line_over_its_quota_seats_a_surplus_holder(world: World) -> None:
    source = world.body("超编调出局", quotas={"11": 1}, people={"11": 2}, start=ago(400))
    target = world.body("超编调入局", quotas={"11": 1}, start=ago(400))
    holder = next(p for p in source.people if not seat_of(world, p)[1])
    other = next(p for p in source.people if p != holder)
    transfer(world, source, target, holder, ago(3))
    assert seat_of(world, other) == (1, False)
    assert world.figures(source.line) == (1, 1, 0)
    assert world.figures(target.line) == (1, 1, 0)


def test_nobody_moves_into_a_line_over_its_quota(world: World) -> None:
    source = world.body("想走局", people={"11": 1}, start=ago(400))
    target = world.body("超编局", quotas={"11": 1}, people={"11": 2}, start=ago(400))
    case = wanted(world, source, target, source.people[0])
    found = refusal(world.decide, world.office("establishment"), case, "establishment")
    assert isinstance(found, errors.SurplusLine)


def test_a_retirement_counts_on_the_line_of_the_person_whatever_line_the_form_names(world: World) -> None:
    """The office asked is the one of the seat that is left, so another region's cannot be asked instead."""
    body = world.body("城区局", quotas={"11": 1}, people={"11": 1})
    other = world.body("三水某局", region="440607")
    facts = {"person": body.people[0], "line": other.line, "end": TODAY.isoformat(), "reason": "31"}
    case = world.submit(world.clerk(body), body, "retire", facts, effective_on=TODAY)
    for office in ("establishment", "organisation"):
        found = refusal(call, world, world.office(office, "440607"),
                        "SELECT case_decide(:c, 'approve', '', '{}', '')", c=case)  # fmt: skip
        assert isinstance(found, errors.NotYourOffice)
    world.approve_recruit(case)
    assert world.figures(body.line) == (1, 0, 0)


# -- what the tables themselves hold -------------------------------------------------------------------------------


def owner_insert(world: World, **changed: Any) -> None:
    """A plain INSERT of the owner, beside an existing row of a holder."""
    columns = ("person_id", "person_name", "post_id", "line_id", "unit_id", "kind", "main", "nature", "started_on",
               "recorded_at", "scope_path")  # fmt: skip
    take = ", ".join(str(changed.get(c, c)) for c in columns)
    with world.owner.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO occupancy ({', '.join(columns)}) SELECT {take} FROM occupancy WHERE id = {changed['like']}"
        )


def test_one_person_one_seat_holds_against_a_plain_insert_of_the_owner(world: World) -> None:
    body = world.body("直插局", quotas={"11": 5}, people={"11": 2}, start=ago(400))
    like = seat(world, body.people[0])
    free = world.value("SELECT id FROM post WHERE line_id = :l AND status = 'vacant' LIMIT 1", l=body.line)
    with pytest.raises(DBAPIError, match="ex_occupancy_person"):
        owner_insert(world, like=like, post_id=free)
    with pytest.raises(DBAPIError, match="ex_occupancy_post"):
        owner_insert(world, like=like, person_id=body.people[1], kind="'leadership'")


def test_all_of_it_verifies(world: World) -> None:
    assert findings(world) == []
