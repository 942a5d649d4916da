"""What is approved for a later day takes effect on it by itself; what then fails stays, and the office is told once."""

import datetime as dt

from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.workflow import due, engine
from tests.ledger.steps import ago, entered, findings, leave, refusal, reserved
from tests.world import Body, World

TODAY = city_today()
ALARMS = "SELECT count(*), min(state), min(code), min(operator) FROM alarm WHERE rule = 'AL27' AND case_id = :c"


def waiting(world: World, body: Body, who: int, day: dt.date) -> int:
    """A retirement approved by all and not yet posted, as a job finds it that did not run for some days."""
    facts = {"person": who, "end": day.isoformat(), "reason": "31"}
    tomorrow = TODAY + dt.timedelta(days=1)
    case = world.submit(world.clerk(body), body, "retire", facts, person_id=who, effective_on=tomorrow)
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE application SET effective_on = :d WHERE id = :c"), {"d": day, "c": case})
    return case


def run(world: World) -> dict[int, str | None]:
    job = due.post_due(world.database, world.service("svc-worker"))
    return {case: refusal and refusal.code for case, refusal in job}


def test_late_jobs_are_posted_in_the_order_of_their_days_under_their_true_days(world: World) -> None:
    body = world.body("迟到局", people={"11": 3}, start=ago(400))
    days = {p: ago(n) for p, n in zip(body.people, (2, 9, 5), strict=True)}
    cases = {waiting(world, body, p, day): day for p, day in days.items()}
    assert run(world) == dict.fromkeys(sorted(cases, key=lambda c: cases[c]), None)
    for who, day in days.items():
        assert world.value("SELECT ended_on FROM occupancy WHERE person_id = :p AND recorded_to IS NULL", p=who) == day
    assert {world.state(c) for c in cases} == {"done"}
    assert run(world) == {}


def test_what_fails_on_its_day_stays_approved_with_one_alarm_and_holds_no_other_back(world: World) -> None:
    body = world.body("未能生效局", people={"11": 2}, start=ago(400))
    early, other = body.people
    stuck, good = waiting(world, body, early, ago(3)), waiting(world, body, other, ago(2))
    # Meanwhile the facts became impossible: the person's seat begins later than the day of the exit.
    row = "UPDATE occupancy SET started_on = :d WHERE person_id = :p AND recorded_to IS NULL"
    was = world.value("SELECT started_on FROM occupancy WHERE person_id = :p AND recorded_to IS NULL", p=early)
    with world.superuser.begin() as connection:
        connection.execute(text(row), {"d": TODAY, "p": early})
    assert run(world) == {stuck: "before_entry", good: None}
    assert (world.state(stuck), world.state(good)) == ("awaiting", "done")
    assert world.figures(body.line) == (5, 1, 0)
    assert run(world) == {stuck: "before_entry"}
    count, state, code, operator = world.row(ALARMS, c=stuck)
    assert (count, state, code) == (1, "open", "before_entry")
    assert operator.startswith("svc-worker#")
    with world.database.transaction(world.office("establishment")) as session:
        seen = session.execute(text("SELECT count(*) FROM alarm WHERE rule = 'AL27' AND case_id = :c"), {"c": stuck})
        assert seen.scalar_one() == 1
    with world.superuser.begin() as connection:
        connection.execute(text(row), {"d": was, "p": early})
    assert run(world) == {stuck: None}
    assert world.row(ALARMS, c=stuck)[:2] == (1, "cleared")
    assert findings(world) == []


def test_a_stuck_case_that_is_withdrawn_ends_its_alarm(world: World) -> None:
    body = world.body("撤下局", people={"11": 1}, start=ago(400))
    case = waiting(world, body, body.people[0], ago(3000))
    assert run(world) == {case: "before_entry"}
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, case)
    assert world.row(ALARMS, c=case)[:2] == (1, "cleared")
    assert run(world) == {}


def test_a_database_error_without_a_name_of_ours_is_told_too(world: World) -> None:
    body = world.body("无名错局", people={"11": 2}, start=ago(400))
    broken, good = (waiting(world, body, p, ago(2)) for p in body.people)
    with world.superuser.begin() as connection:
        connection.execute(text(f"ALTER TABLE case_record ADD CONSTRAINT ck_odd CHECK (case_id <> {broken} OR"
                                " status <> 'effected')"))  # fmt: skip
    try:
        assert run(world) == {broken: "domain_error", good: None}
    finally:
        with world.superuser.begin() as connection:
            connection.execute(text("ALTER TABLE case_record DROP CONSTRAINT ck_odd"))
    assert world.row(ALARMS, c=broken)[:3] == (1, "open", "domain_error")
    assert run(world) == {broken: None}


def test_what_waits_for_an_arrival_is_never_posted_by_the_job(world: World) -> None:
    body = world.body("待报到局", start=ago(400))
    case = reserved(world, body)
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE application SET effective_on = :d WHERE id = :c"), {"d": ago(9), "c": case})
    assert case not in run(world)
    assert world.figures(body.line) == (5, 0, 1)


def test_every_refusal_by_a_rule_is_on_record_with_operator_and_case(world: World) -> None:
    """Those that raise an alarm as an alarm, the others in the audit."""
    body = world.body("记录局", quotas={"11": 1}, start=ago(400))
    who = entered(world, body, ago(50))
    case = world.submit(world.clerk(body), body, "leave", {"person": who, "end": str(ago(60)), "reason": "32"},
                        effective_on=ago(60))  # fmt: skip
    world.decide(world.office("establishment"), case, "establishment")
    assert isinstance(refusal(world.decide, world.office("organisation"), case, "personnel"), errors.BeforeEntry)
    operator, facts = world.row("SELECT operator, facts FROM audit_event WHERE kind LIKE 'refus%' AND"
                                " facts ->> 'case' = :c", c=str(case))  # fmt: skip
    assert operator.startswith("organisation440600#")
    assert facts["day"] == ago(50).isoformat()
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, case)
    leave(world, body, who)
