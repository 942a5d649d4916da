"""A fresh city for each test module: a clone of one deployed template, on the real PostgreSQL."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from psycopg import sql
from sqlalchemy.engine import make_url

from app.cli import deploy, embedded
from app.cli import settings as installed
from app.domain.crypto import KeyRing
from app.security import passwords, policies
from tests import DAY, ZONE
from tests.world import CHEAP, World

ROOT = Path(__file__).resolve().parents[1]
# The same examples in each run, however slow the machine is.
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")
COST = passwords.METHOD
PASSWORDS = {deploy.OWNER: "test-owner", deploy.APP: "test-app", deploy.SIGNIN: "test-signin"}


# The kernel's day stands still as Python's does, and its clock is the same (tests/__init__.py).
KERNEL_DAY = (
    "CREATE OR REPLACE FUNCTION kernel_today() RETURNS date LANGUAGE sql STABLE SET search_path = public, pg_temp"
    f" AS $$ SELECT date '{DAY}' $$;"
    " CREATE OR REPLACE FUNCTION city_zone() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE"
    f" SET search_path = public, pg_temp AS $$ SELECT '{ZONE}' $$"
)


def _admin_url() -> str:
    outside = os.environ.get("TEST_DATABASE_URL")
    if outside:
        return make_url(outside).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    return embedded.start(ROOT / "var" / "test", fsync="off").url("postgres")


def _url(admin: str, database: str, role: str | None = None) -> str:
    url = make_url(admin).set(database=database)
    if role:
        url = url.set(username=role, password=PASSWORDS[role] if os.environ.get("TEST_DATABASE_URL") else None)
    return url.render_as_string(hide_password=False)


def _connect(admin: str, database: str = "postgres") -> psycopg.Connection:
    url = make_url(admin).set(drivername="postgresql", database=database)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _fingerprint() -> str:
    """Changes with whatever the deployed template is made of."""
    files = [*(ROOT / "migrations").rglob("*.py"), *(ROOT / "app" / "ledger" / "kernel").glob("*.sql")]
    files += [*(ROOT / "app" / "workflow" / "processes").glob("*.yaml"), *(ROOT / "app" / "domain").rglob("*.py")]
    files += [ROOT / "app" / "cli" / "seeds.py", ROOT / "app" / "cli" / "deploy.py", ROOT / "app/security/policies.py"]
    files += [
        ROOT / "app/security/columns.py",
        ROOT / "app/security/functions.py",
        *(ROOT / "app" / "alarms").glob("*.py"),
    ]
    files += (ROOT / "app" / "domain" / "codes").glob("*.yaml")
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@pytest.fixture(scope="session")
def admin_url() -> str:
    """The test server, as its superuser."""
    if not os.environ.get("TEST_DATABASE_URL"):
        (ROOT / "var" / "test").mkdir(parents=True, exist_ok=True)
    lock = ROOT / "var" / "test.lock"
    import fcntl

    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:  # two workers start one server
        fcntl.flock(held, fcntl.LOCK_EX)
        url = _admin_url()
    with _connect(url) as connection:
        (superuser,) = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() or (
            0,
        )
    if not superuser:
        pytest.exit(
            "TEST_DATABASE_URL has to name a superuser of a server for tests:"
            " they make databases and tamper with the ledger as only a superuser can.",
            returncode=2,
        )
    return url


@pytest.fixture(scope="session")
def template(admin_url: str) -> str:
    """A deployed, empty city; made once for one state of the code and kept between runs."""
    name = f"bianzhi_template_{_fingerprint()}"
    with _connect(admin_url) as connection:
        connection.execute("SELECT pg_advisory_lock(740002)")
        ready = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", (name,)).fetchone()
        if not ready:
            for (old,) in connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'bianzhi_template_%'"
            ).fetchall():
                connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(old)))
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
            outside = bool(os.environ.get("TEST_DATABASE_URL"))
            deploy.ensure_database(admin_url, name, PASSWORDS if outside else None)
            deploy.upgrade(_url(admin_url, name, deploy.OWNER))
            deploy.guard(_url(admin_url, name))
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
        connection.execute("SELECT pg_advisory_unlock(740002)")
    return name


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """A password's hash at a small cost; what an installation pays is tested by itself (``real_cost``)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "METHOD", CHEAP)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Each module has an application of its own; the templates are compiled once for all of them."""
    (ROOT / "var" / "test-templates").mkdir(parents=True, exist_ok=True)
    cache = FileSystemBytecodeCache(str(ROOT / "var" / "test-templates"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": cache})
        yield


@pytest.fixture
def real_cost(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What an installation pays for a hash."""
    monkeypatch.setattr(passwords, "METHOD", COST)
    passwords.nobody.cache_clear()
    yield
    passwords.nobody.cache_clear()


@pytest.fixture
def keeper() -> Flask:
    """An application with the keeper's commands and nothing else."""
    from app.cli import commands

    app = Flask("keeper")
    commands.register(app)
    return app


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys and passwords lie in a directory of their own."""
    monkeypatch.setenv("BIANZHI_VAR", str(tmp_path))
    for cached in (installed.key_ring, installed.passwords):
        cached.cache_clear()
    yield
    for cached in (installed.key_ring, installed.passwords):
        cached.cache_clear()


@pytest.fixture
def roles_alone(admin_url: str) -> Iterator[None]:
    """Roles are all cities' of a server: tests that change them come one after the other."""
    with _connect(admin_url) as connection:
        connection.execute("SELECT pg_advisory_lock(740003)")
        yield


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A key ring of this run."""
    return KeyRing.load(tmp_path_factory.mktemp("keys"))


def standing(admin_url: str, name: str, keys: KeyRing) -> World:
    """A deployed city in which the day stands still."""
    with _connect(admin_url, name) as inside:
        inside.execute("SET session_replication_role = replica")  # no deed of anybody's: not on record
        inside.execute(KERNEL_DAY)
    return World(
        app_url=_url(admin_url, name, deploy.APP),
        signin_url=_url(admin_url, name, deploy.SIGNIN),
        owner_url=_url(admin_url, name, deploy.OWNER),
        superuser_url=_url(admin_url, name),
        keys=keys,
    )


@pytest.fixture(scope="module")
def world(admin_url: str, template: str, keys: KeyRing, request: pytest.FixtureRequest) -> Iterator[World]:
    """A city of its own for one module: regions, offices and processes, no unit yet."""
    name = "t_" + hashlib.sha256(f"{request.node.nodeid}{os.getpid()}".encode()).hexdigest()[:16]
    with _connect(admin_url) as connection:
        connection.execute("SELECT pg_advisory_lock_shared(740002)")
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(deploy.OWNER)
            )
        )
        connection.execute("SELECT pg_advisory_unlock_shared(740002)")
        with _connect(admin_url, name) as inside:  # a clone takes no rights on the database along
            inside.execute(policies.database(deploy.APP, deploy.SIGNIN))
        city = standing(admin_url, name, keys)
        yield city
        city.dispose()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
