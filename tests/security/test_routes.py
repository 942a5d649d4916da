"""Every route is known, closed to strangers, and changes nothing without a form's token."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask

from app.security import matrix
from tests.security.conftest import Client
from tests.world import Body, World

# Who may come in, by endpoint, as the permission matrix declares it: a new route fails until it stands there.
UNIT, OFFICE, PERSON, ADMIN, AUDITOR, EVERYBODY = "unit", "office", "person", "admin", "auditor", "everybody"
STEPS = ("SignInView.factor", "SignInView.enrol", "SignInView.password")
SIDES = {"system_admin": ADMIN, "security_admin": "security"}


def door(endpoint: str, line: matrix.Line) -> set[str]:
    """The kinds of door that these tests tell apart."""
    if endpoint in STEPS:
        return {"steps"}
    if line.public:
        return {"public"}
    if endpoint.startswith("api_v1"):
        return {"token"}
    return {EVERYBODY} if line.roles == matrix.SIGNED_IN else {SIDES.get(r, r) for r in line.roles}


DOORS: dict[str, set[str]] = {
    **{endpoint: door(endpoint, line) for endpoint, line in matrix.LINES.items()},
    **{endpoint: {"gone"} for endpoint in matrix.WITHOUT_RIGHTS},
    "static": {"public"},
}
USERS = {UNIT: "clerk", OFFICE: "bianban", PERSON: "geren", ADMIN: "sysadmin", AUDITOR: "auditor"}
VALUES = {"process": "recruit", "name": "people", "region": "440600", "locale": "en", "action": "stop",
          "verdict": "approve", "filename": "x", "form": "csv"}  # fmt: skip


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("门户局", people={"11": 2})
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("geren", "person", person_id=made.people[0])
    world.account("sysadmin", "system_admin")
    world.account("auditor", "auditor")
    return made


def path_of(app: Flask, rule: Any) -> str:
    values = {a: VALUES.get(a, 1) for a in rule.arguments}
    with app.test_request_context():
        return str(
            app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods - {"OPTIONS"})))
        )


def test_every_route_is_known(app: Flask) -> None:
    assert {r.endpoint for r in app.url_map.iter_rules()} == set(DOORS)


def test_no_route_adds_edits_or_deletes_rows_and_no_api_is_open(app: Flask) -> None:
    bad = ("/add", "/edit/", "/delete", "/api/", "/register", "/resetpassword", "/userinfo", "/swagger")
    found = [r for r in app.url_map.iter_rules() if any(b in r.rule for b in bad)]
    assert [r.rule for r in found if not r.rule.startswith("/api/v1/") or r.methods & {"POST", "PUT", "DELETE"}] == []


def test_strangers_are_sent_to_sign_in(app: Flask, body: Body, client: Callable[..., Client]) -> None:
    for rule in app.url_map.iter_rules():
        if DOORS[rule.endpoint] & {"public", "gone"}:
            continue
        stranger = client()
        stranger.get("/login/")
        for method in rule.methods & {"GET", "POST"}:
            answer = stranger.get(path_of(app, rule)) if method == "GET" else stranger.post(path_of(app, rule))
            assert answer.status_code in (302, 401, 403), f"{method} {rule.rule}: {answer.status_code}"
            if answer.status_code == 302:
                assert answer.location.startswith("/login/"), f"{rule.rule} → {answer.location}"


@pytest.mark.parametrize("side", USERS)
def test_each_role_enters_its_own_rooms_only(app: Flask, body: Body, client: Callable[..., Client], side: str) -> None:
    user = client(USERS[side])
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or DOORS[rule.endpoint] & {"public", "gone", "steps", EVERYBODY}:
            continue
        status = user.get(path_of(app, rule)).status_code
        if side in DOORS[rule.endpoint]:
            assert status in (200, 404), f"{rule.rule}: {status}"  # 404: a row that is not theirs
        else:
            assert status in (302, 401, 403), f"{side} entered {rule.rule}: {status}"


def test_routes_without_use_are_gone(app: Flask, body: Body, client: Callable[..., Client]) -> None:
    user = client("clerk")
    assert user.get("/back").status_code == 404
    assert user.get("/static/appbuilder/css/ab.css").status_code == 404


def test_every_change_needs_the_forms_token(app: Flask, body: Body, client: Callable[..., Client]) -> None:
    for side, username in USERS.items():
        user = client(username)
        for rule in app.url_map.iter_rules():
            if "POST" in rule.methods:
                answer = user.client.post(path_of(app, rule), data={"username": "clerk", "password": "x"})
                assert answer.status_code == 400, f"{side} {rule.rule}: {answer.status_code}"


@pytest.mark.parametrize("username", ["clerk", "bianban", "sysadmin"])
def test_values_that_mean_nothing_are_refused_and_break_nothing(
    app: Flask, body: Body, client: Callable[..., Client], username: str
) -> None:
    user = client(username)
    bad = ("'", "%00", "-1", "999999999999999999999", "é" * 400, "../..", "2026-13-45", "a~b", "1-x", "[]", "0x1f")
    names = ("q", "state", "sort", "after", "region", "on", "kind", "unit", "page_size", "_flt_0_name", "account",
             "view", "process", "cols")  # fmt: skip
    # Every path meets a quarter of the pairs, every pair a quarter of the paths; hypothesis tries the rest (test_fuzz).
    for turn, path in enumerate(("/", "/list/people", "/list/units", "/list/posts", "/list/cases", "/ledger", "/ledger/440600",
                 f"/unit/{body.id}", "/disclosure", "/queue", "/search/lines", "/search/people", "/search/departments",
                 "/search/units", "/search", f"/unit/{body.id}/export", "/list/cases/export", "/case/start",
                 "/intake/", "/admin/users", "/admin/units")):  # fmt: skip
        for name, value in list(product(names, bad))[turn % 4 :: 4]:
            status = user.get(f"{path}?{name}={value}").status_code
            assert status < 500, f"{path}?{name}={value}: {status}"
    for name, value in (("sort", "password"), ("state", "x"), ("after", "x"), ("page_size", "100000"), ("region", "1"),
                        ("cols", "id_cipher"), ("process", "recruit")):  # fmt: skip
        if username != "sysadmin":
            assert user.get(f"/list/people?{name}={value}").status_code == 400
    if username == "bianban":
        for path in ("/queue?view=x", "/queue?after=1", "/queue?process=nothing", "/queue?page=2", "/ledger/440600?after=x'",
                     "/list/cases?process=a-b", "/list/cases?region=440604"):  # fmt: skip
            assert user.get(path).status_code == 400, path
    assert user.get("/list/nothing").status_code in (403, 404)


def test_every_answer_carries_the_protecting_headers(body: Body, client: Callable[..., Client]) -> None:
    user = client("clerk")
    for path in ("/", "/list/people", "/login/", "/nothing", "/list/people?sort=x"):
        headers = user.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers
    assert "max-age" in user.get("/", base_url="https://localhost").headers["Strict-Transport-Security"]


def test_only_the_named_hosts_are_answered(app: Flask, body: Body, client: Callable[..., Client]) -> None:
    app.config["TRUSTED_HOSTS"] = ["localhost", "bianzhi.example"]
    try:
        assert client().get("/login/", base_url="http://bianzhi.example").status_code == 200
        for path in ("/login/", "/static/css/bianzhi.css", "/nothing"):
            refused = client().get(path, base_url="http://evil.example")
            assert refused.status_code == 400
            assert "evil.example" not in refused.get_data(as_text=True)
    finally:
        app.config["TRUSTED_HOSTS"] = None


def test_styles_and_scripts_come_compressed_and_are_kept_until_they_change(
    body: Body, client: Callable[..., Client]
) -> None:
    user = client()
    page = user.get("/login/").get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="(/static/[^"#]+)"', page)
    assert addresses
    whole = 0
    for address in addresses:
        answer = user.get(address, headers={"Accept-Encoding": "gzip"})
        assert "immutable" in answer.headers["Cache-Control"], address
        assert "Cookie" not in answer.headers.get("Vary", ""), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype.startswith("text/"):
            assert answer.headers["Content-Encoding"] == "gzip", address
        plain = user.get(address)
        assert "Content-Encoding" not in plain.headers
        whole += len(answer.get_data())
    assert whole < 200_000, "first load"
    assert "immutable" not in user.get("/static/css/bianzhi.css?v=old").headers["Cache-Control"]


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_this_site_only(body: Body, client: Callable[..., Client], target: str) -> None:
    stranger = client()
    answer = stranger.sign_in("clerk", path=f"/login/?next={target}")
    assert answer.location == "/"


def test_signing_out_kills_the_cookie(body: Body, client: Callable[..., Client]) -> None:
    user = client("clerk")
    cookie = user.client.get_cookie("bianzhi")
    assert cookie is not None
    assert user.post("/logout/").status_code == 302
    thief = client()
    thief.client.set_cookie("bianzhi", cookie.value)
    assert thief.get("/disclosure").status_code == 302


def test_signing_in_gives_a_new_session(body: Body, client: Callable[..., Client]) -> None:
    user = client()
    user.get("/login/")
    before = user.client.get_cookie("bianzhi")
    user.sign_in("clerk")
    after = user.client.get_cookie("bianzhi")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert after.http_only


def test_an_unknown_user_and_a_wrong_password_are_told_the_same(body: Body, client: Callable[..., Client]) -> None:
    texts = []
    for username, password in (("clerk", "wrong"), ("nobody", "wrong")):
        stranger = client()
        answer = stranger.sign_in(username, password)
        assert answer.status_code == 401
        texts.append(answer.get_data(as_text=True).replace(username, "").replace(stranger.token, ""))
    lines = [[x for x in t.splitlines() if "csrf" not in x and "nonce" not in x] for t in texts]
    assert lines[0] == lines[1]


def test_a_hat_that_ended_opens_nothing_from_the_next_request_on(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    world.account("leaver", "unit_clerk", unit=body.id)
    user = client("leaver")
    assert user.get("/disclosure").status_code == 200
    with world.owner.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE account SET ended_on = kernel_today() WHERE user_id = (SELECT id FROM ab_user WHERE username = 'leaver')"
        )
    assert user.get("/disclosure").status_code == 302
