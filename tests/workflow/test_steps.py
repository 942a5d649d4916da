"""Every step of a case beside plain approval: back, stopped, taken back, signed by two, urged, copied."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.people import facts_of
from app.ledger.verify import Verifier
from app.models import Application
from app.workflow import engine
from tests.ledger.steps import findings
from tests.workflow.trial import changed, publish
from tests.world import Body, World, person

KEEPERS, CADRES = "establishment", "organisation"


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    parts = {"code": "establishment", "role": "establishment", "title": "核空编", "days": 3, "on_approve": "reserve"}
    who = {"code": "personnel", "role": "personnel", "title": "审核人选", "days": 3}
    publish(world, changed("recruit", "signed", "CS", stages=[{"name": "并联", "tasks": [
        parts | {"countersign": True}, who]}], requirements={
        "reserve": [{"role": "establishment", "people": 2}],
        "occupy": [{"role": "establishment", "people": 2}, {"role": "personnel"}]}))  # fmt: skip
    publish(world, changed("recruit", "in_turn", "CT", stages=[
        {"name": "初审", "tasks": [{"code": "money", "role": "finance", "title": "核经费", "days": 2},
                                 {"code": "care", "role": "social_insurance", "title": "核参保", "days": 2}]},
        {"name": "并联", "tasks": [parts, who]}]))  # fmt: skip
    world.account("keeper2", "office_member", office=(KEEPERS, "440600"))
    world.account("keeperhead", "office_head", office=(KEEPERS, "440600"))
    return world.body("步骤局", quotas={"11": 30})


def begun(world: World, body: Body, process: str = "recruit") -> int:
    wanted = person()
    filed = {**facts_of(wanted, world.keys), "line": body.line, "department": None}
    return world.submit(world.clerk(body), body, process, filed, name=wanted.name)


def step(world: World, who: Identity, case: int, code: str, verdict: str, opinion: str = "理由", **more: Any) -> None:
    task = world.task(case, code)
    with world.database.transaction(who, case_id=case) as session:
        engine.decide(session, task, verdict=verdict, opinion=opinion, address="10.0.0.8", **more)


def taken_back(world: World, who: Identity, case: int, code: str) -> None:
    task = world.value("SELECT max(id) FROM task WHERE application_id = :c AND code = :k", c=case, k=code)
    with world.database.transaction(who, case_id=case) as session:
        engine.take_back(session, task, opinion="看错了", address="10.0.0.8")


def tasks(world: World, case: int) -> list[tuple[str, str]]:
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text("SELECT code, state FROM task WHERE application_id = :c AND state <> 'cancelled' ORDER BY id"),
            {"c": case},
        )
        return [(r.code, r.state) for r in rows]


def kinds(world: World, case: int) -> list[str]:
    with world.superuser.connect() as connection:
        query = "SELECT kind FROM application_event WHERE application_id = :c ORDER BY id"
        return list(connection.execute(text(query), {"c": case}).scalars())


# -- back to an earlier stage ----------------------------------------------------------------------------------------


def test_a_return_to_a_named_stage_asks_only_that_stage_and_the_returner_again(world: World, body: Body) -> None:
    case = begun(world, body, "in_turn")
    world.decide(world.office("finance"), case, "money")
    world.decide(world.office("social_insurance"), case, "care")
    world.decide(world.office(KEEPERS), case, "establishment")
    step(world, world.office(CADRES), case, "personnel", "return", "经费来源请再核", to="初审")
    assert world.state(case) == "running"
    assert world.figures(body.line)[2] >= 1
    assert set(tasks(world, case)) == {("establishment", "approved"), ("personnel", "returned"), ("money", "open"),
                                       ("care", "open")}  # fmt: skip
    world.decide(world.office("finance"), case, "money")
    world.decide(world.office("social_insurance"), case, "care")
    assert tasks(world, case)[-1] == ("personnel", "open")
    assert ("establishment", "open") not in tasks(world, case)
    world.decide(world.office(CADRES), case, "personnel")
    assert world.state(case) == "awaiting"
    assert "sent_back" in kinds(world, case)


def test_a_return_to_a_stage_that_is_not_earlier_is_refused_and_changes_nothing(world: World, body: Body) -> None:
    case = begun(world, body, "in_turn")
    for name in ("初审", "并联", "局务会"):
        with pytest.raises(errors.InvalidInput):
            step(world, world.office("finance"), case, "money", "return", "请再核", to=name)
    assert tasks(world, case) == [("money", "open"), ("care", "open")]


# -- the clock ---------------------------------------------------------------------------------------------------------


def stops(world: World, case: int) -> list[tuple[str, bool]]:
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text("SELECT kind, ended_at IS NULL AS open FROM clock_stop WHERE application_id = :c ORDER BY id"),
            {"c": case},
        )
        return [(r.kind, r.open) for r in rows]


def test_requested_papers_stop_the_clock_until_the_applicant_answers(world: World, body: Body) -> None:
    case, keeper = begun(world, body), world.office(KEEPERS)
    with pytest.raises(errors.InvalidInput):
        step(world, keeper, case, "establishment", "request_papers", "  ")
    step(world, keeper, case, "establishment", "request_papers", "请补编制使用申请表")
    assert stops(world, case) == [("papers", True)]
    with pytest.raises(errors.ClockState):  # a second time, by another office
        step(world, world.office(CADRES), case, "personnel", "request_papers", "请补学历证明")
    with pytest.raises(errors.ClockState):  # only who stopped it lets it go on
        step(world, world.office(CADRES), case, "personnel", "resume", "继续")
    with pytest.raises(errors.NotFound), world.database.transaction(world.clerk(world.body("旁局"))) as session:
        engine.answer(session, case, "已补")
    with world.database.transaction(world.clerk(body)) as session:
        engine.answer(session, case, "已送达窗口")
    assert stops(world, case) == [("papers", False)]
    with pytest.raises(errors.ClockState), world.database.transaction(world.clerk(body)) as session:
        engine.answer(session, case, "再送一次")
    assert kinds(world, case)[-2:] == ["request_papers", "papers_answered"]


def test_a_suspension_by_law_ends_by_the_same_office_and_by_its_decision(world: World, body: Body) -> None:
    case, keeper = begun(world, body), world.office(KEEPERS)
    step(world, keeper, case, "establishment", "suspend", "涉案调查期间中止办理")
    with pytest.raises(errors.ClockState), world.database.transaction(world.clerk(body)) as session:
        engine.answer(session, case, "请继续")
    step(world, world.identity("keeper2"), case, "establishment", "resume", "调查结束")
    assert stops(world, case) == [("law", False)]
    step(world, keeper, case, "establishment", "suspend", "再次中止")
    world.decide(keeper, case, "establishment")
    assert stops(world, case)[-1] == ("law", False)
    step(world, world.office(CADRES), case, "personnel", "request_papers", "请补")
    world.decide(world.office(CADRES), case, "personnel")
    assert world.state(case) == "awaiting"


def test_a_suspension_ends_where_its_office_has_nothing_to_decide_any_more(world: World, body: Body) -> None:
    """Sent back to an earlier stage the case would stand still, and nobody there could let it go on."""
    case = begun(world, body, "in_turn")
    world.decide(world.office("finance"), case, "money")
    world.decide(world.office("social_insurance"), case, "care")
    step(world, world.office(CADRES), case, "personnel", "suspend", "等待审计结论")
    step(world, world.office(KEEPERS), case, "establishment", "return", "经费来源请再核", to="初审")
    assert set(tasks(world, case)) == {("establishment", "returned"), ("money", "open"), ("care", "open")}
    assert world.value("SELECT count(*) FROM clock_stop WHERE application_id = :c AND ended_at IS NULL", c=case) == 0
    assert world.value("SELECT still_since FROM application WHERE id = :c", c=case) is None


def test_a_withdrawn_case_leaves_no_clock_standing(world: World, body: Body) -> None:
    case = begun(world, body)
    step(world, world.office(KEEPERS), case, "establishment", "request_papers", "请补")
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, case)
    assert stops(world, case) == [("papers", False)]


# -- taking back -------------------------------------------------------------------------------------------------------


def test_ones_own_approval_is_taken_back_and_frees_the_seat(world: World, body: Body) -> None:
    case, keeper = begun(world, body), world.office(KEEPERS)
    before = world.figures(body.line)
    world.decide(keeper, case, "establishment")
    assert world.figures(body.line)[2] == before[2] + 1
    taken_back(world, keeper, case, "establishment")
    assert world.figures(body.line) == before
    assert set(tasks(world, case)) == {("personnel", "open"), ("establishment", "open")}
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"


def test_nobody_takes_back_after_another_acted_nor_anothers_word(world: World, body: Body) -> None:
    case, keeper = begun(world, body), world.office(KEEPERS)
    world.decide(keeper, case, "establishment")
    with pytest.raises(errors.NotYourOffice):
        taken_back(world, world.identity("keeper2"), case, "establishment")
    world.decide(world.office(CADRES), case, "personnel")
    with pytest.raises(errors.ActedSince):
        taken_back(world, keeper, case, "establishment")
    taken_back(
        world, world.office(CADRES), case, "personnel"
    )  # the last word is still its own, though all had approved
    assert world.state(case) == "running"
    world.decide(world.office(CADRES), case, "personnel", "reject", "不符合条件")
    with pytest.raises(errors.WrongState):
        taken_back(world, world.office(CADRES), case, "personnel")


def test_a_return_is_taken_back_before_the_unit_has_read_it(world: World, body: Body) -> None:
    case = begun(world, body)
    world.decide(world.office(CADRES), case, "personnel", "return", "材料不齐")
    assert world.state(case) == "returned"
    taken_back(world, world.office(CADRES), case, "personnel")
    assert world.state(case) == "running"
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"


def test_what_opened_the_next_stage_is_taken_back_with_it(world: World, body: Body) -> None:
    case = begun(world, body, "in_turn")
    world.decide(world.office("finance"), case, "money")
    world.decide(world.office("social_insurance"), case, "care")
    taken_back(world, world.office("social_insurance"), case, "care")
    assert tasks(world, case) == [("money", "approved"), ("care", "open")]


# -- two people --------------------------------------------------------------------------------------------------------


def test_a_countersigned_task_takes_two_people_and_one_is_the_head(world: World, body: Body) -> None:
    case, keeper = begun(world, body, "signed"), world.office(KEEPERS)
    before = world.figures(body.line)
    world.decide(keeper, case, "establishment")
    assert ("establishment", "open") in tasks(world, case)
    assert world.figures(body.line) == before
    for who in (keeper, world.identity("keeper2")):
        with pytest.raises(errors.SecondPerson):
            world.decide(who, case, "establishment")
    world.decide(world.identity("keeperhead"), case, "establishment")
    assert ("establishment", "approved") in tasks(world, case)
    assert world.figures(body.line)[2] == before[2] + 1
    world.decide(world.office(CADRES), case, "personnel")
    assert world.state(case) == "awaiting"


def test_where_the_head_signs_first_any_colleague_is_the_second(world: World, body: Body) -> None:
    case, head = begun(world, body, "signed"), world.identity("keeperhead")
    world.decide(head, case, "establishment")
    with pytest.raises(errors.SecondPerson):
        world.decide(head, case, "establishment")
    taken_back(world, head, case, "establishment")
    world.decide(world.office(KEEPERS), case, "establishment")
    world.decide(head, case, "establishment")
    assert ("establishment", "approved") in tasks(world, case)


def test_the_kernel_itself_asks_for_the_head(world: World, body: Body) -> None:
    """Two members who decide past the engine move nothing."""
    case = begun(world, body, "signed")
    for who in (world.office(KEEPERS), world.identity("keeper2")):
        with world.database.transaction(who) as session:
            session.execute(text("SELECT case_decide(:c, 'approve', '', '{}', '')"), {"c": case})
    with pytest.raises(errors.CaseNotApproved), world.database.transaction(world.office(KEEPERS)) as session:
        session.execute(text("SELECT ledger_reserve(:c)"), {"c": case})


# -- the applicant -----------------------------------------------------------------------------------------------------


def test_a_case_is_urged_once_a_day_by_its_own_unit(world: World, body: Body) -> None:
    case, clerk = begun(world, body), world.clerk(body)
    with world.database.transaction(clerk) as session:
        engine.urge(session, case)
    with pytest.raises(errors.UrgedToday), world.database.transaction(clerk) as session:
        engine.urge(session, case)
    with world.superuser.begin() as connection:
        connection.execute(
            text(
                "UPDATE application_event SET at = at - interval '1 day' WHERE kind = 'urged' AND application_id = :c"
            ),
            {"c": case},
        )
    with world.database.transaction(clerk) as session:
        engine.urge(session, case)
    with pytest.raises(errors.NotFound), world.database.transaction(world.clerk(world.body("催外局"))) as session:
        engine.urge(session, case)


def test_an_old_case_becomes_a_new_draft_with_what_was_typed(world: World, body: Body) -> None:
    clerk = world.clerk(body)
    with world.database.transaction(clerk) as session:
        form = {"person_name": "复制人", "line": str(body.line), "shoe_size": "43", "id_cipher": "00ff"}
        old = engine.draft(session, process="recruit", unit_id=body.id, scope_path=body.scope_path, form=form).id
    with world.database.transaction(clerk) as session:
        new = engine.copied(session, old).id
    with world.database.transaction(clerk) as session:
        made = session.get_one(Application, new)
        assert (made.state, made.number) == ("draft", None)
        assert made.form == {"person_name": "复制人", "line": str(body.line), "id_cipher": "00ff"}
    with pytest.raises(errors.NotFound), world.database.transaction(world.clerk(world.body("抄外局"))) as session:
        engine.copied(session, old)


# -- what is on record -------------------------------------------------------------------------------------------------


def test_every_step_is_a_decision_with_who_when_from_where_and_why(world: World, body: Body) -> None:
    case, keeper = begun(world, body), world.office(KEEPERS)
    for verdict in ("request_papers", "resume", "suspend", "resume"):
        step(world, keeper, case, "establishment", verdict, f"因{verdict}")
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text("SELECT d.verdict, d.opinion, d.address, e.operator, e.facts ->> 'decision' AS told FROM decision d"
                 " JOIN application_event e ON e.application_id = d.case_id AND e.facts ->> 'decision' = d.id::text"
                 " WHERE d.case_id = :c ORDER BY d.id"), {"c": case}
        ).all()  # fmt: skip
    assert [(r.verdict, r.opinion, r.address) for r in rows] == [
        (v, f"因{v}", "10.0.0.8") for v in ("request_papers", "resume", "suspend", "resume")]  # fmt: skip
    assert all(r.operator == f"用{KEEPERS}440600" for r in rows)


FORGED = [
    "UPDATE clock_stop SET ended_at = now() WHERE application_id = {c}",
    "INSERT INTO clock_stop (application_id, kind, office_id, reason, decision_id, scope_path) SELECT case_id, 'law', office_id,"
    " 'x', id, '4406' FROM decision WHERE case_id = {c}",
    "UPDATE task SET first_decision_id = (SELECT id FROM decision WHERE case_id = {c}) WHERE application_id = {c}",
    "UPDATE task SET due_on = due_on + 30 WHERE application_id = {c}",
    "INSERT INTO task (application_id, stage, code, role, office_id, state, first_decision_id, scope_path) SELECT application_id,"
    " stage, 'forged', role, office_id, 'open', (SELECT id FROM decision WHERE case_id = {c}), scope_path FROM task"
    " WHERE application_id = {c} AND role = 'establishment'",
    "UPDATE decision SET verdict = 'approve' WHERE case_id = {c}",
    "DELETE FROM decision WHERE case_id = {c}",
    *(
        "INSERT INTO application_event (application_id, kind, user_id, operator, side, scope_path)"
        f" SELECT id, '{kind}', scope_number(1)::int, acting_name(), '核编', scope_path FROM application WHERE id = {{c}}"
        for kind in ("take_back", "suspend", "resume", "approve", "papers_answered", "rerouted", "reserved")
    ),
]


@pytest.mark.parametrize("statement", FORGED)
def test_no_statement_of_the_app_role_forges_a_step(world: World, body: Body, statement: str) -> None:
    case, keeper = forged_on(world, body)
    with pytest.raises((DBAPIError, errors.DomainError)), world.database.transaction(keeper) as session:
        session.execute(text(statement.format(c=case)))
    assert stops(world, case) == [("papers", True)]


_forged: list[int] = []


def forged_on(world: World, body: Body) -> tuple[int, Identity]:
    """One case for all: papers are requested of it by the establishment office."""
    keeper = world.office(KEEPERS)
    if not _forged:
        _forged.append(begun(world, body))
        step(world, keeper, _forged[0], "establishment", "request_papers", "请补")
    return _forged[0], keeper


@pytest.mark.parametrize(
    "call",
    [
        "case_clock({t}, 'suspend', '中止', '核编', '')",
        "case_clock({t}, 'resume', '恢复', '核编', '')",
        "case_take_back({t}, '', '核编', '')",
        "case_answer({c}, '已补')",
        "case_reroute({c}, '改派', '')",
        "case_settle({t}, 'approve', '同意', '核编', true, '', '[]', false)",
        "watch_stuck(ARRAY[]::bigint[])",
    ],
)
def test_nobody_takes_a_step_for_another_side(world: World, body: Body, call: str) -> None:
    case, _keeper = forged_on(world, body)
    task = world.task(case, "establishment")
    for who in (world.office(CADRES), world.clerk(world.body(f"旁观{len(call)}局")), world.office(KEEPERS, "440605")):
        with pytest.raises(errors.DomainError), world.database.transaction(who) as session:
            session.execute(text(f"SELECT {call.format(t=task, c=case)}"))
    assert stops(world, case) == [("papers", True)]


def test_afterwards_every_chain_and_every_approval_holds(world: World, body: Body) -> None:
    assert findings(world) == []


def test_a_signature_taken_out_of_a_finished_case_is_found(world: World, body: Body) -> None:
    case = begun(world, body, "signed")
    for who, code in ((KEEPERS, "establishment"), (CADRES, "personnel")):
        world.decide(world.office(who), case, code)
    world.decide(world.identity("keeperhead"), case, "establishment")
    world.arrive(world.clerk(body), case, city_today())
    assert findings(world) == []
    for change in (
        "verdict = 'take_back'",
        "user_id = (SELECT user_id FROM decision WHERE case_id = :c ORDER BY id LIMIT 1)",
    ):
        with world.superuser.connect() as connection:
            connection.execute(text(f"UPDATE decision SET {change} WHERE id = (SELECT max(id) FROM decision"
                                    " WHERE case_id = :c AND verdict = 'approve')"), {"c": case})  # fmt: skip
            found = [f.sentence() for f in Verifier(connection, world.keys).findings()]
            connection.rollback()
        assert any("establishment 的批准" in sentence for sentence in found), change
