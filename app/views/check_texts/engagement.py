"""核对的说法 of staff without seats."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {"cap_room": _l("Within the cap on staff without seats")}
LABELS: dict[str, Any] = {"cap": _l("Staff allowed without seats"), "engaged": _l("Engaged now")}
SAYS: dict[str, Any] = {
    "cap_unknown": _l("No document has fixed a cap for this unit yet: unknown is not zero. The office decides."),
    "cap_full": _l("The cap would be exceeded. End an engagement first, or have the cap raised by a document."),
}
