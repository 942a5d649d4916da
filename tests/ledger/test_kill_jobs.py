"""The worker killed in the middle of its morning: no half case, no alarm twice, and the next run does the rest once."""

import datetime as dt
import os
import signal
import time
from random import Random

from sqlalchemy import text

from app.workflow import due
from tests.ledger.steps import TODAY, findings, leave
from tests.ledger.test_kill import settled
from tests.world import Body, World

EACH = 5
# One case as a whole: what it is, what the ledger says of it, what became of its seat, and what was told.
CASE = text("""
SELECT a.process, a.state, r.status,
  (SELECT string_agg(type, ', ' ORDER BY id) FROM ledger_entry WHERE case_id = a.id) AS entries,
  (SELECT count(*) FROM post WHERE reserved_case_id = a.id) AS seats,
  (SELECT count(*) FROM occupancy WHERE exit_case_id = a.id AND recorded_to IS NULL) AS exits,
  (SELECT string_agg(kind, ', ' ORDER BY id) FROM application_event WHERE application_id = a.id) AS timeline,
  (SELECT count(*) FROM task WHERE application_id = a.id AND escalated_at IS NOT NULL) AS escalated,
  (SELECT count(*) FROM notice WHERE case_id = a.id AND kind = 'escalated') AS told
FROM application a JOIN case_record r ON r.case_id = a.id WHERE a.id = :c
""")


def tomorrow(world: World, days: int) -> None:
    """The kernel's day moves on."""
    day = TODAY + dt.timedelta(days=days)
    with world.superuser.begin() as c:
        c.execute(text("SET LOCAL session_replication_role = replica"))
        c.execute(text("CREATE OR REPLACE FUNCTION kernel_today() RETURNS date LANGUAGE sql STABLE SET search_path = public,"
                       f" pg_temp AS $$ SELECT date '{day}' $$"))  # fmt: skip


def morning(world: World) -> None:
    """What the worker does each day with cases."""
    service = world.service("svc-worker")
    list(due.post_due(world.database, service))
    list(due.lapse_due(world.database, service))
    due.escalate(world.database, service)


def waiting(world: World) -> tuple[Body, dict[int, str]]:
    """Exits whose day comes, people who do not arrive, tasks that nobody looks at: each case with what awaits it."""
    body = world.body("停机局", quotas={"11": 3 * EACH + 2}, people={"11": EACH})
    cases: dict[int, str] = {}
    for who in body.people:
        cases[leave(world, body, who, TODAY + dt.timedelta(days=1))] = "effect"
    for _ in range(EACH):
        lapsing = world.recruit(body)
        world.approve_recruit(lapsing)
        cases[lapsing] = "lapse"
        cases[world.recruit(body)] = "escalation"
    return body, cases


def whole(world: World, case: int) -> tuple[object, ...]:
    with world.superuser.connect() as connection:
        return tuple(connection.execute(CASE, {"c": case}).one())


def test_the_worker_may_die_at_any_moment_of_its_morning(world: World) -> None:
    body, cases = waiting(world)
    before = {case: whole(world, case) for case in cases}
    tomorrow(world, 70)
    world.service("svc-worker")  # the identity is the parent's: it outlives each worker
    world.dispose()
    # The first deaths come at once, before a fast machine has done it all.
    chance, latest, kills, kinds = Random(11), 0.02, 0, set[str]()
    seen = dict(before)
    for _ in range(200):
        child = os.fork()
        if child == 0:
            try:
                morning(world)
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, latest))
        killed = os.waitpid(child, os.WNOHANG) == (0, 0)
        if killed:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            kills += 1
        settled(world)
        now = {case: whole(world, case) for case in cases}
        for case, kind in cases.items():
            # Each case is what it was, or has come to its end once; what is done is never done again.
            if now[case] != seen[case]:
                assert seen[case] == before[case], (kind, seen[case], now[case])
                kinds.add(kind)
        # Whatever the machine's speed, the next kill comes about when the work is done.
        latest *= 1.2 if killed and now == seen else 1
        seen = now
        if not killed:
            break
    assert kills >= 3
    assert kinds == {"effect", "lapse", "escalation"}
    morning(world)
    assert {case: whole(world, case) for case in cases} == seen
    for kind in ("effect", "lapse", "escalation"):
        assert len({row for case, row in seen.items() if cases[case] == kind}) == 1, "all of a kind end alike"
    assert world.figures(body.line) == (3 * EACH + 2, 0, 0)
    late = "SELECT count(*), max(times) FROM alarm WHERE rule = 'AL30'"
    assert world.row(late) == (EACH, 1)  # told once each, however often the worker began
    assert findings(world) == []
