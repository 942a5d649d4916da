"""封存: the signed Merkle root of all chain heads, kept elsewhere, finds even a ledger that was rewritten whole.

A seal's file is gzipped text: a header as JSON, then one line a chain, ``kind id sequence hash``, in order.
"""

import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection, text

from app.domain.canonical import utc_instant
from app.domain.crypto import KeyRing
from app.ledger.finding import Finding

FORMAT = 1
AT_ONCE = 5000
HEADS = text("SELECT chain_kind, chain_id, sequence, hash FROM ledger_chain ORDER BY chain_kind, chain_id")


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of one chain."""

    kind: str
    chain: int
    sequence: int
    hash: str

    def line(self) -> str:
        """As the file holds it, and as the tree's leaf hashes it."""
        return f"{self.kind} {self.chain} {self.sequence} {self.hash}"

    @classmethod
    def of(cls, line: str) -> "Head":
        """Read a line; raises ValueError for a broken one."""
        kind, chain, sequence, hashed = line.split(" ")
        return cls(kind, int(chain), int(sequence), hashed)


@dataclass(frozen=True, slots=True)
class Header:
    """What is signed, and the signature."""

    format: int
    sealed_at: str
    chains: int
    entries: int
    root: str
    signature: str = ""

    def message(self) -> bytes:
        """The signed text."""
        return f"bianzhi-seal {self.format} {self.sealed_at} {self.chains} {self.entries} {self.root}".encode()


class SealRefused(Exception):  # noqa: N818 - a finding about a file
    """The file is no seal, or its signature or root does not fit."""


def merkle_root(leaves: Iterable[str]) -> str:
    """RFC 6962's tree: leaves and nodes hashed under different prefixes; empty is the hash of nothing."""
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        level, node = 0, hashlib.sha256(b"\x00" + leaf.encode()).digest()
        while stack and stack[-1][0] == level:
            node = hashlib.sha256(b"\x01" + stack.pop()[1] + node).digest()
            level += 1
        stack.append((level, node))
    if not stack:
        return hashlib.sha256(b"").hexdigest()
    node = stack.pop()[1]
    while stack:
        node = hashlib.sha256(b"\x01" + stack.pop()[1] + node).digest()
    return node.hex()


def sealed(connection: Connection, keys: KeyRing) -> tuple[Header, list[str]]:
    """The signed header over all chain heads of this snapshot, ledger and audit, and the heads' lines."""
    entries = 0
    heads: list[str] = []
    for r in connection.execute(HEADS):
        heads.append(Head(r.chain_kind, r.chain_id, r.sequence, r.hash).line())
        entries += r.sequence
    bare = Header(FORMAT, utc_instant(dt.datetime.now(dt.UTC)), len(heads), entries, merkle_root(heads))
    signature = keys.seal_key.sign(bare.message())
    return Header(bare.format, bare.sealed_at, bare.chains, bare.entries, bare.root, signature.hex()), heads


def seal(connection: Connection, keys: KeyRing, file: Path) -> Header:
    """Write the seal of this moment to a file and its root to the database."""
    signed, heads = sealed(connection, keys)
    connection.execute(
        text(
            "INSERT INTO ledger_seal (sealed_at, heads, entries, root, signature, key_id)"
            " VALUES (:at, :heads, :entries, :root, :signature, 'seal-1')"
        ),
        {
            "at": signed.sealed_at,
            "heads": signed.chains,
            "entries": signed.entries,
            "root": signed.root,
            "signature": bytes.fromhex(signed.signature),
        },
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write(json.dumps(asdict(signed)) + "\n")
        out.writelines(line + "\n" for line in heads)
    return signed


def read(file: Path, keys: KeyRing) -> tuple[Header, list[Head]]:
    """A seal whose signature and root hold.

    Raises:
        SealRefused: it is no seal, was signed by another key, or was changed.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            header = Header(**json.loads(lines.readline()))
            raw = [line.rstrip("\n") for line in lines]
        heads = [Head.of(line) for line in raw]
        keys.seal_public.verify(bytes.fromhex(header.signature), header.message())
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise SealRefused("不是封存文件，或文件已损坏") from error
    except InvalidSignature as error:
        raise SealRefused("签名不符：不是本系统所签，或内容被改动") from error
    if header.chains != len(raw) or header.root != merkle_root(raw):
        raise SealRefused("链头与签名的根不符：文件内容被改动")
    return header, heads


AT_HEADS = text(
    "SELECT h.k, h.c, h.s, coalesce(e.hash, v.hash, a.hash) AS hash FROM unnest(cast(:k AS text[]), cast(:c AS bigint[]),"
    " cast(:s AS int[])) AS h(k, c, s)"
    " LEFT JOIN ledger_entry e ON e.chain_kind = h.k AND e.chain_id = h.c AND e.sequence = h.s"
    " LEFT JOIN audit_event v ON h.k = 'audit' AND v.chain = h.c AND v.sequence = h.s"
    # A sealed number inside a run that has left is proved by the exported file; the run's ends stay linked.
    " LEFT JOIN LATERAL (SELECT CASE WHEN h.s = r.last_sequence THEN r.hash ELSE '' END AS hash FROM audit_archive r"
    " WHERE h.k = 'audit' AND r.chain = h.c AND h.s BETWEEN r.first_sequence AND r.last_sequence LIMIT 1) a ON true"
)


def compare(
    connection: Connection, heads: list[Head], step: Callable[[int], None] = lambda _n: None
) -> Iterator[Finding]:
    """Every sealed head must still stand in its chain, under the same hash."""
    for begin in range(0, len(heads), AT_ONCE):
        part = heads[begin : begin + AT_ONCE]
        rows = connection.execute(
            AT_HEADS,
            {"k": [h.kind for h in part], "c": [h.chain for h in part], "s": [h.sequence for h in part]},
        )
        found = {(r.k, r.c): r.hash for r in rows}
        for head in part:
            now = found.get((head.kind, head.chain))
            if now not in (head.hash, "") or (now == "" and head.kind != "audit"):
                table = "audit_event" if head.kind == "audit" else "ledger_entry"
                shown = "无此流水" if now is None else now
                yield Finding(
                    named(connection, head.kind, head.chain),
                    table, "封存", "hash", shown, head.hash, head.sequence, f"{head.kind}:{head.chain}",
                )  # fmt: skip
        step(len(part))


def named(connection: Connection, kind: str, chain: int) -> str:
    """Whose chain it is, for people."""
    words = {"unit": "单位", "person": "人员", "region": "区划"}
    if kind not in words:
        return f"审计链 {chain}"
    key = "code::bigint" if kind == "region" else "id"
    name = connection.execute(text(f"SELECT name FROM {kind} WHERE {key} = :i"), {"i": chain}).scalar()
    return f"{words[kind]} {name or ''}({chain})"


def recorded(connection: Connection, keys: KeyRing) -> Iterator[Finding]:
    """The seals kept in the database: each signed by our key, none sealing more than there is."""
    total = connection.execute(text("SELECT coalesce(sum(sequence), 0) FROM ledger_chain")).scalar_one()
    for r in connection.execute(text("SELECT * FROM ledger_seal ORDER BY id")):
        header = Header(FORMAT, utc_instant(r.sealed_at), r.heads, r.entries, r.root)
        try:
            keys.seal_public.verify(bytes(r.signature), header.message())
        except InvalidSignature:
            yield Finding("封存", "ledger_seal", str(r.id), "signature", "不符", "本系统的签名")
        if r.entries > total:
            yield Finding("封存", "ledger_seal", str(r.id), "entries", str(total), f"不少于 {r.entries}")
