"""DBF (dBase III and its kin), as wage systems still hand it on: read strictly, written plainly.

The format's whole description is a table of 32-byte fields before rows of fixed width, so it is read here, bounds first: no
library that is kept up names the row and field of a character that does not decode.
"""

import datetime as dt
import struct
from collections.abc import Iterator, Sequence

from app.exchange.sources.flaws import Flaw, Flawed

KNOWN = (0x02, 0x03, 0x30, 0x31, 0x43, 0x83, 0x8B, 0xF5)
"""First bytes: FoxBASE, dBase III, Visual FoxPro, with memo files; memo fields lie in a second file and are no cells."""
TEXT, MEMO, FLAGS = "CNFDL", "MGPBW0", "*"
GBK_DRIVER = 0x4D
WIDEST = 254


def _fields(content: bytes, size: int) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    for at in range(32, size - 31, 32):
        if content[at : at + 1] in (b"\r", b""):
            break
        raw, kind, width = content[at : at + 11].split(b"\0")[0], chr(content[at + 11]), content[at + 16]
        try:
            name = raw.decode("gb18030").strip()
        except UnicodeDecodeError as error:
            raise Flawed(Flaw(1, "", "encoding", repr(raw)[:40])) from error
        if not name or kind not in TEXT + MEMO + "IYT" or not width:
            raise Flawed(Flaw(1, name, "broken"))
        found.append((name, kind, width))
    return found


def parse(content: bytes, most_cells: int) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Headers, and rows with their numbers; rows marked as deleted are left out, as every program does.

    Raises:
        Flawed: not such a file, cut off, or text that is no GB 18030, named by row and field.
    """
    if len(content) < 33 or content[0] not in KNOWN:
        raise Flawed(Flaw(0, "", "unknown_format"))
    rows, size, width = struct.unpack("<IHH", content[4:12])
    if size < 65 or len(content) < size + rows * width:
        raise Flawed(Flaw(0, "", "broken"))
    fields = _fields(content, size)
    if not fields or 1 + sum(f[2] for f in fields) != width:
        raise Flawed(Flaw(0, "", "broken"))
    if rows * len(fields) > most_cells:
        raise Flawed(Flaw(0, "", "too_large", str(rows)))
    return [f[0] for f in fields], _rows(content, fields, rows, size, width)


def _rows(content: bytes, fields: list[tuple[str, str, int]], rows: int, size: int, width: int) -> Iterator[tuple[int, list[str]]]:  # fmt: skip
    for number in range(rows):
        at = size + number * width
        if content[at : at + 1] == b"*":
            continue
        cells, place = [], at + 1
        for name, kind, wide in fields:
            raw = content[place : place + wide]
            place += wide
            try:
                cells.append("" if kind not in TEXT else raw.decode("gb18030").strip(" \0"))
            except UnicodeDecodeError as error:
                raise Flawed(Flaw(number + 1, name, "encoding")) from error
        yield number + 1, cells


class NoPlace(Exception):  # noqa: N818 - a finding, not an error of ours
    """写不进 DBF: a character that GBK lacks, or a text too long; ``row`` and ``found`` say which. Never '?' instead."""

    def __init__(self, row: int, found: str) -> None:
        super().__init__(found)
        self.row, self.found = row, found


def write(headers: Sequence[str], rows: Sequence[Sequence[str]], day: dt.date) -> bytes:
    """A dBase III file in GBK; ``headers`` are at most ten letters each.

    Raises:
        NoPlace: something has no place in such a file.
    """
    lines = [[_gbk(cell, n) for cell in row] for n, row in enumerate(rows, 1)]
    widths = [max([1, *(len(line[i]) for line in lines)]) for i in range(len(headers))]
    size, width = 32 * (len(headers) + 1) + 1, 1 + sum(widths)
    out = bytearray(struct.pack("<BBBBIHH", 3, day.year - 1900, day.month, day.day, len(lines), size, width))
    out += bytes(17) + bytes([GBK_DRIVER]) + bytes(2)
    for header, wide in zip(headers, widths, strict=True):
        out += header.encode("ascii")[:10].ljust(11, b"\0") + b"C" + bytes(4) + bytes([wide]) + bytes(15)
    out += b"\r"
    for line in lines:
        out += b" " + b"".join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True))
    return bytes(out) + b"\x1a"


def _gbk(cell: str, row: int) -> bytes:
    try:
        done = cell.encode("gbk")
    except UnicodeEncodeError as error:
        raise NoPlace(row, cell) from error
    if len(done) > WIDEST:
        raise NoPlace(row, cell)
    return done
