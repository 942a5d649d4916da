"""The live checks of a form: what the offices will look at, before they do."""

from typing import Any

from sqlalchemy.orm import Session

from app.domain.id_number import normalise, problems
from app.domain.quota import Figures
from app.queries import units
from app.security.services import services
from app.views.alarm_texts import concerning
from app.views.check_texts import panel, verdict
from app.views.filing.base import form_facts
from app.views.shell import hat
from app.workflow import checks, engine
from app.workflow.definition import Process


def after(plan: Process, before: Figures, authorised: int | None = None) -> Figures:
    """The figures of a line once the case has taken effect."""
    if plan.movement == "set_quota":
        return Figures.of(authorised, before.occupied, before.reserved)
    step = {"vacate": -1, "leave_lead": -1, "take_lead": 1, "occupy": 1, "move": 1, "change_line": 1}.get(
        plan.movement, 0
    )
    return Figures.of(before.authorised, before.occupied + step, before.reserved)


def typed_so_far(form: Any, plan: Process) -> dict[str, Any]:
    """The facts of an unfinished form; a number that fits its own rules is looked for, it is never kept."""
    facts = form_facts(form, plan)
    if "id_number" in form and form.id_number.data:
        facts["id_number"] = number = normalise(form.id_number.data)
        if not problems(number):
            facts["person_index"] = services().keys.blind_index("resident", number).hex()
    return facts


def live(s: Session, form: Any, plan: Process, unit_id: int | None) -> dict[str, Any]:
    """The panel beside a form, for what is typed so far."""
    facts = typed_so_far(form, plan)
    subject = checks.Subject(plan, facts, unit_id, None, engine.today(s))
    outcomes, quotas = checks.run(s, subject), []
    row = checks.line_of(s, subject)
    if row is not None:
        before = Figures.of(row.authorised, row.occupied, row.reserved)
        then = after(plan, before, subject.number("authorised"))
        quotas.append({"label": units.line_label(row), "before": before, "after": then})
    return {
        "checks": panel(outcomes),
        "quotas": quotas,
        "verdict": verdict(outcomes),
        "duplicates": None,
        "alarms": concerning(s, hat(), unit_id, facts, None),
    }
