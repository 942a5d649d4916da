"""The interface for programs: a bearer token alone, read-only, under the account's own rows."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Identity, digest
from app.domain import errors
from tests.security.conftest import Client
from tests.world import PASSWORD, Body, World

PATHS = ("/api/v1/units", "/api/v1/people", "/api/v1/cases", "/api/v1/openapi.json")


@pytest.fixture(scope="module")
def bodies(world: World) -> tuple[Body, Body]:
    mine = world.body("接口甲局", quotas={"11": 9}, people={"11": 5})
    other = world.body("接口乙局", quotas={"11": 9}, people={"11": 3})
    world.account("clerk", "unit_clerk", unit=mine.id)
    world.account("rival", "unit_clerk", unit=other.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("root", "system_admin")
    world.account("caizheng", "office_member", office=("finance", "440600"))
    world.account("shebao", "office_member", office=("social_insurance", "440600"))
    world.account("zhuguan", "supervisor", unit=mine.id)
    world.account("jijian", "inspector", region="440604")
    world.account("zhen", "town_officer", region="440604012")
    world.account("geren", "person", person_id=mine.people[0])
    world.recruit(other)
    return mine, other


def made(world: World, username: str, days: int = 30) -> str:
    """A token as the page makes it."""
    token = f"bz_{username}-{world.value('SELECT count(*) FROM api_token')}-{'x' * 32}"
    who = world.identity(username)
    with world.database.transaction(who) as s:
        s.execute(text("SELECT new_api_token('试', :h, :d, '', :s)"),
                  {"h": digest(token), "d": days, "s": digest(who.token)})  # fmt: skip
    return token


def ask(app: Flask, path: str, token: str | None = None, **query: Any) -> Any:
    client: FlaskClient = app.test_client()
    return client.get(path, query_string=query, headers={"Authorization": f"Bearer {token}"} if token else {})


def everything(app: Flask, path: str, token: str, limit: int) -> list[dict[str, Any]]:
    rows, after = [], ""
    while after is not None:
        answer = ask(app, path, token, limit=limit, after=after)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert len(answer.json["items"]) <= limit
        rows += answer.json["items"]
        after = answer.json["next"]
    return rows


@pytest.mark.parametrize("path", PATHS)
def test_a_cookie_opens_nothing_here(
    bodies: tuple[Body, Body], client: Callable[..., Client], world: World, path: str
) -> None:
    signed_in = client("clerk")
    answer = signed_in.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    session_token = world.identity("clerk").token
    for said in (
        f"Bearer {session_token}",
        f"Bearer bz_{session_token}",
        "Bearer ",
        "Bearer bz_",
        "Basic Og==",
        "Bearer bz_é",
    ):
        assert signed_in.get(path, headers={"Authorization": said}).status_code == 401


def test_a_programs_token_opens_no_page_and_no_session(world: World, bodies: tuple[Body, Body]) -> None:
    token = made(world, "clerk")
    with world.database.transaction(Identity(token)) as s:
        assert s.execute(text("SELECT scope_part(1)")).scalar_one() is None


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_by_cursor_give_each_own_row_once_and_no_foreign_one(
    app: Flask, world: World, bodies: tuple[Body, Body], limit: int
) -> None:
    mine, other = bodies
    token = made(world, "clerk")
    people = everything(app, "/api/v1/people", token, limit)
    assert sorted(p["id"] for p in people) == sorted(mine.people)
    assert [u["id"] for u in everything(app, "/api/v1/units", token, limit)] == [mine.id]
    assert everything(app, "/api/v1/cases", token, limit) == []
    office = made(world, "bianban")
    assert {*mine.people, *other.people} <= {p["id"] for p in everything(app, "/api/v1/people", office, limit)}
    assert len(everything(app, "/api/v1/cases", made(world, "rival"), limit)) == 1


def test_identity_numbers_leave_masked_only(app: Flask, world: World, bodies: tuple[Body, Body]) -> None:
    answer = ask(app, "/api/v1/people", made(world, "bianban"))
    assert all("**********" in p["id_mask"] for p in answer.json["items"])
    for cipher in world.value("SELECT array_agg(id_cipher) FROM person"):
        assert world.keys.decrypt("resident", bytes(cipher)) not in answer.get_data(as_text=True)


READERS = ("caizheng", "shebao", "zhen", "zhuguan", "jijian")


@pytest.mark.parametrize("username", READERS)
def test_who_only_reads_makes_a_token_that_reads_no_more_than_its_pages(
    app: Flask, world: World, bodies: tuple[Body, Body], client: Callable[..., Client], username: str
) -> None:
    """The permission matrix says for page and interface alike who reads business data."""
    mine, other = bodies
    user = client(username)
    assert "/account/tokens" in user.get("/account/").get_data(as_text=True)
    page = user.post("/account/tokens", {"name": "统计系统", "days": "30"}).get_data(as_text=True)
    found = re.search(r'id="new-token">(bz_[\w-]{43})<', page)
    assert found is not None
    seen = {p["id"] for p in everything(app, "/api/v1/people", found[1], 100)}
    # Finance and social insurance have no register; the town and the district have no such people.
    assert seen == (set(mine.people) if username == "zhuguan" else set())
    units = {u["id"] for u in everything(app, "/api/v1/units", found[1], 100)}
    own = {"zhuguan": {mine.id}, "zhen": set(), "jijian": set()}
    assert units == own.get(username, {mine.id, other.id})
    for person_id in (*mine.people, *other.people):
        if person_id not in seen:
            assert user.get(f"/person/{person_id}").status_code == 404


@pytest.mark.parametrize("username", ["root", "geren"])
def test_nobody_else_makes_one_by_hand(world: World, bodies: tuple[Body, Body], username: str) -> None:
    who = world.identity(username)
    with pytest.raises(errors.NotAllowed), world.database.transaction(who) as s:
        s.execute(text("SELECT new_api_token('x', '\\x01', 1, '', :s)"), {"s": digest(who.token)})


def test_administrators_make_no_token(world: World, bodies: tuple[Body, Body], client: Callable[..., Client]) -> None:
    root = client("root")
    assert "token_form" not in root.get("/account/").get_data(as_text=True)
    assert root.post("/account/tokens", {"name": "工具", "days": "30"}).status_code == 403


def test_a_token_is_shown_once_kept_as_a_hash_and_revoked(
    app: Flask, world: World, bodies: tuple[Body, Body], client: Callable[..., Client]
) -> None:
    mine = client("clerk")
    mine.get("/account/")
    page = mine.post("/account/tokens", {"name": "人事系统对接", "days": "30"}).get_data(as_text=True)
    found = re.search(r'id="new-token">(bz_[\w-]{43})<', page)
    assert found is not None
    token = found[1]
    assert token not in mine.get("/account/").get_data(as_text=True)
    assert ask(app, "/api/v1/people", token).status_code == 200
    row = world.row("SELECT id, token_hash, t::text FROM api_token t WHERE name = '人事系统对接'")
    assert bytes(row[1]) == digest(token)
    assert token not in row[2]
    rival = client("rival")
    rival.get("/account/")
    assert rival.post("/account/tokens/revoke", {"token": str(row[0])}).status_code == 404
    assert mine.post("/account/tokens/revoke", {"token": str(row[0])}).location == "/account/"
    assert ask(app, "/api/v1/people", token).status_code == 401
    kinds = world.value("SELECT array_agg(kind ORDER BY id) FROM audit_event WHERE kind LIKE 'token.%'"
                        " AND (facts ->> 'token')::bigint = :i", i=row[0])  # fmt: skip
    assert kinds == ["token.made", "token.revoked"]


@pytest.mark.parametrize(
    "change",
    ["UPDATE api_token SET created_at = created_at - interval '40 days', expires_at = expires_at - interval '40 days'",
     "UPDATE ab_user SET active = false WHERE username = 'brief'",
     "UPDATE account SET ended_on = kernel_today() WHERE user_id = (SELECT id FROM ab_user WHERE username = 'brief')"],
)  # fmt: skip
def test_a_token_ends_with_its_day_its_user_and_its_account(
    app: Flask, world: World, bodies: tuple[Body, Body], change: str
) -> None:
    world.account("brief", "unit_clerk", unit=bodies[0].id)
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE ab_user SET active = true WHERE username = 'brief'"))
    token = made(world, "brief")
    assert ask(app, "/api/v1/units", token).status_code == 200
    with world.owner.begin() as connection:
        connection.execute(text(change))
    assert ask(app, "/api/v1/units", token).status_code == 401


@pytest.mark.parametrize("way", ["own password", "given password", "lost factor"])
def test_a_token_ends_with_the_password_or_the_factor_of_its_user(
    app: Flask, world: World, bodies: tuple[Body, Body], client: Callable[..., Client], way: str
) -> None:
    name = "ends" + str(len(way))
    world.account(name, "unit_clerk", unit=bodies[0].id)
    token, whose = made(world, name), world.value("SELECT id FROM ab_user WHERE username = :u", u=name)
    assert ask(app, "/api/v1/units", token).status_code == 200
    if way == "own password":
        user = client(name)
        user.get("/login/password")
        new = "七块石头 沿着 河岸慢慢走"
        assert user.post("/login/password", {"old": PASSWORD, "new": new, "again": new}).location == "/"
    else:
        statement = "admin_set_user(:u, NULL, 'x')" if way == "given password" else "admin_forget_factor(:u, :s)"
        root = world.identity("root")
        with world.database.transaction(root) as session:
            session.execute(text(f"SELECT {statement}"), {"u": whose, "s": digest(root.token)})
    assert ask(app, "/api/v1/units", token).status_code == 401


def test_no_token_lives_longer_than_a_year(world: World, bodies: tuple[Body, Body]) -> None:
    with pytest.raises(DBAPIError, match="ck_api_token_period"):
        made(world, "clerk", days=367)


def test_a_tokens_transaction_cannot_write_even_by_the_kernels_functions(
    world: World, bodies: tuple[Body, Body]
) -> None:
    who, proved = Identity(made(world, "clerk"), api=True), digest(world.identity("clerk").token).hex()
    for statement in ("SELECT audit_note('view', '', '{}')", "UPDATE application SET title = 'x'",
                      f"SELECT new_api_token('x', '\\x01', 1, '', '\\x{proved}')"):  # fmt: skip
        with pytest.raises(DBAPIError) as refused, world.database.transaction(who) as s:
            s.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", "") == "25006", statement
    for statement in ("SET TRANSACTION READ WRITE", "SELECT set_config('transaction_read_only', 'off', true)"):
        with pytest.raises(DBAPIError), world.database.transaction(who) as s:
            s.execute(text(statement))


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"after": "x"}, {"after": "WyJhIiwtMV0"}, {"after": "bnVsbA"},
     {"after": "é"}, {"state": "x"}, {"q": "x" * 61}, {"sort": "name"}, {"_flt_0_name": "x"}, {"after": "eyJhIjoxfQ"},
     {"limit": "999999999999999999999"}],
)  # fmt: skip
def test_what_is_not_understood_is_refused_in_json(
    app: Flask, world: World, bodies: tuple[Body, Body], query: dict[str, str]
) -> None:
    token = made(world, "clerk")
    for path in PATHS[:3]:
        answer = ask(app, path, token, **query)
        assert answer.status_code in (400, 422), (path, answer.get_data(as_text=True))
        assert set(answer.json) == {"error", "message"}


def test_the_interface_only_reads(app: Flask, world: World, bodies: tuple[Body, Body]) -> None:
    rules = [r for r in app.url_map.iter_rules() if r.rule.startswith("/api/")]
    assert [r.rule for r in rules if r.methods - {"GET", "HEAD", "OPTIONS"}] == []
    assert {r.rule for r in rules} == set(PATHS)


def test_the_description_names_every_list_and_every_answer_fits_it(
    app: Flask, world: World, bodies: tuple[Body, Body]
) -> None:
    token = made(world, "bianban")
    described = json.loads(ask(app, "/api/v1/openapi.json", token).get_data())
    assert described["openapi"].startswith("3.")
    assert {f"/api/v1{p}" for p in described["paths"]} == set(PATHS[:3])
    for path, operations in described["paths"].items():
        reference = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        page = described["components"]["schemas"][reference.rsplit("/", 1)[1]]
        item = described["components"]["schemas"][page["properties"]["items"]["items"]["$ref"].rsplit("/", 1)[1]]
        for row in ask(app, f"/api/v1{path}", token).json["items"]:
            assert set(row) == set(item["properties"])
        names = {p["name"] for p in operations["get"]["parameters"]}
        assert names == {"q", "state", "after", "limit"}
