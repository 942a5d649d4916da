"""工作日: deadlines counted in the State Council's working days; an unknown day counts Monday to Friday.

The published holidays and make-up days come with the package ``chinesecalendar`` (国务院办公厅 each year's 节假日安排);
a year that it does not know yet is told by ``published_until``, and an administrator may enter its days by hand.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from functools import cache
from zoneinfo import ZoneInfo

# The clock of every city in China; the kernel's kernel_today() reads the same.
CITY_CLOCK = ZoneInfo("Asia/Shanghai")


def sensible(on: dt.date) -> bool:
    """Whether anything here can happen on a day; a slip of the hand in the year (0206, 2206, 9999) is none."""
    return 1900 <= on.year <= 2100


def city_today() -> dt.date:
    """The day on the city's calendar, whatever the machine's clock is set to."""
    return dt.datetime.now(CITY_CLOCK).date()


@cache
def published(first_year: int = 2024) -> Mapping[dt.date, bool]:
    """Days that are named in a published calendar, from a year on: True is worked, False is free."""
    import chinese_calendar

    days = {**dict.fromkeys(chinese_calendar.holidays, False), **dict.fromkeys(chinese_calendar.workdays, True)}
    return {on: days[on] for on in sorted(days) if on.year >= first_year}


def published_until() -> dt.date:
    """The last day of the last year whose calendar is known; a time limit beyond it may still move."""
    return dt.date(max(published()).year, 12, 31)


def is_worked(on: dt.date, calendar: Mapping[dt.date, bool]) -> bool:
    """Whether a day is worked, by the published calendar or else by the weekday."""
    return calendar.get(on, on.weekday() < 5)


def add_workdays(start: dt.date, days: int, calendar: Mapping[dt.date, bool]) -> dt.date:
    """The day on which a time limit of ``days`` working days ends; the first day does not count."""
    on = start
    while days > 0:
        on += dt.timedelta(days=1)
        days -= is_worked(on, calendar)
    return on


def workdays_between(start: dt.date, end: dt.date, calendar: Mapping[dt.date, bool]) -> int:
    """Working days after ``start`` up to ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -workdays_between(end, start, calendar)
    return sum(is_worked(start + dt.timedelta(days=n), calendar) for n in range(1, (end - start).days + 1))


def workdays_spent(
    start: dt.date, end: dt.date, calendar: Mapping[dt.date, bool], still: Collection[tuple[dt.date, dt.date]]
) -> int:
    """Working days after ``start`` up to ``end``, but for the (half-open) periods in which the clock stood still."""
    days = (start + dt.timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_worked(on, calendar) and not any(since <= on < until for since, until in still) for on in days)
