"""Inside a unit: shifts, changes of category, absences, the year's verification, certificates; each replays, and tampering is found."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.workflow import engine
from tests.ledger.steps import allotted, call, findings, lead, leave, reserved, seat, set_quota, transfer
from tests.world import Body, World

TODAY = city_today()
DOCUMENT = "佛编〔2026〕9号"


def day(n: int) -> str:
    return (TODAY + dt.timedelta(days=n)).isoformat()


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A bureau with two departments, two of its seats allotted to each, and a second category."""
    made = world.body("内部局", quotas={"11": 6, "13": 2}, people={"11": 3}, leaders={"deputy:0132": 1},
                      departments=("办公室", "人事科"))  # fmt: skip
    allotted(world, made.line, made.departments.values(), 2)
    return made


@pytest.fixture(scope="module")
def host(world: World) -> Body:
    return world.body("借入局", quotas={"11": 1}, people={"11": 1})


def by_unit(world: World, body: Body, process: str, facts: dict[str, Any], personnel: str | None = None,
            on: dt.date | None = None) -> int:  # fmt: skip
    """A unit's case approved by 编办 (and the personnel office where it is asked)."""
    name = world.value("SELECT name FROM person WHERE id = :p", p=facts["person"]) if facts.get("person") else None
    case = world.submit(world.clerk(body), body, process, facts, name=name, effective_on=on,
                        person_id=facts.get("person"))  # fmt: skip
    if personnel:
        world.decide(world.office(personnel), case, "personnel")
    world.decide(world.office("establishment"), case, "establishment", opinion="经核，同意")
    return case


def shift(world: World, body: Body, who: int, department: int | None, on: int = 0) -> int:
    return by_unit(world, body, "shift", {"person": who, "department": department, "start": day(on)})


def away(world: World, body: Body, who: int, host: Body | None = None, *, start: int = -10, until: int = 90,
         kind: str = "secondment") -> int:  # fmt: skip
    facts = {"person": who, "absence_kind": kind, "host_unit": host.id if host else None, "start": day(start),
             "until_on": day(until)}  # fmt: skip
    process = {"secondment": "secondment", "sick_leave": "long_leave"}.get(kind, "attachment")
    return by_unit(world, body, process, facts, "organisation")


def back(world: World, body: Body, who: int, on: int = 0) -> int:
    return by_unit(world, body, "absence_return", {"person": who, "end": day(on)})


def actual(world: World, body: Body) -> Any:
    return world.row("SELECT count(*), sum(t.occupied), sum(t.reserved) FROM quota_line l JOIN ledger_total t"
                     " ON t.line_id = l.id WHERE l.unit_id = :u", u=body.id)  # fmt: skip


def test_a_shift_closes_one_period_opens_the_next_and_leaves_every_total(world: World, body: Body) -> None:
    who, to = body.people[0], body.departments["人事科"]
    before, old = world.figures(body.line), seat(world, who)
    allotted = "SELECT count(*) FROM post WHERE department_id = :d"
    shift(world, body, who, to, -2)
    assert world.figures(body.line) == before
    assert {world.value(allotted, d=d) for d in body.departments.values()} == {2}
    rows = "SELECT department_id, started_on, ended_on FROM occupancy WHERE person_id = :p AND recorded_to IS NULL ORDER BY id"
    with world.superuser.connect() as connection:
        first, second = connection.execute(text(rows), {"p": who}).all()
    assert (first.department_id, str(first.ended_on)) == (body.departments["办公室"], day(-2))
    assert (second.department_id, str(second.started_on), second.ended_on) == (to, day(-2), None)
    assert world.value("SELECT p.department_id FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.id = :o",
                       o=seat(world, who)) == to  # fmt: skip
    assert world.value("SELECT recorded_to IS NOT NULL FROM occupancy WHERE id = :o", o=old)
    assert world.row("SELECT department_id, scope_path FROM person WHERE id = :p", p=who) == (
        to, world.value("SELECT scope_path FROM unit WHERE id = :u", u=to))  # fmt: skip
    shift(world, body, who, None)
    assert world.value("SELECT department_id FROM person WHERE id = :p", p=who) is None
    assert findings(world) == []


def test_a_shift_within_the_department_before_the_entry_or_abroad_is_refused(
    world: World, body: Body, host: Body
) -> None:
    who = body.people[1]
    with refused(world, body, errors.SameDepartment):
        shift(world, body, who, body.departments["办公室"])
    with refused(world, body, errors.BeforeEntry):
        shift(world, body, body.people[2], body.departments["人事科"], -20000)
    elsewhere = world.body("别局", departments=("别科",))
    with refused(world, host, errors.NotFound):
        shift(world, host, host.people[0], elsewhere.departments["别科"])
    with pytest.raises(errors.NotFound):  # another unit's person
        shift(world, body, host.people[0], body.departments["人事科"])


def test_a_change_of_category_is_one_out_and_one_in_and_keeps_place_and_leadership(world: World, body: Body) -> None:
    who = body.people[2]
    lead(world, body, body.lines["deputy:0132"], who)
    before, department = actual(world, body), world.value("SELECT department_id FROM person WHERE id = :p", p=who)
    facts = {"person": who, "line": body.lines["13"], "document_no": DOCUMENT, "start": day(0)}
    case = by_unit(world, body, "change_line", facts, "human_resources")
    assert world.state(case) == "done"
    assert world.figures(body.line) == (6, 2, 0)
    assert world.figures(body.lines["13"]) == (2, 1, 0)
    assert actual(world, body) == before
    assert world.value("SELECT count(*) FROM occupancy WHERE person_id = :p AND kind = 'leadership' AND ended_on IS NULL"
                       " AND recorded_to IS NULL", p=who) == 1  # fmt: skip
    assert world.value("SELECT department_id FROM person WHERE id = :p", p=who) == department
    assert world.value("SELECT personnel_class FROM person WHERE id = :p", p=who) == "support"
    assert findings(world) == []


def test_a_change_of_category_without_document_room_or_right_is_refused(world: World) -> None:
    one = world.body("变更局", quotas={"11": 2, "22": 1, "13": 0}, people={"11": 2})
    who = one.people[0]
    facts = {"person": who, "line": one.lines["22"], "document_no": "", "start": day(0)}
    with refused(world, one, errors.DocumentMissing):
        by_unit(world, one, "change_line", facts, "human_resources")
    with refused(world, one, errors.WrongCategory):  # a public-institution seat in an organ is 混编
        by_unit(world, one, "change_line", {**facts, "document_no": DOCUMENT}, "human_resources")
    with refused(world, one, errors.QuotaExhausted):
        by_unit(world, one, "change_line", {**facts, "line": one.lines["13"]}, "human_resources")
    other = world.body("变更外局", quotas={"11": 2})
    with pytest.raises(errors.NotFound):
        by_unit(world, one, "change_line", {**facts, "line": other.line, "document_no": DOCUMENT}, "organisation")


@contextmanager
def refused(world: World, body: Body, *kinds: type[errors.DomainError]) -> Iterator[None]:
    """A refusal; the case ends, so that its person is free for the next one."""
    with pytest.raises(kinds):
        yield
    case = world.value("SELECT max(id) FROM application WHERE unit_id = :u", u=body.id)
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, case)


def test_absences_touch_no_seat_and_no_total_and_never_overlap(world: World, body: Body, host: Body) -> None:
    who, before = body.people[0], actual(world, body)
    away(world, body, who, host)
    assert actual(world, body) == before
    assert world.row("SELECT kind, host, ended_on FROM absence WHERE person_id = :p AND recorded_to IS NULL", p=who) == (
        "secondment", "借入局", None)  # fmt: skip
    with refused(world, body, errors.AlreadyAbsent):
        away(world, body, who, kind="sick_leave", start=-1)
    by_unit(world, body, "absence_extend", {"person": who, "until_on": day(120)}, "organisation")
    with refused(world, body, errors.NotAbsent):
        back(world, body, who, -30)
    back(world, body, who, -1)
    with refused(world, body, errors.NotAbsent):
        back(world, body, who)
    away(world, body, who, kind="sick_leave", start=0)
    back(world, body, who)
    kept = "SELECT count(*) FROM absence WHERE person_id = :p AND recorded_to IS {}"
    assert world.value(kept.format("NULL"), p=who) == 2
    assert world.value(kept.format("NOT NULL"), p=who) == 3
    assert actual(world, body) == before
    assert findings(world) == []


def test_an_absence_needs_days_in_order_and_a_host_that_exists(world: World, body: Body, host: Body) -> None:
    who = body.people[1]
    for changed in ({"until_on": day(-20)}, {"host_unit": body.id}, {"host_unit": 99_000_000}):
        facts = {
            "person": who,
            "absence_kind": "secondment",
            "host_unit": host.id,
            "start": day(-10),
            "until_on": day(9),
        }
        with refused(world, body, errors.InvalidInput, errors.NotFound):
            by_unit(world, body, "secondment", facts | changed, "organisation")


def watch(world: World) -> int:
    with world.owner.begin() as connection:
        return int(connection.execute(text("SELECT inside_watch()")).scalar_one())


def test_who_is_away_too_long_is_one_alarm_until_the_return_or_an_extension(world: World, host: Body) -> None:
    one = world.body("超期局", quotas={"11": 2}, people={"11": 2})
    first, second = one.people
    for who in (first, second):
        away(world, one, who, host, start=-200, until=-1)
    assert (watch(world), watch(world)) == (2, 0)
    soon = world.body("将满局", quotas={"11": 1}, people={"11": 1})
    away(world, soon, soon.people[0], host, until=3)
    assert (watch(world), watch(world)) == (0, 0)
    told = "SELECT count(*) FILTER (WHERE settled_at IS NULL), count(*) FROM notice WHERE kind = 'away_due' AND unit_id = :u"
    assert world.row(told, u=soon.id) == (1, 1)
    back(world, soon, soon.people[0])
    assert world.row(told, u=soon.id) == (0, 1)
    open_ = "SELECT count(*) FROM alarm WHERE rule = 'AL14' AND person_id = :p AND state = 'open'"
    assert world.value(open_, p=first) == 1
    back(world, one, first)
    by_unit(world, one, "absence_extend", {"person": second, "until_on": day(30)}, "organisation")
    assert (world.value(open_, p=first), world.value(open_, p=second)) == (0, 0)
    assert watch(world) == 0
    # Whoever leaves the unit is no longer away from it.
    leave(world, one, second)
    assert str(
        world.value("SELECT ended_on FROM absence WHERE person_id = :p AND recorded_to IS NULL", p=second)
    ) == day(0)
    away(world, one, first, host, start=0)
    other = world.body("接收局", quotas={"11": 1})
    transfer(world, one, other, first)
    assert world.value("SELECT count(*) FROM absence WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL",
                       p=first) == 0  # fmt: skip
    assert findings(world) == []


def open_round(world: World, year: int = TODAY.year, due: dt.date = TODAY) -> int:
    return int(call(world, world.office("establishment"), "SELECT verification_open(:y, :d)", y=year, d=due))


def confirm(world: World, body: Body, year: int = TODAY.year, **changed: Any) -> int:
    """File the confirmation of a unit's roster and let 编办 approve it."""
    clerk = world.clerk(body)
    number = world.value("SELECT id FROM verification WHERE unit_id = :u AND year = :y", u=body.id, y=year)
    with world.database.transaction(clerk) as session:
        head = session.execute(text("SELECT * FROM verification_head(:v)"), {"v": number}).one()
        case = engine.draft(session, process="verify_year", unit_id=body.id, scope_path=body.scope_path, form={})
        session.execute(text("SELECT verification_filed(:v, :c)"), {"v": number, "c": case.id})
        facts = {"verification": number, "year": year, "sequence": head.sequence, "head": head.head,
                 "people": head.people, "differences": head.differences} | changed  # fmt: skip
        engine.submit(session, case.id, facts=facts, person_id=None, person_name=None, effective_on=None)
    world.decide(world.office("establishment"), case.id, "establishment")
    return case.id


def test_a_round_is_opened_once_a_year_for_the_offices_own_units(world: World, body: Body) -> None:
    town = world.value("SELECT code FROM region WHERE kind = 'town' AND parent_code = '440604' ORDER BY code LIMIT 1")
    district, below = world.body("区核局", region="440604"), world.body("镇核办", region=town)
    made = open_round(world)
    units = set(map(int, world.value("SELECT string_agg(unit_id::text, ',') FROM verification WHERE round_id = :r",
                                     r=made).split(",")))  # fmt: skip
    assert body.id in units
    assert not units & {district.id, below.id}
    with pytest.raises(errors.RoundOpen):
        open_round(world)
    for year, due in ((TODAY.year + 1, TODAY), (TODAY.year - 1, TODAY - dt.timedelta(days=1))):
        with pytest.raises(errors.InvalidInput):
            open_round(world, year, due)
    own = call(
        world, world.office("establishment", "440604"), "SELECT verification_open(:y, :d)", y=TODAY.year, d=TODAY
    )
    assert world.value("SELECT array_agg(unit_id ORDER BY unit_id) FROM verification WHERE round_id = :r", r=own) == sorted(
        [district.id, below.id])  # fmt: skip
    for who in (world.clerk(body), world.office("organisation")):
        with pytest.raises(errors.NotAllowed):
            call(world, who, "SELECT verification_open(:y, :d)", y=TODAY.year - 1, d=TODAY)
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'verification.opened'") == 2


def test_the_confirmed_roster_is_named_by_an_entry_of_the_chain(world: World, body: Body, host: Body) -> None:
    number = world.value("SELECT id FROM verification WHERE unit_id = :u", u=body.id)
    clerk = world.clerk(body)
    mark = "SELECT verification_mark(:v, :p, :n, :k, :b, :t)"
    kept = call(world, clerk, mark, v=number, p=body.people[0], n=None, k="left", b="", t="")
    assert (
        call(world, clerk, mark, v=number, p=body.people[0], n=None, k="wrong_data", b="info_education", t="学历有误")
        == kept
    )
    missing = call(world, clerk, mark, v=number, p=None, n="漏登人", k="missing", b="", t="")
    call(world, clerk, "SELECT verification_unmark(:m)", m=missing)
    for wrong in (
        {"k": "unknown", "p": body.people[1], "t": ""},
        {"k": "missing", "p": None, "n": "甲"},
        {"k": "left", "p": None},
        {"k": "wrong_data", "p": body.people[1], "t": "学历有误"},
    ):
        with pytest.raises(errors.InvalidInput):
            call(world, clerk, mark, **({"v": number, "n": None, "b": "", "t": ""} | wrong))
    for who, person in ((world.clerk(host), body.people[0]), (clerk, host.people[0])):
        with pytest.raises(errors.NotFound):
            call(world, who, mark, v=number, p=person, n=None, k="left", b="", t="")
    logged = "SELECT count(*) FROM audit_event WHERE kind = :k AND facts ->> 'verification' = :v"
    assert [world.value(logged, k=f"verification.{k}", v=str(number)) for k in ("marked", "unmarked")] == [3, 1]
    head = world.row("SELECT sequence, hash FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = :u", u=body.id)
    case = confirm(world, body)
    assert world.state(case) == "done"
    assert world.row("SELECT people, differences, head_sequence, head_hash FROM verification WHERE id = :v", v=number) == (
        3, 1, *head)  # fmt: skip
    entry = world.value("SELECT fields FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u AND type = 'year.verified'",
                        u=body.id)  # fmt: skip
    assert (entry["head"], entry["people"], entry["differences"]) == (head[1], 3, 1)
    with pytest.raises(errors.AlreadyDecided):
        call(world, clerk, mark, v=number, p=body.people[1], n=None, k="left", b="", t="")
    assert findings(world) == []


def test_a_roster_that_never_stood_in_the_chain_is_not_confirmed(world: World, host: Body) -> None:
    for changed in ({"people": 7}, {"head": "0" * 64}, {"sequence": 1}):
        with refused(world, host, errors.FactsChanged):
            confirm(world, host, **changed)
    assert world.state(confirm(world, host)) == "done"


def certificate(world: World, body: Body, reason: str, year: int | None = None) -> int:
    return by_unit(
        world, body, "certificate", {"unit": body.id, "certificate_reason": reason, "year": year, "ground": "办证"}
    )


def test_one_certificate_is_valid_at_a_time_and_bears_the_years_confirmed(world: World, body: Body) -> None:
    valid = "SELECT number, verified_year FROM certificate WHERE unit_id = :u AND valid"
    with pytest.raises(errors.CertificateMissing):
        certificate(world, body, "replace")
    certificate(world, body, "first")
    first = world.row(valid, u=body.id)
    with pytest.raises(errors.CertificateExists):
        certificate(world, body, "first")
    with pytest.raises(errors.NotVerified):
        certificate(world, body, "verify", TODAY.year - 1)
    certificate(world, body, "verify", TODAY.year)
    certificate(world, body, "replace")
    second = world.row(valid, u=body.id)
    assert (first[1], second[1]) == (None, TODAY.year)
    assert first[0] != second[0]
    assert world.value("SELECT count(*) FROM certificate WHERE unit_id = :u", u=body.id) == 2
    assert findings(world) == []


def test_a_round_that_has_passed_is_an_alarm_until_confirmed_and_stamped(world: World) -> None:
    one = world.body("逾期局", quotas={"11": 1}, people={"11": 1})
    with world.owner.begin() as connection:
        connection.execute(
            text("INSERT INTO verification (round_id, unit_id, year, due_on, scope_path) SELECT min(id), :u, :y, :d, :s"
                 " FROM verification_round"),
            {"u": one.id, "y": TODAY.year, "d": TODAY - dt.timedelta(days=1), "s": one.scope_path},
        )  # fmt: skip
    certificate(world, one, "first")
    watch(world)
    codes = (
        "SELECT string_agg(code, ',' ORDER BY code) FROM alarm WHERE rule = 'AL22' AND unit_id = :u AND state = 'open'"
    )
    assert world.value(codes, u=one.id) == "certificate_unverified,verification_overdue"
    assert watch(world) == 0
    confirm(world, one)
    assert world.value(codes, u=one.id) == "certificate_unverified"
    certificate(world, one, "verify", TODAY.year)
    assert world.value(codes, u=one.id) is None


def test_an_objection_ends_with_an_answer_and_moves_nothing(world: World, body: Body) -> None:
    entries = world.value("SELECT count(*) FROM ledger_entry")
    case = by_unit(
        world, body, "objection", {"objected": "person", "claim": "学历应为研究生", "about_person": body.people[0]}
    )
    assert world.state(case) == "done"
    assert world.value("SELECT count(*) FROM ledger_entry") == entries
    assert findings(world) == []


TAMPERED = {
    "another day": "UPDATE absence SET until_on = until_on + 1 WHERE id = (SELECT max(id) FROM absence)",
    "another host": "UPDATE absence SET host = '别处' WHERE id = (SELECT min(id) FROM absence)",
    "called back": "UPDATE absence SET ended_on = current_date WHERE id = (SELECT min(id) FROM absence)",
    "an absence taken away": "DELETE FROM absence WHERE id = (SELECT max(id) FROM absence)",
    "another department": "UPDATE occupancy SET department_id = NULL WHERE id = (SELECT min(o.id) FROM occupancy o JOIN"
    " ledger_entry e ON e.type = 'seat.shifted' AND (e.fields ->> 'occupancy')::bigint = o.id WHERE department_id IS NOT NULL)",
    "a mark moved": "UPDATE post SET department_id = NULL WHERE id = (SELECT min(id) FROM post WHERE department_id IS NOT NULL)",
    "another roster": "UPDATE verification SET people = people + 1 WHERE id = (SELECT min(id) FROM verification"
    " WHERE confirmed_at IS NOT NULL)",
    "confirmed without a word": "UPDATE verification SET confirmed_at = now(), head_hash = 'x', case_id = 1 WHERE id ="
    " (SELECT min(id) FROM verification WHERE confirmed_at IS NULL)",
    "another number": "UPDATE certificate SET number = '编证假' WHERE id = (SELECT max(id) FROM certificate)",
    "a stamp": "UPDATE certificate SET verified_year = 2099 WHERE id = (SELECT max(id) FROM certificate)",
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_change_behind_the_kernels_back_is_found(world: World, body: Body, what: str) -> None:
    from app.ledger.verify import Verifier

    with world.superuser.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        assert connection.execute(text(TAMPERED[what])).rowcount == 1
        assert list(Verifier(connection, world.keys).findings())
        connection.rollback()


def test_who_is_reserved_or_never_sat_is_neither_shifted_nor_away(world: World, body: Body, host: Body) -> None:
    reserved(world, body)
    left = world.body("离岗局", quotas={"11": 1}, people={"11": 1})
    who = left.people[0]
    case = world.submit(world.clerk(left), left, "shift", {"person": who, "department": None, "start": day(0)},
                        person_id=who, effective_on=TODAY)  # fmt: skip
    with refused(world, left, errors.SameDepartment):
        world.decide(world.office("establishment"), case, "establishment")
    leave(world, left, who)
    with pytest.raises(errors.NotSeated):
        away(world, left, who, host)
    assert set_quota(world, left, left.line, 1)
