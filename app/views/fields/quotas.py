"""Fields of the businesses about numbers: parts, totals, moves, plans of absorption."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from app.domain import codes
from app.views.fields.kinds import FILL_IN, chosen, day, one_of, searched, text
from app.workflow.definition import Process


def number(label: Any, *, required: bool = True) -> Field:
    """A whole number of establishment numbers."""
    return IntegerField(
        label, validators=[InputRequired(FILL_IN) if required else Optional(), NumberRange(0, 10_000_000)]
    )


def of(plan: Process) -> dict[str, Field]:
    """(B04) The purpose of a part is another thing than that of a permit, which has the same name."""
    if plan.movement != "set_part" or "purpose" not in plan.fields:
        return {}
    return {"purpose": one_of(_l("Purpose"), chosen(codes.code_set("quota_purpose"), empty=True), required=True)}


FIELDS: dict[str, Callable[[], Field]] = {
    "estab_line": lambda: searched(_l("Establishment line"), "/search/lines?kind=establishment"),
    "from_line": lambda: searched(_l("From the line"), "/search/lines?kind=establishment"),
    "to_line": lambda: searched(_l("To the line"), "/search/lines?kind=establishment"),
    "part_number": lambda: number(_l("Number (none: to be set separately)"), required=False),
    "moved": lambda: number(_l("How many numbers")),
    "part_how": lambda: one_of(
        _l("How"),
        [
            ("", "—"),
            ("inside", _l("Marked inside the number there is")),
            ("added", _l("Added to the number until the last day")),
        ],
        required=True,
    ),
    "last_day_on": lambda: day(_l("Last day (temporary or lent numbers)"), required=False),
    "part": lambda: searched(_l("Part that ends"), "/search/parts"),
    "pool_kind": lambda: one_of(
        _l("What the number is"),
        [("", "—"), ("total", _l("Total of the region")), ("rotating", _l("Reserve to lend (周转编制)"))],
        required=True,
    ),
    "pool_number": lambda: number(_l("How many")),
    "plan_until_on": lambda: day(_l("Plan of absorption: last day"), required=False),
    "absorbed_on": lambda: day(_l("Plan of absorption: last day")),
    "targets": lambda: text(_l("Surplus left at the end of each year (2027:3,2028:0)"), required=False),
    "line_entry": lambda: one_of(
        _l("Entry"),
        [("", "—"), ("closed", _l("Closed: whoever leaves takes the seat along")), ("open", _l("Open again"))],
        required=True,
    ),
}
