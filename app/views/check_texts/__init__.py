"""核对的说法: the words for the checks' codes: title, labels of figures, sentences.

A piece of business with checks of its own adds a module ``<piece>.py`` beside this one with the same three tables.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.domain import codes
from app.views.fields import quotas as fields_quotas
from app.views.forms import MESSAGES
from app.workflow.checks import Outcome

TITLES: dict[str, Any] = {
    "usable_seat": _l("A usable seat"),
    "lead_seat": _l("A vacant leadership seat"),
    "not_below_use": _l("Not below what is in use"),
    "absorption": _l("Plan of absorption"),
    "identity_free": _l("One person, one seat"),
    "identity_known": _l("Holds a seat"),
    "id_agrees": _l("Identity number, birth and sex agree"),
    "recruit_age": _l("Age at entry"),
    "retirement_age": _l("Statutory retirement age"),
}
LABELS: dict[str, Any] = {
    "authorised": _l("Authorised"),
    "occupied": _l("Occupied"),
    "reserved": _l("Reserved"),
    "usable": _l("Usable"),
    "least": _l("At least"),
    "asked": _l("Asked for"),
    "targets": fields_quotas.TARGETS_LABEL,
    "person": _l("Person"),
    "unit": _l("Unit"),
    "document": _l("Identity number"),
    "full_years": _l("Full years"),
    "most": _l("At most"),
    "born": _l("Day of birth"),
    "statutory_age": _l("Statutory age"),
    "reached_on": _l("Reached on"),
    "earliest_on": _l("Earliest by own choice"),
}
SAYS: dict[str, Any] = {
    "no_room": _l("There is no room; the establishment office will have to refuse."),
    "below_use": _l("Let people leave first, or enter at least %(least)s."),
    "below_kept": _l(
        "Seats are kept for running cases: have those settled or withdrawn first, or enter at least %(least)s."
    ),
    "below_by_plan": _l(
        "Below what is occupied, by the plan of absorption: %(surplus)s seats are surplus, nobody enters until they are gone, %(absorbed_until)s at the latest. Somebody has to look at the plan."
    ),
    "no_surplus_here": _l(
        "Nobody is beyond the number with it, so there is nothing to absorb. Leave the plan out, or look at the number."
    ),
    "not_in_register": _l("Not in the register."),
    "above_age": _l("Above %(most)s: the usual limit for examinations; see the announcement of the post."),
    "before_earliest": _l("Before the earliest day: only where another rule allows early retirement."),
    "own_choice": _l("Early by own choice: the written notice of three months before is needed."),
    **MESSAGES,
}


# A figure that is a code, by its label: the list that has its name.
CODED: dict[str, str] = {}


class _Figures(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


def _gather() -> None:
    """Take in the words of the other pieces, each in a module of its own beside this one."""
    for module in pkgutil.iter_modules(__path__):
        words = importlib.import_module(f"{__name__}.{module.name}")
        for known, more in ((TITLES, words.TITLES), (LABELS, words.LABELS), (SAYS, words.SAYS)):
            known.update(more)
        CODED.update(getattr(words, "CODED", {}))


_gather()


def named(label: str, value: Any) -> Any:
    """A figure as it is shown: a code by its name."""
    return codes.label(CODED[label], value) if label in CODED and isinstance(value, str) else value


def worded(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as it is kept with a decision, for the macro ``check_list``."""
    figures = dict(kept["figures"])
    says = str(SAYS[kept["says"]]).replace("%%", "%") % _Figures(figures) if kept["says"] else None
    return {
        "ok": kept["ok"],
        "title": TITLES[kept["code"]],
        "figures": [
            (LABELS[label], named(label, value), kept.get("see", {}).get(label)) for label, value in kept["figures"]
        ],
        "text": says,
        "article": kept["article"],
    }


def panel(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """Findings of this moment, for the macro ``check_list``."""
    return [worded(outcome.as_json()) for outcome in outcomes]


def verdict(outcomes: list[Outcome]) -> str | None:
    """What the findings come to: ``ok``, ``warn`` (something to look at, nothing stops it), ``bad``; None where nothing was looked at."""
    if not outcomes:
        return None
    if any(outcome.stops for outcome in outcomes):
        return "bad"
    return "warn" if any(outcome.finding.ok is not True for outcome in outcomes) else "ok"
