"""Words for the checks of a person's record (app/workflow/checks/records.py)."""

from typing import Any

from flask_babel import lazy_gettext as _l

TITLES: dict[str, Any] = {
    "not_barred": _l("No discipline has effect"),
    "rank_step": _l("The next rank"),
    "rank_years": _l("Years at the present rank"),
    "rank_exists": _l("The body has this rank"),
    "rank_room": _l("A vacancy in the group of ranks"),
    "post_room": _l("A vacancy within the structure of posts"),
    "post_step": _l("The next grade of post"),
    "title_fits": _l("The title that the post asks for"),
    "penalty_of_class": _l("Kind of discipline and how long it has effect"),
    "class_is": _l("The right class of personnel"),
    "no_relative_here": _l("Avoidance among relatives"),
    "pay_step_open": _l("No discipline holds the pay step"),
    "assessed_once": _l("One assessment a year"),
}
LABELS: dict[str, Any] = {
    "present_rank": _l("Present rank or grade"),
    "wanted_rank": _l("Wanted"),
    "least_years": _l("Years needed"),
    "rank_since": _l("Holds it since"),
    "due_on": _l("Reached on"),
    "highest": _l("Highest rank here"),
    "group": _l("Group"),
    "number_of": _l("Its number"),
    "held": _l("Held by"),
    "waiting": _l("Wanted by other cases"),
    "room": _l("Left"),
    "title_held": _l("Title held"),
    "title_needed": _l("Title needed"),
    "penalty": _l("Discipline"),
    "months": _l("Months of effect"),
    "last_day": _l("Last day of effect"),
    "same_name": _l("People of this name here"),
    "year": _l("Year"),
}
SAYS: dict[str, Any] = {
    "barred": _l("A discipline has effect on that day: no promotion until it ends."),
    "first_rank": _l("No rank is recorded yet, or one of another series: compare with the file."),
    "not_the_next": _l("Promotion goes one step at a time. Choose the next one."),
    "since_unknown": _l("Since when the present rank is held is not recorded: compare with the file."),
    "too_early": _l("Not before %(due_on)s."),
    "above_highest": _l("A body of this level has ranks up to %(highest)s."),
    "no_base": _l("No authorised number to reckon from: the approved scheme decides."),
    "group_full": _l("The group is full. Somebody has to leave it first."),
    "title_missing": _l("No title of the needed grade is recorded."),
    "other_series": _l("Another series of posts, or no grade is recorded yet: compare with the appointment."),
    "other_class": _l("The person's statute does not know this discipline. Choose another."),
    "other_business": _l("This business is for another class of personnel. Choose the one for this person."),
    "look_at_avoidance": _l("Somebody of this name works in the same unit: see whether avoidance applies."),
    "pay_barred": _l("A discipline has effect: apart from a warning it holds the pay step."),
    "assessed": _l("A result of this year stands already. Choose it in the form to put it right."),
    "year_to_come": _l("The year has not come yet."),
}
