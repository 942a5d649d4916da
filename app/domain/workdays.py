"""工作日: deadlines counted in the State Council's working days; an unknown day counts Monday to Friday."""

import datetime as dt
from collections.abc import Mapping


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
