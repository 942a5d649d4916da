"""The design itself: layers, one place for transactions, policies, names, migrations, catalogue."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.orm import configure_mappers

from app.cli import catalogue, deploy
from app.ledger import audit
from app.models import Base
from app.security import policies
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "app").rglob("*.py"))
# Deployment and the keeper's commands work as the owner, outside any request.
MAY_BEGIN = {"app/db.py", "app/cli/accounts.py", "app/cli/deploy.py", "app/cli/demo.py", "app/cli/keys.py", "app/cli/ledger.py",
             "app/cli/nightly.py", "app/alarms/engine.py"}  # fmt: skip


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_layers_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_transactions_begin_and_end_in_one_place(path: Path) -> None:
    if relative(path) in MAY_BEGIN:
        return
    source = path.read_text(encoding="utf-8")
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        # A key ring's ``commit(field, value)`` is another thing.
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and not (node.func.attr == "commit" and node.args)
    }
    assert not calls & {"commit", "begin", "begin_nested", "rollback", "begin_twophase"}
    assert not re.search(r"\b(?:SAVEPOINT|ROLLBACK)\b|AUTOCOMMIT|[\"']COMMIT\b", source)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_nothing_is_left_to_be_done_later() -> None:
    word = re.compile("TO" + "DO|FIX" + "ME|XX" + "X|raise NotImplemented")
    files = [*MODULES, *(ROOT / "app/ledger/kernel").glob("*.sql"), *(ROOT / "app/templates").rglob("*.html")]
    assert [relative(f) for f in files if word.search(f.read_text(encoding="utf-8"))] == []


def test_templates_hold_no_inline_style_handler_script_or_foreign_address() -> None:
    bad = re.compile(
        r"""\sstyle=|\son[a-z]+\s*=\s*["']|<script(?![^>]*\b(?:src|nonce)=)|(?:src|href)=["']?(?:https?:)?//"""
    )
    found = [
        (relative(f), m.group())
        for f in (ROOT / "app/templates").rglob("*.html")
        for m in bad.finditer(f.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_text_has_its_chinese() -> None:
    assert catalogue.problems() == []


def test_every_table_has_a_policy_or_a_reason_to_have_none(world: World) -> None:
    configure_mappers()
    known = {*policies.SCOPED, *policies.EXEMPT, *policies.HIDDEN, *policies.FAB_READ, *policies.FAB_HIDDEN, "ab_user"}
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT c.relname, c.relrowsecurity, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS n"
                " FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace"
                " WHERE s.nspname = 'public' AND c.relkind IN ('r', 'p')"
            )
        ).all()
    tables = {r.relname: r for r in rows}
    assert set(tables) == known
    for name in policies.SCOPED:
        assert tables[name].relrowsecurity, name
        assert tables[name].n > 0, name


def test_every_constraint_and_index_bears_a_name_of_ours(world: World) -> None:
    with world.superuser.connect() as connection:
        names = connection.execute(
            text(
                "SELECT c.conname FROM pg_constraint c JOIN pg_namespace s ON s.oid = c.connamespace"
                " WHERE s.nspname = 'public' AND c.contype IN ('c', 'f', 'p', 'u', 'x')"
                " AND c.conrelid::regclass::text NOT LIKE 'ab\\_%' UNION"
                " SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'ab\\_%'"
            )
        ).scalars()
        bad = [n for n in names if not re.match(r"(pk|fk|uq|ck|ix|ex)_[a-z]", n)]
    # Flask-AppBuilder's own tables and Alembic's name theirs themselves.
    assert [n for n in bad if n != "alembic_version_pkc"] == []


def test_a_database_brought_up_by_migrations_equals_the_models(world: World) -> None:
    with world.owner.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_what_was_on_record_before_the_chains_is_linked_by_the_migration(world: World) -> None:
    with world.database.transaction(world.service("svc-worker")) as session:
        session.execute(text("SELECT audit_note('view', '10.0.0.1', '{\"person\": 7}')"))
    seen = "SELECT count(*) FROM audit_event WHERE kind = 'view' AND facts = '{\"person\": 7}'"
    with world.owner.begin() as connection:
        command.downgrade(deploy.alembic_config(connection), "0001")
    assert world.value(seen + " AND address = '10.0.0.1'") == 1
    deploy.upgrade(world.owner_url)
    assert world.value(seen + " AND person_id = 7 AND length(hash) = 64") == 1
    with world.owner.connect() as connection:
        assert list(audit.findings(connection)) == []


def test_migrations_go_down_to_nothing_and_up_again(world: World) -> None:
    engine = create_engine(world.owner_url)
    with engine.begin() as connection:
        for (name,) in connection.execute(
            text(
                "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace"
                " WHERE s.nspname = 'public' AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
            )
        ).all():
            connection.execute(text(f"DROP FUNCTION IF EXISTS {name} CASCADE"))
        command.downgrade(deploy.alembic_config(connection), "base")
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    deploy.upgrade(world.owner_url)
    with engine.connect() as connection:
        assert "ledger_entry" in inspect(connection).get_table_names()
    engine.dispose()
