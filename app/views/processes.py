"""流程设计: the published definitions, their versions and differences; drafts edited, tried, proposed and published."""

import datetime as dt
import json
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.views import process_choices, process_form
from app.views.messages import sentence
from app.views.shell import hat, work
from app.workflow import definition
from app.workflow import trial as trials
from app.workflow.acting import calendar

VERSIONS = (
    "SELECT v.id, v.process, v.version, v.shipped_version, v.published_at, v.holds_from, v.definition,"
    " v.id = process_in_force(v.process, kernel_today()) AS in_force,"
    " (SELECT count(*) FROM application a WHERE a.process_version_id = v.id) AS cases"
    " FROM process_version v WHERE v.process = :p ORDER BY v.version DESC LIMIT 100"
)
LIST = (
    "SELECT v.process, v.version, v.shipped_version, v.holds_from, v.definition ->> 'title' AS title,"
    " v.definition ->> 'family' AS family, v.id, (SELECT count(*) FROM process_version o WHERE o.process = v.process) AS versions,"
    " (SELECT min(o.holds_from) FROM process_version o WHERE o.process = v.process AND o.holds_from > kernel_today()) AS next,"
    " (SELECT count(*) FROM process_version o WHERE o.process = v.process AND o.holds_from IS NULL) AS offered"
    " FROM (SELECT DISTINCT ON (process) * FROM process_version ORDER BY process,"
    " (id = process_in_force(process, kernel_today())) DESC NULLS LAST, version DESC) v ORDER BY family, process"
)
DRAFTS = (
    "SELECT d.*, operator_name(d.edited_by) AS editor, operator_name(d.proposed_by) AS proposer,"
    " d.definition ->> 'title' AS title, v.version AS base FROM process_draft d JOIN process_version v ON v.id = d.based_on"
    " WHERE d.state IN ('draft', 'proposed') ORDER BY (d.state = 'proposed') DESC, d.id DESC LIMIT 100"
)
DRAFT = (
    "SELECT d.*, operator_name(d.edited_by) AS editor, operator_name(d.proposed_by) AS proposer, v.version AS base,"
    " v.definition AS base_definition FROM process_draft d JOIN process_version v ON v.id = d.based_on WHERE d.id = :d"
)


class ProcessView(BaseView):
    """Definitions of the businesses; written by the system administrator, published by the security administrator."""

    route_base = "/processes"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Every business with the version that holds, and the drafts on their way."""
        with work() as s:
            rows, drafts = s.execute(text(LIST)).all(), s.execute(text(DRAFTS)).all()
        return render_template(
            "processes.html",
            title=_("Design of processes"),
            processes=rows,
            drafts=drafts,
            families=dict(process_choices.families()),
            may_write=may_write(),
        )

    @expose("/<process>")
    @has_access
    def versions(self, process: str) -> Any:
        """One business: its versions, the diagram of one, and what differs from another."""
        with work() as s:
            rows = s.execute(text(VERSIONS), {"p": process}).all()
        if not rows:
            raise errors.NotFound(process=process)
        by_number = {r.version: r for r in rows}
        held = next((r for r in rows if r.in_force), rows[0])
        shown = by_number.get(_number("version", held.version))
        other = by_number.get(_number("against", 0))
        if shown is None or (other is None and "against" in request.args):
            abort(400)
        return render_template(
            "process_versions.html",
            title=shown.definition["title"],
            versions=rows,
            shown=shown,
            other=other,
            layout=process_choices.described(shown.definition),
            differences=process_form.differences(other.definition, shown.definition) if other else None,
            may_write=may_write(),
        )

    @expose("/drafts", methods=["POST"])
    @has_access
    def begin(self) -> Any:
        """A draft from a version, of the same business or of a new one."""
        with work() as s:
            version = s.execute(
                text("SELECT id, process FROM process_version WHERE id = :i"),
                {"i": request.form.get("version", 0, type=int)},
            ).one_or_none()
        if version is None:
            raise errors.NotFound()
        key = request.form.get("process", "").strip() or version.process
        try:
            with work() as s:
                draft = s.execute(
                    text("SELECT process_draft_begin(:v, :p)"), {"v": version.id, "p": key[:40]}
                ).scalar_one()
        except errors.InvalidInput:
            flash(
                _(
                    "The key is taken or is no key: small letters, digits and underscores, 3 to 40, beginning with a letter."
                ),
                "danger",
            )
            return redirect(f"/processes/{version.process}")
        return redirect(f"/processes/draft/{draft}")

    @expose("/draft/<int:draft_id>", methods=["GET", "POST"])
    @has_access
    def draft(self, draft_id: int) -> Any:
        """The draft's form; each post keeps it, complete or not, and the page says what is still wrong, and where."""
        with work() as s:
            row = found(s, draft_id)
        if request.method == "POST":
            if not may_write():
                abort(403)
            return self._save(row)
        return self._page(row, dict(row.definition))

    def _save(self, row: Any) -> Any:
        typed = process_form.read(request.form, dict(row.definition))
        made = process_form.acted(typed, request.form.get("action", ""))
        try:
            with work() as s:
                s.execute(
                    text("SELECT process_draft_save(:d, cast(:j AS jsonb), :t)"),
                    {"d": row.id, "j": json.dumps(made, ensure_ascii=False), "t": seen()},
                )
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            return self._page(row, made, sentence(refusal)), refusal.http_status
        anchor = request.form.get("action", "").partition(":")[2].split("-")[0]
        return redirect(f"/processes/draft/{row.id}" + (f"#{anchor}" if anchor else ""))

    def _page(self, row: Any, made: dict[str, Any], problem: str = "") -> str:
        wrong = process_choices.problems(made)
        return render_template(
            "process_draft.html",
            title=_("Draft: %(title)s", title=made.get("title") or row.process),
            draft=row,
            seen=request.form.get("seen") or row.changed_at.isoformat(),
            definition=made,
            layout=process_form.laid_out(made),
            form=process_form,
            choices=process_choices.all_choices(),
            problems=wrong,
            wrongs=lambda path: [said for at, said in wrong if at == path],
            places=process_choices.place,
            problem=problem,
            described=process_choices.described(made),
            differences=process_form.differences(dict(row.base_definition), made),
            may_write=may_write() and row.state in ("draft", "proposed"),
            may_settle=hat().kind == "security_admin" and row.state == "proposed",
        )

    @expose("/draft/<int:draft_id>/<act>", methods=["POST"])
    @has_access
    def act(self, draft_id: int, act: str) -> Any:
        """Propose, drop, publish, or send back."""
        with work() as s:
            row = found(s, draft_id)
        calls = {
            "propose": ("SELECT process_propose(:d, :on, :t)", _("Proposed. The security administrator publishes it.")),
            "drop": ("SELECT process_draft_drop(:d, :t)", _("The draft is thrown away.")),
            "publish": ("SELECT process_settle(:d, true, :n, :t)", _("Published. New cases take it from that day on.")),
            "refuse": ("SELECT process_settle(:d, false, :n, :t)", _("Sent back to its writer.")),
        }
        if act not in calls:
            abort(404)
        wrong = process_choices.problems(dict(row.definition))
        if act in ("propose", "publish") and wrong:
            flash(
                _("It cannot be published as it stands: %(n)s places have to be mended first.", n=len(wrong)), "danger"
            )
            return redirect(f"/processes/draft/{draft_id}")
        values = {"d": draft_id, "t": seen(), "n": request.form.get("note", "")[:500], "on": _day()}
        try:
            with work() as s:
                s.execute(text(calls[act][0]), values)
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            flash(why(refusal), "danger")
            return redirect(f"/processes/draft/{draft_id}")
        flash(calls[act][1], "success")
        return redirect("/processes/" if act in ("drop", "publish") else f"/processes/draft/{draft_id}")

    @expose("/draft/<int:draft_id>/trial")
    @has_access
    def trial(self, draft_id: int) -> Any:
        """An invented case walked through the draft: who is asked when, and what each word leads to. No data is touched."""
        with work() as s:
            row = found(s, draft_id)
            days, today = calendar(s), s.execute(text("SELECT kernel_today()")).scalar_one()
        wrong = process_choices.problems(dict(row.definition))
        plan = None if wrong else definition.parse(dict(row.definition))
        facts = {k[2:]: v for k, v in request.args.items() if k.startswith("f-") and len(v) <= 60}
        words = {k[2:]: v for k, v in request.args.items() if k.startswith("w-")}
        return render_template(
            "process_trial.html",
            title=_("Trial: %(title)s", title=row.definition.get("title") or row.process),
            draft=row,
            problems=wrong,
            asked=[(name, process_choices.fact(name)) for name in trials.facts_asked(plan)] if plan else [],
            facts=facts,
            **(self._walked(trials.walk(plan, facts, words, days, today), plan) if plan else {}),
            roles=dict(process_choices.roles()),
        )

    @staticmethod
    def _walked(walk: trials.Walk, plan: definition.Process) -> dict[str, Any]:
        """Where the invented case stands, in words."""
        choices = process_choices.all_choices()
        ends = {
            "running": _("The case waits for the words that are open."),
            "returned": _("The case goes back to its applicant, who corrects it and submits it again."),
            "rejected": _("The case ends; a reserved seat is free again."),
            "approved": _("All have approved: the case takes effect."),
        }
        outcome = [
            (_("Approved by"), walk.ready_on),
            (_("Takes effect"), dict(choices["effects"])[plan.effect]),
            (_("Ledger movement"), dict(choices["movements"])[plan.movement]),
            (_("Papers that are issued"), "、".join(dict(choices["outputs"])[o] for o in plan.outputs) or "—"),
            (
                _("To be acknowledged"),
                "、".join(f"{dict(choices['roles'])[a.role]} {a.title}" for a in plan.after) or "—",
            ),
        ]
        return {"walk": walk, "end": ends[walk.state], "outcome": outcome}


def may_write() -> bool:
    """Whether the identity writes drafts."""
    return hat().kind == "system_admin"


def found(s: Session, draft_id: int) -> Any:
    """A draft; raises NotFound."""
    row = s.execute(text(DRAFT), {"d": draft_id}).one_or_none()
    if row is None:
        raise errors.NotFound(draft=draft_id)
    return row


def seen() -> dt.datetime:
    """When the draft that the page showed was last changed; another moment than the kept one is a stale page."""
    try:
        return dt.datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError:
        abort(400)


def why(refusal: errors.DomainError) -> str:
    """A refusal in the words of this page."""
    if isinstance(refusal, errors.InvalidInput):
        wrong = refusal.facts.get("errors", {})
        if "holds_from" in wrong:
            return _("Choose today or a later day: nothing holds in hindsight.")
        if "note" in wrong:
            return _("Say why it goes back: its writer has to know what to change.")
    return sentence(refusal)


def _number(name: str, otherwise: int) -> int:
    value = request.args.get(name, str(otherwise))
    if not value.isdecimal() or len(value) > 6:
        abort(400)
    return int(value)


def _day() -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.form.get("holds_from", ""))
    except ValueError:
        return None
