"""From the forms of the bodies' documents to their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Unit
from app.queries import commission
from app.security.hats import Hat
from app.views.filing import base as filing
from app.workflow.definition import Process

if TYPE_CHECKING:
    from app.views.filing.base import Filing


def _body(s: Session, unit: Any) -> Unit:
    row = s.get(Unit, int(str(unit))) if str(unit or "").isdecimal() else None
    if row is None or row.node != "legal":
        raise errors.NotFound(unit=unit)
    return row


def of_unit(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """三定、沿革: of a body of the office's ranges."""
    facts = filing.form_facts(form, plan)
    unit = _body(s, facts["unit"])
    return filing.Filing(facts, None, None, unit.id, form.start.data if "start" in form else None)


def signboard(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """合署 names the second body, the others a name; taken down is what hangs there under that name.

    Raises:
        InvalidInput: no partner for 合署, no name for the others, a plate that would count.
        NotFound: no such body or signboard.
    """
    made = of_unit(s, form, plan, who)
    facts = made.facts
    if plan.process == "signboard_end":
        facts["signboard"] = s.execute(
            text("SELECT id FROM unit_signboard WHERE unit_id = :u AND name = :n AND ended_on IS NULL AND recorded_to IS NULL"),
            {"u": facts["unit"], "n": str(facts.pop("board_name") or "").strip()},
        ).scalar()  # fmt: skip
        if facts["signboard"] is None:
            raise errors.InvalidInput(errors={"board_name": ["no_signboard"]})
        return made
    if facts["signboard_kind"] == "co_located":
        facts |= {"partner": _body(s, facts["partner"]).id, "board_name": None} if facts.get("partner") else {}
        if not facts.get("partner"):
            raise errors.InvalidInput(errors={"partner_unit": ["partner_missing"]})
    else:
        facts["partner"] = None
        if not facts.get("board_name"):
            raise errors.InvalidInput(errors={"board_name": ["required"]})
        if facts["signboard_kind"] == "plate" and facts["counts"] == "no":
            raise errors.InvalidInput(errors={"counts": ["plate_counts"]})
    return made


def organ_limit(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """机构限额 of a division."""
    return filing.Filing(filing.form_facts(form, plan), None, None, None, form.start.data)


def temporary(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """临时机构: a later day, or its end, is of one that the leading body has under that name.

    Raises:
        InvalidInput: there is none of that name.
    """
    made = of_unit(s, form, plan, who)
    facts = made.facts
    if plan.process != "temporary":
        facts["temporary"] = s.execute(
            text("SELECT id FROM temporary_body WHERE unit_id = :u AND name = :n AND ended_on IS NULL AND recorded_to IS NULL"),
            {"u": facts["unit"], "n": str(facts.pop("board_name") or "").strip()},
        ).scalar()  # fmt: skip
        if facts["temporary"] is None:
            raise errors.InvalidInput(errors={"temporary_name": ["no_signboard"]})
        if plan.process == "temporary_end":
            facts["closes"] = "yes"
    return made


def matter(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """编委会事项、上级决定: with the decision that it cites, which has to be one on record."""
    facts = filing.form_facts(form, plan)
    cited = facts.get("outside")
    if cited and not commission.outside_exists(s, cited):
        raise errors.NotFound(outside=cited)
    unit = _body(s, facts["unit"]).id if "unit" in facts else None
    return filing.Filing(facts, None, None, unit, None)


FILERS = {
    "temporary": temporary,
    "temporary_extend": temporary,
    "temporary_end": temporary,
    "commission_matter": matter,
    "outside_decision": matter,
    "signboard": signboard,
    "signboard_end": signboard,
    "organ_limit": organ_limit,
    "sanding": of_unit,
    "unit_past": of_unit,
}
