"""What a reader sees when something fails inside: Chinese, what to do, a number; never a message of the program."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

from tests.security.conftest import Client, app, client
from tests.world import World

__all__ = ["app", "client"]  # the fixtures are shared


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_given: Any, **_named: Any) -> Any:
        raise error

    return fail


GONE = OperationalError("SELECT 'secret'", {}, psycopg.OperationalError("connection to server at 10.1.1.1 failed"))
STOPPED = OperationalError("SELECT 'secret'", {}, psycopg.errors.AdminShutdown("terminating"))
CANCELED = OperationalError("SELECT 'secret'", {}, psycopg.errors.QueryCanceled("timeout"))
OURS = ProgrammingError("SELECT 'secret'", {}, psycopg.errors.UndefinedColumn("no column secret"))


@pytest.mark.parametrize(
    ("error", "status", "what"),
    [
        (GONE, 503, "数据库暂时没有应答"),
        (STOPPED, 503, "数据库暂时没有应答"),
        (CANCELED, 500, "系统在这一步出了错"),
        (OURS, 500, "系统在这一步出了错"),
        (KeyError("secret"), 500, "系统在这一步出了错"),
    ],
)
def test_a_failure_is_said_to_whoever_is_signed_in(
    world: World,
    app: Flask,
    client: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    what: str,
) -> None:
    world.account("anybody", "system_admin") if not world.value(
        "SELECT count(*) FROM ab_user WHERE username = 'anybody'"
    ) else None
    user = client("anybody")
    assert user.get("/admin/users").status_code == 200
    monkeypatch.setattr(app.extensions["bianzhi"].database, "opened", failing(error))
    answer = user.get("/admin/users")
    text = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert what in text
    assert "没有向您确认办成的，就没有办。" in text
    assert "请稍候一分钟" in text
    assert answer.headers["X-Request-ID"] in text
    assert "secret" not in text
    assert "10.1.1.1" not in text
    monkeypatch.undo()
    assert user.get("/admin/users").status_code == 200  # still signed in


def test_a_door_that_cannot_ask_the_database_says_so(
    world: World, app: Flask, client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = client()
    monkeypatch.setattr(app.extensions["bianzhi"].signin, "credentials", failing(GONE))
    answer = stranger.sign_in("whoever")
    assert answer.status_code == 503
    assert "数据库暂时没有应答" in answer.get_data(as_text=True)
