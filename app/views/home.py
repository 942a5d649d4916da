"""首页: what waits for me."""

from typing import Any

from flask import redirect, render_template
from flask_appbuilder import IndexView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import quota
from app.domain.workdays import workdays_between
from app.queries import cases, days, places, units
from app.security.hats import Hat
from app.views import inside
from app.views.alarm_texts import alarm_rows
from app.views.ledger import top_regions
from app.views.rows import case_rows
from app.views.shell import hat, place, work
from app.workflow import engine, versions

USUAL = ("recruit", "transfer", "retire")
# Cases in the order of their life; what a unit has to do itself stands first.
STATES = ("returned", "awaiting", "running", "draft", "done", "rejected", "withdrawn")


def next_step(step: str, reason: str | None) -> str:
    """What a unit has to do with a case of its own."""
    if step == "papers":
        return _("Papers are asked for; the clock stands still until you answer: %(reason)s", reason=reason)
    return _("Returned: correct and submit again.") if step == "correct" else _("Approved: confirm the arrival.")


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
        if who.kind == "auditor":
            return redirect("/audit/")
        if who.roles[0].name == "reader":
            return redirect("/acknowledgements" if who.office_id else "/ledger")
        if who.department_id:
            return redirect("/queue")
        with work() as s:
            if who.unit_id:
                return self._unit(s, who.unit_id)
            if who.office_id:
                return self._office(s, who)
        return render_template("message.html", title=_("Home"), text=_("Your identity has no pages of its own yet."))

    def _unit(self, s: Session, unit_id: int) -> Any:
        unit = units.unit(s, unit_id)
        day, calendar, kinds = engine.today(s), engine.calendar(s), cases.process_titles(s)
        newest, numbers = cases.unit_cases(s, unit_id, 10), cases.counts(s, unit_id)
        published = versions.published(s, USUAL)
        usual = [(name, published[name]) for name in USUAL]
        todos = [
            {
                "title": f"{r.title} · {r.unit}",
                "text": _("A person of yours is wanted there; your consent is asked.")
                if r.role == "source_unit"
                else _("Your unit's word is asked before the offices decide."),
                "url": f"/case/{r.id}",
                "tone": "blue",
                "due_on": r.due_on,
                "days_left": workdays_between(day, r.due_on, calendar) if r.due_on else None,
            }
            for r in cases.unit_queue(s, unit_id)
        ] + [
            {
                "title": r.title,
                "text": next_step(r.step, r.reason),
                "url": f"/case/{r.id}",
                "tone": "amber" if r.step == "arrival" else "red",
                "due_on": None,
                "days_left": None,
            }
            for r in cases.waiting(s, unit_id)
        ]
        todos += [
            {
                "title": f"{r.title}：{r.about}" if r.about else r.title,
                "text": _("Draft: finish and submit, or throw it away."),
                "url": f"/case/{r.id}/edit",
                "tone": "",
                "due_on": None,
                "days_left": None,
            }
            for r in cases.drafts(s, unit_id)
        ]
        todos += inside.todos(s, unit_id, day, calendar)
        lines = units.lines_of(s, unit_id, "establishment")
        return render_template(
            "home_unit.html",
            title=_("Home"),
            unit={"name": unit.name, "url": f"/unit/{unit_id}"},
            lines=lines,
            total=quota.total([line.figures for line in lines]) if len(lines) > 1 else None,
            todos=todos,
            case_counts=[
                {"state": state, "number": numbers[state], "url": f"/list/cases?state={state}"}
                for state in STATES
                if numbers.get(state)
            ],
            cases=case_rows(newest, kinds, lambda due: workdays_between(day, due, calendar)),
            processes=[
                {"name": plan.title, "summary": plan.guide, "url": f"/case/new/{name}"}
                for name, (_version, plan) in usual
            ],
            start_url="/case/start",
            alarms=alarm_rows(units.alarms(s, unit_id, 5)),
        )

    def _office(self, s: Session, who: Hat) -> Any:
        office_id = who.office_id or 0
        day, calendar = engine.today(s), engine.calendar(s)
        rows, kinds = cases.queue(s, cases.Waiting(office_id), limit=10), cases.process_titles(s)
        figures = cases.queue_counts(s, cases.Waiting(office_id))
        return render_template(
            "home_office.html",
            title=_("Home"),
            office={"name": place()["place"]},
            counts=[
                {"label": _("To decide"), "number": figures.open, "tone": "", "url": "/queue"},
                *(
                    [
                        {
                            "label": _("Before the head"),
                            "number": figures.escalated,
                            "tone": "red",
                            "url": "/queue?view=escalated",
                        }
                    ]
                    if who.kind == "office_head"
                    else []
                ),
                {"label": _("Overdue"), "number": figures.late, "tone": "red", "url": "/queue?view=late"},
                {"label": _("Due today"), "number": figures.due, "tone": "amber", "url": "/queue?view=today"},
                {"label": _("Handed to me"), "number": figures.own, "tone": "", "url": "/queue?view=mine"},
            ],
            tasks=[
                {
                    "case_number": r.number,
                    "case_url": f"/case/{r.id}",
                    "title": r.title,
                    "unit": r.unit,
                    "process": kinds.get(r.process, r.process),
                    "person": None,
                    "still": r.still,
                    "due_on": r.due_on,
                    "days_left": workdays_between(day, r.due_on, calendar) if r.due_on else None,
                }
                for r in rows
            ],
            queue_url="/queue",
            own=[
                {"title": r.title, "state": r.state, "url": f"/case/{r.id}/edit"} for r in cases.of_office(s, office_id)
            ],
            alarms=alarm_rows(units.alarms(s, None, 5)),
            alarms_url="/alarms",
            lines=[
                {"label": r["label"], "figures": r["lines"][0]["figures"], "url": r["children_url"]}
                for r in top_regions(places.regions(s, days.moment(day)))
            ],
        )
