"""The quota desk and the unit page: what numbers are made of, staff without seats; the same queries however many rows."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.ledger.steps import TODAY, ago, by_office, set_quota
from tests.ledger.test_engagement import engaged, set_cap
from tests.security.conftest import Client
from tests.workflow.test_supervision import statements
from tests.world import Body, World, person


def test_the_unit_page_shows_staff_without_seats_apart_from_every_figure(
    world: World, client: Callable[..., Client]
) -> None:
    body = world.body("编外展示局", quotas={"11": 2}, people={"11": 1}, start=ago(400))
    set_cap(world, body, 1, "佛编外〔2026〕21号", ago(100))
    for name in ("窗口甲", "窗口乙"):
        engaged(world, body, person(name))
    world.account("bianwai", "unit_clerk", unit=body.id)
    page = client("bianwai").get(f"/unit/{body.id}").get_data(as_text=True)
    shown = page[page.index('id="engaged"') :]
    assert "佛编外〔2026〕21号" in shown
    assert "超 1 名" in shown
    assert "窗口甲" in shown
    assert world.figures(body.line) == (2, 1, 0)


def test_a_unit_without_engagements_has_no_such_section(world: World, client: Callable[..., Client]) -> None:
    body = world.body("无编外局")
    world.account("wubianwai", "unit_clerk", unit=body.id)
    assert 'id="engaged"' not in client("wubianwai").get(f"/unit/{body.id}").get_data(as_text=True)


@pytest.fixture(scope="module")
def cut(world: World) -> Body:
    """A body cut below its people with a plan, with a mark and a temporary number; the region's total fixed."""
    body = world.body("消化示例局", quotas={"11": 6, "13": 2}, people={"11": 5}, start=ago(400))
    other = {"issuer": "市委编委", "start": TODAY.isoformat()}
    facts = {
        "line": body.line,
        "authorised": 3,
        "document_no": "佛编〔2026〕71号",
        "until_on": ago(-400).isoformat(),
        **other,
    }
    by_office(world, "quota", facts, about=body)
    mark = {
        "line": body.lines["13"],
        "purpose": "veteran",
        "number": 1,
        "how": "inside",
        "document_no": "佛编〔2026〕72号",
        **other,
    }
    by_office(world, "quota_part", mark, about=body)
    until = {"line": body.lines["13"], "purpose": "military", "number": 2, "how": "added", "last_on": ago(-30).isoformat(),
             "document_no": "佛编〔2026〕73号", **other}  # fmt: skip
    by_office(world, "quota_part", until, about=body)
    total = {
        "region": "440600",
        "category": "11",
        "pool_kind": "total",
        "number": 90,
        "document_no": "佛编〔2026〕74号",
        **other,
    }
    by_office(world, "quota_pool", total)
    world.account("zonglan", "office_member", office=("establishment", "440600"))
    return body


def test_the_desk_shows_totals_ends_and_plans(world: World, client: Callable[..., Client], cut: Body) -> None:
    page = client("zonglan").get("/quota-desk").get_data(as_text=True)
    pools = page[page.index('id="pools"') : page.index('id="distributed"')]
    ends, plans = page[page.index('id="ends"') :], page[page.index('id="plans"') :]
    distributed = world.value(
        "SELECT sum(t.authorised) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id WHERE l.category = '11'"
    )
    for shown in ("佛编〔2026〕74号", f">{distributed}<", f">{90 - distributed}<"):
        assert shown in pools
    assert "消化示例局" in ends
    assert "军队转业干部安置" in ends
    assert "消化示例局" in plans
    assert "0.00%" in plans


def test_the_desk_of_a_past_day_knows_nothing_of_what_was_fixed_since(
    world: World, client: Callable[..., Client], cut: Body
) -> None:
    desk, on = client("zonglan"), ago(10)
    page = desk.get(f"/quota-desk?on={on}").get_data(as_text=True)
    assert str(on) in page
    assert f"/ledger/440600?on={on}" in page
    for word in ("佛编〔2026〕74号", "军队转业干部安置", "佛编〔2026〕71号"):
        assert word not in page, word
    assert "佛编〔2026〕74号" not in desk.get(f"/quota-desk?known={ago(1)}").get_data(as_text=True)
    assert 'id="numbers"' not in desk.get(f"/unit/{cut.id}?on={on}").get_data(as_text=True)
    assert desk.get("/quota-desk?on=x").status_code == 400


def test_the_unit_page_names_marks_temporary_numbers_and_the_plan(client: Callable[..., Client], cut: Body) -> None:
    page = client("zonglan").get(f"/unit/{cut.id}").get_data(as_text=True)
    shown = page[page.index('id="numbers"') : page.index('id="roster"')]
    for word in ("离退休干部服务", "其中", "军队转业干部安置", "另加", ago(-30).isoformat(), "佛编〔2026〕71号"):
        assert word in shown, word


def test_the_desks_queries_do_not_grow_with_units(
    world: World, app: Flask, client: Callable[..., Client], cut: Body
) -> None:
    desk = client("zonglan")
    desk.get("/quota-desk")
    before = statements(app, lambda: desk.get("/quota-desk"))
    for n in range(3):
        body = world.body(f"增量{n}局", quotas={"11": 2, "13": 1})
        set_quota(world, body, body.line, 3)
    assert statements(app, lambda: desk.get("/quota-desk")) == before


def test_who_has_filed_a_case_is_offered_no_word_on_it_but_told_whose_it_is(
    world: World, client: Callable[..., Client]
) -> None:
    body = world.body("自办示例局", quotas={"11": 3})
    for name in ("zibao", "fuhe"):
        world.account(name, "office_member", office=("establishment", "440600"))
    user = client("zibao")
    typed = {"any_line": str(body.line), "authorised": "4", "document_no": "佛编〔2026〕91号", "issuer": "市委编委",
             "start": TODAY.isoformat(), "action": "submit"}  # fmt: skip
    user.get("/case/new/quota")
    place = user.post("/case/new/quota", typed).location
    case = int(place.rsplit("/", 1)[1])
    own, other = user.get(place).get_data(as_text=True), client("fuhe").get(place).get_data(as_text=True)
    for word in ("approve", "return", "reject", "request_papers"):
        assert f'value="{word}"' not in own, word
        assert f'value="{word}"' in other, word
    assert "本件由您申报，须由同办另一名经办人办理" in own
    assert "本件由您申报" not in other
    queues = {name: client(name).get("/queue").get_data(as_text=True) for name in ("zibao", "fuhe")}
    assert {name: (place in page, "由同办另一人办理" in page) for name, page in queues.items()} == {
        "zibao": (True, True), "fuhe": (True, False),
    }  # fmt: skip
    task = world.task(case, "review")
    assert user.post(f"/case/{case}/decide/{task}", {"decision": "approve"}).status_code == 403
    colleague = world.value(
        "SELECT user_id FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username = 'fuhe'"
    )
    assert (
        user.post(f"/case/{case}/decide/{task}", {"decision": "hand_over", "hand_over_to": str(colleague)}).status_code
        == 302
    )
