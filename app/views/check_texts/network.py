"""核对的说法: 不上网."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {"named_access": _l("Who will still see the unit")}
LABELS: dict[str, Any] = {
    "named": _l("Accounts named for it"),
    "named_colleagues": _l("Of them officials of your office"),
}
SAYS: dict[str, Any] = {
    "name_first": _l(
        "At least %(least)s officials of your office have to be named for this unit first, or nobody could put it back:"
        " the system administrator proposes it, the security administrator approves."
    ),
    "not_named": _l(
        "You are not named for this unit yourself: after the approval you would not see it any more, nor this case."
    ),
}
