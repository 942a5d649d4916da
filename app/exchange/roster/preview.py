"""导入预览: the whole workbook checked, each unit clean or held by errors of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from app.domain import codes as codesets
from app.domain.workdays import city_today
from app.exchange.roster.crosschecks import (
    UnitRows,
    check_leaders,
    check_lines,
    check_main_posts,
    check_people,
    seats,
)
from app.exchange.roster.figures import allotment_findings, figures, line_findings, person_findings
from app.exchange.roster.layout import LAYOUT
from app.exchange.roster.records import (
    LEADERS,
    LINES,
    PEOPLE,
    UNITS,
    CellError,
    Finding,
    Preview,
    UnitBundle,
    Workbook,
)
from app.exchange.roster.rules import RowCheck, read_row
from app.exchange.roster.tree import Tree, check_tree, written_code

_FIELD = {UNITS: "units", LINES: "lines", PEOPLE: "people", LEADERS: "leaders"}


def check(
    workbook: Workbook,
    *,
    today: dt.date | None = None,
    regions: Collection[str] = tuple(codesets.REGION),
    known_units: Collection[str] = (),
) -> Preview:
    """Check a workbook unit by unit; nothing is written, nothing is asked of a database.

    Args:
        workbook: what ``read_workbook`` returned.
        today: the day on which an opening state may lie at the latest; by default today in China.
        regions: the codes of the divisions a unit may lie in.
        known_units: codes of legal bodies outside the file that may be a parent.
    """
    today = today or city_today()
    read: dict[str, list[Any]] = {
        sheet: [read_row(sheet, row, today=today, regions=regions) for row in workbook.rows(sheet)] for sheet in LAYOUT
    }
    tree = Tree.of(read[UNITS])
    check_tree(tree, frozenset(known_units))
    owned, orphans = _sort_out(tree, read)
    seated = seats(workbook.rows(PEOPLE))
    check_main_posts(read[LEADERS])
    for rows in owned.values():
        check_lines(rows, tree)
        check_people(rows, tree, seated)
        check_leaders(rows, tree, seated)
    bundles = _bundles(tree, owned)
    stray = [error for orphan in orphans for error in orphan.errors]
    errors = [*(error for bundle in bundles for error in bundle.errors), *stray]
    findings = [finding for bundle in bundles for finding in bundle.findings]
    return Preview(bundles, tuple(sorted(errors, key=_place)), tuple(findings))


def _place(error: CellError) -> tuple[int, int]:
    return list(LAYOUT).index(error.sheet), error.row


def _sort_out(tree: Tree, read: dict[str, list[Any]]) -> tuple[dict[str, UnitRows], list[RowCheck]]:
    """Each row to its legal body; rows that name none are left over, with the reason as error."""
    owned = {code: UnitRows(code) for code in tree.in_order()}
    orphans: list[RowCheck] = []
    for sheet, rows in read.items():
        for record, row_check in rows:
            owner = _owner(tree, sheet, row_check)
            if owner is None:
                orphans.append(row_check)
                if not row_check.errors:
                    row_check.complain("code" if sheet == UNITS else "unit_code", "unknown_unit")
            else:
                getattr(owned[owner], _FIELD[sheet]).rows.append((record, row_check))
    return owned, orphans


def _owner(tree: Tree, sheet: str, row_check: RowCheck) -> str | None:
    cells = row_check.row.cells
    if sheet == UNITS:
        department = row_check.values["node"] == "department"
        return tree.owner(written_code(cells["parent_code" if department else "code"]))
    code = written_code(cells["unit_code"])
    if tree.department.get(code, False) and row_check.values["unit_code"] is not None:
        row_check.complain("unit_code", "not_a_legal_unit")
    return tree.owner(code)


def _bundles(tree: Tree, owned: dict[str, UnitRows]) -> tuple[UnitBundle, ...]:
    held: set[str] = set()
    bundles: list[UnitBundle] = []
    for code, rows in owned.items():
        above = [node for node in tree.chain(code)[1:] if node in held]
        bundle = _bundle(rows, above)
        bundles.append(bundle)
        if bundle.held:
            held.add(code)
    return tuple(bundles)


def _bundle(rows: UnitRows, held_above: list[str]) -> UnitBundle:
    errors = tuple(replace(error, unit_code=rows.code) for error in rows.errors)
    lines, people, leaders = rows.lines.records, rows.people.records, rows.leaders.records
    found: list[Finding] = []
    if not errors:
        found += line_findings(rows.code, figures(lines, people, leaders))
        found += allotment_findings(rows.code, lines)
        found += person_findings(rows.code, people)
        if held_above:
            row = rows.legal.row if rows.legal is not None else 0
            found.append(Finding(UNITS, row, rows.code, "parent_held", {"parent": held_above[0]}))
    return UnitBundle(rows.code, rows.legal, rows.departments, lines, people, leaders, errors, tuple(found))
