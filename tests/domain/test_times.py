"""Figures of how long things took are those of the whole list of days."""

from collections import Counter
from statistics import mean, median

from hypothesis import given
from hypothesis import strategies as st

from app.domain.times import Times, times


def test_nothing_done_has_no_figures() -> None:
    assert times({}, 0) == Times(0)


def test_the_median_of_two_lies_between_them_and_nine_in_ten_is_a_day_that_occurred() -> None:
    found = times({1: 1, 4: 1}, 1)
    assert (found.median, found.ninety, found.timely) == (2.5, 4, 50)
    assert times({1: 9, 30: 1}, 9).ninety == 1
    assert times({1: 8, 30: 2}, 8).ninety == 30


@given(st.lists(st.integers(0, 60), min_size=1, max_size=80))
def test_figures_of_the_counts_are_those_of_the_list(days: list[int]) -> None:
    found = times(Counter(days), sum(d <= 3 for d in days))
    assert found.number == len(days)
    assert found.mean == mean(days)
    assert found.median == median(days)
    assert found.ninety is not None
    assert sum(d <= found.ninety for d in days) >= 0.9 * len(days) > sum(d < found.ninety for d in days)
