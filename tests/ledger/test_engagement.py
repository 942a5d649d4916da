"""Staff without seats: a cap by document, engagements against it; a line's funding changed with all its people."""

from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from app.ledger.people import facts_of
from app.ledger.verify import Verifier
from tests.ledger.steps import TODAY, ago, entered, file, findings, lead, refusal, reserved, review, seat
from tests.world import Body, World, person


def set_cap(world: World, body: Body, number: int, document: str, day: Any = TODAY) -> int:
    facts = {"unit": body.id, "number": number, "document_no": document, "issuer": "市委编委", "start": str(day)}
    case = file(world, "staff_cap", facts, about=body, day=day)
    review(world, case)
    world.decide(world.office("finance"), case, "finance")
    return case


def engagement(world: World, body: Body, who: Any, day: Any = TODAY, until: Any = None) -> int:
    """An engagement that waits for its two offices."""
    facts = {**facts_of(who, world.keys), "unit": body.id, "engage_task": "窗口服务", "engage_funding": "own",
             "start": str(day), "until_on": str(until or ago(-365))}  # fmt: skip
    return world.submit(world.clerk(body), body, "engage", facts, name=who.name, effective_on=day)


def agreed(world: World, case: int) -> None:
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("finance"), case, "finance")


def engaged(world: World, body: Body, who: Any, day: Any = TODAY, until: Any = None) -> int:
    """Somebody engaged; the person's id."""
    case = engagement(world, body, who, day, until)
    agreed(world, case)
    return int(world.value("SELECT person_id FROM engagement WHERE case_id = :c AND recorded_to IS NULL", c=case))


def changed(world: World, body: Body, process: str, who: int, **facts: Any) -> int:
    day = TODAY if "end" in facts else None
    case = world.submit(world.clerk(body), body, process, {"unit": body.id, "engaged": who, **facts}, effective_on=day)
    world.decide(world.office("establishment"), case, "establishment")
    return case


def open_now(world: World, body: Body) -> int:
    return int(
        world.value(
            "SELECT count(*) FROM engagement WHERE unit_id = :u AND recorded_to IS NULL AND ended_on IS NULL", u=body.id
        )
    )


def test_the_next_document_ends_the_cap_before_it_and_no_document_serves_twice(world: World) -> None:
    body = world.body("编外甲局", start=ago(400))
    set_cap(world, body, 3, "佛编外〔2026〕1号", ago(100))
    set_cap(world, body, 2, "佛编外〔2026〕2号", ago(10))
    caps = "SELECT string_agg(number::text, ',' ORDER BY started_on) FROM staff_cap WHERE unit_id = :u AND recorded_to IS NULL"
    assert world.value(caps, u=body.id) == "3,2"
    for facts, day in (("佛编外〔2026〕1号", TODAY), ("佛编外〔2026〕3号", ago(50))):
        found = refusal(set_cap, world, body, 9, facts, day)
        assert isinstance(found, errors.InvalidInput if day == TODAY else errors.BadDay)
    assert world.value(caps, u=body.id) == "3,2"


def test_an_engagement_takes_no_seat_and_no_number(world: World) -> None:
    body = world.body("编外乙局", quotas={"11": 1}, people={"11": 1})
    who = engaged(world, body, person("编外甲"))
    assert world.figures(body.line) == (1, 1, 0)
    assert world.row("SELECT state, unit_id, scope_path FROM person WHERE id = :p", p=who) == (
        "outside", None, body.scope_path)  # fmt: skip


def test_nobody_is_engaged_twice_nor_beside_a_seat(world: World) -> None:
    body, other = world.body("编外丙局"), world.body("编外丁局", people={"11": 1})
    who = person("重聘甲")
    engaged(world, body, who)
    case = engagement(world, other, who)
    assert isinstance(refusal(agreed, world, case), errors.AlreadyEngaged)
    known = world.keys.decrypt(
        "resident", bytes(world.value("SELECT id_cipher FROM person WHERE id = :p", p=other.people[0]))
    )
    case = engagement(world, body, person("占编甲", id_number=known))
    assert isinstance(refusal(agreed, world, case), errors.DuplicatePerson)


def test_an_engagement_ends_before_it_begins_only_if_never(world: World) -> None:
    body = world.body("编外戊局")
    case = engagement(world, body, person("倒期甲"), TODAY, ago(1))
    assert isinstance(refusal(agreed, world, case), errors.InvalidInput)
    who = engaged(world, body, person("离岗甲"), ago(30))
    assert isinstance(refusal(changed, world, body, "engage_end", who, end=str(ago(31))), errors.BeforeEntry)
    assert isinstance(refusal(changed, world, body, "engage_extend", who, until_on=str(ago(-300))), errors.InvalidInput)
    changed(world, body, "engage_extend", who, until_on=str(ago(-400)))
    case = changed(world, body, "engage_end", who, end=str(ago(2)))
    assert world.row("SELECT until_on, ended_on, end_case_id FROM engagement WHERE person_id = :p AND recorded_to IS NULL",
                     p=who) == (ago(-400), ago(2), case)  # fmt: skip
    assert isinstance(refusal(changed, world, body, "engage_end", who, end=str(TODAY)), errors.NotEngaged)
    assert engaged(world, body, person("再聘甲"), ago(1)) != who


def test_no_unit_changes_another_units_engagement(world: World) -> None:
    body, other = world.body("编外己局"), world.body("编外庚局")
    who = engaged(world, body, person("他聘甲"))
    assert isinstance(refusal(changed, world, other, "engage_end", who, end=str(TODAY)), errors.NotEngaged)
    facts = {"unit": body.id, "engaged": who, "end": str(TODAY)}
    stolen = refusal(world.submit, world.clerk(other), other, "engage_end", facts, effective_on=TODAY)
    assert isinstance(stolen, errors.NotFound)
    assert open_now(world, body) == 1


def test_whoever_takes_a_seat_is_engaged_no_longer(world: World) -> None:
    body = world.body("编外辛局", start=ago(400))
    who = person("转编甲")
    known = engaged(world, body, who, ago(100))
    assert entered(world, body, ago(7), who=who) == known
    assert world.value("SELECT ended_on FROM engagement WHERE person_id = :p AND recorded_to IS NULL", p=known) == ago(
        7
    )
    assert open_now(world, body) == 0


def test_two_units_cannot_apply_for_one_person_at_once_and_the_table_holds_one(world: World) -> None:
    one, two, who = world.body("争聘甲局"), world.body("争聘乙局"), person("争聘人")
    known = engaged(world, one, who)
    engagement(world, two, who)
    assert isinstance(refusal(engagement, world, one, who), errors.RunningCase)
    copied = "INSERT INTO engagement (person_id, unit_id, task, funding, started_on, until_on, case_id, recorded_at, scope_path)" \
        f" SELECT person_id, {two.id}, task, funding, started_on, until_on, case_id, now(), scope_path FROM engagement" \
        f" WHERE person_id = {known} AND recorded_to IS NULL"  # fmt: skip
    with pytest.raises(Exception, match="ex_engagement_person"), world.owner.begin() as connection:
        connection.exec_driver_sql(copied)


# -- 经费形式变更 ---------------------------------------------------------------------------------------------------


def rekeyed(world: World, body: Body, line: int, document: str, **changed: Any) -> int:
    facts = {"line": line, "new_category": "22", "new_funding": "2", "new_class": None, "document_no": document,
             "issuer": "市委编委", "start": str(TODAY)} | changed  # fmt: skip
    case = file(world, "funding_change", facts, about=body)
    review(world, case)
    world.decide(world.office("finance"), case, "finance")
    return case


def test_a_lines_number_and_people_go_over_whole_and_leaders_stay(world: World) -> None:
    body = world.body("转差额院", quotas={"22": 5}, people={"22": 3}, leaders={"principal:0131": 1},
                      departments=("办公室",), kind="institution")  # fmt: skip
    lead(world, body, body.lines["principal:0131"], body.people[0])
    rekeyed(world, body, body.line, "佛编〔2026〕61号", new_class="422")
    new = world.value("SELECT id FROM quota_line WHERE unit_id = :u AND category = '22' AND funding = '2'", u=body.id)
    assert world.figures(body.line) == (0, 0, 0)
    assert world.figures(new) == (5, 3, 0)
    assert world.figures(body.lines["principal:0131"]) == (1, 1, 0)
    assert world.value("SELECT category FROM unit WHERE id = :u", u=body.id) == "422"
    assert {world.value("SELECT department_id FROM occupancy WHERE id = :o", o=seat(world, p)) for p in body.people} == {
        body.departments["办公室"]}  # fmt: skip


def test_a_line_with_reservations_or_surplus_is_not_changed_and_keeps_its_people(world: World) -> None:
    body = world.body("留座院", quotas={"22": 3}, people={"22": 1}, kind="institution")
    reserved(world, body, personnel="human_resources")
    found = refusal(rekeyed, world, body, body.line, "佛编〔2026〕62号")
    assert isinstance(found, errors.QuotaBelowUse)
    over = world.body("超编院", quotas={"22": 1}, people={"22": 2}, kind="institution")
    assert isinstance(refusal(rekeyed, world, over, over.line, "佛编〔2026〕63号"), errors.SurplusLine)
    assert (world.figures(body.line), world.figures(over.line)) == ((3, 1, 1), (1, 2, 0))


@pytest.mark.parametrize(("changed", "kind"), [({"new_category": "11"}, errors.WrongCategory),
                                               ({"new_funding": "1"}, errors.InvalidInput)])  # fmt: skip
def test_a_category_that_the_body_may_not_hold_and_no_change_are_refused(
    world: World, changed: dict[str, Any], kind: type[errors.DomainError]
) -> None:
    body = world.body(f"错类院{kind.code}", quotas={"22": 1}, kind="institution")
    assert isinstance(refusal(rekeyed, world, body, body.line, "佛编〔2026〕64号", **changed), kind)


# -- proof -----------------------------------------------------------------------------------------------------------

CHANGED = {
    "staff_cap": ("number = number + 1", "document_no = document_no || 'x'", "recorded_to = now()", "unit_id = unit_id + 0 - 1"),
    "engagement": ("task = task || 'x'", "funding = 'budget'", "until_on = until_on + 1", "ended_on = started_on",
                   "person_id = person_id - 1", "unit_id = unit_id - 1", "scope_path = scope_path || '.0001'"),
}  # fmt: skip


@pytest.mark.parametrize("table", CHANGED)
def test_a_change_past_the_kernel_is_found_and_its_table_named(world: World, table: str) -> None:
    assert findings(world) == []
    spoilt = [f"UPDATE {table} SET {c} WHERE id = (SELECT min(id) FROM {table})" for c in CHANGED[table]]
    for statement in [*spoilt, f"DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})"]:
        with world.superuser.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            assert connection.execute(text(statement)).rowcount == 1
            assert table in {f.table for f in Verifier(connection, world.keys).findings()}, statement
            connection.rollback()
