"""The main job: a person enters, moves and leaves; the last seat is given once."""

import datetime as dt

import pytest

from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.people import facts_of
from app.workflow import due, engine
from tests.world import World, person

TODAY = city_today()


def test_a_person_enters_on_arrival_and_the_figures_change_at_once(world: World) -> None:
    body = world.body("甲局", quotas={"11": 5}, people={"11": 3})
    case = world.recruit(body)
    assert world.figures(body.line) == (5, 3, 0)
    world.decide(world.office("establishment"), case, "establishment")
    assert world.figures(body.line) == (5, 3, 1)
    world.decide(world.office("organisation"), case, "personnel")
    assert world.state(case) == "awaiting"
    world.arrive(world.clerk(body), case, TODAY)
    assert world.state(case) == "done"
    assert world.figures(body.line) == (5, 4, 0)


def test_the_last_seat_is_reserved_once(world: World) -> None:
    body = world.body("乙局", quotas={"11": 1})
    first, second = world.recruit(body), world.recruit(body)
    world.decide(world.office("establishment"), first, "establishment")
    with pytest.raises(errors.QuotaExhausted) as refusal:
        world.decide(world.office("establishment"), second, "establishment")
    assert refusal.value.facts["authorised"] == 1
    assert world.state(second) == "running"
    assert world.value("SELECT count(*) FROM alarm WHERE case_id = :c AND rule = 'AL01'", c=second) == 1


def test_a_rejection_releases_the_seat_and_a_return_keeps_it(world: World) -> None:
    body = world.body("丙局", quotas={"11": 2})
    rejected, returned = world.recruit(body), world.recruit(body)
    for case in (rejected, returned):
        world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("organisation"), returned, "personnel", "return", "材料不齐")
    assert world.figures(body.line) == (2, 0, 2)
    world.decide(world.office("organisation"), rejected, "personnel", "reject", "不符合条件")
    assert world.figures(body.line) == (2, 0, 1)
    assert world.state(rejected) == "rejected"


def test_a_returned_case_corrected_in_its_facts_is_decided_again_by_all(world: World) -> None:
    body = world.body("丁局", quotas={"11": 2})
    who, wanted = world.clerk(body), person("改正前")
    case = world.recruit(body, facts=wanted)
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("organisation"), case, "personnel", "return", "姓名有误")
    with world.database.transaction(who) as session:
        facts = {**facts_of(person("改正后", id_number=wanted.id_number), world.keys), "line": body.line}
        engine.submit(session, case, facts=facts, person_id=None, person_name="改正后", effective_on=None)
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"
    assert world.figures(body.line) == (2, 0, 1)


def test_a_transfer_corrected_after_the_consent_goes_back_to_the_unit_that_consented(world: World) -> None:
    """Its consent was to other facts: without a new one the kernel would never move the person."""
    source = world.body("原单位局", quotas={"11": 2}, people={"11": 1})
    target = world.body("新单位局", quotas={"11": 2, "12": 2})
    who, clerk = source.people[0], world.clerk(target)
    facts = {"person": who, "line": target.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(clerk, target, "transfer", facts, name="调", effective_on=TODAY)
    world.decide(world.clerk(source), case, "source_unit")
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("organisation"), case, "personnel", "return", "编制类型有误")
    with world.database.transaction(clerk) as session:
        engine.submit(session, case, facts=facts | {"line": target.lines["12"]}, person_id=None, person_name="调",
                      effective_on=TODAY)  # fmt: skip
    assert world.figures(target.line) == (2, 0, 0)
    world.decide(world.clerk(source), case, "source_unit")
    world.approve_recruit(case)
    assert world.state(case) == "done"
    assert world.figures(target.lines["12"]) == (2, 1, 0)


def test_a_transfer_sent_in_again_unchanged_keeps_every_approval_but_the_one_that_returned(world: World) -> None:
    source, target = world.body("不变原局", people={"11": 1}), world.body("不变新局", quotas={"11": 1})
    facts = {"person": source.people[0], "line": target.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="调", effective_on=TODAY)
    world.decide(world.clerk(source), case, "source_unit")
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("organisation"), case, "personnel", "return", "补材料")
    assert world.figures(target.line) == (1, 0, 1)
    with world.database.transaction(world.clerk(target)) as session:
        engine.submit(session, case, facts=facts, person_id=None, person_name="调", effective_on=TODAY)
    world.decide(world.office("organisation"), case, "personnel")
    assert world.state(case) == "done"


def test_a_task_is_handed_to_an_active_colleague_of_the_same_office_only(world: World) -> None:
    body = world.body("转办局")
    case = world.recruit(body)
    world.office("establishment", username="colleague")
    world.office("organisation")
    task = world.task(case, "establishment")
    users = {name: world.value("SELECT id FROM ab_user WHERE username = :n", n=name)
             for name in ("colleague", "organisation440600")}  # fmt: skip

    def hand(to: str) -> None:
        with world.database.transaction(world.office("establishment")) as session:
            engine.hand_over(session, task, users[to])

    hand("colleague")
    assert world.value("SELECT assignee_id FROM task WHERE id = :t", t=task) == users["colleague"]
    with pytest.raises(errors.NotAllowed):
        hand("organisation440600")
    with world.owner.begin() as connection:
        connection.exec_driver_sql(f"UPDATE ab_user SET active = false WHERE id = {users['colleague']}")
    with pytest.raises(errors.NotAllowed):
        hand("colleague")


def test_a_transfer_moves_the_seat_in_one_step_and_keeps_the_citys_total(world: World) -> None:
    source = world.body("戊局", quotas={"11": 3}, people={"11": 3})
    target = world.body("己局", quotas={"11": 3}, people={"11": 1})
    mover = source.people[0]
    facts = {"person": mover, "line": target.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="调动人", effective_on=TODAY)
    world.decide(world.clerk(source), case, "source_unit")
    world.approve_recruit(case)
    assert world.state(case) == "done"
    assert world.figures(source.line) == (3, 2, 0)
    assert world.figures(target.line) == (3, 2, 0)
    assert world.value("SELECT unit_id FROM person WHERE id = :p", p=mover) == target.id


def test_retirement_frees_the_seat(world: World) -> None:
    body = world.body("庚局", quotas={"11": 2}, people={"11": 2})
    facts = {"person": body.people[0], "end": TODAY.isoformat(), "reason": "31"}
    case = world.submit(world.clerk(body), body, "retire", facts, person_id=body.people[0], effective_on=TODAY)
    world.approve_recruit(case)
    assert world.state(case) == "done"
    assert world.figures(body.line) == (2, 1, 0)


def test_a_person_is_in_one_running_entry_only(world: World) -> None:
    one, other = world.body("辛局"), world.body("壬局")
    wanted = person()
    world.recruit(one, facts=wanted)
    with pytest.raises(errors.RunningCase):
        world.recruit(other, facts=wanted)


def test_nobody_enters_a_line_over_its_quota_and_an_exit_seats_a_surplus_holder(world: World) -> None:
    body = world.body("癸局", quotas={"11": 2}, people={"11": 4})
    assert world.figures(body.line) == (2, 4, 0)
    assert world.value("SELECT count(*) FROM post WHERE line_id = :l AND surplus", l=body.line) == 2
    assert (
        world.value("SELECT count(*) FROM alarm WHERE line_id = :l AND standing AND state = 'open'", l=body.line) == 1
    )
    with pytest.raises(errors.CheckFailed):
        world.recruit(body)
    leaver = world.value(
        "SELECT o.person_id FROM occupancy o JOIN post p ON p.id = o.post_id WHERE p.line_id = :l AND p.number = 1"
        " AND o.recorded_to IS NULL", l=body.line)  # fmt: skip
    facts = {"person": leaver, "end": TODAY.isoformat(), "reason": "31"}
    retire = world.submit(world.clerk(body), body, "retire", facts, person_id=leaver, effective_on=TODAY)
    world.approve_recruit(retire)
    assert world.figures(body.line) == (2, 3, 0)
    assert world.value(
        "SELECT count(*) FROM post WHERE line_id = :l AND surplus AND status = 'occupied'", l=body.line) == 1  # fmt: skip


def test_who_filed_a_case_may_not_decide_it(world: World) -> None:
    body = world.body("子局")
    both = world.account("twohats", "unit_clerk", unit=body.id)
    desk = world.account("twohats", "office_member", office=("establishment", "440600"))
    case = world.recruit(body, who=world.identity("twohats", both))
    with pytest.raises(errors.SelfApproval):
        world.decide(world.identity("twohats", desk), case, "establishment")


def test_a_withdrawn_case_gives_its_seat_back(world: World) -> None:
    body = world.body("丑局", quotas={"11": 1})
    case = world.recruit(body)
    world.decide(world.office("establishment"), case, "establishment")
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, case)
    assert world.figures(body.line) == (1, 0, 0)
    assert world.state(case) == "withdrawn"


def test_a_transfer_of_a_later_day_waits_for_it_and_the_job_posts_it_under_its_true_date(world: World) -> None:
    source = world.body("寅局", quotas={"11": 2}, people={"11": 2})
    target = world.body("卯局", quotas={"11": 2})
    tomorrow = TODAY + dt.timedelta(days=1)
    facts = {"person": source.people[0], "line": target.line, "department": None, "start": tomorrow.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="明日", effective_on=tomorrow)
    world.decide(world.clerk(source), case, "source_unit")
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"
    assert world.figures(target.line) == (2, 0, 1)
    with world.database.transaction(world.service("svc-worker")) as session:
        assert case not in due.due_cases(session)
    # A day passes: the case's own day is moved instead of the clock.
    with world.superuser.begin() as connection:
        connection.exec_driver_sql(f"UPDATE application SET effective_on = '{TODAY}' WHERE id = {case}")
    with world.database.transaction(world.service("svc-worker")) as session:
        assert case in due.due_cases(session)
    with pytest.raises(errors.FutureEffect), world.database.transaction(world.service("svc-worker")) as session:
        due.effect_due(session, case)
    assert world.state(case) == "awaiting"
    assert world.figures(source.line) == (2, 2, 0)
