"""Rows that several pages show: cases and alarms."""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _


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
