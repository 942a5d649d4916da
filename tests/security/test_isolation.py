"""A clerk of one unit reaches nothing of another, by whatever route."""

from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask

from app.domain.workdays import city_today
from tests.security.conftest import Client
from tests.security.test_routes import DOORS, VALUES
from tests.world import Body, World, person

TODAY = city_today()
MARK = "丙乙"  # begins the name of every person of the other unit


@pytest.fixture(scope="module")
def mine(world: World) -> Body:
    made = world.body("甲方局", people={"11": 3}, departments=("办公室",), leaders={"principal:0131": 1})
    world.account("clerk", "unit_clerk", unit=made.id)
    return made


@pytest.fixture(scope="module")
def other(world: World, mine: Body) -> Body:
    made = world.body(f"他方{MARK}", quotas={"11": 77}, people={"11": 3}, departments=("他方科",),
                      leaders={"principal:0131": 1})  # fmt: skip
    world.account("clerk2", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("zuzhi", "office_member", office=("organisation", "440600"))
    world.account("renshe", "office_member", office=("human_resources", "440600"))
    world.account("chancheng", "office_member", office=("establishment", "440604"))
    world.account("geren", "person", person_id=mine.people[0])
    world.account("auditor", "auditor")
    world.account("sysadmin", "system_admin")
    return made


@pytest.fixture(scope="module")
def case(world: World, other: Body) -> int:
    """A running case of the other unit."""
    return world.recruit(other, facts=person(f"{MARK}新人"))


def ids_of(world: World, other: Body, case: int) -> list[int]:
    seat = world.value("SELECT id FROM occupancy WHERE unit_id = :u ORDER BY id LIMIT 1", u=other.id)
    return [
        other.id,
        other.line,
        *other.departments.values(),
        other.people[0],
        case,
        world.task(case, "personnel"),
        seat,
    ]


def test_no_route_shows_anything_of_another_unit(
    app: Flask, world: World, mine: Body, other: Body, case: int, client: Callable[..., Client]
) -> None:
    user = client("clerk")
    ids = ids_of(world, other, case)
    seen = 0
    for rule in app.url_map.iter_rules():
        if DOORS[rule.endpoint] & {"public", "gone"}:
            continue
        numbers = [a for a in rule.arguments if a not in VALUES]
        for chosen in product(ids, repeat=len(numbers)):
            if rule.endpoint in ("RevealView.show", "AppointmentView.form") and chosen[0] in mine.people:
                continue  # another kind of row may bear the number of an own person
            for name in ("people", "posts", "cases", "units") if "name" in rule.arguments else ("",):
                values = {
                    **{a: VALUES[a] for a in rule.arguments if a in VALUES},
                    **dict(zip(numbers, chosen, strict=True)),
                }
                if name:
                    values["name"] = name
                path = app.url_map.bind("localhost").build(rule.endpoint, values)
                queries = [
                    "",
                    f"?q={MARK}",
                    f"?q=他方&unit={other.id}&kind=any&account={ids[0]}",
                    f"?region={other.scope_path}",
                ]
                for query in queries:
                    if "GET" in rule.methods:
                        answer = user.get(path + query)
                        text = (
                            answer.get_data()
                            .decode(errors="replace")
                            .replace(f"?q={MARK}", "")
                            .replace(f'value="{MARK}"', "")
                        )
                        text = text.replace(f"搜索：{MARK}", "").replace(f">{MARK}<", "")
                        shown = [n for n in (f"{MARK}0", f"{MARK}1", f"{MARK}2", f"{MARK}新人", "他方科") if n in text]
                        assert shown == [], f"{path}{query}"
                        assert "核定 77" not in text
                        seen += answer.status_code == 200
                if rule.endpoint == "RevealView.show" and chosen[0] in mine.people:
                    continue  # the same number among the own people
                if "POST" in rule.methods and rule.endpoint not in ("SignInView.logout", "SignInView.hat"):
                    form = {"decision": "approve", "kind": "withdraw", "arrived_on": TODAY.isoformat(), "case": case,
                            "reason": "看看他是谁"}  # fmt: skip
                    answer = user.post(path + ("?kind=withdraw" if rule.endpoint == "CaseView.act" else ""), form)
                    assert answer.status_code in (200, 302, 400, 403, 404, 422), f"POST {path}"
                    if rule.endpoint != "CaseView.new" and numbers:
                        assert answer.status_code in (403, 404), f"POST {path}: {answer.status_code}"
    assert seen > 30, "the walk itself went wrong"
    assert world.state(case) == "running"
    assert world.value("SELECT count(*) FROM decision WHERE case_id = :c", c=case) == 0


@pytest.mark.parametrize(
    ("process", "field"),
    [("recruit", "line"), ("recruit", "department"), ("retire", "person"), ("leave", "person"), ("leader", "lead_line"),
     ("leader", "person"), ("leader_leave", "lead"), ("recruit", "case")],
)  # fmt: skip
def test_a_forged_field_of_a_form_names_nothing_of_another_unit(
    world: World, mine: Body, other: Body, case: int, client: Callable[..., Client], process: str, field: str
) -> None:
    user, wanted = client("clerk"), person("伪造")
    form = {
        "line": mine.line, "department": mine.departments["办公室"], "person_name": wanted.name,
        "id_type": "resident", "id_number": wanted.id_number, "sex": wanted.sex, "birth_on": wanted.birth_on.isoformat(),
        "entry_way": "2", "person": mine.people[0], "end": TODAY.isoformat(), "start": TODAY.isoformat(),
        "exit_reason": "1" if process == "leader_leave" else "32", "nature": "regular", "main": "y",
        "lead_line": mine.lines["principal:0131"], "lead": f"{mine.lines['principal:0131']}-{mine.people[0]}",
    }  # fmt: skip
    if process in ("leader", "leader_leave"):
        form.pop("id_number")
    form[field] = {
        "line": other.line, "department": other.departments["他方科"], "person": other.people[0], "case": case,
        "lead_line": other.lines["principal:0131"], "lead": f"{other.lines['principal:0131']}-{other.people[0]}",
    }[field]  # fmt: skip
    count = "SELECT count(*) FROM case_record"
    before = world.value(count)
    answer = user.post(f"/case/new/{process}", {**form, "action": "submit"})
    text = answer.get_data(as_text=True)
    assert f"{MARK}0" not in text
    if field == "department":  # refused by the kernel when the person arrives, never entered
        assert answer.status_code in (200, 302, 404)
    else:
        assert answer.status_code in (200, 404)
        assert world.value(count) == before


def test_what_a_unit_sees_is_exactly_its_own(
    world: World, mine: Body, other: Body, client: Callable[..., Client]
) -> None:
    text = client("clerk").get("/list/people").get_data(as_text=True)
    assert [n in text for n in ("方局0", "方局1", "方局2")] == [True] * 3
    assert MARK not in text
    text = client("clerk2").get("/list/people").get_data(as_text=True)
    assert "方局0" not in text
    assert f"{MARK}0" in text


def test_a_district_office_sees_its_district_only(world: World, mine: Body, client: Callable[..., Client]) -> None:
    inside = world.body("禅城试局", region="440604", people={"11": 1})
    user = client("chancheng")
    assert user.get(f"/unit/{inside.id}").status_code == 200
    assert user.get(f"/unit/{mine.id}").status_code == 404
    assert "甲方局" not in user.get("/list/units").get_data(as_text=True)


def test_personnel_offices_see_the_people_of_their_own_class(
    world: World, other: Body, client: Callable[..., Client]
) -> None:
    school = world.body("试验学堂", quotas={"22": 3}, people={"22": 2}, kind="institution")
    assert school.id
    shown = {u: client(u).get("/list/people").get_data(as_text=True) for u in ("zuzhi", "renshe", "bianban")}
    assert ("方局0" in shown["zuzhi"], "学堂0" in shown["zuzhi"]) == (True, False)
    assert ("方局0" in shown["renshe"], "学堂0" in shown["renshe"]) == (False, True)
    assert ("方局0" in shown["bianban"], "学堂0" in shown["bianban"]) == (True, True)


def test_a_whole_identity_number_is_shown_for_a_reason_only_and_leaves_a_trace(
    world: World, mine: Body, client: Callable[..., Client]
) -> None:
    user, path = client("clerk"), f"/person/{mine.people[0]}"
    masked = world.value("SELECT id_mask FROM person WHERE id = :p", p=mine.people[0])
    row = world.value("SELECT id_cipher FROM person WHERE id = :p", p=mine.people[0])
    number = world.keys.decrypt("resident", bytes(row))
    page = user.get(path).get_data(as_text=True)
    assert masked in page
    assert number not in page
    count = "SELECT count(*) FROM audit_event WHERE kind = 'reveal'"
    before = world.value(count)
    reveal = f"/reveal/{mine.people[0]}"
    assert f'href="{reveal}"' in page
    user.get(reveal)
    refused = user.post(reveal, {"reason": "看"})
    assert number not in refused.get_data(as_text=True)
    assert world.value(count) == before
    shown = user.post(reveal, {"reason": "核对人事档案"})
    assert number in shown.get_data(as_text=True)
    assert world.value(count) == before + 1
    reason = world.value("SELECT facts ->> 'reason' FROM audit_event WHERE kind = 'reveal' ORDER BY id DESC LIMIT 1")
    assert reason == "核对人事档案"


def test_a_person_sees_the_own_card_only(world: World, mine: Body, client: Callable[..., Client]) -> None:
    user = client("geren")
    text = user.get("/card").get_data(as_text=True)
    assert "方局0" in text
    assert "方局1" not in text
    assert user.get(f"/unit/{mine.id}").status_code in (302, 403)


@pytest.mark.parametrize("username", ["auditor", "sysadmin"])
def test_administrators_and_auditors_see_no_business_rows(world: World, mine: Body, other: Body, username: str) -> None:
    from sqlalchemy import text

    with world.database.transaction(world.identity(username)) as session:
        for table in (
            "unit",
            "person",
            "occupancy",
            "post",
            "quota_line",
            "ledger_total",
            "ledger_entry",
            "application",
        ):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_anothers_hat_cannot_be_put_on(world: World, mine: Body, other: Body, client: Callable[..., Client]) -> None:
    user = client("clerk")
    theirs = world.value("SELECT a.id FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username = 'bianban'")
    user.post("/hat/", {"hat": theirs})
    assert user.get("/queue").status_code in (302, 403)
