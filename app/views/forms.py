"""Forms of the processes: a published definition names its fields, app/views/fields/registry.py says what each one is."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field

from app.domain import codes, errors, names
from app.domain.id_number import normalise, problems
from app.views.fields import entry as fields_entry
from app.views.fields import kinds as field_kinds
from app.views.fields import lead as fields_lead
from app.views.fields import organs as fields_organs
from app.views.fields import quotas as fields_quotas
from app.views.fields import records as fields_records
from app.views.fields import registry as fields
from app.workflow.definition import FACT_NAMES, Process
from app.workflow.validation import announce_fields

announce_fields(fields.known)

MESSAGES = {
    "permit_period": _l("The last day lies from today on, within two years, and after the present one."),
    "plan_year": _l("A plan is for this year or the next."),
    "plan_row": _l("A line of your own unit or of one below it, once, with a number from 1 to 200."),
    "id_length": _l("An identity number has 18 characters (15 for old ones). Compare with the card."),
    "id_characters": _l("Only digits are allowed, and X at the end."),
    "id_checksum": _l("The last character does not fit the others: a digit is wrong. Compare with the card."),
    "id_birth": _l("The day of birth inside the number does not exist."),
    "id_birth_differs": _l("The day of birth inside the number differs from the one entered."),
    "id_sex_differs": _l("The sex inside the number differs from the one entered."),
    "birth_range": _l("At entry a person is between 16 and 70 years old."),
    "partner_missing": _l("Choose the other body that shares the roof."),
    "no_signboard": _l("This unit bears no such signboard now. Compare the name with the unit's page."),
    "plate_counts": _l("A plate is a name only and never counts as a body: choose that it counts as one."),
    "too_large": _l("More than the authorised number. Enter less, or have the establishment raised first."),
    "photo_first": _l("Save the draft, add one picture of at most 2 MB (JPEG or PNG) to its files, then submit."),
    "same_line": _l("The line is of this kind and funding already. Choose another one."),
    "document_again": _l("This document has fixed a number here already. Enter the number of the new one."),
    "host_once": _l("Choose a host unit of this city, or name one outside it: exactly one of both."),
    "until_before": _l("The last day lies before the first one. Choose a later day."),
    "name_dot": _l("The dot stands between two parts of a name, once."),
    "name_private": _l("A character was made by hand on one computer; enter it by its national code (GB 18030)."),
    "name_length": _l("A full name has at least two characters."),
    "name_letters": _l("A full name has Chinese characters, and a dot between its parts where it has one."),
    "before_there": _l(
        "Before %(day)s, on which what it rests on began (body, department, number, seat or post). Enter that day or a later one."
    ),
    "until_not_later": _l("Not later than %(day)s, the present last day. Choose a later day."),
    "other_kind": _l("What was chosen is of another kind, or has ended. Choose again from the list."),
    "not_inside": _l("This department is none of the body chosen beside it. Choose again from the list."),
    "format": _l("This is not in the form in which it can be read. Enter it as the hint beside the field says."),
    **fields_quotas.TARGETS_WRONG,
}


def fields_of(plan: Process) -> dict[str, Field]:
    """The WTForms fields of a definition; a process may loosen what it does not need."""
    members = (
        {name: fields.known()[name]() for name in plan.fields}
        | fields_records.of(plan)
        | fields_entry.narrowed(plan)
        | fields_lead.of(plan)
        | fields_quotas.of(plan)
    )
    if plan.process == "leader":
        members["person"] = field_kinds.searched(_l("Person of this unit"), "/search/people", required=False)
        members["id_number"] = field_kinds.text(
            _l("Identity number (for a leader from elsewhere)"), required=False, longest=24, autocomplete="off"
        )
    elif plan.process == "leader_leave":
        members["exit_reason"] = field_kinds.one_of(_l("Reason of leaving"), fields.LEAD_EXITS)
    elif "leads" in plan.fields and plan.process != "unit_merge":
        members["leads"] = field_kinds.one_of(
            _l("Leaders' posts of the departments that go"), [("", "—"), *fields_organs.LEADS]
        )
    elif plan.process == "lead_new":
        members["level"] = field_kinds.one_of(_l("Level of position"), field_kinds.chosen(codes.LEVEL))
    elif plan.process == "person_correct":
        members |= {
            "person_name": field_kinds.text(_l("Correct name (empty: unchanged)"), required=False, longest=50),
            "id_number": field_kinds.text(
                _l("Correct identity number (empty: unchanged)"), required=False, longest=24, autocomplete="off"
            ),
            "sex": field_kinds.one_of(_l("Correct sex"), [("", "—"), *fields.SEXES]),
            "birth_on": field_kinds.day(_l("Correct day of birth (empty: unchanged)"), required=False),
            "work_started_on": field_kinds.day(_l("Correct start of work (empty: unchanged)"), required=False),
            "entry_way": field_kinds.one_of(
                _l("Correct way of entry"), field_kinds.chosen(codes.ENTRY_WAY, empty=True)
            ),
        }
    for name, label in fields_organs.CALLED.get(plan.process, {}).items():
        made: Any = members[name]  # not bound to a form yet
        made.args = (label, *made.args[1:])
    return members


def form_class(plan: Process, today: dt.date) -> type[FlaskForm]:
    """The form of one process version."""
    members: dict[str, Any] = {**fields_of(plan)}

    def validate(self: Any, extra_validators: Any = None) -> bool:
        good = FlaskForm.validate(self, extra_validators)
        for name, code in fields_quotas.plan_problems(self).items():
            self[name].errors = [*self[name].errors, MESSAGES[code]]
            good = False
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


def point_out(form: FlaskForm, refusal: errors.DomainError) -> None:
    """Mark the fields that a refusal names, each with what is wrong."""
    if isinstance(refusal, errors.NotFound):
        for field in form:
            if field.data and {field.name, FACT_NAMES.get(field.name)} & {*refusal.facts}:
                field.errors = [*field.errors, field_kinds.NOT_YOURS]
    for fact, wrong in refusal.facts.get("errors", {}).items() if isinstance(refusal, errors.InvalidInput) else ():
        name = next((f.name for f in form if fact in (f.name, FACT_NAMES.get(f.name))), None)
        if name is not None:
            form[name].errors = [*form[name].errors, *(worded(code, refusal) for code in wrong)]


def worded(code: str, refusal: errors.DomainError) -> str:
    """What is wrong with a field, with the refusal's figures."""
    said = str(MESSAGES.get(code, field_kinds.FILL_IN))
    return said % refusal.facts if "%(" in said else said


PEOPLE = ("person", "lead", "occupancy", "person_name", "id_type", "id_number", "sex", "birth_on", "education",
          "work_started_on", "level", "rank", "movers")  # fmt: skip
PLACES = ("line", "any_line", "lead_line", "department", "unit", "lower_unit", "estab_line", "from_line", "to_line", "into",
          "into_department", "into_line", "superior", "new_grade", "split_departments", "scope", "region", "unit_name", "short_name", "uscc",
          "body", "unit_category", "grade", "category", "funding", "structure", "role", "authorised",
          *fields_entry.PLACES)  # fmt: skip


def sections_of(plan: Process) -> list[dict[str, Any]]:
    """The form in parts: where, who, what goes along, and when and on what ground; a short form is one part."""
    parts = {"place": [], "person": [], "along": [], "ground": []}  # type: dict[str, list[str]]
    for name in plan.fields:
        # In a leadership quota the level belongs to the position, not to a person.
        person = name in PEOPLE and not (name == "level" and "person_name" not in plan.fields)
        along = plan.family == "organ" and name in fields_organs.ALONG
        place = name in PLACES or name == "level"
        parts["person" if person else "place" if place else "along" if along else "ground"].append(name)
    labels = {"place": _l("Where"), "person": _l("Whom"), "along": _l("What goes along"), "ground": _l("When and on what ground")}  # fmt: skip
    if len(plan.fields) <= 4:
        return [{"title": plan.title, "help": plan.guide, "fields": list(plan.fields)}]
    filled = [{"title": labels[key], "help": None, "fields": names_} for key, names_ in parts.items() if names_]
    filled[0]["help"] = plan.guide
    return filled
