"""Filings of the organs' businesses, beside those of filings.py."""

from typing import Any

from app.workflow.definition import Process
from tests.workflow import filings


def organ(city: "filings.City", plan: Process) -> "filings.Filing":
    """A change of an organ, on bodies of its own."""
    n, start = next(filings.serial), {"start": filings.day(), **filings.DOCUMENT}
    body = city.world.body(f"空壳{n:04d}局", quotas={"11": 0}) if plan.process == "unit_close" else city.body(people=0)
    office = body.departments.get("办公室")
    if plan.process == "people_move":
        source = city.body()
        return filings.Filing(
            {"line": source.line, "into_line": body.line} | start,
            source,
            about=source.id,
            other={"document_no": "佛编〔2026〕10号"},
        )
    facts: dict[str, dict[str, Any]] = {
        "unit_open": {"region": filings.CITY, "name": f"新设{n:04d}局", "node": "legal", "nature": "党政机关", "body": "organ",
                      "category": "34", "grade": "13"},
        "department_open": {"parent": body.id, "node": "department", "region": filings.CITY, "name": "新设科"},
        "unit_change": {"unit": body.id, "name": f"改名{n:04d}局"},
        "unit_close": {"unit": body.id},
        "unit_upgrade": {"unit": body.id, "grade": "107"},
        "department_change": {"unit": office, "name": "改名科"},
        "department_close": {"unit": office},
        "department_merge": {"unit": office, "into": body.departments.get("业务科")},
        "department_move": {"unit": body.departments.get("办公室"), "into": city.body(people=0).id, "seats": "along"},
        "unit_transfer": {"unit": body.id, "parent": city.body(people=0).id, "region": filings.CITY},
        "unit_split": {"unit": body.id, "name": f"分设{n:04d}局", "split_departments": str(office)},
        "department_split": {"unit": body.departments.get("业务科"), "name": "分设科"},
        "unit_merge": {"unit": body.id, "into": city.body(people=0).id, "seats": "along"},
    }  # fmt: skip
    if plan.process == "department_split":
        staffed = city.body(people=2)
        facts[plan.process] |= {"unit": staffed.departments["办公室"], "people": str(staffed.people[0])}
        body = staffed
    about = None if plan.process == "unit_open" else facts[plan.process].get("unit") or body.id
    return filings.Filing(facts[plan.process] | start, body, about=about, other={"document_no": "佛编〔2026〕10号"})
