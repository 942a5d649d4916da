"""Fifty reviewers at once over thousands of cases: errors, deadlocks, decisions a second, and the ledger's proof after.

``python bench/reviewers.py [--cases 5000] [--reviewers 50]``: a scratch database in ``var/bench``, real connections,
the workflow engine itself; 编办 and 组织部 decide the same cases in parallel, one in twenty is returned, one rejected.
"""

import argparse
import os
import statistics
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ["BIANZHI_VAR"] = str(ROOT / "var" / "bench")
os.environ.pop("DATABASE_URL", None)
sys.path.insert(0, str(ROOT))

import psycopg
from psycopg import sql

from app.cli import deploy, embedded, settings
from app.db import Database, Identity
from app.domain import errors
from app.ledger.verify import Verifier
from app.workflow import engine
from tests.world import World, person

BODIES = 25


def fresh_world() -> World:
    """A deployed, empty city of its own."""
    server = embedded.start(ROOT / "var" / "bench")
    with psycopg.connect(f"host={server.socket_dir} user=postgres dbname=postgres", autocommit=True) as c:
        c.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(settings.DATABASE)))
    settings.prepare()
    deploy.upgrade(settings.owner_url())
    return World(
        app_url=settings.app_url(),
        signin_url=settings.signin_url(),
        owner_url=settings.owner_url(),
        superuser_url=server.url(settings.DATABASE),
        keys=settings.key_ring(),
    )


def file_cases(world: World, number: int) -> list[int]:
    """As many recruitments as asked, spread over some bodies with room for nine in ten."""
    each = number // BODIES
    bodies = [world.body(f"测评{n:02d}局", quotas={"11": max(each * 9 // 10, 1)}) for n in range(BODIES)]
    return [world.recruit(body, facts=person(f"评{n:04d}")) for n in range(each) for body in bodies]


def decide(
    database: Database, who: Identity, cases: list[int], code: str, world: World
) -> tuple[Counter[str], list[float]]:
    """One reviewer's share, one decision a transaction."""
    said: Counter[str] = Counter()
    took: list[float] = []
    for case in cases:
        verdict = {7: "return", 13: "reject"}.get(case % 20, "approve")
        begun = time.perf_counter()
        try:
            with database.transaction(who, case_id=case) as s:
                task = (
                    s.connection()
                    .exec_driver_sql(
                        "SELECT id FROM task WHERE application_id = %s AND code = %s AND state = 'open'", (case, code)
                    )
                    .scalar()
                )
                if task is None:
                    said["closed meanwhile"] += 1
                    continue
                engine.decide(s, task, verdict=verdict, opinion="核")
            said[verdict] += 1
        except errors.DomainError as refusal:
            said[refusal.code] += 1
        except Exception as error:  # what must not happen is counted, not hidden
            said[f"ERROR {type(error).__name__}"] += 1
        took.append(time.perf_counter() - begun)
    return said, took


def main() -> None:
    """File, decide, prove, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=5000)
    options.add_argument("--reviewers", type=int, default=50)
    asked = options.parse_args()
    world = fresh_world()
    begun = time.perf_counter()
    cases = file_cases(world, asked.cases)
    filed = time.perf_counter() - begun
    half = asked.reviewers // 2
    sides = [("establishment", "establishment"), ("organisation", "personnel")]
    shares = []
    for kind, code in sides:
        for n in range(half):
            world.account(f"{kind}{n}", "office_member", office=(kind, "440600"))
            shares.append((Database(world.app_url, pool_size=1), world.identity(f"{kind}{n}"), cases[n::half], code))
    gate = threading.Barrier(len(shares) + 1)

    def run(share: tuple[Database, Identity, list[int], str]) -> tuple[Counter[str], list[float]]:
        with share[0].engine.connect():
            gate.wait()
        return decide(*share, world)

    with ThreadPoolExecutor(len(shares)) as pool:
        running = [pool.submit(run, share) for share in shares]
        gate.wait()
        begun = time.perf_counter()
        results = [r.result() for r in running]
        seconds = time.perf_counter() - begun
    said: Counter[str] = Counter()
    took = sorted(t for _s, times in results for t in times)
    for counted, _t in results:
        said += counted
    print(f"{len(cases)} cases filed in {filed:.0f} s ({len(cases) / filed:.0f}/s)")
    print(f"{len(took)} decisions by {len(shares)} reviewers in {seconds:.1f} s: {len(took) / seconds:.0f}/s,")
    print(f"p50 {statistics.median(took) * 1000:.0f} ms, p95 {took[int(len(took) * 0.95)] * 1000:.0f} ms")
    print(", ".join(f"{k}: {n}" for k, n in said.most_common()))
    with world.superuser.connect() as c:
        found = list(Verifier(c, world.keys).findings())
    print(f"verify: {len(found)} findings")


if __name__ == "__main__":
    main()
