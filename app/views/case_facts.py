"""What was filed in a case, in words: labels, codes by their names, ids by the names of what they stand for."""

import json
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.queries import units
from app.queries.commission import outside_named
from app.views import case_asked, reform_words
from app.views.fields import engagement as fields_engagement
from app.views.fields import entry as fields_entry
from app.views.fields import lead as fields_lead
from app.views.fields import organs as fields_organs
from app.views.fields import sanding as fields_sanding
from app.views.fields.inside import objects
from app.workflow.definition import Process

# The code list of a fact.
LISTS = {
    "birth_record": "birth_record",
    "sex": "sex",
    "education": "education",
    "rank": "rank",
    "level": "level",
    "nature": "appointment_nature",
    "entry_way": "entry_way",
    "body": "body",
    "grade": "unit_grade",
    "funding": "funding",
    "structure": "structure",
    "role": "role",
    "own_level": "level",
    **fields_entry.LISTS,
    "absence_kind": "absence_kind",
    "host_post": "host_post",
    "certificate_reason": "certificate_reason",
    "engage_funding": "engage_funding",
}


# Movements whose fact ``people`` lists who goes.
MOVERS = ("move_people", "split_unit")


def labels() -> dict[str, str]:
    """The facts that a reader is shown, in their order."""
    return {
        "department": _("Internal department"),
        **{key: str(label) for key, label in fields_organs.LABELS.items()},
        "person_name": _("Full name"),
        "id_mask": _("Identity number"),
        "sex": _("Sex"),
        "birth_on": _("Day of birth"),
        "birth_record": _("Record in the file"),
        "recorded_on": _("Record made on"),
        "education": _("Education"),
        "work_started_on": _("Start of work"),
        "region": _("Region"),
        "name": _("Name of the unit"),
        "short_name": _("Short name"),
        "uscc": _("Unified social credit code"),
        "body": _("Kind of body"),
        "grade": _("Grade of unit"),
        "category": _("Kind of establishment"),
        "funding": _("Funding"),
        "structure": _("Kind of post (institutions)"),
        "role": _("Position"),
        "level": _("Level of position"),
        "rank": _("Rank"),
        "entry_way": _("Way of entry"),
        "reason": _("Reason of leaving"),
        "nature": _("Kind of appointment"),
        "home_unit": _("Home unit (for leaders from elsewhere)"),
        "authorised": _("Authorised number"),
        "absence_kind": _("Kind of absence"),
        "host_unit": _("Host unit (of this city)"),
        "host": _("Host, if outside this city"),
        "host_post": _("Kind of work there"),
        "licence": _("Number of the enforcement licence or professional title"),
        "certificate_reason": _("What is asked for"),
        "objected": _("What is wrong"),
        "claim": _("What stands there, what is right, and the proof"),
        "proof_purpose": _("Purpose of the proof"),
        "year": _("Year"),
        "people": _("People on the roster"),
        "differences": _("Differences"),
        "start": _("Effective on"),
        "until_on": _("Last day away"),
        "end": _("First day outside"),
        "document_no": _("Document number"),
        "issuer": _("Issuing body"),
        **{key: str(label) for key, label in fields_entry.LABELS.items()},
        **{key: str(label) for key, label in fields_lead.LABELS.items()},
        **{key: str(label) for key, label in fields_engagement.LABELS.items()},
        "ground": _("Reason"),
        **fields_sanding.labels(),
    }


def shown(s: Session, facts: dict[str, Any], line: Any, plan: Process) -> list[dict[str, Any]]:
    """The facts as label and value, called as in the business's own form; the line they are about stands first."""
    out: list[dict[str, Any]] = []
    if line is not None:
        out.append({"label": _("Establishment line"), "value": f"{line.unit_name} · {units.line_label(line)}"})
    item = json.loads(str(facts["fields"])) if facts.get("fields") else {}  # shown by its own kind's words
    asked, common = case_asked.asked(plan), labels()
    for key, label in (common | case_asked.more(plan, asked, common)).items():
        value = facts.get(key)
        if key in item or value in (None, "") or (key == "structure" and value == "none"):
            continue
        field = asked.get(key)
        # The form's own name of a fact: the same name files other things elsewhere.
        title = field.label if field else label
        if key == "name" and plan.movement == "reform":
            title = _("Reform")
        if key == "people" and plan.movement in MOVERS:
            title = _("Who goes")
        by_form = field and (str(value) in field.choices or key not in common)
        said = case_asked.word(s, field, value) if field and by_form else _word(s, key, value, plan)
        out.append({"label": title, "value": said})
    return out + (reform_words.filed(s, facts) if plan.movement == "reform" else [])


def listed_people(s: Session, value: str) -> str:
    """People by name, as far as they are the reader's; how many there are besides."""
    ids = [int(x) for x in value.split(",") if x.isdecimal()]
    query = "SELECT string_agg(name, '、' ORDER BY id), count(*) FROM person WHERE id = ANY(:i)"
    names, seen = s.execute(text(query), {"i": ids}).one()
    return names if seen == len(ids) else _("%(names)s (%(n)s people in all)", names=names or "—", n=len(ids))


def _word(s: Session, key: str, value: Any, plan: Process) -> Any:
    if key in ("department", "host_unit", "partner"):
        return s.execute(text("SELECT unit_name(:u)"), {"u": int(value)}).scalar() or value
    if key == "people" and plan.movement in MOVERS:
        return listed_people(s, str(value))
    if key in fields_organs.LABELS:
        return fields_organs.said(s, key, value)
    if key in fields_sanding.COLUMNS:
        return fields_sanding.said(key, value)
    if key == "outside":
        return outside_named(s, value)
    if key == "members":
        names = (
            "SELECT string_agg(unit_name(m::bigint), '、' ORDER BY m::bigint) FROM unnest(string_to_array(:u, ',')) m"
        )
        return s.execute(text(names), {"u": str(value)}).scalar() or value
    if key in ("signboard_kind", "counts", "temporary_kind"):
        return dict(fields_sanding.SIGNBOARDS + fields_sanding.COUNTS + fields_sanding.TEMPORARY).get(str(value), value)
    if key == "objected":
        return dict(objects()).get(str(value), value)
    if key == "region":
        return codes.REGION.get(str(value), value)
    if key == "permit":
        return s.execute(text("SELECT number FROM permit WHERE id = :i"), {"i": int(value)}).scalar() or _(
            "Another unit's"
        )
    if key == "category":
        return codes.label("unit_category" if plan.process in ("unit_open", "organ_limit") else "category", str(value))
    if key in ("new_category", "new_funding", "new_class"):
        return codes.label({"new_class": "unit_category"}.get(key, key.removeprefix("new_")), str(value))
    if key == "reason":
        return codes.label("position_change" if plan.movement == "leave_lead" else "exit_reason", str(value))
    return codes.label(LISTS[key], str(value)) if key in LISTS else value
