"""A file as headers and rows of text, whatever wrote it; every fault is named by row and column."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from python_calamine import CalamineError, CalamineWorkbook

from app.exchange.roster.package import OLD_OFFICE, WorkbookRefused, scan
from app.exchange.sources.flaws import Flaw, Flawed

MOST_CELLS = 2_500_000
MOST_TABLE_CELLS = 30_000_000
WIDEST = 200
DELIMITERS = "\t,;|"
FORMULA, FAILURE, NUMBER = "\x01", "\x02", "\x03"
"""Marks before a cell's text: a formula, #N/A, a number (an 18-digit one has lost digits); no text of a file has them."""


@dataclass(frozen=True, slots=True)
class Table:
    """表: headers as they stand, rows as an iterator with their numbers; of a workbook which sheet it is, and which others there are."""

    headers: list[str]
    rows: Iterator[tuple[int, list[str]]] = field(repr=False)
    sheet: str = ""
    others: tuple[str, ...] = ()


def read(name: str, content: bytes) -> Table:
    """A file by its content, not its name.

    Raises:
        Flawed: unknown format, encoding (the row is named), rows of different length, cut off, too large.
        WorkbookRefused: a workbook that may not be read (zip bomb, entities, macros, hidden rows …).
    """
    from app.exchange.sources import dbf  # it names its faults as this module does

    if not content.strip():
        raise Flawed(Flaw(0, "", "empty"))
    if content.startswith((b"PK\x03\x04", OLD_OFFICE)):
        return _workbook(content)
    # Year, month and day follow the first byte in binary: no text has such bytes there.
    if content[0] in dbf.KNOWN and len(content) > 3 and content[2] <= 12 and content[3] <= 31:
        headers, rows = dbf.parse(content, MOST_TABLE_CELLS)
        return Table(headers, rows)
    return _delimited(content)


def _workbook(content: bytes) -> Table:
    scans = scan(content, MOST_CELLS)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheet, *others = book.sheet_names
            seen = scans[sheet]
            if seen.hidden is not None or seen.merged:
                raise WorkbookRefused("merged" if seen.merged else "hidden", sheet=sheet, place=seen.merged or sheet)
            lines = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, KeyError, IndexError) as error:
        raise WorkbookRefused("not_a_workbook") from error

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(lines[1:], 2):
            cells = [_cell(value) for value in line]
            if any(cells):
                for place in range(len(cells)):
                    if (number, place + 1) in seen.formulas:
                        cells[place] = FORMULA + cells[place]
                    elif (number, place + 1) in seen.failures:
                        cells[place] = FAILURE
                yield number, cells

    headers = [_cell(v).lstrip(NUMBER) for v in lines[0]] if lines else []
    if others and not any(headers):
        raise Flawed(Flaw.wrong_sheet(sheet, others))
    return Table(_headers(headers), rows(), sheet, tuple(others))


def _cell(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else str(value)
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, (int, float)):
        return NUMBER + (str(int(value)) if float(value).is_integer() else repr(value))
    return str(value).strip()


def _headers(found: list[str]) -> list[str]:
    headers = [h.strip() for h in found]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise Flawed(Flaw(1, "", "no_header"))
    if len(headers) > WIDEST:
        raise Flawed(Flaw(1, "", "too_large", str(len(headers))))
    for place, header in enumerate(headers):
        if not header:
            raise Flawed(Flaw(1, str(place + 1), "no_header"))
        if header in headers[:place]:
            raise Flawed(Flaw(1, header[:40], "column_twice"))
    return headers


def _text(content: bytes) -> str:
    """The text, by its mark, as UTF-8, or as GB 18030: strictly, so that no character is ever guessed."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif content.startswith(b"\xef\xbb\xbf"):
        encodings = ("utf-8-sig",)
    else:
        encodings = ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            last = error
            continue
        if "\0" in text or any(mark in text for mark in (FORMULA, FAILURE, NUMBER)):
            raise Flawed(Flaw(0, "", "unknown_format"))
        return text
    raise Flawed(Flaw(content.count(b"\n", 0, last.start) + 1, "", "encoding"))


def _delimited(content: bytes) -> Table:
    text = _text(content)
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        headers = _headers(next(reader))
    except (StopIteration, csv.Error) as error:
        raise Flawed(Flaw(1, "", "no_header")) from error
    if text.count("\n") * len(headers) > MOST_TABLE_CELLS:
        raise Flawed(Flaw(0, "", "too_large", str(text.count("\n"))))

    def rows() -> Iterator[tuple[int, list[str]]]:
        number = 1
        try:
            for cells in reader:
                number += 1
                if not any(c.strip() for c in cells):
                    continue
                if len(cells) < len(headers) or any(c.strip() for c in cells[len(headers) :]):
                    raise Flawed(Flaw(number, "", "cells", str(len(cells))))
                yield number, [c.strip() for c in cells]
        except csv.Error as error:
            raise Flawed(Flaw(number + 1, "", "broken")) from error

    return Table(headers, rows())
