"""工资核对 in a real browser: a file with an unknown column is refused, mapped, brought in; a difference is explained by the unit."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.exchange.payroll.lists import MONTH, payees, payroll, replace
from tests.world import Body, World

pytestmark = pytest.mark.browser
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A bureau, its clerk, the finance office and 编办."""
    made = world.body("佛山市核薪局", quotas={"11": 6}, people={"11": 4})
    world.account("clerk", "unit_clerk", unit=made.id)
    for name, office in (("caizheng", "finance"), ("bianban", "establishment")):
        world.account(name, "office_member", office=(office, "440600"))
    return made


def send(page: Page, content: bytes) -> None:
    page.select_option("#kind", "payroll")
    page.fill("#month", f"{MONTH:%Y-%m}")
    page.set_input_files("#file", {"name": "工资.csv", "mimeType": "text/csv", "buffer": content})
    with page.expect_navigation():
        page.locator("form[action='/payroll/load'] button[type=submit]").click()


def test_a_list_is_mapped_and_compared_and_its_difference_explained(world: World, body: Body, desks: Any) -> None:
    finance, clerk, office = desks("caizheng"), desks("clerk"), desks("bianban")
    people = payees(world, body)
    lines = [replace(p, category="22") if n == 1 else p for n, p in enumerate(people[1:])]
    content = payroll(lines).replace("应发金额".encode(), "打卡金额".encode())
    page = finance.open("/payroll/")
    send(page, content)
    finance.check()
    assert "打卡金额" in page.locator("main table").first.inner_text()
    label = page.locator("label", has_text="打卡金额")
    page.select_option(f"#{label.get_attribute('for')}", "amount")
    with page.expect_navigation():
        page.locator("form[action^='/payroll/mapping/'] button").click()
    finance.check()
    send(page, content)
    finance.check()
    assert "未运行" in page.locator("main").inner_text()
    page.locator("a[href='/payroll/differences?kind=wrong_category']").click()
    page.wait_for_load_state()
    finance.check()
    assert lines[1].name in page.locator("main tbody").inner_text()
    for path in ("/payroll/month/changes", "/payroll/month/budget"):
        finance.open(path)

    page = clerk.open("/payroll/differences")
    page.locator("main tbody a", has_text=people[0].name).click()
    page.wait_for_load_state()
    clerk.check()
    page.fill("#note", "当月调入，工资尚未转来，下月补发")
    with page.expect_navigation():
        page.locator("form[action$='/explain'] button").click()
    clerk.check()
    assert "下月补发" in page.locator(".bz-opinion").inner_text()

    page = office.page
    page.set_viewport_size(NARROW)
    office.open("/payroll/differences?state=explained")
    assert people[0].name in page.locator("main tbody").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

    # The alarm of it says which kind it is, and leads to the difference; whole numbers leave with a reason alone.
    page.set_viewport_size({"width": 1440, "height": 900})
    page = clerk.open("/alarms")
    page.get_by_role("link", name="AL36 在编未列入工资统发").first.click()
    page.wait_for_url("**/alarms/*")
    clerk.check()
    assert "在编而未列入统发" in page.locator("main").inner_text()
    page.get_by_role("link", name="打开差异").click()
    page.wait_for_url("**/payroll/differences/*")
    assert people[0].name in page.locator("main").inner_text()
    page = office.open("/payroll/differences?state=explained")
    page.get_by_role("link", name="全号导出").click()
    page.wait_for_url("**/payroll/whole/differences*")
    office.check()
    office.fits("/payroll/whole/differences?state=explained")
    page.fill("#reason", "十月工资统发核对")
    with page.expect_download() as got:
        page.locator("main form button").click()
    assert got.value.suggested_filename.endswith(".xlsx")
    for path in ("/payroll/", "/payroll/differences", "/payroll/month/budget"):
        finance.fits(path)
