"""门: what stands before every request, and what every answer carries."""

import secrets

from flask import Flask, Response, abort, g, request

# Flask-AppBuilder's own, of no use here.
UNUSED = ("UtilView.back", "appbuilder.static")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ONE_YEAR = 365 * 24 * 3600


def guard(app: Flask) -> None:
    """Put the guards before an application's requests and the headers on its answers."""
    app.jinja_env.globals["csp_nonce"] = lambda: g.setdefault("csp_nonce", secrets.token_urlsafe(16))
    app.before_request(refuse_unused)
    app.before_request(refuse_unreadable)
    app.after_request(protect)
    app.teardown_request(end_unused)


def refuse_unused() -> tuple[str, int] | None:
    """Routes that came with the framework and serve nobody answer as absent ones."""
    return ("", 404) if request.endpoint in UNUSED else None


def refuse_unreadable() -> None:
    """No text of ours holds the null character, and no row's number has more than 18 digits."""
    asked = [value for _name, value in request.args.items(multi=True)]
    typed = [value for _name, value in request.form.items(multi=True)]
    for value in (*asked, *typed, *(request.view_args or {}).values()):
        if "\0" in str(value) or (isinstance(value, int) and value >= 10**18):
            abort(400)
    if any(value.lstrip("-").isdigit() and len(value) > 18 for value in asked):
        abort(400)


def end_unused(_error: BaseException | None) -> None:
    """The transaction that named the identity, where no page went on in it."""
    begun = g.pop("begun", None)
    if begun is not None:
        begun.close()


def protect(response: Response) -> Response:
    """Nothing is loaded from elsewhere, nothing is framed, nothing personal is cached; over TLS it stays TLS."""
    nonce = g.get("csp_nonce")
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src {scripts}; style-src 'self'; img-src 'self' data:; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code == 429:
        response.headers.setdefault("Retry-After", "60")  # the longest that a window still lasts, exports apart
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
