"""From a filled form to a change of a person's record."""

import datetime as dt
from dataclasses import replace
from typing import Any

from flask import request
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors, terms
from app.domain.records import KINDS, OPEN
from app.ledger.records import now_facts, record_facts
from app.queries.papers import files
from app.security.hats import Hat
from app.security.services import services
from app.views.fields.records import KIND_OF
from app.views.filing.base import Filing, stored, usual
from app.views.filing.entry import entry_facts
from app.workflow.definition import Process

PHOTO_BYTES = 2 * 1024 * 1024


def whose(s: Session, form: Any, plan: Process, who: Hat) -> Any:
    """The person a form is about: oneself, or one in the applicant's rows; a foreign one answers as an absent one."""
    chosen = str(who.person_id if plan.applicant == "person" else form.person.data or "")
    row = s.execute(
        text("SELECT id, name, unit_id, rank, level, personnel_class FROM person WHERE id = :i"),
        {"i": int(chosen) if chosen.isdecimal() else 0},
    ).one_or_none()
    if row is None or row.unit_id is None:
        raise errors.NotFound(person=chosen)
    return row


def item(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """The facts of one item added, or (where an earlier one is chosen) put right.

    Raises:
        NotFound: the person or the item is not the applicant's to choose.
    """
    kind, person = KINDS[KIND_OF[plan.process]], whose(s, form, plan, who)
    values = {f.name: stored(form[f.name].data) for f in kind.fields if f.name in form}
    if kind.name == "photo":
        values["sha256"] = _picture(s)
    wrong = _chosen(s, form, person.id)
    start: dt.date = form.start.data
    end = form.end.data if "end" in form else None
    if kind.name == "discipline":
        last = terms.penalty_ends(start, values["penalty"])
        end = last + dt.timedelta(days=1) if last else None
    facts = record_facts(
        services().keys,
        kind.name,
        values,
        person=person.id,
        action="replace" if wrong else "add",
        item=wrong,
        start=start,
        end=end,
    )
    if kind.group == OPEN:  # what conditions and readers of the case look at, by its name
        facts = {**kind.clean(values), **facts}
    return Filing(facts, person.id, person.name, person.unit_id, start)


def _picture(s: Session) -> str:
    """The one picture among the files of the draft that is being submitted.

    Raises:
        InvalidInput: there is none yet, or more than one, or it is too large.
    """
    case = (request.view_args or {}).get("case_id") or request.form.get("case", type=int)
    found = [f for f in files(s, case) if f.kind in ("jpeg", "png")] if case else []
    if len(found) != 1 or found[0].size > PHOTO_BYTES:
        raise errors.InvalidInput(errors={"person": ["photo_first"]})
    return bytes(found[0].sha256).hex()


def _chosen(s: Session, form: Any, person_id: int) -> int | None:
    chosen = str(form.item.data or "") if "item" in form else ""
    if not chosen:
        return None
    found = s.execute(
        text("SELECT id FROM record_item WHERE id = :i AND person_id = :p AND recorded_to IS NULL"),
        {"i": int(chosen) if chosen.isdecimal() else 0, "p": person_id},
    ).scalar()
    if found is None:
        raise errors.NotFound(item=chosen)
    return int(found)


# The open positions of a person, each with whether it belongs to the seat that is left (as k_lead_left finds it).
LEAVING = text(
    "SELECT i.fields ->> 'level' AS level, EXISTS (SELECT 1 FROM occupancy o JOIN quota_line l ON l.id = o.line_id"
    " WHERE o.line_id = :l AND o.person_id = i.person_id AND o.recorded_to IS NULL AND o.ended_on IS NULL"
    " AND (i.case_id = o.entry_case_id OR i.started_on = o.started_on AND i.fields ->> 'level' = l.level)) AS mine"
    " FROM record_item i WHERE i.person_id = :p AND i.kind = 'appointment' AND i.recorded_to IS NULL AND i.ended_on IS NULL"
)


def leader(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """任职: the item 职务任免 goes with the seat, of the seat's level; one's own person's level follows."""
    made = usual(s, form, plan, who)
    line, person = made.facts["line"], made.facts["person"]
    level = s.execute(text("SELECT level FROM quota_line WHERE id = :i"), {"i": line}).scalar()
    own = str(made.facts.get("own_level") or "")
    if own and level:  # 高配: the higher of both is the holder's; the kernel asks for its document
        level = min(own, level)
    values = {n: form[n].data for n in ("position", "nature", "way", "document_no", "over_document_no") if n in form}
    values |= {"level": level}
    facts = record_facts(services().keys, "appointment", values, start=form.start.data)
    kept = {k: facts[k] for k in ("kind", "action", "fields", "commit_record")}
    if made.person_id is not None and level:  # somebody of another unit keeps the level that his own unit knows
        row = s.execute(
            text(
                "SELECT min(fields ->> 'level') FROM record_item WHERE person_id = :p AND kind = 'appointment'"
                " AND recorded_to IS NULL AND ended_on IS NULL"
            ),
            {"p": person},
        ).scalar()
        kept |= now_facts(services().keys, "appointment", min(level, row or level))
    return replace(made, facts={**made.facts, **kept})


def leader_leave(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """免职: the level of the register becomes the highest of the positions that stay, where the seat has an item."""
    made = usual(s, form, plan, who)
    rows = s.execute(LEAVING, {"l": made.facts["line"], "p": made.facts["person"]}).all()
    if not any(r.mine for r in rows):
        return made
    stays = min((r.level for r in rows if not r.mine and r.level), default=None)
    return replace(made, facts={**made.facts, **now_facts(services().keys, "appointment", stays)})


def resign_own(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """辞去公职, applied for by the person: the reason is the business's own."""
    person = whose(s, form, plan, who)
    facts = {**entry_facts(form, plan), "person": person.id, "reason": "32"}
    return Filing(facts, person.id, person.name, person.unit_id, form.end.data)


FILERS = {"record": item, "leader": leader, "leader_leave": leader_leave, "resign_own": resign_own}
