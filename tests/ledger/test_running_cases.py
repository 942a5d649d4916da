"""Cases and permits of a body that ends: carried to the successor, standing still there, or withdrawn; never left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.domain import errors
from app.ledger.people import facts_of
from tests.ledger.steps import (
    TODAY,
    by_office,
    entered,
    file,
    findings,
    received,
    refusal,
    reserved,
    review,
    set_quota,
    wanted,
)
from tests.ledger.test_kernel_organs import DOCUMENT, act, seated
from tests.ledger.test_permits import counts, granted, on_permit
from tests.world import Body, World, person


def merged(world: World, old: Body, heir: Body, **facts: Any) -> int:
    return act(world, "unit_merge", old, unit=old.id, into=heir.id, **({"seats": "along"} | facts))


def place(world: World, case: int) -> Any:
    return world.row("SELECT unit_id, scope_path, state FROM application WHERE id = :c", c=case)


def heads(world: World, case: int) -> list[str]:
    return list(world.row(
        "SELECT array_agg(kind ORDER BY id) FROM application_event WHERE application_id = :c", c=case)[0])  # fmt: skip


def test_a_merge_that_says_nothing_of_running_cases_is_refused_and_names_them(world: World) -> None:
    old, heir = world.body("有在办局"), world.body("无去向承接局")
    case = reserved(world, old)
    granted(world, old)
    found = refusal(merged, world, old, heir)
    assert isinstance(found, errors.CasesWithoutDestination)
    assert found.facts["count"] == 2
    assert world.value("SELECT number FROM application WHERE id = :c", c=case) in found.facts["cases"]
    assert world.figures(old.line) == (5, 0, 3)


def test_carried_cases_keep_seat_and_approvals_and_take_effect_in_the_successor(world: World) -> None:
    old, heir = world.body("移交局", people={"11": 2}), world.body("接手局", people={"11": 1})
    approved, asked = reserved(world, old), world.recruit(old)
    world.decide(world.office("establishment"), asked, "establishment")
    merged(world, old, heir, cases="carry")
    for case in (approved, asked):
        assert place(world, case)[:2] == (heir.id, heir.scope_path)
        assert "carried" in heads(world, case)
    # 5 + 5 numbers, 2 + 1 people, the two reservations on the successor's line.
    assert (world.figures(old.line), world.figures(heir.line)) == ((0, 0, 0), (10, 3, 2))
    world.arrive(world.clerk(heir), approved, TODAY)
    world.decide(world.office("organisation"), asked, "personnel")
    world.arrive(world.clerk(heir), asked, TODAY)
    assert seated(world, heir.id) == 5
    assert world.figures(heir.line) == (10, 5, 0)


def test_withdrawn_cases_and_permits_give_their_seats_back(world: World) -> None:
    old, heir = world.body("撤件局"), world.body("撤件承接局", quotas={"11": 1})
    case, (permit,) = reserved(world, old), granted(world, old)
    held = on_permit(world, old, permit)
    world.decide(world.office("establishment"), held, "establishment")
    merged(world, old, heir, seats="approved", cases="withdraw")
    assert [place(world, c)[2] for c in (case, held)] == ["withdrawn", "withdrawn"]
    assert "unit_ended" in heads(world, case)
    assert counts(world, permit) == ("cancelled", 2, 0, 0, 2)
    assert world.value("SELECT count(*) FROM task WHERE application_id = :c AND state = 'open'", c=held) == 0


def test_suspended_cases_stand_still_until_their_office_lets_them_go_on(world: World) -> None:
    old, heir = world.body("停办局"), world.body("停办承接局")
    case = world.recruit(old)
    merge = merged(world, old, heir, cases="suspend")
    assert place(world, case)[::2] == (heir.id, "running")
    assert world.row("SELECT s.kind, d.case_id, s.ended_at FROM clock_stop s JOIN decision d ON d.id = s.decision_id"
                     " WHERE s.application_id = :c", c=case) == ("law", merge, None)  # fmt: skip


def test_a_permit_goes_over_under_its_number_with_what_is_left_of_it(world: World) -> None:
    old, heir = world.body("控编移交局"), world.body("控编承接局")
    (permit,) = granted(world, old, 3)
    number = world.value("SELECT number FROM permit WHERE id = :p", p=permit)
    claimed = on_permit(world, old, permit)
    world.approve_recruit(claimed)
    merged(world, old, heir, cases="carry")
    assert world.row("SELECT unit_id, line_id, number FROM permit WHERE id = :p", p=permit) == (
        heir.id,
        heir.line,
        number,
    )
    assert world.figures(heir.line) == (10, 0, 3)
    world.arrive(world.clerk(heir), claimed, TODAY)
    assert counts(world, permit) == ("open", 3, 1, 2, 0)
    later = on_permit(world, heir, permit)
    world.approve_recruit(later)
    assert world.figures(heir.line) == (10, 1, 2)


def test_cases_that_find_no_seat_in_the_successor_stop_the_merge_by_name(world: World) -> None:
    old, heir = world.body("无席局"), world.body("无席承接局", quotas={"11": 0})
    case = reserved(world, old)
    found = refusal(merged, world, old, heir, seats="approved", cases="carry")
    assert isinstance(found, errors.CasesWithoutDestination)
    assert found.facts["cases"] == world.value("SELECT number FROM application WHERE id = :c", c=case)
    assert world.figures(old.line) == (5, 0, 1)


def test_what_only_the_body_itself_can_finish_is_not_carried(world: World) -> None:
    old, heir = world.body("证照局"), world.body("证照承接局")
    facts = {"certificate_reason": "first"}
    world.submit(world.clerk(old), old, "certificate", facts)
    assert isinstance(refusal(merged, world, old, heir, cases="carry"), errors.CasesWithoutDestination)
    merged(world, old, heir, cases="withdraw")
    assert world.value("SELECT status FROM unit WHERE id = :u", u=old.id) == "closed"


def test_a_transfer_that_waits_for_the_merged_body_asks_its_successor(world: World) -> None:
    old, heir, target = world.body("原在局", people={"11": 1}), world.body("续在局"), world.body("调往局")
    facts = {"person": old.people[0], "line": target.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="调", effective_on=TODAY)
    merged(world, old, heir)
    assert world.row("SELECT unit_id FROM task WHERE application_id = :c AND code = 'source_unit' AND state = 'open'",
                     c=case) == (heir.id,)  # fmt: skip
    world.decide(world.clerk(heir), case, "source_unit")
    world.approve_recruit(case)
    assert seated(world, target.id) == 1


def test_cases_of_a_body_that_goes_to_another_region_are_decided_by_that_regions_offices(world: World) -> None:
    body = world.body("划区局", people={"11": 1})
    asked, approved = world.recruit(body), reserved(world, body)
    received(world, act(world, "unit_transfer", body, unit=body.id, region="440604"))
    path = world.value("SELECT scope_path FROM unit WHERE id = :u", u=body.id)
    assert [place(world, c) for c in (asked, approved)] == [(body.id, path, "running"), (body.id, path, "returned")]
    assert all("carried" in heads(world, c) for c in (asked, approved))
    # Nobody has decided the one yet; what the city's offices approved of the other the district is asked anew.
    world.decide(world.office("establishment", "440604"), asked, "establishment")
    world.decide(world.office("organisation", "440604"), asked, "personnel")
    world.arrive(world.clerk(body), asked, TODAY)
    assert world.figures(body.line) == (5, 2, 1)


def test_a_body_is_not_abolished_over_running_cases_and_is_once_they_are_withdrawn(world: World) -> None:
    body = world.body("撤销局", quotas={"11": 0})
    world.submit(world.clerk(body), body, "objection", {"claim": "出生日期有误", "objected": "other"})
    close = {"unit": body.id, **DOCUMENT}
    assert isinstance(refusal(by_office, world, "unit_close", close, about=body), errors.CasesWithoutDestination)
    by_office(world, "unit_close", close | {"cases": "withdraw", "document_no": "佛编〔2026〕22号"}, about=body)
    assert world.value("SELECT status FROM unit WHERE id = :u", u=body.id) == "closed"


def test_a_case_for_a_department_that_moves_goes_with_it(world: World) -> None:
    old, into = world.body("科室原局", departments=("审批科",)), world.body("科室新局", quotas={"11": 2})
    who = person("科员")
    facts = {**facts_of(who, world.keys), "line": old.line, "department": old.departments["审批科"]}
    case = world.submit(world.clerk(old), old, "recruit", facts, name=who.name)
    world.approve_recruit(case)
    move = {"unit": old.departments["审批科"], "into": into.id, "seats": "approved"}
    assert isinstance(refusal(act, world, "department_move", old, **move), errors.CasesWithoutDestination)
    act(world, "department_move", old, **move, cases="carry")
    assert (world.figures(old.line)[2], world.figures(into.line)[2]) == (0, 1)
    world.arrive(world.clerk(into), case, TODAY)
    assert world.value("SELECT d.name || u.name FROM occupancy o JOIN unit d ON d.id = o.department_id JOIN unit u ON u.id = o.unit_id"
                       " WHERE o.entry_case_id = :c", c=case) == "审批科科室新局"  # fmt: skip


def test_departments_of_one_body_become_one(world: World) -> None:
    body = world.body("并科局", people={"11": 3}, departments=("一科", "二科"))
    first, second = body.departments["一科"], body.departments["二科"]
    who = person("并科")
    facts = {**facts_of(who, world.keys), "line": body.line, "department": first}
    case = world.submit(world.clerk(body), body, "recruit", facts, name=who.name)
    world.approve_recruit(case)
    act(world, "department_merge", body, unit=first, into=second)
    assert world.value("SELECT count(*) FROM person WHERE department_id = :d", d=second) == 3
    assert world.value("SELECT status FROM unit WHERE id = :u", u=first) == "closed"
    assert world.figures(body.line) == (5, 3, 1)
    world.arrive(world.clerk(body), case, TODAY)
    assert world.value("SELECT count(*) FROM person WHERE department_id = :d", d=second) == 4
    assert isinstance(refusal(act, world, "department_merge", body, unit=second, into=first), errors.NotFound)


def test_a_document_makes_one_change_of_one_unit(world: World) -> None:
    body = world.body("文号局")
    act(world, "unit_change", body, unit=body.id, name="文号新局")
    found = refusal(act, world, "unit_change", body, unit=body.id, name="文号又改局")
    assert isinstance(found, errors.DocumentUsed)
    assert found.facts["document_no"] == DOCUMENT["document_no"]
    act(world, "unit_change", body, unit=body.id, name="文号又改局", document_no="佛编〔2026〕23号")


def test_two_merges_of_one_body_and_an_arrival_meanwhile_leave_one_of_them(world: World) -> None:
    old, heirs = world.body("争并局", people={"11": 2}), [world.body("甲承接局"), world.body("乙承接局")]
    case = reserved(world, old)
    merges = [file(world, "unit_merge", {"unit": old.id, "into": h.id, "seats": "along", "cases": "carry", **DOCUMENT}, about=old)
              for h in heirs]  # fmt: skip
    world.office("establishment")
    clerk, gate = world.clerk(old), threading.Barrier(3)

    def at_once(work: Any, *args: Any) -> Any:
        gate.wait()
        try:
            return work(*args) or "done"
        except errors.DomainError as refused:
            return type(refused)

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(at_once, review, world, m) for m in merges]
        jobs.append(pool.submit(at_once, world.arrive, clerk, case, TODAY))
        out = [j.result(timeout=60) for j in jobs]
    assert sorted(world.state(m) == "done" for m in merges) == [False, True], out
    heir = heirs[[world.state(m) for m in merges].index("done")]
    # Whether the arrival came first or found its unit gone: nobody is lost and nobody sits twice.
    arrived = world.state(case) == "done"
    assert seated(world, heir.id) == 2 + arrived
    assert world.figures(heir.line) == (10, 2 + arrived, 1 - arrived)


@pytest.mark.parametrize("change", ["purpose = '改'", "remaining = remaining - 1, released = released + 1"])
def test_a_changed_row_of_a_carried_permit_is_found(world: World, change: str) -> None:
    old, heir = world.body("改单局"), world.body("改单承接局")
    (permit,) = granted(world, old, 2)
    merged(world, old, heir, cases="carry")
    before = world.row("SELECT purpose, remaining, released FROM permit WHERE id = :p", p=permit)
    with world.superuser.begin() as c:
        c.exec_driver_sql(f"UPDATE permit SET {change} WHERE id = {permit}")
    assert any("permit" in f for f in findings(world))
    with world.superuser.begin() as c:
        c.exec_driver_sql(
            "UPDATE permit SET purpose = %s, remaining = %s, released = %s WHERE id = %s", (*before, permit)
        )


def test_in_a_reform_cases_go_by_the_step_that_ends_their_unit(world: World) -> None:
    old, heir = world.body("改革前局"), world.body("改革后局")
    entered(world, old)
    case = wanted(world, old, world.body("他局"), world.value("SELECT id FROM person WHERE unit_id = :u", u=old.id))
    set_quota(world, heir, heir.line, 9)
    merged(world, old, heir, seats="approved")
    assert place(world, case)[2] == "running"
    assert seated(world, heir.id) == 1


def test_after_all_of_it_the_chains_say_what_the_tables_say(world: World) -> None:
    assert findings(world) == []
