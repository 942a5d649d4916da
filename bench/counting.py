"""SQL statements of each page of a Flask application, signed in, transaction control left out."""

import json
import re
from collections.abc import Callable
from typing import Any

from peers import FIELD
from sqlalchemy import Engine, event


def count(create_app: Callable[[], Any], pages: dict[str, tuple[str, str]], password: str) -> None:
    """Print how many statements each page sends once everything that is read once, is."""
    seen: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda _c, _k, statement, _p, _x, _m: seen.append(statement))
    app, out = create_app(), {}
    for page, (user, path) in pages.items():
        client = app.test_client()
        token = re.search(FIELD, client.get("/login/").get_data(as_text=True))
        data = {"username": user, "password": password, **({"csrf_token": token[1]} if token else {})}
        client.post("/login/", data=data)
        client.get(path)
        seen.clear()
        assert client.get(path).status_code == 200, path
        out[page] = len(seen)
    print(json.dumps(out))
