"""改革方案的步骤: the closed list of what a reform may do, each with its schema, as the kernel's dispatcher runs it.

A unit is a number, or ``"=key"`` for one that an earlier step makes; a line is a number, or
``"unit:category:funding:structure"`` for one that need not be there yet (app/ledger/kernel/049_reform.sql).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from app.domain import codes, errors
from app.domain.absorption import problem

UNIT = r"^(=[a-z][a-z0-9]{0,15}|[0-9]{1,18})$"
LINE = r"^([0-9]{1,18}|(=[a-z][a-z0-9]{0,15}|[0-9]{1,18}):[0-9]{2}:[0-9]:[a-z]+)$"
# 编随人走: the numbers go along with the people; or the people take seats that were approved for them.
SEATS = ("along", "approved")
CASES = ("carry", "suspend", "withdraw")
# Leaders' posts: off with their holders, or on in the successor; of single lines "17:off,18:follow,19:=u2".
LEADS = ("off", "follow")
LEAD_LINES = r"^[0-9]{1,18}:(off|follow|=[a-z][a-z0-9]{0,15}|[0-9]{1,18})(,[0-9]{1,18}:(off|follow|=[a-z][a-z0-9]{0,15}|[0-9]{1,18})){0,199}$"
REFERENCES = ("unit", "parent", "into", "department", "scope", "partner", "split_from")
LINES = ("line", "into_line", "from_line")


def unit(*, required: bool = True) -> fields.Field:
    """A unit."""
    return fields.Str(required=required, validate=validate.Regexp(UNIT))


def line() -> fields.Field:
    """An establishment line."""
    return fields.Str(required=True, validate=validate.Regexp(LINE))


def word(*, required: bool = True, longest: int = 100) -> fields.Field:
    """A text."""
    return fields.Str(required=required, validate=validate.Length(1, longest))


def code(name: str, *, required: bool = True) -> fields.Field:
    """A code of a list."""
    known = getattr(codes, name)
    return fields.Str(required=required, validate=validate.OneOf([k for k, _label in known.choices()]))


def one_of(*choices: str, required: bool = True) -> fields.Field:
    """One of a few words."""
    return fields.Str(required=required, validate=validate.OneOf(choices))


def leads() -> dict[str, fields.Field]:
    """What becomes of leaders' posts and of who is away, where a body or department goes into another one."""
    return {
        "leads": one_of(*LEADS, required=False),
        "lead_lines": fields.Str(validate=validate.Regexp(LEAD_LINES)),
        "absences": one_of("end", required=False),
    }


def absorption() -> dict[str, fields.Field]:
    """消化计划: the last day and what may be left year by year."""
    return {"until_on": until(), "targets": fields.Str(validate=lambda kept: problem(kept) is None)}


def until() -> fields.Field:
    """A day, as text."""
    return fields.Str(validate=validate.Regexp(r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$"))


def number(most: int = 20000) -> fields.Field:
    """A whole number."""
    return fields.Int(required=True, validate=validate.Range(0, most))


@dataclass(frozen=True, slots=True)
class StepKind:
    """One kind of step: what it is called among the movements, its facts in their order, whether it makes a unit."""

    name: str
    facts: Mapping[str, fields.Field]
    makes: bool = False

    def validated(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts without what is empty.

        Raises:
            InvalidInput: naming each fact that is missing or not of its form.
        """
        given = {k: v for k, v in facts.items() if v not in (None, "")}
        try:
            loaded = Schema.from_dict(dict(self.facts))().load(given)
        except ValidationError as wrong:
            named = wrong.messages if isinstance(wrong.messages, dict) else {}
            raise errors.InvalidInput(errors={str(k): ["required"] for k in named}) from wrong
        return dict(loaded)


_KINDS = (
    StepKind(
        "open_unit",
        {
            "name": word(),
            "short_name": word(required=False, longest=50),
            "uscc": word(required=False, longest=18),
            "region": word(longest=12),
            "parent": unit(required=False),
            "body": code("BODY"),
            "category": code("UNIT_CATEGORY"),
            "grade": code("UNIT_GRADE"),
            "split_from": unit(required=False),
        },
        makes=True,
    ),
    StepKind(
        "open_department",
        {
            "parent": unit(),
            "name": word(),
            "grade": code("UNIT_GRADE", required=False),
            "split_from": unit(required=False),
        },
        makes=True,
    ),
    StepKind(
        "change_unit",
        {
            "unit": unit(),
            "name": word(required=False),
            "short_name": word(required=False, longest=50),
            "category": code("UNIT_CATEGORY", required=False),
            "grade": code("UNIT_GRADE", required=False),
        },
    ),
    StepKind("close_unit", {"unit": unit(), "cases": one_of(*CASES, required=False)}),
    StepKind(
        "merge_unit",
        {
            "unit": unit(),
            "into": unit(),
            "seats": one_of(*SEATS),
            "until_on": until(),
            **leads(),
            "cases": one_of(*CASES, required=False),
        },
    ),
    StepKind(
        "move_department",
        {"unit": unit(), "into": unit(), "seats": one_of(*SEATS), **leads(), "cases": one_of(*CASES, required=False)},
        makes=True,
    ),
    StepKind(
        "transfer_unit", {"unit": unit(), "parent": unit(required=False), "region": word(required=False, longest=12)}
    ),
    StepKind(
        "signboard",
        {
            "unit": unit(),
            "signboard_kind": one_of("co_located", "two_names", "plate"),
            "partner": unit(required=False),
            "board_name": word(required=False),
            "counts": one_of("yes", "no"),
        },
    ),
    # ``people``: all of the line, or some by number.
    StepKind(
        "move_people",
        {
            "line": line(),
            "into_line": line(),
            "department": unit(required=False),
            "people": fields.Str(validate=validate.Regexp(r"^(all|[0-9]{1,18}(,[0-9]{1,18}){0,199})$")),
            "absences": one_of("end", required=False),
        },
    ),
    StepKind(
        "set_quota",
        {
            "unit": unit(),
            "category": code("CATEGORY"),
            "funding": code("FUNDING"),
            "structure": code("STRUCTURE"),
            "authorised": number(),
            **absorption(),
        },
    ),
    StepKind("move_quota", {"from_line": line(), "line": line(), "number": number()}),
    StepKind(
        "set_leadership",
        {
            "unit": unit(),
            "scope": unit(required=False),
            "role": code("ROLE"),
            "level": code("LEVEL"),
            "authorised": number(200),
            **absorption(),
        },
    ),
)
KINDS: Mapping[str, StepKind] = {kind.name: kind for kind in _KINDS}


def kind_of(name: str) -> StepKind:
    """A kind by its name; raises NotFound for another word."""
    found = KINDS.get(name)
    if found is None:
        raise errors.NotFound(step=name)
    return found
