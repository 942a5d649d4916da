"""Forms of a reform's steps: one for each kind, from the schema of its facts."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain import codes
from app.domain.regions import foshan
from app.views.fields.kinds import FILL_IN, chosen, one_of, searched, text
from app.views.fields.organs import FIELDS as FIELDS_ORGANS
from app.views.fields.organs import LEADS
from app.views.fields.quotas import FIELDS as FIELDS_QUOTAS
from app.views.fields.registry import FIELDS, known
from app.views.fields.rows import Column, RowsField
from app.views.fields.sanding import FIELDS as FIELDS_SANDING
from app.workflow.reform import StepKind

# So many people are named one by one; more go as a whole line.
SOME = 6


def regions() -> list[tuple[str, str]]:
    """The city's divisions."""
    return [(division.code, division.name) for division in foshan()]


def seat_ways() -> list[tuple[str, Any]]:
    """How a body that is merged gives over its numbers."""
    return [
        ("along", _l("The numbers go along with the people")),
        ("approved", _l("The people take seats approved before")),
    ]


def fields_of(kind: StepKind, variant: int) -> dict[str, Field]:
    """The fields of a kind's facts in their order; a fact that is not required may stay empty."""
    makers: dict[str, Callable[[bool], Field]] = {
        "unit": lambda need: _unit(_l("Unit"), variant, need),
        "into": lambda need: _unit(_l("Into the unit"), variant, need),
        "parent": lambda need: _unit(_l("Superior unit"), variant, need),
        "split_from": lambda need: _unit(
            _l("Split off from (where it is set up out of another one)"), variant, need, any_node="yes"
        ),
        "scope": lambda need: _department(_l("Internal department (empty: the unit itself)"), variant, need),
        "department": lambda need: _department(_l("Internal department there (may stay empty)"), variant, need),
        "line": lambda need: _line(_l("From the line"), variant, need),
        "into_line": lambda need: _line(_l("Into the line"), variant, need),
        "from_line": lambda need: _line(_l("From the line"), variant, need),
        "name": lambda need: text(_l("Name of the unit"), required=need),
        "short_name": lambda need: text(_l("Short name"), required=need, longest=50),
        "grade": lambda need: one_of(_l("Grade of unit"), chosen(codes.UNIT_GRADE, empty=not need)),
        "level": lambda need: one_of(_l("Level of position"), chosen(codes.LEVEL)),
        "authorised": lambda need: _number(_l("Authorised number")),
        "seats": lambda need: one_of(_l("Seats"), seat_ways(), required=True),
        "cases": lambda need: FIELDS_ORGANS["running_cases"](),
        "leads": lambda need: FIELDS_ORGANS["leads"](),
        "lead_lines": lambda need: RowsField(
            _l("Leaders' posts line by line, where it is another thing"), _lead_lines(variant)
        ),
        "absences": lambda need: FIELDS_ORGANS["absences"](),
        "until_on": lambda need: FIELDS_QUOTAS["plan_until_on"](),
        "targets": lambda need: FIELDS_QUOTAS["targets"](),
        "partner": lambda need: _unit(_l("Body that shares its offices (co-located)"), variant, need),
        "signboard_kind": lambda need: FIELDS_SANDING["signboard_kind"](),
        "board_name": lambda need: text(_l("Name on the signboard"), required=need),
        "counts": lambda need: FIELDS_SANDING["counts"](),
        "number": lambda need: _number(_l("How many")),
    }
    if kind.name in ("open_unit", "change_unit"):
        makers["category"] = lambda need: one_of(_l("Class of unit"), chosen(codes.UNIT_CATEGORY, empty=not need))
    if kind.name == "open_department":
        makers["parent"] = lambda need: _unit(_l("Unit"), variant, need)
    if kind.name == "move_quota":
        makers["line"] = makers["into_line"]
    if kind.name == "move_department":
        makers["unit"] = lambda need: _department(_l("Internal department"), variant, need)
    if kind.name == "transfer_unit":
        makers["region"] = lambda need: one_of(_l("Region (empty: as it is)"), [("", "—"), *regions()])
    if kind.name in ("close_unit", "change_unit", "merge_unit"):
        makers["unit"] = lambda need: _unit(_l("Unit or internal department"), variant, need, any_node="yes")
    if kind.name == "merge_unit":
        makers["into"] = lambda need: _unit(
            _l("Into the unit (or department of the same unit)"), variant, need, any_node="yes"
        )
    members: dict[str, Field] = {}
    for name, shape in kind.facts.items():
        if name == "people":
            members |= {
                f"person{n}": searched(_l("Person %(n)s", n=n), "/search/people", required=False)
                for n in range(1, SOME + 1)
            }
            continue
        members[name] = makers[name](shape.required) if name in makers else FIELDS[name]()
    return members


def _lead_lines(variant: int) -> tuple[Column, ...]:
    return (
        Column("line", _l("Leadership post"), search="/search/lines?kind=leadership", along="unit"),
        Column("way", _l("What becomes of it"), choices=tuple(LEADS)),
        Column("to", _l("Department there that has the post (empty: the body itself)"), required=False,
               search=f"/reform/variant/{variant}/units?node=department"),
    )  # fmt: skip


def _unit(label: Any, variant: int, need: bool, any_node: str = "") -> Field:
    return searched(label, f"/reform/variant/{variant}/units" + ("?node=any" if any_node else ""), required=need)


def _department(label: Any, variant: int, need: bool) -> Field:
    return searched(label, f"/reform/variant/{variant}/units?node=department", required=need)


def _line(label: Any, variant: int, need: bool) -> Field:
    return searched(label, f"/reform/variant/{variant}/lines", required=need)


def _number(label: Any) -> Field:
    return IntegerField(label, validators=[InputRequired(FILL_IN), NumberRange(0, 20000)])


def form_class(kind: StepKind, variant: int) -> type[FlaskForm]:
    """The form of one step."""
    members: dict[str, Any] = fields_of(kind, variant)
    members["phase"] = IntegerField(
        _l("Phase"), default=1, validators=[InputRequired(FILL_IN), NumberRange(1, 9)],
        description=_l("Phases take effect one after the other, each on its own day."),
    )  # fmt: skip
    members["note"] = TextAreaField(_l("Note"), validators=[Optional(), Length(max=500)])
    return type("StepForm", (FlaskForm,), members)


def filed_class() -> type[FlaskForm]:
    """The form by which a variant is filed: the document; the days of the phases are fields of their own."""
    members: dict[str, Any] = {name: known()[name]() for name in ("document_no", "issuer", "over_limit_no")}
    return type("FileForm", (FlaskForm,), members)
