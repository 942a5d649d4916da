"""人员信息项: items of a person's record, by the kernel alone; two time axes; the register follows; nothing else writes."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain import errors
from app.domain.records import KINDS, ItemError
from app.ledger.records import record_facts
from tests.ledger.steps import TODAY, ago, call, findings, refusal, transfer
from tests.world import Body, World


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("档案局", quotas={"11": 6}, people={"11": 4}, leaders={"principal:0141": 1})


DEGREE = {"education": "21", "degree": "4", "school": "中山大学", "study": "1", "highest": "yes"}


def filed(world: World, body: Body, process: str, kind: str, fields: dict[str, Any], **more: Any) -> int:
    facts = record_facts(world.keys, kind, fields, **more)
    return world.submit(world.clerk(body), body, process, facts, person_id=more["person"])


def recorded(world: World, body: Body, process: str, kind: str, fields: dict[str, Any], **more: Any) -> int:
    """File, approve; the item's id."""
    case = filed(world, body, process, kind, fields, **more)
    world.decide(world.office("organisation"), case, "personnel")
    return int(world.value("SELECT max(id) FROM record_item WHERE case_id = :c", c=case))


def test_an_item_is_written_by_an_approved_case_and_the_register_follows(world: World, body: Body) -> None:
    who = body.people[0]
    case = filed(world, body, "info_education", "education", DEGREE, person=who, start=ago(30))
    assert world.value("SELECT count(*) FROM record_item WHERE person_id = :p", p=who) == 0
    world.decide(world.office("organisation"), case, "personnel")
    assert world.row("SELECT kind, started_on, ended_on, fields ->> 'school', case_id FROM record_item WHERE person_id = :p",
                     p=who) == ("education", ago(30), None, "中山大学", case)  # fmt: skip
    assert world.row("SELECT education, degree FROM person WHERE id = :p", p=who) == ("21", "4")
    entry = world.value("SELECT payload FROM ledger_entry WHERE case_id = :c AND chain_kind = 'person'", c=case)
    assert '"kind":"education"' in entry
    assert "中山大学" not in entry
    assert findings(world) == []


def test_the_next_item_of_a_single_kind_ends_the_one_before(world: World, body: Body) -> None:
    who = body.people[1]
    first = recorded(world, body, "info_contact", "contact", {"mobile": "13800000001"}, person=who, start=ago(60))
    second = recorded(world, body, "info_contact", "contact", {"mobile": "13800000002"}, person=who, start=ago(10))
    with world.superuser.connect() as connection:
        rows = [tuple(r) for r in connection.execute(
            text("SELECT fields ->> 'mobile', started_on, ended_on, recorded_to IS NULL FROM record_item"
                 " WHERE person_id = :p ORDER BY id"), {"p": who})]  # fmt: skip
    assert rows == [
        ("13800000001", ago(60), None, False),
        ("13800000001", ago(60), ago(10), True),
        ("13800000002", ago(10), None, True),
    ]
    assert first < second
    case = filed(world, body, "info_contact", "contact", {"mobile": "13800000003"}, person=who, start=ago(10))
    assert isinstance(refusal(world.decide, world.office("organisation"), case, "personnel"), errors.BeforeItem)
    assert findings(world) == []


def test_a_correction_leaves_the_wrong_row_as_it_was_recorded(world: World, body: Body) -> None:
    who = body.people[2]
    wrong = recorded(world, body, "info_education", "education", DEGREE, person=who, start=ago(90))
    right = recorded(world, body, "info_education", "education", DEGREE | {"school": "华南理工大学"}, person=who,
                     action="replace", item=wrong, start=ago(80))  # fmt: skip
    assert world.row("SELECT fields ->> 'school', started_on, recorded_to IS NULL FROM record_item WHERE id = :i", i=wrong) == (
        "中山大学", ago(90), False)  # fmt: skip
    assert world.row("SELECT fields ->> 'school', started_on, recorded_to IS NULL FROM record_item WHERE id = :i", i=right) == (
        "华南理工大学", ago(80), True)  # fmt: skip
    # As known before the correction the wrong row stood, and verify finds both.
    again = filed(world, body, "info_education", "education", DEGREE, person=who, action="replace", item=wrong)
    assert isinstance(refusal(world.decide, world.office("organisation"), again, "personnel"), errors.FactsChanged)
    assert findings(world) == []


def test_protected_fields_stand_in_no_fact_and_no_entry(world: World, body: Body) -> None:
    who = body.people[3]
    case = filed(world, body, "info_contact", "contact", {"mobile": "13911112222", "address": "汾江路1号"}, person=who,
                 start=TODAY)  # fmt: skip
    world.decide(world.office("organisation"), case, "personnel")
    for query in ("SELECT facts FROM case_record WHERE case_id = :c", "SELECT payload FROM ledger_entry WHERE case_id = :c",
                  "SELECT string_agg(facts, '') FROM case_facts WHERE case_id = :c"):  # fmt: skip
        found = world.value(query, c=case)
        assert "commit_record" in found
        assert "13911112222" not in found
        assert "汾江路" not in found
    assert world.value("SELECT fields ->> 'mobile' FROM case_private WHERE case_id = :c", c=case) == "13911112222"
    # A protected kind whose fields were put among the open facts is refused, an open one's apart too.
    facts = record_facts(world.keys, "contact", {"mobile": "13911112222"}, person=who, start=TODAY)
    facts["fields"] = facts.pop("private")
    assert isinstance(
        refusal(world.submit, world.clerk(body), body, "info_contact", facts, person_id=who), errors.InvalidInput
    )
    assert findings(world) == []


def test_a_future_day_waits_and_a_foreign_person_is_absent(world: World, body: Body) -> None:
    other = world.body("邻局", people={"11": 1})
    facts = record_facts(world.keys, "education", DEGREE, person=other.people[0], start=TODAY)
    assert isinstance(
        refusal(world.submit, world.clerk(body), body, "info_education", facts, person_id=None), errors.NotFound
    )
    case = filed(
        world, body, "info_education", "education", DEGREE, person=body.people[0], start=TODAY + dt.timedelta(days=2)
    )
    assert isinstance(refusal(world.decide, world.office("organisation"), case, "personnel"), errors.FutureEffect)


def test_nobody_writes_an_item_but_the_movement(world: World, body: Body) -> None:
    case = filed(world, body, "info_education", "education", DEGREE, person=body.people[0], start=TODAY)
    assert isinstance(
        refusal(call, world, world.clerk(body), "SELECT ledger_record(:c)", c=case), errors.CaseNotApproved
    )
    for statement in ("INSERT INTO record_item (person_id) VALUES (1)", "UPDATE record_item SET fields = '{}'",
                      "DELETE FROM record_item", "UPDATE case_private SET fields = '{}'"):  # fmt: skip
        with pytest.raises(DBAPIError, match="permission denied"):
            call(world, world.clerk(body), statement)


def test_the_record_goes_with_the_person(world: World, body: Body) -> None:
    target = world.body("新局", quotas={"11": 2})
    who = body.people[1]
    transfer(world, body, target, who)
    count = "SELECT count(*) FROM record_item WHERE person_id = :p"
    assert call(world, world.clerk(body), count, p=who) == 0
    assert call(world, world.clerk(target), count, p=who) == 3
    assert findings(world) == []


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("contact", {"mobile": "abc"}, {"mobile": "format"}),
        ("contact", {"email": "a@b.cn"}, {"mobile": "required"}),
        ("contact", {"mobile": "13800000000", "email": "nowhere"}, {"email": "format"}),
        ("rank", {"rank": "0831"}, {"rank": "format"}),
        ("post", {"post_grade": "R01"}, {"post_grade": "format"}),
        ("education", DEGREE | {"school": "", "shoe": "42"}, {"school": "required", "shoe": "unknown"}),
        ("assessment", {"year": 1899, "result": "1"}, {"year": "format"}),
    ],
)
def test_a_kind_takes_its_own_fields_in_their_form_alone(
    kind: str, fields: dict[str, Any], wrong: dict[str, str]
) -> None:
    with pytest.raises(ItemError) as caught:
        KINDS[kind].clean(fields)
    assert caught.value.wrong == wrong
