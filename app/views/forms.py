"""Forms of the processes: a published definition names its fields, this module says what each one is."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain.id_number import normalise, problems
from app.workflow.definition import Process

EDUCATION = [
    ("", "—"),
    ("11", "博士研究生"),
    ("14", "硕士研究生"),
    ("21", "大学本科"),
    ("31", "大学专科"),
    ("41", "中专"),
    ("61", "高中及以下"),
]
ENTRY_WAYS = [
    ("2", "考试录用"),
    ("81", "公开招聘"),
    ("83", "选调生"),
    ("36", "选举"),
    ("34", "军转安置"),
    ("84", "退役士兵安置"),
    ("85", "高层次人才"),
    ("6", "其他"),
]
NATURES = [("regular", "本单位"), ("concurrent", "兼任"), ("attached", "挂职"), ("superior", "上级管理")]

MESSAGES = {
    "id_length": _l("An identity number has 18 characters (15 for old ones). Compare with the card."),
    "id_characters": _l("Only digits are allowed, and X at the end."),
    "id_checksum": _l("The last character does not fit the others: a digit is wrong. Compare with the card."),
    "id_birth": _l("The day of birth inside the number does not exist."),
    "id_birth_differs": _l("The day of birth inside the number differs from the one entered."),
    "id_sex_differs": _l("The sex inside the number differs from the one entered."),
    "birth_range": _l("At entry a person is between 16 and 70 years old."),
}


def _searched(label: Any, url: str, *, required: bool = True, **data: str) -> Field:
    """A choice by search-as-you-type; the posted id is checked by the view, never a list."""
    return SelectField(
        label,
        validate_choice=False,
        choices=[],
        validators=[InputRequired()] if required else [Optional()],
        render_kw={"data-search-url": url, **data},
    )


def field_of(name: str) -> Field:
    """The WTForms field behind a definition's field name."""
    fields: dict[str, Any] = {
        "line": lambda: _searched(_l("Establishment line"), "/search/lines"),
        "department": lambda: _searched(_l("Internal department"), "/search/departments", required=False),
        "person": lambda: _searched(_l("Person"), "/search/people"),
        "person_name": lambda: StringField(_l("Name"), validators=[InputRequired(), Length(max=50)]),
        "id_type": lambda: SelectField(_l("Identity document"), choices=[("resident", "居民身份证")]),
        "id_number": lambda: StringField(
            _l("Identity number"),
            validators=[InputRequired(), Length(max=24)],
            render_kw={"autocomplete": "off"},
        ),
        "sex": lambda: SelectField(_l("Sex"), choices=[("1", "男"), ("2", "女")]),
        "birth_on": lambda: DateField(_l("Day of birth"), validators=[InputRequired()]),
        "education": lambda: SelectField(_l("Education"), choices=EDUCATION, validators=[Optional()]),
        "work_started_on": lambda: DateField(_l("Start of work"), validators=[Optional()]),
        "level": lambda: StringField(_l("Level of position"), validators=[Optional(), Length(max=20)]),
        "rank": lambda: StringField(_l("Rank"), validators=[Optional(), Length(max=20)]),
        "entry_way": lambda: SelectField(_l("Way of entry"), choices=ENTRY_WAYS),
        "start": lambda: DateField(_l("Effective on"), validators=[InputRequired()]),
        "end": lambda: DateField(_l("Last day plus one (exit on)"), validators=[InputRequired()]),
        "main": lambda: BooleanField(_l("Main position"), default=True),
        "nature": lambda: SelectField(_l("Kind of appointment"), choices=NATURES),
        "home_unit": lambda: StringField(
            _l("Home unit (for leaders from elsewhere)"), validators=[Optional(), Length(max=100)]
        ),
        "authorised": lambda: IntegerField(
            _l("Authorised number"), validators=[InputRequired(), NumberRange(0, 100000)]
        ),
        "document_no": lambda: StringField(_l("Document number"), validators=[InputRequired(), Length(max=60)]),
        "issuer": lambda: StringField(_l("Issuing body"), validators=[InputRequired(), Length(max=100)]),
        "occupancy": lambda: IntegerField(_l("Number of the entry to correct"), validators=[InputRequired()]),
    }
    return fields[name]()


def form_class(plan: Process, today: dt.date) -> type[FlaskForm]:
    """The form of one process version."""
    members: dict[str, Any] = {name: field_of(name) for name in plan.fields}

    def validate(self: Any, extra_validators: Any = None) -> bool:
        good = FlaskForm.validate(self, extra_validators)
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
