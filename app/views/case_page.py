"""What one case's page shows, to its unit and to the office whose turn it is."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.domain.quota import Figures
from app.domain.workdays import workdays_between, workdays_spent
from app.models import Application
from app.queries import cases, units
from app.security.hats import Hat
from app.views import acknowledgements, case_facts, objection, papers, process_choices, record_sections
from app.views.alarm_texts import concerning
from app.views.case_events import timeline
from app.views.case_panel import actions, review
from app.views.shell import local
from app.workflow import engine, versions
from app.workflow.definition import Process


def context(s: Session, case_id: int, who: Hat, *, problem: str = "") -> dict[str, Any]:
    """Everything the template needs; a foreign case answers as an absent one. ``problem``: why a step was refused."""
    case = s.get(Application, case_id)
    if case is None:
        raise errors.NotFound(case=case_id)
    plan = versions.process_of(s, case)
    day, calendar = engine.today(s), engine.calendar(s)
    facts = cases.facts(s, case_id)
    rows = cases.tasks(s, case_id)
    due = case.due_on if case.state in ("running", "returned") else None
    mine = next((t for t in rows if t.state == "open" and case.state == "running" and t.mine), None)
    line = s.execute(text("SELECT * FROM case_line(:c)"), {"c": case_id}).one_or_none()
    return {
        "case": {
            "id": case.id,
            "number": case.number,
            "title": case.title,
            "state": case.state,
            "process": plan.title,
            "unit": s.execute(text("SELECT unit_name(:u)"), {"u": case.unit_id}).scalar(),
            "unit_url": f"/unit/{case.unit_id}" if case.scope_path >= who.low and case.scope_path < who.high else None,
            "person": case.person_name,
            "person_url": f"/person/{case.person_id}" if _seen(s, case.person_id) else None,
            "submitted_at": case.submitted_at,
            "due_on": due,
            "days_left": workdays_between(day, due, calendar) if due else None,
            "still": case.still_since is not None,
            "promised": case.promised_days,
            "statutory": case.statutory_days,
            "statutory_on": case.statutory_on,
            "spent": _spent(case, calendar) if case.decided_at and not due else None,
            "effective_on": case.effective_on,
            "finished_at": case.finished_at,
        },
        "alarms": concerning(s, who, case.unit_id, facts, case_id),
        "notice": _notice(s, case, plan, who),
        "facts": [*case_facts.shown(s, facts, line, plan), *record_sections.filed(s, case_id, plan.process, facts)],
        "tasks": _tasks(rows, plan, case, day, calendar),
        "events": timeline(s, case_id),
        "handed": papers.panel(s, case, plan, who),
        "acknowledgements": acknowledgements.of_case(s, case_id) if case.state == "done" else [],
        "printouts": papers.printouts(s, case, plan),
        "actions": actions(s, case, plan, who, day, problem),
        "review": review(s, case, plan, mine, line, facts, who, problem) if mine else None,
        "problem": problem,
        "next_case": _next_case(s, who, mine),
        "line_figures": Figures.of(line.authorised, line.occupied, line.reserved) if line is not None else None,
        "line_label": units.line_label(line) if line is not None else None,
        "printed_on": day,
        "inside": objection.context(s, case, plan, may=mine is not None and who.office_kind == "establishment"),
    }


def _next_case(s: Session, who: Hat, mine: Any) -> dict[str, Any] | None:
    """The next case of the office's queue and where this one stands in it."""
    if not who.office_id and not who.department_id:
        return None
    asked = cases.Waiting(who.office_id or 0, unit_id=who.department_id)
    if mine is not None:
        at = cases.queue_place(s, asked, mine.id)
        if at is None or at.total < 2:
            return None
        return {"url": f"/case/{at.following}", "position": f"{at.place} / {at.total}"}
    waiting = cases.queue(s, asked, limit=1)
    return {"url": f"/case/{waiting[0].id}", "position": None} if waiting else None


def _notice(s: Session, case: Application, plan: Process, who: Hat) -> dict[str, str] | None:
    """What the state of the case means for the reader and what comes next."""
    if case.state == "returned":
        back = cases.last_return(s, case.id)
        said = (
            _("Returned by %(by)s: %(opinion)s", by=f"{back.side} {back.operator}", opinion=back.opinion)
            if back
            else ""
        )
        return {"text": said, "tone": "warning"}
    if case.state == "awaiting" and plan.effect == "arrival":
        said = _("Every office has approved and the seat is kept. On the day of arrival the unit confirms it here.")
        return {"text": said, "tone": "info"}
    if case.state == "awaiting":
        return {
            "text": _("Every office has approved. It takes effect on %(day)s by itself.", day=case.effective_on),
            "tone": "info",
        }
    if case.state == "rejected":
        return {"text": _("Rejected: %(opinion)s", opinion=case.result or "—"), "tone": "danger"}
    if case.state == "done" and case.result:
        return {"text": case.result, "tone": "success"}
    if case.state == "draft" and engine.mine(s, case):
        return {"text": _("This is a draft: no office has seen it yet."), "tone": "info"}
    return None


def _spent(case: Application, calendar: Mapping[dt.date, bool]) -> int | None:
    """Working days from the submission to the last decision."""
    if case.submitted_at is None or case.decided_at is None:
        return None
    still = [(r.lower, r.upper) for r in case.still if r.lower and r.upper]
    return workdays_spent(local(case.submitted_at).date(), local(case.decided_at).date(), calendar, still)


def _tasks(rows: list[Any], plan: Process, case: Application, day: dt.date, calendar: Any) -> list[dict[str, Any]]:
    """The lanes: decided and open tasks, then the stages still to come."""
    titles = {t.code: t.title for stage in plan.stages for t in stage.tasks}
    out = [
        {
            "stage": t.stage,
            "stage_label": plan.stages[t.stage].name,
            "office": f"{t.office} · {titles.get(t.code, '')}",
            "state": t.state,
            "assignee": t.assignee,
            "opened_at": t.opened_at,
            "due_on": t.due_on,
            "opinion": t.opinion,
            "days_left": workdays_between(day, t.due_on, calendar) if t.due_on else None,
            "still": t.still or case.still_since is not None,
            "escalated": t.escalated and t.state == "open",
            "closed_at": t.closed_at,
        }
        for t in rows
    ]
    if case.state in ("draft", "running", "returned"):
        roles = dict(process_choices.roles())
        begun = max((t.stage for t in rows), default=-1)
        for number, stage in enumerate(plan.stages):
            for todo in stage.tasks if number > begun else ():
                allowed = _("%(days)s working days", days=todo.days)
                out.append(
                    {
                        "stage": number,
                        "stage_label": stage.name,
                        "office": f"{roles[todo.role]} · {todo.title}",
                        "state": "pending",
                        "allowed": allowed,
                        "assignee": None,
                        "opened_at": None,
                        "due_on": None,
                        "opinion": None,
                        "days_left": None,
                        "closed_at": None,
                    }
                )
    return out


def _seen(s: Session, person_id: int | None) -> bool:
    """Whether the person's row is the reader's to see."""
    query = text("SELECT EXISTS (SELECT 1 FROM person WHERE id = :i)")
    return person_id is not None and bool(s.execute(query, {"i": person_id}).scalar())
