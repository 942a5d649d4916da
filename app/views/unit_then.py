"""单位页的往日与来日: a unit that has left the reader's range since; a unit as approved businesses make it by a day ahead."""

from types import SimpleNamespace
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes, errors
from app.queries import ahead, days, places, units
from app.views.day import address, day_context, title


def page(s: Session, unit_id: int, at: days.Moment) -> str:
    """Name, class, numbers by category and departments of the day; people and papers went along with the unit.

    Raises:
        NotFound: it did not stand in the reader's range on that day either.
    """
    there = None if at.plain else places.stood(s, at, unit_id)
    if there is None:
        raise errors.NotFound(unit=unit_id)
    numbers = places.by_category(s, at, unit_id)
    inside = places.departments(s, at, unit_id)
    found = [
        (_("Region"), there.region_name),
        (_("Superior body"), there.parent_name),
        (_("Nature"), there.nature),
        (_("Class of unit"), codes.label("unit_category", there.category)),
        (_("Grade of unit"), codes.label("unit_grade", there.grade)),
        (_("Unified social credit code"), there.uscc),
    ]
    return render_template(
        "unit_then.html",
        title=title(there.name, at),
        name=there.name,
        day=day_context(at, f"/unit/{unit_id}"),
        crumbs=crumbs(there, there.name, at),
        facts=[{"label": label, "value": value} for label, value in found if value],
        figures=[{"label": codes.label("category", r.category), "figures": units.summed(r)} for r in numbers],
        departments=[d.name for d in inside],
    )


def crumbs(then: Any, name: str, at: days.Moment) -> list[dict[str, Any]]:
    """The way down the ledger of the day: the region where the unit stood."""
    return [
        {"label": _("Ledger"), "url": address("/ledger", at)},
        {"label": then.region_name, "url": address(f"/ledger/{then.region_code}", at)},
        {"label": name, "url": None},
    ]


def foreseen(s: Session, then: Any, departments: list[Any], waiting: list[Any], unit_id: int) -> tuple[Any, list[Any]]:
    """A body and its departments as approved businesses will have made them; ``waiting`` as ``days.expected`` gives it."""
    if not waiting:
        return then, departments
    found = ahead.of(unit_id, waiting)
    body = then
    if then is not None and found.body:
        body = SimpleNamespace(**then._asdict() | found.body)
        if "parent_id" in found.body:
            superior = units.unit(s, int(body.parent_id)) if body.parent_id else None
            body.parent_name = superior.name if superior else None
        if "region_code" in found.body:
            body.region_name = units.region_name(s, body.region_code) or body.region_name
    shown = [
        SimpleNamespace(**d._asdict() | found.departments.get(d.id, {}))
        for d in departments
        if d.id not in found.closed
    ]
    shown += [SimpleNamespace(name=d["name"], people=0, allotted=None, above=None, id=None) for d in found.opened]
    return body, shown
