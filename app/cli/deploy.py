"""部署: roles, migrations, kernel, policies, seeds; idempotent, run as the owner or a superuser."""

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from app.domain.crypto import KeyRing
from app.security import policies, structure

if TYPE_CHECKING:  # the web's processes know this module and never migrate
    from alembic.config import Config as AlembicConfig

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / "app" / "ledger" / "kernel"
OWNER, APP, SIGNIN = "bianzhi_owner", "bianzhi_app", "bianzhi_signin"


class PreparationError(Exception):
    """The server lacks what only its administrator can make; the text says what."""


def ensure_database(admin_url: str, database: str, passwords: dict[str, str] | None = None) -> None:
    """Make the three roles and the database where they are missing; ``passwords`` by role for outside servers."""
    with psycopg.connect(_plain(admin_url), autocommit=True) as connection:
        # Several deployments may run at once on one server (tests): one of them makes the roles.
        connection.execute("SELECT pg_advisory_lock(740001)")
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in (OWNER, APP, SIGNIN):
            if role not in known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE").format(
                        sql.Identifier(role)
                    )
                )
            if passwords:
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(passwords[role]))
                )
        # Short queries under row policies: a compiled plan costs more than it saves, and the ordered index scan that a
        # page needs loses to a bitmap of all rows, because the planner cannot see a policy's range (docs/architecture.md).
        # A city's difference of five years sorts and counts a hundred thousand rows: in memory, not on disk.
        for setting, value in (("jit", "off"), ("enable_bitmapscan", "off"), ("work_mem", "16MB")):
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    sql.Identifier(APP), sql.Identifier(setting), sql.Literal(value)
                )
            )
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'").format(
                    sql.Identifier(database), sql.Identifier(OWNER)
                )
            )
        connection.execute("SELECT pg_advisory_unlock(740001)")


def expect_roles(owner_url: str) -> None:
    """Check that the administrator has made roles and database (``deploy/roles.sql``); the owner could not.

    Raises:
        PreparationError: with what is missing.
    """
    try:
        with psycopg.connect(_plain(owner_url)) as connection:
            known = {r for (r,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'bianzhi\\_%'")}
    except psycopg.OperationalError as error:
        raise PreparationError(f"以 {OWNER} 连接数据库失败：{str(error).strip()}") from error
    if missing := {APP, SIGNIN} - known:
        raise PreparationError(f"数据库服务器上没有角色 {'、'.join(sorted(missing))}")


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def alembic_config(connection: Connection) -> "AlembicConfig":
    """Alembic's configuration over a given connection."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def install_kernel(connection: Connection) -> None:
    """(Re)create the kernel's functions from ``app/ledger/kernel/*.sql``, in the files' order."""
    connection.exec_driver_sql("SET LOCAL check_function_bodies = off")
    for file in sorted(KERNEL.glob("*.sql")):
        connection.exec_driver_sql(file.read_text(encoding="utf-8").replace("%", "%%"))


def install_policies(connection: Connection) -> None:
    """Grants and row policies from their one declaration."""
    for statement in policies.statements(APP, SIGNIN):
        connection.exec_driver_sql(statement)


def upgrade(owner_url: str) -> None:
    """Bring one database to the present: schema, kernel, policies, seeds."""
    from alembic import command

    from app.cli import seeds

    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL bianzhi.deployment = 'on'"))
        command.upgrade(alembic_config(connection), "head")
        install_kernel(connection)
        install_policies(connection)
        connection.execute(
            text(
                "INSERT INTO scope_key (id, secret) VALUES (1, encode(sha256((gen_random_uuid()::text"
                " || gen_random_uuid()::text)::bytea), 'hex')) ON CONFLICT (id) DO NOTHING"
            )
        )
        seeds.plant(connection)
    engine.dispose()


def write_down(owner_url: str, keys: KeyRing, file: Path) -> None:
    """Note the structure as this deployment leaves it; the nightly verification compares."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL search_path TO public"))
        structure.keep(connection, keys, file)
    engine.dispose()


# Large objects are files of whoever may make one; nobody here needs them.
LARGE_OBJECTS = (
    "lo_create(oid)", "lo_creat(int)", "lo_from_bytea(oid, bytea)", "lo_put(oid, bigint, bytea)", "lo_open(oid, int)",
    "lowrite(int, bytea)", "lo_unlink(oid)", "lo_import(text)", "lo_import(text, oid)", "lo_export(oid, text)",
)  # fmt: skip
TAGS_WITH_TABLES = "'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE INDEX'"


def guard(admin_url: str) -> bool:
    """What only a superuser can install: the recorder of DDL, and no large objects; False where we are none."""
    engine = create_engine(admin_url)
    with engine.begin() as connection:
        strong = bool(connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar())
        if strong:
            for name, when, tags in (
                ("bianzhi_ddl", "ddl_command_start", ""),
                ("bianzhi_ddl_made", "ddl_command_end", f" WHEN TAG IN ({TAGS_WITH_TABLES})"),
                ("bianzhi_ddl_gone", "sql_drop", " WHEN TAG IN ('DROP TABLE')"),
            ):
                connection.execute(text(f"DROP EVENT TRIGGER IF EXISTS {name}"))
                connection.execute(text(f"CREATE EVENT TRIGGER {name} ON {when}{tags} EXECUTE FUNCTION record_ddl()"))
            for function in LARGE_OBJECTS:
                connection.execute(text(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC"))
    engine.dispose()
    return strong
