"""What a refusal says to a person: what, why, what to do next. One text for each code."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
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
        return render(
            "error.html",
            title=_("Not possible"),
            status=status,
            what=texts.get(status, _("This address does not work this way.")),
        ), status
