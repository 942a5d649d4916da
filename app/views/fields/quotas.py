"""Fields of the businesses about numbers: parts, totals, moves, plans of absorption."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from app.domain import absorption, codes
from app.views.fields.kinds import FILL_IN, chosen, day, one_of, searched
from app.workflow.definition import Process


def number(label: Any, *, required: bool = True, least: int = 0) -> Field:
    """A whole number of establishment numbers."""
    return IntegerField(
        label, validators=[InputRequired(FILL_IN) if required else Optional(), NumberRange(least, 10_000_000)]
    )


def of(plan: Process) -> dict[str, Field]:
    """(B04) The purpose of a part is another thing than that of a permit, which has the same name."""
    if plan.movement != "set_part" or "purpose" not in plan.fields:
        return {}
    return {"purpose": one_of(_l("Purpose"), chosen(codes.code_set("quota_purpose"), empty=True), required=True)}


TARGETS_LABEL = _l("How many may still be beyond the number at the end of each year")


class Targets(StringField):
    """What may still be beyond the number at the end of each year; however it is written, kept as the kernel reads it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was written; what cannot be told stays as it was typed."""
        super().process_formdata(valuelist)
        self.data = absorption.read(self.data or "") or self.data

    def _value(self) -> str:
        return absorption.shown(self.data) if self.data else ""

    def pre_validate(self, form: Any) -> None:
        """Say what is wrong with the numbers themselves; what the plan's days ask of them is the form's to say."""
        if wrong := absorption.problem(self.data):
            raise ValidationError(str(TARGETS_WRONG[wrong]))


TARGETS_WRONG: dict[str, Any] = {
    "targets_form": _l(
        "It cannot be told what is meant. Write year and number, one after the other: 2027年末3名、2028年末0名."
    ),
    "targets_order": _l("The years stand one after the other, each once: 2027年末3名、2028年末0名."),
    "targets_more": _l("A later year may not leave more than the one before: the plan takes the surplus away."),
    "targets_before": _l("The first year lies before the plan begins. Begin with the year in which it takes effect."),
    "targets_after": _l(
        "A year lies after the plan's last day. Leave it out, or move the last day of the plan of absorption."
    ),
    "targets_left": _l("On the plan's last day nobody may be left beyond the number: enter 0 for that year."),
    "targets_above": _l("More than are beyond the number as the plan begins. Enter at most that many."),
    "targets_without_plan": _l(
        "Numbers of a plan of absorption without its last day. Enter the last day, or leave the numbers out."
    ),
    "plan_ended": _l("The plan ends before it begins. Enter a last day after the day on which it takes effect."),
}


def plan_problems(form: Any) -> dict[str, str]:
    """What the days and numbers of a plan of absorption ask of each other: the code of what is wrong, by field."""
    if "targets" not in form:
        return {}
    said, start = form["targets"].data, form["start"].data if "start" in form else None
    last = next((name for name in ("plan_until_on", "absorbed_on", "until_on") if name in form), None)
    wrong = absorption.plan_problem(said, start, form[last].data) if last else absorption.problem(said, start)
    if last and wrong == "plan_ended":
        return {last: wrong}
    # What is wrong with the numbers by themselves their own field has said.
    return {"targets": wrong} if wrong and wrong != absorption.problem(said) else {}


FIELDS: dict[str, Callable[[], Field]] = {
    "estab_line": lambda: searched(_l("Establishment line"), "/search/lines?kind=establishment"),
    "from_line": lambda: searched(_l("From the line"), "/search/lines?kind=establishment"),
    "to_line": lambda: searched(_l("To the line"), "/search/lines?kind=establishment"),
    "part_number": lambda: number(_l("Number (none: to be set separately)"), required=False),
    "moved": lambda: number(_l("How many numbers"), least=1),
    "part_how": lambda: one_of(
        _l("How"),
        [
            ("", "—"),
            ("inside", _l("Marked inside the number there is")),
            ("added", _l("Added to the number until the last day")),
        ],
        required=True,
    ),
    "last_day_on": lambda: day(_l("Last day (temporary or lent numbers)"), required=False),
    "part": lambda: searched(_l("Part that ends"), "/search/parts"),
    "pool_kind": lambda: one_of(
        _l("What the number is"),
        [("", "—"), ("total", _l("Total of the region")), ("rotating", _l("Reserve to lend (周转编制)"))],
        required=True,
    ),
    "pool_number": lambda: number(_l("How many")),
    "plan_until_on": lambda: day(_l("Plan of absorption: last day"), required=False),
    "absorbed_on": lambda: day(_l("Plan of absorption: last day")),
    "targets": lambda: Targets(
        TARGETS_LABEL,
        validators=[Optional(), Length(max=400)],
        description=_l(
            "May stay empty. Year and number, as you would write them: 2027年末3名、2028年末0名 (or 2027:3,2028:0)."
        ),
    ),
    "line_entry": lambda: one_of(
        _l("Entry"),
        [("", "—"), ("closed", _l("Closed: whoever leaves takes the seat along")), ("open", _l("Open again"))],
        required=True,
    ),
}
