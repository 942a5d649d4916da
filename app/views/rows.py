"""Rows that several pages show: cases and alarms."""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from app.views.stuck import reasons
from app.workflow.rescue import NOBODY


def states() -> dict[str, tuple[str, str]]:
    """Every state of cases, tasks, seats, people, alarms and accounts: its label and its tone."""
    return _states(str(get_locale()))


@cache
def _states(_locale: str) -> dict[str, tuple[str, str]]:
    return {
        "draft": (_("Draft"), ""),
        "accepted": (_("Accepted"), "green"),
        "superseded": (_("Replaced by a later one"), ""),
        "refused": (_("Refused"), "red"),
        "running": (_("In progress"), "blue"),
        "returned": (_("Returned"), "amber"),
        "awaiting": (_("Approved, awaiting effect"), "blue"),
        "done": (_("Completed"), "green"),
        "rejected": (_("Rejected"), "red"),
        "withdrawn": (_("Withdrawn"), ""),
        "pending": (_("Not yet begun"), ""),
        "open": (_("To be decided"), "blue"),
        "approved": (_("Approved"), "green"),
        "cancelled": (_("Cancelled"), ""),
        "vacant": (_("Vacant"), "green"),
        "reserved": (_("Reserved"), "amber"),
        "occupied": (_("Occupied"), "blue"),
        "surplus": (_("Over quota"), "red"),
        "abolished": (_("Abolished"), ""),
        "active": (_("Active"), "green"),
        "inactive": (_("Inactive"), ""),
        "closed": (_("Closed"), ""),
        "away": (_("Away"), "blue"),
        "overdue": (_("Overdue"), "red"),
        "back": (_("Returned to the seat"), "green"),
        "serving": (_("Serving"), "green"),
        "retired": (_("Retired"), ""),
        "left": (_("Left"), ""),
        "outside": (_("From elsewhere"), ""),
        "valid": (_("Valid"), "green"),
        "used_up": (_("Used up"), ""),
        "lapsed": (_("Lapsed"), ""),
        "past": (_("Past"), ""),
        "to_bring": (_("To bring"), "amber"),
        "received": (_("Received"), "blue"),
        "verified": (_("Compared"), "blue"),
        "archived": (_("Archived"), "green"),
        "error": (_("Error"), "red"),
        "warning": (_("Warning"), "amber"),
        "notice": (_("Hint"), "blue"),
    }


def case_rows(
    rows: list[Any], kinds: dict[str, str], left: Callable[[dt.date], int] | None = None, *, links: bool = True
) -> list[dict[str, Any]]:
    """Cases as the template's table wants them; ``left`` counts working days to a deadline."""
    return [
        {
            "number": r.number,
            "title": r.title,
            "url": f"/case/{r.id}" if links else None,
            "state": r.state,
            "process": kinds.get(r.process, r.process),
            "unit": getattr(r, "unit", ""),
            "due_on": getattr(r, "due_on", None),
            "days_left": left(r.due_on) if left and getattr(r, "due_on", None) else None,
            "still": getattr(r, "still", False),
        }
        for r in rows
    ]


def alarm_rows(rows: list[Any]) -> list[dict[str, Any]]:
    """Alarms as the template's list wants them."""
    stuck = reasons()
    return [
        {
            "title": f"{r.name}：{r.unit}" if r.unit else r.name,
            "level": r.level,
            "url": f"/case/{r.case_id}"
            if r.case_id and not r.standing
            else f"/unit/{r.unit_id}"
            if r.unit_id
            else None,
            "at": r.raised_at,
            "text": " · ".join(
                x
                for x in (
                    str(
                        r.facts.get("sentence")
                        or (stuck.get(r.code) if r.rule == NOBODY else None)
                        or "，".join(f"{k} {v}" for k, v in figures_of(r.facts))
                    ),
                    "" if r.standing else r.operator_name,
                )
                if x
            ),
            "article": r.basis,
        }
        for r in rows
    ]


def figures_of(facts: dict[str, Any]) -> list[tuple[str, Any]]:
    """The figures of an alarm in their usual order."""
    labels = {
        "authorised": _("Authorised"),
        "occupied": _("Occupied"),
        "reserved": _("Reserved"),
        "surplus": _("Over quota"),
    }
    return [(label, facts[key]) for key, label in labels.items() if facts.get(key) is not None]
