"""Fields of the organs' businesses: who goes where, and what goes along."""

import json
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text as text_
from sqlalchemy.orm import Session
from wtforms import Field

from app.domain import absorption, codes
from app.queries import reforms, units
from app.views.fields.kinds import chosen, one_of, searched, text
from app.views.fields.quotas import TARGETS_LABEL
from app.views.fields.rows import Column, RowsField

SPLIT = (Column("department", _l("Internal department"), search="/search/departments", along="unit"),)
MOVERS = (Column("person", _l("Person"), search="/search/people"),)
SEATS: list[tuple[str, Any]] = [
    ("along", _l("Go along with the people")),
    ("approved", _l("Vacant seats of the body that takes over")),
]
CASES: list[tuple[str, Any]] = [
    ("carry", _l("Go over to the successor")),
    ("suspend", _l("Go over and stand still until their office lets them go on")),
    ("withdraw", _l("Are withdrawn, reservations released")),
]
ABSENCES: list[tuple[str, Any]] = [
    ("", _l("Stays away, as registered")),
    ("end", _l("Is back: the absence ends")),
]
# What becomes of leaders' posts: of the body's own at once, and line by line where it is another thing.
LEADS: list[tuple[str, Any]] = [
    ("off", _l("Holders are taken off their posts, the posts end")),
    ("follow", _l("Holders go on in the same posts of the body that takes over")),
]
LEAD_LINES = (
    Column("line", _l("Leadership post"), search="/search/lines?kind=leadership", along="unit lower_unit"),
    Column("way", _l("What becomes of it"), choices=tuple(LEADS)),
    Column("to", _l("Department there that has the post (empty: the body itself)"), required=False,
           search="/search/departments", along="into"),
)  # fmt: skip

FIELDS: dict[str, Callable[[], Field]] = {
    "superior": lambda: searched(
        _l("Superior body (none: directly under the region)"), "/search/units", required=False
    ),
    "into": lambda: searched(_l("Body that takes over"), "/search/units"),
    "lower_unit": lambda: searched(_l("Department"), "/search/units?node=department"),
    "into_department": lambda: searched(_l("Department that takes over"), "/search/units?node=department"),
    "new_name": lambda: text(_l("New name (empty: as before)"), required=False),
    "new_grade": lambda: one_of(_l("New grade (empty: as before)"), chosen(codes.UNIT_GRADE, empty=True)),
    "into_line": lambda: searched(_l("Line that takes them in"), "/search/lines?kind=any"),
    "seats_go": lambda: one_of(_l("What becomes of the establishment"), [("", "—"), *SEATS], required=True),
    "split_departments": lambda: RowsField(_l("Departments that go into the new body"), SPLIT, required=True),
    "movers": lambda: RowsField(_l("Who goes (nobody named: everybody of the line)"), MOVERS),
    "leads": lambda: one_of(_l("Leaders' posts of the body itself"), [("", "—"), *LEADS]),
    "lead_lines": lambda: RowsField(_l("Leaders' posts line by line, where it is another thing"), LEAD_LINES),
    "absences": lambda: one_of(_l("Who is away (lent, ill, on leave)"), ABSENCES),
    "running_cases": lambda: one_of(_l("Cases under way"), [("", "—"), *CASES]),
}


# Fields that several businesses share, where one of them means more by them: who ends, who stays, who is new.
CALLED: dict[str, dict[str, Any]] = {
    "unit_merge": {"unit": _l("Body that goes into the other one (and ends)")},
    "department_merge": {"lower_unit": _l("Department that goes into the other one (and ends)")},
    "unit_split": {"unit": _l("Body that is split (and stays)"), "unit_name": _l("Name of the new body")},
    "department_split": {
        "lower_unit": _l("Department that is split (and stays)"),
        "unit_name": _l("Name of the new department"),
        "movers": _l("Who goes into the new department"),
    },
    "department_move": {"lower_unit": _l("Department that is moved")},
    "unit_transfer": {"unit": _l("Body that is moved"), "region": _l("Region that it belongs to then")},
    "people_move": {"estab_line": _l("Line that they leave")},
    "absorb": {"estab_line": _l("Line with the surplus")},
}
# Of a body that changes: what becomes of what hangs on it.
ALONG = ("seats_go", "plan_until_on", "leads", "lead_lines", "absences", "running_cases")


def lead_lines(kept: Any) -> str | None:
    """The rows as the kernel reads them: ``line:off``, ``line:follow`` or ``line:unit``; None without any."""
    rows = [r for r in (json.loads(kept) if kept else []) if r.get("line") and r.get("way")]
    return ",".join(f"{r['line']}:{(r.get('to') or r['way']) if r['way'] == 'follow' else 'off'}" for r in rows) or None


def listed(kept: Any, column: str) -> str | None:
    """Rows of one choice each as the kernel reads them: numbers with commas; None without any."""
    return ",".join(dict.fromkeys(str(r[column]) for r in (json.loads(kept) if kept else []) if r.get(column))) or None


def lead_rows(kept: Any) -> str:
    """The rows of the form again, from what the kernel reads."""
    rows = [part.partition(":")[::2] for part in str(kept or "").split(",") if ":" in part]
    known = ("off", "follow")
    return json.dumps([
        {"line": line, "way": way if way in known else "follow", "to": "" if way in known else way} for line, way in rows
    ]) if rows else ""  # fmt: skip


# The facts of these businesses as a reader is shown them, in their order.
LABELS: dict[str, Any] = {
    "split_departments": _l("Departments that go into the new body"),
    "into": _l("Body that takes over"),
    "into_line": _l("Line that takes them in"),
    "parent": _l("Superior body"),
    "seats": _l("What becomes of the establishment"),
    "leads": _l("Leaders' posts of the body itself"),
    "lead_lines": _l("Leaders' posts line by line, where it is another thing"),
    "absences": _l("Who is away (lent, ill, on leave)"),
    "cases": _l("Cases under way"),
    "targets": TARGETS_LABEL,
}


def said(s: Session, key: str, value: Any) -> str:
    """One of these facts in words: units and lines by name, choices by their label."""
    if key in ("into", "parent"):
        return str(s.execute(text_("SELECT unit_name(:u)"), {"u": int(value)}).scalar() or value)
    if key == "split_departments":
        query = "SELECT string_agg(name, '、' ORDER BY scope_path) FROM unit WHERE id = ANY(:i)"
        return str(s.execute(text_(query), {"i": [int(x) for x in str(value).split(",")]}).scalar() or value)
    if key == "into_line":
        row = units.line(s, int(value))
        return f"{row.unit} · {units.line_label(row)}" if row else str(value)
    if key == "targets":
        return absorption.shown(str(value))
    if key == "lead_lines":
        ways = dict(LEADS)
        parts = [part.partition(":")[::2] for part in str(value).split(",")]
        found = {r.line_id: r for r in s.execute(text_(POSTS), {"i": [int(line) for line, _way in parts]})}
        names = reforms.unit_names(s, [int(way) for _line, way in parts if way.isdecimal()])
        return "；".join(
            f"{units.line_label(found[int(line)]) if int(line) in found else line}："
            + (names.get(way, way) if way.isdecimal() else str(ways[way]))
            for line, way in parts
        )
    choices = {"seats": SEATS, "cases": CASES, "leads": LEADS, "absences": ABSENCES}.get(key, [])
    return str(dict(choices).get(str(value), value))


POSTS = (
    "SELECT l.id AS line_id, l.*, s.name AS scope_name FROM quota_line l JOIN unit s ON s.id = l.scope_unit_id"
    " WHERE l.id = ANY(:i)"
)
