"""Units: opened, changed and closed by two officials; what stands in the way is named."""

import datetime as dt
from typing import Any

import pytest

from app.domain import errors
from app.workflow import due
from tests.ledger.steps import (
    TODAY,
    ago,
    by_office,
    correct_start,
    entered,
    file,
    findings,
    leave,
    newcomer_facts,
    refusal,
    reserved,
    review,
    seat,
    set_quota,
)
from tests.world import World, person

DOCUMENT = {"document_no": "佛编〔2026〕3号"}


def opened(world: World, name: str, *, region: str = "440600", **facts: Any) -> int:
    row = {"region": region, "node": "legal", "name": name, "body": "organ", "start": TODAY.isoformat(), **DOCUMENT}
    case = by_office(world, "unit_open", row | facts, region=region)
    return int(world.value("SELECT chain_id FROM ledger_entry WHERE case_id = :c AND type = 'unit.opened'", c=case))


def department(world: World, parent: Any, name: str, day: Any = TODAY) -> int:
    facts = {"parent": parent.id, "node": "department", "region": "440600", "name": name, "start": day.isoformat()}
    case = by_office(world, "department_open", facts | DOCUMENT, about=parent, day=day)
    return int(world.value("SELECT chain_id FROM ledger_entry WHERE case_id = :c AND type = 'unit.opened'", c=case))


def close(world: World, unit: int, day: Any = TODAY, about: Any = None) -> int:
    return by_office(world, "unit_close", {"unit": unit, "start": day.isoformat(), **DOCUMENT}, about=about, day=day)


def test_a_unit_opens_with_its_first_version_its_own_place_and_an_entry(world: World) -> None:
    unit = opened(world, "新设局", uscc="11440600MB0000000B")
    row = world.row("SELECT legal_id, status, opened_on, scope_path, region_code FROM unit WHERE id = :u", u=unit)
    assert row[:3] == (unit, "active", TODAY)
    assert row[3].startswith("440600.") or row[3].startswith(row[4])
    assert world.row("SELECT name, started_on, ended_on FROM unit_version WHERE unit_id = :u", u=unit) == (
        "新设局", TODAY, None)  # fmt: skip
    assert world.row("SELECT sequence, type FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u", u=unit) == (
        1, "unit.opened")  # fmt: skip


def test_units_of_a_region_get_different_segments_and_so_do_departments_of_a_unit(world: World) -> None:
    paths = [world.value("SELECT scope_path FROM unit WHERE id = :u", u=opened(world, f"第{n}局")) for n in range(3)]
    body = world.body("有科局", departments=("办公室",))
    below = [department(world, body, name) for name in ("人事科", "财务科")]
    paths += [world.value("SELECT scope_path FROM unit WHERE id = :u", u=unit) for unit in below]
    assert len(set(paths)) == 5
    assert all(p.startswith(body.scope_path + ".") for p in paths[3:])


def test_a_subordinate_body_is_numbered_within_its_region_not_under_its_superior(world: World) -> None:
    above = world.body("主管局")
    # The office of the superior's region answers.
    unit = opened(world, "所属中心", parent=above.id)
    path = world.value("SELECT scope_path FROM unit WHERE id = :u", u=unit)
    assert not path.startswith(above.scope_path + ".")
    assert world.value("SELECT parent_id FROM unit WHERE id = :u", u=unit) == above.id


@pytest.mark.parametrize("segment", ["1", "0001|x", "00/1", "一二三四"])
def test_a_segment_is_digits_only(world: World, segment: str) -> None:
    found = refusal(opened, world, "坏号局", segment=segment)
    assert isinstance(found, errors.InvalidInput)


def test_a_segment_in_use_is_refused(world: World) -> None:
    body = world.body("占号局")
    taken = world.value("SELECT segment FROM unit WHERE id = :u", u=body.id)
    assert isinstance(refusal(opened, world, "重号局", segment=taken), errors.DuplicateUnit)


def test_two_active_units_have_two_codes(world: World) -> None:
    opened(world, "有码局", uscc="11440600MB1111111W")
    assert isinstance(refusal(opened, world, "同码局", uscc="11440600MB1111111W"), errors.DuplicateUnit)


def test_a_unit_opens_neither_in_the_future_nor_in_a_region_that_does_not_exist(world: World) -> None:
    row = {"region": "440600", "node": "legal", "name": "未来局", "body": "organ", "start": str(ago(-5)), **DOCUMENT}
    case = by_office(world, "unit_open", row, day=ago(-5))
    assert world.state(case) == "awaiting", "approved, waiting for its day"
    with pytest.raises(errors.FutureEffect), world.database.transaction(world.service("svc-worker")) as session:
        due.effect_due(session, case)
    with pytest.raises(errors.NoOffice):
        file(world, "unit_open", row | {"region": "999999", "start": str(TODAY)})


def test_a_department_hangs_on_an_active_unit_of_its_own_region(world: World) -> None:
    gone = world.body("将撤局", quotas={"11": 0})
    set_quota(world, gone, gone.line, 0)
    close(world, gone.id, about=gone)
    with pytest.raises(errors.NotFound):
        department(world, gone, "迟来科")
    other = world.body("禅城某局", region="440604")
    facts = {"parent": other.id, "node": "department", "region": "440600", "name": "越区科", "start": str(TODAY)}
    with pytest.raises(errors.NotFound):  # the office of 440604 is asked, and the region still does not fit
        by_office(world, "department_open", facts | DOCUMENT, about=other, region="440604")


def test_nobody_sits_in_a_department_before_it_was_opened_neither_by_arrival_nor_by_correction(world: World) -> None:
    body = world.body("早到科室局", start=ago(400))
    facts = newcomer_facts(world, person()) | {
        "line": body.line,
        "department": department(world, body, "新科", ago(50)),
    }
    case = world.submit(world.clerk(body), body, "recruit", facts, name="测")
    world.approve_recruit(case)
    early = refusal(world.arrive, world.clerk(body), case, ago(51))
    assert isinstance(early, errors.NotYetOpen)
    assert early.facts["day"] == ago(50).isoformat()
    world.arrive(world.clerk(body), case, ago(40))
    who = int(world.value("SELECT person_id FROM application WHERE id = :c", c=case))
    assert isinstance(refusal(correct_start, world, body, seat(world, who), ago(51)), errors.BadDay)
    correct_start(world, body, seat(world, who), ago(50))


def test_no_number_is_fixed_before_the_body_or_the_department_was_opened(world: World) -> None:
    body = world.body("早定编局", start=ago(100))
    scope = department(world, body, "晚设科", ago(50))
    facts = {"unit": body.id, "authorised": 1, **DOCUMENT}
    line = {"kind": "establishment", "category": "13", "funding": "1", "structure": "none"}
    lead = {"kind": "leadership", "role": "deputy", "level": "0142", "scope": scope}
    for process, more, first in (("quota_new", line, ago(100)), ("lead_new", lead, ago(50))):
        day = first - dt.timedelta(days=1)
        found = refusal(by_office, world, process, facts | more | {"start": day.isoformat()}, about=body, day=day)
        assert (type(found), found.facts["day"]) == (errors.NotYetOpen, first.isoformat())
        by_office(world, process, facts | more | {"start": first.isoformat()}, about=body, day=first)


def test_a_change_keeps_the_old_name_for_its_time(world: World) -> None:
    body = world.body("旧名局")
    by_office(world, "unit_change", {"unit": body.id, "name": "新名局", "start": str(ago(10)), **DOCUMENT}, about=body)
    assert world.value("SELECT name FROM unit WHERE id = :u", u=body.id) == "新名局"
    known = "SELECT name FROM unit_version WHERE unit_id = :u AND recorded_to IS NULL AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d)"
    assert world.value(known, u=body.id, d=ago(11)) == "旧名局"
    assert world.value(known, u=body.id, d=ago(10)) == "新名局"
    assert world.value("SELECT scope_path FROM unit WHERE id = :u", u=body.id) == body.scope_path


def test_a_change_before_the_present_version_is_refused(world: World) -> None:
    body = world.body("倒填局", start=ago(30))
    facts = {"unit": body.id, "name": "更早局", "start": str(ago(31)), **DOCUMENT}
    assert isinstance(refusal(by_office, world, "unit_change", facts, about=body), errors.BadDay)


def test_a_unit_with_quota_people_reservations_or_units_below_does_not_close(world: World) -> None:
    quota = world.body("有编局", quotas={"11": 1})
    assert isinstance(refusal(close, world, quota.id, about=quota), errors.UnitNotEmpty)
    held = world.body("留编局", quotas={"11": 1})
    reserved(world, held)
    assert isinstance(refusal(close, world, held.id, about=held), errors.CasesWithoutDestination)
    people = world.body("有人局", quotas={"11": 1}, people={"11": 2})
    assert isinstance(refusal(close, world, people.id, about=people), errors.UnitNotEmpty)
    below = world.body("有科室局", quotas={"11": 0}, departments=("办公室",))
    assert isinstance(refusal(close, world, below.id, about=below), errors.UnitNotEmpty)


def test_a_department_in_which_people_sit_does_not_close(world: World) -> None:
    body = world.body("科里有人局", quotas={"11": 3}, people={"11": 1}, departments=("办公室", "空科"))
    assert isinstance(refusal(close, world, body.departments["办公室"], about=body), errors.UnitNotEmpty)
    close(world, body.departments["空科"], about=body)
    assert world.value("SELECT status FROM unit WHERE id = :u", u=body.departments["空科"]) == "closed"


def test_a_unit_does_not_close_on_a_day_when_somebody_still_sat_there(world: World) -> None:
    body = world.body("早撤局", quotas={"11": 1}, start=ago(400))
    who = entered(world, body, ago(300))
    leave(world, body, who, ago(100))
    set_quota(world, body, body.line, 0, ago(90))
    found = refusal(close, world, body.id, ago(95), body)
    assert isinstance(found, errors.BadDay)
    assert found.facts["until"] == ago(90).isoformat()
    close(world, body.id, ago(90), body)
    assert world.row("SELECT status, closed_on FROM unit WHERE id = :u", u=body.id) == ("closed", ago(90))


def test_nobody_enters_a_closed_department_and_no_quota_is_set_in_a_closed_unit(world: World) -> None:
    body = world.body("撤科局", quotas={"11": 2}, departments=("撤科",))
    who = person("迟到")
    facts = {**newcomer_facts(world, who), "line": body.line, "department": body.departments["撤科"]}
    case = world.submit(world.clerk(body), body, "recruit", facts, name=who.name)
    world.approve_recruit(case)
    close(world, body.departments["撤科"], about=body)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, TODAY), errors.NotFound)
    assert world.figures(body.line) == (2, 0, 1)
    empty = world.body("空壳局", quotas={"11": 0})
    close(world, empty.id, about=empty)
    assert isinstance(refusal(set_quota, world, empty, empty.line, 3), errors.NotFound)


def test_a_closed_unit_is_not_closed_or_changed_again(world: World) -> None:
    body = world.body("一撤局", quotas={"11": 0})
    other = {"document_no": "佛编〔2026〕4号"}
    twice = file(world, "unit_close", {"unit": body.id, "start": str(TODAY), **other}, about=body)
    change = file(world, "unit_change", {"unit": body.id, "name": "又改", "start": str(TODAY), **DOCUMENT}, about=body)
    close(world, body.id, about=body)
    for case in (twice, change):
        assert isinstance(refusal(review, world, case), errors.NotFound)


def test_all_of_it_verifies(world: World) -> None:
    assert findings(world) == []
