"""往日单位页: a unit that stood in the reader's range on a day and has left it since: what is left to see of that day."""

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import codes, errors
from app.queries import days, places, units
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
        crumbs=[
            {"label": _("Ledger"), "url": address("/ledger", at)},
            {"label": there.region_name, "url": address(f"/ledger/{there.region_code}", at)},
            {"label": there.name, "url": None},
        ],
        facts=[{"label": label, "value": value} for label, value in found if value],
        figures=[{"label": codes.label("category", r.category), "figures": units.summed(r)} for r in numbers],
        departments=[d.name for d in inside],
    )
