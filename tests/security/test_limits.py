"""How often: counted in the database, for all workers together, by account and by address."""

import secrets
from collections.abc import Callable

import pytest
from flask import Flask
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from app.cli import catalogue
from app.db import SignInDatabase
from app.factory import build
from app.security import limits
from tests.security.conftest import Client
from tests.world import Body, World


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("频次局", people={"11": 1})
    for name in ("clerk", "other"):
        world.account(name, "unit_clerk", unit=made.id)
    return made


@pytest.fixture
def worker(world: World, body: Body) -> Callable[[], Flask]:
    """Another worker process's application over the same database."""
    catalogue.compile_all()
    with world.owner.begin() as connection:
        connection.exec_driver_sql("DELETE FROM rate_window")
        connection.exec_driver_sql("DELETE FROM sign_in_attempt")
    secret = secrets.token_bytes(32)

    def make() -> Flask:
        return build(app_url=world.app_url, signin_url=world.signin_url, secret=secret, keys=world.keys,
                     RATELIMIT_ENABLED=True)  # fmt: skip

    return make


@pytest.fixture(autouse=True)
def long_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a window does not end between two of a test's requests."""
    counted = limits.DatabaseStorage.incr
    monkeypatch.setattr(limits.DatabaseStorage, "incr", lambda s, key, expiry, amount=1: counted(s, key, 3600, amount))


def statuses(client: Client, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_workers_count_together_and_accounts_apart(worker: Callable[[], Flask]) -> None:
    one, two = Client(worker().test_client()), Client(worker().test_client())
    for client in (one, two):
        client.sign_in("clerk")
    assert statuses(one, "/list/people/export", 12) == [200] * 12
    assert statuses(two, "/list/people/export", 9) == [200] * 8 + [429]
    assert one.get("/list/people/export").status_code == 429
    assert "Retry-After" in one.get("/list/people/export").headers
    assert one.get("/disclosure").status_code == 200
    third = Client(worker().test_client())
    third.sign_in("other")
    assert third.get("/list/people/export").status_code == 200


def test_sign_in_is_limited_by_the_name_that_is_typed(worker: Callable[[], Flask]) -> None:
    client = Client(worker().test_client())
    found = [client.sign_in("clerk", "x").status_code for _ in range(21)]
    assert found[0] == 401
    assert found[20] == 429


def test_sign_in_is_limited_by_address(worker: Callable[[], Flask]) -> None:
    client = Client(worker().test_client())
    client.get("/login/")
    found = [client.post("/login/", {"username": f"ghost{n}"}).status_code for n in range(61)]
    assert set(found[:60]) == {200}
    assert found[60] == 429


def test_every_search_export_and_step_of_sign_in_has_its_limit(worker: Callable[[], Flask]) -> None:
    endpoints = [r.endpoint for r in worker().url_map.iter_rules()]
    bare = [e for e in endpoints if not limits.rules(e)[0]]
    assert [e for e in bare if "export" in e or e.startswith(("SearchView", "api_v1", "SignInView.login"))] == []
    assert [e for e in bare if e in ("SignInView.factor", "SignInView.password", "ListView.show")] == []


def test_a_window_that_is_over_counts_anew(world: World, body: Body) -> None:
    database = SignInDatabase(world.signin_url)
    limiter, rule = FixedWindowRateLimiter(limits.DatabaseStorage(database=database)), parse("2 per minute")
    assert [limiter.hit(rule, "a") for _ in range(3)] == [True, True, False]
    assert limiter.hit(rule, "b")
    with world.owner.begin() as connection:
        connection.exec_driver_sql("UPDATE rate_window SET ends_at = ends_at - interval '2 hours'")
    assert limiter.hit(rule, "a")
    assert limiter.get_window_stats(rule, "a").remaining == 1
    database.engine.dispose()
