"""The app role's own connection in an attacker's hands: every table, every function, every forged identity.

What remains, and why: a statement of the app role works under the identity that the transaction was given, so whoever
injects one has the rows of that identity and nothing more (``record_audit`` and ``record_refusal`` let it write events
about itself; ``admin_*`` do for an administrator what his pages do, two people apart).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import Identity
from app.domain import errors
from app.security import policies
from app.security.functions import APP_FUNCTIONS
from tests.security import cast
from tests.security.cast import Cast
from tests.world import World

ALL_TABLES = sorted({*policies.SCOPED, *policies.EXEMPT, *policies.HIDDEN, *policies.FAB_READ, *policies.FAB_HIDDEN,
                     "ab_user"})  # fmt: skip
# Rows about other units: what a clerk of one must never come to see or change.
ROWS = ("unit", "unit_version", "quota_line", "quota", "ledger_total", "post", "person", "person_brief", "occupancy",
        "ledger_entry", "application", "task", "application_event", "case_record", "case_facts", "decision", "alarm",
        "intake", "import_batch", "audit_event", "named_access", "grant_request")  # fmt: skip
# Nobody's word moves these: not by a statement, not by a function for which the case lacks its approvals.
LEDGER = ("unit", "quota", "quota_line", "post", "person", "occupancy", "ledger_entry", "ledger_total", "decision",
          "account", "process_version", "sign_in", "ledger_seal", "grant_request", "named_access", "api_token", "office",
          "case_record", "case_facts", "scope_key", "ab_user", "credential")  # fmt: skip
# No right; no such function for the caller; what the server has not.
DENIED = ("42501", "42883", "0A000")
REFUSED = ("42501", "BZ001", "25006", "23514", "23503", "23502", "22023", "22P02", "P0002", "22004", "22007")


@pytest.fixture(scope="module")
def made(world: World) -> Cast:
    return cast.build(world)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the app role may execute, with the types of its arguments."""

    name: str
    types: tuple[str, ...]


@pytest.fixture(scope="module")
def functions(world: World, made: Cast) -> list[Function]:
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text("SELECT p.proname, coalesce(array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t), '{}') AS types"
                 " FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace WHERE s.nspname = 'public'"
                 " AND has_function_privilege('bianzhi_app', p.oid, 'EXECUTE') AND p.prokind = 'f'"
                 " AND p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal')) ORDER BY 1, 2")
        ).all()  # fmt: skip
    return [Function(r.proname, tuple(r.types)) for r in rows]


def visible(session: Session, made: Cast, side: str) -> dict[str, int]:
    """How many rows of a side's body this transaction sees."""
    low = made.bodies[side].scope_path
    counts = {}
    for table in ROWS:
        if "scope_path" in columns(session, table):
            counts[table] = session.execute(
                text(f"SELECT count(*) FROM {table} WHERE scope_path >= :l AND scope_path < :h"),
                {"l": low, "h": f"{low}/"},
            ).scalar_one()
    return counts


_columns: dict[str, set[str]] = {}


def columns(session: Session, table: str) -> set[str]:
    if table not in _columns:
        _columns[table] = set(
            session.execute(text("SELECT attname FROM pg_attribute WHERE attrelid = cast(:t AS regclass)"
                                 " AND attnum > 0 AND NOT attisdropped"), {"t": table}).scalars()
        )  # fmt: skip
    return _columns[table]


def snapshot(world: World) -> dict[str, str]:
    """The whole content of the tables that authority and the ledger rest on (when seen, and codes, aside)."""
    with world.superuser.connect() as connection:
        return {
            t: connection.execute(
                text(f"SELECT md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) FROM"
                     f" (SELECT to_jsonb(x) - 'last_seen_at' AS r FROM {t} x) y")
            ).scalar_one()
            for t in LEDGER
        }  # fmt: skip


def attempt(session: Session, statement: str, **values: Any) -> tuple[str, Any]:
    """One injected statement inside a running request; the refusal's state, or the rows it gave or touched."""
    nested = session.begin_nested()
    try:
        result = session.execute(text(statement), values)
        found = result.fetchall() if result.returns_rows else result.rowcount
    except (DBAPIError, errors.DomainError) as error:
        nested.rollback()
        return getattr(getattr(error, "orig", None), "sqlstate", "") or "BZ001", None
    nested.commit()
    return "", found


def arguments(made: Cast, function: Function, tokens: tuple[str, ...]) -> Iterator[str]:
    """Calls with hostile values: foreign rows, foreign tokens, nothing at all."""
    foreign = made.ids(cast.BY_NAME["clerk"], "foreign")
    numbers = [foreign["unit_id"], foreign["case_id"], foreign["person_id"], foreign["account_id"], foreign["user_id"]]
    by_type: dict[str, list[str]] = {
        "bigint": [str(n) for n in numbers] + ["NULL", "-1"],
        "integer": [str(foreign["user_id"]), "1", "14", "NULL"],
        "text": [f"'{t}'" for t in tokens] + ["'establishment'", "'approve'", "'document'", "'system_admin'", "NULL"],
        "boolean": ["true"],
        "jsonb": ["'{}'"],
        "date": ["kernel_today()"],
        "bytea": ["'\\x00'"],
        "bigint[]": [f"ARRAY[{n}]" for n in numbers],
        "bytea[]": ["ARRAY['\\x00'::bytea]"],
        "alarm": ["NULL"],
        "text[]": ["ARRAY['sent'::text]"],
        "integer[]": ["ARRAY[1]"],
        "date[]": ["ARRAY[kernel_today()]"],
        "timestamp with time zone": ["now()"],
    }
    choices = [by_type[t] for t in function.types]
    longest = max((len(c) for c in choices), default=1)
    seen = set()
    for n in range(longest):  # each value of each argument stands in some call; not every mixture of them
        for shift in (0, 1):
            values = [c[(n + shift * k) % len(c)] for k, c in enumerate(choices)]
            call = ", ".join(f"{v}::{t}" for v, t in zip(values, function.types, strict=True))
            if call not in seen:
                seen.add(call)
                yield f"SELECT * FROM {function.name}({call})"


# -- no identity, a foreign one, a forged one ----------------------------------------------------------------------


@pytest.mark.parametrize("table", ALL_TABLES)
def test_nobody_and_a_stranger_see_and_change_no_row(world: World, made: Cast, table: str) -> None:
    read = table in policies.EXEMPT or table in policies.FAB_READ or table == "ab_user"
    for who in (None, Identity("made-up"), world.clerk(made.bodies["区校"])):
        for statement in (f"SELECT count(*) FROM {table}", f"UPDATE {table} SET {{c}} = {{c}}", f"DELETE FROM {table}",
                          f"INSERT INTO {table} DEFAULT VALUES"):  # fmt: skip
            with world.database.transaction(who) as session:
                session.execute(text("SAVEPOINT a"))
                column = next(iter(sorted(columns_of(world, table))))
                state, found = attempt(session, statement.format(c=f'"{column}"'))
                session.rollback()
            if statement.startswith("SELECT"):
                if read and table != "ab_user":
                    assert state == "", table
                elif not state and who is None:
                    assert found[0][0] == 0 or table == "ab_user", f"{table} shows {found} rows to nobody"
            else:
                own = who is not None and table in policies.SCOPED and statement.startswith("UPDATE")
                assert state in REFUSED or found == 0 or own, f"{statement} by {who}: {state} {found}"


def columns_of(world: World, table: str) -> set[str]:
    with Session(world.superuser) as session:
        return columns(session, table)


FORGED = [
    "copied from another transaction", "widened", "another's parts", "no signature", "reset", "by SET",
]  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_setting_inside_a_request_shows_less_and_never_more(world: World, made: Cast, forged: str) -> None:
    with world.database.transaction(forger(world, "bianban")) as wide:
        ctx, sig = wide.execute(text("SELECT current_setting('app.ctx'), current_setting('app.sig')")).one()
        with world.database.transaction(world.clerk(made.bodies["市局"])) as session:
            own_ctx, own_sig = session.execute(
                text("SELECT current_setting('app.ctx'), current_setting('app.sig')")
            ).one()
            assert sum(visible(session, made, "区局").values()) == 0
            assert sum(visible(session, made, "市局").values()) > 10
            pair = {
                "copied from another transaction": (ctx, sig),
                "widened": (own_ctx.replace(made.bodies["市局"].scope_path, "0"), own_sig),
                "another's parts": (ctx, own_sig),
                "no signature": (ctx, ""),
                "reset": ("", ""),
                "by SET": (ctx, sig),
            }[forged]
            if forged == "by SET":
                session.execute(text(f"SET LOCAL app.ctx = '{pair[0]}'"))
                session.execute(text(f"SET SESSION app.sig = '{pair[1]}'"))
            else:
                session.execute(text("SELECT set_config('app.ctx', :c, true), set_config('app.sig', :s, false)"),
                                {"c": pair[0], "s": pair[1]})  # fmt: skip
            assert sum(visible(session, made, "区局").values()) == 0
            assert sum(visible(session, made, "市局").values()) == 0
            session.rollback()
    # What was set for the whole connection names nobody in its next transaction.
    with world.database.transaction(None) as session:
        assert session.execute(text("SELECT count(*) FROM unit")).scalar_one() == 0


def test_a_context_signed_on_one_connection_is_worthless_on_the_next(world: World, made: Cast) -> None:
    who = forger(world, "bianban")
    with world.database.transaction(who) as first:
        pair = first.execute(text("SELECT current_setting('app.ctx'), current_setting('app.sig')")).one()
        with world.database.transaction(None) as second:
            mine, theirs = (s.execute(text("SELECT pg_backend_pid()")).scalar_one() for s in (first, second))
            assert mine != theirs
            second.execute(text("SELECT set_config('app.ctx', :c, true), set_config('app.sig', :s, true)"),
                           {"c": pair[0], "s": pair[1]})  # fmt: skip
            assert second.execute(text("SELECT scope_part(1)")).scalar_one() is None


# -- every function ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["nobody", "clerk", "geren", "shebao", "xitong", "anquan", "shenji"])
def test_no_function_that_may_be_called_widens_a_scope_or_moves_anything(
    world: World, made: Cast, functions: list[Function], who: str
) -> None:
    """Each function, with foreign numbers, inside a request that is rolled back: nothing foreign is seen after it."""
    assert {f.name for f in functions} == {s.partition("(")[0] for s in APP_FUNCTIONS}
    identity = None if who == "nobody" else world.identity(who)
    closed = Identity("gone")
    tokens = (closed.token, "nobody's-token")
    role = cast.BY_NAME.get(who, cast.BY_NAME["clerk"])
    calls, escaped = 0, []
    with world.database.transaction(identity) as session:
        context = session.execute(text("SELECT current_setting('app.ctx', true)")).scalar_one() or ""
        before = visible(session, made, role.foreign)
        for function in functions:
            if function.name in ("begin_request", "begin_api_request"):
                continue  # naming the identity is what they are for; below
            for call in arguments(made, function, tokens):
                calls += 1
                nested = session.begin_nested()
                state, found = attempt(session, call)
                if visible_now(session) != context:
                    escaped.append(call)
                if not state and any(marked(made, role, str(row)) for row in found):
                    escaped.append(f"{call} → {found}")
                nested.rollback()
        assert visible(session, made, role.foreign) == before == dict.fromkeys(before, 0)
        session.rollback()
    assert escaped == []
    assert calls > 150


def visible_now(session: Session) -> str:
    return session.execute(text("SELECT current_setting('app.ctx', true)")).scalar_one() or ""


def marked(made: Cast, role: cast.Role, row: str) -> bool:
    return any(m in row for m in cast.foreign_marks(role))


def test_naming_an_identity_takes_an_open_sessions_token(world: World, made: Cast) -> None:
    """The two functions that open a scope open none but that of a token that its owner holds."""
    hashes = world.value("SELECT array_agg(encode(token_hash, 'hex')) FROM sign_in")
    assert hashes
    with world.database.transaction(world.clerk(made.bodies["市局"])) as session:
        for name, token in itertools.product(("begin_request", "begin_api_request"), [*hashes, "", "bz_", "x"]):
            session.execute(text(f"SELECT {name}(:t)"), {"t": token})
            assert session.execute(text("SELECT scope_part(1)")).scalar_one() is None
            assert session.execute(text("SELECT count(*) FROM unit")).scalar_one() == 0
        session.rollback()


def test_after_every_call_committed_neither_ledger_nor_authority_has_moved(
    world: World, made: Cast, functions: list[Function]
) -> None:
    """A clerk's connection calls everything with foreign rows, and commits: not one row of another's has changed."""
    who = world.clerk(made.bodies["区校"])
    before = snapshot(world)
    for function in functions:
        if function.name in ("new_api_token", "end_my_sessions", "close_session", "delegate", "refuse"):
            continue  # the own token, sessions and delegations are one's own; the last only raises what it is told
        for call in arguments(made, function, ("gone", "nobody's-token")):
            try:
                with world.database.transaction(who) as session:
                    session.execute(text(call)).fetchall()
            except (DBAPIError, errors.DomainError):
                continue
    assert {t for t, digest in snapshot(world).items() if digest != before[t]} == set()


# -- forging ---------------------------------------------------------------------------------------------------------

FORGERIES = {
    "a decision": "INSERT INTO decision (case_id, user_id, office_id, verdict) SELECT {case}, scope_number(1)::int, o.id,"
                  " 'approve' FROM office o LIMIT 1",
    "a decision's verdict": "UPDATE decision SET verdict = 'approve'",
    "an office membership": "INSERT INTO account (user_id, kind, office_id, started_on) SELECT scope_number(1)::int,"
                            " 'office_member', o.id, kernel_today() FROM office o LIMIT 1",
    "another kind of account": "UPDATE account SET kind = 'office_head'",
    "a delegation": "INSERT INTO account (user_id, kind, office_id, started_on, delegated_from) SELECT scope_number(1)::int,"
                    " 'office_member', o.id, kernel_today(), 1 FROM office o LIMIT 1",
    "a published version": "INSERT INTO process_version (process, version) VALUES ('recruit', 99)",
    "a version's requirements": "UPDATE process_version SET requirements = '[]'",
    "a version by the kernel": "SELECT publish_version('recruit', 99, '{{}}', '{{}}')",
    "a session": "INSERT INTO sign_in (user_id) VALUES (1)",
    "a session by the signin role's function": "SELECT open_session(1, NULL, '\\x00', 12, '', '', 'password', false, '{{}}')",
    "a service's session": "SELECT open_service_session('svc-opening', '\\x00')",
    "a seal": "INSERT INTO ledger_seal DEFAULT VALUES",
    "a seal's root": "UPDATE ledger_seal SET root = '\\x00'",
    "a grant": "INSERT INTO grant_request (user_id, kind) VALUES (1, 'system_admin')",
    "a settled grant": "UPDATE grant_request SET state = 'approved'",
    "a named access": "INSERT INTO named_access (account_id, unit_id, started_on) VALUES (1, {unit}, kernel_today())",
    "an API token": "INSERT INTO api_token (account_id) VALUES (1)",
    "a token's owner": "UPDATE api_token SET account_id = 1",
    "a password": "UPDATE ab_user SET password = 'x'",
    "a role": "INSERT INTO ab_user_role (user_id, role_id) VALUES (1, 1)",
    "a filed fact": "UPDATE case_facts SET facts = '{{}}'",
    "a case's record": "UPDATE case_record SET status = 'approved'",
    "a movement": "SELECT k_enter({case}, '{{}}', kernel_today())",
    "a signing key": "UPDATE scope_key SET secret = 'x'",
    "a rule of what is seen": "UPDATE identity_rule SET groups = 'document'",
    "an audit event": "DELETE FROM audit_event",
    "a function of the caller's": "CREATE FUNCTION pg_temp.scope_part(int) RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
    "a temporary table": "CREATE TEMP TABLE unit (id bigint)",
    "another role": "SET ROLE bianzhi_owner",
    "another session's role": "SET SESSION AUTHORIZATION bianzhi_owner",
    "policies off": "ALTER TABLE unit DISABLE ROW LEVEL SECURITY",
    "triggers off": "SET session_replication_role = replica",
    "a file": "COPY (SELECT 1) TO '/tmp/x'",
    "a program": "COPY region FROM PROGRAM 'id'",
    "a server's file": "SELECT pg_read_file('/etc/passwd')",
    "a large object": "SELECT lo_import('/etc/passwd')",
}  # fmt: skip


_sessions: dict[tuple[str, str], Identity] = {}


def forger(world: World, username: str) -> Identity:
    """One open session of a user for all forgeries."""
    key = (world.app_url, username)
    if key not in _sessions:
        _sessions[key] = world.identity(username)
    return _sessions[key]


@pytest.mark.parametrize("what", FORGERIES)
def test_what_authority_rests_on_is_not_forged(world: World, made: Cast, what: str) -> None:
    case, unit = made.cases["市局"], made.bodies["市局"].id
    statement = FORGERIES[what].format(case=case, unit=unit)
    forgers = [world.clerk(made.bodies["市局"]), forger(world, "bianban"), forger(world, "xitong")]
    before = snapshot(world)
    for who in forgers:
        with world.database.transaction(who) as session:
            state, found = attempt(session, statement)
        assert state in DENIED or (found == 0 and statement.startswith(("UPDATE", "DELETE"))), f"{state} {found}"
    assert snapshot(world) == before
    # And no movement follows: without its approvals the case stays where it was.
    for function in (
        "ledger_occupy({c}, kernel_today())",
        "ledger_reserve({c})",
        "ledger_move({c})",
        "ledger_vacate({c})",
    ):
        with world.database.transaction(world.clerk(made.bodies["市局"])) as session:
            state, _found = attempt(session, f"SELECT {function.format(c=case)}")
            session.rollback()
        assert state == "BZ001", function
    assert world.value("SELECT count(*) FROM ledger_entry WHERE case_id = :c", c=case) == 0
