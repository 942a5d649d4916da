"""无人可办的业务: what an administrator sees of cases that nobody can go on with, and the way on."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
from app.views.messages import sentence
from app.views.shell import hat, work


def reasons() -> dict[str, str]:
    """Why nobody can go on, by the alarm's code."""
    return {
        "no_members": _("The office or unit has nobody. Give it a member, or route the case anew."),
        "assignee_left": _("The colleague it was handed to has left. Route it anew: the office gets it back."),
        "no_head": _("Nobody is left who may countersign. Name a head, or route the case anew."),
        "no_task": _("No task is open. The next round of the job goes on with it."),
        "no_office": _("Nobody is responsible by the rules. Check offices and the rules of authority."),
        "definition": _("The definition it runs on cannot be read. Deploy a version that can read it."),
        "bad_definition": _("The definition it runs on cannot be read. Deploy a version that can read it."),
    }


class StuckView(BaseView):
    """Cases that nobody can go on with: no personal data, the number and the reason."""

    route_base = "/admin/stuck"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The cases with their reasons."""
        return self._page("", 200)

    @expose("/<int:case_id>", methods=["POST"])
    @has_access
    def reroute(self, case_id: int) -> Any:
        """Hand a case's open tasks to whoever is responsible now."""
        try:
            with work(case_id) as s:
                s.execute(
                    text("SELECT case_reroute(:c, :r, :a)"),
                    {"c": case_id, "r": request.form.get("reason", "")[:500], "a": request.remote_addr or ""},
                )
        except errors.InvalidInput:
            return self._page(_("Say why: the case's timeline and the audit show it."), 422)
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            return self._page(sentence(refusal), refusal.http_status)
        flash(_("The case is with whoever is responsible now."), "success")
        return redirect("/admin/stuck/")

    def _page(self, problem: str, status: int) -> Any:
        known = reasons()
        with work() as s:
            rows = s.execute(text("SELECT * FROM stuck_cases()")).all()
        return render_template(
            "admin_stuck.html",
            title=_("Cases that nobody can go on with"),
            problem=problem,
            may_route=hat().kind == "system_admin",
            reason=request.form.get("reason", ""),
            rows=[
                {
                    "number": r.number or _("not yet numbered"),
                    "process": r.process,
                    "unit": r.unit,
                    "waits_for": r.waits_for,
                    "why": known.get(r.code, r.code),
                    "since": r.since,
                    "url": f"/admin/stuck/{r.case_id}"
                    if r.code in ("no_members", "assignee_left", "no_head")
                    else None,
                }
                for r in rows
            ],
        ), status
