"""Bodies that change while people come, leave and move: nobody is lost, nobody sits twice, and nobody waits for ever."""

import pytest

from tests.ledger.races import Deed, arrived, behind, decided, leaving, reviewed
from tests.ledger.steps import TODAY, file, findings, newcomer_facts, reserved, review, wanted
from tests.ledger.test_race import ROUNDS, at_once, names
from tests.ledger.test_reform import Desk
from tests.world import Body, World, person

pytestmark = pytest.mark.race


def merge(world: World, old: Body, heir: Body, **facts: object) -> Deed:
    return reviewed(
        world, "unit_merge", old, **{"unit": old.id, "into": heir.id, "seats": "along", "cases": "carry"} | facts
    )


def moving(world: World, source: Body, target: Body, who: int) -> Deed:
    """A transfer whose last approval is open; its seat is reserved."""
    case = wanted(world, source, target, who)
    world.decide(world.office("establishment"), case, "establishment")
    return decided(world, world.office("organisation"), case, "personnel")


def to_another_region(world: World, body: Body, document: str = "佛编〔2026〕88号") -> Deed:
    """The receiving district's word, with which the transfer takes effect."""
    case = file(world, "unit_transfer", {"unit": body.id, "region": "440604", "document_no": document, "issuer": "市委编委",
                "start": TODAY.isoformat()}, about=body)  # fmt: skip
    review(world, case)
    return decided(world, world.office("establishment", "440604"), case, "receiving")


def both(*order: Deed, swapped: bool) -> tuple[Deed, ...]:
    return order[::-1] if swapped else order


@pytest.mark.parametrize("swapped", [False, True], ids=["merge first", "exit first"])
def test_who_leaves_a_body_that_is_merged_at_that_moment_has_left(world: World, swapped: bool) -> None:
    old, heir = (
        world.body(f"并与退{swapped}局", people={"11": 3}),
        world.body(f"并与退承接{swapped}局", people={"11": 1}),
    )
    out = leaving(world, old, old.people[0])
    assert behind(world, *both(merge(world, old, heir), out, swapped=swapped)) == "done"
    assert world.figures(heir.line) == (10, 3, 0)
    assert world.value("SELECT state FROM person WHERE id = :p", p=old.people[0]) == "left"


@pytest.mark.parametrize("swapped", [False, True], ids=["merge first", "transfer first"])
def test_who_is_transferred_out_of_a_body_that_is_merged_sits_once(world: World, swapped: bool) -> None:
    old, heir, goal = (
        world.body(f"{n}{swapped}局", people={"11": k}) for n, k in (("并与调", 3), ("并与调承接", 1), ("调往", 0))
    )
    move = moving(world, old, goal, old.people[0])
    # What the merged body has agreed to stands: its successor takes it as it is.
    assert behind(world, *both(merge(world, old, heir), move, swapped=swapped)) == "done"
    assert (world.figures(heir.line)[1], world.figures(goal.line)[1]) == (3, 1)
    assert world.value("SELECT count(*) FROM occupancy WHERE person_id = :p AND kind = 'establishment' AND recorded_to IS NULL"
                       " AND ended_on IS NULL", p=old.people[0]) == 1  # fmt: skip


@pytest.mark.parametrize("swapped", [False, True], ids=["merge first", "arrival first"])
def test_who_arrives_in_a_body_that_is_merged_is_carried_or_comes_to_the_heir(world: World, swapped: bool) -> None:
    old, heir = world.body(f"并与到{swapped}局", people={"11": 2}), world.body(f"并与到承接{swapped}局")
    case = reserved(world, old)
    assert behind(world, *both(merge(world, old, heir), arrived(world, old, case), swapped=swapped)) in (
        "done",
        "not_found",
        "not_allowed",
    )
    there = world.state(case) == "done"
    assert there or not swapped
    assert world.figures(heir.line) == (10, 2 + there, 1 - there)


def test_two_bodies_that_are_merged_into_each_other_become_one(world: World) -> None:
    office = world.office("establishment")
    for n in range(ROUNDS // 2):
        one, other = world.body(f"互并甲{n}局", people={"11": 2}), world.body(f"互并乙{n}局", people={"11": 2})
        cases = [merge(world, one, other).case, merge(world, other, one).case]
        outcomes = at_once(*(lambda c=c: world.decide(office, c, "review") for c in cases))
        assert names(outcomes) == ["done", "not_found"]
        assert world.figures(one.line)[1] + world.figures(other.line)[1] == 4
        assert world.figures(one.line)[0] + world.figures(other.line)[0] == 10


def test_a_document_changes_a_body_once_though_two_officials_approve_it_at_once(world: World) -> None:
    body = world.body("同文更名局")
    first, second = (reviewed(world, "unit_change", body, unit=body.id, name=f"同文新名{n}局") for n in "甲乙")
    assert behind(world, first, second) == "document_used"
    assert world.value("SELECT name FROM unit WHERE id = :u", u=body.id) == "同文新名甲局"


def test_two_reforms_over_one_body_leave_one_of_them(world: World) -> None:
    desk = Desk(world)
    old, heirs = world.body("双改局", people={"11": 2}), [world.body(f"双改承接{n}局") for n in "甲乙"]
    cases = []
    for heir in heirs:
        _reform, variant = desk.begin(heir.name)
        desk.step(variant, "merge_unit", unit=old.id, into=heir.id, seats="along", cases="carry")
        cases.append(desk.file(variant))
        world.decide(desk.second, cases[-1], "review")
    deeds = [decided(world, desk.head, case, "review") for case in cases]
    assert behind(world, *deeds) == "not_found"
    assert [world.figures(h.line) for h in heirs] == [(10, 2, 0), (5, 0, 0)]


@pytest.mark.parametrize("swapped", [False, True], ids=["transfer first", "arrival first"])
def test_a_body_goes_to_another_region_while_somebody_arrives_in_it(world: World, swapped: bool) -> None:
    body = world.body(f"划转与到{swapped}局", people={"11": 1})
    case = reserved(world, body)
    transfer = to_another_region(world, body)
    # Behind the transfer the clerk's page is of the old place; the case is back with him, for the new region's offices.
    assert behind(world, *both(transfer, arrived(world, body, case), swapped=swapped)) == (
        "done" if swapped else "not_found"
    )
    assert (world.state(case), world.figures(body.line)) == (
        ("done", (5, 2, 0)) if swapped else ("returned", (5, 1, 1))
    )
    path = world.value("SELECT scope_path FROM unit WHERE id = :u", u=body.id)
    assert world.value("SELECT count(*) FROM occupancy WHERE unit_id = :u AND scope_path <> :p", u=body.id, p=path) == 0
    assert world.value("SELECT scope_path FROM application WHERE id = :c", c=case) == path


@pytest.mark.parametrize("swapped", [False, True], ids=["transfer first", "approval first"])
def test_a_body_goes_to_another_region_while_an_office_decides_its_case(world: World, swapped: bool) -> None:
    body = world.body(f"划转与批{swapped}局")
    entry = decided(world, world.office("establishment"), world.recruit(body), "establishment")
    transfer = to_another_region(world, body)
    first, second = both(transfer, entry, swapped=swapped)
    assert behind(world, first, second) in ("done", "not_found", "not_your_office", "not_allowed", "already_decided")
    assert world.figures(body.line)[1:] == (0, int(swapped))


@pytest.mark.parametrize("swapped", [False, True], ids=["merge first", "arrival first"])
def test_who_arrives_in_a_department_that_is_merged_sits_in_the_one_that_goes_on(world: World, swapped: bool) -> None:
    body = world.body(f"并科与到{swapped}局", departments=("一科", "二科"))
    old, heir = body.departments["一科"], body.departments["二科"]
    facts = {**newcomer_facts(world, person()), "line": body.line, "department": old}
    case = world.submit(world.clerk(body), body, "recruit", facts, name="测")
    world.approve_recruit(case)
    merging = reviewed(world, "department_merge", body, unit=old, into=heir)
    assert behind(world, *both(merging, arrived(world, body, case), swapped=swapped)) == "done"
    assert world.value("SELECT count(*) FROM person WHERE department_id = :d", d=heir) == 1
    assert world.figures(body.line) == (5, 1, 0)


@pytest.mark.parametrize("swapped", [False, True], ids=["move first", "shift first"])
def test_who_is_shifted_into_a_department_that_moves_away_goes_with_it_or_stays(world: World, swapped: bool) -> None:
    body, goal = (
        world.body(f"移科与调{swapped}局", people={"11": 1}, departments=("一科", "二科")),
        world.body(f"移科承接{swapped}局"),
    )
    away = body.departments["二科"]
    case = world.submit(world.clerk(body), body, "shift",
                        {"person": body.people[0], "department": away, "start": TODAY.isoformat()}, effective_on=TODAY)  # fmt: skip
    shift = decided(world, world.office("establishment"), case, "establishment")
    move = reviewed(world, "department_move", body, unit=away, into=goal.id, seats="along", cases="withdraw")
    behind(world, *both(move, shift, swapped=swapped))
    assert world.figures(body.line)[1] + world.figures(goal.line)[1] == 1
    assert world.value("SELECT count(*) FROM person p JOIN unit d ON d.id = p.department_id WHERE p.id = :p AND d.status = 'active'"
                       " AND d.legal_id = p.unit_id", p=body.people[0]) == 1  # fmt: skip


@pytest.mark.parametrize("swapped", [False, True], ids=["merge first", "number first"])
def test_a_number_that_a_merged_body_gets_at_that_moment_is_not_left_behind(world: World, swapped: bool) -> None:
    old, heir = world.body(f"并与核{swapped}局"), world.body(f"并与核承接{swapped}局")
    facts = {
        "unit": old.id,
        "kind": "establishment",
        "category": "13",
        "funding": "1",
        "structure": "none",
        "authorised": 2,
    }
    new = reviewed(world, "quota_new", old, **facts)
    result = behind(world, *both(merge(world, old, heir), new, swapped=swapped))
    assert result == ("done" if swapped else "not_found")
    left = world.value("SELECT coalesce(sum(t.authorised), 0) FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
                       " WHERE l.unit_id = :u", u=old.id)  # fmt: skip
    assert left == 0
    assert world.value("SELECT coalesce(sum(t.authorised), 0) FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
                       " WHERE l.unit_id = :u", u=heir.id) == (12 if swapped else 10)  # fmt: skip


def test_transfers_and_entries_of_three_bodies_at_once_end_without_a_deadlock(world: World) -> None:
    bodies = [world.body(f"齐动{n}局", people={"11": 2}, quotas={"11": 9}) for n in range(3)]
    office, district = world.office("establishment"), world.office("establishment", "440604")
    steps = []
    for n, body in enumerate(bodies):
        case = to_another_region(world, body, f"划{n}").case
        steps.append(lambda c=case: world.decide(district, c, "receiving"))
        came = reserved(world, body)
        steps.append(lambda b=body, c=came: world.arrive(world.clerk(b), c, TODAY))
        out = leaving(world, body, body.people[0])
        steps.append(lambda c=out.case: world.decide(office, c, "establishment"))
    refused = set(names(at_once(*steps))) - {"done"}
    assert refused <= {"not_found", "not_your_office", "not_allowed"}
    assert all(world.figures(body.line)[1] in (2, 3) for body in bodies)


def test_after_all_of_it_the_chains_say_what_the_tables_say(world: World) -> None:
    assert findings(world) == []
