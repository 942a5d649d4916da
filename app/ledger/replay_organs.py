"""重放 of what becomes of units: another superior, another region, successors."""

from app.ledger.replay_state import Entry, Fields, Row, State, count, numbers


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


def permit_left(s: State, e: Entry, f: Fields) -> None:
    """A permit goes with its unit's successor: the seats that it held are free, the row is the other chain's."""
    for number in numbers(f["seats"]):
        s.change(e, "post", (f["line"], number), status="vacant", permit_id=None)
    count(s, e, f["line"], reserved=-len(numbers(f["seats"])))
    s.table("permit").pop(f["permit"], None)


def permit_carried(s: State, e: Entry, f: Fields) -> None:
    """A permit of a unit that ended, with what is left of it, on seats of the successor."""
    kept = ("year", "serial", "number", "approved", "used", "released", "remaining", "purpose", "last_on", "granted_on")
    row: Row = {k: f[k] for k in kept} | {"id": f["permit"], "case_id": f["granted_by"], "line_id": f["line"]}
    row |= {"unit_id": e.chain, "office_id": f["office"], "status": "open", "ended_on": None}
    s.put(e, "permit", f["permit"], row | {"scope_path": e.scope_path})
    for number in numbers(f["seats"]):
        s.change(e, "post", (f["line"], number), status="reserved", permit_id=f["permit"])
    count(s, e, f["line"], reserved=len(numbers(f["seats"])))
