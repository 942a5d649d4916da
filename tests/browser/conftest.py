"""A served city and a headless Chromium."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.security.conftest import Client, app

__all__ = ["app"]  # the fixture is shared
NAMES = ("chromium", "chromium-browser", "google-chrome")
# How long a slow and busy machine may take, in milliseconds; no test rests on it.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def chromium() -> str | None:
    """Where a Chromium is: named by CHROMIUM, or on the path."""
    return os.environ.get("CHROMIUM") or next((p for p in map(shutil.which, NAMES) if p), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; where none can be had the tests say so, except in CI, where they must run."""
    path = chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; browser tests must run in CI.")
        pytest.skip("Chromium is missing and could not be installed; browser tests did not run.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """The application over this module's city, on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    app.extensions["bianzhi"].database.engine.dispose()
    app.extensions["bianzhi"].signin.engine.dispose()


class Desk:
    """One signed-in user at a browser; every page shown is also checked by axe and for foreign requests."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: None if r.url.startswith((address, "data:")) else self.foreign.append(r.url))
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("console", lambda m: self.complaints.append(m.text) if "Content Security Policy" in m.text else None)

    def open(self, path: str, *, checked: bool = True) -> Page:
        """Open a page and check it, where no other test does."""
        self.page.goto(self.address + path)
        if checked:
            self.check()
        return self.page

    def check(self) -> None:
        """No axe violation, no request elsewhere, no script error."""
        self.page.evaluate(AXE)
        found: list[Any] = self.page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
        assert found == [], f"{self.page.url}: {found}"
        assert self.foreign == []
        assert self.complaints == []

    def fits(self, path: str) -> None:
        """Check a page once more as a telephone shows it: nothing is cut off, nothing scrolls sideways."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 390, "height": 900})
        self.open(path)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"
        assert before is not None
        self.page.set_viewport_size(before)

    def send(self, button: str) -> None:
        """Press a button that leads to a page."""
        with self.page.expect_navigation():
            self.page.locator(button).click()

    def submit(self) -> str:
        """Submit the form of a business; the address of its case."""
        self.page.locator("#case-form button[value=submit]").click()
        self.page.wait_for_url(re.compile(r"/case/\d+$"))
        return "/case/" + self.page.url.rsplit("/", 1)[1]

    def approve(self, path: str) -> None:
        """Approve, as the office whose turn it is, what the page of a case asks."""
        self.open(path, checked=False)
        self.send("#decision button[value=approve]")

    def pick(self, field: str, typed: str) -> None:
        """Choose in a search-as-you-type field."""
        widget = self.page.locator(f"select[name={field}] + .ts-wrapper")
        # The box, not its input: where something is chosen already the input lies outside the screen.
        widget.locator(".ts-control").click()
        # Into this very field: another one may still hold the focus for a moment.
        widget.locator("input").press_sequentially(typed)
        widget.locator(".ts-dropdown .option").filter(has_text=typed).first.click()
        expect(widget).to_have_class(re.compile(r"\bhas-items\b"))
        expect(widget).not_to_have_class(re.compile(r"\bdropdown-active\b"))


@pytest.fixture
def desks(browser: Browser, address: str, app: Flask) -> Iterator[Any]:
    """A desk by user name, signed in already: the page of sign-in is one test's (test_main_job), not each one's."""
    contexts = []

    def sign_in(username: str, width: int = 1440) -> Desk:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        client = Client(app.test_client())
        client.sign_in(username)
        cookie = client.client.get_cookie("bianzhi")
        assert cookie is not None
        context.add_cookies([{"name": "bianzhi", "value": cookie.value, "url": address}])
        desk = Desk(context.new_page(), address)
        desk.open("/", checked=False)
        return desk

    yield sign_in
    for context in contexts:
        context.close()
