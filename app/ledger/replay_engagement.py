"""重放 of 编外: a unit's cap, and who is engaged without a seat."""

from app.ledger.replay_state import Entry, Fields, Row, State


def cap_set(s: State, e: Entry, f: Fields) -> None:
    """A document's cap; the one before ends."""
    if f["closes"] is not None:
        s.copy(e, "staff_cap", f["closes"], f["ended"], ended_on=e.effective_on)
    row: Row = {k: f[k] for k in ("number", "document_no", "issuer")}
    row |= {"id": f["cap"], "unit_id": e.chain, "started_on": e.effective_on, "ended_on": None, "case_id": e.case_id}
    row |= {"recorded_at": e.recorded_at, "recorded_to": None, "scope_path": e.scope_path}
    s.put(e, "staff_cap", f["cap"], row)


def engagement_begun(s: State, e: Entry, f: Fields) -> None:
    """A person works for a unit without a seat."""
    row: Row = {k: f[k] for k in ("task", "funding", "started_on", "until_on")}
    row |= {"id": f["engagement"], "person_id": f["person"], "unit_id": f["unit"], "ended_on": None}
    row |= {"case_id": e.case_id, "end_case_id": None, "scope_path": e.scope_path}
    s.put(e, "engagement", f["engagement"], row | {"recorded_at": e.recorded_at, "recorded_to": None})


def engagement_changed(s: State, e: Entry, f: Fields) -> None:
    """A later last day, or the end."""
    end = {} if f["ended_on"] is None else {"end_case_id": e.case_id}
    s.copy(e, "engagement", f["closes"], f["engagement"], until_on=f["until_on"], ended_on=f["ended_on"], **end)
