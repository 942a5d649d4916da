"""What a refusal says to a person: what, why, what to do next. One text for each code."""

from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, current_app, g
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from app.domain.errors import CheckFailed, DomainError
from app.views.check_texts import worded
from app.views.refusals import sentences


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


def sentence(refusal: DomainError) -> str:
    """The sentence for one refusal with its figures."""
    facts = refusal.facts
    if isinstance(refusal, CheckFailed) and "check" in facts:
        found = worded(facts["check"])
        figures = "，".join(f"{label} {value}" for label, value, _see in found["figures"])
        facts = found | {"figures": figures, "text": found["text"] or ""}
    return str(sentences()[refusal.code]).replace("%%", "%") % _Facts(facts)


def handle_errors(app: Flask, render: Callable[..., str]) -> None:
    """Pages for refusals and for what goes wrong."""

    @app.errorhandler(DomainError)
    def refused(refusal: DomainError) -> tuple[str, int]:
        return render(
            "error.html", title=_("Not possible"), what=sentence(refusal), status=refusal.http_status
        ), refusal.http_status

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> tuple[str, int]:
        return render(
            "error.html",
            title=_("The form is too old"),
            status=400,
            what=_("Go back, reload the page and send it again. Nothing was changed."),
        ), 400

    @app.errorhandler(SecurityError)
    def stranger(error: SecurityError) -> tuple[str, int, dict[str, str]]:
        # No page: no address of ours can be made under a host's name that is not ours.
        return _("This system does not answer under that address."), 400, {"Content-Type": "text/plain; charset=utf-8"}

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[str, int]:
        texts = {
            404: str(sentences()["not_found"]),
            403: str(sentences()["not_allowed"]),
            400: _("The address holds a value that is not understood. Go back and choose again."),
            413: _("The file is too large."),
            429: _("That was asked too often. Wait a minute and try again."),
        }
        status = error.code or 500
        if status < 400:
            return error.get_response()  # type: ignore[return-value]
        if status == 500:
            return failed(getattr(error, "original_exception", None), render)
        return render(
            "error.html",
            title=_("Not possible"),
            status=status,
            what=texts.get(status, _("This address does not work this way.")),
        ), status


def failed(error: BaseException | None, render: Callable[..., str]) -> tuple[str, int]:
    """What went wrong inside: the database is away (503), or something of ours (500); by its number the log tells why."""
    # Nobody's page: who asks would have to be looked up again, in the database.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    gone = is_away(error)
    return render(
        "error.html",
        title=_("Not possible"),
        status=503 if gone else 500,
        what=_("The database does not answer at the moment.") if gone else _("The system failed at this step."),
        why=_("What was not confirmed to you was not done."),
        next_steps=[_("Wait a minute, go back and try again; what you typed is usually still in the form.")],
        reference=g.get("request_id"),
    ), 503 if gone else 500


def is_away(error: BaseException | None) -> bool:
    """Whether an error is the database's absence: no connection, one that broke, or a server that stops or is full."""
    if not isinstance(error, OperationalError):
        return False
    state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
    return state is None or (state[:2] in ("08", "53", "57") and state != "57014")
