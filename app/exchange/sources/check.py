"""逐行校验: the rows of a list as records, or what is wrong with them, each by row and column."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain import codes, id_number, names
from app.domain.crypto import KeyRing
from app.domain.sources import JUDGED, Kind
from app.exchange.sources.flaws import Flaw, Flawed
from app.exchange.sources.mapping import propose
from app.exchange.sources.tables import FAILURE, FORMULA, NUMBER, Table

KEPT = 200
"""How many errors a report keeps; the others are counted."""
MOST_AMOUNT = Decimal(1_000_000)
RESIDENT = "resident"
_MONTH = re.compile(r"([0-9]{4})[-年/.]?([0-9]{1,2})(?:月|[-/.]01)?\Z")
_DAY = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?\Z")
_LONG = re.compile(r"[0-9]{8,}[0-9Xx]?")


@dataclass(slots=True)
class Checked:
    """校验结果: columns of arrays as ``source_rows`` takes them, or errors (``more`` beyond those kept)."""

    headers: list[str]
    mapping: dict[str, str]
    records: list[tuple[Any, ...]] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    more: int = 0

    def wrong(self, flaw: Flaw) -> None:
        """Keeps an error, or counts it."""
        if len(self.flaws) < KEPT:
            self.flaws.append(flaw)
        else:
            self.more += 1

    def report(self) -> dict[str, Any]:
        """As the batch keeps it."""
        return {"headers": self.headers, "mapping": self.mapping, "errors": [f.as_json() for f in self.flaws],
                "more": self.more}  # fmt: skip


class Bad(Exception):  # noqa: N818 - a finding, not an error of ours
    """单元格有误."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Reader:
    month: dt.date
    units: Mapping[str, int | None]
    kind: Kind

    def value(self, name: str, text: str) -> Any:
        """The value of a field's text; raises Bad."""
        if text.startswith((FORMULA, FAILURE)):
            raise Bad("formula")
        if name == "id_number":
            return self.document(text)
        if name == "note" and text.startswith(NUMBER):
            raise Bad("number")
        text = text.lstrip(NUMBER).strip()
        reader = getattr(self, name, None)
        return text[:200] if reader is None else reader(text)

    @staticmethod
    def document(text: str) -> str:
        if text.startswith(NUMBER):
            raise Bad("number")
        number = id_number.normalise(text)
        if found := id_number.problems(number):
            raise Bad(found[0])
        return number

    @staticmethod
    def name(text: str) -> str:
        # Whether it is the person's name says the comparison.
        name = names.normalise(text)
        if len(name) > 60 or not name.isprintable():
            raise Bad("bad_name")
        return name

    def unit(self, text: str) -> int:
        if text not in self.units:
            raise Bad("unknown_unit")
        found = self.units[text]
        if found is None:
            raise Bad("ambiguous_unit")
        return found

    @staticmethod
    def amount(text: str) -> int:
        try:
            value = Decimal(text.replace(",", ""))
        except InvalidOperation:
            raise Bad("bad_amount") from None
        if not value.is_finite():
            raise Bad("bad_amount")
        if value < 0:
            raise Bad("negative")
        # A spreadsheet's 0.1 + 0.2 is meant as 0.30.
        if value > MOST_AMOUNT or abs(value - value.quantize(Decimal("0.01"))) > Decimal("0.000001"):
            raise Bad("bad_amount")
        return int((value * 100).to_integral_value())

    def check_month(self, text: str) -> None:
        match = _MONTH.match(text)
        if match is None or (int(match[1]), int(match[2])) != (self.month.year, self.month.month):
            raise Bad("wrong_month")

    @staticmethod
    def category(text: str) -> str:
        return _code(codes.CATEGORY, text)

    @staticmethod
    def funding(text: str) -> str:
        return _code(codes.FUNDING, text)

    def since(self, text: str) -> dt.date:
        day = self.until(text)
        if day > (self.month + dt.timedelta(days=62)).replace(day=1):
            raise Bad("wrong_month")
        return day

    @staticmethod
    def until(text: str) -> dt.date:
        match = _DAY.match(text)
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3])) if match else dt.date.fromisoformat(text)
        except ValueError:
            raise Bad("bad_date") from None

    def note(self, text: str) -> str:
        if self.kind.name != "judgment":
            return text[:100]
        if text not in JUDGED:
            raise Bad("bad_judgment")
        return JUDGED[text]

    @staticmethod
    def days(text: str) -> int:
        try:
            number = float(text)
        except ValueError:
            raise Bad("bad_days") from None
        if not 0 <= number <= 366:
            raise Bad("bad_days")
        return int(number)

    run_days = year_days = days


def _code(known: codes.Codes, text: str) -> str:
    found = codes.resolve(known, text)
    if found is None:
        raise Bad("unknown_code")
    return found


def check(
    table: Table, kind: Kind, month: dt.date, *, saved: Mapping[str, str], units: Mapping[str, int | None], keys: KeyRing,
    most: int = 2_000_000,
) -> Checked:  # fmt: skip
    """Every row under the mapping; nothing is written. A number is kept as its keyed index and its mask."""
    mapping, flaws = propose(kind, table.headers, saved)
    done = Checked(table.headers, mapping)
    if table.others and any(f.code == "missing_field" for f in flaws):
        done.wrong(Flaw.wrong_sheet(table.sheet, table.others))
    for flaw in flaws:
        done.wrong(flaw)
    if flaws:
        return done
    places = [(i, mapping[h], h) for i, h in enumerate(table.headers) if mapping[h]]
    required = {f.name for f in kind.fields if f.required}
    reader = _Reader(month, units, kind)
    seen: dict[tuple[str, int | None], int] = {}
    try:
        for number, cells in table.rows:
            values = _row(reader, number, cells, places, required, done)
            if values is None:
                continue
            document = values["id_number"]
            one = (document, values.get("unit"))
            if one in seen:
                title = next(h for _i, f, h in places if f == "id_number")
                done.wrong(Flaw(number, title, "twice", id_number.mask(document), seen[one]))
                continue
            seen[one] = number
            if len(seen) > most:
                raise Flawed(Flaw(number, "", "too_large", str(most)))
            if not done.flaws:
                done.records.append(_record(number, document, values, keys))
    except Flawed as broken:
        done.wrong(broken.flaw)
    if not seen and not done.flaws:
        done.wrong(Flaw(0, "", "empty"))
    return done


def _row(reader: _Reader, number: int, cells: list[str], places: list[tuple[int, str, str]], required: set[str],
         done: Checked) -> dict[str, Any] | None:  # fmt: skip
    values: dict[str, Any] = {}
    good = True
    for place, name, header in places:
        text = cells[place] if place < len(cells) else ""
        try:
            if text.strip(NUMBER + " "):
                if name == "month":
                    reader.check_month(text.strip(NUMBER))
                else:
                    values[name] = reader.value(name, text)
            elif name in required:
                raise Bad("required")
        except Bad as bad:
            done.wrong(Flaw(number, header[:40], bad.code, _shown(name, text)))
            good = False
    return values if good else None


def _shown(name: str, text: str) -> str:
    """What an error may show: never an ID number nor what might be one."""
    plain = "".join(c for c in text if c.isprintable())
    plain = id_number.mask(plain) if name == "id_number" else _LONG.sub(lambda m: id_number.mask(m[0]), plain)
    return plain[:40]


def _record(number: int, document: str, values: dict[str, Any], keys: KeyRing) -> tuple[Any, ...]:
    get = values.get
    return (number, keys.blind_index(RESIDENT, document), id_number.mask(document), values["name"], get("unit"),
            get("category"), get("funding"), get("amount"), get("since"), get("until"), get("note"), get("days"),
            get("run_days"), get("year_days"))  # fmt: skip
