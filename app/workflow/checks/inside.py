"""核内部变动: departments and categories inside a unit, who is away and where to, certificates and the year's roster."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.quota import category_fits
from app.domain.workdays import add_workdays
from app.models import WorkingDay
from app.workflow.checks import Finding, Subject, check

CIVIL_SEATS = ("11", "12")


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day some months later; the last of the month where it has none such."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    end = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month, min(day.day, end))


def seat_of(session: Session, person: int) -> Any:
    """The establishment seat that a person holds now, with its line and body, as far as the reader may see it."""
    return session.execute(
        text(
            "SELECT o.line_id, o.department_id, o.unit_id, l.category, l.structure, u.body FROM occupancy o"
            " JOIN quota_line l ON l.id = o.line_id JOIN unit u ON u.id = o.unit_id WHERE o.person_id = :p"
            " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL"
        ),
        {"p": person},
    ).one_or_none()


def _seat(session: Session, case: Subject) -> Any:
    person = case.number("person")
    return None if person is None else seat_of(session, person)


@check("another_department")
def another_department(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """调入另一内设机构: the person does not sit there already (empty: the unit itself)."""
    seat = _seat(session, case)
    return None if seat is None else Finding("another_department", seat.department_id != case.number("department"))


@check("department_seat")
def department_seat(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """内设机构编制: whether the department has fewer people than seats meant for it; nothing where none are allotted."""
    seat, department = _seat(session, case), case.number("department")
    if seat is None or department is None:
        return None
    row = session.execute(
        text(
            "SELECT (SELECT count(*) FROM post WHERE unit_id = :u AND department_id = :d AND status <> 'abolished') AS seats,"
            " (SELECT count(*) FROM occupancy WHERE department_id = :d AND kind = 'establishment' AND recorded_to IS NULL"
            " AND ended_on IS NULL) AS people"
        ),
        {"u": seat.unit_id, "d": department},
    ).one()
    if not row.seats:
        return None
    good = row.people < row.seats
    figures = (("allotted", row.seats), ("occupied", row.people))
    return Finding("department_seat", good, figures, None if good else "department_full")


@check("leads_department")
def leads_department(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """所任内设机构职务: whoever leads the department that he leaves gives that position up first."""
    seat = _seat(session, case)
    if seat is None or seat.department_id is None:
        return None
    leads = session.execute(
        text(
            "SELECT EXISTS (SELECT 1 FROM occupancy o JOIN quota_line l ON l.id = o.line_id WHERE o.person_id = :p"
            " AND o.kind = 'leadership' AND o.recorded_to IS NULL AND o.ended_on IS NULL AND l.scope_unit_id = :d)"
        ),
        {"p": case.number("person"), "d": seat.department_id},
    ).scalar_one()
    return Finding("leads_department", not leads, (), "leads_still" if leads else None)


def _line(session: Session, case: Subject) -> Any:
    number = case.number("line")
    return session.execute(
        text(
            "SELECT l.id, l.category, u.body, u.nature FROM quota_line l JOIN unit u ON u.id = l.unit_id WHERE l.id = :i"
        ),
        {"i": number},
    ).one_or_none()


@check("another_line")
def another_line(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """转入另一编制: the person does not sit on that line already."""
    seat, line = _seat(session, case), _line(session, case)
    return None if seat is None or line is None else Finding("another_line", seat.line_id != line.id)


@check("category_of_body")
def category_of_body(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """编制类型与机构相符 (混编 is what it prevents); 政法专项编制 where the unit has a line of it by document."""
    line = _line(session, case)
    if line is None:
        return None
    good = category_fits(line.body, line.category, judicial=True)
    figures = (("body", codes.label("body", line.body)), ("category", codes.label("category", line.category)))
    return Finding("category_of_body", good, figures, None if good else "mixed_use")


def _absences(session: Session, case: Subject) -> list[Any] | None:
    person = case.number("person")
    if person is None:
        return None
    return list(session.execute(text("SELECT * FROM absences_of(:p)"), {"p": person}).all())


def _open(rows: list[Any]) -> Any:
    return next((r for r in rows if r.ended_on is None), None)


@check("present")
def present(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """未离岗: nobody is away twice; an absence that runs is extended or ended first."""
    rows = _absences(session, case)
    if rows is None:
        return None
    running = _open(rows)
    figures = () if running is None else (("absence_kind", codes.ABSENCE[running.kind]), ("until_on", running.until_on))
    return Finding("present", running is None, figures, None if running is None else "away_already")


@check("absent")
def absent(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """已登记离岗: there is something to extend or to end."""
    rows = _absences(session, case)
    if rows is None:
        return None
    running = _open(rows)
    figures = () if running is None else (
        ("absence_kind", codes.ABSENCE[running.kind]), ("started_on", running.started_on), ("until_on", running.until_on)
    )  # fmt: skip
    return Finding("absent", running is not None, figures)


def _within(code: str, start: dt.date, until: dt.date, months: int) -> Finding:
    latest = months_after(start, months) - dt.timedelta(days=1)
    figures = (("started_on", start), ("until_on", until), ("latest_on", latest))
    return Finding(code, until <= latest, figures, None if until <= latest else "too_long")


@check("away_term")
def away_term(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """离岗期限: one period lasts ``months`` at most."""
    start, until = case.day("start"), case.day("until_on")
    return None if start is None or until is None else _within("away_term", start, until, int(params["months"]))


@check("lent_total")
def lent_total(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """借调累计: with all extensions ``months`` at most; other absences last as their papers say."""
    rows, until = _absences(session, case), case.day("until_on")
    running = _open(rows or [])
    if running is None or running.kind != "secondment" or until is None:
        return None
    return _within("lent_total", running.started_on, until, int(params["months"]))


@check("lent_again")
def lent_again(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """返回后再借: not within ``years`` of the last return, whichever unit lent him then."""
    rows, start = _absences(session, case), case.day("start")
    if rows is None or start is None:
        return None
    back = max((r.ended_on for r in rows if r.kind == "secondment" and r.ended_on is not None), default=None)
    if back is None:
        return Finding("lent_again", True)
    free = months_after(back, 12 * int(params["years"]))
    figures = (("returned_on", back), ("free_on", free))
    return Finding("lent_again", start >= free, figures, None if start >= free else "lent_lately")


@check("host_room")
def host_room(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """接收单位编制: a full or over-quota unit borrows nobody, as a principle; a host outside the city is not known."""
    host = case.number("host_unit")
    if host is None:
        return None
    good = bool(session.execute(text("SELECT host_has_room(:u)"), {"u": host}).scalar_one())
    return Finding("host_room", good, (), None if good else "host_full")


@check("three_bans")
def three_bans(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """三个严禁: administrative work by administrative seats, enforcement and professional work by whoever is qualified."""
    seat, post = _seat(session, case), case.facts.get("host_post")
    if seat is None or not post:
        return None
    qualified = bool(str(case.facts.get("licence") or "").strip())
    wrong = {
        "administrative": (seat.category not in CIVIL_SEATS, "ban_administrative"),
        "enforcement": (not qualified, "ban_enforcement"),
        "professional": (not qualified and seat.structure != "professional", "ban_professional"),
    }.get(str(post), (False, ""))
    figures = (("category", codes.label("category", seat.category)), ("host_post", codes.label("host_post", str(post))))
    return Finding("three_bans", not wrong[0], figures, wrong[1] if wrong[0] else None)


@check("long_sick")
def long_sick(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """长期病假: sick leave is registered from ``months`` on; a shorter one needs no registration."""
    start, until = case.day("start"), case.day("until_on")
    if case.facts.get("absence_kind") != "sick_leave" or start is None or until is None:
        return None
    least = months_after(start, int(params["months"])) - dt.timedelta(days=1)
    figures = (("until_on", until), ("least_on", least))
    return Finding("long_sick", until >= least, figures, None if until >= least else "short_sick")


@check("extend_in_time")
def extend_in_time(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """按时延期: applied for ``workdays`` before the last day."""
    running = _open(_absences(session, case) or [])
    if running is None:
        return None
    calendar = {row.on: row.worked for row in session.scalars(select(WorkingDay))}
    good = add_workdays(case.today, int(params["workdays"]), calendar) <= running.until_on
    return Finding("extend_in_time", good, (("until_on", running.until_on),), None if good else "late_extension")


@check("certificate_held")
def certificate_held(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """有效管理证: a first one where none is valid; everything else where one is."""
    reason = case.facts.get("certificate_reason")
    if not reason or case.unit_id is None:
        return None
    held = session.execute(
        text("SELECT number FROM certificate WHERE unit_id = :u AND valid"), {"u": case.unit_id}
    ).scalar()
    good = (held is None) == (reason == "first")
    figures = () if held is None else (("certificate", held),)
    return Finding("certificate_held", good, figures, None if good else "held" if held else "none_held")


@check("year_confirmed")
def year_confirmed(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """年审须先完成核查: the stamp of a year rests on its confirmed roster."""
    year = case.number("year")
    if case.facts.get("certificate_reason") != "verify" or case.unit_id is None:
        return None
    good = bool(
        session.execute(
            text(
                "SELECT EXISTS (SELECT 1 FROM verification WHERE unit_id = :u AND year = :y AND confirmed_at IS NOT NULL)"
            ),
            {"u": case.unit_id, "y": year},
        ).scalar_one()
    )
    return Finding("year_confirmed", good, (("year", year or "—"),), None if good else "year_open")
