"""办理: start a business, fill in, follow, decide."""

import datetime as dt
import secrets
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Application
from app.queries import cases, units
from app.security.hats import Hat
from app.views.case_asked import spelt_out
from app.views.case_events import meanwhile
from app.views.case_page import context
from app.views.checks import live
from app.views.filing.base import loaded, typed
from app.views.filing.registry import filing
from app.views.forms import form_class, point_out, sections_of
from app.views.messages import sentence
from app.views.papers import panel
from app.views.search_labels import show_again
from app.views.shell import hat, place, work
from app.workflow import engine, verifying, versions
from app.workflow.definition import Process


def side_of(who: Hat) -> str:
    """On whose side a hat may apply: its unit's, its office's, or a person's own."""
    return "unit" if who.unit_id else "person" if who.person_id else who.office_kind


def families() -> dict[str, str]:
    """Businesses as a reader looks for them: by what they change, in this order."""
    return {
        "entry": _("People enter"),
        "exit": _("People leave"),
        "inside": _("Changes while in service"),
        "quota_use": _("Use of quota"),
        "leadership": _("Leadership positions"),
        "verification": _("Annual verification and certificates"),
        "organ": _("Units"),
        "quota": _("Quotas"),
        "correction": _("Corrections"),
    }


def guide(plan: Process) -> dict[str, Any]:
    """办事指南 of a business: who may apply, on what basis, what to bring, which offices, how long."""
    return {
        "name": plan.title,
        "summary": plan.guide,
        "who": plan.who,
        "basis": plan.basis,
        "papers": [f"{paper.name}（{paper.note}）" if paper.note else paper.name for paper in plan.papers],
        "offices": [f"{stage.name}：{'、'.join(t.title for t in stage.tasks)}" for stage in plan.stages],
        "days": plan.days.promised,
        "statutory": plan.days.statutory,
        "result": plan.result,
        "url": f"/case/new/{plan.process}",
    }


class CaseView(BaseView):
    """Cases of a unit and of the offices that handle them."""

    route_base = "/case"
    default_view = "start"

    @expose("/start")
    @has_access
    def start(self) -> Any:
        """What may be applied for, with guide, papers and time limits."""
        side, q = side_of(hat()), request.args.get("q", "").strip()
        if set(request.args) - {"q"} or len(q) > 60:
            abort(400)
        with work() as s:
            plans = [plan for _id, plan in versions.newest(s).values()]
        found = [p for p in plans if p.applicant == side and p.fields and (q in p.title or q in p.guide)]
        groups = [(label, [p for p in found if p.family == family]) for family, label in families().items()]
        return render_template(
            "start.html",
            title=_("Start a business"),
            groups=[{"label": label, "processes": [guide(p) for p in members]} for label, members in groups if members],
            q=q,
            unit={"name": place()["place"]},
        )

    @expose("/token")
    @has_access
    def token(self) -> Any:
        """The form token of the session that stands; a form that outlived its session asks for it before it is sent."""
        return jsonify({"token": generate_csrf()})

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
            if case_id and (case is None or not engine.mine(s, case)):
                raise errors.NotFound(case=case_id)
            if case is not None and case.state not in ("draft", "returned"):
                return self._filed_already(case.id)
            plan = versions.process_of(s, case) if case else versions.latest(s, process)[1]
            if case is not None and plan.process == verifying.PROCESS:  # its form is the roster
                return redirect(f"/verification/{case.form['verification']}")
            if plan.applicant != side_of(who) or not plan.fields:
                raise errors.NotFound(process=process)
            day = engine.today(s)
            kept = dict(case.form) if case else {}
            state, saved_at = (case.state, case.changed_at) if case else ("draft", None)
            returned = cases.last_return(s, case.id) if case and case.state == "returned" else None
            handed = panel(s, case, plan, who) if case else None
        form = form_class(plan, day)(request.form if request.method == "POST" else None, data=loaded(kept))
        with work() as s:
            show_again(s, form)
        if request.method == "POST":
            case_id, filed = self._keep(form, plan, case_id, who)
            if filed:
                return self._filed_already(case_id)
            saved_at = dt.datetime.now(dt.UTC)
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
            process=guide(plan),
            unit={"name": place()["place"]},
            form=form,
            sections=sections_of(plan),
            papers=guide(plan)["papers"],
            handed=handed,
            returned={"by": f"{returned.side} {returned.operator}", "opinion": returned.opinion} if returned else None,
            saved_at=saved_at,
            discard_url=f"/case/{case_id}/act?kind=withdraw" if case_id and state == "draft" else None,
            consequences=[_("What was typed is removed from your drafts. Nothing was filed, so no office is told.")],
            case_id=case_id,
            once=request.form.get("once") or secrets.token_hex(8),
            submit_url=address,
            draft_url=address,
            check_url="/case/check/" + plan.process,
            cancel_url=f"/case/{case_id}" if case_id else "/case/start",
            **self._check(form, plan),
        )

    def _filed_already(self, case_id: int) -> Any:
        """Sent twice, or sent again after going back: the case is shown, nothing is filed a second time."""
        if request.headers.get("HX-Request"):
            return "", 204
        flash(_("This case has been submitted already; it was not submitted again."), "info")
        return redirect(f"/case/{case_id}")

    def _keep(self, form: Any, plan: Process, case_id: int | None, who: Hat) -> tuple[int, bool]:
        """Keep what was typed; a draft is made on the first save. Also whether it was submitted meanwhile, and stays."""
        with work() as s:
            if case_id is not None:
                return case_id, not self._write(s, case_id, form, plan)
            unit = units.unit(s, own) if (own := who.unit_id or units.unit_of(s, who.person_id)) else None
            case = engine.draft(
                s,
                process=plan.process,
                unit_id=unit.id if unit else None,
                office_id=None if unit else who.office_id,
                scope_path=unit.scope_path if unit else who.low,
                form=typed(form, plan),
                person_id=who.person_id,
                once=request.form.get("once", "")[:32],
            )
            return case.id, not self._write(s, case.id, form, plan)  # the same sheet once more may say more

    def _write(self, s: Session, case_id: int, form: Any, plan: Process) -> bool:
        """Write what was typed into the locked case, unless another tab has submitted it."""
        case = engine.locked(s, case_id)
        if case.state not in ("draft", "returned"):
            return False
        case.form = typed(form, plan) | {k: v for k, v in case.form.items() if k == "once"}
        return True

    def _submit(self, form: Any, plan: Process, case_id: int, who: Hat) -> bool:
        """Submit; a refusal is shown above the form, with everything typed still in it."""
        try:
            with work(case_id) as s:
                if not self._write(s, case_id, form, plan):  # what is kept and what is filed are the same words
                    raise errors.WrongState()
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
        except errors.WrongState:  # another tab was first
            self._filed_already(case_id)
            return True
        except errors.DomainError as refusal:
            point_out(form, refusal)
            flash(sentence(refusal), "danger")
            return False
        flash(_("Submitted. The offices have been told."), "success")
        return True

    def _check(self, form: Any, plan: Process) -> dict[str, Any]:
        with work() as s:
            return live(s, form, plan, hat().unit_id)

    @expose("/check/<process>", methods=["POST"])
    @has_access
    def check(self, process: str) -> Any:
        """The live check panel for what is typed so far."""
        with work() as s:
            plan, day = versions.latest(s, process)[1], engine.today(s)
        return render_template("_check_panel.html", **self._check(form_class(plan, day)(request.form), plan))

    @expose("/<int:case_id>")
    @has_access
    def show(self, case_id: int) -> Any:
        """One case with its timeline, and the decision panel for the office whose turn it is."""
        return self._page(case_id)

    def _page(self, case_id: int, problem: str = "") -> str:
        """The case's page; after a refusal with what was typed and the reason."""
        with work() as s:
            page = context(s, case_id, hat(), problem=problem)
        return render_template("case.html", **page)

    @expose("/<int:case_id>/act", methods=["POST"])
    @has_access
    def act(self, case_id: int) -> Any:
        """What the applicant does to a running case: withdraw, confirm arrival, answer, urge, copy."""
        kind, target = request.args.get("kind", ""), f"/case/{case_id}"
        try:
            with work(case_id) as s:
                if kind == "withdraw":
                    draft = engine.locked(s, case_id).state == "draft"
                    engine.withdraw(s, case_id)
                    done = _("The draft is thrown away.") if draft else _("The case is withdrawn.")
                elif kind == "confirm_arrival":
                    engine.arrive(s, case_id, _day(request.form.get("arrived_on", "")))
                    done = _("Arrival confirmed. The person is on the roster now.")
                elif kind == "urge":
                    engine.urge(s, case_id)
                    done = _("The office sees your reminder in its queue.")
                elif kind == "answer":
                    engine.answer(s, case_id, request.form.get("opinion", "")[:2000])
                    done = _("The office is told; the clock goes on.")
                elif kind == "copy":
                    target = f"/case/{engine.copied(s, case_id).id}/edit"
                    done = _("A new draft with what the old case had. Check each field before you submit.")
                else:
                    abort(400)
            flash(done, "success")
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            return self._refused(case_id, refusal, "arrive")
        return redirect(target)

    @expose("/<int:case_id>/decide/<int:task_id>", methods=["POST"])
    @has_access
    def decide(self, case_id: int, task_id: int) -> Any:
        """What an office does with its task: decide, stop the clock, hand over, take back, re-route."""
        verdict, opinion = request.form.get("decision", ""), request.form.get("opinion", "")[:2000]
        address = request.remote_addr or ""
        try:
            with work(case_id) as s:
                if verdict == "hand_over":
                    engine.hand_over(s, task_id, request.form.get("hand_over_to", 0, type=int))
                elif verdict == "take_back":
                    engine.take_back(s, task_id, opinion=opinion, address=address)
                elif verdict == "reroute":
                    engine.reroute(s, case_id, reason=opinion, address=address)
                else:
                    engine.decide(
                        s,
                        task_id,
                        verdict=verdict,
                        opinion=opinion,
                        address=address,
                        to=request.form.get("to") or None,
                        revision=request.form.get("version", "").partition(".")[0],
                    )
        except errors.DomainError as refusal:
            # The page itself, not a redirect: what was typed stays, and the reason stands beside it. A case that is not the
            # reader's has no page, whatever was asked of it.
            return self._refused(case_id, refusal, verdict)
        done = {"hand_over": _("Handed to a colleague."), "take_back": _("Your decision is taken back.")}
        flash(done.get(verdict, _("Your decision is recorded.")), "success")
        return redirect(f"/case/{case_id}")

    def _refused(self, case_id: int, refusal: errors.DomainError, step: str) -> Any:
        """The page after a refusal: why, and what others did since the page was shown."""
        with work() as s:
            since = meanwhile(s, case_id, request.form.get("version", ""))
            case = s.get(Application, case_id)
            named = spelt_out(refusal, versions.process_of(s, case)) if case and step == "approve" else ""
        return self._page(case_id, f"{named or why(refusal, step)} {since}".strip()), refusal.http_status


def why(refusal: errors.DomainError, verdict: str = "") -> str:
    """Why a step was refused, in the words of that step."""
    if isinstance(refusal, errors.InvalidInput) and verdict in (*engine.CLOCK, "reroute"):
        return _("Say why in the opinion: the case's timeline and the applicant show it.")
    if isinstance(refusal, errors.InvalidInput) and verdict in ("return", "reject"):
        return _("Say why in the opinion: the unit has to know what to correct, or why it is refused.")
    if isinstance(refusal, errors.InvalidInput) and refusal.facts.get("errors") == {"opinion": ["answer"]}:
        return _("An error report asks for an answer: say in the opinion what was found, and why.")
    if isinstance(refusal, errors.FutureEffect) and verdict == "arrive":
        return _("The day of arrival may not lie after today: confirm it when the person is here.")
    if isinstance(refusal, errors.InvalidInput) and verdict == "arrive":
        return _("Enter the day on which the person reported for duty.")
    if verdict == "approve" and isinstance(refusal, errors.NotFound):
        return _(
            "What the case names (a body, a line, a person) is no longer there or no longer of this place. Return the case for correction, or reject it."
        )
    if verdict == "hand_over" and isinstance(refusal, errors.NotAllowed):
        return _("Choose a colleague of your own office.")
    return sentence(refusal)


def _day(value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise errors.InvalidInput(errors={"arrived_on": ["required"]}) from None
