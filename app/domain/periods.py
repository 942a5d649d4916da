"""期限规则 of entry and exit: publicity, probation, notices and contracts, as the laws count them."""

import datetime as dt
from collections.abc import Mapping

from app.domain.retirement import add_months
from app.domain.workdays import workdays_between

# 辞职审批期限 (《公务员法》第八十五条), by whether the applicant is a leader; 提前书面通知 (《事业单位人事管理条例》).
RESIGN_DAYS = {False: 30, True: 90}
NOTICE_DAYS = 30
# 从业限制 after leaving (《公务员法》第一百零七条): leaders and 县处级 and above three years, others two.
RESTRICTED_YEARS = {False: 2, True: 3}


def shown_days(start: dt.date, end: dt.date) -> int:
    """公示天数 in calendar days, both days counted; none where the end lies before the start."""
    return max(0, (end - start).days + 1)


def shown_workdays(start: dt.date, end: dt.date, calendar: Mapping[dt.date, bool]) -> int:
    """公示天数 in working days, both days counted (《公务员法》第三十二条)."""
    last = min(end, start + dt.timedelta(days=400))
    return max(0, workdays_between(start - dt.timedelta(days=1), last, calendar))


def full_years(start: dt.date, end: dt.date) -> int:
    """Full years from one day to another, as ages are counted; the day before the anniversary ends a year."""
    after = end + dt.timedelta(days=1)
    return after.year - start.year - ((after.month, after.day) < (start.month, start.day))


def months_between(start: dt.date, end: dt.date) -> int:
    """Months that are full when the last day counts: 2026-01-05 to 2027-01-04 is twelve."""
    months = 0
    while add_months(start, months + 1) <= end + dt.timedelta(days=1):
        months += 1
    return months


def absence_reached(continuous: int, yearly: int) -> bool:
    """旷工达到辞退（解除）条件: more than fifteen days on end, or thirty within a year (第八十八条; 条例第十五条)."""
    return continuous > 15 or yearly > 30
