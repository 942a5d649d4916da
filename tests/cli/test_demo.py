"""The demonstration city at work: every office finds something to do, every kind of waiting is there, no step was skipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.alarms import engine as alarms
from app.cli import demo, demo_accounts, demo_papers, demo_work, settings
from app.cli.demo_accounts import DISTRICTS
from app.cli.demo_city import City
from app.cli.demo_desks import Desks
from app.domain.workdays import city_today
from app.ledger import opening
from tests.ledger.steps import findings
from tests.world import World

DAY = city_today()
# The bodies whose clerks work and that alarms tell of; the whole city has five hundred.
NAMED = {"佛山市教育局", "佛山市财政局", "佛山市第一中学", "佛山市民政局", "南海区水利局", "祖庙街道党政机关",
         *(f"{name}区教育局" for name, _code in DISTRICTS.values())}  # fmt: skip
SOMETHING = """
SELECT o.name FROM office o WHERE NOT EXISTS (SELECT 1 FROM task t JOIN application a ON a.id = t.application_id
   AND a.state = 'running' WHERE t.office_id = o.id AND t.state = 'open')
 AND NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.office_id = o.id AND k.acknowledged_at IS NULL) ORDER BY 1
"""


def named(world: World, people: int) -> None:
    """The named bodies as a city of so many people has them."""
    city = City(people, demo.SEED, world.keys, DAY)
    for region in ("440600", *(code for _name, code in DISTRICTS.values()), "440604100"):
        for batch in city.batches(region):
            if batch.units[0]["name"] in NAMED:
                with world.database.transaction(world.service("svc-opening")) as s:
                    opening.enter(s, batch, note="示范数据")


def worked(world: World, desks: Desks) -> dict[str, int]:
    return demo_work.work(desks, lambda: alarms.touched(world.owner_url, DAY))


@pytest.fixture(scope="module")
def desks(world: World) -> Iterator[Desks]:
    with world.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield Desks(world.database, world.signin, world.keys, connection, DAY)


@pytest.fixture(scope="module")
def made(world: World, desks: Desks) -> dict[str, int]:
    """The named bodies, the accounts twice (a loading taken up again), and the work."""
    named(world, 20_000)
    for _again in range(2):
        with world.owner.begin() as connection:
            demo_accounts.accounts(connection)
    return worked(world, desks)


def test_a_city_without_the_named_bodies_is_left_without_work(world: World, desks: Desks) -> None:
    with world.owner.begin() as connection:
        demo_accounts.accounts(connection)
    assert worked(world, desks) == {}
    assert world.value("SELECT count(*) FROM application") == 0


def test_every_office_of_the_demonstration_has_something_to_do(world: World, made: dict[str, int]) -> None:
    with world.superuser.connect() as connection:
        assert connection.execute(text(SOMETHING)).scalars().all() == []


def test_every_user_of_the_demonstration_stands_under_each_hat_once(world: World, made: dict[str, int]) -> None:
    hats = world.value(
        "SELECT count(*) FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username NOT LIKE 'svc-%'"
    )
    assert hats == len(list(demo_accounts.hats()))


def test_every_kind_of_waiting_can_be_seen(world: World, made: dict[str, int]) -> None:
    due = (
        "SELECT a.state, t.due_on < kernel_today(), t.due_on <= workdays_after(kernel_today(), 1), coalesce(o.kind, t.role) FROM"
        " task t JOIN application a ON a.id = t.application_id LEFT JOIN office o ON o.id = t.office_id WHERE a.id = :c"
        " AND t.state = 'open' ORDER BY t.id DESC LIMIT 1"
    )
    assert world.row(due, c=made["amber"]) == ("running", False, True, "establishment")
    assert world.row(due, c=made["head"]) == ("running", False, True, "unit_head")
    assert world.row(due, c=made["consent"]) == ("running", False, False, "source_unit")
    assert world.row(due, c=made["upwards"]) == ("running", False, False, "establishment")
    assert world.row(due, c=made["waits"])[0] == "running"
    assert (
        world.value("SELECT role FROM task WHERE application_id = :c AND state = 'open'", c=made["waits"])
        == "commission"
    )
    assert world.state(made["returned"]) == "returned"
    assert world.value("SELECT form ->> 'approval_no' FROM application WHERE id = :c", c=made["returned"]).startswith(
        "佛公录"
    )
    stopped = "SELECT kind FROM clock_stop WHERE application_id = :c AND ended_at IS NULL"
    assert [world.value(stopped, c=made[k]) for k in ("papers", "suspended")] == ["papers", "law"]


def test_what_is_done_has_left_its_mark_in_the_ledger(world: World, made: dict[str, int]) -> None:
    for key in ("done", "permit", "left", "matter", "sanding", "certificate", *(f"{stem}_left" for stem in DISTRICTS)):
        assert world.state(made[key]) == "done", key
    assert world.value("SELECT count(*) FROM permit") == 1
    assert world.value("SELECT count(*) FROM certificate") == 1
    assert world.row("SELECT state, (SELECT count(*) FROM agenda_item WHERE meeting_id = m.id) FROM meeting m") == (
        "settled",
        2,
    )
    assert world.value("SELECT count(DISTINCT region_code) FROM quota_pool WHERE category = '11'") == 1 + len(DISTRICTS)
    assert world.value("SELECT count(*) FROM organ_limit") == 1 + len(DISTRICTS)
    assert world.value("SELECT count(*) FROM entry_plan") == 2
    assert world.value("SELECT count(*) FROM quota_part WHERE ended_on IS NULL AND last_on < kernel_today() + 183") == 1
    assert world.value("SELECT count(*) FROM absorption_plan WHERE ended_on IS NULL") == 1
    free = (
        "SELECT t.authorised - t.occupied - t.reserved FROM ledger_total t JOIN quota_line l ON l.id = t.line_id JOIN unit u"
        " ON u.id = l.unit_id WHERE u.name = :n AND l.category = '11'"
    )
    assert world.value(free, n="佛山市财政局") == 1  # the README's second application is the one refused
    assert world.value(free, n="佛山市教育局") >= 3
    versions = "SELECT count(*) FROM sanding s JOIN unit u ON u.id = s.unit_id WHERE u.name = '禅城区教育局' AND s.recorded_to IS NULL"
    assert world.value(versions) == 2


def test_alarms_of_several_rules_stand_and_one_is_being_put_right(world: World, made: dict[str, int]) -> None:
    assert world.value("SELECT count(DISTINCT rule) FROM alarm WHERE state = 'open'") >= 3
    rectified = "SELECT a.state, c.state FROM alarm a JOIN application c ON c.id = a.remedy_case_id"
    assert world.row(rectified) == ("open", "running")
    assert (
        world.value("SELECT count(*) FROM alarm WHERE rule = 'AL28'") == 0
    )  # nothing waits for an office without anybody


def test_no_step_was_skipped(world: World, made: dict[str, int]) -> None:
    assert findings(world) == []


def test_loading_again_makes_nothing_twice(world: World, desks: Desks, made: dict[str, int]) -> None:
    before = world.value("SELECT count(*) FROM application")
    assert worked(world, desks) == {}
    assert world.value("SELECT count(*) FROM application") == before


def test_the_officials_issue_their_papers_once(world: World, desks: Desks, made: dict[str, int], app: Flask) -> None:
    assert demo_papers.issue(app, desks.look) == len(demo_papers.PAPERS)
    assert demo_papers.issue(app, desks.look) == 0
    assert world.value("SELECT count(DISTINCT kind) FROM issued_paper WHERE voided_at IS NULL") == len(
        demo_papers.PAPERS
    )


def test_papers_are_issued_at_the_first_start_after_the_loading_alone(
    world: World, made: dict[str, int], app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What testers change in their city afterwards, or another city, never keeps the server from starting."""
    started: list[Flask] = []
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(settings, "var", lambda: tmp_path)
    monkeypatch.setattr(settings, "owner_url", lambda: world.owner_url)
    monkeypatch.setattr(demo_papers, "issue", lambda served, _owner: started.append(served))
    demo.papers(app)
    assert not started  # no demonstration was loaded here
    for said, times, unfinished in (("", 0, True), (demo.LOADED, 0, False), (demo.WORKED, 1, False)):
        demo.marker().write_text(said)
        assert demo.is_unfinished() is unfinished
        demo.papers(app)
        assert len(started) == times, said
    assert demo.marker().read_text() == demo.LOADED
    demo.papers(app)
    assert started == [app]
    demo.load(20_000)  # of a whole city nothing is loaded again, and nothing waits for the next start
    assert demo.marker().read_text() == demo.LOADED
