"""经历: a person's timeline on the page, and the spans from which a résumé is made."""

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.records import KINDS, OPEN
from app.domain.resume import Span
from app.queries import life, units
from app.views.record_sections import brief

TITLES = ("appointment", "rank", "post")


def seat_text(r: Any) -> str:
    """Where somebody sits: the unit and the department."""
    return r.unit + (r.department if r.department and r.department != r.unit else "")


def lead_text(r: Any) -> str:
    """A leadership position that no item of the record names."""
    return units.line_label(r) if r.role else codes.label("line_kind", "leadership")


def away_text(r: Any) -> str:
    """An absence: what, and where to."""
    return codes.label("absence_kind", r.kind) + (r.host_unit or r.host or "")


def title_text(kind: str, fields: Any) -> str:
    """A position, rank or post in a line of a résumé."""
    if kind == "appointment":
        return str(fields.get("position") or codes.label("level", fields.get("level")))
    return codes.label("rank", str(fields.get("rank") or fields.get("post_grade") or ""))


def spans(s: Session, person_id: int, on: dt.date) -> tuple[list[Span], list[Span], list[Span]]:
    """Places, titles and absences up to a day, as ``resume`` takes them."""
    rows = life.seats(s, person_id)
    items = life.items_on(s, person_id, TITLES, on)
    named = {i.case_id for i in items if i.kind == "appointment"}
    places = [Span(r.started_on, r.ended_on, seat_text(r)) for r in rows if r.kind == "establishment"]
    titles = [Span(i.started_on, i.ended_on, title_text(i.kind, i.fields)) for i in items if i.kind == "appointment"]
    titles += [
        Span(r.started_on, r.ended_on, lead_text(r))
        for r in rows
        if r.kind == "leadership" and r.entry_case_id not in named
    ]
    titles += [Span(i.started_on, i.ended_on, title_text(i.kind, i.fields)) for i in items if i.kind != "appointment"]
    away = [Span(r.started_on, r.ended_on, away_text(r)) for r in life.absences(s, person_id)]
    return places, titles, away


def timeline(s: Session, person_id: int, sees: tuple[str, ...], *, own: bool) -> list[dict[str, Any]]:
    """Everything dated about a person in one list, the newest first: seats, positions, absences, items by right."""
    out: list[dict[str, Any]] = []
    rows, items = life.seats(s, person_id), life.items_on(s, person_id, tuple(k for k in KINDS if k != "photo"), None)
    named = {i.case_id for i in items if i.kind == "appointment"}

    def add(start: dt.date, end: dt.date | None, kind: str, said: str, case: int | None = None) -> None:
        url = f"/case/{case}" if case and not own else None
        out.append({"start": start, "end": end, "kind": kind, "text": said, "url": url})

    for r in rows:
        if r.kind == "establishment":
            what = f"（{codes.CATEGORY.get(r.category, r.category)}）" if r.category else ""
            add(r.started_on, r.ended_on, _("Seat"), seat_text(r) + what, r.entry_case_id)
        elif r.entry_case_id not in named:
            add(r.started_on, r.ended_on, _("Position"), f"{r.unit} {lead_text(r)}", r.entry_case_id)
    for r in life.absences(s, person_id):
        add(r.started_on, r.ended_on, _("Away from the seat"), away_text(r))
    for i in items:
        kind = KINDS[i.kind]
        if own or kind.group == OPEN or kind.group in sees:
            # What is protected stays folded in its own section: here only that and when.
            said = brief(kind, i.fields) if kind.group == OPEN else _("see the section below")
            add(i.started_on, i.ended_on, kind.title, said, i.case_id)
    return sorted(out, key=lambda row: (row["start"], row["kind"]), reverse=True)[: life.MOST]
