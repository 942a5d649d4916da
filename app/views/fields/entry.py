"""Fields of the businesses of use of quota, entry and exit: labels once, for the form and for the case."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from app.domain import codes
from app.views.fields.kinds import FILL_IN, chosen, day, one_of, searched, text
from app.workflow.checks.permits import PLAN_ROWS
from app.workflow.definition import Process

# The ways of entry and reasons of leaving that a business may name; one alone is no question of the form.
WAYS: dict[str, tuple[str, ...]] = {
    "recruit": ("2", "21", "211", "212", "213", "214", "22", "23", "24", "26", "261", "262", "263", "264", "27", "28"),
    "recruit_permit": ("2", "21", "22", "23", "24", "26", "81"),
    "hire": ("81",),
    "transfer": ("87",),
    "transfer_in": ("11", "12", "13", "14", "15"),
    "military": ("36",),
    "selected": ("82", "83"),
    "placement": ("84", "86"),
    "talent": ("85",),
    "appointed": ("37", "6"),
    "contract_civil": ("5",),
    "reinstate": ("88",),
}
REASONS: dict[str, tuple[str, ...]] = {
    "transfer_out": ("95", "15"),
    "retire": ("31",),
    "retire_early": ("93",),
    "retire_flexible": ("31",),
    "resign": ("32",),
    "dismiss": ("33",),
    "contract_end": ("92",),
    "expel": ("34",),
    "death": ("35", "94", "96"),
    "cancel_recruit": ("91",),
    "election_leave": ("36",),
    "leave": ("37",),
}

# Fields that stand with the place on a form.
PLACES = (
    "permit",
    "permit_needed",
    "seats",
    *(f"{k}{n}" for n in range(1, PLAN_ROWS + 1) for k in ("line", "number")),
)

# The code list of a fact that stands for a choice.
LISTS: dict[str, str] = {
    "numbering": "permit_numbering",
    "purpose": "permit_purpose",
    "first_job": "yes_no",
    **{n: n for n in ("resign_bar", "dismiss_ground", "dismiss_exempt", "contract_ground", "early_ground", "cancel_ground",
                      "election_kind", "reinstate_ground")},
}  # fmt: skip
LABELS: dict[str, Any] = {
    "permit": _l("Permit"),
    "seats": _l("Number of seats"),
    "numbering": _l("How it is numbered"),
    "purpose": _l("What the seats are for"),
    "last_on": _l("Valid until"),
    "grounds": _l("Reason"),
    "plan_year": _l("Year of the plan"),
    "approval_no": _l("Number of the approval of recruitment"),
    "publicity_on": _l("First day of publicity"),
    "publicity_end_on": _l("Last day of publicity"),
    "report_on": _l("Expected day of reporting for duty"),
    "probation_end_on": _l("Last day of probation"),
    "first_job": _l("First employment"),
    "contract_on": _l("First day of the contract"),
    "contract_end_on": _l("Last day of the contract"),
    "origin_unit": _l("Unit the person comes from"),
    "talent_grade": _l("Class of talent, as recognised"),
    "reinstate_ground": _l("Ground of the return"),
    "destination": _l("Where the person goes"),
    "early_ground": _l("Condition of early retirement"),
    "applied_on": _l("Day of the written application"),
    "notice_on": _l("Day of the written notice"),
    "resign_bar": _l("Anything that forbids resignation"),
    "dismiss_ground": _l("Ground of dismissal"),
    "dismiss_exempt": _l("Anything that forbids dismissal"),
    "absent_days": _l("Days absent on end"),
    "absent_year_days": _l("Days absent within a year"),
    "contract_ground": _l("Ground of ending the contract"),
    "decided_on": _l("Day of the decision or event"),
    "cancel_ground": _l("Ground of the cancellation"),
    "election_kind": _l("How the office ended"),
}


def days_count(label: Any) -> Field:
    """A number of days, where there are any."""
    return IntegerField(label, validators=[Optional(), NumberRange(0, 366)])


def count(label: Any, most: int, *, required: bool = True) -> Field:
    """A number of seats."""
    return IntegerField(label, validators=[InputRequired(FILL_IN) if required else Optional(), NumberRange(1, most)])


def choice(name: str) -> Callable[[], Field]:
    """A choice that has to be made."""
    return lambda: one_of(LABELS[name], chosen(codes.code_set(LISTS[name]), empty=True), required=True)


def a_day(name: str, *, required: bool = True) -> Callable[[], Field]:
    """A day under its label."""
    return lambda: day(LABELS[name], required=required)


def words(name: str, *, required: bool = True, longest: int = 100) -> Callable[[], Field]:
    """A line of text under its label."""
    return lambda: text(LABELS[name], required=required, longest=longest)


def row(n: int) -> dict[str, Callable[[], Field]]:
    """One row of a plan: a line of the own unit or of one below it, and how many."""
    return {
        f"line{n}": lambda: searched(_l("Establishment line %(n)s", n=n), "/search/below", required=n == 1),
        f"number{n}": lambda: count(_l("Number of people %(n)s", n=n), 200, required=n == 1),
    }


FIELDS: dict[str, Callable[[], Field]] = {
    "permit": lambda: searched(_l("Permit (empty: without one)"), "/search/permits", required=False, preload=True),
    "permit_needed": lambda: searched(LABELS["permit"], "/search/permits", preload=True),
    "seats": lambda: count(LABELS["seats"], 200),
    "plan_year": lambda: IntegerField(LABELS["plan_year"], validators=[InputRequired(FILL_IN), NumberRange(2000, 2100)]),
    "last_on": lambda: day(_l("Valid until (empty: one year)"), required=False),
    "grounds": words("grounds", longest=200),
    "approval_no": words("approval_no", required=False, longest=60),
    "origin_unit": words("origin_unit"),
    "talent_grade": words("talent_grade"),
    "destination": words("destination"),
    **{n: a_day(n, required=False) for n in ("publicity_on", "publicity_end_on", "report_on", "probation_end_on", "notice_on")},
    **{n: a_day(n) for n in ("contract_on", "contract_end_on", "applied_on", "decided_on")},
    **{n: lambda n=n: days_count(LABELS[n]) for n in ("absent_days", "absent_year_days")},  # type: ignore[misc]
    **{n: choice(n) for n in LISTS},
    **{k: v for n in range(1, PLAN_ROWS + 1) for k, v in row(n).items()},
}  # fmt: skip


def narrowed(plan: Process) -> dict[str, Field]:
    """What a business asks for in its own way: fewer choices, and what is optional elsewhere."""
    out: dict[str, Field] = {}
    if "entry_way" in plan.fields and plan.process in WAYS:
        known = [(k, v) for k, v in codes.ENTRY_WAY.choices() if k in WAYS[plan.process]]
        out["entry_way"] = one_of(_l("Way of entry"), known, required=True)
    if "exit_reason" in plan.fields and plan.process in REASONS:
        known = [(k, v) for k, v in codes.EXIT.choices() if k in REASONS[plan.process]]
        out["exit_reason"] = one_of(_l("Reason of leaving"), known, required=True)
    needed = {"hire": ("publicity_on", "publicity_end_on", "probation_end_on"), "retire_flexible": ("notice_on",),
              "permit_extend": ("last_on",)}.get(plan.process, ())  # fmt: skip
    out |= {name: day(LABELS[name]) for name in needed}
    if plan.process == "appointed":
        out["level"] = one_of(_l("Level of position"), chosen(codes.LEVEL), required=True)
    if plan.process in ("resign", "resign_own"):
        out["destination"] = text(LABELS["destination"], required=False)
    if plan.process in ("plan", "cancel_recruit", "leave"):
        out["document_no"] = text(_l("Document number"), required=False, longest=60)
    return {name: field for name, field in out.items() if name in plan.fields}
