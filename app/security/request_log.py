"""请求日志: one JSON line a request and one for each failure, with nothing in it that a person typed.

The path stands as the route's pattern with its row numbers, never as it was sent; queries, forms, messages of errors
and rows that failed are left out, because names and identity numbers lie there.
"""

import re
import sys
import time
import traceback
import uuid
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, got_request_exception, request

# An identity number has fifteen digits or more; row numbers stay far below.
ROW_NUMBERS_BELOW = 10**12
# A proxy's own ($request_id of nginx, or a UUID); anything else could carry a text.
REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def install_log(app: Flask, stream: TextIO | None = None) -> None:
    """Log this application's requests to ``stream`` (standard error, where the service manager collects it)."""
    log = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    # Flask would write the error's message, and with it the values of a failed statement.
    app.log_exception = lambda exc_info: None  # type: ignore[method-assign]

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = request_id()

    @app.after_request
    def finish(response: Response) -> Response:
        if "request_id" in g and request.endpoint not in ("static", "health"):
            log.info("request", status=response.status_code, **described())
        if "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
        return response

    def failed(_sender: Flask, exception: BaseException, **_extra: Any) -> None:
        log.error("failure", **described(), **described_error(exception))

    got_request_exception.connect(failed, app, weak=False)


def request_id() -> str:
    """The proxy's number of this request where it is one, or a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def described() -> dict[str, Any]:
    """What may be said of the present request."""
    hat = g.get("hat")
    rows = {
        name: value
        for name, value in (request.view_args or {}).items()
        if isinstance(value, int) and value < ROW_NUMBERS_BELOW
    }
    return {
        "request": g.get("request_id"),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        **({"rows": rows} if rows else {}),
        "user": hat.user_id if hat else None,
        "account": hat.account_id if hat else None,
        "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
    }


def described_error(error: BaseException) -> dict[str, Any]:
    """Kind and place of an error, and what the database calls it; never its message."""
    original = getattr(error, "orig", error)
    state = getattr(original, "sqlstate", None)
    constraint = getattr(getattr(original, "diag", None), "constraint_name", None)
    return {
        "error": type(error).__qualname__,
        **({"sqlstate": state} if state else {}),
        **({"constraint": constraint} if constraint else {}),
        "where": [
            f"{frame.filename.rsplit('/', 3)[-1] if 'site-packages' in frame.filename else frame.filename}"
            f":{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-12:]
        ],
    }
