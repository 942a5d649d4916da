"""Time limits as the statutes state them."""

import datetime as dt

import pytest

from app.domain import codes
from app.domain.terms import (
    PENALTY_MONTHS,
    bars_promotion,
    closed_season_ends,
    dismissible_absence,
    institution_probation,
    loan_problems,
    penalty_ends,
    probation_ends,
    resignation_due,
)


def test_a_resignation_is_decided_within_thirty_days_ninety_for_leaders() -> None:
    assert resignation_due(dt.date(2024, 3, 1), leader=False) == dt.date(2024, 3, 31)
    assert resignation_due(dt.date(2024, 3, 1), leader=True) == dt.date(2024, 5, 30)


@pytest.mark.parametrize(
    ("running", "in_year", "found"), [(15, 15, False), (16, 16, True), (0, 30, False), (0, 31, True)]
)
def test_absence_counts_from_the_day_after_the_limit(running: int, in_year: int, found: bool) -> None:
    assert dismissible_absence(running=running, in_year=in_year) is found


def test_a_demerit_lasts_twelve_months_and_bars_promotion() -> None:
    decided = dt.date(2024, 1, 10)
    assert penalty_ends(decided, "02") == dt.date(2025, 1, 9)
    assert bars_promotion(decided, "02", dt.date(2025, 1, 9))
    assert not bars_promotion(decided, "02", dt.date(2025, 1, 10))
    assert not bars_promotion(decided, "02", dt.date(2024, 1, 9))
    assert penalty_ends(decided, "06") is None
    assert bars_promotion(decided, "06", dt.date(2090, 1, 1))


def test_every_penalty_of_the_list_has_its_months() -> None:
    assert set(PENALTY_MONTHS) == set(codes.code_set("discipline"))
    assert [PENALTY_MONTHS[c] for c in ("01", "02", "03", "04", "05")] == [6, 12, 18, 24, 24]


def test_probation_and_the_closed_season() -> None:
    assert probation_ends(dt.date(2024, 8, 1)) == dt.date(2025, 7, 31)
    assert institution_probation(first_job=True, contract_years=3) == 12
    assert institution_probation(first_job=False, contract_years=3) == 0
    assert institution_probation(first_job=True, contract_years=2) == 0
    assert closed_season_ends(dt.date(2024, 1, 1), leader=True) == dt.date(2026, 12, 31)
    assert closed_season_ends(dt.date(2024, 1, 1), leader=False) == dt.date(2025, 12, 31)


def test_a_loan_lasts_six_months_and_twelve_in_all() -> None:
    start = dt.date(2024, 1, 1)
    assert loan_problems(start, dt.date(2024, 7, 1)) == []
    assert loan_problems(start, dt.date(2024, 7, 2)) == ["loan_too_long"]
    assert loan_problems(start, dt.date(2024, 7, 1), earlier_months=6) == []
    assert loan_problems(start, dt.date(2024, 6, 2), earlier_months=7) == ["loan_total"]
