"""自封存以来: only what came after a seal is walked again; that the sealed heads still stand is proved first."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, text

from app.ledger import audit, links, seal
from app.ledger.finding import Finding

# Chains whose head is not the sealed one, with the sealed number and hash to go on from.
MOVED = text(
    "SELECT c.chain_kind, c.chain_id, c.sequence, c.hash, coalesce(h.s, 0) AS sealed, coalesce(h.h, '') AS sealed_hash"
    " FROM ledger_chain c FULL JOIN unnest(cast(:k AS text[]), cast(:c AS bigint[]), cast(:s AS int[]),"
    " cast(:h AS text[])) AS h(k, c, s, h) ON h.k = c.chain_kind AND h.c = c.chain_id"
    " WHERE c.chain_kind IN ('unit', 'person', 'region') AND (h.k IS NULL OR c.sequence <> h.s OR c.hash <> h.h)"
    " ORDER BY c.chain_kind, c.chain_id"
)
AFTER = text("SELECT * FROM ledger_entry WHERE chain_kind = :k AND chain_id = :c AND sequence > :s ORDER BY sequence")


def findings(
    connection: Connection, heads: list[seal.Head], step: Callable[[int], None] = lambda _n: None
) -> Iterator[Finding]:
    """What differs among sealed heads and later entries; the tables themselves are the full verification's."""
    yield from seal.compare(connection, heads, step)
    moved = connection.execute(
        MOVED,
        {
            "k": [h.kind for h in heads],
            "c": [h.chain for h in heads],
            "s": [h.sequence for h in heads],
            "h": [h.hash for h in heads],
        },
    ).all()
    for m in moved:
        yield from _walk(connection, m)
    sealed = {h.chain: (h.sequence, h.hash) for h in heads if h.kind == audit.KIND}
    yield from audit.findings(connection, sealed)


def _walk(connection: Connection, m: Any) -> Iterator[Finding]:
    sequence, hashed = m.sealed, m.sealed_hash
    whose, chain = seal.named(connection, m.chain_kind, m.chain_id), f"{m.chain_kind}:{m.chain_id}"

    def of(table: str, row: Any, column: str, found: Any, due: Any, at: int) -> Finding:
        return Finding(whose, table, str(row), column, str(found), str(due), at, chain)

    for r in connection.execute(AFTER, {"k": m.chain_kind, "c": m.chain_id, "s": m.sealed}):
        for column, found, due in links.broken(r, sequence, hashed):
            yield of("ledger_entry", r.id, column, found, due, r.sequence)
        sequence, hashed = r.sequence, r.hash
    if (m.sequence, m.hash) != (sequence, hashed):
        yield of(
            "ledger_chain", m.chain_id, "hash", f"{m.sequence}:{m.hash[:16]}", f"{sequence}:{hashed[:16]}", sequence
        )
