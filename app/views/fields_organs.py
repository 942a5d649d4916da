"""Fields of the organs' businesses: who goes where, and what goes along."""

from collections.abc import Callable

from flask_babel import lazy_gettext as _l
from wtforms import Field

from app.domain import codes
from app.views.fields import chosen, one_of, searched, text

FIELDS: dict[str, Callable[[], Field]] = {
    "superior": lambda: searched(
        _l("Superior body (none: directly under the region)"), "/search/units", required=False
    ),
    "into": lambda: searched(_l("Body that takes over"), "/search/units"),
    "lower_unit": lambda: searched(_l("Department"), "/search/units?node=department"),
    "into_department": lambda: searched(_l("Department that takes over"), "/search/units?node=department"),
    "new_name": lambda: text(_l("New name (empty: as before)"), required=False),
    "new_grade": lambda: one_of(_l("New grade (empty: as before)"), chosen(codes.UNIT_GRADE, empty=True)),
    "into_line": lambda: searched(_l("Line that takes them in"), "/search/lines?kind=any"),
    "seats_go": lambda: one_of(
        _l("Establishment numbers"),
        [
            ("", "—"),
            ("along", _l("Go along with the people")),
            ("approved", _l("Vacant seats of the body that takes over")),
        ],
        required=True,
    ),
    "running_cases": lambda: one_of(
        _l("Cases under way"),
        [
            ("", "—"),
            ("carry", _l("Go over to the successor")),
            ("suspend", _l("Go over and stand still until their office lets them go on")),
            ("withdraw", _l("Are withdrawn, reservations released")),
        ],
    ),
}
