"""Deployment: twice is once, migrations make what the models say, and an administrator's script suffices."""

import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateSchema

from app.cli import deploy, embedded
from app.models import Base
from tests.architecture.test_design import ROOT
from tests.world import World

SCHEMA = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name, is_identity"
    " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = :s AND table_type = 'BASE TABLE'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
    " WHERE connamespace = cast(:s AS regnamespace) AND contype <> 't'",  # triggers are the deployment's
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = :s",
    "sequences": "SELECT sequencename, data_type::text, start_value FROM pg_sequences WHERE schemaname = :s"
    # The numbers of certificates belong to no column, so no model names them.
    " AND sequencename <> 'certificate_number_seq'",
}
DEPLOYED = {
    "functions": "SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proacl::text FROM pg_proc p"
    " WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
    "policies": "SELECT tablename, policyname, cmd, roles::text, qual, with_check FROM pg_policies",
    "grants": "SELECT oid::regclass::text, relacl::text, relrowsecurity FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "settings": "SELECT r.rolname, s.setconfig::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole",
}


def read(connection: Connection, queries: dict[str, str], schema: str = "public") -> dict[str, list[Any]]:
    """What the catalogue says, with the schema's own name left out."""
    found = {}
    for name, query in queries.items():
        rows = connection.execute(text(query), {"s": schema} if ":s" in query else {}).all()
        found[name] = sorted(
            tuple(re.sub(rf"\b{schema}\.", "", v) if isinstance(v, str) else v for v in row)
            for row in rows
            # Alembic's table, and Flask-AppBuilder's: their models name sequences, our migrations defaults.
            if not str(row[0]).removeprefix(f"{schema}.").startswith(("alembic_version", "ab_"))
        )
    return found


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
        for name in Base.metadata.tables
        if name not in ("audit_event", "ledger_chain")  # a deployment is on record
    }


def test_what_migrations_make_is_what_the_models_say(world: World) -> None:
    with world.superuser.begin() as connection:
        migrated = read(connection, SCHEMA)
        connection.execute(CreateSchema("fresh"))
        Base.metadata.create_all(connection.execution_options(schema_translate_map={None: "fresh"}))
        fresh = read(connection, SCHEMA, "fresh")
        connection.rollback()
    assert len(migrated["constraints"]) > 100
    for kind in SCHEMA:
        assert [x for x in migrated[kind] if x not in fresh[kind]] == [], f"{kind}: in migrations only"
        assert [x for x in fresh[kind] if x not in migrated[kind]] == [], f"{kind}: in models only"


def test_deploying_twice_is_deploying_once(world: World) -> None:
    deploy.upgrade(world.owner_url)
    with world.superuser.connect() as connection:
        before = read(connection, SCHEMA | DEPLOYED), rows(connection)
    deploy.upgrade(world.owner_url)
    with world.superuser.connect() as connection:
        after = read(connection, SCHEMA | DEPLOYED), rows(connection)
    assert len(before[0]["functions"]) > 30
    assert before[1]["region"] > 30
    assert after == before
    # With its own day, which the other tests hold still: the city's, whatever zone the session is in.
    with world.superuser.connect() as connection:
        for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
            connection.execute(text(f"SET TIME ZONE '{zone}'"))
            assert connection.execute(
                text("SELECT kernel_today() = (now() AT TIME ZONE 'Asia/Shanghai')::date")
            ).scalar()
        connection.rollback()


@pytest.fixture
def by_script(world: World, roles_alone: None) -> Iterator[str]:
    """A database made by ``deploy/roles.sql`` alone, run by an administrator who is no superuser; the owner's address."""
    psql = embedded.programs() / "psql"
    admin, name = make_url(world.superuser_url).set(drivername="postgresql"), f"script_{os.getpid()}"
    with world.superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as server:
        server.execute(text(f"CREATE ROLE dba_{name} LOGIN CREATEROLE CREATEDB PASSWORD 'dba'"))
        for role in (deploy.OWNER, deploy.APP, deploy.SIGNIN):
            server.execute(text(f"GRANT {role} TO dba_{name} WITH ADMIN OPTION"))
        words = [psql, "-qX", "-v", f"database={name}"]
        words += [x for r in (deploy.OWNER, deploy.APP, deploy.SIGNIN) for x in ("-v", f"{r}={_password(world, r)}")]
        dba = admin.set(username=f"dba_{name}", password="dba", database="postgres")
        for _twice in range(2):
            done = subprocess.run(
                [*words, "-f", ROOT / "deploy/roles.sql", dba.render_as_string(hide_password=False)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        yield make_url(world.owner_url).set(database=name).render_as_string(hide_password=False)
        server.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.execute(text(f"DROP OWNED BY dba_{name}"))
        server.execute(text(f"DROP ROLE dba_{name}"))


def _password(world: World, role: str) -> str:
    urls = {deploy.OWNER: world.owner_url, deploy.APP: world.app_url, deploy.SIGNIN: world.signin_url}
    return make_url(urls[role]).password or "any"


def test_the_owner_deploys_what_an_administrators_script_prepared(by_script: str) -> None:
    deploy.expect_roles(by_script)
    deploy.upgrade(by_script)
    engine = create_engine(by_script)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar() is False
        assert connection.execute(text("SELECT count(*) FROM region")).scalar_one() > 30
    engine.dispose()


def test_without_the_script_the_owner_is_told_so(world: World) -> None:
    absent = make_url(world.owner_url).set(database="absent").render_as_string(hide_password=False)
    with pytest.raises(deploy.PreparationError, match="absent"):
        deploy.expect_roles(absent)
