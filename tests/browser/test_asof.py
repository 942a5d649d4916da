"""任一日 in a real browser: a day picked, its banner, names and numbers, the way back, what was known, two days compared."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.ledger import steps
from tests.ledger.steps import TODAY, ago
from tests.world import Body, World, person

pytestmark = pytest.mark.browser

# Rows with periods and with what was known of them when.
DATED = (
    "SELECT c.table_name FROM information_schema.columns c JOIN information_schema.columns d"
    " USING (table_schema, table_name) WHERE c.table_schema = 'public' AND c.column_name = 'recorded_at'"
    " AND d.column_name = 'recorded_to'"
)


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A body where one came, one left, the number rose and the name changed; a second one left too, recorded today only."""
    made = world.body("佛山市往年局", quotas={"11": 6}, people={"11": 3}, departments=("综合科",))
    steps.entered(world, made, ago(90), who=person("来者甲"))
    steps.leave(world, made, made.people[0], ago(60))
    steps.set_quota(world, made, made.line, 8, ago(50))
    steps.by_office(world, "unit_change", {"unit": made.id, "name": "佛山市今年局", "short_name": "今年局", "start": ago(20).isoformat(),
                    "document_no": "佛编〔2026〕79号"}, about=made, day=ago(20))  # fmt: skip
    with world.superuser.begin() as c:  # all this has been known for a month
        c.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in c.execute(text(DATED)).scalars().all():
            c.exec_driver_sql(
                f"UPDATE {table} SET recorded_at = recorded_at - interval '30 days', recorded_to = recorded_to - interval '30 days'"
            )
    steps.leave(world, made, made.people[1], ago(10))
    world.account("bianban", "office_member", office=("establishment", "440600"))
    return made


def pick(page: Page, on: str, known: str | None = None) -> None:
    """Choose a day, and up to which day things were known, in the picker at the head of a page."""
    page.fill("#on", on)
    if known:
        asked = page.locator("details", has=page.locator("#known"))
        if asked.get_attribute("open") is None:
            asked.locator("summary").click()
        page.fill("#known", known)
    with page.expect_navigation():
        page.get_by_role("button", name="显示", exact=True).click()


def figures(page: Page) -> list[str]:
    """The numbers of the first line of a table of figures: 核定, 实有 …"""
    return page.locator("#figures tbody tr").first.locator("td").all_inner_texts()


def test_a_past_day_is_picked_in_the_ledger_and_leads_to_the_unit_of_that_day_and_back(body: Body, desks: Any) -> None:
    desk = desks("bianban")
    page = desk.open("/ledger")
    banner = page.locator("main .bz-alert")
    expect(banner).to_have_count(0)
    on = str(ago(70))
    pick(page, on)
    expect(banner).to_contain_text(f"台账为 {on} 当日，按今日所知。")
    expect(page.locator("#categories").get_by_role("row", name="行政编制")).to_contain_text(re.compile(r"6\s*4"))
    desk.check()
    tree = page.locator(".bz-tree")
    tree.locator("summary", has_text="佛山市").first.click()
    tree.locator("summary", has_text="佛山市往年局").click()
    expect(tree).to_contain_text("综合科")
    with page.expect_navigation():
        tree.get_by_role("link", name=re.compile("往年局")).click()
    assert page.url.endswith(f"/unit/{body.id}?on={on}")
    expect(page.locator("h1")).to_have_text("佛山市往年局")
    expect(banner).to_contain_text("现名：佛山市今年局")
    assert figures(page)[:2] == ["6", "4"]
    expect(page.locator("#roster")).to_contain_text("来者甲")
    expect(page.locator("#roster")).to_contain_text("年局0")
    desk.check()
    with page.expect_navigation():
        banner.get_by_role("link", name="显示今天").click()
    assert page.url.endswith(f"/unit/{body.id}")
    expect(page.locator("h1")).to_have_text("佛山市今年局")
    assert figures(page)[:2] == ["8", "2"]
    expect(page.locator("#roster")).not_to_contain_text("年局0")
    expect(banner).to_have_count(0)


def test_what_was_recorded_later_was_not_known_then(body: Body, desks: Any) -> None:
    desk = desks("bianban")
    page = desk.open(f"/unit/{body.id}")
    expect(page.locator("#roster")).not_to_contain_text("年局1")
    pick(page, str(TODAY), known=str(ago(1)))
    assert f"known={ago(1)}" in page.url
    expect(page.locator("main .bz-alert")).to_contain_text(f"台账为 {TODAY} 当日，按 {ago(1)} 日终所知。")
    expect(page.locator("#roster")).to_contain_text("年局1")
    assert figures(page)[:2] == ["8", "3"]
    desk.check()
    # A day before anything was known of the body: it says so, and nothing of today shows through.
    pick(page, str(TODAY), known=str(ago(31)))
    expect(page.locator("#roster")).not_to_contain_text("来者甲")
    desk.check()
    page.goto(f"{desk.address}/ledger?known={ago(-1)}")
    expect(page.locator("main")).not_to_contain_text("日终所知")


def test_the_difference_of_two_days_names_who_came_and_left_with_the_seat(body: Body, desks: Any) -> None:
    desk = desks("bianban")
    page = desk.open(f"/unit/{body.id}?on={ago(100)}", checked=False)
    with page.expect_navigation():
        page.get_by_role("link", name="其后变动").click()
    assert f"from={ago(100)}" in page.url
    expect(page.get_by_role("row", name="行政编制").first).to_contain_text("6")
    expect(page.get_by_role("row", name="行政编制").first).to_contain_text("8 (+2)")
    expect(page.locator("#organs")).to_contain_text("佛山市今年局")
    row = page.get_by_role("row", name="来者甲")
    expect(row).to_contain_text(re.compile(r"佛山市今年局 · .*行政编制 · 席位 \d+"))
    expect(row).to_contain_text(str(ago(90)))
    desk.check()
    with page.expect_navigation():
        page.locator("#people .bz-tabs").get_by_role("link", name="已出编 2").click()
    for name, day in (("年局0", ago(60)), ("年局1", ago(10))):
        row = page.get_by_role("row", name=name)
        expect(row).to_contain_text(re.compile(r"佛山市往年局 · .*行政编制 · 席位 \d+"))
        expect(row).to_contain_text(str(day))
    desk.check()
    page.fill("#from", str(ago(30)))
    with page.expect_navigation():
        page.get_by_role("button", name="比较").click()
    expect(page.locator("#people .bz-tabs a[aria-current=page]")).to_have_text(re.compile(r"\D0$"))


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_days_are_accessible_and_fit_the_screen(body: Body, desks: Any, width: int) -> None:
    desk = desks("bianban", width)
    for address in ("/ledger", f"/ledger?on={ago(70)}&known={ago(1)}", f"/ledger/440600?on={ago(70)}", f"/unit/{body.id}?on={ago(70)}",
                    f"/difference?unit={body.id}&from={ago(100)}&to={TODAY}&kind=out", f"/difference?from={ago(100)}", "/forecast",
                    f"/forecast?unit={body.id}", "/forecast/people?to=2060-01-01"):  # fmt: skip
        page = desk.open(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    page = desk.open(f"/unit/{body.id}", checked=False)
    with page.expect_navigation():
        page.get_by_role("link", name="展望", exact=True).last.click()
    expect(page.locator("h1")).to_have_text("展望：佛山市今年局")
    expect(page.locator("#years tbody th").first).to_have_text(str(TODAY.year))
    assert sum(map(int, page.locator("#ages tbody td:nth-child(2)").all_inner_texts())) == 2
    expect(desk.open("/forecast/people?to=2060-01-01").locator("main")).to_contain_text("来者甲")
