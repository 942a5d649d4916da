"""首页: what waits for me."""

from typing import Any

from flask import redirect, render_template
from flask_appbuilder import IndexView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain.workdays import workdays_between
from app.queries import cases, units
from app.security.manager import Hat
from app.views.rows import alarm_rows, case_rows
from app.views.shell import hat, place, work
from app.workflow import engine

USUAL = ("recruit", "transfer", "retire")


class HomeView(IndexView):
    """The first page after sign-in, by hat."""

    route_base = ""
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Home of a unit, an office, a person or an administrator."""
        who = hat()
        if who.person_id:
            return redirect("/card")
        if who.kind in ("system_admin", "security_admin"):
            return redirect("/admin/users")
        if who.roles[0].name == "reader":
            return redirect("/ledger")
        with work() as s:
            if who.unit_id:
                return self._unit(s, who.unit_id)
            if who.office_id:
                return self._office(s, who)
        return render_template("message.html", title=_("Home"), text=_("Your identity has no pages of its own yet."))

    def _unit(self, s: Session, unit_id: int) -> Any:
        unit = units.unit(s, unit_id)
        newest = cases.unit_cases(s, unit_id, 10)
        todos = [
            {
                "title": f"{r.title} · {r.unit}",
                "text": _("A person of yours is wanted there; your consent is asked."),
                "url": f"/case/{r.id}",
                "tone": "blue",
                "due_on": r.due_on,
                "days_left": workdays_between(engine.today(s), r.due_on, {}) if r.due_on else None,
            }
            for r in cases.unit_queue(s, unit_id)
        ] + [
            {
                "title": r.title,
                "text": _("Returned: correct and submit again.")
                if r.state == "returned"
                else _("Approved: confirm the arrival.")
                if r.process == "recruit"
                else _("Approved: takes effect on its day."),
                "url": f"/case/{r.id}",
                "tone": "red" if r.state == "returned" else "amber",
                "due_on": None,
                "days_left": None,
            }
            for r in cases.waiting(s, unit_id)
        ]
        return render_template(
            "home_unit.html",
            title=_("Home"),
            unit={"name": unit.name, "url": f"/unit/{unit_id}"},
            lines=units.lines_of(s, unit_id, "establishment"),
            todos=todos,
            case_counts=[
                {"state": state, "number": number, "url": f"/list/cases?state={state}"}
                for state, number in cases.counts(s, unit_id).items()
            ],
            cases=case_rows(newest),
            processes=[
                {"name": plan.title, "summary": plan.guide, "url": f"/case/new/{name}"}
                for name in USUAL
                for plan in [engine.latest(s, name)[1]]
            ],
            start_url="/case/start",
            alarms=alarm_rows(units.alarms(s, unit_id, 5)),
        )

    def _office(self, s: Session, who: Hat) -> Any:
        office_id = who.office_id or 0
        day, calendar = engine.today(s), engine.calendar(s)
        rows = cases.queue(s, office_id, limit=10)
        figures = cases.office_counts(s, office_id)
        return render_template(
            "home_office.html",
            title=_("Home"),
            office={"name": place()["place"]},
            counts=[
                {"label": _("To decide"), "number": figures.open, "tone": "", "url": "/queue"},
                {"label": _("Due today"), "number": figures.due, "tone": "amber", "url": "/queue"},
                {"label": _("Overdue"), "number": figures.late, "tone": "red", "url": "/queue"},
            ],
            tasks=[
                {
                    "case_number": r.number,
                    "case_url": f"/case/{r.id}",
                    "title": r.title,
                    "unit": r.unit,
                    "process": "",
                    "person": None,
                    "due_on": r.due_on,
                    "days_left": workdays_between(day, r.due_on, calendar) if r.due_on else None,
                }
                for r in rows
            ],
            queue_url="/queue",
            alarms=alarm_rows(units.alarms(s, None, 5)),
            alarms_url=None,
            lines=[
                {"label": r.name, "figures": units.summed(r), "url": f"/ledger#{r.code}"}
                for r in units.regions(s)
                if r.kind != "town"
            ],
        )
