"""机构文件: a 三定 against the ledger's numbers, a new body against the limit."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import sanding
from app.queries import sanding as reads
from app.workflow.checks import Finding, Subject, check


@check("sanding_figures")
def sanding_figures(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """核定与三定: how many numbers, leadership numbers and departments differ from the ledger's on the first day.

    The numbers of its departments may not add up to more than its whole (AL45).
    """
    unit = case.number("unit")
    if unit is None or not case.facts.get("quotas"):
        return None
    found = reads.ledger_numbers(session, unit, min(case.day("start") or case.today, case.today))
    document = sanding.parse(case.facts)
    differ = sanding.differences(document, *found)
    figures = (
        ("sanding_total", document.total),
        ("ledger_total", sum(found[0].values())),
        ("sanding_departments", document.departments_total),
        ("sanding_differ", len(differ)),
    )
    over = document.departments_total > document.total
    why = "sanding_departments_exceed" if over else "sanding_differs" if differ else None
    return Finding("sanding_figures", why is None, figures, why)


@check("organ_limit")
def organ_limit(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """机构限额: how many bodies of the class there are and may be; the kernel counts again under its lock."""
    region, category = case.facts.get("region"), case.facts.get("category") or case.facts.get("unit_category")
    if region is None and (unit := case.number("unit")) is not None:  # split off: where the old one is, of its class
        found = session.execute(text("SELECT region_code, category FROM unit WHERE id = :u"), {"u": unit}).one_or_none()
        region, category = (found.region_code, found.category) if found else (None, None)
    row = session.execute(
        text(
            "SELECT most, bodies_counted(region_code, category, kernel_today()) AS bodies FROM organ_limit"
            " WHERE region_code = :r AND category = :c AND recorded_to IS NULL AND ended_on IS NULL"
        ),
        {"r": region, "c": category},
    ).one_or_none()
    if row is None:
        return None
    ok = row.bodies < row.most or bool(case.facts.get("over_limit_no"))
    return Finding(
        "organ_limit", ok, (("limit_most", row.most), ("limit_bodies", row.bodies)), None if ok else "limit_reached"
    )
