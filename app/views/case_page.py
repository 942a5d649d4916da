"""What one case's page shows, to its unit and to the office whose turn it is."""

from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import text
from sqlalchemy.orm import Session
from wtforms import DateField

from app.domain import codes, errors
from app.domain.quota import Figures
from app.domain.workdays import workdays_between
from app.models import Application
from app.queries import cases, units
from app.security.manager import Hat
from app.views.checks import after, line_check
from app.workflow import engine
from app.workflow.definition import Process


class ArrivalForm(FlaskForm):
    """The day on which the person reported for duty."""

    arrived_on = DateField()


def event_titles() -> dict[str, tuple[str, str]]:
    """Title and tone of each kind of step."""
    return {
        "submitted": (_("Submitted"), "blue"),
        "resubmitted": (_("Corrected and submitted again"), "blue"),
        "approve": (_("Approved"), "green"),
        "return": (_("Returned for correction"), "amber"),
        "reject": (_("Rejected"), "red"),
        "reserved": (_("A seat is reserved"), "green"),
        "approved": (_("All offices have approved"), "green"),
        "arrived": (_("Arrival confirmed"), "blue"),
        "effected": (_("The ledger has been changed"), "green"),
        "withdrawn": (_("Withdrawn"), ""),
        "handed_over": (_("Handed to a colleague"), ""),
    }


FACTS = (
    ("person_name", "姓名"),
    ("id_mask", "证件号码"),
    ("sex", "性别"),
    ("birth_on", "出生日期"),
    ("education", "学历"),
    ("work_started_on", "参加工作时间"),
    ("level", "职务层次"),
    ("rank", "职级"),
    ("entry_way", "入编方式"),
    ("reason", "原因"),
    ("name", "机构名称"),
    ("start", "生效日期"),
    ("end", "出编日期"),
    ("authorised", "核定数"),
    ("document_no", "文号"),
    ("issuer", "发文机关"),
    ("nature", "任职性质"),
    ("home_unit", "占编单位"),
)
NAMED: dict[str, codes.Codes] = {
    "sex": codes.SEX,
    "education": codes.EDUCATION,
    "rank": codes.RANK,
    "level": codes.LEVEL,
    "nature": codes.NATURE_OF_POST,
    "entry_way": codes.ENTRY_WAY,
    "reason": codes.EXIT,
}


def context(s: Session, case_id: int, who: Hat) -> dict[str, Any]:
    """Everything the template needs; a foreign case answers as an absent one."""
    case = s.get(Application, case_id)
    if case is None:
        raise errors.NotFound(case=case_id)
    plan = engine.process_of(s, case)
    day, calendar = engine.today(s), engine.calendar(s)
    facts = cases.facts(s, case_id)
    rows = cases.tasks(s, case_id)
    titles = {t.code: t.title for stage in plan.stages for t in stage.tasks}
    due = min((t.due_on for t in rows if t.state == "open" and t.due_on), default=None)
    mine = next(
        (
            t
            for t in rows
            if t.state == "open"
            and case.state == "running"
            and ((who.office_id and t.office_id == who.office_id) or (who.unit_id and t.unit_id == who.unit_id))
        ),
        None,
    )
    line = s.execute(text("SELECT * FROM case_line(:c)"), {"c": case_id}).one_or_none()
    known = event_titles()
    return {
        "case": {
            "number": case.number,
            "title": case.title,
            "state": case.state,
            "process": plan.title,
            "unit": s.execute(text("SELECT unit_name(:u)"), {"u": case.unit_id}).scalar(),
            "unit_url": f"/unit/{case.unit_id}" if case.scope_path >= who.low and case.scope_path < who.high else None,
            "person": case.person_name,
            "person_url": None,
            "submitted_at": case.submitted_at,
            "due_on": due,
            "days_left": workdays_between(day, due, calendar) if due else None,
            "effective_on": case.effective_on,
            "result": case.result,
            "result_tone": {"done": "success", "rejected": "danger"}.get(case.state, "info"),
        },
        "facts": _facts(facts, line),
        "tasks": [
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
                "closed_at": t.closed_at,
            }
            for t in rows
        ],
        "events": [
            {
                "at": e.at,
                "title": known.get(e.kind, (e.kind, ""))[0],
                "tone": known.get(e.kind, ("", ""))[1],
                "operator": e.operator,
                "side": e.side,
                "opinion": e.opinion,
                "facts": [],
            }
            for e in cases.events(s, case_id)
        ],
        "papers": [{"label": p, "note": None, "state": None, "files": []} for p in plan.papers],
        "printouts": [],
        "actions": _actions(case, plan, who),
        "review": _review(case, plan, mine, line, facts) if mine else None,
    }


def _facts(facts: dict[str, Any], line: Any) -> list[dict[str, Any]]:
    out = [
        {"label": label, "value": NAMED.get(k, {}).get(str(facts[k]), facts[k])} for k, label in FACTS if facts.get(k)
    ]
    if line is not None:
        out.insert(0, {"label": _("Establishment line"), "value": f"{line.unit_name} · {units.line_label(line)}"})
    return out


def _actions(case: Application, plan: Process, who: Hat) -> list[dict[str, Any]]:
    """What the applicant's unit may do now."""
    if case.unit_id is None or case.unit_id != who.unit_id:
        return []
    out: list[dict[str, Any]] = []
    if case.state in ("draft", "returned"):
        out.append({"kind": "resubmit", "label": _("Edit and submit"), "url": f"/case/{case.id}/edit", "link": True})
    if case.state == "awaiting" and plan.effect == "arrival":
        form = ArrivalForm()
        form.arrived_on.label.text = _("Day of arrival")
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
    if case.state in ("running", "returned", "awaiting"):
        out.append(
            {
                "kind": "withdraw",
                "label": _("Withdraw"),
                "url": f"/case/{case.id}/act?kind=withdraw",
                "consequences": [_("The case ends."), _("A reserved seat is free for others.")],
            }
        )
    return out


def _review(case: Application, plan: Process, mine: Any, line: Any, facts: dict[str, Any]) -> dict[str, Any]:
    """The decision panel: what my office answers for, with the figures of this moment."""
    todo = next(t for t in plan.stages[mine.stage].tasks if t.code == mine.code)
    checks: list[dict[str, Any]] = []
    quotas: list[dict[str, Any]] = []
    if line is not None:
        before = Figures.of(line.authorised, line.occupied, line.reserved)
        wanted = int(facts["authorised"]) if facts.get("authorised") is not None else None
        reserving = todo.on_approve == "reserve"
        then = (
            Figures.of(line.authorised, line.occupied, line.reserved + 1) if reserving else after(plan, before, wanted)
        )
        quotas.append({"label": units.line_label(line), "before": before, "after": then})
        if reserving or todo.role == "establishment":
            found = line_check(plan, units.line_label(line), before, wanted)
            if found:
                checks.append(found)
    if facts.get("birth_on"):
        checks.append(
            {
                "ok": True,
                "title": _("Identity number, birth and sex agree"),
                "text": facts.get("id_mask"),
                "figures": [],
                "article": "GB 11643",
            }
        )
    return {
        "office": mine.office,
        "responsibility": todo.title,
        "checks": checks,
        "quotas": quotas,
        "verdict": all(c["ok"] for c in checks) if checks else None,
        "hand_over_url": "/search/colleagues" if mine.office_id else None,
        "decide_url": f"/case/{case.id}/decide/{mine.id}",
        "may_approve": True,
        "templates": [
            {"label": _("Agree"), "text": "经审核，符合规定，同意。"},
            {"label": _("Papers missing"), "text": "材料不齐，请补充："},
        ],
        "consequences": {"reject": [_("The case ends."), _("A reserved seat is free for others.")]},
        "errors": [],
    }
