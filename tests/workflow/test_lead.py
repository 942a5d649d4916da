"""职级职数、岗位设置、领导职数: from the forms to the ledger, and the page that prints every sum, today and on a past day."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from app.domain.workdays import city_today
from tests.ledger.steps import ago, findings, scheme
from tests.security.conftest import Client
from tests.workflow.test_records import decide, page, sent
from tests.world import Body, World

Open = Callable[..., Client]
TODAY = city_today()


@pytest.fixture(scope="module")
def organ(world: World) -> Body:
    made = world.body(
        "市直机关", quotas={"11": 79, "12": 3}, people={"11": 3}, leaders={"principal:0131": 1, "deputy:0132": 4}
    )
    world.account("clerk", "unit_clerk", unit=made.id)
    for name, kind in (("zuzhi", "organisation"), ("bianban", "establishment"), ("renshe", "human_resources")):
        world.account(name, "office_member", office=(kind, "440600"))
    return made


@pytest.fixture(scope="module")
def client(app: Flask, organ: Body) -> Open:
    """A browser for each user, signed in once."""
    opened: dict[str, Client] = {}

    def of(username: str) -> Client:
        if username not in opened:
            opened[username] = Client(app.test_client())
            opened[username].sign_in(username)
        return opened[username]

    return of


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


def test_a_pool_is_seen_by_each_unit_and_counts_the_people_of_all(world: World, organ: Body, client: Open) -> None:
    one, other = (world.body(f"共享{n}局", quotas={"11": 4}, people={"11": 1}) for n in "甲乙")
    world.account("other", "unit_clerk", unit=other.id)
    scheme(world, one, together=(other,), day=ago(30))
    shown = text_of(page(client("other").get(f"/ranks/{other.id}")))
    assert "共享甲局、共享乙局" in shown
    assert "⌊8 × 20%⌋ = 1" in shown
