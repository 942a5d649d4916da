"""核对的说法 of rank numbers, plans of posts and leadership."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {
    "scheme_base": _l("The base of the numbers"),
    "rank_ratios": _l("Ratios and sums"),
    "post_ratios": _l("Ratios and sums"),
    "one_main": _l("One main position"),
    "level_fits": _l("Level of the person and of the position"),
    "lead_hint": _l("Usual number of leaders"),
    "beside_document": _l("Document that says that no number is used"),
    "scheme_holders": _l("Who holds them now"),
}
LABELS: dict[str, Any] = {
    "post_level": _l("Level of the position"),
    "own_level": _l("Level of the person"),
    "usual": _l("Usually"),
    "units": _l("Units"),
    "whole": _l("Authorised"),
    "apart": _l("Outside the base"),
    "base": _l("Base"),
    "posts": _l("Posts planned"),
    "ratio_set": _l("Ratios"),
    "main_kind": _l("Main kind of post"),
    "least_share": _l("Least share"),
    "since_day": _l("Day"),
    "document_of": _l("Approved by"),
    "approved_number": _l("Authorised"),
}
SAYS: dict[str, Any] = {
    "main_elsewhere": _l(
        "The main position is in %(unit)s: mark this one as not the main one, or have the other one left first."
    ),
    "over_document": _l("A level above the position's needs the document that allows it: enter its number."),
    "level_below": _l("The own level is entered only where it is above the position's: leave it empty."),
    "level_above": _l(
        "The person's level is above the position's: enter it with its document, or it becomes the position's."
    ),
    "unusual": _l("Usually %(usual)s: compare with the document, which holds."),
    "document_first": _l("Enter the document that says that the position uses no leadership number."),
    "no_establishment": _l(
        "%(unit)s has no authorised establishment of the category: have it fixed by the establishment office first."
    ),
    "no_leadership": _l("%(unit)s has no leadership numbers: have them fixed by the establishment office first."),
    "above_base": _l("More than the authorised number: lower the numbers, or have the establishment raised first."),
    "second_hand": _l("The ratios are second-hand and not verified: compare with the document of the own region."),
    "ratios_unreadable": _l(
        "The ratios of this business cannot be read: the administrator has to put its parameters right."
    ),
    "main_kind_short": _l(
        "The main kind of post has to have at least %(least_share)s of all posts. Change the numbers."
    ),
    "over_scheme": _l("More people hold these than there will be places: nobody enters until they are fewer."),
    "no_rank_scheme": _l("No rank numbers are approved for this unit: apply for their approval first."),
    "no_post_scheme": _l("No plan of posts is approved for this unit: apply for its approval first."),
}
