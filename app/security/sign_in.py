"""登录: name and password, or the organisation's sign-in page; then the second factor and one's own password.

The token in the signed cookie changes at each step; until the last one is done the session names nobody.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from flask import abort, current_app, flash, redirect, render_template, request, session
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_login import login_user
from flask_wtf import FlaskForm
from sqlalchemy import text
from wtforms import Field, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.db import Identity
from app.domain import errors
from app.security import oidc, passwords, sessions, totp
from app.security.ldap import Directory, DirectoryUnreachableError
from app.security.services import services

STEPS = {"factor": "/login/factor", "enrol": "/login/enrol", "password": "/login/password"}


class SignInForm(FlaskForm):
    """User name and password."""

    username = StringField(validators=[InputRequired(), Length(max=64)])
    password = PasswordField(validators=[InputRequired(), Length(max=passwords.LONGEST)])


class CodeForm(FlaskForm):
    """A code of the app, or a recovery code."""

    code = StringField(validators=[InputRequired(), Length(max=40)])


class ProofForm(FlaskForm):
    """The password, or a code of the app."""

    proof = PasswordField(validators=[InputRequired(), Length(max=passwords.LONGEST)])


class PasswordForm(FlaskForm):
    """The old password, and the new one twice."""

    old = PasswordField(validators=[InputRequired(), Length(max=passwords.LONGEST)])
    new = PasswordField(validators=[InputRequired(), Length(max=passwords.LONGEST)])
    again = PasswordField(validators=[InputRequired(), Length(max=passwords.LONGEST)])


def safe_next(target: str | None) -> str:
    """Only a path of this site; anything else is the home page."""
    parts = urlsplit(target or "")
    odd = any(ord(c) <= 32 or c == "\\" for c in target or "")
    if not target or odd or parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return "/"
    return target


def here() -> str:
    """The address that asks."""
    return request.remote_addr or ""


def wait_text(seconds: int) -> str:
    """The door is shut; it says nothing about who exists."""
    return _("Too many attempts. Try again in %(minutes)s minutes.", minutes=-(-seconds // 60))


def prove_first(target: str) -> Any:
    """To the page that asks for a fresh proof, and from there back to where it was asked for."""
    return redirect("/login/again?" + urlencode({"next": target}))


def close(token: str | None) -> None:
    """Close a session in the database."""
    if token:
        with services().database.transaction(Identity(token)) as connection:
            connection.execute(text("SELECT close_session(:t, :a)"), {"t": token, "a": here()})


def who_is_in() -> tuple[sessions.Person, str]:
    """Who stands at a step or is signed in, and the token; strangers go to the sign-in page."""
    token = session.get("token", "")
    found = sessions.person(services().signin, token)
    if found is None:
        session.pop("token", None)
        abort(redirect("/login/"))
    return found, token


def enter(user_id: int, way: str, *, factor: bool = False, target: str = "/") -> Any:
    """Open a session for a user whose credentials were checked, and go to its next step.

    Raises:
        BadCredentials: the user has no identity in force.
    """
    identity, stage = services().signin.enter(
        user_id,
        address=here(),
        agent=request.user_agent.string,
        way=way,
        factor=factor,
        factor_kinds=current_app.config["SECOND_FACTOR_KINDS"],
    )
    session["next"] = target
    return go_on(identity, stage)


def go_on(identity: Identity, stage: str) -> Any:
    """A new session of the browser under the new token; on to the next step, or in."""
    from app.security.hats import load_hat

    kept = {key: session[key] for key in ("locale", "next") if key in session}
    session.clear()
    session.update(kept, token=identity.token)
    if stage in STEPS:
        return redirect(STEPS[stage])
    login_user(load_hat(services().database, identity.token))
    return redirect(safe_next(session.pop("next", "/")))


class SignInView(BaseView):
    """Sign in, the steps of it, sign out, change the hat."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """The sign-in page."""
        form, problem, status = SignInForm(), None, 200
        if form.validate_on_submit():
            name, password = (form.username.data or "").strip(), form.password.data or ""
            directory: Directory | None = current_app.config["LDAP"]
            # What stands in the name's field may be a password: only its keyed hash is kept.
            typed = services().keys.commit("sign_in", name)
            ours = directory is None or name in directory.local_users
            try:
                asked = None if ours or directory is None else directory.knows
                found = sessions.check(services().signin, name, password, here(), typed=typed, directory=asked)
                if found.user_id is not None:
                    target = safe_next(request.args.get("next"))
                    return enter(found.user_id, "password" if ours else "ldap", target=target)
                problem, status = self._refusal(found)
            except errors.BadCredentials:
                problem, status = _("This user has no identity in force. Ask the system administrator for one."), 403
            except DirectoryUnreachableError:
                problem, status = _("The directory does not answer, so nobody can sign in now. Try again later."), 503
        return self._page(form, problem), status

    @staticmethod
    def _refusal(found: sessions.Checked) -> tuple[str, int]:
        if found.wait:
            return wait_text(found.wait), 429
        if found.unmapped:
            return oidc.unmapped(), 403
        return _("User name or password is wrong. Check the input method and try again."), 401

    @staticmethod
    def _page(form: SignInForm, problem: str | None) -> str:
        return render_template(
            "sign_in.html",
            form=form,
            problem=problem,
            title=_("Sign in"),
            demo_accounts=current_app.config.get("DEMO_ACCOUNTS"),
            demo_password=current_app.config.get("DEMO_PASSWORD"),
            oidc_url="/login/oidc" if current_app.config["OIDC"] else None,
        )

    @expose("/login/oidc", methods=["GET"])
    def oidc(self) -> Any:
        """Off to the organisation's sign-in page."""
        if oidc.client() is None:
            abort(404)
        session["next"] = safe_next(request.args.get("next"))
        try:
            return oidc.depart(again="again" in request.args)
        except OAuthError:
            problem = _("The organisation's sign-in page does not answer. Try again later.")
            return self._page(SignInForm(formdata=None), problem), 503

    @expose("/login/oidc/back", methods=["GET"])
    def oidc_back(self) -> Any:
        """Back from it: the statement is checked, and stands for the user of that name here."""
        if oidc.client() is None:
            abort(404)
        found = None
        try:
            name, strong = oidc.stated()
            found = services().signin.credentials(name)
            if found and found[2]:
                close(session.get("token"))  # this browser's session before, if it is a proof in between
                return enter(found[0], "oidc", factor=strong, target=session.get("next", "/"))
            problem, status = oidc.unmapped(), 403
        except OAuthError:
            problem, status = _("The organisation's sign-in was not completed. Start it again."), 401
        except errors.BadCredentials:
            problem, status = oidc.unmapped(), 403
        sessions.record(services().signin, "sign_in.failed", found[0] if found else None, here(), '{"way": "oidc"}')
        session.clear()
        return self._page(SignInForm(formdata=None), problem), status

    @expose("/login/factor", methods=["GET", "POST"])
    def factor(self) -> Any:
        """The code of the second factor, or a recovery code."""
        person, token = who_is_in()
        if person.stage != "factor":
            return redirect(STEPS.get(person.stage, "/"))
        form, problem, status = CodeForm(), None, 200
        if form.validate_on_submit():
            wait, passed = sessions.use_factor(
                services().signin, services().keys, person, token, form.code.data or "", here()
            )
            if passed is not None:
                return go_on(*sessions.advance(services().signin, token))
            problem, status = self._wrong_code(wait)
        return render_template("sign_in_factor.html", title=_("Second factor"), form=form, problem=problem), status

    @staticmethod
    def _wrong_code(wait: int) -> tuple[str, int]:
        if wait:
            return wait_text(wait), 429
        return _("The code is wrong or was used already. Wait for the next one and check the phone's clock."), 401

    @expose("/login/enrol", methods=["GET", "POST"])
    def enrol(self) -> Any:
        """Set up the second factor: picture, first code, recovery codes."""
        person, token = who_is_in()
        if person.has_factor or person.stage not in ("enrol", "open"):
            return redirect(STEPS.get(person.stage, "/account/"))
        form, problem, status = CodeForm(), None, 200
        signin, keys = services().signin, services().keys
        if person.stage == "open" and not person.proved:
            return prove_first("/login/enrol")
        if form.validate_on_submit():
            wait, codes = sessions.use_factor(signin, keys, person, token, form.code.data or "", here())
            if codes:
                go_on(*sessions.advance(signin, token))
                return render_template("recovery_codes.html", title=_("Recovery codes"), codes=codes)
            problem, status = self._wrong_code(wait)
        if person.totp_secret is None:
            secret = sessions.begin_factor(signin, keys, person, token)
        else:
            secret = totp.opened(keys, person.user_id, person.totp_secret)
        return render_template(
            "sign_in_enrol.html",
            title=_("Set up the second factor"),
            form=form,
            problem=problem,
            picture=totp.picture(secret, person.username),
            secret=totp.spoken(secret),
        ), status

    @expose("/login/again", methods=["GET", "POST"])
    @has_access
    def again(self) -> Any:
        """Prove once more that it is oneself, before a step that gives others a way in or takes one away."""
        person, token = who_is_in()
        form, problem, status, target = ProofForm(), None, 200, safe_next(request.args.get("next"))
        if form.validate_on_submit():
            directory: Directory | None = current_app.config["LDAP"]
            asked = directory.knows if directory is not None and person.way == "ldap" else None
            try:
                wait, proved = sessions.prove(
                    services().signin, services().keys, person, token, form.proof.data or "", here(), directory=asked
                )
                if proved:
                    flash(_("Confirmed for five minutes. What you began can be done now."), "success")
                    return redirect(target)
                wrong = _("That is not right. Check the input method and try again.")
                problem, status = (wait_text(wait), 429) if wait else (wrong, 422)
            except DirectoryUnreachableError:
                problem, status = _("The directory does not answer. Try again later."), 503
        elsewhere = person.way == "oidc" and oidc.client() is not None
        return render_template(
            "sign_in_again.html",
            title=_("Confirm that it is you"),
            form=form,
            problem=problem,
            has_factor=person.has_factor,
            by_password=person.way != "oidc",
            oidc_url="/login/oidc?" + urlencode({"again": 1, "next": target}) if elsewhere else None,
            back_url=target,
        ), status

    @expose("/login/password", methods=["GET", "POST"])
    def password(self) -> Any:
        """One's own new password; the old one is asked, other sessions end."""
        person, token = who_is_in()
        if person.stage not in ("password", "open"):
            return redirect(STEPS[person.stage])
        form, status = PasswordForm(), 200
        if form.validate_on_submit():
            if self._may_change(form, person):
                sessions.change_password(services().signin, token, form.new.data or "", here())
                answer = go_on(*sessions.advance(services().signin, token))
                flash(_("The password is changed. Other sessions have ended."), "success")
                return answer
            status = 422
        return render_template(
            "sign_in_password.html",
            title=_("Change the password"),
            form=form,
            forced=person.stage == "password",
            shortest=passwords.SHORTEST,
        ), status

    @staticmethod
    def _may_change(form: PasswordForm, person: sessions.Person) -> bool:
        """The old password is right and the new one is good; the form's fields say what is not."""
        signin, new = services().signin, form.new.data or ""
        key = sessions.attempt_key("change", str(person.user_id))

        def refuse(field: Field, sentence: str) -> bool:
            field.errors = [*field.errors, sentence]
            return False

        wait = sessions.count(signin, [key], [sessions.FREE_NAME])
        right = passwords.matches(person.password, form.old.data or "")
        if wait or not right:
            sessions.record(signin, "password.failed", person.user_id, here())
            return refuse(form.old, wait_text(wait) if wait else _("The old password is wrong."))
        signin.ask("SELECT sign_in_good(:key, :key)", key=key)
        if new != form.again.data:
            return refuse(form.again, _("The two new passwords differ."))
        if len(new) < passwords.SHORTEST:
            return refuse(form.new, _("At least %(n)s characters. A sentence is good.", n=passwords.SHORTEST))
        if new == form.old.data:
            return refuse(form.new, _("The new password is the old one."))
        if passwords.too_common(new, [person.username]):
            return refuse(form.new, _("Many people use this password or one like it. Choose several unrelated words."))
        return True

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """Close the session in the database and forget the cookie."""
        close(session.get("token"))
        session.clear()
        return redirect("/login/")

    @expose("/hat/", methods=["POST"])
    @has_access
    def hat(self) -> Any:
        """Act under another of one's accounts."""
        try:
            with services().database.transaction(None) as connection:
                connection.execute(
                    text("SELECT switch_account(:t, :h, :a)"),
                    {"t": session["token"], "h": request.form.get("hat", 0, type=int), "a": here()},
                )
        except errors.NotAllowed:
            flash(
                _("That identity is not yours, it has ended, or it needs the second factor: sign in again."), "danger"
            )
        return redirect("/")
