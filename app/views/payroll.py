"""工资核对: lists of other offices are brought in, mapped and checked; what each said, and what was refused."""

import datetime as dt
import re
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes, errors
from app.domain.sources import KINDS, Kind
from app.domain.workdays import city_today
from app.exchange.roster import WorkbookRefused, refusal_text
from app.exchange.sources import Checked, Flawed, check, enter, read, refuse, units_of
from app.exchange.sources.load import save_mapping, saved_mapping
from app.queries import payroll
from app.security.services import services
from app.views.auditing import record_export
from app.views.intake import alone, said
from app.views.payroll_texts import field_names, flaw, kinds, sources
from app.views.place import some_number
from app.views.sheets import workbook
from app.views.shell import hat, work

# About twenty seconds of one thread; larger lists come by ``flask sources load``.
MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 100_000
SHOWN = 200
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})\Z")
OFFICES = ("establishment", "human_resources", "finance", "social_insurance")


def keepers_only() -> None:
    """Offices that bring lists in, or look after what they show."""
    if hat().office_kind not in OFFICES:
        abort(403)


def mine() -> list[Kind]:
    """The kinds of lists that this office brings in."""
    return [k for k in KINDS.values() if hat().office_kind in k.offices]


def month_named(value: str | None, otherwise: dt.date | None = None) -> dt.date:
    """A month as addresses and forms write it (2026-11); one that is not understood answers 400."""
    if not value and otherwise is not None:
        return otherwise
    match = MONTH.match(value or "")
    try:
        return dt.date(int(match[1]), int(match[2]), 1) if match else abort(400)
    except ValueError:
        abort(400)


def last_month() -> dt.date:
    """The month that lists are usually about."""
    return (city_today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)


def yuan(amount: Any) -> str:
    """分 as 元, with a dash for what is not known."""
    return "—" if amount is None else f"{int(amount) / 100:,.2f}"


class PayrollView(BaseView):
    """Months and lists, one list, the mapping of columns."""

    route_base = "/payroll"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """What was brought in, month by month, and how fresh each list is."""
        keepers_only()
        return self._index(None, 200)

    def _index(self, problem: str | None, status: int) -> Any:
        before = some_number(request.args.get("before", ""))
        with work() as s:
            rows = payroll.months(s, before)
            feeds = {f.kind: f for f in payroll.feeds(s, hat().region)}
        names = sources()
        return render_template(
            "payroll.html",
            title=_("Payroll check"),
            problem=problem,
            kinds=[{"value": k.name, "label": names[k.name], "active": k.name == request.form.get("kind")} for k in mine()],
            month=request.form.get("month") or last_month().strftime("%Y-%m"),
            limits={"megabytes": MOST_BYTES // 1024 // 1024, "rows": MOST_ROWS},
            feeds=[
                {"label": names[k], "period": feeds[k].period, "rows": feeds[k].rows,
                 "state": "missing" if feeds[k].period is None else "fresh" if feeds[k].fresh else "stale"}
                for k in KINDS
            ],
            batches=[_batch(r) for r in rows[: payroll.PAGE]],
            next_url=f"/payroll/?before={rows[payroll.PAGE - 1].id}" if len(rows) > payroll.PAGE else None,
        ), status  # fmt: skip

    @expose("/load", methods=["POST"])
    @has_access
    def load(self) -> Any:
        """Check a file and enter it, or keep its errors."""
        keepers_only()
        kind = next((k for k in mine() if k.name == request.form.get("kind")), None)
        if kind is None:
            return self._index(_("Choose which list it is."), 422)
        month = month_named(request.form.get("month"))
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            return self._index(_("Choose a file."), 422)
        content = upload.stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return self._index(_("The file is larger than %(mb)s MB.", mb=MOST_BYTES // 1024 // 1024), 422)
        with alone() as free:
            if not free:
                return self._index(_("Another file is being checked just now. Wait a minute and choose it again."), 503)
            try:
                return redirect(f"/payroll/{_received(kind, month, (upload.filename, content))}")
            except WorkbookRefused as refused:
                return self._index(refusal_text(refused, said), 422)

    @expose("/<int:batch_id>")
    @has_access
    def batch(self, batch_id: int) -> Any:
        """One list: errors by row and column, columns and fields, what may not be paid, what was compared."""
        keepers_only()
        with work() as s:
            found = payroll.batch(s, batch_id)
            if found is None:
                raise errors.NotFound(batch=batch_id)
            held = payroll.payees(s, batch_id, admitted=False, limit=SHOWN) if found.kind == "payroll" else []
        own, report, names = found.office_id == hat().office_id, found.report, sources()
        labels = kinds()
        compared = found.kind == "payroll" and "found" in report
        return render_template(
            "payroll_batch.html",
            title=f"{names[found.kind]} {found.period:%Y-%m}",
            batch=_batch(found),
            errors=[flaw(e) for e in report.get("errors", [])] if own else [],
            more=report.get("more", 0),
            open_mapping=any(e["code"] in ("missing_field", "field_twice") for e in report.get("errors", [])),
            mapping=_columns(found) if own and found.state == "refused" else [],
            fields=[{"value": n, "label": label} for n, label in field_names(found.kind).items()],
            mapping_url=f"/payroll/mapping/{found.kind}",
            held=[{"row": r.row_no, "name": r.name, "mask": r.id_mask, "unit": r.unit} for r in held],
            found=[
                {"label": labels[k], "number": report["found"].get(k, 0), "url": f"/payroll/differences?kind={k}"}
                for k in labels if k not in report["not_run"]
            ] if compared else [],
            not_run=[{"label": labels[k], "source": names[v]} for k, v in report["not_run"].items()] if compared else [],
            accepted_url=f"/payroll/{batch_id}/accepted" if compared and "pay" in hat().sees else None,
        )  # fmt: skip

    @expose("/<int:batch_id>/accepted")
    @has_access
    def accepted(self, batch_id: int) -> Any:
        """The payees that may be paid from, as a workbook."""
        keepers_only()
        with work() as s:
            found = payroll.batch(s, batch_id)
            if found is None or found.kind != "payroll":
                raise errors.NotFound(batch=batch_id)
            rows = payroll.payees(s, batch_id, admitted=True, limit=payroll.EXPORT)
            record_export(s, "payroll_accepted", len(rows), {"batch": str(batch_id)})
        return workbook(
            _("Accepted payroll"),
            [_("Row"), _("Name"), _("ID number"), _("Unit"), _("Category"), _("Funding"), _("Amount (yuan)")],
            [[r.row_no, r.name, r.id_mask, r.unit, codes.CATEGORY.get(r.category, r.category),
              codes.FUNDING.get(r.funding, r.funding), yuan(r.amount)] for r in rows],
        )  # fmt: skip

    @expose("/mapping/<source>", methods=["POST"])
    @has_access
    def mapping(self, source: str) -> Any:
        """Keep which column is which field, for this office's next files of the kind."""
        keepers_only()
        if source not in {k.name for k in mine()}:
            raise errors.NotFound(source=source)
        headers, chosen = request.form.getlist("header"), request.form.getlist("field")
        if len(headers) != len(chosen) or len(headers) > 200 or any(len(h) > 100 for h in headers):
            abort(400)
        if set(chosen) - {"?", "", *(f.name for f in KINDS[source].fields)}:
            abort(400)
        with work() as s:
            kept = saved_mapping(s, source)
            kept |= {h: f for h, f in zip(headers, chosen, strict=True) if f != "?"}
            save_mapping(s, source, dict(list(kept.items())[-200:]))
        flash(_("The mapping is kept. Choose the file once more: it was not kept."), "success")
        return redirect("/payroll/")


def _received(kind: Kind, month: dt.date, file: tuple[str, bytes]) -> int:
    with work() as s:
        units, saved = units_of(s), saved_mapping(s, kind.name)
    try:
        table = read(*file)
        checked = check(table, kind, month, saved=saved, units=units, keys=services().keys, most=MOST_ROWS)
    except Flawed as broken:
        checked = Checked([], {})
        checked.wrong(broken.flaw)
    with work() as s:
        if checked.flaws:
            return refuse(s, kind, month, file, checked)
        return enter(s, kind, month, file, checked, request.remote_addr)


def _batch(r: Any) -> dict[str, Any]:
    open_ones = sum(r.report.get("found", {}).values()) if "found" in r.report else None
    return {
        "id": r.id, "url": f"/payroll/{r.id}", "label": sources()[r.kind], "month": f"{r.period:%Y-%m}", "region": r.region,
        "state": r.state, "file": r.file_name, "rows": r.rows, "held": r.held if r.kind == "payroll" else None,
        "open": open_ones, "loader": r.loader, "loaded_at": r.loaded_at,
    }  # fmt: skip


def _columns(found: Any) -> list[dict[str, str]]:
    mapping = found.report.get("mapping", {})
    return [{"header": h, "field": mapping.get(h, "?")} for h in found.report.get("headers", [])]
