"""Figures of lines and bodies against published figures."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.quota import (
    Figures,
    Leadership,
    LeadershipLine,
    above_usual,
    average,
    category_fits,
    change_fits,
    percent,
    pooled,
    total,
    within,
)

counts = st.integers(0, 5000)


@pytest.mark.parametrize(
    ("authorised", "occupied", "vacant", "surplus"),
    [(24, 23, 1, 0), (8, 8, 0, 0), (10, 9, 1, 0), (3, 3, 0, 0), (2, 2, 0, 0), (1, 1, 0, 0), (0, 2, 0, 2), (78, 80, 0, 2)],
)  # fmt: skip
def test_published_lines_have_their_vacancies_and_surplus(
    authorised: int, occupied: int, vacant: int, surplus: int
) -> None:
    found = Figures.of(authorised, occupied, 0)
    assert (found.vacant, found.usable, found.surplus) == (vacant, vacant, surplus)


def test_unknown_is_not_zero() -> None:
    unknown, zero = Figures.of(None, 3, 0), Figures.of(0, 3, 0)
    assert (unknown.vacant, unknown.surplus, unknown.usable) == (None, None, 0)
    assert (zero.vacant, zero.surplus, zero.usable) == (0, 3, 0)
    assert total([unknown, unknown]).vacant is None
    assert total([unknown, zero]) == Figures(0, 6, 0, 0, 0, 3)
    assert unknown.fill_rate is None
    assert zero.vacancy_rate is None


@given(counts, counts, counts)
def test_what_is_reserved_is_vacant_but_not_usable(authorised: int, occupied: int, reserved: int) -> None:
    found = Figures.of(authorised, occupied, reserved)
    assert found.vacant is not None
    assert found.surplus is not None
    assert found.vacant - found.surplus == authorised - occupied
    assert min(found.vacant, found.surplus) == 0
    assert found.usable == max(0, found.vacant - reserved)
    assert found["usable"] == found.usable


@given(st.lists(st.tuples(st.sampled_from("ab"), counts, counts), max_size=12))
def test_categories_are_summed_apart_and_together_alike(rows: list[tuple[str, int, int]]) -> None:
    lines = [(c, Figures.of(a, o, 0)) for c, a, o in rows]
    by_category = pooled(lines)
    assert sum(f.vacant or 0 for f in by_category.values()) == sum(max(0, a - o) for _c, a, o in rows)
    assert total(list(by_category.values())) == total([f for _c, f in lines])


def test_a_towns_workers_do_not_fill_the_vacancy_of_its_organ() -> None:
    organ, workers = Figures.of(24, 23, 0), Figures.of(3, 3, 0)
    assert total([organ, workers]) == Figures(27, 26, 0, 1, 1, 0)
    parts = [Figures.of(a, o, 0) for a, o in ((8, 8), (10, 9), (3, 3), (2, 2), (1, 1))]
    assert total(parts) == organ
    assert within(24, [8, 10, 3, 2, 1])
    assert not within(24, [8, 10, 3, 2, 2])
    assert within(None, [4])


def test_eleven_provincial_bodies_add_up() -> None:
    fixed = [76, 89, 95, 77, 80, 25, 46, 195, 125, 169, 102]
    assert sum(fixed) == 1079
    assert sorted(n for n in fixed if n > 100) == [102, 125, 169, 195]
    assert sum(n for n in fixed if n <= 100) == 488


def test_means_and_shares_are_rounded_half_up() -> None:
    assert average(272, 5 + 8) == Decimal("20.92")
    assert average(272, 0) is None
    assert percent(41 - 16, 41) == Decimal("60.98")
    assert percent(55793 + 28466 + 15022, 162629) == Decimal("61.05")
    assert percent(1, 800) == Decimal("0.13")
    assert Figures.of(24, 23, 0).vacancy_rate == Decimal("4.17")
    assert Figures.of(10, 12, 0).fill_rate == Decimal("120.00")


def test_a_documents_figures_have_to_agree() -> None:
    assert change_fits(82, -4, 78)
    assert not change_fits(80, -4, 78)
    assert not change_fits(2, -4, -2)


def test_a_category_belongs_to_a_kind_of_body() -> None:
    assert category_fits("organ", "11")
    assert not category_fits("organ", "22")
    assert not category_fits("institution", "11")
    assert category_fits("reference", "21")
    assert not category_fits("organ", "12")
    assert category_fits("organ", "12", judicial=True)


def leading(*rows: tuple[str, int | None, tuple[int, ...]]) -> Leadership:
    return Leadership(tuple(LeadershipLine(role, "0142", n, holders) for role, n, holders in rows))


def test_a_leader_of_two_posts_takes_two_numbers_and_is_one_person() -> None:
    body = leading(("principal", 1, (1,)), ("deputy", 3, (1, 2)), ("other", None, (2,)))
    assert body.figures.occupied == 4
    assert body.persons == 2
    assert body.figures.vacant == 1
    assert body.by_role() == {"principal": 1, "deputy": 3}


def test_a_document_that_names_fewer_leaders_than_principals_is_told() -> None:
    body = leading(("principal", 2, ()), ("deputy", 1, ()))
    assert body.problems() == []
    assert body.problems(announced=3) == []
    assert body.problems(announced=1) == ["leaders_below_principals", "leaders_differ"]


def test_usual_numbers_are_hints() -> None:
    assert not above_usual("city_department", 1, 2)
    assert above_usual("county_department", 1, 3)
    assert above_usual("city_section", 2, 0)
