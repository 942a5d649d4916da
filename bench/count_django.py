"""SQL statements of each page of the peer, signed in."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peer_django"))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django

django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

PAGES = {
    "people_unit": ("clerk", "/admin/core/person/"),
    "people_all": ("chief", "/admin/core/person/"),
    "people_search": ("chief", "/admin/core/person/?q=%E5%BC%A0"),
    "application_form": ("clerk", "/admin/core/application/add/"),
}
out = {}
for page, (user, path) in PAGES.items():
    client = Client(headers={"host": "127.0.0.1"})
    assert client.login(username=user, password="bench-pass-1")
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200, path
    out[page] = len(caught)
print(json.dumps(out))
