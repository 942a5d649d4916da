"""展望，按人员类别、性别、干部身份: the same ten years for some of the people; age structure; entries planned against vacancies.

What is asked of everybody is answered by app/queries/forecast.py; here each figure looks at people one by one.
"""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.forecast import Forecast, Line, Place, end_of, lines_of
from app.queries.forecast import people as everybody

# 人员类别 by the category of the establishment that is sat on.
GROUPS: dict[str, tuple[str, ...]] = {
    "administrative": ("11", "12", "14", "15"),
    "reference": ("21",),
    "institution": ("22",),
    "workers": ("13", "23"),
    "apart": ("31",),
}
SEXES = ("1", "2")
# 县处级以上和高级专家, 其他干部, 工勤: the classes by which a woman's age differs.
CADRES = ("senior", "cadre", "worker")
AHEAD = 5


@dataclass(frozen=True, slots=True)
class Some:
    """Which people: a group of categories, a sex, a class; empty is everybody."""

    group: str = ""
    sex: str = ""
    cadre: str = ""

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return bool(self.group or self.sex or self.cadre)

    @property
    def whole_lines(self) -> bool:
        """Whether lines are looked at whole, so that what falls vacant on them may be said."""
        return not (self.sex or self.cadre)

    @property
    def values(self) -> dict[str, Any]:
        """What the functions are asked with."""
        return {"cats": list(GROUPS.get(self.group, ())), "sex": self.sex, "cadre": self.cadre}

    @property
    def parameters(self) -> dict[str, str]:
        """The same as parameters of an address."""
        return {k: v for k, v in (("group", self.group), ("sex", self.sex), ("cadre", self.cadre)) if v}


def forecast(session: Session, place: Place, today: dt.date, some: Some) -> Forecast:
    """Ten years for some of the people, in two statements; lines of other categories are not there."""
    lines = lines_of(session, place, some.values["cats"])
    months: Counter[dt.date] = Counter()
    early: Counter[int] = Counter()
    late: Counter[int] = Counter()
    overdue = 0
    for r in session.execute(
        text("SELECT * FROM forecast_cells(:low, :high, :a, :b, :cats, :sex, :cadre)"),
        {"low": place.low, "high": place.high, "a": today, "b": end_of(today), **some.values},
    ):
        if r.kind == "overdue":
            overdue += r.n
        elif r.kind == "law":
            months[r.month] += r.n
            if r.line_id in lines:
                lines[r.line_id][1].leaving[r.month.year] += r.n
        else:
            (early if r.kind == "early" else late)[r.month.year] += r.n
    return Forecast(today, months, early, late, lines, overdue)


def people(session: Session, place: Place, since: dt.date, until: dt.date, some: Some,
           after: tuple[dt.date | str, int] | None, limit: int, category: str = "") -> list[Any]:  # fmt: skip
    """Which of them, of one category or of all, reach the age in a span of days, the next first; keyset on day and person."""
    if not some:
        return everybody(session, place, since, until, category, after, limit)
    if category and some.group and category not in GROUPS[some.group]:
        return []
    asked = some.values | ({"cats": [category]} if category else {})
    return list(
        session.execute(
            text(
                "SELECT x.*, p.name, p.id_mask, p.birth_on, u.id AS unit_id, u.name AS unit, l.category, l.structure"
                " FROM forecast_people_by(:low, :high, :a, :b, :cats, :sex, :cadre, :d, :i, :n) x"
                " JOIN person p ON p.id = x.person_id JOIN quota_line l ON l.id = x.line_id JOIN unit u ON u.id = l.unit_id"
                " ORDER BY x.retires_on, x.person_id"
            ),
            {"low": place.low, "high": place.high, "a": since, "b": until, **asked,
             "d": after[0] if after else None, "i": after[1] if after else None, "n": limit},
        )
    )  # fmt: skip


@dataclass(slots=True)
class Band:
    """Five years of age with how many men and women sit."""

    start: int
    men: int = 0
    women: int = 0

    @property
    def number(self) -> int:
        """All of them."""
        return self.men + self.women


def shape(session: Session, place: Place, some: Some) -> tuple[list[Band], int]:
    """年龄结构: bands from the youngest on, and the years of all together (for the average)."""
    bands: dict[int, Band] = {}
    years = 0
    for r in session.execute(
        text("SELECT * FROM forecast_shape(:low, :high, :cats, :sex, :cadre)"),
        {"low": place.low, "high": place.high, **some.values},
    ):
        band = bands.setdefault(r.band, Band(r.band))
        if r.sex == "1":
            band.men += r.n
        else:
            band.women += r.n
        years += r.years
    return sorted(bands.values(), key=lambda b: b.start), years


@dataclass(frozen=True, slots=True)
class Planned:
    """What stands for a body, a category and a year: approved by the yearly plan, and meant (``number``), by whom and when."""

    approved: int | None
    number: int | None
    who: str | None
    at: dt.datetime | None

    @property
    def entries(self) -> int:
        """What is reckoned with: what is meant, else what is approved."""
        return self.number if self.number is not None else self.approved or 0


Key = tuple[int, str, int]


def planned_years(first: int) -> range:
    """The years for which entries are planned, from the first of them on."""
    return range(first, first + AHEAD)


def planned(session: Session, place: Place, first: int) -> dict[Key, Planned]:
    """Approved and intended entries by body, category and year, for five years from ``first`` on; two statements."""
    span = {"low": place.low, "high": place.high, "a": first, "b": first + AHEAD - 1}
    approved: dict[Key, int] = {
        (r.unit_id, r.category, r.year): int(r.n)
        for r in session.execute(
            text(
                "SELECT unit_id, category, year, sum(number) AS n FROM plan_line WHERE year BETWEEN :a AND :b"
                " AND scope_path >= :low AND scope_path < :high GROUP BY 1, 2, 3"
            ),
            span,
        )
    }
    meant: dict[Key, Any] = {
        (r.unit_id, r.category, r.year): r
        for r in session.execute(
            text(
                "SELECT DISTINCT ON (unit_id, category, year) unit_id, category, year, number, set_at,"
                " operator_name(set_by) AS who FROM entry_plan WHERE year BETWEEN :a AND :b AND scope_path >= :low"
                " AND scope_path < :high ORDER BY unit_id, category, year, id DESC"
            ),
            span,
        )
    }
    found = {}
    for key in {*approved, *meant}:
        m = meant.get(key)
        if key in approved or (m is not None and m.number is not None):
            found[key] = Planned(
                approved.get(key), m.number if m else None, m.who if m else None, m.set_at if m else None
            )
    return found


@dataclass(slots=True)
class Against:
    """A category in one year: who leaves, entries planned, and what is vacant or too many at its end with them."""

    leaving: int = 0
    approved: int = 0
    entries: int = 0
    vacant: int = 0
    surplus: int = 0


def against(found: Forecast, plans: dict[Key, Planned], first: int) -> dict[str, list[Against]]:
    """By category, five years from ``first`` on: foreseen vacancies with the planned entries.

    Whoever reaches the age leaves; whoever is planned enters within the year. Reckoned by body and category: what one body
    has vacant is never set off against what another has too many.
    """
    bodies: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for unit, line in found.lines.values():
        bodies[unit, line.category].append(line)
    out: dict[str, list[Against]] = {}
    for (unit, category), lines in bodies.items():
        rows = out.setdefault(category, [Against() for _year in range(AHEAD)])
        number = sum(line.authorised or 0 for line in lines)
        known = any(line.authorised is not None for line in lines)
        sits = sum(line.occupied - sum(n for year, n in line.leaving.items() if year < first) for line in lines)
        for n, row in enumerate(rows):
            plan = plans.get((unit, category, first + n))
            leaving = sum(line.leaving[first + n] for line in lines)
            entries = plan.entries if plan else 0
            sits += entries - leaving
            row.leaving += leaving
            row.approved += (plan.approved or 0) if plan else 0
            row.entries += entries
            if known:
                row.vacant += max(0, number - sits)
                row.surplus += max(0, sits - number)
    return dict(sorted(out.items()))


def keep_plan(session: Session, unit: Any, rows: dict[tuple[str, int], int | None], by: int) -> int:
    """Keep what is meant for a body, in the name of whoever asks; what is as it was makes no row. How many rows it made.

    Raises:
        NotAllowed: the body is not one's own, and one is not its 编办.
    """
    place = Place(unit.scope_path, f"{unit.scope_path}/")
    years = [year for _category, year in rows]
    before = planned(session, place, min(years)) if years else {}
    changed = [
        (category, year, number)
        for (category, year), number in rows.items()
        if number != getattr(before.get((unit.id, category, year)), "number", None)
    ]
    for category, year, number in changed:
        session.execute(
            text(
                "INSERT INTO entry_plan (unit_id, category, year, number, set_by, scope_path)"
                " VALUES (:u, :c, :y, :n, :me, :s)"
            ),
            {"u": unit.id, "c": category, "y": year, "n": number, "me": by, "s": unit.scope_path},
        )
    return len(changed)
