"""What the log of requests says, and what it never says; whether the application says that it lives."""

import io
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, abort
from sqlalchemy import text

from app.cli import catalogue
from app.factory import build
from app.security.services import services
from tests.security.conftest import Client
from tests.world import PASSWORD, Body, World, id_number

NAME = "欧阳甲一"


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("日志局", people={"11": 1})
    world.account("clerk", "unit_clerk", unit=made.id)
    return made


@pytest.fixture(scope="module")
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def app(world: World, stream: io.StringIO) -> Iterator[Flask]:
    """The application over this module's city, its log in memory, with routes that fail."""
    catalogue.compile_all()
    made = build(app_url=world.app_url, signin_url=world.signin_url, secret=secrets.token_bytes(32), keys=world.keys,
                 LOG_STREAM=stream)  # fmt: skip
    made.config["PROPAGATE_EXCEPTIONS"] = False

    @made.get("/fails/<what>")
    def fails(what: str) -> Any:
        if what == "refused":
            abort(403)
        if what == "database":
            with services().database.transaction(None) as session:
                session.execute(text("SELECT cast(:v AS text) || absent_column"), {"v": f"{NAME} {id_number()}"})
        raise RuntimeError(f"{NAME} {id_number()}")

    yield made
    made.extensions["bianzhi"].database.engine.dispose()
    made.extensions["bianzhi"].signin.engine.dispose()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    stream.seek(0)
    stream.truncate(0)
    return found


def test_a_request_is_one_line_with_its_number_its_user_and_its_time(
    body: Body, world: World, client: Callable[..., Client], stream: io.StringIO
) -> None:
    user = client("clerk")
    lines(stream)
    answer = user.get(f"/unit/{body.id}")
    (line,) = lines(stream)
    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] == line["request"]
    known = world.value("SELECT id FROM ab_user WHERE username = 'clerk'")
    assert (line["event"], line["level"], line["status"], line["user"]) == ("request", "info", 200, known)
    assert (line["method"], line["route"], line["rows"]) == ("GET", "/unit/<int:unit_id>", {"unit_id": body.id})
    assert line["ms"] > 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("8c9ba7a4-6f59-4c2b-9b53-0a8f6f2f4a10", True),
        (id_number(), False),
        ("44060419900517001X\n", False),
        ("x" * 32, False),
    ],
)
def test_the_number_a_proxy_gave_is_kept_only_where_it_can_be_no_text(
    body: Body, client: Callable[..., Client], given: str, kept: bool
) -> None:
    answer = client().get("/healthz", headers={"X-Request-ID": given.strip()})
    assert (answer.headers["X-Request-ID"] == given) is kept


def test_nothing_that_a_person_typed_reaches_the_log(
    body: Body, client: Callable[..., Client], stream: io.StringIO
) -> None:
    user, number = client("clerk"), id_number()
    for path in (f"/search/people?q={number}", f"/list/people?q={NAME}", f"/unit/{number[:17]}", f"/{NAME}/{number}"):
        user.get(path)
    user.get("/case/new/recruit")
    user.post("/case/new/recruit", {"name": NAME, "id_number": number})
    client().sign_in(number, NAME)
    for what in ("refused", "database", "crash"):
        user.get(f"/fails/{what}?q={number}")
    written = stream.getvalue()
    found = lines(stream)
    assert len([x for x in found if x["event"] == "failure"]) == 2
    for line in found:
        written = written.replace(line["request"], "")  # a random number of its own
    assert NAME not in written
    assert PASSWORD not in written
    assert number[:15] not in written
    assert "440699" not in written


def test_a_failure_says_its_kind_and_place_and_the_databases_code(
    body: Body, client: Callable[..., Client], stream: io.StringIO
) -> None:
    user = client("clerk")
    lines(stream)
    assert user.get("/fails/database").status_code == 500
    failure, request = lines(stream)
    assert (failure["event"], failure["level"], failure["sqlstate"]) == ("failure", "error", "42703")
    assert failure["request"] == request["request"]
    assert request["status"] == 500
    assert any("test_request_log.py" in frame for frame in failure["where"])


def test_health_needs_no_session_shows_no_data_and_is_not_logged(
    body: Body, client: Callable[..., Client], stream: io.StringIO
) -> None:
    lines(stream)
    answer = client().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"database": "ok"})
    assert "Set-Cookie" not in answer.headers
    assert lines(stream) == []


def test_health_is_bad_while_the_database_is_out_of_reach(world: World) -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    made = build(app_url=nowhere, signin_url=nowhere, secret=secrets.token_bytes(32), keys=world.keys,
                 LOG_STREAM=io.StringIO())  # fmt: skip
    answer = made.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": "unreachable"})
