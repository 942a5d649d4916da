"""A field of rows: a small table that is filled in line by line, kept as one text of JSON; works without a script."""

import json
import re
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import Field
from wtforms.validators import ValidationError

SPARE, MOST = 4, 200
# What a search offers: a row's number, or the key of what another step of the same draft makes.
CHOSEN = re.compile(r"[0-9]{1,18}|=[a-z][a-z0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key among the row, its heading, how it is filled in.

    ``kind`` is text, area, number, day; ``choices`` make it a choice, ``search`` (an address) one by search-as-you-type,
    which sends the form's fields named in ``along`` with it.
    """

    key: str
    label: Any
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()
    required: bool = True
    search: str = ""
    along: str = ""


def rows_widget(field: "RowsField", **attributes: Any) -> Markup:
    """The rows that are there and some empty ones; more come with the next save."""
    head = Markup("").join(Markup('<th scope="col" role="columnheader">{}</th>').format(c.label) for c in field.columns)
    described = attributes.get("aria-describedby")
    lines = []
    for n, row in enumerate([*field.rows(), *({} for _n in range(SPARE))]):
        cells = Markup("").join(
            Markup('<td role="cell" data-label="{}">{}</td>').format(c.label, _control(field, n, c, row.get(c.key, "")))
            for c in field.columns
        )
        lines.append(Markup('<tr role="row">{}</tr>').format(cells))
    return Markup(
        '<div class="bz-scroll" id="{}"{}><table class="table table-sm bz-stack mb-0" role="table"><thead role="rowgroup"><tr role="row">{}</tr></thead><tbody role="rowgroup">{}</tbody></table></div>'
    ).format(
        field.id,
        Markup(' aria-describedby="{}"').format(described) if described else "",
        head,
        Markup("").join(lines),
    )


def _control(field: "RowsField", n: int, c: Column, value: Any) -> Markup:
    name = f"{field.name}-{n}-{c.key}"
    label = _("%(column)s, row %(n)s", column=c.label, n=n + 1)
    if c.choices:
        options = Markup("").join(
            Markup('<option value="{}"{}>{}</option>').format(k, Markup(" selected") if k == value else "", v)
            for k, v in (("", "—"), *c.choices)
        )
        return Markup('<select class="form-select" name="{}" aria-label="{}">{}</select>').format(name, label, options)
    if c.search:
        value = str(value)
        kept = Markup('<option value="{}" selected>{}</option>').format(value, field.named.get((c.key, value), value))
        return Markup(
            '<select class="form-select" name="{}" aria-label="{}" data-search-url="{}" data-search-with="{}">{}</select>'
        ).format(name, label, c.search, c.along, kept if value else "")
    if c.kind == "area":
        return Markup('<textarea class="form-control" name="{}" rows="2" aria-label="{}">{}</textarea>').format(
            name, label, escape(value)
        )
    kind = {"number": "number", "day": "date"}.get(c.kind, "text")
    return Markup('<input class="form-control" type="{}" name="{}" aria-label="{}" value="{}">').format(
        kind, name, label, value
    )


class RowsField(Field):
    """Rows as one text; empty rows do not count, an incomplete one is named by its number."""

    widget = staticmethod(rows_widget)

    def __init__(self, label: Any, columns: tuple[Column, ...], *, required: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self.columns, self.needed = columns, required
        self.named: dict[tuple[str, str], str] = {}  # what was chosen by search, by column and value

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Collect the cells ``name-row-column``; else the kept text."""
        self.process_errors, self.object_data = [], data
        self.data = data if isinstance(data, str) else ""
        if formdata is None or not any(k.startswith(f"{self.name}-0-") for k in formdata):
            return
        found = []
        for n in range(MOST):
            if f"{self.name}-{n}-{self.columns[0].key}" not in formdata:
                break
            row = {c.key: formdata.get(f"{self.name}-{n}-{c.key}", "").strip() for c in self.columns}
            if any(row.values()):
                found.append(row)
        self.data = json.dumps(found, ensure_ascii=False) if found else ""

    def rows(self) -> list[dict[str, Any]]:
        """The rows as they stand."""
        return list(json.loads(self.data)) if self.data else []

    def pre_validate(self, form: Any) -> None:
        """Say which row lacks what."""
        if self.needed and not self.data:
            raise ValidationError(_("Fill in at least one row."))
        for n, row in enumerate(self.rows(), 1):
            for c in self.columns:
                value = str(row.get(c.key, ""))
                bad = (
                    (not value and c.required)
                    or len(value) > 2000
                    or (value and c.kind == "number" and not (value.isdecimal() and int(value) <= 20000))
                    or (value and c.choices and value not in dict(c.choices))
                    or (value and c.search and not CHOSEN.fullmatch(value))
                )
                if bad:
                    raise ValidationError(_("Row %(n)s, %(column)s: fill it in as asked.", n=n, column=c.label))
