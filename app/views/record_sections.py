"""A person's record on a page: sections by kind, each item in words, masked where the reader has no right."""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.records import KINDS, OPEN, Kind
from app.queries import records
from app.views.fields.records import KIND_OF, LABELS


def words(kind: Kind, fields: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """An item's fields as label and value, codes by their names."""
    return [
        (LABELS[f.name], codes.label(f.codes, str(fields[f.name])) if f.type == "code" else fields[f.name])
        for f in kind.fields
        if fields.get(f.name) not in (None, "")
    ]


def brief(kind: Kind, fields: Mapping[str, Any]) -> str:
    """An item in one line, to choose it by."""
    return " · ".join(str(value) for _label, value in words(kind, fields)[:3])


def sections(s: Session, person_id: int, sees: tuple[str, ...], *, own: bool) -> list[dict[str, Any]]:
    """The record by kinds. A protected kind without right is named, and nothing of it is told, not even whether it is there.

    One's own record is seen whole.
    """
    found = records.items(s, person_id)
    out = []
    for kind in KINDS.values():
        may = own or kind.group in sees
        rows = [r for r in found if r.kind == kind.name]
        if not rows and (may or kind.group == OPEN):
            continue
        out.append(
            {
                "kind": kind.name,
                "title": kind.title,
                "protected": kind.group != OPEN,
                "may": may,
                "items": [
                    {
                        "facts": words(kind, r.fields),
                        "from_on": r.started_on,
                        "until_on": r.ended_on,
                        "wrong_until": r.recorded_to,
                        "case_url": None if own else f"/case/{r.case_id}",
                    }
                    for r in rows
                ],
            }
        )
    return out


def filed(s: Session, case_id: int, process: str, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The item that a case files, as label and value; of a protected group without right no more than that it is there."""
    kind = KINDS.get(KIND_OF.get(process, "appointment"))
    if kind is None or facts.get("kind") != kind.name:
        return []
    if kind.group == OPEN:
        kept = json.loads(str(facts["fields"])) if facts.get("fields") else None
    else:
        row = records.private(s, case_id)
        kept = row.fields if row else None
    what = codes.label("record_action", str(facts["action"]))
    said = words(kind, kept) if kept is not None else [(kind.title, _("****** Only by right."))]
    return [{"label": label, "value": value} for label, value in [(kind.title, what), *said]]


def entry_title(fields: Mapping[str, Any]) -> str:
    """A movement of the record on a timeline."""
    said = {"add": _("%(kind)s: added"), "end": _("%(kind)s: ended"), "replace": _("%(kind)s: put right")}
    return said.get(str(fields.get("action")), "%(kind)s") % {"kind": codes.label("record_kind", str(fields["kind"]))}
