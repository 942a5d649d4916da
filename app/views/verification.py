"""年度核查: an office opens a year's round and follows it; a unit goes through its roster, marks differences, confirms."""

from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import text
from wtforms import DateField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from app.domain import codes, errors
from app.queries import inside, units
from app.views.inside import state_words
from app.views.messages import sentence
from app.views.shell import hat, work
from app.views.unit_page import roster_context, seat_after
from app.workflow import verifying
from app.workflow.engine import today

PAGE = 50


class RoundForm(FlaskForm):
    """A year and the last day to confirm."""

    year = IntegerField(_l("Year"), validators=[InputRequired(_l("Fill this in.")), NumberRange(2000, 2100)])
    due_on = DateField(_l("Confirm until"), validators=[InputRequired(_l("Fill this in."))])


def keeper() -> None:
    """Only 编办 opens and follows rounds."""
    if hat().office_kind != "establishment":
        abort(403)


class VerificationView(BaseView):
    """Rounds, their progress, and one unit's roster to confirm."""

    route_base = "/verification"
    default_view = "index"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> Any:
        """Of a unit its years; of 编办 the rounds, and a new one."""
        who = hat()
        if who.unit_id:
            if request.method == "POST":
                return redirect("/verification/")
            with work() as s:
                years = inside.of_unit(s, who.unit_id)
            return render_template("verification.html", title=_("Annual verification"), years=years, rounds=None)
        keeper()
        with work() as s:
            day = today(s)
        form, problems = RoundForm(data={"year": day.year} if request.method == "GET" else None), []
        if form.validate_on_submit():
            try:
                with work() as s:
                    made = s.execute(
                        text("SELECT verification_open(:y, :d)"), {"y": form.year.data, "d": form.due_on.data}
                    ).scalar_one()
                flash(_("The round is open: every unit sees its roster to confirm."), "success")
                return redirect(f"/verification/round/{made}")
            except errors.InvalidInput:
                problems.append(_("A round is of this year or the last one, and ends within a year from today."))
            except errors.DomainError as refusal:
                problems.append(sentence(refusal))
        with work() as s:
            rounds = inside.rounds(s)
        return render_template(
            "verification.html",
            title=_("Annual verification"),
            years=None,
            rounds=rounds,
            form=form,
            problems=problems,
        )

    @expose("/round/<int:round_id>")
    @has_access
    def round(self, round_id: int) -> Any:
        """Who has confirmed, who has not."""
        keeper()
        state, after = request.args.get("state", ""), request.args.get("after", "")
        if (state and state not in inside.STATES) or len(after) > 200:
            abort(400)
        with work() as s:
            found = inside.round_of(s, round_id)
            if found is None:
                raise errors.NotFound(round=round_id)
            rows = inside.progress(s, round_id, state, after, PAGE + 1)
        base = f"/verification/round/{round_id}?state={state}"
        words = state_words()
        return render_template(
            "verification_round.html",
            title=_("Annual verification %(year)s, %(region)s", year=found.year, region=found.region),
            round=found,
            tabs=[{"label": _("All"), "number": found.units, "url": base.partition("?")[0], "active": not state}]
            + [
                {
                    "label": words[key][0],
                    "number": getattr(found, key),
                    "url": f"/verification/round/{round_id}?state={key}",
                    "active": state == key,
                }
                for key in inside.STATES
            ],
            rows=[{"row": r, "state": words[r.state]} for r in rows[:PAGE]],
            page={
                "prev_url": base if after else None,
                "next_url": f"{base}&after={rows[PAGE - 1].scope_path}" if len(rows) > PAGE else None,
                "total": None,
            },
        )

    @expose("/<int:verification_id>")
    @has_access
    def show(self, verification_id: int) -> Any:
        """The roster of today, row by row, with what was marked."""
        return self._page(verification_id)

    def _page(self, verification_id: int, problem: str = "") -> Any:
        who = hat()
        if not who.unit_id:
            keeper()
        after = seat_after()
        with work() as s:
            found = inside.verification(s, verification_id)
            if found is None:
                raise errors.NotFound(verification=verification_id)
            on = today(s)
            people = units.roster(s, found.unit_id, on, kind="establishment", after=after, limit=PAGE + 1)
            marks = inside.marks(s, verification_id)
        may = who.unit_id == found.unit_id and found.confirmed_at is None
        may = may and found.case_state in (None, "draft", "returned", "withdrawn", "rejected")
        marked = {m.person_id: m for m in marks if m.person_id is not None}
        base = f"/verification/{verification_id}?"
        roster = roster_context(people, base, PAGE, after, 0)
        return render_template(
            "verification_unit.html",
            title=_("Annual verification %(year)s", year=found.year),
            verification=found,
            state=state_words()[found.state],
            may=may,
            problem=problem,
            roster=roster | {"rows": [r | {"mark": marked.get(p.person_id), "person_id": p.person_id}
                                      for r, p in zip(roster["rows"], people, strict=False)]},
            marks=marks,
            kinds=[
                ("left", codes.DIFFERENCE["left"]),
                *((f"wrong_data:{k}", v) for k, v in codes.DIFFERENCE_BUSINESS.items()),
                ("unknown", codes.DIFFERENCE["unknown"]),
            ],
            words=codes.DIFFERENCE,
            businesses=codes.DIFFERENCE_BUSINESS,
            back=f"{request.args.get('after', '')}",
        )  # fmt: skip

    @expose("/<int:verification_id>/mark", methods=["POST"])
    @has_access
    def mark(self, verification_id: int) -> Any:
        """A row that is not so, or somebody whom the roster lacks."""
        form = request.form
        kind, _colon, business = form.get("kind", "").partition(":")
        return self._change(
            verification_id,
            "SELECT verification_mark(:v, :p, :n, :k, :b, :t)",
            p=form.get("person", type=int),
            n=form.get("name", "")[:60],
            k=kind,
            b=business if business in codes.DIFFERENCE_BUSINESS else "",
            t=form.get("note", "")[:300],
        )

    @expose("/<int:verification_id>/unmark/<int:mark_id>", methods=["POST"])
    @has_access
    def unmark(self, verification_id: int, mark_id: int) -> Any:
        """The row is right after all."""
        return self._change(verification_id, "SELECT verification_unmark(:m)", m=mark_id)

    def _change(self, verification_id: int, statement: str, **values: Any) -> Any:
        try:
            with work() as s:
                s.execute(text(statement), {"v": verification_id, **values})
        except errors.InvalidInput:
            said = _("Name the kind of difference, and say what is wrong; of a missing person enter the name.")
            return self._page(verification_id, said), 422
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            return self._page(verification_id, sentence(refusal)), refusal.http_status
        after = request.form.get("after", "")
        return redirect(f"/verification/{verification_id}" + (f"?after={after}" if _is_place(after) else ""))

    @expose("/<int:verification_id>/confirm", methods=["POST"])
    @has_access
    def confirm(self, verification_id: int) -> Any:
        """The unit confirms its roster with the differences marked; they become drafts, the head signs the case."""
        try:
            with work() as s:
                case_id = verifying.confirm(s, verification_id)
        except errors.DomainError as refusal:
            if refusal.http_status == 404:
                raise
            return self._page(verification_id, sentence(refusal)), refusal.http_status
        flash(_("Confirmed and handed on. The differences are drafts now; finish each of them."), "success")
        return redirect(f"/case/{case_id}")


def _is_place(after: str) -> bool:
    line, dash, seat = after.partition("-")
    return bool(dash) and line.isdecimal() and seat.isdecimal()
