"""Forms of the processes: a published definition names its fields, this module says what each one is."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain import codes, names
from app.domain.id_number import normalise, problems
from app.domain.regions import foshan
from app.workflow.definition import Process


def chosen(known: codes.CodeSet, *, empty: bool = False) -> list[tuple[str, str]]:
    """A code list as choices, with an empty one where nothing has to be chosen."""
    return [*([("", "—")] if empty else []), *known.choices()]


LEAD_EXITS = [(k, v) for k, v in chosen(codes.POSITION_CHANGE) if k in "134567"]
EXITS = [(k, v) for k, v in chosen(codes.EXIT) if k not in ("31", "97", "98")]
SEXES = [(k, v) for k, v in chosen(codes.SEX) if k in "12"]

FILL_IN, CHOOSE = _l("Fill this in."), _l("Choose one: type a few characters, then pick from the list.")
PICK, NO_DAY = _l("Choose one."), _l("Enter a day that exists, year first: 2026-11-24.")
MESSAGES = {
    "id_length": _l("An identity number has 18 characters (15 for old ones). Compare with the card."),
    "id_characters": _l("Only digits are allowed, and X at the end."),
    "id_checksum": _l("The last character does not fit the others: a digit is wrong. Compare with the card."),
    "id_birth": _l("The day of birth inside the number does not exist."),
    "id_birth_differs": _l("The day of birth inside the number differs from the one entered."),
    "id_sex_differs": _l("The sex inside the number differs from the one entered."),
    "birth_range": _l("At entry a person is between 16 and 70 years old."),
    "name_dot": _l("The dot stands between two parts of a name, once."),
    "name_private": _l("A character was made by hand on one computer; enter it by its national code (GB 18030)."),
    "name_length": _l("A full name has at least two characters."),
    "name_letters": _l("A full name has Chinese characters, and a dot between its parts where it has one."),
}


def _searched(label: Any, url: str, *, required: bool = True, preload: bool = False, **data: str) -> Field:
    """A choice by search-as-you-type; the posted id is checked by the view, never a list."""
    render = {"data-search-url": url, **({"data-search-preload": "yes"} if preload else {}), **data}
    return SelectField(
        label,
        validate_choice=False,
        choices=[],
        validators=[InputRequired(CHOOSE)] if required else [Optional()],
        render_kw=render,
    )


def _text(label: Any, *, required: bool = True, longest: int = 100, **shown: str) -> Field:
    return StringField(
        label, validators=[InputRequired(FILL_IN) if required else Optional(), Length(max=longest)], render_kw=shown
    )


class Day(DateField):
    """A day; one that does not exist is answered in the reader's words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day, or say what a day looks like."""
        try:
            super().process_formdata(valuelist)
        except ValueError as wrong:
            raise ValueError(str(NO_DAY)) from wrong


def _day(label: Any, *, required: bool = True) -> Field:
    return Day(label, validators=[InputRequired(FILL_IN) if required else Optional()])


def _one_of(label: Any, choices: list[tuple[str, str]], *, required: bool = False) -> Field:
    return SelectField(label, choices=choices, validators=[InputRequired(PICK)] if required else [Optional()])


# What each field name of a definition means on a page.
FIELDS: dict[str, Callable[[], Field]] = {
    "line": lambda: _searched(_l("Establishment line"), "/search/lines", preload=True),
    "any_line": lambda: _searched(_l("Establishment line or leadership quota"), "/search/lines?kind=any"),
    "lead_line": lambda: _searched(_l("Leadership quota"), "/search/lines?kind=leadership", preload=True),
    "department": lambda: _searched(_l("Internal department"), "/search/departments", required=False, preload=True),
    "unit": lambda: _searched(_l("Unit"), "/search/units"),
    "scope": lambda: _searched(
        _l("Internal department (empty: the unit itself)"),
        "/search/departments",
        required=False,
        preload=True,
        **{"data-search-with": "unit"},
    ),
    "person": lambda: _searched(_l("Person"), "/search/people"),
    "lead": lambda: _searched(_l("Leader and position"), "/search/leads", preload=True),
    "occupancy": lambda: _searched(_l("Person and seat"), "/search/occupancies"),
    "person_name": lambda: _text(_l("Full name"), longest=50),
    "id_type": lambda: _one_of(_l("Identity document"), chosen(codes.ID_TYPE)[:1]),
    "id_number": lambda: _text(_l("Identity number"), longest=24, autocomplete="off"),
    "sex": lambda: _one_of(_l("Sex"), SEXES),
    "birth_on": lambda: _day(_l("Day of birth")),
    "education": lambda: _one_of(_l("Education"), chosen(codes.EDUCATION, empty=True)),
    "work_started_on": lambda: _day(_l("Start of work"), required=False),
    "level": lambda: _one_of(_l("Level of position"), chosen(codes.LEVEL, empty=True)),
    "rank": lambda: _one_of(_l("Rank"), chosen(codes.RANK, empty=True)),
    "entry_way": lambda: _one_of(_l("Way of entry"), chosen(codes.ENTRY_WAY)),
    "exit_reason": lambda: _one_of(_l("Reason of leaving"), EXITS),
    "start": lambda: _day(_l("Effective on")),
    "end": lambda: _day(_l("First day outside")),
    "main": lambda: BooleanField(_l("Main position"), default=True),
    "nature": lambda: _one_of(_l("Kind of appointment"), chosen(codes.NATURE_OF_POST)),
    "home_unit": lambda: _text(_l("Home unit (for leaders from elsewhere)"), required=False),
    "authorised": lambda: IntegerField(
        _l("Authorised number"), validators=[InputRequired(FILL_IN), NumberRange(0, 100000)]
    ),
    "document_no": lambda: _text(_l("Document number"), longest=60),
    "issuer": lambda: _text(_l("Issuing body")),
    "category": lambda: _one_of(_l("Kind of establishment"), chosen(codes.CATEGORY)),
    "funding": lambda: _one_of(_l("Funding"), chosen(codes.FUNDING)),
    "structure": lambda: _one_of(_l("Kind of post (institutions)"), chosen(codes.STRUCTURE)),
    "role": lambda: _one_of(_l("Position"), chosen(codes.ROLE)),
    "region": lambda: _one_of(_l("Region"), [(d.code, d.name) for d in foshan()]),
    "unit_name": lambda: _text(_l("Name of the unit")),
    "short_name": lambda: _text(_l("Short name"), required=False, longest=50),
    "uscc": lambda: _text(_l("Unified social credit code"), required=False, longest=18),
    "body": lambda: _one_of(_l("Kind of body"), chosen(codes.BODY)),
    "unit_category": lambda: _one_of(_l("Class of unit"), chosen(codes.UNIT_CATEGORY)),
    "grade": lambda: _one_of(_l("Grade of unit"), chosen(codes.UNIT_GRADE)),
}


def fields_of(plan: Process) -> dict[str, Field]:
    """The WTForms fields of a definition; a process may loosen what it does not need."""
    members = {name: FIELDS[name]() for name in plan.fields}
    if plan.process == "leader":
        members["person"] = _searched(_l("Person of this unit"), "/search/people", required=False)
        members["id_number"] = _text(
            _l("Identity number (for a leader from elsewhere)"), required=False, longest=24, autocomplete="off"
        )
    elif plan.process == "leader_leave":
        members["exit_reason"] = _one_of(_l("Reason of leaving"), LEAD_EXITS)
    elif plan.process == "lead_new":
        members["level"] = _one_of(_l("Level of position"), chosen(codes.LEVEL))
    elif plan.process == "person_correct":
        members |= {
            "person_name": _text(_l("Correct name (empty: unchanged)"), required=False, longest=50),
            "id_number": _text(
                _l("Correct identity number (empty: unchanged)"), required=False, longest=24, autocomplete="off"
            ),
            "sex": _one_of(_l("Correct sex"), [("", "—"), *SEXES]),
            "birth_on": _day(_l("Correct day of birth (empty: unchanged)"), required=False),
        }
    return members


def form_class(plan: Process, today: dt.date) -> type[FlaskForm]:
    """The form of one process version."""
    members: dict[str, Any] = {**fields_of(plan)}

    def validate(self: Any, extra_validators: Any = None) -> bool:
        good = FlaskForm.validate(self, extra_validators)
        if "person_name" in self and self.person_name.data:
            self.person_name.data = names.normalise(self.person_name.data)
            wrong = names.problems(self.person_name.data)
            said = dict.fromkeys(MESSAGES.get(code, MESSAGES["name_letters"]) for code in wrong)
            self.person_name.errors = [*self.person_name.errors, *said]
            good = good and not wrong
        if "id_number" in self and self.id_number.data:
            self.id_number.data = normalise(self.id_number.data)
            birth = self.birth_on.data if "birth_on" in self else None
            sex = self.sex.data if "sex" in self else None
            for code in problems(self.id_number.data, birth, sex):
                self.id_number.errors = [*self.id_number.errors, MESSAGES[code]]
                good = False
            if birth and not 16 <= (today - birth).days / 365.2425 <= 70:
                self.birth_on.errors = [*self.birth_on.errors, MESSAGES["birth_range"]]
                good = False
        return good

    members["validate"] = validate
    return type("CaseForm", (FlaskForm,), members)


PEOPLE = ("person", "lead", "occupancy", "person_name", "id_type", "id_number", "sex", "birth_on", "education",
          "work_started_on", "level", "rank")  # fmt: skip
PLACES = ("line", "any_line", "lead_line", "department", "unit", "scope", "region", "unit_name", "short_name", "uscc",
          "body", "unit_category", "grade", "category", "funding", "structure", "role", "authorised")  # fmt: skip


def sections_of(plan: Process) -> list[dict[str, Any]]:
    """The form in parts: where, who, and when and on what ground; a short form is one part."""
    parts = {"place": [], "person": [], "ground": []}  # type: dict[str, list[str]]
    for name in plan.fields:
        # In a leadership quota the level belongs to the position, not to a person.
        person = name in PEOPLE and not (name == "level" and "person_name" not in plan.fields)
        parts["person" if person else "place" if name in PLACES or name == "level" else "ground"].append(name)
    labels = {"place": _l("Where"), "person": _l("Whom"), "ground": _l("When and on what ground")}
    if len(plan.fields) <= 4:
        return [{"title": plan.title, "help": plan.guide, "fields": list(plan.fields)}]
    filled = [{"title": labels[key], "help": None, "fields": names_} for key, names_ in parts.items() if names_]
    filled[0]["help"] = plan.guide
    return filled
