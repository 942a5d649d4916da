"""增减变清单: what payroll takes over from the roster each month."""

import datetime as dt
import io
from typing import Any

from flask import abort, render_template, request, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes
from app.domain.errors import InvalidInput
from app.domain.sources import month_after
from app.domain.workdays import city_today
from app.exchange.sources import dbf
from app.queries import payroll
from app.views.auditing import record_export
from app.views.payroll import OFFICES, last_month, month_named
from app.views.payroll_texts import changes
from app.views.place import path_and_more, row_number
from app.views.sheets import download
from app.views.shell import hat, work

PAGE = 50
FORMS = ("xlsx", "csv", "dbf")
# A wage system's names of at most ten letters (d3 of dBase III); the words of the workbook stand beside them.
DBF_FIELDS = ("BDLX", "XM", "ZJHM", "DWDM", "DWMC", "BZLX", "JFXS", "YY", "SXRQ", "YWBH")


def reason(change: str, why: str | None) -> str:
    """Why somebody joined or left, in words."""
    known = codes.code_set("exit_reason" if change == "out" else "entry_way")
    return str(known.get(why, why)) if why else ""


class PayListView(BaseView):
    """Who joins, leaves, changes: shown, and for the wage system."""

    route_base = "/payroll/month"
    default_view = "changes"

    @expose("/changes")
    @has_access
    def changes(self) -> Any:
        """Who joins, leaves, changes in a month."""
        if set(request.args) - {"month", "after"}:
            abort(400)
        month, mark = month_named(request.args.get("month"), last_month()), path_and_more(2)
        after = (mark[0], row_number(mark[1])) if mark else None
        with work() as s:
            rows = payroll.changes(s, month, month_after(month), after, PAGE + 1)
        page, name = rows[:PAGE], f"{month:%Y-%m}"
        last = page[-1] if len(rows) > PAGE else None
        labels = changes()
        return render_template(
            "payroll_changes.html",
            title=_("Changes for payroll"),
            lists=hat().office_kind in OFFICES,
            month=name,
            rows=[{"change": labels[r.change], "tone": {"in": "green", "out": "red"}.get(r.change, "blue"), "name": r.person_name,
                   "mask": r.id_mask, "unit": r.unit, "category": codes.CATEGORY.get(r.category, r.category),
                   "funding": codes.FUNDING.get(r.funding, r.funding), "why": reason(r.change, r.why), "day": r.on_day,
                   "number": r.number, "case_url": f"/case/{r.case_id}" if r.number else None} for r in page],
            exports=[{"label": form, "url": f"/payroll/month/changes/{form.lower()}?month={name}"} for form in map(str.upper, FORMS)]
            if page else [],
            whole_url=f"/payroll/whole/changes?month={name}" if page and "document" in hat().sees else None,
            page={"total": None, "prev_url": f"/payroll/month/changes?month={name}" if after else None,
                  "next_url": f"/payroll/month/changes?month={name}&after={last.scope_path}_{last.id}" if last else None},
        )  # fmt: skip

    @expose("/changes/<form>")
    @has_access
    def export(self, form: str) -> Any:
        """The month's changes as a workbook, CSV, or DBF in GBK, in which nothing is replaced by a question mark."""
        month = month_named(request.args.get("month"), last_month())
        if form not in FORMS:
            abort(404)
        with work() as s:
            rows = payroll.changes(s, month, month_after(month), None, payroll.EXPORT)
            record_export(s, "payroll_changes", len(rows), {"month": f"{month:%Y-%m}"}, form)
        return written(form, month, rows, {})


def written(form: str, month: dt.date, rows: list[Any], numbers: dict[int, str]) -> Any:
    """The changes as a file to download; ``numbers`` are whole ID numbers by person, of those who may go out with them.

    Raises:
        InvalidInput: a character that the DBF's GBK has no place for, named.
    """
    labels, title = changes(), _("Changes for payroll") + f" {month:%Y-%m}"
    lines = [
        [labels[r.change], r.person_name, numbers.get(r.person_id, r.id_mask or ""), r.uscc or "", r.unit,
         codes.CATEGORY.get(r.category, r.category), codes.FUNDING.get(r.funding, r.funding), reason(r.change, r.why),
         r.on_day.isoformat(), r.number or ""]
        for r in rows
    ]  # fmt: skip
    head = [_("Change"), _("Name"), _("ID number"), _("Credit code"), _("Unit"), _("Category"), _("Funding"), _("Reason"),
            _("In force on"), _("Case number")]  # fmt: skip
    if form != "dbf":
        return download(title, head, lines, form)
    try:
        content = dbf.write(DBF_FIELDS, lines, city_today())
    except dbf.NoPlace as lost:
        raise InvalidInput(errors={"form": [lost.found[:40]]}) from lost
    return send_file(
        io.BytesIO(content), download_name=f"{title}.dbf", as_attachment=True, mimetype="application/vnd.dbf"
    )
