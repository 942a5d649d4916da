"""退休年龄: statutory age and month, its gradual delay, early and late retirement.

Sources: 全国人大常委会《关于实施渐进式延迟法定退休年龄的决定》(2024-09-13, from 2025-01-01) with its tables 1–4;
《实施弹性退休制度暂行办法》(from 2025-01-01). Ages are in months, since the law counts them so; the day inside the
month is the day of birth in the personal file.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

YEAR = 12
FIRST_YEAR = 2025
FLEXIBLE_MONTHS = 36
NOTICE_MONTHS = 3


class Track(StrEnum):
    """原法定退休年龄: which table of the decision holds for a person."""

    MAN = "man"
    WOMAN_CADRE = "woman_cadre"
    WOMAN_WORKER = "woman_worker"


@dataclass(frozen=True, slots=True)
class Rule:
    """One table: the former age in years, how many months of birth share a step, the last delay in months."""

    age: int
    step: int
    cap: int


RULES = {Track.MAN: Rule(60, 4, 36), Track.WOMAN_CADRE: Rule(55, 4, 36), Track.WOMAN_WORKER: Rule(50, 2, 60)}

# 占工勤编制者按工人；其余编制类型上的工勤岗位人员以档案和岗位为准，由经办人注明。
WORKER_CATEGORIES = frozenset({"13", "23"})


@dataclass(frozen=True, slots=True)
class Retirement:
    """法定退休: age and delay in months, the day on which it is reached, and the earliest day by own choice."""

    track: Track
    age: int
    delay: int
    on: dt.date
    earliest_on: dt.date

    @property
    def age_text(self) -> str:
        """The age as the tables print it: 60岁1个月."""
        return age_text(self.age)


def track_of(sex: str, *, worker: bool, senior: bool = False) -> Track:
    """Which table holds.

    Args:
        sex: code of GB/T 2261.1; only 1 and 2 have a table.
        worker: 工勤 by post (see ``WORKER_CATEGORIES``).
        senior: a woman of 县处级正副职 or the equivalent level, or a professional with a senior title: former age 60
            (组通字〔2015〕14号). She may apply to leave at 55; how that reads since 2025 is not settled, so such a
            wish is entered by hand.

    Raises:
        ValueError: the sex is unknown.
    """
    if sex == "1" or (sex == "2" and senior):
        return Track.MAN
    if sex == "2":
        return Track.WOMAN_WORKER if worker else Track.WOMAN_CADRE
    raise ValueError(f"no retirement age for sex {sex!r}")


def delay_months(born: dt.date, track: Track) -> int:
    """延迟月数: months added to the former age; none for whoever reached it before 2025."""
    rule = RULES[track]
    late = (born.year + rule.age - FIRST_YEAR) * YEAR + born.month - 1
    return 0 if late < 0 else min(rule.cap, late // rule.step + 1)


def statutory(born: dt.date, track: Track) -> Retirement:
    """法定退休年龄 and day for a day of birth (the file's, not the card's)."""
    rule = RULES[track]
    delay = delay_months(born, track)
    age = rule.age * YEAR + delay
    return Retirement(
        track, age, delay, add_months(born, age), add_months(born, max(rule.age * YEAR, age - FLEXIBLE_MONTHS))
    )


def latest_by_agreement(retirement: Retirement, *, civil_servant: bool, leader: bool) -> dt.date:
    """弹性延迟: the last day by agreement, at most three years late.

    Civil servants and the leaders and managers of public institutions may not (办法第四条): their day is the
    statutory one.
    """
    if civil_servant or leader:
        return retirement.on
    return add_months(retirement.on, FLEXIBLE_MONTHS)


def notice_due(chosen: dt.date) -> dt.date:
    """弹性提前: the last day for the written notice, three months before the chosen day."""
    return add_months(chosen, -NOTICE_MONTHS)


def choice_problems(retirement: Retirement, chosen: dt.date, *, today: dt.date) -> list[str]:
    """What speaks against an early day, as codes: ``too_early``, ``after_statutory``, ``notice_too_late``."""
    found = []
    if chosen < retirement.earliest_on:
        found.append("too_early")
    if chosen > retirement.on:
        found.append("after_statutory")
    if retirement.earliest_on <= chosen < retirement.on and today > notice_due(chosen):
        found.append("notice_too_late")
    return found


def minimum_contribution(year: int) -> int:
    """最低缴费年限 in months for people who retire in a year: 15 years, from 2030 six months more each year, 20 at most."""
    return min(20 * YEAR, 15 * YEAR + max(0, year - 2029) * 6)


def may_retire_on_application(born: dt.date, work_years: int, track: Track, today: dt.date) -> bool:
    """提前退休 of a civil servant (《公务员法》第九十三条): 30 years of work, or 20 and at most five before the age.

    The office of appointment still has to agree; ``work_years`` are full years.
    """
    near = today >= add_months(statutory(born, track).on, -5 * YEAR)
    return work_years >= 30 or (work_years >= 20 and near)


def due(retirement: Retirement, today: dt.date, *, months: int) -> bool:
    """到龄预测: whether the statutory day lies within so many months from today, or has passed."""
    return retirement.on <= add_months(today, months)


def add_months(on: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the month's last where it has no such day."""
    year, month = divmod(on.year * YEAR + on.month - 1 + months, YEAR)
    return dt.date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def age_text(months: int) -> str:
    """An age in months as printed: 63岁, 61岁5个月."""
    years, rest = divmod(months, YEAR)
    return f"{years}岁{rest}个月" if rest else f"{years}岁"
