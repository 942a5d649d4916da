"""职级职数、岗位设置、领导职数: from the forms to the ledger, and the page that prints every sum, today and on a past day."""

import datetime as dt
import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.records import record_facts
from tests.ledger.steps import ago, approve, call, findings, raw_case, refusal, scheme, scheme_facts, set_quota
from tests.security.conftest import Client, once
from tests.workflow.test_records import decide, page, sent
from tests.world import Body, World

Open = Callable[..., Client]
TODAY = city_today()


@pytest.fixture(scope="module")
def organ(world: World) -> Body:
    made = world.body(
        "市直机关",
        quotas={"11": 79, "12": 3},
        people={"11": 3},
        leaders={"principal:0131": 1, "deputy:0132": 4, "other:0141": 2},
    )
    world.account("clerk", "unit_clerk", unit=made.id)
    for name, kind in (("zuzhi", "organisation"), ("bianban", "establishment"), ("renshe", "human_resources")):
        world.account(name, "office_member", office=(kind, "440600"))
    return made


@pytest.fixture(scope="module")
def client(app: Flask, organ: Body) -> Open:
    return once(app)


def text_of(shown: str) -> str:
    """A page's words without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def filed(user: Client, process: str, **fields: object) -> int:
    answer = sent(user, process, **fields)
    assert answer.status_code == 302, text_of(page(answer))
    return int(answer.location.rpartition("/")[2])


def test_rank_numbers_go_from_the_form_to_the_page_with_every_sum(world: World, organ: Body, client: Open) -> None:
    """79 posts of a city's organ: 0, 15, 6, 3, 47, 23, as published."""
    clerk = client("clerk")
    empty = text_of(page(clerk.get(f"/ranks/{organ.id}")))
    assert "该日没有生效的核定数" in empty
    answers = {
        "rank_set": "city",
        "pooled": "no",
        "apart": "0",
        "document_no": "佛组〔2026〕8号",
        "issuer": "市委组织部",
    }
    case = filed(clerk, "rank_quota", start=ago(30).isoformat(), **answers)
    shown = text_of(page(client("zuzhi").get(f"/case/{case}")))
    assert "⌊79 × 20%⌋ = 15" in shown
    assert decide(world, client("zuzhi"), case, "organisation").status_code == 302
    assert decide(world, client("bianban"), case, "establishment").status_code == 302
    found = text_of(page(clerk.get(f"/ranks/{organ.id}")))
    for name, said, number in (("二级巡视员", "⌊79 × 1%⌋ = 0", 0), ("一至四级调研员", "⌊79 × 20%⌋ = 15", 15),
                               ("一、二级调研员", "⌊15 × 40%⌋ = 6", 6), ("一级调研员", "⌊6 × 50%⌋ = 3", 3),
                               ("一至四级主任科员", "⌊79 × 60%⌋ = 47", 47), ("一、二级主任科员", "⌊47 × 50%⌋ = 23", 23)):  # fmt: skip
        assert name in found
        assert said in found
        assert f"{number} − 0 = {number}" in found
    assert "0.79" in found
    assert "未核" in found
    assert "佛组〔2026〕8号" in found
    assert "通常为 1–2" in found  # four deputies: the hint, no refusal
    past = text_of(page(clerk.get(f"/ranks/{organ.id}?on={ago(40)}")))
    assert "⌊79 × 20%⌋" not in past
    assert clerk.get(f"/ranks/{organ.id}?on=gestern").status_code == 400
    assert clerk.get(f"/ranks/{organ.id}?group=leaders-1").status_code == 400
    assert findings(world) == []


def test_holders_stand_beside_their_group_and_are_linked(world: World, organ: Body, client: Open) -> None:
    who = organ.people[0]
    case = filed(client("clerk"), "rank_promote", person=who, rank="R10", basis="26", start=ago(20).isoformat())
    assert decide(world, client("zuzhi"), case, "organisation").status_code == 302
    shown = page(client("clerk").get(f"/ranks/{organ.id}"))
    assert f'href="/person/{who}"' in shown
    assert "47 − 1 = 46" in text_of(shown)
    assert "47 − 0 = 47" in text_of(page(client("clerk").get(f"/ranks/{organ.id}?on={ago(25)}")))
    # What was not yet recorded by the end of yesterday was not known then.
    assert "⌊79 × 20%⌋" not in text_of(page(client("clerk").get(f"/ranks/{organ.id}?on={ago(20)}&known={ago(1)}")))
    foreign = world.body("外局")
    assert client("clerk").get(f"/ranks/{foreign.id}").status_code == 404


def test_a_unit_without_the_data_a_ratio_needs_is_told_what_to_do(world: World, client: Open) -> None:
    bare = world.body("无行政编局", quotas={"12": 4})
    world.account("bare", "unit_clerk", unit=bare.id)
    answers = {"pooled": "no", "apart": "0", "document_no": "佛组〔2026〕9号", "issuer": "市委组织部"}
    refused = text_of(page(sent(client("bare"), "rank_quota", rank_set="city", **answers)))
    assert "无行政编局" in refused
    assert "先" in refused
    assert "核定" in refused
    team = text_of(page(sent(client("bare"), "rank_quota", rank_set="county_team", **answers)))
    assert "领导职数" in team
    assert sent(client("bare"), "rank_quota", rank_set="moon", **answers).status_code == 200
    much = text_of(page(sent(client("clerk"), "rank_quota", rank_set="city", **(answers | {"apart": "80"}))))
    assert "超过核定" in much or "多于核定" in much
    assert (
        world.value(
            "SELECT count(*) FROM case_record c JOIN application a ON a.id = c.case_id WHERE a.unit_id = :u", u=bare.id
        )
        == 0
    )


def test_a_plan_of_posts_goes_from_the_form_to_the_page(world: World, client: Open) -> None:
    """30 professional posts: 2 : 4 : 4 of a city's institution make 6, 12, 12."""
    school = world.body("市直学校", quotas={"22": 36}, people={"22": 1}, kind="institution")
    world.account("school", "unit_clerk", unit=school.id)
    answers = {"post_set": "city", "main_kind": "professional", "management_posts": "4", "professional_posts": "30",
               "workman_posts": "2", "document_no": "佛人社〔2026〕3号", "issuer": "市人社局", "start": ago(9).isoformat()}  # fmt: skip
    short = text_of(
        page(sent(client("school"), "post_plan", **(answers | {"management_posts": "14", "professional_posts": "20"})))
    )
    assert "不少于 70%" in short or "至少" in short
    case = filed(client("school"), "post_plan", **answers)
    assert decide(world, client("renshe"), case, "human_resources").status_code == 302
    assert decide(world, client("bianban"), case, "establishment").status_code == 302
    shown = text_of(page(client("school").get(f"/ranks/{school.id}")))
    for said in ("⌊30 × 2/10⌋ = 6", "⌊30 × 4/10⌋ = 12", "30 − 18 = 12", "6 − 0 = 6"):
        assert said in shown
    assert findings(world) == []


def test_numbers_that_came_with_the_opening_balance_name_their_ratios_in_words(world: World, client: Open) -> None:
    opened = world.body("建库职数局", quotas={"11": 21}, people={"11": 1})
    case = "SELECT case_id FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u AND type = 'unit.opened'"
    for key, title in (("city", "市（地）机关"), ("gone", "流程中已无此套比例")):
        facts = scheme_facts(world, opened) | {"body_set": key}
        with world.owner.begin() as connection:
            connection.execute(
                text("SELECT k_rank_quota(:c, cast(:f AS jsonb), cast(:d AS date))"),
                {"c": world.value(case, u=opened.id), "f": json.dumps(facts), "d": facts["start"]},
            )
        shown = text_of(page(client("bianban").get(f"/ranks/{opened.id}")))
        assert f"比例 {title}" in shown
        assert f"比例 {key}" not in shown
        assert "《公务员职务与职级并行规定》第十二条" in shown


def test_a_pool_is_seen_by_each_unit_and_counts_the_people_of_all(world: World, organ: Body, client: Open) -> None:
    one, other = (world.body(f"共享{n}局", quotas={"11": 4}, people={"11": 1}) for n in "甲乙")
    world.account("other", "unit_clerk", unit=other.id)
    number = scheme(world, one, together=(other,), day=ago(30))
    case = world.value("SELECT case_id FROM scheme WHERE id = :i", i=number)
    assert "共享甲局、共享乙局" in text_of(
        page(client("zuzhi").get(f"/case/{case}"))
    )  # who decides sees whom it is for
    shown = text_of(page(client("other").get(f"/ranks/{other.id}")))
    assert "共享甲局、共享乙局" in shown
    assert "⌊8 × 20%⌋ = 1" in shown


def lead_form(body: Body, line: str, who: int, **more: object) -> dict[str, object]:
    return {"lead_line": body.lines[line], "person": who, "position": "局长", "way": "1", "nature": "regular", "main": "y",
            "document_no": "佛组任〔2026〕7号", "start": ago(5).isoformat()} | more  # fmt: skip


def test_a_higher_level_in_a_lower_position_needs_its_document(world: World, organ: Body, client: Open) -> None:
    who, clerk = organ.people[1], client("clerk")
    bare = lead_form(organ, "deputy:0132", who, own_level="0131")
    assert "须有准许高于岗位规格的文件" in text_of(page(sent(clerk, "leader", **bare)))
    below = lead_form(organ, "deputy:0132", who, own_level="0141")
    assert "只在高于岗位规格时填写" in text_of(page(sent(clerk, "leader", **below)))
    case = filed(clerk, "leader", **(bare | {"over_document_no": "佛委〔2026〕高配1号"}))
    for user, code in (("bianban", "establishment"), ("zuzhi", "personnel")):
        assert decide(world, client(user), case, code).status_code == 302
    assert world.value("SELECT level FROM person WHERE id = :p", p=who) == "0131"
    assert "佛委〔2026〕高配1号" in page(clerk.get(f"/person/{who}"))
    # Past every form: the kernel asks for the document too.
    facts = record_facts(world.keys, "appointment", {"position": "局长", "level": "0121"}, start=TODAY)
    facts |= {"person": organ.people[2], "line": organ.lines["deputy:0132"], "nature": "regular", "main": 1}
    raw = raw_case(world, world.identity("clerk"), "leader", facts, unit=organ.id, scope=organ.scope_path)
    for name in ("bianban", "zuzhi"):
        approve(world, world.identity(name), raw)
    assert isinstance(
        refusal(call, world, world.identity("zuzhi"), "SELECT ledger_take_lead(:c)", c=raw), errors.OverRanked
    )
    assert findings(world) == []


def test_a_person_in_several_posts_has_one_main_one_and_sits_once(world: World, organ: Body, client: Open) -> None:
    who, clerk = organ.people[1], client("clerk")
    second = lead_form(organ, "principal:0131", who)
    assert "主职务" in text_of(page(sent(clerk, "leader", **second)))
    del second["main"]
    case = filed(clerk, "leader", **second)
    for user, code in (("bianban", "establishment"), ("zuzhi", "personnel")):
        assert decide(world, client(user), case, code).status_code == 302
    shown = text_of(page(clerk.get(f"/ranks/{organ.id}")))
    assert "1 人任 2 职" in shown
    assert world.figures(organ.line)[1] == 3  # 占编 once
    facts = {
        "person": who,
        "line": organ.lines["other:0141"],
        "nature": "regular",
        "main": 1,
        "start": TODAY.isoformat(),
    }
    raw = raw_case(world, world.identity("clerk"), "leader", facts, unit=organ.id, scope=organ.scope_path)
    for name in ("bianban", "zuzhi"):
        approve(world, world.identity(name), raw)
    found = refusal(call, world, world.identity("zuzhi"), "SELECT ledger_take_lead(:c)", c=raw)
    assert isinstance(found, errors.SecondMain)
    assert found.facts["unit"] == "市直机关"
    assert findings(world) == []


def test_a_post_that_uses_no_number_stands_in_the_record_alone(world: World, organ: Body, client: Open) -> None:
    who, clerk = organ.people[0], client("clerk")
    before = world.figures(organ.lines["deputy:0132"])
    fields = {"person": who, "position": "市防汛指挥部副总指挥", "nature": "concurrent"}
    assert "不占领导职数的文件" in text_of(page(sent(clerk, "leader_beside", **fields)))
    case = filed(clerk, "leader_beside", document_no="佛委任〔2026〕9号", **fields)
    for user, code in (("bianban", "establishment"), ("zuzhi", "personnel")):
        assert decide(world, client(user), case, code).status_code == 302
    assert "市防汛指挥部副总指挥" in page(clerk.get(f"/person/{who}"))
    assert world.figures(organ.lines["deputy:0132"]) == before
    assert world.value("SELECT level FROM person WHERE id = :p", p=who) is None


def test_non_leading_positions_stand_in_accounts_before_the_ranks_alone(world: World, client: Open) -> None:
    old = world.body(
        "旧账局", quotas={"11": 5}, leaders={"principal:0131": 1, "nonleading:0132": 2}, start=dt.date(2015, 1, 1)
    )
    world.account("old", "unit_clerk", unit=old.id)
    assert "非领导职务" in text_of(page(client("old").get(f"/ranks/{old.id}?on=2019-05-31")))
    assert "非领导职务" not in text_of(page(client("old").get(f"/ranks/{old.id}?on=2019-06-01")))
    assert "非领导职务" not in text_of(page(client("old").get(f"/unit/{old.id}")))
    found = refusal(set_quota, world, old, old.lines["nonleading:0132"], 3)
    assert isinstance(found, errors.NonLeading)
    assert "非领导" not in page(client("bianban").get("/case/new/lead_new"))


def test_an_unusual_number_of_leaders_is_pointed_out(world: World, organ: Body, client: Open) -> None:
    user = client("bianban")
    facts = {"unit": organ.id, "scope": "", "role": "deputy", "level": "0132", "authorised": "9", "document_no": "佛编〔2026〕7号",
             "issuer": "市委编委", "start": TODAY.isoformat()}  # fmt: skip
    case = filed(user, "lead_new", **facts)
    world.account("bianban2", "office_member", office=("establishment", "440600"))
    assert "通常 1–2" in text_of(page(client("bianban2").get(f"/case/{case}")))
