"""单元格的规则: a cell as a value of its column, or the code of what is wrong with it."""

from __future__ import annotations

import datetime as dt
import re
from itertools import islice
from typing import Any

from app.domain import codes as codesets
from app.domain import id_number
from app.exchange.roster.layout import CODE, COUNT, DATE, ID_NUMBER, IDENTIFIER, NAME, WORD, Column
from app.exchange.roster.records import NAMED, Cell, Value, printable

MAX_LENGTH = 200
MAX_COUNT = 1_000_000
EARLIEST = dt.date(1900, 1, 1)

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_IDENTIFIER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}\Z")
_DIGITS = re.compile(r"[0-9]{1,7}\Z")
_LONG_NUMBER = re.compile(r"[0-9]{6,}[0-9Xx]?")
_UNSEEN = re.compile(r"[\s\u200b-\u200f\u2028-\u202e\u2060\ufeff\x00-\x1f\x7f]")


class BadCell(Exception):  # noqa: N818 - a finding, not an error of ours
    """单元格不合规: the stable code, and what would be allowed."""

    def __init__(self, code: str, *allowed: str) -> None:
        super().__init__(code)
        self.code = code
        self.allowed = allowed


def read_cell(column: Column, cell: Cell) -> Any:
    """The value of a cell by the rule of its column; None when it is empty.

    Raises:
        BadCell: the cell breaks the rule.
    """
    if cell.flaw:
        raise BadCell(f"{cell.flaw}_cell")
    if cell.empty:
        if column.required:
            raise BadCell("required")
        return None
    if column.kind == DATE:
        return _date(cell.value)
    if column.kind == COUNT:
        return _count(cell.value)
    if column.kind in (CODE, WORD):
        return _code(column, cell.value)
    return _text(column, cell.value)


def _text(column: Column, value: Value) -> str:
    if not isinstance(value, str):
        raise BadCell("number_cell", "text")
    if value != value.strip() or _UNSEEN.search(value.replace(" ", "").replace("\u3000", "")):
        raise BadCell("stray_blank")
    if column.kind in (NAME, ID_NUMBER, IDENTIFIER) and _UNSEEN.search(value):
        raise BadCell("inner_blank")
    if len(value) > MAX_LENGTH:
        raise BadCell("too_long", str(MAX_LENGTH))
    if column.kind == IDENTIFIER and not _IDENTIFIER.match(value):
        raise BadCell("bad_identifier", "0-9 A-Z a-z . _ -")
    return value


def _code(column: Column, value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        value = str(int(value))
    found = codesets.resolve(column.codes, value) if isinstance(value, str) else None
    if found is None:
        words = column.kind == WORD
        allowed = islice(column.codes.items(), NAMED)
        raise BadCell("unknown_code", *(n if words else f"{c} {n}" for c, n in allowed))
    return found


def _count(value: Value) -> int:
    if isinstance(value, str) and _DIGITS.match(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, float) or not value.is_integer():
        raise BadCell("bad_count")
    if not 0 <= value <= MAX_COUNT:
        raise BadCell("bad_count")
    return int(value)


def _date(value: Value) -> dt.date:
    found: dt.date | None = None
    if isinstance(value, dt.datetime):
        found = value.date() if value.time() == dt.time() else None
    elif isinstance(value, dt.date):
        found = value
    elif isinstance(value, str) and _ISO_DATE.match(value):
        try:
            found = dt.date.fromisoformat(value)
        except ValueError:
            found = None
    if found is None or found < EARLIEST:
        raise BadCell("bad_date", "yyyy-mm-dd")
    return found


def shown(column: Column | None, value: Value) -> str:
    """What an error may show of a cell: never an ID number, nor a part of one that could be used."""
    if value is None:
        return ""
    written = printable(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
    if column is not None and column.kind == ID_NUMBER:
        return id_number.mask(written)[:40]
    if column is None or column.kind != DATE:
        written = _LONG_NUMBER.sub(_mask_long, written)
    return written[:40]


def _mask_long(match: re.Match[str]) -> str:
    return id_number.mask(match[0]) if len(match[0]) >= 15 else match[0]
