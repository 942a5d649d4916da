"""Where this installation's database and keys are: the embedded server, or the one in ``DATABASE_URL``."""

import json
import os
import secrets
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from app.cli import deploy, embedded
from app.domain.crypto import KeyRing

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "bianzhi"


def var() -> Path:
    """The directory of everything that this installation keeps on disk."""
    return Path(os.environ.get("BIANZHI_VAR", ROOT / "var"))


@cache
def key_ring() -> KeyRing:
    """The installation's keys, made at first use (``BIANZHI_KEYS`` keeps them elsewhere)."""
    return KeyRing.load(Path(os.environ.get("BIANZHI_KEYS", var() / "keys")))


@cache
def passwords() -> dict[str, str]:
    """The three roles' passwords on an outside server, made once and kept beside the keys (0600)."""
    file = Path(os.environ.get("BIANZHI_KEYS", var() / "keys")) / "roles.json"
    key_ring()
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({r: secrets.token_urlsafe(24) for r in (deploy.OWNER, deploy.APP, deploy.SIGNIN)}))
    return dict(json.loads(file.read_text()))


def _url(user: str | None) -> str:
    """The address of the city's database for one role (None: the administrator's)."""
    outside = os.environ.get("DATABASE_URL")
    if not outside:
        return _embedded().url(DATABASE, user or "postgres")
    url = make_url(outside).set(drivername="postgresql+psycopg")
    if user:
        url = url.set(username=user, password=passwords()[user])
    return url.render_as_string(hide_password=False)


@cache
def _embedded() -> embedded.Server:
    return embedded.start(var())


def admin_url() -> str:
    """The administrator's address of the city's database."""
    return _url(None)


def owner_url() -> str:
    """The owner's address: migrations, deployment, verification."""
    return _url(deploy.OWNER)


def app_url() -> str:
    """The application's address."""
    return _url(deploy.APP)


def signin_url() -> str:
    """The sign-in role's address."""
    return _url(deploy.SIGNIN)


def _maintenance(outside: str) -> str:
    """Where to connect while the city's database may not exist: ``postgres``, or the named one if that is closed."""
    url = make_url(outside).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return outside
    return url


def prepare() -> None:
    """Make roles and database where they are missing."""
    outside = os.environ.get("DATABASE_URL")
    if outside:
        database = make_url(outside).database or DATABASE
        deploy.ensure_database(_maintenance(outside), database, passwords())
    else:
        deploy.ensure_database(_embedded().url("postgres"), DATABASE)
