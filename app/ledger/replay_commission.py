"""重放 of the commission: meetings with agenda, words and the two who stand for the minutes; numbered 批复.

Texts are in the entries as marks (SHA-256 with the meeting's nonce): minutes are read by their office alone.
"""

from app.ledger.replay_state import Entry, Fields, Row, State


def meeting_opened(s: State, e: Entry, f: Fields) -> None:
    """A meeting with its number; nothing on the agenda, nothing said."""
    row: Row = {k: f[k] for k in ("year", "serial", "place", "members", "minutes", "opened_by")}
    row |= {"id": f["meeting"], "office_id": f["office"], "region_code": f["region"], "held_on": e.effective_on}
    row |= {"state": "agenda", "recorded_by": None, "settled_by": None, "settled_at": None, "scope_path": e.scope_path}
    s.put(e, "meeting", f["meeting"], row)


def meeting_put(s: State, e: Entry, f: Fields) -> None:
    """A case on the agenda."""
    row: Row = {k: f[k] for k in ("position", "note", "resolution")}
    row |= {"id": f["item"], "meeting_id": f["meeting"], "application_id": f["case"], "region_code": str(e.chain)}
    s.put(e, "agenda_item", f["item"], row | {"verdict": None, "facts_hash": None})


def meeting_dropped(s: State, _e: Entry, f: Fields) -> None:
    """It is taken off again."""
    s.table("agenda_item").pop(f["item"], None)


def meeting_recorded(s: State, e: Entry, f: Fields) -> None:
    """Who was there, the minutes, and the word on each case with the facts it was said of."""
    s.change(e, "meeting", f["meeting"], state="recorded", **{k: f[k] for k in ("members", "minutes", "recorded_by")})
    for word in f["words"].split(",") if f["words"] else ():
        item, verdict, facts_hash, resolution = word.split(":")
        s.change(e, "agenda_item", int(item), verdict=verdict, facts_hash=facts_hash, resolution=resolution)


def meeting_reopened(s: State, e: Entry, f: Fields) -> None:
    """Back to the agenda: what was said no longer holds."""
    s.change(e, "meeting", f["meeting"], state="agenda", recorded_by=None)
    for key, row in s.table("agenda_item").items():
        if row.get("meeting_id") == f["meeting"]:
            s.change(e, "agenda_item", key, verdict=None, facts_hash=None)


def meeting_settled(s: State, e: Entry, f: Fields) -> None:
    """Another official stands for the minutes."""
    s.change(e, "meeting", f["meeting"], state="settled", settled_by=f["settled_by"], settled_at=e.recorded_at)


def reply_issued(s: State, e: Entry, f: Fields) -> None:
    """A 批复: number and content."""
    row: Row = {k: f[k] for k in ("year", "serial", "number", "content", "issued_by")}
    row |= {"id": f["paper"], "application_id": f["case"], "office_id": f["office"], "region_code": str(e.chain)}
    row |= {"content_hash": f["content"], "void": False, "void_reason": None, "void_case_id": None}
    s.put(e, "issued_paper", f["paper"], row)


def reply_voided(s: State, e: Entry, f: Fields) -> None:
    """It no longer stands."""
    s.change(e, "issued_paper", f["paper"], void=True, void_reason=f["reason"], void_case_id=f["by"])
