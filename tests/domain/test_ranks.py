"""Ranks, their numbers, and the posts of public institutions."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import codes, positions, ranks
from app.domain.ranks import CAPS, GRADES, LOWEST_OF_LEVEL, ORDER, allowances, excesses, pool, room


def numbers(posts: int, body: str) -> dict[str, int]:
    return {name: a.number for name, a in allowances(posts, CAPS[body]).items()}


def test_a_city_organ_of_79_posts_has_the_published_numbers() -> None:
    assert numbers(79, "city") == {
        "二级巡视员": 0, "一至四级调研员": 15, "一、二级调研员": 6, "一级调研员": 3,
        "一至四级主任科员": 47, "一、二级主任科员": 23,
    }  # fmt: skip
    assert allowances(79, CAPS["city"])["二级巡视员"].remainder == Decimal("0.79")


def test_a_district_organ_of_100_posts() -> None:
    assert numbers(100, "county") == {
        "二级调研员": 2, "三、四级调研员": 10, "三级调研员": 4, "一至四级主任科员": 60, "一、二级主任科员": 30,
    }  # fmt: skip
    assert numbers(30, "county_team") == {"二级巡视员": 3, "一、二级调研员": 6}


@given(st.integers(0, 3000), st.sampled_from(sorted(CAPS)))
def test_a_part_is_never_larger_than_its_group_and_none_than_the_body(posts: int, body: str) -> None:
    allowed = allowances(posts, CAPS[body])
    for a in allowed.values():
        assert 0 <= a.remainder < 1
        assert a.number <= (allowed[a.cap.base].number if a.cap.base else posts)


@given(st.lists(st.integers(0, 200), max_size=6))
def test_what_is_cut_off_goes_into_the_pool(sizes: list[int]) -> None:
    bodies = [allowances(n, CAPS["city"]) for n in sizes]
    shared = pool(bodies)
    for name in shared:
        cap = next(c for c in CAPS["city"] if c.name == name)
        exact = sum((Decimal(n) * cap.percent / 100 for n in sizes), Decimal(0))
        assert sum(b[name].number for b in bodies) + shared[name] == int(exact)


def test_a_promotion_needs_room_in_every_group() -> None:
    allowed = allowances(79, CAPS["city"])
    holders = {"R03": 3, "R04": 3, "R06": 9}
    assert excesses(holders, allowed) == []
    assert not room("R03", holders, allowed)
    assert not room("R06", holders, allowed)
    assert room("R04", {"R03": 3, "R04": 2, "R05": 1, "R06": 9}, allowed, leaving="R05")
    assert not room("R03", holders, allowed, leaving="R04")
    over = excesses({**holders, "R04": 5}, allowed)
    assert [(e.cap.name, e.number, e.holders) for e in over] == [("一至四级调研员", 15, 17), ("一、二级调研员", 6, 8)]
    assert room("R11", holders, allowed)


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


@pytest.mark.parametrize(("level", "found"), [("city", (6, 12, 12)), ("county", (3, 9, 18)), ("national", (3, 9, 18))])
def test_thirty_professional_posts_divide_as_published(level: str, found: tuple[int, int, int]) -> None:
    assert positions.grades(30, level) == found


@given(st.integers(0, 5000), st.sampled_from(sorted(positions.GRADE_RATIO)))
def test_grades_add_up_and_high_ones_stay_below_their_share(posts: int, level: str) -> None:
    parts = positions.grades(posts, level)
    assert sum(parts) == posts
    ratio = positions.GRADE_RATIO[level]
    assert parts[0] * sum(ratio) <= posts * ratio[0]


def test_inner_grades_and_skilled_workers() -> None:
    assert positions.split(10, positions.INNER_RATIO[2, 3, 4]) == (1, 3, 6)
    assert positions.split(11, positions.INNER_RATIO[11, 12]) == (5, 6)
    assert positions.workmen(100) == positions.WorkmenCaps(5, 25)
    assert positions.workmen(19) == positions.WorkmenCaps(0, 4)


def test_the_main_kind_has_its_least_share() -> None:
    assert positions.main_kind_holds("professional", {"professional": 70, "management": 30})
    assert not positions.main_kind_holds("health", {"professional": 79, "management": 21})
    assert positions.main_kind_holds("service", {"workman": 1, "management": 1})
