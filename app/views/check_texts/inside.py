"""核对的说法 of the businesses inside a unit."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {
    "another_department": _l("Another department than now"),
    "department_seat": _l("A seat in the department"),
    "leads_department": _l("Leads nothing in the department left"),
    "another_line": _l("Another line than now"),
    "category_of_body": _l("A category that this kind of body may hold"),
    "present": _l("Not away already"),
    "absent": _l("Registered as away"),
    "away_term": _l("Length of one period"),
    "lent_total": _l("Length with all extensions"),
    "lent_again": _l("Time since the last return"),
    "host_room": _l("The host has a vacant seat"),
    "three_bans": _l("The three prohibitions of lending"),
    "long_sick": _l("Long sick leave"),
    "extend_in_time": _l("Extension in good time"),
    "certificate_held": _l("Certificate that is valid now"),
    "year_confirmed": _l("Roster of the year confirmed"),
}
LABELS: dict[str, Any] = {
    "allotted": _l("Seats of the department"),
    "body": _l("Kind of body"),
    "category": _l("Kind of establishment"),
    "absence_kind": _l("Kind of absence"),
    "started_on": _l("From"),
    "until_on": _l("Last day away"),
    "latest_on": _l("Latest last day"),
    "least_on": _l("Not before"),
    "returned_on": _l("Returned on"),
    "free_on": _l("Free from"),
    "host_post": _l("Kind of work there"),
    "certificate": _l("Certificate"),
    "year": _l("Year"),
}
SAYS: dict[str, Any] = {
    "department_full": _l("The department would have more people than the seats meant for it."),
    "leads_still": _l(
        "A leadership position of the department that is left is held still: apply for leaving it first."
    ),
    "mixed_use": _l("Seats of this category may not be used in this kind of body. Choose another line."),
    "away_already": _l("Extend or end what is running (%(absence_kind)s until %(until_on)s) first."),
    "too_long": _l("Choose %(latest_on)s or an earlier day."),
    "lent_lately": _l("Lent again only from %(free_on)s on."),
    "host_full": _l("The host unit is full or over its quota: as a principle it borrows nobody."),
    "ban_administrative": _l("Only who holds an administrative seat may be lent to administrative work."),
    "ban_enforcement": _l("Enforcement work needs a licence: enter its number, or choose another person."),
    "ban_professional": _l("Professional work needs a professional seat or title: enter its number."),
    "short_sick": _l("Shorter sick leave needs no registration here."),
    "late_extension": _l("Less than ten working days are left; say why in the reason."),
    "held": _l("A certificate is valid already: apply for its change or replacement."),
    "none_held": _l("No certificate is valid: apply for a first one."),
    "year_open": _l("Confirm the roster of %(year)s first (annual verification)."),
}
