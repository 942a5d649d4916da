"""A web process killed in mid-approval leaves each case wholly before or wholly after."""

import http.client
import os
import re
import secrets
import signal
import socket
import threading
import time
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import text
from werkzeug.serving import make_server

from app.factory import build
from app.security.services import services
from tests.ledger.steps import findings
from tests.security.conftest import Client
from tests.world import World

KILLS = 50
CASE = text("""
SELECT a.state,
  (SELECT count(*) FROM decision WHERE case_id = a.id) AS decisions,
  (SELECT string_agg(code || ' ' || state || ' ' || (decision_id IS NOT NULL), ', ' ORDER BY code) FROM task
    WHERE application_id = a.id) AS tasks,
  (SELECT status FROM case_record WHERE case_id = a.id) AS record,
  (SELECT count(*) FROM post WHERE reserved_case_id = a.id) AS seats,
  (SELECT string_agg(type, ', ' ORDER BY id) FROM ledger_entry WHERE case_id = a.id) AS entries,
  (SELECT string_agg(kind, ', ' ORDER BY id) FROM application_event WHERE application_id = a.id) AS timeline
FROM application a WHERE a.id = :c
""")
BEFORE = {
    False: ("running", 0, "establishment open false, personnel open false", "filed", 0, None, "submitted"),
    True: ("running", 1, "establishment open false, personnel approved true", "filed", 0, None, "submitted, approve"),
}
AFTER = {
    False: ("running", 1, "establishment approved true, personnel open false", "reserved", 1, "seat.reserved",
            "submitted, approve, reserved"),
    True: ("awaiting", 2, "establishment approved true, personnel approved true", "reserved", 1, "seat.reserved",
           "submitted, approve, approve, reserved, approved"),
}  # fmt: skip


def serve(app: Flask, listening: socket.socket) -> None:
    """The web process: it is forked and will be killed. Connections are its own."""
    with app.app_context():
        services().database.engine.dispose(close=False)
        services().signin.engine.dispose(close=False)
    make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno()).serve_forever()


class Browser:
    """The reviewer's side of the wire: one cookie, one form."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        body = urlencode(form) if form else None
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        wire.request(method, path, body, headers)
        answer = wire.getresponse()
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                self.cookie = value.split(";")[0]
        page = answer.read().decode()
        wire.close()
        return page

    def token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page[:500]
        return found[1]

    def try_to(self, path: str, form: dict[str, str]) -> None:
        try:
            self.ask("POST", path, form)
        except (OSError, http.client.HTTPException):
            return  # the process died under it


def settled(world: World) -> None:
    """Wait until the database has done with the dead process: a commit already sent is still carried out."""
    alive = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user"
    while world.value(alive):
        time.sleep(0.002)


def case_of(world: World, case: int) -> Any:
    with world.superuser.connect() as connection:
        return tuple(connection.execute(CASE, {"c": case}).one())


def test_fifty_kills_in_mid_approval_leave_every_case_whole(world: World) -> None:
    """Every second case has the other office's word already, so that the approval also ends its stage."""
    body = world.body("断电局", quotas={"11": KILLS})
    world.account("bianban", "office_member", office=("establishment", "440600"))
    cases = [(world.recruit(body), n % 2 == 1) for n in range(KILLS)]
    for case, decided in cases:
        if decided:
            world.decide(world.office("organisation"), case, "personnel")
    app = build(
        app_url=world.app_url, signin_url=world.signin_url, secret=secrets.token_bytes(32), keys=world.keys
    )  # fmt: skip
    user = Client(app.test_client())
    user.sign_in("bianban")
    kept = user.client.get_cookie("bianzhi")
    assert kept is not None
    for held in (app.extensions["bianzhi"].database.engine, app.extensions["bianzhi"].signin.engine):
        held.dispose()
    world.dispose()
    outcomes, chance, latest = [], Random(7), 0.04
    for case, decided in cases:
        listening = socket.create_server(("127.0.0.1", 0))
        browser = Browser(listening.getsockname()[1], f"bianzhi={kept.value}")
        child = os.fork()
        if child == 0:
            try:
                serve(app, listening)
            finally:
                os._exit(1)
        listening.close()
        form = {
            "csrf_token": browser.token(browser.ask("GET", f"/case/{case}")),
            "decision": "approve",
            "opinion": "同意",
        }
        path = f"/case/{case}/decide/{world.task(case, 'establishment')}"
        assert case_of(world, case) == BEFORE[decided]
        sending = threading.Thread(target=browser.try_to, args=(path, form))
        sending.start()
        time.sleep(chance.uniform(0, latest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sending.join()
        settled(world)
        found = case_of(world, case)
        assert found in (BEFORE[decided], AFTER[decided])
        outcomes.append(found == AFTER[decided])
        assert world.figures(body.line) == (KILLS, 0, sum(outcomes))
        # Whatever the machine's speed, the next kill comes about when the work is done.
        latest *= 0.9 if outcomes[-1] else 1.15
    assert set(outcomes) == {False, True}, "the kills came too early or too late to prove anything"
    assert findings(world) == []
