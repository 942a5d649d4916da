"""Each step tells those whom it concerns, and nobody else; what is dealt with waits for nobody any more."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.domain.workdays import city_today
from app.queries import notices
from app.workflow import due, engine
from tests.security.conftest import Client
from tests.world import World

TODAY = city_today()


def told(world: World, who: Identity, case: int, *, unread: bool = True) -> list[str]:
    """The kinds of notices about a case that wait for an identity, the oldest first."""
    with world.database.transaction(who) as session:
        rows = notices.page(session, unread=unread, limit=500)
    return [r.kind for r in reversed(rows) if r.case_id == case]


def test_a_new_task_tells_each_office_and_its_decision_settles_it_for_all_members(world: World) -> None:
    body = world.body("告知局")
    case = world.recruit(body)
    office, colleague = world.office("establishment"), world.office("establishment", username="colleague")
    assert told(world, office, case) == told(world, colleague, case) == told(world, world.office("organisation"), case)
    assert told(world, office, case) == ["task"]
    assert told(world, world.office("establishment", "440604"), case, unread=False) == []
    assert told(world, world.clerk(body), case) == []
    world.decide(office, case, "establishment")
    assert told(world, colleague, case) == []
    assert told(world, colleague, case, unread=False) == ["task"]
    assert told(world, world.office("organisation"), case) == ["task"]


def test_the_applicant_hears_of_a_return_with_its_reason_until_it_is_corrected(world: World) -> None:
    body = world.body("退回局")
    clerk, case = world.clerk(body), world.recruit(body)
    world.decide(world.office("establishment"), case, "establishment", "return", "学历证明缺失")
    assert told(world, clerk, case) == ["returned"]
    with world.database.transaction(clerk) as session:
        assert next(r.why for r in notices.page(session, unread=True) if r.case_id == case) == "学历证明缺失"
        facts = session.execute(text("SELECT facts FROM case_record WHERE case_id = :c"), {"c": case}).scalar_one()
        assert "学历证明缺失" not in facts
        engine.withdraw(session, case)
    assert told(world, clerk, case) == []
    assert told(world, world.office("organisation"), case) == []


def test_an_approval_asks_for_the_arrival_and_the_effect_is_told(world: World) -> None:
    body = world.body("报到局")
    clerk, case = world.clerk(body), world.recruit(body)
    world.approve_recruit(case)
    assert told(world, clerk, case) == ["confirm_arrival"]
    world.arrive(clerk, case, TODAY)
    assert told(world, clerk, case) == ["effected"]
    other = world.recruit(body)
    world.decide(world.office("organisation"), other, "personnel", "reject", "不符合条件")
    assert told(world, clerk, other) == ["rejected"]
    assert told(world, world.office("establishment"), other) == []


def test_what_is_approved_for_a_later_day_is_told_once_and_again_on_its_day(world: World) -> None:
    body = world.body("后效局", people={"11": 1}, start=dt.date(2015, 1, 1))
    tomorrow = TODAY + dt.timedelta(days=1)
    facts = {"person": body.people[0], "end": tomorrow.isoformat(), "reason": "31"}
    case = world.submit(world.clerk(body), body, "retire", facts, person_id=body.people[0], effective_on=tomorrow)
    world.approve_recruit(case)
    assert told(world, world.clerk(body), case) == ["approved"]


def test_a_stopped_clock_tells_the_applicant_and_the_answer_the_office(world: World) -> None:
    body = world.body("停钟局")
    clerk, office, case = world.clerk(body), world.office("establishment"), world.recruit(body)

    def say(verdict: str) -> None:
        with world.database.transaction(office) as session:
            engine.decide(session, world.task(case, "establishment"), verdict=verdict, opinion="请补学历证明")

    say("request_papers")
    assert told(world, clerk, case) == ["papers_requested"]
    with world.database.transaction(clerk) as session:
        engine.answer(session, case, "已补")
    assert (told(world, clerk, case), told(world, office, case)) == ([], ["task", "papers_answered"])
    say("suspend")
    assert told(world, clerk, case) == ["suspended"]
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE task SET due_on = kernel_today() WHERE application_id = :c"), {"c": case})
    due.tell_amber(world.database, world.service("svc-worker"))
    assert "amber" not in told(world, office, case)
    say("resume")
    assert told(world, clerk, case) == ["resumed"]


def test_a_return_to_an_earlier_stage_tells_that_stage_and_not_the_applicant(world: World) -> None:
    source, target = world.body("退源局", people={"11": 1}), world.body("退入局", quotas={"11": 1})
    facts = {"person": source.people[0], "line": target.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="调", effective_on=TODAY)
    world.decide(world.clerk(source), case, "source_unit")
    with world.database.transaction(world.office("establishment")) as session:
        engine.decide(session, world.task(case, "establishment"), verdict="return", opinion="请调出单位重新出具意见",
                      to="调出单位意见")  # fmt: skip
    assert told(world, world.clerk(target), case, unread=False) == []
    assert told(world, world.clerk(source), case) == ["task"]
    assert told(world, world.office("organisation"), case) == []


def test_a_first_signature_tells_the_head_until_it_is_taken_back(world: World) -> None:
    body = world.body("会签局")
    case, member = world.recruit(body), world.office("establishment")
    head = world.identity("head", world.account("head", "office_head", office=("establishment", "440600")))
    world.decide(world.office("organisation"), case, "personnel")
    for first in ("(SELECT max(id) FROM decision WHERE case_id = :c)", "NULL"):
        with world.superuser.begin() as connection:
            connection.execute(text("ALTER TABLE task DISABLE TRIGGER guard_task"))  # no process here asks for two
            connection.execute(text(f"UPDATE task SET first_decision_id = {first} WHERE application_id = :c"
                                    " AND state = 'open'"), {"c": case})  # fmt: skip
            connection.execute(text("ALTER TABLE task ENABLE TRIGGER guard_task"))
        waiting = ["task"] if first == "NULL" else ["task", "countersign"]
        assert (told(world, head, case), told(world, member, case)) == (waiting, ["task"])


def second_for_the_last_seat(world: World, name: str) -> int:
    """A case that came too late: the last seat of its line is reserved for another."""
    body = world.body(name, quotas={"11": 1})
    first, second = world.recruit(body), world.recruit(body)
    world.decide(world.office("establishment"), first, "establishment")
    return second


def test_a_step_that_is_rolled_back_tells_nobody(world: World) -> None:
    case = second_for_the_last_seat(world, "满编局")
    before = world.value("SELECT count(*) FROM notice WHERE kind <> 'alarm'")
    with pytest.raises(errors.QuotaExhausted):
        world.decide(world.office("establishment"), case, "establishment")
    assert world.value("SELECT count(*) FROM notice WHERE kind <> 'alarm'") == before
    assert told(world, world.office("establishment"), case) == ["task", "alarm"]


def test_what_is_pressed_twice_on_a_full_line_is_one_alarm_that_counts_and_one_notice(world: World) -> None:
    case, office = second_for_the_last_seat(world, "两按局"), world.office("establishment")
    for _time in range(3):
        with pytest.raises(errors.QuotaExhausted):
            world.decide(office, case, "establishment")
    times, last, raised = world.row("SELECT times, last_at, raised_at FROM alarm WHERE case_id = :c", c=case)
    assert times == 3
    assert last > raised
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'refusal' AND case_id = :c", c=case) == 3
    assert told(world, office, case) == ["task", "alarm"]
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE alarm SET state = 'handled' WHERE case_id = :c"), {"c": case})
    assert told(world, office, case) == ["task"]


def test_a_task_handed_over_tells_that_colleague_alone_and_comes_back_when_the_colleague_leaves(world: World) -> None:
    body = world.body("转交局")
    case, office = world.recruit(body), world.office("establishment")
    to, third = (world.office("establishment", username=name) for name in ("receiver", "third"))
    user = world.value("SELECT id FROM ab_user WHERE username = 'receiver'")
    with world.database.transaction(office) as session:
        engine.hand_over(session, world.task(case, "establishment"), user)
    assert (told(world, to, case), told(world, third, case), told(world, office, case)) == (["handed_over"], [], [])
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE task SET assignee_id = NULL WHERE application_id = :c AND assignee_id = :u"),
                           {"c": case, "u": user})  # fmt: skip
    assert (told(world, third, case), told(world, to, case)) == (["task"], ["task"])


def test_a_task_near_its_end_is_told_once_by_the_job_and_only_by_the_job(world: World) -> None:
    body = world.body("临期局")
    late, calm, office = world.recruit(body), world.recruit(body), world.office("establishment")
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE task SET due_on = kernel_today() WHERE application_id = :c"), {"c": late})
        connection.execute(text("UPDATE task SET due_on = kernel_today() + 40 WHERE application_id = :c"), {"c": calm})
    for run in range(2):
        assert due.tell_amber(world.database, world.service("svc-worker")) >= 1 - run
    assert told(world, office, late) == ["task", "amber"]
    assert told(world, office, calm) == ["task"]
    with pytest.raises(errors.NotAllowed):
        due.tell_amber(world.database, office)


def test_the_bell_counts_opening_reads_and_all_read_leaves_what_came_since(
    world: World, client: Callable[..., Client]
) -> None:
    body = world.body("铃声局")
    world.account("reader", "office_member", office=("establishment", "440605"))
    world.account("clerk", "unit_clerk", unit=body.id)
    district = world.body("区铃局", region="440605")
    first, second = world.recruit(district), world.recruit(district)
    user = client("reader")
    page = user.get("/inbox").get_data(as_text=True)
    assert '<span class="bz-count">2</span></a>' in page
    newest = world.value("SELECT max(id) FROM notice WHERE case_id = :c AND office_id IS NOT NULL AND kind = 'task'"
                         " AND side = (SELECT 'o' || id FROM office WHERE kind = 'establishment' AND region_code = '440605')",
                         c=first)  # fmt: skip
    answer = user.post(f"/inbox/{newest}")
    assert answer.location == f"/case/{first}"
    page = user.get("/inbox?view=unread").get_data(as_text=True)
    assert f"/inbox/{newest}" not in page
    assert '<span class="bz-count">1</span></a>' in page
    shown = world.value("SELECT max(id) FROM notice")
    third = world.recruit(district)
    assert user.post("/inbox/read", {"upto": str(shown)}).status_code == 302
    page = user.get("/inbox?view=unread").get_data(as_text=True)
    assert f"/inbox/{newest}" not in page
    assert page.count('action="/inbox/') - page.count('action="/inbox/read"') == 1
    assert '<span class="bz-count">1</span></a>' in page
    assert world.state(second) == world.state(third) == "running"
    foreign = client("clerk")
    foreign.get("/inbox")
    assert foreign.post(f"/inbox/{newest}").status_code == 404
    assert world.value("SELECT count(*) FROM notice_read") == 1
    for bad in ("?view=x", "?after=x", "?after=9" + "9" * 20, "?kind=x", "?page=2"):
        assert foreign.get(f"/inbox{bad}").status_code == 400, bad


def test_old_notices_go_when_settled_or_read_and_stay_while_they_wait(world: World) -> None:
    body = world.body("清理局")
    done, open_, read = (world.recruit(body) for _n in range(3))
    with world.database.transaction(world.clerk(body)) as session:
        engine.withdraw(session, done)
    with world.database.transaction(world.office("establishment")) as session:
        row = next(r for r in notices.page(session, unread=True) if r.case_id == read)
        assert notices.opened(session, row.id) is not None
    count = "SELECT count(*) FROM notice WHERE case_id = :c AND office_id = (SELECT id FROM office WHERE kind = 'establishment' AND region_code = '440600')"
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE notice SET at = now() - interval '91 days' WHERE case_id = ANY(:c)"),
                           {"c": [done, open_, read]})  # fmt: skip
        connection.execute(text("SELECT notices_purge(90)"))
    assert [world.value(count, c=c) for c in (done, open_, read)] == [0, 1, 0]


def test_alarms_are_listed_by_right_counted_by_rule_and_handled_with_a_word(
    world: World, client: Callable[..., Client]
) -> None:
    case = second_for_the_last_seat(world, "报警局")
    for _time in range(2):
        with pytest.raises(errors.QuotaExhausted):
            world.decide(world.office("establishment"), case, "establishment")
    alarm = world.value("SELECT id FROM alarm WHERE case_id = :c", c=case)
    surplus = world.body("超编报警局", quotas={"11": 1}, people={"11": 2})
    standing = world.value("SELECT id FROM alarm WHERE line_id = :l AND standing", l=surplus.line)
    world.account("keeper", "office_member", office=("establishment", "440600"))
    world.account("district", "office_member", office=("establishment", "440607"))
    world.account("cadres", "office_member", office=("organisation", "440600"))
    keeper, district, cadres = client("keeper"), client("district"), client("cadres")
    page = keeper.get("/alarms?rule=AL01&q=报警局").get_data(as_text=True)
    assert "2 次" in page
    assert f'href="/alarms/{alarm}"' in page
    assert 'value="handle"' in keeper.get(f"/alarms/{alarm}").get_data(as_text=True)
    assert 'value="handle"' not in keeper.get(f"/alarms/{standing}").get_data(as_text=True)
    assert "报警局" not in district.get("/alarms").get_data(as_text=True)
    for bad in ("view=x", "rule=AL99", "after=x", "page=2"):
        assert keeper.get(f"/alarms?{bad}").status_code == 400, bad
    keeper.get("/alarms")
    form, path = {"step": "handle", "note": "已约谈经办人"}, f"/alarms/{alarm}/act"
    assert district.get("/alarms").status_code == 200
    assert district.post(path, form).status_code == 404
    cadres.get("/alarms")
    assert cadres.post(path, form).status_code == 403
    assert keeper.post(path, {"step": "handle", "note": " "}).status_code == 422
    assert world.value("SELECT state FROM alarm WHERE id = :a", a=alarm) == "open"
    assert keeper.post(f"/alarms/{standing}/act", {"step": "handle", "note": "看过"}).status_code == 403
    assert keeper.post(path, form).status_code == 302
    assert keeper.post(path, form).status_code == 409
    assert world.row("SELECT state, handled_note FROM alarm WHERE id = :a", a=alarm) == ("handled", "已约谈经办人")
    assert "已约谈经办人" in keeper.get("/alarms?view=ended&rule=AL01").get_data(as_text=True)
    assert told(world, world.office("establishment"), case) == ["task"]
    with pytest.raises(errors.QuotaExhausted):  # tried again it is a new alarm
        world.decide(world.office("establishment"), case, "establishment")
    assert world.value("SELECT count(*) FROM alarm WHERE case_id = :c", c=case) == 2
