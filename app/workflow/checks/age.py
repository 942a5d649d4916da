"""核年龄: at entry, and at leaving for retirement."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import retirement
from app.workflow.checks import Finding, Subject, check

# Who answers for the person.
PERSONNEL = ("personnel", "organisation", "human_resources", "city_personnel")


def age_on(born: dt.date, day: dt.date) -> int:
    """Full years of age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@check("recruit_age", roles=PERSONNEL)
def recruit_age(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """录用年龄: the usual limit of examinations (params: ``most``); the announcement of the post may say otherwise."""
    born = case.day("birth_on")
    if born is None:
        return None
    age, most = age_on(born, case.today), int(params["most"])
    figures = (("full_years", age), ("most", most))
    return Finding("recruit_age", None if age > most else True, figures, "above_age" if age > most else None)


@check("retirement_age", roles=(*PERSONNEL, "establishment"))
def retirement_age(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """法定退休年龄: whether the day of leaving fits it (渐进式延迟法定退休年龄的办法); the person in the reader's rows."""
    person, end = case.number("person"), case.day("end")
    if person is None or end is None:
        return None
    row = session.execute(
        text(
            "SELECT p.sex, p.birth_on, l.category FROM person p LEFT JOIN occupancy o ON o.person_id = p.id"
            " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL"
            " LEFT JOIN quota_line l ON l.id = o.line_id WHERE p.id = :p"
        ),
        {"p": person},
    ).one_or_none()
    if row is None or row.sex not in ("1", "2"):
        return None
    worker = (row.category or "") in retirement.WORKER_CATEGORIES
    rule = retirement.statutory(row.birth_on, retirement.track_of(row.sex, worker=worker))
    figures = (
        ("born", row.birth_on),
        ("statutory_age", rule.age_text),
        ("reached_on", rule.on),
        ("earliest_on", rule.earliest_on),
    )
    if end < rule.earliest_on:
        return Finding("retirement_age", False, figures, "before_earliest")
    early = end < rule.on
    return Finding("retirement_age", None if early else True, figures, "own_choice" if early else None)
