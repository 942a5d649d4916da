"""An organ with people in a real browser: its end is refused and says why, then it is done through its plan."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from app.domain.workdays import city_today
from tests.world import World

pytestmark = pytest.mark.browser


def fill(desk: Any, process: str, document: str, **picks: str) -> Any:
    """Open a form, choose units by search, fill in document and day."""
    page = desk.open(f"/case/new/{process}")
    for field, name in picks.items():
        desk.pick(field, name)
    page.fill("[name=document_no]", document)
    if page.locator("[name=issuer]").count():
        page.fill("[name=issuer]", "市委编委")
    page.fill("[name=start]", city_today().isoformat())
    return page


def test_an_organ_with_people_is_not_abolished_and_is_merged_instead(world: World, desks: Any) -> None:
    old = world.body("待撤档案局", people={"11": 2}, departments=("办公室",))
    heir = world.body("承接档案局")
    case = world.recruit(old)
    for name in ("bianban", "fuhe"):
        world.account(name, "office_member", office=("establishment", "440600"))
    bianban, fuhe = desks("bianban"), desks("fuhe")

    page = fill(bianban, "unit_close", "佛编〔2026〕41号", unit="待撤档案局")
    page.wait_for_url(re.compile(r"/case/\d+/edit$"))
    with page.expect_navigation():
        page.locator("#case-form button[value=submit]").click()
    said = page.locator("main").inner_text()
    assert "机构内尚有人员，不得撤销" in said
    assert "人员整建制划转" in said
    bianban.check()

    page = fill(bianban, "unit_merge", "佛编〔2026〕42号", unit="待撤档案局", into="承接档案局")
    page.select_option("[name=seats_go]", "along")
    # The consequences stand beside the form before anything is filed.
    expect(page.locator("main")).to_contain_text("变更后果")
    expect(page.locator("main")).to_contain_text("请选择在办业务的去向")
    page.select_option("[name=running_cases]", "carry")
    expect(page.locator("main")).not_to_contain_text("请选择在办业务的去向")
    path = bianban.submit()
    bianban.check()
    fuhe.approve(path)
    assert world.value("SELECT status FROM unit WHERE id = :u", u=old.id) == "closed"
    assert world.value("SELECT count(*) FROM person WHERE unit_id = :u", u=heir.id) == 2
    assert world.value("SELECT unit_id FROM application WHERE id = :c", c=case) == heir.id
    shown = fuhe.open(path).locator("main").inner_text()
    assert "原机构已撤销" in shown
