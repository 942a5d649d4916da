"""编制与职数的账: authorised, occupied, vacant, reserved, usable and surplus numbers, in whole persons.

Every line is reckoned by itself; a sum adds each column, so a vacancy here never hides a surplus there
(《地方各级人民政府机构设置和编制管理条例》第十五条: categories are not mixed). Unknown (未核定), zero and not counted
are three values: an unknown number has neither vacancy nor surplus, and nothing may be used on it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """核定 · 实有 · 空缺 · 预留 · 可用 · 超编 of a line or a sum of lines; never offset.

    ``vacant`` and ``surplus`` are None where nothing has been authorised; ``usable`` is what an approval may count on.
    """

    authorised: int | None
    occupied: int
    reserved: int
    vacant: int | None
    usable: int
    surplus: int | None

    @classmethod
    def of(cls, authorised: int | None, occupied: int, reserved: int) -> "Figures":
        """The figures of one line: 空缺 = 核定 − 实有, 可用 = 空缺 − 预留, 超编 = 实有 − 核定, none below zero."""
        if authorised is None:
            return cls(None, occupied, reserved, None, 0, None)
        vacant = max(0, authorised - occupied)
        return cls(authorised, occupied, reserved, vacant, max(0, vacant - reserved), max(0, occupied - authorised))

    def __getitem__(self, key: str) -> int | None:
        value: int | None = getattr(self, key)
        return value

    @property
    def vacancy_rate(self) -> Decimal | None:
        """空编率 in percent, two decimals; none where nothing, or zero, is authorised."""
        return percent(self.vacant, self.authorised)

    @property
    def fill_rate(self) -> Decimal | None:
        """满编率 in percent, two decimals; above 100 where people outnumber the quota."""
        return percent(self.occupied, self.authorised)


def total(parts: Sequence[Figures]) -> Figures:
    """The sum of figures, each column for itself: vacancies and surplus never offset.

    Unknown lines add their people only; a sum of nothing but unknown lines is unknown.
    """
    known = [p.authorised for p in parts if p.authorised is not None]
    return Figures(
        sum(known) if known else None,
        sum(p.occupied for p in parts),
        sum(p.reserved for p in parts),
        sum(p.vacant or 0 for p in parts) if known else None,
        sum(p.usable for p in parts),
        sum(p.surplus or 0 for p in parts) if known else None,
    )


def percent(part: int | None, whole: int | None) -> Decimal | None:
    """``part`` of ``whole`` in percent, two decimals rounded half up; None where there is no whole."""
    if part is None or not whole:
        return None
    return rounded(Decimal(part) * 100 / Decimal(whole))


def average(amount: int, bodies: int) -> Decimal | None:
    """Mean number for each body (平均编制), two decimals rounded half up; None for no body."""
    return rounded(Decimal(amount) / Decimal(bodies)) if bodies else None


def rounded(value: Decimal) -> Decimal:
    """Two decimals, half up (四舍五入), as published figures are."""
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def pooled(lines: Iterable[tuple[str, Figures]]) -> dict[str, Figures]:
    """Sums by category: what a table may add up; categories are never added to each other."""
    found: dict[str, list[Figures]] = {}
    for category, figures in lines:
        found.setdefault(category, []).append(figures)
    return {category: total(parts) for category, parts in found.items()}


def change_fits(before: int, change: int, after: int) -> bool:
    """Whether a document's figures agree: 调整前 + 变动 = 调整后."""
    return before + change == after >= 0


def within(whole: int | None, parts: Iterable[int | None]) -> bool:
    """Whether shares fit into the whole: 内设机构合计 ≤ 单位核定, “其中”子项合计 ≤ 本项.

    Unknown shares count nothing; shares of an unknown whole always fit.
    """
    return whole is None or sum(p or 0 for p in parts) <= whole


# 编制类型 that a kind of body may hold (机关 · 参公事业 · 事业); 12 only in police, courts, procuratorates, justice.
CATEGORIES_OF_BODY = {
    "organ": frozenset({"11", "12", "13", "14", "15", "31"}),
    "reference": frozenset({"21", "22", "31"}),
    "institution": frozenset({"22", "23", "31"}),
}


def category_fits(body: str, category: str, *, judicial: bool = False) -> bool:
    """Whether a category belongs to this kind of body; anything else is 混编 (条例第十五条、第二十六条).

    Public-institution seats of a reference body (参公) keep their 22 beside 21.
    """
    if category == "12" and not judicial:
        return False
    return category in CATEGORIES_OF_BODY[body]


@dataclass(frozen=True, slots=True)
class LeadershipLine:
    """领导职数: one line of a legal body or a department: role, level, authorised number and who holds it.

    ``holders`` are persons, by any key; someone who leads from elsewhere (兼任) holds a leadership number here and
    no establishment seat.
    """

    role: str
    level: str
    authorised: int | None
    holders: tuple[int, ...] = ()

    @property
    def figures(self) -> Figures:
        """The line's figures; every appointment takes one number, whoever holds it."""
        return Figures.of(self.authorised, len(self.holders), 0)


@dataclass(frozen=True, slots=True)
class Leadership:
    """领导职数的账 of one body: each line by itself, people counted once."""

    lines: tuple[LeadershipLine, ...]

    @property
    def figures(self) -> Figures:
        """Sum of the lines: appointments, not persons."""
        return total([line.figures for line in self.lines])

    @property
    def persons(self) -> int:
        """实有领导人数: each person once, however many posts they hold."""
        return len({p for line in self.lines for p in line.holders})

    def by_role(self) -> dict[str, int]:
        """Authorised numbers by role (principal, deputy, other); unknown lines left out."""
        found: Counter[str] = Counter()
        for line in self.lines:
            if line.authorised is not None:
                found[line.role] += line.authorised
        return dict(found)

    def problems(self, *, announced: int | None = None) -> list[str]:
        """What is wrong with the numbers, as codes.

        ``leaders_below_principals``: 领导职数不应少于正职职数, by the number the document announces;
        ``leaders_differ``: the lines do not add up to it.
        """
        fixed = self.by_role()
        if announced is None:
            return []
        found = ["leaders_below_principals"] if announced < fixed.get("principal", 0) else []
        if announced != sum(fixed.values()) and all(line.authorised is not None for line in self.lines):
            found.append("leaders_differ")
        return found


@dataclass(frozen=True, slots=True)
class UsualLeaders:
    """旧通用口径 of leadership numbers; a hint for the reader, never a refusal (source second-hand, unverified)."""

    scope: str
    principals: int
    deputies: int


USUAL_LEADERS = {
    "city_department": UsualLeaders("市政府部门", 1, 2),
    "city_section": UsualLeaders("市政府部门的科", 1, 1),
    "county_department": UsualLeaders("县政府部门", 1, 2),
}


def above_usual(kind: str, principals: int, deputies: int) -> bool:
    """Whether numbers lie above the usual ones of their kind, so that the page says so (提示)."""
    usual = USUAL_LEADERS[kind]
    return principals > usual.principals or deputies > usual.deputies
