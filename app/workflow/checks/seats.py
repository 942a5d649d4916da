"""核编制、核职数: whether the line has room for what a case wants."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

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
    # Below what is occupied only with a plan of absorption, and while no seat is kept for a running case.
    planned = bool(case.facts.get("until_on")) and row.reserved == 0
    good = wanted is None or wanted >= used or planned
    figures = (("occupied", row.occupied), ("reserved", row.reserved), ("least", used))
    return Finding("not_below_use", good, figures, None if good else "below_use")
