"""What gives others a way in, or takes one away, asks for a proof of the last five minutes."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import digest
from app.domain import errors
from app.security import sessions, totp
from tests.security.conftest import Client
from tests.world import PASSWORD, Body, World

TOKEN = {"name": "人事系统对接", "days": "90"}


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("确认局", people={"11": 1})
    for name in ("clerk", "guest", "coded"):
        world.account(name, "unit_clerk", unit=made.id)
    world.account("root", "system_admin")
    return made


@pytest.fixture(autouse=True)
def open_doors(world: World, body: Body) -> None:
    with world.owner.begin() as connection:
        connection.execute(text("DELETE FROM sign_in_attempt"))


def old(world: World, minutes: int = 6) -> None:
    """Every proof so far is some minutes older."""
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE sign_in SET proved_at = proved_at - make_interval(mins => :m)"), {"m": minutes})


def tokens(world: World) -> int:
    return int(world.value("SELECT count(*) FROM api_token"))


def again(user: Client, proof: str, target: str = "/account/") -> Any:
    user.get("/login/again")
    return user.post(f"/login/again?next={target}", {"proof": proof})


def test_within_five_minutes_of_the_sign_in_nothing_is_asked(world: World, client: Callable[..., Client]) -> None:
    user, before = client("clerk"), tokens(world)
    old(world, 4)
    user.get("/account/")
    assert user.post("/account/tokens", TOKEN).status_code == 200
    assert tokens(world) == before + 1


def test_later_the_password_is_asked_and_what_was_typed_is_still_there(
    world: World, client: Callable[..., Client]
) -> None:
    user, before = client("clerk"), tokens(world)
    old(world)
    user.get("/account/")
    asked = user.post("/account/tokens", TOKEN)
    assert asked.location.startswith("/login/again?next=")
    assert tokens(world) == before
    user.get(asked.location)
    assert user.post(asked.location, {"proof": "wrong"}).status_code == 422
    back = user.post(asked.location, {"proof": PASSWORD})
    page = user.get(back.location).get_data(as_text=True)
    assert f'value="{TOKEN["name"]}"' in page
    assert re.search(r'<option selected value="90">', page)
    assert user.post("/account/tokens", TOKEN).status_code == 200
    assert tokens(world) == before + 1
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'sign_in.proved' AND operator = 'clerk'") == 1


def test_sessions_are_ended_and_a_factor_is_begun_after_a_proof_only(
    world: World, client: Callable[..., Client]
) -> None:
    user, other = client("guest"), client("guest")
    old(world)
    page = user.get("/account/").get_data(as_text=True)
    number = re.search(r'name="session" value="(\d+)"', page)
    assert number is not None
    for said in (number[1], "all"):
        assert user.post("/account/sessions", {"session": said}).location.startswith("/login/again")
    assert user.get("/login/enrol").location == "/login/again?next=%2Flogin%2Fenrol"
    assert other.get("/disclosure").status_code == 200
    assert world.value("SELECT count(*) FROM credential c JOIN ab_user u ON u.id = c.user_id WHERE u.username = 'guest'"
                       " AND totp_secret IS NOT NULL") == 0  # fmt: skip
    assert again(user, PASSWORD, "/login/enrol").location == "/login/enrol"
    assert user.get("/login/enrol").status_code == 200
    user.get("/account/")
    assert user.post("/account/sessions", {"session": number[1]}).location == "/account/"
    assert other.get("/disclosure").status_code == 302


def test_the_administrator_takes_a_factor_off_after_a_proof_only(world: World, client: Callable[..., Client]) -> None:
    whom = world.value("SELECT id FROM ab_user WHERE username = 'guest'")
    forgotten = "SELECT count(*) FROM audit_event WHERE kind = 'factor.forgotten'"
    root = client("root")
    old(world)
    root.get(f"/admin/user/{whom}")
    assert root.post(f"/admin/user/{whom}/factor").location == f"/login/again?next=%2Fadmin%2Fuser%2F{whom}"
    assert world.value(forgotten) == 0
    again(root, PASSWORD)
    assert root.post(f"/admin/user/{whom}/factor").location == f"/admin/user/{whom}"
    assert world.value(forgotten) == 1


def test_a_code_of_the_second_factor_proves_too_and_once(
    world: World, client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = {"at": 1_790_000_000.0}
    monkeypatch.setattr(sessions, "time", SimpleNamespace(time=lambda: moment["at"]))
    monkeypatch.setattr(totp, "new_secret", lambda: b"secret of twenty byt")
    user = client("coded")
    user.get("/login/enrol")
    code = totp.code_at(b"secret of twenty byt", moment["at"])
    assert user.post("/login/enrol", {"code": code}).status_code == 200
    old(world)
    assert again(user, code).status_code == 422  # the step that set it up
    moment["at"] += 60
    code = totp.code_at(b"secret of twenty byt", moment["at"])
    assert again(user, code).location == "/account/"
    user.get("/account/")
    assert user.post("/account/tokens", TOKEN).status_code == 200
    old(world)
    assert again(user, code).status_code == 422
    assert user.post("/account/tokens", TOKEN).location.startswith("/login/again")


def test_the_password_cannot_be_guessed_at_an_open_page(client: Callable[..., Client]) -> None:
    user = client("clerk")
    assert [again(user, "wrong").status_code for _ in range(5)] == [422] * 5
    assert again(user, PASSWORD).status_code == 429


def test_neither_another_session_nor_another_persons_proof_serves(world: World, client: Callable[..., Client]) -> None:
    old(world)
    mine, theirs = world.identity("clerk"), world.identity("guest")
    stale = world.identity("clerk")
    with world.owner.begin() as connection:
        connection.execute(
            text("UPDATE sign_in SET proved_at = NULL WHERE token_hash = :h"), {"h": digest(stale.token)}
        )
    statement = text("SELECT new_api_token('试', :h, 30, '', :s)")
    for shown in (digest(stale.token), digest(theirs.token), b"", None):
        with pytest.raises(errors.ProofNeeded), world.database.transaction(stale) as s:
            s.execute(statement, {"h": b"y", "s": shown})
    with world.database.transaction(mine) as s:
        s.execute(statement, {"h": b"z", "s": digest(mine.token)})


def test_the_page_of_proof_leads_to_this_site_only(app: Flask, client: Callable[..., Client]) -> None:
    user = client("clerk")
    for target in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert again(user, PASSWORD, target).location == "/"
    assert client().get("/login/again").location.startswith("/login/")
