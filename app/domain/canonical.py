"""The canonical form of a ledger entry and its hash; the kernel's SQL says the same (020_chain.sql)."""

import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Mapping

type_names = (str, int, type(None))


def canonical_json(fields: Mapping[str, int | str | None]) -> str:
    """One flat object as text: keys by code point, no blanks, integers, strings and nulls only, NFC.

    Raises:
        TypeError: a value is a float, a boolean or nested.
    """
    clean: dict[str, int | str | None] = {}
    for key, value in fields.items():
        if isinstance(value, bool) or not isinstance(value, type_names):
            raise TypeError(f"{key}: {type(value).__name__}")
        clean[key] = unicodedata.normalize("NFC", value) if isinstance(value, str) else value
    return json.dumps(clean, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def entry_hash(
    *,
    fmt: int,
    chain: str,
    sequence: int,
    type: str,
    effective_on: str,
    recorded_at: str,
    case: str,
    actor: str,
    payload: str,
    prev: str,
) -> str:
    """SHA-256 over the fields in this order, each as ``<bytes>:<text>``; ``prev`` is empty for the first."""
    digest = hashlib.sha256()
    for field in (
        str(fmt),
        chain,
        str(sequence),
        type,
        effective_on,
        recorded_at,
        case,
        actor,
        payload,
        prev,
    ):
        raw = field.encode()
        digest.update(f"{len(raw)}:".encode())
        digest.update(raw)
    return digest.hexdigest()


def utc_instant(at: dt.datetime) -> str:
    """An instant as the ledger writes it: ``2026-11-24T08:00:00.000000Z``."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
