"""The live checks of a form: what the offices will look at, before they do."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.id_number import normalise, problems
from app.domain.quota import Figures
from app.queries import units
from app.security.services import services
from app.views.forms import MESSAGES
from app.workflow.definition import Process

ARTICLE_QUOTA = "《地方各级人民政府机构设置和编制管理条例》第二十六条"
ENTERING = ("reserve", "occupy", "move")


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
    return {
        "checks": checks,
        "quotas": quotas,
        "verdict": all(c["ok"] for c in checks) if checks else None,
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
        "article": "一人一编",
        "text": shown,
    }
