"""名册的数字: authorised, occupied, vacant and surplus, counted line by line from the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.codes import label
from app.exchange.roster.records import LINES, PEOPLE, Finding, RosterLeader, RosterLine, RosterPerson


@dataclass(frozen=True, slots=True)
class Figure:
    """一条线的数: of a line never set off against another; 未核定 has neither vacant nor surplus."""

    line: RosterLine
    occupied: int

    @property
    def kind(self) -> str:
        """Establishment 编制, allotment 分配到内设机构, or leadership 领导职数."""
        return "allotment" if self.line.is_allotment else self.line.kind

    @property
    def vacant(self) -> int | None:
        """空编 = max(0, 核定 − 实有)."""
        return None if self.line.authorised is None else max(0, self.line.authorised - self.occupied)

    @property
    def surplus(self) -> int | None:
        """超编 = max(0, 实有 − 核定)."""
        return None if self.line.authorised is None else max(0, self.occupied - self.line.authorised)


def figures(
    lines: Iterable[RosterLine], people: Iterable[RosterPerson], leaders: Iterable[RosterLeader]
) -> tuple[Figure, ...]:
    """The figures of one unit. A concurrent leader fills a leadership post and no seat."""
    seats: Counter[tuple[object, ...]] = Counter()
    for person in people:
        seats[(None, *person.seat_key)] += 1
        if person.department_code is not None:
            seats[(person.department_code, *person.seat_key)] += 1
    posts = Counter(leader.post_key for leader in leaders)
    return tuple(
        Figure(
            line,
            posts[line.post_key] if line.kind == "leadership" else seats[(line.scope_code, *line.seat_key)],
        )
        for line in lines
    )


def line_findings(unit_code: str, counted: Iterable[Figure]) -> list[Finding]:
    """超编与未核定: not errors, since legacy data are what they are; but they have to be seen."""
    found: list[Finding] = []
    for figure in counted:
        line = figure.line
        facts = {
            "kind": figure.kind,
            "key": line_label(line),
            "authorised": line.authorised,
            "occupied": figure.occupied,
            "surplus": figure.surplus,
        }
        if line.authorised is None:
            found.append(Finding(LINES, line.row, unit_code, "not_authorised", facts))
        elif figure.surplus:
            found.append(Finding(LINES, line.row, unit_code, "surplus", facts))
    return found


def line_label(line: RosterLine, departments: Mapping[str, str] | None = None) -> str:
    """A line by the names of its codes, as a keeper says it: 办公室 / 行政编制 / 全额拨款."""
    scope = (departments or {}).get(line.scope_code or "", line.scope_code or "")
    structure = "" if line.structure == "none" else label("structure", line.structure)
    parts = (
        (scope, label("level", line.level), label("role", line.role))
        if line.kind == "leadership"
        else (scope, label("category", line.category), label("funding", line.funding), structure)
    )
    return " / ".join(part for part in parts if part)


def allotment_findings(unit_code: str, lines: tuple[RosterLine, ...]) -> list[Finding]:
    """内设合计≠单位: shares that do not add up to the unit's line.

    They do when what is not shared out is as much as the unit's own leadership posts, since
    leaders belong to no department.
    """
    posts = [x.authorised or 0 for x in lines if x.kind == "leadership" and x.scope_code is None]
    found: list[Finding] = []
    for line in lines:
        if line.kind != "establishment" or line.is_allotment or line.authorised is None:
            continue
        shares = [x.authorised for x in lines if x.is_allotment and x.seat_key == line.seat_key]
        if not shares or None in shares:
            continue
        allotted = sum(share or 0 for share in shares)
        facts = {"key": line_label(line), "authorised": line.authorised, "allotted": allotted}
        if allotted > line.authorised:
            found.append(Finding(LINES, line.row, unit_code, "allotments_exceed", facts))
        elif allotted not in (line.authorised, line.authorised - sum(posts)):
            found.append(Finding(LINES, line.row, unit_code, "allotments_differ", facts))
    return found


def person_findings(unit_code: str, people: Iterable[RosterPerson]) -> list[Finding]:
    """存疑证件: numbers whose check digit does not hold, accepted on proof."""
    return [
        Finding(PEOPLE, person.row, unit_code, "id_unverified", {"proof": person.proof})
        for person in people
        if person.unverified
    ]
