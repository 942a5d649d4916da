"""What a reader may do on a case's page: the applicant's steps, and the decision panel of the office whose turn it is."""

import datetime as dt
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import text
from sqlalchemy.orm import Session
from wtforms import DateField, TextAreaField

from app.domain.quota import Figures
from app.models import Application
from app.queries import cases, steps, units
from app.security.hats import Hat
from app.views.check_texts import panel, verdict
from app.views.checks import after
from app.workflow import checks, engine
from app.workflow.definition import Process, TaskPlan


class ArrivalForm(FlaskForm):
    """The day on which the person reported for duty."""

    arrived_on = DateField()


class AnswerForm(FlaskForm):
    """What the applicant says of the papers that were asked for."""

    opinion = TextAreaField()


def _urged_today(s: Session, case_id: int) -> bool:
    return bool(
        s.execute(
            text(
                "SELECT 1 FROM application_event WHERE application_id = :c AND kind = 'urged'"
                " AND at >= kernel_today()::timestamp AT TIME ZONE city_zone()"
            ),
            {"c": case_id},
        ).scalar()
    )


def actions(s: Session, case: Application, plan: Process, who: Hat, day: dt.date, problem: str) -> list[dict[str, Any]]:
    """What the applicant may do now; a refused arrival keeps the day that was typed."""
    if not engine.mine(s, case):
        return _own_word(s, case)
    out: list[dict[str, Any]] = []
    if case.state in ("draft", "returned"):
        out.append({"kind": "resubmit", "label": _("Edit and submit"), "url": f"/case/{case.id}/edit", "link": True})
    if case.state == "awaiting" and plan.effect == "arrival":
        form = ArrivalForm(data=None if problem else {"arrived_on": day})
        form.arrived_on.label.text = _("Day of arrival")
        if problem:
            form.arrived_on.errors = [problem]
        out.append(
            {
                "kind": "confirm_arrival",
                "label": _("Confirm arrival"),
                "url": f"/case/{case.id}/act?kind=confirm_arrival",
                "fields": [form.arrived_on],
                "consequences": [
                    _("The person takes the reserved seat at once."),
                    _("Figures and roster change at once."),
                ],
            }
        )
    stop = steps.standing(s, case.id) if case.state == "running" else None
    if stop is not None and stop.kind == "papers":
        out.append(_answer(case, stop))
    elif case.state == "running" and not _urged_today(s, case.id):
        out.append({"kind": "urge", "label": _("Urge"), "url": f"/case/{case.id}/act?kind=urge"})
    if case.state in ("running", "returned", "awaiting"):
        out.append(
            {
                "kind": "withdraw",
                "label": _("Withdraw"),
                "url": f"/case/{case.id}/act?kind=withdraw",
                "consequences": [_("The case ends."), _("A reserved seat is free for others.")],
            }
        )
    if case.state != "draft":
        label = _("Copy as a new draft")
        out.append({"kind": "copy", "label": label, "url": f"/case/{case.id}/act?kind=copy"})
    return out + _own_word(s, case)


def _answer(case: Application, stop: Any) -> dict[str, Any]:
    """The applicant's answer to requested papers."""
    form = AnswerForm()
    form.opinion.label.text = _("What was brought, and how (uploaded, by hand, by post)")
    return {
        "kind": "answer",
        "label": _("The papers are brought: let the clock go on"),
        "url": f"/case/{case.id}/act?kind=answer",
        "fields": [form.opinion],
        "why": _("%(side)s asks for: %(reason)s", side=stop.side, reason=stop.reason),
    }


def _own_word(s: Session, case: Application) -> list[dict[str, Any]]:
    """One's own decision while nobody acted since, to be taken back."""
    if case.state not in ("running", "returned", "awaiting"):
        return []
    task = steps.to_take_back(s, case.id)
    if task is None:
        return []
    return [
        {
            "kind": "take_back",
            "label": _("Take back my decision"),
            "url": f"/case/{case.id}/decide/{task}",
            "value": "take_back",
            "consequences": [
                _("Your task is open again, as before your decision."),
                _("A seat that was reserved by it is free for others."),
            ],
        }
    ]


def _templates(plan: Process, role: str) -> list[dict[str, str]]:
    """Opinions as they are usually written, by office and business."""
    agree = {
        "establishment": "经核，有空编（职数），同意使用，编制予以预留。"
        if plan.movement in ("occupy", "move")
        else "经核，符合机构编制规定，同意。",
        "source_unit": "同意调出。",
        "source_establishment": "同意调出，调出单位编制予以核销。",
        "source_personnel": "经审核，同意调出。",
        "receiving_establishment": "经研究，同意接收，机构限额和编制总量有余。",
    }.get(
        role, "经审核，人选符合条件，同意。" if plan.movement in ("occupy", "move", "take_lead") else "经审核，同意。"
    )
    out = [
        {"label": _("Agree"), "text": agree},
        {"label": _("Papers missing"), "text": "材料不齐，请补充："},
        {"label": _("Facts do not agree"), "text": "填报信息与材料不一致，请核对："},
    ]
    if role == "establishment" and plan.movement in ("occupy", "move"):
        out.append({"label": _("No room"), "text": "该编制类型已无空编，依照“超编不得进人”的规定，不予同意。"})
    return out


def review(
    s: Session, case: Application, plan: Process, mine: Any, line: Any, facts: dict[str, Any], who: Hat, problem: str
) -> dict[str, Any]:
    """The decision panel: what my office answers for, with the figures of this moment."""
    todo = plan.task(mine.stage, mine.code)
    quotas: list[dict[str, Any]] = []
    if line is not None and todo.role not in checks.BY_CONSENT:
        before = Figures.of(line.authorised, line.occupied, line.reserved)
        wanted = int(facts["authorised"]) if facts.get("authorised") is not None else None
        then = (
            Figures.of(line.authorised, line.occupied, line.reserved + 1)
            if todo.on_approve == "reserve"
            else after(plan, before, wanted)
        )
        quotas.append({"label": units.line_label(line), "before": before, "after": then})
    found = checks.run(s, engine.subject(s, case, plan, facts, reserved=cases.reserved(s, case.id)), todo.role)
    return {
        "office": mine.office,
        "responsibility": todo.title,
        "checks": panel(found),
        "quotas": quotas,
        "verdict": verdict(found),
        "hand_over_url": "/search/colleagues" if mine.office_id else None,
        "decide_url": f"/case/{case.id}/decide/{mine.id}",
        "version": steps.seen(s, case.id),
        **_signatures(s, todo, mine.id),
        "own": _own(steps.own_matter(s, case.id)),
        "earlier": [stage.name for stage in plan.stages[: mine.stage]],
        "return_to": todo.return_to,
        "stop": steps.standing(s, case.id),
        "may_reroute": who.kind == "office_head" and mine.office_id is not None,
        "templates": _templates(plan, todo.role),
        "consequences": {
            "return": [_("The unit corrects and submits again."), _("A reserved seat stays reserved.")],
            "reject": [_("The case ends."), _("A reserved seat is free for others.")],
        },
        "errors": [problem] if problem else [],
        "opinion": request.form.get("opinion", ""),
        "to": request.form.get("to", todo.return_to or ""),
    }


def _own(why: str | None) -> str | None:
    """Why the reader has no word on a case that waits for his office; None where he has."""
    return {
        "filed": _(
            "You have filed this case, so a colleague of your office decides it (two people stand behind each change)."
        ),
        "subject": _("This case is about you, so a colleague of your office decides it."),
    }.get(why or "")


def _signatures(s: Session, todo: TaskPlan, task_id: int) -> dict[str, Any]:
    """Where two people sign: who did, and whether the reader may be the other one."""
    if not todo.countersign:
        return {"may_approve": True, "why_not": None, "two": None}
    first = steps.signed_first(s, task_id)
    if first is None:
        return {"may_approve": True, "why_not": None, "two": _("Two people sign here, one of them the office's head.")}
    done = _("%(name)s has approved; another person signs, one of the two the office's head.", name=first.name)
    return {
        "may_approve": not first.mine,
        "why_not": _("You have approved already; another person signs.") if first.mine else None,
        "two": done,
    }
