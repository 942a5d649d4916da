"""Queue, case, list and supervision pages over 200,000 finished cases: times and the number of SQL statements.

``python bench/supervision.py [--cases 200000] [--rounds 20]``: a scratch database in ``var/bench``, filled by SQL (a case
of two tasks and five steps each), pages asked through the application itself; 2,000 cases more wait.
"""

import argparse
import secrets
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask
from sqlalchemy import text

from bench.pages import sign_in, statements, timed
from bench.reviewers import fresh_world
from tests.world import PASSWORD, World

BODIES = 40
REGIONS = ("440600", "440604", "440605", "440606", "440607", "440608")

CASES = """
INSERT INTO application (number, process, process_version_id, unit_id, scope_path, title, state, stage, created_by,
  created_at, changed_at, submitted_at, finished_at, decided_at, promised_days, statutory_days, due_on, personnel_class)
SELECT 'B' || n, a.process, a.process_version_id, b.id, b.scope_path, '测评：' || n, CASE WHEN n <= :done THEN 'done' ELSE 'running' END,
  0, a.created_by, d.at, d.at, d.at, CASE WHEN n <= :done THEN d.at + interval '3 days' END,
  CASE WHEN n <= :done THEN d.at + interval '3 days' END, 3, 20, d.at::date + 4, 'civil'
FROM generate_series(1, :done + :open) n
JOIN (SELECT id, scope_path, row_number() OVER (ORDER BY id) - 1 AS place FROM unit WHERE node = 'legal') b ON b.place = n % :bodies
CROSS JOIN LATERAL (SELECT CASE WHEN n <= :done THEN now() - make_interval(days => 5 + n % 300) ELSE now() - make_interval(days => n % 6)
  END AS at) d
CROSS JOIN LATERAL (SELECT * FROM application WHERE id = (array(SELECT id FROM application WHERE number NOT LIKE 'B%' ORDER BY id))[1 + n % :kinds]) a
"""
TASKS = """
INSERT INTO task (application_id, stage, code, role, days, office_id, state, opened_at, due_on, closed_at, scope_path)
SELECT a.id, 0, x.code, x.code, 3, o.id, CASE WHEN a.state = 'done' THEN 'approved' ELSE 'open' END, a.submitted_at,
  a.submitted_at::date + 4, CASE WHEN a.state = 'done' THEN a.submitted_at + make_interval(days => (a.id % 6)::int) END, a.scope_path
FROM application a JOIN unit u ON u.id = a.unit_id
CROSS JOIN (VALUES ('establishment', 'establishment'), ('personnel', 'organisation')) x(code, kind)
JOIN office o ON o.kind = x.kind AND o.region_code = office_region(u.region_code) WHERE a.number LIKE 'B%'
"""
STEPS = """
INSERT INTO application_event (application_id, at, kind, user_id, operator, side, facts, scope_path)
SELECT a.id, a.submitted_at, k, a.created_by, '测评', '测评', '{}', a.scope_path
FROM application a CROSS JOIN unnest(ARRAY['submitted', 'approve', 'reserved', 'approve', 'effected']) k WHERE a.number LIKE 'B%'
"""
RECORDS = """
INSERT INTO time_record (application_id, task_id, process, office_id, closed_on, spent, allowed, scope_path)
SELECT a.id, t.id, a.process, t.office_id, k_city_day(t.closed_at), ((a.id * 7 + t.id) % 13 % 6)::int, 3, t.scope_path
FROM task t JOIN application a ON a.id = t.application_id WHERE a.number LIKE 'B%' AND t.state = 'approved'
UNION ALL SELECT a.id, NULL, a.process, NULL, k_city_day(a.decided_at), (a.id % 11 % 8)::int, 3, a.scope_path
FROM application a WHERE a.number LIKE 'B%' AND a.state = 'done'
"""


def fill(world: World, done: int, waiting: int) -> None:
    """Some real cases as patterns, then as many copies as asked."""
    bodies = [
        world.body(f"测评{n:02d}局", region=REGIONS[n % 6], quotas={"11": 20}, people={"11": 3}) for n in range(BODIES)
    ]
    for body in bodies[:4]:
        world.recruit(body)
        facts = {"person": body.people[0], "end": "2026-01-01", "reason": "32"}
        world.submit(world.clerk(body), body, "leave", facts, name="测评")
    with world.superuser.begin() as c:
        c.execute(text("SET LOCAL session_replication_role = replica"))
        kinds = c.execute(text("SELECT count(*) FROM application WHERE number NOT LIKE 'B%'")).scalar_one()
        c.execute(text(CASES), {"done": done, "open": waiting, "bodies": BODIES, "kinds": kinds})
        for statement in (TASKS, STEPS, RECORDS):
            c.execute(text(statement))
    with world.superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as c:
        c.execute(text("SELECT k_sum_months()"))  # what the job does within ten minutes of a month's end
        c.execute(text("VACUUM ANALYZE"))


def measure(app: Flask, client: Any, path: str, rounds: int) -> tuple[float, float, int, int]:
    """Median and 95th percentile in ms, SQL statements, bytes."""
    sent, took = statements(app, client, path), timed(client, path, rounds)
    return statistics.median(took), took[int(len(took) * 0.95) - 1], sent, len(client.get(path).get_data())


def main() -> None:
    """Fill, ask, print a table."""
    from app.factory import build

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    world = fresh_world()
    begun = time.perf_counter()
    fill(world, given.cases, 2_000)
    print(f"filled in {time.perf_counter() - begun:.0f} s")
    world.account("bian", "office_member", office=("establishment", "440600"))
    world.account("tou", "office_head", office=("organisation", "440600"))
    world.account("jian", "inspector", region="440600")
    app = build(app_url=world.app_url, signin_url=world.signin_url, secret=secrets.token_bytes(32), keys=world.keys)
    case = world.value(
        "SELECT max(id) FROM application WHERE number LIKE 'B%' AND state = 'running' AND scope_path < '440601'"
    )
    late = "/supervision/cases?process=recruit&late=1"
    for who, paths in (
        ("bian", ("/supervision", "/supervision/cases", late, "/queue", "/queue?view=late", f"/case/{case}", "/list/cases", "/")),
        ("tou", ("/supervision", "/queue")),
        ("jian", ("/supervision",)),
    ):  # fmt: skip
        client = sign_in(app, who, PASSWORD)
        for path in paths:
            p50, p95, sql, size = measure(app, client, path, given.rounds)
            print(f"| {who} | {path} | {p50:.0f} | {p95:.0f} | {sql} | {size // 1024} kB |")
    world.dispose()


if __name__ == "__main__":
    main()
