"""会话与凭据: what the doors ask of the signin role; each function is one step and one statement or two.

An attempt is counted before anything is checked; a session on its way in names nobody; each step gives a new token.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.db import Identity, SignInDatabase, digest
from app.domain.crypto import KeyRing
from app.security import passwords, totp

# Free attempts: of one name, of one address (an office building has one address for all), of one second factor.
FREE_NAME, FREE_ADDRESS, FREE_FACTOR = 5, 30, 5


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands behind a session, open or at a step."""

    user_id: int
    username: str
    stage: str
    password: str
    totp_secret: bytes | None
    has_factor: bool
    way: str
    proved: bool


def attempt_key(kind: str, value: str) -> bytes:
    """A counted name or address; a password typed into the name's field does not stay here in clear."""
    return hashlib.sha256(f"{kind}:{value.casefold()}".encode()).digest()


def count(signin: SignInDatabase, keys: Sequence[bytes], free: Sequence[int]) -> int:
    """Count an attempt; the seconds to wait, 0 when the door is open."""
    row = signin.ask("SELECT count_attempt(:keys, :free) AS wait", keys=list(keys), free=list(free))
    return int(row.wait)


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to a name and a password: a user, or the seconds to wait, or (all empty) a refusal."""

    user_id: int | None = None
    wait: int = 0
    unmapped: bool = False


def check(
    signin: SignInDatabase,
    username: str,
    password: str,
    address: str,
    *,
    typed: str,
    directory: Callable[[str, str], bool] | None = None,
) -> Checked:
    """Check a password: the same statements and one hash whether the user is known, stopped, shut out or nobody.

    ``typed`` is the keyed hash of the name, for the record. ``directory`` is asked where the organisation's directory decides instead of our own hash, never behind a shut door.
    """
    keys = attempt_key("name", username), attempt_key("address", address)
    wait = count(signin, keys, (FREE_NAME, FREE_ADDRESS))
    found = signin.credentials(username)
    right = passwords.matches(found[1] if found else "", password)
    if directory is not None:
        right = not wait and directory(username, password)
    if wait or not right or not found or not found[2]:
        known = found[0] if found else None
        signin.failed(known, failed=True)
        facts = {"locked": int(wait > 0), "known": int(known is not None), "typed": typed}
        record(signin, "sign_in.failed", known, address, json.dumps(facts))
        return Checked(wait=wait, unmapped=right and directory is not None)
    signin.ask("SELECT sign_in_good(:name, :address)", name=keys[0], address=keys[1])
    signin.failed(found[0], failed=False)
    if directory is None and passwords.outdated(found[1]):
        fresh = passwords.hashed(password)
        signin.ask("SELECT rehash_password(:u, :old, :new)", u=found[0], old=found[1], new=fresh)
    return Checked(user_id=found[0])


def record(signin: SignInDatabase, kind: str, user_id: int | None, address: str, facts: str = "{}") -> None:
    """Put a step at the doors on record."""
    signin.ask(
        "SELECT sign_in_record(:kind, :user, :address, cast(:facts AS jsonb))",
        kind=kind,
        user=user_id,
        address=address,
        facts=facts,
    )


def person(signin: SignInDatabase, token: str | None) -> Person | None:
    """Who a session's token stands for, at whatever step; None for a closed or forgotten one."""
    if not token:
        return None
    row = signin.ask("SELECT * FROM session_person(:hash)", hash=digest(token))
    if row is None:
        return None
    secret = bytes(row.totp_secret) if row.totp_secret is not None else None
    return Person(
        row.user_id, row.username, row.stage, row.password, secret, row.totp_on is not None, row.way, row.proved
    )


def advance(signin: SignInDatabase, token: str) -> tuple[Identity, str]:
    """The session under a new token, at its next stage.

    Raises:
        SessionEnded: the session was closed meanwhile.
    """
    new = secrets.token_urlsafe(32)
    row = signin.ask("SELECT advance_session(:old, :new) AS stage", old=digest(token), new=digest(new))
    return Identity(new), row.stage


def change_password(signin: SignInDatabase, token: str, password: str, address: str) -> None:
    """Set one's own new password; every other session ends."""
    signin.ask(
        "SELECT change_password(:session, :password, :address)",
        session=digest(token),
        password=passwords.hashed(password),
        address=address,
    )


def begin_factor(signin: SignInDatabase, keys: KeyRing, who: Person, token: str) -> bytes:
    """A new secret that waits for its first code."""
    secret = totp.new_secret()
    signin.ask(
        "SELECT totp_begin(:session, :secret)", session=digest(token), secret=totp.sealed(keys, who.user_id, secret)
    )
    return secret


def use_factor(
    signin: SignInDatabase, keys: KeyRing, who: Person, token: str, code: str, address: str
) -> tuple[int, list[str] | None]:
    """Try a code of the app, or a recovery code: the seconds to wait, and None where it was refused.

    The first right code puts the factor in force and answers the recovery codes, which are shown once; later ones
    answer an empty list. A step that was used is refused.
    """
    key = attempt_key("factor", str(who.user_id))
    wait = count(signin, [key], [FREE_FACTOR])
    if wait or who.totp_secret is None:
        return wait, None
    plain = "".join(code.split())
    used, fresh = False, [] if who.has_factor else totp.new_recovery_codes()
    if len(plain) == 6 and plain.isdecimal() and plain.isascii():
        step = totp.step_of(totp.opened(keys, who.user_id, who.totp_secret), plain, time.time())
        used = step is not None and bool(
            signin.ask(
                "SELECT totp_use(:session, :step, :recovery, :address) AS used",
                session=digest(token),
                step=step,
                recovery=[totp.recovery_hash(c) for c in fresh],
                address=address,
            ).used
        )
    elif who.stage == "factor":
        used = bool(
            signin.ask(
                "SELECT recovery_use(:session, :code, :address) AS used",
                session=digest(token),
                code=totp.recovery_hash(plain),
                address=address,
            ).used
        )
    if not used:
        record(signin, "factor.failed", who.user_id, address)
        return 0, None
    signin.ask("SELECT sign_in_good(:key, :key)", key=key)
    return 0, fresh


def prove(
    signin: SignInDatabase,
    keys: KeyRing,
    who: Person,
    token: str,
    said: str,
    address: str,
    *,
    directory: Callable[[str, str], bool] | None = None,
) -> tuple[int, bool]:
    """Prove once more who is behind an open session: by the second factor's code, or by the password.

    The seconds to wait, and whether it is proved. Where the organisation's own page signed in, no password is ours to
    ask for. ``directory`` is asked where it decided at the sign-in, never behind a shut door.
    """
    if who.has_factor and len(said) == 6 and said.isdecimal():
        wait, codes = use_factor(signin, keys, who, token, said, address)
        if codes is not None:
            record(signin, "sign_in.proved", who.user_id, address)
        return wait, codes is not None
    key = attempt_key("prove", str(who.user_id))
    wait = count(signin, [key], [FREE_NAME])
    right = passwords.matches(who.password, said)
    if directory is not None:
        right = not wait and directory(who.username, said)
    if wait or not right or who.way == "oidc":
        record(signin, "password.failed", who.user_id, address)
        return wait, False
    signin.ask("SELECT sign_in_good(:key, :key)", key=key)
    signin.ask("SELECT prove_session(:session, :address)", session=digest(token), address=address)
    return 0, True
