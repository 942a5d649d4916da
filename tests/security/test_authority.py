"""干部管理权限: which rule decides, and that two people change the rules, from tomorrow on."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain import errors
from tests.ledger.steps import TODAY, ago, call, refusal
from tests.security.conftest import Client
from tests.world import Body, World

CITY, DISTRICT = "440600", "440604"
TOMORROW = TODAY + dt.timedelta(days=1)
PROPOSE = "SELECT authority_propose(:rule, :region, :grade, :level, :rank, :category, :decider, '佛组〔2026〕1号', :on)"
SETTLE = "SELECT authority_settle(:q, :yes, '')"


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Body]:
    made = {
        "市": world.body("权限市局", start=ago(900)),
        "区": world.body("权限区局", region=DISTRICT, start=ago(900), people={"11": 1}),
        "校": world.body("权限区校", region=DISTRICT, kind="institution", quotas={"22": 5}, people={"22": 2}, start=ago(900)),
    }  # fmt: skip
    for name, kind in (("xitong", "system_admin"), ("anquan", "security_admin")):
        world.account(name, kind)
    return made


def propose(world: World, **given: Any) -> int:
    empty = {"rule": None, "region": None, "grade": "", "level": "", "rank": "", "category": "", "decider": None,
             "on": TOMORROW}  # fmt: skip
    return int(call(world, world.identity("xitong"), PROPOSE, **{**empty, **given}))


def settle(world: World, request: int, yes: bool = True) -> Any:
    return call(world, world.identity("anquan"), SETTLE, q=request, yes=yes)


def decides(world: World, body: Body, category: str, level: str = "", rank: str = "", on: dt.date = TODAY) -> str:
    """The side that decides, as the administrators' trial names it."""
    with world.database.transaction(world.identity("anquan")) as session:
        rows = session.execute(
            text("SELECT side FROM authority_trial(:o, :u, :c, :l, :r) WHERE decides"),
            {"o": on, "u": body.id, "c": category, "l": level, "r": rank},
        ).all()
    assert len(rows) == 1
    return str(rows[0].side)


def test_the_rules_shipped_decide_as_before_and_leaders_of_the_county_level_are_the_citys(
    world: World, bodies: dict[str, Body]
) -> None:
    for category in ("11", "12", "21"):
        assert decides(world, bodies["区"], category) == "禅城区委组织部"
        assert decides(world, bodies["市"], category) == "佛山市委组织部"
    for category in ("13", "22", "23"):
        assert decides(world, bodies["校"], category) == "禅城区人力资源和社会保障局"
    for level, office in (("0131", "佛山市"), ("0132", "佛山市"), ("0141", "禅城区"), ("0142", "禅城区")):
        assert decides(world, bodies["区"], "11", level) == f"{office}委组织部", level
    assert decides(world, bodies["校"], "22", "0132") == "佛山市委组织部"


def test_a_districts_leader_of_the_county_level_is_decided_by_the_city_whatever_the_form_leaves_out(
    world: World, bodies: dict[str, Body]
) -> None:
    body = bodies["区"]
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE person SET level = '0132' WHERE id = :p"), {"p": body.people[0]})
    facts = {"person": body.people[0], "end": TODAY.isoformat(), "reason": "32"}
    case = world.submit(world.clerk(body), body, "leave", facts, name="副处")
    office = world.value("SELECT o.name FROM task t JOIN office o ON o.id = t.office_id WHERE t.application_id = :c"
                         " AND t.code = 'personnel'", c=case)  # fmt: skip
    assert office == "佛山市委组织部"
    assert refusal(world.decide, world.office("organisation", DISTRICT), case, "personnel").code in (
        "not_found", "not_your_office")  # fmt: skip
    world.decide(world.office("establishment", DISTRICT), case, "establishment")
    world.decide(world.office("organisation", CITY), case, "personnel")
    assert world.state(case) == "done"


def test_a_level_goes_before_a_rank_a_rank_before_a_category_and_so_on(world: World, bodies: dict[str, Body]) -> None:
    """Each new rule names another office than the one before it, so the order shows."""
    asked: tuple[dict[str, Any], ...] = (
        {"region": DISTRICT, "decider": "city_human_resources"},
        {"grade": "109", "decider": "human_resources"},
        {"category": "22", "decider": "organisation"},
        {"rank": "R06", "decider": "city_organisation"},
        {"level": "0131", "region": DISTRICT, "decider": "organisation"},
    )
    office = {
        "city_human_resources": "佛山市人力资源和社会保障局", "human_resources": "禅城区人力资源和社会保障局",
        "organisation": "禅城区委组织部", "city_organisation": "佛山市委组织部",
    }  # fmt: skip
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET grade = '109' WHERE id = :u"), {"u": bodies["校"].id})
    for rule in asked:
        settle(world, propose(world, **rule))
        level = "0131" if "level" in rule else ""
        assert decides(world, bodies["校"], "22", level, "R05", TOMORROW) == office[rule["decider"]], rule
    assert decides(world, bodies["校"], "22", "0132", "R05", TOMORROW) == office["city_organisation"]  # 0132 as shipped
    assert decides(world, bodies["校"], "22", "0142", "R05", TOMORROW) == office["city_organisation"]  # by the rank
    assert decides(world, bodies["校"], "22", "", "R07", TOMORROW) == office["organisation"]
    assert decides(world, bodies["校"], "22", "0131", "R05") == "佛山市委组织部"  # nothing changed today
    with world.owner.begin() as connection:
        connection.execute(text("DELETE FROM authority_rule WHERE started_on > kernel_today()"))


def test_a_competent_department_decides_where_there_is_one_and_the_next_rule_elsewhere(
    world: World, bodies: dict[str, Body]
) -> None:
    body, above = bodies["校"], bodies["市"]
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET parent_id = :p WHERE id = :u"), {"p": above.id, "u": body.id})
        connection.execute(text("INSERT INTO authority_rule (category, decider, started_on) VALUES ('22', 'supervisor',"
                                " kernel_today() - 1)"))  # fmt: skip
    facts = {"person": body.people[0], "end": TODAY.isoformat(), "reason": "32"}
    case = world.submit(world.clerk(body), body, "leave", facts, name="教")
    assert decides(world, body, "22") == "禅城区人力资源和社会保障局"
    with world.database.transaction(world.clerk(body)) as session:
        session.execute(text("SELECT case_close(:c, 'withdrawn')"), {"c": case})
    world.account("shi-zhuguan", "supervisor", unit=above.id)
    facts = {"person": body.people[1], "end": TODAY.isoformat(), "reason": "32"}
    case = world.submit(world.clerk(body), body, "leave", facts, name="教")
    assert decides(world, body, "22") == "权限市局"
    world.decide(world.office("establishment", DISTRICT), case, "establishment")
    world.decide(world.identity("shi-zhuguan"), case, "personnel")
    assert world.state(case) == "done"
    with world.owner.begin() as connection:
        connection.execute(text("DELETE FROM authority_rule WHERE decider = 'supervisor'"))


def test_a_rule_is_changed_by_two_administrators_and_nobody_else(world: World, bodies: dict[str, Body]) -> None:
    request = propose(world, category="23", decider="organisation")
    assert isinstance(refusal(call, world, world.identity("xitong"), SETTLE, q=request, yes=True), errors.NotAllowed)
    for who in (world.identity("anquan"), world.office("organisation"), world.clerk(bodies["市"])):
        with pytest.raises(errors.NotAllowed):
            call(world, who, PROPOSE, rule=None, region=None, grade="", level="", rank="", category="23",
                 decider="organisation", on=TOMORROW)  # fmt: skip
    rule = settle(world, request)
    assert isinstance(refusal(settle, world, request), errors.AlreadyDecided)
    assert world.value("SELECT count(*) FROM audit_event WHERE kind IN ('authority.proposed', 'authority.approved',"
                       " 'authority_rule.insert') AND facts::text LIKE '%' || :d || '%'", d="佛组〔2026〕1号") >= 3  # fmt: skip
    # The same conditions twice would leave the answer to chance.
    assert isinstance(refusal(settle, world, propose(world, category="23", decider="human_resources")),
                      errors.DuplicateRule)  # fmt: skip
    later = TOMORROW + dt.timedelta(days=9)
    made = settle(world, propose(world, rule=rule, decider="human_resources", on=later))
    assert world.row("SELECT ended_on, decider FROM authority_rule WHERE id = :r", r=rule) == (later, "organisation")
    assert world.row("SELECT started_on, category FROM authority_rule WHERE id = :r", r=made) == (later, "23")
    assert settle(world, propose(world, rule=made, on=later), yes=False) is None
    assert world.value("SELECT ended_on FROM authority_rule WHERE id = :r", r=made) is None


def test_no_change_reaches_back_and_none_leaves_people_without_an_office(world: World, bodies: dict[str, Body]) -> None:
    everybody = world.value("SELECT id FROM authority_rule WHERE category = '' AND level = '' AND ended_on IS NULL"
                            " AND rank = '' AND unit_grade = '' AND region_code IS NULL")  # fmt: skip
    assert isinstance(refusal(propose, world, category="31", decider="organisation", on=TODAY), errors.RuleDay)
    for given in ({"rule": everybody}, {"rule": everybody, "decider": "supervisor"}):
        assert isinstance(refusal(propose, world, **given), errors.RuleNeeded)
    with pytest.raises(IntegrityError, match="ck_authority_rule_everybody"), world.owner.begin() as connection:
        connection.execute(text("UPDATE authority_rule SET decider = 'supervisor' WHERE id = :r"), {"r": everybody})


def test_the_page_shows_rules_and_answers_who_would_decide(
    world: World, bodies: dict[str, Body], client: Callable[..., Client]
) -> None:
    page = client("anquan").get("/admin/authority").get_data(as_text=True)
    assert "县处级副职及以上" in page
    assert "end_url" not in page
    assert "/end" not in page
    asked = f"/admin/authority?unit={bodies['区'].id}&category=11&level=0132"
    answer = client("xitong").get(asked).get_data(as_text=True)
    assert 'id="answer">佛山市委组织部' in answer
    assert client("xitong").get(f"/admin/authority?unit={bodies['区'].id}&level=x").status_code == 400
    assert client("xitong").get("/admin/authority?unit=99000000").status_code == 404
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": bodies["市"].id})
    assert client("xitong").get(f"/admin/authority?unit={bodies['市'].id}&category=11").status_code == 404


def test_two_administrators_change_a_rule_on_the_pages(
    world: World, bodies: dict[str, Body], client: Callable[..., Client]
) -> None:
    one, other = client("xitong"), client("anquan")
    one.get("/admin/authority/new")
    form = {
        **dict.fromkeys(("rank", "category", "unit_grade", "region"), ""),
        "level": "0121",
        "decider": "city_organisation",
        "started_on": TODAY.isoformat(),
        "basis": "佛组〔2026〕2号",
    }
    refused = one.post("/admin/authority/new", form).get_data(as_text=True)
    assert "次日" in refused
    assert "佛组〔2026〕2号" in refused
    assert one.post("/admin/authority/new", {**form, "started_on": TOMORROW.isoformat()}).status_code == 302
    request = world.value("SELECT max(id) FROM authority_request")
    assert "佛组〔2026〕2号" in other.get("/admin/authority").get_data(as_text=True)
    other.post(f"/admin/authority/requests/{request}/approve")
    rule = world.value("SELECT id FROM authority_rule WHERE level = '0121'")
    one.get(f"/admin/authority/{rule}/end")
    day = (TOMORROW + dt.timedelta(days=3)).isoformat()
    assert one.post(f"/admin/authority/{rule}/end", {"started_on": day, "basis": "佛组〔2026〕3号"}).status_code == 302
    other.get("/admin/authority")
    other.post(f"/admin/authority/requests/{request + 1}/approve")
    assert str(world.value("SELECT ended_on FROM authority_rule WHERE id = :r", r=rule)) == day
    assert one.get(f"/admin/authority/{rule}/end").status_code == 404
