"""重放 of numbers: their parts, the totals of regions, plans of absorption, lines closed to entry."""

from app.ledger.replay_state import Entry, Fields, Row, State


def part_set(s: State, e: Entry, f: Fields) -> None:
    """A share of a line's number."""
    row: Row = {k: f[k] for k in ("purpose", "number", "last_on", "document_no", "issuer")}
    row |= {"id": f["part"], "line_id": f["line"], "added": bool(f["added"]), "taken": 0, "case_id": e.case_id}
    row |= {"started_on": e.effective_on, "ended_on": None, "recorded_at": e.recorded_at, "recorded_to": None}
    s.put(e, "quota_part", f["part"], row | {"scope_path": e.scope_path})


def part_ended(s: State, e: Entry, f: Fields) -> None:
    """It ends, or as much of it as could."""
    s.copy(e, "quota_part", f["closes"], f["part"], taken=f["taken"], ended_on=f["ended_on"])


def pool_set(s: State, e: Entry, f: Fields) -> None:
    """A region's total or reserve; the one before ends."""
    if f["closes"] is not None:
        s.copy(e, "quota_pool", f["closes"], f["ended"], ended_on=e.effective_on)
    row: Row = {k: f[k] for k in ("category", "kind", "number", "document_no", "issuer")}
    row |= {"id": f["pool"], "region_code": f["region"], "case_id": e.case_id, "started_on": e.effective_on}
    row |= {"ended_on": None, "recorded_at": e.recorded_at, "recorded_to": None, "scope_path": e.scope_path}
    s.put(e, "quota_pool", f["pool"], row)


def absorption_planned(s: State, e: Entry, f: Fields) -> None:
    """How a surplus goes."""
    row: Row = {k: f[k] for k in ("surplus", "until_on", "targets", "document_no")}
    row |= {"id": f["plan"], "line_id": f["line"], "unit_id": e.chain, "started_on": e.effective_on, "ended_on": None}
    s.put(e, "absorption_plan", f["plan"], row | {"case_id": e.case_id, "scope_path": e.scope_path})


def absorption_ended(s: State, e: Entry, f: Fields) -> None:
    """The surplus is gone, or another plan holds."""
    s.change(e, "absorption_plan", f["plan"], ended_on=e.effective_on)


def line_closed(s: State, e: Entry, f: Fields) -> None:
    """Nobody enters any more, or again."""
    s.change(e, "quota_line", f["line"], closed_to_entry=bool(f["closed"]))
