"""异议: the office that finds an error report right begins the correction from it; both cases name each other."""

from typing import Any

from flask import abort, flash, redirect, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Application
from app.queries import cases, inside
from app.views.shell import hat, work
from app.workflow import engine, versions
from app.workflow.definition import Process

REPORTS = ("objection", "objection_own")
# What 编办 itself corrects; what a unit corrects, the answer asks the unit for.
CORRECTIONS = ("person_correct", "correction", "unit_change", "quota")


def context(s: Session, case: Application, plan: Process, *, may: bool) -> dict[str, Any] | None:
    """For ``_case_inside.html``: what a report led to, or where a correction came from; the marks behind a confirmation."""
    linked = cases.linked(s, case.id)
    found: dict[str, Any] = {"linked": linked, "corrections": [], "verification": None}
    if plan.process in REPORTS and may:
        known = versions.published(s, CORRECTIONS)
        found["corrections"] = [(name, known[name][1].title) for name in CORRECTIONS if name in known]
    if plan.process == "verify_year":
        found["verification"] = inside.by_case(s, case.id)
    return found if linked or found["corrections"] or found["verification"] else None


class ObjectionView(BaseView):
    """From an error report to its correction."""

    route_base = "/objection"
    default_view = "correct"

    @expose("/<int:case_id>/correct", methods=["POST"])
    @has_access
    def correct(self, case_id: int) -> Any:
        """Begin a correction as a draft of the own office, linked with the report."""
        who, process = hat(), request.form.get("process", "")
        if who.office_kind != "establishment":
            abort(403)
        with work(case_id) as s:
            report = engine.locked(s, case_id)
            if report.process not in REPORTS or process not in CORRECTIONS:
                raise errors.NotFound(case=case_id)
            if report.state != "running":
                raise errors.WrongState(state=report.state)
            about = cases.facts(s, case_id).get("about_person") or report.person_id
            seen = s.execute(text("SELECT 1 FROM person WHERE id = :p"), {"p": about}).scalar()
            form = {"person": str(about)} if process == "person_correct" and seen else {}
            draft = engine.draft(
                s, process=process, unit_id=None, office_id=who.office_id, scope_path=who.low, form=form
            )
            engine.note(s, report, "linked", side="办理部门", facts={"case": draft.id})
            engine.note(s, draft, "linked_from", side="申报部门", facts={"case": report.id})
            made = draft.id
        flash(_("The correction is a draft now. It is linked with this report."), "success")
        return redirect(f"/case/{made}/edit")
