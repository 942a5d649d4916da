"""授权、委托、查看全号: grants settled by a second administrator, delegations, reveals of protected columns."""

from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import text
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.domain import errors
from app.views.filing.base import document_number
from app.views.messages import sentence
from app.views.shell import KINDS, hat, may_delegate, work


class NamedForm(FlaskForm):
    """One account for one unit, by the unit's code."""

    code = StringField(_l("Unified social credit code"), validators=[InputRequired(), Length(max=18)])
    started_on = DateField(_l("From"), validators=[InputRequired()])
    ended_on = DateField(_l("Until (empty: open)"), validators=[Optional()])


class DelegationForm(FlaskForm):
    """To whom, for which days, why."""

    colleague = SelectField(_l("Colleague"), coerce=int, validators=[InputRequired()])
    started_on = DateField(_l("From"), validators=[InputRequired()])
    ended_on = DateField(_l("Until (that day no more)"), validators=[InputRequired()])
    reason = StringField(_l("Reason"), validators=[InputRequired(), Length(2, 100)])


class ReasonForm(FlaskForm):
    """Why a protected column has to be seen."""

    reason = StringField(_l("Reason (it is logged with your name)"), validators=[InputRequired(), Length(4, 200)])


class GrantView(BaseView):
    """Identities proposed by one administrator and settled by another."""

    route_base = "/admin/requests"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """What waits, and the last that were settled."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT q.*, operator_name(q.user_id) AS name, operator_name(q.proposed_by) AS proposer,"
                    " operator_name(q.decided_by) AS decider, coalesce(q.kind, a.kind) AS as_kind,"
                    " coalesce(o.name, r.name, unit_name(q.unit_id), '') AS place FROM grant_request q"
                    " LEFT JOIN account a ON a.id = q.account_id LEFT JOIN office o ON o.id = q.office_id"
                    " LEFT JOIN region r ON r.code = q.region_code ORDER BY (q.state = 'open') DESC, q.id DESC LIMIT 100"
                )
            ).all()
        requests = [
            {
                "id": r.id,
                "name": r.name,
                "what": KINDS[r.as_kind]
                if r.account_id is None
                else _("%(kind)s, named access", kind=KINDS[r.as_kind]),
                "place": r.place,
                "from_on": r.started_on,
                "until_on": r.ended_on,
                "state": r.state,
                "proposer": r.proposer,
                "decider": r.decider,
                "note": r.note,
            }
            for r in rows
        ]
        return render_template(
            "admin_requests.html",
            title=_("Proposed identities"),
            requests=requests,
            may_settle=hat().kind == "security_admin",
        )

    @expose("/<int:request_id>/<verdict>", methods=["POST"])
    @has_access
    def settle(self, request_id: int, verdict: str) -> Any:
        """The second person's word."""
        if verdict not in ("approve", "refuse"):
            abort(404)
        try:
            with work() as s:
                s.execute(
                    text("SELECT admin_settle(:r, :a, :n)"),
                    {"r": request_id, "a": verdict == "approve", "n": request.form.get("note", "")[:200]},
                )
        except errors.NotFound:
            abort(404)
        except errors.DomainError as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash(_("Done."), "success")
        return redirect("/admin/requests")

    @expose("/named/<int:account_id>", methods=["GET", "POST"])
    @has_access
    def named(self, account_id: int) -> Any:
        """Propose that an account sees one unit by name."""
        form, problems = NamedForm(), []
        with work() as s:
            if s.execute(text("SELECT 1 FROM account WHERE id = :a"), {"a": account_id}).first() is None:
                abort(404)
        if form.validate_on_submit():
            try:
                with work() as s:
                    s.execute(
                        text("SELECT admin_propose_named(:a, :c, :f, :t)"),
                        {
                            "a": account_id,
                            "c": (form.code.data or "").strip().upper(),
                            "f": form.started_on.data,
                            "t": form.ended_on.data,
                        },
                    )
                flash(_("Proposed. The security administrator has to approve it."), "success")
                return redirect("/admin/requests")
            except errors.DomainError as refusal:
                problems.append(sentence(refusal))
        return render_template(
            "form.html",
            title=_("Named access"),
            intro=_("For a unit that is not for the network, or one outside the identity's ranges."),
            form=form,
            fields=["code", "started_on", "ended_on"],
            problems=problems,
            button=_("Propose"),
            back_url="/admin/requests",
        )


class DelegationView(BaseView):
    """委托: a colleague acts in one's place for some days."""

    route_base = "/delegation"
    default_view = "index"

    @expose("", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """Delegations of this hat, and a new one."""
        if not may_delegate(hat()):
            abort(403)
        form, problems = DelegationForm(), []
        with work() as s:
            form.colleague.choices = [(r.user_id, r.name) for r in s.execute(text("SELECT * FROM colleagues()"))]
        if form.validate_on_submit():
            try:
                with work() as s:
                    s.execute(
                        text("SELECT delegate(:u, :f, :t, :r)"),
                        {
                            "u": form.colleague.data,
                            "f": form.started_on.data,
                            "t": form.ended_on.data,
                            "r": form.reason.data,
                        },
                    )
                flash(_("Done."), "success")
                return redirect("/delegation")
            except errors.DomainError as refusal:
                problems.append(sentence(refusal))
        with work() as s:
            given = s.execute(text("SELECT * FROM delegations()")).all()
        return render_template(
            "delegation.html",
            title=_("Delegate for an absence"),
            form=form,
            fields=["colleague", "started_on", "ended_on", "reason"],
            problems=problems,
            given=given,
        )

    @expose("/<int:account_id>/end", methods=["POST"])
    @has_access
    def end(self, account_id: int) -> Any:
        """Recall a delegation: it ends at once."""
        with work() as s:
            s.execute(text("SELECT delegation_end(:a)"), {"a": account_id})
        flash(_("Done."), "success")
        return redirect("/delegation")


class RevealView(BaseView):
    """The whole document number of one person: by right, with a reason, shown once, on record."""

    route_base = "/reveal"
    default_view = "show"

    @expose("/<int:person_id>", methods=["GET", "POST"])
    @has_access
    def show(self, person_id: int) -> Any:
        """Ask for the reason; then show the number in this answer alone."""
        if "document" not in hat().sees:
            abort(403)
        form, number = ReasonForm(), None
        with work() as s:
            p = s.execute(text("SELECT id, name, id_mask FROM person WHERE id = :i"), {"i": person_id}).one_or_none()
            if p is None:
                raise errors.NotFound(person=person_id)
        if form.validate_on_submit():
            number, _proof = document_number(p.id, form.reason.data or "")
        return render_template(
            "reveal.html",
            title=_("Whole ID number"),
            person=p,
            number=number,
            form=form,
            fields=["reason"],
            back_url="/card" if p.id == hat().person_id else f"/person/{p.id}",
        )
