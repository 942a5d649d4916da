"""核编制、核职数: whether the line has room for what a case wants."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain import absorption
from app.domain.quota import Figures
from app.workflow.checks import Finding, Subject, check, line_of

# Who answers for seats.
KEEPERS = ("establishment", "city_establishment")


def _room(session: Session, case: Subject, code: str) -> Finding | None:
    row = line_of(session, case)
    if row is None:
        return None
    line = Figures.of(row.authorised, row.occupied, row.reserved)
    # The seat that the case holds is its own room; a permit holds one for it.
    good = line.usable > 0 or case.reserved or case.number("permit") is not None
    figures = (
        ("authorised", line.authorised),
        ("occupied", line.occupied),
        ("reserved", line.reserved),
        ("usable", line.usable),
    )
    return Finding(code, good, figures, None if good else "no_room")


@check("usable_seat", roles=KEEPERS)
def usable_seat(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """有空编: authorised less occupied less reserved (decree 486, articles 15 and 26)."""
    return _room(session, case, "usable_seat")


@check("lead_seat", roles=KEEPERS)
def lead_seat(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """领导职数有空缺: of this role and level (decree 486, articles 20 and 26)."""
    return _room(session, case, "lead_seat")


@check("not_below_use", roles=KEEPERS)
def not_below_use(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """核定数不少于已用数: what is occupied and reserved stays within the new number."""
    row, wanted = line_of(session, case), case.number("authorised")
    if row is None:
        return None
    used = row.occupied + row.reserved
    figures: tuple[tuple[str, Any], ...] = (("occupied", row.occupied), ("reserved", row.reserved))
    if wanted is None or wanted >= used:
        return Finding("not_below_use", True, (*figures, ("least", used)))
    # Below what is occupied only with a plan of absorption, and while no seat is kept for a running case.
    if row.reserved:
        return Finding("not_below_use", False, (*figures, ("least", used)), "below_kept")
    until = case.day("until_on")
    if until is None:
        return Finding("not_below_use", False, (*figures, ("least", used)), "below_use")
    figures += (("asked", wanted), ("surplus", used - wanted), ("absorbed_until", until))
    return Finding("not_below_use", None, figures, "below_by_plan")


@check("absorption", roles=KEEPERS)
def absorption_fits(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """消化计划可行: there is a surplus to absorb, a last day after the first, and year by year no more of it."""
    row, until, said = line_of(session, case), case.day("until_on"), case.facts.get("targets") or None
    if row is None or (case.plan.movement != "absorb" and until is None and said is None):
        return None
    wanted = case.number("authorised") if case.plan.movement == "set_quota" else row.authorised
    if wanted is None:
        return None
    start, surplus = case.day("start") or case.today, max(0, row.occupied - wanted)
    figures: tuple[tuple[str, Any], ...] = (("surplus", surplus),)
    if not surplus:
        # A change of the number goes without the plan then; a plan alone has nothing to do.
        return Finding("absorption", None if case.plan.movement == "set_quota" else False, figures, "no_surplus_here")
    wrong = absorption.plan_problem(str(said) if said else None, start, until, surplus)
    if until is not None:
        figures += (("absorbed_until", until),)
    if said and wrong not in ("plan_ended", "targets_without_plan"):
        figures += (("targets", absorption.shown(str(said))),)
    # Who has left since it was written makes no plan wrong.
    return Finding("absorption", None if wrong == "targets_above" else wrong is None, figures, wrong)
