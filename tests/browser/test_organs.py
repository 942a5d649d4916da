"""An organ with people in a real browser: its end is refused and says why, then it is done through its plan."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from app.domain.workdays import city_today
from tests.ledger import steps
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


def test_a_merge_says_line_by_line_what_becomes_of_leaders_and_of_the_surplus(world: World, desks: Any) -> None:
    old = world.body("随转外经局", quotas={"11": 2}, people={"11": 4}, departments=("办公室", "业务科"),
                     leaders={"principal:0141": 1, "deputy:0142": 2})  # fmt: skip
    heir = world.body("随转承接局", quotas={"11": 1}, departments=("综合科",))
    for position, who in (("principal:0141", 0), ("deputy:0142", 1), ("deputy:0142", 2)):
        steps.lead(world, old, old.lines[position], old.people[who])
    for name in ("hebing", "fuhe2"):
        world.account(name, "office_member", office=("establishment", "440600"))
    desk, second = desks("hebing"), desks("fuhe2")
    page = fill(desk, "unit_merge", "佛编〔2026〕43号", unit="随转外经局", into="随转承接局")
    page.select_option("[name=seats_go]", "along")
    expect(page.locator("main")).to_contain_text("没有正在执行的消化计划")
    expect(page.locator("main")).to_contain_text("请写明领导职务的去向")
    page.fill("[name=plan_until_on]", "2029-12-31")
    page.select_option("[name=leads]", "follow")
    expect(page.locator("main")).not_to_contain_text("请写明领导职务的去向")
    desk.pick("lead_lines-0-line", "正职")
    page.select_option("[name=lead_lines-0-way]", "off")
    name = world.value("SELECT name FROM person WHERE id = :p", p=old.people[0])
    expect(page.locator(".bz-check", has_text="领导职务去向")).to_contain_text(f"免去职务 {name}")
    expect(page.locator("main")).not_to_contain_text("没有正在执行的消化计划")
    # A figure leads to its list in a window of its own; the form stays as it was filled in.
    with page.context.expect_page() as opened:
        page.locator(f"a[href='/touched/{old.id}/people']").first.click()
    expect(opened.value.locator("main h1")).to_contain_text("随转外经局")
    expect(opened.value.locator("tbody tr")).to_have_count(4)
    opened.value.close()
    path = desk.submit()
    desk.check()
    expect(page.locator("main")).to_contain_text("随转承接局")
    desk.fits(path)
    desk.fits(f"/touched/{old.id}/leaders")
    second.approve(path)
    leading = "SELECT array_agg(person_id ORDER BY person_id) FROM occupancy WHERE unit_id = :u AND kind = 'leadership' AND ended_on IS NULL"
    assert world.value(leading, u=heir.id) == sorted(old.people[1:3])


def test_a_merge_filled_in_on_a_telephone_cuts_no_name_off_and_its_rows_stay_low(world: World, desks: Any) -> None:
    old = world.body("手机合并局", quotas={"11": 12}, people={"11": 12}, leaders={"deputy:0142": 12})
    world.body("手机承接局")
    for who in old.people:
        steps.lead(world, old, old.lines["deputy:0142"], who)
    world.account("shouji", "office_member", office=("establishment", "440600"))
    desk = desks("shouji")
    desk.page.set_viewport_size({"width": 390, "height": 900})
    page = fill(desk, "unit_merge", "佛编〔2026〕44号", unit="手机合并局", into="手机承接局")
    page.select_option("[name=leads]", "off")
    expect(page.locator(".bz-check", has_text="领导职务去向")).to_contain_text("免去职务")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert (
        page.evaluate("Math.max(...[...document.querySelectorAll('.bz-stack .ts-control')].map(e => e.offsetHeight))")
        < 48
    )
    desk.check()
