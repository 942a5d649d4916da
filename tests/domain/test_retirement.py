"""The statutory age against the published tables of the decision of 2024-09-13."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.retirement import (
    RULES,
    WORKER_CATEGORIES,
    Track,
    add_months,
    age_text,
    choice_problems,
    delay_months,
    due,
    latest_by_agreement,
    may_retire_on_application,
    minimum_contribution,
    notice_due,
    statutory,
    track_of,
)

MAN, CADRE, WORKER = Track.MAN, Track.WOMAN_CADRE, Track.WOMAN_WORKER
births = st.dates(dt.date(1950, 1, 1), dt.date(2005, 12, 31))
tracks = st.sampled_from(list(Track))

PUBLISHED = [
    ("1965-01", MAN, "2025-02", "60岁1个月", 1),
    ("1965-12", MAN, "2026-03", "60岁3个月", 3),
    ("1964-02", MAN, "2024-02", "60岁", 0),
    ("1963-12", MAN, "2023-12", "60岁", 0),
    ("1995-12", MAN, "2058-12", "63岁", 36),
    ("1964-12", MAN, "2024-12", "60岁", 0),
    ("1965-04", MAN, "2025-05", "60岁1个月", 1),
    ("1965-05", MAN, "2025-07", "60岁2个月", 2),
    ("1966-11", MAN, "2027-05", "60岁6个月", 6),
    ("1970-06", MAN, "2031-11", "61岁5个月", 17),
    ("1976-08", MAN, "2039-07", "62岁11个月", 35),
    ("1976-09", MAN, "2039-09", "63岁", 36),
    ("1976-12", MAN, "2039-12", "63岁", 36),
    ("1969-12", CADRE, "2024-12", "55岁", 0),
    ("1970-01", CADRE, "2025-02", "55岁1个月", 1),
    ("1970-05", CADRE, "2025-07", "55岁2个月", 2),
    ("1971-04", CADRE, "2026-08", "55岁4个月", 4),
    ("1981-08", CADRE, "2039-07", "57岁11个月", 35),
    ("1981-09", CADRE, "2039-09", "58岁", 36),
    ("1981-12", CADRE, "2039-12", "58岁", 36),
    ("1974-12", WORKER, "2024-12", "50岁", 0),
    ("1975-01", WORKER, "2025-02", "50岁1个月", 1),
    ("1975-02", WORKER, "2025-03", "50岁1个月", 1),
    ("1975-03", WORKER, "2025-05", "50岁2个月", 2),
    ("1984-10", WORKER, "2039-09", "54岁11个月", 59),
    ("1984-11", WORKER, "2039-11", "55岁", 60),
    ("1990-06", WORKER, "2045-06", "55岁", 60),
]


@pytest.mark.parametrize(("born", "track", "month", "age", "delay"), PUBLISHED)
def test_published_rows_come_out(born: str, track: Track, month: str, age: str, delay: int) -> None:
    found = statutory(dt.date.fromisoformat(f"{born}-15"), track)
    assert (f"{found.on:%Y-%m}", found.age_text, found.delay) == (month, age, delay)
    assert found.on.day == 15


@given(births, tracks)
def test_whoever_is_younger_never_retires_earlier(born: dt.date, track: Track) -> None:
    later = add_months(born.replace(day=1), 1)
    assert statutory(later, track).on >= statutory(born.replace(day=1), track).on
    assert statutory(later, track).delay >= statutory(born, track).delay


@given(births, tracks)
def test_the_age_lies_between_the_former_and_the_last_one(born: dt.date, track: Track) -> None:
    found, rule = statutory(born, track), RULES[track]
    assert 0 <= found.delay <= rule.cap
    assert found.age == rule.age * 12 + found.delay
    assert found.earliest_on <= found.on
    assert found.earliest_on >= add_months(born, rule.age * 12)
    assert (found.delay == 0) == (add_months(born.replace(day=1), rule.age * 12) < dt.date(2025, 1, 1))


def test_the_earliest_day_is_three_years_before_but_not_before_the_former_age() -> None:
    man = statutory(dt.date(1990, 3, 31), MAN)
    assert (man.on, man.earliest_on) == (dt.date(2053, 3, 31), dt.date(2050, 3, 31))
    worker = statutory(dt.date(1990, 3, 31), WORKER)
    assert worker.earliest_on == dt.date(2042, 3, 31)
    assert statutory(dt.date(1965, 1, 5), MAN).earliest_on == dt.date(2025, 1, 5)


def test_a_woman_of_county_level_or_with_a_senior_title_goes_by_the_mens_table() -> None:
    assert track_of("2", worker=False, senior=True) is MAN
    assert f"{statutory(dt.date(1966, 11, 2), track_of('2', worker=False, senior=True)).on:%Y-%m}" == "2027-05"
    assert (track_of("2", worker=False), track_of("2", worker=True), track_of("1", worker=True)) == (CADRE, WORKER, MAN)
    assert sorted(WORKER_CATEGORIES) == ["13", "23"]
    with pytest.raises(ValueError, match="sex"):
        track_of("9", worker=False)


def test_civil_servants_and_leaders_do_not_stay_longer() -> None:
    found = statutory(dt.date(1980, 6, 1), MAN)
    assert latest_by_agreement(found, civil_servant=True, leader=False) == found.on
    assert latest_by_agreement(found, civil_servant=False, leader=True) == found.on
    assert latest_by_agreement(found, civil_servant=False, leader=False) == dt.date(2046, 6, 1)


def test_an_early_day_needs_three_months_notice_and_lies_within_its_bounds() -> None:
    found = statutory(dt.date(1980, 6, 15), MAN)
    assert (found.earliest_on, found.on) == (dt.date(2040, 6, 15), dt.date(2043, 6, 15))
    assert notice_due(dt.date(2041, 5, 31)) == dt.date(2041, 2, 28)
    day = dt.date(2041, 6, 15)
    assert choice_problems(found, day, today=dt.date(2041, 3, 15)) == []
    assert choice_problems(found, day, today=dt.date(2041, 3, 16)) == ["notice_too_late"]
    assert choice_problems(found, dt.date(2040, 6, 14), today=dt.date(2030, 1, 1)) == ["too_early"]
    assert choice_problems(found, dt.date(2043, 6, 16), today=dt.date(2030, 1, 1)) == ["after_statutory"]
    assert choice_problems(found, found.on, today=found.on) == []


@pytest.mark.parametrize(
    ("year", "months"), [(2025, 180), (2029, 180), (2030, 186), (2031, 192), (2037, 228), (2038, 234), (2039, 240), (2050, 240)]
)  # fmt: skip
def test_the_least_years_of_contribution_grow_by_half_a_year(year: int, months: int) -> None:
    assert minimum_contribution(year) == months


def test_a_civil_servant_may_apply_after_thirty_years_or_twenty_near_the_age() -> None:
    born = dt.date(1970, 6, 1)  # statutory day 2031-11-01
    assert may_retire_on_application(born, 30, MAN, dt.date(2020, 1, 1))
    assert may_retire_on_application(born, 20, MAN, dt.date(2026, 11, 1))
    assert not may_retire_on_application(born, 20, MAN, dt.date(2026, 10, 31))
    assert not may_retire_on_application(born, 19, MAN, dt.date(2031, 10, 31))


def test_the_forecast_counts_whoever_is_due_within_the_months() -> None:
    found = statutory(dt.date(1965, 1, 20), MAN)
    assert due(found, dt.date(2024, 8, 20), months=6)
    assert not due(found, dt.date(2024, 8, 19), months=6)
    assert due(found, dt.date(2025, 3, 1), months=0)


def test_months_are_added_at_the_ends_of_months() -> None:
    assert add_months(dt.date(2024, 1, 31), 1) == dt.date(2024, 2, 29)
    assert add_months(dt.date(2024, 12, 31), 2) == dt.date(2025, 2, 28)
    assert add_months(dt.date(2024, 3, 31), -1) == dt.date(2024, 2, 29)
    assert age_text(720) == "60岁"
    assert delay_months(dt.date(1900, 1, 1), MAN) == 0
