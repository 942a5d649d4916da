"""What a business's own form says of the facts filed with it: how each is called there, what each choice was offered as."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from wtforms import SelectField

from app.domain import errors
from app.views.fields.kinds import search_of
from app.views.fields.records import KIND_OF
from app.views.forms import fields_of, worded
from app.views.search_labels import choice
from app.workflow.definition import FACT_NAMES, Process

# Shown elsewhere on the case's page, or by no word at all: whom and which line it is about, a number that is protected.
ELSEWHERE = frozenset({"person", "line", "unit", "lead", "occupancy", "id_type", "id_number", "item", "engaged",
                       "movers", "reform_phase"})  # fmt: skip
# How to fill a field in, in brackets behind its name; a unit of measure stands there too and stays.
HINT = re.compile(r"\s*[（(](?!元|yuan)[^（）()]*[）)]$")


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of the form, by the fact that it files: its name without the hint, its choices, the search behind it."""

    label: str
    choices: Mapping[str, str]
    search: str


def asked(plan: Process) -> dict[str, Asked]:
    """The fields of a business's form by their facts; those of an item of the record are that item's to say."""
    out = {}
    # What a definition's form is made of before it is bound: the class of each field with what it was given.
    unbound: dict[str, Any] = dict(fields_of(plan))
    for name, field in unbound.items():
        fact = FACT_NAMES.get(name, name)
        label = str(field.args[0]) if field.args else str(field.kwargs.get("label", name))
        listed = (field.kwargs.get("choices") or ()) if field.field_class is SelectField else ()
        choices = {str(k): str(v) for k, v in listed if k}
        out[fact] = Asked(HINT.sub("", label), choices, search_of(field.kwargs.get("render_kw")).path)
    return out


def more(plan: Process, fields: Mapping[str, Asked], known: Mapping[str, Any]) -> dict[str, str]:
    """The facts that the form's ``fields`` file and no common table of labels names, in the form's order."""
    if plan.process in KIND_OF or plan.movement == "take_lead":
        return {}
    return {fact: field.label for fact, field in fields.items() if fact not in known and fact not in ELSEWHERE}


def word(s: Session, field: Asked, value: Any) -> Any:
    """A value as it was chosen: by the choice's words, or by the name of the row that a search offered."""
    if str(value) in field.choices:
        return field.choices[str(value)]
    if field.search:
        return choice(s, field.search, str(value)) or _("Another unit's")
    return value


def spelt_out(refusal: errors.DomainError, plan: Process) -> str:
    """What a refusal finds wrong with the facts of a filed case, each by the name that its form's field has.

    Whoever decides has no form before him whose fields could be marked.
    """
    if not isinstance(refusal, errors.InvalidInput) or not refusal.facts.get("errors"):
        return ""
    called, said = asked(plan), []
    for name, wrong in refusal.facts["errors"].items():
        field = called.get(FACT_NAMES.get(name, name))
        said += [f"{field.label}：{worded(code, refusal)}" for code in wrong if field]
    if not said:
        return ""  # of the decision itself, not of what was filed
    return _(
        "The case cannot take effect with what was filed. %(wrong)s Return it for correction.", wrong=" ".join(said)
    )
