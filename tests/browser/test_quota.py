"""A quota cut below its people: refused, then done through a plan of absorption, and watched until the surplus is gone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ledger.steps import TODAY, ago, leave
from tests.world import Body, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("佛山市消化局", quotas={"11": 5}, people={"11": 4}, start=ago(400))
    for name in ("heding", "fuhe"):
        world.account(name, "office_member", office=("establishment", "440600"))
    return made


def test_a_cut_below_its_people_goes_by_a_plan_and_ends_by_itself(world: World, body: Body, desks: Any) -> None:
    office, second = desks("heding"), desks("fuhe")
    page = office.open("/case/new/quota", checked=False)
    office.pick("any_line", "佛山市消化局")
    page.fill("[name=authorised]", "2")
    page.fill("[name=document_no]", "佛编〔2026〕81号")
    page.fill("[name=issuer]", "市委编委")
    page.fill("[name=start]", TODAY.isoformat())
    expect(page.locator("#check")).to_contain_text("核定")
    page.locator("#case-form button[value=submit]").click()
    expect(page.locator("main")).to_contain_text("在用")
    assert world.figures(body.line) == (5, 4, 0)
    page.fill("[name=plan_until_on]", ago(-400).isoformat())
    office.check()
    case = office.submit()
    second.approve(case)
    assert world.figures(body.line) == (2, 4, 0)

    unit = f"/unit/{body.id}"
    office.fits(unit)
    expect(office.page.locator("#numbers")).to_contain_text("佛编〔2026〕81号")
    office.fits("/quota-desk")
    plans = office.page.locator("#plans")
    expect(plans).to_contain_text("佛山市消化局")
    expect(plans).to_contain_text("0.00%")
    leave(world, body, body.people[0])
    expect(office.open("/quota-desk", checked=False).locator("#plans")).to_contain_text("50.00%")
    leave(world, body, body.people[1])
    assert world.figures(body.line) == (2, 2, 0)
    expect(office.open("/quota-desk", checked=False).locator("#plans")).not_to_contain_text("佛山市消化局")


def test_tables_of_figures_fit_the_screen_that_they_are_made_for(world: World, desks: Any) -> None:
    """The forecast's years at 1440, the figures of regions at 390: nothing of them has to be scrolled for."""
    made = world.body("佛山市合屏局", quotas={"11": 1200, "12": 300}, people={"11": 2, "12": 1})
    world.body("禅城区合屏局", region="440604", quotas={"11": 1200}, people={"11": 2})
    world.account("heping", "office_member", office=("establishment", "440600"))
    cut = "[...document.querySelectorAll('.bz-scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"
    wide, narrow = desks("heping"), desks("heping", 390)
    for path in ("/forecast", f"/forecast?unit={made.id}", "/quota-desk", "/ledger", "/difference"):
        assert wide.open(path).evaluate(cut) == [], path
    for path in ("/quota-desk", "/ledger", "/difference"):
        assert narrow.open(path).evaluate(cut) == [], path
