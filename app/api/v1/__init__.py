"""接口第一版: units, people and cases, read-only, a page at a time, under the row policies of the token's account.

Who asks is the bearer token alone; a cookie is not looked at, so no page of another site can ask in somebody's name.
"""

from flask import Flask

from app.api.v1.resources import api


def install(app: Flask) -> None:
    """Serve the interface under ``/api/v1``."""
    app.register_blueprint(api)
