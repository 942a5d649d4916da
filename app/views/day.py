"""任一日 in the address: ``?on=`` and ``?known=``, read in one place; what a page says of them; its picker."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import abort, request
from flask_babel import gettext as _

from app.queries.days import Moment

# No document of the people's republic is older, and nobody plans beyond: a slip of the hand is refused.
FIRST, LAST = dt.date(1949, 10, 1), dt.date(2199, 12, 31)
PARAMETERS = ("on", "known")


def day_of(name: str) -> dt.date | None:
    """The day in a parameter, none where it is missing; a bad one answers 400."""
    value = request.args.get(name)
    if not value:
        return None
    try:
        found = dt.date.fromisoformat(value)
    except ValueError:
        abort(400)
    if not (len(value) == 10 and FIRST <= found <= LAST):
        abort(400)
    return found


def asked(today: dt.date) -> Moment:
    """The moment that the address asks for: the day itself, and up to which day's end things were known.

    What will be known some day is nonsense, and answers 400 as every bad day does.
    """
    known = day_of("known")
    if known is not None and known > today:
        abort(400)
    return Moment.of(day_of("on") or today, today, known)


def address(path: str, at: Moment, **more: object) -> str:
    """An address on the same day, with the same knowledge; parameters that are empty are left out."""
    query = urlencode(at.parameters | {k: str(v) for k, v in more.items() if v not in (None, "")})
    return f"{path}?{query}" if query else path


def words(at: Moment) -> str:
    """The moment in words, for titles and the names of files: as of a day, as known on another."""
    if at.known:
        return _("%(on)s, as known on %(known)s", on=at.on, known=at.known)
    return at.on.isoformat()


def title(name: str, at: Moment) -> str:
    """A title that carries the day, where it is not simply today's."""
    return name if at.plain else f"{name}（{words(at)}）"


def day_context(at: Moment, path: str, **keep: object) -> dict[str, Any]:
    """What ``_day.html`` needs: the moment, the parameters to keep, the way back to today."""
    kept = {k: str(v) for k, v in keep.items() if v not in (None, "")}
    return {
        "at": at,
        "words": words(at),
        "keep": list(kept.items()),
        "today_url": f"{path}?{urlencode(kept)}" if kept else path,
        "query": urlencode(at.parameters),
    }
