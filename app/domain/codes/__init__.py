"""代码集: the values that people, units and seats are described with, each with its Chinese name and its source.

The lists are data (``*.yaml`` beside this module); values are never deleted, only ended. A ``CodeSet`` reads as a
mapping from code to name, so ``codes.SEX["1"]`` and ``codes.label("sex", "1")`` are the same.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.domain.regions import foshan

Codes = Mapping[str, str]
"""Any code list: code → name."""

_HERE = Path(__file__).parent
_FILES = ("units", "seats", "people", "service", "entry")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Code:
    """代码: one value; ``exchange`` is its image outside (the civil-service system's), where one is known."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    exchange: str | None = None
    selectable: bool = True
    ended_on: dt.date | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class CodeSet(Mapping[str, str]):
    """代码集: one list in its printed order; a mapping from code to name, ended values included.

    ``verified`` is false where the standard's own text was not at hand: such a list must not be exchanged as the
    standard's, and ``remark`` says what is in doubt.
    """

    name: str
    title: str
    source: str
    codes: tuple[Code, ...]
    verified: bool = True
    remark: str = ""
    _by_code: Mapping[str, Code] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {c.code: c for c in self.codes})

    def __getitem__(self, code: str) -> str:
        return self._by_code[code].name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self.codes)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def cited(self) -> str:
        """Where the list comes from, and that it is unverified where it is."""
        return self.source if self.verified else f"{self.source}（未核）"

    def value(self, code: str) -> Code:
        """One value with everything known of it.

        Raises:
            KeyError: the list has no such code.
        """
        return self._by_code[code]

    def choices(self, on: dt.date | None = None) -> list[tuple[str, str]]:
        """Code and name of what may be chosen; with ``on``, values ended by that day are left out."""
        return [
            (c.code, c.name)
            for c in self.codes
            if c.selectable and (on is None or c.ended_on is None or on < c.ended_on)
        ]

    def resolve(self, found: str) -> str | None:
        """The code that a text means: the code itself, its name, or an alias of one code only."""
        if found in self._by_code:
            return found if self._by_code[found].selectable else None
        named = [c.code for c in self.codes if c.selectable and c.name == found]
        named = named or [c.code for c in self.codes if c.selectable and found in c.aliases]
        return named[0] if len(named) == 1 else None


def _value(code: str, entry: str | dict[str, Any]) -> Code:
    if isinstance(entry, str):
        return Code(code, entry)
    rest = {k: v for k, v in entry.items() if k not in ("aliases", "ended")}
    return Code(code, aliases=tuple(entry.get("aliases", ())), ended_on=entry.get("ended"), **rest)


@cache
def code_sets() -> Mapping[str, CodeSet]:
    """Every code list of the system by its name.

    Raises:
        ValueError: a list is defined in two files.
    """
    found: dict[str, CodeSet] = {}
    for file in _FILES:
        text = (_HERE / f"{file}.yaml").read_text(encoding="utf-8")
        for name, entry in yaml.load(text, Loader=_LOADER).items():  # noqa: S506 - both loaders are the safe one
            if name in found:
                raise ValueError(f"code list {name} is defined twice")
            values = tuple(_value(code, value) for code, value in entry.pop("codes").items())
            found[name] = CodeSet(name, codes=values, **entry)
    return found


def code_set(name: str) -> CodeSet:
    """One code list.

    Raises:
        KeyError: there is no such list.
    """
    return code_sets()[name]


def label(name: str, code: str | None) -> str:
    """What a stored code is called; an unknown code stands for itself, nothing for nothing."""
    return code_sets()[name].get(code, code) if code else ""


def allowed(name: str, on: dt.date | None = None) -> frozenset[str]:
    """The codes of a list that may be entered (on a day)."""
    return frozenset(code for code, _name in code_sets()[name].choices(on))


def resolve(codes: Codes, found: str) -> str | None:
    """The code of a cell's text: the code itself, or a name that stands for one code only."""
    if isinstance(codes, CodeSet):
        return codes.resolve(found)
    if found in codes:
        return found
    matches = [code for code, name in codes.items() if name == found]
    return matches[0] if len(matches) == 1 else None


NODE = code_set("node")
KIND = code_set("line_kind")
CATEGORY = code_set("category")
FUNDING = code_set("funding")
STRUCTURE = code_set("structure")
ROLE = code_set("role")
LEVEL = code_set("level")
RANK = code_set("rank")
BODY = code_set("body")
UNIT_NATURE = code_set("unit_nature")
UNIT_CATEGORY = code_set("unit_category")
UNIT_GRADE = code_set("unit_grade")
SUBORDINATION = code_set("subordination")
YES_NO = code_set("yes_no")
ID_TYPE = code_set("id_type")
SEX = code_set("sex")
ETHNICITY = code_set("ethnicity")
POLITICAL = code_set("political")
EDUCATION = code_set("education")
DEGREE = code_set("degree")
ENTRY_WAY = code_set("entry_way")
EXIT = code_set("exit_reason")
POSITION_CHANGE = code_set("position_change")
NATURE_OF_POST = code_set("appointment_nature")
ABSENCE = code_set("absence_kind")
HOST_POST = code_set("host_post")
CERTIFICATE_REASON = code_set("certificate_reason")
DIFFERENCE = code_set("difference")
DIFFERENCE_BUSINESS = code_set("difference_business")
REGION: Codes = {division.code: division.name for division in foshan()}
