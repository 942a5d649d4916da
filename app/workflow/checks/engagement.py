"""编外: whether a document allows one more."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.queries import engagements
from app.workflow.checks import Finding, Subject, check


@check("cap_room", roles=("establishment",))
def cap_room(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """编外控制数有余: engaged people, the one of the case among them, within the cap; no cap is unknown, not zero."""
    if case.unit_id is None:
        return None
    found = engagements.figures(session, case.unit_id, case.today)
    more = 0 if case.plan.movement == "engage_change" else 1
    figures = (("cap", "—" if found.cap is None else found.cap), ("engaged", found.engaged))
    if found.cap is None:
        return Finding("cap_room", None, figures, "cap_unknown")
    good = found.engaged + more <= found.cap
    return Finding("cap_room", good, figures, None if good else "cap_full")
