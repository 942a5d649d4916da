"""登录: credentials checked on the signin role's connection; the session's token lies in the signed cookie."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import abort, current_app, flash, redirect, render_template, request, session
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_login import login_user
from flask_wtf import FlaskForm
from sqlalchemy import text
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.domain import errors
from app.security.services import services

# Compared against when the user is unknown, so that both answers take the same time.
NOBODY = generate_password_hash(secrets.token_hex(8), method="scrypt")


class SignInForm(FlaskForm):
    """User name and password."""

    username = StringField(validators=[InputRequired(), Length(max=64)])
    password = PasswordField(validators=[InputRequired(), Length(max=200)])


def safe_next(target: str | None) -> str:
    """Only a path of this site; anything else is the home page."""
    parts = urlsplit(target or "")
    if not target or parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target


class SignInView(BaseView):
    """Sign in, sign out, change the hat."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """The sign-in page."""
        form, problem = SignInForm(), None
        if form.validate_on_submit():
            name = (form.username.data or "").strip()
            found = services().signin.credentials(name)
            good = check_password_hash(found[1] or NOBODY if found else NOBODY, form.password.data or "")
            if found and found[1] and good and found[2]:
                return self._open(found[0])
            if found:
                services().signin.failed(found[0], failed=True)
            services().signin.record_failure(
                found[0] if found else None, services().keys.commit("sign_in", name), request.remote_addr or ""
            )
            problem = _("User name or password is wrong. Check the input method and try again.")
        demo = current_app.config.get("DEMO_ACCOUNTS")
        return render_template(
            "sign_in.html",
            form=form,
            problem=problem,
            title=_("Sign in"),
            demo_accounts=demo,
            demo_password=current_app.config.get("DEMO_PASSWORD"),
        ), 401 if problem else 200

    def _open(self, user_id: int) -> Any:
        try:
            identity = services().signin.open_session(user_id, address=request.remote_addr or "")
        except errors.BadCredentials:
            abort(403)
        services().signin.failed(user_id, failed=False)
        target, locale = safe_next(request.args.get("next")), session.get("locale")
        session.clear()  # a new session id for the signed-in one
        session["token"] = identity.token
        if locale:
            session["locale"] = locale
        from app.security.manager import load_hat

        hat = load_hat(services().database, identity.token)
        login_user(hat)
        return redirect(target)

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """Close the session in the database and forget the cookie."""
        token = session.get("token")
        if token:
            with services().database.transaction(None) as connection:
                connection.execute(text("SELECT close_session(:t)"), {"t": token})
        session.clear()
        return redirect("/login/")

    @expose("/hat/", methods=["POST"])
    @has_access
    def hat(self) -> Any:
        """Act under another of one's accounts."""
        try:
            with services().database.transaction(None) as connection:
                connection.execute(
                    text("SELECT switch_account(:t, :a)"),
                    {"t": session["token"], "a": request.form.get("hat", 0, type=int)},
                )
        except errors.NotAllowed:
            flash(_("That identity is not yours, or it has ended."), "danger")
        return redirect("/")
