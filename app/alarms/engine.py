"""报警引擎: walks the rules over all units or those that movements touched, one statement a rule, each on record.

Runs as the owner: a count under a row policy would silently count less. What no longer holds is cleared, never deleted;
a rule whose data are missing or stale is recorded as not run. Two engines at once are safe: a rule is walked by one at a
time (advisory lock), and a subject has one open alarm by a unique index.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.alarms import sources
from app.alarms.registry import rules
from app.alarms.rule import Rule

MANY = 500
"""So many touched units are looked at like all of them: a statement over a long list is no faster."""
Step = Callable[[str], None]

WALK = """
WITH found AS MATERIALIZED (
  SELECT DISTINCT ON (subject) x.* FROM ({select}) x ORDER BY subject),
raised AS (
  INSERT INTO alarm (rule, code, subject, standing, state, unit_id, line_id, person_id, operator, facts, scope_path, due_on)
  SELECT :rule, 'found', subject, false, 'open', unit_id, line_id, person_id, 'svc-worker', facts, scope_path, :due
    FROM found ORDER BY subject
  ON CONFLICT (rule, subject) WHERE subject IS NOT NULL AND state IN ('open', 'accepted')
  DO UPDATE SET facts = excluded.facts, unit_id = excluded.unit_id, scope_path = excluded.scope_path,
    line_id = excluded.line_id, last_at = clock_timestamp()
    WHERE (alarm.facts, alarm.unit_id, alarm.scope_path) IS DISTINCT FROM (excluded.facts, excluded.unit_id, excluded.scope_path)
  RETURNING xmax = 0 AS fresh),
gone AS (
  UPDATE alarm a SET state = 'cleared', closed_at = clock_timestamp()
   WHERE a.rule = :rule AND a.code = 'found' AND a.subject IS NOT NULL AND a.state IN ('open', 'accepted') {within}
     AND NOT EXISTS (SELECT 1 FROM found f WHERE f.subject = a.subject) RETURNING 1)
SELECT (SELECT count(*) FROM found) AS found, (SELECT count(*) FROM raised WHERE fresh) AS raised,
  (SELECT count(*) FROM gone) AS cleared
"""


@dataclass(slots=True)
class Outcome:
    """检查结果: one sweep: by rule what was found, raised anew, cleared; which were not run, and which failed."""

    id: int
    kind: str
    units: int | None = None
    counts: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    not_run: dict[str, list[sources.Lack]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def walk_rule(
    connection: Connection, rule: Rule, units: list[int] | None, today: dt.date
) -> tuple[tuple[int, int, int] | None, list[sources.Lack]]:
    """One rule in the caller's transaction: found, raised, cleared; None where no region has its data."""
    connection.execute(text("SELECT pg_advisory_xact_lock(740100, hashtext(:r))"), {"r": rule.code})
    regions, lacks = sources.standing(connection, rule, today) if rule.sources else ([], [])
    if rule.sources and not regions:
        return None, lacks
    values: dict[str, object] = {"rule": rule.code, "today": today}
    for name, default in rule.params.items():
        values[name] = connection.execute(
            text("SELECT rule_number(:r, :n, :d)"), {"r": rule.code, "n": name, "d": default}
        ).scalar_one()
    values["due"] = connection.execute(
        text("SELECT workdays_after(:t, rule_number(:r, 'days', :d))"),
        {"t": today, "r": rule.code, "d": rule.days},
    ).scalar_one()
    within = "AND a.unit_id = ANY(:units)" if units is not None else ""
    if rule.sources:
        within += " AND EXISTS (SELECT 1 FROM unit u WHERE u.id = a.unit_id AND u.region_code = ANY(:regions))"
        values["regions"] = regions
    if units is not None:
        values["units"] = units
    statement = WALK.format(select=rule.statement(touched=units is not None), within=within)
    row = connection.execute(text(statement), values).one()
    return (row.found, row.raised, row.cleared), lacks


def _record(connection: Connection, outcome: Outcome, rule: Rule, started: dt.datetime) -> None:
    """A run of a rule; of the many small ones only those that changed something or failed."""
    counts, lacks = outcome.counts.get(rule.code), outcome.not_run.get(rule.code, [])
    if outcome.kind == "touched" and rule.code not in outcome.failed and not any((counts or (0, 0, 0))[1:]):
        return
    state = "failed" if rule.code in outcome.failed else "ran" if counts else "not_run"
    reason: dict[str, object] = {"lacks": [x.as_json() for x in lacks]} if lacks else {}
    if rule.code in outcome.failed:
        reason = {"error": outcome.failed[rule.code]}
    found, raised, cleared = counts or (0, 0, 0)
    connection.execute(
        text(
            "INSERT INTO alarm_run (sweep_id, rule, started_at, ended_at, state, reason, found, raised, cleared)"
            " VALUES (:s, :r, :b, clock_timestamp(), :t, cast(:w AS jsonb), :f, :n, :c)"
        ),
        {"s": outcome.id, "r": rule.code, "b": started, "t": state, "w": json.dumps(reason), "f": found, "n": raised,
         "c": cleared},
    )  # fmt: skip


def _walk(engine: Engine, outcome: Outcome, rule: Rule, units: list[int] | None, today: dt.date) -> None:
    started = dt.datetime.now(dt.UTC)
    try:
        with engine.begin() as connection:
            # One rule reads a whole table once: no compiled plan, sorts in memory.
            connection.execute(text("SET LOCAL jit = off"))
            connection.execute(text("SET LOCAL work_mem = '64MB'"))
            counts, lacks = walk_rule(connection, rule, units, today)
    except SQLAlchemyError as error:  # one faulty rule never keeps the others from running
        outcome.failed[rule.code] = (
            f"{type(error).__name__}: {str(getattr(error, 'orig', error)).splitlines()[0][:300]}"
        )
    else:
        if counts is not None:
            outcome.counts[rule.code] = counts
        if lacks:
            outcome.not_run[rule.code] = lacks
    with engine.begin() as connection:
        _record(connection, outcome, rule, started)


def _begin(engine: Engine, kind: str, number: int, units: list[int] | None) -> int:
    """A sweep on record: the one that somebody asked for and that waits, else a new one."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE alarm_sweep SET state = 'failed', ended_at = now(), error = 'broken off' WHERE state = 'running'"
                " AND started_at < now() - interval '1 hour'"
            )
        )
        values = {"k": kind, "n": number, "u": None if units is None else len(units)}
        waiting = connection.execute(
            text(
                "UPDATE alarm_sweep SET state = 'running', started_at = clock_timestamp(), rules = :n, units = :u WHERE id ="
                " (SELECT id FROM alarm_sweep WHERE state = 'waiting' AND kind = :k ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
                " RETURNING id"
            ),
            values,
        ).scalar()
        return int(
            waiting
            or connection.execute(
                text(
                    "INSERT INTO alarm_sweep (kind, state, started_at, rules, units) VALUES (:k, 'running',"
                    " clock_timestamp(), :n, :u) RETURNING id"
                ),
                values,
            ).scalar_one()
        )


def sweep(
    owner_url: str, kind: str, today: dt.date, units: list[int] | None = None, step: Step = lambda _code: None
) -> Outcome:
    """Walk every rule that has a query; ``step`` is called with each rule's code after it."""
    engine = create_engine(owner_url)
    try:
        due = [r for r in rules().values() if r.select and (units is None or r.units)]
        outcome = Outcome(_begin(engine, kind, len(due), units), kind, None if units is None else len(units))
        for rule in due:
            _walk(engine, outcome, rule, units, today)
            step(rule.code)
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE alarm_sweep SET state = :s, ended_at = clock_timestamp(), error = :e WHERE id = :i"),
                {"i": outcome.id, "s": "failed" if outcome.failed else "done",
                 "e": ", ".join(sorted(outcome.failed)) or None},
            )  # fmt: skip
        return outcome
    finally:
        engine.dispose()


def touched(owner_url: str, today: dt.date) -> Outcome | None:
    """Look at the units that movements touched; None when there are none. At least once: the queue is emptied after."""
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT id, unit_id FROM alarm_touched ORDER BY id LIMIT 100000")).all()
        if not rows:
            return None
        units = sorted({r.unit_id for r in rows})
        outcome = sweep(owner_url, "touched", today, None if len(units) > MANY else units)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM alarm_touched WHERE id = ANY(:i)"), {"i": [r.id for r in rows]})
        return outcome
    finally:
        engine.dispose()


def asked(owner_url: str) -> bool:
    """Whether somebody asked for a full run that has not begun."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM alarm_sweep WHERE state = 'waiting'")).first() is not None
    engine.dispose()
    return found
