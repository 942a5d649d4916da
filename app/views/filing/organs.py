"""From the forms of the organs' businesses to their facts."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Unit
from app.security.hats import Hat
from app.views.filing.base import Filing, form_facts, unit_of_line
from app.workflow.definition import Process


def organ_filing(s: Session, form: Any, plan: Process, _who: Hat) -> Filing:
    """Units and lines by number, each the office's to choose; what is chosen of a region is written out.

    Raises:
        NotFound: a unit or line that is not the applicant's to choose.
    """
    facts = form_facts(form, plan)
    for name in ("unit", "parent", "into"):
        if facts.get(name) and s.get(Unit, facts[name]) is None:
            raise errors.NotFound(unit=facts[name])
    unit = facts.get("unit")
    for name in ("line", "into_line"):
        if facts.get(name):
            found = unit_of_line(s, facts[name])
            unit = unit or found
    return Filing(facts, None, None, None if unit is None else int(unit), form.start.data)


FILERS: dict[str, Callable[..., Any]] = dict.fromkeys(
    (
        "transfer_unit",
        "merge_unit",
        "move_department",
        "move_people",
        "split_unit",
        "department_change",
        "department_close",
    ),
    organ_filing,
)
