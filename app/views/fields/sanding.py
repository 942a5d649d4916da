"""Fields of the bodies' documents: signboards, limits, 三定, earlier history."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField
from wtforms.validators import InputRequired, NumberRange

from app.domain import codes, sanding
from app.views.fields.kinds import FILL_IN, chosen, one_of, searched, text
from app.views.fields.rows import Column, RowsField

SIGNBOARDS = [("co_located", "合署办公"), ("two_names", "一个机构两块牌子"), ("plate", "加挂牌子")]
TEMPORARY = [("team", "专班"), ("headquarters", "指挥部"), ("preparation", "筹备组")]
COUNTS = [("yes", "计一个机构"), ("no", "分别计数")]
SCOPES = (("unit", "单位领导"), ("department", "内设机构领导"))

NUMBER = Column("number", _l("How many"), "number")
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "duties": (Column("text", _l("Main duty"), "area"),),
    "departments": (
        Column("name", _l("Internal department")),
        Column("duties", _l("Its duties"), "area"),
        Column("number", _l("How many"), "number", required=False),
    ),
    "quotas": (Column("category", _l("Kind of establishment"), choices=tuple(chosen(codes.CATEGORY))), NUMBER),
    "leaders": (
        Column("scope", _l("Leaders of"), choices=SCOPES),
        Column("role", _l("Position"), choices=tuple(chosen(codes.ROLE))),
        Column("level", _l("Level of position"), choices=tuple(chosen(codes.LEVEL)), required=False),
        NUMBER,
    ),
    "past": (
        Column("day", _l("Day"), "day"),
        Column("document_no", _l("Document number"), required=False),
        Column("document", _l("Name of the document"), required=False),
        Column("name", _l("Name of the unit then")),
        Column("parent", _l("Belonging to"), required=False),
        Column("detail", _l("What it says"), "area", required=False),
    ),
}


def said(key: str, value: Any) -> str:
    """The rows of a fact in words, row by row."""
    return "；".join(" · ".join(words(key, row)) for row in sanding.rows(str(value)))


def words(key: str, row: Mapping[str, Any]) -> list[str]:
    """The cells of a row that say something, codes by their names."""
    out = []
    for c in COLUMNS[key]:
        value = str(row.get(c.key) or "")
        if value:
            out.append(dict(c.choices).get(value, value) if c.choices else value)
    return out


def labels() -> dict[str, str]:
    """The facts of these businesses as a reader is shown them."""
    return {
        "signboard_kind": _("Kind of signboard"),
        "board_name": _("Name on the signboard"),
        "partner": _("Unit that works with it under one roof"),
        "counts": _("How it counts"),
        "most": _("Most bodies"),
        "temporary_kind": _("Kind of temporary body"),
        "over_limit_no": _("Approval of the upper level to go over the limit (document number)"),
        "matter": _("Matter"),
        "outside": _("Decision of the upper level that it rests on"),
        "duties": _("Main duties"),
        "departments": _("Internal departments"),
        "quotas": _("Quota"),
        "leaders": _("Leadership numbers"),
        "past": _("Earlier history"),
    }


FIELDS: dict[str, Callable[[], Field]] = {
    "signboard_kind": lambda: one_of(_l("Kind of signboard"), SIGNBOARDS, required=True),
    "board_name": lambda: text(_l("Name on the signboard"), required=False, longest=100),
    "partner_unit": lambda: searched(_l("Unit that works with it under one roof"), "/search/units", required=False),
    "counts": lambda: one_of(_l("How it counts"), COUNTS, required=True),
    "most": lambda: IntegerField(_l("Most bodies"), validators=[InputRequired(FILL_IN), NumberRange(0, 9999)]),
    "over_limit_no": lambda: text(
        _l("Approval of the upper level to go over the limit (document number)"), required=False, longest=60
    ),
    "matter": lambda: text(_l("Matter"), longest=200),
    "outside": lambda: searched(_l("Decision of the upper level that it rests on"), "/commission/outside", required=False),
    "temporary_kind": lambda: one_of(_l("Kind of temporary body"), TEMPORARY, required=True),
    "temporary_name": lambda: text(_l("Name of the temporary body")),
    "duties": lambda: RowsField(_l("Main duties"), COLUMNS["duties"], required=True),
    "departments": lambda: RowsField(_l("Internal departments"), COLUMNS["departments"]),
    "quotas": lambda: RowsField(_l("Quota"), COLUMNS["quotas"], required=True),
    "leaders": lambda: RowsField(_l("Leadership numbers"), COLUMNS["leaders"]),
    "past": lambda: RowsField(_l("Earlier history"), COLUMNS["past"], required=True),
}  # fmt: skip
