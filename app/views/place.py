"""地点与行号 in the address, read in one place; what is not understood answers 400, a foreign place as an absent one."""

import datetime as dt
from typing import Any

from flask import abort, request
from flask_babel import gettext as _

from app.domain import errors, regions
from app.queries import units
from app.views.region_words import reached
from app.views.shell import hat


def row_number(value: str) -> int:
    """A row's number as addresses and forms write it; anything else answers 400."""
    if not value.isdecimal() or len(value) > 18:
        abort(400)
    return int(value)


def some_number(value: str) -> int | None:
    """A row's number, or none where nothing is written."""
    return row_number(value) if value else None


def day_and_row() -> tuple[str, int] | None:
    """The last row of the page before, ``day_number``, by which a list in the order of days goes on."""
    mark = request.args.get("after")
    if not mark:
        return None
    day, _sep, number = mark.partition("_")
    try:
        found = dt.date.fromisoformat(day).isoformat()
    except ValueError:
        abort(400)
    return found, row_number(number)


def path_and_more(parts: int) -> list[str] | None:
    """The last row of the page before in a list by path: the path and what tells its rows apart, ``path_…``."""
    mark = request.args.get("after", "")
    if not mark:
        return None
    found = mark.split("_")
    if len(mark) > 100 or len(found) != parts or not all(f.replace(".", "").isalnum() for f in found):
        abort(400)
    return found


def place(s: Any) -> tuple[str, str, dict[str, str], str]:
    """Where the address looks: the half-open range of paths, the parameters that say so, and the place's name.

    ``?unit=`` names a body, ``?region=`` a division; without one it is the reader's whole range.

    Raises:
        NotFound: no such unit in the reader's rows.
    """
    region, unit_id = request.args.get("region", ""), request.args.get("unit", "")
    if unit_id:
        row = units.unit(s, row_number(unit_id))
        if row is None:
            raise errors.NotFound(unit=unit_id)
        return row.scope_path, f"{row.scope_path}/", {"unit": unit_id}, row.name
    if region:
        name = units.region_name(s, region) or abort(404)
        return *regions.span(region), {"region": region}, reached(region, name)
    who = hat()
    return who.low, who.high, {}, _("Everything in your range")
