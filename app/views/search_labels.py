"""What a search field shows of the choice that was made: the row by its name, where the reader may see it."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.records import KINDS
from app.queries import commission, units
from app.views.fields.kinds import search_of
from app.views.fields.rows import RowsField
from app.views.filing import reform as filing_reform
from app.views.record_sections import brief
from app.views.shell import hat

# A row's number; a leader and a phase are a pair of them.
NUMBERS = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")

LINE = (
    "SELECT l.*, s.name AS scope_name, u.name AS unit FROM quota_line l JOIN unit s ON s.id = l.scope_unit_id"
    " JOIN unit u ON u.id = l.unit_id WHERE l.id = :i"
)
UNIT, PERSON = "SELECT name FROM unit WHERE id = :i", "SELECT name FROM person WHERE id = :i"
PART = (
    "SELECT u.name, q.purpose, l.category FROM quota_part q JOIN quota_line l ON l.id = q.line_id"
    " JOIN unit u ON u.id = l.unit_id WHERE q.id = :i"
)
ENGAGED = (
    "SELECT coalesce(p.name, a.person_name) AS name FROM engagement e JOIN application a ON a.id = e.case_id"
    " LEFT JOIN person p ON p.id = e.person_id WHERE e.person_id = :i AND e.recorded_to IS NULL LIMIT 1"
)

# Many rows of one search at once, for the cells of a field of rows.
MANY: dict[str, str] = {
    "/search/lines": LINE.replace("l.id = :i", "l.id = ANY(:i)"),
    "/search/departments": "SELECT id, name FROM unit WHERE id = ANY(:i)",
    "/search/people": "SELECT id, name FROM person WHERE id = ANY(:i)",
}

# By the search that offered the row, so that every field of that search shows its choice again.
ROWS: dict[str, str] = {
    "/search/lines": LINE,
    "/search/below": "SELECT * FROM line_below(:i)",
    "/search/units": UNIT,
    "/search/departments": UNIT,
    "/search/people": PERSON,
    "/search/leads": "SELECT person_name AS name FROM occupancy WHERE line_id = :i AND person_id = :p LIMIT 1",
    "/search/occupancies": "SELECT person_name AS name FROM occupancy WHERE id = :i",
    "/search/permits": "SELECT number AS name FROM permit WHERE id = :i",
    "/search/parts": PART,
    "/search/items": "SELECT kind, fields FROM record_item WHERE id = :i",
    "/lending/hosts": "SELECT unit_name(:i) AS name",
    "/lending/away": PERSON,
    "/engaged/": ENGAGED,
    "/commission/outside": f"SELECT document_no || ' ' || matter AS name FROM ({commission.OUTSIDE}) x WHERE x.id = :i",
    "/reform/phases": filing_reform.LABEL,
}


def part_label(row: Any) -> str:
    """How a part of a number is called: its body, its kind and its purpose."""
    return (
        f"{row.name} · {codes.CATEGORY.get(row.category, row.category)} · {codes.label('quota_purpose', row.purpose)}"
    )


WORDS: dict[str, Callable[[Any], str]] = {
    "/search/lines": lambda row: units.line_label(row) if hat().unit_id else f"{row.unit} · {units.line_label(row)}",
    "/search/parts": part_label,
    "/search/items": lambda row: brief(KINDS[row.kind], row.fields),
}


# What a search of its own offers by name: (address, value) to the name, or None where it is no such search.
Own = Callable[[str, str], str | None]


def chosen_of(form: Any) -> Iterator[tuple[str, str]]:
    """Each choice by search that a form holds: the search's address and the value."""
    for field in form:
        if isinstance(field, RowsField):
            for c in field.columns:
                yield from (
                    (urlsplit(c.search).path, str(row[c.key])) for row in field.rows() if c.search and row.get(c.key)
                )
        elif (search := search_of(field.render_kw).path) and field.data:
            yield search, str(field.data)


def show_again(s: Session, form: Any, own: Own | None = None) -> None:
    """Give each search field of a form its choice back by name; what is no row of the reader's stays unnamed."""
    for field in form:
        if isinstance(field, RowsField):
            _show_cells(s, field, own)
            continue
        search, value = search_of(field.render_kw).path, str(field.data or "")
        if value and (name := (own and own(search, value)) or choice(s, search, value)):
            field.choices = [(value, name)]


def choice(s: Session, search: str, value: str) -> str | None:
    """A choice by its name; None for what is no row of the reader's, or no choice of a search known here."""
    posted = NUMBERS.fullmatch(value)
    if search not in ROWS or posted is None:
        return None
    row = s.execute(text(ROWS[search]), {"i": int(posted[1]), "p": int(posted[2] or 0)}).one_or_none()
    if row is None:
        return None
    return str(WORDS[search](row) if search in WORDS else row.name)


def _show_cells(s: Session, field: RowsField, own: Own | None) -> None:
    """The same for a field of rows, with one query for each of its columns."""
    rows = field.rows()
    for column in field.columns:
        search = urlsplit(column.search).path
        for value in {str(row.get(column.key) or "") for row in rows}:
            if own and value and (name := own(search, value)):
                field.named[column.key, value] = name
        ids = {int(str(row.get(column.key))) for row in rows if NUMBERS.fullmatch(str(row.get(column.key) or ""))}
        if search in MANY and ids:
            for row in s.execute(text(MANY[search]), {"i": list(ids)}):
                field.named[column.key, str(row.id)] = WORDS[search](row) if search in WORDS else row.name
