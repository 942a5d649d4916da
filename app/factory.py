"""Puts the application together; the only module that sees everything."""

from pathlib import Path
from typing import Any

from flask import Flask, render_template
from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.base import SQLA
from flask_wtf.csrf import CSRFProtect

from app.api import v1
from app.db import UNPREPARED, Database, SignInDatabase
from app.models import Base
from app.security import doors, limits, oidc
from app.security.manager import FAB_ROLES, BianzhiSecurityManager
from app.security.request_log import install_log
from app.security.services import Services, install
from app.views import alarm_docs, messages, process_docs, register
from app.views.assets import install_assets
from app.views.health import register_health
from app.views.home import HomeView
from app.views.rows import states
from app.views.shell import local, shell_context
from app.views.words import install_words

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
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True, "connect_args": UNPREPARED},
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
    )
    app.config.update(overrides)
    services = Services(Database(app_url, pooled=app.config["POOLED"]), SignInDatabase(signin_url), keys)
    install(app, services)
    install_log(app, app.config.get("LOG_STREAM"))
    db = SQLA(metadata=Base.metadata)
    db.init_app(app)
    CSRFProtect(app)
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
    app.extensions["process_docs"] = process_docs.write  # for the keeper's command
    app.extensions["alarm_docs"] = alarm_docs.written
    oidc.install(app)
    register_health(app)
    doors.guard(app)
    install_assets(app)
    install_words(app)
    app.context_processor(shell_context)
    messages.handle_errors(app, render_template)
    return app
