"""Findings that other systems of this kind have had, replayed and refused."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.security import cast
from tests.security.cast import Cast
from tests.security.conftest import Client
from tests.world import World

HASH = re.compile(r"scrypt:\d+|pbkdf2:|\$argon2")


@pytest.fixture(scope="module")
def made(world: World) -> Cast:
    return cast.build(world)


@pytest.fixture(scope="module")
def users(app: Flask, world: World, made: Cast) -> dict[str, Client]:
    """One open browser for each role."""
    return {r.username: cast.browser(app, world, r.username) for r in cast.ROLES}


# -- Flask-AppBuilder's own ------------------------------------------------------------------------------------------

FAB_ROUTES = (
    "/users/list/", "/users/show/1", "/users/add", "/users/edit/1", "/users/userinfo/", "/users/download",
    "/userinfoeditview/form", "/resetpassword/form?pk=1", "/resetmypassword/form", "/roles/list/", "/roles/edit/1",
    "/registeruser/list/", "/register/form", "/permissions/list/", "/viewmenus/list/", "/permissionviews/list/",
    "/userstatschartview/chart/", "/api/v1/security/login", "/api/v1/security/users/", "/api/v1/security/roles/",
    "/api/v1/security/users/?q=(filters:!((col:password,opr:sw,value:scrypt)))", "/api/v1/_openapi",
    "/api/v1/menu/", "/swagger/v1", "/swaggerview/v1", "/users/api/read?_flt_2_password=scrypt", "/users/api/column/add/roles",
    "/users/list/?_flt_0_password=scrypt", "/users/action_post", "/users/list/?_oc_UserDBModelView=password&_od_UserDBModelView=asc",
    "/usergroups/list/", "/apikeys/list/", "/back", "/console", "/debug", "/static/../config.py", "/static/%2e%2e/config.py",
)  # fmt: skip


@pytest.mark.parametrize("username", ["stranger", "clerk", "bianban", "xitong", "anquan"])
def test_none_of_the_frameworks_own_pages_and_apis_is_there(users: dict[str, Client], username: str) -> None:
    user = users[username]
    for path in FAB_ROUTES:
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = user.client.open(path, method=method, json={} if method != "GET" else None)
            assert answer.status_code in (400, 404, 405), f"{method} {path}: {answer.status_code}"
            assert not HASH.search(answer.get_data(as_text=True)), path


FILTERS = [
    f"{name}={value}"
    for name in ("_flt_0_password", "_flt_2_password", "_flt_0_created_by.password", "_oc_ListView", "_od_ListView", "sort",
                 "order_by", "cols", "filter", "q.password", "fields", "include", "select")
    for value in ("password", "scrypt", "id_cipher", "id_index", "person.id_cipher")
]  # fmt: skip


@pytest.mark.parametrize("username", ["clerk", "bianban", "xitong"])
def test_no_filter_or_order_reads_a_column_that_is_not_shown(users: dict[str, Client], username: str) -> None:
    """A row that comes and goes with a guessed beginning of a hash would give it away letter by letter."""
    path = "/admin/users" if username == "xitong" else "/list/people"
    plain = rows(users[username], path)
    for query in FILTERS:
        answer = users[username].get(f"{path}?{query}")
        assert answer.status_code in (200, 400), query
        if answer.status_code == 200:
            assert re.findall(r'href="/(?:person|admin/user)/(\d+)"', answer.get_data(as_text=True)) == plain, query
        assert not HASH.search(answer.get_data(as_text=True))


def rows(user: Client, path: str) -> list[str]:
    found = re.findall(r'href="/(?:person|admin/user)/(\d+)"', user.get(path).get_data(as_text=True))
    assert found
    return found


# -- more rights than given ------------------------------------------------------------------------------------------

RISE = {"kind": "office_head", "role": "system_admin", "roles": "1", "is_admin": "true", "active": "1", "office_id": "1",
        "unit_id": "1", "user_id": "1", "password": "x", "account_id": "1", "account": "1", "hat": "1"}  # fmt: skip


@pytest.mark.parametrize(
    "role", [r for r in cast.ROLES if r.role not in ("", "system_admin")], ids=lambda r: r.username
)
def test_no_form_field_and_no_page_of_administration_gives_a_right(
    world: World, users: dict[str, Client], role: cast.Role
) -> None:
    user = users[role.username]
    me = world.value("SELECT id FROM ab_user WHERE username = :u", u=role.username)
    held = "SELECT array_agg(a.kind ORDER BY a.id) FROM account a WHERE a.user_id = :u"
    before = world.value(held, u=me)
    for path in (f"/admin/user/{me}", "/admin/users/new", f"/admin/user/{me}/admit", f"/admin/user/{me}/password",
                 "/admin/requests/1/approve", "/admin/requests/named/1", "/account/tokens", "/login/password", "/delegation",
                 "/case/new/recruit"):  # fmt: skip
        answer = user.post(path, {**RISE, "started_on": "2026-01-01", "name": "x", "days": "1"})
        assert answer.status_code < 500, path
    user.post("/hat/", {"hat": "1", **{k: v for k, v in RISE.items() if k != "hat"}})
    assert world.value(held, u=me) == before
    opened = world.value("SELECT a.user_id FROM sign_in s JOIN account a ON a.id = s.account_id WHERE s.user_id = :u"
                         " ORDER BY s.id DESC LIMIT 1", u=me)  # fmt: skip
    assert opened == me


EXTRA = {"state": "done", "stage": "99", "created_by": "1", "number": "X", "scope_path": "0", "process_version_id": "1",
         "office_id": "1", "unit_id": "1", "id": "1", "submitted_at": "2020-01-01", "result": "{}"}  # fmt: skip


def test_fields_that_a_form_does_not_have_are_not_taken(world: World, made: Cast, users: dict[str, Client]) -> None:
    user = users["head"]
    user.get("/case/new/recruit")
    answer = user.post("/case/new/recruit", {"person_name": "多填者", **EXTRA})
    number = int(answer.location.split("/")[2])
    row = world.row("SELECT state, unit_id, scope_path, submitted_at, result FROM application WHERE id = :c", c=number)
    mine = made.bodies["市局"]
    assert row[:4] == ("draft", mine.id, mine.scope_path, None)
    assert world.value("SELECT u.username FROM application a JOIN ab_user u ON u.id = a.created_by WHERE a.id = :c",
                       c=number) == "head"  # fmt: skip


# -- decisions without the form's token ------------------------------------------------------------------------------


def bodies(path: str) -> list[tuple[str, dict[str, Any]]]:
    said = {"decision": "approve", "opinion": "同意"}
    return [
        ("POST", {"data": said}),
        ("POST", {"json": said}),
        ("POST", {"data": said, "headers": {"Content-Type": "text/plain"}}),
        ("POST", {"data": said, "content_type": "multipart/form-data"}),
        ("POST", {"data": {**said, "csrf_token": ""}}),
        ("POST", {"data": {**said, "csrf_token": "x.y.z"}}),
        ("POST", {"data": said, "headers": {"X-CSRFToken": "x"}}),
        ("POST", {"data": said, "headers": {"X-HTTP-Method-Override": "GET"}}),
        ("GET", {"query_string": {**said, "_method": "POST"}}),
        ("GET", {"query_string": said, "headers": {"X-HTTP-Method-Override": "POST"}}),
        ("HEAD", {"query_string": said}),
        ("PUT", {"json": said}),
        ("PATCH", {"json": said}),
    ]


def test_no_decision_is_taken_without_the_forms_token(world: World, made: Cast, users: dict[str, Client]) -> None:
    case, task = made.cases["市局"], made.tasks["市局"]["establishment"]
    path = f"/case/{case}/decide/{task}"
    for method, options in bodies(path):
        answer = users["bianban"].client.open(path, method=method, **options)
        assert answer.status_code in (400, 405), f"{method} {options}: {answer.status_code}"
    # Another session's token is no token either.
    strange = users["zuzhi"].token
    answer = users["bianban"].client.post(path, data={"decision": "approve", "csrf_token": strange})
    assert answer.status_code == 400
    assert world.value("SELECT count(*) FROM decision WHERE case_id = :c", c=case) == 0


# -- related rows, search endpoints ----------------------------------------------------------------------------------

SEARCHES = ("/search", "/search/lines", "/search/departments", "/search/units", "/search/people", "/search/leads",
            "/search/occupancies", "/search/colleagues")  # fmt: skip


@pytest.mark.parametrize("role", [r for r in cast.ROLES if r.role], ids=lambda r: r.username)
def test_searches_and_related_lists_give_no_row_of_another_side(
    made: Cast, users: dict[str, Client], role: cast.Role
) -> None:
    user, mark = users[role.username], cast.SIDES[role.foreign] * 2
    ids = made.ids(role, "foreign")
    queries = ("", f"q={mark[0]}", f"unit={ids['unit_id']}&kind=any", f"q={mark}&unit={ids['unit_id']}&kind=any")
    for path in (*SEARCHES, "/list/people", "/list/posts", "/list/cases", "/list/units"):
        for query in queries:
            answer = user.get(f"{path}?{query}")
            assert answer.status_code < 500, f"{path}?{query}"
            page = answer.get_data().decode(errors="replace")
            assert [m for m in cast.foreign_marks(role) if m in page] == [], f"{path}?{query}"


# -- the way in and what stays of it ---------------------------------------------------------------------------------


def test_a_right_that_was_taken_is_gone_with_the_next_request_of_an_open_page(
    app: Flask, world: World, made: Cast
) -> None:
    world.account("wandering", "office_member", office=("establishment", "440600"))
    user = cast.browser(app, world, "wandering")
    case, task = made.cases["校方"], made.tasks["校方"]["establishment"]
    assert user.get(f"/case/{case}").status_code == 200  # the panel to decide stands open
    with world.owner.begin() as connection:
        connection.execute(
            text("UPDATE account SET kind = 'unit_clerk', office_id = NULL, unit_id = :u WHERE user_id ="
                 " (SELECT id FROM ab_user WHERE username = 'wandering')"), {"u": made.bodies["区局"].id},
        )  # fmt: skip
    assert user.post(f"/case/{case}/decide/{task}", {"decision": "approve", "opinion": "同意"}).status_code == 404
    assert user.get("/queue").status_code == 403
    assert user.get(f"/unit/{made.bodies['校方'].id}").status_code == 404
    assert world.value("SELECT count(*) FROM decision WHERE case_id = :c", c=case) == 0


@pytest.mark.parametrize("path", ["/", "/list/people", "/case/start", "/admin/users", "/audit/", "/card", "/account/",
                                  "/nothing", "/list/people/export", "/search/people"])  # fmt: skip
def test_every_answer_forbids_frames_caches_and_guessing(users: dict[str, Client], path: str) -> None:
    for user in users.values():
        headers = user.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(app: Flask, made: Cast) -> None:
    answer = app.test_client().get("/login/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie or "SameSite=Strict" in cookie
    assert "Domain=" not in cookie


TRICKS = ("//list/people", "/list//people", "/./list/people", "/list/%2e/people", "/list/people;.css", "/list/people/",
          "/list/people%00", "/LIST/people", "/list/people%2f", "/list/people.json", "/%6cist/people", "/static/..%2flist/people",
          "/login/../list/people", "/static/%2e%2e/list/people")  # fmt: skip


@pytest.mark.parametrize("path", TRICKS)
def test_no_spelling_of_an_address_goes_round_its_door(users: dict[str, Client], path: str) -> None:
    answer = users["stranger"].get(path, follow_redirects=True)
    page = answer.get_data(as_text=True)
    assert answer.status_code in (200, 400, 404)
    assert "甲甲0" not in page
    if answer.status_code == 200:
        assert 'name="password"' in page, "only the page of sign-in"
    assert "甲甲0" not in users["geren"].get(path, follow_redirects=True).get_data(as_text=True).replace(
        "用geren", ""
    ) or (path == "/login/../list/people")


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Original-URL",
                                    "X-Rewrite-URL", "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto"])  # fmt: skip
def test_no_header_names_a_user_an_address_or_a_host(users: dict[str, Client], header: str) -> None:
    for value in ("clerk", "/list/people", "evil.example", "https"):
        answer = users["stranger"].client.get("/list/people", headers={header: value})
        assert answer.status_code == 302
        assert answer.location.startswith("/login/")
        assert "evil.example" not in answer.location


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "https:evil.example",
                                    "///evil.example", "/%5cevil.example", "\tjavascript:alert(1)"])  # fmt: skip
def test_no_page_sends_its_reader_to_another_site(users: dict[str, Client], target: str) -> None:
    for username in ("stranger", "clerk"):
        for path in ("/login/", "/lang/en", "/logout/", "/hat/", "/list/people"):
            for name in ("next", "url", "back", "return_to"):
                answer = users[username].client.get(path, query_string={name: target}, headers={"Referer": target})
                place = answer.location or ""
                assert not re.match(r"(?i)\s*(https?:|javascript:|//|/\\|\\)", place), f"{path}?{name}: {place}"
