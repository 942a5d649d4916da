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
from peers import PASSWORD, SEARCHED, django_server, pages

out = {}
for page, (user, path) in pages(django_server(Path(), SEARCHED)).items():
    client = Client(headers={"host": "127.0.0.1"})
    assert client.login(username=user, password=PASSWORD)
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(path).status_code == 200, path
    out[page] = len(caught)
print(json.dumps(out))
