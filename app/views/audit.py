"""审计员的页面: events by kind, operator, period and subject; verifications; seals. Reads only."""

import datetime as dt
import io
import re
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain.workdays import CITY_CLOCK
from app.queries import audit
from app.views.auditing import record_export
from app.views.sheets import as_csv
from app.views.shell import local, work

PAGE, EXPORT = 50, 50_000
KIND = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40}){0,2}\Z")
TEXTS = ("kind", "operator", "case", "unit", "person")
DAYS = ("from", "to")


def kinds() -> dict[str, str]:
    """The kinds that are usual, with their names; docs/security-audit.md says when each is written."""
    return {
        "sign_in": _("Sign-in"),
        "sign_in.failed": _("Failed sign-in"),
        "sign_out": _("Sign-out"),
        "view": _("View of protected data"),
        "reveal": _("Reveal of protected data"),
        "search.document": _("Search by ID number"),
        "intake": _("Opening balance brought in"),
        "export": _("Export"),
        "source.loaded": _("List of another office brought in"),
        "refusal": _("Refusal by the ledger"),
        "case.rerouted": _("Case routed anew"),
        "user.created": _("User created"),
        "user.changed": _("User changed"),
        "account.granted": _("Identity granted"),
        "account.ended": _("Identity ended"),
        "grant.proposed": _("Identity proposed"),
        "authority.proposed": _("Change of cadre authority proposed"),
        "authority.approved": _("Change of cadre authority approved"),
        "authority.refused": _("Change of cadre authority refused"),
        "authority_rule.insert": _("Rule of cadre authority added"),
        "authority_rule.update": _("Rule of cadre authority ended"),
        "reform.begun": _("Reform begun"),
        "reform.tried": _("Reform tried"),
        "reform.dropped": _("Reform thrown away"),
        "delegation.given": _("Delegation given"),
        "verification.opened": _("Annual verification opened"),
        "verification.marked": _("Annual verification: difference marked"),
        "verification.unmarked": _("Annual verification: mark taken back"),
        "factor.forgotten": _("Second factor taken off"),
        "token.made": _("Program's token made"),
        "token.revoked": _("Program's token revoked"),
        "ab_user.insert": _("Row of a user added"),
        "ab_user.update": _("Row of a user changed"),
        "account.insert": _("Row of an identity added"),
        "account.update": _("Row of an identity changed"),
        "alarm.handled": _("Alarm handled"),
        "alarm.accepted": _("Alarm accepted until a day"),
        "alarm.rule": _("Parameters of an alarm rule"),
        "alarm.run": _("Full run of the alarm rules asked for"),
        "alarm.accountability": _("Accountability recorded"),
        "mail.changed": _("Wishes for mail changed"),
        "pay_standard.insert": _("Standard of cost set"),
        "pay_standard.update": _("Standard of cost replaced"),
        "office.insert": _("Row of an office added"),
        "office.update": _("Row of an office changed"),
        "process_version.insert": _("Process published"),
        "process.drafted": _("Draft of a process begun"),
        "process.proposed": _("Process proposed"),
        "process.published": _("Process published by two administrators"),
        "process.refused": _("Process sent back"),
        "process.dropped": _("Draft of a process thrown away"),
        "ddl": _("Change of the database's structure"),
        "ledger.verified": _("Verification"),
        "ledger.exported": _("Export of the ledger"),
        "audit.detached": _("Month of the audit detached"),
    }


class AuditView(BaseView):
    """Everything the auditor sees; nothing here changes a row, but exports are on record."""

    route_base = "/audit"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """One page of events, newest first."""
        question, keep = self._asked()
        with work() as s:
            found = audit.events(s, question, PAGE + 1)
        page, known = found[:PAGE], kinds()
        labels = {**self._labels(), "from": _("From"), "to": _("Until")}
        after = f"{page[-1].recorded_at.isoformat()}~{page[-1].id}" if len(found) > PAGE else None
        columns = [(k, labels[k]) for k in ("recorded_at", "kind", "operator", "address", "about", "facts")]
        listing = {
            "title": _("Audit"),
            "intro": None,
            "columns": [{"key": k, "label": v, "sortable": False, "align": None} for k, v in columns],
            "rows": [{"cells": self._cells(r, known)} for r in page],
            "filters": [
                {
                    "name": "kind",
                    "label": labels["kind"],
                    "kind": "select",
                    "value": keep.get("kind", ""),
                    "options": [{"value": k, "label": v} for k, v in self._choices(keep.get("kind")).items()],
                },
                *(
                    {"name": k, "label": labels[k], "kind": "date" if k in DAYS else "text", "value": keep.get(k, "")}
                    for k in ("operator", *DAYS, "case", "unit", "person")
                ),
            ],
            "chips": [
                {
                    "label": labels[k],
                    "value": known.get(v, v) if k == "kind" else v,
                    "remove_url": "/audit/?" + urlencode({x: y for x, y in keep.items() if x != k}),
                }
                for k, v in keep.items()
            ],
            "clear_url": "/audit/",
            "prev_url": "/audit/?" + urlencode(keep) if question.after else None,
            "next_url": "/audit/?" + urlencode({**keep, "after": after}) if after else None,
            "total": None,
            "empty_text": _("No event fits these filters"),
        }
        exports = {form: f"/audit/export/{form}?" + urlencode(keep) for form in ("csv", "xlsx")}
        return render_template("audit_list.html", title=_("Audit"), listing=listing, exports=exports)

    @expose("/<int:event_id>")
    @has_access
    def event(self, event_id: int) -> Any:
        """One event with its facts, before and after side by side."""
        with work() as s:
            found = audit.event(s, event_id) or abort(404)
        facts, changes, changed = self._split(found.facts)
        return render_template(
            "audit_event.html",
            title=kinds().get(found.kind, found.kind),
            event=found,
            facts=facts,
            changes=changes,
            changed=changed,
            crumbs=[{"label": _("Audit"), "url": "/audit/"}, {"label": str(found.id), "url": None}],
            links=[
                {"label": label, "url": "/audit/?" + urlencode({what: value})}
                for what, label, value in (
                    ("operator", _("Events of this operator"), found.operator.partition("#")[0]),
                    ("case", _("Events about this case"), found.case_id),
                    ("unit", _("Events about this unit"), found.unit_id),
                    ("person", _("Events about this person"), found.person_id),
                )
                if value
            ],
        )

    @expose("/export/<form>")
    @has_access
    def export(self, form: str) -> Any:
        """What the filters show, 50,000 events at most, as CSV or a workbook; on record itself."""
        if form not in ("csv", "xlsx"):
            abort(404)
        question, keep = self._asked()
        with work() as s:
            found = audit.events(s, question, EXPORT)
            record_export(s, "audit", len(found), keep, form)
        labels = self._labels()
        head = [labels[k] for k in ("recorded_at", "kind", "operator", "address", "facts", "chain", "sequence", "hash")]
        known = kinds()
        rows = [
            [
                local(r.recorded_at).isoformat(sep=" ", timespec="seconds"), known.get(r.kind, r.kind), r.operator,
                r.address or "", self._line(r.facts), str(r.chain), str(r.sequence), r.hash,
            ]
            for r in found
        ]  # fmt: skip
        content = as_csv(head, rows) if form == "csv" else as_workbook(head, rows)
        kind = "text/csv" if form == "csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return send_file(content, download_name=f"{_('Audit')}.{form}", as_attachment=True, mimetype=kind)

    @expose("/runs")
    @has_access
    def runs(self) -> Any:
        """The last verification: when, by whom, its result, its differences; and the ones before."""
        with work() as s:
            found = audit.runs(s)
        return render_template("audit_runs.html", title=_("Verifications"), last=next(iter(found), None), runs=found)

    @expose("/seals")
    @has_access
    def seals(self) -> Any:
        """The seals, newest first."""
        before = request.args.get("before", type=int)
        with work() as s:
            found = audit.seals(s, before, PAGE + 1)
        page = found[:PAGE]
        pager = {
            "next_url": f"/audit/seals?before={page[-1].id}" if len(found) > PAGE else None,
            "prev_url": "/audit/seals" if before else None,
            "total": None,
        }
        return render_template("audit_seals.html", title=_("Seals"), seals=page, pager=pager)

    @expose("/seals/<int:seal_id>")
    @has_access
    def seal(self, seal_id: int) -> Any:
        """One seal to print and keep: the root as text and as a code that a telephone reads."""
        import segno

        with work() as s:
            found = audit.seal(s, seal_id) or abort(404)
        signature = bytes(found.signature).hex()
        text = (
            f"bianzhi-seal {found.sealed_at:%Y-%m-%dT%H:%M:%SZ} {found.heads} {found.entries} {found.root} {signature}"
        )
        code = segno.make(text, error="m").svg_data_uri(scale=3, border=2)
        return render_template(
            "audit_seal.html",
            title=_("Seal %(number)s", number=found.id),
            seal=found,
            signature=signature,
            code=code,
            crumbs=[{"label": _("Seals"), "url": "/audit/seals"}, {"label": str(found.id), "url": None}],
        )

    def _asked(self) -> tuple[audit.Question, dict[str, str]]:
        """What is asked; 400 for what is not understood."""
        args = request.args
        if set(args) - {*TEXTS, *DAYS, "after"}:
            abort(400)
        keep = {k: args[k].strip() for k in (*TEXTS, *DAYS) if args.get(k, "").strip()}
        if any(len(v) > 60 for v in keep.values()) or ("kind" in keep and not KIND.match(keep["kind"])):
            abort(400)
        try:
            begin, end = (dt.date.fromisoformat(keep[k]) if k in keep else None for k in DAYS)
            after = None
            if args.get("after"):
                moment, _sep, number = args["after"].rpartition("~")
                if not number.isdecimal() or len(number) > 18:
                    abort(400)
                after = (dt.datetime.fromisoformat(moment), int(number))
                if after[0].tzinfo is None:
                    abort(400)
            first = dt.datetime.combine(begin, dt.time(), CITY_CLOCK) if begin else None
            last = dt.datetime.combine(end + dt.timedelta(days=1), dt.time(), CITY_CLOCK) if end else None
        except (ValueError, OverflowError):
            abort(400)
        texts = {k: keep.get(k, "") for k in TEXTS}
        return audit.Question(**texts, begin=first, end=last, after=after), keep

    def _labels(self) -> dict[str, str]:
        return {
            "recorded_at": _("Time"),
            "kind": _("Kind of event"),
            "operator": _("Operator"),
            "address": _("Address"),
            "about": _("About"),
            "facts": _("Details"),
            "case": _("Case"),
            "unit": _("Unit"),
            "person": _("Person"),
            "chain": _("Chain"),
            "sequence": _("Number in the chain"),
            "hash": _("Hash"),
        }

    def _choices(self, chosen: str | None) -> dict[str, str]:
        known = kinds()
        return known if not chosen or chosen in known else {**known, chosen: chosen}

    def _cells(self, r: Any, known: dict[str, str]) -> list[dict[str, Any]]:
        about = [f"{label} {value}" for label, value in ((_("Case"), r.case_id), (_("Unit"), r.unit_id),
                                                         (_("Person"), r.person_id)) if value]  # fmt: skip
        texts = [local(r.recorded_at).strftime("%Y-%m-%d %H:%M:%S"), known.get(r.kind, r.kind), r.operator, r.address,
                 "，".join(about) or None, self._line(r.facts, 120) or None]  # fmt: skip
        return [
            {"text": t, "state": None, "css": None, "url": f"/audit/{r.id}" if n == 0 else None}
            for n, t in enumerate(texts)
        ]

    def _line(self, facts: dict[str, Any], most: int = 2000) -> str:
        """Facts in one line."""
        line = "；".join(f"{k}={'' if v is None else v}" for k, v in facts.items())
        return line if len(line) <= most else line[: most - 1] + "…"

    def _split(self, facts: dict[str, Any]) -> tuple[list[dict[str, Any]], list[tuple[str, Any, Any]], list[str]]:
        """Plain facts, changes with before and after, and secrets that were changed."""
        names = dict.fromkeys(k.partition(".")[2] for k in facts if k.startswith(("before.", "after.")))
        changes = [(n, facts.get(f"before.{n}"), facts.get(f"after.{n}")) for n in names]
        changed = [k.removeprefix("changed.") for k in facts if k.startswith("changed.")]
        plain = [
            {"label": k, "value": v} for k, v in facts.items() if not k.startswith(("before.", "after.", "changed."))
        ]
        return plain, changes, changed


def as_workbook(head: list[str], rows: list[list[str]]) -> io.BytesIO:
    """A workbook of text cells only."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True, "in_memory": True}
    )
    sheet = book.add_worksheet()
    for line, row in enumerate([head, *rows]):
        for column, cell in enumerate(row):
            sheet.write_string(line, column, cell)
    book.close()
    out.seek(0)
    return out
