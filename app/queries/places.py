"""机构树的读: regions, bodies with what is below them, and departments where they stood on a day, with their figures.

Today's tree is read from the units and totals of today, that of any other day from ``day_units`` and ``day_lines`` of the
kernel, by the same statements; a day ahead adds what is approved and waits for its day.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries import days


def standing(at: days.Moment, inside: str = "NULL") -> str:
    """Bodies and departments that stood on the day, as a table of a query; ``inside``: departments alone (true) or none."""
    if at.future:
        return (
            "(SELECT u.unit_id, u.legal_id, u.node, CASE WHEN x.parent IS NULL THEN u.parent_id ELSE nullif(x.parent, '')::bigint END"
            " AS parent_id, coalesce(x.region, u.region_code) AS region_code, CASE WHEN x.region IS NULL THEN u.scope_path"
            " ELSE x.region || substr(u.scope_path, strpos(u.scope_path, '.')) END AS scope_path, coalesce(x.name, u.name) AS name,"
            " u.short_name, u.uscc, coalesce(x.nature, u.nature) AS nature, coalesce(x.category, u.category) AS category,"
            " coalesce(x.grade, u.grade) AS grade, u.body, u.own, u.opened_on, u.closed_on"
            f" FROM day_units(:on, :known, {inside}) u LEFT JOIN {days.COMING} x ON x.unit_id = u.unit_id"
            " WHERE NOT coalesce(x.ends, false))"
        )
    if not at.plain:
        return f"day_units(:on, :known, {inside})"
    only = {"true": " AND node = 'department'", "false": " AND node <> 'department'"}.get(inside, "")
    return (
        "(SELECT id AS unit_id, legal_id, node, parent_id, region_code, scope_path, name, short_name, uscc, nature, category,"
        f" grade, body, true AS own, opened_on, closed_on FROM unit WHERE status = 'active'{only})"
    )


def figures(at: days.Moment) -> str:
    """The establishment lines with their figures of the day and the region of their body then, as a table of a query."""
    if not at.plain:
        return days.lines(at)
    return (
        "(SELECT l.unit_id, l.category, t.authorised, t.occupied, t.reserved, u.region_code FROM quota_line l JOIN unit u ON u.id = l.unit_id"
        " JOIN ledger_total t ON t.line_id = l.id WHERE l.kind = 'establishment' AND u.status = 'active')"
    )


def whole(session: Session, at: days.Moment) -> tuple[list[Any], list[Any]]:
    """Regions with the sums of the bodies that stood there, and the same sums by category.

    Categories are never added to each other; a region without bodies of the reader's is not there.
    """
    query = (
        f"SELECT r.code, r.name, r.kind, r.parent_code, d.category, {days.SUMS}, count(DISTINCT d.unit_id) AS units"
        f" FROM {figures(at)} d JOIN region r ON r.code = d.region_code"
        " GROUP BY GROUPING SETS ((r.code, r.name, r.kind, r.parent_code, r.prefix), (d.category))"
        ' ORDER BY r.prefix COLLATE "C", d.category'
    )
    rows = list(session.execute(text(query), at.values))
    return [r for r in rows if r.code is not None], [r for r in rows if r.code is None]


def regions(session: Session, at: days.Moment) -> list[Any]:
    """The regions of ``whole`` alone."""
    return whole(session, at)[0]


# From the bodies of a page downwards: each with whatever is below it in its region on that day.
BELOW = (
    "below AS (SELECT p.unit_id AS root, p.unit_id FROM page p UNION ALL"
    " SELECT b.root, c.unit_id FROM below b JOIN placed c ON c.parent_id = b.unit_id),"
)
SUMMED = (
    "SELECT b.root, sum(n.authorised) AS authorised, sum(n.occupied) AS occupied, sum(n.reserved) AS reserved,"
    " sum(n.vacant) AS vacant, sum(n.surplus) AS surplus, count(*) - 1 AS bodies FROM below b"
    " LEFT JOIN numbers n ON n.unit_id = b.unit_id GROUP BY b.root"
)


def bodies(
    session: Session, at: days.Moment, *, region: str, parent: int | None = None, after: str = "", limit: int = 50
) -> list[Any]:
    """Bodies at the top of a region, or those right below a body (``parent``) in it, by place; keyset on the place.

    A body whose superior stands in another region is at the top of its own. Each has its own sums (``own_…``), and those
    with everything below it in the region (``bodies`` of them).
    """
    top = (
        "p.parent_id = :parent"
        if parent is not None
        else "(p.parent_id IS NULL OR p.parent_id NOT IN (SELECT unit_id FROM placed))"
    )
    inside = (
        "EXISTS (SELECT 1 FROM unit d JOIN unit_version w ON w.unit_id = d.id"
        f" AND {days.held('w', at)} WHERE d.parent_id = p.unit_id AND d.node = 'department') OR NOT p.own"
        if not at.plain
        else "EXISTS (SELECT 1 FROM unit d WHERE d.parent_id = p.unit_id AND d.node = 'department' AND d.status = 'active')"
    )
    query = (
        f"WITH RECURSIVE placed AS MATERIALIZED (SELECT * FROM {standing(at, 'false')} s WHERE s.region_code = :r AND s.node = 'legal'),"
        f" page AS MATERIALIZED (SELECT p.* FROM placed p WHERE {top} AND p.scope_path > :a ORDER BY p.scope_path LIMIT :n),"
        f" {BELOW} numbers AS (SELECT d.unit_id, {days.SUMS} FROM {figures(at)} d"
        " WHERE d.unit_id IN (SELECT unit_id FROM below) GROUP BY d.unit_id),"
        f" sums AS ({SUMMED})"
        f" SELECT p.unit_id AS id, p.name, p.scope_path, p.grade, p.own, p.closed_on, ({inside}) AS departments, s.bodies,"
        " s.authorised, s.occupied, s.reserved, s.vacant, s.surplus, n.authorised AS own_authorised, n.occupied AS own_occupied,"
        " n.reserved AS own_reserved, n.vacant AS own_vacant, n.surplus AS own_surplus"
        " FROM page p JOIN sums s ON s.root = p.unit_id LEFT JOIN numbers n ON n.unit_id = p.unit_id ORDER BY p.scope_path"
    )
    values = {**at.values, "r": region, "parent": parent, "a": after, "n": limit}
    return list(session.execute(text(query), values))


def stood(session: Session, at: days.Moment, unit_id: int) -> Any:
    """A body as it stood on a day, with the names of its region and superior; None where it did not.

    A superior outside the reader's range has its name all the same, as a case's papers give it.
    """
    return session.execute(
        text(
            "SELECT d.*, r.name AS region_name, unit_called(d.parent_id, :on, :known) AS parent_name"
            f" FROM {standing(at, 'false')} d JOIN region r ON r.code = d.region_code WHERE d.unit_id = :u"
        ),
        {**at.values, "u": unit_id},
    ).one_or_none()


def departments(session: Session, at: days.Moment, unit_id: int) -> list[Any]:
    """The departments of a body on a day by name alone: all that is left to a reader whose range it has left."""
    return list(
        session.execute(
            text(
                f"SELECT d.name, NULL AS people, NULL AS allotted FROM {standing(at, 'true')} d WHERE d.legal_id = :u"
                " ORDER BY d.scope_path LIMIT 200"
            ),
            {**at.values, "u": unit_id},
        )
    )


def by_category(session: Session, at: days.Moment, unit_id: int) -> list[Any]:
    """A body's numbers of a day by category, without its lines: of one that has left the reader's range since."""
    return list(
        session.execute(
            text(
                f"SELECT d.category, {days.SUMS} FROM {figures(at)} d WHERE d.unit_id = :u GROUP BY d.category ORDER BY 1"
            ),
            {**at.values, "u": unit_id},
        )
    )


def table(session: Session, at: days.Moment, low: str, high: str, limit: int) -> list[Any]:
    """Every body inside a place with its numbers of a day, one row a category, by place; bodies without a line too."""
    return list(
        session.execute(
            text(
                "SELECT r.name AS region, unit_called(u.parent_id, :on, :known) AS parent, u.name, u.uscc, u.category AS unit_category,"
                f" u.grade, d.category, {days.SUMS} FROM {standing(at, 'false')} u JOIN region r ON r.code = u.region_code"
                f" LEFT JOIN {figures(at)} d ON d.unit_id = u.unit_id"
                " WHERE u.node = 'legal' AND u.scope_path >= :low AND u.scope_path < :high"
                " GROUP BY r.name, u.unit_id, u.parent_id, u.name, u.uscc, u.category, u.grade, u.scope_path, d.category"
                " ORDER BY u.scope_path, d.category LIMIT :n"
            ),
            {**at.values, "low": low, "high": high, "n": limit},
        )
    )
