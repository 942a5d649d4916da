"""核入编: what the laws ask of the ways into an establishment, beside seat and identity."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import periods, retirement
from app.models import WorkingDay
from app.workflow.checks import Finding, Subject, check, line_of
from app.workflow.checks.age import PERSONNEL
from app.workflow.checks.seats import KEEPERS

# 四级调研员以上职级，或乡科级副职以上领导职务 (《公务员法》第七十条).
TRANSFER_RANKS = ("R01", "R02", "R03", "R04", "R05", "R06")
FROM_OUTSIDE = ("14", "15")
CIVIL = ("11", "12", "21")


@check("category_fits", roles=KEEPERS)
def category_fits(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """编制类型相符: the line is of a category that this business may use (params: ``categories``)."""
    row = line_of(session, case)
    if row is None:
        return None
    good = row.category in params["categories"]
    return Finding("category_fits", good, (("category", row.category),), None if good else "other_category")


@check("never_expelled", roles=PERSONNEL)
def never_expelled(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """未被开除公职: whether the register knows this document number with 开除 as an exit (第二十六条)."""
    if case.case_id is not None:
        found = session.execute(text("SELECT case_expelled(:c)"), {"c": case.case_id}).scalar()
    elif case.facts.get("person_index"):
        found = session.execute(
            text("SELECT ever_expelled(:i)"), {"i": bytes.fromhex(case.facts["person_index"])}
        ).scalar()
    else:
        return None
    return Finding("never_expelled", not found, (), "was_expelled" if found else None) if found is not None else None


@check("publicity", roles=PERSONNEL)
def publicity(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """公示期 (params: ``working_days`` or ``days``); one that is not stated has to be looked up in the papers."""
    start, end = case.day("publicity_on"), case.day("publicity_end_on")
    if start is None or end is None:
        return Finding("publicity", None, (), "publicity_unstated") if case.case_id is not None else None
    if "working_days" in params:
        calendar = {row.on: row.worked for row in session.query(WorkingDay).where(WorkingDay.on.between(start, end))}
        least, shown, label = (
            int(params["working_days"]),
            periods.shown_workdays(start, end, calendar),
            "shown_workdays",
        )
    else:
        least, shown, label = int(params["days"]), periods.shown_days(start, end), "shown_days"
    says = "publicity_short" if shown < least else "publicity_runs" if end >= case.today else None
    return Finding("publicity", says is None, ((label, shown), ("least_days", least), ("until", end)), says)


@check("probation", roles=PERSONNEL)
def probation(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """公务员试用期 is one year, neither shorter nor longer (第三十四条); params: ``months``."""
    start, end, due = case.day("report_on"), case.day("probation_end_on"), int(params["months"])
    if start is None or end is None:
        return None
    months = periods.months_between(start, end)
    good = months == due
    return Finding("probation", good, (("months", months), ("due_months", due)), None if good else "probation_differs")


@check("hire_probation", roles=PERSONNEL)
def hire_probation(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """事业单位试用期: twelve months for a first job under a contract of three years, never more (条例第十三条)."""
    start, end, most = case.day("contract_on"), case.day("probation_end_on"), int(params["months"])
    if start is None or end is None:
        return None
    months, first = periods.months_between(start, end), case.facts.get("first_job") == "yes"
    says = "probation_long" if months > most else "probation_differs" if first and months < most else None
    return Finding("hire_probation", says is None, (("months", months), ("due_months", most)), says)


@check("contract_years", roles=PERSONNEL)
def contract_years(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """合同期限 in full years (params: ``least``, ``most``)."""
    start, end = case.day("contract_on"), case.day("contract_end_on")
    if start is None or end is None:
        return None
    years, least, most = periods.full_years(start, end), int(params["least"]), params.get("most")
    over = most is not None and periods.months_between(start, end) > int(most) * 12
    says = "contract_short" if years < least else "contract_long" if over else None
    figures = (("contract_years", years), ("least_years", least), ("most_years", most))
    return Finding("contract_years", says is None, figures, says)


@check("transfer_class", roles=PERSONNEL)
def transfer_class(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """调任层次: from an institution or enterprise into civil establishment only as a leader or from 四级调研员 on (第七十条)."""
    row = line_of(session, case)
    if row is None or row.category not in CIVIL or case.facts.get("entry_way") not in FROM_OUTSIDE:
        return None
    rank, level = case.facts.get("rank") or "", case.facts.get("level") or ""
    good = rank in TRANSFER_RANKS or "0101" <= level <= "0142"
    return Finding("transfer_class", good, (("rank", rank), ("level", level)), None if good else "transfer_rank")


@check("class_change", roles=PERSONNEL)
def class_change(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """身份变化: a person of an institution who moves onto civil establishment is 调任, looked at by its own rules."""
    row = line_of(session, case)
    person = case.number("person")
    if row is None or person is None:
        return None
    now = session.execute(text("SELECT personnel_class FROM person WHERE id = :p"), {"p": person}).scalar()
    if now is None:
        return None
    mixed = now in ("public", "support") and row.category in CIVIL
    return Finding(
        "class_change", None if mixed else True, (("person_class", now),), "becomes_civil" if mixed else None
    )


@check("service_before", roles=PERSONNEL)
def service_before(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """遴选: at least so many years of service before (params: ``years``, ``ways`` of entry)."""
    start = case.day("work_started_on")
    if case.facts.get("entry_way") not in params["ways"]:
        return None
    if start is None:
        return Finding("service_before", None, (("least_years", params["years"]),), "service_unstated")
    years = periods.full_years(start, case.today)
    good = years >= int(params["years"])
    return Finding(
        "service_before", good, (("served", years), ("least_years", params["years"])), None if good else "service_short"
    )


@check("lead_room")
def lead_room(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """职数先核: whether the unit has a vacant leadership position of the level (第四十三条)."""
    row, level = line_of(session, case), case.facts.get("level")
    if row is None or not level:
        return None
    totals = session.execute(
        text(
            "SELECT sum(t.authorised)::int AS authorised, sum(t.occupied)::int AS occupied FROM quota_line l"
            " JOIN ledger_total t ON t.line_id = l.id WHERE l.unit_id = :u AND l.kind = 'leadership' AND l.level = :l"
        ),
        {"u": row.unit_id, "l": level},
    ).one()
    free = (totals.authorised or 0) - (totals.occupied or 0)
    figures = (("level", level), ("authorised", totals.authorised), ("occupied", totals.occupied))
    return Finding("lead_room", free > 0, figures, None if free > 0 else "no_lead_room")


@check("was_on_roll")
def was_on_roll(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """复职的人原在编: known to the register and holding no seat now."""
    if case.case_id is not None:
        found = session.execute(text("SELECT * FROM case_person(:c)"), {"c": case.case_id}).one_or_none()
    elif case.facts.get("person_index"):
        found = session.execute(
            text("SELECT * FROM find_person(:i)"), {"i": bytes.fromhex(case.facts["person_index"])}
        ).one_or_none()
    else:
        return None
    if found is None or found.name is None:
        return Finding("was_on_roll", False, (), "not_in_register")
    good = found.state == "left"
    return Finding("was_on_roll", good, (("person", f"{found.name} {found.id_mask}"),), None if good else "not_left")


def born_of(session: Session, person: int) -> Any:
    """Sex, day of birth, start of work and category of a person in the reader's rows; None out of sight."""
    return session.execute(
        text(
            "SELECT p.sex, p.birth_on, p.work_started_on, p.personnel_class, l.category, o.started_on, o.entry_way,"
            " EXISTS (SELECT 1 FROM occupancy x WHERE x.person_id = p.id AND x.kind = 'leadership' AND x.recorded_to IS NULL"
            " AND x.ended_on IS NULL) AS leader FROM person p LEFT JOIN occupancy o ON o.person_id = p.id"
            " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL"
            " LEFT JOIN quota_line l ON l.id = o.line_id WHERE p.id = :p"
        ),
        {"p": person},
    ).one_or_none()


def rule_of(row: Any) -> retirement.Retirement | None:
    """The statutory age that holds for a person; None for an unknown sex."""
    if row.sex not in ("1", "2"):
        return None
    worker = (row.category or "") in retirement.WORKER_CATEGORIES
    return retirement.statutory(row.birth_on, retirement.track_of(row.sex, worker=worker))
