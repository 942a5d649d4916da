"""What the application's own database role may not do, with a valid identity in hand."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from app.domain.workdays import city_today
from app.security import policies
from tests.world import Body, World

TODAY = city_today()
LEDGER = ("unit", "unit_version", "quota_line", "quota", "ledger_total", "post", "person", "occupancy",
          "ledger_entry", "ledger_chain", "ledger_seal")  # fmt: skip
AUTHORITY = ("decision", "account", "sign_in", "process_version", "case_record", "case_facts", "office", "scope_key",
             "ab_user", "audit_event", "alarm", "alarm_rule", "region", "code", "working_day")  # fmt: skip


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("门锁局", quotas={"11": 3}, people={"11": 1})


def refused(world: World, who: Identity | None, statement: str, **values: object) -> bool:
    try:
        with world.database.transaction(who) as session:
            session.execute(text(statement), values)
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", "") in ("42501", "42883")
    return False


@pytest.mark.parametrize("table", [*LEDGER, *AUTHORITY])
@pytest.mark.parametrize("verb", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
def test_the_application_writes_no_ledger_or_authority_table(world: World, body: Body, table: str, verb: str) -> None:
    column = world.value(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :t AND is_generated = 'NEVER'"
        " AND is_identity = 'NO' ORDER BY ordinal_position LIMIT 1", t=table,
    )  # fmt: skip
    statement = {
        "INSERT": f'INSERT INTO {table} ("{column}") VALUES (NULL)',
        "UPDATE": f'UPDATE {table} SET "{column}" = NULL',
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }[verb]
    assert refused(world, world.office("establishment"), statement)


@pytest.mark.parametrize("table", sorted(policies.SCOPED))
def test_without_an_identity_there_are_no_rows(world: World, body: Body, table: str) -> None:
    world.recruit(body)
    for who in (None, Identity("made-up")):
        with world.database.transaction(who) as session:
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_a_forged_scope_names_nobody(world: World, body: Body) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        ctx, sig = session.execute(text("SELECT current_setting('app.ctx'), current_setting('app.sig')")).one()
        assert session.execute(text("SELECT count(*) FROM unit")).scalar_one() > 0
    with world.database.transaction(None) as session:
        # The signature of another transaction, or none of ours, opens nothing.
        for signature in (sig, "0" * 64, ""):
            session.execute(
                text("SELECT set_config('app.ctx', :c, true), set_config('app.sig', :s, true)"),
                {"c": ctx, "s": signature},
            )
            assert session.execute(text("SELECT count(*) FROM unit")).scalar_one() == 0
            assert session.execute(text("SELECT scope_part(1)")).scalar_one() is None


def test_a_widened_scope_breaks_its_own_signature(world: World, body: Body) -> None:
    with world.database.transaction(world.clerk(body)) as session:
        ctx = session.execute(text("SELECT current_setting('app.ctx')")).scalar_one()
        wide = ctx.replace(body.scope_path + "/", "9").replace(body.scope_path, "0")
        session.execute(text("SELECT set_config('app.ctx', :c, true)"), {"c": wide})
        assert session.execute(text("SELECT count(*) FROM unit")).scalar_one() == 0


@pytest.mark.parametrize(
    "call",
    ["k_open_unit(1, '{}', now()::date)", "k_effected(1)", "publish_version('x', 1, '{}', '{}')",
     "open_session(1, NULL, 'x', 12, '', '', 'password', false, '{}')", "open_service_session('svc-opening', 'x')", "k_set_quota(1, '{}', now()::date)",
     "chain_append('unit', 1, 'x', now()::date, now(), 1, '{}', '')", "scope_signature('x')", "account_context(1)",
     "ledger_release_seat(1)", "k_take_lead(1, '{}', now()::date)"],
)  # fmt: skip
def test_the_kernels_inner_functions_are_not_the_applications_to_call(world: World, body: Body, call: str) -> None:
    assert refused(world, world.service("svc-opening"), f"SELECT {call}")


def test_passwords_tokens_and_the_signing_key_cannot_be_read(world: World, body: Body) -> None:
    for statement in ("SELECT password FROM ab_user", "SELECT * FROM sign_in", "SELECT * FROM scope_key"):
        assert refused(world, world.office("establishment"), statement)


def test_the_signin_role_reads_no_business_table(world: World, body: Body) -> None:
    engine = create_engine(world.signin_url)
    for table in (*policies.SCOPED, "scope_key", "sign_in"):
        with engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(f"SELECT * FROM {table}"))
    engine.dispose()


# Pure arithmetic on its arguments, without the owner's eyes: a pinned path would keep the planner from putting it in line.
HARMLESS = ("enable_", "work_mem=", "jit=", "lock_timeout=")
INLINED = {"k_delayed", "k_retires_on", "k_due_place"}


def test_functions_with_the_owners_eyes_pin_their_search_path_and_are_not_public(world: World) -> None:
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT p.proname, p.proconfig, p.provolatile, p.prosecdef, has_function_privilege('public', p.oid, 'EXECUTE') AS public, p.prosqlbody IS NOT NULL AS parsed"
                " FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace WHERE s.nspname = 'public'"
                " AND p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal'))"
            )
        ).all()
    assert len(rows) > 50
    for r in rows:
        assert not r.public, r.proname
        if r.proname in INLINED:
            assert (r.proconfig, r.provolatile, r.prosecdef) == (None, "i", False), r.proname
            continue
        if r.parsed and not r.prosecdef:  # its names were looked up when it was made
            assert r.proconfig is None, r.proname
            continue
        # Beside the path, a function may only tell the planner what not to use, how much memory a set takes, how long to wait.
        others = [c for c in r.proconfig if not c.startswith(HARMLESS)]
        assert others == ["search_path=public, pg_temp"], r.proname


def test_roles_can_neither_pass_policies_nor_become_more(world: World) -> None:
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS strong FROM pg_roles"
                " WHERE rolname LIKE 'bianzhi\\_%'"
            )
        ).all()
        assert {r.rolname for r in rows} >= {"bianzhi_owner", "bianzhi_app", "bianzhi_signin"}
        assert [r.rolname for r in rows if r.strong] == []
        owned = connection.execute(
            text("SELECT count(*) FROM pg_class WHERE relowner IN (SELECT oid FROM pg_roles WHERE rolname IN"
                 " ('bianzhi_app', 'bianzhi_signin'))")
        ).scalar_one()  # fmt: skip
        assert owned == 0


def test_the_raw_tables_hold_no_clear_id_number(world: World, body: Body) -> None:
    number = world.keys.decrypt("resident", bytes(world.value("SELECT id_cipher FROM person LIMIT 1")))
    with world.superuser.connect() as connection:
        tables = connection.execute(
            text("SELECT relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace"
                 " WHERE s.nspname = 'public' AND relkind = 'r'")
        ).scalars().all()  # fmt: skip
        for table in tables:
            found = connection.execute(
                text(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, :n) > 0"), {"n": number}
            ).scalar_one()
            assert found == 0, table
