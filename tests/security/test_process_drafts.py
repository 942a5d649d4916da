"""流程设计: a definition comes about by two administrators, is checked before it holds, and never changes after."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from app.domain import errors
from app.domain.workdays import city_today
from app.workflow import versions
from tests.security.conftest import Client
from tests.world import World

TODAY = city_today()


@pytest.fixture(scope="module", autouse=True)
def administrators(world: World) -> None:
    body = world.body("流程局", quotas={"11": 9})
    world.account("clerk", "unit_clerk", unit=body.id)
    world.account("bianban", "office_head", office=("establishment", "440600"))
    world.account("sys", "system_admin")
    world.account("sys2", "system_admin")
    world.account("sec", "security_admin")


def call(world: World, who: str | Identity, query: str, **values: Any) -> Any:
    identity = world.identity(who) if isinstance(who, str) else who
    with world.database.transaction(identity) as s:
        return s.execute(text(query), values).scalar()


def version_id(world: World, process: str) -> int:
    return int(world.value("SELECT process_in_force(:p, kernel_today())", p=process))


def begun(world: World, process: str = "leave", key: str | None = None) -> tuple[int, Any]:
    draft = call(world, "sys", "SELECT process_draft_begin(:v, :p)", v=version_id(world, process), p=key or process)
    return draft, world.value("SELECT changed_at FROM process_draft WHERE id = :d", d=draft)


def changed_at(world: World, draft: int) -> Any:
    return world.value("SELECT changed_at FROM process_draft WHERE id = :d", d=draft)


def proposed(world: World, draft: int, on: Any = TODAY) -> None:
    call(world, "sys", "SELECT process_propose(:d, :o, :t)", d=draft, o=on, t=changed_at(world, draft))


def test_only_the_system_administrator_writes_and_only_the_security_administrator_publishes(world: World) -> None:
    draft, seen = begun(world)
    for who in ("clerk", "bianban", "sec"):
        with pytest.raises(errors.DomainError):
            call(world, who, "SELECT process_draft_save(:d, '{}', :t)", d=draft, t=seen)
    proposed(world, draft)
    for who in ("clerk", "bianban", "sys", "sys2"):
        with pytest.raises(errors.DomainError):
            call(world, who, "SELECT process_settle(:d, true, '', :t)", d=draft, t=changed_at(world, draft))
    assert world.value("SELECT state FROM process_draft WHERE id = :d", d=draft) == "proposed"


def test_no_row_of_drafts_or_versions_is_written_by_hand(world: World) -> None:
    draft, _seen = begun(world)
    for statement in (
        f"UPDATE process_draft SET state = 'published' WHERE id = {draft}",
        "INSERT INTO process_draft (process, based_on, definition, edited_by) VALUES ('x', 1, '{}', 1)",
        "UPDATE process_version SET requirements = '{}'",
        "INSERT INTO process_version (process, version, definition, requirements, hash) VALUES ('x', 1, '{}', '{}', '')",
        "SELECT publish_version('leave', 9, '{}', '{}')",
    ):
        with pytest.raises((DBAPIError, errors.DomainError)):
            call(world, "sys", statement)


def test_what_touches_seats_never_does_without_the_establishment_office(world: World) -> None:
    draft, seen = begun(world)
    low = '{"title": "x", "requirements": {"vacate": [{"role": "personnel"}]}}'
    call(world, "sys", "SELECT process_draft_save(:d, cast(:j AS jsonb), :t)", d=draft, j=low, t=seen)
    with pytest.raises(errors.Floor):
        proposed(world, draft)


def test_a_stale_page_saves_nothing_over_a_colleagues_work(world: World) -> None:
    draft, seen = begun(world)
    call(world, "sys2", 'SELECT process_draft_save(:d, \'{"title": "二"}\', :t)', d=draft, t=seen)
    with pytest.raises(errors.StaleDraft):
        call(world, "sys", 'SELECT process_draft_save(:d, \'{"title": "一"}\', :t)', d=draft, t=seen)


def test_a_published_draft_holds_from_its_day_and_running_cases_stay_on_theirs(world: World) -> None:
    old = version_id(world, "leave")
    draft, _seen = begun(world)
    proposed(world, draft, TODAY.replace(year=TODAY.year + 1, day=1))
    made = call(world, "sec", "SELECT process_settle(:d, true, '', :t)", d=draft, t=changed_at(world, draft))
    assert version_id(world, "leave") == old
    assert world.value("SELECT process_in_force('leave', DATE '2100-01-01')") == made
    number, shipped = world.row("SELECT version, shipped_version FROM process_version WHERE id = :v", v=made)
    assert (number, shipped) == (world.value("SELECT version FROM process_version WHERE id = :v", v=old) + 1, None)
    assert world.value("SELECT definition ->> 'version' FROM process_version WHERE id = :v", v=made) == str(number)


def test_a_release_is_offered_beside_a_version_of_the_citys_own_and_does_not_replace_it(world: World) -> None:
    draft, _seen = begun(world, "retire")
    proposed(world, draft)
    own = call(world, "sec", "SELECT process_settle(:d, true, '', :t)", d=draft, t=changed_at(world, draft))
    with world.owner.begin() as c:
        offered = c.execute(
            text(
                "SELECT publish_version('retire', 900, definition || '{\"version\": 900}', requirements)"
                " FROM process_version WHERE id = :v"
            ),
            {"v": own},
        ).scalar_one()
    assert world.value("SELECT holds_from FROM process_version WHERE id = :v", v=offered) is None
    assert version_id(world, "retire") == own


def test_a_case_takes_the_version_that_holds_and_no_other(world: World) -> None:
    draft, _seen = begun(world, "recruit")
    proposed(world, draft)
    made = call(world, "sec", "SELECT process_settle(:d, true, '', :t)", d=draft, t=changed_at(world, draft))
    with world.database.transaction(world.identity("clerk")) as s:
        assert versions.latest(s, "recruit")[0] == made


def posted(page: str) -> dict[str, str]:
    """What a browser would send of the draft's form as it stands."""
    body = page[page.index("novalidate") :]
    out = dict(re.findall(r'<input[^>]*name="([a-z][a-z0-9_-]*)"[^>]*value="([^"]*)"', body))
    ticks = re.findall(r'type="checkbox"[^>]*name="([^"]+)"[^>]*value="1"( checked)?', body)
    out = {k: v for k, v in out.items() if k not in dict(ticks)}
    out |= {k: "1" for k, on in ticks if on}
    out |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', body))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body):
        out[name] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    return out


def test_a_draft_is_edited_by_form_checked_tried_proposed_and_published(
    world: World, client: Callable[..., Client]
) -> None:
    sys, sec = client("sys"), client("sec")
    sys.get("/processes/transfer")
    begun_at = sys.post("/processes/drafts", {"version": version_id(world, "transfer"), "process": "transfer"})
    path = begun_at.headers["Location"]
    page = sys.get(path).get_data(as_text=True)
    before = world.value("SELECT definition FROM process_draft ORDER BY id DESC LIMIT 1")
    # Saved as it stands, nothing is lost on the way through the form.
    sys.post(path, posted(page) | {"action": "save"})
    assert world.value("SELECT definition FROM process_draft ORDER BY id DESC LIMIT 1") == before
    # A row more; it is empty, so the page says where something is missing, and it cannot be proposed.
    page = sys.get(path).get_data(as_text=True)
    sys.post(path, posted(page) | {"action": "add:stages-1-tasks"})
    page = sys.get(path).get_data(as_text=True)
    row = f"stages-1-tasks-{len(before['stages'][1]['tasks'])}"
    assert f'id="p-{row}-code-error"' in page
    seen = posted(page)["seen"]
    refused = sys.post(f"{path}/propose", {"seen": seen, "holds_from": TODAY.isoformat()})
    assert refused.status_code == 302
    assert world.value("SELECT state FROM process_draft ORDER BY id DESC LIMIT 1") == "draft"
    assert "trial" in page
    # Mended.
    filled = {"code": "finance", "role": "finance", "title": "核经费", "days": "2"}
    sys.post(path, posted(page) | {f"{row}-{k}": v for k, v in filled.items()} | {"action": "save"})
    page = sys.get(path).get_data(as_text=True)
    assert "-error" not in page
    assert "核经费" in page
    walk = sys.get(f"{path}/trial").get_data(as_text=True)
    assert "核经费" in walk
    sys.post(f"{path}/propose", {"seen": posted(page)["seen"], "holds_from": TODAY.isoformat()})
    theirs = sec.get(path).get_data(as_text=True)
    seen = re.search(r'name="seen" value="([^"]+)"', theirs)
    assert seen is not None
    assert sec.post(f"{path}/publish", {"seen": seen[1]}).status_code == 302
    assert "核经费" in sys.get("/processes/transfer").get_data(as_text=True)
    assert "finance" in str(world.value("SELECT definition FROM process_version ORDER BY id DESC LIMIT 1"))


def test_bad_addresses_and_unknown_drafts_are_refused(client: Callable[..., Client]) -> None:
    sys = client("sys")
    assert sys.get("/processes/nothing").status_code == 404
    assert sys.get("/processes/draft/999999").status_code == 404
    assert sys.get("/processes/leave?version=x").status_code == 400
    assert sys.get("/processes/leave?version=1&against=77").status_code == 400
    assert sys.post("/processes/draft/999999/explode").status_code == 404
