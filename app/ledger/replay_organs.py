"""重放 of what becomes of units: another superior, another region, successors."""

from app.ledger.replay_state import Entry, Fields, Row, State


def unit_relocated(s: State, e: Entry, f: Fields) -> None:
    """A closed department goes along with its body into another region."""
    s.change(e, "unit", f["unit"], region_code=f["region"])


def unit_succeeded(s: State, e: Entry, f: Fields) -> None:
    """Who goes on; the row is the one that ends's."""
    row: Row = {"id": f["succession"], "from_unit_id": e.chain, "to_unit_id": f["to"], "kind": f["kind"]}
    row |= {"happened_on": e.effective_on, "case_id": e.case_id, "recorded_at": e.recorded_at}
    s.put(e, "unit_succession", f["succession"], row | {"scope_path": e.scope_path})


def unit_succeeds(_s: State, _e: Entry, _f: Fields) -> None:
    """The successor names the head of whom it goes on for; its own rows stay."""
