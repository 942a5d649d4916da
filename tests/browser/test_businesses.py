"""Whole ways in a real browser, from the clerk's form to the figures: 市内调动, 退休出编, 职级晋升, and a redesigned process."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from app.domain.workdays import city_today
from tests.ledger.steps import entered, scheme
from tests.world import Body, World, id_number, person

pytestmark = pytest.mark.browser
TODAY = city_today()
CITY, HERE, THERE = "440600", "440604", "440605"


@dataclass(frozen=True)
class City:
    """A bureau of the city, and the seat in it of one who reached the age of retirement; a bureau in each of two districts."""

    bureau: Body
    here: Body
    there: Body
    seat: int
    reached: str
    moving: str


@pytest.fixture(scope="module")
def city(world: World) -> City:
    bureau = world.body("佛山市办事局", quotas={"11": 40}, people={"11": 4})
    scheme(world, bureau)
    here = world.body("禅城区新所局", region=HERE, quotas={"11": 4}, departments=("人事科",))
    there = world.body("南海区原址局", region=THERE, quotas={"11": 4}, people={"11": 3})
    old = person("到龄者", id_number=id_number(dt.date(1963, 5, 17)), work_started_on=dt.date(1985, 7, 1))
    retiring = entered(world, bureau, who=old)
    for name, unit in (("clerk", bureau), ("xinzhi", here), ("yuanzhi", there)):
        world.account(name, "unit_clerk", unit=unit.id)
    for name, kind, region in (
        ("bianban", "establishment", CITY), ("zuzhi", "organisation", CITY), ("caizheng", "finance", CITY),
        ("bianban1", "establishment", HERE), ("zuzhi1", "organisation", HERE),
        ("bianban2", "establishment", THERE), ("zuzhi2", "organisation", THERE),
    ):  # fmt: skip
        world.account(name, "office_member", office=(kind, region))
    world.account("geren", "person", person_id=bureau.people[0])
    world.account("sysadmin", "system_admin")
    world.account("secadmin", "security_admin")
    seat = world.value("SELECT post_id FROM occupancy WHERE person_id = :p", p=retiring)
    kind, cipher = world.row("SELECT id_type, id_cipher FROM person WHERE id = :p", p=there.people[0])
    # At sixty: who reached it before 2025 is not delayed.
    reached = old.birth_on.replace(year=old.birth_on.year + 60)
    return City(bureau, here, there, seat, reached.isoformat(), world.keys.decrypt(kind, bytes(cipher)))


def figures(desk: Any, body: Body) -> list[str]:
    """核定、实有、空缺、预留、可用 of a unit's first line, as its page shows them."""
    shown = desk.open(f"/unit/{body.id}", checked=False).locator("#figures tbody tr").first.locator("td")
    return [text.strip() for text in shown.all_inner_texts()[:5]]


def test_a_person_moves_between_districts_and_both_units_figures_change_at_once(
    world: World, city: City, desks: Any
) -> None:
    clerk, source = desks("xinzhi"), desks("yuanzhi")
    assert figures(clerk, city.here) == ["4", "0", "4", "0", "4"]
    page = clerk.open("/case/new/transfer", checked=False)
    page.fill("[name=id_number]", city.moving)
    clerk.pick("line", "行政编制")
    clerk.pick("department", "人事科")
    page.fill("[name=start]", TODAY.isoformat())
    case = clerk.submit()

    source.approve(case)
    for office in ("bianban1", "zuzhi2", "zuzhi1"):
        desks(office).approve(case)
        assert world.figures(city.there.line) == (4, 3, 0), "not before the last office's word"
    assert figures(clerk, city.here) == ["4", "0", "4", "1", "3"]
    last = desks("bianban2")
    last.fits(case)
    last.approve(case)
    assert figures(clerk, city.here) == ["4", "1", "3", "0", "3"]
    assert figures(source, city.there) == ["4", "2", "2", "0", "2"]
    assert "址局0" in clerk.page.locator("#roster").inner_text()
    assert "址局0" not in source.page.locator("#roster").inner_text()


def test_a_person_retires_and_the_seat_the_notice_and_the_money_follow(world: World, city: City, desks: Any) -> None:
    clerk, bianban, finance = desks("clerk"), desks("bianban"), desks("caizheng")
    page = clerk.open("/case/new/retire", checked=False)
    check = page.locator("#check")
    page.fill("[name=end]", TODAY.isoformat())
    clerk.pick("person", "事局3")
    # Too young: the check says so and stops nobody, since other rules may allow it.
    expect(check).to_contain_text("早于可选择的最早退休日")
    expect(check).to_contain_text("可以提交")
    clerk.pick("person", "到龄者")
    expect(check).to_contain_text("符合规定")
    expect(check).to_contain_text(f"到龄日期 {city.reached}")
    clerk.check()
    case = clerk.submit()

    desks("zuzhi").approve(case)
    authorised, occupied = figures(clerk, city.bureau)[:2]
    bianban.fits(case)
    bianban.approve(case)
    assert figures(clerk, city.bureau)[:2] == [authorised, str(int(occupied) - 1)]
    assert world.value("SELECT status FROM post WHERE id = :p", p=city.seat) == "vacant"
    with bianban.page.expect_response(lambda r: "/issued/" in r.url) as answer:
        bianban.page.locator("#printouts form:has([value=exit_notice]) button").click()
    notice = bianban.page.request.get(answer.value.url)
    assert notice.headers["content-type"] == "application/pdf"
    assert notice.body().startswith(b"%PDF")

    finance.fits("/acknowledgements")
    page = finance.page
    page.locator("tr", has_text="停拨经费").locator("[name=chosen]").check()
    page.fill("#note", "已停拨")
    finance.send("main form[action='/acknowledgements'] button")
    assert "停拨经费" not in page.locator("main").inner_text()
    assert "已停拨" in finance.open("/acknowledgements?view=done", checked=False).locator("main").inner_text()


def test_a_rank_is_promoted_within_the_figures_shown_at_the_form_and_at_the_decision(city: City, desks: Any) -> None:
    """40 posts: ⌊40 × 60%⌋ = 24 may be 一至四级主任科员."""
    clerk, zuzhi, own = desks("clerk"), desks("zuzhi"), desks("geren")
    assert "四级主任科员" not in own.open("/card", checked=False).locator("main").inner_text()
    page = clerk.open("/case/new/rank_promote", checked=False)
    clerk.pick("person", "事局0")
    page.select_option("[name=rank]", label="四级主任科员")
    page.select_option("[name=basis]", label="逐级晋升")
    page.fill("[name=start]", TODAY.isoformat())
    expect(page.locator("#check")).to_contain_text("⌊40 × 60%⌋ = 24")
    case = clerk.submit()

    zuzhi.fits(case)
    expect(zuzhi.page.locator("#decision button[value=approve]")).to_be_visible()
    assert "⌊40 × 60%⌋ = 24" in zuzhi.page.locator("main").inner_text()
    zuzhi.send("#decision button[value=approve]")
    own.fits("/card")
    assert "四级主任科员" in own.page.locator("main").inner_text()


def resign(clerk: Any, who: str) -> str:
    """A resignation submitted; the address of its case."""
    page = clerk.open("/case/new/resign", checked=False)
    clerk.pick("person", who)
    page.fill("[name=applied_on]", TODAY.isoformat())
    page.select_option("[name=resign_bar]", label="无下列情形")
    page.fill("[name=end]", TODAY.isoformat())
    return str(clerk.submit())


def test_a_stage_drawn_by_the_administrators_holds_for_new_cases_and_not_for_running_ones(
    world: World, city: City, desks: Any
) -> None:
    clerk, sysadmin, secadmin = desks("clerk"), desks("sysadmin"), desks("secadmin")
    running = resign(clerk, "事局1")
    page = sysadmin.open("/processes/", checked=False)
    page.get_by_role("link", name="辞去公职").first.click()
    page.wait_for_url("**/processes/resign")
    sysadmin.send("form[action='/processes/drafts'] button")
    draft = "/processes/draft/" + page.url.rsplit("/", 1)[1]
    sysadmin.send("button[value='add:stages']")
    expect(page.locator("#p-stages-1-tasks-0-title-error")).to_have_text("缺少“负责事项”")
    assert page.locator("#p-stages-1-tasks-0-title").get_attribute("aria-invalid") == "true"
    sysadmin.fits(draft)
    page.fill("#holds_from", TODAY.isoformat())
    sysadmin.send("form[action$='/propose'] button")
    assert "先改正 5 处" in page.locator("main").inner_text()
    page.fill("#p-stages-1-name", "经费清算")
    page.fill("#p-stages-1-tasks-0-code", "settled")
    page.select_option("#p-stages-1-tasks-0-role", "finance")
    page.fill("#p-stages-1-tasks-0-title", "结清借款和经费")
    page.fill("#p-stages-1-tasks-0-days", "2")
    sysadmin.send(".bz-savebar button[value=save]")
    assert page.locator(".bz-errors").count() == 0

    sysadmin.fits(f"{draft}/trial")
    # Whoever is asked in the trial approves: the first stage, then the new one.
    for asked in (2, 1):
        open_words = page.locator("main select:has(option[value='']:checked)")
        assert open_words.count() == asked
        for _each in range(asked):
            open_words.first.select_option("approve")
        sysadmin.send("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("各部门均已同意")
    sysadmin.open(draft, checked=False)
    page.fill("#holds_from", TODAY.isoformat())
    sysadmin.send("form[action$='/propose'] button")
    page = secadmin.open("/processes/", checked=False)
    page.locator(f"a[href='{draft}']").click()
    page.wait_for_url("**" + draft)
    secadmin.fits(draft)
    secadmin.send("button[formaction$='/publish']")

    new = resign(clerk, "事局2")
    for case in (running, new):
        for office in ("zuzhi", "bianban"):
            desks(office).approve(case)
    assert world.state(int(running.rsplit("/", 1)[1])) == "done", "it stays on the version it began with"
    assert world.state(int(new.rsplit("/", 1)[1])) == "running"
    finance = desks("caizheng")
    assert "结清借款和经费" in finance.open(new, checked=False).locator("main").inner_text()
    finance.send("#decision button[value=approve]")
    assert world.state(int(new.rsplit("/", 1)[1])) == "done"
