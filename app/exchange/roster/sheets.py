"""工作簿样表与差错表: the empty roster with its drop-down lists, and the errors of a file as a list to work off.

All cells are written as text, so nothing of what was found can run as a formula.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from app.exchange.roster.layout import CODE, COUNT, DATE, LAYOUT, WORD, Column

LISTED_ROWS = 5000
CODES = "代码表"
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


def template() -> bytes:
    """The four sheets with headers, text format, and for each coded column the list of its names."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        plain = book.add_format({"num_format": "@"})
        number = book.add_format({"num_format": "0"})
        optional = book.add_format({"bold": True, "num_format": "@"})
        required = book.add_format({"bold": True, "num_format": "@", "bg_color": "#FFF2CC"})
        pages = {sheet: book.add_worksheet(sheet) for sheet in LAYOUT}
        lists = book.add_worksheet(CODES)
        places: dict[tuple[str, ...], str] = {}
        for sheet, columns in LAYOUT.items():
            page = pages[sheet]
            page.freeze_panes(1, 0)
            for place, column in enumerate(columns):
                page.set_column(
                    place, place, max(12, 2.2 * len(column.header)), number if column.kind == COUNT else plain
                )
                page.write_string(0, place, column.header, required if column.required else optional)
                if column.kind in (CODE, WORD):
                    _offer(page, place, _place(lists, places, column))
                elif column.kind == DATE:
                    page.write_comment(0, place, "yyyy-mm-dd")
        for place in range(len(places)):
            lists.set_column(place, place, 24, plain)
    return buffer.getvalue()


def _place(lists: xlsxwriter.workbook.Worksheet, places: dict[tuple[str, ...], str], column: Column) -> str:
    """Where the names of a column's codes stand on the sheet of lists; one list is written once."""
    names = tuple(dict.fromkeys(column.codes.values()))
    # A name of two codes says neither: there the code stands before it and alone is entered.
    if len(names) != len(column.codes):
        names = tuple(column.codes)
    if names not in places:
        at = len(places)
        lists.write_string(0, at, column.header)
        for row, name in enumerate(names, 1):
            lists.write_string(row, at, name)
        letter = xl_col_to_name(at)
        places[names] = f"='{CODES}'!${letter}$2:${letter}${len(names) + 1}"
    return places[names]


def _offer(page: xlsxwriter.workbook.Worksheet, place: int, source: str) -> None:
    page.data_validation(1, place, LISTED_ROWS, place, {"validate": "list", "source": source})


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """One sheet of text: the errors of a file, or the outcome of its units."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        bold = book.add_format({"bold": True})
        page = book.add_worksheet(title)
        page.freeze_panes(1, 0)
        for place, header in enumerate(headers):
            page.write_string(0, place, header, bold)
            page.set_column(place, place, 60 if place == len(headers) - 1 else 16)
        for line, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                page.write_string(line, place, value)
    return buffer.getvalue()
