"""The auditor's pages in a real browser: accessible, nothing from elsewhere, the seal fit to print."""

from typing import Any

import pytest
from sqlalchemy import text

from app.cli import nightly
from app.ledger import seal as sealing
from app.ledger.finding import Finding
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def seal(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A city with events, a verification that found something, and a seal; the seal's page."""
    world.body("佛山市审计对象局", people={"11": 1})
    world.account("auditor", "auditor")
    with world.owner.begin() as connection:
        connection.execute(
            text(
                'SELECT record_audit(\'office.update\', \'10.0.0.1\', \'{"before": {"name": "甲"}, "after": {"name": "乙"}}\')'
            )
        )
    run = nightly.verify(world.owner_url, world.keys)
    found = Finding("单位 佛山市审计对象局(1)", "ledger_entry", "7", "hash", "a" * 64, "b" * 64, 3, "unit:1")
    nightly.keep(world.owner_url, nightly.Run("full", run.started_at, run.ended_at, 1, 1, [found]), "svc-worker")
    with world.owner.begin() as connection:
        sealing.seal(connection, world.keys, tmp_path_factory.mktemp("seals") / "x.seal.gz")
    return f"/audit/seals/{world.value('SELECT max(id) FROM ledger_seal')}"


@pytest.mark.parametrize("width", [1440, 390])
def test_the_auditors_pages_are_accessible_and_fit_the_screen(world: World, seal: str, desks: Any, width: int) -> None:
    desk = desks("auditor", width)
    event = world.value("SELECT max(id) FROM audit_event WHERE kind = 'office.update'")
    for path in ("/audit/", f"/audit/{event}", "/audit/runs", "/audit/seals", seal):
        page = desk.open(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the screen"


def test_a_printed_seal_shows_root_signature_and_code_and_no_menu(world: World, seal: str, desks: Any) -> None:
    page = desks("auditor").open(seal)
    page.emulate_media(media="print")
    assert not page.locator(".bz-nav").is_visible()
    assert page.locator(".bz-hash").count() == 2
    assert page.locator("main img").evaluate("i => i.naturalWidth") > 100
