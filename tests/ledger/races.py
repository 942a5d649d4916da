"""Two transactions that meet: the second begins while the first has done its work and not yet committed."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import Identity
from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import TODAY, file
from tests.world import Body, World

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@dataclass(frozen=True)
class Deed:
    """What somebody does in one transaction."""

    who: Identity
    act: Callable[[Session], object]
    case: int | None = None


def decided(world: World, who: Identity, case: int, code: str) -> Deed:
    """The approval of a task that is on the official's page already."""
    task = world.task(case, code)
    return Deed(who, lambda s: engine.decide(s, task, verdict="approve", opinion="同意"), case)


def reviewed(world: World, process: str, about: Body | None, place: str = "440600", **facts: object) -> Deed:
    """The second official's approval of an establishment office's own case, which takes effect by it."""
    filed = {"document_no": "佛编〔2026〕88号", "issuer": "市委编委", "start": TODAY.isoformat()} | facts
    case = file(world, process, filed, about=about, region=place)
    return decided(world, world.office("establishment", place), case, "review")


def arrived(world: World, body: Body, case: int) -> Deed:
    return Deed(world.clerk(body), lambda s: engine.arrive(s, case, TODAY), case)


def leaving(world: World, body: Body, who: int) -> Deed:
    """The last approval of an exit."""
    case = world.submit(world.clerk(body), body, "leave", {"person": who, "end": TODAY.isoformat(), "reason": "32"},
                        effective_on=TODAY)  # fmt: skip
    world.decide(world.office("organisation"), case, "personnel")
    return decided(world, world.office("establishment"), case, "establishment")


def expired(world: World, part: int) -> Deed:
    """The job's step for a part past its last day."""
    return Deed(world.service("svc-worker"), lambda s: s.execute(text("SELECT part_expire(:p)"), {"p": part}))


def outcome(world: World, deed: Deed) -> str:
    """What became of it: done, or the refusal's code; every other error is the test's."""
    try:
        with world.database.transaction(deed.who, case_id=deed.case) as session:
            deed.act(session)
    except errors.DomainError as refusal:
        return refusal.code
    return "done"


def behind(world: World, first: Deed, second: Deed) -> str:
    """What became of the second, which the first has kept waiting (or has not, where they have nothing in common)."""
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction(first.who, case_id=first.case) as session:
            first.act(session)
            session.flush()
            later = pool.submit(outcome, world, second)
            until = time.monotonic() + 30
            while not later.done() and not world.value(WAITING):
                assert time.monotonic() < until
                time.sleep(0.01)
        return later.result(timeout=60)
