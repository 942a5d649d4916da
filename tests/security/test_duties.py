"""授权、离岗、委托: two people for a grant, three administrators apart, hats that end, delegation with both names."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db import Identity
from app.domain import errors
from app.domain.workdays import city_today
from app.workflow import engine
from tests.ledger.steps import call, leave, refusal, transfer
from tests.world import Body, World, person

TODAY = city_today()
LATER = TODAY + dt.timedelta(days=30)


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("授权局", quotas={"11": 9}, people={"11": 4})
    for name, kind in (("sys", "system_admin"), ("sys2", "system_admin"), ("sec", "security_admin"),
                       ("aud", "auditor")):  # fmt: skip
        world.account(name, kind)
    return made


def user(world: World, name: str) -> int:
    return int(world.value("SELECT id FROM ab_user WHERE username = :n", n=name))


def new_user(world: World, name: str) -> int:
    who = world.identity("sys")
    return int(call(world, who, "SELECT admin_new_user(:n, '新', '人', 'x')", n=name))


PROPOSE = "SELECT admin_propose(:u, :k, :n, :o, NULL, NULL, :f, :t)"


def propose(world: World, by: str, whom: int, kind: str, *, unit: int | None = None, office: int | None = None,
            start: dt.date = TODAY, end: dt.date | None = None) -> int:  # fmt: skip
    values = {"u": whom, "k": kind, "n": unit, "o": office, "f": start, "t": end}
    return int(call(world, world.identity(by), PROPOSE, **values))


def settle(world: World, by: str, request: int, *, approve: bool = True) -> Any:
    return call(world, world.identity(by), "SELECT admin_settle(:r, :a, '')", r=request, a=approve)


# -- grants --------------------------------------------------------------------------------------------------------


def test_an_identity_exists_only_once_the_second_administrator_has_approved_it(world: World, body: Body) -> None:
    whom = new_user(world, "xinren")
    request = propose(world, "sys", whom, "unit_clerk", unit=body.id)
    count = "SELECT count(*) FROM account WHERE user_id = :u"
    assert world.value(count, u=whom) == 0
    settle(world, "sec", request)
    assert world.value(count, u=whom) == 1
    assert isinstance(refusal(settle, world, "sec", request), errors.AlreadyDecided)
    kinds = world.value(
        "SELECT array_agg(kind ORDER BY id) FROM audit_event WHERE kind LIKE 'grant.%' AND"
        " (facts ->> 'after.id')::bigint = :r", r=request)  # fmt: skip
    assert kinds == ["grant.proposed", "grant.approved"]
    before, after = world.row("SELECT facts ->> 'before.state', facts ->> 'after.state' FROM audit_event"
                              " WHERE kind = 'grant.approved' ORDER BY id DESC LIMIT 1")  # fmt: skip
    assert (before, after) == ("open", "approved")


def test_a_refused_proposal_gives_nothing(world: World, body: Body) -> None:
    whom = new_user(world, "beiju")
    request = propose(world, "sys", whom, "unit_clerk", unit=body.id)
    assert settle(world, "sec", request, approve=False) is None
    assert world.value("SELECT count(*) FROM account WHERE user_id = :u", u=whom) == 0


@pytest.mark.parametrize("by", ["sys", "sys2", "aud"])
def test_nobody_but_the_security_administrator_settles(world: World, body: Body, by: str) -> None:
    request = propose(world, "sys", new_user(world, f"by{by}"), "unit_clerk", unit=body.id)
    assert isinstance(refusal(settle, world, by, request), errors.NotAllowed)


@pytest.mark.parametrize("by", ["sec", "aud"])
def test_nobody_but_the_system_administrator_proposes(world: World, body: Body, by: str) -> None:
    whom = new_user(world, f"prop{by}")
    assert isinstance(refusal(propose, world, by, whom, "unit_clerk", unit=body.id), errors.NotAllowed)


def test_nobody_proposes_for_himself_or_settles_what_he_is_given(world: World, body: Body) -> None:
    assert isinstance(refusal(propose, world, "sys", user(world, "sys"), "auditor"), errors.SamePerson)
    request = propose(world, "sys", user(world, "sec"), "unit_clerk", unit=body.id)
    assert isinstance(refusal(settle, world, "sec", request), errors.SamePerson)


def test_who_proposed_does_not_settle_after_changing_the_duty(world: World, body: Body) -> None:
    world.account("mover", "system_admin")
    request = propose(world, "mover", new_user(world, "later"), "unit_clerk", unit=body.id)
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE account SET kind = 'security_admin' WHERE user_id = :u"),
                           {"u": user(world, "mover")})  # fmt: skip
    assert isinstance(refusal(settle, world, "mover", request), errors.SamePerson)


@pytest.mark.parametrize("kind", ["system_admin", "security_admin", "auditor", "unit_clerk"])
@pytest.mark.parametrize("days", [0, 100])
def test_the_three_administrators_are_three_people_on_every_day_to_come(
    world: World, body: Body, kind: str, days: int
) -> None:
    held = "auditor" if kind != "auditor" else "security_admin"
    name = f"apart-{kind}-{days}"
    world.account(name, held)
    request = propose(world, "sys", user(world, name), kind, unit=body.id if kind == "unit_clerk" else None,
                      start=TODAY + dt.timedelta(days=days))  # fmt: skip
    assert isinstance(
        refusal(settle, world, "sec", request), errors.DutiesConflict if kind != held else errors.DomainError
    )


def test_even_the_owner_cannot_join_two_administrators_in_one_person(world: World, body: Body) -> None:
    with pytest.raises(IntegrityError, match="ex_account_"):
        world.account("aud", "system_admin")


def test_the_app_role_writes_none_of_it_by_hand(world: World, body: Body) -> None:
    for who in (world.identity("sys"), world.identity("sec"), world.clerk(body)):
        for statement in (
            "UPDATE grant_request SET state = 'approved'",
            "INSERT INTO named_access (account_id, unit_id, started_on) VALUES (1, 1, kernel_today())",
            "UPDATE account SET ended_on = NULL",
            "SELECT k_end_account(1, 'x')",
        ):
            with pytest.raises(DBAPIError) as found:
                call(world, who, statement)
            assert getattr(found.value.orig, "sqlstate", "") == "42501", statement


def test_a_named_access_takes_two_people_too(world: World, body: Body) -> None:
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET uscc = '91440600MA00000001' WHERE id = :u"), {"u": body.id})
    account = world.account("named", "office_member", office=("organisation", "440604"))
    request = call(world, world.identity("sys"), "SELECT admin_propose_named(:a, '91440600MA00000001', :f, NULL)",
                   a=account, f=TODAY)  # fmt: skip
    seen = "SELECT count(*) FROM unit WHERE id = :u"
    assert call(world, world.identity("named"), seen, u=body.id) == 0
    settle(world, "sec", request)
    assert call(world, world.identity("named"), seen, u=body.id) == 1


# -- leaving -------------------------------------------------------------------------------------------------------


def alive(world: World, who: Identity) -> bool:
    return call(world, who, "SELECT scope_part(1)") is not None


def employee(world: World, body: Body, person_id: int, name: str) -> Identity:
    """A clerk of the body who is on its roll: the user has the own card too."""
    world.account(name, "person", person_id=person_id)
    account = world.account(name, "unit_clerk", unit=body.id)
    return world.identity(name, account)


def test_whoever_leaves_the_roll_keeps_only_the_own_card(world: World, body: Body) -> None:
    who = employee(world, body, body.people[0], "leaver")
    assert alive(world, who)
    leave(world, body, body.people[0])
    assert not alive(world, who)
    kinds = world.value("SELECT array_agg(kind) FROM account WHERE user_id = :u AND ended_on IS NULL",
                        u=user(world, "leaver"))  # fmt: skip
    assert kinds == ["person"]
    why = "SELECT facts ->> 'why' FROM audit_event WHERE kind = 'account.ended' ORDER BY id DESC LIMIT 1"
    assert world.value(why) == "left"


def test_whoever_moves_loses_the_hat_of_the_old_unit(world: World, body: Body) -> None:
    target = world.body("新去处", quotas={"11": 2})
    who = employee(world, body, body.people[1], "mover2")
    transfer(world, body, target, body.people[1])
    assert not alive(world, who)


def test_the_hats_of_a_closed_unit_end(world: World, body: Body) -> None:
    closed = world.body("撤销局", quotas={"11": 0})
    who = world.clerk(closed)
    assert alive(world, who)
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET status = 'closed', closed_on = kernel_today() WHERE id = :u"),
                           {"u": closed.id})  # fmt: skip
    assert not alive(world, who)


def test_a_session_acts_under_one_hat_and_sees_that_ones_rows_alone(world: World, body: Body) -> None:
    other = world.body("另一局", people={"11": 1})
    first = world.account("two", "unit_clerk", unit=body.id)
    second = world.account("two", "unit_clerk", unit=other.id)
    with world.database.transaction(world.identity("two", first)) as session:
        assert set(session.execute(text("SELECT id FROM unit")).scalars()) == {body.id}
    with world.database.transaction(world.identity("two", second)) as session:
        assert set(session.execute(text("SELECT id FROM unit WHERE node = 'legal'")).scalars()) == {other.id}


# -- delegation ----------------------------------------------------------------------------------------------------

DELEGATE = "SELECT delegate(:u, :f, :t, '出差')"


def member(world: World, name: str, region: str = "440600", kind: str = "office_member") -> Identity:
    world.account(name, kind, office=("establishment", region))
    return world.identity(name)


def delegated(world: World, by: Identity, to: str) -> Identity:
    account = call(world, by, DELEGATE, u=user(world, to), f=TODAY, t=LATER)
    return world.identity(to, int(account))


def test_a_decision_under_a_delegation_bears_both_names(world: World, body: Body) -> None:
    head, _own = member(world, "chu1", kind="office_head"), member(world, "ke1")
    hat = delegated(world, head, "ke1")
    case = world.recruit(body)
    world.decide(hat, case, "establishment")
    user_id, delegator = world.row("SELECT user_id, delegator_id FROM decision WHERE case_id = :c", c=case)
    assert (user_id, delegator) == (user(world, "ke1"), user(world, "chu1"))
    operator = world.value("SELECT operator FROM application_event WHERE application_id = :c AND kind = 'approve'",
                           c=case)  # fmt: skip
    assert operator == "用ke1（代用chu1）"


def test_nobody_approves_the_own_filing_through_a_delegate(world: World, body: Body) -> None:
    filer, _own = member(world, "tian2"), member(world, "dai2")
    with world.database.transaction(filer) as session:
        case = engine.draft(session, process="quota", unit_id=None, scope_path=body.scope_path, form={},
                            office_id=int(engine.me(session, 7) or 0))  # fmt: skip
        facts = {"line": body.line, "authorised": 10, "document_no": "佛编〔2026〕1号", "start": TODAY.isoformat()}
        engine.submit(session, case.id, facts=facts, person_id=None, person_name=None, effective_on=TODAY,
                      unit_id=body.id)  # fmt: skip
    hat = delegated(world, filer, "dai2")
    assert isinstance(refusal(world.decide, hat, case.id, "review"), errors.SelfApproval)
    # As himself the colleague may.
    world.decide(world.identity("dai2"), case.id, "review")


def test_one_will_is_counted_once_where_two_people_are_needed(world: World, body: Body) -> None:
    one, two = member(world, "yi3"), member(world, "er3")
    hat = delegated(world, one, "er3")
    case = world.recruit(body, facts=person("双签人"))
    decide = "SELECT case_decide(:c, 'approve', '', '{}', '')"
    call(world, one, decide, c=case)
    assert isinstance(refusal(call, world, hat, decide, c=case), errors.AlreadyDecided)
    call(world, two, decide, c=case)


def test_a_delegation_goes_to_a_colleague_for_some_days_and_no_further(world: World, body: Body) -> None:
    one = member(world, "yi4")
    member(world, "er4")
    member(world, "qu4", region="440604")
    for whom, start, end in (
        ("qu4", TODAY, LATER),  # of another office
        ("yi4", TODAY, LATER),  # oneself
        ("er4", TODAY, TODAY + dt.timedelta(days=91)),
        ("er4", TODAY - dt.timedelta(days=1), LATER),
        ("er4", TODAY, TODAY),
    ):
        assert isinstance(
            refusal(call, world, one, DELEGATE, u=user(world, whom), f=start, t=end), errors.BadDelegation
        )
    hat = delegated(world, one, "er4")
    member(world, "san4")
    onward = refusal(call, world, hat, DELEGATE, u=user(world, "san4"), f=TODAY, t=LATER)
    assert isinstance(onward, errors.NotAllowed)


@pytest.mark.parametrize("ends", ["recalled", "principal left", "delegate left"])
def test_a_delegation_ends_at_once(world: World, body: Body, ends: str) -> None:
    number = ["recalled", "principal left", "delegate left"].index(ends)
    one = member(world, f"yi5{number}")
    member(world, f"er5{number}")
    hat = delegated(world, one, f"er5{number}")
    assert alive(world, hat)
    if ends == "recalled":
        call(world, one, "SELECT delegation_end(id) FROM delegations()")
    else:
        whose = f"yi5{number}" if ends == "principal left" else f"er5{number}"
        account = world.value("SELECT id FROM account WHERE user_id = :u AND delegated_from IS NULL",
                              u=user(world, whose))  # fmt: skip
        call(world, world.identity("sys"), "SELECT admin_end(:a)", a=account)
    assert not alive(world, hat)
    left = (
        "SELECT count(*) FROM account WHERE delegated_from IS NOT NULL AND user_id = :u AND ended_on > kernel_today()"
    )
    assert world.value(left, u=user(world, f"er5{number}")) == 0


# -- what the engine writes ----------------------------------------------------------------------------------------

TASK = ("INSERT INTO task (application_id, stage, code, role, unit_id, state, scope_path)"
        " SELECT :c, 9, 'x', 'source_unit', scope_number(6), 'open', :s")  # fmt: skip


def denied(world: World, who: Identity, statement: str, **values: Any) -> bool:
    with pytest.raises((DBAPIError, errors.DomainError)) as found:
        call(world, who, statement, **values)
    error = found.value
    return isinstance(error, errors.NotAllowed) or getattr(getattr(error, "orig", None), "sqlstate", "") == "42501"


def test_a_clerk_cannot_open_a_foreign_case_by_a_task_of_its_own(world: World, body: Body) -> None:
    stranger = world.body("外人局")
    case = world.recruit(body, facts=person("别人的"))
    for path in (body.scope_path, stranger.scope_path):
        assert denied(world, world.clerk(stranger), TASK, c=case, s=path)
    note = ("INSERT INTO application_event (application_id, kind, user_id, operator, side, scope_path)"
            " VALUES (:c, 'approve', scope_number(1), '我', '办理部门', :s)")  # fmt: skip
    assert denied(world, world.clerk(stranger), note, c=case, s=body.scope_path)


@pytest.mark.parametrize(
    "change",
    ["unit_id = unit_id + 1", "scope_path = '4406'", "scope_path = scope_path || '.0001'",
     "process_version_id = process_version_id + 1", "process = 'retire'", "office_id = 1", "created_by = 1",
     "personnel_class = 'public'"],
)  # fmt: skip
def test_a_case_stays_where_it_was_begun(world: World, body: Body, change: str) -> None:
    case = world.recruit(body, facts=person("不动的"))
    assert denied(world, world.clerk(body), f"UPDATE application SET {change} WHERE id = :c", c=case)


@pytest.mark.parametrize("change", ["application_id = 1", "unit_id = 1", "office_id = 1", "scope_path = '4406'"])
def test_a_task_stays_with_its_case_and_side(world: World, body: Body, change: str) -> None:
    case = world.recruit(body, facts=person("任务的"))
    assert denied(world, world.clerk(body), f"UPDATE task SET {change} WHERE application_id = :c", c=case)


def test_a_case_is_begun_for_the_own_side_under_the_own_name(world: World, body: Body) -> None:
    stranger = world.body("冒名局")
    begun = ("INSERT INTO application (process, process_version_id, unit_id, office_id, scope_path, title, state,"
             " created_by) SELECT 'recruit', id, :u, :o, :s, '件', 'draft', {by} FROM process_version"
             " WHERE process = 'recruit'")  # fmt: skip
    mine = begun.format(by="scope_number(1)::int")
    who = world.clerk(stranger)
    own = stranger.scope_path
    assert denied(world, who, mine, u=body.id, o=None, s=own)
    assert denied(world, who, mine, u=stranger.id, o=None, s=body.scope_path)
    assert denied(world, who, mine, u=stranger.id, o=1, s=own)
    assert denied(world, who, begun.format(by="1"), u=stranger.id, o=None, s=own)
    call(world, who, mine, u=stranger.id, o=None, s=own)
