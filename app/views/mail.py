"""邮件提醒: one's own wishes; for the system administrator what could not be sent."""

import re
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
from app.queries import notices
from app.views.inbox import kinds
from app.views.place import row_number, some_number
from app.views.shell import work

ADDRESS = re.compile(r"[^@\s<>,;:\"()]{1,64}@([A-Za-z0-9.-]{3,180})\Z")
WAYS = ("immediate", "daily")
PAGE = 50


def domains() -> tuple[str, ...]:
    """The domains to which this installation sends (``MAIL_DOMAINS``); none named means any."""
    found: tuple[str, ...] = current_app.config["MAIL_DOMAINS"]
    return found


class MailView(BaseView):
    """Where my notices go by mail, and which."""

    route_base = "/account/mail"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The wishes as they stand."""
        return self._page()

    def _page(self, typed: dict[str, str] | None = None, problem: str | None = None) -> str:
        with work() as s:
            row = s.execute(text("SELECT address, immediate, daily FROM mail_setting")).one_or_none()
        ways = {k: w for w in WAYS for k in (getattr(row, w) if row else ())}
        said = typed if typed is not None else {"address": row.address if row else "", **ways}
        return render_template(
            "mail_setting.html",
            title=_("Notices by e-mail"),
            on=current_app.config["MAIL_ON"],
            address=said.get("address", ""),
            problem=problem,
            domains=domains(),
            kinds=[{"key": k, "label": v[0], "way": said.get(k, "")} for k, v in kinds().items()],
            ways=[("", _("not by mail")), ("immediate", _("at once")), ("daily", _("once a day"))],
        )

    @expose("/", methods=["POST"])
    @has_access
    def change(self) -> Any:
        """Save the wishes; without an address nothing is sent."""
        if not current_app.config["MAIL_ON"]:
            raise errors.NotFound()
        said = {k: request.form.get(k, "").strip() for k in ("address", *kinds())}
        if any(said[k] not in ("", *WAYS) for k in kinds()):
            abort(400)
        found = ADDRESS.match(said["address"])
        if said["address"] and (found is None or ".." in said["address"]):
            return self._page(said, _("This is no e-mail address. Check it and save again.")), 422
        if found and domains() and found[1].lower() not in domains():
            return self._page(said, _("Mail goes to these domains only: %(list)s.", list="、".join(domains()))), 422
        chosen = {way: [k for k in kinds() if said[k] == way] for way in WAYS}
        with work() as s:
            s.execute(
                text("SELECT set_mail(:a, :i, :d, :f)"),
                {"a": said["address"], "i": chosen["immediate"], "d": chosen["daily"], "f": request.remote_addr},
            )
        flash(_("Your wishes are saved."), "success")
        return redirect("/account/mail/")


class OutboxView(BaseView):
    """What waits, and what failed."""

    route_base = "/admin/mail"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Figures by state, and the newest failures with their reasons."""
        if set(request.args) - {"after"}:
            abort(400)
        after = some_number(request.args.get("after", ""))
        with work() as s:
            figures, rows = notices.mail_figures(s), notices.mail_failures(s, after, PAGE + 1)
        return render_template(
            "mail_outbox.html",
            title=_("Mail that could not be sent"),
            on=current_app.config["MAIL_ON"],
            figures=figures,
            rows=[{"id": r.id, "name": r.name, "title": kinds().get(r.kind, (r.kind, "", ""))[0], "tries": r.tries,
                   "error": r.error, "at": r.made_at} for r in rows[:PAGE]],
            page={
                "prev_url": "/admin/mail/" if after else None,
                "next_url": f"/admin/mail/?after={rows[PAGE - 1].id}" if len(rows) > PAGE else None,
            },
        )  # fmt: skip

    @expose("/again", methods=["POST"])
    @has_access
    def again(self) -> Any:
        """Try one letter again."""
        letter = row_number(request.form.get("mail", ""))
        with work() as s:
            s.execute(text("SELECT mail_again(:i)"), {"i": letter})
        flash(_("It is sent with the next run."), "success")
        return redirect("/admin/mail/")
