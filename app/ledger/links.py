"""链接: how an entry of the ledger hangs on the one before it; one check for every walk."""

from collections.abc import Iterator
from typing import Any

from app.domain.canonical import entry_hash, utc_instant


def hash_of(entry: Any) -> str:
    """The hash that an entry should have."""
    return entry_hash(
        fmt=entry.format,
        chain=f"{entry.chain_kind}:{entry.chain_id}",
        sequence=entry.sequence,
        type=entry.type,
        effective_on=entry.effective_on.isoformat(),
        recorded_at=utc_instant(entry.recorded_at),
        case="" if entry.case_id is None else str(entry.case_id),
        actor=entry.actor,
        payload=entry.payload,
        prev=entry.prev_hash,
    )


def broken(entry: Any, sequence: int, hashed: str) -> Iterator[tuple[str, Any, Any]]:
    """Column, what stands, what is right: numbering and link after the entry before (its number, its hash), own hash."""
    if entry.sequence != sequence + 1:
        yield "sequence", entry.sequence, sequence + 1
    if entry.prev_hash != hashed:
        yield "prev_hash", entry.prev_hash, hashed
    due = hash_of(entry)
    if entry.hash != due:
        yield "hash", entry.hash, due
