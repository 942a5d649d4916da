"""From an alarm to its rectification in a real browser: the unit begins the business that mends it, the cause goes, the alarm ends."""

import datetime as dt
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from app.alarms import engine
from app.domain.workdays import city_today
from tests.alarms.cases_people import born
from tests.world import Body, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("佛山市整改局", people={"11": 1})
    born(world, made.people[0], city_today() - dt.timedelta(days=60), later=False)
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("zuzhi", "office_member", office=("organisation", "440600"))
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("zhuren", "office_head", office=("establishment", "440600"))
    assert engine.sweep(world.owner_url, "full", city_today()).failed == {}
    return made


def test_an_overdue_retirement_is_rectified_and_its_alarm_ends_by_itself(body: Body, world: World, desks: Any) -> None:
    clerk = desks("clerk")
    page = clerk.open("/alarms")
    page.get_by_role("link", name=re.compile("AL12 到龄未退")).click()
    page.wait_for_url(re.compile(r"/alarms/\d+$"))
    clerk.check()
    alarm = "/alarms/" + page.url.rsplit("/", 1)[1]
    with page.expect_navigation():
        page.get_by_role("button", name="整改").click()
    page.wait_for_url(re.compile(r"/case/\d+/edit$"))
    expect(page.locator("#check")).to_contain_text("到龄未退")
    clerk.check()
    page.fill("[name=end]", city_today().isoformat())
    with page.expect_navigation():
        page.locator("#case-form button[value=submit]").click()
    page.wait_for_url(re.compile(r"/case/\d+$"))
    case = "/case/" + page.url.rsplit("/", 1)[1]
    for name in ("zuzhi", "bianban"):
        desk = desks(name)
        page = desk.open(case)
        expect(page.get_by_text("与本件有关的未结报警")).to_be_visible()
        desk.check()
        with page.expect_navigation():
            page.locator("#decision button[value=approve]").click()
    outcome = engine.touched(world.owner_url, city_today())
    assert outcome is not None
    assert outcome.counts["AL12"] == (0, 0, 1)
    page = clerk.open(alarm)
    expect(page.locator("main")).to_contain_text("已消除")
    clerk.check()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_alarms_are_accessible_and_fit_the_screen(
    body: Body, world: World, desks: Any, width: int
) -> None:
    with world.owner.begin() as c:
        c.exec_driver_sql(
            "SELECT k_alarm_raise('AL40', 'line:1', '{\"seats\": 4, \"authorised\": 5}', %s, %s)",
            (body.scope_path, body.id),
        )
    desk = desks("zhuren")
    desk.page.set_viewport_size({"width": width, "height": 900})
    number = world.value("SELECT max(id) FROM alarm")
    for address in ("/alarms", "/alarms?view=ended", f"/alarms/{number}", "/alarms/figures", "/alarms/rules", "/alarms/accounts",
                    f"/alarms/{number}/account"):  # fmt: skip
        page = desk.open(address)
        desk.check()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
