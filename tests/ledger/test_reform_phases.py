"""改革分期: each phase has figures of its own, can be tried alone, and again after the one before has taken effect."""

from typing import Any

import pytest

from tests.ledger.steps import lead
from tests.ledger.test_reform import CITY, Desk, everything, opened
from tests.world import World


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    return Desk(world)


def numbers(part: dict[str, Any], category: str) -> int:
    return sum(x["authorised"] or 0 for x in part["lines"] if x["category"] == category)


def test_every_phase_has_its_figures_and_a_trial_goes_as_far_as_it_is_asked(world: World, desk: Desk) -> None:
    old = world.body("分期旧局", people={"11": 2})
    _reform, variant = desk.begin("分期测算")
    new = opened(desk, variant, "分期新局")
    desk.step(variant, "set_quota", unit=new, category="11", funding="1", structure="none", authorised=2)
    desk.step(variant, "merge_unit", phase=2, unit=old.id, into=new, seats="approved")
    desk.step(variant, "set_quota", phase=3, unit=new, category="11", funding="1", structure="none", authorised=1)
    before = everything(world)
    found = desk.attempt(variant)
    assert everything(world) == before
    phases = found["phases"]
    assert [(p["phase"], p["steps"], p["refused"]) for p in phases] == [(1, 2, 0), (2, 1, 0), (3, 1, 1)]
    assert [numbers(p["after"], "11") for p in phases] == [7, 2, 2]
    assert [p["people"]["moved"] for p in phases] == [0, 2, 2]
    assert numbers(found["before"], "11") == 5
    assert phases[-1]["after"] == found["after"]
    short = desk.call("reform_try", variant, 2)
    assert (short["until"], [s["n"] for s in short["steps"]]) == (2, [1, 2, 3])
    assert all(s["ok"] for s in short["steps"])


def test_after_a_phase_took_effect_the_trial_begins_behind_it(world: World, desk: Desk) -> None:
    _reform, variant = desk.begin("续试")
    new = opened(desk, variant, "续试新局")
    desk.step(variant, "set_quota", phase=2, unit=new, category="22", funding="1", structure="none", authorised=4)
    desk.approve(desk.file(variant))
    found = desk.attempt(variant)
    assert found["done"] == 1
    assert [(s["n"], s["ok"]) for s in found["steps"]] == [(2, True)]
    assert numbers(found["after"], "22") == 4
    assert numbers(found["before"], "22") == 0


def test_a_cut_below_what_is_occupied_goes_through_with_its_plan(world: World, desk: Desk) -> None:
    body = world.body("压编局", quotas={"11": 3}, people={"11": 3})
    _reform, variant = desk.begin("压编")
    cut = {"unit": body.id, "category": "11", "funding": "1", "structure": "none", "authorised": 1}
    desk.step(variant, "set_quota", **cut)
    desk.step(variant, "set_quota", **cut, until_on="2029-12-31", targets="2028:1,2029:0")
    found = desk.attempt(variant)
    assert [s.get("code") for s in found["steps"]] == ["quota_below_use", None]
    desk.call("reform_step_move", world.value("SELECT min(id) FROM reform_step WHERE variant_id = :v", v=variant), None)
    desk.approve(desk.file(variant))
    assert world.row("SELECT surplus, targets FROM absorption_plan WHERE line_id = :l AND ended_on IS NULL", l=body.line) == (
        2, "2028:1,2029:0")  # fmt: skip


def test_a_bundle_says_of_each_leader_s_post_what_becomes_of_it(world: World, desk: Desk) -> None:
    old = world.body("捆绑旧局", quotas={"11": 1}, people={"11": 2}, leaders={"principal:0141": 1, "deputy:0142": 1})
    lead(world, old, old.lines["principal:0141"], old.people[0])
    lead(world, old, old.lines["deputy:0142"], old.people[1])
    _reform, variant = desk.begin("捆绑")
    new = desk.step(
        variant, "open_unit", name="捆绑新局", region=CITY, body="organ", category="34", grade="107", nature="党政机关"
    )
    room = desk.step(variant, "open_department", parent=new, name="承接室")
    desk.step(variant, "merge_unit", unit=old.id, into=new, seats="along", until_on="2029-12-31", leads="follow",
              lead_lines=f"{old.lines['principal:0141']}:{room}")  # fmt: skip
    found = desk.attempt(variant)
    assert [s["ok"] for s in found["steps"]] == [True] * 3
    assert found["people"]["unled"] == 0
    desk.approve(desk.file(variant))
    posts = world.row("SELECT array_agg(s.name ORDER BY o.person_id), array_agg(o.person_id ORDER BY o.person_id) FROM occupancy o"
                      " JOIN quota_line l ON l.id = o.line_id JOIN unit s ON s.id = l.scope_unit_id"
                      " JOIN unit u ON u.id = o.unit_id WHERE u.name = '捆绑新局' AND o.kind = 'leadership' AND o.ended_on IS NULL")  # fmt: skip
    assert tuple(posts) == (["承接室", "捆绑新局"], sorted(old.people))


def test_a_body_set_up_out_of_another_one_is_known_as_split_off(world: World, desk: Desk) -> None:
    old = world.body("分出旧局", people={"11": 2}, departments=("一科",))
    _reform, variant = desk.begin("分设")
    new = desk.step(variant, "open_unit", name="分出新局", region=CITY, body="organ", category="34", grade="107", nature="党政机关",
                    split_from=str(old.id))  # fmt: skip
    desk.step(variant, "move_department", unit=old.departments["一科"], into=new, seats="along")
    desk.step(variant, "open_department", parent=str(old.id), name="错", split_from=str(old.id))
    found = desk.attempt(variant)
    assert [s.get("code") for s in found["steps"]] == [None, None, "not_found"]
    last = world.value("SELECT max(id) FROM reform_step WHERE variant_id = :v", v=variant)
    desk.call("reform_step_move", last, None)
    desk.approve(desk.file(variant))
    assert world.value("SELECT s.kind FROM unit_succession s JOIN unit u ON u.id = s.to_unit_id WHERE s.from_unit_id = :u"
                       " AND u.name = '分出新局'", u=old.id) == "split"  # fmt: skip
    assert world.value("SELECT status FROM unit WHERE id = :u", u=old.id) == "active"
