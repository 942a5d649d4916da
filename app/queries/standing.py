"""What hangs on a unit now: counts for the consequences of a change, and behind each count the rows, a page at a time.

A unit is a body with its departments, or one department. Everything is what the reader's own rows say.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# The unit; ``whole``: a body, not a department of one.
OF = "WITH of AS (SELECT id, legal_id, legal_id = id AS whole FROM unit WHERE id = :u)"
SEATS = (
    ", seats AS (SELECT o.* FROM occupancy o, of WHERE o.recorded_to IS NULL AND o.ended_on IS NULL"
    " AND (of.whole AND o.unit_id = of.id OR o.department_id = of.id))"
)
LINES = (
    ", lines AS (SELECT t.*, l.kind, l.category, l.structure, l.role, l.level, l.closed_to_entry, l.unit_id, l.scope_unit_id"
    " FROM quota_line l JOIN ledger_total t ON t.line_id = l.id, of"
    " WHERE of.whole AND l.unit_id = of.id OR l.scope_unit_id = of.id)"
)
CASES = (
    "application a JOIN case_record r ON r.case_id = a.id, of WHERE a.unit_id = of.legal_id"
    " AND a.state IN ('running', 'returned', 'awaiting') AND a.id IS DISTINCT FROM :c AND a.office_id IS NULL"
    " AND (of.whole OR r.facts::jsonb ->> 'department' = of.id::text)"
)
AWAY = "absence x WHERE x.recorded_to IS NULL AND x.ended_on IS NULL AND x.person_id IN (SELECT person_id FROM seats)"
DEPARTMENTS = (
    "unit d, of WHERE d.status = 'active' AND d.node = 'department' AND d.id <> of.id"
    " AND (of.whole AND d.legal_id = of.id OR d.parent_id = of.id)"
)
# One row for a body with its departments, or for one department; counts alone, whatever its size.
COUNTS = (
    f"{OF}{SEATS}{LINES}"
    " SELECT (SELECT count(DISTINCT person_id) FROM seats WHERE kind = 'establishment') AS people,"
    " (SELECT count(*) FROM seats WHERE kind = 'leadership') AS leaders,"
    " (SELECT count(*) FROM seats s JOIN post p ON p.id = s.post_id WHERE p.surplus) AS surplus,"
    " (SELECT coalesce(sum(authorised), 0) FROM lines WHERE kind = 'establishment') AS numbers,"
    " (SELECT coalesce(sum(authorised), 0) FROM lines WHERE kind = 'leadership') AS lead_numbers,"
    " (SELECT coalesce(sum(reserved), 0) FROM lines) AS reserved,"
    f" (SELECT count(*) FROM {DEPARTMENTS}) AS departments,"
    " (SELECT count(*) FROM unit b WHERE b.parent_id = :u AND b.node <> 'department' AND b.status = 'active') AS bodies_below,"
    f" (SELECT count(*) FROM {CASES}) AS cases,"
    " (SELECT count(*) FROM permit m, of WHERE m.unit_id = of.id AND m.status = 'open') AS permits,"
    " (SELECT count(*) FROM certificate c WHERE c.unit_id = :u AND c.valid) AS certificates,"
    f" (SELECT count(*) FROM {AWAY}) AS away"
)
FIGURES = ("people", "surplus", "leaders", "numbers", "lead_numbers", "reserved", "departments", "bodies_below", "cases",
           "permits", "certificates", "away")  # fmt: skip

# Behind a figure: rows (id, name, address, and what else is said of them), from a number on, whose name has a text in it.
_SEATED = (
    f"{OF}{SEATS} SELECT s.id, s.person_name AS name, '/person/' || s.person_id AS url, d.name AS place, s.started_on AS day,"
    " l.kind, l.category, l.structure, l.role, l.level, l.unit_id, l.scope_unit_id, d.name AS scope_name, p.number, p.surplus"
    " FROM seats s JOIN quota_line l ON l.id = s.line_id JOIN post p ON p.id = s.post_id"
    " LEFT JOIN unit d ON d.id = CASE s.kind WHEN 'leadership' THEN l.scope_unit_id ELSE s.department_id END"
    " WHERE {which} AND s.id > :after AND strpos(s.person_name, :q) > 0 ORDER BY s.id LIMIT :n"
)
_LINES = (
    f"{OF}{LINES} SELECT l.line_id AS id, s.name AS name, '/unit/' || l.unit_id AS url, NULL AS place, l.kind, l.category,"
    " l.structure, l.role, l.level, l.unit_id, l.scope_unit_id, s.name AS scope_name, l.authorised, l.occupied, l.reserved"
    " FROM lines l JOIN unit s ON s.id = l.scope_unit_id"
    " WHERE l.kind = '{kind}' AND (l.authorised > 0 OR l.occupied > 0) AND l.line_id > :after AND strpos(s.name, :q) > 0"
    " ORDER BY l.line_id LIMIT :n"
)
_UNITS = (
    "SELECT d.id, d.name, '/unit/' || d.legal_id AS url, d.opened_on AS day FROM {which}"
    " AND d.id > :after AND strpos(d.name, :q) > 0 ORDER BY d.id LIMIT :n"
)
LISTS: dict[str, str] = {
    "people": _SEATED.format(which="s.kind = 'establishment'"),
    "surplus": _SEATED.format(which="p.surplus"),
    "leaders": _SEATED.format(which="s.kind = 'leadership'"),
    "numbers": _LINES.format(kind="establishment"),
    "lead_numbers": _LINES.format(kind="leadership"),
    "reserved": (
        f"{OF}{LINES} SELECT p.id, coalesce(a.title, m.number) AS name, '/case/' || coalesce(a.id, m.case_id) AS url,"
        " a.number AS place, a.created_at::date AS day, l.kind, l.category, l.structure, l.role, l.level, l.unit_id,"
        " l.scope_unit_id, '' AS scope_name, p.number FROM lines l JOIN post p ON p.line_id = l.line_id AND p.status = 'reserved'"
        " LEFT JOIN application a ON a.id = p.reserved_case_id LEFT JOIN permit m ON m.id = p.permit_id"
        " WHERE p.id > :after AND strpos(coalesce(a.title, m.number, ''), :q) > 0 ORDER BY p.id LIMIT :n"
    ),
    "departments": f"{OF} {_UNITS.format(which=DEPARTMENTS)}",
    "bodies_below": _UNITS.format(which="unit d WHERE d.parent_id = :u AND d.node <> 'department' AND d.status = 'active'"),
    "cases": (
        f"{OF} SELECT a.id, a.title AS name, '/case/' || a.id AS url, a.number AS place, a.submitted_at::date AS day, a.state"
        f" FROM {CASES} AND a.id > :after AND strpos(a.title || coalesce(a.number, ''), :q) > 0 ORDER BY a.id LIMIT :n"
    ),
    "permits": (
        f"{OF} SELECT m.id, m.number AS name, '/case/' || m.case_id AS url, NULL AS place, m.last_on AS day, m.remaining AS number"
        " FROM permit m, of WHERE m.unit_id = of.id AND m.status = 'open' AND m.id > :after AND strpos(m.number, :q) > 0"
        " ORDER BY m.id LIMIT :n"
    ),
    "certificates": (
        "SELECT c.id, c.number AS name, '/case/' || c.case_id AS url, NULL AS place, c.issued_on AS day FROM certificate c"
        " WHERE c.unit_id = :u AND c.valid AND c.id > :after AND strpos(c.number, :q) > 0 ORDER BY c.id LIMIT :n"
    ),
    "away": (
        f"{OF}{SEATS} SELECT x.id, p.name, '/person/' || p.id AS url, x.host AS place, x.until_on AS day, x.kind AS absence"
        f" FROM {AWAY.replace('absence x', 'absence x JOIN person p ON p.id = x.person_id')}"
        " AND x.id > :after AND strpos(p.name, :q) > 0 ORDER BY x.id LIMIT :n"
    ),
}  # fmt: skip


def counts(session: Session, unit: int, case: int | None) -> Any:
    """What hangs on a unit now, as far as the reader sees it, the case that asks apart: counts."""
    return session.execute(text(COUNTS), {"u": unit, "c": case}).one()


def rows(session: Session, unit: int, figure: str, *, after: int = 0, q: str = "", limit: int = 50) -> list[Any]:
    """The rows behind one figure (a key of ``LISTS``), by number, at most ``limit``."""
    given = {"u": unit, "c": None, "after": after, "q": q, "n": limit}
    return list(session.execute(text(LISTS[figure]), given).all())


LEADERS = (
    f"{OF}{LINES} SELECT l.line_id, l.scope_unit_id, l.scope_unit_id = of.id AS own, coalesce(l.authorised, 0) AS authorised, l.occupied,"
    " (SELECT string_agg(o.person_name, '、' ORDER BY o.id) FROM occupancy o WHERE o.line_id = l.line_id"
    " AND o.recorded_to IS NULL AND o.ended_on IS NULL) AS holders"
    " FROM lines l, of WHERE l.kind = 'leadership' AND (l.authorised > 0 OR l.occupied > 0) ORDER BY l.line_id LIMIT 300"
)


def leaders(session: Session, unit: int) -> list[Any]:
    """The leaders' posts of a unit, each with who holds it; a body has a few dozen at most."""
    return list(session.execute(text(LEADERS), {"u": unit}).all())


_NOW = "{0}.recorded_to IS NULL AND {0}.ended_on IS NULL"
BESIDE = (
    "SELECT s.person_name AS name, (SELECT string_agg(DISTINCT w.name, '、') FROM occupancy x JOIN quota_line y ON y.id = x.line_id"
    f" JOIN unit w ON w.id = y.scope_unit_id WHERE x.person_id = s.person_id AND x.kind = 'leadership' AND {_NOW.format('x')}"
    " AND x.unit_id = s.unit_id AND y.scope_unit_id <> ALL(:d)) AS kept_by"
    f" FROM occupancy s WHERE s.kind = 'establishment' AND {_NOW.format('s')} AND (s.department_id <> ALL(:d)) IS NOT FALSE"
    " AND (s.person_id, s.unit_id) IN (SELECT o.person_id, o.unit_id FROM occupancy o WHERE o.line_id = ANY(:l)"
    f" AND o.nature = 'regular' AND {_NOW.format('o')}) ORDER BY s.id LIMIT 300"
)
LEFT = (
    "SELECT o.person_name AS name, w.name AS post FROM occupancy o JOIN quota_line y ON y.id = o.line_id JOIN unit w ON w.id = y.scope_unit_id"
    f" WHERE o.kind = 'leadership' AND o.nature = 'regular' AND {_NOW.format('o')} AND y.scope_unit_id <> ALL(:d)"
    " AND (o.person_id, o.unit_id) IN (SELECT s.person_id, s.unit_id FROM occupancy s WHERE s.department_id = ANY(:d)"
    f" AND s.kind = 'establishment' AND {_NOW.format('s')}) ORDER BY o.id LIMIT 300"
)


def seated_beside(session: Session, departments: list[int], lines: list[int]) -> list[Any]:
    """Who holds one of these leaders' posts and sits in none of these departments of the body: name, and which other post keeps him."""
    return list(session.execute(text(BESIDE), {"d": departments, "l": lines}).all())


def posts_left(session: Session, departments: list[int]) -> list[Any]:
    """Who sits in these departments and leads in the body outside them: name, and where he leads."""
    return list(session.execute(text(LEFT), {"d": departments}).all())


BROUGHT = (
    "SELECT l.id, t.authorised, t.occupied, coalesce(h.authorised, 0) AS there, coalesce(h.occupied, 0) AS sitting,"
    " coalesce(h.reserved, 0) AS kept, l.closed_to_entry, (SELECT max(a.until_on) FROM absorption_plan a"
    " WHERE a.line_id IN (l.id, h.line_id) AND a.ended_on IS NULL) AS until_on"
    " FROM quota_line l JOIN ledger_total t ON t.line_id = l.id LEFT JOIN (SELECT x.category, x.funding, x.structure, y.* FROM quota_line x"
    " JOIN ledger_total y ON y.line_id = x.id WHERE x.unit_id = :i AND x.kind = 'establishment') h"
    " ON (h.category, h.funding, h.structure) = (l.category, l.funding, l.structure)"
    " WHERE l.unit_id = :u AND l.kind = 'establishment' AND (t.authorised > 0 OR t.occupied > 0) ORDER BY l.id LIMIT 300"
)


def brought(session: Session, unit: int, into: int) -> list[Any]:
    """The establishment lines of a body that goes into another one, each with the figures of the line that takes it up."""
    return list(session.execute(text(BROUGHT), {"u": unit, "i": into}).all())


SURPLUS_NAMES = (
    "SELECT o.person_name FROM occupancy o JOIN post p ON p.id = o.post_id WHERE o.unit_id = :u AND p.surplus"
    " AND o.recorded_to IS NULL AND o.ended_on IS NULL ORDER BY o.id LIMIT :n"
)


def surplus_names(session: Session, unit: int, most: int) -> list[str]:
    """Who sits beyond the numbers of a body, the first ones by name."""
    return list(session.execute(text(SURPLUS_NAMES), {"u": unit, "n": most}).scalars())
