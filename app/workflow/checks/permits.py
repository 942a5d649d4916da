"""核用编: permits, plans and the seats that they count on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.quota import Figures
from app.workflow.checks import Finding, Subject, check, line_of
from app.workflow.checks.seats import KEEPERS

PLAN_ROWS = 8


def permit_of(session: Session, case: Subject) -> Any:
    """The permit that a case names, with how many of its seats no other case has; None without one, or out of sight."""
    if (number := case.number("permit")) is None:
        return None
    if case.case_id is not None:
        return session.execute(text("SELECT * FROM case_permit(:c)"), {"c": case.case_id}).one_or_none()
    return session.execute(
        text(
            "SELECT m.*, (SELECT count(*)::int FROM post p WHERE p.permit_id = m.id AND p.reserved_case_id IS NULL) AS free"
            " FROM permit m WHERE m.id = :i"
        ),
        {"i": number},
    ).one_or_none()


def _figures(permit: Any) -> tuple[tuple[str, Any], ...]:
    return (
        ("permit", permit.number),
        ("approved", permit.approved),
        ("used", permit.used),
        ("remaining", permit.remaining),
        ("last_on", permit.last_on),
    )


def _ended(permit: Any, case: Subject) -> bool:
    return permit.status not in ("open", "used") or permit.last_on < case.today


@check("permit_valid", roles=KEEPERS)
def permit_valid(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """控编单有效: in time, with a seat left, and of the line that the case wants (AL07, AL08)."""
    permit = permit_of(session, case)
    if permit is None:
        return None
    says = None
    if case.number("line") not in (None, permit.line_id):
        says = "permit_other_line"
    elif _ended(permit, case) and not case.reserved:
        says = "permit_over"
    elif permit.free < 1:
        says = "permit_used_up"
    return Finding("permit_valid", says is None, _figures(permit), says)


@check("permit_live", roles=KEEPERS)
def permit_live(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """控编单可延期、可撤销: still in time; a longer period reaches beyond the present one."""
    permit = permit_of(session, case)
    if permit is None:
        return None
    says, last = None, case.day("last_on")
    if permit.status != "open" or permit.last_on < case.today:
        says = "permit_over"
    elif last is not None and last <= permit.last_on:
        says = "permit_not_longer"
    return Finding("permit_live", says is None, _figures(permit), says)


@check("seats_free", roles=KEEPERS)
def seats_free(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """可用编制够用: as many seats as the permit asks for."""
    row, wanted = line_of(session, case), case.number("seats")
    if row is None or wanted is None:
        return None
    usable = Figures.of(row.authorised, row.occupied, row.reserved).usable
    figures = (("authorised", row.authorised), ("occupied", row.occupied), ("reserved", row.reserved), ("usable", usable),
               ("wanted", wanted))  # fmt: skip
    good = usable is not None and usable >= wanted
    return Finding("seats_free", good, figures, None if good else "too_few_seats")


@check("within_plan", roles=KEEPERS)
def within_plan(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """计划内用编: only where a plan of this year names the unit and category; an entry on a permit is in it already."""
    line = case.number("line")
    if line is None or case.number("permit") is not None:
        return None
    row = session.execute(text("SELECT * FROM plan_left(:l, :y)"), {"l": line, "y": case.today.year}).one_or_none()
    if row is None:
        return None
    left = row.planned - row.permitted - row.entered
    good = left >= (case.number("seats") or 1)
    figures = (("planned", row.planned), ("permitted", row.permitted), ("entered", row.entered), ("plan_left", left))
    return Finding("within_plan", good, figures, None if good else "beyond_plan")


def _rows(case: Subject) -> list[tuple[int, int | None, int | None]]:
    numbered = ((n, case.number(f"line{n}"), case.number(f"number{n}")) for n in range(1, PLAN_ROWS + 1))
    return [row for row in numbered if row[1] is not None or row[2] is not None]


@check("plan_rows", roles=KEEPERS)
def plan_rows(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """计划各行完整: each row a line and a number, no line twice; whose lines they are the kernel says."""
    rows = _rows(case)
    if not rows:
        return None
    half = next((n for n, line, number in rows if line is None or not number), None)
    lines = [line for _n, line, _number in rows if line is not None]
    says = "half_row" if half else "row_twice" if len(lines) != len(set(lines)) else None
    total = sum(number or 0 for _n, _line, number in rows)
    return Finding("plan_rows", says is None, (("rows", len(rows)), ("total", total), ("row", half)), says)


@check("plan_room", roles=KEEPERS)
def plan_room(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """计划与空编: a row that wants more than is usable now waits for people to leave (出一进一); surplus lines take nobody."""
    rows = {line: number or 0 for _n, line, number in _rows(case) if line is not None}
    if not rows:
        return None
    found = session.execute(
        text("SELECT line_id, authorised, occupied, reserved FROM ledger_total WHERE line_id = ANY(:l)"),
        {"l": list(rows)},
    ).all()
    usable = sum(Figures.of(r.authorised, r.occupied, r.reserved).usable or 0 for r in found)
    short = sum(max(0, rows[r.line_id] - (Figures.of(r.authorised, r.occupied, r.reserved).usable or 0)) for r in found)
    surplus = any(r.authorised is not None and r.occupied > r.authorised for r in found)
    figures = (("total", sum(rows.values())), ("usable", usable), ("short", short))
    says = "plan_surplus" if surplus else "plan_waits" if short else None
    return Finding("plan_room", False if surplus else None if short else True, figures, says)
