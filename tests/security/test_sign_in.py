"""The doors of sign-in: passwords, shut doors, steps, second factor, time-outs, own sessions."""

import itertools
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from werkzeug.security import check_password_hash, generate_password_hash

from app.db import Identity
from app.security import passwords, sessions, totp
from app.security.hats import ROLES
from tests.security.conftest import Client
from tests.world import PASSWORD, Body, World

NEW = "一句只有我自己知道的话吧"


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("登录局", people={"11": 1})


@pytest.fixture
def user(world: World, body: Body) -> str:
    """A clerk of one's own for each test."""
    name = f"user{next(_number)}"
    world.account(name, "unit_clerk", unit=body.id)
    return name


_number = itertools.count(1)


@pytest.fixture(autouse=True)
def open_doors(world: World) -> None:
    """Every test comes from one address: what one has failed shuts no door for the next."""
    with world.owner.begin() as connection:
        connection.execute(text("DELETE FROM sign_in_attempt"))


def run(world: World, statement: str, **values: Any) -> None:
    with world.owner.begin() as connection:
        connection.execute(text(statement), values)


def row(world: World, statement: str, **values: Any) -> Any:
    with world.superuser.connect() as connection:
        return connection.execute(text(statement), values).one()


def session_of(world: World, username: str) -> Any:
    return row(
        world,
        "SELECT s.* FROM sign_in s JOIN ab_user u ON u.id = s.user_id WHERE u.username = :u ORDER BY s.id DESC LIMIT 1",
        u=username,
    )


def inside(client: Client) -> bool:
    return client.get("/disclosure").status_code == 200


# ---- passwords --------------------------------------------------------------------------------------------------


def test_a_hash_of_another_cost_is_renewed_at_the_next_sign_in(
    world: World, user: str, client: Callable[..., Client], real_cost: None
) -> None:
    assert inside(client(user))
    stored = world.value("SELECT password FROM ab_user WHERE username = :u", u=user)
    assert stored.startswith("scrypt:32768:8:3$")
    assert check_password_hash(stored, PASSWORD)


def change(client: Client, old: str, new: str, again: str | None = None) -> Any:
    client.get("/login/password")
    return client.post("/login/password", {"old": old, "new": new, "again": again or new})


def test_changing_the_password_asks_the_old_one_and_ends_the_other_sessions(
    world: World, user: str, client: Callable[..., Client]
) -> None:
    mine, other = client(user), client(user)
    before = mine.client.get_cookie("bianzhi")
    assert change(mine, "wrong", NEW).status_code == 422
    assert inside(other)
    assert change(mine, PASSWORD, NEW).location == "/"
    after = mine.client.get_cookie("bianzhi")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert inside(mine)
    assert not inside(other)
    old = client()
    old.client.set_cookie("bianzhi", before.value)
    assert not inside(old)
    assert client().sign_in(user).status_code == 401
    assert inside_with(client(), user, NEW)
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'password.changed' AND operator = :u",
                       u=user) == 1  # fmt: skip


def inside_with(stranger: Client, username: str, password: str) -> bool:
    stranger.sign_in(username, password)
    return inside(stranger)


@pytest.mark.parametrize(
    ("new", "again"), [("short-one-x", None), ("password1234", None), (PASSWORD, None), (NEW, NEW + "x")]
)
def test_a_bad_new_password_changes_nothing(
    world: World, user: str, client: Callable[..., Client], new: str, again: str | None
) -> None:
    mine = client(user)
    stored = world.value("SELECT password FROM ab_user WHERE username = :u", u=user)
    answer = change(mine, PASSWORD, new, again)
    assert answer.status_code == 422
    assert "bz-errors" in answer.get_data(as_text=True)
    assert world.value("SELECT password FROM ab_user WHERE username = :u", u=user) == stored


def test_the_old_password_cannot_be_guessed_from_inside(user: str, client: Callable[..., Client]) -> None:
    mine = client(user)
    for _ in range(5):
        change(mine, "wrong", NEW)
    assert change(mine, PASSWORD, NEW).status_code == 422


def test_a_password_that_an_administrator_gave_opens_nothing_until_it_is_changed(
    world: World, body: Body, user: str, client: Callable[..., Client]
) -> None:
    world.account("root", "system_admin")
    who = world.identity("root")
    number = world.value("SELECT id FROM ab_user WHERE username = :u", u=user)
    with world.database.transaction(who) as s:
        s.execute(
            text("SELECT admin_set_user(:u, NULL, :h)"),
            {"u": number, "h": generate_password_hash("given-by-root", method="scrypt:1024:8:1")},
        )
    newcomer = client()
    assert newcomer.sign_in(user, "given-by-root").location == "/login/password"
    assert not inside(newcomer)
    assert session_of(world, user).stage == "password"
    assert change(newcomer, "given-by-root", NEW).location == "/"
    assert inside(newcomer)
    assert client().sign_in(user, NEW).location == "/"


# ---- no enumeration ---------------------------------------------------------------------------------------------


@pytest.fixture
def counted(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Statements of the signin role and hashes computed while signing in."""
    from app.security.services import Services

    seen: dict[str, Any] = {"hashes": 0, "statements": []}
    real = passwords.check_password_hash

    def check(stored: str, password: str) -> bool:
        seen["hashes"] += 1
        seen["cost"] = stored.split("$", maxsplit=1)[0]
        return real(stored, password)

    monkeypatch.setattr(passwords, "check_password_hash", check)
    services: Services = app.extensions["bianzhi"]

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen["statements"].append(statement)

    event.listen(services.signin.engine, "before_cursor_execute", note)
    yield seen
    event.remove(services.signin.engine, "before_cursor_execute", note)


def attempt(client: Client, seen: dict[str, Any], username: str, password: str) -> tuple[int, list[str], Any]:
    client.get("/login/")
    seen |= {"hashes": 0, "statements": []}
    answer = client.post("/login/", {"username": username, "password": password})
    return seen["hashes"], list(seen["statements"]), answer


def plain(answer: Any, username: str) -> list[str]:
    lines = answer.get_data(as_text=True).replace(username, "").splitlines()
    return [x for x in lines if "csrf" not in x and "nonce" not in x]


def test_unknown_wrong_stopped_and_shut_out_cost_the_same_statements_and_one_hash(
    world: World, body: Body, user: str, client: Callable[..., Client], counted: dict[str, Any]
) -> None:
    for name in ("stopped", "locked"):
        world.account(name, "unit_clerk", unit=body.id)
    client("stopped")  # its hash is at today's cost, as everybody's is who has signed in since
    client(user)
    run(world, "UPDATE ab_user SET active = false WHERE username = 'stopped'")
    key = sessions.attempt_key("name", "locked")
    run(world, "INSERT INTO sign_in_attempt VALUES (:k, 9, now(), now() + interval '10 minutes')", k=key)
    tried = {
        "wrong": attempt(client(), counted, user, "wrong"),
        "unknown": attempt(client(), counted, "nobody-here", "wrong"),
        "stopped": attempt(client(), counted, "stopped", PASSWORD),
        "no password": attempt(client(), counted, "svc-worker", "x"),
        "locked": attempt(client(), counted, "locked", PASSWORD),
    }
    assert {name: t[0] for name, t in tried.items()} == dict.fromkeys(tried, 1)
    statements = tried["wrong"][1]
    assert len(statements) == 4
    assert [name for name, t in tried.items() if t[1] != statements] == []
    assert {name: t[2].status_code for name, t in tried.items()} == {
        "wrong": 401, "unknown": 401, "stopped": 401, "no password": 401, "locked": 429}  # fmt: skip
    page = plain(tried["wrong"][2], user)
    assert plain(tried["unknown"][2], "nobody-here") == page
    assert plain(tried["stopped"][2], "stopped") == page


def test_the_hash_compared_for_nobody_costs_what_a_users_costs(
    world: World, user: str, client: Callable[..., Client], counted: dict[str, Any]
) -> None:
    client(user)
    attempt(client(), counted, user, "wrong")
    real = counted["cost"]
    attempt(client(), counted, "nobody-here", "wrong")
    assert counted["cost"] == real == passwords.METHOD


# ---- shut doors -------------------------------------------------------------------------------------------------


def wait_of(world: World, name: str) -> float:
    key = sessions.attempt_key("name", name)
    return float(
        world.value("SELECT extract(epoch FROM locked_until - last_at) FROM sign_in_attempt WHERE key = :k", k=key)
    )


@pytest.mark.parametrize("known", [True, False])
def test_the_door_shuts_after_five_failures_and_longer_each_time_for_known_and_unknown_alike(
    world: World, user: str, known: bool
) -> None:
    name = user if known else f"ghost-of-{user}"
    waits = []
    for _ in range(8):
        found = sessions.check(world.signin, name, "wrong", "198.51.100.7", typed="")
        assert (found.user_id, found.wait) == (None, 0)
        waits.append(wait_of(world, name))
        run(world, "UPDATE sign_in_attempt SET locked_until = last_at")  # the delay is over
    assert waits == [0, 0, 0, 0, 60, 120, 240, 480]


def test_a_shut_door_refuses_the_right_password_and_is_not_prolonged_by_knocking(world: World, user: str) -> None:
    for _ in range(5):
        sessions.check(world.signin, user, "wrong", "198.51.100.8", typed="")
    before = wait_of(world, user)
    for _ in range(3):
        assert sessions.check(world.signin, user, PASSWORD, "198.51.100.9", typed="").wait > 0
    assert wait_of(world, user) == before
    run(world, "UPDATE sign_in_attempt SET locked_until = now()")
    assert sessions.check(world.signin, user, PASSWORD, "198.51.100.9", typed="").user_id is not None
    run(world, "UPDATE sign_in_attempt SET locked_until = now()")
    assert sessions.check(world.signin, user, "wrong", "198.51.100.9", typed="").wait == 0
    assert wait_of(world, user) == 0  # a good one has forgotten the count


def test_an_address_that_tries_many_names_finds_the_door_shut(world: World, user: str) -> None:
    for n in range(sessions.FREE_ADDRESS):
        assert sessions.check(world.signin, f"ghost{n}", "x", "198.51.100.10", typed="").wait == 0
    assert sessions.check(world.signin, user, PASSWORD, "198.51.100.10", typed="").wait > 0
    assert sessions.check(world.signin, user, PASSWORD, "198.51.100.11", typed="").user_id is not None


def test_attempts_are_counted_in_the_database_before_the_password_is_looked_at(world: World, user: str) -> None:
    keys = [sessions.attempt_key("name", user)]
    waits = [sessions.count(world.signin, keys, [sessions.FREE_NAME]) for _ in range(7)]
    assert [w > 0 for w in waits] == [False] * 5 + [True] * 2


def test_failures_are_on_record_without_what_was_typed(world: World, user: str, client: Callable[..., Client]) -> None:
    client().sign_in(user, "my-secret-slip")
    client().sign_in("my-secret-slip", "x")
    found = row(world, "SELECT count(*) AS n, count(*) FILTER (WHERE t::text LIKE '%my-secret-slip%') AS bad"
                      " FROM audit_event t WHERE kind = 'sign_in.failed'")  # fmt: skip
    assert found.n >= 2
    assert found.bad == 0


# ---- sessions ---------------------------------------------------------------------------------------------------


def age(world: World, username: str, idle: str = "0", old: str = "0") -> None:
    run(
        world,
        "UPDATE sign_in SET last_seen_at = last_seen_at - cast(:i AS interval), expires_at = expires_at"
        " - cast(:o AS interval) WHERE user_id = (SELECT id FROM ab_user WHERE username = :u)",
        i=idle, o=old, u=username,
    )  # fmt: skip


def test_half_an_hour_without_a_request_ends_the_session(
    world: World, user: str, client: Callable[..., Client]
) -> None:
    mine = client(user)
    age(world, user, idle="29 minutes")
    assert inside(mine)
    age(world, user, idle="31 minutes")
    assert not inside(mine)


def test_twelve_hours_end_it_however_busy_it_is(world: World, user: str, client: Callable[..., Client]) -> None:
    mine = client(user)
    age(world, user, old="11 hours 59 minutes")
    assert inside(mine)
    age(world, user, old="1 minute")
    assert not inside(mine)


def test_a_session_is_marked_as_seen_at_most_once_a_minute(
    world: World, user: str, client: Callable[..., Client]
) -> None:
    mine = client(user)
    first = session_of(world, user).last_seen_at
    for _ in range(3):
        assert inside(mine)
    assert session_of(world, user).last_seen_at == first
    age(world, user, idle="61 seconds")
    assert inside(mine)
    assert session_of(world, user).last_seen_at > first


def test_marking_as_seen_never_waits_for_another_request(world: World, user: str) -> None:
    who = world.identity(user)
    age(world, user, idle="2 minutes")
    with world.owner.begin() as held:
        held.execute(text("SELECT 1 FROM sign_in FOR UPDATE"))
        with world.database.transaction(who) as s:
            s.execute(text("SET LOCAL lock_timeout = '20s'"))
            assert s.execute(text("SELECT scope_part(3)")).scalar_one() == "unit_clerk"


def test_the_cookie_of_a_stopped_user_names_nobody(world: World, user: str, client: Callable[..., Client]) -> None:
    mine = client(user)
    assert inside(mine)
    run(world, "UPDATE ab_user SET active = false WHERE username = :u", u=user)
    assert not inside(mine)
    run(world, "UPDATE ab_user SET active = true WHERE username = :u", u=user)


def test_a_session_that_was_planted_is_not_the_one_that_is_opened(
    user: str, client: Callable[..., Client], world: World
) -> None:
    attacker, victim = client(), client()
    attacker.get("/login/")
    planted = attacker.client.get_cookie("bianzhi")
    assert planted is not None
    victim.client.set_cookie("bianzhi", planted.value)
    victim.sign_in(user)
    assert inside(victim)
    assert not inside(attacker)


def test_my_page_lists_my_sessions_and_ends_one_of_them(world: World, user: str, client: Callable[..., Client]) -> None:
    mine = client(user)
    other = Client(client().client)
    other.get("/login/", headers={"User-Agent": "Browser-of-elsewhere"})
    other.post("/login/", {"username": user, "password": PASSWORD}, headers={"User-Agent": "Browser-of-elsewhere"})
    page = mine.get("/account/").get_data(as_text=True)
    assert "Browser-of-elsewhere" in page
    assert "127.0.0.1" in page
    number = re.search(r'name="session" value="(\d+)"', page)
    assert number is not None
    assert mine.post("/account/sessions", {"session": number[1]}).location == "/account/"
    assert not inside(other)
    assert inside(mine)


def test_nobody_ends_a_session_of_somebody_else(
    world: World, body: Body, user: str, client: Callable[..., Client]
) -> None:
    world.account("neighbour", "unit_clerk", unit=body.id)
    theirs, mine = client("neighbour"), client(user)
    mine.get("/account/")
    number = session_of(world, "neighbour").id
    assert mine.post("/account/sessions", {"session": str(number)}).status_code == 404
    assert inside(theirs)


def test_signing_out_everywhere_ends_every_session_of_mine_only(
    world: World, body: Body, user: str, client: Callable[..., Client]
) -> None:
    world.account("bystander", "unit_clerk", unit=body.id)
    theirs, one, two = client("bystander"), client(user), client(user)
    one.get("/account/")
    assert one.post("/account/sessions", {"session": "all"}).location == "/login/"
    assert not inside(one)
    assert not inside(two)
    assert inside(theirs)


def test_signing_out_is_by_post_only(user: str, client: Callable[..., Client]) -> None:
    mine = client(user)
    assert mine.get("/logout/").status_code == 405
    assert inside(mine)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", "\\\\evil.example",
               "/\n/evil.example", " /x", "javascript:alert(1)", "http:evil.example"]
)  # fmt: skip
def test_no_address_leads_off_the_site(target: str, app: Flask) -> None:
    from urllib.parse import unquote

    from app.security.sign_in import safe_next

    for said in (target, unquote(target)):
        found = safe_next(said)
        assert found in ("/", "/%09/evil.example")  # still encoded, it is a path of this site
    assert safe_next("/list/people?state=serving") == "/list/people?state=serving"


def test_an_installation_sends_its_cookie_over_tls_only(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.cli import settings

    monkeypatch.setenv("BIANZHI_KEYS", str(tmp_path))
    real, demo = settings.doors(demo=False), settings.doors(demo=True)
    assert real["SESSION_COOKIE_SECURE"] is True
    assert real["SESSION_COOKIE_NAME"] == "__Host-bianzhi"
    # Whoever administers, decides or reads beyond one unit; an installation may demand it of all.
    assert set(ROLES) - set(real["SECOND_FACTOR_KINDS"]) == {"unit_clerk", "person", "service"}
    assert demo["SESSION_COOKIE_SECURE"] is False
    assert demo["SECOND_FACTOR_KINDS"] == ()
    (tmp_path / "doors.json").write_text('{"second_factor_kinds": ["unit_clerk", "person"]}')
    assert settings.doors(demo=False)["SECOND_FACTOR_KINDS"] == ("unit_clerk", "person")
    (tmp_path / "doors.json").write_text('{"second_factor_kinds": ["clerk"]}')
    with pytest.raises(ValueError, match="clerk"):
        settings.doors(demo=False)


# ---- second factor ----------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The clock that codes are checked by; the tests move it. Secrets and moments, so every code, are the same in each run."""
    now, number = {"at": 1_790_000_000.0}, itertools.count(1)
    monkeypatch.setattr(sessions, "time", SimpleNamespace(time=lambda: now["at"]))
    monkeypatch.setattr(totp, "new_secret", lambda: b"secret%014d" % next(number))
    return now


@pytest.fixture
def demanding(app: Flask) -> Iterator[None]:
    app.config["SECOND_FACTOR_KINDS"] = ("unit_clerk",)
    yield
    app.config["SECOND_FACTOR_KINDS"] = ()


def secret_of(page: str) -> bytes:
    import base64

    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return base64.b32decode(found[1].replace(" ", ""))


def enrol(client: Client, username: str, clock: dict[str, float]) -> tuple[bytes, list[str]]:
    """Sign in and set the factor up; its secret and recovery codes."""
    assert client.sign_in(username).location == "/login/enrol"
    page = client.get("/login/enrol").get_data(as_text=True)
    assert '<path class="qrline"' in page
    secret = secret_of(page)
    shown = client.post("/login/enrol", {"code": totp.code_at(secret, clock["at"])}).get_data(as_text=True)
    return secret, re.findall(r"<code>([A-Z2-7-]{29})</code>", shown)


def test_who_has_to_use_a_second_factor_is_not_in_before_it_is_set_up(
    world: World, user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    mine = client()
    assert mine.sign_in(user).location == "/login/enrol"
    assert not inside(mine)
    for path in ("/login/factor", "/login/password", "/account/"):
        assert mine.get(path).status_code == 302
    mine = client()
    _secret, codes = enrol(mine, user, clock)
    assert len(set(codes)) == 10
    assert inside(mine)


def test_the_secret_lies_encrypted_and_bound_to_its_user_and_codes_as_hashes(
    world: World, user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    secret, codes = enrol(client(), user, clock)
    stored = row(world, "SELECT c.* FROM credential c JOIN ab_user u ON u.id = c.user_id WHERE u.username = :u", u=user)
    sealed = bytes(stored.totp_secret)
    assert secret not in sealed
    assert totp.opened(world.keys, stored.user_id, sealed) == secret
    with pytest.raises(InvalidTag):
        totp.opened(world.keys, stored.user_id + 1, sealed)
    hashes = {bytes(h) for h in world.value("SELECT array_agg(code_hash) FROM recovery_code WHERE user_id = :u",
                                            u=stored.user_id)}  # fmt: skip
    assert hashes == {totp.recovery_hash(c) for c in codes}


def with_code(client: Client, username: str, code: str) -> int:
    assert client.sign_in(username).location == "/login/factor"
    assert not inside(client)
    client.get("/login/factor")
    return client.post("/login/factor", {"code": code}).status_code


def test_a_code_serves_once(user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None) -> None:
    secret, _codes = enrol(client(), user, clock)
    assert with_code(client(), user, totp.code_at(secret, clock["at"])) == 401  # the step that set it up
    clock["at"] += 60
    code = totp.code_at(secret, clock["at"])
    mine = client()
    assert with_code(mine, user, code) == 302
    assert inside(mine)
    assert with_code(client(), user, code) == 401
    assert with_code(client(), user, totp.code_at(secret, clock["at"] - 30)) == 401  # nor an older one
    clock["at"] += 30
    assert with_code(client(), user, totp.code_at(secret, clock["at"])) == 302


def test_five_wrong_codes_shut_the_door_for_the_right_one(
    world: World, user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    secret, _codes = enrol(client(), user, clock)
    clock["at"] += 60
    mine = client()
    wrong = next(f"{n:06d}" for n in range(9) if totp.step_of(secret, f"{n:06d}", clock["at"]) is None)
    assert with_code(mine, user, wrong) == 401
    statuses = [mine.post("/login/factor", {"code": "x" * 6}).status_code for _ in range(4)]
    assert statuses == [401] * 4
    assert mine.post("/login/factor", {"code": totp.code_at(secret, clock["at"])}).status_code == 429


def test_a_recovery_code_serves_once_in_place_of_the_phone(
    user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    _secret, codes = enrol(client(), user, clock)
    mine = client()
    assert with_code(mine, user, codes[3].lower().replace("-", " ")) == 302
    assert inside(mine)
    assert with_code(client(), user, codes[3]) == 401
    assert with_code(client(), user, codes[4]) == 302


def test_each_step_gives_a_new_token_and_the_old_one_opens_nothing(
    user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    secret, _codes = enrol(client(), user, clock)
    clock["at"] += 60
    mine, thief = client(), client()
    mine.sign_in(user)
    half = mine.client.get_cookie("bianzhi")
    assert half is not None
    mine.get("/login/factor")
    assert mine.post("/login/factor", {"code": totp.code_at(secret, clock["at"])}).location == "/"
    thief.client.set_cookie("bianzhi", half.value)
    assert not inside(thief)
    assert inside(mine)


def test_a_session_on_its_way_in_names_nobody_and_lasts_a_quarter_of_an_hour(
    world: World, user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    who, stage = world.signin.enter(
        world.value("SELECT id FROM ab_user WHERE username = :u", u=user), factor_kinds=["unit_clerk"]
    )
    assert stage == "enrol"
    with world.database.transaction(Identity(who.token)) as s:
        assert s.execute(text("SELECT scope_part(1)")).scalar_one() is None
    assert sessions.person(world.signin, who.token) is not None
    age(world, user, idle="16 minutes")
    assert sessions.person(world.signin, who.token) is None


def test_a_hat_that_needs_the_second_factor_is_not_put_on_without_it(world: World, body: Body, user: str) -> None:
    number = world.value("SELECT id FROM ab_user WHERE username = :u", u=user)
    first = world.value("SELECT id FROM account WHERE user_id = :u", u=number)
    office = world.account(user, "office_member", office=("establishment", "440600"))
    weak, _stage = world.signin.enter(number, account_id=first, factor=False)
    run(world, "UPDATE sign_in SET factor_kinds = '{office_member}' WHERE user_id = :u", u=number)
    strong, _stage = world.signin.enter(number, account_id=first, factor=True, factor_kinds=["office_member"])
    for who, allowed in ((weak, False), (strong, True)):
        with world.database.transaction(None) as s:
            changed = True
            try:
                s.execute(text("SELECT switch_account(:t, :a, NULL)"), {"t": who.token, "a": office})
            except DBAPIError as error:
                changed = "not_allowed" not in str(error)
                s.rollback()
        assert changed is allowed


def test_the_administrator_takes_a_lost_factor_off_but_never_the_own_one(
    world: World, user: str, client: Callable[..., Client], clock: dict[str, float], demanding: None
) -> None:
    enrol(client(), user, clock)
    world.account("keeper", "system_admin")
    keeper = client("keeper")
    number = world.value("SELECT id FROM ab_user WHERE username = :u", u=user)
    own = world.value("SELECT id FROM ab_user WHERE username = 'keeper'")
    keeper.get(f"/admin/user/{number}")
    assert keeper.post(f"/admin/user/{number}/factor").status_code == 302
    assert client().sign_in(user).location == "/login/enrol"
    keeper.post(f"/admin/user/{own}/factor")
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'factor.forgotten'") == 1
