"""A case never hangs: what nobody can go on with is an alarm for the administrator, and can be routed anew."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.people import facts_of
from app.workflow import engine, rescue, versions
from tests.ledger.steps import file, review, seat
from tests.security.conftest import Client
from tests.workflow.trial import changed, publish
from tests.world import Body, World, person

TODAY = city_today()

Open = Callable[[str], Client]


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    stages = [{"name": "单位审核", "tasks": [{"code": "head", "role": "unit_head", "title": "单位负责人审核", "days": 2}]},
              {"name": "并联", "tasks": [
                  {"code": "establishment", "role": "establishment", "title": "核空编", "days": 3, "on_approve": "reserve"},
                  {"code": "personnel", "role": "personnel", "title": "审核人选", "days": 3}]}]  # fmt: skip
    publish(world, changed("recruit", "by_head", "CH", stages=stages))
    world.account("sysadmin", "system_admin")
    world.account("secadmin", "security_admin")
    return world.body("停滞局", quotas={"11": 20}, people={"11": 1})


def begun(world: World, body: Body, process: str = "recruit") -> int:
    wanted = person()
    filed = {**facts_of(wanted, world.keys), "line": body.line, "department": None}
    return world.submit(world.clerk(body), body, process, filed, name=wanted.name)


def watched(world: World) -> int:
    return rescue.watch(world.database, world.service("svc-worker"))


def seen(world: World, who: Identity) -> dict[int, str]:
    with world.database.transaction(who) as session:
        return {r.case_id: r.code for r in session.execute(text("SELECT * FROM stuck_cases()"))}


def rerouted(world: World, who: Identity, case: int, reason: str = "部门调整") -> None:
    with world.database.transaction(who, case_id=case) as session:
        session.execute(text("SELECT case_reroute(:c, :r, '10.0.0.9')"), {"c": case, "r": reason})


def stopped(world: World, username: str, active: bool = False) -> None:
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE ab_user SET active = :a WHERE username = :u"), {"a": active, "u": username})


def test_an_office_without_anybody_is_an_alarm_until_somebody_is_there(world: World, body: Body) -> None:
    keeper, admin = world.office("establishment"), world.identity("sysadmin")
    world.office("organisation")
    case = begun(world, body)
    watched(world)
    assert case not in seen(world, admin)
    stopped(world, "establishment440600")
    try:
        assert watched(world) >= 1
        assert watched(world) >= 1  # a second round tells nobody twice
        assert seen(world, admin)[case] == "no_members"
        assert world.value("SELECT count(*) FROM alarm WHERE case_id = :c AND rule = 'AL28'", c=case) == 1
        assert world.value("SELECT count(*) FROM notice WHERE case_id = :c AND duty = 'system_admin'", c=case) == 1
        with pytest.raises(errors.StillResponsible):
            rerouted(world, admin, case)
    finally:
        stopped(world, "establishment440600", active=True)
    watched(world)
    assert case not in seen(world, admin)
    world.decide(keeper, case, "establishment")


def test_what_was_handed_to_a_colleague_who_left_goes_back_to_the_office(world: World, body: Body) -> None:
    case = begun(world, body)
    world.office("establishment", username="leaver")
    user = world.value("SELECT id FROM ab_user WHERE username = 'leaver'")
    task = world.task(case, "establishment")
    with world.database.transaction(world.office("establishment")) as session:
        engine.hand_over(session, task, user)
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE account SET ended_on = :d WHERE user_id = :u"), {"d": TODAY, "u": user})
    watched(world)
    admin = world.identity("sysadmin")
    assert seen(world, admin)[case] == "assignee_left"
    assert seen(world, world.identity("secadmin"))[case] == "assignee_left"
    for who in (world.identity("secadmin"), world.clerk(body), world.office("establishment")):
        with pytest.raises(errors.NotFound):  # the system administrator's step, or the head's
            rerouted(world, who, case)
    with pytest.raises(errors.InvalidInput):
        rerouted(world, admin, case, reason=" ")
    rerouted(world, admin, case)
    assert world.value("SELECT assignee_id FROM task WHERE id = :t", t=task) is None
    watched(world)
    assert case not in seen(world, admin)
    query = "SELECT operator, opinion FROM application_event WHERE application_id = :c AND kind = 'rerouted'"
    assert world.row(query, c=case) == ("用sysadmin", "部门调整")
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'case.rerouted' AND facts ->> 'case' = :c",
                       c=str(case)) == 1  # fmt: skip


def test_an_office_of_which_only_the_filer_is_there_is_an_alarm(world: World, body: Body) -> None:
    """He decides nothing in what he filed, and nobody else is there to."""
    admin, facts = world.identity("sysadmin"), {"occupancy": seat(world, body.people[0]), "start": "2017-03-01"}
    world.office("establishment")
    case = file(world, "correction", facts | {"document_no": "佛编〔2026〕3号"}, about=body)
    watched(world)
    assert case not in seen(world, admin)
    with world.superuser.connect() as connection:
        others = list(connection.execute(text(
            "SELECT u.username FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active JOIN office o ON o.id = a.office_id"
            " WHERE o.kind = 'establishment' AND a.kind <> 'service' AND u.username <> 'filer440600'")).scalars())  # fmt: skip
    for name in others:
        stopped(world, name)
    try:
        watched(world)
        assert seen(world, admin)[case] == "no_members"
    finally:
        for name in others:
            stopped(world, name, active=True)
    review(world, case)
    watched(world)
    assert case not in seen(world, admin)


def test_a_healthy_case_is_no_administrators_to_move(world: World, body: Body) -> None:
    with pytest.raises(errors.NotFound):
        rerouted(world, world.identity("sysadmin"), begun(world, body))


def test_a_head_who_left_is_no_longer_waited_for_and_the_job_goes_on(world: World, body: Body) -> None:
    account = world.account("bodyhead", "unit_head", unit=body.id)
    case = begun(world, body, "by_head")
    assert world.value("SELECT code FROM task WHERE application_id = :c AND state = 'open'", c=case) == "head"
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE account SET ended_on = :d WHERE id = :a"), {"d": TODAY, "a": account})
    watched(world)
    assert seen(world, world.identity("sysadmin"))[case] == "no_members"
    rerouted(world, world.identity("sysadmin"), case)
    watched(world)
    world.approve_recruit(case)
    assert world.state(case) == "awaiting"


def test_a_heads_own_office_hands_on_what_is_not_its_any_more(world: World, body: Body) -> None:
    world.account("cadrehead", "office_head", office=("organisation", "440600"))
    case = begun(world, body)
    with world.owner.begin() as connection:  # from now on the city's 人社局 decides for this category
        connection.execute(text("UPDATE authority_rule SET decider = 'human_resources' WHERE category = '11'"))
    try:
        with world.database.transaction(world.identity("cadrehead"), case_id=case) as session:
            engine.reroute(session, case, reason="管理权限已调整")
        world.decide(world.office("human_resources"), case, "personnel")
    finally:
        with world.owner.begin() as connection:
            connection.execute(text("UPDATE authority_rule SET decider = 'organisation' WHERE category = '11'"))


def test_a_version_that_does_not_read_stops_its_cases_alone_and_loudly(world: World, body: Body) -> None:
    publish(world, changed("recruit", "spoilt", "CX"))
    case = begun(world, body, "spoilt")
    with world.superuser.begin() as connection:
        version = connection.execute(
            text("UPDATE process_version SET definition = cast(:d AS jsonb) WHERE process = 'spoilt' RETURNING id"),
            {"d": json.dumps({"family": "entry", "process": "spoilt"})},
        ).scalar_one()
    versions._parsed.pop((str(world.database.engine.url.database), version), None)
    with pytest.raises(errors.BadDefinition):
        world.decide(world.office("establishment"), case, "establishment")
    watched(world)
    assert "definition" in seen(world, world.identity("sysadmin"))[case]
    with world.database.transaction(world.clerk(body)) as session:
        assert "spoilt" not in versions.newest(session)
        assert "recruit" in versions.newest(session)


def test_the_administrators_page_names_number_and_reason_and_no_person(world: World, body: Body, client: Open) -> None:
    name = "无名氏丁"
    wanted = person(name)
    filed = {**facts_of(wanted, world.keys), "line": body.line, "department": None}
    case = world.submit(world.clerk(body), body, "recruit", filed, name=name)
    number = world.value("SELECT number FROM application WHERE id = :c", c=case)
    world.office("establishment", username="gone")
    user = world.value("SELECT id FROM ab_user WHERE username = 'gone'")
    with world.database.transaction(world.office("establishment")) as session:
        engine.hand_over(session, world.task(case, "establishment"), user)
    stopped(world, "gone")
    watched(world)
    admin, other = client("sysadmin"), client("secadmin")
    page = admin.get("/admin/stuck/").get_data(as_text=True)
    assert number in page
    assert "经办人已离任" in page
    assert name not in page
    assert number in other.get("/admin/stuck/").get_data(as_text=True)
    assert other.post(f"/admin/stuck/{case}", {"reason": "人员调整"}).status_code == 403
    assert admin.post(f"/admin/stuck/{case}", {"reason": ""}).status_code == 422
    assert admin.post(f"/admin/stuck/{case}", {"reason": "人员调整"}).status_code == 302
    watched(world)
    assert number not in admin.get("/admin/stuck/").get_data(as_text=True)
