"""The audit: who did what, before and after; nobody changes it, the auditor alone reads it."""

import csv
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from app.domain import errors
from app.ledger import audit
from tests.security.conftest import Client
from tests.world import HASH, Body, World

STRANGER, SLIP = "nobody-of-this-name", "My-Password-1"


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("审计局", quotas={"11": 3}, people={"11": 2})
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("sysadmin", "system_admin")
    world.account("secadmin", "security_admin")
    world.account("shenji", "auditor")
    return made


def last(world: World, kind: str) -> Any:
    with world.superuser.connect() as connection:
        return connection.execute(
            text("SELECT * FROM audit_event WHERE kind = :k ORDER BY id DESC LIMIT 1"), {"k": kind}
        ).one_or_none()


def count(world: World) -> int:
    return int(world.value("SELECT count(*) FROM audit_event"))


def record(world: World, who: Identity, kind: str, facts: str = "{}") -> None:
    """As a function of the kernel does it, under somebody's identity."""
    with world.owner.begin() as connection:
        connection.execute(text("SELECT begin_request(:t)"), {"t": who.token})
        connection.execute(text("SELECT record_audit(:k, '10.1.1.1', cast(:f AS jsonb))"), {"k": kind, "f": facts})


# -- what is written -------------------------------------------------------------------------------------------------


def test_a_sign_in_and_a_failed_one_are_on_record_and_what_was_typed_is_not(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    client("clerk")
    assert last(world, "sign_in").operator.partition("#")[0] == "clerk"
    client().sign_in("clerk", SLIP)
    known = last(world, "sign_in.failed")
    assert (known.operator, known.facts["known"]) == ("clerk", 1)
    for typed in (STRANGER, SLIP):  # the password in the field of the name
        client().sign_in(typed, "x")
        unknown = last(world, "sign_in.failed")
        assert (unknown.user_id, unknown.operator, unknown.facts["known"]) == (None, "", 0)
        assert unknown.facts["typed"] == world.keys.commit("sign_in", typed)
        assert unknown.address
    with world.superuser.connect() as connection:
        rows = connection.execute(text("SELECT e::text FROM audit_event e")).scalars().all()
    assert not [r for r in rows if STRANGER in r or SLIP in r]


def test_every_refusal_is_on_record_with_operator_and_case_even_where_no_alarm_belongs_to_it(
    world: World, body: Body
) -> None:
    case = world.recruit(body)
    own = world.identity("bianban")
    with pytest.raises(errors.NotFound), world.database.transaction(own, case_id=case):
        raise errors.NotFound(id=1)
    quiet = last(world, "refusal")
    assert (quiet.facts["code"], quiet.case_id, quiet.unit_id) == ("not_found", case, body.id)
    assert quiet.operator.startswith("bianban#")
    with pytest.raises(errors.CaseNotApproved), world.database.transaction(own, case_id=case) as session:
        session.execute(text("SELECT ledger_reserve(:c)"), {"c": case})
    loud = last(world, "refusal")
    assert (loud.facts["rule"], loud.case_id) == ("AL17", case)
    assert world.value("SELECT code FROM alarm WHERE id = :i", i=loud.facts["alarm"]) == "case_not_approved"


def test_every_change_of_authority_is_on_record_before_and_after_and_secrets_only_as_changed(
    world: World, body: Body
) -> None:
    user = world.value("SELECT id FROM ab_user WHERE username = 'secadmin'")
    with world.database.transaction(world.identity("sysadmin")) as session:
        session.execute(text("SELECT admin_set_user(:u, false, 'scrypt:new-hash')"), {"u": user})
    e = last(world, "ab_user.update")
    assert (e.facts["before.active"], e.facts["after.active"], e.facts["changed.password"]) == (1, 0, 1)
    assert "new-hash" not in str(e.facts)
    assert e.operator.startswith("sysadmin#")
    assert e.facts["user"] == user
    with world.owner.begin() as connection:
        connection.execute(
            text("UPDATE ab_user SET active = true, password = :h WHERE id = :u"), {"u": user, "h": HASH}
        )
    assert last(world, "ab_user.update").operator == "bianzhi_owner"  # a hand on the table itself
    before = count(world)
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE ab_user SET last_login = now(), login_count = 7 WHERE id = :u"), {"u": user})
    assert count(world) == before  # a counter is no change


def test_an_export_is_on_record_with_its_filter_and_number_of_rows(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    user = client("bianban")
    assert user.get("/list/people/export?state=serving").status_code == 200
    e = last(world, "export")
    assert (e.facts["list"], e.facts["rows"], e.facts["filter.state"]) == ("people", 2, "serving")
    number = "440604199001010019"
    assert user.get(f"/list/people/export?q={number}").status_code == 200
    e = last(world, "export")
    assert (e.facts["rows"], e.facts["filter.q"]) == (0, world.keys.commit("filter", number))


def test_a_transaction_that_is_rolled_back_leaves_no_event_and_no_gap(world: World, body: Body) -> None:
    who, before = world.identity("bianban"), count(world)
    with world.database.sessions(info={"token": who.token}) as session:
        session.execute(text("SELECT audit_note('view', NULL, '{}')"))
        session.rollback()
    assert count(world) == before
    with world.owner.connect() as connection:
        assert list(audit.findings(connection)) == []


# -- the chains ------------------------------------------------------------------------------------------------------


def test_events_of_many_at_once_make_sixteen_unbroken_chains_and_nobody_waits_for_a_running_request(
    world: World, body: Body
) -> None:
    """A request that has recorded and still runs holds no head: others of its chain go on."""
    slow, other = world.identity("bianban"), world.identity("bianban")
    with world.database.sessions(info={"token": slow.token}) as session:
        session.execute(text("SELECT audit_note('view', NULL, '{\"slow\": 1}')"))
        with world.database.sessions(info={"token": other.token}) as quick:
            quick.execute(text("SET LOCAL lock_timeout = '20s'"))
            quick.execute(text("SELECT audit_note('view', NULL, '{\"quick\": 1}')"))
            quick.commit()
        session.commit()
    order = "SELECT array_agg(k ORDER BY sequence) FROM audit_event, jsonb_object_keys(facts) k WHERE k IN ('slow', 'quick')"
    assert world.value(order) == ["quick", "slow"]
    people = [world.identity(n) for n in ("clerk", "bianban", "sysadmin", "secadmin", "shenji")]

    def write(n: int) -> None:
        record(world, people[n % 5], "view", f'{{"n": {n}}}')

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(120)))
    assert world.value("SELECT count(*) FROM audit_event WHERE facts ? 'n'") == 120
    assert world.value("SELECT count(*) FROM audit_pending") == 0
    with world.owner.connect() as connection:
        assert list(audit.findings(connection)) == []
    assert world.value("SELECT count(DISTINCT chain) FROM audit_event") > 3
    assert world.value("SELECT bool_and(chain BETWEEN 0 AND 15) FROM audit_event")


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE audit_event SET {c} = {v} WHERE id = :i"
        for c, v in (("kind", "'x'"), ("operator", "'x'"), ("address", "'x'"), ("facts", "facts || '{{\"a\": 1}}'"),
                     ("user_id", "user_id + 16"), ("account_id", "99"), ("recorded_at", "recorded_at + interval '1 s'"),
                     ("sequence", "sequence + 1"), ("hash", "repeat('0', 64)"), ("prev_hash", "repeat('0', 64)"),
                     ("chain", "(chain + 1) % 16"), ("format", "2"))
    ] + ["DELETE FROM audit_event WHERE id = :i",
         "UPDATE ledger_chain SET sequence = sequence + 1 WHERE chain_kind = 'audit' AND chain_id ="
         " (SELECT chain FROM audit_event WHERE id = :i)",
         "DELETE FROM ledger_chain WHERE chain_kind = 'audit' AND chain_id = (SELECT chain FROM audit_event WHERE id = :i)"],
)  # fmt: skip
def test_whatever_the_superuser_changes_in_an_event_is_found(world: World, body: Body, statement: str) -> None:
    for _n in range(3):
        record(world, world.identity("bianban"), "view", '{"person": 1, "活动": "é", "nested": {"x": [1, 2.5]}}')
    user = world.value("SELECT id FROM ab_user WHERE username = 'bianban'")
    middle = world.value("SELECT id FROM audit_event WHERE user_id = :u ORDER BY id DESC OFFSET 1 LIMIT 1", u=user)
    with world.superuser.connect() as connection:
        assert list(audit.findings(connection)) == []
        connection.execute(text("SET session_replication_role = replica"))
        assert connection.execute(text(statement.replace("{{", "{").replace("}}", "}")), {"i": middle}).rowcount == 1
        assert list(audit.findings(connection)) != []
        connection.rollback()


@pytest.mark.parametrize("role", ["owner", "superuser"])
@pytest.mark.parametrize("statement", ["UPDATE audit_event SET kind = 'x'", "DELETE FROM audit_event"])
def test_not_even_the_owner_changes_an_event_by_the_usual_way(
    world: World, body: Body, role: str, statement: str
) -> None:
    record(world, world.identity("bianban"), "view")
    with pytest.raises(DBAPIError, match="append-only"), getattr(world, role).begin() as connection:
        connection.execute(text(statement))


def test_the_app_role_never_reaches_a_partition_past_the_policy(world: World, body: Body) -> None:
    for statement in ("SELECT * FROM audit.event_other", "SELECT * FROM audit_pending", "DELETE FROM audit_pending",
                      "SELECT audit_write('x', 1, 1, 'x', 'x', '{}')", "SELECT audit_detach('event_other', '')",
                      "SELECT audit_partitions(3)", "SELECT sign_in_record('x', 1, 'x', '{}')"):  # fmt: skip
        with pytest.raises(DBAPIError) as refused, world.database.transaction(world.identity("shenji")) as session:
            session.execute(text(statement))
        assert refused.value.orig.sqlstate == "42501", statement  # type: ignore[union-attr]


def test_whoever_writes_through_the_app_role_signs_with_his_own_name(world: World, body: Body) -> None:
    with world.database.transaction(world.identity("clerk")) as session:
        session.execute(text("""SELECT audit_note('view', '', '{"user": 1, "@user": 1, "operator": "sysadmin"}')"""))
    e = last(world, "view")
    assert e.operator.startswith("clerk#")
    assert e.user_id == world.value("SELECT id FROM ab_user WHERE username = 'clerk'")


@pytest.mark.parametrize("kind", ["sign_in", "sign_in.failed", "account.ended", "grant.approved", "ddl", "refusal",
                                  "reveal", "office.update", "ledger.verified", "x", ""])  # fmt: skip
def test_nobody_puts_on_record_what_did_not_happen(world: World, body: Body, kind: str) -> None:
    who = world.identity("clerk")
    before = world.value("SELECT count(*) FROM audit_event WHERE kind = :k", k=kind)
    with pytest.raises(errors.NotAllowed), world.database.transaction(who) as session:
        session.execute(text("SELECT audit_note(:k, '', '{}')"), {"k": kind})
    with pytest.raises(DBAPIError) as refused, world.database.transaction(who) as session:
        session.execute(text("SELECT record_audit(:k, '', '{}')"), {"k": kind})
    assert refused.value.orig.sqlstate == "42501"  # type: ignore[union-attr]
    if kind != "sign_in.failed":
        with pytest.raises(errors.NotAllowed):
            world.signin.ask("SELECT sign_in_record(:k, NULL, '', '{}')", k=kind)
    # The refusals themselves are on record.
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = :k", k=kind) == before + (kind == "refusal")


def test_signing_out_changing_the_hat_and_opening_a_persons_page_are_on_record(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    world.account("zhuhu", "unit_clerk", unit=body.id)
    head = world.account("zhuhu", "unit_head", unit=body.id)
    user = client("zhuhu")
    assert user.get(f"/person/{body.people[0]}").status_code == 200
    e = last(world, "view")
    groups = "contact,pay,family,discipline"  # the protected groups that the page showed
    assert (e.operator.partition("#")[0], e.facts) == ("zhuhu", {"person": body.people[0], "groups": groups})
    user.post("/hat/", {"hat": str(head)})
    e = last(world, "hat.changed")
    assert (e.operator, e.account_id, e.facts["after"]) == (f"zhuhu#{head}", head, head)
    assert e.facts["before"] != head
    user.get("/")
    user.post("/logout/")
    assert last(world, "sign_out").operator == f"zhuhu#{head}"


# -- the auditor's pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["clerk", "bianban", "sysadmin", "secadmin"])
def test_nobody_but_the_auditor_reads_the_audit(
    world: World, body: Body, client: Callable[..., Client], username: str
) -> None:
    for path in ("/audit/", "/audit/1", "/audit/runs", "/audit/seals", "/audit/export/csv"):
        assert client(username).get(path).status_code in (302, 403)
    for table in ("audit_event", "audit_archive", "verification_run"):
        with world.database.transaction(world.identity(username)) as session:
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
            assert session.execute(text("SELECT audit_subjects('unit', '局')")).scalar() is None


def test_the_auditor_changes_nothing_anywhere(app: Flask, world: World, body: Body) -> None:
    methods = {m for r in app.url_map.iter_rules() if r.endpoint.startswith("AuditView.") for m in r.methods or ()}
    assert methods == {"GET", "HEAD", "OPTIONS"}


def test_the_auditor_finds_events_by_kind_operator_period_case_unit_and_person(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    case, name = world.recruit(body), world.value("SELECT name FROM person WHERE id = :p", p=body.people[0])
    facts = f'{{"case": {case}, "unit": {body.id}, "person": {body.people[0]}, "mark": "找得到"}}'
    record(world, world.identity("bianban"), "reveal", facts)
    number = world.value("SELECT number FROM application WHERE id = :c", c=case)
    user = client("shenji")
    for query in ("kind=reveal", "operator=bianban", f"case={number}", f"case={case}", "unit=审计局", f"person={name}",
                  "from=2000-01-01&until=", "kind=reveal&operator=bianban&unit=审计局"):  # fmt: skip
        query = query.replace("&until=", "")
        assert "找得到" in user.get(f"/audit/?{query}").get_data(as_text=True), query
    for query in ("kind=export", "operator=clerk", "case=99999999", "unit=无此单位", "person=无此人", "from=2999-01-01",
                  "to=2000-01-01"):  # fmt: skip
        assert "找得到" not in user.get(f"/audit/?{query}").get_data(as_text=True), query
    for query in ("kind=%00", "kind=A%20B", "from=2026-13-45", "after=x", "after=2026-01-01~1", "sort=id", "to=9999-12-31",
                  "operator=" + "x" * 61):  # fmt: skip
        assert user.get(f"/audit/?{query}").status_code == 400, query


def test_pages_follow_one_another_without_a_gap_or_a_repeat(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    import re

    for n in range(120):
        record(world, world.identity("secadmin") if n == 0 else world.service("svc-worker"), "paged", f'{{"n": {n}}}')
    user, path, seen = client("shenji"), "/audit/?kind=paged", []
    while path:
        page = user.get(path).get_data(as_text=True)
        seen += re.findall(r'href="/audit/(\d+)"', page)
        onward = re.search(r'href="([^"]+)" rel="next"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    assert len(seen) == 120
    assert seen == sorted(set(seen), key=int, reverse=True)


def test_an_event_shows_before_and_after_and_its_place_in_the_chain(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    record(world, world.identity("sysadmin"), "account.ended", '{"before": {"level": "甲"}, "after": {"level": "乙"}}')
    e = last(world, "account.ended")
    page = client("shenji").get(f"/audit/{e.id}").get_data(as_text=True)
    assert page.index("甲") < page.index("乙")
    assert e.hash in page
    assert client("shenji").get("/audit/999999999").status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_export_runs_no_formula_and_is_on_record_itself(
    world: World, body: Body, client: Callable[..., Client], form: str
) -> None:
    record(world, world.identity("bianban"), "formula", '{"=cmd": 1}')
    answer = client("shenji").get(f"/audit/export/{form}?kind=formula")
    if form == "csv":
        cells = [c for row in csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))) for c in row]
        assert "'=cmd=1" in cells
        assert not [c for c in cells if c.startswith(("=", "+", "-", "@"))]
    else:
        assert b"<f>" not in answer.get_data()
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data())).get_sheet_by_index(0).to_python()
        assert "=cmd=1" in rows[1]
    e = last(world, "export")
    assert (e.facts["list"], e.facts["format"], e.facts["filter.kind"]) == ("audit", form, "formula")
    assert e.operator.startswith("shenji#")


def test_search_stays_on_an_index_whatever_is_asked(world: World, body: Body) -> None:
    # All in this month's partition, on whichever of its days the test runs: 28 days have 40,320 minutes.
    month = "date_trunc('month', now(), 'Asia/Shanghai')"
    with world.superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("INSERT INTO audit_event (recorded_at, kind, user_id, operator, facts, format, chain, sequence,"
                 f" prev_hash, hash) SELECT {month} + n * interval '2 minutes', 'bulk' || n % 20, 900 + n % 300, 'x',"
                 " jsonb_build_object('unit', n % 500, 'person', n, 'case', n), 1, 99, n, '', ''"
                 " FROM generate_series(1, 20000) n")
        )  # fmt: skip
    with world.superuser.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE audit_event"))
    try:
        for condition in ("true", "e.kind = 'bulk3'", "e.user_id = 905", "e.unit_id = 7", "e.person_id = 77", "e.case_id = 9",
                          f"(e.recorded_at, e.id) < ({month} + interval '20 days', 5)"):  # fmt: skip
            with world.database.transaction(world.identity("shenji")) as session:
                plan = "\n".join(
                    session.execute(
                        text(f"EXPLAIN SELECT * FROM audit_event e WHERE {condition}"
                             " ORDER BY e.recorded_at DESC, e.id DESC LIMIT 51")
                    ).scalars()
                )  # fmt: skip
            partition = world.value("SELECT 'event_' || to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM')")
            assert f"{partition}" in plan, plan
            assert f"Seq Scan on {partition}" not in plan, plan
    finally:
        with world.superuser.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("DELETE FROM audit_event WHERE chain = 99"))


def test_the_pages_of_verifications_and_seals_show_the_last_run_and_a_seal_to_print(
    world: World, body: Body, client: Callable[..., Client], tmp_path: Any
) -> None:
    from app.cli import nightly
    from app.ledger import seal as sealing

    user = client("shenji")
    assert "尚未核验" in user.get("/audit/runs").get_data(as_text=True)
    nightly.keep(world.owner_url, nightly.verify(world.owner_url, world.keys), "svc-worker")
    assert "没有发现不符" in user.get("/audit/runs").get_data(as_text=True)
    finding = nightly.Finding("单位 审计局(1)", "quota", "7", "authorised", "9", "5", 3, f"unit:{body.id}")
    run = nightly.verify(world.owner_url, world.keys)
    nightly.keep(world.owner_url, nightly.Run("full", run.started_at, run.ended_at, 1, 1, [finding]), "svc-worker")
    page = user.get("/audit/runs").get_data(as_text=True)
    for shown in ("审计局", "quota 7", "authorised", "svc-worker"):
        assert shown in page
    office = client("bianban").get("/").get_data(as_text=True)
    assert "quota 7 的 authorised 与流水不符" in office
    with world.owner.begin() as connection:
        header = sealing.seal(connection, world.keys, tmp_path / "x.seal.gz")
    number = world.value("SELECT max(id) FROM ledger_seal")
    assert f"/audit/seals/{number}" in user.get("/audit/seals").get_data(as_text=True)
    page = user.get(f"/audit/seals/{number}").get_data(as_text=True)
    assert f"<code>{header.root[:8]}</code>" in page
    assert "data:image/svg+xml" in page
