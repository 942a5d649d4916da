"""The archive behind a workbook: its bounds, its formulas and its XML, looked at before it is parsed.

A workbook is a zip of XML files, so a small file can stand for gigabytes of cells. Nothing
here builds a tree: sizes come from the directory, cells from a streaming parser that refuses
every DOCTYPE, and with it every entity.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from xml.parsers import expat

from app.domain.errors import InvalidInput

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
MAX_PARTS = 1000
MAX_RATIO = 100
RATIO_FLOOR_BYTES = 1024 * 1024
MAX_CELLS = 2_500_000
MAX_TEXT_CHARACTERS = 100_000_000
CHUNK_BYTES = 256 * 1024
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, or any workbook behind a password

_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})\Z")
_NOT_XML = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bin", ".vml")
_PARSED_TYPES = ("/worksheet", "/sharedStrings", "/styles", "/officeDocument")

_TRUE = ("1", "true")

Position = tuple[int, int]


class WorkbookRefused(InvalidInput):
    """整册拒收: the file is refused as a whole; ``reason`` says why, ``facts`` hold the figures."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(errors={"workbook": [reason]}, reason=reason, **facts)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return _refused, ({name: fact for name, fact in self.facts.items() if name != "errors"},)


def _refused(facts: dict[str, Any]) -> WorkbookRefused:
    return WorkbookRefused(**facts)


@dataclass(slots=True)
class SheetScan:
    """工作表扫描: what the XML of one sheet holds besides values; positions count from (1, 1)."""

    formulas: set[Position] = field(default_factory=set)
    failures: set[Position] = field(default_factory=set)
    hidden: Position | None = None
    merged: str = ""
    rows: int = 0
    columns: int = 0


@dataclass(slots=True)
class _Budget:
    """余量: the cells and characters that one workbook may still hold."""

    most_cells: int
    cells: int
    characters: int = MAX_TEXT_CHARACTERS

    def cell(self) -> None:
        self.cells -= 1
        if self.cells < 0:
            raise WorkbookRefused("too_many_cells", limit=self.most_cells)

    def text(self, length: int) -> None:
        self.characters -= length
        if self.characters < 0:
            raise WorkbookRefused("too_much_text", limit=MAX_TEXT_CHARACTERS)


def scan(content: bytes, most_cells: int = MAX_CELLS) -> dict[str, SheetScan]:
    """查验压缩包: the scan of each sheet by its name, after the archive's bounds were checked.

    Raises:
        WorkbookRefused: not a workbook, too large, a zip bomb, macros, or a DOCTYPE.
    """
    if content.startswith(OLD_OFFICE):
        raise WorkbookRefused("old_or_encrypted")
    if not content.startswith(b"PK\x03\x04"):
        raise WorkbookRefused("not_a_workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_directory(archive)
            return _scan_parts(archive, _Budget(most_cells, most_cells))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError, RuntimeError) as error:
        raise WorkbookRefused("not_a_workbook") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise WorkbookRefused("not_a_workbook") from error


def _check_directory(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise WorkbookRefused("unpacks_too_large", limit=MAX_UNPACKED_BYTES)
    if len(names) != len(parts) or any("\\" in name or name.startswith("/") for name in names):
        raise WorkbookRefused("not_a_workbook")
    if not {"[content_types].xml", "xl/workbook.xml"} <= names:
        raise WorkbookRefused("not_a_workbook")
    for part in parts:
        if part.flag_bits & 0x1:
            raise WorkbookRefused("encrypted")
        if part.file_size > RATIO_FLOOR_BYTES and part.file_size > MAX_RATIO * max(1, part.compress_size):
            raise WorkbookRefused("zip_bomb", limit=MAX_RATIO)
    with archive.open(next(p for p in parts if p.filename.lower() == "[content_types].xml")) as types:
        if any("vbaproject" in name for name in names) or b"macroEnabled" in types.read(CHUNK_BYTES):
            raise WorkbookRefused("macros")


def _scan_parts(archive: zipfile.ZipFile, budget: _Budget) -> dict[str, SheetScan]:
    names = {part.filename.lower(): part.filename for part in archive.infolist()}
    targets = _relationships(archive, names)
    sheets = _sheet_parts(archive, names["xl/workbook.xml"], targets)
    strings = _shared_strings(archive, names, budget)
    found: dict[str, SheetScan] = {}
    for name, (part, shown) in sheets.items():
        if part not in names:
            raise WorkbookRefused("not_a_workbook")
        found[name] = _scan_sheet(archive, names[part], strings, budget)
        if not shown:
            found[name].hidden = (0, 0)
    done = {names[part] for part, _shown in sheets.values()} | {names.get("xl/sharedstrings.xml", "")}
    for part in archive.namelist():
        if part not in done and not part.lower().endswith((*_NOT_XML, "/")):
            _parse(archive, part, expat.ParserCreate())
    return found


def _relationships(archive: zipfile.ZipFile, names: dict[str, str]) -> dict[str, str]:
    """部件关系: relationship id → part, of the workbook; parts that get parsed must be XML by name."""
    found: dict[str, str] = {}
    rels = names.get("xl/_rels/workbook.xml.rels")
    if rels is None:
        raise WorkbookRefused("not_a_workbook")
    for tag, attributes in _elements(archive, rels):
        if tag != "Relationship" or not attributes.get("Type", "").endswith(_PARSED_TYPES):
            continue
        target = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", ""))).lstrip("/").lower()
        if not target.endswith(".xml"):
            raise WorkbookRefused("not_a_workbook")
        if attributes["Type"].endswith("/sharedStrings") and target != "xl/sharedstrings.xml":
            raise WorkbookRefused("not_a_workbook")
        found[attributes.get("Id", "")] = target
    return found


def _sheet_parts(archive: zipfile.ZipFile, workbook: str, targets: dict[str, str]) -> dict[str, tuple[str, bool]]:
    """Part and whether it is shown, of each sheet by its name."""
    found: dict[str, tuple[str, bool]] = {}
    for tag, attributes in _elements(archive, workbook):
        if tag == "sheet":
            link = next((value for name, value in attributes.items() if _local(name) == "id"), "")
            if link in targets:
                found[attributes.get("name", "")] = targets[link], attributes.get("state", "visible") == "visible"
    return found


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, dict[str, str]]]:
    seen: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: seen.append((_local(name), attributes))
    _parse(archive, part, parser)
    return iter(seen)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_doctype(*_: Any) -> None:
    raise WorkbookRefused("entities")


def _parse(archive: zipfile.ZipFile, part: str, parser: expat.XMLParserType) -> None:
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise WorkbookRefused("broken_xml", part=part) from error


def _shared_strings(archive: zipfile.ZipFile, names: dict[str, str], budget: _Budget) -> list[int]:
    """共享文字: the length of each shared string, so that references to it can be counted."""
    part = names.get("xl/sharedstrings.xml")
    lengths: list[int] = []
    if part is None:
        return lengths

    def start(name: str, _: dict[str, str]) -> None:
        if _local(name) == "si":
            lengths.append(0)

    def characters(data: str) -> None:
        if lengths:
            lengths[-1] += len(data)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = characters
    _parse(archive, part, parser)
    budget.text(sum(lengths))
    return lengths


@dataclass(slots=True)
class _SheetHandler:
    """单元格流: follows rows and cells as they stream by."""

    strings: list[int]
    budget: _Budget
    scan: SheetScan = field(default_factory=SheetScan)
    at: Position = (0, 0)
    kind: str = ""
    value: list[str] | None = None
    row_hidden: bool = False
    hidden_columns: list[Position] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _local(name)
        if tag == "c":
            self.budget.cell()
            self.at = _position(attributes.get("r"), self.at)
            self.kind = attributes.get("t", "")
            if self.kind == "e":
                self.scan.failures.add(self.at)
        elif tag == "row":
            number = int(attributes.get("r", self.at[0] + 1))
            self.at = (number, 0)
            self.row_hidden = attributes.get("hidden") in _TRUE
        elif tag == "col" and attributes.get("hidden") in _TRUE:
            self.hidden_columns.append((int(attributes.get("min", 1)), int(attributes.get("max", 1))))
        elif tag == "mergeCell" and not self.scan.merged:
            self.scan.merged = attributes.get("ref", "")[:20]
        elif tag in {"v", "t"}:
            self.value = []
            self._extend()
        elif tag == "f":
            self.scan.formulas.add(self.at)
            self._extend()

    def characters(self, data: str) -> None:
        if self.value is not None:
            self.value.append(data)

    def end(self, name: str) -> None:
        if self.value is None or _local(name) not in {"v", "t"}:
            return
        data, self.value = "".join(self.value), None
        if self.kind == "s":
            number = int(data)
            if not 0 <= number < len(self.strings):
                raise WorkbookRefused("not_a_workbook")
            self.budget.text(self.strings[number])
        else:
            self.budget.text(len(data))

    def _extend(self) -> None:
        scan, (row, column) = self.scan, self.at
        scan.rows, scan.columns = max(scan.rows, row), max(scan.columns, column)
        if scan.rows * scan.columns > self.budget.most_cells:
            raise WorkbookRefused("too_many_cells", limit=self.budget.most_cells)
        by_column = row > 1 and any(low <= column <= high for low, high in self.hidden_columns)
        if scan.hidden is None and (self.row_hidden or by_column):
            scan.hidden = self.at


def _position(reference: str | None, before: Position) -> Position:
    if reference is None:
        return before[0], before[1] + 1
    match = _REFERENCE.match(reference)
    if match is None:
        raise WorkbookRefused("not_a_workbook")
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def _scan_sheet(archive: zipfile.ZipFile, part: str, strings: list[int], budget: _Budget) -> SheetScan:
    handler = _SheetHandler(strings, budget)
    parser = expat.ParserCreate()
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = cast("Any", handler.characters)
    _parse(archive, part, parser)
    return handler.scan
