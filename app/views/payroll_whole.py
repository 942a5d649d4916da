"""全号导出: a payroll list with whole ID numbers, by the right to them, with a reason, each person on record before it goes out."""

from collections.abc import Callable
from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain.sources import month_after
from app.queries import payroll
from app.security.services import services
from app.views import payroll_differences, payroll_lists
from app.views.auditing import record_export
from app.views.payroll import last_month, month_named
from app.views.sheets import workbook
from app.views.shell import hat, named, work

MOST = 5000


def numbers_of(people: list[int], name: str, reason: str) -> dict[int, str]:
    """Whole ID numbers by person, of those whom the reader may open; on record, person by person, before any is read.

    Raises:
        NotAllowed: the identity has no right to the numbers.
        TooOften: five lists went out within the hour.
    """
    with named() as s:
        opened = s.execute(
            text("SELECT ask_reveal_list(cast(:p AS bigint[]), :l, :r, :a)"),
            {"p": people, "l": name, "r": reason, "a": request.remote_addr},
        ).scalar_one()
    with named() as s:
        kept = s.execute(text("SELECT * FROM reveal_list(cast(:p AS bigint[]))"), {"p": opened}).all()
    keys = services().keys
    return {r.id: keys.decrypt(r.id_type, bytes(r.value)) for r in kept}


class PayWholeView(BaseView):
    """Asks for the reason, then answers with the file."""

    route_base = "/payroll/whole"
    default_view = "export_differences"

    @expose("/differences", methods=["GET", "POST"])
    @has_access
    def export_differences(self) -> Any:
        """The differences that the address names."""
        question = payroll_differences.asked()
        keep = {k: str(v) for k, v in payroll_differences.named(question).items() if v}

        def rows(s: Any) -> list[Any]:
            return payroll.differences(s, question, None, MOST + 1)

        def file(found: list[Any], numbers: dict[int, str], _form: str) -> Any:
            return workbook(_("Differences of payroll and roster"), *payroll_differences.sheet(found, numbers))

        back = payroll_differences.address("", question)
        return self._asked(
            "payroll_differences", _("Differences of payroll and roster"), keep, back, rows, file, ("xlsx",)
        )

    @expose("/changes", methods=["GET", "POST"])
    @has_access
    def export_changes(self) -> Any:
        """The changes of a month, in the form that the wage system reads."""
        if set(request.args) - {"month"}:
            abort(400)
        month = month_named(request.args.get("month"), last_month())

        def rows(s: Any) -> list[Any]:
            return payroll.changes(s, month, month_after(month), None, MOST + 1)

        def file(found: list[Any], numbers: dict[int, str], form: str) -> Any:
            return payroll_lists.written(form, month, found, numbers)

        name = f"{month:%Y-%m}"
        return self._asked("payroll_changes", _("Changes for payroll") + f" {name}", {"month": name},
                           f"/payroll/month/changes?month={name}", rows, file, payroll_lists.FORMS)  # fmt: skip

    @staticmethod
    def _asked(
        name: str, title: str, keep: dict[str, str], back: str, rows: Callable[[Any], list[Any]], file: Callable[..., Any],
        forms: tuple[str, ...],
    ) -> Any:  # fmt: skip
        if "document" not in hat().sees:
            abort(403)
        with work() as s:
            found = rows(s)
        reason, form, problem = request.form.get("reason", "").strip(), request.form.get("form", forms[0]), None
        if form not in forms:
            abort(400)
        people = sorted({r.person_id for r in found if r.person_id is not None})
        if len(found) > MOST:
            problem = _("More than %(n)s rows: choose a kind, a state or a unit first.", n=MOST)
        elif request.method == "POST" and not 4 <= len(reason) <= 200:
            problem = _(
                "Write the reason in 4 to 200 characters: what the whole numbers are for, and by which document."
            )
        elif request.method == "POST":
            numbers = numbers_of(people, name, reason)
            answer = file(found, numbers, form)
            with named() as s:
                record_export(s, name, len(found), {**keep, "whole": str(len(numbers)), "reason": reason}, form)
            return answer
        return render_template(
            "payroll_whole.html",
            title=_("Export with whole ID numbers"), of=title, rows=len(found), people=len(people), back_url=back,
            unknown=sum(r.person_id is None for r in found), forms=[(f, f.upper()) for f in forms], form=form, reason=reason,
            problem=problem, too_many=len(found) > MOST,
        ), 422 if problem else 200  # fmt: skip
