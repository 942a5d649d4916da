"""From the forms about numbers to their facts."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.security.hats import Hat
from app.views.filing.base import Filing, form_facts, unit_of_line
from app.workflow.definition import Process


def quota_filing(s: Session, form: Any, plan: Process, _who: Hat) -> Filing:
    """Lines and parts by number, each the office's to choose.

    Raises:
        NotFound: a line or part that is not the applicant's to choose.
    """
    facts = form_facts(form, plan)
    unit = None
    for name in ("line", "from_line"):
        if facts.get(name):
            found = unit_of_line(s, facts[name])
            unit = unit or found
    if facts.get("part"):
        unit = s.execute(
            text("SELECT l.unit_id FROM quota_part q JOIN quota_line l ON l.id = q.line_id WHERE q.id = :i"),
            {"i": facts["part"]},
        ).scalar()
        if unit is None:
            raise errors.NotFound(part=facts["part"])
    return Filing(facts, None, None, unit, form.start.data)


FILERS: dict[str, Callable[..., Any]] = dict.fromkeys(
    ("set_part", "end_part", "set_pool", "move_quota", "absorb", "close_line"), quota_filing
)
