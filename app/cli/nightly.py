"""夜间作业: next months' partitions, the day's seal, the verification; its result on record, an alarm for each difference."""

import datetime as dt
import getpass
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from app.alarms import engine as alarm_engine
from app.cli import settings
from app.domain.crypto import KeyRing
from app.domain.workdays import CITY_CLOCK, city_today
from app.ledger import seal as sealing
from app.ledger import since
from app.ledger.finding import Finding
from app.ledger.verify import Verifier
from app.security import structure

KEPT, ALARMS = 1000, 200
NIGHT = 2  # o'clock in the city, from which on the night's verification is due
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One verification and what it found."""

    kind: str
    started_at: dt.datetime
    ended_at: dt.datetime
    chains: int
    entries: int
    findings: list[Finding]
    seal_root: str | None = None


def verify(
    owner_url: str, keys: KeyRing, sealed: tuple[sealing.Header, list[sealing.Head]] | None = None, *,
    only_since: bool = False, step: Step = lambda _n: None,
) -> Run:  # fmt: skip
    """Walk the proofs in one read-only snapshot; with a seal compare its heads, or walk what came after it only."""
    started = dt.datetime.now(dt.UTC)
    engine = create_engine(owner_url)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        chains, entries = connection.execute(
            text("SELECT count(*), coalesce(sum(sequence), 0) FROM ledger_chain")
        ).one()
        if only_since and sealed is not None:
            entries -= sealed[0].entries
            found = list(since.findings(connection, sealed[1], step))
        else:
            found = list(Verifier(connection, keys, step).findings())
            if sealed is not None:
                found += sealing.compare(connection, sealed[1])
        found += sealing.recorded(connection, keys)
    engine.dispose()
    root = sealed[0].root if sealed else None
    return Run("since" if only_since else "full", started, dt.datetime.now(dt.UTC), chains, entries, found, root)


def verify_all(owner_url: str, keys: KeyRing) -> Run:
    """The night's verification: everything, and the structure that the last deployment of this installation left."""
    run = verify(owner_url, keys)
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        run.findings.extend(structure.findings(connection, keys, settings.structure_file()))
    engine.dispose()
    return run


def chains(owner_url: str) -> int:
    """How many chains there are, for a progress bar."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        number = int(connection.execute(text("SELECT count(*) FROM ledger_chain")).scalar_one())
    engine.dispose()
    return number


def operator() -> str:
    """Who runs a command of the keeper: the machine's user."""
    return f"{getpass.getuser()}（命令行）"


def keep(owner_url: str, run: Run, who: str) -> None:
    """Put a run on record, its differences as alarms."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO verification_run (kind, operator, started_at, ended_at, chains, entries, differences,"
                " findings, seal_root) VALUES (:k, :o, :s, :e, :c, :n, :d, cast(:f AS jsonb), :r)"
            ),
            {
                "k": run.kind, "o": who, "s": run.started_at, "e": run.ended_at, "c": run.chains, "n": run.entries,
                "d": len(run.findings), "r": run.seal_root,
                "f": json.dumps([_shown(f) for f in run.findings[:KEPT]], ensure_ascii=False),
            },
        )  # fmt: skip
        for finding in run.findings[:ALARMS]:
            _alarm(connection, finding)
        connection.execute(
            text("SELECT audit_write('ledger.verified', NULL, NULL, :o, NULL, cast(:f AS jsonb))"),
            {"o": who, "f": json.dumps({"kind": run.kind, "chains": run.chains, "differences": len(run.findings)})},
        )
    engine.dispose()


def _shown(finding: Finding) -> dict[str, object]:
    """A finding for the auditor, who sees that a person's row differs and where, not what stands in it."""
    values = finding.table not in ("person", "occupancy")
    return {
        "whose": finding.whose,
        "chain": finding.chain,
        "sequence": finding.sequence,
        "table": finding.table,
        "row": finding.row,
        "column": finding.column,
        "found": finding.found if values else None,
        "expected": finding.expected if values else None,
    }


def _alarm(connection: Connection, finding: Finding) -> None:
    """One open alarm for one difference, however often it is found; the office sees its own region's."""
    kind, _, number = finding.chain.partition(":")
    at = f"（流水第 {finding.sequence} 条）" if finding.sequence else ""
    facts = {
        "chain": finding.chain, "sequence": finding.sequence, "table": finding.table, "row": finding.row,
        "column": finding.column,
        "sentence": f"{finding.whose}{at}：{finding.table} {finding.row} 的 {finding.column} 与{'部署时' if finding.chain == structure.CHAIN else '流水'}不符",
    }  # fmt: skip
    connection.execute(
        text(
            "INSERT INTO alarm (rule, code, standing, state, unit_id, person_id, operator, facts, scope_path)"
            " SELECT 'AL17', 'tampered_ledger', false, 'open', u.id, p.id, 'svc-worker', cast(:f AS jsonb),"
            " coalesce(u.scope_path, p.scope_path, (SELECT prefix FROM region WHERE kind = 'city'))"
            " FROM (VALUES (1)) one LEFT JOIN unit u ON :k = 'unit' AND u.id = :i"
            " LEFT JOIN person p ON :k = 'person' AND p.id = :i"
            " WHERE NOT EXISTS (SELECT 1 FROM alarm WHERE code = 'tampered_ledger' AND state = 'open'"
            " AND facts = cast(:f AS jsonb))"
        ),
        {
            "f": json.dumps(facts, ensure_ascii=False),
            "k": kind,
            "i": int(number) if number.lstrip("-").isdigit() else 0,
        },
    )


def notice_days() -> int:
    """How many days read notices are kept (``BIANZHI_NOTICE_DAYS``, 90 without it)."""
    return max(1, int(os.environ.get("BIANZHI_NOTICE_DAYS", "90")))


def seal_hours() -> int:
    """How many hours apart seals are (``BIANZHI_SEAL_HOURS``, a day without it)."""
    return max(1, int(os.environ.get("BIANZHI_SEAL_HOURS", "24")))


def seal_file() -> Path:
    """Where this moment's seal is written."""
    return settings.var() / "seals" / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}.seal.gz"


def keep_watch(owner_url: str, keys: KeyRing, now: dt.datetime, who: str = "svc-worker") -> list[str]:
    """What is due at this moment is done; says what it did. Called every ten minutes by the server's job."""
    done: list[str] = []
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT audit_partitions(3)")).scalar_one():
            done.append("partitions")
        if connection.execute(text("SELECT inside_watch()")).scalar_one():
            done.append("overdue")
        if any(connection.execute(text("SELECT * FROM alarm_watch()")).one()):
            done.append("escalated")
        walked = connection.execute(text("SELECT max(started_at) FROM alarm_sweep WHERE kind = 'night'")).scalar()
        last = connection.execute(text("SELECT max(sealed_at) FROM ledger_seal")).scalar()
        if last is None or now - last >= dt.timedelta(hours=seal_hours()):
            sealing.seal(connection, keys, seal_file())
            done.append("seal")
        ran = connection.execute(
            text("SELECT max(ended_at) FROM verification_run WHERE kind = 'full' AND operator = :o"), {"o": who}
        ).scalar()
    engine.dispose()
    here = now.astimezone(CITY_CLOCK)
    if here.hour >= NIGHT and (ran is None or ran.astimezone(CITY_CLOCK).date() < here.date()):
        keep(owner_url, verify_all(owner_url, keys), who)
        done.append("verify")
        purge(owner_url)
    if here.hour >= NIGHT and (walked is None or walked.astimezone(CITY_CLOCK).date() < here.date()):
        alarm_engine.sweep(owner_url, "night", here.date())
        done.append("alarms")
    return done


def purge(owner_url: str) -> int:
    """Old notices go: those settled, and those that somebody has read."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        gone = int(connection.execute(text("SELECT notices_purge(:d)"), {"d": notice_days()}).scalar_one())
    engine.dispose()
    return gone


def months_before(months: int) -> str:
    """The name of the first partition that is kept when so many months are; earlier ones are old."""
    today = city_today()
    index = today.year * 12 + today.month - 1 - months
    return f"event_{index // 12:04d}{index % 12 + 1:02d}"
