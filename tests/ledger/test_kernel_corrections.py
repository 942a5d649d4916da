"""Corrections (更正): new entries that name what they correct; nothing is deleted, no past day is made worse."""

import datetime as dt
from typing import Any

import pytest

from app.domain import errors
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of
from tests.ledger.steps import (
    TODAY,
    ago,
    by_office,
    correct_start,
    entered,
    file,
    filer,
    findings,
    lead,
    leave,
    open_batch,
    refusal,
    review,
    seat,
    transfer,
)
from tests.world import Body, World, id_number, person

ON = ("SELECT count(*) FROM occupancy WHERE line_id = :l AND recorded_at <= :m AND (recorded_to IS NULL OR"
      " recorded_to > :m) AND started_on <= :d AND (ended_on IS NULL OR ended_on > :d)")  # fmt: skip


def start_of(world: World, who: int) -> dt.date:
    return world.value("SELECT started_on FROM occupancy WHERE id = :o", o=seat(world, who))


@pytest.mark.parametrize("day", [110, 90], ids=["earlier", "later"])
def test_a_first_day_is_corrected_and_the_wrong_row_stays_as_it_was_known(world: World, day: int) -> None:
    body = world.body(f"改日{day}局", start=ago(400))
    who = entered(world, body, ago(100))
    wrong, known = seat(world, who), world.value("SELECT clock_timestamp()")
    correct_start(world, body, wrong, ago(day))
    assert start_of(world, who) == ago(day)
    now = world.value("SELECT clock_timestamp()")
    between = ago((day + 100) // 2)
    assert world.value(ON, l=body.line, m=known, d=between) == (day == 90)
    assert world.value(ON, l=body.line, m=now, d=between) == (day == 110)
    assert world.value("SELECT recorded_to IS NOT NULL FROM occupancy WHERE id = :o", o=wrong)
    entry = "SELECT fields ->> 'closes', fields ->> 'was' FROM ledger_entry WHERE type = 'seat.corrected' AND chain_kind = 'person' AND chain_id = :p"
    assert world.row(entry, p=who) == (str(wrong), ago(100).isoformat())


def test_the_day_of_a_seat_left_since_is_corrected_too_but_not_past_its_last_day(world: World) -> None:
    body = world.body("改旧日局", start=ago(400))
    who = entered(world, body, ago(100))
    leave(world, body, who, ago(50))
    assert isinstance(refusal(correct_start, world, body, seat(world, who), ago(49)), errors.BadDay)
    correct_start(world, body, seat(world, who), ago(60))
    assert world.row("SELECT started_on, ended_on FROM occupancy WHERE id = :o", o=seat(world, who)) == (
        ago(60),
        ago(50),
    )


def test_no_day_is_corrected_to_one_before_the_seat_or_in_the_future(world: World) -> None:
    body = world.body("改限局", start=ago(200))
    who = entered(world, body, ago(100))
    assert isinstance(refusal(correct_start, world, body, seat(world, who), ago(201)), errors.BadDay)
    assert isinstance(refusal(correct_start, world, body, seat(world, who), ago(-1)), errors.FutureEffect)
    correct_start(world, body, seat(world, who), ago(200))


def test_a_day_before_the_first_document_of_the_line_is_corrected_among_such_days(world: World) -> None:
    """Held since before the line's document, as people of an opening balance are."""
    start, early = dt.date(2015, 1, 1), dt.date(2001, 7, 1)
    batch = Batch("440600")
    batch.units.append({"key": "u", "node": "legal", "name": "老人局", "region": "440600", "start": str(start)})
    batch.lines.append({"key": "l", "unit_key": "u", "kind": "establishment", "category": "11", "funding": "1",
                        "structure": "none", "authorised": 2, "document_no": "1", "start": str(start)})  # fmt: skip
    batch.people.append({**facts_of(person("老人"), world.keys), "line_key": "l", "start": str(early)})
    unit = int(open_batch(world, batch)["unit"])
    who = world.value("SELECT id FROM person WHERE unit_id = :u", u=unit)
    body = Body(unit, "老人局", world.value("SELECT scope_path FROM unit WHERE id = :u", u=unit))
    for day in (dt.date(2000, 7, 1), dt.date(2002, 7, 1)):
        correct_start(world, body, seat(world, who), day)
        assert start_of(world, who) == day


def test_a_row_corrected_before_is_not_corrected_again_under_its_old_number(world: World) -> None:
    body = world.body("二改局", start=ago(400))
    who = entered(world, body, ago(100))
    wrong = seat(world, who)
    correct_start(world, body, wrong, ago(90))
    assert isinstance(refusal(correct_start, world, body, wrong, ago(80)), errors.LaterEntries)
    correct_start(world, body, seat(world, who), ago(80))


def test_a_day_is_not_corrected_into_the_time_of_another_holder_of_the_seat(world: World) -> None:
    body = world.body("改撞局", quotas={"11": 1}, start=ago(400))
    leave(world, body, entered(world, body, ago(300)), ago(200))
    who = entered(world, body, ago(100))
    assert isinstance(refusal(correct_start, world, body, seat(world, who), ago(201)), errors.LaterEntries)
    correct_start(world, body, seat(world, who), ago(200))


def test_a_day_is_not_corrected_into_the_persons_time_in_another_unit(world: World) -> None:
    one, other = world.body("改前局", start=ago(400)), world.body("改后局", start=ago(400))
    wanted = person("改撞人")
    who = entered(world, one, ago(300), who=wanted)
    leave(world, one, who, ago(200))
    entered(world, other, ago(100), who=wanted)
    assert isinstance(refusal(correct_start, world, other, seat(world, who), ago(201)), errors.LaterEntries)


@pytest.mark.parametrize("day", [55, 45], ids=["earlier", "later"])
def test_a_transfers_day_is_not_corrected_on_one_side_alone(world: World, day: int) -> None:
    """The old unit's last day rests on it: between the two the person would sit nowhere, or twice."""
    one, other = world.body(f"调前{day}局", people={"11": 1}), world.body(f"调后{day}局")
    transfer(world, one, other, one.people[0], ago(50))
    found = refusal(correct_start, world, other, seat(world, one.people[0]), ago(day))
    assert isinstance(found, errors.LaterEntries)


def test_a_refused_correction_names_the_entries_that_rest_on_the_wrong_one(world: World) -> None:
    """Whose, from which day to which, which entry of the person's chain."""
    body = world.body("列举局", quotas={"11": 1}, start=ago(400))
    first = entered(world, body, ago(300), who=person("前任"))
    leave(world, body, first, ago(200))
    who = entered(world, body, ago(100), who=person("后任"))
    wrong = seat(world, who)
    found = refusal(correct_start, world, body, wrong, ago(201))
    assert found.facts["later"] == f"前任 {ago(300)}/{ago(200)} #3"
    correct_start(world, body, wrong, ago(90))
    found = refusal(correct_start, world, body, wrong, ago(95))
    assert found.facts["later"] == f"后任 {ago(90)}/ #3"


def test_a_seat_is_not_corrected_past_the_positions_that_rest_on_it_and_they_are_named(world: World) -> None:
    body = world.body("列职局", leaders={"deputy:0132": 1}, start=ago(400))
    who = entered(world, body, ago(100), who=person("在职"))
    lead(world, body, body.lines["deputy:0132"], who, ago(80))
    found = refusal(correct_start, world, body, seat(world, who), ago(70))
    assert isinstance(found, errors.LaterEntries)
    assert found.facts["later"] == f"在职 {ago(80)}/ #3"


def test_who_does_not_sit_is_not_corrected(world: World) -> None:
    """An occupancy that does not exist belongs to no office."""
    body = world.body("无行局")
    with pytest.raises(errors.NoOffice):
        file(world, "correction", {"occupancy": 99_999_999, "start": TODAY.isoformat()}, about=body)


# -- of a person ---------------------------------------------------------------------------------------------------


def correct_person(world: World, body: Body, who: int, facts: dict[str, Any]) -> int:
    return by_office(world, "person_correct", {"person": who, **facts}, about=body)


def corrected(world: World, new: PersonFacts, *, number: bool = False) -> dict[str, Any]:
    """The facts of a correction as the form files them."""
    made = facts_of(new, world.keys)
    index = made.pop("person_index")
    if number:
        made["new_index"] = index
    else:
        made.pop("id_cipher")
    return made


def test_a_name_and_birth_are_corrected_with_new_commitments_and_shown_at_the_seat(world: World) -> None:
    body = world.body("改名局", start=ago(400))
    old = person("误名")
    who = entered(world, body, ago(9), who=old)
    new = person("正名", id_number=old.id_number, birth_on=dt.date(1989, 3, 2))
    correct_person(world, body, who, corrected(world, new))
    assert world.row("SELECT name, birth_on FROM person WHERE id = :p", p=who) == ("正名", dt.date(1989, 3, 2))
    assert world.value("SELECT person_name FROM occupancy WHERE id = :o", o=seat(world, who)) == "正名"
    entry = world.row(
        "SELECT fields ->> 'commit_name', fields ->> 'corrects' FROM ledger_entry WHERE chain_kind = 'person'"
        " AND chain_id = :p AND type = 'person.corrected'", p=who)  # fmt: skip
    assert entry == (world.keys.commit("name", "正名"), "1")


def test_a_correction_names_the_last_entry_that_said_who_the_person_is(world: World) -> None:
    body = world.body("再改名局", start=ago(400))
    old = person("一名")
    who = entered(world, body, ago(9), who=old)
    for name in ("二名", "三名"):
        correct_person(world, body, who, corrected(world, person(name, id_number=old.id_number)) | {"corrects": 77})
    with world.superuser.connect() as connection:
        named = connection.exec_driver_sql(
            "SELECT (fields ->> 'corrects')::int FROM ledger_entry WHERE type = 'person.corrected' AND chain_kind ="
            f" 'person' AND chain_id = {who} ORDER BY sequence"
        ).scalars()
        assert list(named) == [1, 3]


def test_a_corrected_number_finds_the_person_and_the_old_one_does_not(world: World) -> None:
    body = world.body("改号局", start=ago(400))
    old, number = person("改号"), id_number()
    who = entered(world, body, ago(9), who=old)
    new = person("改号", id_number=number, birth_on=old.birth_on)
    correct_person(world, body, who, corrected(world, new, number=True))
    index = "SELECT count(*) FROM person WHERE id_index = :i"
    assert world.value(index, i=world.keys.blind_index("resident", number)) == 1
    assert world.value(index, i=world.keys.blind_index("resident", old.id_number)) == 0


def test_nobody_is_corrected_into_the_number_of_another(world: World) -> None:
    body = world.body("撞号局", start=ago(400))
    one, other = person("甲"), person("乙")
    entered(world, body, ago(9), who=one)
    who = entered(world, body, ago(9), who=other)
    new = person("乙", id_number=one.id_number, birth_on=other.birth_on)
    found = refusal(correct_person, world, body, who, corrected(world, new, number=True))
    assert isinstance(found, errors.DuplicatePerson)


@pytest.mark.parametrize("left_out", ["commit_name", "commit_birth_on", "commit_id"])
def test_no_locked_field_changes_without_its_commitment(world: World, left_out: str) -> None:
    body = world.body(f"缺承诺{left_out}", start=ago(400))
    old = person("原名")
    who = entered(world, body, ago(9), who=old)
    facts = corrected(world, person("改后名", id_number=old.id_number)) | {left_out: None}
    assert isinstance(refusal(correct_person, world, body, who, facts), errors.InvalidInput)
    assert world.value("SELECT name FROM person WHERE id = :p", p=who) == "原名"


def test_a_number_and_its_index_change_together(world: World) -> None:
    body = world.body("半号局", start=ago(400))
    who = entered(world, body, ago(9), who=person("半号"))
    facts = corrected(world, person("半号"), number=True) | {"new_index": None}
    assert isinstance(refusal(correct_person, world, body, who, facts), errors.InvalidInput)


def test_a_correction_is_approved_by_another_official_than_the_one_who_filed(world: World) -> None:
    body = world.body("双人局", start=ago(400))
    who = entered(world, body, ago(100))
    case = file(world, "correction", {"occupancy": seat(world, who), "start": ago(90).isoformat()}, about=body)
    assert isinstance(refusal(world.decide, filer(world), case, "review"), errors.SelfApproval)
    review(world, case)
    assert start_of(world, who) == ago(90)


def test_all_of_it_verifies(world: World) -> None:
    assert findings(world) == []
