"""改革方案的步骤: one variant with its steps, edited by forms, and its trial."""

import datetime as dt
import json
import re
from typing import Any

from flask import current_app, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.queries import reforms, units
from app.views.fields.organs import lead_lines, lead_rows
from app.views.filing.base import stored
from app.views.messages import sentence
from app.views.place import some_number
from app.views.reform import mine
from app.views.reform_figures import by_phase, by_unit, refused, shares
from app.views.reform_forms import form_class
from app.views.reform_words import Names, answered, kind_names, said
from app.views.search import answer, term
from app.views.search_labels import Own, chosen_of, show_again
from app.views.shell import work
from app.workflow.reform import StepKind, kind_of


class ReformStepView(BaseView):
    """A variant's steps."""

    route_base = "/reform/variant"
    default_view = "show"

    @expose("/<int:variant_id>")
    @has_access
    def show(self, variant_id: int) -> Any:
        """The steps in their order, with what the last trial answered to each."""
        with work() as s:
            row = mine(reforms.variant(s, variant_id))
            steps = reforms.steps(s, variant_id)
            names = Names(s, steps)
            standards, _documents = reforms.standards(s, row.region_code)
        answers = row.tried["steps"] if row.tried and row.fresh else []
        results = {r["n"]: r for r in answers}
        return render_template(
            "reform_variant.html",
            title=row.name,
            variant=row,
            kinds=kind_names(),
            steps=[
                {"step": step, "text": said(step, names), "result": results.get(step.position),
                 "why": answered(r) if (r := results.get(step.position)) and not r["ok"] else ""}
                for step in steps
            ],
            refused=refused(row.tried) if results else 0,
            whole=[answered(r) for r in answers if r["n"] == 0],  # what is asked of all steps together
            tried=bool(results),
            units=by_unit(row.tried) if results else [],
            share=shares(row.tried) if results else None,
            phases=sorted({step.phase for step in steps}),
            by_phase=by_phase(row.tried, standards) if results else [],
            tried_phases=[p["phase"] for p in row.tried.get("phases", [])] if results else [],
            until=row.tried.get("until") if results else None,
            done=row.tried.get("done") if results else None,
            may_write=row.state == "draft",
        )  # fmt: skip

    @expose("/<int:variant_id>/try", methods=["POST"])
    @has_access
    def attempt(self, variant_id: int) -> Any:
        """Try the variant, or its phases up to one, by the real kernel; nothing of it remains but the figures."""
        until = some_number(request.form.get("until", ""))
        with work() as s:
            mine(reforms.variant(s, variant_id))
        try:
            with work() as s:
                reforms.attempt(s, variant_id, until, current_app.config["TRIAL_SECONDS"])
        except (errors.ReformBusy, errors.ReformSlow) as refusal:
            flash(sentence(refusal), "warning")
        return redirect(f"/reform/variant/{variant_id}")

    @expose("/<int:variant_id>/step/<kind>", methods=["GET", "POST"])
    @has_access
    def add(self, variant_id: int, kind: str) -> Any:
        """A new step at the end."""
        with work() as s:
            row = mine(reforms.variant(s, variant_id))
        return self._step(row, kind_of(kind), None)

    @expose("/<int:variant_id>/change/<int:step_id>", methods=["GET", "POST"])
    @has_access
    def edit(self, variant_id: int, step_id: int) -> Any:
        """A step, changed in its place."""
        with work() as s:
            row, step = mine(reforms.variant(s, variant_id)), mine(reforms.step(s, step_id))
        if step.variant_id != variant_id:
            raise errors.NotFound()
        return self._step(row, kind_of(step.kind), step)

    def _step(self, variant: Any, kind: StepKind, step: Any) -> Any:
        kept = {} if step is None else {**step.facts, "phase": step.phase, "note": step.note}
        some = str(kept.get("people") or "all").split(",")
        kept |= {} if some == ["all"] else {f"person{n}": value for n, value in enumerate(some, 1)}
        kept["lead_lines"] = lead_rows(kept.get("lead_lines"))
        kept["until_on"] = dt.date.fromisoformat(kept["until_on"]) if kept.get("until_on") else None
        form = form_class(kind, variant.id)(request.form if request.method == "POST" else None, data=kept)
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                self._put(variant.id, kind, step, form)
                return redirect(f"/reform/variant/{variant.id}#end")
            except errors.DomainError as refusal:
                problem = sentence(refusal)
        with work() as s:
            show_again(s, form, own_names(s, variant.id, form))
        return render_template(
            "form.html",
            title=kind_names()[kind.name],
            intro=f"{variant.title} · {variant.name}",
            form=form,
            fields=[*(f for f in kind.facts if f in form), *people_fields(form), "phase", "note"],
            problems=[problem] if problem else [],
            button=_("Keep the step"),
            back_url=f"/reform/variant/{variant.id}",
        )

    def _put(self, variant: int, kind: StepKind, step: Any, form: Any) -> None:
        typed = {name: form[name].data for name in kind.facts if name in form}
        if "people" in kind.facts:
            some = [str(form[name].data) for name in people_fields(form) if form[name].data]
            typed["people"] = ",".join(dict.fromkeys(some)) or "all"
        typed["lead_lines"] = lead_lines(typed.get("lead_lines")) if "lead_lines" in kind.facts else None
        typed["until_on"] = stored(typed.get("until_on"))
        facts = kind.validated(typed)
        if kind.name == "open_unit":
            facts["nature"] = {"organ": "党政机关", "institution": "事业单位"}.get(facts["body"], "其他")
        with work() as s:
            s.execute(
                text("SELECT reform_step_put(:v, :i, :k, CAST(:f AS jsonb), :p, :n)"),
                {"v": variant, "i": step.id if step else None, "k": kind.name, "f": as_json(facts), "p": form.phase.data,
                 "n": form.note.data},
            )  # fmt: skip

    @expose("/<int:variant_id>/move/<int:step_id>", methods=["POST"])
    @has_access
    def move(self, variant_id: int, step_id: int) -> Any:
        """Move a step up or down, or take it out."""
        with work() as s:
            mine(reforms.variant(s, variant_id))
            step = mine(reforms.step(s, step_id))
        place = {"up": step.position - 1, "down": step.position + 1, "remove": None}
        to = request.form.get("to", "")
        if step.variant_id != variant_id or to not in place:
            raise errors.NotFound()
        try:
            with work() as s:
                s.execute(text("SELECT reform_step_move(:i, :t)"), {"i": step_id, "t": place[to]})
        except errors.WrongState as refusal:
            flash(sentence(refusal), "danger")
        return redirect(f"/reform/variant/{variant_id}")

    @expose("/<int:variant_id>/units")
    @has_access
    def units(self, variant_id: int) -> Any:
        """Units to choose from: those that the variant's own steps make, then those that stand."""
        node, q = request.args.get("node", "legal"), term()
        if node not in ("legal", "department", "any"):
            raise errors.NotFound()
        with work() as s:
            mine(reforms.variant(s, variant_id))
            steps = reforms.steps(s, variant_id)
            names = Names(s, steps)
            found = [] if not q else [
                row for department in (False, True) if node in ("any", "department" if department else "legal")
                for row in reforms.find_units(s, q, department)
            ]  # fmt: skip
        kinds = {"legal": ("open_unit",), "department": ("open_department", "move_department")}
        kinds["any"] = kinds["legal"] + kinds["department"]
        made = [
            {"value": f"={x.key}", "text": names.unit(f"={x.key}"), "note": _("made by step %(n)s", n=x.position)}
            for x in steps
            if x.kind in kinds[node] and q in names.unit(f"={x.key}")
        ]
        return answer(made + [{"value": str(r.id), "text": r.name, "note": r.note} for r in found])

    @expose("/<int:variant_id>/lines")
    @has_access
    def lines(self, variant_id: int) -> Any:
        """Establishment lines to choose from: those that the variant's own steps fix, then those that stand."""
        q = term()
        with work() as s:
            mine(reforms.variant(s, variant_id))
            steps = reforms.steps(s, variant_id)
            names = Names(s, steps)
            found = units.find_lines(s, q, "establishment") if q else []
        fixed = {line_value(x.facts): x for x in steps if x.kind == "set_quota"}
        made = [
            {"value": value, "text": label, "note": _("fixed by step %(n)s", n=x.position)}
            for value, x in fixed.items()
            if q in (label := names.line(value))
        ]
        stand = [
            {"value": str(line.id), "text": f"{prefix}{line.label}",
             "note": _("Authorised %(a)s, occupied %(o)s, usable %(u)s", a=line.figures.authorised, o=line.figures.occupied,
                       u=line.figures.usable)}
            for line, prefix in found
        ]  # fmt: skip
        return answer(made + stand)


def people_fields(form: Any) -> list[str]:
    """The fields that name somebody."""
    return [name for name in form._fields if re.fullmatch(r"person[0-9]", name)]


def line_value(facts: dict[str, Any]) -> str:
    """How a line that a step fixes is named by later ones."""
    return ":".join(str(facts.get(name)) for name in ("unit", "category", "funding", "structure"))


def as_json(facts: dict[str, Any]) -> str:
    """Facts as the kernel takes them."""
    return json.dumps(facts, ensure_ascii=False)


def own_names(s: Session, variant: int, form: Any) -> Own:
    """The names of what the variant's own searches offer: rows, and what its steps make."""
    place = f"/reform/variant/{variant}/"
    chosen = [(path, value) for path, value in chosen_of(form) if path.startswith(place)]
    names = Names(
        s, [*reforms.steps(s, variant), *(_Typed({"line" if p.endswith("/lines") else "unit": v}) for p, v in chosen)]
    )

    def name(path: str, value: str) -> str | None:
        if not path.startswith(place):
            return None
        return names.line(value) if path.endswith("/lines") else names.unit(value)

    return name


class _Typed:
    """A choice of a form, read as a step is."""

    key, kind = None, ""

    def __init__(self, facts: dict[str, str]) -> None:
        self.facts = facts
