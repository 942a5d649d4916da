"""材料: what a case has to bring, what was uploaded to it, and what the office has taken in, compared and filed."""

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.exchange.attachments import KINDS
from app.models import Application
from app.queries import issued, papers
from app.reports.content import APPOINTMENT, TITLES
from app.security.hats import Hat
from app.views.messages import sentence
from app.views.shell import place, work
from app.workflow import engine
from app.workflow.definition import Process

# Step by step, and back by one where something was marked by mistake.
WAY = ("to_bring", "received", "verified", "archived")
# Of a case that came to nothing no paper is asked any more.
ENDED = ("rejected", "withdrawn")
STEPS = {"receive": 1, "verify": 2, "archive": 3}


@dataclass(frozen=True, slots=True)
class Asked:
    """One paper that a process asks for."""

    slot: int
    name: str
    copies: int
    original: bool


def asked(plan: Process) -> list[Asked]:
    """The papers of a process, in its order."""
    return [Asked(slot, p.name, p.copies, p.original) for slot, p in enumerate(plan.papers, start=1)]


def panel(s: Session, case: Application, plan: Process, who: Hat) -> dict[str, Any]:
    """Context of ``_case_papers.html``: each paper with its files and its state, and what the reader may do."""
    files: dict[str, list[dict[str, Any]]] = {}
    for f in papers.files(s, case.id):
        files.setdefault(f.paper, []).append(shown(case.id, f))
    stands = {row.slot: row for row in papers.handed_in(s, case.id)}
    rows = [line(a, stands.get(a.slot), files.pop(a.name, [])) for a in asked(plan)]
    return {
        "case_id": case.id,
        "rows": rows,
        "other": [f for group in files.values() for f in group],
        "may_attach": papers.may_attach(s, case.id),
        "may_mark": bool(stands) and who.roles[0].name == "office" and takes_part(s, case.id),
        "choices": [a.name for a in asked(plan)],
        "missing": [row["label"] for row in rows if row["state"] == "to_bring"] if case.state not in ENDED else [],
        "effected": case.state == "done",
    }


def takes_part(s: Session, case_id: int) -> bool:
    """Whether the reader's side has a task in the case."""
    return bool(s.execute(text("SELECT takes_part(:c)"), {"c": case_id}).scalar())


def shown(case_id: int, f: Any) -> dict[str, Any]:
    """One file as the page lists it."""
    return {
        "id": f.id,
        "name": f.name,
        "url": f"/case/{case_id}/files/{f.id}",
        "kind": f.kind,
        "image": f.kind in ("jpeg", "png"),
        "inline": KINDS[f.kind].shown,
        "size": size(f.size),
        "uploader": f.uploader,
        "uploaded_at": f.uploaded_at,
    }


def size(number: int) -> str:
    """A file's size for people."""
    return f"{number / 1024 / 1024:.1f} MB" if number >= 1024 * 1024 else f"{max(1, number // 1024)} KB"


def line(a: Asked, row: Any, files: list[dict[str, Any]]) -> dict[str, Any]:
    """One paper: what is asked for, what was sent, who marked it last."""
    marks = (
        []
        if row is None
        else [
            (_("Received"), row.received_at, row.receiver),
            (_("Compared"), row.verified_at, row.verifier),
            (_("Archived"), row.archived_at, row.keeper),
        ]
    )
    return {
        "slot": a.slot,
        "label": a.name,
        "copies": row.copies if row is not None else a.copies,
        "original": a.original,
        "state": row.state if row is not None else None,
        "marks": [{"title": t, "at": at, "by": by} for t, at, by in marks if at is not None],
        "files": files,
    }


def printouts(s: Session, case: Application, plan: Process) -> list[dict[str, Any]]:
    """Context of ``_case_issued.html``: each paper that the process issues: printed, to be issued, or not yet."""
    if case.number is None:
        return []
    done = issued.of_case(s, case.id)
    valid = {row.kind for row in done if row.voided_at is None}
    ready = issued.possible(s, case.id)
    # The form of appointment asks for what the ledger does not know: it has a form of its own.
    usual = [k for k in plan.outputs if k in TITLES and k != APPOINTMENT and k not in valid]
    kinds = usual if ready is not None else []
    form = []
    if APPOINTMENT in plan.outputs and APPOINTMENT not in valid and case.person_id:
        address = f"/person/{case.person_id}/appointment?case={case.id}"
        form = [{"title": _("Form of appointment"), "url": address, "kind": APPOINTMENT, "state": "form"}]
    return (
        form
        + [
            {
                "title": TITLES[row.kind],
                "number": row.number,
                "at": row.issued_at,
                "url": f"/case/{case.id}/issued/{row.id}",
                "void": why_void(row.void_reason),
                "kind": row.kind,
                "state": "issued",
            }
            for row in done
        ]
        + [{"title": TITLES[k], "kind": k, "state": "ready" if k in (ready or ()) else "later"} for k in kinds]
    )


def why_void(reason: str | None) -> str | None:
    """Why a paper is void."""
    return {
        None: None,
        "ended": _("The case ended without effect"),
        "released": _("The reserved seat was given back"),
        "changed": _("The facts were changed after it was issued"),
        "corrected": _("A correction concerns the person it names"),
    }.get(reason, reason)


class PaperView(BaseView):
    """Papers handed in."""

    route_base = "/case"
    default_view = "mark"

    @expose("/<int:case_id>/papers", methods=["POST"])
    @has_access
    def mark(self, case_id: int) -> Any:
        """收讫、核验、归档: one step of the chosen papers, in one go, or none of them."""
        step, slots = request.form.get("step", ""), request.form.getlist("slot", type=int)
        try:
            with work(case_id) as s:
                case = engine.locked(s, case_id)
                if step not in (*STEPS, "back"):
                    abort(400)
                names = {row.slot: row for row in papers.handed_in(s, case_id)}
                for slot in slots:
                    row = names.get(slot)
                    if row is None:
                        raise errors.NotFound(paper=slot)
                    was = request.form.get(f"was-{slot}", "")
                    at = STEPS.get(step, (WAY.index(was) if was in WAY else 0) - 1)
                    if at < 0:
                        raise errors.WrongState(state=was)
                    papers.mark(s, case_id, slot, was, WAY[at])
                if slots:
                    said = "、".join(names[slot].name for slot in slots)
                    engine.note(s, case, f"paper_{step}", side=place()["place"], opinion=said)
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            flash(sentence(refusal), "danger")
            return redirect(f"/case/{case_id}#papers")
        if slots:
            flash(_("Noted for %(n)s paper(s).", n=len(slots)), "success")
        else:
            flash(_("Choose the papers first."), "warning")
        return redirect(f"/case/{case_id}#papers")
