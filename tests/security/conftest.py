"""The application over a city, and clients who sign in as people do."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cli import catalogue
from app.factory import build
from tests.world import PASSWORD, World


class Client:
    """One browser: it keeps its cookie and reads the token of each form."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        answer = self.client.get(path, **options)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.get_data().decode(errors="replace"))
        self.token = found[1] if found else self.token
        return answer

    def post(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **(form or {})}, **options)

    def sign_in(self, username: str, password: str = PASSWORD, path: str = "/login/") -> TestResponse:
        self.get("/login/")
        answer = self.post(path, {"username": username, "password": password})
        self.get("/")
        return answer


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application over this module's city."""
    catalogue.compile_all()
    made = build(app_url=world.app_url, signin_url=world.signin_url, secret=secrets.token_bytes(32), keys=world.keys,
                 FILES=tmp_path_factory.mktemp("files"))  # fmt: skip
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture
def client(app: Flask) -> Callable[..., Client]:
    """A new browser, signed in where a user is named."""

    def make(username: str | None = None) -> Client:
        opened = Client(app.test_client())
        if username:
            opened.sign_in(username)
        return opened

    return make


def once(app: Flask) -> Callable[..., Client]:
    """A browser for each user, signed in once: for modules that go on where the last test left off."""
    opened: dict[str, Client] = {}

    def of(username: str) -> Client:
        if username not in opened:
            opened[username] = Client(app.test_client())
            opened[username].sign_in(username)
        return opened[username]

    return of
