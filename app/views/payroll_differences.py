"""核对差异: what payroll, roster and the other lists say differently; explained, or mended by a business."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes, errors
from app.queries import payroll
from app.queries.payroll import Asked
from app.views.auditing import record_export
from app.views.payroll import OFFICES, yuan
from app.views.payroll_texts import facts, kinds, sources
from app.views.place import some_number
from app.views.sheets import workbook
from app.views.shell import hat, work
from app.workflow import paying

PAGE = 50
STATES = ("", "open", "explained", "closed")
PARAMETERS = {"kind", "state", "unit", "after"}


def asked() -> Asked:
    """The list that the address names."""
    kind, state = request.args.get("kind", ""), request.args.get("state", "")
    if set(request.args) - PARAMETERS or state not in STATES or (kind and kind not in kinds()):
        abort(400)
    return Asked(kind, state, some_number(request.args.get("unit", "")))


def address(path: str, question: Asked, *, base: str = "/payroll/differences", **more: Any) -> str:
    """An address of the list."""
    keep = {"kind": question.kind, "state": question.state, "unit": question.unit, **more}
    query = urlencode({k: v for k, v in keep.items() if v})
    return f"{base}{path}" + (f"?{query}" if query else "")


def state_names() -> dict[str, tuple[str, str]]:
    """The states of a difference, each with its tone."""
    return {"open": (_("Open"), "red"), "explained": (_("Explained"), "amber"), "closed": (_("Ended"), "")}


def sheet(rows: list[Any], numbers: dict[int, str]) -> tuple[list[str], list[list[Any]]]:
    """The list as headers and lines; ``numbers`` are whole ID numbers by person, of those who may go out with them."""
    labels, states = kinds(), state_names()
    head = [_("Kind"), _("Name"), _("ID number"), _("Unit"), _("First month"), _("Last month"), _("State"), _("Grounds"),
            _("Explanation")]  # fmt: skip
    return head, [
        [labels[r.kind], r.name, numbers.get(r.person_id, r.id_mask), r.unit, f"{r.first_month:%Y-%m}", f"{r.month:%Y-%m}",
         states[r.state][0], "；".join(f"{k} {v}" for k, v in facts(r.facts)), r.note]
        for r in rows
    ]  # fmt: skip


class PayDifferenceView(BaseView):
    """The list, one difference, an explanation, a draft."""

    route_base = "/payroll/differences"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """One page; filters in the address, keyset paging; figures by kind above."""
        question, after = asked(), some_number(request.args.get("after", ""))
        with work() as s:
            rows, counts = payroll.differences(s, question, after, PAGE + 1), payroll.by_kind(s, question)
            newest = payroll.newest(s, hat().region) if hat().office_id else None
            unit = payroll.unit_name(s, question.unit) if question.unit else None
        labels, lists = kinds(), sources()
        not_run = newest.report.get("not_run", {}) if newest else {}
        states = {k: label for k, (label, _tone) in state_names().items()}
        filters = [
            {"name": "kind", "label": _("Kind"), "kind": "select", "value": question.kind,
             "options": [{"value": k, "label": v} for k, v in labels.items()]},
            {"name": "state", "label": _("State"), "kind": "select", "value": question.state,
             "options": [{"value": k, "label": v} for k, v in states.items()]},
        ]  # fmt: skip
        chips = [
            {"label": label, "value": value, "remove_url": address("", Asked(**{**named(question), name: empty}))}
            for name, label, value, empty in (
                ("kind", _("Kind"), labels.get(question.kind), ""), ("state", _("State"), states.get(question.state), ""),
                ("unit", _("Unit"), unit, None),
            ) if value
        ]  # fmt: skip
        page = rows[:PAGE]
        return render_template(
            "payroll_differences.html",
            title=_("Differences of payroll and roster"),
            figures=[
                {"label": labels[k], "number": counts.get(k, 0), "url": address("", Asked(k, question.state, question.unit)),
                 "lack": lists[not_run[k]] if k in not_run else None}
                for k in labels if counts.get(k) or k in not_run
            ],
            filters=filters, keep=[("unit", question.unit)] if question.unit else [], chips=chips, clear_url="/payroll/differences",
            rows=[_row(r) for r in page],
            export_url=address("/export", question) if page else None,
            whole_url=address("", question, base="/payroll/whole/differences") if page and "document" in hat().sees else None,
            lists=hat().office_kind in OFFICES,
            page={"total": None, "prev_url": address("", question) if after else None,
                  "next_url": address("", question, after=page[-1].id) if len(rows) > PAGE else None},
        )  # fmt: skip

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """The whole list (50,000 rows at most) as a workbook of text cells."""
        question = asked()
        with work() as s:
            rows = payroll.differences(s, question, None, payroll.EXPORT)
            record_export(s, "payroll_differences", len(rows), {k: str(v) for k, v in named(question).items() if v})
        return workbook(_("Differences of payroll and roster"), *sheet(rows, {}))

    @expose("/<int:difference_id>")
    @has_access
    def show(self, difference_id: int) -> Any:
        """One difference: what the lists say, what was answered, what mends it."""
        return self._shown(difference_id, "", None, 200)

    def _shown(self, difference_id: int, note: str, problem: str | None, status: int) -> Any:
        who = hat()
        with work() as s:
            found = payroll.difference(s, difference_id)
            if found is None:
                raise errors.NotFound(difference=difference_id)
            paid = payroll.paid(s, found.person_id) if found.person_id else []
            mends = paying.mending(s, found.kind) if who.unit_id and found.person_id and found.state != "closed" else []
        return render_template(
            "payroll_difference.html",
            title=kinds()[found.kind],
            difference=_row(found),
            facts=facts(found.facts),
            paid=[{"month": f"{r.period:%Y-%m}", "unit": r.unit, "category": codes.CATEGORY.get(r.category, r.category or "—"),
                   "funding": codes.FUNDING.get(r.funding, r.funding or "—"), "amount": yuan(r.amount), "admitted": r.admitted}
                  for r in paid],
            note=note, problem=problem,
            may_explain=found.state != "closed" and who.kind in ("unit_clerk", "unit_head", "office_member", "office_head"),
            mends=[{"process": p, "title": title} for p, title in mends],
        ), status  # fmt: skip

    @expose("/<int:difference_id>/explain", methods=["POST"])
    @has_access
    def explain(self, difference_id: int) -> Any:
        """Say why; the difference stays until a month no longer shows it."""
        note = request.form.get("note", "").strip()
        if not 4 <= len(note) <= 500:
            return self._shown(
                difference_id, note, _("Write at least four characters: what it is, and by which document."), 422
            )
        with work() as s:
            payroll.explain(s, difference_id, note)
        flash(_("The explanation is kept."), "success")
        return redirect(f"/payroll/differences/{difference_id}")

    @expose("/<int:difference_id>/mend", methods=["POST"])
    @has_access
    def mend(self, difference_id: int) -> Any:
        """Begin the business that mends it, with the person filled in."""
        with work() as s:
            found = payroll.difference(s, difference_id)
            if found is None or hat().unit_id != found.unit_id:
                raise errors.NotFound(difference=difference_id)
            case = paying.mend(s, found, request.form.get("process", ""))
        return redirect(f"/case/{case}/edit")


def named(question: Asked) -> dict[str, Any]:
    """The filters by name."""
    return {"kind": question.kind, "state": question.state, "unit": question.unit}


def _row(r: Any) -> dict[str, Any]:
    label, tone = state_names()[r.state]
    return {
        "url": f"/payroll/differences/{r.id}", "id": r.id, "kind": kinds()[r.kind], "name": r.name, "mask": r.id_mask, "unit": r.unit,
        "unit_url": f"/unit/{r.unit_id}", "first": f"{r.first_month:%Y-%m}", "month": f"{r.month:%Y-%m}", "state": label, "tone": tone,
        "note": r.note, "noter": r.noter, "noted_at": r.noted_at, "closed_at": r.closed_at,
        "says": "；".join(f"{k} {v}" for k, v in facts(r.facts)),
    }  # fmt: skip
