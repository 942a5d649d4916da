"""Where this installation's database and keys are: the embedded server, or the one in ``DATABASE_URL``."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from app.cli import deploy, embedded
from app.db import Database, SignInDatabase
from app.domain.crypto import KeyRing
from app.workflow.mail import MailServer

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "bianzhi"


def var() -> Path:
    """The directory of everything that this installation keeps on disk."""
    return Path(os.environ.get("BIANZHI_VAR", ROOT / "var"))


def structure_file() -> Path:
    """What the last deployment wrote down of the database's structure (app/security/structure.py)."""
    return var() / "structure.json"


def key_directory() -> Path:
    """Where the keys lie (``BIANZHI_KEYS``, or ``keys`` beside the rest)."""
    return Path(os.environ.get("BIANZHI_KEYS", var() / "keys"))


def files_directory() -> Path:
    """Where attachments and issued papers lie (``BIANZHI_FILES``, or ``files`` beside the rest)."""
    return Path(os.environ.get("BIANZHI_FILES", var() / "files"))


@cache
def key_ring() -> KeyRing:
    """The installation's keys, made at first use."""
    return KeyRing.load(key_directory())


@cache
def passwords() -> dict[str, str]:
    """The three roles' passwords on an outside server, made once and kept beside the keys (0600)."""
    file = key_directory() / "roles.json"
    key_ring()
    if not file.exists():
        made = {role: secrets.token_urlsafe(24) for role in (deploy.OWNER, deploy.APP, deploy.SIGNIN)}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(made, handle)
    return dict(json.loads(file.read_text()))


def _url(user: str | None, *, pooled: bool = False) -> str:
    """The address of the city's database for one role (None: the administrator's).

    ``pooled``: by way of PgBouncer, where ``BIANZHI_POOL_URL`` names one; what only PostgreSQL itself can do
    (deployment, verification, seals) never asks for that.
    """
    outside = (os.environ.get("BIANZHI_POOL_URL") if pooled else None) or os.environ.get("DATABASE_URL")
    if not outside:
        return _embedded().url(DATABASE, user or "postgres")
    url = make_url(outside).set(drivername="postgresql+psycopg")
    url = url.set(database=url.database or DATABASE)
    if user is None and url.username == deploy.OWNER:  # no administrator is named: the owner stands for one
        user = deploy.OWNER
    if user and (user != url.username or url.password is None):
        url = url.set(username=user, password=passwords()[user])
    return url.render_as_string(hide_password=False)


@cache
def _embedded() -> embedded.Server:
    return embedded.start(var())


def hosts() -> list[str]:
    """The names under which this installation answers: ``BIANZHI_HOSTS``, comma-separated; else the machine itself."""
    named = os.environ.get("BIANZHI_HOSTS", "127.0.0.1,localhost,[::1]")
    return [name.strip() for name in named.split(",") if name.strip()]


def admin_url() -> str:
    """The administrator's address of the city's database."""
    return _url(None)


def owner_url() -> str:
    """The owner's address: migrations, deployment, verification."""
    return _url(deploy.OWNER)


def app_url() -> str:
    """The application's address."""
    return _url(deploy.APP, pooled=True)


def pooled() -> bool:
    """Whether PgBouncer stands between, which may hand each transaction to another server."""
    return bool(os.environ.get("BIANZHI_POOL_URL"))


def signin_url() -> str:
    """The sign-in role's address."""
    return _url(deploy.SIGNIN, pooled=True)


@contextmanager
def databases() -> Iterator[tuple[Database, SignInDatabase]]:
    """The application's and the sign-in role's database for the length of a command or job, one connection of the first."""
    city, signin = Database(app_url(), pool_size=1, pooled=pooled()), SignInDatabase(signin_url())
    try:
        yield city, signin
    finally:
        city.engine.dispose()
        signin.engine.dispose()


def _maintenance(outside: str) -> str:
    """Where to connect while the city's database may not exist: ``postgres``, or the named one if that is closed."""
    url = make_url(outside).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return outside
    return url


# Who signs in with a second factor, unless the installation's ``doors.json`` says otherwise: whoever administers, decides,
# or reads beyond one unit. A clerk files for the own unit and decides nothing; a person sees the own card. Many of them
# share a room where no telephone may be, so an installation demands it of them when it has given out devices.
SECOND_FACTOR_KINDS = (
    "system_admin",
    "security_admin",
    "auditor",
    "office_member",
    "office_head",
    "unit_head",
    "supervisor",
    "town_officer",
    "inspector",
)


def doors(*, demo: bool) -> dict[str, object]:
    """What the doors of this installation demand; ``doors.json`` beside the keys (0600) names directory and provider.

    The demonstration is served on loopback without TLS, under one printed password: no Secure cookie, no second factor.
    """
    from app.security.hats import ROLES
    from app.security.ldap import Directory
    from app.security.oidc import Provider

    file = key_directory() / "doors.json"
    said = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    kinds = said.get("second_factor_kinds", () if demo else SECOND_FACTOR_KINDS)
    if unknown := set(kinds) - set(ROLES):
        raise ValueError(f"doors.json: second_factor_kinds: {', '.join(sorted(unknown))}")
    return {
        "SESSION_COOKIE_SECURE": not demo,
        "SESSION_COOKIE_NAME": "bianzhi" if demo else "__Host-bianzhi",
        "SECOND_FACTOR_KINDS": tuple(kinds),
        "LDAP": Directory(**said["ldap"]) if "ldap" in said else None,
        "OIDC": Provider(**said["oidc"]) if "oidc" in said else None,
        "RATELIMIT_ENABLED": True,
    }


def mail_server() -> MailServer | None:
    """Where notices are handed in as mail (``MAIL_HOST`` …, docs/operations.md); None where mail is not set up.

    Raises:
        KeyError: a host without ``MAIL_FROM`` or ``MAIL_LINK``.
        ValueError: a kind of security or a port that is none.
        OSError: the password's file cannot be read.
    """
    host = os.environ.get("MAIL_HOST")
    if not host:
        return None
    security, secret = os.environ.get("MAIL_SECURITY", "starttls"), os.environ.get("MAIL_PASSWORD_FILE")
    if security not in ("tls", "starttls", "none"):
        raise ValueError("MAIL_SECURITY: tls, starttls, none")
    usual = {"tls": "465", "starttls": "587", "none": "25"}[security]
    return MailServer(
        host,
        int(os.environ.get("MAIL_PORT", usual)),
        security,
        os.environ["MAIL_FROM"],
        os.environ["MAIL_LINK"].rstrip("/"),
        os.environ.get("MAIL_USER", ""),
        Path(secret).read_text(encoding="utf-8").strip() if secret else "",
    )


def mail() -> dict[str, object]:
    """What the pages know of mail: whether it is set up, and the domains it goes to (``MAIL_DOMAINS``, with commas)."""
    domains = os.environ.get("MAIL_DOMAINS", "").lower().split(",")
    return {
        "MAIL_ON": bool(os.environ.get("MAIL_HOST")),
        "MAIL_DOMAINS": tuple(d.strip() for d in domains if d.strip()),
    }


def prepare() -> None:
    """Make roles and database where they are missing."""
    outside = os.environ.get("DATABASE_URL")
    if outside:
        url = make_url(outside)
        if url.username == deploy.OWNER:
            deploy.expect_roles(owner_url())
        else:
            deploy.ensure_database(_maintenance(outside), url.database or DATABASE, passwords())
    else:
        deploy.ensure_database(_embedded().url("postgres"), DATABASE)
