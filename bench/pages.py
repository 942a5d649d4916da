"""Pages asked through the application itself."""

import time
from typing import Any

from flask import Flask

from tests.statements import heard


def sign_in(app: Flask, username: str, password: str) -> Any:
    """A browser of a user."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/login/", data={"username": username, "password": password}).status_code == 302
    return client


def statements(app: Flask, client: Any, path: str) -> int:
    """How many statements a page sends once everything that is read once, is."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    with heard(app) as sent:
        client.get(path)
    return len(sent)


def timed(client: Any, path: str, rounds: int) -> list[float]:
    """How long a page takes each time, in ms, shortest first."""
    took = []
    for _n in range(rounds):
        begun = time.perf_counter()
        client.get(path)
        took.append(1000 * (time.perf_counter() - begun))
    return sorted(took)
