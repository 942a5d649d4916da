"""Kinds of form fields: a line of text, a day, a choice from a short list, a choice by search."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from app.domain import codes, uscc
from app.domain.workdays import sensible


def chosen(known: codes.CodeSet, *, empty: bool = False) -> list[tuple[str, str]]:
    """A code list as choices, with an empty one where nothing has to be chosen."""
    return [*([("", "—")] if empty else []), *known.choices()]


FILL_IN, CHOOSE = _l("Fill this in."), _l("Choose one: type a few characters, then pick from the list.")
PICK, NO_DAY = _l("Choose one."), _l("Enter a day that exists, year first: 2026-11-24.")
NO_CODE = _l(
    "The last character does not fit the others (GB 32100): a character is wrong. Compare with the certificate of the body."
)
NOT_YOURS = _l(
    "There is no such row for you to choose: it ended, or belongs to somebody else. Choose again from the list."
)


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


def search_of(render_kw: Mapping[str, Any] | None) -> SplitResult:
    """The address of the search behind a field, of what the field is rendered with; empty where none is."""
    return urlsplit(str((render_kw or {}).get("data-search-url", "")))


# Characters that show nothing or turn the reading round: two texts that look alike would differ by them.
_UNSEEN = dict.fromkeys(
    [*range(0x20), 0x7F, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
_DIGITS = {0xFF10 + n: str(n) for n in range(10)}


def seen(typed: str | None) -> str | None:
    """What was typed without what nobody sees, and without blanks around it."""
    return typed.translate(_UNSEEN).strip() if typed else typed


def numbered(typed: str | None) -> str | None:
    """A document's number with plain digits: 佛编〔２０２６〕１号 is the document that 佛编〔2026〕1号 is."""
    return typed.translate(_DIGITS) if typed else typed


def capitals(typed: str | None) -> str | None:
    """What was typed in capital letters."""
    return typed.upper() if typed else typed


def text(
    label: Any,
    *,
    required: bool = True,
    longest: int = 100,
    filters: Sequence[Callable[[str | None], str | None]] = (),
    checks: Sequence[Callable[[Any, Field], None]] = (),
    **shown: str,
) -> Field:
    """A line of text; ``filters`` and ``checks`` beyond those of every text."""
    return StringField(
        label,
        validators=[DataRequired(FILL_IN) if required else Optional(), Length(max=longest), *checks],
        render_kw=shown,
        filters=[seen, *filters],
    )


def document(label: Any) -> Field:
    """A document's number."""
    return text(label, longest=60, filters=[numbered])


def _good_code(_form: Any, field: Field) -> None:
    if field.data and not uscc.good(field.data):
        raise ValidationError(str(NO_CODE))


def credit_code(label: Any) -> Field:
    """A unified social credit code, which may be left out."""
    return text(label, required=False, longest=18, filters=[numbered, capitals], checks=[_good_code])


class Day(DateField):
    """A day; one that does not exist is answered in the reader's words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day, or say what a day looks like."""
        try:
            super().process_formdata(valuelist)
        except ValueError as wrong:
            raise ValueError(str(NO_DAY)) from wrong

    def pre_validate(self, form: Any) -> None:
        """A slip of the hand in the year (0206, 2206) is no day that anything here happens on."""
        if self.data is not None and not sensible(self.data):
            raise ValidationError(str(NO_DAY))


def day(label: Any, *, required: bool = True) -> Field:
    """A day."""
    return Day(label, validators=[InputRequired(FILL_IN) if required else Optional()])


def one_of(label: Any, choices: list[tuple[str, str]], *, required: bool = False) -> Field:
    """A choice from a short list that never grows."""
    return SelectField(label, choices=choices, validators=[InputRequired(PICK)] if required else [Optional()])
