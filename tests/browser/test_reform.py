"""改革沙盘 in a real browser: drafted by forms, tried, mended, compared, filed, approved by two people, in effect."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.world import Body, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bodies(world: World) -> tuple[Body, Body]:
    for name, kind in (("bianban", "office_member"), ("fuhe", "office_member"), ("zhuren", "office_head")):
        world.account(name, kind, office=("establishment", "440600"))
    big = world.body(
        "佛山市经贸局", quotas={"11": 8}, people={"11": 3}, departments=("办公室",), leaders={"principal:0131": 1}
    )
    return big, world.body("佛山市物资局", quotas={"11": 4}, people={"11": 2}, departments=("业务科",))


def test_a_reform_goes_from_the_sandbox_to_its_effect(world: World, bodies: tuple[Body, Body], desks: Any) -> None:
    old, other = bodies
    desk = desks("bianban")
    page = desk.open("/reform/")
    page.fill("[name=title]", "经济部门改革")
    desk.send("main form button[type=submit]")
    reform = page.url.removeprefix(desk.address)
    desk.check()
    page.locator("main table a").first.click()
    variant = page.url.removeprefix(desk.address)

    def step(kind: str) -> Any:
        page.goto(f"{desk.address}{variant}/step/{kind}")
        return page

    step("open_unit").fill("[name=name]", "佛山市经济促进局")
    desk.check()
    desk.send("main form button[type=submit]")
    for part in (old, other):
        step("merge_unit")
        desk.pick("unit", part.name)
        desk.pick("into", "经济促进局")  # made by the first step
        desk.send("main form button[type=submit]")
    # A number below what will be in use: the trial says so, and the step is changed in its place.
    step("set_quota")
    desk.pick("unit", "经济促进局")
    page.fill("[name=authorised]", "4")
    desk.send("main form button[type=submit]")
    desk.send("form[action$='/try'] button")
    expect(page.locator("main .bz-state-red")).to_have_text("被拒绝")
    desk.check()
    page.locator("#step-4 a").click()
    expect(page.locator("[name=authorised]")).to_have_value("4")
    page.fill("[name=authorised]", "10")
    desk.send("main form button[type=submit]")
    desk.send("form[action$='/try'] button")
    expect(page.locator("main .bz-state-green")).to_have_count(4)
    desk.fits(variant)

    desk.open(reform)
    expect(page.get_by_role("row", name="所涉机构数")).to_contain_text("1 (−1)")
    expect(page.get_by_role("row", name="行政编制 · 核定")).to_contain_text("1210 (−2)")
    page.get_by_role("row", name="单位变动人员").locator("summary").click()
    expect(page.get_by_role("row", name="单位变动人员").locator("li")).to_contain_text(["→ 佛山市经济促进局"] * 5)
    desk.fits(reform)
    page.fill("#name", "方案二")
    page.select_option("#variant", index=1)
    page.get_by_role("button", name="添加方案").click()
    desk.send("form[action$='/try'] button")
    page.locator("#step-4 button[value=remove]").click()
    desk.send("form[action$='/try'] button")
    desk.open(reform)
    expect(page.get_by_role("row", name="行政编制 · 核定")).to_contain_text("1210 (−2)12")
    page.get_by_role("link", name="申报 方案一").click()
    desk.check()
    page.fill("[name=document_no]", "佛编〔2026〕21号")
    page.fill("[name=issuer]", "市委编委")
    desk.send("main form button[type=submit]")
    case = page.url.removeprefix(desk.address)
    expect(page.locator("main")).to_contain_text("佛山市物资局 并入 佛山市经济促进局，编随人走")
    desk.check()

    for who in ("fuhe", "zhuren"):
        assert world.value("SELECT count(*) FROM unit WHERE name = '佛山市经济促进局'") == 0
        desks(who).approve(case)
    assert world.row("SELECT t.authorised, t.occupied FROM ledger_total t JOIN quota_line l ON l.id = t.line_id JOIN unit u"
                     " ON u.id = l.unit_id WHERE u.name = '佛山市经济促进局' AND l.kind = 'establishment'") == (10, 5)  # fmt: skip
    assert (
        world.value(
            "SELECT string_agg(DISTINCT status, ',') FROM unit WHERE legal_id IN (:a, :b)", a=old.id, b=other.id
        )
        == "closed"
    )
    expect(desk.open(reform).locator("main .bz-head")).to_contain_text("已生效")
    desk.fits("/reform/")
