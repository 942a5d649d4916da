"""将来某日的机构: what approved businesses of organs make of a body and its departments by a day ahead.

Numbers and people of a day ahead are reckoned in SQL (``days.EXPECTED``); names, grades, superiors and departments are few,
and read from the facts of the cases themselves.
"""

from dataclasses import dataclass, field
from typing import Any

# What an organ's business may change of a version, by the keys of its facts.
CHANGED = ("name", "short_name", "uscc", "nature", "category", "grade", "subordination")


@dataclass(slots=True)
class Ahead:
    """A body as it will be: changed fields, departments that open, those that end, and what is changed of the others."""

    body: dict[str, Any] = field(default_factory=dict)
    opened: list[dict[str, Any]] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    departments: dict[int, dict[str, Any]] = field(default_factory=dict)
    ends: bool = False


def of(unit_id: int, waiting: list[Any]) -> Ahead:
    """What approved cases (as ``days.expected`` gives them, by day) make of a body."""
    found = Ahead()
    for case in waiting:
        facts = case.facts
        about = int(facts["unit"]) if str(facts.get("unit") or "").isdecimal() else 0
        if "change_unit" in case.requirements:
            said = {k: facts[k] for k in CHANGED if facts.get(k)}
            (found.body if about == unit_id else found.departments.setdefault(about, {})).update(said)
        elif "transfer_unit" in case.requirements and about == unit_id:
            found.body |= {"parent_id": facts.get("parent")} | (
                {"region_code": facts["region"]} if facts.get("region") else {}
            )
        elif "open_unit" in case.requirements and facts.get("node") == "department":
            if str(facts.get("parent")) == str(unit_id):
                found.opened.append({"name": facts.get("name"), "on": case.effective_on})
        elif {"close_unit", "merge_unit", "move_department"} & set(case.requirements):
            if about == unit_id:
                found.ends = True
            else:
                found.closed.add(about)
    return found
