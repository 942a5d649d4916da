"""Whether this process can serve: asked by proxies and monitors, without a session, told without data."""

from flask import Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.security.services import services


def register_health(app: Flask) -> None:
    """Add ``/healthz``: 200 while the database answers the application's role, 503 when it does not."""

    @app.get("/healthz")
    def health() -> tuple[Response, int]:
        try:
            with services().database.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return jsonify(database="unreachable"), 503
        return jsonify(database="ok"), 200
