"""重放: the rows that the entries of one chain add up to, table by table.

Values are as JSON has them: dates and instants as text, so that rows compare by ``==``. What a chain does not
say is not here: see ``UNCOVERED`` in verify.py.
"""

from collections.abc import Callable

from app.domain.records import KINDS
from app.ledger import replay_commission
from app.ledger.replay_beside import (
    absence_begun,
    absence_changed,
    certificate_issued,
    certificate_verified,
    permit_claimed,
    permit_ended,
    permit_extended,
    permit_granted,
    permit_returned,
    plan_approved,
    record_item,
    year_verified,
)
from app.ledger.replay_engagement import cap_set, engagement_begun, engagement_changed
from app.ledger.replay_lead import scheme_ended, scheme_set
from app.ledger.replay_organs import permit_carried, permit_left, unit_relocated, unit_succeeded, unit_succeeds
from app.ledger.replay_quotas import (
    absorption_ended,
    absorption_planned,
    line_closed,
    part_ended,
    part_set,
    pool_set,
)
from app.ledger.replay_sanding import ON_UNIT as OF_DOCUMENTS
from app.ledger.replay_state import Entry, Fields, Row, State, count, days, numbers, permit

UNIT = ("name", "short_name", "uscc", "nature", "category", "grade", "subordination", "body")


def _version(s: State, e: Entry, f: Fields) -> None:
    row: Row = {k: f.get(k) for k in UNIT}
    row |= {"id": f["version"], "unit_id": f["unit"], "scope_path": e.scope_path, "started_on": e.effective_on}
    row |= {"parent_id": f["parent"], "region_code": f["region"]}
    row |= {"ended_on": None, "recorded_at": e.recorded_at, "recorded_to": None}
    s.put(e, "unit_version", f["version"], row)


def unit_opened(s: State, e: Entry, f: Fields) -> None:
    """A unit and its first version."""
    row: Row = {k: f.get(k) for k in UNIT}
    row |= {"id": f["unit"], "parent_id": f["parent"], "legal_id": f["legal"], "node": f["node"]}
    row |= {"region_code": f["region"], "segment": f["segment"], "scope_path": e.scope_path, "status": "active"}
    row |= {"not_networked": False, "opened_on": e.effective_on, "closed_on": None}
    s.put(e, "unit", f["unit"], row)
    _version(s, e, f)


def unit_changed(s: State, e: Entry, f: Fields) -> None:
    """The old version ends, the new one begins."""
    s.copy(e, "unit_version", f["closes"], f["ended"], ended_on=e.effective_on)
    _version(s, e, f)
    s.change(e, "unit", f["unit"], **{k: f.get(k) for k in UNIT})


def unit_transferred(s: State, e: Entry, f: Fields) -> None:
    """Another superior, perhaps another region."""
    unit_changed(s, e, f)
    s.change(e, "unit", f["unit"], parent_id=f["parent"], region_code=f["region"], segment=f["segment"])


def unit_closed(s: State, e: Entry, f: Fields) -> None:
    """The last version ends with the unit."""
    s.copy(e, "unit_version", f["closes"], f["ended"], ended_on=e.effective_on)
    s.change(e, "unit", f["unit"], status="closed", closed_on=e.effective_on)


def unit_networked(s: State, e: Entry, f: Fields) -> None:
    """The unit leaves the sight of all but the named, or comes back."""
    s.change(e, "unit", f["unit"], not_networked=f["network"] == "hidden")


def quota_set(s: State, e: Entry, f: Fields) -> None:
    """A line's number, the seats it makes and ends."""
    line = f["line"]
    if line not in s.table("quota_line"):
        made: Row = {k: f[k] for k in ("kind", "category", "funding", "structure", "role", "level")}
        made |= {"id": line, "unit_id": e.chain, "scope_unit_id": f["scope"], "closed_to_entry": False}
        s.put(e, "quota_line", line, made | {"scope_path": e.scope_path})
        total: Row = {"line_id": line, "authorised": None, "occupied": 0, "reserved": 0, "scope_path": e.scope_path}
        s.put(e, "ledger_total", line, total)
    if f["closes"] is not None:
        s.copy(e, "quota", f["closes"], f["ended"], ended_on=e.effective_on)
    quota: Row = {k: f[k] for k in ("authorised", "document_no", "issuer")}
    quota |= {"id": f["quota"], "line_id": line, "started_on": e.effective_on, "ended_on": None}
    quota |= {"recorded_at": e.recorded_at, "recorded_to": None, "scope_path": e.scope_path}
    s.put(e, "quota", f["quota"], quota)
    s.change(e, "ledger_total", line, authorised=f["authorised"])
    if f["seats_from"] is not None:
        for number in range(f["seats_from"], f["seats_to"] + 1):
            _post(s, e, line, number, e.effective_on, "vacant", surplus=False)
    left = days(f.get("left"))
    for number in numbers(f["abolished"]):
        gone = left.get(number, e.effective_on)
        s.change(e, "post", (line, number), status="abolished", abolished_on=gone)
    for number in numbers(f["regularised"]):
        s.change(e, "post", (line, number), surplus=False)
    for number in numbers(f.get("surplus")):
        s.change(e, "post", (line, number), surplus=True)


def _post(s: State, e: Entry, line: int, number: int, created: str, status: str, *, surplus: bool) -> None:
    row: Row = {"line_id": line, "unit_id": e.chain, "number": number, "status": status, "surplus": surplus}
    row |= {"department_id": None, "reserved_case_id": None, "permit_id": None}
    row |= {"created_on": created, "abolished_on": None}
    scope = s.table("quota_line").get(line, {}).get("scope_path")
    s.put(e, "post", (line, number), row | {"scope_path": scope})


def seat_reserved(s: State, e: Entry, f: Fields) -> None:
    """A seat waits for a case; one that takes the place of a permit's seat is the permit's."""
    held = {"reserved_case_id": e.case_id, "permit_id": f.get("permit")}
    s.change(e, "post", (f["line"], f["seat"]), status="reserved", **held)
    count(s, e, f["line"], reserved=1)


def seat_released(s: State, e: Entry, f: Fields) -> None:
    """A reserved seat is free again."""
    s.change(e, "post", (f["line"], f["seat"]), status="vacant", reserved_case_id=None, permit_id=None)
    count(s, e, f["line"], reserved=-1)


def seat_occupied(s: State, e: Entry, f: Fields) -> None:
    """A person sits; a reservation for it is used up."""
    occupancy(s, e, f)
    key = (f["line"], f["seat"])
    post = s.table("post").get(key)
    if post is None and f["surplus"]:
        _post(s, e, f["line"], f["seat"], f["started_on"], "occupied", surplus=True)
    elif post is not None and post["status"] == "reserved":
        count(s, e, f["line"], reserved=-1)
    s.change(e, "post", key, status="occupied", reserved_case_id=None, permit_id=None)
    count(s, e, f["line"], occupied=1)
    if f.get("permit") is not None:
        permit(s, e, f["permit"], used=1)


def occupancy(s: State, e: Entry, f: Fields) -> None:
    """The row of a seat taken."""
    row: Row = {k: f[k] for k in ("kind", "nature", "home_unit", "started_on", "entry_way")}
    row |= {"id": f["occupancy"], "person_id": f["person"], "seat": f["seat"], "line_id": f["line"]}
    row |= {"unit_id": f["unit"], "department_id": f["department"], "main": bool(f["main"]), "ended_on": None}
    row |= {"exit_reason": None, "entry_case_id": f["entry_case"], "exit_case_id": None}
    s.put(e, "occupancy", f["occupancy"], row | {"recorded_at": e.recorded_at, "recorded_to": None})


def occupancy_ended(s: State, e: Entry, f: Fields) -> None:
    """The row of a seat left: closed, and its next version with the last day."""
    s.copy(
        e, "occupancy", f["occupancy"], f["ended"],
        ended_on=f["ended_on"], exit_reason=f["reason"], exit_case_id=e.case_id,
    )  # fmt: skip


def seat_vacated(s: State, e: Entry, f: Fields) -> None:
    """A person leaves; a surplus seat dies with it."""
    occupancy_ended(s, e, f)
    gone = bool(f["abolished"])
    s.change(
        e, "post", (f["line"], f["seat"]),
        status="abolished" if gone else "vacant", abolished_on=f["ended_on"] if gone else None,
    )  # fmt: skip
    count(s, e, f["line"], occupied=-1)


def occupancy_absorbed(s: State, e: Entry, f: Fields) -> None:
    """The rows of a surplus holder who takes a regular seat."""
    before = dict(s.table("occupancy").get(f["closes"], {}))
    s.copy(e, "occupancy", f["closes"], f["ended"], ended_on=f["on"])
    after = {**before, "id": f["occupancy"], "seat": f["seat"], "started_on": f["on"]}
    s.put(e, "occupancy", f["occupancy"], after | {"recorded_at": e.recorded_at, "recorded_to": None})


def seat_absorbed(s: State, e: Entry, f: Fields) -> None:
    """The surplus seat dies, the freed one is taken."""
    occupancy_absorbed(s, e, f)
    s.change(e, "post", (f["line"], f["from_seat"]), status="abolished", abolished_on=f["on"])
    s.change(e, "post", (f["line"], f["seat"]), status="occupied")


def seats_allotted(s: State, e: Entry, f: Fields) -> None:
    """Seats meant for a department."""
    for number in numbers(f["seats"]):
        s.change(e, "post", (f["line"], number), department_id=f["department"])


def occupancy_corrected(s: State, e: Entry, f: Fields) -> None:
    """The first day of a seat corrected."""
    s.copy(e, "occupancy", f["closes"], f["occupancy"], started_on=f["started_on"])


def seat_shifted(s: State, e: Entry, f: Fields) -> None:
    """A person goes to another department; the marks of two seats change places where another was vacant there."""
    occupancy_shifted(s, e, f)
    if f["exchanged"] is not None:
        s.change(e, "post", (f["line"], f["seat"]), department_id=f["department"])
        s.change(e, "post", (f["line"], f["exchanged"]), department_id=f["meant_for"])


def occupancy_shifted(s: State, e: Entry, f: Fields) -> None:
    """The rows of a seat held on in another department."""
    before = dict(s.table("occupancy").get(f["closes"], {}))
    s.copy(e, "occupancy", f["closes"], f["ended"], ended_on=f["on"])
    after = {**before, "id": f["occupancy"], "department_id": f["department"], "started_on": f["on"]}
    s.put(e, "occupancy", f["occupancy"], after | {"recorded_at": e.recorded_at, "recorded_to": None})


def person_registered(s: State, e: Entry, f: Fields) -> None:
    """A person's identity and commitments; a correction replaces all of them."""
    s.put(e, "person", f["person"], dict(f))
    # Every name the person ever had here: old rows keep the name of their time.
    s.table("name")[f["commit_name"]] = {}


ON_UNIT: dict[str, Callable[[State, Entry, Fields], None]] = {
    "unit.opened": unit_opened,
    "unit.changed": unit_changed,
    "unit.transferred": unit_transferred,
    "unit.relocated": unit_relocated,
    "unit.succeeded": unit_succeeded,
    "unit.succeeds": unit_succeeds,
    "permit.left": permit_left,
    "permit.carried": permit_carried,
    "part.set": part_set,
    "part.ended": part_ended,
    "absorption.planned": absorption_planned,
    "absorption.ended": absorption_ended,
    "line.closed": line_closed,
    "unit.networked": unit_networked,
    "cap.set": cap_set,
    "unit.closed": unit_closed,
    "quota.set": quota_set,
    "seat.reserved": seat_reserved,
    "seat.released": seat_released,
    "seat.occupied": seat_occupied,
    "seat.vacated": seat_vacated,
    "seat.absorbed": seat_absorbed,
    "seat.corrected": occupancy_corrected,
    "seats.allotted": seats_allotted,
    "permit.granted": permit_granted,
    "permit.claimed": permit_claimed,
    "permit.returned": permit_returned,
    "permit.extended": permit_extended,
    "permit.ended": permit_ended,
    "plan.approved": plan_approved,
    "seat.shifted": seat_shifted,
    "year.verified": year_verified,
    "certificate.issued": certificate_issued,
    "certificate.verified": certificate_verified,
    **OF_DOCUMENTS,
    "scheme.set": scheme_set,
    "scheme.ended": scheme_ended,
}
ON_REGION: dict[str, Callable[[State, Entry, Fields], None]] = {
    "pool.set": pool_set,
    "meeting.opened": replay_commission.meeting_opened,
    "meeting.put": replay_commission.meeting_put,
    "meeting.dropped": replay_commission.meeting_dropped,
    "meeting.recorded": replay_commission.meeting_recorded,
    "meeting.reopened": replay_commission.meeting_reopened,
    "meeting.settled": replay_commission.meeting_settled,
    "reply.issued": replay_commission.reply_issued,
    "reply.voided": replay_commission.reply_voided,
}
ON_PERSON: dict[str, Callable[[State, Entry, Fields], None]] = {
    "person.registered": person_registered,
    "person.corrected": person_registered,
    "seat.occupied": occupancy,
    "seat.vacated": occupancy_ended,
    "seat.absorbed": occupancy_absorbed,
    "seat.corrected": occupancy_corrected,
    **{f"record.{group}": record_item for group in sorted({kind.group for kind in KINDS.values()})},
    "seat.shifted": occupancy_shifted,
    "absence.begun": absence_begun,
    "absence.extended": absence_changed,
    "absence.ended": absence_changed,
    "engagement.begun": engagement_begun,
    "engagement.extended": engagement_changed,
    "engagement.ended": engagement_changed,
}


def apply(state: State, entry: Entry) -> bool:
    """Add one entry; False for a type that the chain's kind does not know."""
    step = {"unit": ON_UNIT, "region": ON_REGION}.get(entry.kind, ON_PERSON).get(entry.type)
    if step is None:
        return False
    step(state, entry, entry.fields)
    return True
