"""A person's record in a real browser: an individual applies, the unit and the department decide, the card shows it."""

import re
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE
from tests.ledger.steps import scheme
from tests.world import Body, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("佛山市卡片局", quotas={"11": 40}, people={"11": 4}, leaders={"deputy:0132": 1})
    scheme(world, made)
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("zuzhi", "office_member", office=("organisation", "440600"))
    world.account("geren", "person", person_id=made.people[0])
    return made


def decide(desk: Any, path: str) -> None:
    page = desk.open(path)
    desk.check()
    with page.expect_navigation():
        page.locator("#decision button[value=approve]").click()


def test_an_individuals_change_is_applied_for_looked_at_and_shown_on_the_card(body: Body, desks: Any) -> None:
    geren, clerk, zuzhi = desks("geren"), desks("clerk"), desks("zuzhi")
    page = geren.open("/card")
    geren.check()
    page.get_by_role("link", name="办理业务").first.click()
    page.wait_for_url(re.compile(r"/case/start"))
    geren.check()
    page = geren.open("/case/new/own_contact")
    geren.check()
    page.fill("[name=mobile]", "13700001111")
    page.fill("[name=start]", "2026-01-05")
    page.wait_for_url(re.compile(r"/case/\d+/edit$"))
    assert "13700001111" not in page.url
    with page.expect_navigation():
        page.locator("#case-form button[value=submit]").click()
    case = "/case/" + page.url.rsplit("/", 1)[1]
    geren.check()
    decide(clerk, case)
    decide(zuzhi, case)
    page = geren.open("/card")
    folded = page.locator("details", has_text="显示")
    assert not page.get_by_text("13700001111").is_visible()
    folded.locator("summary").first.click()
    assert page.get_by_text("13700001111").is_visible(timeout=PATIENCE)
    geren.check()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_records_pages_are_accessible_and_fit_the_screen(body: Body, desks: Any, width: int) -> None:
    for user, addresses in {
        "clerk": (f"/person/{body.people[0]}", f"/ranks/{body.id}", f"/person/{body.people[0]}/appointment", "/case/new/rank_quota",
                  "/case/new/photo", "/case/new/rank_promote", "/case/new/info_family", "/case/new/leader",
                  "/case/new/birth_determine", "/case/new/info_education"),
        "zuzhi": (f"/person/{body.people[0]}", "/case/new/discipline"),
        "geren": ("/card", "/case/start", "/case/new/own_family"),
    }.items():  # fmt: skip
        desk = desks(user)
        desk.page.set_viewport_size({"width": width, "height": 900})
        for address in addresses:
            page = desk.open(address)
            desk.check()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_the_figures_of_the_group_stand_beside_the_form(body: Body, desks: Any) -> None:
    """40 posts: ⌊40 × 60%⌋ = 24."""
    desk = desks("clerk")
    page = desk.open("/case/new/rank_promote")
    desk.pick("person", "片局0")
    page.select_option("[name=rank]", "R10")
    page.fill("[name=start]", "2026-01-05")
    page.get_by_text("⌊40 × 60%⌋ = 24").first.wait_for(timeout=PATIENCE)
    desk.check()
