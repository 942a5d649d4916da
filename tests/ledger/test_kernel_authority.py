"""The kernel believes nothing that the app role can write: decisions, identities and published processes are its own."""

import json
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.cli.deploy import APP, SIGNIN
from app.db import Identity, refusal_of
from app.domain import errors
from app.security.functions import APP_FUNCTIONS
from app.security.policies import EXEMPT, HIDDEN, SCOPED
from app.workflow import engine
from tests.ledger.steps import (
    TODAY,
    ago,
    approve,
    by_office,
    call,
    entered,
    file,
    filer,
    findings,
    leave,
    newcomer_facts,
    raw_case,
    refusal,
    reserved,
    seat,
    wanted,
)
from tests.world import Body, World, person

MOVEMENTS = ("reserve", "vacate", "move", "take_lead", "leave_lead", "correct", "set_quota", "open_unit", "change_unit",
             "close_unit", "network")  # fmt: skip
# Written by the workflow engine and the import; everything else only by definer functions.
WRITTEN = {t for t, rule in SCOPED.items() if rule.writes}
KEPT = sorted(({*SCOPED, *EXEMPT, *HIDDEN} - WRITTEN) | {"ab_user", "ab_role", "ab_user_role", "ab_permission"})


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("权限局", quotas={"11": 60}, people={"11": 3}, leaders={"deputy:0132": 2}, start=ago(400))


def denied(world: World, who: Identity | None, statement: str, **values: Any) -> str:
    """The SQL state with which the database turns a statement of the app role down."""
    with world.database.sessions(info={"token": who.token if who else None}) as session:
        with pytest.raises(DBAPIError) as found:
            session.execute(text(statement), values)
        session.rollback()
    assert isinstance(found.value.orig, psycopg.Error)
    return str(found.value.orig.sqlstate)


# -- privileges ----------------------------------------------------------------------------------------------------


def some_column(world: World, table: str) -> str:
    return str(world.value("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = cast(:t AS regclass)"
                           " AND attnum = 1", t=table))  # fmt: skip


@pytest.mark.parametrize("table", KEPT)
def test_no_ledger_or_authority_table_is_written_by_the_app_role(world: World, body: Body, table: str) -> None:
    """By anybody's identity: what counts is the role's privilege, not the policy."""
    column = some_column(world, table)
    for who in (world.office("establishment"), world.clerk(body), world.service("svc-worker")):
        for statement in (
            f"INSERT INTO {table} DEFAULT VALUES",
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            assert denied(world, who, statement) == "42501", statement


@pytest.mark.parametrize("table", sorted(WRITTEN))
def test_what_the_engine_writes_is_never_deleted_by_the_app_role(world: World, body: Body, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        assert denied(world, world.office("establishment"), statement) == "42501", statement


FORGED = {
    "decision": "INSERT INTO decision (case_id, office_id, user_id, account_id, verdict, opinion, facts_hash, checks)"
    " SELECT case_id, scope_number(7), 1, 1, 'approve', '', facts_hash, '{}' FROM case_record",
    "case_record": "INSERT INTO case_record (case_id, process_version_id, filed_by, revision, facts, facts_hash, status)"
    " SELECT case_id, process_version_id, 1, 1, facts, facts_hash, 'reserved' FROM case_record",
    "process_version": "INSERT INTO process_version (process, version, definition, requirements, hash)"
    " VALUES ('recruit', 99, '{}', '{}', '')",
    "account": "INSERT INTO account (user_id, kind, office_id, started_on) SELECT scope_number(1)::int, 'office_head', id,"
    " kernel_today() FROM office",
    "sign_in": "INSERT INTO sign_in (token_hash, user_id, account_id, expires_at) VALUES ('\\x00', 1, 1, now())",
    "ledger_entry": "INSERT INTO ledger_entry (chain_kind, chain_id, sequence, format, type, effective_on, recorded_at,"
    " payload, actor, prev_hash, hash, scope_path) VALUES ('unit', 1, 99, 1, 'quota.set', now(), now(), '{}', '', '', '', '')",
    "ledger_total": "UPDATE ledger_total SET authorised = 99",
    "scope_key": "UPDATE scope_key SET secret = 'known'",
}  # fmt: skip


@pytest.mark.parametrize("table", FORGED)
def test_a_forged_row_is_refused_by_privilege(world: World, body: Body, table: str) -> None:
    world.recruit(body)
    assert denied(world, world.office("establishment"), FORGED[table]) == "42501"


@pytest.mark.parametrize("table", sorted(HIDDEN))
def test_what_is_hidden_is_not_even_read(world: World, body: Body, table: str) -> None:
    assert denied(world, world.office("establishment"), f"SELECT * FROM {table}") == "42501"


def test_passwords_are_not_read_by_the_app_role(world: World, body: Body) -> None:
    assert denied(world, world.office("establishment"), "SELECT password FROM ab_user") == "42501"


def test_the_app_role_executes_exactly_the_functions_that_were_declared(world: World) -> None:
    with world.superuser.connect() as connection:
        granted = set(
            connection.execute(
                text(
                    "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                    " WHERE n.nspname = 'public' AND has_function_privilege(:r, p.oid, 'EXECUTE')"
                    # The constructors of the range type are PostgreSQL's own.
                    " AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'internal')"
                ),
                {"r": APP},
            ).scalars()
        )
        declared = {
            connection.execute(text("SELECT cast(:f AS regprocedure)::text"), {"f": f}).scalar_one()
            for f in APP_FUNCTIONS
        }
    assert granted == declared


def test_what_does_the_work_inside_the_kernel_is_not_called_from_outside(world: World, body: Body) -> None:
    who = world.office("establishment")
    for statement in (
        f"SELECT k_set_quota(1, '{{}}', kernel_today()), {body.line}",
        "SELECT ledger_release_seat(1)",
        "SELECT publish_version('recruit', 9, '{}', '{}')",
        "SELECT scope_signature('1|1|service')",
        "SELECT account_context(1)",
        "SELECT open_service_session('svc-worker', '\\x00')",
        "SELECT open_session(1, NULL, '\\x00', 1, '', '', 'password', false, '{}')",
    ):
        assert denied(world, who, statement) == "42501", statement


def test_the_sign_in_role_opens_sessions_and_reads_and_moves_nothing_else(world: World, body: Body) -> None:
    for statement in ("SELECT * FROM person", "SELECT * FROM sign_in", "SELECT ledger_reserve(1)",
                      "SELECT case_decide(1, 'approve', '', '{}', '')", "INSERT INTO account DEFAULT VALUES"):  # fmt: skip
        with pytest.raises(DBAPIError) as found, world.signin.engine.connect() as connection:
            connection.execute(text(statement))
        assert getattr(found.value.orig, "sqlstate", "") == "42501", statement


def test_every_definer_function_names_its_schemas(world: World) -> None:
    """Without a fixed search path the caller's own objects would be found first."""
    assert world.value(
        "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'"
        " AND p.prosecdef AND NOT coalesce(p.proconfig::text, '') LIKE '%search_path=public, pg_temp%'") == 0  # fmt: skip


# -- identity ------------------------------------------------------------------------------------------------------


def rows_seen(session: Session) -> dict[str, int]:
    return {t: session.execute(text(f"SELECT count(*) FROM {t}")).scalar_one() for t in SCOPED}


def test_without_an_identity_no_scoped_table_shows_a_row(world: World, body: Body) -> None:
    world.recruit(body)
    with world.database.transaction(None) as session:
        assert {t: n for t, n in rows_seen(session).items() if n} == {}
    with world.database.transaction(world.office("establishment")) as session:
        seen = rows_seen(session)
    assert all(seen[t] for t in ("unit", "person", "occupancy", "ledger_entry", "application", "case_record"))


@pytest.mark.parametrize("token", ["", "guessed", "' OR true --"])
def test_an_unknown_token_names_nobody(world: World, body: Body, token: str) -> None:
    with world.database.transaction(Identity(token)) as session:
        assert session.execute(text("SELECT scope_part(1)")).scalar() is None
        assert not any(rows_seen(session).values())


def test_a_closed_session_and_an_ended_account_name_nobody(world: World, body: Body) -> None:
    account = world.account("gone", "office_member", office=("establishment", "440600"))
    first, second = world.identity("gone", account), world.identity("gone", account)
    call(world, first, "SELECT close_session(:t, NULL)", t=first.token)
    assert call(world, first, "SELECT scope_part(1)") is None
    assert call(world, second, "SELECT scope_part(2)") == str(account)
    with world.owner.begin() as connection:
        connection.exec_driver_sql(f"UPDATE account SET ended_on = current_date - 1 WHERE id = {account}")
    assert call(world, second, "SELECT scope_part(1)") is None


FORGE = "SELECT set_config('app.ctx', :c, true), set_config('app.sig', :s, true)"


def test_forged_settings_give_no_rows_and_no_rights(world: World, body: Body) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        ctx = session.execute(text("SELECT current_setting('app.ctx')")).scalar_one()
    case = world.recruit(body)
    for signature in ("", "0" * 64, ctx):
        with world.database.transaction(None) as session:
            session.execute(text(FORGE), {"c": ctx, "s": signature})
            assert session.execute(text("SELECT scope_part(1)")).scalar() is None
            assert not any(rows_seen(session).values())
            decide = text("SELECT case_decide(:c, 'approve', '', '{}', '')")
            with pytest.raises(DBAPIError) as found:
                session.execute(decide, {"c": case})
            assert isinstance(refusal_of(found.value.orig), errors.NotAllowed)
            session.rollback()


def test_settings_with_more_rights_lose_the_signature_and_with_it_all_rights(world: World, body: Body) -> None:
    """The own true signature does not cover another's text."""
    with world.database.transaction(world.clerk(body)) as session:
        ctx = session.execute(text("SELECT current_setting('app.ctx')")).scalar_one()
        wider = ctx.replace("unit_clerk", "office_head")
        session.execute(text("SELECT set_config('app.ctx', :c, true)"), {"c": wider})
        assert session.execute(text("SELECT scope_part(3)")).scalar() is None
        assert not any(rows_seen(session).values())


def test_a_copied_identity_is_worthless_in_another_transaction(world: World, body: Body) -> None:
    """Of another connection, and of the same one a moment later."""
    read = text("SELECT current_setting('app.ctx'), current_setting('app.sig')")
    with world.database.engine.connect() as one, world.database.engine.connect() as other:
        one.execute(text("SELECT begin_request(:t)"), {"t": world.office("establishment").token})
        ctx, sig = one.execute(read).one()
        assert one.execute(text("SELECT count(*) FROM person")).scalar_one() > 0
        other.execute(text(FORGE), {"c": ctx, "s": sig})
        assert other.execute(text("SELECT count(*) FROM person")).scalar_one() == 0
        one.rollback()
        one.execute(text(FORGE), {"c": ctx, "s": sig})
        assert one.execute(text("SELECT count(*) FROM person")).scalar_one() == 0


def test_an_identity_ends_with_its_transaction_also_on_the_same_connection(world: World, body: Body) -> None:
    with world.database.engine.connect() as connection:
        connection.execute(text("SELECT begin_request(:t)"), {"t": world.office("establishment").token})
        connection.commit()
        assert connection.execute(text("SELECT scope_part(1)")).scalar() is None


def test_setting_the_context_for_the_whole_session_helps_nobody(world: World, body: Body) -> None:
    with world.database.engine.connect() as connection:
        connection.execute(text("SELECT begin_request(:t)"), {"t": world.office("establishment").token})
        connection.execute(text(
            "SELECT set_config('app.ctx', current_setting('app.ctx'), false), set_config('app.sig', current_setting('app.sig'), false)"
        ))  # fmt: skip
        connection.commit()
        assert connection.execute(text("SELECT scope_part(1)")).scalar() is None
        connection.invalidate()


# -- approvals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_no_movement_without_decisions(world: World, body: Body, movement: str) -> None:
    """A case filed by the rules, with nobody's approval: whichever movement is called, by whomever."""
    process = {"reserve": "recruit", "vacate": "leave", "move": "transfer", "take_lead": "leader", "correct": "correction",
               "leave_lead": "leader_leave", "set_quota": "quota", "open_unit": "unit_open", "change_unit": "unit_change",
               "close_unit": "unit_close", "network": "unit_networked"}[movement]  # fmt: skip
    # One case each, so that every movement meets a person without a running one.
    other = world.body(f"无批{movement}局", quotas={"11": 2}, people={"11": 1})
    facts: dict[str, Any] = {"line": other.line, "start": TODAY.isoformat(), "unit": other.id, "name": "无批",
                             "region": "440600", "document_no": "1", "authorised": 1, "person_index": f"{other.id:04x}",
                             "id_cipher": "00"}  # fmt: skip
    if movement in ("vacate", "move", "take_lead", "leave_lead"):
        facts |= {"person": other.people[0], "end": TODAY.isoformat()}
    if movement == "correct":
        facts = {"occupancy": seat(world, other.people[0]), "start": TODAY.isoformat()}
    by_unit = movement in ("reserve", "vacate", "move", "take_lead", "leave_lead")
    applicant = world.clerk(other) if by_unit else filer(world)
    case = raw_case(world, applicant, process, facts, unit=other.id, scope=other.scope_path)
    for who in (world.clerk(other), world.office("establishment"), world.service("svc-worker"), None):
        found = refusal(call, world, who, f"SELECT ledger_{movement}(:c)", c=case)
        assert isinstance(found, errors.CaseNotApproved)
    assert world.figures(other.line) == (2, 1, 0)


def test_no_arrival_and_no_opening_without_decisions(world: World, body: Body) -> None:
    case = world.recruit(body)
    found = refusal(call, world, world.clerk(body), "SELECT ledger_occupy(:c, kernel_today())", c=case)
    assert isinstance(found, errors.CaseNotApproved)
    found = refusal(call, world, world.clerk(body), "SELECT ledger_open_balance(:c, '{}')", c=case)
    assert isinstance(found, errors.CaseNotApproved)
    assert isinstance(refusal(call, world, world.clerk(body), "SELECT ledger_reserve(-1)"), errors.NotFound)


def test_a_movement_that_the_published_process_does_not_know_is_refused(world: World, body: Body) -> None:
    case = reserved(world, body)
    for movement in (*MOVEMENTS[1:], "open_balance"):
        more = ", '{}'" if movement == "open_balance" else ""
        found = refusal(call, world, world.clerk(body), f"SELECT ledger_{movement}(:c{more})", c=case)
        assert isinstance(found, errors.CaseNotApproved), movement
        assert found.facts["missing"] == "not in the process"


def test_a_published_version_never_changes_and_an_empty_requirement_is_none(world: World, body: Body) -> None:
    publish = text("SELECT publish_version('half', 1, '{}', cast(:r AS jsonb))")
    with world.owner.begin() as connection:
        version = connection.execute(publish, {"r": json.dumps({"set_quota": []})}).scalar_one()
    with pytest.raises(DBAPIError) as found, world.owner.begin() as connection:
        connection.execute(publish, {"r": json.dumps({"set_quota": [{"role": "finance"}]})})
    assert isinstance(refusal_of(found.value.orig), errors.FactsChanged)
    facts = {"line": body.line, "authorised": 99, "document_no": "1"}
    case = raw_case(world, world.clerk(body), "half", facts, unit=body.id, scope=body.scope_path)
    assert world.value("SELECT process_version_id FROM case_record WHERE case_id = :c", c=case) == version
    refused = refusal(call, world, world.clerk(body), "SELECT ledger_set_quota(:c)", c=case)
    assert isinstance(refused, errors.CaseNotApproved)


def test_facts_changed_after_the_approval_are_not_approved(world: World, body: Body) -> None:
    who = person("换人前")
    case = reserved(world, body, who=who)
    other = {**newcomer_facts(world, person("换人后")), "line": body.line, "department": None}
    call(world, world.clerk(body), "SELECT case_file(:c, :f)", c=case, f=json.dumps(other))
    found = refusal(world.arrive, world.clerk(body), case, TODAY)
    assert isinstance(found, errors.CaseNotApproved)
    assert world.value("SELECT count(*) FROM person WHERE name IN ('换人前', '换人后')") == 0
    # Filed back to exactly what was approved, it is approved again.
    same = {**newcomer_facts(world, who), "line": body.line, "department": None}
    kept = world.value("SELECT facts FROM case_facts WHERE case_id = :c AND revision = 1", c=case)
    assert json.loads(kept)["person_index"] == same["person_index"]
    again = json.dumps({**json.loads(kept), "id_cipher": same["id_cipher"]})  # the number itself lies apart
    call(world, world.clerk(body), "SELECT case_file(:c, :f)", c=case, f=again)
    world.arrive(world.clerk(body), case, TODAY)


def test_a_forged_state_of_the_engine_moves_nothing(world: World, body: Body) -> None:
    """The app role writes cases; the kernel does not read their state."""
    case = world.recruit(body)
    call(world, world.clerk(body), "UPDATE application SET state = 'awaiting' WHERE id = :c", c=case)
    assert isinstance(refusal(world.arrive, world.clerk(body), case, TODAY), errors.CaseNotApproved)


def test_who_filed_does_not_decide_and_nobody_decides_his_own_matter(world: World) -> None:
    other = world.body("本人局", people={"11": 1})
    world.account("official", "office_member", office=("establishment", "440600"))
    official = world.identity("official")
    world.account("official", "person", person_id=other.people[0])
    case = world.submit(
        world.clerk(other), other, "leave", {"person": other.people[0], "end": str(TODAY), "reason": "32"}
    )
    assert isinstance(refusal(world.decide, official, case, "establishment"), errors.SelfApproval)
    row = seat(world, other.people[0])
    correction = file(world, "correction", {"occupancy": row, "start": TODAY.isoformat()}, about=other)
    assert isinstance(refusal(world.decide, official, correction, "review"), errors.SelfApproval)


def test_two_approvals_of_one_official_are_one(world: World, body: Body) -> None:
    """A process that asks for two people of an office."""
    with world.owner.begin() as connection:
        connection.execute(
            text("SELECT publish_version('two', 1, '{}', cast(:r AS jsonb))"),
            {"r": json.dumps({"set_quota": [{"role": "establishment", "people": 2}]})},
        )
    other = world.body("两人局", quotas={"11": 1})
    facts = {"line": other.line, "authorised": 4, "document_no": "1", "start": TODAY.isoformat()}
    case = raw_case(world, world.clerk(other), "two", facts, unit=other.id, scope=other.scope_path)
    office, second = world.office("establishment"), world.office("establishment", username="second-official")
    for _ in range(2):
        approve(world, office, case)
        assert isinstance(refusal(call, world, office, "SELECT ledger_set_quota(:c)", c=case), errors.CaseNotApproved)
    approve(world, second, case)
    call(world, office, "SELECT ledger_set_quota(:c)", c=case)
    assert world.figures(other.line) == (4, 0, 0)


def test_the_latest_word_of_a_person_counts(world: World, body: Body) -> None:
    case = world.recruit(body)
    office = world.office("establishment")
    approve(world, office, case)
    call(world, office, "SELECT case_decide(:c, 'return', '再看', '{}', '')", c=case)
    assert isinstance(refusal(call, world, office, "SELECT ledger_reserve(:c)", c=case), errors.CaseNotApproved)
    approve(world, office, case)
    call(world, office, "SELECT ledger_reserve(:c)", c=case)


def test_a_rejection_stands_against_every_later_approval_of_the_same_facts(world: World, body: Body) -> None:
    case = world.recruit(body)
    call(world, world.office("organisation"), "SELECT case_decide(:c, 'reject', '不符', '{}', '')", c=case)
    approve(world, world.office("establishment"), case)
    found = refusal(call, world, world.office("establishment"), "SELECT ledger_reserve(:c)", c=case)
    assert isinstance(found, errors.CaseNotApproved)


@pytest.mark.parametrize("verdict", ["approve", "return", "reject"])
def test_an_office_or_unit_that_is_not_asked_has_no_word_in_a_case(world: World, body: Body, verdict: str) -> None:
    """Neither to approve it nor to block it."""
    case, stranger = world.recruit(body), world.body("路人局")
    for who in (world.office("finance"), world.office("establishment", "440604"), world.office("human_resources"),
                world.clerk(stranger), world.office("organisation", "440607")):  # fmt: skip
        statement = "SELECT case_decide(:c, :v, '插手', '{}', '')"
        assert isinstance(refusal(call, world, who, statement, c=case, v=verdict), errors.NotYourOffice)
        assert isinstance(refusal(call, world, who, "SELECT case_close(:c, 'rejected')", c=case), errors.NotAllowed)
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"


def test_an_approved_movement_is_posted_by_those_who_have_a_part_in_it(world: World, body: Body) -> None:
    case = reserved(world, body)
    for who in (None, world.clerk(world.body("旁人局")), world.office("finance"), world.office("establishment", "440604"),
                world.office("establishment")):  # fmt: skip
        found = refusal(call, world, who, "SELECT ledger_occupy(:c, kernel_today())", c=case)
        assert isinstance(found, errors.NotAllowed)
    world.arrive(world.clerk(body), case, TODAY)


def test_a_case_is_filed_by_its_own_unit_or_the_establishment_office_above_it(world: World, body: Body) -> None:
    case = world.recruit(body)
    facts = json.dumps({"line": body.line})
    for who in (None, world.clerk(world.body("他人局")), world.office("organisation"),
                world.office("establishment", "440604")):  # fmt: skip
        found = refusal(call, world, who, "SELECT case_file(:c, :f)", c=case, f=facts)
        assert isinstance(found, errors.NotAllowed)


def test_a_case_that_took_effect_or_ended_takes_no_more_steps(world: World, body: Body) -> None:
    done, dropped = reserved(world, body), reserved(world, body)
    world.arrive(world.clerk(body), done, TODAY)
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, dropped)
    for case in (done, dropped):
        for statement in ("SELECT case_file(:c, '{}')", "SELECT ledger_reserve(:c)", "SELECT ledger_occupy(:c, kernel_today())",
                          "SELECT case_close(:c, 'withdrawn')"):  # fmt: skip
            assert isinstance(refusal(call, world, world.clerk(body), statement, c=case), errors.CaseClosed)


def test_a_person_is_in_one_running_case_whatever_key_the_form_gives(world: World) -> None:
    other = world.body("双案局", people={"11": 1})
    facts = {"person": other.people[0], "end": TODAY.isoformat(), "reason": "32"}
    world.submit(world.clerk(other), other, "leave", facts)
    again = facts | {"person_index": "00ff"}
    with pytest.raises(errors.RunningCase):
        world.submit(world.clerk(other), other, "retire", again | {"reason": "31"})


# -- which office answers ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def districts(world: World) -> tuple[Body, Body]:
    """A body of Chancheng, whose officials try, and one of Sanshui, on which they try."""
    return (world.body("禅城甲局", region="440604", people={"11": 1}, start=ago(400)),
            world.body("三水甲局", region="440607", quotas={"11": 5}, people={"11": 2}, start=ago(400),
                       leaders={"deputy:0142": 1}, departments=("科",)))  # fmt: skip


def test_a_districts_office_reaches_no_other_district_whatever_the_facts_name(
    world: World, districts: tuple[Body, Body]
) -> None:
    """Each case carries the own unit or line as a decoy; the office asked is that of what the movement would touch."""
    mine, theirs = districts
    row = seat(world, theirs.people[0])
    document = {"document_no": "1", "issuer": "x", "start": TODAY.isoformat()}
    attempts: dict[str, dict[str, Any]] = {
        "quota_new": {"unit": theirs.id, "category": "13", "authorised": 9, **document},
        "quota": {"line": theirs.line, "unit": mine.id, "authorised": 99, **document},
        "unit_change": {"unit": theirs.id, "name": "改名", "line": mine.line, **document},
        "unit_close": {"unit": theirs.departments["科"], "line": mine.line, **document},
        "department_open": {"parent": theirs.id, "node": "department", "region": "440604", "name": "插科",
                            "line": mine.line, **document},
        "unit_open": {"region": "440607", "node": "legal", "name": "插局", "line": mine.line, **document},
        "correction": {"occupancy": row, "person": mine.people[0], "line": mine.line, "start": ago(5).isoformat()},
        "person_correct": {"person": theirs.people[0], "line": mine.line, "person_name": "改"},
        "leave": {"person": theirs.people[1], "line": mine.line, "end": TODAY.isoformat(), "reason": "32"},
    }  # fmt: skip
    who, colleague = world.office("establishment", "440604", username="f604"), world.office("establishment", "440604")
    city = world.office("establishment", username="f600")
    for process, facts in attempts.items():
        found = refusal(raw_case, world, who, process, facts, unit=mine.id, scope=mine.scope_path)
        assert isinstance(found, errors.NotFound), process
        # Filed by the city, which may: the district whose unit the row names is still not asked.
        case = raw_case(world, city, process, facts, unit=mine.id, scope=mine.scope_path)
        found = refusal(approve, world, colleague, case)
        assert isinstance(found, errors.NotYourOffice), process
        call(world, city, "SELECT case_close(:c, 'withdrawn')", c=case)
    assert world.figures(theirs.line) == (5, 2, 0)


def test_a_towns_cases_are_its_districts_and_the_city_decides_no_districts(world: World) -> None:
    town = world.body("祖庙某中心", region="440604010", kind="institution", quotas={"22": 2})
    case = world.recruit(town)
    assert isinstance(refusal(approve, world, world.office("establishment"), case), errors.NotYourOffice)
    world.decide(world.office("establishment", "440604"), case, "establishment")
    world.decide(world.office("human_resources", "440604"), case, "personnel")
    assert world.state(case) == "awaiting"


def test_the_personnel_office_follows_from_the_seats_category(world: World) -> None:
    other = world.body("分管局", quotas={"11": 2, "13": 2})
    civil, support = world.recruit(other), world.recruit(other, line=other.lines["13"])
    office, bureau = world.office("organisation"), world.office("human_resources")
    assert isinstance(refusal(approve, world, bureau, civil), errors.NotYourOffice)
    assert isinstance(refusal(approve, world, office, support), errors.NotYourOffice)
    approve(world, office, civil)
    approve(world, bureau, support)


def test_a_transfer_is_agreed_to_by_the_unit_where_the_person_sits_and_no_other(world: World, body: Body) -> None:
    target, third = world.body("求人局", start=ago(400)), world.body("不相干局")
    facts = {"person": body.people[0], "line": target.line, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="调", effective_on=TODAY)
    for who in (world.clerk(third), world.clerk(target)):
        assert isinstance(refusal(approve, world, who, case), errors.NotYourOffice | errors.SelfApproval)
    world.decide(world.clerk(body), case, "source_unit")
    world.decide(world.office("organisation"), case, "personnel", "reject", "不符合")
    assert world.state(case) == "rejected"
    again = wanted(world, body, target, body.people[0])
    world.approve_recruit(again)
    assert world.state(again) == "done"


def test_an_alarm_about_a_case_is_recorded_by_those_who_see_it(world: World, body: Body) -> None:
    case = world.recruit(body)
    stranger = world.clerk(world.body("外人局"))
    record = "SELECT record_refusal('AL01', 'quota_exhausted', :c, '{}')"
    noted = call(world, stranger, record, c=case)
    assert world.row("SELECT case_id, unit_id FROM alarm WHERE id = :a", a=noted) == (None, None)
    noted = call(world, world.office("establishment"), record, c=case)
    assert world.row("SELECT case_id, unit_id FROM alarm WHERE id = :a", a=noted) == (case, body.id)
    assert isinstance(refusal(call, world, None, record, c=case), errors.NotAllowed)


def test_nobody_is_owner_or_superuser_among_the_roles_that_serve(world: World) -> None:
    assert world.row(
        "SELECT bool_or(rolsuper), bool_or(rolbypassrls), bool_or(rolcreaterole), bool_or(pg_has_role(rolname,"
        " 'bianzhi_owner', 'MEMBER')) FROM pg_roles WHERE rolname IN (:a, :s)", a=APP, s=SIGNIN) == (
        False, False, False, False)  # fmt: skip


def test_all_of_it_verifies(world: World, body: Body) -> None:
    who = entered(world, body)
    leave(world, body, who)
    by_office(world, "unit_change", {"unit": body.id, "name": "权限二局", "start": TODAY.isoformat()}, about=body)
    assert findings(world) == []
