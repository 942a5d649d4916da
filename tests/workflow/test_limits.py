"""办理时限: counted in working days of the calendar, not while the clock stands still; red goes to the head, once."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.domain.workdays import add_workdays, workdays_spent
from app.workflow import due, engine
from tests.ledger.steps import TODAY, ago, call
from tests.security.conftest import Client
from tests.world import Body, World

SPENT = "SELECT spent, allowed FROM time_record WHERE application_id = :c AND task_id IS NULL"


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """A calendar of its own: every day of the last months and the next ones is worked, but for one week ahead."""
    with world.superuser.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO working_day ("on", worked) SELECT kernel_today() + n, n NOT BETWEEN 2 AND 8'
                ' FROM generate_series(-120, 120) n ON CONFLICT ("on") DO UPDATE SET worked = excluded.worked'
            )
        )
    made = world.body("时限局", quotas={"11": 60}, people={"11": 2}, start=ago(400))
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("touer", "office_head", office=("establishment", "440600"))
    world.account("jingban", "office_member", office=("establishment", "440600"))
    return made


def back(world: World, case: int, days: int) -> None:
    """As if the case had been submitted so many days ago."""
    with world.superuser.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(
            text("UPDATE application SET submitted_at = submitted_at - make_interval(days => :n),"
                 " still_since = still_since - :n WHERE id = :c"), {"n": days, "c": case})  # fmt: skip
        connection.execute(
            text("UPDATE task SET opened_at = opened_at - make_interval(days => :n) WHERE application_id = :c"),
            {"n": days, "c": case},
        )
        connection.execute(text("SET session_replication_role = origin"))
        connection.execute(text("UPDATE application SET still = still WHERE id = :c"), {"c": case})
        connection.execute(
            text("UPDATE task SET still = still WHERE application_id = :c AND state = 'open'"), {"c": case}
        )


def submit_again(world: World, body: Body, case: int) -> None:
    with world.database.transaction(world.clerk(body)) as session:
        facts = session.execute(text("SELECT facts::jsonb || '{\"id_cipher\": \"00\"}' FROM case_record WHERE case_id = :c"),
                                {"c": case}).scalar_one()  # fmt: skip
        engine.submit(session, case, facts=facts, person_id=None, person_name="改", effective_on=None)


def test_a_case_and_its_tasks_end_on_the_promised_working_day(world: World, body: Body) -> None:
    case = world.recruit(body)
    promised, statutory, until, by_law = world.row(
        "SELECT promised_days, statutory_days, due_on, statutory_on FROM application WHERE id = :c", c=case)  # fmt: skip
    calendar = {TODAY + dt.timedelta(n): not 2 <= n <= 8 for n in range(-120, 121)}
    assert 0 < promised <= statutory
    assert (until, by_law) == (add_workdays(TODAY, promised, calendar), add_workdays(TODAY, statutory, calendar))
    for days, on in world.superuser.connect().execute(
        text("SELECT days, due_on FROM task WHERE application_id = :c"), {"c": case}
    ):
        assert on == add_workdays(TODAY, days, calendar)


def test_nobody_writes_a_deadline_of_his_own(world: World, body: Body) -> None:
    case = world.recruit(body)
    for who in (world.clerk(body), world.office("establishment")):
        for change in (
            "due_on = due_on + 90",
            "days = 90",
            "escalated_at = NULL",
            "still = '{[2000-01-01,2090-01-01)}'",
        ):
            with pytest.raises(Exception, match="permission denied"):
                call(world, who, f"UPDATE task SET {change} WHERE application_id = :c", c=case)
        for change in ("due_on = due_on + 90", "promised_days = 90", "still = '{[2000-01-01,2090-01-01)}'"):
            with pytest.raises(Exception, match="permission denied"):
                call(world, who, f"UPDATE application SET {change} WHERE id = :c", c=case)


def test_the_clock_stands_still_while_the_applicant_corrects(world: World, body: Body) -> None:
    case = world.recruit(body)
    world.decide(world.office("establishment"), case, "establishment", "return", "补正")
    back(world, case, 10)
    assert world.value("SELECT still_since FROM application WHERE id = :c", c=case) == ago(10)
    before = world.value("SELECT due_on FROM task WHERE application_id = :c AND code = 'personnel'", c=case)
    submit_again(world, body, case)
    still, since, until = world.row("SELECT still::text, still_since, due_on FROM application WHERE id = :c", c=case)
    assert since is None
    assert still == f"{{[{ago(9)},{TODAY + dt.timedelta(1)})}}"
    # Both the case and the task that stood open beside it have all their days before them.
    days = world.value("SELECT promised_days FROM application WHERE id = :c", c=case)
    calendar = {TODAY + dt.timedelta(n): not 2 <= n <= 8 for n in range(-120, 121)}
    assert until == add_workdays(TODAY, days, calendar)
    assert (
        before
        < TODAY
        < world.value(
            "SELECT due_on FROM task WHERE application_id = :c AND code = 'personnel' AND state = 'open'", c=case
        )
    )
    world.decide(world.office("organisation"), case, "personnel")
    assert world.value("SELECT spent FROM time_record r JOIN task t ON t.id = r.task_id WHERE r.application_id = :c"
                       " AND t.code = 'personnel'", c=case) == 0  # fmt: skip


def test_what_a_case_took_ends_with_the_last_decision_and_not_with_the_arrival(world: World, body: Body) -> None:
    case = world.recruit(body)
    back(world, case, 5)
    world.approve_recruit(case)
    days = world.value("SELECT promised_days FROM application WHERE id = :c", c=case)
    assert world.row(SPENT, c=case) == (5, days)
    world.arrive(world.clerk(body), case, TODAY)
    assert world.row(SPENT, c=case) == (5, days)
    assert world.value("SELECT count(*) FROM time_record WHERE application_id = :c", c=case) == 3
    gone = world.recruit(body)
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, gone)
    assert world.value("SELECT count(*) FROM time_record WHERE application_id = :c", c=gone) == 0


def test_days_of_a_period_are_counted_alike_in_python_and_in_the_kernel(world: World, body: Body) -> None:
    calendar = {TODAY + dt.timedelta(n): not 2 <= n <= 8 for n in range(-120, 121)}
    asked: tuple[tuple[int, int, list[tuple[int, int]]], ...] = (
        (0, 20, []), (-5, 3, []), (0, 0, []), (-3, 15, [(0, 10), (12, 13)]),
    )  # fmt: skip
    for start, end, still in asked:
        first, last = TODAY + dt.timedelta(start), TODAY + dt.timedelta(end)
        spans = [(TODAY + dt.timedelta(a), TODAY + dt.timedelta(b)) for a, b in still]
        named = "{" + ",".join(f"[{a},{b})" for a, b in spans) + "}"
        kernel = world.value("SELECT k_spent(:a, :b, cast(:s AS datemultirange))", a=first, b=last, s=named)
        assert kernel == workdays_spent(first, last, calendar, spans)


def escalate(world: World, who: Identity | None = None) -> int:
    return due.escalate(world.database, who or world.service("svc-worker"))


def test_what_is_red_goes_to_the_head_once_and_first(world: World, body: Body, client: Callable[..., Client]) -> None:
    late, calm, still = world.recruit(body), world.recruit(body), world.recruit(body)
    for case in (late, still):
        back(world, case, 30)
    world.decide(world.office("organisation"), still, "personnel", "return", "补正")
    assert escalate(world) >= 2  # both offices of the one; the other waits for its applicant
    assert escalate(world) == 0
    query = "SELECT count(*) FROM task WHERE application_id = :c AND escalated_at IS NOT NULL"
    assert [world.value(query, c=c) for c in (late, calm, still)] == [2, 0, 0]
    assert world.value("SELECT count(*) FROM application_event WHERE kind = 'escalated' AND application_id = :c",
                       c=late) == 2  # fmt: skip
    head = client("touer")
    assert "view=escalated" in head.get("/").get_data(as_text=True)
    page = head.get("/queue").get_data(as_text=True)
    assert page.index(f"/case/{late}") < page.index(f"/case/{calm}")
    shown = head.get("/queue?view=escalated").get_data(as_text=True)
    assert f"/case/{late}" in shown
    assert f"/case/{calm}" not in shown
    assert "已超时限" in head.get(f"/case/{late}").get_data(as_text=True)
    with pytest.raises(errors.NotAllowed):
        escalate(world, world.office("establishment"))


def test_queue_home_list_and_case_tell_amber_from_red(world: World, body: Body, client: Callable[..., Client]) -> None:
    red, amber = world.recruit(body), world.recruit(body)
    back(world, red, 60)
    days = world.value("SELECT promised_days FROM application WHERE id = :c", c=amber)
    back(world, amber, days)
    assert world.value("SELECT due_on FROM application WHERE id = :c", c=amber) == TODAY

    def around(page: str, case: int) -> str:
        at = page.rindex(f"/case/{case}")
        return page[max(0, at - 600) : at + 900]

    member, unit = client("jingban"), client("clerk")
    for page in (member.get("/list/cases"), unit.get("/list/cases")):
        shown = page.get_data(as_text=True)
        assert "bz-red" in around(shown, red)
        assert "bz-amber" in around(shown, amber)
    for user, path in (
        (member, "/queue"),
        (member, "/"),
        (unit, "/"),
        (unit, f"/case/{red}"),
        (member, f"/case/{red}"),
    ):
        assert "bz-red" in user.get(path).get_data(as_text=True), path
    assert "bz-amber" in unit.get(f"/case/{amber}").get_data(as_text=True)


def test_a_task_handed_to_a_colleague_who_is_away_is_the_offices_again(world: World, body: Body) -> None:
    case, office = world.recruit(body), world.office("establishment")
    task = world.task(case, "establishment")
    away = world.account("likai", "office_member", office=("establishment", "440600"))
    user: Any = world.value("SELECT user_id FROM account WHERE id = :a", a=away)
    with world.database.transaction(office) as session:
        engine.hand_over(session, task, user)
    absent = world.identity("likai")
    colleague = world.value("SELECT user_id FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username = 'jingban'"
                            " LIMIT 1")  # fmt: skip
    call(world, absent, "SELECT delegate(:u, :f, :t, '出差')", u=colleague, f=TODAY, t=TODAY + dt.timedelta(5))
    assert world.value("SELECT assignee_id FROM task WHERE id = :t", t=task) is None
    # Nor is anything handed to the absent one while the deputy stands in.
    with pytest.raises(errors.NotAllowed), world.database.transaction(office) as session:
        engine.hand_over(session, task, user)
