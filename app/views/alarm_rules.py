"""报警的统计、规则与责任追究: figures by rule and unit, when each rule ran, its parameters, who was held to account."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.alarms.registry import rules
from app.alarms.rule import Rule
from app.domain import codes, errors
from app.domain.regions import span
from app.queries import alarms
from app.queries.alarms import Within
from app.views import region_words
from app.views.alarm_texts import lack, title
from app.views.alarms import keeper, parts
from app.views.auditing import record_export
from app.views.day import day_of
from app.views.lists import EXPORT
from app.views.place import row_number
from app.views.sheets import workbook
from app.views.shell import hat, work

UNITS = 50
ACCOUNT = ("breached", "held", "measure", "document_no", "decided_on", "note")


def head() -> bool:
    """A head of 编办, who may have the rules run."""
    return keeper(hat()) and hat().kind == "office_head"


def mean(row: Any) -> str:
    """The mean of days from an alarm to its end."""
    return "—" if row.days is None else f"{float(row.days):.1f}"


def columns(within: Within) -> list[str]:
    """The figures of a line."""
    return [
        _("Open"),
        _("Not answered in time"),
        _("Accepted"),
        _("Ended"),
        _("Raised within a year") if within.first is None and within.last is None else _("Raised in the period"),
        _("Attempts"),
        _("Average days to the end"),
    ]


def figures(row: Any) -> list[Any]:
    """A line's figures in the columns' order."""
    return [row.open, row.late, row.accepted, row.ended, row.raised, int(row.times), mean(row)]


def within_of() -> tuple[Within, dict[str, str]]:
    """The period and the region of the address; 400 for what is not understood."""
    if set(request.args) - {"from", "until", "region"}:
        abort(400)
    first, last, region = day_of("from"), day_of("until"), request.args.get("region", "")
    if (region and region not in region_words.filters()) or (first and last and first > last):
        abort(400)
    low, high = span(region) if region else ("", "~")
    keep = {"from": first.isoformat() if first else "", "until": last.isoformat() if last else "", "region": region}
    return Within(first, last, low, high), {k: v for k, v in keep.items() if v}


class AlarmRuleView(BaseView):
    """Figures, rules and runs."""

    route_base = "/alarms"
    default_view = "figures"

    @expose("/figures")
    @has_access
    def figures(self) -> Any:
        """How many alarms by rule, by region and by unit, late ones in red; of a period, of a region."""
        within, keep = within_of()
        with work() as s:
            by_rule, by_region, by_unit = (
                alarms.by_rule(s, within),
                alarms.by_region(s, within),
                alarms.by_unit(s, within, UNITS + 1),
            )
        names = region_words.filters()
        inside = {k: v for k, v in names.items() if k.startswith(hat().low or "")} if hat().office_id else names
        query = "?" + urlencode(keep) if keep else ""
        return render_template(
            "alarm_figures.html",
            title=_("Alarms: figures"),
            parts=parts("figures"),
            heads=columns(within),
            filters=[
                {"name": "from", "label": _("Raised from"), "kind": "date", "value": keep.get("from", "")},
                {"name": "until", "label": _("Raised until"), "kind": "date", "value": keep.get("until", "")},
                {"name": "region", "label": _("Region"), "kind": "select", "value": keep.get("region", ""),
                 "options": [{"value": k, "label": v} for k, v in inside.items()]},
            ],
            chips=[{"label": {"from": _("Raised from"), "until": _("Raised until"), "region": _("Region")}[k],
                    "value": names[v] if k == "region" else v,
                    "remove_url": "/alarms/figures?" + urlencode({x: y for x, y in keep.items() if x != k})}
                   for k, v in keep.items()],
            export_url="/alarms/figures.xlsx" + query,
            tables=[
                {"title": _("By rule"), "head": _("Rule"), "rows": [
                    {"label": f"{r.code} {r.name}", "url": f"/alarms?rule={r.code}", "level": r.level, "late": r.late, "figures": figures(r)}
                    for r in by_rule]},
                {"title": _("By region"), "head": _("Region"), "rows": [
                    {"label": region_words.reached(r.code, r.name), "url": None, "level": None, "late": r.late, "figures": figures(r)} for r in by_region]},
                {"title": _("By unit"), "head": _("Unit"), "rows": [
                    {"label": r.unit or "—", "url": f"/alarms?unit={r.unit_id}", "level": None, "late": r.late, "figures": figures(r)}
                    for r in by_unit[:UNITS]],
                 "note": _("The %(n)s units with the most open alarms; all of them are in the export.", n=UNITS)
                 if len(by_unit) > UNITS else None},
            ],
        )  # fmt: skip

    @expose("/figures.xlsx")
    @has_access
    def export(self) -> Any:
        """The same figures as a workbook; the export is on record."""
        within, keep = within_of()
        with work() as s:
            lines = [[_("By rule"), f"{r.code} {r.name}", *figures(r)] for r in alarms.by_rule(s, within)]
            lines += [
                [_("By region"), region_words.reached(r.code, r.name), *figures(r)] for r in alarms.by_region(s, within)
            ]
            lines += [[_("By unit"), r.unit or "—", *figures(r)] for r in alarms.by_unit(s, within, EXPORT)]
            record_export(s, "alarms", len(lines), keep)
        return workbook(_("Alarms: figures"), [_("Table"), _("Rule, region or unit"), *columns(within)], lines)

    @expose("/rules")
    @has_access
    def rules(self) -> Any:
        """Each rule with article, parameters and last run."""
        return rules_page()


class AccountabilityView(BaseView):
    """责任追究: who was held to account for the matter of an alarm; of 编办 and the inspection."""

    route_base = "/alarms"
    default_view = "accounts"

    @expose("/accounts")
    @has_access
    def accounts(self) -> Any:
        """责任追究: the records of the reader's ranges, the newest first."""
        self._reader()
        with work() as s:
            rows = alarms.accounts(s, None)
        return render_template("accounts.html", title=_("Accountability"), parts=parts("accounts"), rows=rows,
                               measures=dict(codes.code_set("accountability").choices()))  # fmt: skip

    @staticmethod
    def _reader() -> None:
        if not (keeper(hat()) or hat().kind == "inspector"):
            abort(403)

    @expose("/<int:alarm_id>/account")
    @has_access
    def account(self, alarm_id: int) -> Any:
        """The records of one alarm's matter, and of 编办 the form of a further one."""
        self._reader()
        return account_page(alarm_id)


class AlarmKeeperView(BaseView):
    """What 编办 alone does: have the rules run, set their parameters, put accountability on record."""

    route_base = "/alarms"
    default_view = "change"

    @expose("/rules", methods=["POST"])
    @has_access
    def change(self) -> Any:
        """A full run asked for, or parameters set."""
        if not keeper(hat()):
            abort(403)
        rule, run = rules().get(request.form.get("rule", "")), request.form.get("run") == "1"
        if rule is None and not run:
            abort(400)
        try:
            with work() as s:
                if rule is None:
                    alarms.ask_sweep(s, request.remote_addr)
                else:
                    alarms.set_rule(s, rule.code, changed(rule), request.remote_addr)
        except errors.InvalidInput:
            return rules_page(_("A parameter is a whole number of at most four digits."), 422)
        flash(
            _("The run is asked for and begins within the minute.")
            if rule is None
            else _("The parameters are kept, and hold from the next run on."),
            "success",
        )
        return redirect("/alarms/rules")

    @expose("/<int:alarm_id>/account", methods=["POST"])
    @has_access
    def hold(self, alarm_id: int) -> Any:
        """责任追究: one record, or the correction of one."""
        if not keeper(hat()):
            abort(403)
        facts: dict[str, Any] = {k: request.form.get(k, "").strip() for k in ACCOUNT} | {"alarm": alarm_id}
        corrects = request.form.get("corrects", "")
        if corrects:
            facts["corrects"] = str(row_number(corrects))
        try:
            dt.date.fromisoformat(facts["decided_on"] or "-")
        except ValueError:
            facts["decided_on"] = ""
        try:
            with work() as s:
                alarms.account_for(s, facts, request.remote_addr)
        except errors.InvalidInput:
            return account_page(
                alarm_id,
                _(
                    "Fill in what was breached, who was held to account, the measure, its document and a day not to come."
                ),
                422,
            )
        flash(_("It is on record."), "success")
        return redirect(f"/alarms/{alarm_id}/account")


def changed(rule: Rule) -> dict[str, int]:
    """The form's parameters that differ from the registry's.

    Raises:
        InvalidInput: one is no number of at most four digits.
    """
    given = {k: request.form.get(k, "") for k in ("days", *rule.params)}
    if not all(v.isascii() and v.isdecimal() and len(v) <= 4 for v in given.values()):
        raise errors.InvalidInput(errors={"params": ["out_of_range"]})
    usual = {"days": rule.days, **rule.params}
    return {k: int(v) for k, v in given.items() if int(v) != usual[k]}


def rules_page(problem: str = "", status: int = 200) -> Any:
    """Each rule with article, parameters and last run; 未运行 where its data are missing or stale."""
    with work() as s:
        runs, set_here, regions = alarms.runs(s), alarms.rule_params(s), alarms.region_names(s)
        sweep = alarms.last_sweep(s)
    rows = []
    for rule in rules().values():
        run = runs.get(rule.code)
        rows.append({
            "code": rule.code, "name": rule.name, "level": rule.level, "article": rule.article,
            "remedy": rule.remedy, "query": rule.select is not None, "refused": rule.refused, "sources": [title(x.name) for x in rule.sources],
            "params": {"days": rule.days, **rule.params} | set_here.get(rule.code, {}),
            "run": run, "lacks": lack(run.reason, regions) if run else [],
        })  # fmt: skip
    return render_template(
        "alarm_rules.html",
        title=_("Alarms: rules and runs"),
        parts=parts("rules"),
        rows=rows,
        sweep=sweep,
        names={"days": _("Working days to answer"), "late": _("Days late"), "grace": _("Days of grace"), "ahead": _("Days ahead"),
               "months": _("Months"), "percent": _("Change in percent"), "run": _("Days absent in a run"),
               "year": _("Days absent in a year")},
        may_run=head(),
        may_set=head() and hat().region == "440600",
        problem=problem,
    ), status  # fmt: skip


def account_page(alarm_id: int, problem: str = "", status: int = 200) -> Any:
    """The records of one alarm's matter; what was typed stays."""
    with work() as s:
        found, kept = alarms.one(s, alarm_id), alarms.accounts(s, alarm_id)
    if found is None:
        raise errors.NotFound(alarm=alarm_id)
    measures = codes.code_set("accountability").choices()
    return render_template(
        "accountability.html",
        title=_("Accountability"),
        a=found,
        rows=kept,
        measures=measures,
        names=dict(measures),
        may=keeper(hat()),
        problem=problem,
        typed=request.form,
    ), status
