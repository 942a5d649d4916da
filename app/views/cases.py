"""办理: start a business, fill in, follow, decide."""

import datetime as dt
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
from app.ledger.people import PersonFacts, facts_of
from app.models import Application
from app.queries import cases, units
from app.security.services import services
from app.views.forms import form_class
from app.views.messages import sentence
from app.views.shell import hat, work
from app.workflow import engine

SECRET = ("id_number",)


class CaseView(BaseView):
    """Cases of a unit and of the offices that handle them."""

    route_base = "/case"
    default_view = "start"

    @expose("/start")
    @has_access
    def start(self) -> Any:
        """What may be applied for, with guide, papers and time limits."""
        who = hat()
        side = "unit" if who.unit_id else "establishment"
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
        if not who.unit_id:
            abort(403)
        with work() as s:
            case = s.get(Application, case_id) if case_id else None
            if case_id and (case is None or case.unit_id != who.unit_id or case.state not in ("draft", "returned")):
                raise errors.NotFound(case=case_id)
            plan = engine.process_of(s, case) if case else engine.latest(s, process)[1]
            unit = units.unit(s, who.unit_id)
            day = engine.today(s)
            typed = dict(case.form) if case else {}
        if plan.applicant != "unit":
            raise errors.NotFound(process=process)
        form = form_class(plan, day)(request.form if request.method == "POST" else None, data=_loaded(typed))
        self._labels(form)
        if request.method == "POST":
            done = self._save(form, plan, case_id, unit, submit="submit" in request.form)
            if done is not None:
                return done
        address = f"/case/{case_id}/edit" if case_id else f"/case/new/{plan.process}"
        sections = [{"title": plan.title, "help": plan.guide, "fields": list(plan.fields), "wide": []}]
        return render_template(
            "case_form.html",
            title=plan.title,
            process={"name": plan.title, "code": plan.process, "days": None, "article": None},
            unit={"name": unit.name},
            form=form,
            sections=sections,
            papers=[],
            submit_url=address,
            draft_url=address,
            check_url="/case/check/" + plan.process,
            cancel_url="/",
            **self._check(form, plan),
        )

    def _labels(self, form: Any) -> None:
        """Show the chosen rows of search fields by name, when they are ours to see."""
        queries = {
            "line": "SELECT l.*, s.name AS scope_name FROM quota_line l JOIN unit s ON s.id = l.scope_unit_id WHERE l.id = :i",
            "department": "SELECT name FROM unit WHERE id = :i",
            "person": "SELECT name FROM person WHERE id = :i",
        }
        with work() as s:
            for name, query in queries.items():
                if name in form and form[name].data and str(form[name].data).isdecimal():
                    row = s.execute(text(query), {"i": int(form[name].data)}).one_or_none()
                    if row:
                        form[name].choices = [
                            (str(form[name].data), units.line_label(row) if name == "line" else row.name)
                        ]

    def _check(self, form: Any, plan: Any) -> dict[str, Any]:
        """The live panel: what the office will look at, before it does."""
        checks: list[dict[str, Any]] = []
        quotas: list[dict[str, Any]] = []
        if "line" in form and str(form.line.data or "").isdecimal():
            with work() as s:
                row = s.execute(
                    text(
                        "SELECT l.*, t.authorised, t.occupied, t.reserved, s.name AS scope_name FROM quota_line l"
                        " JOIN ledger_total t ON t.line_id = l.id JOIN unit s ON s.id = l.scope_unit_id WHERE l.id = :i"
                    ),
                    {"i": int(form.line.data)},
                ).one_or_none()
            if row:
                before = units.Figures.of(row.authorised, row.occupied, row.reserved)
                after = units.Figures.of(row.authorised, row.occupied + 1, row.reserved)
                quotas.append({"label": units.line_label(row), "before": before, "after": after})
                checks.append(
                    {
                        "ok": before.usable > 0,
                        "title": _("A usable seat"),
                        "figures": [(_("Usable"), before.usable)],
                        "text": None
                        if before.usable
                        else _("The establishment office will not be able to reserve a seat."),
                        "article": "《地方各级人民政府机构设置和编制管理条例》第二十六条",
                    }
                )
        if "id_number" in form and form.id_number.data:
            with work() as s:
                found = s.execute(
                    text("SELECT * FROM find_person(:i)"),
                    {"i": services().keys.blind_index("resident", form.id_number.data.strip().upper())},
                ).one_or_none()
            known = found is not None and found.state == "serving"
            shown = (
                f"{found.name} {found.id_mask} {found.unit_name or ''}"
                if found and known
                else _("Not in the register.")
            )
            wanted = plan.process == "transfer"
            checks.append(
                {
                    "ok": known == wanted,
                    "title": _("One person, one seat"),
                    "figures": [],
                    "article": "一人一编",
                    "text": shown,
                }
            )
        verdict = None if not checks else all(c["ok"] for c in checks)
        return {"checks": checks, "quotas": quotas, "verdict": verdict, "duplicates": None}

    @expose("/check/<process>", methods=["POST"])
    @has_access
    def check(self, process: str) -> Any:
        """The live check panel for what is typed so far."""
        with work() as s:
            plan, day = engine.latest(s, process)[1], engine.today(s)
        return render_template("_check_panel.html", **self._check(form_class(plan, day)(request.form), plan))

    def _save(self, form: Any, plan: Any, case_id: int | None, unit: Any, *, submit: bool) -> Any:
        """Keep the draft; submit when asked and valid. None shows the form again with its errors."""
        typed = {n: _stored(form[n].data) for n in plan.fields if n not in SECRET}
        keys = services().keys
        if "id_number" in form and form.id_number.data:
            typed["id_cipher"] = keys.encrypt("resident", form.id_number.data.strip()).hex()
        with work() as s:
            if case_id is None:
                case_id = engine.draft(
                    s, process=plan.process, unit_id=unit.id, scope_path=unit.scope_path, form=typed
                ).id
            else:
                engine.locked(s, case_id).form = typed
        if not submit:
            flash(_("The draft is kept."), "success")
            return redirect(f"/case/{case_id}/edit")
        if not form.validate():
            return (
                None
                if request.path.endswith("/edit")
                else render_template(
                    "case_form.html",
                    title=plan.title,
                    process={"name": plan.title},
                    unit={"name": unit.name},
                    form=form,
                    papers=[],
                    sections=[{"title": plan.title, "help": plan.guide, "fields": list(plan.fields), "wide": []}],
                    submit_url=f"/case/{case_id}/edit",
                    draft_url=f"/case/{case_id}/edit",
                    check_url="/case/check/" + plan.process,
                    cancel_url="/",
                    **self._check(form, plan),
                )
            )
        try:
            with work(case_id) as s:
                facts, person_id, name = self._facts(s, form, plan)
                start = form.start.data if "start" in form else form.end.data if "end" in form else None
                engine.submit(s, case_id, facts=facts, person_id=person_id, person_name=name, effective_on=start)
        except errors.DomainError as refusal:
            flash(sentence(refusal), "danger")
            return redirect(f"/case/{case_id}/edit")
        flash(_("Submitted. The offices have been told."), "success")
        return redirect(f"/case/{case_id}")

    def _facts(self, s: Any, form: Any, plan: Any) -> tuple[dict[str, Any], int | None, str | None]:
        """The form made into the facts that decisions will rest on."""
        facts: dict[str, Any] = {n: _stored(form[n].data) or None for n in plan.fields if n not in SECRET}
        facts = {k: (int(v) if k in ("line", "department", "person") and v else v) for k, v in facts.items()}
        if (
            "line" in facts
            and s.execute(text("SELECT unit_id FROM quota_line WHERE id = :i"), {"i": facts["line"]}).scalar()
            != hat().unit_id
        ):
            raise errors.NotFound(line=facts["line"])
        person_id, name = facts.get("person"), None
        if "main" in facts:
            facts["main"] = int(bool(facts["main"]))
        if plan.process == "recruit":
            person = PersonFacts(
                name=form.person_name.data.strip(),
                id_number=form.id_number.data,
                sex=form.sex.data,
                birth_on=form.birth_on.data,
                work_started_on=form.work_started_on.data,
                level=form.level.data or None,
                rank=form.rank.data or None,
                education=form.education.data or None,
                entry_way=form.entry_way.data,
            )
            facts |= facts_of(person, services().keys)
            known = s.execute(
                text("SELECT state FROM find_person(decode(:i, 'hex'))"), {"i": facts["person_index"]}
            ).scalar()
            if known == "serving":
                raise errors.DuplicatePerson()
            name = person.name
        elif plan.process == "transfer":
            found = s.execute(
                text("SELECT * FROM find_person(:i)"),
                {"i": services().keys.blind_index("resident", form.id_number.data)},
            ).one_or_none()
            if found is None or found.unit_id is None:
                raise errors.NotSeated()
            if found.unit_id == hat().unit_id:
                raise errors.AlreadySeated()
            facts["person"], person_id, name = found.id, None, found.name
        elif person_id:
            name = s.execute(text("SELECT name FROM person WHERE id = :i"), {"i": person_id}).scalar()
            if name is None:
                raise errors.NotFound(person=person_id)
            if plan.process == "retire":
                facts["reason"] = "31"
        return facts, person_id, name

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
                engine.decide(s, task_id, verdict=verdict, opinion=opinion, address=request.remote_addr or "")
            flash(_("Your decision is recorded."), "success")
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


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _loaded(typed: dict[str, Any]) -> dict[str, Any]:
    """A draft's values as the form's fields want them; the ID number comes back decrypted for its own clerk."""
    out: dict[str, Any] = {}
    for name, value in typed.items():
        if name == "id_cipher":
            out["id_number"] = services().keys.decrypt("resident", bytes.fromhex(value))
        elif name.endswith("_on") or name in ("start", "end"):
            out[name] = dt.date.fromisoformat(value) if value else None
        else:
            out[name] = value
    return out


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
