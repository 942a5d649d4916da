"""栏目对照: which column of a file is which field. What was saved for the office goes first, then the usual names."""

from collections.abc import Mapping, Sequence

from app.domain.sources import Kind
from app.exchange.sources.flaws import Flaw

UNUSED = ""


def propose(kind: Kind, headers: Sequence[str], saved: Mapping[str, str]) -> tuple[dict[str, str], list[Flaw]]:
    """The field of each column (or "" for one that is named as unused), and what is wrong with that.

    An unknown column is a fault: a file says more than anybody looked at, until somebody names the column as unused.
    """
    usual = {alias.casefold(): f.name for f in reversed(kind.fields) for alias in (f.title, *f.headers)}
    named = {f.name for f in kind.fields}
    found: dict[str, str] = {}
    flaws: list[Flaw] = []
    for header in headers:
        field = saved.get(header, usual.get(header.casefold()))
        if field is None or (field and field not in named):
            flaws.append(Flaw(1, header[:40], "unknown_column"))
            continue
        found[header] = field
    for part in kind.fields:
        columns = [h for h, f in found.items() if f == part.name]
        if len(columns) > 1:
            flaws.append(Flaw(1, "、".join(columns)[:80], "field_twice", part.title))
        elif part.required and not columns:
            flaws.append(Flaw(1, part.title, "missing_field"))
    return found, flaws
