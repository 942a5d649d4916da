"""报警: what was refused or found, by right; each with its facts, its life, and what its reader may do about it."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.alarms.registry import rules
from app.domain import errors
from app.queries import alarms
from app.queries.alarms import LEVELS, STATES, Asked
from app.security.hats import Hat
from app.views.alarm_texts import fact_rows, sentence, steps
from app.views.cases import side_of
from app.views.messages import sentence as refusal_text
from app.views.shell import hat, work
from app.workflow import engine, versions

PAGE = 50
FILTERS = ("view", "rule", "level", "unit", "q")


def address(**keep: str) -> str:
    """The list's address with these parameters, empty ones left out."""
    query = urlencode({k: v for k, v in keep.items() if v})
    return f"/alarms?{query}" if query else "/alarms"


def keeper(who: Hat) -> bool:
    """编办, which accepts, handles and holds to account."""
    return who.office_kind == "establishment" and who.office_id is not None


def level_names() -> dict[str, str]:
    """The levels of b27."""
    return {"error": _("Error"), "warning": _("Warning"), "notice": _("Notice")}


def row_of(r: Any, *, links: bool) -> dict[str, Any]:
    """One alarm as the template shows it."""
    return {
        "id": r.id,
        "url": f"/alarms/{r.id}",
        "rule": f"{r.rule} {r.name}",
        "level": r.level,
        "state": r.state,
        "state_name": {
            "open": _("Open"),
            "accepted": _("Accepted"),
            "handled": _("Handled"),
            "cleared": _("Cause gone"),
        }[r.state],
        "basis": r.basis,
        "says": sentence(r.rule, r.code, r.facts),
        "unit": r.unit,
        "unit_url": f"/unit/{r.unit_id}" if links and r.unit_id and r.unit else None,
        "case": r.number,
        "case_url": f"/case/{r.case_id}" if links and r.number else None,
        "raised_at": r.raised_at,
        "last_at": r.last_at,
        "times": r.times,
        "operator": "" if r.standing or r.subject else r.operator,
        "closed_at": r.closed_at,
        "handler": r.handler,
        "note": r.handled_note,
        "due_on": r.due_on if r.state == "open" else None,
        "late": r.state == "open" and r.due_on is not None and r.due_on < r.today,
        "answered": r.answered_at is not None,
        "accepted_until": r.accepted_until if r.state == "accepted" else None,
        "to_handle": r.to_handle and keeper(hat()),
    }


def asked_of() -> tuple[dict[str, str], str]:
    """The filters of the address, and the cursor; 400 for what is not understood."""
    keep = {k: request.args.get(k, "").strip() for k in FILTERS}
    after = request.args.get("after", "")
    good = (
        not set(request.args) - {*FILTERS, "after"}
        and keep["view"] in STATES
        and (keep["level"] in ("", *LEVELS))
        and len(keep["q"]) <= 60
        and all(not n or (n.isascii() and n.isdecimal() and len(n) <= 18) for n in (keep["unit"], after))
        and (not keep["rule"] or keep["rule"] in rules())
    )
    if not good:
        abort(400)
    return keep, after


class AlarmView(BaseView):
    """The alarms that the reader has a right to."""

    route_base = "/alarms"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """One page; filters in the address, keyset paging."""
        keep, after = asked_of()
        with work() as s:
            counted = alarms.counts(s)
            rows = alarms.page(s, Asked(**keep), int(after) if after else None, PAGE + 1)
        names = {r.code: f"{r.code} {r.name}" for r in rules().values()}
        levels = level_names()
        unit = next((r.unit for r in rows), keep["unit"]) if keep["unit"] else None
        chips = {"rule": (_("Rule"), names.get(keep["rule"])), "level": (_("Level"), levels.get(keep["level"])),
                 "unit": (_("Unit"), unit), "q": (_("Search"), keep["q"])}  # fmt: skip
        tabs = (
            ("", _("Open")),
            ("late", _("Not answered in time")),
            ("accepted", _("Accepted")),
            ("ended", _("Ended")),
        )
        return render_template(
            "alarms.html",
            title=_("Alarms"),
            parts=parts("list"),
            tabs=[
                {"label": label, "number": counted.get(v),
                 "url": address(**{**keep, "view": v}), "active": keep["view"] == v}
                for v, label in tabs
            ],
            rows=[row_of(r, links=hat().kind != "auditor") for r in rows[:PAGE]],
            filters=[
                {"name": "q", "label": _("Part of the unit's name"), "kind": "text", "value": keep["q"]},
                {"name": "rule", "label": _("Rule"), "kind": "select", "value": keep["rule"],
                 "options": [{"value": k, "label": v} for k, v in names.items()]},
                {"name": "level", "label": _("Level"), "kind": "select", "value": keep["level"],
                 "options": [{"value": k, "label": v} for k, v in levels.items()]},
            ],
            keep=[(k, keep[k]) for k in ("view", "unit") if keep[k]],
            chips=[
                {"label": label, "value": value, "remove_url": address(**{**keep, name: ""})}
                for name, (label, value) in chips.items()
                if value
            ],
            clear_url=address(view=keep["view"]),
            page={
                "prev_url": address(**keep) if after else None,
                "next_url": address(**keep, after=str(rows[PAGE - 1].id)) if len(rows) > PAGE else None,
            },
        )  # fmt: skip

    @expose("/<int:alarm_id>")
    @has_access
    def show(self, alarm_id: int) -> Any:
        """One alarm: sentence, facts, article, deadline, life, and what its reader may do."""
        return self._page(alarm_id)

    def _page(self, alarm_id: int, problem: str = "", status: int = 200) -> Any:
        who = hat()
        with work() as s:
            found = alarms.one(s, alarm_id)
            if found is None:
                raise errors.NotFound(alarm=alarm_id)
            life = alarms.life(s, alarm_id)
            accounts = alarms.accounts(s, alarm_id) if keeper(who) or who.kind == "inspector" else []
            remedy = self._remedy(s, who, found)
        return render_template(
            "alarm.html",
            title=f"{found.rule} {found.name}",
            a=row_of(found, links=who.kind != "auditor"),
            facts=fact_rows(found.rule, found.facts),
            difference_url=f"/payroll/differences/{found.facts['difference']}"
            if found.facts.get("difference")
            else None,
            life=[self._step(e) for e in life],
            accounts=accounts,
            remedy=remedy,
            may=self._may(who, found, life),
            proposal=self._proposal(life),
            problem=problem,
            typed=request.form,
        ), status

    @staticmethod
    def _proposal(life: list[Any]) -> Any | None:
        """The proposal that nobody has settled."""
        last = next((e for e in reversed(life) if e.kind in ("proposed", "accepted", "refused", "reopened")), None)
        return last if last is not None and last.kind == "proposed" else None

    def _may(self, who: Hat, found: Any, life: list[Any]) -> dict[str, bool]:
        """What the reader may do; the kernel asks again."""
        open_, own = found.state == "open", who.unit_id is not None and who.unit_id == found.unit_id
        by_rule = found.subject is not None or found.standing
        proposal = self._proposal(life)
        return {
            "explain": open_ and (own or keeper(who)) and who.kind != "supervisor",
            "propose": open_ and by_rule and keeper(who) and proposal is None,
            "settle": open_ and keeper(who) and proposal is not None and proposal.user_id != who.user_id,
            "account": keeper(who),
            "handle": found.to_handle and keeper(who),
        }

    @staticmethod
    def _remedy(s: Session, who: Hat, found: Any) -> str | None:
        """The title of the business that mends it, where the reader may apply for it."""
        if not found.remedy or found.state != "open":
            return None
        try:
            plan = versions.latest(s, found.remedy)[1]
        except errors.NotFound:
            return None
        return plan.title if plan.applicant == side_of(who) else None

    @staticmethod
    def _step(e: Any) -> dict[str, Any]:
        """A step of its life for the timeline."""
        shown = {"document_no": _("Document"), "until": _("Until"), "due_on": _("Due")}
        facts = [(label, e.facts[k]) for k, label in shown.items() if e.facts.get(k)]
        if e.facts.get("number") or e.number:
            facts.append((_("Case number"), e.number))
        tones = {"escalated": "red", "reopened": "red", "cleared": "green", "accepted": "amber", "proposed": "amber"}
        return {"at": e.at, "title": steps()[e.kind], "operator": e.who, "side": "", "opinion": e.note,
                "tone": tones.get(e.kind, "blue"), "facts": facts}  # fmt: skip

    @expose("/<int:alarm_id>/act", methods=["POST"])
    @has_access
    def act(self, alarm_id: int) -> Any:
        """Explain, rectify, propose or settle an acceptance; a refusal keeps what was typed."""
        step, note = request.form.get("step", ""), request.form.get("note", "").strip()
        try:
            if step == "rectify":
                return redirect(f"/case/{self._rectify(alarm_id)}/edit")
            with work() as s:
                if alarms.one(s, alarm_id) is None:
                    raise errors.NotFound(alarm=alarm_id)
                if step == "explain":
                    alarms.explain(s, alarm_id, note)
                elif step == "propose":
                    alarms.propose(s, alarm_id, note, request.form.get("document_no", ""), day_of("until"))
                elif step in ("accept", "refuse"):
                    alarms.settle(s, alarm_id, step == "accept", note, request.remote_addr)
                elif step == "handle":
                    alarms.handle(s, alarm_id, note, request.remote_addr)
                else:
                    abort(400)
        except errors.NotFound:
            raise
        except errors.InvalidInput:
            return self._page(
                alarm_id,
                _("Fill in every field: a few words, and for an acceptance its document and a last day to come."),
                422,
            )
        except errors.DomainError as refusal:
            return self._page(alarm_id, refusal_text(refusal), refusal.http_status)
        flash(_("It is on record."), "success")
        return redirect(f"/alarms/{alarm_id}")

    def _rectify(self, alarm_id: int) -> int:
        """A draft of the business that mends it, linked in the same transaction."""
        who = hat()
        with work() as s:
            found = alarms.one(s, alarm_id)
            if found is None or self._remedy(s, who, found) is None:
                raise errors.NotFound(alarm=alarm_id)
            plan = versions.latest(s, found.remedy)[1]
            known = {"person": found.person_id, "line": found.line_id, "unit": found.unit_id}
            case = engine.draft(
                s,
                process=plan.process,
                unit_id=who.unit_id,
                office_id=None if who.unit_id else who.office_id,
                scope_path=s.scalar(alarms.PLACE, {"u": who.unit_id}) if who.unit_id else who.low,
                form={k: str(v) for k, v in known.items() if v and k in plan.fields},
            )
            alarms.rectify(s, alarm_id, case.id)
            return int(case.id)


def day_of(name: str) -> dt.date | None:
    """A day of the form; none where it is no day."""
    try:
        return dt.date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def parts(active: str) -> list[dict[str, Any]]:
    """The pages of alarms."""
    who = hat()
    found = [
        ("list", _("Alarms"), "/alarms"),
        ("figures", _("Figures"), "/alarms/figures"),
        ("rules", _("Rules and runs"), "/alarms/rules"),
    ]
    if keeper(who) or who.kind == "inspector":
        found.append(("accounts", _("Accountability"), "/alarms/accounts"))
    return [{"label": label, "url": url, "active": name == active} for name, label, url in found]
