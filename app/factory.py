"""Puts the application together; the only module that sees everything."""

import secrets
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, g, render_template, request
from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.base import SQLA
from flask_babel import get_locale
from flask_wtf.csrf import CSRFProtect

from app.api import v1
from app.db import Database, SignInDatabase
from app.models import Base
from app.security import limits, oidc
from app.security.manager import FAB_ROLES, BianzhiSecurityManager
from app.security.services import Services, install
from app.views import messages, register
from app.views.home import HomeView
from app.views.rows import states
from app.views.shell import local, shell_context

ROOT = Path(__file__).resolve().parents[1]


class BianzhiAppBuilder(AppBuilder):
    """Flask-AppBuilder with our database beside its own session."""

    app_database: Database


def build(*, app_url: str, signin_url: str, secret: bytes, keys: Any, **overrides: Any) -> Flask:
    """The web application over given addresses and keys."""
    import config

    app = Flask("app", root_path=str(ROOT / "app"))
    app.config.update(
        config.DEFAULTS,
        FAB_ROLES=FAB_ROLES,
        SECRET_KEY=secret,
        SQLALCHEMY_DATABASE_URI=app_url,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
    )
    app.config.update(overrides)
    services = Services(Database(app_url), SignInDatabase(signin_url), keys)
    install(app, services)
    db = SQLA(metadata=Base.metadata)
    db.init_app(app)
    CSRFProtect(app)
    app.jinja_env.globals["csp_nonce"] = lambda: g.setdefault("csp_nonce", secrets.token_urlsafe(16))
    app.jinja_env.filters["local"] = local
    app.jinja_env.globals["states"] = states
    with app.app_context():
        builder = BianzhiAppBuilder(
            base_template="base.html", indexview=HomeView, security_manager_class=BianzhiSecurityManager
        )
        builder.app_database = services.database
        builder.init_app(app, db.session)
        for view in register():
            builder.add_view_no_menu(view)
        v1.install(app)
        limits.apply(app, builder.sm.limiter)
    oidc.install(app)
    keep_only_used_routes(app)
    refuse_unreadable(app)
    app.context_processor(shell_context)
    app.after_request(security_headers)
    messages.handle_errors(app, render_template)
    return app


def keep_only_used_routes(app: Flask) -> None:
    """Flask-AppBuilder's ``/back`` and its own static files are of no use here: they answer 404."""
    unused = ("UtilView.back", "appbuilder.static")

    @app.before_request
    def refuse_unused() -> tuple[str, int] | None:
        return ("", 404) if request.endpoint in unused else None


def refuse_unreadable(app: Flask) -> None:
    """No text of ours holds the null character, and no row's number has more than 18 digits."""

    @app.before_request
    def check_values() -> None:
        for values in (request.args, request.form, request.view_args or {}):
            for value in values.values():
                if "\0" in str(value) or (isinstance(value, int) and value >= 10**18):
                    abort(400)
        for value in request.args.values():
            if value.lstrip("-").isdigit() and len(value) > 18:
                abort(400)


def security_headers(response: Response) -> Response:
    """Nothing is loaded from elsewhere, nothing is framed, nothing personal is cached."""
    nonce = g.get("csp_nonce")
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src {scripts}; style-src 'self'; img-src 'self' data:; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def html_lang() -> str:
    """The page's language, for ``<html lang>``."""
    return "en" if str(get_locale()) == "en" else "zh-CN"
