"""A notice is its side's alone: no other office, unit, person, duty, nor anybody not named for a unit 不上网."""

import pytest
from sqlalchemy import text

from app.db import Identity
from tests.world import World


def seen(world: World, who: Identity, case: int) -> set[str]:
    with world.database.transaction(who) as session:
        return set(session.execute(text("SELECT kind FROM notice WHERE case_id = :c"), {"c": case}).scalars())


def test_only_the_side_that_is_told_sees_a_notice(world: World) -> None:
    body, other = world.body("本方局"), world.body("他方局")
    case = world.recruit(body)
    for username, kind in (("xitong", "system_admin"), ("shenji", "auditor"), ("jijian", "inspector")):
        world.account(username, kind, region="440600" if kind == "inspector" else None)
    assert seen(world, world.office("establishment"), case) == {"task"}
    others = [world.clerk(body), world.clerk(other), world.office("finance"), world.office("establishment", "440604"),
              *(world.identity(u) for u in ("xitong", "shenji", "jijian"))]  # fmt: skip
    assert [seen(world, who, case) for who in others] == [set()] * len(others)


def test_a_unit_not_on_the_network_tells_only_those_named_for_it(world: World) -> None:
    body = world.body("不上网局")
    clerk, case = world.clerk(body), world.recruit(body)
    office, named = world.office("establishment"), world.account("named", "office_member",
                                                                 office=("establishment", "440600"))  # fmt: skip
    who = world.identity("named", named)
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": body.id})
        connection.execute(text("INSERT INTO named_access (account_id, unit_id, started_on) VALUES (:a, :u, kernel_today())"),
                           {"a": named, "u": body.id})  # fmt: skip
    assert seen(world, office, case) == set()
    assert seen(world, who, case) == {"task"}
    world.decide(who, case, "establishment", "return", "补正")
    assert seen(world, clerk, case) == {"returned"}


def test_heads_alone_are_told_what_is_escalated_and_a_delegate_reads_what_was_for_the_principal(world: World) -> None:
    body = world.body("升级局")
    case, member = world.recruit(body), world.office("establishment")
    head = world.identity("headof", world.account("headof", "office_head", office=("establishment", "440600")))
    world.office("establishment", username="standin")
    with world.superuser.begin() as connection:
        task = world.task(case, "establishment")
        user, principal = (world.value("SELECT id FROM ab_user WHERE username = :u", u=u)
                           for u in ("standin", "establishment440600"))  # fmt: skip
        connection.execute(text("UPDATE task SET escalated_at = now() WHERE id = :t"), {"t": task})
        connection.execute(text("UPDATE task SET assignee_id = :p WHERE id = :t"), {"p": principal, "t": task})
        delegated = connection.execute(
            text("INSERT INTO account (user_id, kind, office_id, started_on, ended_on, delegated_from) SELECT :u, kind,"
                 " office_id, kernel_today(), kernel_today() + 9, id FROM account WHERE user_id = :p RETURNING id"),
            {"u": user, "p": principal},
        ).scalar_one()  # fmt: skip
    assert seen(world, head, case) == {"task", "escalated"}
    assert seen(world, member, case) == {"task", "handed_over"}
    assert seen(world, world.identity("standin", delegated), case) == {"task", "handed_over"}


def test_a_competent_department_is_told_of_what_it_decides_and_not_of_its_units_own_matters(world: World) -> None:
    above = world.body("主管局")
    clerk = world.clerk(above)
    department = world.identity("dept", world.account("dept", "supervisor", unit=above.id))
    case = world.recruit(above)
    with world.superuser.begin() as connection:
        connection.execute(text("ALTER TABLE task DISABLE TRIGGER guard_task"))  # no process here asks one
        connection.execute(
            text("INSERT INTO task (application_id, stage, code, role, unit_id, state, scope_path) SELECT id, 0, 'above',"
                 " 'supervisor', unit_id, 'open', scope_path FROM application WHERE id = :c"), {"c": case})  # fmt: skip
        connection.execute(text("ALTER TABLE task ENABLE TRIGGER guard_task"))
    world.decide(world.office("establishment"), case, "establishment", "return", "补正")
    assert seen(world, department, case) == {"task"}
    assert seen(world, clerk, case) == {"returned"}


def test_nobody_marks_for_another_account_nor_a_notice_that_is_not_his(world: World) -> None:
    body = world.body("代读局")
    case, clerk, office = world.recruit(body), world.clerk(body), world.office("establishment")
    notice = world.value("SELECT id FROM notice WHERE task_id = :t", t=world.task(case, "establishment"))
    account = world.value("SELECT a.id FROM account a JOIN ab_user u ON u.id = a.user_id"
                          " WHERE u.username = 'establishment440600'")  # fmt: skip
    for who, statement in (
        (clerk, f"INSERT INTO notice_read (account_id, notice_id) VALUES (scope_number(2), {notice})"),
        (clerk, f"INSERT INTO notice_read (account_id, notice_id) VALUES ({account}, {notice})"),
        (clerk, f"INSERT INTO notice_mark (account_id, upto) VALUES ({account}, 9)"),
        (office, f"UPDATE notice SET settled_at = now() WHERE id = {notice}"),
        (office, f"DELETE FROM notice WHERE id = {notice}"),
        (office, "INSERT INTO notice (kind, unit_id, scope_path) VALUES ('task', 1, '4406')"),
        (office, "SELECT notices_purge(1)"),
    ):
        with pytest.raises(Exception, match=r"policy|permission denied"), world.database.transaction(who) as session:
            session.execute(text(statement))
    assert world.value("SELECT count(*) FROM notice_read") == 0
