"""Fields of a reform's case: which phase of which variant it files."""

from collections.abc import Callable

from flask_babel import lazy_gettext as _l
from wtforms import Field

from app.views.fields.kinds import searched

FIELDS: dict[str, Callable[[], Field]] = {
    "reform_phase": lambda: searched(_l("Reform, variant and phase"), "/reform/phases", preload=True),
}
