"""三定 and 编委会 in a real browser: drafted row by row, approved by another official, printed; a meeting from agenda to 批复."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.domain.workdays import city_today
from tests.world import Body, World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    for name in ("bianban", "fuhe", "mishu"):
        world.account(name, "office_member", office=("establishment", "440600"))
    return world.body("佛山市三定局", quotas={"11": 8}, leaders={"principal:0131": 1}, departments=("办公室", "业务科"))


def row(page: Page, part: str, n: int, **cells: str) -> None:
    """Fill in one row of a list of the form."""
    for key, value in cells.items():
        cell = page.locator(f"[name={part}-{n}-{key}]")
        cell.select_option(value) if key in ("category", "scope", "role", "level") else cell.fill(value)


def test_a_sanding_is_drafted_by_rows_approved_by_another_official_and_printed(
    world: World, body: Body, desks: Any
) -> None:
    desk = desks("bianban")
    page = desk.open(f"/sanding/{body.id}")
    expect(page.locator("main")).to_contain_text("该日没有生效的三定规定")
    page.get_by_role("link", name="起草新版本").click()
    desk.pick("unit", "三定局")
    row(page, "duties", 0, text="贯彻执行方针政策。")
    row(page, "duties", 1, text="承办交办的其他事项。")
    row(page, "departments", 0, name="办公室", duties="文电、会务。", number="2")
    row(page, "quotas", 0, category="11", number="6")
    row(page, "leaders", 0, scope="unit", role="principal", level="0131", number="1")
    page.fill("[name=document_no]", "佛编〔2026〕61号")
    page.fill("[name=issuer]", "市委编委")
    page.fill("[name=start]", city_today().isoformat())
    desk.check()
    case = desk.submit()
    desk.check()
    assert world.value("SELECT count(*) FROM sanding WHERE unit_id = :u", u=body.id) == 0

    other = desks("fuhe")
    other.approve(case)
    page = other.open(f"/sanding/{body.id}")
    expect(page.locator("main .bz-head")).to_contain_text(f"佛编〔2026〕61号 · {city_today()}")
    expect(page.locator("#duties tbody tr")).to_have_text(["贯彻执行方针政策。", "承办交办的其他事项。"])
    expect(page.locator("#departments")).to_contain_text("文电、会务。")
    expect(page.locator("#quotas h2")).to_contain_text("6")
    # Where the ledger has more than the document says, both numbers stand side by side.
    expect(page.get_by_role("row", name="行政编制").first).to_contain_text(re.compile(r"6\s*8"))
    expect(page.get_by_role("row", name="业务科").first).to_be_visible()
    paper = page.get_by_role("link", name="打印", exact=True).get_attribute("href")
    printed = page.request.get(other.address + str(paper))
    assert (printed.status, printed.headers["content-type"], printed.body()[:5]) == (200, "application/pdf", b"%PDF-")
    for path in (f"/sanding/{body.id}", f"/lineage/{body.id}", "/limits", case, "/case/new/sanding"):
        other.fits(path)


def test_a_meeting_goes_from_its_agenda_to_the_reply(world: World, body: Body, desks: Any) -> None:
    files, reviews, minutes = desks("bianban"), desks("fuhe"), desks("mishu")
    page = files.open("/case/new/commission_matter")
    files.pick("unit", "三定局")
    page.fill("[name=matter]", "增设一个科室")
    page.fill("[name=ground]", "按程序提请审议")
    case = files.submit()
    reviews.approve(case)

    page = minutes.open("/commission/")
    expect(page.locator("main")).to_contain_text("提请编委会审议事项")
    page.fill("#place", "六楼会议室")
    minutes.send("form[action='/commission/open'] button")
    meeting = page.url.removeprefix(minutes.address)
    page.locator("[name=case]").check()
    page.fill("#note", "请审议")
    minutes.send("button[value=put]")
    minutes.check()
    minutes.fits(meeting)
    page.fill("#members", "五人全部到会")
    page.fill("#minutes", "研究了一项议题。")
    page.locator("[name^=resolution-]").fill("同意增设一个科室")
    minutes.send("button[value=record]")
    expect(page.locator("button[value=settle]")).to_have_count(0)  # whoever wrote them down does not settle them
    minutes.check()

    page = reviews.open(meeting)
    reviews.send("button[value=settle]")
    expect(page.locator("main")).to_contain_text("已落实 1 件。")
    expect(page.locator("main")).to_contain_text("同意增设一个科室")
    reviews.check()
    assert world.state(int(case.rsplit("/", 1)[1])) == "done"
    reviews.fits(meeting)
    reviews.fits("/commission/")

    page = reviews.open(case)
    with page.expect_response(re.compile(r"/issued/\d+$")) as answer:  # the paper itself
        page.locator("#printouts form:has([name=kind][value=reply]) button").click()
    assert answer.value.headers["content-type"] == "application/pdf"
    # Whoever filed it finds the numbered reply with the case.
    page = files.open(case)
    issued = page.locator("#printouts a", has_text=f"〔{city_today().year}〕1号")
    printed = page.request.get(files.address + str(issued.get_attribute("href")))
    assert (printed.status, printed.body()[:5]) == (200, b"%PDF-")
