"""The application as a server or the ``flask`` command starts it."""

from flask import Flask


def create_app() -> Flask:
    """The web application of this installation, with the keeper's commands."""
    from app import create_app as build
    from app.cli import demo as city
    from app.cli import settings
    from app.cli.commands import register

    demo: dict[str, object] = {}
    if city.marker().exists():
        demo = {
            "DEMO_ACCOUNTS": [{"username": u, "label": label} for u, label in city.ACCOUNTS],
            "DEMO_PASSWORD": city.PASSWORD,
        }
    web: Flask = build(
        app_url=settings.app_url(),
        signin_url=settings.signin_url(),
        secret=settings.key_ring().flask,
        keys=settings.key_ring(),
        **settings.doors(demo=bool(demo)),
        **demo,
    )
    register(web)
    return web
