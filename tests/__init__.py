"""The tests, on one day: what it is when the suite begins stays, so that no midnight passes through a test.

Python's day and clock are fixed here, before anything takes their names; the kernel's in each city (``tests/conftest.py``).
A suite that begins late in the evening reads a clock four and a half hours behind the city's: the moments that it writes
fall on its day too, to the last.
"""

import datetime as dt
import os
from zoneinfo import ZoneInfo

from app.domain import workdays

real_city_today = workdays.city_today
_now = dt.datetime.now(workdays.CITY_CLOCK)
# The workers of one run take both from the process that starts them.
ZONE = os.environ.setdefault("BIANZHI_TEST_ZONE", "Asia/Shanghai" if _now.hour < 22 else "Asia/Tehran")
DAY = dt.date.fromisoformat(os.environ.setdefault("BIANZHI_TEST_DAY", _now.date().isoformat()))


def suite_day() -> dt.date:
    """The day of this run."""
    return DAY


workdays.city_today = suite_day
workdays.CITY_CLOCK = ZoneInfo(ZONE)
