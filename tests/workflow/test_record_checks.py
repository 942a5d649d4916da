"""核对 of a person's record that say no, or have somebody look: each with what it finds and what it passes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.domain.workdays import city_today
from app.workflow import checks, validation
from app.workflow.checks.records import payroll_source
from tests.ledger.steps import ago, lead, scheme
from tests.security.conftest import Client, once
from tests.workflow.test_records import decide, page, sent
from tests.world import Body, World

Open = Callable[..., Client]
TODAY = city_today()


@pytest.fixture(scope="module")
def organ(world: World) -> Body:
    made = world.body("核对局", quotas={"11": 12}, people={"11": 4}, leaders={"principal:0131": 1})
    scheme(world, made)
    world.account("clerk", "unit_clerk", unit=made.id)
    return made


@pytest.fixture(scope="module")
def school(world: World) -> Body:
    made = world.body("核对校", quotas={"22": 20}, people={"22": 3}, kind="institution")
    scheme(world, made, "post_plan", management_posts=0, professional_posts=20, workman_posts=0)
    world.account("teacher", "unit_clerk", unit=made.id)
    for name, kind in (("zuzhi", "organisation"), ("renshe", "human_resources"), ("renshe2", "human_resources")):
        world.account(name, "office_member", office=(kind, "440600"))
    return made


@pytest.fixture(scope="module")
def client(app: Flask, organ: Body, school: Body) -> Open:
    return once(app)


def panel(user: Client, process: str, **fields: Any) -> str:
    """What stands beside the form for what is typed, as on the page."""
    user.get(f"/case/new/{process}")
    answer = user.post(f"/case/check/{process}", {"start": TODAY.isoformat(), **fields})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(answer)))


def done(world: World, client: Open, user: str, decider: str, code: str, process: str, **fields: Any) -> None:
    """Filed and approved."""
    answer = sent(client(user), process, **fields)
    assert answer.status_code == 302, page(answer)
    case = int(answer.location.rpartition("/")[2])
    assert decide(world, client(decider), case, code).status_code == 302
    assert world.state(case) == "done"


def test_a_post_asks_the_title_of_its_grade(world: World, school: Body, client: Open) -> None:
    who, missing = school.people[0], "未登记所需等级的专业技术资格"
    assert missing in panel(client("teacher"), "post_appoint", person=who, post_grade="0323")
    done(
        world, client, "teacher", "renshe", "personnel", "info_title", person=who, title_name="工程师", title_grade="2"
    )
    assert missing in panel(client("teacher"), "post_appoint", person=who, post_grade="0323")
    assert missing not in panel(client("teacher"), "post_appoint", person=who, post_grade="0333")


def test_a_post_goes_up_one_grade_at_a_time_and_another_series_is_looked_at(
    world: World, school: Body, client: Open
) -> None:
    who, far, other = school.people[1], "须逐级晋升", "属其他岗位序列"
    assert other in panel(client("teacher"), "post_appoint", person=who, post_grade="0342")
    done(
        world,
        client,
        "teacher",
        "renshe",
        "human_resources",
        "post_appoint",
        person=who,
        post_grade="0342",
        start=ago(9).isoformat(),
    )
    assert far in panel(client("teacher"), "post_appoint", person=who, post_grade="0333")
    near = panel(client("teacher"), "post_appoint", person=who, post_grade="0341")
    assert far not in near
    assert other not in near
    assert other in panel(client("teacher"), "post_appoint", person=who, post_grade="0850")


def test_a_relative_of_the_same_name_in_the_unit_has_somebody_look(world: World, organ: Body, client: Open) -> None:
    there = world.value("SELECT name FROM person WHERE id = :p", p=organ.people[1])
    said = "本单位有同名人员"
    assert said in panel(client("clerk"), "info_family", person=organ.people[0], relation="04", relative=there)
    assert said not in panel(client("clerk"), "info_family", person=organ.people[0], relation="04", relative="无此人")
    assert said not in panel(
        client("clerk"), "info_family", person=organ.people[1], relation="04", relative=there
    )  # himself


def test_a_discipline_holds_the_pay_step(world: World, school: Body, client: Open) -> None:
    who, held = school.people[2], "除警告外不得晋升工资档次"
    pay = {"person": who, "pay_grade": "6", "base_pay": "4200", "allowance": "3000"}
    assert held not in panel(client("teacher"), "pay_change", **pay)
    answer = sent(client("renshe"), "discipline_public", person=who, penalty="02", cause="违反工作纪律", issuer="主管局",
                  document_no="处〔2026〕1号", start=ago(5).isoformat())  # fmt: skip
    case = int(answer.location.rpartition("/")[2])
    assert decide(world, client("renshe2"), case, "review").status_code == 302
    assert held in panel(client("teacher"), "pay_change", **pay)
    assert held not in panel(client("teacher"), "pay_change", **(pay | {"start": ago(30).isoformat()}))


def test_a_position_ends_no_earlier_than_it_began(world: World, organ: Body, client: Open) -> None:
    line, who, early = organ.lines["principal:0131"], organ.people[2], "免职日期早于任职日期"
    lead(world, organ, line, who, ago(20))
    fields = {"lead": f"{line}-{who}", "exit_reason": "3"}
    assert early in panel(client("clerk"), "leader_leave", end=ago(30).isoformat(), **fields)
    assert early not in panel(client("clerk"), "leader_leave", end=ago(20).isoformat(), **fields)


def test_a_record_made_after_the_start_of_work_is_not_the_first(world: World, organ: Body, client: Open) -> None:
    """The people of the world began to work on 2015-07-01."""
    fields = {"person": organ.people[0], "birth_on": "1989-03-04", "birth_record": "school"}
    later = "该记载晚于参加工作时间"
    assert later in panel(client("clerk"), "birth_determine", recorded_on="2015-07-02", **fields)
    assert later not in panel(client("clerk"), "birth_determine", recorded_on="2015-07-01", **fields)


def test_a_rank_that_bodies_of_the_level_have_not_is_refused(world: World, organ: Body, client: Open) -> None:
    """第十条: a city's organs up to 二级巡视员, a district's up to 二级调研员."""
    district = world.body("区核对局", region="440604", people={"11": 1})
    world.account("districtclerk", "unit_clerk", unit=district.id)
    above = "最高设到"
    assert f"{above}二级巡视员" in panel(client("clerk"), "rank_promote", person=organ.people[0], rank="R01")
    assert above not in panel(client("clerk"), "rank_promote", person=organ.people[0], rank="R02")
    assert f"{above}二级调研员" in panel(client("districtclerk"), "rank_promote", person=district.people[0], rank="R03")
    assert above not in panel(client("districtclerk"), "rank_promote", person=district.people[0], rank="R04")
    refused = sent(client("clerk"), "rank_promote", person=organ.people[0], rank="R01", basis="26")
    assert refused.status_code == 200
    assert above in page(refused)


def test_a_year_is_assessed_once_and_when_it_has_come(world: World, organ: Body, client: Open) -> None:
    who, twice, ahead = organ.people[0], "该年度已有考核结果", "该年度尚未到来"
    year = TODAY.year - 1
    assert twice not in panel(client("clerk"), "assessment", person=who, year=year, result="1")
    done(world, client, "clerk", "zuzhi", "personnel", "assessment", person=who, year=year, result="1")
    again = sent(client("clerk"), "assessment", person=who, year=year, result="2")
    assert again.status_code == 200
    assert twice in page(again)
    assert ahead in page(sent(client("clerk"), "assessment", person=who, year=TODAY.year + 1, result="1"))
    assert world.value("SELECT count(*) FROM record_item WHERE person_id = :p AND kind = 'assessment'", p=who) == 1


@pytest.mark.parametrize(
    ("params", "ok"),
    [({"units": "", "regions": ""}, True), ({"units": "某校,核对校"}, False), ({"regions": "440600"}, False),
     ({"units": "核对", "regions": "440604"}, True), ({}, True)],
)  # fmt: skip
def test_pay_is_read_only_where_the_parameters_name_the_payroll_system_as_source(
    world: World, school: Body, params: dict[str, str], ok: bool
) -> None:
    plan = next(plan for _raw, plan in validation.load() if plan.process == "pay_change")
    subject = checks.Subject(plan, {"person": str(school.people[0])}, school.id, None, TODAY)
    with world.database.transaction(world.clerk(school)) as s:
        found = payroll_source(s, subject, params)
    assert found is not None
    assert found.ok is ok
