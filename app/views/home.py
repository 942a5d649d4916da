"""首页: what waits for me."""

from typing import Any

from flask import redirect, render_template
from flask_appbuilder import IndexView, expose, has_access
from flask_babel import gettext as _

from app.queries import cases, units
from app.views.shell import hat, work


def case_rows(rows: list[Any]) -> list[dict[str, Any]]:
    """Cases as the template's table wants them."""
    return [{"number": r.number, "title": r.title, "url": f"/case/{r.id}", "state": r.state, "process": "",
             "unit": getattr(r, "unit", ""), "due_on": getattr(r, "due_on", None), "days_left": None} for r in rows]


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
        with work() as s:
            if who.unit_id:
                return render_template(
                    "pages/home_unit.html", title=_("Home"), unit=units.unit(s, who.unit_id),
                    lines=units.lines_of(s, who.unit_id, "establishment"), counts=cases.counts(s, who.unit_id),
                    cases=case_rows(cases.unit_cases(s, who.unit_id, 10)), asked=case_rows(cases.unit_queue(s, who.unit_id)),
                    alarms=units.alarms(s, who.unit_id, 5))
            if who.office_id:
                return render_template(
                    "pages/home_office.html", title=_("Home"), tasks=case_rows(cases.queue(s, who.office_id, limit=10)),
                    regions=[(r, units.summed(r)) for r in units.regions(s) if r.kind != "town"], alarms=units.alarms(s, None, 5),
                    office_kind=who.office_kind)
        return render_template("message.html", title=_("Home"), text=_("Your identity has no pages of its own yet."))
