"""核机构: what ends, moves or is asked anew when an organ is changed, before it is applied for and before it is decided."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.grades import misfits
from app.workflow.checks import Finding, Subject, check

# One row for a body with its departments, or for one department; counts alone, whatever its size.
STANDING = (
    "WITH of AS (SELECT id, legal_id, legal_id = id AS whole FROM unit WHERE id = :u),"
    " seats AS (SELECT o.* FROM occupancy o, of WHERE o.recorded_to IS NULL AND o.ended_on IS NULL"
    " AND (of.whole AND o.unit_id = of.id OR o.department_id = of.id)),"
    " lines AS (SELECT t.*, l.kind FROM quota_line l JOIN ledger_total t ON t.line_id = l.id, of"
    " WHERE of.whole AND l.unit_id = of.id OR l.scope_unit_id = of.id)"
    " SELECT (SELECT count(DISTINCT person_id) FROM seats WHERE kind = 'establishment') AS people,"
    " (SELECT count(*) FROM seats WHERE kind = 'leadership') AS leaders,"
    " (SELECT coalesce(sum(authorised), 0) FROM lines WHERE kind = 'establishment') AS numbers,"
    " (SELECT coalesce(sum(authorised), 0) FROM lines WHERE kind = 'leadership') AS lead_numbers,"
    " (SELECT coalesce(sum(reserved), 0) FROM lines) AS reserved,"
    " (SELECT count(*) FROM unit d, of WHERE d.status = 'active' AND d.node = 'department' AND d.id <> of.id"
    " AND (of.whole AND d.legal_id = of.id OR d.parent_id = of.id)) AS departments,"
    " (SELECT count(*) FROM unit b WHERE b.parent_id = :u AND b.node <> 'department' AND b.status = 'active') AS bodies_below,"
    " (SELECT count(*) FROM application a JOIN case_record r ON r.case_id = a.id, of WHERE a.unit_id = of.legal_id"
    " AND a.state IN ('running', 'returned', 'awaiting') AND a.id IS DISTINCT FROM :c AND a.office_id IS NULL"
    " AND (of.whole OR r.facts::jsonb ->> 'department' = of.id::text)) AS cases,"
    " (SELECT count(*) FROM permit m, of WHERE m.unit_id = of.id AND m.status = 'open') AS permits,"
    " (SELECT count(*) FROM certificate c WHERE c.unit_id = :u AND c.valid) AS certificates,"
    " (SELECT count(*) FROM absence x WHERE x.recorded_to IS NULL AND x.ended_on IS NULL"
    " AND x.person_id IN (SELECT person_id FROM seats)) AS away"
)
FIGURES = ("people", "leaders", "numbers", "lead_numbers", "reserved", "departments", "bodies_below", "cases", "permits",
           "certificates", "away")  # fmt: skip


def standing(session: Session, unit: int, case: int | None) -> Any:
    """What hangs on a unit now, as far as the reader sees it: counts."""
    return session.execute(text(STANDING), {"u": unit, "c": case}).one()


@check("organ_consequences")
def organ_consequences(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """后果预告: people to be moved, seats to die, posts, cases, papers that the change touches; somebody has to look."""
    unit = case.number("unit")
    if unit is None:
        return None
    row = standing(session, unit, case.case_id)
    figures = tuple((name, int(getattr(row, name))) for name in FIGURES if getattr(row, name))
    says = {"merge_unit": "ends_in_another", "move_department": "ends_in_another", "close_unit": "ends_alone"}.get(
        case.plan.movement, "goes_on"
    )
    return Finding("organ_consequences", None if figures else True, figures, says if figures else None)


@check("organ_empty")
def organ_empty(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """撤销前清零: a unit does not end over its people, numbers or units (条例第九条 asks for the plan of its people)."""
    unit = case.number("unit")
    if unit is None:
        return None
    row = standing(session, unit, case.case_id)
    below = row.departments + row.bodies_below
    figures = (("people", int(row.people)), ("numbers", int(row.numbers + row.lead_numbers)), ("below", int(below)))
    says = "people_first" if row.people else "numbers_first" if row.numbers + row.lead_numbers else "below_first"
    empty = not (row.people or row.numbers or row.lead_numbers or below)
    return Finding("organ_empty", empty, figures, None if empty else says)


@check("organ_destination")
def organ_destination(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """在办业务去向: what is under way has somewhere to go, or is withdrawn."""
    unit = case.number("unit")
    if unit is None:
        return None
    row = standing(session, unit, case.case_id)
    ways = ("withdraw",) if case.plan.movement == "close_unit" else ("carry", "suspend", "withdraw")
    ok = not (row.cases or row.permits) or case.facts.get("cases") in ways
    return Finding("organ_destination", ok, (("cases", int(row.cases)), ("permits", int(row.permits))),
                   None if ok else "say_where")  # fmt: skip


@check("upgrade_levels")
def upgrade_levels(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """升格后职数层次: leadership numbers whose level is not that of the new grade have to be approved anew."""
    unit, grade = case.number("unit"), str(case.facts.get("grade") or "")
    if unit is None or not grade:
        return None
    rows = session.execute(
        text(
            "SELECT l.role, l.level, t.authorised FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
            " WHERE l.scope_unit_id = :u AND l.kind = 'leadership' AND t.authorised > 0 ORDER BY l.role, l.level"
        ),
        {"u": unit},
    ).all()
    odd = sum(r.authorised for r in rows if misfits(grade, r.role, r.level))
    return Finding("upgrade_levels", None if odd else True, (("lead_numbers", sum(r.authorised for r in rows)), ("odd_levels", odd)),
                   "approve_levels" if odd else None)  # fmt: skip
