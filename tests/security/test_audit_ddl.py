"""No hand edits: the application's roles change no structure and reach no file; whoever does change it is on record."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from app.cli import deploy
from app.ledger import audit
from tests.world import World

# Insufficient privilege; for functions that are not installed or not found: undefined function or object.
DENIED = ("42501", "42883", "42704", "0A000")
STRUCTURE = (
    "CREATE TABLE t (a int)",
    "CREATE TABLE audit.t (a int)",
    "CREATE TEMP TABLE t (a int)",
    "CREATE SCHEMA s",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION scope_part(p int) RETURNS text LANGUAGE sql AS 'SELECT ''x'''",
    "CREATE VIEW v AS SELECT * FROM unit",
    "CREATE TYPE t AS (a int)",
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "CREATE RULE r AS ON INSERT TO application DO ALSO SELECT 1",
    "CREATE TRIGGER t BEFORE INSERT ON application EXECUTE FUNCTION audit_keep()",
    "CREATE POLICY p ON unit USING (true)",
    "CREATE INDEX i ON application (id)",
    "CREATE EXTENSION pgcrypto",
    "CREATE EXTENSION dblink",
    "CREATE LANGUAGE plpython3u",
    "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION record_ddl()",
    "CREATE ROLE r SUPERUSER",
    "CREATE PUBLICATION p FOR ALL TABLES",
    "CREATE SERVER s FOREIGN DATA WRAPPER w",
    "CREATE DATABASE d",
    "ALTER TABLE unit DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE application DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DETACH PARTITION audit.event_other",
    "ALTER POLICY seen ON unit USING (true)",
    "ALTER FUNCTION scope_part(int) OWNER TO CURRENT_USER",
    "ALTER EVENT TRIGGER bianzhi_ddl DISABLE",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE bianzhi_owner PASSWORD 'x'",
    "ALTER SYSTEM SET log_statement = 'none'",
    "DROP TABLE audit_event",
    "DROP POLICY seen ON unit",
    "DROP TRIGGER audit_keep ON audit_event",
    "DROP FUNCTION scope_part(int)",
    "DROP EVENT TRIGGER bianzhi_ddl",
    "TRUNCATE audit_event",
    "GRANT SELECT ON sign_in TO PUBLIC",
    "REASSIGN OWNED BY bianzhi_owner TO CURRENT_USER",
    "SECURITY LABEL ON TABLE unit IS 'x'",
)
REACH = (
    "SET ROLE bianzhi_owner",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION bianzhi_owner",
    "SET session_replication_role = replica",
    "SELECT set_config('session_replication_role', 'replica', true)",
    "SET log_statement = 'none'",
    "COPY unit TO PROGRAM 'cat'",
    "COPY unit TO '/tmp/units'",
    "COPY application FROM PROGRAM 'echo'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT dblink('dbname=postgres', 'SELECT 1')",
    "SELECT pg_reload_conf()",
    "SELECT pg_rotate_logfile()",
    "SELECT pg_switch_wal()",
    "SELECT pg_create_logical_replication_slot('x', 'test_decoding')",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bianzhi_owner'"
    " AND datname = current_database() LIMIT 1",
    "LOAD '/tmp/x.so'",
)


@pytest.fixture(scope="module", params=["app", "signin"])
def engine(world: World, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The role's own connections, past all of our code."""
    made = create_engine(world.app_url if request.param == "app" else world.signin_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def owner_at_work(world: World) -> Iterator[None]:
    """A connection of the owner's that somebody might want to end."""
    with world.owner.connect():
        yield


@pytest.mark.parametrize("statement", STRUCTURE)
def test_the_applications_roles_change_no_structure(world: World, engine: Engine, statement: str) -> None:
    before = world.value("SELECT count(*) FROM pg_class")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", None) in (*DENIED, "22023", "58P01"), refused.value
    assert world.value("SELECT count(*) FROM pg_class") == before


@pytest.mark.parametrize("statement", REACH)
def test_the_applications_roles_reach_no_other_role_file_or_program(
    world: World, owner_at_work: None, engine: Engine, statement: str
) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(statement))
        assert getattr(refused.value.orig, "sqlstate", None) in DENIED, refused.value


def test_an_anonymous_block_has_no_more_rights_than_its_caller(world: World, engine: Engine) -> None:
    for inner in ("CREATE TABLE t (a int)", "UPDATE ledger_total SET authorised = 99", "SET ROLE bianzhi_owner",
                  "DELETE FROM audit_event"):  # fmt: skip
        with engine.connect() as connection, pytest.raises(DBAPIError) as refused:
            connection.execute(text(f"DO $$ BEGIN EXECUTE '{inner}'; END $$"))
        assert getattr(refused.value.orig, "sqlstate", None) == "42501", inner


def test_a_message_to_listeners_reaches_nobody_because_nothing_of_ours_listens(world: World) -> None:
    """PostgreSQL has no right for NOTIFY; what remains is that no program of ours acts on one."""
    with world.superuser.connect() as connection:
        sources = connection.execute(text("SELECT prosrc FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace"
                                          " WHERE s.nspname = 'public'")).scalars().all()  # fmt: skip
    assert not [x for x in sources if "LISTEN" in x or "NOTIFY" in x]


def ddl(world: World) -> list[tuple[str, str, int]]:
    with world.superuser.connect() as connection:
        return [
            (r.command, r.role, r.deployment)
            for r in connection.execute(
                text("SELECT facts ->> 'command' AS command, facts ->> 'role' AS role,"
                     " (facts ->> 'deployment')::int AS deployment FROM audit_event WHERE kind = 'ddl' ORDER BY id")
            )
        ]  # fmt: skip


def superuser(world: World) -> str:
    return str(world.value("SELECT session_user"))


def test_changes_of_structure_by_owner_or_superuser_are_on_record(world: World) -> None:
    if not deploy.guard(world.superuser_url):
        assert not world.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return  # an administrator without superuser's rights: docs/security-audit.md says what remains
    before = len(ddl(world))
    with world.owner.begin() as connection:
        for statement in ("CREATE TABLE handmade (a int)", "ALTER TABLE handmade ADD b int", "DROP TABLE handmade",
                          "CREATE TEMP TABLE passing (a int) ON COMMIT DROP"):  # fmt: skip
            connection.execute(text(statement))
    with world.superuser.begin() as connection:
        connection.execute(text("ALTER TABLE unit DISABLE TRIGGER ALL"))
        connection.execute(text("ALTER TABLE unit ENABLE TRIGGER ALL"))
    assert ddl(world)[before:] == [
        ("CREATE TABLE", "bianzhi_owner", 0),
        ("ALTER TABLE", "bianzhi_owner", 0),
        ("DROP TABLE", "bianzhi_owner", 0),
        ("ALTER TABLE", superuser(world), 0),
        ("ALTER TABLE", superuser(world), 0),
    ]
    with world.owner.connect() as connection:
        assert list(audit.findings(connection)) == []


def test_a_deployment_is_one_line_for_each_transaction(world: World) -> None:
    before = len(ddl(world))
    deploy.upgrade(world.owner_url)
    made = ddl(world)[before:]
    assert made
    assert {deployment for _c, _r, deployment in made} == {1}
    assert len(made) <= 3


def test_whoever_silences_the_recorder_leaves_that_as_his_last_line(world: World) -> None:
    before = len(ddl(world))
    with world.owner.connect() as connection:
        transaction = connection.begin()
        connection.execute(
            text("CREATE OR REPLACE FUNCTION record_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'")
        )
        seen = connection.execute(
            text("SELECT count(*) FROM audit_event WHERE kind = 'ddl' AND facts ->> 'command' = 'CREATE FUNCTION'"
                 " AND facts ->> 'statement' LIKE '%record_ddl%' AND recorded_at = transaction_timestamp()")
        ).scalar_one()  # fmt: skip
        transaction.rollback()
    assert seen == 1
    assert len(ddl(world)) == before
