"""导出: everything that a stranger needs to prove the ledger without our program or our database.

Gzipped JSON lines: ``seal`` (header with signature), ``head`` lines as the seal signs them, then ``entry`` lines by
chain and ``left`` lines for runs of audit events that were exported before. ``scripts/verify_export.py`` reads it.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from sqlalchemy import Connection, text

from app.domain.canonical import utc_instant
from app.domain.crypto import KeyRing
from app.ledger import audit, seal

FORMAT = 1
ENTRIES = text("SELECT * FROM ledger_entry ORDER BY chain_kind, chain_id, sequence")


def write(connection: Connection, keys: KeyRing, file: Path) -> seal.Header:
    """The whole ledger and audit of this snapshot, under a seal of this moment."""
    header, heads = seal.sealed(connection, keys)
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        for line in _lines(connection, header, heads):
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    return header


def _lines(connection: Connection, header: seal.Header, heads: list[str]) -> Iterator[dict[str, Any]]:
    yield {"bianzhi": "export", "format": FORMAT, "seal": asdict(header)}
    yield from ({"head": line} for line in heads)
    for r in connection.execute(ENTRIES, execution_options=audit.STREAMED):
        yield {"entry": {
            "format": r.format, "chain": f"{r.chain_kind}:{r.chain_id}", "sequence": r.sequence, "type": r.type,
            "effective_on": r.effective_on.isoformat(), "recorded_at": utc_instant(r.recorded_at),
            "case": "" if r.case_id is None else str(r.case_id), "actor": r.actor, "payload": r.payload,
            "prev": r.prev_hash, "hash": r.hash,
        }}  # fmt: skip
    for r in connection.execute(audit.HEADS).all():
        for link in audit.links(connection, r.chain_id):
            yield _audit(r.chain_id, link)


def _audit(chain: int, link: audit.Link) -> dict[str, Any]:
    if link.event is None:
        return {"left": {"chain": f"{audit.KIND}:{chain}", "first": link.first, "last": link.last, "prev": link.prev,
                         "hash": link.hash}}  # fmt: skip
    return {"entry": entry_of(link.event)}


def entry_of(event: Any) -> dict[str, Any]:
    """An audit event in the form of an entry."""
    return {
        "format": event.format, "chain": f"{audit.KIND}:{event.chain}", "sequence": event.sequence, "type": event.kind,
        "effective_on": "", "recorded_at": utc_instant(event.recorded_at), "case": "", "actor": event.operator,
        "payload": audit.payload(event), "prev": event.prev_hash, "hash": event.hash,
    }  # fmt: skip


def write_month(connection: Connection, partition: str, file: Path) -> tuple[int, str]:
    """One month of the audit as entries; its number of rows and the file's SHA-256."""
    rows = 0
    with gzip.open(file, "wt", encoding="utf-8") as out:
        for r in connection.execute(
            text(f'SELECT * FROM audit."{partition}" ORDER BY chain, sequence'), execution_options=audit.STREAMED
        ):
            out.write(json.dumps({"entry": entry_of(r)}, ensure_ascii=False, separators=(",", ":")) + "\n")
            rows += 1
    return rows, hashlib.sha256(file.read_bytes()).hexdigest()


def public_key(keys: KeyRing) -> bytes:
    """The key that seals are checked with, as PEM."""
    return keys.seal_public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
