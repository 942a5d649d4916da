"""Fields of the businesses about staff without seats, and of a line's funding."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField
from wtforms.validators import InputRequired, NumberRange

from app.domain import codes
from app.views.fields.kinds import FILL_IN, chosen, day, one_of, searched, text

FIELDS: dict[str, Callable[[], Field]] = {
    "cap_number": lambda: IntegerField(
        _l("Staff allowed without seats"), validators=[InputRequired(FILL_IN), NumberRange(0, 20000)]
    ),
    "engaged": lambda: searched(_l("Person engaged"), "/engaged/", preload=True),
    "engage_task": lambda: text(_l("Work to be done"), longest=200),
    "engage_funding": lambda: one_of(
        _l("Funding of the engagement"), chosen(codes.code_set("engage_funding")), required=True
    ),
    "engaged_until_on": lambda: day(_l("Last day of the contract")),
    "rekeyed_line": lambda: searched(_l("Line to be changed"), "/search/lines?kind=establishment"),
    "new_funding": lambda: one_of(_l("Funding from then on"), chosen(codes.FUNDING), required=True),
    "new_category": lambda: one_of(_l("Kind of establishment from then on"), chosen(codes.CATEGORY), required=True),
    "new_class": lambda: one_of(
        _l("Class of unit from then on (empty: unchanged)"), chosen(codes.UNIT_CATEGORY, empty=True)
    ),
}
# What a reader of a case is shown beyond the common facts.
LABELS: dict[str, Any] = {
    "number": _l("How many"),
    "engage_task": _l("Work to be done"),
    "engage_funding": _l("Funding of the engagement"),
    "new_funding": _l("Funding from then on"),
    "new_category": _l("Kind of establishment from then on"),
    "new_class": _l("Class of unit from then on (empty: unchanged)"),
}
