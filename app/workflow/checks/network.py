"""不上网: who will still see a body that is taken out of everybody's sight."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.workflow.checks import Finding, Subject, check

# Its cases and its return to sight take one official who files and another who decides.
NEEDED = 2


@check("named_access")
def named_access(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """具名授权在先: two of the office, the reader among them, are named for the body; else nobody could put it back."""
    unit = case.number("unit")
    if case.facts.get("network") != "hidden" or unit is None:
        return None
    row = session.execute(text("SELECT * FROM network_named(:u)"), {"u": unit}).one()
    ok = row.colleagues >= NEEDED and row.mine
    figures = (("named", row.named), ("named_colleagues", row.colleagues), ("least", NEEDED))
    return Finding("named_access", ok, figures, None if ok else "name_first" if row.mine else "not_named")
