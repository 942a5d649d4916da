"""From a filled form to the facts that decisions rest on."""

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.ledger.people import PersonFacts, facts_of
from app.models import Unit
from app.security.hats import Hat
from app.security.services import services
from app.views.fields.organs import lead_lines, listed
from app.views.fields.records import hidden
from app.views.shell import named
from app.workflow.definition import FACT_NAMES, Process

NUMBERS = (
    *("line", "department", "person", "unit", "scope", "occupancy", "host_unit", "about_person"),
    *("parent", "into", "into_line", "from_line", "part", "engaged"),
)
# A row's number; anything else stays text, which the database refuses as the number it is not.
ROW = re.compile(r"\d{1,18}")
SECRET = ("id_number",)


@dataclass(frozen=True, slots=True)
class Filing:
    """What is submitted: the facts, whom and which unit they are about, when they take effect."""

    facts: dict[str, str | int | None]
    person_id: int | None
    person_name: str | None
    unit_id: int | None
    effective_on: dt.date | None


def stored(value: Any) -> Any:
    """A form's value as JSON keeps it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def loaded(typed: dict[str, Any]) -> dict[str, Any]:
    """A draft's values as the form's fields want them; the ID number comes back decrypted for its own clerk."""
    out: dict[str, Any] = {}
    for name, value in typed.items():
        if name == "id_cipher":
            out["id_number"] = services().keys.decrypt("resident", bytes.fromhex(value))
        elif name == "sealed":
            out |= json.loads(services().keys.decrypt("record", bytes.fromhex(value)))
        elif name.endswith("_on") or name in ("start", "end"):
            out[name] = dt.date.fromisoformat(value) if value else None
        else:
            out[name] = value
    return out


def typed(form: Any, plan: Process) -> dict[str, Any]:
    """What was typed, as a draft keeps it; an ID number and what belongs to a protected column group only encrypted."""
    apart = hidden(plan)
    out = {n: stored(form[n].data) for n in plan.fields if n not in SECRET and n not in apart}
    if apart:
        kept = json.dumps({n: stored(form[n].data) for n in apart}, ensure_ascii=False)
        out["sealed"] = services().keys.encrypt("record", kept).hex()
    if "id_number" in form and form.id_number.data:
        out["id_cipher"] = services().keys.encrypt("resident", form.id_number.data.strip()).hex()
    return out


def _given(value: Any) -> Any:
    """What was filled in: nought is a number, an empty text is nothing."""
    return value if isinstance(value, int) else stored(value) or None


def form_facts(form: Any, plan: Process) -> dict[str, Any]:
    """The facts that a form itself holds, under their names; an ID number is none of them."""
    facts = {FACT_NAMES.get(n, n): _given(form[n].data) for n in plan.fields if n not in SECRET}
    if "lead" in facts:
        line, _dash, person = str(facts.pop("lead") or "").partition("-")
        facts |= {"line": line or None, "person": person or None}
    if "lead_lines" in facts:
        facts["lead_lines"] = lead_lines(facts["lead_lines"])
    if "split_departments" in facts:
        facts["split_departments"] = listed(facts["split_departments"], "department")
    if "movers" in facts:
        facts["people"] = listed(facts.pop("movers"), "person")
    if "main" in facts:
        facts["main"] = int(bool(facts["main"]))
    return {k: int(str(v)) if k in NUMBERS and ROW.fullmatch(str(v or "")) else v for k, v in facts.items()}


def usual(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """The facts of a form as most businesses file them."""
    facts = form_facts(form, plan)
    unit = _unit(s, facts, plan, who)
    person_id, name = _person(s, facts, form, plan)
    start = form.start.data if "start" in form else form.end.data if "end" in form else None
    return Filing(facts, person_id, name, unit, start)


def unit_of_line(s: Session, line: Any) -> int:
    """The unit whose line it is.

    Raises:
        NotFound: no such line in the applicant's rows.
    """
    unit = s.execute(text("SELECT unit_id FROM quota_line WHERE id = :i"), {"i": line}).scalar()
    if unit is None:
        raise errors.NotFound(line=line)
    return int(unit)


def _unit(s: Session, facts: dict[str, Any], plan: Process, who: Hat) -> int | None:
    """The unit a case is about; a foreign one answers as an absent one."""
    if facts.get("line"):
        unit = unit_of_line(s, facts["line"])
        if who.unit_id and unit != who.unit_id:
            raise errors.NotFound(line=facts["line"])
        return unit
    if facts.get("unit"):
        row = s.get(Unit, facts["unit"])
        if row is None:
            raise errors.NotFound(unit=facts["unit"])
        if plan.process == "department_open":
            facts |= {"parent": row.id, "node": "department", "region": row.region_code}
            del facts["unit"]
        elif plan.process == "lead_new":
            facts |= {"kind": "leadership", "scope": facts.get("scope") or row.id}
        return row.id
    if plan.process == "unit_open":
        facts["node"] = "legal"
        facts["nature"] = {"organ": "党政机关", "institution": "事业单位"}.get(str(facts.get("body")), "其他")
    if facts.get("occupancy"):
        seat = s.execute(text("SELECT unit_id FROM occupancy WHERE id = :i"), {"i": facts["occupancy"]}).scalar()
        if seat is None:
            raise errors.NotFound(occupancy=facts["occupancy"])
        return int(seat)
    return who.unit_id


def _person(s: Session, facts: dict[str, Any], form: Any, plan: Process) -> tuple[int | None, str | None]:
    """The person a case is about: id where the row is the applicant's to see, and the name."""
    if plan.movement == "correct" and "person" in facts:
        return _corrected(s, facts, form)
    if "id_number" in form and form.id_number.data:
        found = s.execute(
            text("SELECT * FROM find_person(:i)"),
            {"i": services().keys.blind_index("resident", form.id_number.data)},
        ).one_or_none()
        if found is None:
            raise errors.NotSeated()
        facts["person"] = found.id
        # Somebody of another unit: the case may name him, its row stays foreign.
        return None, str(found.name)
    person_id = facts.get("person")
    if person_id is None and facts.get("occupancy"):
        person_id = s.execute(text("SELECT person_id FROM occupancy WHERE id = :i"), {"i": facts["occupancy"]}).scalar()
    if person_id is None:
        if plan.process == "leader":
            raise errors.LeaderWithoutSeat()
        return None, None
    name = s.execute(text("SELECT name FROM person WHERE id = :i"), {"i": person_id}).scalar()
    if name is None:
        raise errors.NotFound(person=person_id)
    return int(person_id), str(name)


def document_number(person_id: int, reason: str) -> tuple[str, str | None]:
    """The whole document number of a person, and what proves an unverified one; on record before it is read.

    Raises:
        NotFound: no such person in the reader's rows.
        NotAllowed: the identity has no right to the number.
    """
    with named() as s:
        s.execute(
            text("SELECT ask_reveal(:p, 'document', :r, :a)"),
            {"p": person_id, "r": reason, "a": request.remote_addr},
        )
    with named() as s:
        kept = s.execute(text("SELECT * FROM reveal_person(:p, 'document')"), {"p": person_id}).one()
    return services().keys.decrypt(kept.id_type, bytes(kept.value)), kept.proof


def _corrected(s: Session, facts: dict[str, Any], form: Any) -> tuple[int, str]:
    """A person's facts with the corrected ones in their place; all are committed to anew."""
    row = s.execute(
        text(
            "SELECT id, name, sex, birth_on, id_type, work_started_on, level, rank, education, entry_way, id_verified"
            " FROM person WHERE id = :i"
        ),
        {"i": facts["person"]},
    ).one_or_none()
    if row is None:
        raise errors.NotFound(person=facts["person"])
    old, proof = document_number(row.id, "更正登记")
    names_ = ("person_name", "id_number", "sex", "birth_on", "work_started_on", "entry_way")
    asked = {name: form[name].data for name in names_ if name in form}
    number = asked.get("id_number") or old
    person = PersonFacts(
        name=(asked.get("person_name") or row.name).strip(),
        id_number=number,
        sex=asked.get("sex") or row.sex,
        birth_on=asked.get("birth_on") or row.birth_on,
        id_type=row.id_type,
        work_started_on=asked.get("work_started_on") or row.work_started_on,
        level=row.level,
        rank=row.rank,
        education=row.education,
        entry_way=asked.get("entry_way") or row.entry_way,
        # Another number has passed the form's checks; the old one stays proved or not.
        verified=row.id_verified or number != old,
        proof=proof if number == old else None,
    )
    made = facts_of(person, services().keys)
    index = made.pop("person_index")
    if number == old:
        made.pop("id_cipher")
    else:
        made["new_index"] = index
    last = s.execute(
        text("SELECT max(sequence) FROM ledger_entry WHERE chain_kind = 'person' AND chain_id = :i"),
        {"i": row.id},
    ).scalar()
    facts |= {**made, "corrects": last}
    return int(row.id), person.name
