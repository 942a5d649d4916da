"""The addresses of the interface: three lists and their description."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import gettext as _
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from app.api.v1.description import document
from app.api.v1.schemas import ITEMS, PAGES, Asked
from app.db import Identity
from app.domain.errors import DomainError
from app.queries import listings
from app.security.hats import load_hat
from app.security.matrix import may
from app.security.services import services

api = Blueprint("api_v1", __name__, url_prefix="/api/v1")


def refusal(status: int, code: str, message: str) -> Response:
    """A refusal as programs read it."""
    answer = jsonify({"error": code, "message": message})
    answer.status_code = status
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="bianzhi"'
    return answer


def token_needed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only with a program's token, and only where its account sees business data."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        valid = scheme.lower() == "bearer" and token.startswith("bz_") and token.isascii() and token.isprintable()
        who = load_hat(services().database, token, api=True) if valid else None
        if who is None:
            return refusal(401, "token_needed", _("A valid token is needed: make one on the page My account."))
        if not may(who.roles[0].name, str(request.endpoint)):
            return refusal(403, "not_allowed", _("The account of this token sees no business data."))
        g.api_hat, g.api_identity = who, Identity(token, api=True)
        return view(*args, **kwargs)

    return guarded


def cursor_of(row: Any) -> str:
    """What asks for the page after this row."""
    said = json.dumps([row.cursor, row.id], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def place_of(cursor: str, kind: str) -> tuple[str, int] | None:
    """The row that a cursor names.

    Raises:
        ValidationError: it is none that this list gave.
    """
    if not cursor:
        return None
    try:
        value, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fits = isinstance(value, str) and type(number) is int and 0 <= number < 10**18 and "\0" not in value
        if kind == "date":
            dt.date.fromisoformat(value)
        fits = fits and (kind != "bigint" or (value.isascii() and value.isdecimal() and len(value) <= 18))
        value.encode()
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise ValidationError({"after": ["invalid"]}) from error
    if not fits:
        raise ValidationError({"after": ["invalid"]})
    return value, number


def one_page(name: str) -> Response:
    """One page of a list, in its usual order."""
    listing = listings.LISTS[name]
    if any(len(values) > 1 for values in request.args.to_dict(flat=False).values()):
        raise ValidationError({"query": ["repeated"]})
    said = Asked().load(request.args.to_dict())
    if said["state"] and said["state"] not in listing.states:
        raise ValidationError({"state": ["unknown"]})
    sort, order = next(iter(listing.orders.items()))
    who = g.api_hat
    asked = listings.Asked(
        who.low, who.high, said["q"].strip(), said["state"], sort, order.downwards, place_of(said["after"], order.kind),
        unit_id=who.unit_id,
    )  # fmt: skip
    with services().database.transaction(g.api_identity) as session:
        found = listings.rows(session, listing, asked, said["limit"] + 1)
    page = found[: said["limit"]]
    more = cursor_of(page[-1]) if len(found) > len(page) else None
    fields = ITEMS[name]().fields
    items = [{field: getattr(row, field) for field in fields} for row in page]
    return jsonify(PAGES[name].dump({"items": items, "next": more}))


@api.get("/units")
@token_needed
def units() -> Response:
    """机构."""
    return one_page("units")


@api.get("/people")
@token_needed
def people() -> Response:
    """人员."""
    return one_page("people")


@api.get("/cases")
@token_needed
def cases() -> Response:
    """业务."""
    return one_page("cases")


@api.get("/openapi.json")
@token_needed
def openapi() -> Response:
    """The description of all this."""
    return jsonify(document())


@api.errorhandler(ValidationError)
def not_understood(error: ValidationError) -> Response:
    """A parameter that is not one."""
    names = "、".join(str(n) for n in error.messages_dict)
    return refusal(422, "invalid_input", _("These parameters are not understood: %(names)s", names=names[:200]))


@api.errorhandler(DomainError)
def refused(error: DomainError) -> Response:
    """A rule says no."""
    return refusal(error.http_status, error.code, _("This is not possible."))


@api.errorhandler(HTTPException)
def failed(error: HTTPException) -> Response:
    """Whatever else went wrong."""
    texts = {429: _("That was asked too often. Wait a minute and try again.")}
    return refusal(error.code or 500, "http", texts.get(error.code or 500, _("This address does not work this way.")))
