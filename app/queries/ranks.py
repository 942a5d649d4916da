"""职级职数与岗位结构 of one unit: the groups of ranks or post grades, the number of each, how many hold them.

The formulas stand in app/domain/ranks.py and positions.py; here they meet the unit's authorised numbers.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import positions, ranks

# By level of government: 职级 know city and county (a town's are its county's), 岗位 have ratios for all three.
RANK_BODY = {"city": "city", "district": "county", "town": "county"}
POST_LEVEL = {"city": "city", "district": "county", "town": "town"}


@dataclass(frozen=True, slots=True)
class Group:
    """职数组: the codes from ``low`` to ``high``, how many may hold them together, and the sum that says so."""

    name: str
    low: str
    high: str
    number: int
    sum: str

    def holds(self, code: str | None) -> bool:
        """Whether a rank or grade belongs to the group."""
        return code is not None and self.low <= code <= self.high


def setting(s: Session, unit_id: int) -> Any:
    """Level of government of a unit and its authorised numbers: organ's posts, and by structure an institution's."""
    return s.execute(
        text(
            "SELECT r.kind, sum(t.authorised) FILTER (WHERE l.category = '11') AS posts,"
            " sum(t.authorised) FILTER (WHERE l.category IN ('21', '22') AND l.structure = 'professional') AS professional,"
            " sum(t.authorised) FILTER (WHERE l.structure = 'workman' OR l.category = '23') AS workmen FROM unit u"
            " JOIN region r ON r.code = u.region_code LEFT JOIN quota_line l ON l.unit_id = u.id AND l.kind = 'establishment'"
            " LEFT JOIN ledger_total t ON t.line_id = l.id WHERE u.id = :u GROUP BY r.kind"
        ),
        {"u": unit_id},
    ).one_or_none()


def caps(s: Session, unit_id: int, kind: str) -> list[Group]:
    """The groups of a unit: 职级 by the formulas of 并行规定, 岗位 by the structure ratios; none without a number to start from."""
    row = setting(s, unit_id)
    if row is None:
        return []
    return _ranks(row) if kind == "rank" else _posts(row)


def _ranks(row: Any) -> list[Group]:
    if not row.posts:
        return []
    found = ranks.allowances(int(row.posts), ranks.CAPS[RANK_BODY[row.kind]])
    out = []
    for a in found.values():
        base = found[a.cap.base].number if a.cap.base else int(row.posts)
        said = f"⌊{base} × {a.cap.percent}%⌋ = {a.number}"
        out.append(Group(a.cap.name, min(a.cap.ranks), max(a.cap.ranks), a.number, said))
    return out


def _posts(row: Any) -> list[Group]:
    out = []
    if row.professional:
        whole, level = int(row.professional), POST_LEVEL[row.kind]
        high, middle, low = positions.grades(whole, level)
        ratio = " : ".join(f"{float(r):g}" for r in positions.GRADE_RATIO[level])
        first, second, _third = positions.split(middle, positions.INNER_RATIO[8, 9, 10])
        eleven, _twelve = positions.split(low, positions.INNER_RATIO[11, 12])
        out += [
            Group("专技高级", "0311", "0323", high, f"{whole}（{ratio}）→ {high}"),
            Group("专技中级及以上", "0311", "0333", high + middle, f"{high} + {middle} = {high + middle}"),
            Group("专技八级", "0331", "0331", first, f"{middle}（3 : 4 : 3）→ {first}"),
            Group("专技八、九级", "0331", "0332", first + second, f"{first} + {second} = {first + second}"),
            Group("专技十一级", "0341", "0341", eleven, f"{low}（5 : 5）→ {eleven}"),
        ]
    if row.workmen:
        whole = int(row.workmen)
        most = positions.workmen(whole)
        out += [
            Group("工勤一、二级", "0610", "0620", most.top_two, f"⌊{whole} × 5%⌋ = {most.top_two}"),
            Group("工勤一至三级", "0610", "0630", most.top_three, f"⌊{whole} × 25%⌋ = {most.top_three}"),
        ]
    return out


def held(s: Session, unit_id: int, group: Group, but: int | None) -> tuple[int, int]:
    """How many people of a unit hold a group's ranks, and how many running cases (one apart) would bring in another."""
    row = s.execute(
        text(
            "SELECT (SELECT count(*) FROM person WHERE unit_id = :u AND state = 'serving' AND rank BETWEEN :l AND :h) AS held,"
            " (SELECT count(*) FROM case_record c JOIN application a ON a.id = c.case_id JOIN person p ON p.id = a.person_id"
            "  WHERE a.unit_id = :u AND a.state IN ('running', 'awaiting') AND a.id <> :c"
            "  AND c.facts::jsonb ->> 'now' BETWEEN :l AND :h AND NOT coalesce(p.rank BETWEEN :l AND :h, false)) AS waiting"
        ),
        {"u": unit_id, "l": group.low, "h": group.high, "c": but or 0},
    ).one()
    return int(row.held), int(row.waiting)
