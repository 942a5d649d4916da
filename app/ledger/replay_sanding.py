"""重放 of the bodies' documents: signboards, 三定."""

from collections.abc import Callable

from app.ledger.replay_state import Entry, Fields, Row, State


def signboard_set(s: State, e: Entry, f: Fields) -> None:
    """A name or a roof shared, from a day on."""
    row: Row = {k: f[k] for k in ("kind", "name", "document_no", "issuer")}
    row |= {"id": f["signboard"], "unit_id": e.chain, "partner_id": f["partner"], "counts_as_one": bool(f["counts"])}
    row |= {"started_on": e.effective_on, "ended_on": None, "recorded_at": e.recorded_at, "recorded_to": None}
    s.put(e, "unit_signboard", f["signboard"], row | {"scope_path": e.scope_path})


def signboard_ended(s: State, e: Entry, f: Fields) -> None:
    """Its last day."""
    s.copy(e, "unit_signboard", f["closes"], f["signboard"], ended_on=e.effective_on)


def sanding_published(s: State, e: Entry, f: Fields) -> None:
    """The version before ends, this one begins."""
    if f["closes"] is not None:
        s.copy(e, "sanding", f["closes"], f["ended"], ended_on=e.effective_on)
    row: Row = {k: f[k] for k in ("content", "document_no", "issuer")}
    row |= {"id": f["sanding"], "unit_id": e.chain, "started_on": e.effective_on, "ended_on": None}
    row |= {"recorded_at": e.recorded_at, "recorded_to": None, "case_id": e.case_id, "scope_path": e.scope_path}
    s.put(e, "sanding", f["sanding"], row)


def temporary_set(s: State, e: Entry, f: Fields) -> None:
    """A temporary body set up, extended or dissolved: its next version."""
    if f["closes"] is not None:
        s.change(e, "temporary_body", f["closes"], recorded_to=e.recorded_at)
    row: Row = {k: f[k] for k in ("kind", "name", "document_no", "issuer", "started_on", "until_on", "ended_on")}
    row |= {"id": f["temporary"], "unit_id": e.chain, "recorded_at": e.recorded_at, "recorded_to": None}
    s.put(e, "temporary_body", f["temporary"], row | {"scope_path": e.scope_path})


ON_UNIT: dict[str, Callable[[State, Entry, Fields], None]] = {
    "signboard.set": signboard_set,
    "signboard.ended": signboard_ended,
    "sanding.published": sanding_published,
    "temporary.set": temporary_set,
}
