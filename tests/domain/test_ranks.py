"""Ranks, groups of ranks and post grades with the ratios that are shipped, and the sums behind each number."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import caps, codes, ranks, ratios
from app.domain.ranks import GRADES, LOWEST_OF_LEVEL, ORDER
from app.workflow import validation

PLANS = {plan.process: plan for _raw, plan in validation.load()}


def sets(process: str) -> dict[str, ratios.RatioSet]:
    return ratios.sets(next(c.params for c in PLANS[process].checks if c.code.endswith("_ratios")))


RANKS, POSTS = sets("rank_quota"), sets("post_plan")


def numbers(base: int, chosen: ratios.RatioSet, **given: int) -> dict[str, int]:
    return {g.name: g.number for g in caps.reckoned(base, chosen.rules, given)}


def test_a_city_organ_of_79_posts_has_the_published_numbers() -> None:
    assert numbers(79, RANKS["city"]) == {
        "二级巡视员": 0, "一至四级调研员": 15, "一、二级调研员": 6, "一级调研员": 3,
        "一至四级主任科员": 47, "一、二级主任科员": 23,
    }  # fmt: skip
    lines = caps.derived(79, caps.reckoned(79, RANKS["city"].rules, {}))
    assert [(li.sum, li.cut) for li in lines[:3]] == [
        ("⌊79 × 1%⌋ = 0", Fraction(79, 100)), ("⌊79 × 20%⌋ = 15", Fraction(4, 5)), ("⌊15 × 40%⌋ = 6", Fraction(0)),
    ]  # fmt: skip


def test_a_district_organ_of_100_posts_and_a_leading_team_of_30() -> None:
    assert numbers(100, RANKS["county"]) == {
        "二级调研员": 2, "三、四级调研员": 10, "三级调研员": 4, "一至四级主任科员": 60, "一、二级主任科员": 30,
    }  # fmt: skip
    assert numbers(30, RANKS["county_team"]) == {"二级巡视员": 3, "一、二级调研员": 6}
    assert (RANKS["county_team"].base, RANKS["county_team"].leave_out) == ("leadership", ())
    assert [ratios.usual(RANKS, kind) for kind in ("city", "district", "town")] == ["city", "county", "county"]


@given(st.integers(0, 3000), st.sampled_from(sorted(RANKS)))
def test_a_part_is_never_larger_than_its_group_and_none_than_the_base(base: int, key: str) -> None:
    groups = caps.reckoned(base, RANKS[key].rules, {})
    found = {g.name: g.number for g in groups}
    for line in caps.derived(base, groups):
        assert 0 <= line.cut < 1
        assert line.number == line.most <= (found[line.group.of] if line.group.of else base)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6))
def test_units_together_have_what_is_cut_off_from_each_of_them(sizes: list[int]) -> None:
    """统筹: the pool's number is the units' own numbers and the whole part of their remainders together."""
    each = [caps.derived(n, caps.reckoned(n, RANKS["city"].rules, {})) for n in sizes]
    together = numbers(sum(sizes), RANKS["city"])
    for place, line in enumerate(each[0]):
        if not line.group.of:
            rest = sum((lines[place].cut for lines in each), Fraction(0))
            assert together[line.group.name] == sum(lines[place].number for lines in each) + int(rest)


@pytest.mark.parametrize(("key", "high", "middle"), [("city", 6, 12), ("county", 3, 9), ("national", 3, 9)])
def test_thirty_professional_posts_divide_as_published(key: str, high: int, middle: int) -> None:
    found = numbers(40, POSTS[key], management_posts=6, professional_posts=30, workman_posts=4)
    assert (found["专技高级"], found["专技中级（推算）"]) == (high, middle)
    assert found["专技中级及以上"] == high + middle
    assert found["专技初级（推算）"] == 30 - high - middle
    assert (found["工勤一、二级"], found["工勤一至三级"]) == (0, 1)
    assert "专技正高级" not in found  # not divided: nothing of the inner ratios below it
    assert "特设岗位" not in found


def test_inner_ratios_follow_from_the_full_seniors() -> None:
    given = {"management_posts": 0, "professional_posts": 200, "workman_posts": 100, "full_seniors": 10}
    found = numbers(300, POSTS["city"], **given, special_posts=2)
    assert [found[f"专技{n}"] for n in ("高级", "正高级", "二级及以上", "三级及以上", "五级", "五、六级")] == [
        40, 10, 1, 4, 6, 18]  # fmt: skip
    assert (found["专技八级"], found["专技八、九级"], found["专技十一级"]) == (24, 56, 40)
    assert (found["工勤一、二级"], found["工勤一至三级"], found["特设岗位"]) == (5, 25, 2)
    with pytest.raises(caps.MissingNumberError) as missing:
        numbers(300, POSTS["city"], management_posts=0, workman_posts=0)
    assert missing.value.field == "professional_posts"


@pytest.mark.parametrize(
    ("rule", "number", "said"),
    [
        ({"percent": 15, "rounding": "half"}, 2, "[10 × 15%] = 2"),
        ({"percent": 11, "rounding": "up"}, 2, "⌈10 × 11%⌉ = 2"),
        ({"percent": "2.5", "minimum": 1}, 1, "max(1, ⌊10 × 2.5%⌋) = 1"),
        ({"ratio": "3/10"}, 3, "⌊10 × 3/10⌋ = 3"),
    ],
)
def test_a_rule_rounds_and_has_a_minimum_as_its_parameters_say(rule: dict[str, Any], number: int, said: str) -> None:
    groups = caps.reckoned(10, [{"name": "组", "low": "R01", "high": "R02", **rule}], {})
    assert (groups[0].number, caps.derived(10, groups)[0].sum) == (number, said)
    assert caps.read(caps.written(groups)) == groups


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"sets": {}},
        {"sets": {"a": {"groups": []}}},
        {"categories": "11", "sets": {"a": {"title": "甲", "groups": [{"name": "组", "percent": 1, "of": "后组"}]}}},
        {"categories": "11", "sets": {"a": {"title": "甲", "groups": [{"name": "组", "percent": 1, "ratio": "1/2"}]}}},
        {"categories": "11", "sets": {"a": {"title": "甲", "groups": [{"name": "组", "percent": 1, "shoe": 42}]}}},
        {
            "categories": "11",
            "leave_out": "friends",
            "sets": {"a": {"title": "甲", "groups": [{"name": "组", "percent": 1}]}},
        },
        {"categories": "11", "sets": "city"},
    ],
)
def test_parameters_that_cannot_be_read_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        ratios.sets(params)


def test_ranks_are_named_ordered_and_graded() -> None:
    assert [codes.RANK[r] for r in ORDER][:2] == ["一级巡视员", "二级巡视员"]
    assert codes.RANK[ORDER[-1]] == "二级科员"
    assert GRADES["R10"] == (18, 24)
    assert GRADES["R12"] == (19, 27)
    assert ranks.fits_grade("R01", 8)
    assert not ranks.fits_grade("R01", 14)
    for above, below in pairwise(ORDER):
        assert GRADES[above] <= GRADES[below]
        assert ranks.next_rank(below) == above
        assert ranks.is_higher(above, below)
    assert ranks.next_rank("R01") is None


def test_a_level_has_its_lowest_rank_and_a_body_its_highest() -> None:
    assert codes.RANK[LOWEST_OF_LEVEL["0131"]] == "二级调研员"
    assert codes.RANK[LOWEST_OF_LEVEL["0142"]] == "四级主任科员"
    assert ranks.exists_in("R02", "city")
    assert not ranks.exists_in("R01", "city")
    assert not ranks.exists_in("R03", "county")
    assert ranks.exists_in("R04", "town")


def test_the_main_kind_has_its_least_share() -> None:
    assert caps.main_kind_holds("professional", 70, {"professional": 70, "management": 30})
    assert not caps.main_kind_holds("professional", 80, {"professional": 79, "management": 21})
    assert caps.main_kind_holds("workman", 50, {"workman": 1, "management": 1})
