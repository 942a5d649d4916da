"""授权、委托、查看全号 over HTTP; the permission matrix against the routes; each role's pages."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.domain.workdays import city_today
from app.security.hats import ROLES
from app.security.manager import FAB_ROLES
from app.security.matrix import LINES, ROLE_NAMES, WITHOUT_RIGHTS
from tests.security.conftest import Client
from tests.world import Body, World

TODAY = city_today().isoformat()


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("页面局", people={"11": 2})
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("clerk2", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("caizheng", "office_member", office=("finance", "440600"))
    world.account("shebao", "office_member", office=("social_insurance", "440600"))
    world.account("jijian", "inspector", region="440600")
    world.account("zhuguan", "supervisor", unit=made.id)
    world.account("geren", "person", person_id=made.people[0])
    world.account("sys", "system_admin")
    world.account("sec", "security_admin")
    world.account("newcomer", "person", person_id=made.people[1])
    return made


def test_every_route_has_its_line_in_the_permission_matrix(app: Flask) -> None:
    assert {r.endpoint for r in app.url_map.iter_rules()} == {*LINES, *WITHOUT_RIGHTS}


def test_rights_are_exact_and_every_hat_has_a_role_with_a_name() -> None:
    assert all("*" not in right for rights in FAB_ROLES.values() for _view, right in rights)
    assert set(ROLES.values()) - {"service"} | {"reader"} == set(ROLE_NAMES)
    assert FAB_ROLES["Public"] == FAB_ROLES["service"] == []


def test_the_matrix_page_shows_every_line(body: Body, client: Callable[..., Client]) -> None:
    page = client("sec").get("/admin/roles").get_data(as_text=True)
    assert [e for e, line in LINES.items() if e not in page] == []


def number_of(world: World, person_id: int) -> str:
    kind, cipher = world.row("SELECT id_type, id_cipher FROM person WHERE id = :p", p=person_id)
    return world.keys.decrypt(kind, bytes(cipher))


def test_the_whole_number_is_shown_once_for_a_reason(world: World, body: Body, client: Callable[..., Client]) -> None:
    user, who = client("clerk"), body.people[0]
    number, path = number_of(world, who), f"/reveal/{who}"
    assert number not in user.get(path).get_data(as_text=True)
    assert number not in user.post(path, {"reason": "查"}).get_data(as_text=True)
    answer = user.post(path, {"reason": "核对档案"})
    assert number in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert number not in user.get(path).get_data(as_text=True)
    facts = world.value("SELECT facts FROM audit_event WHERE kind = 'reveal' ORDER BY id DESC LIMIT 1")
    assert facts == {"person": who, "group": "document", "reason": "核对档案"}


def test_no_page_list_export_or_search_shows_a_whole_number(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    numbers = [number_of(world, p) for p in body.people]
    for username in ("clerk", "bianban", "caizheng", "shebao", "jijian", "zhuguan", "geren"):
        user = client(username)
        for path in (f"/unit/{body.id}", "/list/people", "/list/people/export", "/search/people?q=", "/card", "/ledger",
                     f"/search/people?q={numbers[0]}", f"/list/people?q={numbers[0]}"):  # fmt: skip
            shown = user.get(path).get_data().decode(errors="replace")
            # What the reader typed stands in the page's own links; it finds nobody.
            asked = numbers[:1] if "q=4" in path else []
            assert [n for n in numbers if n in shown and n not in asked] == [], f"{username} {path}"
            assert "面局1" not in shown or not asked


@pytest.mark.parametrize("username", ["caizheng", "shebao", "zhuguan"])
def test_who_has_no_right_to_the_number_has_no_page_for_it(
    body: Body, client: Callable[..., Client], username: str
) -> None:
    user = client(username)
    assert user.get(f"/reveal/{body.people[0]}").status_code == 403
    assert "/reveal/" not in user.get("/list/people").get_data(as_text=True)


def test_the_least_is_what_social_insurance_reads_in_the_list(body: Body, client: Callable[..., Client]) -> None:
    page = client("shebao").get("/list/people").get_data(as_text=True)
    assert "面局0" in page
    assert "1990-05-17" not in page
    for path in ("/queue", "/case/start", "/case/new/recruit", "/search/people"):
        assert client("shebao").get(path).status_code in (302, 403)


@pytest.mark.parametrize(
    ("username", "home"),
    # What waits for a side is where it begins: confirmations, decisions, or nothing but the ledger.
    [("caizheng", "/acknowledgements"), ("shebao", "/acknowledgements"), ("jijian", "/ledger"), ("zhuguan", "/queue")],
)
def test_reading_sides_have_their_pages(body: Body, client: Callable[..., Client], username: str, home: str) -> None:
    user = client(username)
    assert user.get("/").location == home
    for path in ("/ledger", "/ledger/440600", "/list/units", "/list/people", "/list/cases", f"/unit/{body.id}"):
        assert user.get(path).status_code == 200, path


def test_an_identity_is_proposed_and_approved_on_the_pages(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    whom = world.value("SELECT id FROM ab_user WHERE username = 'newcomer'")
    system, security = client("sys"), client("sec")
    assert system.get(f"/admin/user/{whom}").status_code == 200
    form = {"kind": "inspector", "region": "440604", "started_on": TODAY}
    assert system.post(f"/admin/user/{whom}", form).status_code == 302
    request = world.value("SELECT id FROM grant_request WHERE user_id = :u", u=whom)
    system.get("/admin/requests")
    assert system.post(f"/admin/requests/{request}/approve").status_code in (302, 403)
    assert world.value("SELECT state FROM grant_request WHERE id = :r", r=request) == "open"
    assert "用newcomer" in security.get("/admin/requests").get_data(as_text=True)
    assert security.post(f"/admin/requests/{request}/approve").status_code == 302
    assert world.value("SELECT region_code FROM account WHERE user_id = :u AND kind = 'inspector'", u=whom) == "440604"
    assert security.get("/admin/user/1").status_code in (302, 403)


def test_a_delegation_is_given_and_recalled_on_the_page(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    user = client("clerk")
    whom = world.value("SELECT id FROM ab_user WHERE username = 'clerk2'")
    assert user.get("/delegation").status_code == 200
    until = world.value("SELECT kernel_today() + 5").isoformat()
    form = {"colleague": whom, "started_on": TODAY, "ended_on": until, "reason": "出差"}
    assert user.post("/delegation", form).status_code == 302
    account = world.value("SELECT id FROM account WHERE delegated_from IS NOT NULL")
    deputy = client("clerk2")
    assert "代同事" in deputy.get("/").get_data(as_text=True)
    deputy.post("/hat/", {"hat": account})
    assert deputy.get("/delegation").status_code == 403  # no further
    assert deputy.get(f"/unit/{body.id}").status_code == 200
    user.get("/delegation")
    assert user.post(f"/delegation/{account}/end").status_code == 302
    assert deputy.get(f"/unit/{body.id}").status_code == 302
