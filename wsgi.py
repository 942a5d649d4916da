"""The application as a server or the ``flask`` command starts it."""

import os
from ipaddress import ip_address
from typing import Any

from flask import Flask, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix


def create_app(**overrides: Any) -> Flask:
    """The web application of this installation, with the keeper's commands."""
    from app import create_app as build
    from app.cli import demo as city
    from app.cli import settings
    from app.cli.commands import register

    is_demo = city.marker().exists()
    demo: dict[str, object] = {}
    if is_demo:
        demo = {
            "DEMO_ACCOUNTS": [{"username": u, "label": label} for u, label in city.ACCOUNTS],
            "DEMO_PASSWORD": city.PASSWORD,
        }
    web: Flask = build(
        app_url=settings.app_url(),
        signin_url=settings.signin_url(),
        secret=settings.key_ring().flask,
        keys=settings.key_ring(),
        POOLED=settings.pooled(),
        TRUSTED_HOSTS=settings.hosts(),
        FILES=settings.files_directory(),
        FONTS=(str(settings.var() / "fonts"),),
        CLAMD=os.environ.get("BIANZHI_CLAMD", ""),
        TRIAL_SECONDS=int(os.environ.get("BIANZHI_TRIAL_SECONDS", "120")),
        **settings.doors(demo=is_demo),
        **settings.mail(),
        **demo,
        **overrides,
    )
    if is_demo:
        web.before_request_funcs.setdefault(None, []).insert(0, refuse_other_machines)
    if os.environ.get("BIANZHI_PROXY"):
        # One proxy of ours in front, which writes these headers itself (deploy/nginx.conf).
        web.wsgi_app = ProxyFix(web.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    register(web)
    return web


def refuse_other_machines() -> None:
    """A demonstration, whose passwords everybody knows, answers this machine alone, whatever server it was given to."""
    asking = [request.remote_addr or "", *request.headers.get("X-Forwarded-For", "").split(",")]
    if "Forwarded" in request.headers or not all(is_loopback(a.strip()) for a in asking if a.strip()):
        abort(403)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
