"""干部管理权限: the rules by which an office decides about people, and their change by two administrators."""

import datetime as dt
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import text
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.domain import codes, errors
from app.domain.regions import foshan
from app.domain.workdays import city_today
from app.models import DECIDERS
from app.views.messages import sentence
from app.views.shell import hat, work

# Leadership levels alone (《公务员法》第十八条): the list of codes goes on with those who lead nobody.
LEADING = "0150"
CONDITIONS = ("level", "rank", "category", "unit_grade", "region")


def deciders() -> dict[str, str]:
    """Whom a rule may name."""
    return {
        "city_organisation": _("Organisation department of the city"),
        "organisation": _("Organisation department of the unit's city or district"),
        "city_human_resources": _("Human resources of the city"),
        "human_resources": _("Human resources of the unit's city or district"),
        "supervisor": _("Competent department (where there is one)"),
    }


def choices(name: str) -> list[tuple[str, Any]]:
    """The values of a condition, "any" first."""
    if name == "region":
        return [("", _l("any")), *((d.code, d.name) for d in foshan())]
    found = [(code, label) for code, label in codes.code_set(name).choices() if name != "level" or code < LEADING]
    return [("", _l("any")), *found]


class RuleForm(FlaskForm):
    """A rule to add: empty conditions mean any."""

    level = SelectField(_l("Leadership level (this and above)"), choices=choices("level"))
    rank = SelectField(_l("Rank (this and above)"), choices=choices("rank"))
    category = SelectField(_l("Category"), choices=choices("category"))
    unit_grade = SelectField(_l("Grade of unit"), choices=choices("unit_grade"))
    region = SelectField(_l("Region (a district with its towns)"), choices=choices("region"))
    decider = SelectField(_l("Who decides"), choices=[])
    started_on = DateField(_l("From (tomorrow at the earliest)"), validators=[InputRequired()])
    basis = StringField(_l("Document it rests on"), validators=[InputRequired(), Length(2, 200)])


class EndForm(FlaskForm):
    """The end of a rule, and what comes in its place."""

    decider = SelectField(_l("Who decides from then on"), choices=[], validators=[Optional()])
    started_on = DateField(_l("Day of the change (tomorrow at the earliest)"), validators=[InputRequired()])
    basis = StringField(_l("Document it rests on"), validators=[InputRequired(), Length(2, 200)])


def named(row: Any) -> list[str]:
    """A rule's conditions in words; none means everybody."""
    out = [codes.label("level", row.level) + _(" and above")] if row.level else []
    out += [codes.label("rank", row.rank) + _(" and above")] if row.rank else []
    out += [codes.label(name, getattr(row, name)) for name in ("category", "unit_grade") if getattr(row, name)]
    return out + ([row.region] if row.region else [])


PICKED = (
    "SELECT a.*, r.name AS region FROM {table} a LEFT JOIN region r ON r.code = a.region_code"
    " ORDER BY {first} a.level = '', a.level, a.rank = '', a.rank, a.category = '', a.category, a.unit_grade = '',"
    " a.unit_grade, a.region_code IS NULL, length(a.region_code) DESC, a.region_code, a.started_on"
)


def rules(s: Session) -> list[dict[str, Any]]:
    """The rules of today and to come first, in the order in which they are asked; ended ones after them."""
    today, words = city_today(), deciders()
    found = s.execute(
        text(PICKED.format(table="authority_rule", first="coalesce(a.ended_on <= kernel_today(), false),"))
    )
    return [
        {
            "id": r.id,
            "conditions": named(r),
            "decider": words[r.decider],
            "basis": r.basis,
            "started_on": r.started_on,
            "ended_on": r.ended_on,
            "state": "ended" if r.ended_on and r.ended_on <= today else "planned" if r.started_on > today else "active",
            "end_url": f"/admin/authority/{r.id}/end" if r.ended_on is None and hat().kind == "system_admin" else None,
        }
        for r in found
    ]


def requests(s: Session) -> list[dict[str, Any]]:
    """Changes that were proposed, those that wait first."""
    words = deciders()
    found = s.execute(
        text(
            "SELECT q.*, r.name AS region, operator_name(q.proposed_by) AS proposer, operator_name(q.decided_by) AS settler"
            " FROM authority_request q LEFT JOIN region r ON r.code = q.region_code"
            " ORDER BY (q.state = 'open') DESC, q.id DESC LIMIT 50"
        )
    )
    return [
        {
            "id": q.id,
            "what": _("End") if q.decider is None else _("Replace") if q.rule_id else _("Add"),
            "conditions": named(q),
            "decider": words.get(q.decider, "—"),
            "basis": q.basis,
            "started_on": q.started_on,
            "state": q.state,
            "proposer": q.proposer,
            "settler": q.settler,
            "note": q.note,
        }
        for q in found
    ]


def trial(s: Session) -> dict[str, Any] | None:
    """Who would decide, for what the address names: the rules that fit, in their order; None where none is asked."""
    asked = {name: request.args.get(name, "") for name in ("unit", "on", *CONDITIONS[:3])}
    if not asked["unit"]:
        return None
    known = all(asked[name] in dict(choices(name)) for name in CONDITIONS[:3])
    if not asked["unit"].isdecimal() or len(asked["unit"]) > 18 or not known:
        abort(400)
    try:
        on = dt.date.fromisoformat(asked["on"]) if asked["on"] else city_today()
    except ValueError:
        abort(400)
    unit = s.execute(text("SELECT unit_name(:u)"), {"u": int(asked["unit"])}).scalar()
    found = s.execute(
        text("SELECT * FROM authority_trial(:o, :u, :c, :l, :r)"),
        {"o": on, "u": int(asked["unit"]), "c": asked["category"] or "11", "l": asked["level"], "r": asked["rank"]},
    ).all()
    if unit is None or not found:
        raise errors.NotFound(unit=asked["unit"])
    shown = {r["id"]: r for r in rules(s)}
    steps = [{"rule": shown[r.rule], "side": r.side, "decides": r.decides} for r in found]
    return {"unit": unit, "on": on, "steps": steps, "answer": next((x for x in steps if x["decides"]), None)}


class AuthorityView(BaseView):
    """Which office decides about whom."""

    route_base = "/admin/authority"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Rules in their order, proposed changes, and the trial."""
        with work() as s:
            tried = trial(s)
            return render_template(
                "authority.html",
                title=_("Cadre authority"),
                rules=rules(s),
                requests=requests(s),
                may_propose=hat().kind == "system_admin",
                may_settle=hat().kind == "security_admin",
                trial=tried,
                asked={**{name: request.args.get(name, "") for name in ("unit", *CONDITIONS[:3])},
                       "on": request.args.get("on", "") or city_today().isoformat()},
                options={name: choices(name)[1:] for name in CONDITIONS[:3]},
            )  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    @has_access
    def new(self) -> Any:
        """Propose a rule."""
        form = RuleForm()
        form.decider.choices = [(k, deciders()[k]) for k in DECIDERS]
        return self._proposed(
            form, None, _("New rule of cadre authority"), [*CONDITIONS, "decider", "started_on", "basis"]
        )

    @expose("/<int:rule_id>/end", methods=["GET", "POST"])
    @has_access
    def end(self, rule_id: int) -> Any:
        """Propose that a rule ends, with or without another in its place."""
        form = EndForm()
        form.decider.choices = [("", _("nobody: the next rule that fits")), *((k, deciders()[k]) for k in DECIDERS)]
        with work() as s:
            row = next((r for r in rules(s) if r["id"] == rule_id and r["ended_on"] is None), None)
        if row is None:
            raise errors.NotFound(rule=rule_id)
        title = _("End or replace a rule: %(rule)s", rule="、".join(row["conditions"]) or _("everybody"))
        return self._proposed(form, rule_id, title, ["decider", "started_on", "basis"])

    @staticmethod
    def _proposed(form: Any, rule_id: int | None, title: str, names: list[str]) -> Any:
        problems = []
        if form.validate_on_submit():
            given = {name: form[name].data for name in CONDITIONS if name in form}
            try:
                with work() as s:
                    s.execute(
                        text("SELECT authority_propose(:rule, :region, :unit_grade, :level, :rank, :category, :d, :b, :f)"),
                        {**dict.fromkeys(CONDITIONS), **given, "rule": rule_id, "d": form.decider.data,
                         "b": form.basis.data, "f": form.started_on.data},
                    )  # fmt: skip
                flash(_("Proposed. The security administrator has to approve it."), "success")
                return redirect("/admin/authority")
            except errors.DomainError as refusal:
                problems.append(sentence(refusal))
        return render_template(
            "form.html",
            title=title,
            intro=_("A rule is never edited: it ends on a day, and another begins. Running cases keep their offices."),
            form=form,
            fields=names,
            problems=problems,
            button=_("Propose"),
            back_url="/admin/authority",
        )

    @expose("/requests/<int:request_id>/<verdict>", methods=["POST"])
    @has_access
    def settle(self, request_id: int, verdict: str) -> Any:
        """The second person's word."""
        if verdict not in ("approve", "refuse"):
            abort(404)
        try:
            with work() as s:
                s.execute(
                    text("SELECT authority_settle(:r, :a, :n)"),
                    {"r": request_id, "a": verdict == "approve", "n": request.form.get("note", "")[:200]},
                )
        except errors.NotFound:
            abort(404)
        except errors.DomainError as refusal:
            flash(sentence(refusal), "danger")
        else:
            flash(_("Done."), "success")
        return redirect("/admin/authority")
