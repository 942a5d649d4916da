"""What the application's role may write itself, tried with every statement it has: nothing comes of it."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import (
    TODAY,
    ago,
    approve,
    by_office,
    by_unit,
    call,
    entered,
    file,
    filer,
    findings,
    lead,
    newcomer_facts,
    raw_case,
    refusal,
    reserved,
    seat,
    wanted,
)
from tests.world import Body, World, person


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("守门局", quotas={"11": 40}, people={"11": 4}, leaders={"deputy:0132": 3}, start=ago(400))


@pytest.fixture(scope="module")
def stranger(world: World) -> Body:
    return world.body("邻居局", quotas={"11": 5}, people={"11": 2}, start=ago(400))


def denied(world: World, who: Identity, statement: str, **values: Any) -> bool:
    """Whether the database turns a statement down, by privilege, policy or the kernel's word."""
    try:
        call(world, who, statement, **values)
    except errors.DomainError:
        return True
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != "42501":
            raise
        return True
    return False


def seen(world: World, who: Identity, case: int) -> int:
    return int(call(world, who, "SELECT count(*) FROM application WHERE id = :c", c=case))


# -- tasks ---------------------------------------------------------------------------------------------------------


TASK = ("INSERT INTO task (application_id, stage, code, role, unit_id, office_id, state, scope_path)"
        " SELECT :c, 9, 'own', 'establishment', :u, :o, 'open', :s")  # fmt: skip


@pytest.mark.parametrize("scope", ["own", "foreign"])
def test_a_task_for_oneself_does_not_open_a_foreign_case(world: World, body: Body, stranger: Body, scope: str) -> None:
    """A task makes a case seen: a clerk who could hand himself one would read the whole city."""
    case, who = world.recruit(body), world.clerk(stranger)
    path = stranger.scope_path if scope == "own" else body.scope_path
    assert denied(world, who, TASK, c=case, u=stranger.id, o=None, s=path)
    assert denied(world, who, TASK, c=case, u=None, o=1, s=path)
    assert seen(world, who, case) == 0
    assert call(world, who, "SELECT count(*) FROM case_facts WHERE case_id = :c", c=case) == 0


def test_an_own_task_is_not_turned_to_another_case(world: World, body: Body, stranger: Body) -> None:
    foreign = world.recruit(stranger)
    moving = {"person": body.people[0], "line": stranger.line, "department": None, "start": TODAY.isoformat()}
    asked = world.submit(world.clerk(stranger), stranger, "transfer", moving, name="调", effective_on=TODAY)
    who = world.clerk(body)
    assert seen(world, who, asked) == 1
    for change in ("application_id = :f", f"unit_id = {stranger.id}", "code = 'x'", "stage = 3", "scope_path = '4406'"):
        statement = f"UPDATE task SET {change} WHERE application_id = :c" + (
            " AND :f > 0" if ":f" not in change else ""
        )
        assert denied(world, who, statement, c=asked, f=foreign), change
    assert seen(world, who, foreign) == 0
    call(world, world.clerk(stranger), "SELECT case_close(:c, 'withdrawn')", c=asked)


def test_a_task_goes_only_to_those_whom_the_process_asks(world: World, body: Body, stranger: Body) -> None:
    case = world.recruit(body)
    finance = world.value("SELECT id FROM office WHERE kind = 'finance' AND region_code = '440600'")
    for unit, office in ((stranger.id, None), (None, finance)):
        assert denied(world, world.clerk(body), TASK, c=case, u=unit, o=office, s=body.scope_path)
    ours = world.value("SELECT id FROM office WHERE kind = 'establishment' AND region_code = '440600'")
    assert not denied(world, world.clerk(body), TASK, c=case, u=None, o=ours, s=body.scope_path)


@pytest.mark.parametrize("state", ["approved", "rejected", "returned"])
def test_a_task_is_closed_by_a_decision_of_its_office_in_its_case_alone(world: World, body: Body, state: str) -> None:
    case, other = world.recruit(body), world.recruit(body)
    world.decide(world.office("establishment"), other, "establishment")
    foreign = world.value("SELECT id FROM decision WHERE case_id = :c", c=other)
    task = world.task(case, "establishment")
    approve(world, world.office("organisation"), case)
    others_word = world.value("SELECT id FROM decision WHERE case_id = :c", c=case)
    for who in (world.clerk(body), world.office("establishment"), world.office("organisation")):
        for decision in (None, foreign, others_word):
            found = refusal(call, world, who, "UPDATE task SET state = :s, decision_id = :d WHERE id = :t",
                            s=state, d=decision, t=task)  # fmt: skip
            assert isinstance(found, errors.CaseNotApproved)


def test_a_closed_task_is_not_opened_or_decided_again(world: World, body: Body) -> None:
    case = world.recruit(body)
    task = world.task(case, "establishment")
    world.decide(world.office("establishment"), case, "establishment")
    for change in ("state = 'open'", "state = 'rejected'", "decision_id = NULL"):
        assert denied(world, world.office("establishment"), f"UPDATE task SET {change} WHERE id = :t", t=task), change


# -- cases ---------------------------------------------------------------------------------------------------------


APPLICATION = ("INSERT INTO application (process, process_version_id, unit_id, office_id, scope_path, title, state, created_by,"
               " person_id) SELECT 'recruit', (SELECT max(id) FROM process_version WHERE process = 'recruit'), :u, NULL, :s,"
               " '件', 'draft', :w, :p")  # fmt: skip


def test_a_case_is_begun_in_the_own_place_and_name(world: World, body: Body, stranger: Body) -> None:
    who = world.clerk(body)
    me = call(world, who, "SELECT scope_number(1)")
    assert not denied(world, who, APPLICATION, u=body.id, s=body.scope_path, w=me, p=None)
    assert denied(world, who, APPLICATION, u=stranger.id, s=stranger.scope_path, w=me, p=None)
    assert denied(world, who, APPLICATION, u=stranger.id, s=body.scope_path, w=me, p=None)
    assert denied(world, who, APPLICATION, u=body.id, s=body.scope_path, w=me + 1, p=None)


def test_a_person_reads_the_own_cases_and_writes_none(world: World, body: Body) -> None:
    world.account("oneself", "person", person_id=body.people[3])
    who, me = world.identity("oneself"), body.people[3]
    case = world.submit(world.clerk(body), body, "retire", {"person": me, "end": TODAY.isoformat(), "reason": "31"},
                        person_id=me, effective_on=TODAY)  # fmt: skip
    assert seen(world, who, case) == 1
    user = call(world, who, "SELECT scope_number(1)")
    assert denied(world, who, APPLICATION, u=body.id, s=body.scope_path, w=user, p=me)
    call(world, who, "UPDATE application SET title = '改' WHERE id = :c", c=case)
    assert world.value("SELECT title FROM application WHERE id = :c", c=case) != "改"


def test_whose_case_it_is_and_on_which_version_stays_once_it_is_filed(world: World, body: Body, stranger: Body) -> None:
    """Also against the unit that is asked in it and so sees it."""
    case = world.submit(world.clerk(stranger), stranger, "transfer",
                        {"person": body.people[1], "line": stranger.line, "start": TODAY.isoformat()}, name="调")  # fmt: skip
    version = world.value("SELECT min(id) FROM process_version WHERE process = 'leave'")
    for who, home in ((world.clerk(stranger), stranger), (world.clerk(body), body)):
        for change in (f"unit_id = {body.id}", f"scope_path = '{home.scope_path}', unit_id = {home.id}",
                       f"process_version_id = {version}", "process = 'leave'", "created_by = 1", "office_id = 1",
                       "number = 'X'", "submitted_at = now() - interval '9 days'", "created_at = now()", "id = id + 90000"):  # fmt: skip
            if home is stranger and "scope_path" in change:
                continue  # that is what it has
            assert denied(world, who, f"UPDATE application SET {change} WHERE id = :c", c=case), change
    assert denied(world, world.clerk(body), "SELECT case_file(:c, '{}')", c=case)
    call(world, world.clerk(stranger), "SELECT case_close(:c, 'withdrawn')", c=case)


@pytest.mark.parametrize("state", ["done", "rejected", "withdrawn", "draft"])
def test_no_case_ends_or_begins_anew_by_its_row_alone(world: World, body: Body, state: str) -> None:
    case = reserved(world, body)
    for who in (world.clerk(body), world.office("organisation")):
        assert denied(world, who, "UPDATE application SET state = :s WHERE id = :c", s=state, c=case)
    assert world.state(case) == "awaiting"


def test_a_finished_case_never_changes(world: World, body: Body) -> None:
    done, dropped = reserved(world, body), world.recruit(body)
    world.arrive(world.clerk(body), done, TODAY)
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, dropped)
    for case in (done, dropped):
        for change in ("state = 'running'", "title = '改'", "result = '改'", "effective_on = NULL"):
            found = refusal(call, world, world.clerk(body), f"UPDATE application SET {change} WHERE id = :c", c=case)
            assert isinstance(found, errors.CaseClosed), change


def test_a_replaced_version_takes_no_new_case_and_a_draft_goes_over_to_the_present_one(
    world: World, body: Body
) -> None:
    """An older version may ask for less; its running cases keep it."""
    publish = text("SELECT publish_version('loose', :v, cast(:d AS jsonb), cast(:r AS jsonb))")
    definition = world.value("SELECT definition FROM process_version WHERE process = 'leave'") | {"process": "loose"}
    ask = {"vacate": [{"role": "personnel"}]}
    with world.owner.begin() as connection:
        old = connection.execute(publish, {"v": 1, "d": json.dumps(definition), "r": json.dumps(ask)}).scalar_one()
    facts = {"person": body.people[2], "end": TODAY.isoformat(), "reason": "32"}
    running = world.submit(world.clerk(body), body, "loose", facts, effective_on=TODAY)
    with world.database.transaction(world.clerk(body)) as session:
        drafted = engine.draft(session, process="loose", unit_id=body.id, scope_path=body.scope_path, form={}).id
    with world.owner.begin() as connection:
        ask["vacate"].append({"role": "establishment"})
        new = connection.execute(publish, {"v": 2, "d": json.dumps(definition), "r": json.dumps(ask)}).scalar_one()
    who = world.clerk(body)
    assert isinstance(refusal(call, world, who, "SELECT case_file(:c, '{}')", c=drafted), errors.FactsChanged)
    with world.database.transaction(who) as session:
        engine.withdraw(session, running)
    with world.database.transaction(who) as session:
        engine.submit(session, drafted, facts=facts, person_id=None, person_name=None, effective_on=TODAY)
    pinned = "SELECT process_version_id FROM case_record WHERE case_id = :c"
    assert (world.value(pinned, c=running), world.value(pinned, c=drafted)) == (old, new)
    with world.database.transaction(who) as session:
        engine.withdraw(session, drafted)


# -- the timeline --------------------------------------------------------------------------------------------------


EVENT = ("INSERT INTO application_event (application_id, kind, user_id, operator, side, facts, scope_path)"
         " VALUES (:c, :k, :w, :o, '核编', '{}', :s)")  # fmt: skip


def test_a_step_of_the_timeline_is_written_in_the_own_name_at_its_own_moment(
    world: World, body: Body, stranger: Body
) -> None:
    case, who = world.recruit(body), world.clerk(body)
    me, name = (
        call(world, who, "SELECT scope_number(1)"),
        call(world, who, "SELECT operator_name(scope_number(1)::int)"),
    )
    right = {"c": case, "k": "noted", "w": me, "o": name, "s": body.scope_path}
    assert not denied(world, who, EVENT, **right)
    for wrong in (
        {"w": me + 1},
        {"w": None},
        {"o": "李主任"},
        {"s": stranger.scope_path},
        {"k": "approve"},
        {"k": "reject"},
    ):
        assert denied(world, who, EVENT, **(right | wrong)), wrong
    dated = EVENT.replace("scope_path)", "scope_path, at)").replace(":s)", ":s, now() - interval '1 day')")
    assert denied(world, who, dated, **right)
    # On a case that is not seen no step is written, whatever place is named.
    other = world.clerk(stranger)
    theirs = {"w": call(world, other, "SELECT scope_number(1)"),
              "o": call(world, other, "SELECT operator_name(scope_number(1)::int)")}  # fmt: skip
    for path in (body.scope_path, stranger.scope_path):
        assert denied(world, other, EVENT, **(right | theirs | {"s": path}))


def test_a_step_is_never_changed(world: World, body: Body) -> None:
    case = world.recruit(body)
    assert denied(
        world, world.clerk(body), "UPDATE application_event SET operator = 'x' WHERE application_id = :c", c=case
    )


# -- facts ---------------------------------------------------------------------------------------------------------


ODD = {
    "an array": "[1]", "a number": "1", "nothing": "null", "no json": "{", "a list inside": '{"line": [1]}',
    "an object inside": '{"line": {"a": 1}}', "a fraction": '{"authorised": 1.5}', "too large": '{"authorised": 1e30}',
    "a truth value": '{"line": true}', "minus infinity": '{"start": "-infinity"}', "a moving day": '{"start": "yesterday"}',
    "another style": '{"start": "1/2/2026"}', "no such day": '{"end": "2026-13-01", "start": "x"}',
    "a day that is a number": '{"birth_on": "19900101"}', "a null character": '{"name": "a\\u0000"}',
    "words for an id": '{"line": "eins"}', "an id beyond all": '{"line": 99999999999999999999}',
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_odd_facts_are_refused_when_filed(world: World, body: Body, odd: str) -> None:
    with world.database.transaction(world.clerk(body)) as session:
        case = engine.draft(session, process="recruit", unit_id=body.id, scope_path=body.scope_path, form={}).id
    found = refusal(call, world, world.clerk(body), "SELECT case_file(:c, :f)", c=case, f=ODD[odd])
    assert isinstance(found, errors.InvalidInput)
    assert world.row("SELECT count(*) FROM case_record WHERE case_id = :c", c=case) == (0,)


def test_of_a_key_named_twice_the_last_one_is_filed_shown_and_done(world: World, body: Body, stranger: Body) -> None:
    """Nobody approves one line and gets the other."""
    facts = json.dumps({**newcomer_facts(world, person("双键")), "department": None})[:-1]
    twice = f'{facts}, "line": {stranger.line}, "line": {body.line}}}'
    case = raw_case(
        world,
        world.clerk(body),
        "recruit",
        {"person_index": "00", "id_cipher": "00"},
        unit=body.id,
        scope=body.scope_path,
    )
    call(world, world.clerk(body), "SELECT case_file(:c, :f)", c=case, f=twice)
    kept = world.value("SELECT facts FROM case_record WHERE case_id = :c", c=case)
    assert json.loads(kept)["line"] == body.line
    assert kept.count('"line"') == 1
    before = world.figures(stranger.line)
    approve(world, world.office("establishment"), case)
    call(world, world.office("establishment"), "SELECT ledger_reserve(:c)", c=case)
    assert world.figures(stranger.line) == before


def test_a_name_in_two_spellings_of_one_character_is_stored_in_one(world: World, body: Body) -> None:
    """Otherwise the proof, which knows one spelling only, would take it for tampered."""
    for spelt in ("Ame\u0301lie", "Am\u00e9lie2"):
        facts = {"parent": body.id, "node": "department", "region": "440600", "name": spelt, "document_no": "1",
                 "start": TODAY.isoformat()}  # fmt: skip
        by_office(world, "department_open", facts, about=body)
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE 'Am\u00e9lie%'") == 2
    assert findings(world) == []


def test_a_quota_of_millions_is_a_slip_of_the_hand(world: World) -> None:
    body = world.body("百万局")
    facts = {"line": body.line, "authorised": 2_000_000_000, "document_no": "1", "start": TODAY.isoformat()}
    assert isinstance(refusal(by_office, world, "quota", facts, about=body), errors.InvalidInput)


def test_an_entry_without_any_document_of_the_person_is_not_filed(world: World, body: Body) -> None:
    """It would escape the rule of one running entry a person."""
    facts = {k: v for k, v in newcomer_facts(world, person("无号")).items() if k != "person_index"} | {
        "line": body.line
    }
    found = refusal(raw_case, world, world.clerk(body), "recruit", facts, unit=body.id, scope=body.scope_path)
    assert isinstance(found, errors.InvalidInput)


# -- whose business ------------------------------------------------------------------------------------------------


def test_a_unit_files_its_own_matters_only(world: World, body: Body, stranger: Body) -> None:
    """Another's line, another's person, another's leadership: though the office asked would be the same."""
    other = world.body("有职局", people={"11": 1}, leaders={"deputy:0132": 1}, start=ago(400))
    attempts: dict[str, dict[str, Any]] = {
        "recruit": {**newcomer_facts(world, person("借线")), "line": stranger.line},
        "transfer": {"person": body.people[0], "line": stranger.line, "start": TODAY.isoformat()},
        "leave": {"person": stranger.people[0], "line": body.line, "end": TODAY.isoformat(), "reason": "32"},
        "retire": {"person": stranger.people[0], "unit": body.id, "end": TODAY.isoformat(), "reason": "31"},
        "leader": {"person": other.people[0], "line": other.lines["deputy:0132"], "start": TODAY.isoformat()},
        "leader_leave": {"person": other.people[0], "line": other.lines["deputy:0132"], "end": TODAY.isoformat()},
    }
    for process, facts in attempts.items():
        found = refusal(raw_case, world, world.clerk(body), process, facts, unit=body.id, scope=body.scope_path)
        assert isinstance(found, errors.NotFound), process


def test_what_the_establishment_office_applies_for_no_unit_files_changes_or_withdraws(world: World, body: Body) -> None:
    """Two people of the office stand behind a quota: one files, another approves. A clerk is neither."""
    facts = {"line": body.line, "authorised": 99, "document_no": "1", "start": TODAY.isoformat()}
    for process, filed in (("quota", facts), ("unit_close", {"unit": body.id, "start": TODAY.isoformat()}),
                           ("correction", {"occupancy": seat(world, body.people[2]), "start": TODAY.isoformat()})):  # fmt: skip
        found = refusal(raw_case, world, world.clerk(body), process, filed, unit=body.id, scope=body.scope_path)
        assert isinstance(found, errors.NotAllowed), process
    case = file(world, "quota", {**facts, "authorised": 41}, about=body)
    for statement in ("SELECT case_file(:c, :f)", "SELECT case_close(:c, 'withdrawn') WHERE :f <> ''"):
        found = refusal(call, world, world.clerk(body), statement, c=case, f=json.dumps(facts))
        assert isinstance(found, errors.NotAllowed), statement
    with world.database.transaction(filer(world)) as session:
        engine.withdraw(session, case)


def test_a_service_decides_nothing_but_its_own_opening_balances(world: World, body: Body) -> None:
    case = world.recruit(body)
    for name in ("svc-worker", "svc-opening"):
        assert isinstance(refusal(approve, world, world.service(name), case), errors.NotYourOffice)


def test_nobody_moves_into_the_line_where_he_sits(world: World, stranger: Body) -> None:
    second = world.clerk(stranger, "second-clerk")
    facts = {"person": stranger.people[0], "line": stranger.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(second, stranger, "transfer", facts, name="自调", effective_on=TODAY)
    world.decide(world.clerk(stranger), case, "source_unit")
    world.decide(world.office("establishment"), case, "establishment")
    found = refusal(world.decide, world.office("organisation"), case, "personnel")
    assert isinstance(found, errors.AlreadySeated)
    with world.database.transaction(second) as session:
        engine.withdraw(session, case)


def test_nobody_holds_two_positions_of_one_line_on_one_day(world: World) -> None:
    body = world.body("双职局", people={"11": 1}, leaders={"deputy:0132": 3}, start=ago(400))
    line, who = body.lines["deputy:0132"], body.people[0]
    lead(world, body, line, who, ago(20))
    assert isinstance(refusal(lead, world, body, line, who, ago(10)), errors.AlreadyLeading)
    running = world.value("SELECT case_id FROM case_record WHERE status = 'filed' AND unit_id = :u", u=body.id)
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, running)
    by_unit(world, body, "leader_leave", {"line": line, "person": who, "end": ago(5).isoformat()}, ago(5))
    lead(world, body, line, who, ago(5))
    assert world.figures(line) == (3, 1, 0)


# -- who may ask ---------------------------------------------------------------------------------------------------


def test_questions_about_a_case_are_answered_to_those_who_see_it(world: World, body: Body, stranger: Body) -> None:
    target = world.body("问询局", start=ago(400))
    case = wanted(world, body, target, body.people[0])
    questions = {
        "SELECT unit_id FROM case_route(:c, 'source_unit')": body.id,
        "SELECT count(*) FROM case_standing_sides(:c)": 1,
    }
    for question, answer in questions.items():
        assert call(world, world.clerk(target), question, c=case) == answer
        for who in (world.clerk(stranger), None):
            assert not call(world, who, question, c=case), question
    assert call(world, world.clerk(stranger), "SELECT office_id FROM case_route(:c, 'establishment')", c=case) is None
    assert call(world, None, "SELECT operator_name(1)") is None
    assert call(world, None, "SELECT next_case_number('XX')") is None
    with world.database.transaction(world.clerk(target)) as session:
        engine.withdraw(session, case)


def test_all_of_it_verifies(world: World, body: Body) -> None:
    entered(world, body)
    assert findings(world) == []
