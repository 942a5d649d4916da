"""办理: start a business, fill in, follow, decide."""

import datetime as dt
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
from app.models import Application
from app.queries import cases, units
from app.security.manager import Hat
from app.views.checks import live
from app.views.filing import filing, loaded, typed
from app.views.forms import form_class
from app.views.messages import sentence
from app.views.shell import hat, place, work
from app.workflow import engine
from app.workflow.definition import Process


def side_of(who: Hat) -> str:
    """On whose side a hat may apply: its unit's, or the establishment office's."""
    return "unit" if who.unit_id else who.office_kind


class CaseView(BaseView):
    """Cases of a unit and of the offices that handle them."""

    route_base = "/case"
    default_view = "start"

    @expose("/start")
    @has_access
    def start(self) -> Any:
        """What may be applied for, with guide, papers and time limits."""
        who = hat()
        side = side_of(who)
        with work() as s:
            rows = s.execute(
                text("SELECT DISTINCT ON (process) process FROM process_version ORDER BY process, version DESC")
            ).scalars()
            plans = [engine.latest(s, name)[1] for name in rows]
        processes = [
            {
                "code": p.process,
                "name": p.title,
                "summary": p.guide,
                "who": _("The unit"),
                "papers": p.papers,
                "offices": [t.title for stage in p.stages for t in stage.tasks],
                "days": sum(max(t.days for t in g.tasks) for g in p.stages),
                "url": f"/case/new/{p.process}",
                "allowed": True,
                "article": None,
                "reason": None,
            }
            for p in plans
            if p.applicant == side and p.fields
        ]
        return render_template(
            "start.html",
            title=_("Start a business"),
            groups=[{"label": _("Businesses"), "processes": processes}],
            q="",
        )

    @expose("/new/<process>", methods=["GET", "POST"])
    @has_access
    def new(self, process: str) -> Any:
        """An empty form; a draft is made from the first save on."""
        return self._edit(process, None)

    @expose("/<int:case_id>/edit", methods=["GET", "POST"])
    @has_access
    def edit(self, case_id: int) -> Any:
        """A draft or a returned case."""
        return self._edit("", case_id)

    def _edit(self, process: str, case_id: int | None) -> Any:
        who = hat()
        # Autosave gave a new form its draft's number.
        case_id = case_id or request.form.get("case", type=int)
        with work() as s:
            case = s.get(Application, case_id) if case_id else None
            if case_id and (case is None or not engine.mine(s, case) or case.state not in ("draft", "returned")):
                raise errors.NotFound(case=case_id)
            plan = engine.process_of(s, case) if case else engine.latest(s, process)[1]
            if plan.applicant != side_of(who) or not plan.fields:
                raise errors.NotFound(process=process)
            day = engine.today(s)
            kept = dict(case.form) if case else {}
        form = form_class(plan, day)(request.form if request.method == "POST" else None, data=loaded(kept))
        self._labels(form)
        if request.method == "POST":
            case_id = self._keep(form, plan, case_id, who)
            if request.headers.get("HX-Request"):
                return render_template("_draft_saved.html", case_id=case_id, saved_at=dt.datetime.now(dt.UTC))
            if request.form.get("action") != "submit":
                flash(_("The draft is kept."), "success")
                return redirect(f"/case/{case_id}/edit")
            if form.validate() and self._submit(form, plan, case_id, who):
                return redirect(f"/case/{case_id}")
        address = f"/case/{case_id}/edit" if case_id else f"/case/new/{plan.process}"
        return render_template(
            "case_form.html",
            title=plan.title,
            process={"name": plan.title, "code": plan.process, "days": None, "article": None},
            unit={"name": place()["place"]},
            form=form,
            sections=[{"title": plan.title, "help": plan.guide, "fields": list(plan.fields), "wide": []}],
            papers=plan.papers,
            case_id=case_id,
            submit_url=address,
            draft_url=address,
            check_url="/case/check/" + plan.process,
            cancel_url=f"/case/{case_id}" if case_id else "/case/start",
            **self._check(form, plan),
        )

    def _keep(self, form: Any, plan: Process, case_id: int | None, who: Hat) -> int:
        """Keep what was typed; a draft is made on the first save."""
        with work() as s:
            if case_id is not None:
                engine.locked(s, case_id).form = typed(form, plan)
                return case_id
            unit = units.unit(s, who.unit_id) if who.unit_id else None
            return engine.draft(
                s,
                process=plan.process,
                unit_id=unit.id if unit else None,
                office_id=None if unit else who.office_id,
                scope_path=unit.scope_path if unit else who.low,
                form=typed(form, plan),
            ).id

    def _submit(self, form: Any, plan: Process, case_id: int, who: Hat) -> bool:
        """Submit; a refusal is shown above the form, with everything typed still in it."""
        try:
            with work(case_id) as s:
                made = filing(s, form, plan, who)
                engine.submit(
                    s,
                    case_id,
                    facts=made.facts,
                    person_id=made.person_id,
                    person_name=made.person_name,
                    effective_on=made.effective_on,
                    unit_id=made.unit_id,
                )
        except errors.DomainError as refusal:
            flash(sentence(refusal), "danger")
            return False
        flash(_("Submitted. The offices have been told."), "success")
        return True

    def _labels(self, form: Any) -> None:
        """Show the chosen rows of search fields by name, when they are ours to see."""
        line = (
            "SELECT l.*, s.name AS scope_name FROM quota_line l JOIN unit s ON s.id = l.scope_unit_id WHERE l.id = :i"
        )
        named = "SELECT name FROM {} WHERE id = :i"
        sitting = "SELECT person_name AS name FROM occupancy WHERE id = :i"
        leading = "SELECT person_name AS name FROM occupancy WHERE line_id = :i AND person_id = :p LIMIT 1"
        queries = {"line": line, "any_line": line, "lead_line": line, "occupancy": sitting, "lead": leading}
        queries |= {name: named.format("unit") for name in ("department", "unit", "scope")}
        queries["person"] = named.format("person")
        with work() as s:
            for name, query in queries.items():
                value = str(form[name].data or "") if name in form else ""
                first, _dash, second = value.partition("-")
                if not first.isdecimal() or (second and not second.isdecimal()):
                    continue
                row = s.execute(text(query), {"i": int(first), "p": int(second or 0)}).one_or_none()
                if row:
                    label = units.line_label(row) if name.endswith("line") else row.name
                    form[name].choices = [(value, label)]

    def _check(self, form: Any, plan: Process) -> dict[str, Any]:
        with work() as s:
            return live(s, form, plan)

    @expose("/check/<process>", methods=["POST"])
    @has_access
    def check(self, process: str) -> Any:
        """The live check panel for what is typed so far."""
        with work() as s:
            plan, day = engine.latest(s, process)[1], engine.today(s)
        return render_template("_check_panel.html", **self._check(form_class(plan, day)(request.form), plan))

    @expose("/<int:case_id>")
    @has_access
    def show(self, case_id: int) -> Any:
        """One case with its timeline, and the decision panel for the office whose turn it is."""
        from app.views.case_page import context

        with work() as s:
            page = context(s, case_id, hat())
        return render_template("case.html", **page)

    @expose("/<int:case_id>/act", methods=["POST"])
    @has_access
    def act(self, case_id: int) -> Any:
        """What the applicant does to a running case: withdraw, confirm arrival."""
        kind = request.args.get("kind", "")
        try:
            with work(case_id) as s:
                if kind == "withdraw":
                    engine.withdraw(s, case_id)
                elif kind == "confirm_arrival":
                    engine.arrive(s, case_id, _day(request.form.get("arrived_on", "")))
                else:
                    abort(400)
            flash(_("Done."), "success")
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            flash(sentence(refusal), "danger")
        return redirect(f"/case/{case_id}")

    @expose("/<int:case_id>/decide/<int:task_id>", methods=["POST"])
    @has_access
    def decide(self, case_id: int, task_id: int) -> Any:
        """An office's decision."""
        verdict, opinion = request.form.get("decision", ""), request.form.get("opinion", "")[:2000]
        try:
            with work(case_id) as s:
                if verdict == "hand_over":
                    engine.hand_over(s, task_id, request.form.get("hand_over_to", 0, type=int))
                else:
                    engine.decide(s, task_id, verdict=verdict, opinion=opinion, address=request.remote_addr or "")
            done = _("Handed to a colleague.") if verdict == "hand_over" else _("Your decision is recorded.")
            flash(done, "success")
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            flash(sentence(refusal), "danger")
        return redirect(f"/case/{case_id}")


def _day(value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        abort(400)


class QueueView(BaseView):
    """What waits for an office."""

    route_base = "/queue"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Open tasks, due first; keyset paging."""
        who = hat()
        after = None
        if request.args.get("after"):
            day, _sep, number = request.args["after"].partition("_")
            if not number.isdecimal():
                abort(400)
            after = (_day(day).isoformat(), int(number))
        with work() as s:
            rows = cases.queue(s, who.office_id or 0, after, 31)
            number = s.execute(
                text("SELECT count(*) FROM task WHERE office_id = :o AND state = 'open'"),
                {"o": who.office_id},
            ).scalar_one()
        page = {
            "next_url": f"/queue?after={rows[29].due_on}_{rows[29].task_id}" if len(rows) > 30 else None,
            "prev_url": None,
            "total": number,
        }
        tasks = [
            {
                "id": r.task_id,
                "case_number": r.number,
                "case_url": f"/case/{r.id}",
                "title": r.title,
                "unit": r.unit,
                "process": "",
                "person": None,
                "opened_at": r.submitted_at,
                "due_on": r.due_on,
                "days_left": None,
                "state": "open",
                "assignee": None,
                "checks_ok": None,
                "checks_text": None,
            }
            for r in rows[:30]
        ]
        return render_template(
            "queue.html", title=_("To decide"), tabs=[], tasks=tasks, filters=[], keep=[], chips=[], page=page
        )
