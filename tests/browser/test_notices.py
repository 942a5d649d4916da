"""消息、待确认、报警 in a real browser: the bell leads to the matter, several are confirmed at once, an alarm is handled."""

import re
from typing import Any

import pytest
from flask import Flask

from app.domain import errors
from app.domain.workdays import city_today
from tests.world import Body, World, person

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def body(world: World, app: Flask) -> Body:
    """A bureau with one entry to be confirmed, one returned case, and one that came too late for the last seat."""
    made = world.body("佛山市消息局", quotas={"11": 3}, people={"11": 1})
    for username, kind, office in (
        ("bianban", "office_member", ("establishment", "440600")), ("caizheng", "office_member", ("finance", "440600")),
        ("shebao", "office_member", ("social_insurance", "440600")), ("root", "system_admin", None),
        ("shenji", "auditor", None),
    ):  # fmt: skip
        world.account(username, kind, office=office)
    world.account("clerk", "unit_clerk", unit=made.id)
    entered, returned, late = (world.recruit(made, facts=person(name)) for name in ("已到岗", "待补正", "来迟了"))
    world.approve_recruit(entered)
    world.arrive(world.clerk(made), entered, city_today())
    world.decide(world.office("establishment"), returned, "establishment", "return", "学历证明缺失")
    taking = world.recruit(made, facts=person("占最后"))
    world.decide(world.office("establishment"), taking, "establishment")
    with pytest.raises(errors.QuotaExhausted):
        world.decide(world.office("establishment"), late, "establishment")
    app.config["MAIL_ON"] = True
    return made


def test_the_bell_leads_to_the_case_and_finance_confirms_what_it_chose(world: World, body: Body, desks: Any) -> None:
    clerk = desks("clerk")
    page = clerk.open("/")
    page.locator("header a[href='/inbox']").click()
    clerk.check()
    page.get_by_role("button", name=re.compile("待补正")).click()
    page.wait_for_url(re.compile(r"/case/\d+$"))
    assert "学历证明缺失" in page.locator("main").inner_text()
    assert "待补正" not in clerk.open("/inbox?view=unread").locator("main").inner_text()

    finance = desks("caizheng")
    page = finance.open("/acknowledgements")
    page.locator("input[name=chosen]").first.check()
    page.fill("#note", "已核拨")
    with page.expect_navigation():
        page.locator("main form[action='/acknowledgements'] button").click()
    finance.check()
    assert "已核拨" in finance.open("/acknowledgements?view=done").locator("main").inner_text()

    office = desks("bianban")
    page = office.open("/alarms")
    page.get_by_role("link", name=re.compile("AL01")).first.click()
    page.wait_for_url(re.compile(r"/alarms/\d+$"))
    page.fill("#handle", "已告知用人单位")
    with page.expect_navigation():
        page.locator("form:has(#handle) button[type=submit]").click()
    office.check()
    assert "已告知用人单位" in page.locator("main").inner_text()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("user", "paths"),
    [
        ("clerk", ("/inbox", "/inbox?view=unread&kind=alarm", "/account/mail/", "/alarms", "/case/1")),
        ("bianban", ("/", "/inbox", "/alarms", "/alarms?view=ended")),
        ("shebao", ("/inbox", "/acknowledgements", "/acknowledgements?view=late")),
        ("caizheng", ("/acknowledgements?view=done",)),
        ("root", ("/inbox", "/admin/mail/")),
        ("shenji", ("/inbox", "/alarms")),
    ],
)  # fmt: skip
def test_pages_of_notices_are_accessible_at_both_widths(
    body: Body, desks: Any, user: str, paths: tuple[str, ...], width: int
) -> None:
    desk = desks(user, width)
    for path in paths:
        page = desk.open(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"
