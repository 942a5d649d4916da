"""读取名册: a workbook file as rows of cells, kept exactly as they stand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from app.exchange.roster.layout import LAYOUT, Column
from app.exchange.roster.package import MAX_CELLS, MAX_FILE_BYTES, SheetScan, WorkbookRefused, scan
from app.exchange.roster.records import Cell, Row, Value, Workbook


def read_workbook(path: Path | str, *, most_cells: int = MAX_CELLS) -> Workbook:
    """Read the four sheets of a roster; other sheets (说明, 代码表 …) are left alone.

    Raises:
        WorkbookRefused: the file as a whole is not one that may be read; ``reason`` is one of
            ``too_large``, ``not_a_workbook``, ``unpacks_too_large``, ``zip_bomb``, ``too_many_cells``,
            ``too_much_text``, ``old_or_encrypted``, ``encrypted``, ``macros``, ``entities``, ``broken_xml``,
            ``missing_sheet``, ``wrong_header``, ``hidden``, ``merged``, ``no_rows``.
    """
    return read_content(_content(Path(path)), most_cells=most_cells)


def read_content(content: bytes, *, most_cells: int = MAX_CELLS) -> Workbook:
    """Read a workbook that was already received, see ``read_workbook``."""
    scans = scan(content, most_cells)
    for name in LAYOUT:
        if name not in scans:
            raise WorkbookRefused("missing_sheet", sheet=name)
        _refuse_unseen(name, scans[name])
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheets = {
                name: _rows(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False), scans[name])
                for name in LAYOUT
            }
    except (CalamineError, OSError, ValueError) as error:
        raise WorkbookRefused("not_a_workbook") from error
    if not any(sheets.values()):
        raise WorkbookRefused("no_rows")
    return Workbook(sheets)


def _refuse_unseen(sheet: str, seen: SheetScan) -> None:
    """Whoever signs for a roster has seen all of it: nothing hidden, nothing merged away."""
    if seen.hidden is not None:
        row, column = seen.hidden
        raise WorkbookRefused("hidden", sheet=sheet, place=f"{letters(column)}{row}" if row else sheet)
    if seen.merged:
        raise WorkbookRefused("merged", sheet=sheet, place=seen.merged)


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise WorkbookRefused("too_large", limit=MAX_FILE_BYTES)
    return content


def _rows(sheet: str, table: Sequence[Sequence[Value]], seen: SheetScan) -> tuple[Row, ...]:
    columns = LAYOUT[sheet]
    header = [str(value).strip() for value in table[0]] if table else []
    expected = [column.header for column in columns]
    if header[: len(expected)] != expected or any(header[len(expected) :]):
        place = next((n for n, name in enumerate(expected) if n >= len(header) or header[n] != name), len(expected))
        raise WorkbookRefused(
            "wrong_header",
            sheet=sheet,
            column=letters(place + 1),
            expected=expected[place] if place < len(expected) else "",
            found=header[place][:40] if place < len(header) else "",
        )
    last = max(len(table), seen.rows)
    rows = (
        _row(columns, number, table[number - 1] if number <= len(table) else [], seen) for number in range(2, last + 1)
    )
    return tuple(row for row in rows if row is not None)


def _row(columns: tuple[Column, ...], number: int, values: Sequence[Value], seen: SheetScan) -> Row | None:
    def cell(place: int) -> Cell:
        at = (number, place + 1)
        flaw = "formula" if at in seen.formulas else "failure" if at in seen.failures else ""
        return Cell(values[place] if place < len(values) else None, flaw)

    cells = {column.field: cell(place) for place, column in enumerate(columns)}
    width = max(len(values), seen.columns)
    beyond = {letters(place + 1): cell(place) for place in range(len(columns), width)}
    extra = {name: found for name, found in beyond.items() if not found.empty}
    if not extra and all(found.empty for found in cells.values()):
        return None
    return Row(number, cells, extra)


def letters(column: int) -> str:
    """The letters a spreadsheet shows over a column: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
