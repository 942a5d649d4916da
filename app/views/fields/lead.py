"""Fields of the approvals of rank numbers and of plans of posts."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from app.domain import codes, ratios
from app.views.fields.kinds import FILL_IN, chosen, one_of, text
from app.workflow.checks.lead import RATIOS
from app.workflow.definition import Process


def number(label: Any, *, required: bool = True) -> Field:
    """A count of posts."""
    return IntegerField(
        label, validators=[InputRequired(FILL_IN) if required else Optional(), NumberRange(0, 20000)]
    )  # fmt: skip


def of(plan: Process) -> dict[str, Field]:
    """The choices that the parameters of a definition give: its ratio sets, its kinds of institution."""
    params = next((c.params for c in plan.checks if c.code in RATIOS), None)
    if params is None:
        return {}
    try:
        known = [(key, found.title) for key, found in ratios.sets(params).items()]
    except ValueError:  # the check says that they cannot be read
        known = []
    name = "rank_set" if "rank_set" in plan.fields else "post_set"
    made: dict[str, Field] = {name: one_of(_l("Ratios"), [("", "—"), *known], required=True)}
    if "main_kind" in plan.fields:
        kinds = [(key, str(row.get("title", key))) for key, row in dict(params.get("main", {})).items()]
        made["main_kind"] = one_of(_l("What the institution mainly does"), [("", "—"), *kinds], required=True)
    return made


FIELDS: Mapping[str, Callable[[], Field]] = {
    "own_level": lambda: one_of(_l("Own level, where above the position's"), chosen(codes.LEVEL, empty=True)),
    "over_document_no": lambda: text(
        _l("Document that allows a level above the position's"), required=False, longest=60
    ),
    "rank_set": lambda: one_of(_l("Ratios"), [], required=True),
    "post_set": lambda: one_of(_l("Ratios"), [], required=True),
    "main_kind": lambda: one_of(_l("What the institution mainly does"), [], required=True),
    "pooled": lambda: one_of(_l("Together with the units below (pool)"), [("no", "否"), ("yes", "是")], required=True),
    "apart": lambda: number(_l("Posts outside the base (technical, enforcement)")),
    "management_posts": lambda: number(_l("Management posts")),
    "professional_posts": lambda: number(_l("Professional posts")),
    "workman_posts": lambda: number(_l("Skilled posts")),
    "full_seniors": lambda: number(_l("Of the senior ones: full senior (empty: not divided)"), required=False),
    "special_posts": lambda: number(_l("Special posts outside the ratios"), required=False),
}
LABELS: Mapping[str, Any] = {
    "own_level": _l("Own level, where above the position's"),
    "members": _l("Units"),
    "base": _l("Base"),
    "apart": _l("Posts outside the base (technical, enforcement)"),
    "management_posts": _l("Management posts"),
    "professional_posts": _l("Professional posts"),
    "workman_posts": _l("Skilled posts"),
    "full_seniors": _l("Of the senior ones: full senior (empty: not divided)"),
    "special_posts": _l("Special posts outside the ratios"),
}
"""Facts of these businesses as a case shows them."""
