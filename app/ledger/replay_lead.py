"""重放 of approved groups of ranks and post grades."""

from app.ledger.replay_state import Entry, Fields, Row, State, numbers


def scheme_set(s: State, e: Entry, f: Fields) -> None:
    """A scheme; the unit's own one before it ends with its first day."""
    if f["closes"] is not None:
        s.copy(e, "scheme", f["closes"], f["ended"], ended_on=e.effective_on)
    row: Row = {
        k: f[k] for k in ("kind", "body", "basis", "categories", "base", "apart", "groups", "document_no", "issuer")
    }
    row |= {"id": f["scheme"], "unit_id": e.chain, "members": numbers(f["members"]), "case_id": e.case_id}
    row |= {"leave_out": f["leave_out"].split(",") if f["leave_out"] else []}
    row |= {"started_on": e.effective_on, "ended_on": None, "scope_path": e.scope_path}
    s.put(e, "scheme", f["scheme"], row | {"recorded_at": e.recorded_at, "recorded_to": None})


def scheme_ended(s: State, e: Entry, f: Fields) -> None:
    """A scheme that went into one of several units together."""
    s.copy(e, "scheme", f["closes"], f["ended"], ended_on=e.effective_on)
