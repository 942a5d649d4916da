"""名册的记录: what a workbook holds, what it says once read, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UNITS, LINES, PEOPLE, LEADERS = "单位", "编制", "人员", "领导"

# No error names more places or values than a person reads; beyond it a file of repeated rows would grow quadratically.
NAMED = 13

_CONTROLS = dict.fromkeys((*range(32), 127), 0xFFFD)


def printable(found: str) -> str:
    """What was found, fit to be shown and kept: no control character, which no database text holds."""
    return found.translate(_CONTROLS)


Value = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None


@dataclass(frozen=True, slots=True)
class Cell:
    """单元格: the value as the file holds it; ``flaw`` is 'formula', 'failure' (#N/A …) or ''."""

    value: Value
    flaw: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing stands in the cell."""
        return not self.flaw and (self.value is None or self.value == "")


@dataclass(frozen=True, slots=True)
class Row:
    """行: the number the spreadsheet shows, and the cells by the English name of their column."""

    number: int
    cells: Mapping[str, Cell]
    extra: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workbook:
    """工作簿: the rows of each sheet, nothing interpreted yet."""

    sheets: Mapping[str, tuple[Row, ...]]

    def rows(self, sheet: str) -> tuple[Row, ...]:
        """The rows below the header of a sheet."""
        return self.sheets.get(sheet, ())


@dataclass(frozen=True, slots=True)
class RosterUnit:
    """机构: a legal body or one of its departments."""

    code: str
    parent_code: str | None
    node: str
    region_code: str
    name: str
    short_name: str
    uscc: str | None
    nature: str
    category: str
    grade: str
    subordination: str
    opened_on: dt.date
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RosterLine:
    """编制线: what a document authorised; ``authorised`` None is 未核定, which is not 0."""

    unit_code: str
    kind: str
    category: str
    funding: str
    structure: str
    scope_code: str | None
    role: str
    level: str
    authorised: int | None
    document_no: str
    issuer: str
    effective_on: dt.date
    row: int = field(default=0, compare=False)

    @property
    def is_allotment(self) -> bool:
        """分配: an establishment line with a department is a share of the unit's line, not added to it."""
        return self.kind == "establishment" and self.scope_code is not None

    @property
    def seat_key(self) -> tuple[str, str, str]:
        """Category, funding and structure: the line of an establishment seat within its unit."""
        return self.category, self.funding, self.structure

    @property
    def post_key(self) -> tuple[str | None, str, str]:
        """Scope, role and level: the line of a leadership post within its unit."""
        return self.scope_code, self.role, self.level


@dataclass(frozen=True, slots=True)
class RosterPerson:
    """实有人员: one person on one establishment seat."""

    unit_code: str
    department_code: str | None
    name: str
    id_type: str
    id_number: str = field(repr=False)
    sex: str
    birth_on: dt.date
    ethnicity: str | None
    political: str | None
    education: str | None
    degree: str | None
    native_place: str | None
    work_started_on: dt.date | None
    category: str
    funding: str
    structure: str
    started_on: dt.date
    entry_way: str | None
    level: str | None
    rank: str | None
    unverified: bool
    proof: str | None
    row: int = field(default=0, compare=False)

    @property
    def seat_key(self) -> tuple[str, str, str]:
        """Category, funding and structure: the line the person's seat belongs to."""
        return self.category, self.funding, self.structure


@dataclass(frozen=True, slots=True)
class RosterLeader:
    """领导任职: one person on one leadership post; other than 'regular' takes no seat here."""

    unit_code: str
    scope_code: str | None
    role: str
    level: str
    id_number: str = field(repr=False)
    name: str
    started_on: dt.date
    main: bool
    nature: str
    home_unit: str | None
    row: int = field(default=0, compare=False)

    @property
    def post_key(self) -> tuple[str | None, str, str]:
        """Scope, role and level: the line the post belongs to."""
        return self.scope_code, self.role, self.level


Record = RosterUnit | RosterLine | RosterPerson | RosterLeader


@dataclass(frozen=True, slots=True)
class CellError:
    """单元格有误: where, what was found, why, and what is allowed there.

    ``found`` never holds a full ID number. ``related`` names the other places the
    error is about, as (sheet, row).
    """

    sheet: str
    row: int
    column: str
    found: str
    code: str
    allowed: tuple[str, ...] = ()
    related: tuple[tuple[str, int], ...] = ()
    unit_code: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """提示: accepted, but to be looked at (超编, 未核验证件号 …); ``facts`` hold the figures."""

    sheet: str
    row: int
    unit_code: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitBundle:
    """单位包: a legal body with all that belongs to it: imported whole, or held whole."""

    code: str
    unit: RosterUnit | None
    departments: tuple[RosterUnit, ...]
    lines: tuple[RosterLine, ...]
    people: tuple[RosterPerson, ...]
    leaders: tuple[RosterLeader, ...]
    errors: tuple[CellError, ...]
    findings: tuple[Finding, ...]

    @property
    def held(self) -> bool:
        """隔离: whether the unit has errors of its own and stays outside."""
        return bool(self.errors) or self.unit is None


@dataclass(frozen=True, slots=True)
class Preview:
    """导入预览: every unit, parents before children, and all errors by sheet and row.

    ``errors`` also holds those of rows that name no unit of the file.
    """

    units: tuple[UnitBundle, ...]
    errors: tuple[CellError, ...]
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> tuple[UnitBundle, ...]:
        """The units that can be imported."""
        return tuple(bundle for bundle in self.units if not bundle.held)

    @property
    def held(self) -> tuple[UnitBundle, ...]:
        """The units that stay outside until their errors are mended."""
        return tuple(bundle for bundle in self.units if bundle.held)
