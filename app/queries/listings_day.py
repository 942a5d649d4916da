"""The lists of units, people and seats on a day: who and what there was, under the names of that day."""

from dataclasses import replace

from app.queries import days, places
from app.queries.days import Moment
from app.queries.listings import LISTS, PLACE, Listing

# A person's register is today's; what is said of a past day is what the seat says.
PEOPLE = ("name", "id_mask", "sex", "birth_on", "unit", "department", "started_on", "state")


def on_day(name: str, at: Moment) -> Listing | None:
    """The list as of a day; None for one that has no days (cases, permits, plans, absences)."""
    usual = LISTS[name]
    if name == "units":
        return replace(
            usual,
            # Where it stood decides who sees it and in which region it is listed: ``day_units`` of the kernel.
            select="SELECT x.id, x.name, x.nature, x.grade, unit_called(x.parent_id, :on, :known) AS parent, r.name AS region,"
            f" x.uscc, 'active' AS state FROM {places.standing(at, 'false')} AS x (id) JOIN region r ON r.code = x.region_code",
            orders={"region": PLACE},
            state="'active'",
            states=("active",),
        )
    if name == "people":
        return Listing(
            "people",
            "SELECT x.id, x.person_id, x.person_name AS name, h.id_mask, h.sex, h.birth_on, x.started_on, x.unit_id,"
            f" coalesce(v.name, u.name) AS unit, coalesce(w.name, d.name) AS department, 'serving' AS state FROM occupancy x"
            " LEFT JOIN person h ON h.id = x.person_id LEFT JOIN unit u ON u.id = x.unit_id"
            f" LEFT JOIN unit_version v ON v.unit_id = x.unit_id AND {days.held('v', at)}"
            f" LEFT JOIN unit d ON d.id = x.department_id LEFT JOIN unit_version w ON w.unit_id = d.id AND {days.held('w', at)}",
            f"x.kind = 'establishment' AND {days.held('x', at)}",
            PEOPLE,
            {"unit": PLACE},
            "strpos(x.person_name, :q) > 0",
            "'serving'",
            ("serving",),
            links=(("name", "/person/", "person_id"), ("unit", "/unit/", "unit_id")),
            extra=("sex",),
            by_unit=True,
        )
    if name == "posts":
        taken = "CASE WHEN o.id IS NULL THEN 'vacant' ELSE 'occupied' END"
        return replace(
            usual,
            select="SELECT x.id, x.number, l.kind, l.category, l.structure, l.role, l.level, l.unit_id, l.scope_unit_id,"
            f" coalesce(v.name, u.name) AS unit, coalesce(w.name, d.name) AS scope_name, o.person_name AS holder, o.person_id, {taken} AS state"
            " FROM post x JOIN quota_line l ON l.id = x.line_id LEFT JOIN unit u ON u.id = x.unit_id"
            f" LEFT JOIN unit d ON d.id = l.scope_unit_id LEFT JOIN occupancy o ON o.post_id = x.id AND {days.held('o', at)}"
            f" LEFT JOIN unit_version v ON v.unit_id = u.id AND {days.held('v', at)}"
            f" LEFT JOIN unit_version w ON w.unit_id = d.id AND {days.held('w', at)}",
            where="x.created_on <= :on AND (x.abolished_on IS NULL OR x.abolished_on > :on)",
            state=taken,
            states=("vacant", "occupied"),
            by_unit=True,
        )
    return None
