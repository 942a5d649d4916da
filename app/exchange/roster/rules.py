"""逐行校验: each row by itself, as a record or as the errors that keep it from being one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stdnum.cn import uscc as uscc_rule

from app.domain import id_number, names
from app.exchange.roster.cells import BadCell, read_cell, shown
from app.exchange.roster.layout import LAYOUT, LEGAL_REQUIRED, LINE_REQUIRED
from app.exchange.roster.records import (
    LEADERS,
    LINES,
    NAMED,
    PEOPLE,
    UNITS,
    CellError,
    Record,
    RosterLeader,
    RosterLine,
    RosterPerson,
    RosterUnit,
    Row,
)

ENTRY_AGE = 16
R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class RowCheck:
    """行校验: the values read so far and the errors found; ``complain`` adds one by its field."""

    sheet: str
    row: Row
    today: dt.date
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)

    def complain(self, name: str, code: str, *allowed: str, related: Iterable[tuple[str, int]] = ()) -> None:
        """Add an error at the column of a field."""
        column = next(c for c in LAYOUT[self.sheet] if c.field == name)
        found = shown(column, self.row.cells[name].value)
        self.errors.append(CellError(self.sheet, self.row.number, column.header, found, code, allowed, tuple(related)))

    def not_after_today(self, *names: str) -> None:
        """A day that has not come yet cannot be an opening state."""
        for name in names:
            day = self.values.get(name)
            if day is not None and day > self.today:
                self.complain(name, "future_date", f"≤ {self.today}")

    def not_before(self, name: str, day: dt.date, code: str) -> None:
        """A day that lies before another one that it has to follow."""
        if (value := self.values.get(name)) is not None and value < day:
            self.complain(name, code, f"≥ {day}")


def read_row(sheet: str, row: Row, *, today: dt.date, regions: Iterable[str]) -> tuple[Record | None, RowCheck]:
    """The record of a row, or None when the row by itself already has errors."""
    check = RowCheck(sheet, row, today)
    for column in LAYOUT[sheet]:
        cell = row.cells[column.field]
        try:
            check.values[column.field] = read_cell(column, cell)
        except BadCell as bad:
            check.values[column.field] = None
            check.complain(column.field, bad.code, *bad.allowed)
    for letters, cell in row.extra.items():
        found = shown(None, cell.value)
        check.errors.append(CellError(sheet, row.number, letters, found, "extra_cell"))
    build: dict[str, Callable[[], Record | None]] = {
        UNITS: lambda: _unit(check, frozenset(regions)),
        LINES: lambda: _line(check),
        PEOPLE: lambda: _person(check),
        LEADERS: lambda: _leader(check),
    }
    return build[sheet](), check


def _made(check: RowCheck, kind: type[R]) -> R | None:
    return None if check.errors else kind(**check.values, row=check.row.number)


def _require(check: RowCheck, names: Iterable[str]) -> None:
    for name in names:
        if check.row.cells[name].empty:
            check.complain(name, "required")


def _not_applicable(check: RowCheck, names: Iterable[str]) -> None:
    for name in names:
        if not check.row.cells[name].empty:
            check.complain(name, "not_applicable")


def _blank(check: RowCheck, names: Iterable[str]) -> None:
    for name in names:
        check.values[name] = check.values[name] or ""


def _unit(check: RowCheck, regions: frozenset[str]) -> RosterUnit | None:
    values = check.values
    if values["node"] == "legal":
        _require(check, LEGAL_REQUIRED)
    if values["node"] == "department":
        _require(check, ("parent_code",))
    if values["region_code"] is not None and values["region_code"] not in regions:
        check.complain("region_code", "unknown_code", *sorted(regions)[:NAMED])
    if values["uscc"] is not None and not _is_uscc(values["uscc"]):
        check.complain("uscc", "bad_uscc")
    if values["code"] is not None and values["code"] == values["parent_code"]:
        check.complain("parent_code", "circular_parent")
    check.not_after_today("opened_on")
    _blank(check, ("short_name", *LEGAL_REQUIRED))
    return _made(check, RosterUnit)


def _is_uscc(value: str) -> bool:
    return bool(uscc_rule.is_valid(value)) and value == uscc_rule.compact(value)


def _line(check: RowCheck) -> RosterLine | None:
    values = check.values
    if values["kind"] is not None:
        _require(check, LINE_REQUIRED[values["kind"]])
    if values["kind"] == "establishment":
        _not_applicable(check, ("role", "level"))
    if values["kind"] == "leadership":
        _not_applicable(check, ("category", "funding", "structure"))
    check.not_after_today("effective_on")
    if values["scope_code"] == values["unit_code"]:
        values["scope_code"] = None
    _blank(check, ("category", "funding", "role", "level"))
    values["structure"] = values["structure"] or "none"
    return _made(check, RosterLine)


def _person(check: RowCheck) -> RosterPerson | None:
    values = check.values
    values["unverified"] = False
    _full_name(check, foreign=values["id_type"] != "resident")
    if values["id_number"] is not None and values["id_type"] is not None:
        _identity(check)
    check.not_after_today("birth_on", "work_started_on", "started_on")
    if values["birth_on"] is not None:
        of_age = sixteen(values["birth_on"])
        check.not_before("work_started_on", of_age, "before_sixteen")
        check.not_before("started_on", of_age, "before_sixteen")
    values["structure"] = values["structure"] or "none"
    return _made(check, RosterPerson)


def _identity(check: RowCheck) -> None:
    values = check.values
    # Kept as it is looked up, or an x typed small would be a second person.
    number = values["id_number"] = id_number.normalise(values["id_number"])
    if values["id_type"] != "resident":
        if not 5 <= len(number) <= 30:
            check.complain("id_number", "id_length")
        return
    for code in id_number.problems(number, values["birth_on"], values["sex"]):
        if code == "id_checksum" and values["proof"]:
            values["unverified"] = True
        elif code == "id_birth_differs":
            check.complain("birth_on", code, f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
        elif code == "id_sex_differs":
            check.complain("sex", code, "男" if int(number[16]) % 2 else "女")
        else:
            check.complain("id_number", code)


def _full_name(check: RowCheck, *, foreign: bool) -> None:
    """姓名: without blanks, one kind of dot, Chinese characters; Latin where the document is a foreign one."""
    name = check.values["name"]
    if name is None:
        return
    wrong = names.problems(name, foreign=foreign)
    if "name_blank" in wrong:
        check.complain("name", "inner_blank")
        return
    check.values["name"] = name = names.normalise(name)
    for code in names.problems(name, foreign=foreign):
        check.complain("name", code)


def _leader(check: RowCheck) -> RosterLeader | None:
    values = check.values
    if values["id_number"] is not None:
        values["id_number"] = id_number.normalise(values["id_number"])
    _full_name(check, foreign=len(values["id_number"] or "") != 18)
    if values["nature"] == "regular":
        _not_applicable(check, ("home_unit",))
    elif values["nature"] is not None and check.row.cells["home_unit"].empty:
        check.complain("home_unit", "home_unit_missing")
    check.not_after_today("started_on")
    if values["scope_code"] == values["unit_code"]:
        values["scope_code"] = None
    values["level"] = values["level"] or ""
    values["main"] = values["main"] == "yes"
    return _made(check, RosterLeader)


def outside_identity(check: RowCheck) -> None:
    """外来任职者: a leader who is not in the file is known by the resident ID number alone."""
    if check.values["id_number"] is None:
        return
    number = id_number.normalise(check.values["id_number"])
    codes = id_number.problems(number)
    for code in codes:
        check.complain("id_number", code)
    if not {"id_length", "id_characters", "id_birth"} & set(codes):
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        check.not_before("started_on", sixteen(born), "before_sixteen")


def sixteen(birth_on: dt.date) -> dt.date:
    """The sixteenth birthday; who was born on 29 February has it on 1 March."""
    try:
        return birth_on.replace(year=birth_on.year + ENTRY_AGE)
    except ValueError:
        return dt.date(birth_on.year + ENTRY_AGE, 3, 1)
