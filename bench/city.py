"""A million people: pages, the full alarm run, the trial of a large reform, many people moved in one case.

``flask demo load --idle --people 1000000`` once, then ``python bench/city.py [pages] [alarms] [reform] [move]`` (all, when none
is named), with ``BIANZHI_VAR`` where the city is not in ``var``. Pages are asked through the application itself under a
demonstration account, so row policies hold. Beside the time by the clock stands the processor time of this process and of
the whole server: on a shared machine the clock counts the others' work too.
"""

import argparse
import datetime as dt
import io
import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from flask import Flask
from sqlalchemy import Connection, create_engine, text

from app.alarms import engine as alarms
from app.cli import demo, embedded, settings
from app.db import Database, Identity, SignInDatabase
from app.domain.workdays import city_today
from app.workflow import engine
from bench.pages import sign_in, statements, timed

TICK = os.sysconf("SC_CLK_TCK")
PARTS = ("pages", "alarms", "reform", "move")
MOVED = 500
SIZE = (41, 10_000)
"""Bodies of a large reform, and about how many people they have together."""


def server_seconds() -> float:
    """Processor time of the server's processes so far, those that ended included."""
    data = embedded.start(settings.var()).data
    postmaster = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile: the postmaster, read last, has its time
            continue
        if int(words[1]) == postmaster:
            spent += int(words[11]) + int(words[12])
    words = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return (spent + sum(map(int, words[11:15]))) / TICK


class Spent:
    """What passed by the clock and on processors, in seconds."""

    def __enter__(self) -> "Spent":
        server = server_seconds()  # looking there takes time of its own
        self.begun = (time.perf_counter(), time.process_time(), server)
        return self

    def __exit__(self, *_error: object) -> None:
        clock, own, server = self.begun
        self.clock = time.perf_counter() - clock
        self.processor = time.process_time() - own + server_seconds() - server

    def __str__(self) -> str:
        return f"{self.clock:.1f} s, processor {self.processor:.1f} s"


def application() -> Flask:
    """The application over the city's database, as the server builds it."""
    from app.factory import build

    return build(app_url=settings.app_url(), signin_url=settings.signin_url(), secret=secrets.token_bytes(32),
                 keys=settings.key_ring(), LOG_STREAM=io.StringIO())  # fmt: skip


def identity(owner: Connection, username: str) -> Identity:
    """An open session of a demonstration account."""
    user = owner.execute(text("SELECT id FROM ab_user WHERE username = :u"), {"u": username}).scalar_one()
    return SignInDatabase(settings.signin_url()).open_session(user)


def asked(app: Flask, client: Any, path: str, rounds: int) -> str:
    """One page: median and worst by the clock, mean processor time, statements."""
    sent = statements(app, client, path)
    with Spent() as spent:
        took = timed(client, path, rounds)
    return f"{statistics.median(took):.0f} / {took[-1]:.0f} | {1000 * spent.processor / rounds:.0f} | {sent} |"


def pages(owner: Connection, rounds: int) -> None:
    """The pages of the issue, of the city's office and of a district's."""
    app, today = application(), city_today()
    unit = owner.execute(text("SELECT id FROM unit WHERE name = '佛山市教育局'")).scalar_one()
    loaded = owner.execute(text("SELECT min(recorded_at)::date FROM occupancy")).scalar_one()
    before = loaded - dt.timedelta(days=1)
    asks = {
        "bianban3": (
            "/ledger", "/ledger?on=2026-01-01", "/ledger?on=2020-01-01", "/ledger?on=2011-01-01",
            f"/ledger?on=2020-01-01&known={before}",
            f"/difference?from={today.replace(year=today.year - 1)}", f"/difference?from={today.replace(year=today.year - 5)}",
            f"/difference?from={today.replace(year=today.year - 5)}&region=440604",
            "/forecast", "/forecast?region=440604", f"/forecast?unit={unit}", "/forecast/people",
            "/alarms", "/alarms/figures", "/quota-desk", f"/ranks/{unit}", f"/sanding/{unit}", f"/lineage/{unit}", "/limits",
            "/commission/", "/reform/", "/payroll/", "/payroll/differences", "/payroll/month/changes", "/payroll/month/budget",
        ),
        "chancheng": ("/ledger", "/forecast", f"/difference?from={today.replace(year=today.year - 5)}"),
    }  # fmt: skip
    print("| Who | Page | Clock, ms: median / worst | Processor, ms | SQL |\n|---|---|---|---|---|")
    for who, paths in asks.items():
        client = sign_in(app, who, demo.PASSWORD)
        for path in paths:
            print(f"| {who} | {path} | {asked(app, client, path, rounds)}", flush=True)


def alarm_run(owner: Connection) -> None:
    """The full run twice: the first may find what is new, the second finds nothing new."""
    for _n in range(2):
        parts: list[tuple[float, str]] = []
        last = time.perf_counter()

        def step(code: str, parts: list[tuple[float, str]] = parts) -> None:
            nonlocal last
            now = time.perf_counter()
            parts.append((now - last, code))
            last = now

        with Spent() as spent:
            outcome = alarms.sweep(settings.owner_url(), "full", city_today(), step=step)
        assert not outcome.failed, outcome.failed
        found = sum(c[0] for c in outcome.counts.values())
        raised = sum(c[1] for c in outcome.counts.values())
        print(f"alarms: {spent}; found {found}, raised {raised}; "
              + ", ".join(f"{code} {took:.1f}" for took, code in sorted(parts, reverse=True)[:8]))  # fmt: skip


def reform(owner: Connection) -> None:
    """41 bodies of a district merged into one of them, by trial."""
    database, who = Database(settings.app_url()), identity(owner, "bianban3")
    bodies = owner.execute(
        text(
            "SELECT u.id, count(*) AS n FROM unit u JOIN occupancy o ON o.unit_id = u.id AND o.kind = 'establishment'"
            " AND o.recorded_to IS NULL AND o.ended_on IS NULL WHERE u.node = 'legal' AND u.status = 'active'"
            " AND u.scope_path LIKE '440600.%' GROUP BY u.id HAVING count(*) BETWEEN 20 AND :most ORDER BY u.id LIMIT :n"
        ),
        {"most": 2 * SIZE[1] // SIZE[0], "n": SIZE[0]},
    ).all()
    with database.transaction(who) as s:
        made = s.execute(text("SELECT reform_begin('测速')")).scalar_one()
        variant = s.execute(text("SELECT id FROM reform_variant WHERE reform_id = :r"), {"r": made}).scalar_one()
        for body in bodies[1:]:
            facts = {"unit": str(body.id), "into": str(bodies[0].id), "seats": "along", "cases": "carry"}
            s.execute(
                text("SELECT reform_step_put(:v, NULL, 'merge_unit', CAST(:f AS jsonb), 1, '')"),
                {"v": variant, "f": json.dumps(facts)},
            )
    with Spent() as spent, database.transaction(who) as s:
        found = s.execute(text("SELECT reform_try(:v, NULL)"), {"v": variant}).scalar_one()
    moved, refused = found["people"]["moved"], sum(not x["ok"] for x in found["steps"])
    each = 1000 * spent.clock / max(moved, 1)
    print(
        f"reform: {len(bodies)} bodies, {moved} people moved, {refused} steps refused: {spent}; {each:.2f} ms a person"
    )
    with database.transaction(who) as s:
        s.execute(text("SELECT reform_drop(:r)"), {"r": made})


def move(owner: Connection) -> None:
    """500 people from one line to another in one case (整建制划转): the second official's word with its effect."""
    database = Database(settings.app_url())
    first, second = identity(owner, "bianban"), identity(owner, "bianban3")
    source = owner.execute(
        text(
            "SELECT l.id, l.unit_id, l.category, l.funding, l.structure, t.occupied FROM quota_line l JOIN ledger_total t"
            " ON t.line_id = l.id WHERE l.kind = 'establishment' AND t.occupied BETWEEN 400 AND 600 AND t.reserved = 0"
            " AND l.scope_path LIKE '440600.%' ORDER BY abs(t.occupied - :n), l.id LIMIT 1"
        ),
        {"n": MOVED},
    ).one()
    target = owner.execute(
        text(
            "SELECT l.id, t.authorised FROM quota_line l JOIN ledger_total t ON t.line_id = l.id WHERE l.kind = 'establishment'"
            " AND l.category = :c AND l.unit_id <> :u AND l.scope_path LIKE '440600.%' AND t.authorised BETWEEN 1 AND 3000"
            " AND NOT l.closed_to_entry AND t.occupied <= t.authorised ORDER BY t.authorised - t.occupied DESC, l.id LIMIT 1"
        ),
        {"c": source.category, "u": source.unit_id},
    ).one()
    document = f"测速〔{secrets.token_hex(3)}〕"
    day = {"document_no": document, "issuer": "市委编委", "start": city_today().isoformat()}
    one_case(
        database, first, second, "quota", {"line": target.id, "authorised": target.authorised + source.occupied} | day
    )
    with Spent() as filed:
        case = filed_case(database, first, "people_move", {"line": source.id, "into_line": target.id} | day)
    with Spent() as spent:
        approve(database, second, case)
    print(f"move: {source.occupied} people in one case: filed in {filed}; decided and effected in {spent};"
          f" {1000 * spent.clock / source.occupied:.2f} ms a person")  # fmt: skip


def filed_case(database: Database, who: Identity, process: str, facts: dict[str, Any]) -> int:
    """A case of the city's office, submitted."""
    with database.transaction(who) as s:
        case = engine.draft(
            s, process=process, unit_id=None, office_id=int(engine.me(s, 7) or 0), scope_path="4406", form={}
        )
        engine.submit(s, case.id, facts=facts, person_id=None, person_name=None, effective_on=city_today())
        return case.id


def approve(database: Database, who: Identity, case: int) -> None:
    """The other official's word; a case of today takes effect with it."""
    with database.transaction(who, case_id=case) as s:
        for task in s.execute(
            text("SELECT id FROM task WHERE application_id = :c AND state = 'open'"), {"c": case}
        ).scalars():
            engine.decide(s, task, verdict="approve", opinion="测速")
    with database.transaction(who) as s:
        state = s.execute(text("SELECT state FROM application WHERE id = :c"), {"c": case}).scalar_one()
    assert state == "done", state


def one_case(database: Database, first: Identity, second: Identity, process: str, facts: dict[str, Any]) -> None:
    """A case from its filing to its effect."""
    approve(database, second, filed_case(database, first, process, facts))


def main() -> None:
    """Measure what was asked and say how busy the machine was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    parts: dict[str, Callable[[Connection], None]] = {
        "pages": lambda c: pages(c, given.rounds), "alarms": alarm_run, "reform": reform, "move": move,
    }  # fmt: skip
    owner = create_engine(settings.owner_url(), isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        people = connection.execute(text("SELECT count(*) FROM person")).scalar_one()
        print(f"{people:,} people, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        for part in given.parts or PARTS:
            parts[part](connection)
            print(f"load {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    main()
