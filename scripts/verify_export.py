#!/usr/bin/env python3
"""Proves an export of the ledger without the system that made it.

    python verify_export.py EXPORT.jsonl.gz PUBLIC_KEY.pem [--seal KEPT.seal.gz ...]

Needs Python 3.11 and the package cryptography, nothing else. Checked: the signature of the seal, the Merkle root over
all chain heads, every entry's hash and canonical payload, every link, that each chain ends in its sealed head, and that
the heads of each seal kept earlier still stand in their chains. Exit status: 0 proved, 1 something differs, 2 unreadable.
"""

import argparse
import gzip
import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

FIELDS = ("format", "chain", "sequence", "type", "effective_on", "recorded_at", "case", "actor", "payload", "prev")


def entry_hash(entry: dict[str, Any]) -> str:
    """SHA-256 over the fields in this order, each as ``<bytes>:<text>``."""
    digest = hashlib.sha256()
    for field in FIELDS:
        raw = str(entry[field]).encode()
        digest.update(f"{len(raw)}:".encode() + raw)
    return digest.hexdigest()


def is_canonical(payload: str) -> bool:
    """One flat object: keys by code point, no blanks, integers, strings and nulls, NFC."""
    fields = json.loads(payload)
    if not isinstance(fields, dict) or any(isinstance(v, bool) or not isinstance(v, (str, int, type(None)))
                                           for v in fields.values()):  # fmt: skip
        return False
    due = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return payload == due and unicodedata.is_normalized("NFC", payload)


def merkle_root(leaves: list[str]) -> str:
    """RFC 6962: leaves under the prefix 0, nodes under the prefix 1."""
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


def check_seal(header: dict[str, Any], heads: list[str], key: Ed25519PublicKey, what: str) -> Iterator[str]:
    """Signature, number of chains and root of one seal."""
    message = "bianzhi-seal {format} {sealed_at} {chains} {entries} {root}".format(**header)
    try:
        key.verify(bytes.fromhex(header["signature"]), message.encode())
    except InvalidSignature:
        yield f"{what}: the signature is not this key's"
    if header["chains"] != len(heads):
        yield f"{what}: {len(heads)} heads, signed are {header['chains']}"
    if header["root"] != merkle_root(heads):
        yield f"{what}: the Merkle root of the heads is not the signed one"
    if header["entries"] != sum(int(line.split(" ")[2]) for line in heads):
        yield f"{what}: the number of entries is not the signed one"


def read_seal(file: Path) -> tuple[dict[str, Any], list[str]]:
    """A seal's header and head lines."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return json.loads(lines.readline()), [line.rstrip("\n") for line in lines]


class Chains:
    """The chains as they are read: the last number and hash of each, and the hashes that kept seals ask for."""

    def __init__(self, wanted: set[tuple[str, int]]) -> None:
        self.last: dict[str, tuple[int, str]] = {}
        self.wanted, self.seen = wanted, {}  # type: ignore[var-annotated]
        self.runs: list[tuple[str, int, int]] = []
        self.entries = 0

    def follow(self, line: dict[str, Any]) -> Iterator[str]:
        """One line after the heads; yields what is wrong with it."""
        entry, left = line.get("entry"), line.get("left")
        if entry is not None:
            chain, first, last = entry["chain"], entry["sequence"], entry["sequence"]
            where = f"{chain} entry {first}"
            if entry["hash"] != entry_hash(entry):
                yield f"{where}: the hash is not that of its content"
            if not is_canonical(entry["payload"]):
                yield f"{where}: the payload is not canonical"
            step, self.entries = entry, self.entries + 1
        elif left is not None and str(left["chain"]).startswith("audit:"):
            chain, first, last, step = left["chain"], left["first"], left["last"], left
            where = f"{chain} run {first}-{last}"
            self.runs.append((chain, first, last))
        else:
            yield f"a line that is neither entry nor run: {str(line)[:80]}"
            return
        sequence, hashed = self.last.get(chain, (0, ""))
        if first != sequence + 1 or last < first:
            yield f"{where}: the number before is {sequence}"
        if step["prev"] != hashed:
            yield f"{where}: not linked to the entry before"
        self.last[chain] = (last, step["hash"])
        if (chain, last) in self.wanted:
            self.seen[chain, last] = step["hash"]

    def left(self, chain: str, sequence: int) -> bool:
        """Whether this number lies in a run of audit events that was exported and detached before."""
        return any(c == chain and first <= sequence <= last for c, first, last in self.runs)


def split(line: str) -> tuple[str, int, str]:
    """Chain, number and hash of a head's line."""
    kind, number, sequence, hashed = line.split(" ")
    return f"{kind}:{number}", int(sequence), hashed


def verify(export: Path, key: Ed25519PublicKey, seals: list[Path]) -> Iterator[str]:
    """Everything that is wrong; nothing when the export is proved."""
    kept = [(file.name, *read_seal(file)) for file in seals]
    for name, header, heads in kept:
        yield from check_seal(header, heads, key, name)
    chains = Chains({split(line)[:2] for _name, _header, heads in kept for line in heads})
    heads = []
    with gzip.open(export, "rt", encoding="utf-8") as lines:
        header = json.loads(lines.readline())
        if header.get("bianzhi") != "export" or header.get("format") != 1:
            raise ValueError("not an export of format 1")
        checked = False
        for raw in lines:
            line = json.loads(raw)
            if "head" in line and not checked:
                heads.append(line["head"])
                continue
            if not checked:
                checked = True
                yield from check_seal(header["seal"], heads, key, "seal")
            yield from chains.follow(line)
        if not checked:
            yield from check_seal(header["seal"], heads, key, "seal")
    due = {chain: (sequence, hashed) for chain, sequence, hashed in map(split, heads)}
    for chain in sorted({*due, *chains.last}):
        if due.get(chain) != chains.last.get(chain):
            yield f"{chain}: ends in {chains.last.get(chain)}, sealed is {due.get(chain)}"
    for name, _header, old in kept:
        for chain, sequence, hashed in map(split, old):
            found = chains.seen.get((chain, sequence))
            if found != hashed and not (found is None and chains.left(chain, sequence)):
                yield f"{name}: {chain} entry {sequence} is no longer the sealed one"
    print(f"{len(heads)} chains, {chains.entries} entries, sealed {header['seal']['sealed_at']}")  # noqa: T201


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Prove an export of the ledger.")
    parser.add_argument("export", type=Path)
    parser.add_argument("key", type=Path)
    parser.add_argument("--seal", type=Path, action="append", default=[], help="a seal kept earlier")
    asked = parser.parse_args()
    try:
        key = load_pem_public_key(asked.key.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError("not an Ed25519 public key")
        wrong = list(verify(asked.export, key, asked.seal))
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        print(f"unreadable: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for sentence in wrong:
        print(sentence)  # noqa: T201
    print("DIFFERS" if wrong else "PROVED")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
