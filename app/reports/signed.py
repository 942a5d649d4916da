"""签名: what a paper says as one canonical text, its hash, and the short signed line that its QR code holds.

The line is read by any camera and checked without the system (scripts/verify_paper.py): a few fields for people, the hash
of the whole content, and an Ed25519 signature by the installation's key, the one that signs the ledger's seals.
"""

import base64
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.domain.crypto import KeyRing

MARK = "BZ1"
FIELDS = ("kind", "number", "day", "office", "unit", "person", "hash")
LONGEST = 4_000


class NotAPaper(ValueError):  # noqa: N818 - says what the text is
    """The text is no line of a paper, or its signature is not this installation's."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the QR code says."""

    kind: str
    number: str
    day: str
    office: str
    unit: str
    person: str
    hash: str

    def message(self) -> bytes:
        """What is signed."""
        return "|".join((MARK, *(getattr(self, name) for name in FIELDS))).encode()


def canonical(content: Mapping[str, Any]) -> str:
    """The content as text: keys by code point, no blanks, NFC."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return unicodedata.normalize("NFC", text)


def content_hash(text: str) -> bytes:
    """SHA-256 of the canonical text, as the database makes it too."""
    return hashlib.sha256(text.encode()).digest()


def masked(name: str) -> str:
    """A name as a paper's code shows it to whoever holds the paper: the first letter."""
    return name[:1] + "*" * (len(name) - 1)


def line_of(content: Mapping[str, Any], digest: bytes) -> Line:
    """The line for a content; the separator cannot stand inside a field."""
    values = {
        "kind": content["title"],
        "number": content["number"],
        "day": content["day"],
        "office": content["office"],
        "unit": content.get("unit") or "",
        "person": masked(content.get("person") or ""),
        "hash": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
    return Line(**{name: " ".join(str(v).replace("|", "｜").split()) for name, v in values.items()})


def sign(line: Line, keys: KeyRing) -> bytes:
    """The installation's word for it; the same for the same line."""
    return keys.seal_key.sign(line.message())


def code(line: Line, signature: bytes) -> str:
    """The text of the QR code."""
    return f"{line.message().decode()}|{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def read(said: str, key: Ed25519PublicKey) -> Line:
    """The line of a scanned or typed text; line breaks and blanks around it do not matter.

    Raises:
        NotAPaper: it is none, or not signed by this key.
    """
    parts = unicodedata.normalize("NFC", said[:LONGEST]).replace("\r", "").replace("\n", "").strip().split("|")
    if len(parts) != len(FIELDS) + 2 or parts[0] != MARK:
        raise NotAPaper("form")
    line = Line(*parts[1:-1])
    try:
        key.verify(unpadded(parts[-1]), line.message())
    except (InvalidSignature, ValueError) as error:
        raise NotAPaper("signature") from error
    return line


def unpadded(text: str) -> bytes:
    """Bytes of base64url without its padding; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
