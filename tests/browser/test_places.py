"""Organs of any day, two days and the years ahead in a real browser: the tree opens to whatever was below, a plan is kept."""

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ledger.steps import TODAY, ago, lead
from tests.queries.test_places import act
from tests.world import Body, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def made(world: World) -> dict[str, Body]:
    """A superior with a body that came below it, one that went to another district, one that bears another name beside."""
    made = {
        "above": world.body("佛山市主管局", quotas={"11": 6, "13": 2}, people={"11": 4, "13": 1}, leaders={"deputy:0132": 2},
                            departments=("综合科", "业务科")),
        "below": world.body("佛山市服务中心", quotas={"22": 3}, people={"22": 2}, kind="institution"),
        "moved": world.body("禅城区划转局", region="440604", quotas={"11": 4}, people={"11": 2}, departments=("划转科",)),
    }  # fmt: skip
    lead(world, made["above"], made["above"].lines["deputy:0132"], made["above"].people[0], ago(15))
    act(world, "unit_transfer", made["below"], 20, unit=made["below"].id, parent=made["above"].id)
    act(world, "unit_transfer", made["moved"], 10, unit=made["moved"].id, region="440605")
    act(world, "signboard", made["above"], 30, unit=made["above"].id, signboard_kind="plate", board_name="佛山市数据局", counts="yes",
        document_no="佛编〔2026〕91号")  # fmt: skip
    world.account("shiban", "office_member", office=("establishment", "440600"))
    world.account("quban", "office_member", office=("establishment", "440604"))
    return made


def keep(page: Page, name: str) -> None:
    """A picture of the page, where somebody wants to look at it (PICTURES names a directory)."""
    if os.environ.get("PICTURES"):
        page.screenshot(path=f"{os.environ['PICTURES']}/{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_tree_of_a_day_opens_to_the_bodies_below_and_bears_signboards(
    made: dict[str, Body], desks: Any, width: int
) -> None:
    desk = desks("shiban", width)
    page = desk.open(f"/ledger/440600?on={ago(5)}")
    node = page.locator("details", has_text="佛山市主管局")
    expect(node).to_contain_text("加挂牌子：佛山市数据局")
    expect(node).to_contain_text("含下级 1 个机构")
    node.locator("summary").first.click()
    expect(node.locator(".bz-kids")).to_contain_text("佛山市服务中心")
    expect(node.locator(".bz-kids")).to_contain_text("业务科")
    desk.check()
    keep(page, f"tree-{width}")
    expect(desk.open(f"/ledger/440600?on={ago(25)}").locator("main")).not_to_contain_text("含下级")
    for path in (f"/ledger/440600?on={ago(5)}", f"/difference?from={ago(60)}&to={TODAY}", "/forecast?sex=2", "/forecast/shape",
                 f"/forecast?unit={made['above'].id}"):  # fmt: skip
        keep(desk.open(path), f"page-{path.partition('?')[0].strip('/').replace('/', '-')}-{width}")
        desk.fits(path)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_district_that_lost_a_body_reads_its_day(made: dict[str, Body], desks: Any, width: int) -> None:
    desk = desks("quban", width)
    page = desk.open(f"/ledger/440604?on={ago(30)}")
    expect(page.locator("main")).to_contain_text("现不在本辖区")
    page = desk.open(f"/unit/{made['moved'].id}?on={ago(30)}")
    expect(page.locator("h1")).to_have_text("禅城区划转局")
    expect(page.locator("#departments")).to_contain_text("划转科")
    keep(page, f"then-{width}")
    desk.fits(f"/unit/{made['moved'].id}?on={ago(30)}")


def test_entries_are_planned_against_what_falls_vacant_and_a_slip_loses_nothing(
    made: dict[str, Body], desks: Any
) -> None:
    desk, year = desks("shiban"), TODAY.year + 1
    page = desk.open(f"/forecast?unit={made['above'].id}")
    vacant = page.locator("#against > .bz-scroll tbody tr").first.locator("td").nth(3)
    before = int(vacant.inner_text())
    page.fill(f"[name=n-11-{year}]", "2")
    page.fill(f"[name=n-11-{year + 1}]", "x")
    desk.send("#against button[type=submit]")
    expect(page.locator("#against .bz-alert")).to_contain_text("0 至 999 的整数")
    expect(page.locator(f"[name=n-11-{year}]")).to_have_value("2")
    desk.check()
    page.fill(f"[name=n-11-{year + 1}]", "")
    desk.send("#against button[type=submit]")
    expect(page.locator("#against")).to_contain_text("填写")
    assert int(vacant.inner_text()) == before - 2
    keep(page, "plan")
