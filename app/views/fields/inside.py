"""Fields of the businesses inside a unit: absences, certificates, objections."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain import codes
from app.views.fields.kinds import FILL_IN, chosen, day, one_of, searched, text

HOSTED_KINDS = [(k, v) for k, v in chosen(codes.ABSENCE) if k in ("attachment", "aid", "village", "training")]
AWAY_KINDS = [(k, v) for k, v in chosen(codes.ABSENCE) if k in ("sick_leave", "waiting", "study")]


def objects() -> list[tuple[str, Any]]:
    """What an error report may be about."""
    return [
        ("person", _l("A person's data")),
        ("roster", _l("The roster: somebody too many or missing")),
        ("figures", _l("The establishment's figures")),
        ("leaders", _l("Leadership positions")),
        ("other", _l("Something else")),
    ]


FIELDS: dict[str, Callable[[], Field]] = {
    "host_unit": lambda: searched(_l("Host unit (of this city)"), "/lending/hosts", required=False),
    "host": lambda: text(_l("Host, if outside this city"), required=False),
    "host_post": lambda: one_of(_l("Kind of work there"), chosen(codes.HOST_POST), required=True),
    "licence": lambda: text(_l("Number of the enforcement licence or professional title"), required=False, longest=60),
    "hosted_kind": lambda: one_of(_l("Kind of absence"), HOSTED_KINDS, required=True),
    "away_kind": lambda: one_of(_l("Kind of absence"), AWAY_KINDS, required=True),
    "away": lambda: searched(_l("Person who is away"), "/lending/away", preload=True),
    "until_on": lambda: day(_l("Last day away")),
    "ground": lambda: TextAreaField(_l("Reason"), validators=[InputRequired(FILL_IN), Length(max=500)]),
    "certificate_reason": lambda: one_of(_l("What is asked for"), chosen(codes.CERTIFICATE_REASON), required=True),
    "year": lambda: IntegerField(
        _l("Year (for the yearly stamp)"), validators=[Optional(), NumberRange(2000, 2100)]
    ),
    "objected": lambda: one_of(_l("What is wrong"), objects(), required=True),
    "about_person": lambda: searched(_l("Person concerned"), "/search/people", required=False),
    "proof_purpose": lambda: text(_l("Purpose of the proof"), longest=100),
    "claim": lambda: TextAreaField(
        _l("What stands there, what is right, and the proof"), validators=[InputRequired(FILL_IN), Length(4, 1000)]
    ),
}  # fmt: skip
