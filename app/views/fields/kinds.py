"""Kinds of form fields: a line of text, a day, a choice from a short list, a choice by search."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.domain import codes


def chosen(known: codes.CodeSet, *, empty: bool = False) -> list[tuple[str, str]]:
    """A code list as choices, with an empty one where nothing has to be chosen."""
    return [*([("", "—")] if empty else []), *known.choices()]


FILL_IN, CHOOSE = _l("Fill this in."), _l("Choose one: type a few characters, then pick from the list.")
PICK, NO_DAY = _l("Choose one."), _l("Enter a day that exists, year first: 2026-11-24.")


def searched(label: Any, url: str, *, required: bool = True, preload: bool = False, **data: str) -> Field:
    """A choice by search-as-you-type; the posted id is checked by the view, never a list."""
    render = {"data-search-url": url, **({"data-search-preload": "yes"} if preload else {}), **data}
    return SelectField(
        label,
        validate_choice=False,
        choices=[],
        validators=[InputRequired(CHOOSE)] if required else [Optional()],
        render_kw=render,
    )


def text(label: Any, *, required: bool = True, longest: int = 100, **shown: str) -> Field:
    """A line of text."""
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


def day(label: Any, *, required: bool = True) -> Field:
    """A day."""
    return Day(label, validators=[InputRequired(FILL_IN) if required else Optional()])


def one_of(label: Any, choices: list[tuple[str, str]], *, required: bool = False) -> Field:
    """A choice from a short list that never grows."""
    return SelectField(label, choices=choices, validators=[InputRequired(PICK)] if required else [Optional()])
