"""三定: the document as four lists of flat rows, compared with the ledger's numbers and with another version."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PARTS = ("duties", "departments", "quotas", "leaders")
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Document:
    """The four lists of one version."""

    duties: Rows
    departments: Rows
    quotas: Rows
    leaders: Rows

    @property
    def total(self) -> int:
        """All authorised numbers of the document."""
        return sum(number(r) for r in self.quotas)

    @property
    def departments_total(self) -> int:
        """What its departments have together; not above the whole (AL45)."""
        return sum(number(r) for r in self.departments)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where document and ledger say different things: what (part, key), and both numbers; 1 and 0 for a department."""

    part: str
    key: str
    stated: int
    found: int


def rows(text: str | None) -> Rows:
    """The rows of one list as a case's facts keep it."""
    return list(json.loads(text)) if text else []


def parse(content: str | Mapping[str, Any]) -> Document:
    """The document of a version, or of the facts of a case (each list a text of its own)."""
    if isinstance(content, str):
        lists = json.loads(content)
        return Document(*(lists.get(part, []) for part in PARTS))
    return Document(*(rows(content.get(part)) for part in PARTS))


def number(row: Mapping[str, Any]) -> int:
    """A row's number; nothing written, or what is no number yet in a draft, is none."""
    written = str(row.get("number") or "")
    return int(written) if written.isdecimal() and len(written) <= 9 else 0


def differences(document: Document, quotas: Mapping[str, int], leaders: Mapping[str, int],
                departments: Sequence[str]) -> list[Difference]:  # fmt: skip
    """核定与三定: what the ledger has otherwise (AL16).

    Args:
        document: what was, or is to be, published.
        quotas: authorised numbers by category.
        leaders: leadership numbers by ``scope:role``, scope ``unit`` or ``department``.
        departments: names of the departments that are there.
    """
    out = []
    said: Counter[str] = Counter()
    for r in document.quotas:
        said[str(r.get("category") or "")] += number(r)
    out += _numbers("quotas", said, quotas)
    lead: Counter[str] = Counter()
    for r in document.leaders:
        lead[f"{r.get('scope')}:{r.get('role')}"] += number(r)
    out += _numbers("leaders", lead, leaders)
    named, there = {str(r.get("name")) for r in document.departments}, set(departments)
    out += [Difference("departments", n, int(n in named), int(n in there)) for n in sorted(named ^ there)]
    return out


def _numbers(part: str, said: Mapping[str, int], found: Mapping[str, int]) -> list[Difference]:
    keys = sorted({*said, *found})
    return [Difference(part, k, said.get(k, 0), found.get(k, 0)) for k in keys if said.get(k, 0) != found.get(k, 0)]


def changed(old: Document, new: Document) -> dict[str, tuple[Rows, Rows]]:
    """What a version takes out and puts in, part by part; parts without a change are left out."""
    out = {}
    for part in PARTS:
        before, after = getattr(old, part), getattr(new, part)
        gone, come = [r for r in before if r not in after], [r for r in after if r not in before]
        if gone or come:
            out[part] = (gone, come)
    return out
