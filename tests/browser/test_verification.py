"""年度核查 in a real browser: the office opens a round, a clerk confirms with one difference, the head signs, the office sees it."""

import re
from typing import Any

import pytest

from app.domain.workdays import city_today
from tests.world import Body, World

pytestmark = pytest.mark.browser
TODAY = city_today()


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A bureau that lends somebody to another one; clerk, head, office."""
    made = world.body("佛山市核查局", quotas={"11": 4, "13": 1}, people={"11": 3}, departments=("办公室", "人事科"))
    host = world.body("佛山市接收局", quotas={"11": 2}, people={"11": 1})
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("head", "unit_head", unit=made.id)
    world.account("hostclerk", "unit_clerk", unit=host.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    who = made.people[2]
    facts = {"person": who, "absence_kind": "secondment", "host_unit": host.id, "host_post": "administrative",
             "start": TODAY.isoformat(), "until_on": TODAY.isoformat()}  # fmt: skip
    case = world.submit(world.clerk(made), made, "secondment", facts, person_id=who, name="借", effective_on=TODAY)
    head = world.identity("head")
    world.decide(head, case, "unit_head")
    world.approve_recruit(case)
    return made


def test_a_round_is_opened_confirmed_with_a_difference_signed_and_followed(
    world: World, body: Body, desks: Any
) -> None:
    office, clerk, head = desks("bianban"), desks("clerk"), desks("head")
    page = office.open("/verification/")
    page.fill("[name=due_on]", TODAY.isoformat())
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()
    office.check()
    progress = "/verification/round/" + page.url.rsplit("/", 1)[1]
    assert "佛山市核查局" in page.locator("main").inner_text()

    page = clerk.open("/")
    page.locator("main a[href^='/verification/']").first.click()
    page.wait_for_url(re.compile(r"/verification/\d+$"))
    clerk.check()
    roster = "/verification/" + page.url.rsplit("/", 1)[1]
    row = page.locator("#roster tbody tr").first
    row.locator("summary").click()
    row.locator("select").select_option("wrong_data:info_education")
    row.locator("input[name=note]").fill("学历应为研究生")
    with page.expect_navigation():
        row.locator("button").click()
    clerk.check()
    assert "学历应为研究生" in page.locator("#differences").inner_text()
    page.locator("form[action$='/confirm'] button").click()
    with page.expect_navigation():
        page.locator("dialog button[value=ok]").click()
    clerk.check()
    case = "/case/" + page.url.rsplit("/", 1)[1]

    page = head.open(case)
    with page.expect_navigation():
        page.locator("#decision button[value=approve]").click()
    head.check()
    page = office.open(case)
    page.fill("#opinion", "经核，名册属实")
    with page.expect_navigation():
        page.locator("#decision button[value=approve]").click()
    office.check()
    assert world.value("SELECT differences FROM verification WHERE unit_id = :u", u=body.id) == 1
    assert "佛山市核查局" in office.open(f"{progress}?state=confirmed").locator("main").inner_text()
    assert "学历应为研究生" in office.open(roster).locator("#differences").inner_text()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("user", "paths"),
    [
        ("clerk", ("/", "/unit/1", "/verification/", "/verification/1", "/case/new/shift", "/case/new/change_line",
                   "/case/new/secondment", "/case/new/attachment", "/case/new/long_leave", "/case/new/absence_extend",
                   "/case/new/absence_return", "/case/new/certificate", "/case/new/objection")),
        ("hostclerk", ("/unit/4", "/verification/")),
        ("bianban", ("/verification/", "/verification/round/1", "/verification/round/1?state=confirmed", "/verification/1")),
    ],
)  # fmt: skip
def test_pages_of_a_units_inside_are_accessible_at_both_widths(
    body: Body, desks: Any, user: str, paths: tuple[str, ...], width: int
) -> None:
    desk = desks(user, width)
    for path in paths:
        page = desk.open(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"
