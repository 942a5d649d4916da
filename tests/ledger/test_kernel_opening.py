"""The opening balance (建库): one legal body enters whole or not at all, as people really sit."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain import errors
from app.domain.canonical import entry_hash, utc_instant
from app.ledger import opening
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of
from tests.ledger.steps import (
    TODAY,
    ago,
    approve,
    call,
    digest,
    entered,
    filer,
    findings,
    lead,
    leave,
    open_batch,
    raw_case,
    refusal,
)
from tests.world import Body, World, person

START = "2015-01-01"
LEADER = {"kind": "leadership", "category": "", "funding": "", "role": "deputy", "level": "0142"}


def batch_of(name: str, *, quota: int = 2, region: str = "440600", **more: Any) -> Batch:
    """A body with one line ``l`` and one leadership line ``p`` of one."""
    batch = Batch(region)
    unit = {"key": "u", "node": "legal", "name": name, "region": region, "start": START}
    batch.units.append(unit | more)
    line = {"unit_key": "u", "structure": "none", "document_no": "佛编1号", "start": START}
    batch.lines.append(
        line | {"key": "l", "kind": "establishment", "category": "11", "funding": "1", "authorised": quota}
    )
    batch.lines.append(line | LEADER | {"key": "p", "authorised": 1})
    return batch


def seated(world: World, batch: Batch, *people: PersonFacts, start: str = "2016-01-01", **more: Any) -> Batch:
    for who in people:
        batch.people.append({**facts_of(who, world.keys), "line_key": "l", "start": start, **more})
    return batch


def line_of(world: World, unit: int, kind: str = "establishment") -> int:
    return int(world.value("SELECT id FROM quota_line WHERE unit_id = :u AND kind = :k", u=unit, k=kind))


def row_of(world: World, who: PersonFacts) -> Any:
    return world.row("SELECT id, state, unit_id FROM person WHERE id_index = :i",
                     i=world.keys.blind_index("resident", who.id_number))  # fmt: skip


def test_people_over_the_number_sit_on_surplus_seats_under_a_standing_alarm_and_the_number_stays(world: World) -> None:
    unit = int(open_batch(world, seated(world, batch_of("超编局"), *(person(f"人{n}") for n in range(5))))["unit"])
    line = line_of(world, unit)
    assert world.figures(line) == (2, 5, 0)
    assert world.row("SELECT count(*), min(number) FROM post WHERE line_id = :l AND surplus", l=line) == (3, 3)
    assert world.value("SELECT authorised FROM quota WHERE line_id = :l AND recorded_to IS NULL", l=line) == 2
    alarm = world.row("SELECT rule, standing, state, facts ->> 'surplus' FROM alarm WHERE line_id = :l", l=line)
    assert alarm == ("AL02", True, "open", "3")


def test_people_within_the_number_take_the_first_seats_and_raise_nothing(world: World) -> None:
    unit = int(open_batch(world, seated(world, batch_of("平编局", quota=3), person("一"), person("二")))["unit"])
    line = line_of(world, unit)
    assert world.figures(line) == (3, 2, 0)
    assert world.value("SELECT count(*) FROM alarm WHERE line_id = :l", l=line) == 0


def test_the_entries_of_a_batch_are_those_of_single_entries(world: World) -> None:
    """One after another on the unit's chain, two on each person's; hashes as the shared canonical form has them."""
    unit = int(open_batch(world, seated(world, batch_of("链局"), *(person(f"链{n}") for n in range(3))))["unit"])
    with world.superuser.connect() as connection:
        entries = connection.exec_driver_sql(
            f"SELECT * FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = {unit} ORDER BY sequence"
        ).all()
    assert [e.type for e in entries] == ["unit.opened", "quota.set", "quota.set", *["seat.occupied"] * 3]
    before = ""
    for n, e in enumerate(entries, 1):
        assert (e.sequence, e.prev_hash) == (n, before)
        before = entry_hash(
            fmt=e.format, chain=f"unit:{unit}", sequence=n, type=e.type, effective_on=e.effective_on.isoformat(),
            recorded_at=utc_instant(e.recorded_at), case=str(e.case_id), actor=e.actor, payload=e.payload,
            prev=e.prev_hash,
        )  # fmt: skip
        assert e.hash == before
    # The person's entry says the same as the unit's.
    for e in entries[3:]:
        who = e.fields["person"]
        assert world.value("SELECT payload FROM ledger_entry WHERE chain_kind = 'person' AND chain_id = :p"
                           " AND sequence = 2", p=who) == e.payload  # fmt: skip


def test_a_body_with_one_error_is_held_back_whole(world: World) -> None:
    twice = person("同一人")
    found = refusal(open_batch, world, seated(world, batch_of("半错局"), person("好人"), twice, twice))
    assert isinstance(found, errors.DuplicatePerson)
    assert world.value("SELECT count(*) FROM unit WHERE name = '半错局'") == 0
    assert world.value("SELECT count(*) FROM person WHERE name = '好人'") == 0


def test_who_serves_elsewhere_is_not_seated_a_second_time(world: World) -> None:
    who = person("他处在编")
    open_batch(world, seated(world, batch_of("先入局"), who))
    assert isinstance(refusal(open_batch, world, seated(world, batch_of("后入局"), who)), errors.DuplicatePerson)


def test_a_leader_from_elsewhere_is_known_before_his_own_unit_enters(world: World) -> None:
    """The first body names him as its concurrent leader; his own body is loaded later and seats him."""
    who, other = person("先见领导"), person("同批")
    leading = batch_of("被兼局")
    leading.leaders.append({**facts_of(who, world.keys), "line_key": "p", "nature": "concurrent", "home_unit": "后到局",
                            "main": 0, "start": "2020-01-01"})  # fmt: skip
    first = int(open_batch(world, leading)["unit"])
    assert row_of(world, who)[1:] == ("outside", None)
    home = int(open_batch(world, seated(world, batch_of("后到局"), other, who))["unit"])
    assert row_of(world, who)[1:] == ("serving", home)
    assert world.figures(line_of(world, home)) == (2, 2, 0)
    assert world.figures(line_of(world, first, "leadership")) == (1, 1, 0)
    with world.superuser.connect() as connection:
        types = connection.exec_driver_sql(
            f"SELECT type FROM ledger_entry WHERE chain_kind = 'person' AND chain_id = {row_of(world, who)[0]}"
            " ORDER BY sequence"
        ).scalars()
        assert list(types) == ["person.registered", "seat.occupied", "seat.occupied"]


def test_who_left_is_taken_up_under_the_old_row_but_not_from_a_day_when_he_still_sat(world: World) -> None:
    body, who = world.body("离开局", start=ago(400)), person("离开人")
    left = entered(world, body, ago(300), who=who)
    leave(world, body, left, ago(100))
    early = seated(world, batch_of("接收甲局"), who, start=ago(200).isoformat())
    assert isinstance(refusal(open_batch, world, early), errors.AlreadySeated)
    open_batch(world, seated(world, batch_of("接收乙局"), who, start=ago(100).isoformat()))
    assert row_of(world, who)[:2] == (left, "serving")


def test_leaders_sit_in_the_body_or_come_from_a_named_elsewhere_and_within_the_number(world: World) -> None:
    inside, second = person("内"), person("外")
    batch = seated(world, batch_of("领导局"), inside)
    regular = {"person_index": facts_of(inside, world.keys)["person_index"], "line_key": "p", "nature": "regular",
               "main": 1, "start": "2020-01-01"}  # fmt: skip
    batch.leaders.append(regular)
    unit = int(open_batch(world, batch)["unit"])
    assert world.figures(line_of(world, unit, "leadership")) == (1, 1, 0)
    for name, extra in (("不在局", {"nature": "regular"}), ("不名局", {"nature": "superior"})):
        bad = batch_of(name)
        bad.leaders.append({**facts_of(second, world.keys), "line_key": "p", "start": "2020-01-01", **extra})
        assert isinstance(refusal(open_batch, world, bad), errors.LeaderWithoutSeat)
    over = seated(world, batch_of("超职局"), inside_two := person("内二"), inside_three := person("内三"))
    for who in (inside_two, inside_three):
        over.leaders.append(regular | {"person_index": facts_of(who, world.keys)["person_index"]})
    assert isinstance(refusal(open_batch, world, over), errors.LeadershipExhausted)


@pytest.mark.parametrize("part", ["units", "lines", "people", "leaders"])
def test_nothing_of_an_opening_lies_in_the_future(world: World, part: str) -> None:
    who = person("未来")
    batch = seated(world, batch_of(f"未来{part}"), who)
    batch.leaders.append({"person_index": facts_of(who, world.keys)["person_index"], "line_key": "p",
                          "nature": "regular", "start": "2020-01-01"})  # fmt: skip
    getattr(batch, part)[0]["start"] = (TODAY + dt.timedelta(days=1)).isoformat()
    assert isinstance(refusal(open_batch, world, batch), errors.FutureEffect)


def test_a_batch_reaches_nothing_outside_itself(world: World) -> None:
    """Neither a line nor a department nor a person's row of its own naming."""
    victim = world.body("旁观局", quotas={"11": 1}, departments=("旁观科",))
    stray = batch_of("越界局")
    stray.lines[0] |= {"line": victim.line, "authorised": 99}
    open_batch(world, stray)
    assert world.figures(victim.line) == (1, 0, 0)
    bad = seated(world, batch_of("越线局"), person("越线"), **{"line_key": None, "line": victim.line})
    assert isinstance(refusal(open_batch, world, bad), errors.WrongCategory)
    two = batch_of("两家局")
    two.units.append({"key": "v", "node": "legal", "name": "第二家", "region": "440600", "start": START})
    two.units.append(
        {"key": "d", "parent_key": "v", "node": "department", "name": "科", "region": "440600", "start": START}
    )
    two = seated(world, two, person("坐错科"), department_key="d")
    assert isinstance(refusal(open_batch, world, two), errors.NotFound)


def test_an_opening_needs_the_commitments_of_each_person(world: World) -> None:
    batch = seated(world, batch_of("缺诺局"), person("缺诺"), commit_name=None)
    assert isinstance(refusal(open_batch, world, batch), errors.InvalidInput)


def test_the_approval_rests_on_exactly_this_batch(world: World) -> None:
    body = world.body("口径局")
    batch, other = batch_of("批准局"), batch_of("调包局")
    service = world.service("svc-opening")
    case = raw_case(world, service, "opening", {"batch": digest(batch)}, unit=None, scope=body.scope_path)
    found = refusal(call, world, service, "SELECT ledger_open_balance(:c, :b)", c=case, b=batch.text())
    assert isinstance(found, errors.CaseNotApproved)
    approve(world, service, case)
    found = refusal(call, world, service, "SELECT ledger_open_balance(:c, :b)", c=case, b=other.text())
    assert isinstance(found, errors.FactsChanged)
    call(world, service, "SELECT ledger_open_balance(:c, :b)", c=case, b=batch.text())
    found = refusal(call, world, service, "SELECT ledger_open_balance(:c, :b)", c=case, b=batch.text())
    assert isinstance(found, errors.CaseClosed)


def test_a_districts_office_opens_no_body_of_another_district(world: World) -> None:
    batch = batch_of("跨区局", region="440605")
    who, colleague = filer(world, "440604"), world.office("establishment", "440604")
    facts = {"batch": digest(batch), "region": "440604"}
    case = raw_case(world, who, "opening", facts, unit=None, scope=world.body("禅城局", region="440604").scope_path)
    approve(world, colleague, case)
    found = refusal(call, world, colleague, "SELECT ledger_open_balance(:c, :b)", c=case, b=batch.text())
    assert isinstance(found, errors.NotAllowed)


def test_two_batches_may_enter_in_one_transaction(world: World) -> None:
    with world.database.transaction(world.service("svc-opening")) as session:
        for name in ("同事务甲局", "同事务乙局"):
            opening.enter(session, seated(world, batch_of(name), person(name)), note="测试")
    assert world.value("SELECT count(*) FROM person WHERE name IN ('同事务甲局', '同事务乙局')") == 2


TRAP = """
CREATE TEMP TABLE opening (f jsonb, person bigint, known boolean, line bigint, seat int, post bigint, occupancy bigint,
  n bigint, started_on date, department bigint, scope text, payload text);
CREATE FUNCTION pg_temp.trap() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN UPDATE ledger_total SET authorised = 999; RETURN new; END';
CREATE TRIGGER trap BEFORE INSERT ON opening FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.trap();
GRANT ALL ON opening TO PUBLIC;
"""


def test_a_temporary_table_of_the_caller_never_serves_the_kernel(world: World) -> None:
    """Its triggers would run the caller's statements with the rights of the ledger's owner."""
    unit = int(open_batch(world, batch_of("守住局"))["unit"])
    with world.database.sessions(info={"token": world.service("svc-opening").token}) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            session.connection().exec_driver_sql(TRAP)
        session.rollback()
    assert world.figures(line_of(world, unit)) == (2, 0, 0)


def test_an_unverified_number_is_entered_under_an_alarm_without_the_number_itself(world: World) -> None:
    who = person("未核", verified=False, proof="派出所证明")
    open_batch(world, seated(world, batch_of("未核局"), who))
    facts = world.value("SELECT facts::text FROM alarm WHERE rule = 'AL06' AND person_id = :p", p=row_of(world, who)[0])
    assert who.id_number not in facts
    assert "派出所证明" in facts


def test_a_leader_of_the_opening_may_lead_on_after_his_transfer_as_anybody_else(world: World) -> None:
    unit = int(open_batch(world, seated(world, batch_of("后续局", quota=3), person("后续")))["unit"])
    who = world.value("SELECT id FROM person WHERE unit_id = :u", u=unit)
    body = Body(unit, "后续局", world.value("SELECT scope_path FROM unit WHERE id = :u", u=unit))
    lead(world, body, line_of(world, unit, "leadership"), who, ago(1))
    leave(world, body, who)
    assert world.figures(line_of(world, unit, "leadership")) == (1, 0, 0)


def test_all_of_it_verifies(world: World) -> None:
    assert findings(world) == []
