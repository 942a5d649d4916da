"""消息: what concerns the reader's side, the newest first; opening one marks it as read and leads to its matter."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import errors
from app.queries import notices
from app.views.place import row_number, some_number
from app.views.shell import hat, work

PAGE = 30
PARAMETERS = {"view", "kind", "after"}


def kinds() -> dict[str, tuple[str, str, str]]:
    """What each kind of notice says, its tone, and the one line of why."""
    return {
        "task": (_("New task"), "blue", _("Your decision is asked.")),
        "handed_over": (_("Handed to you"), "blue", _("A colleague handed this task to you.")),
        "urged": (_("Urged"), "amber", _("The applicant asks for a decision.")),
        "amber": (_("Due soon"), "amber", _("The time limit ends within a working day.")),
        "escalated": (_("Overdue: told to the head"), "red", _("The time limit has passed without a decision.")),
        "countersign": (_("To be countersigned"), "blue", _("A colleague has approved; the office's head signs too.")),
        "papers_answered": (_("Papers handed in"), "blue", _("The applicant has handed in what was asked for.")),
        "returned": (_("Returned for correction"), "amber", _("Correct it and submit again.")),
        "papers_requested": (_("Papers requested"), "amber", _("Hand in what is missing; the time limit waits.")),
        "suspended": (_("Suspended by law"), "amber", _("The time limit waits until the reason has gone.")),
        "resumed": (_("Goes on"), "blue", _("The time limit runs again.")),
        "confirm_arrival": (_("Confirm the arrival"), "blue", _("Approved: confirm the day when the person arrives.")),
        "approved": (
            _("Approved, takes effect later"),
            "green",
            _("All offices have approved; nothing is to be done."),
        ),
        "effected": (_("Effected"), "green", _("The ledger has been changed; the result can be printed.")),
        "rejected": (_("Rejected"), "red", _("The case has ended.")),
        "lapsed": (_("Lapsed: seat released"), "red", _("Nobody arrived in time; apply again if still needed.")),
        "acknowledge": (_("To be confirmed after the effect"), "blue", _("It has taken effect; your office confirms.")),
        "away_due": (_("Due back soon"), "amber", _("Enter the return, or apply for an extension.")),
        "verification": (_("Annual verification"), "blue", _("Go through the roster and confirm it.")),
        "taken_over": (
            _("Taken over from a body that ended"),
            "blue",
            _("Its people, numbers, running cases and drafts are yours; look through them."),
        ),
        "hats_ended": (
            _("Accounts ended with their body"),
            "amber",
            _("Propose accounts in the body that took over for whoever needs one."),
        ),
        "alarm": (_("Alarm"), "red", _("A rule was broken or a difference was found; see what to do.")),
    }


def address(**keep: str) -> str:
    """The inbox's address with these parameters, empty ones left out."""
    query = urlencode({k: v for k, v in keep.items() if v})
    return f"/inbox?{query}" if query else "/inbox"


def leads_to(row: Any) -> str:
    """Where a notice's matter is to be seen by this reader."""
    if row.kind == "acknowledge":
        return "/acknowledgements"
    if row.kind == "taken_over":
        return f"/unit/{hat().unit_id}" if hat().unit_id else "/inbox"
    if row.kind == "hats_ended":
        return "/admin/users"
    if row.kind == "verification":
        return "/verification/"
    if row.alarm_id and hat().kind in ("system_admin", "security_admin", "auditor"):
        return "/admin/stuck/" if hat().kind == "system_admin" else f"/alarms/{row.alarm_id}"
    if row.case_id:
        return f"/case/{row.case_id}"
    return f"/alarms/{row.alarm_id}" if row.alarm_id else "/inbox"


class InboxView(BaseView):
    """The reader's notices."""

    route_base = "/inbox"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """One page of notices; unread ones alone where the address says so."""
        known = kinds()
        view, kind, after = (request.args.get(k, "") for k in ("view", "kind", "after"))
        if set(request.args) - PARAMETERS or view not in ("", "unread") or kind not in ("", *known):
            abort(400)
        last = some_number(after)
        with work() as s:
            rows = notices.page(s, unread=view == "unread", kind=kind, after=last, limit=PAGE + 1)
            waiting = notices.unread(s)
        shown = rows[:PAGE]
        keep = {"view": view, "kind": kind}
        return render_template(
            "inbox.html",
            title=_("Notices"),
            tabs=[
                {"label": _("All"), "number": None, "url": address(kind=kind), "active": not view},
                {
                    "label": _("Unread"),
                    "number": counted(waiting),
                    "url": address(view="unread", kind=kind),
                    "active": view == "unread",
                },
            ],
            notices=[
                {
                    "id": r.id,
                    "title": known[r.kind][0] if r.kind in known else r.kind,
                    "tone": known[r.kind][1] if r.kind in known else "",
                    "why": r.rule or r.why or (known[r.kind][2] if r.kind in known else ""),
                    "about": r.title or r.alarm_unit,
                    "number": r.number,
                    "unit": r.unit if r.title else None,
                    "at": r.at,
                    "unread": r.unread,
                    "settled": r.settled_at is not None,
                }
                for r in shown
            ],
            filters=[
                {
                    "name": "kind",
                    "label": _("Kind of notice"),
                    "kind": "select",
                    "value": kind,
                    "options": [{"value": k, "label": v[0]} for k, v in known.items()],
                }
            ],
            keep=[("view", view)] if view else [],
            newest=shown[0].id if shown and not after and waiting else None,
            page={
                "prev_url": address(**keep) if after else None,
                "next_url": address(**keep, after=str(shown[-1].id)) if len(rows) > PAGE else None,
            },
            clear_url=address() if view or kind else None,
        )

    @expose("/<int:notice_id>", methods=["POST"])
    @has_access
    def open(self, notice_id: int) -> Any:
        """Read one, and go to its matter; a foreign notice answers as an absent one."""
        with work() as s:
            row = notices.opened(s, notice_id)
            if row is None:
                raise errors.NotFound(notice=notice_id)
        return redirect(leads_to(row))

    @expose("/read", methods=["POST"])
    @has_access
    def read_all(self) -> Any:
        """Everything that the page knew of is read; what came since stays unread."""
        upto = row_number(request.form.get("upto", ""))
        with work() as s:
            notices.mark(s, upto)
        flash(_("All notices shown are marked as read."), "success")
        return redirect("/inbox")


def counted(number: int) -> str:
    """A count as the bell shows it."""
    return f"{notices.COUNTED}+" if number > notices.COUNTED else str(number)
