"""编委会的页: meetings, agenda, minutes, and one decision carried out over many cases."""

import datetime as dt
import json
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
from app.queries import commission as reads
from app.views.messages import sentence
from app.views.search import answer, term
from app.views.shell import hat, work
from app.workflow import commission
from app.workflow.engine import today


def verdicts() -> dict[str, str]:
    """What a meeting may say of a case."""
    return {
        "approve": _("Approve"),
        "return": _("Return"),
        "reject": _("Reject"),
        "defer": _("Defer to another meeting"),
    }


def states() -> dict[str, str]:
    """How far a meeting has come."""
    return {"agenda": _("Agenda open"), "recorded": _("Minutes to be settled"), "settled": _("Settled")}


def own() -> None:
    """Only the establishment office prepares its commission's meetings."""
    if hat().office_kind != "establishment":
        abort(404)


class CommissionView(BaseView):
    """Meetings of the own office's commission."""

    route_base = "/commission"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The meetings, and the cases that wait for one."""
        own()
        with work() as s:
            meetings, waiting, now = reads.meetings(s), reads.waiting(s), today(s)
        return render_template(
            "commission.html",
            title=_("Commission"),
            meetings=[{"m": m, "title": commission.title(m), "state": states()[m.state]} for m in meetings],
            waiting=waiting,
            today=now,
        )

    @expose("/open", methods=["POST"])
    @has_access
    def open(self) -> Any:
        """A new meeting with its number."""
        own()
        try:
            on = dt.date.fromisoformat(request.form.get("on", ""))
        except ValueError:
            abort(400)
        with work() as s:
            made = s.execute(
                text("SELECT commission_open(:d, :p)"), {"d": on, "p": request.form.get("place", "")}
            ).scalar_one()
        return redirect(f"/commission/{made}")

    @expose("/<int:meeting_id>")
    @has_access
    def show(self, meeting_id: int) -> Any:
        """Agenda, minutes, words, and what became of them."""
        own()
        return self._page(meeting_id)

    def _page(self, meeting_id: int, problem: str | None = None, status: int = 200) -> Any:
        with work() as s:
            meeting = reads.meeting(s, meeting_id)
            if meeting is None:
                raise errors.NotFound(meeting=meeting_id)
            items = reads.agenda(s, meeting_id)
            waiting = reads.waiting(s) if meeting.state == "agenda" else []
            held = meeting.held_on <= today(s)
        left = [i for i in items if meeting.state == "settled" and i.verdict != "defer" and i.task_state == "open"]
        page = render_template(
            "commission_meeting.html",
            title=commission.title(meeting),
            meeting=meeting,
            state=states()[meeting.state],
            items=items,
            waiting=waiting,
            held=held,
            verdicts=verdicts(),
            problem=problem,
            typed=request.form,
            mine=meeting.recorded_by == hat().user_id,
            left=len(left),
        )
        return page, status

    @expose("/<int:meeting_id>/act", methods=["POST"])
    @has_access
    def act(self, meeting_id: int) -> Any:
        """Put cases on the agenda or take one off, record the minutes, settle or reopen them, carry out what is left."""
        own()
        step = request.form.get("step", "")
        steps = {"put": self._put, "drop": self._drop, "record": self._record, "settle": self._settle,
                 "reopen": self._reopen, "carry": self._carry}  # fmt: skip
        with work() as s:
            if reads.meeting(s, meeting_id) is None:
                raise errors.NotFound(meeting=meeting_id)
        if step not in steps:
            abort(400)
        try:
            steps[step](meeting_id)
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            return self._page(meeting_id, sentence(refusal), 409)
        return redirect(f"/commission/{meeting_id}")

    def _put(self, meeting_id: int) -> None:
        with work() as s:
            for case in request.form.getlist("case", type=int):
                s.execute(
                    text("SELECT commission_put(:m, :c, :n)"),
                    {"m": meeting_id, "c": case, "n": request.form.get("note")},
                )

    def _drop(self, meeting_id: int) -> None:
        with work() as s:
            s.execute(
                text("SELECT commission_drop(:m, :i)"), {"m": meeting_id, "i": request.form.get("item", 0, type=int)}
            )

    def _record(self, meeting_id: int) -> None:
        said = {
            name.removeprefix("verdict-"): {
                "verdict": value,
                "resolution": request.form.get(name.replace("verdict", "resolution"), "").strip(),
            }
            for name, value in request.form.items()
            if name.startswith("verdict-")
        }
        with work() as s:
            s.execute(
                text("SELECT commission_record(:m, :who, :said, cast(:w AS jsonb))"),
                {"m": meeting_id, "who": request.form.get("members", ""), "said": request.form.get("minutes", ""),
                 "w": json.dumps(said, ensure_ascii=False)},
            )  # fmt: skip

    def _reopen(self, meeting_id: int) -> None:
        with work() as s:
            s.execute(text("SELECT commission_reopen(:m)"), {"m": meeting_id})

    def _settle(self, meeting_id: int) -> None:
        with work() as s:
            s.execute(text("SELECT commission_settle(:m)"), {"m": meeting_id})
        self._carry(meeting_id)

    def _carry(self, meeting_id: int) -> None:
        """Case by case: what one refuses does not hold up the others, and is told beside its number."""
        with work() as s:
            meeting = reads.meeting(s, meeting_id)
            if meeting is None:
                raise errors.NotFound(meeting=meeting_id)
            items = [i for i in reads.agenda(s, meeting_id) if i.verdict != "defer" and i.task_state == "open"]
        done = 0
        for item in items:
            try:
                with work(item.application_id) as s:
                    commission.carry_out(s, meeting, item, request.remote_addr or "")
                done += 1
            except errors.DomainError as refusal:
                flash(f"{item.position}. {item.number}: {sentence(refusal)}", "danger")
        flash(_("Carried out for %(n)s case(s).", n=done), "success")

    @expose("/outside")
    @has_access
    def outside(self) -> Any:
        """Recorded decisions of upper levels, by number or title."""
        own()
        with work() as s:
            rows = reads.outside(s, term())
        return answer(
            [
                {"value": str(r.id), "text": f"{r.document_no} {r.matter}", "note": f"{r.issuer} {r.decided_on}"}
                for r in rows
            ]
        )
