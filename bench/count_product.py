"""SQL statements of each page of the product, signed in, transaction control left out."""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Engine, event

from app.cli import demo
from wsgi import create_app

PAGES = {
    "people_unit": ("clerk", "/list/people"),
    "people_all": ("bianban", "/list/people"),
    "people_search": ("bianban", "/list/people?q=%E5%BC%A0"),
    "application_form": ("clerk", "/case/new/recruit"),
    "home": ("clerk", "/"),
    "queue": ("bianban", "/queue"),
    "ledger": ("bianban", "/ledger"),
}
seen: list[str] = []
event.listen(Engine, "before_cursor_execute", lambda _c, _k, statement, _p, _x, _m: seen.append(statement))
app = create_app()
out = {}
for page, (user, path) in PAGES.items():
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login/").get_data(as_text=True))[1]
    client.post("/login/", data={"csrf_token": token, "username": user, "password": demo.PASSWORD})
    client.get(path)
    seen.clear()
    assert client.get(path).status_code == 200, path
    out[page] = len(seen)
print(json.dumps(out))
