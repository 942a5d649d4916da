"""Numbers that two people change at once: whoever comes second finds what the first has left, whichever of them it is."""

import pytest

from tests.ledger.races import Deed, arrived, behind, decided, expired, leaving, reviewed
from tests.ledger.steps import TODAY, ago, by_office, entered, findings, reserved
from tests.ledger.test_race import at_once, names
from tests.world import Body, World

pytestmark = pytest.mark.race
LATER = ago(-300).isoformat()


def part(world: World, body: Body, **facts: object) -> int:
    """A part of a body's number; its row."""
    start = facts.get("start", TODAY.isoformat())
    by_office(world, "quota_part", {"line": body.line, "number": 1, "how": "added", "last_on": LATER, "document_no": "佛编〔2026〕5号",
              "start": start} | facts, about=body)  # fmt: skip
    return int(
        world.value(
            "SELECT id FROM quota_part WHERE line_id = :l AND recorded_to IS NULL AND ended_on IS NULL", l=body.line
        )
    )


def entering(world: World, body: Body) -> Deed:
    """编办's approval, which reserves the seat."""
    return decided(world, world.office("establishment"), world.recruit(body), "establishment")


def pool(world: World, category: str, number: int, kind: str = "total", document: str = "佛编〔2026〕1号") -> Deed:
    return reviewed(world, "quota_pool", None, region="440600", category=category, pool_kind=kind, number=number,
                    document_no=document)  # fmt: skip


def distributed(world: World, category: str) -> int:
    return int(world.value("SELECT sum(t.authorised) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id"
                           " WHERE l.kind = 'establishment' AND l.category = :c", c=category))  # fmt: skip


@pytest.mark.parametrize("known", [False, True], ids=["the first total", "a new total"])
def test_a_total_is_not_registered_below_a_number_that_rises_at_that_moment(world: World, known: bool) -> None:
    """Whether the category had a total before or not."""
    category = "15" if known else "14"
    for n, rises_first in enumerate((True, False)):
        body = world.body(f"争总量{known}{n}局", quotas={category: 2})
        if known or n:
            by_office(world, "quota_pool", {"region": "440600", "category": category, "pool_kind": "total", "number": 99,
                      "document_no": f"佛编〔2025〕{n}号", "start": TODAY.isoformat()})  # fmt: skip
        rise = reviewed(world, "quota", body, line=body.line, authorised=3)
        total = pool(world, category, distributed(world, category), document=f"佛编〔2026〕{n}号")
        if rises_first:
            assert behind(world, rise, total) == "pool_below_use"
        else:
            assert behind(world, total, rise) == "pool_exhausted"


def test_the_first_total_of_a_category_binds_who_waited_for_it(world: World) -> None:
    body = world.body("首个总量局", quotas={"12": 2})
    rise = reviewed(world, "quota", body, line=body.line, authorised=3)
    assert behind(world, pool(world, "12", 2), rise) == "pool_exhausted"
    assert distributed(world, "12") == 2


def test_a_reserve_that_is_being_replaced_lends_by_its_new_number(world: World) -> None:
    body = world.body("周转更替局", quotas={"11": 2})
    lend = {"line": body.line, "purpose": "rotating", "number": 1, "how": "added", "last_on": LATER}
    by_office(world, "quota_pool", {"region": "440600", "category": "11", "pool_kind": "rotating", "number": 1,
              "document_no": "佛编〔2026〕1号", "start": TODAY.isoformat()})  # fmt: skip
    assert (
        behind(world, pool(world, "11", 2, "rotating", "佛编〔2026〕2号"), reviewed(world, "quota_part", body, **lend))
        == "done"
    )
    again = reviewed(world, "quota_part", body, **lend | {"document_no": "佛编〔2026〕89号"})
    assert behind(world, pool(world, "11", 1, "rotating", "佛编〔2026〕3号"), again) == "pool_exhausted"


@pytest.mark.parametrize("process", ["quota", "quota_new", "quota_part"])
def test_a_document_fixes_a_line_once_though_two_officials_approve_it_at_once(world: World, process: str) -> None:
    body = world.body(f"同文{process}局", quotas={"11": 3})
    facts: dict[str, object] = {"line": body.line, "authorised": 4}
    if process == "quota_new":
        facts = {
            "unit": body.id,
            "kind": "establishment",
            "category": "11",
            "funding": "1",
            "structure": "none",
            "authorised": 4,
        }
    elif process == "quota_part":
        facts = {"line": body.line, "purpose": "military", "number": 1, "how": "added", "last_on": LATER}
    first, second = (reviewed(world, process, body, **facts) for _ in range(2))
    assert behind(world, first, second) == "document_used"
    assert world.figures(body.line) == (4, 0, 0)


@pytest.mark.parametrize("returned_first", [True, False])
def test_a_lent_number_is_returned_or_entered_and_never_both(world: World, returned_first: bool) -> None:
    body = world.body(f"借还{returned_first}局", quotas={"11": 1}, people={"11": 1})
    found = part(world, body, purpose="military")
    back, entry = reviewed(world, "quota_part_end", body, part=found), entering(world, body)
    if returned_first:
        assert behind(world, back, entry) == "quota_exhausted"
        assert world.figures(body.line) == (1, 1, 0)
    else:
        assert behind(world, entry, back) == "quota_below_use"
        assert world.figures(body.line) == (2, 1, 1)


@pytest.mark.parametrize("ends_first", [True, False])
def test_a_temporary_number_ends_before_an_entry_reserves_it_or_waits_for_that_entry(
    world: World, ends_first: bool
) -> None:
    body = world.body(f"到期与预留{ends_first}局", quotas={"11": 1}, people={"11": 1}, start=ago(400))
    found = part(world, body, purpose="military", start=ago(90).isoformat(), last_on=ago(1).isoformat())
    end, entry = expired(world, found), entering(world, body)
    if ends_first:
        assert behind(world, end, entry) == "quota_exhausted"
        assert world.figures(body.line) == (1, 1, 0)
    else:
        assert behind(world, entry, end) == "done"
        assert world.figures(body.line) == (2, 1, 1)


@pytest.mark.parametrize("ends_first", [True, False])
def test_who_arrives_while_the_temporary_number_ends_sits_in_it_or_is_surplus(world: World, ends_first: bool) -> None:
    body = world.body(f"到期与报到{ends_first}局", quotas={"11": 1}, people={"11": 1}, start=ago(400))
    found = part(world, body, purpose="military", start=ago(90).isoformat(), last_on=ago(1).isoformat())
    case = reserved(world, body)
    end, arrival = expired(world, found), arrived(world, body, case)
    first, second = (end, arrival) if ends_first else (arrival, end)
    assert behind(world, first, second) == "done"
    # Where the job came first the kept number stayed; the next night takes it back.
    assert world.figures(body.line) == ((2, 2, 0) if ends_first else (1, 2, 0))
    left = world.value("SELECT max(id) FROM quota_part WHERE line_id = :l AND recorded_to IS NULL", l=body.line)
    assert behind(world, expired(world, left), expired(world, left)) == "done"
    assert world.figures(body.line) == (1, 2, 0)


@pytest.mark.parametrize("closes_first", [True, False])
def test_a_line_closes_or_is_entered(world: World, closes_first: bool) -> None:
    body = world.body(f"关与进{closes_first}局", quotas={"11": 2}, people={"11": 1})
    close, entry = reviewed(world, "line_close", body, line=body.line, entry="closed"), entering(world, body)
    first, second = (close, entry) if closes_first else (entry, close)
    assert behind(world, first, second) == ("line_closed" if closes_first else "seats_reserved")


@pytest.mark.parametrize("cut_first", [True, False])
def test_a_cut_with_a_plan_and_an_entry_never_both(world: World, cut_first: bool) -> None:
    body = world.body(f"消化与进{cut_first}局", quotas={"11": 3}, people={"11": 2})
    cut = reviewed(world, "quota", body, line=body.line, authorised=1, until_on=LATER)
    first, second = (cut, entering(world, body)) if cut_first else (entering(world, body), cut)
    assert behind(world, first, second) == ("surplus_line" if cut_first else "quota_below_use")


def test_exits_of_a_closed_line_at_once_take_a_number_each(world: World) -> None:
    body = world.body("同退局", quotas={"11": 4}, people={"11": 4})
    by_office(world, "line_close", {"line": body.line, "entry": "closed", "document_no": "佛编〔2026〕1号",
              "start": TODAY.isoformat()}, about=body)  # fmt: skip
    office, exits = world.office("establishment"), [leaving(world, body, who).case for who in body.people]
    assert names(at_once(*(lambda c=c: world.decide(office, c, "establishment") for c in exits))) == ["done"] * 4
    assert world.figures(body.line) == (0, 0, 0)


def test_numbers_moved_both_ways_at_once_keep_their_sum(world: World) -> None:
    one, other = world.body("划甲局", quotas={"11": 9}), world.body("划乙局", quotas={"11": 9})
    office = world.office("establishment")
    for n in range(4):
        pairs = [(one, other), (other, one), (one, other)]
        moves = [reviewed(world, "quota_move", a, from_line=a.line, line=b.line, number=1, document_no=f"划{n}{k}")
                 for k, (a, b) in enumerate(pairs)]  # fmt: skip
        tasks = [m.case for m in moves if m.case]
        assert names(at_once(*(lambda c=c: world.decide(office, c, "review") for c in tasks))) == ["done"] * 3
    assert (world.figures(one.line)[0], world.figures(other.line)[0]) == (5, 13)


def test_after_all_of_it_the_chains_say_what_the_tables_say(world: World) -> None:
    assert entered(world, world.body("末局")) > 0
    assert findings(world) == []
