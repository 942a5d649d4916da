"""改革沙盘: reforms of the establishment office, their variants side by side, and how one is filed."""

import datetime as dt
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.queries import reforms
from app.views.filing.reform import facts_of_phase
from app.views.messages import sentence
from app.views.reform_figures import by_phase, by_unit, compared, kinds_of, refused, shares, unit_names
from app.views.reform_forms import filed_class
from app.views.reform_words import Names, kind_names, said, state_names
from app.views.search import answer, term
from app.views.shell import hat, work
from app.workflow import engine


def mine(found: Any) -> Any:
    """A row of the office's own reforms; a foreign one answers as an absent one, and other offices have none."""
    if hat().office_kind != "establishment":
        abort(403)
    if found is None:
        raise errors.NotFound()
    return found


class ReformView(BaseView):
    """Reforms: drafted, tried, compared, filed."""

    route_base = "/reform"
    default_view = "index"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """The office's reforms; a post begins one."""
        mine(hat())
        if request.method == "POST":
            try:
                with work() as s:
                    made = s.execute(
                        text("SELECT reform_begin(:t)"), {"t": request.form.get("title", "")[:200]}
                    ).scalar()
                return redirect(f"/reform/{made}")
            except errors.InvalidInput:
                flash(_("A reform needs a name of at most 100 characters."), "danger")
        with work() as s:
            rows = reforms.all_of(s)
        return render_template(
            "reforms.html", title=_("Reforms"), reforms=rows, states=state_names(), typed=request.form
        )

    @expose("/<int:reform_id>")
    @has_access
    def show(self, reform_id: int) -> Any:
        """One reform: what each variant makes of the figures that stand."""
        year = city_today().year
        with work() as s:
            row = mine(reforms.one(s, reform_id))
            found, cases = reforms.variants(s, reform_id), reforms.cases(s, reform_id)
            kinds, (standards, documents) = reforms.kinds(s, reform_id), reforms.standards(s, row.region_code)
            people = reforms.people_names(s, [i for v in found if v.tried for i, *_rest in _listed(v)])
        return render_template(
            "reform.html",
            title=row.title,
            reform=row,
            state=state_names()[row.state],
            variants=found,
            cases=cases,
            rows=compared(found, standards) + kinds_of(found, kinds, kind_names()),
            tried=[v for v in found if v.tried],
            refused={v.id: refused(v.tried) for v in found if v.tried},
            shares={v.id: shares(v.tried) for v in found if v.tried},
            people=people,
            names={v.id: unit_names(v.tried) for v in found if v.tried},
            documents=documents,
            year=year,
        )

    @expose("/variant/<int:variant_id>/paper")
    @has_access
    def paper(self, variant_id: int) -> Any:
        """One variant whole, for print: phases with their days, steps, figures before and after, people, what is open."""
        with work() as s:
            row = mine(reforms.variant(s, variant_id))
            steps, cases = reforms.steps(s, variant_id), reforms.cases(s, row.reform_id)
            standards, documents = reforms.standards(s, row.region_code)
            names = Names(s, steps)
            people = reforms.people_names(s, [i for i, *_rest in _listed(row)] if row.tried else [])
        fresh = bool(row.tried and row.fresh)
        days = {c.phase: c for c in cases} if row.filed_variant_id == variant_id else {}
        return render_template(
            "reform_paper.html",
            title=_("%(reform)s: %(variant)s", reform=row.title, variant=row.name),
            variant=row,
            fresh=fresh,
            region=row.region,
            phases=[
                {"n": n, "case": days.get(n), "steps": [
                    {"n": step.position, "text": said(step, names), "note": step.note} for step in steps if step.phase == n]}
                for n in sorted({step.phase for step in steps})
            ],
            rows=compared([row], standards) if fresh else [],
            by_phase=by_phase(row.tried, standards) if fresh else [],
            tried_phases=[p["phase"] for p in row.tried.get("phases", [])] if fresh else [],
            units=by_unit(row.tried) if fresh else [],
            share=shares(row.tried) if fresh else None,
            refused=refused(row.tried) if fresh else None,
            people=people,
            names=unit_names(row.tried) if row.tried else {},
            documents=documents,
            year=city_today().year,
        )  # fmt: skip

    @expose("/<int:reform_id>/act", methods=["POST"])
    @has_access
    def act(self, reform_id: int) -> Any:
        """Add or copy a variant, throw one away, or the whole reform."""
        kind, variant = request.form.get("kind", ""), request.form.get("variant", type=int)
        target = f"/reform/{reform_id}"
        with work() as s:
            mine(reforms.one(s, reform_id))
        try:
            with work() as s:
                if kind == "add":
                    name = request.form.get("name", "")[:100]
                    made = s.execute(
                        text("SELECT reform_variant_add(:r, :n, :f)"), {"r": reform_id, "n": name, "f": variant}
                    ).scalar()
                    target = f"/reform/variant/{made}"
                elif kind == "drop_variant":
                    s.execute(text("SELECT reform_variant_drop(:v)"), {"v": variant})
                elif kind == "drop":
                    s.execute(text("SELECT reform_drop(:r)"), {"r": reform_id})
                    target = "/reform/"
        except errors.InvalidInput:
            flash(_("A variant needs a name of its own (at most 40 characters); a reform has at most six."), "danger")
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            flash(sentence(refusal), "danger")
        return redirect(target)

    @expose("/variant/<int:variant_id>/file", methods=["GET", "POST"])
    @has_access
    def file(self, variant_id: int) -> Any:
        """File a variant: one document; one case, or one for each phase with its own day."""
        with work() as s:
            row = mine(reforms.variant(s, variant_id))
            phases = next(v.phases for v in reforms.variants(s, row.reform_id) if v.id == variant_id) or []
            day = engine.today(s)
        form, problem = filed_class()(), ""
        days = {p: request.form.get(f"start-{p}", "" if request.method == "POST" else day.isoformat()) for p in phases}
        if request.method == "POST" and form.validate():
            starts = {p: _day(value) for p, value in days.items()}
            if None in starts.values() or not starts:
                problem = _(
                    "Every phase needs the day on which it takes effect; a variant without steps cannot be filed."
                )
            elif list(starts.values()) != sorted(v for v in starts.values() if v):
                problem = _("A later phase takes effect on the same day or later.")
            else:
                try:
                    return redirect(f"/case/{self._filed(variant_id, form, starts)}")
                except errors.DomainError as refusal:
                    problem = sentence(refusal)
        return render_template(
            "reform_file.html", title=_("File the variant"), reform=row, form=form, days=days, problem=problem,
            refused=refused(row.tried) if row.tried and row.fresh else None,
            until=row.tried.get("until") if row.tried else None,
        )  # fmt: skip

    def _filed(self, variant: int, form: Any, starts: dict[int, dt.date | None]) -> int:
        """All phases in one transaction; the first one's case."""
        cases = []
        with work() as s:
            for phase, start in starts.items():
                if start is None:
                    raise errors.InvalidInput(errors={"start": ["required"]})
                facts = facts_of_phase(
                    s,
                    variant,
                    phase,
                    document_no=form.document_no.data,
                    issuer=form.issuer.data,
                    start=start,
                    over_limit_no=form.over_limit_no.data,
                )
                case = engine.draft(
                    s, process="reform", unit_id=None, office_id=hat().office_id, scope_path=hat().low,
                    form={"reform_phase": f"{variant}-{phase}", "document_no": form.document_no.data,
                          "issuer": form.issuer.data, "over_limit_no": form.over_limit_no.data, "start": start.isoformat()},
                )  # fmt: skip
                engine.submit(s, case.id, facts=facts, person_id=None, person_name=None, effective_on=start)
                s.flush()
                cases.append(case.id)
        return cases[0]

    @expose("/phases")
    @has_access
    def phases(self) -> Any:
        """Phases of draft variants, for the form of a case."""
        mine(hat())
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT v.id, x.phase, r.title, v.name, x.n FROM reform r JOIN reform_variant v ON v.reform_id = r.id"
                    " JOIN LATERAL (SELECT phase, count(*) AS n FROM reform_step WHERE variant_id = v.id GROUP BY phase) x ON true"
                    " WHERE r.state IN ('draft', 'filed') AND strpos(r.title, :q) > 0 ORDER BY r.id DESC, v.id, x.phase LIMIT 20"
                ),
                {"q": term()},
            ).all()
        return answer(
            [
                {
                    "value": f"{r.id}-{r.phase}",
                    "text": f"{r.title} · {r.name} · 第{r.phase}期",
                    "note": _("%(n)s steps", n=r.n),
                }
                for r in rows
            ]
        )


def _listed(variant: Any) -> list[list[int]]:
    people = variant.tried["people"]
    return [*people["movers"], *people["losers"], *people["leaders"]]


def _day(value: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None
