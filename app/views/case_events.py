"""办理时间线: the steps of a case in words, and what happened since a page was shown."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.queries import cases, steps
from app.views.check_texts import worded
from app.views.shell import local


def event_titles() -> dict[str, tuple[str, str]]:
    """Title and tone of each kind of step."""
    return {
        "submitted": (_("Submitted to the offices"), "blue"),
        "resubmitted": (_("Corrected and submitted again"), "blue"),
        "approve": (_("Approved"), "green"),
        "return": (_("Returned for correction"), "amber"),
        "reject": (_("Rejected"), "red"),
        "reserved": (_("A seat is reserved"), "green"),
        "approved": (_("All offices have approved"), "green"),
        "arrived": (_("Arrival confirmed"), "blue"),
        "effected": (_("The ledger has been changed"), "green"),
        "withdrawn": (_("Withdrawn"), ""),
        "handed_over": (_("Handed to a colleague"), ""),
        "urged": (_("Urged by the unit"), "amber"),
        "acknowledged": (_("Confirmed after the effect"), "green"),
        "lapsed": (_("Lapsed: seat released"), "red"),
        "linked": (_("Correction begun"), "blue"),
        "linked_from": (_("Begun from an error report"), "blue"),
        "escalated": (_("Beyond the time limit: before the head of the office"), "red"),
        "sent_back": (_("Back to an earlier stage"), "amber"),
        "take_back": (_("Decision taken back"), "amber"),
        "request_papers": (_("Papers requested; the clock stands still"), "amber"),
        "papers_answered": (_("Papers brought; the clock goes on"), "blue"),
        "suspend": (_("Suspended by law; the clock stands still"), "amber"),
        "resume": (_("Resumed; the clock goes on"), "blue"),
        "rerouted": (_("Handed to whoever is responsible now"), "amber"),
        "carried": (_("Goes on with the successor of the unit"), "amber"),
        "unit_ended": (_("Withdrawn with the end of the unit"), "red"),
        "copied": (_("Begun as a copy of an old case"), ""),
        "paper_receive": (_("Papers received"), ""),
        "paper_verify": (_("Papers compared with the upload"), ""),
        "paper_archive": (_("Papers filed"), ""),
        "paper_back": (_("Papers set back by one step"), "amber"),
    }


def timeline(s: Session, case_id: int) -> list[dict[str, Any]]:
    """The timeline; a decision's step with what was checked, in the figures of that moment."""
    known, kept = event_titles(), cases.decision_checks(s, case_id)
    told = (("on", _("Day")), ("stage", _("Stage")), ("from", _("Case")), ("receiver", _("Colleague")))
    return [
        {
            "at": e.at,
            "title": known.get(e.kind, (e.kind, ""))[0],
            "tone": known.get(e.kind, ("", ""))[1],
            "operator": e.operator,
            "side": e.side,
            "opinion": e.opinion,
            "facts": [(label, e.facts[name]) for name, label in told if e.facts.get(name)],
            "address": kept[e.facts["decision"]].address if e.facts.get("decision") in kept else None,
            "checks": [worded(c) for c in kept[e.facts["decision"]].checks] if e.facts.get("decision") in kept else [],
        }
        for e in cases.events(s, case_id)
    ]


def meanwhile(s: Session, case_id: int, version: str) -> str:
    """What happened after the page that sent ``version`` was shown; empty where nothing did, or the page did not say."""
    step = version.partition(".")[2]
    if not step.isdecimal():
        return ""
    known = event_titles()
    said = [
        f"{known.get(e.kind, (e.kind, ''))[0]}（{e.side} {e.operator}，{local(e.at):%m-%d %H:%M}）"
        for e in steps.since(s, case_id, int(step))
    ]
    return _("Meanwhile: %(steps)s.", steps="；".join(said)) if said else ""
