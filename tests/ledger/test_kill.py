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
from urllib.parse import urlencode

from werkzeug.serving import make_server

from app.factory import build
from app.ledger.verify import Verifier
from tests.world import PASSWORD, World

KILLS = 50


def serve(world: World, listening: socket.socket, secret: bytes) -> None:
    """The web process: it is forked and will be killed."""
    app = build(app_url=world.app_url, signin_url=world.signin_url, secret=secret, keys=world.keys)
    make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno()).serve_forever()


class Browser:
    """The reviewer's side of the wire: one cookie, one form."""

    def __init__(self, port: int) -> None:
        self.port, self.cookie = port, ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = urlencode(form) if form else None
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        wire.request(method, path, body, headers)
        answer = wire.getresponse()
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                self.cookie = value.split(";")[0]
        text = answer.read().decode()
        wire.close()
        return text

    def token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page[:500]
        return found[1]


def test_fifty_kills_in_mid_approval_leave_every_case_whole(world: World) -> None:
    body = world.body("断电局", quotas={"11": KILLS})
    world.account("bianban", "office_member", office=("establishment", "440600"))
    cases = [world.recruit(body) for _ in range(KILLS)]
    secret, random = secrets.token_bytes(32), Random(7)
    before = after = 0
    world.database.engine.dispose()
    for case in cases:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        child = os.fork()
        if child == 0:
            try:
                serve(world, listening, secret)
            finally:
                os._exit(1)
        listening.close()
        browser = Browser(port)
        page = browser.ask("GET", "/login/")
        browser.ask("POST", "/login/", {"csrf_token": browser.token(page), "username": "bianban", "password": PASSWORD})
        page = browser.ask("GET", f"/case/{case}")
        form = {"csrf_token": browser.token(page), "decision": "approve", "opinion": "同意"}
        path = f"/case/{case}/decide/{world.task(case, 'establishment')}"

        def send(browser: Browser = browser, path: str = path, form: dict[str, str] = form) -> None:
            try:
                browser.ask("POST", path, form)
            except (OSError, http.client.HTTPException):
                return  # the process died under it

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(random.uniform(0, 0.045))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        sending.join()
        state = world.row(
            "SELECT (SELECT count(*) FROM decision WHERE case_id = :c),"
            " (SELECT count(*) FROM task WHERE application_id = :c AND state = 'approved'),"
            " (SELECT count(*) FROM post WHERE reserved_case_id = :c),"
            " (SELECT count(*) FROM application_event WHERE application_id = :c AND kind IN ('approve', 'reserved'))",
            c=case,
        )
        assert state in ((0, 0, 0, 0), (1, 1, 1, 2)), state
        before, after = before + (state[0] == 0), after + (state[0] == 1)
    assert world.figures(body.line) == (KILLS, 0, after)
    assert before > 0, "no kill came early enough to prove anything"
    assert after > 0, "no approval came through: the kills came too early to prove anything"
    with world.superuser.connect() as connection:
        assert list(Verifier(connection, world.keys).findings()) == []
