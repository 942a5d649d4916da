"""Fields of a person's record on the forms: made from the declaration in app/domain/records.py."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from app.domain import codes, records
from app.domain.records import KINDS, MAIL, OPEN, PHONE
from app.views.fields import kinds as field_kinds
from app.workflow.definition import Process

# The kind of item that a business is about.
KIND_OF: Mapping[str, str] = {
    "info_basic": "basic",
    "photo": "photo",
    "allowance": "allowance",
    "info_education": "education",
    "info_title": "title",
    "info_contact": "contact",
    "info_family": "family",
    "own_contact": "contact",
    "own_education": "education",
    "own_family": "family",
    "rank_promote": "rank",
    "post_appoint": "post",
    "discipline": "discipline",
    "discipline_public": "discipline",
    "assessment": "assessment",
    "award": "award",
    "pay_change": "pay",
    "leader_beside": "appointment",
}
LABELS: Mapping[str, Any] = {
    "ethnicity": _l("Ethnic group"),
    "political": _l("Political status"),
    "native_place": _l("Native place"),
    "party_on": _l("Joined the party on"),
    "birthplace": _l("Place of birth"),
    "health": _l("Health"),
    "marital": _l("Marital status"),
    "management": _l("Class of management"),
    "registration": _l("Registered as a civil servant"),
    "registered_on": _l("Registered on"),
    "speciality": _l("Subject of expertise"),
    "sha256": _l("Fingerprint of the picture (SHA-256)"),
    "rank_grade": _l("Grade"),
    "pay_item": _l("Allowance or benefit"),
    "amount": _l("Yuan a month"),
    "position": _l("Name of the position"),
    "level": _l("Level of position"),
    "nature": _l("Kind of appointment"),
    "way": _l("Way of appointment"),
    "document_no": _l("Document number"),
    "over_document_no": _l("Document that allows a level above the position's"),
    "rank": _l("Rank"),
    "basis": _l("Kind of promotion"),
    "post_grade": _l("Grade of post"),
    "mark": _l("Special post or resettled officer (empty: within the ratios)"),
    "education": _l("Education"),
    "degree": _l("Degree"),
    "school": _l("School"),
    "major": _l("Subject"),
    "study": _l("Full time or while in service"),
    "highest": _l("The highest education"),
    "title_name": _l("Professional title"),
    "title_grade": _l("Grade of title"),
    "issuer": _l("Issuing body"),
    "certificate_no": _l("Certificate number"),
    "award": _l("Award"),
    "year": _l("Year"),
    "result": _l("Result of the assessment"),
    "penalty": _l("Discipline"),
    "cause": _l("Cause"),
    "mobile": _l("Mobile phone"),
    "office_phone": _l("Office phone"),
    "email": _l("E-mail"),
    "address": _l("Home address"),
    "relation": _l("Relation"),
    "relative": _l("Name of the relative"),
    "relative_born_on": _l("Day of birth of the relative"),
    "relative_political": _l("Political status of the relative"),
    "work_unit": _l("Unit of the relative"),
    "post_held": _l("Position of the relative"),
    "pay_grade": _l("Pay step"),
    "base_pay": _l("Basic pay, yuan a month"),
    "allowance": _l("Allowances, yuan a month"),
    "benefit": _l("Benefits, yuan a month"),
}
BAD_PHONE = _l("A telephone number has at least seven digits; blanks and hyphens may stand between them.")
BAD_MAIL = _l("An e-mail address looks like name@example.cn.")


def made(field: records.Field) -> Field:
    """The form's field of one declared field."""
    label, need = LABELS[field.name], [InputRequired(field_kinds.FILL_IN) if field.required else Optional()]
    if field.type == "code":
        # A required one begins empty too: the first of a list is nobody's choice.
        return field_kinds.one_of(label, [("", "—"), *field.allowed()], required=field.required)
    if field.type == "day":
        return field_kinds.day(label, required=field.required)
    if field.type == "number":
        return IntegerField(label, validators=[*need, NumberRange(*field.bounds)])
    if field.type == "phone":
        shape = Regexp(f"^(?:{PHONE.pattern})$", message=BAD_PHONE)
        return StringField(label, validators=[*need, shape], render_kw={"autocomplete": "off", "inputmode": "tel"})
    if field.type == "mail":
        return StringField(label, validators=[*need, Regexp(f"^(?:{MAIL.pattern})$", message=BAD_MAIL)])
    return StringField(label, validators=[*need, Length(max=field.longest)], render_kw={"autocomplete": "off"})


def choice_of_item(kind: str, person: bool) -> Field:
    """Which earlier item a new one puts right; the list is short and filtered on the page, so no name goes into an address."""
    chosen = {"data-search-with": "person"} if person else {}
    return field_kinds.searched(
        _l("Puts right (empty: a new item)"),
        f"/search/items?kind={kind}",
        required=False,
        preload=True,
        **{"data-search-local": "yes", **chosen},
    )


def of(plan: Process) -> dict[str, Field]:
    """The fields of a business about an item of the record; none for other businesses."""
    kind = KINDS.get(KIND_OF.get(plan.process, ""))
    if kind is None:
        return {}
    members = {f.name: made(f) for f in kind.fields if f.name in plan.fields}
    if "item" in plan.fields:
        members["item"] = choice_of_item(kind.name, "person" in plan.fields)
    if "start" in plan.fields:
        members["start"] = field_kinds.day(_l("Holds from"))
    if "end" in plan.fields:
        members["end"] = field_kinds.day(_l("Held until (empty: still holds)"), required=False)
    return members


def hidden(plan: Process) -> tuple[str, ...]:
    """The fields of a business that a draft keeps encrypted and a case apart from its facts."""
    kind = KINDS.get(KIND_OF.get(plan.process, ""))
    return tuple(f.name for f in kind.fields if f.name in plan.fields) if kind and kind.group != OPEN else ()


def _maker(field: records.Field) -> Callable[[], Field]:
    return lambda: made(field)


# Every name, so that definitions may use it; ``of`` puts in what the kind says.
FIELDS: Mapping[str, Callable[[], Field]] = {
    **{f.name: _maker(f) for kind in KINDS.values() for f in kind.fields},
    "item": lambda: choice_of_item("education", person=True),
    "birth_record": lambda: field_kinds.one_of(
        _l("Record in the file"), field_kinds.chosen(codes.code_set("birth_record")), required=True
    ),
    "recorded_on": lambda: field_kinds.day(_l("Record made on")),
}
