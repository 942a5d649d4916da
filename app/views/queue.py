"""待办: what waits for an office, due first, narrowed by what the address says."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain.workdays import workdays_between
from app.queries import cases
from app.queries.cases import VIEWS, Waiting
from app.views.place import day_and_row
from app.views.shell import hat, work
from app.workflow import engine

PAGE = 30


def address(**keep: str) -> str:
    """The queue's address with these parameters, empty ones left out."""
    query = urlencode({k: v for k, v in keep.items() if v})
    return f"/queue?{query}" if query else "/queue"


class QueueView(BaseView):
    """What waits for an office or a competent department."""

    route_base = "/queue"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Open tasks, due first; filters in the address, keyset paging."""
        if set(request.args) - {"view", "process", "q", "after"}:
            abort(400)
        keep = {k: request.args.get(k, "").strip() for k in ("view", "process", "q")}
        who = hat()
        with work() as s:
            kinds = cases.process_titles(s)
            if keep["view"] not in VIEWS or len(keep["q"]) > 60 or (keep["process"] and keep["process"] not in kinds):
                abort(400)
            asked = Waiting(who.office_id or 0, **keep, unit_id=who.department_id)
            rows = cases.queue(s, asked, day_and_row(), PAGE + 1)
            figures = cases.queue_counts(s, asked)
            day, calendar = engine.today(s), engine.calendar(s)
        tabs = (
            ("", _("All"), figures.open),
            ("escalated", _("Before the head"), figures.escalated),
            ("late", _("Overdue"), figures.late),
            ("today", _("Due today"), figures.due),
            ("mine", _("Handed to me"), figures.own),
        )
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        chips = {"process": (_("Kind of business"), kinds.get(keep["process"])), "q": (_("Search"), keep["q"])}
        return render_template(
            "queue.html",
            title=_("To decide"),
            tabs=[
                {"label": label, "number": n, "url": address(**{**keep, "view": view}), "active": keep["view"] == view}
                for view, label, n in tabs
            ],
            tasks=[
                {
                    "id": r.task_id,
                    "case_number": r.number,
                    "case_url": f"/case/{r.id}",
                    "title": r.title,
                    "unit": r.unit,
                    "process": kinds.get(r.process, r.process),
                    "due_on": r.due_on,
                    "days_left": workdays_between(day, r.due_on, calendar) if r.due_on else None,
                    "assignee": r.assignee,
                    "urged": r.urged,
                    "own": r.own,
                    "still": r.still,
                    "escalated": r.escalated,
                    "submitted_at": r.submitted_at,
                }
                for r in rows[:PAGE]
            ],
            filters=[
                {"name": "q", "label": _("Name, unit or case number"), "kind": "text", "value": keep["q"]},
                {
                    "name": "process",
                    "label": _("Kind of business"),
                    "kind": "select",
                    "value": keep["process"],
                    "options": [{"value": k, "label": v} for k, v in kinds.items()],
                },
            ],
            keep=[("view", keep["view"])] if keep["view"] else [],
            chips=[
                {"label": label, "value": value, "remove_url": address(**{**keep, name: ""})}
                for name, (label, value) in chips.items()
                if value
            ],
            clear_url=address(view=keep["view"]),
            page={
                "total": figures.shown,
                "prev_url": address(**keep) if request.args.get("after") else None,
                "next_url": address(**keep, after=f"{last.due_on}_{last.task_id}") if last else None,
            },
        )
