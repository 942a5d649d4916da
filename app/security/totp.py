"""动态口令: RFC 6238 (SHA-1, six digits, thirty seconds), recovery codes, and the picture that an app reads.

The secret is encrypted with the key ring; a step serves once (the database remembers it).
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from app.domain.crypto import KeyRing

STEP = 30
CODES = 10


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def sealed(keys: KeyRing, user_id: int, secret: bytes) -> bytes:
    """The secret as it is stored: bound to its user, so that it cannot be moved to another."""
    return keys.encrypt(f"totp:{user_id}", base64.b32encode(secret).decode())


def opened(keys: KeyRing, user_id: int, stored: bytes) -> bytes:
    """The secret again; raises ``InvalidTag`` for one that was changed or moved."""
    return base64.b32decode(keys.decrypt(f"totp:{user_id}", stored))


def code_at(secret: bytes, moment: float) -> str:
    """The six digits of a moment."""
    # SHA-1 is what the authenticator apps of phones compute; HMAC does not rest on its collision resistance.
    return TOTP(secret, 6, SHA1(), STEP, enforce_key_length=False).generate(int(moment)).decode()  # noqa: S303


def step_of(secret: bytes, code: str, moment: float) -> int | None:
    """The step whose code this is: the present one or a neighbour, for clocks that differ; None for a wrong code."""
    steps = [int(moment) // STEP + away for away in (0, -1, 1)]
    right = [s for s in steps if s >= 0 and hmac.compare_digest(code_at(secret, s * STEP), code)]
    return right[0] if right else None


def address(secret: bytes, username: str) -> str:
    """The address that an app reads from the picture."""
    shown = base64.b32encode(secret).decode()
    return f"otpauth://totp/{quote('编制')}:{quote(username)}?secret={shown}&issuer={quote('编制')}"


def picture(secret: bytes, username: str) -> str:
    """The address as an SVG drawn here; nothing leaves the machine."""
    return segno.make(address(secret, username), error="m").svg_inline(scale=5, border=4, light="#fff")


def spoken(secret: bytes) -> str:
    """The secret in groups of four, to be typed in."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def new_recovery_codes() -> list[str]:
    """Ten codes of 120 random bits, shown once: enough for a plain hash (ASVS 6.5.2 asks for 112)."""
    raw = [base64.b32encode(secrets.token_bytes(15)).decode() for _ in range(CODES)]
    return ["-".join(r[n : n + 4] for n in range(0, 24, 4)) for r in raw]


def recovery_hash(code: str) -> bytes:
    """What is stored of a recovery code; blanks, dashes and case do not matter."""
    return hashlib.sha256("".join(c for c in code.upper() if c.isalnum()).encode()).digest()
