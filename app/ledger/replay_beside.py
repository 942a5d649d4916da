"""重放 of what stands beside seats: permits and plans, absences, yearly verification, certificates, items of a record."""

from app.ledger.replay_state import Entry, Fields, Row, State, count, numbers, permit


def permit_granted(s: State, e: Entry, f: Fields) -> None:
    """A permit and the seats that it holds."""
    row: Row = {k: f[k] for k in ("office", "year", "serial", "number", "approved", "purpose", "last_on")}
    row |= {"id": f["permit"], "case_id": e.case_id, "line_id": f["line"], "unit_id": e.chain, "status": "open"}
    row |= {"used": 0, "released": 0, "remaining": f["approved"], "granted_on": e.effective_on, "ended_on": None}
    row["office_id"] = row.pop("office")
    s.put(e, "permit", f["permit"], row | {"scope_path": e.scope_path})
    for number in numbers(f["seats"]):
        s.change(e, "post", (f["line"], number), status="reserved", permit_id=f["permit"])
    count(s, e, f["line"], reserved=f["approved"])


def permit_claimed(s: State, e: Entry, f: Fields) -> None:
    """One of a permit's seats waits for a case."""
    s.change(e, "post", (f["line"], f["seat"]), reserved_case_id=e.case_id)


def permit_returned(s: State, e: Entry, f: Fields) -> None:
    """The seat of a case that came to nothing: its permit's again, or free."""
    s.change(e, "post", (f["line"], f["seat"]), reserved_case_id=None)
    if f["freed"]:
        s.change(e, "post", (f["line"], f["seat"]), status="vacant", permit_id=None)
        count(s, e, f["line"], reserved=-1)
        permit(s, e, f["permit"], released=1)


def permit_extended(s: State, e: Entry, f: Fields) -> None:
    """A later last day."""
    s.change(e, "permit", f["permit"], last_on=f["last_on"])


def permit_ended(s: State, e: Entry, f: Fields) -> None:
    """Lapsed or cancelled: the seats that no case has taken are free."""
    s.change(e, "permit", f["permit"], status=f["how"], ended_on=e.effective_on)
    freed = numbers(f["seats"])
    for number in freed:
        s.change(e, "post", (f["line"], number), status="vacant", permit_id=None)
    count(s, e, f["line"], reserved=-len(freed))
    permit(s, e, f["permit"], released=len(freed))


def plan_approved(s: State, e: Entry, f: Fields) -> None:
    """A year's plan and its rows."""
    row: Row = {"id": f["plan"], "case_id": e.case_id, "unit_id": e.chain, "year": f["year"]}
    s.put(e, "plan", f["plan"], row | {"approved_on": e.effective_on, "scope_path": e.scope_path})
    for part in f["rows"].split(","):
        key, unit, category, number = part.split(":")
        line: Row = {"id": int(key), "plan_id": f["plan"], "unit_id": int(unit), "category": category}
        s.put(e, "plan_line", int(key), line | {"year": f["year"], "number": int(number)})


def absence_begun(s: State, e: Entry, f: Fields) -> None:
    """A person is away; the seat stays."""
    row: Row = {k: f[k] for k in ("kind", "host", "started_on", "until_on", "personnel_class")}
    row |= {"id": f["absence"], "person_id": f["person"], "unit_id": f["unit"], "host_unit_id": f["host_unit"]}
    row |= {"ended_on": None, "case_id": e.case_id, "end_case_id": None, "scope_path": e.scope_path}
    s.put(e, "absence", f["absence"], row | {"recorded_at": e.recorded_at, "recorded_to": None})


def absence_changed(s: State, e: Entry, f: Fields) -> None:
    """A later last day, or the return."""
    back = {} if f["ended_on"] is None else {"end_case_id": e.case_id}
    s.copy(e, "absence", f["closes"], f["absence"], until_on=f["until_on"], ended_on=f["ended_on"], **back)


def year_verified(s: State, e: Entry, f: Fields) -> None:
    """A unit confirmed its roster as it stood at an entry of this chain."""
    row: Row = {k: f[k] for k in ("year", "people", "differences", "confirmed_by")}
    row |= {"id": f["verification"], "unit_id": e.chain, "case_id": e.case_id, "confirmed_at": e.recorded_at}
    row |= {"head_sequence": f["sequence"], "head_hash": f["head"], "scope_path": e.scope_path}
    s.put(e, "verification", f["verification"], row)


def certificate_issued(s: State, e: Entry, f: Fields) -> None:
    """A certificate; the one before it ends."""
    if f["replaces"] is not None:
        s.change(e, "certificate", f["replaces"], valid=False, ended_on=e.effective_on)
    row: Row = {k: f[k] for k in ("number", "reason", "verified_year")}
    row |= {"id": f["certificate"], "unit_id": e.chain, "issued_on": e.effective_on, "valid": True, "ended_on": None}
    s.put(e, "certificate", f["certificate"], row | {"case_id": e.case_id, "scope_path": e.scope_path})


def certificate_verified(s: State, e: Entry, f: Fields) -> None:
    """年审: the year's stamp."""
    s.change(e, "certificate", f["certificate"], verified_year=f["year"])


def record_item(s: State, e: Entry, f: Fields) -> None:
    """A version of an item of the record; the one it replaces or ends is closed. The register follows."""
    if f["closes"] is not None:
        s.change(e, "record_item", f["closes"], recorded_to=e.recorded_at)
    row: Row = {k: f[k] for k in ("kind", "started_on", "ended_on")}
    row |= {"id": f["item"], "person_id": f["person"], "column_group": e.type.partition(".")[2]}
    row |= {"single": bool(f["single"]), "commitment": f["commit_record"], "case_id": e.case_id}
    s.put(e, "record_item", f["item"], row | {"recorded_at": e.recorded_at, "recorded_to": None})
    follows = {k: f[k] for k in ("commit_rank", "commit_level") if k in f}
    if follows:
        s.change(e, "person", f["person"], **follows)
