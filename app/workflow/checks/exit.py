"""核出编: what the laws ask of the ways out of an establishment."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import periods, retirement
from app.domain.retirement import add_months
from app.workflow.checks import Finding, Subject, check
from app.workflow.checks.age import PERSONNEL
from app.workflow.checks.entry import born_of, rule_of


@check("frees")
def frees(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """同日释放: the seat and the leadership positions that fall free with the exit."""
    person = case.number("person")
    if person is None:
        return None
    held = session.execute(
        text(
            "SELECT count(*) FILTER (WHERE kind = 'establishment') AS seats, count(*) FILTER (WHERE kind = 'leadership')"
            " AS leads FROM occupancy WHERE person_id = :p AND recorded_to IS NULL AND ended_on IS NULL"
        ),
        {"p": person},
    ).one()
    if not held.seats:
        return None
    return Finding("frees", True, (("seats", held.seats), ("leads", held.leads)))


@check("early_retirement", roles=PERSONNEL)
def early_retirement(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """提前退休条件: thirty years of service, or twenty within five years of the age, or another rule of the state (第九十三条)."""
    person, end, ground = case.number("person"), case.day("end"), case.facts.get("early_ground")
    row = born_of(session, person) if person is not None else None
    rule = rule_of(row) if row is not None else None
    if row is None or rule is None or end is None or not ground:
        return None
    if ground == "3":
        return Finding("early_retirement", None, (("reached_on", rule.on),), "other_rule")
    if row.work_started_on is None:
        return Finding("early_retirement", None, (("reached_on", rule.on),), "service_unstated")
    years = periods.full_years(row.work_started_on, end - dt.timedelta(days=1))
    near = end >= add_months(rule.on, -60)
    good = years >= 30 if ground == "1" else years >= 20 and near
    figures = (("served", years), ("reached_on", rule.on))
    return Finding("early_retirement", good, figures, None if good else "not_early")


@check("flexible_retirement", roles=PERSONNEL)
def flexible_retirement(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """弹性提前退休: three years before at most, not before the former age, told three months before in writing."""
    person, end, notice = case.number("person"), case.day("end"), case.day("notice_on")
    row = born_of(session, person) if person is not None else None
    rule = rule_of(row) if row is not None else None
    if rule is None or end is None:
        return None
    wrong = retirement.choice_problems(rule, end, today=notice or case.today)
    figures = (("statutory_age", rule.age_text), ("reached_on", rule.on), ("earliest_on", rule.earliest_on),
               ("notice_due", retirement.notice_due(end)))  # fmt: skip
    return Finding("flexible_retirement", not wrong, figures, wrong[0] if wrong else None)


@check("resign_barred", roles=PERSONNEL)
def resign_barred(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """不得辞去公职的情形, as the unit declares them (第八十六条)."""
    bar = case.facts.get("resign_bar")
    if not bar:
        return None
    return Finding(
        "resign_barred", bar == "none", (("resign_bar", bar),), None if bar == "none" else "resign_forbidden"
    )


@check("resign_term", roles=PERSONNEL)
def resign_term(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """审批期限: thirty days from the application, ninety for leaders (第八十五条); institutions are told thirty days before."""
    person, applied, end = case.number("person"), case.day("applied_on"), case.day("end")
    row = born_of(session, person) if person is not None else None
    if row is None or applied is None:
        return None
    if row.personnel_class != "civil":
        due = applied + dt.timedelta(days=periods.NOTICE_DAYS)
        good = end is None or end >= due
        return Finding(
            "resign_term", good, (("applied", applied), ("leave_from", due)), None if good else "notice_short"
        )
    due = applied + dt.timedelta(days=periods.RESIGN_DAYS[row.leader])
    good = case.today <= due
    return Finding("resign_term", good, (("applied", applied), ("decide_by", due)), None if good else "decision_late")


@check("after_leaving", roles=PERSONNEL)
def after_leaving(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """从业限制: whoever leaves civil service may not work for those it supervised, two years, leaders three (第一百零七条)."""
    person, end = case.number("person"), case.day("end")
    row = born_of(session, person) if person is not None else None
    if row is None or end is None or row.personnel_class != "civil":
        return None
    until = add_months(end, 12 * periods.RESTRICTED_YEARS[row.leader])
    return Finding("after_leaving", None, (("until", until),), "restricted_until")


@check("dismiss_exempt", roles=PERSONNEL)
def dismiss_exempt(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """不得辞退的情形, as the unit declares them (第八十九条)."""
    bar = case.facts.get("dismiss_exempt")
    if not bar:
        return None
    good = bar == "none"
    return Finding("dismiss_exempt", good, (("dismiss_exempt", bar),), None if good else "dismiss_forbidden")


def _absent(case: Subject) -> tuple[bool, tuple[tuple[str, Any], ...]]:
    days, yearly = case.number("absent_days") or 0, case.number("absent_year_days") or 0
    return periods.absence_reached(days, yearly), (("absent_days", days), ("absent_year_days", yearly))


@check("dismiss_absence", roles=PERSONNEL)
def dismiss_absence(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """旷工天数: more than fifteen on end or thirty in a year, where that is the ground (第八十八条第五项)."""
    if case.facts.get("dismiss_ground") != "5":
        return None
    good, figures = _absent(case)
    return Finding("dismiss_absence", good, figures, None if good else "absence_short")


@check("contract_notice", roles=PERSONNEL)
def contract_notice(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """解聘的通知和旷工天数: told thirty days before for articles 16 and 17, absent long enough for article 15."""
    ground, notice, end = case.facts.get("contract_ground"), case.day("notice_on"), case.day("end")
    if not ground or end is None:
        return None
    if ground == "15":
        good, figures = _absent(case)
        return Finding("contract_notice", good, figures, None if good else "absence_short")
    if ground not in ("16", "17"):
        return Finding("contract_notice", True, (("leave_from", end),))
    if notice is None:
        return Finding("contract_notice", False, (("leave_from", end),), "notice_missing")
    due = notice + dt.timedelta(days=periods.NOTICE_DAYS)
    return Finding(
        "contract_notice", end >= due, (("notice", notice), ("leave_from", due)), None if end >= due else "notice_short"
    )


@check("decided_day")
def decided_day(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """出编日与依据之日: not before the deciding day, and no more than ``latest`` days after it."""
    decided, end = case.day("decided_on"), case.day("end")
    if decided is None or end is None:
        return None
    latest = decided + dt.timedelta(days=int(params["latest"]))
    says = "before_decision" if end < decided else "after_decision" if end > latest else None
    says = "decided_later" if decided > case.today else says
    return Finding("decided_day", says is None, (("decided", decided), ("latest", latest)), says)


@check("within_probation", roles=PERSONNEL)
def within_probation(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """试用期内: within so many months of the entry by examination (params: ``months``; 第三十四条)."""
    person, end = case.number("person"), case.day("end")
    row = born_of(session, person) if person is not None else None
    if row is None or end is None or row.started_on is None:
        return None
    until = add_months(row.started_on, int(params["months"]))
    recruited = str(row.entry_way or "").startswith("2") or row.entry_way in ("81", "83")
    says = "not_recruited" if not recruited else "probation_over" if end > until else None
    return Finding("within_probation", says is None, (("entered_on", row.started_on), ("until", until)), says)
