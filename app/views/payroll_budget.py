"""经费测算: what the people of a unit, a district, the city cost in a month, by the finance office's standard."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes
from app.domain.errors import InvalidInput
from app.domain.sources import month_after
from app.domain.workdays import city_today
from app.queries import budget
from app.queries.budget import Asked
from app.queries.payroll import EXPORT
from app.views.auditing import record_export
from app.views.messages import sentence
from app.views.payroll import OFFICES, month_named, yuan
from app.views.place import path_and_more
from app.views.region_words import filters
from app.views.sheets import workbook
from app.views.shell import hat, work

PAGE = 50
PATH = "/payroll/month/budget"
AMOUNT = re.compile(r"([0-9]{1,8})(?:\.(\d{0,2}))?")
PARAMETERS = {"month", "after", "region", "q"}


def districts() -> dict[str, str]:
    """The city's own bodies, and each district with its towns."""
    return filters(towns=False)


def asked() -> tuple[dt.date, Asked]:
    """The month and what is asked of it; what is not understood answers 400."""
    month = month_named(request.args.get("month"), city_today().replace(day=1))
    region, q = request.args.get("region", ""), request.args.get("q", "").strip()
    if set(request.args) - PARAMETERS or (region and region not in districts()) or len(q) > 60:
        abort(400)
    return month, replace(whole(month), region=region, q=q)


def whole(month: dt.date) -> Asked:
    """The figure of everybody in reach: of a month that is not over, of today's people."""
    last = month_after(month) - dt.timedelta(days=1)
    return Asked(month.year, last, last >= city_today())


def kept(month: dt.date, question: Asked) -> dict[str, str]:
    """What is asked for, as an address and the record of an export name it."""
    keep = {"month": f"{month:%Y-%m}", "region": question.region, "q": question.q}
    return {k: v for k, v in keep.items() if v}


def address(path: str, month: dt.date, question: Asked, **more: str) -> str:
    """An address of the same figure."""
    return f"{path}?{urlencode({**kept(month, question), **more})}"


def fen(typed: str) -> int:
    """An amount in yuan as it is typed, in 分; 0 for what is no amount above zero."""
    found = AMOUNT.fullmatch(typed.replace(",", "").replace("，", "").strip())
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0


class PayBudgetView(BaseView):
    """The figure by channel, district and unit; the standards it rests on."""

    route_base = "/payroll/month"
    default_view = "budget"

    @expose("/budget")
    @has_access
    def budget(self) -> Any:
        """People × standard; without a standard the figure is not known."""
        month, question = asked()
        return self._shown(month, question, {}, None, 200)

    def _shown(self, month: dt.date, question: Asked, typed: dict[str, str], problem: str | None, status: int) -> Any:
        after = path_and_more(3)
        with work() as s:
            channels, regions = budget.totals(s, question)
            rows = budget.units(s, question, after, PAGE + 1)
            standards = budget.standards(s, hat().region, month.year)
        page, last = rows[:PAGE], rows[PAGE - 1] if len(rows) > PAGE else None
        known = [t for t in channels if t.cost is not None]
        names = districts()
        return render_template(
            "payroll_budget.html",
            title=_("Budget by standard"),
            lists=hat().office_kind in OFFICES,
            month=f"{month:%Y-%m}", year=month.year, people=sum(t.people for t in channels),
            cost=yuan(sum(t.cost for t in known)) if known else "—",
            without=sum(t.without for t in channels),
            filters=self._filters(question) if hat().office_id else [],
            where=names.get(question.region), q=question.q,
            clear_url=address(PATH, month, whole(month)),
            channels=[_line(t, _between(t)) for t in channels],
            regions=[
                {"region": names.get(t.district, t.region), "funding": codes.FUNDING.get(t.funding, t.funding), "people": t.people,
                 "without": t.without, "cost": yuan(t.cost),
                 "url": address(PATH, month, replace(question, region=t.district, q=""))}
                for t in regions
            ] if len({t.district for t in regions}) > 1 else [],
            units=[{"unit": u.unit, "url": f"/unit/{u.unit_id}", **_line(u, yuan(u.amount))} for u in page],
            standards=[{**_named(x), "amount": yuan(x.amount), "document": x.document_no, "setter": x.setter} for x in standards],
            may_set=hat().office_kind == "finance", typed=typed, problem=problem,
            fundings=list(codes.FUNDING.items()), categories=list(codes.CATEGORY.items()),
            export_url=address(f"{PATH}/export", month, question) if page else None,
            page={"total": None, "prev_url": address(PATH, month, question) if after else None,
                  "next_url": address(PATH, month, question, after=f"{last.scope_path}_{last.funding}_{last.category}") if last else None},
        ), status  # fmt: skip

    @expose("/budget/export")
    @has_access
    def budget_export(self) -> Any:
        """What is asked for, unit by unit, as a workbook."""
        month, question = asked()
        with work() as s:
            rows = budget.units(s, question, None, EXPORT)
            record_export(s, "payroll_budget", len(rows), kept(month, question))
        head = [_("Unit"), _("Funding"), _("Category"), _("People"), _("Standard a year (yuan)"), _("Cost of the month (yuan)")]  # fmt: skip
        return workbook(
            _("Budget by standard") + f" {month:%Y-%m}",
            head,
            [[r.unit, *(_line(r, yuan(r.amount))[k] for k in ("funding", "category", "people", "standard", "cost"))] for r in rows],
        )  # fmt: skip

    @expose("/standard", methods=["POST"])
    @has_access
    def standard(self) -> Any:
        """Set what one person costs a year; replaces the one of the same form and category."""
        form = request.form
        month, amount = month_named(form.get("month")), fen(form.get("amount", ""))
        problem = None
        if form.get("funding") not in codes.FUNDING or form.get("category") not in codes.CATEGORY:
            problem = _("Choose funding and category.")
        elif not amount:
            problem = _("Enter the amount in yuan a year, above zero, with at most two decimals: 186000 or 186,000.00.")
        elif not 2 <= len(form.get("document", "").strip()) <= 100:
            problem = _("Enter the number of the document that sets the standard.")
        if problem is None:
            try:
                with work() as s:
                    budget.set_standard(s, month.year, form["funding"], form["category"], amount, form["document"])
            except InvalidInput as refused:
                problem = sentence(refused)
        if problem is not None:
            typed = {k: form.get(k, "")[:100] for k in ("funding", "category", "amount", "document")}
            return self._shown(month, whole(month), typed, problem, 422)
        flash(_("The standard is kept."), "success")
        return redirect(f"{PATH}?month={month:%Y-%m}")

    @staticmethod
    def _filters(question: Asked) -> list[dict[str, Any]]:
        options = [{"value": k, "label": v} for k, v in districts().items()]
        return [
            {"name": "region", "label": _("Region"), "kind": "select", "value": question.region, "options": options},
            {"name": "q", "label": _("Part of the unit's name"), "kind": "text", "value": question.q, "options": []},
        ]


def _named(x: Any) -> dict[str, str]:
    return {"funding": codes.FUNDING.get(x.funding, x.funding), "category": codes.CATEGORY.get(x.category, x.category)}


def _between(t: Any) -> str:
    """The standard of a channel, or the lowest and highest where districts have set their own."""
    return yuan(t.low) if t.low == t.high else f"{yuan(t.low)} – {yuan(t.high)}"


def _line(x: Any, standard: str) -> dict[str, Any]:
    return {**_named(x), "people": x.people, "standard": standard, "cost": yuan(x.cost)}
