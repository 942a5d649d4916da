"""审计链核验: the chains of audit events walked as the ledger's are; what has left by export is bridged by its record."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from app.domain.canonical import canonical_json, entry_hash, utc_instant
from app.ledger.finding import Finding

KIND = "audit"
HEADS = text("SELECT chain_id, sequence, hash FROM ledger_chain WHERE chain_kind = 'audit' ORDER BY chain_id")
EVENTS = text(
    "SELECT id, chain, sequence, format, kind, recorded_at, operator, user_id, account_id, address, facts, case_id,"
    " unit_id, person_id, prev_hash, hash FROM audit_event WHERE chain = :c AND sequence > :s ORDER BY sequence"
)
ARCHIVED = text(
    "SELECT first_sequence, last_sequence, prev_hash, hash FROM audit_archive WHERE chain = :c AND last_sequence > :s"
    " ORDER BY first_sequence"
)
STREAMED = {"yield_per": 2000}
DERIVED = {"case_id": "case", "unit_id": "unit", "person_id": "person"}


@dataclass(frozen=True, slots=True)
class Link:
    """One place of a chain: an event, or a run of numbers that has left."""

    first: int
    last: int
    prev: str
    hash: str
    event: Any = None


def payload(event: Any) -> str:
    """What of an event its hash covers besides kind, time and operator."""
    return canonical_json(
        {**event.facts, "@user": event.user_id, "@account": event.account_id, "@address": event.address}
    )


def hash_of(event: Any) -> str:
    """The hash that an event should have."""
    return entry_hash(
        fmt=event.format,
        chain=f"{KIND}:{event.chain}",
        sequence=event.sequence,
        type=event.kind,
        effective_on="",
        recorded_at=utc_instant(event.recorded_at),
        case="",
        actor=event.operator,
        payload=payload(event),
        prev=event.prev_hash,
    )


def links(connection: Connection, chain: int, after: int = 0) -> Iterator[Link]:
    """A chain in order from the number after ``after`` on, archived runs in their places."""
    runs = [Link(r.first_sequence, r.last_sequence, r.prev_hash, r.hash)
            for r in connection.execute(ARCHIVED, {"c": chain, "s": after})]  # fmt: skip
    for r in connection.execute(EVENTS, {"c": chain, "s": after}, execution_options=STREAMED):
        while runs and runs[0].first <= r.sequence:
            yield runs.pop(0)
        yield Link(r.sequence, r.sequence, r.prev_hash, r.hash, r)
    yield from runs


def findings(
    connection: Connection,
    since: Mapping[int, tuple[int, str]] | None = None,
    step: Callable[[int], None] = lambda _n: None,
) -> Iterator[Finding]:
    """Every difference of the audit chains; ``since`` holds each chain's sealed number and hash to begin from."""
    heads = {r.chain_id: (r.sequence, r.hash) for r in connection.execute(HEADS)}
    known = "SELECT DISTINCT chain FROM audit_event"
    loose = set(connection.execute(text(known)).scalars()) if since is None else set[int]()
    for chain in sorted({*heads, *loose}):
        sequence, hashed = (since or {}).get(chain, (0, ""))
        for link in links(connection, chain, sequence):
            at = "audit_event" if link.event is not None else "audit_archive"
            row = str(link.event.id) if link.event is not None else f"{link.first}-{link.last}"
            if link.first != sequence + 1:
                yield _of(chain, at, row, "sequence", link.first, sequence + 1, link.first)
            if link.prev != hashed:
                yield _of(chain, at, row, "prev_hash", link.prev, hashed, link.first)
            if link.event is not None:
                yield from _event(chain, link.event)
            sequence, hashed = link.last, link.hash
        if heads.get(chain) != (sequence, hashed):
            found = "无" if chain not in heads else f"{heads[chain][0]}:{heads[chain][1][:16]}"
            yield _of(chain, "ledger_chain", str(chain), "hash", found, f"{sequence}:{hashed[:16]}", sequence)
        step(1)


def _event(chain: int, event: Any) -> Iterator[Finding]:
    try:
        due = hash_of(event)
    except TypeError:  # facts that the kernel never writes
        due = "规范格式的内容"
    if event.hash != due:
        yield _of(chain, "audit_event", str(event.id), "hash", event.hash, due, event.sequence)
    for column, fact in DERIVED.items():
        value = str(event.facts.get(fact, "") if isinstance(event.facts, dict) else "")
        right = int(value) if value.isascii() and value.isdecimal() and len(value) <= 18 else None
        if getattr(event, column) != right:
            yield _of(chain, "audit_event", str(event.id), column, getattr(event, column), right, event.sequence)


def _of(chain: int, table: str, row: str, column: str, found: Any, due: Any, sequence: int) -> Finding:
    return Finding(f"审计链 {chain}", table, row, column, str(found), str(due), sequence, f"{KIND}:{chain}")
