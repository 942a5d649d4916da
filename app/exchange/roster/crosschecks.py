"""逐单位校验: what only shows when the rows of a unit, or of the whole file, are seen together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.domain import id_number, names
from app.exchange.roster.records import (
    LEADERS,
    LINES,
    NAMED,
    PEOPLE,
    CellError,
    RosterLeader,
    RosterLine,
    RosterPerson,
    RosterUnit,
    Row,
)
from app.exchange.roster.rules import RowCheck, outside_identity
from app.exchange.roster.tree import Tree, written_code

R = TypeVar("R", RosterUnit, RosterLine, RosterPerson, RosterLeader)
Read = list[tuple[R | None, RowCheck]]


@dataclass(slots=True)
class Gathered(Generic[R]):
    """一个单位在一张表里的行: what could be read, and the checks of all rows."""

    rows: Read[R] = field(default_factory=list)

    @property
    def records(self) -> tuple[R, ...]:
        """The records whose rows have no error, also none found later."""
        return tuple(record for record, check in self.rows if record is not None and not check.errors)

    @property
    def errors(self) -> list[CellError]:
        """The errors of all rows."""
        return [error for _, check in self.rows for error in check.errors]


@dataclass(slots=True)
class UnitRows:
    """单位的全部行: one legal body, sheet by sheet."""

    code: str
    units: Gathered[RosterUnit] = field(default_factory=Gathered)
    lines: Gathered[RosterLine] = field(default_factory=Gathered)
    people: Gathered[RosterPerson] = field(default_factory=Gathered)
    leaders: Gathered[RosterLeader] = field(default_factory=Gathered)

    @property
    def legal(self) -> RosterUnit | None:
        """The row of the legal body itself."""
        return next((unit for unit in self.units.records if unit.code == self.code), None)

    @property
    def departments(self) -> tuple[RosterUnit, ...]:
        """The rows of its departments."""
        return tuple(unit for unit in self.units.records if unit.code != self.code)

    @property
    def errors(self) -> list[CellError]:
        """All errors of the unit."""
        return [*self.units.errors, *self.lines.errors, *self.people.errors, *self.leaders.errors]


@dataclass(frozen=True, slots=True)
class Seat:
    """占编所在: where the file seats a document number, also when the row has other errors."""

    unit_code: str
    name: str
    row: int


def seats(people: Iterable[Row]) -> dict[str, list[Seat]]:
    """证件号码索引: each document number of the 人员 sheet with the places where it stands."""
    found: dict[str, list[Seat]] = defaultdict(list)
    for row in people:
        number, name = row.cells["id_number"].value, row.cells["name"].value
        if isinstance(number, str) and number:
            places = found[id_number.normalise(number)]
            if len(places) < NAMED:
                places.append(Seat(written_code(row.cells["unit_code"]), str(name or ""), row.number))
    return found


def check_lines(rows: UnitRows, tree: Tree) -> None:
    """Scopes, opening date, and lines given twice."""
    keys: dict[tuple[object, ...], list[RowCheck]] = defaultdict(list)
    for line, check in rows.lines.rows:
        _scope(check, "scope_code", rows.code, tree)
        if rows.legal is not None:
            check.not_before("effective_on", rows.legal.opened_on, "before_opening")
        if line is not None:
            keys[(line.kind, *line.seat_key, *line.post_key)].append(check)
    _twice(LINES, keys, "kind", "duplicate_line")


def check_people(rows: UnitRows, tree: Tree, seated: Mapping[str, list[Seat]]) -> None:
    """Departments, opening date, missing lines, and people who stand in the file twice."""
    # A line that is wrong in itself says nothing about whether it is missing.
    lines = None if rows.lines.errors else {x.seat_key for x in rows.lines.records if _is_seat_line(x)}
    there = sorted(" / ".join(key) for key in lines or ())[:NAMED]
    for person, check in rows.people.rows:
        _scope(check, "department_code", rows.code, tree)
        if rows.legal is not None:
            check.not_before("started_on", rows.legal.opened_on, "before_opening")
        if person is not None and lines is not None and person.seat_key not in lines:
            check.complain("category", "line_missing", *there)
        number = check.row.cells["id_number"].value
        places = seated.get(id_number.normalise(number), []) if isinstance(number, str) else []
        others = [(PEOPLE, seat.row) for seat in places if seat.row != check.row.number]
        if others:
            check.complain("id_number", "duplicate_person", related=others)


def _is_seat_line(line: RosterLine) -> bool:
    return line.kind == "establishment" and not line.is_allotment


def check_leaders(rows: UnitRows, tree: Tree, seated: Mapping[str, list[Seat]]) -> None:
    """Scopes, lines, seats and names of leaders, and posts given twice."""
    lines = None if rows.lines.errors else {x.post_key for x in rows.lines.records if x.kind == "leadership"}
    there = sorted(" / ".join(k or "—" for k in key) for key in lines or ())[:NAMED]
    keys: dict[tuple[object, ...], list[RowCheck]] = defaultdict(list)
    for leader, check in rows.leaders.rows:
        _scope(check, "scope_code", rows.code, tree)
        if rows.legal is not None:
            check.not_before("started_on", rows.legal.opened_on, "before_opening")
        _leader_identity(check, rows.code, seated)
        if leader is None:
            continue
        keys[(id_number.normalise(leader.id_number), *leader.post_key)].append(check)
        if lines is not None and leader.post_key not in lines:
            check.complain("role", "line_missing", *there)
    _twice(LEADERS, keys, "id_number", "duplicate_leader")


def _leader_identity(check: RowCheck, unit: str, seated: Mapping[str, list[Seat]]) -> None:
    number, nature = check.values["id_number"], check.values["nature"]
    if number is None:
        return
    places = seated.get(id_number.normalise(number), [])
    if nature == "regular" and all(seat.unit_code != unit for seat in places):
        related = [(PEOPLE, seat.row) for seat in places]
        check.complain("nature", "leader_without_seat", "兼任", "挂职", "上级管理", related=related)
    if not places:
        outside_identity(check)
    name = check.values["name"]
    others = [(PEOPLE, seat.row) for seat in places if name is not None and not names.alike(seat.name, name)]
    if others:
        check.complain("name", "name_differs", related=others)


def check_main_posts(leaders: Iterable[tuple[RosterLeader | None, RowCheck]]) -> None:
    """主职唯一: of all posts a person holds in the file, one at most is the main one."""
    posts: dict[tuple[object, ...], list[RowCheck]] = defaultdict(list)
    for leader, check in leaders:
        if leader is not None and leader.main:
            posts[(id_number.normalise(leader.id_number),)].append(check)
    _twice(LEADERS, posts, "main", "two_main_posts")


def _twice(sheet: str, keys: Mapping[tuple[object, ...], list[RowCheck]], name: str, code: str) -> None:
    for checks in keys.values():
        for check in checks if len(checks) > 1 else ():
            others = [(sheet, other.row.number) for other in checks[:NAMED] if other is not check]
            check.complain(name, code, related=others)


def _scope(check: RowCheck, name: str, unit: str, tree: Tree) -> None:
    scope = check.values[name]
    if scope is not None and not tree.is_department_of(scope, unit):
        check.complain(name, "unknown_department")
