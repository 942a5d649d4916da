"""The tests, on one day: what it is when the suite begins stays, so that no midnight passes through a test.

Python's day is fixed here, before anything takes the function's name; the kernel's in each city (``tests/conftest.py``).
"""

import datetime as dt
import os

from app.domain import workdays

real_city_today = workdays.city_today
# The workers of one run take it from the process that starts them.
DAY = dt.date.fromisoformat(os.environ.setdefault("BIANZHI_TEST_DAY", real_city_today().isoformat()))


def suite_day() -> dt.date:
    """The day of this run."""
    return DAY


workdays.city_today = suite_day
