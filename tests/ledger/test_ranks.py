"""职级职数、岗位设置: approved numbers are the ledger's; the kernel reckons them again and lets nobody into a full group."""

import datetime as dt
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain import caps, errors, ratios
from app.ledger.records import record_facts
from app.workflow import engine, validation
from tests.ledger.steps import TODAY, ago, by_office, call, findings, refusal, scheme, scheme_facts, set_quota, transfer
from tests.world import Body, World

PLAN = next(plan for _raw, plan in validation.load() if plan.process == "rank_quota")
RANKS = ratios.sets(next(c.params for c in PLAN.checks if c.code == "rank_ratios"))


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    """5 posts: ⌊5 × 60%⌋ = 3 may be 一至四级主任科员, ⌊3 × 50%⌋ = 1 of them 一、二级."""
    return world.body("职数局", quotas={"11": 5}, people={"11": 5}, leaders={"principal:0131": 1})


def wanted(world: World, body: Body, who: int, rank: str, day: dt.date = TODAY, **more: Any) -> int:
    kind, process = ("rank", "rank_promote") if rank.startswith("R") else ("post", "post_appoint")
    field = {"rank": {"rank": rank, "basis": "26"}, "post": {"post_grade": rank}}[kind]
    facts = record_facts(world.keys, kind, field | more, person=who, start=day)
    return world.submit(world.clerk(body), body, process, facts, person_id=who, effective_on=day)


def promote(world: World, body: Body, who: int, rank: str, day: dt.date = TODAY, **more: Any) -> int:
    case = wanted(world, body, who, rank, day, **more)
    code = "organisation" if rank.startswith("R") else "human_resources"
    try:
        world.decide(world.office(code), case, code)
    except errors.DomainError:
        with world.database.transaction(world.clerk(body)) as s:
            engine.withdraw(s, case)
        raise
    return case


def held(world: World, body: Body, number: int, day: dt.date = TODAY) -> dict[str, tuple[int, int]]:
    """Approved and held by group, as a clerk asks."""
    with world.database.transaction(world.clerk(body)) as s:
        rows = s.execute(text(
            "SELECT g.name, g.number, h.held FROM scheme c, scheme_groups(c.groups) g JOIN scheme_held(:i, :d, NULL, NULL) h"
            " ON h.place = g.place WHERE c.id = :i"), {"i": number, "d": day})  # fmt: skip
        return {r.name: (r.number, r.held) for r in rows}


def test_without_approved_numbers_nobody_is_promoted(world: World, body: Body) -> None:
    found = refusal(promote, world, body, body.people[0], "R10")
    assert isinstance(found, errors.NoScheme)
    assert found.facts["unit"] == "职数局"
    # 科员 have no numbers, so none have to be approved.
    newcomer = world.body("科员局", quotas={"11": 2}, people={"11": 1})
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE person SET rank = NULL WHERE id = :p"), {"p": newcomer.people[0]})
    promote(world, newcomer, newcomer.people[0], "R11", ago(5))
    assert isinstance(refusal(promote, world, newcomer, newcomer.people[0], "R10"), errors.NoScheme)


def test_the_kernel_reckons_base_and_shares_again(world: World, body: Body) -> None:
    right = scheme_facts(world, body)
    groups = json.loads(right["groups"])

    def changed(place: int, **more: Any) -> dict[str, str]:
        return {"groups": json.dumps([g | more if n == place else g for n, g in enumerate(groups)], ensure_ascii=False)}

    assert isinstance(refusal(scheme, world, body, facts={"base": 79}), errors.BaseChanged)
    above = refusal(scheme, world, body, facts=changed(4, number=4))
    assert isinstance(above, errors.AboveShare)
    assert (above.facts["group"], above.facts["most"]) == ("一至四级主任科员", 3)
    for wrong in (
        changed(5, of="没有的组"),
        changed(1, name="二级巡视员"),
        changed(4, rounding="多"),
        {"groups": "[{}]"},
    ):
        assert isinstance(refusal(scheme, world, body, facts=wrong), errors.InvalidInput)
    assert isinstance(refusal(scheme, world, body, facts={"document_no": ""}), errors.DocumentMissing)
    empty = world.body("无编局", quotas={"12": 3})
    none = refusal(scheme, world, empty)
    assert isinstance(none, errors.NoBase)
    assert none.facts["unit"] == "无编局"
    with pytest.raises(DBAPIError, match="permission denied"):
        call(world, world.clerk(body), "UPDATE scheme SET groups = '[]'")


def test_nobody_enters_a_full_group_and_who_leaves_makes_room(world: World, body: Body) -> None:
    number = scheme(world, body, day=ago(400))
    for who in body.people[:3]:
        promote(world, body, who, "R10", ago(300))
    full = refusal(promote, world, body, body.people[3], "R10")
    assert isinstance(full, errors.RankExhausted)
    assert (full.facts["group"], full.facts["number"], full.facts["holders"]) == ("一至四级主任科员", 3, 3)
    # On a day before the three had it there was room, and on a day since then none: a movement counts on every one.
    back = refusal(promote, world, body, body.people[3], "R10", ago(350))
    assert isinstance(back, errors.RankExhausted)
    assert back.facts["day"] == str(ago(300))
    # Within the group: not a new place, but one of its part.
    promote(world, body, body.people[0], "R08", ago(100))
    assert held(world, body, number)["一、二级主任科员"] == (1, 1)
    assert isinstance(refusal(promote, world, body, body.people[1], "R08"), errors.RankExhausted)
    target = world.body("接收局", quotas={"11": 2})
    transfer(world, body, target, body.people[0])
    assert held(world, body, number)["一至四级主任科员"] == (3, 2)
    assert held(world, body, number, ago(200))["一至四级主任科员"] == (3, 3)
    assert held(world, body, number, ago(350))["一至四级主任科员"] == (3, 0)
    promote(world, body, body.people[3], "R10")
    assert findings(world) == []


def test_two_promotions_for_the_last_place_come_one_after_the_other(world: World) -> None:
    body = world.body("竞争局", quotas={"11": 2}, people={"11": 2})  # ⌊2 × 60%⌋ = 1
    scheme(world, body)
    cases = [wanted(world, body, who, "R10") for who in body.people]
    desks = [world.office("organisation", username=f"race{n}") for n in (1, 2)]
    begin, out = threading.Barrier(2), []

    def decide(n: int) -> None:
        begin.wait()
        try:
            world.decide(desks[n], cases[n], "organisation")
            out.append("done")
        except errors.RankExhausted as full:
            out.append(full.code)

    runs = [threading.Thread(target=decide, args=(n,)) for n in (0, 1)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(30)
    assert sorted(out) == ["done", "rank_exhausted"]
    assert world.value("SELECT count(*) FROM person WHERE unit_id = :u AND rank = 'R10'", u=body.id) == 1
    assert findings(world) == []


def test_units_share_their_numbers_and_the_remainders_make_one_more(world: World) -> None:
    """4 and 4 posts: ⌊4 × 20%⌋ = 0 each, ⌊8 × 20%⌋ = 1 together."""
    one, other, third = (world.body(f"统筹{n}局", quotas={"11": 4}, people={"11": 2}) for n in "甲乙丙")
    own = scheme(world, other, day=ago(500))
    assert held(world, other, own)["一至四级调研员"] == (0, 0)
    pool = scheme(world, one, together=(other,), day=ago(300))
    assert world.row("SELECT members, base FROM scheme WHERE id = :i", i=pool) == ([one.id, other.id], 8)
    assert world.row("SELECT started_on, ended_on FROM scheme WHERE unit_id = :u AND recorded_to IS NULL", u=other.id) == (
        ago(500), ago(300))  # fmt: skip
    # Both units and whoever sees either of them see the shared numbers; a third unit does not.
    assert held(world, other, pool)["一至四级调研员"] == (1, 0)
    assert call(world, world.clerk(third), "SELECT count(*) FROM scheme") == 0
    assert call(world, world.clerk(third), "SELECT count(*) FROM scheme_held(:i, :d, NULL, NULL)", i=pool, d=TODAY) == 0
    promote(world, one, one.people[0], "R06")
    assert isinstance(refusal(promote, world, other, other.people[0], "R06"), errors.RankExhausted)
    # A unit in a pool has no numbers of its own until the pool is fixed without it.
    out = refusal(scheme, world, other)
    assert isinstance(out, errors.InPool)
    assert out.facts["unit"] == "统筹甲局"
    scheme(world, one, day=ago(2))
    assert isinstance(refusal(scheme, world, other, day=ago(30)), errors.BadDay)
    scheme(world, other, day=ago(1))
    assert world.value("SELECT count(*) FROM scheme WHERE recorded_to IS NULL AND ended_on IS NULL AND unit_id = ANY (:u)",
                       u=[one.id, other.id]) == 2  # fmt: skip
    assert findings(world) == []


def test_a_plan_of_posts_keeps_the_structure_and_lets_special_posts_stand_outside(world: World) -> None:
    """30 professional posts of a city's institution, 2 : 4 : 4: six may be 高级."""
    school = world.body("岗位院", quotas={"22": 36}, people={"22": 9}, kind="institution")
    given = {"management_posts": 4, "professional_posts": 30, "workman_posts": 2, "special_posts": 1}
    too_many = scheme_facts(world, school, "post_plan", **given)
    groups = json.loads(too_many["groups"])
    groups[1]["number"] = 31
    wrong = {"groups": json.dumps(groups, ensure_ascii=False)}
    over = refusal(scheme, world, school, "post_plan", facts=wrong, **given)
    assert isinstance(over, errors.AboveShare)
    number = scheme(world, school, "post_plan", **given)
    for who in school.people[:6]:
        promote(world, school, who, "0323", ago(30))
    assert isinstance(refusal(promote, world, school, school.people[6], "0323"), errors.RankExhausted)
    promote(world, school, school.people[6], "0323", mark="military")  # 军转 are not counted
    promote(world, school, school.people[7], "0321", mark="special")
    assert isinstance(refusal(promote, world, school, school.people[8], "0323", mark="special"), errors.RankExhausted)
    figures = held(world, school, number)
    assert (figures["专技高级"], figures["特设岗位"], figures["专业技术岗位"]) == ((6, 6), (1, 1), (30, 6))
    assert findings(world) == []


def test_leaders_count_as_the_parameter_says(world: World) -> None:
    body = world.body("班子局", quotas={"11": 2}, people={"11": 2}, leaders={"principal:0131": 1})
    number = scheme(world, body)
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE person SET rank = 'R10' WHERE id = ANY (:p)"), {"p": body.people})
    assert held(world, body, number)["一至四级主任科员"] == (1, 2)
    facts = {"person": body.people[0], "line": body.lines["principal:0131"], "nature": "regular", "home_unit": None, "main": 1,
             "start": ago(10).isoformat()}  # fmt: skip
    case = world.submit(world.clerk(body), body, "leader", facts, effective_on=ago(10))
    world.approve_recruit(case)
    assert held(world, body, number)["一至四级主任科员"] == (1, 1)
    assert held(world, body, number, ago(20))["一至四级主任科员"] == (1, 2)
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE person SET rank = 'R11' WHERE id = ANY (:p)"), {"p": body.people})


def test_a_new_approval_ends_the_one_before_and_the_base_follows_the_quota(world: World) -> None:
    body = world.body("增编局", quotas={"11": 5})
    first = scheme(world, body, day=ago(100))
    set_quota(world, body, body.line, 10, ago(50))
    assert isinstance(refusal(scheme, world, body, facts={"base": 5}), errors.BaseChanged)
    assert isinstance(refusal(scheme, world, body, day=ago(200)), errors.BadDay)
    second = scheme(world, body, day=ago(40), apart=2)
    assert world.row("SELECT base, apart FROM scheme WHERE id = :i", i=second) == (8, 2)
    assert world.value("SELECT recorded_to IS NOT NULL FROM scheme WHERE id = :i", i=first)
    assert call(world, world.clerk(body), "SELECT count(*) FROM scheme WHERE recorded_to IS NULL") == 2
    assert findings(world) == []


def test_a_unit_that_ends_takes_its_numbers_along(world: World) -> None:
    ended, other = (world.body(f"终止{n}局", quotas={"11": 4}) for n in "甲乙")
    pool = scheme(world, ended, together=(other,), day=ago(30))
    set_quota(world, ended, ended.line, 0)
    by_office(
        world,
        "unit_close",
        {"unit": ended.id, "start": TODAY.isoformat(), "document_no": "佛编〔2026〕8号"},
        about=ended,
    )
    row = "SELECT started_on, ended_on FROM scheme WHERE unit_id = :u AND recorded_to IS NULL"
    assert world.row(row, u=ended.id) == (ago(30), TODAY)
    assert world.value("SELECT recorded_to IS NOT NULL FROM scheme WHERE id = :i", i=pool)
    scheme(world, other, day=TODAY)  # nobody holds its numbers any more
    assert world.row(row, u=other.id) == (TODAY, None)
    assert findings(world) == []


@pytest.mark.parametrize("key", sorted(RANKS))
def test_the_kernel_reckons_as_the_form_does(world: World, key: str) -> None:
    """Each number that the rules give is taken, and one more than that of no group."""
    with world.owner.connect() as connection:
        for base in (0, 1, 4, 7, 19, 33, 79, 100, 257, 1001):
            groups = caps.reckoned(base, RANKS[key].rules, {})
            connection.execute(text("SELECT k_reckoned(:b, :g)"), {"b": base, "g": caps.written(groups)})
            for n, group in enumerate(groups):
                more = caps.written([*groups[:n], replace(group, number=group.number + 1), *groups[n + 1 :]])
                with pytest.raises(DBAPIError, match="above_share"), connection.begin_nested():
                    connection.execute(text("SELECT k_reckoned(:b, :g)"), {"b": base, "g": more})


@pytest.mark.parametrize(
    ("change", "back", "column"),
    [
        ("base = base + 1", "base = base - 1", "base"),
        ("groups = replace(groups, '主任', '主住')", "groups = replace(groups, '主住', '主任')", "groups"),
        ("members = members || 0::bigint", "members = array_remove(members, 0::bigint)", "members"),
        ("leave_out = '{}'", "leave_out = '{leaders}'", "leave_out"),
    ],
)
def test_a_changed_scheme_is_found(world: World, body: Body, change: str, back: str, column: str) -> None:
    where = "WHERE id = (SELECT max(id) FROM scheme WHERE kind = 'rank' AND recorded_to IS NULL AND ended_on IS NULL)"
    with world.owner.begin() as connection:
        connection.execute(text(f"UPDATE scheme SET {change} {where}"))
    found = findings(world)
    with world.owner.begin() as connection:
        connection.execute(text(f"UPDATE scheme SET {back} {where}"))
    assert len(found) == 1
    assert "scheme" in found[0]
    assert column in found[0]
    assert findings(world) == []
