"""本人账户: sessions, second factor and tokens for programs of the one who is signed in."""

import secrets
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, session
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import text
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.db import digest
from app.domain import errors
from app.security.matrix import may
from app.security.sign_in import prove_first
from app.views.shell import hat, work

# Sessions shown at first.
NEWEST = 20
BROWSERS = (
    ("MicroMessenger/", "微信"), ("DingTalk/", "钉钉"), ("QQBrowser/", "QQ 浏览器"), ("QIHU", "360 浏览器"), ("360SE", "360 浏览器"),
    ("Edg/", "Edge"), ("Firefox/", "Firefox"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", "鸿蒙"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser(agent: str | None) -> str:
    """Browser and system in words, where they are known ones; else what the program called itself."""
    said = agent or "—"
    known = [next((name for mark, name in marks if mark in said), "") for marks in (BROWSERS, SYSTEMS)]
    return " · ".join(name for name in known if name) or said


class TokenForm(FlaskForm):
    """A new token for a program."""

    name = StringField(_l("What it is for"), validators=[InputRequired(), Length(2, 60)])
    days = SelectField(_l("Valid for"), choices=[("30", _l("30 days")), ("90", _l("90 days")), ("365", _l("365 days"))])


class AccountView(BaseView):
    """Everything here is the user's own: the database asks for nothing else."""

    route_base = "/account"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """How I sign in, where I am signed in, which programs read for me."""
        # Back from a proof that the last step asked for, with what was typed.
        return self._page(TokenForm(formdata=None, name=request.args.get("name"), days=request.args.get("days")))

    def _page(self, form: TokenForm, token: str | None = None) -> str:
        with work() as s:
            account = s.execute(text("SELECT * FROM my_account()")).one()
            every = "all" in request.args
            sessions = s.execute(
                text("SELECT * FROM my_sessions(:t, :n)"), {"t": session["token"], "n": 1000 if every else NEWEST + 1}
            ).all()
            tokens = s.execute(text("SELECT * FROM my_api_tokens()")).all()
        return render_template(
            "account.html",
            title=_("My account"),
            account=account,
            sessions=sessions if every else sessions[:NEWEST],
            more_url=None if every or len(sessions) <= NEWEST else "/account/?all=1",
            browser=browser,
            tokens=tokens,
            token=token,
            token_form=form if may(hat().roles[0].name, "AccountView.new_token") else None,
        )

    @expose("/sessions", methods=["POST"])
    @has_access
    def end_sessions(self) -> Any:
        """End one session, or sign out everywhere."""
        said = request.form.get("session", "")
        if said != "all" and not said.isdecimal():
            abort(400)
        try:
            with work() as s:
                s.execute(
                    text("SELECT end_my_sessions(:i, :a, :s)"),
                    {
                        "i": None if said == "all" else int(said),
                        "a": request.remote_addr,
                        "s": digest(session["token"]),
                    },
                )
        except errors.ProofNeeded:
            return prove_first("/account/")
        if said == "all":
            session.clear()
            return redirect("/login/")
        flash(_("The session is ended."), "success")
        return redirect("/account/")

    @expose("/tokens", methods=["POST"])
    @has_access
    def new_token(self) -> Any:
        """A token of 256 random bits, shown once; the database keeps its hash."""
        form = TokenForm()
        if not form.validate_on_submit():
            return self._page(form), 422
        token = "bz_" + secrets.token_urlsafe(32)
        said = {"name": form.name.data, "days": form.days.data}
        try:
            with work() as s:
                s.execute(
                    text("SELECT new_api_token(:name, :h, cast(:days AS int), :a, :s)"),
                    {**said, "h": digest(token), "a": request.remote_addr, "s": digest(session["token"])},
                )
        except errors.ProofNeeded:
            return prove_first("/account/?" + urlencode(said))
        return self._page(TokenForm(formdata=None), token)

    @expose("/tokens/revoke", methods=["POST"])
    @has_access
    def revoke_token(self) -> Any:
        """The token opens nothing from now on."""
        said = request.form.get("token", "")
        if not said.isdecimal():
            abort(400)
        with work() as s:
            s.execute(text("SELECT revoke_api_token(:i, :a)"), {"i": int(said), "a": request.remote_addr})
        flash(_("The token is revoked."), "success")
        return redirect("/account/")
