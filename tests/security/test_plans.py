"""Row policies and what they ask in turn are walked by an index: the plans of the pages' own statements, on a city's rows.

A policy with a subquery is a filter like any other to the planner: it may take a whole table for it, and a page that took
a millisecond in a test of ten rows takes a second in a city.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text

from app.db import Identity
from tests.security.conftest import Client
from tests.world import Body, World

ROWS, UNITS = 20_000, 40
# Tables that grow with people and cases; none of a page's statements reads one of them whole.
LARGE = ("person", "occupancy", "post", "application", "task", "application_event", "ledger_entry", "alarm", "account",
         "sign_in", "case_record", "decision")  # fmt: skip
# The establishment side's pages of one body, and what a body's own people see of them.
ESTABLISHMENT = ("/ranks/{unit}", "/sanding/{unit}", "/lineage/{unit}", "/forecast?unit={unit}", "/difference?unit={unit}", "/alarms?unit={unit}",
                 "/payroll/differences?unit={unit}")  # fmt: skip
# The city's: what they count is counted by functions of the kernel or bounded; the figures of alarms alone go through all of them.
CITY = ("/forecast", "/forecast?region=440604", "/forecast/people", "/difference", "/difference?region=440604", "/quota-desk", "/limits",
        "/reform/", "/reform/{reform}", "/reform/variant/{variant}", "/commission/", "/commission/outside", "/alarms", "/alarms?q=密林", "/alarms/rules",
        "/alarms/accounts", "/payroll/", "/payroll/differences", "/payroll/month/changes", "/payroll/month/budget", "/ledger",
        "/ledger?on=2026-01-01")  # fmt: skip
# What each reader opens; {unit}, {person}, {case} are the reader's own.
LISTS = tuple(f"/list/{name}{query}" for name in ("people", "posts", "cases", "units") for query in ("", "?q=密林"))
PAGES = {
    "clerk": ("/", *LISTS, "/list/people?state=serving", "/list/cases?state=running", "/unit/{unit}", "/person/{person}",
              "/case/{case}", "/search?q=密林甲", "/search/people?q=密林", "/search/leads?q=密", "/account/", "/delegation", *ESTABLISHMENT, "/alarms", "/forecast",
              "/difference"),
    # The whole city's people in order of place: of so few the planner sorts them; of a real city's it walks the index
    # (docs/architecture.md has the figures, bench/ measures them).
    "bianban": ("/", *LISTS[1:], "/queue", "/queue?view=late", "/queue?q=密林", "/unit/{unit}", "/person/{person}",
                "/case/{case}", "/search?q=密林甲", "/search?q=440699199005170019", *ESTABLISHMENT, *CITY),
    "zuzhi": ("/queue", *LISTS, "/case/{case}", "/person/{person}"),
    "jijian": (*LISTS, "/unit/{unit}", "/person/{person}"),
    "caizheng": ("/list/people", "/unit/{unit}"),
    "geren": ("/card",),
    "root": ("/admin/users", "/admin/user/{user}", "/admin/requests"),
}  # fmt: skip


def clone(connection: Any, table: str, changed: str, row: str = "") -> None:
    """Many rows like one that is there, each with its own values; triggers and foreign keys are asleep."""
    names = connection.execute(
        text("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = cast(:t AS"
             " regclass) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"), {"t": table},
    ).scalar_one()  # fmt: skip
    connection.execute(
        text(f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM (SELECT r.* FROM"
             f" (SELECT t FROM {table} t {row} ORDER BY 1 LIMIT 1) one, generate_series(1, {ROWS}) n, LATERAL (SELECT"
             f" '4406' || lpad((n * 5 / {ROWS + 1} + 4)::text, 2, '0') || '.' || lpad((n * {UNITS} / {ROWS} + 100)::text, 4, '0') AS scope,"
             f" 1000000 + n AS id, 1000000 + n * {UNITS} / {ROWS} AS unit, 90000 + n AS small) x,"
             f" LATERAL jsonb_populate_record(one.t, jsonb_build_object({changed})) r) made")
    )  # fmt: skip


@pytest.fixture(scope="module")
def city(world: World) -> Body:
    """One body in use, and a city of rows around it that nothing but their number is said of."""
    made = world.body("密林局", quotas={"11": 30}, people={"11": 20}, leaders={"deputy:0132": 3})
    for name, kind, place in (
        ("clerk", "unit_clerk", {"unit": made.id}), ("geren", "person", {"person_id": made.people[0]}),
        ("bianban", "office_member", {"office": ("establishment", "440600")}), ("root", "system_admin", {}),
        ("zuzhi", "office_member", {"office": ("organisation", "440600")}), ("jijian", "inspector", {"region": "440604"}),
        ("caizheng", "office_member", {"office": ("finance", "440600")}),
    ):  # fmt: skip
        world.account(name, kind, **place)
    for n in range(3):
        case = world.recruit(made)
        if n:
            world.decide(world.office("establishment"), case, "establishment")
    with world.superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        own = f"WHERE unit_id = {made.id}"
        where = "'id', x.id, 'scope_path', x.scope"
        spelt = "'name', '林' || n, 'pinyin', 'lin' || n, 'pinyin_initials', 'l' || n"
        clone(connection, "unit", f"{where}, 'legal_id', x.id, 'uscc', NULL, 'segment', lpad(n::text, 6, '0'), 'region_code',"
              " left(x.scope, 6), 'scope_path', x.scope || lpad(n::text, 6, '0'), 'name', '林单位' || n",
              f"WHERE id = {made.id} AND id < 0 OR id = {made.id}")  # fmt: skip
        clone(
            connection,
            "person",
            f"{where}, 'unit_id', x.unit, 'id_index', '\\x' || lpad(to_hex(n), 16, '0'), {spelt}",
            own,
        )
        clone(connection, "post", f"{where}, 'unit_id', x.unit, 'number', x.small", f"{own} AND status = 'occupied'")
        clone(connection, "occupancy", f"{where}, 'unit_id', x.unit, 'line_id', x.unit, 'person_id', x.id, 'post_id', x.id",
              f"{own} AND kind = 'establishment'")  # fmt: skip
        clone(connection, "application", f"{where}, 'unit_id', x.unit, 'number', 'X' || n, 'title', '林' || n", own)
        clone(connection, "case_record", "'case_id', x.id, 'person_key', NULL, 'status', 'closed'")
        clone(connection, "task", "'id', x.id, 'application_id', x.id, 'scope_path', x.scope, 'office_id', n % 30 + 1")
        clone(connection, "application_event", "'id', x.id, 'application_id', x.id, 'scope_path', x.scope")
        clone(connection, "decision", "'id', x.id, 'case_id', x.id")
        clone(
            connection,
            "ledger_entry",
            "'id', x.id, 'chain_id', x.id, 'scope_path', x.scope",
            "WHERE chain_kind = 'person'",
        )
        clone(connection, "account", "'id', x.id, 'user_id', x.small, 'unit_id', x.unit", "WHERE kind = 'unit_clerk'")
        clone(connection, "sign_in", "'id', x.id, 'user_id', x.small, 'token_hash', '\\x' || lpad(to_hex(n), 16, '0'),"
              " 'account_id', x.id")  # fmt: skip
        connection.execute(
            text("INSERT INTO alarm (id, rule, code, standing, state, unit_id, operator, facts, scope_path) OVERRIDING SYSTEM"
                 " VALUE SELECT 1000000 + n, 'AL99', 'x', false, 'handled', 1000000 + n % :u, 'x', '{}',"
                 " '4406' || lpad((n % 5 + 4)::text, 2, '0') || '.' || lpad((n % :u + 100)::text, 4, '0')"
                 " FROM generate_series(1, :n) n"), {"n": ROWS, "u": UNITS},
        )  # fmt: skip
    with world.superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return made


@pytest.fixture
def asked(app: Any) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the pages send."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    engine = app.extensions["bianzhi"].database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if plan.get("One-Time Filter") == "false":  # of PostgreSQL 15: what is never walked stands in the plan too
        return
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def planned(world: World, who: Identity, statement: str, parameters: Any) -> list[dict[str, Any]]:
    """The nodes of a statement's plan under the reader's identity."""
    with world.database.transaction(who) as session:
        row = session.connection().exec_driver_sql("EXPLAIN (FORMAT JSON) " + statement, parameters).scalar_one()
        session.rollback()
    return list(nodes((json.loads(row) if isinstance(row, str) else row)[0]["Plan"]))


def scans(world: World, who: Identity, statement: str, parameters: Any) -> list[str]:
    """Large tables that a statement's plan reads whole."""
    found = planned(world, who, statement, parameters)
    return [n["Relation Name"] for n in found if n["Node Type"] == "Seq Scan" and n["Relation Name"] in LARGE]


@pytest.mark.parametrize("username", PAGES)
def test_no_page_reads_a_large_table_whole(
    world: World, city: Body, client: Callable[..., Client], asked: list[tuple[str, Any]], username: str
) -> None:
    user, who = client(username), world.identity(username)
    case = world.value("SELECT min(id) FROM application WHERE unit_id = :u", u=city.id)
    values = {"unit": city.id, "person": city.people[0], "case": case,
              "user": world.value("SELECT id FROM ab_user WHERE username = 'clerk'")}  # fmt: skip
    if username == "bianban":
        with world.database.transaction(who) as s:
            values["reform"] = s.execute(text("SELECT reform_begin('密林')")).scalar_one()
            values["variant"] = s.execute(
                text("SELECT id FROM reform_variant WHERE reform_id = :r"), {"r": values["reform"]}
            ).scalar_one()
    found, looked_at = [], 0
    for path in PAGES[username]:
        asked.clear()
        answer = user.get(path.format(**values))
        assert answer.status_code in ((200, 404) if username == "jijian" else (200, 302)), path
        for statement, parameters in list(asked):
            # Of a whole city's rows ten thousand are counted, in whatever order they lie.
            bounded = username != "clerk" and statement.startswith("SELECT count(*) FROM (SELECT 1 ")
            if statement.lstrip("( ").startswith(("SELECT", "WITH")) and not bounded:
                looked_at += 1
                found += [
                    f"{path}: {table}: {statement} {parameters}" for table in scans(world, who, statement, parameters)
                ]
    assert looked_at >= len(PAGES[username])
    assert found == [], "\n".join(found)


def test_a_row_of_the_months_changes_asks_for_its_own_person_and_walks_no_other(
    world: World, city: Body, client: Callable[..., Client], asked: list[tuple[str, Any]]
) -> None:
    """What a reader may see of people lies behind a barrier: a join of it walks everybody in reach for each row."""
    user, who = client("bianban"), world.identity("bianban")
    asked.clear()
    assert "密林" in user.get("/payroll/month/changes?month=2016-01").get_data(as_text=True)
    statement, parameters = next((sent, given) for sent, given in asked if "person_brief" in sent)
    found = planned(world, who, statement, parameters)
    walked = [n.get("Index Cond", "") for n in found if n.get("Relation Name") == "person"]
    assert walked
    assert all("(id = " in condition for condition in walked), walked


def test_the_person_of_a_case_is_found_without_reading_everybody(world: World, city: Body) -> None:
    """Each submission and decision of an entry asks for it, inside a function whose plan no page shows."""
    case = world.value("SELECT min(id) FROM application WHERE unit_id = :u", u=city.id)
    with world.database.transaction(world.office("establishment")) as s:
        assert s.execute(text("SELECT name FROM case_person(:c)"), {"c": case}).one() == (None,)  # nobody yet
        read = s.execute(
            text("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'person'")
        ).scalar_one()
    assert read < ROWS
