"""The live checks of a form: what the offices will look at, before they do."""

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import retirement
from app.domain.id_number import normalise, problems
from app.domain.quota import Figures
from app.queries import units
from app.security.services import services
from app.views.case_facts import age_on
from app.views.forms import MESSAGES
from app.workflow import engine
from app.workflow.definition import Process

ARTICLE_QUOTA = "《地方各级人民政府机构设置和编制管理条例》第二十六条"
ARTICLE_ONE = "机构编制实名制：一个证件号码同一时刻全市最多占一个编制"
ENTERING = ("reserve", "occupy", "move")
RECRUIT_AGE = 35


def after(plan: Process, before: Figures, authorised: int | None = None) -> Figures:
    """The figures of a line once the case has taken effect."""
    if plan.movement == "set_quota":
        return Figures.of(authorised, before.occupied, before.reserved)
    step = {"vacate": -1, "leave_lead": -1, "take_lead": 1, "occupy": 1, "move": 1}.get(plan.movement, 0)
    return Figures.of(before.authorised, before.occupied + step, before.reserved)


def line_check(plan: Process, label: str, before: Figures, authorised: int | None = None) -> dict[str, Any] | None:
    """Whether the line has room for what the case wants; None where it needs none."""
    if plan.movement == "set_quota":
        used = before.occupied + before.reserved
        good = authorised is None or authorised >= used
        return {
            "ok": good,
            "title": _("Not below what is in use"),
            "figures": [(_("Occupied"), before.occupied), (_("Reserved"), before.reserved)],
            "text": None if good else _("Let people leave first, or enter at least %(n)s.", n=used),
            "article": ARTICLE_QUOTA,
        }
    if plan.movement in ENTERING or plan.movement == "take_lead":
        lead = plan.movement == "take_lead"
        return {
            "ok": before.usable > 0,
            "title": _("A vacant leadership seat") if lead else _("A usable seat"),
            "figures": [
                (_("Authorised"), before.authorised),
                (_("Occupied"), before.occupied),
                (_("Reserved"), before.reserved),
                (_("Usable"), before.usable),
            ],
            "text": None if before.usable else _("There is no room; the establishment office will have to refuse."),
            "article": ARTICLE_QUOTA,
        }
    return None


def live(s: Session, form: Any, plan: Process) -> dict[str, Any]:
    """The panel beside a form, for what is typed so far."""
    checks: list[dict[str, Any]] = []
    quotas: list[dict[str, Any]] = []
    row = _line_row(s, form)
    if row is not None:
        before = Figures.of(row.authorised, row.occupied, row.reserved)
        wanted = form.authorised.data if "authorised" in form else None
        quotas.append({"label": units.line_label(row), "before": before, "after": after(plan, before, wanted)})
        found = line_check(plan, units.line_label(row), before, wanted)
        if found:
            checks.append(found)
    if "id_number" in form and form.id_number.data:
        checks.append(_identity(s, form, plan))
    if plan.process == "retire" and form.end.data and str(form.person.data or "").isdecimal():
        checks += _retirement(s, int(form.person.data), form.end.data)
    return {
        "checks": checks,
        "quotas": quotas,
        "verdict": all(c["ok"] is not False for c in checks) if checks else None,
        "duplicates": None,
    }


def _line_row(s: Session, form: Any) -> Any:
    """The line a form is about: the chosen one, or that of the chosen person's seat."""
    chosen = next((str(form[n].data or "") for n in ("line", "lead_line", "any_line", "lead") if n in form), "")
    number = chosen.partition("-")[0]
    if not number.isdecimal() and "person" in form and str(form.person.data or "").isdecimal():
        number = str(
            s.execute(
                text(
                    "SELECT line_id FROM occupancy WHERE person_id = :p AND kind = 'establishment'"
                    " AND recorded_to IS NULL AND ended_on IS NULL"
                ),
                {"p": int(form.person.data)},
            ).scalar()
        )
    return units.line(s, int(number)) if number.isdecimal() else None


def _identity(s: Session, form: Any, plan: Process) -> dict[str, Any]:
    number = normalise(form.id_number.data)
    wrong = problems(
        number,
        form.birth_on.data if "birth_on" in form else None,
        form.sex.data if "sex" in form else None,
    )
    if wrong:
        return {
            "ok": False,
            "title": _("Identity number"),
            "figures": [],
            "article": "GB 11643",
            "text": " ".join(str(MESSAGES[code]) for code in wrong),
        }
    found = s.execute(
        text("SELECT * FROM find_person(:i)"), {"i": services().keys.blind_index("resident", number)}
    ).one_or_none()
    known = found is not None and found.state == "serving"
    shown = _("Not in the register.")
    if found is not None and known:
        shown = f"{found.name} {found.id_mask} {found.unit_name or ''}"
    return {
        "ok": known == (plan.process in ("transfer", "leader")),
        "title": _("One person, one seat"),
        "figures": [],
        "article": ARTICLE_ONE,
        "text": shown,
    }


def review_checks(
    s: Session, plan: Process, facts: dict[str, Any], *, personnel: bool, civil: bool
) -> list[dict[str, Any]]:
    """What an office looks at beside the line: the person's identity, seat and age.

    Args:
        s: the transaction of the page.
        plan: the case's business.
        facts: what was filed.
        personnel: the office answers for the person, not for the seat.
        civil: the line is one of civil servants, whose rule of age is written law.
    """
    out: list[dict[str, Any]] = []
    born = dt.date.fromisoformat(facts["birth_on"]) if facts.get("birth_on") else None
    if born:
        out.append(
            {
                "ok": True,
                "title": _("Identity number, birth and sex agree"),
                "text": facts.get("id_mask"),
                "figures": [],
                "article": "GB 11643",
            }
        )
    if facts.get("person_index") and plan.process == "recruit":
        found = s.execute(
            text("SELECT * FROM find_person(decode(:i, 'hex'))"), {"i": facts["person_index"]}
        ).one_or_none()
        seated = found is not None and found.state == "serving"
        shown = (
            f"{found.name} {found.id_mask} {found.unit_name or ''}" if found is not None else _("Not in the register.")
        )
        title = _("One person, one seat")
        out.append({"ok": not seated, "title": title, "text": shown, "figures": [], "article": ARTICLE_ONE})
    if born and plan.process == "recruit" and personnel:
        age = age_on(born, engine.today(s))
        out.append(
            {
                "ok": None if age > RECRUIT_AGE else True,
                "title": _("Age at entry"),
                "text": _("Above 35: the usual limit for examinations; see the announcement of the post.")
                if age > RECRUIT_AGE
                else None,
                "figures": [(_("Full years"), age)],
                "article": "《公务员录用规定》第十八条" if civil else None,
            }
        )
    if plan.process == "retire" and facts.get("person") and facts.get("end"):
        out += _retirement(s, int(facts["person"]), dt.date.fromisoformat(facts["end"]))
    return out


def _retirement(s: Session, person_id: int, end: dt.date) -> list[dict[str, Any]]:
    """Whether the day of leaving fits the statutory age; the office sees the person only in its own range."""
    row = s.execute(
        text(
            "SELECT p.sex, p.birth_on, l.category FROM person p LEFT JOIN occupancy o ON o.person_id = p.id"
            " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL"
            " LEFT JOIN quota_line l ON l.id = o.line_id WHERE p.id = :p"
        ),
        {"p": person_id},
    ).one_or_none()
    if row is None or row.sex not in ("1", "2"):
        return []
    worker = (row.category or "") in retirement.WORKER_CATEGORIES
    rule = retirement.statutory(row.birth_on, retirement.track_of(row.sex, worker=worker))
    early = end < rule.earliest_on
    says = None
    if early:
        says = _("Before the earliest day: only where another rule allows early retirement.")
    elif end < rule.on:
        says = _("Early by own choice: the written notice of three months before is needed.")
    return [
        {
            "ok": False if early else None if says else True,
            "title": _("Statutory retirement age"),
            "text": says,
            "figures": [
                (_("Day of birth"), row.birth_on),
                (_("Statutory age"), rule.age_text),
                (_("Reached on"), rule.on),
                (_("Earliest by own choice"), rule.earliest_on),
            ],
            "article": "《国务院关于渐进式延迟法定退休年龄的办法》",
        }
    ]
