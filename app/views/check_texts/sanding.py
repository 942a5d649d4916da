"""核对的说法: 三定, 机构限额."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {
    "sanding_figures": _l("三定 and ledger"),
    "organ_limit": _l("Limit on the number of bodies"),
}
LABELS: dict[str, Any] = {
    "sanding_total": _l("Numbers of the document"),
    "ledger_total": _l("Numbers of the ledger"),
    "sanding_departments": _l("Numbers of its departments together"),
    "sanding_differ": _l("Differences"),
    "limit_most": _l("Most bodies"),
    "limit_bodies": _l("Bodies there are"),
}
SAYS: dict[str, Any] = {
    "sanding_differs": _l("Document and ledger differ: fix the quotas by their own business, or correct the draft."),
    "sanding_departments_exceed": _l(
        "The departments add up to more than the whole: correct their numbers or the unit's."
    ),
    "limit_reached": _l("The limit is reached. Name the upper level's approval, or close or merge another body first."),
}
