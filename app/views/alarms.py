"""报警: what was refused or found, by right; open ones first, by rule and unit; what needs a person is handled here."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.queries import alarms
from app.queries.alarms import STATES, Asked
from app.views.rows import figures_of
from app.views.shell import hat, work

PAGE = 50
PARAMETERS = {"view", "rule", "q", "after"}


def address(**keep: str) -> str:
    """The list's address with these parameters, empty ones left out."""
    query = urlencode({k: v for k, v in keep.items() if v})
    return f"/alarms?{query}" if query else "/alarms"


def row_of(r: Any, *, links: bool) -> dict[str, Any]:
    """One alarm as the template shows it."""
    said = str(r.facts.get("sentence") or "，".join(f"{k} {v}" for k, v in figures_of(r.facts)))
    return {
        "id": r.id,
        "rule": f"{r.rule} {r.name}",
        "level": r.level,
        "basis": r.basis,
        "says": said,
        "unit": r.unit,
        "unit_url": f"/unit/{r.unit_id}" if links and r.unit_id and r.unit else None,
        "case": r.number,
        "case_url": f"/case/{r.case_id}" if links and r.number else None,
        "raised_at": r.raised_at,
        "last_at": r.last_at,
        "times": r.times,
        "operator": "" if r.standing else r.operator,
        "closed_at": r.closed_at,
        "handler": r.handler,
        "note": r.handled_note,
        "to_handle": r.to_handle and hat().office_kind == "establishment",
    }


class AlarmView(BaseView):
    """The alarms that the reader has a right to."""

    route_base = "/alarms"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """One page; filters in the address, keyset paging; figures by rule above."""
        keep = {k: request.args.get(k, "").strip() for k in ("view", "rule", "q")}
        after = request.args.get("after", "")
        if set(request.args) - PARAMETERS or keep["view"] not in STATES or len(keep["q"]) > 60 or "\0" in keep["q"]:
            abort(400)
        if after and not (after.isdecimal() and len(after) <= 18):
            abort(400)
        with work() as s:
            rules = alarms.by_rule(s)
            if keep["rule"] and keep["rule"] not in {r.code for r in rules}:
                abort(400)
            rows = alarms.page(s, Asked(**keep), int(after) if after else None, PAGE + 1)
        names = {r.code: f"{r.code} {r.name}" for r in rules}
        chips = {"rule": (_("Rule"), names.get(keep["rule"])), "q": (_("Search"), keep["q"])}
        tabs = (("", _("Open"), sum(r.open for r in rules)), ("ended", _("Ended"), None))
        return render_template(
            "alarms.html",
            title=_("Alarms"),
            tabs=[
                {"label": label, "number": n, "url": address(**{**keep, "view": v}), "active": keep["view"] == v}
                for v, label, n in tabs
            ],
            rules=[
                {"name": names[r.code], "level": r.level, "open": r.open, "raised": r.raised, "times": r.times,
                 "url": address(view=keep["view"], rule=r.code)}
                for r in rules
            ],
            rows=[row_of(r, links=hat().kind != "auditor") for r in rows[:PAGE]],
            filters=[
                {"name": "q", "label": _("Part of the unit's name"), "kind": "text", "value": keep["q"]},
                {"name": "rule", "label": _("Rule"), "kind": "select", "value": keep["rule"],
                 "options": [{"value": k, "label": v} for k, v in names.items()]},
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
                "next_url": address(**keep, after=str(rows[PAGE - 1].id)) if len(rows) > PAGE else None,
            },
        )  # fmt: skip

    @expose("/handle", methods=["POST"])
    @has_access
    def handle(self) -> Any:
        """Mark one as handled, with a word on it."""
        said = request.form.get("alarm", "")
        if not said.isdecimal() or len(said) > 18:
            abort(400)
        note = request.form.get("note", "").strip()
        if len(note) < 2:
            flash(_("Say in a few words what was done, then mark the alarm as handled."), "warning")
            return redirect("/alarms")
        with work() as s:
            alarms.handle(s, int(said), note, request.remote_addr)
        flash(_("The alarm is marked as handled."), "success")
        return redirect("/alarms")
