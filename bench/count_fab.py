"""SQL statements of each page of the Flask-AppBuilder peer, signed in, transaction control left out."""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peer_fab"))
from sqlalchemy import Engine, event

from app import create_app

PAGES = {
    "people_unit": ("clerk", "/ownpersonview/list/"),
    "people_all": ("chief", "/personview/list/"),
    "people_search": ("chief", "/personview/list/?_flt_2_name=%E5%BC%A0"),
    "application_form": ("clerk", "/applicationview/add"),
}
seen: list[str] = []
event.listen(Engine, "before_cursor_execute", lambda _c, _k, statement, _p, _x, _m: seen.append(statement))
app = create_app()
out = {}
for page, (user, path) in PAGES.items():
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login/").text)
    data = {"username": user, "password": "bench-pass-1", **({"csrf_token": token[1]} if token else {})}
    client.post("/login/", data=data)
    client.get(path)
    seen.clear()
    assert client.get(path).status_code == 200, path
    out[page] = len(seen)
print(json.dumps(out))
