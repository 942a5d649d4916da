"""待确认: what an office confirms once entries and exits have taken effect; up to a page at once."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.workdays import workdays_between
from app.queries import acknowledgements
from app.queries.acknowledgements import VIEWS, WAYS, Asked
from app.views.place import day_and_row
from app.views.shell import hat, work
from app.workflow import engine

PAGE = 50
PARAMETERS = {"view", "way", "q", "after"}


def ways() -> dict[str, str]:
    """In which direction a person moved."""
    return {"in": _("Entry"), "out": _("Exit"), "move": _("Transfer"), "change": _("Change")}


def address(**keep: str) -> str:
    """The list's address with these parameters, empty ones left out."""
    query = urlencode({k: v for k, v in keep.items() if v})
    return f"/acknowledgements?{query}" if query else "/acknowledgements"


def of_case(s: Session, case_id: int) -> list[dict[str, Any]]:
    """A case's confirmations as its page shows them (_case_acknowledgements.html)."""
    return [
        {
            "office": r.office,
            "title": r.title,
            "state": "approved" if r.acknowledged_at else "warning" if r.late else "open",
            "label": _("Confirmed") if r.acknowledged_at else _("Overdue") if r.late else _("To be confirmed"),
            "at": r.acknowledged_at,
            "due_on": r.due_on,
            "operator": r.operator,
            "note": r.note,
        }
        for r in acknowledgements.of_case(s, case_id)
    ]


class AcknowledgementView(BaseView):
    """An office's list of what it has to confirm."""

    route_base = "/acknowledgements"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """One page; filters in the address, keyset paging."""
        if set(request.args) - PARAMETERS:
            abort(400)
        keep = {k: request.args.get(k, "").strip() for k in ("view", "way", "q")}
        if keep["view"] not in VIEWS or keep["way"] not in ("", *WAYS) or len(keep["q"]) > 60:
            abort(400)
        asked, after = Asked(hat().office_id or 0, **keep), day_and_row()
        with work() as s:
            rows = acknowledgements.page(s, asked, after, PAGE + 1)
            figures = acknowledgements.counts(s, asked.office_id)
            day, calendar = engine.today(s), engine.calendar(s)
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        known = ways()
        chips = {"way": (_("Direction"), known.get(keep["way"])), "q": (_("Search"), keep["q"])}
        tabs = (
            ("", _("To be confirmed"), figures.open),
            ("late", _("Overdue"), figures.late),
            ("done", _("Confirmed"), None),
        )
        return render_template(
            "acknowledgements.html",
            title=_("To be confirmed after the effect"),
            tabs=[
                {"label": label, "number": n, "url": address(**{**keep, "view": view}), "active": keep["view"] == view}
                for view, label, n in tabs
            ],
            rows=[
                {
                    "id": r.id,
                    "number": r.number,
                    "title": r.title,
                    "way": known[r.way],
                    "person": r.person_name,
                    "id_mask": r.id_mask,
                    "unit": r.unit,
                    "category": codes.label("category", r.category) if r.category else None,
                    "on_day": r.on_day,
                    "due_on": r.due_on,
                    "days_left": None if r.acknowledged_at else workdays_between(day, r.due_on, calendar),
                    "at": r.acknowledged_at,
                    "operator": r.operator,
                    "note": r.note,
                }
                for r in rows[:PAGE]
            ],
            done=keep["view"] == "done",
            filters=[
                {"name": "q", "label": _("Name, unit or case number"), "kind": "text", "value": keep["q"]},
                {"name": "way", "label": _("Direction"), "kind": "select", "value": keep["way"],
                 "options": [{"value": k, "label": v} for k, v in known.items()]},
            ],
            keep=[("view", keep["view"])] if keep["view"] else [],
            chips=[
                {"label": label, "value": value, "remove_url": address(**{**keep, name: ""})}
                for name, (label, value) in chips.items()
                if value
            ],
            clear_url=address(view=keep["view"]),
            page={
                "prev_url": address(**keep) if after else None,
                "next_url": address(**keep, after=f"{last.due_on}_{last.id}") if last else None,
            },
        )  # fmt: skip

    @expose("", methods=["POST"])
    @has_access
    def confirm(self) -> Any:
        """Confirm the chosen ones; what a colleague confirmed meanwhile is said."""
        chosen = request.form.getlist("chosen")
        if not all(c.isdecimal() and len(c) <= 18 for c in chosen) or len(chosen) > PAGE:
            abort(400)
        if not chosen:
            flash(_("Choose at least one line, then confirm."), "warning")
            return redirect("/acknowledgements")
        with work() as s:
            done = acknowledgements.acknowledge(s, [int(c) for c in chosen], request.form.get("note", ""))
        flash(_("%(n)s confirmed.", n=done), "success")
        if done < len(set(chosen)):
            flash(_("%(n)s had been confirmed by a colleague before.", n=len(set(chosen)) - done), "info")
        return redirect("/acknowledgements")
