"""The main job in a real browser: a clerk applies, two offices approve, the person arrives; and the refusals."""

import re
from typing import Any

import pytest

from app.domain.workdays import city_today
from tests.browser.conftest import PATIENCE, Desk
from tests.world import PASSWORD, Body, World, id_number

pytestmark = pytest.mark.browser
TODAY = city_today()


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A bureau with one seat left, its clerk, the two offices, a person, the administrator."""
    made = world.body(
        "佛山市试验局",
        quotas={"11": 4},
        people={"11": 3},
        leaders={"principal:0131": 1},
        departments=("办公室", "人事科"),
    )
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("bianban2", "office_member", office=("establishment", "440600"))
    world.account("zuzhi", "office_member", office=("organisation", "440600"))
    world.account("geren", "person", person_id=made.people[0])
    world.account("caizheng", "office_member", office=("finance", "440600"))
    world.account("zhenjie", "town_officer", region="440604012")
    world.account("sysadmin", "system_admin")
    world.account("secadmin", "security_admin")
    world.account("auditor", "auditor")
    return made


def apply(desk: Any, name: str, number: str) -> str:
    page = desk.open("/case/new/recruit")
    desk.pick("line", "行政编制")
    desk.pick("department", "人事科")
    page.fill("[name=person_name]", name)
    page.fill("[name=id_number]", number)
    page.fill("[name=birth_on]", f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    page.wait_for_url(re.compile(r"/case/\d+/edit$"))  # what was typed is kept by now
    with page.expect_navigation():
        page.locator("#case-form button[value=submit]").click()
    return str(page.url)


def decide(desk: Any, path: str, verdict: str = "approve") -> str:
    page = desk.open(path)
    with page.expect_navigation():
        page.locator(f"#decision button[value={verdict}]").click()
        if verdict == "reject":  # its consequences are named first
            page.locator("dialog button[value=ok]").click()
    desk.check()
    return str(page.locator("main").inner_text())


def test_a_person_enters_from_application_to_disclosure_page_and_the_last_seat_is_given_once(
    world: World, body: Body, desks: Any
) -> None:
    clerk, bianban, zuzhi = desks("clerk"), desks("bianban"), desks("zuzhi")

    good = id_number()
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    # The kept form stands under the new draft's address, so going back or reloading finds it.
    assert re.search(r"/case/\d+/edit$", apply(clerk, "欧阳新", wrong))
    clerk.check()
    assert clerk.page.input_value("[name=person_name]") == "欧阳新"
    assert clerk.page.locator("#id_number-error").is_visible()
    clerk.page.fill("[name=id_number]", good)
    clerk.page.locator("#case-form button[value=submit]").click()
    clerk.page.wait_for_url(re.compile(r"/case/\d+$"))
    first = "/case/" + clerk.page.url.rsplit("/", 1)[1]
    second = "/case/" + apply(clerk, "诸葛晚", id_number()).rsplit("/", 1)[1]

    assert bianban.open("/queue").locator(f"a[href='{first}']").count() == 1
    decide(bianban, first)
    assert world.figures(body.line) == (4, 3, 1)
    refused = decide(bianban, second)
    assert "核定 4" in refused or "核定4" in refused, refused
    decide(zuzhi, first)

    page = clerk.open(first)
    page.fill("[name=arrived_on]", TODAY.isoformat())
    page.locator("form[action*=confirm_arrival] button").click()
    with page.expect_navigation():
        page.locator("dialog button[value=ok]").click()
    clerk.check()
    assert world.figures(body.line) == (4, 4, 0)

    shown = clerk.open("/disclosure").locator("main").inner_text()
    assert "欧阳新" in shown
    assert "诸葛晚" not in shown
    assert "欧阳新" in clerk.open(f"/unit/{body.id}").locator("main").inner_text()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("user", "paths"),
    [
        ("clerk", ("/", "/case/start", "/case/new/transfer", "/case/new/retire", "/case/new/leave",
                   "/case/new/leader", "/case/new/leader_leave", "/list/people", "/list/posts", "/list/cases",
                   "/list/units", "/disclosure", "/search", "/search?q=试", "/unit/1", "/unit/1?on=2016-06-01",
                   "/unit/1?on=2001-01-01", "/person/1", "/list/people?cols=name&cols=sex&state=serving", "/account/", "/delegation",
                   "/reveal/1", "/login/password")),
        ("bianban", ("/", "/queue", "/queue?view=late&q=x", "/ledger", "/ledger/440600", "/ledger/unit/1",
                     "/unit/1", "/search?q=试验", "/case/start", "/case/new/quota", "/case/new/quota_new",
                     "/case/new/lead_new", "/case/new/unit_open", "/case/new/department_open", "/case/new/unit_change",
                     "/case/new/unit_close", "/case/new/correction", "/case/new/person_correct", "/list/units",
                     "/list/people?sort=name", "/list/cases", "/intake/")),
        ("zuzhi", ("/", "/queue", "/ledger", "/list/people")),
        ("geren", ("/card",)),
        ("sysadmin", ("/admin/users", "/admin/users/new", "/admin/offices", "/admin/roles", "/admin/requests")),
        ("caizheng", ("/", "/list/units", "/list/people", "/list/cases", "/unit/1")),
        ("zhenjie", ("/", "/list/units")),
        ("secadmin", ("/admin/users", "/admin/roles")),
        ("auditor", ("/",)),
    ],
)  # fmt: skip
def test_every_page_is_accessible_and_loads_nothing_from_elsewhere(
    body: Body, desks: Any, user: str, paths: tuple[str, ...], width: int
) -> None:
    desk = desks(user, width)
    for path in paths:
        page = desk.open(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"


@pytest.mark.parametrize(
    "user", ["clerk", "bianban", "zuzhi", "caizheng", "zhenjie", "geren", "sysadmin", "secadmin", "auditor"]
)
def test_every_entry_of_a_menu_opens_its_own_page_and_is_marked_there(body: Body, desks: Any, user: str) -> None:
    desk = desks(user)
    entries = desk.page.locator(".bz-nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert entries
    for entry in entries:
        page = desk.open(entry, checked=False)
        assert page.locator(".bz-nav a[aria-current=page]").get_attribute("href") == entry
        assert page.url == desk.address + entry


def test_from_the_id_number_one_comes_back_to_the_person_or_to_ones_own_card(body: Body, desks: Any) -> None:
    for user, path in (("clerk", f"/person/{body.people[0]}"), ("geren", "/card")):
        page = desks(user).open(path)
        page.locator("main a[href^='/reveal/']").click()
        page.locator(f"main a[href='{path}']").click()
        page.wait_for_url("**" + path)


def test_a_case_goes_back_and_forth_and_nothing_typed_is_lost(world: World, body: Body, desks: Any) -> None:
    other = world.body("佛山市往返局", quotas={"11": 3}, departments=("人事科",))
    world.account("wangfan", "unit_clerk", unit=other.id)
    clerk, bianban = desks("wangfan"), desks("bianban")
    path = "/case/" + apply(clerk, "司马返", id_number()).rsplit("/", 1)[1]

    clerk.page.go_back()
    clerk.page.wait_for_url(re.compile(path + "$"))  # the form was this case: nothing is filed a second time
    assert "没有重复提交" in clerk.page.locator("main").inner_text()
    with clerk.page.expect_navigation():
        clerk.page.locator("form[action*=urge] button").click()
    assert "已催办" in bianban.open("/queue").locator("main").inner_text()

    page = bianban.open(path)
    page.locator("#decision button[value=return]").click()
    with page.expect_navigation():
        page.locator("dialog[open] button[value=ok]").click()
    assert "写明理由" in page.locator("#decision").locator("..").inner_text()
    page.fill("#opinion", "请补充政审材料")
    page.locator("#decision button[value=return]").click()
    with page.expect_navigation():
        page.locator("dialog[open] button[value=ok]").click()
    assert world.state(int(path.rsplit("/", 1)[1])) == "returned"

    assert "司马返" in clerk.open("/").locator("main").inner_text()
    page = clerk.open(path + "/edit")
    assert "请补充政审材料" in page.locator("main").inner_text()
    assert page.input_value("[name=person_name]") == "司马返"
    with page.expect_navigation():
        page.locator("#case-form button[value=submit]").click()
    clerk.check()
    assert "补正" in page.locator("main").inner_text()
    papers = clerk.open(path).locator("#printouts").inner_text()
    assert "受理回执" in papers
    assert "业务案卷" in papers

    page = bianban.open(path)
    page.fill("#opinion", "不符合招录条件")
    page.locator("#decision button[value=reject]").click()
    with page.expect_navigation():
        page.locator("dialog[open] button[value=ok]").click()
    assert "不符合招录条件" in clerk.open(path).locator("main").inner_text()
    assert world.figures(other.line) == (3, 0, 0)


def test_a_form_whose_session_ended_is_sent_after_signing_in_again(world: World, body: Body, desks: Any) -> None:
    other = world.body("佛山市过期局", quotas={"11": 3})
    world.account("guoqi", "unit_clerk", unit=other.id)
    desk = desks("guoqi")
    page = desk.open("/case/new/recruit")
    desk.pick("line", "行政编制")
    number = id_number()
    page.fill("[name=person_name]", "诸葛久")
    page.fill("[name=id_number]", number)
    page.fill("[name=birth_on]", f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    # From here on only the button speaks to the server: a check of what was typed would find the session ended before it.
    page.wait_for_url(re.compile(r"/case/\d+/edit$"))
    page.route("**", lambda r: r.fulfill(status=204) if "hx-request" in r.request.headers else r.continue_())
    page.context.clear_cookies()
    page.locator("#case-form button[value=submit]").click()
    page.wait_for_selector("#bz-ended[open]")
    with page.context.expect_page() as opened:
        page.locator("#bz-ended a").click()
    window = opened.value
    window.fill("[name=username]", "guoqi")
    window.fill("[name=password]", PASSWORD)
    window.locator("main button[type=submit]").click()
    window.wait_for_url(re.compile(r"/$"))
    window.close()
    page.evaluate("document.getElementById('bz-ended').close()")
    assert page.input_value("[name=person_name]") == "诸葛久"
    page.locator("#case-form button[value=submit]").click()
    page.wait_for_url(re.compile(r"/case/\d+$"))
    assert world.state(int(page.url.rsplit("/", 1)[1])) == "running"


def test_one_signs_in_at_the_page_of_sign_in(body: Body, browser: Any, address: str) -> None:
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    desk = Desk(context.new_page(), address)
    page = desk.open("/login/")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", "wrong")
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    desk.check()
    assert page.locator(".bz-alert-danger").is_visible()
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    assert page.url == address + "/"
    assert page.locator("nav.bz-nav").is_visible()
    context.close()


def test_the_search_box_opens_by_a_key_and_finds_a_person(world: World, body: Body, desks: Any) -> None:
    desk = desks("clerk")
    page = desk.open("/")
    page.keyboard.press("/")
    page.keyboard.type("验局1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search\?q="))
    desk.check()
    with page.expect_navigation():
        page.locator("main a[href^='/person/']").first.click()
    desk.check()
    assert "验局1" in page.locator("h1").inner_text()


def test_a_part_of_the_ledger_reads_without_script(world: World, body: Body, browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address + "/login/")
    page.fill("[name=username]", "bianban")
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    page.goto(address + "/ledger")
    page.locator(".bz-tree summary").first.click()
    with page.expect_navigation():
        page.locator(".bz-tree .bz-loading a").first.click()
    assert "佛山市试验局" in page.locator("main").inner_text()
    assert page.locator("nav.bz-nav").count() == 1, "a page, not a fragment"
    context.close()


def test_pages_are_light(body: Body, desks: Any) -> None:
    desk = desks("bianban")
    for path in ("/", "/queue", "/ledger", "/list/people", "/list/units", "/case/start", "/case/new/quota_new"):
        answer = desk.page.request.get(desk.address + path)
        assert int(answer.headers["content-length"]) < 30_000, path
        assert "</html>" in answer.text()


def test_a_task_is_handed_to_a_colleague(world: World, body: Body, desks: Any) -> None:
    other = world.body("佛山市又一局", quotas={"11": 2})
    case = world.recruit(other)
    desk = desks("bianban")
    page = desk.open(f"/case/{case}")
    page.locator("#decision details summary", has_text="转交").click()
    desk.pick("hand_over_to", "用")
    with page.expect_navigation():
        page.locator("#decision button[value=hand_over]").click()
    assert world.value("SELECT assignee_id IS NOT NULL FROM task WHERE id = :t", t=world.task(case, "establishment"))


def test_a_quota_changes_only_by_a_second_officials_word(world: World, body: Body, desks: Any) -> None:
    other = world.body("佛山市核编局", quotas={"11": 2}, people={"11": 1})
    first, second = desks("bianban"), desks("bianban2")
    page = first.open("/case/new/quota")
    first.pick("any_line", "佛山市核编局")
    page.fill("[name=authorised]", "0")
    page.fill("[name=document_no]", "佛编〔2026〕8号")
    page.fill("[name=issuer]", "市委编委")
    page.fill("[name=start]", TODAY.isoformat())
    page.locator("#case-form button[value=submit]").click()
    page.wait_for_url("**/edit")
    assert "请先办理减员，或至少填 1" in page.locator("main").inner_text()
    assert page.input_value("[name=document_no]") == "佛编〔2026〕8号", "below what is occupied: nothing typed is lost"
    page.fill("[name=authorised]", "6")
    page.locator("#case-form button[value=submit]").click()
    page.wait_for_url(re.compile(r"/case/\d+$"))
    path = "/case/" + page.url.rsplit("/", 1)[1]
    assert first.open(path).locator("button[value=approve]").count() == 0, "who filed it may not decide it"
    assert world.figures(other.line) == (2, 1, 0)
    decide(second, path)
    assert world.figures(other.line) == (6, 1, 0)
    assert world.value("SELECT count(*) FROM post WHERE line_id = :l AND status = 'vacant'", l=other.line) == 5


def test_the_administrator_gives_and_takes_an_identity(world: World, body: Body, desks: Any) -> None:
    desk = desks("sysadmin")
    page = desk.open("/admin/users/new")
    page.fill("[name=username]", "xin.ren")
    page.fill("[name=name]", "新人")
    page.locator("main form button.btn-primary").first.click()
    page.wait_for_url(re.compile(r"/admin/user/\d+$"))
    page.select_option("[name=kind]", "unit_clerk")
    desk.pick("unit", "佛山市试验局")
    page.fill("[name=started_on]", "2026-01-01")
    with page.expect_navigation():
        page.locator("form:has([name=started_on]) button[type=submit]").click()
    desk.check()
    query = (
        "SELECT count(*) FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username = 'xin.ren'"
        " AND (a.ended_on IS NULL OR a.ended_on > kernel_today())"
    )
    assert world.value(query) == 0, "proposed is not granted"
    second = desks("secadmin")
    waiting = second.open("/admin/requests")
    with waiting.expect_navigation():
        waiting.locator("tr", has_text="新人").locator("form[action$='/approve'] button").click()
    second.check()
    assert world.value(query) == 1
    page = desk.open(page.url.removeprefix(desk.address))
    page.locator("form[action*='/end'] button").click()
    with page.expect_navigation():
        page.locator("dialog button[value=ok]").click()
    assert world.value(query) == 0
