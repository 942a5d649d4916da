"""频次: how often sign-in, search and export may be asked, by account and by address.

Flask-Limiter counts; where it counts is our database, because the memory of one worker is not the others'.
"""

import hashlib
import time
from typing import Any

from flask import Flask, request, session
from flask_limiter import Limiter
from flask_login import current_user
from limits.storage import Storage
from sqlalchemy.exc import SQLAlchemyError

from app.db import SignInDatabase
from app.security.services import services


class DatabaseStorage(Storage):
    """Windows of fixed length in the table ``rate_window``, shared by every worker."""

    STORAGE_SCHEME = ["bianzhi"]  # noqa: RUF012 - the registry of storages reads it so

    def __init__(self, uri: str | None = None, *, database: SignInDatabase, **options: Any) -> None:
        super().__init__(uri, **options)
        self.database = database

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What a broken storage raises."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One more hit; the hits of the running window."""
        return int(self.database.ask("SELECT rate_hit(:k, :s, :n) AS hits", k=key, s=expiry, n=amount).hits)

    def get(self, key: str) -> int:
        """The hits of the running window."""
        row = self.database.ask("SELECT * FROM rate_state(:k)", k=key)
        return int(row.hits) if row else 0

    def get_expiry(self, key: str) -> float:
        """When the running window ends."""
        row = self.database.ask("SELECT * FROM rate_state(:k)", k=key)
        return row.ends_at.timestamp() if row else time.time()

    def check(self) -> bool:
        """Whether the database answers."""
        return self.database.ask("SELECT 1 AS one").one == 1

    def reset(self) -> int | None:
        """Windows end by themselves; none is taken back."""
        return None

    def clear(self, key: str) -> None:
        """Windows end by themselves; none is taken back."""


def by_address() -> str:
    """The address that asks."""
    return f"address:{request.remote_addr or ''}"


def by_account() -> str:
    """The user, whatever hat is worn; a stranger by address."""
    return f"user:{current_user.get_id()}" if current_user.is_authenticated else by_address()


def by_name() -> str:
    """The name typed at the door, as a hash; at a later step the session's token, as one too."""
    said = request.form.get("username", "").strip().casefold() or str(session.get("token", ""))
    return "name:" + hashlib.sha256(said.encode()).hexdigest()[:32]


def not_searching() -> bool:
    """Whether a list is only turned over."""
    return not request.args.get("q")


def by_token() -> str:
    """The program's token, as a hash; without one the address."""
    said = request.headers.get("Authorization", "")
    return "token:" + hashlib.sha256(said.encode()).hexdigest()[:32] if said else by_address()


SIGN_IN = (("20 per minute", by_name), ("60 per minute", by_address))
SEARCH = (("240 per minute", by_account), ("1200 per minute", by_address))
EXPORT = (("20 per 10 minutes", by_account), ("100 per 10 minutes", by_address))
PRINT = (("60 per minute", by_account), ("300 per minute", by_address))
CHECK = (("30 per minute", by_address),)
PROGRAM = (("600 per minute", by_token), ("1200 per minute", by_address))


def rules(endpoint: str) -> tuple[tuple[tuple[str, Any], ...], list[str]]:
    """The limits of an endpoint and the methods that count."""
    view, _dot, action = endpoint.partition(".")
    if view == "SignInView" and action not in ("logout", "hat"):
        return SIGN_IN, ["GET", "POST"] if action.startswith("oidc") else ["POST"]
    if "export" in action:
        return EXPORT, ["GET", "POST"]
    if view == "SearchView" or endpoint in ("ListView.show", "AdminView.units", "AdminView.find_offices"):
        return SEARCH, ["GET"]
    if view == "CheckView":
        return CHECK, ["POST"]
    if endpoint in ("IssuedView.issue", "IssuedView.file"):  # each is work for a processor
        return PRINT, ["GET", "POST"]
    if view == "api_v1":
        return PROGRAM, ["GET"]
    return (), []


def make(app: Flask) -> Limiter:
    """The limiter over the database."""
    app.config.setdefault("RATELIMIT_STORAGE_OPTIONS", {"database": services().signin})
    limiter = Limiter(key_func=by_address, storage_uri="bianzhi://", strategy="fixed-window", headers_enabled=False)
    limiter.init_app(app)
    return limiter


def apply(app: Flask, limiter: Limiter) -> None:
    """Put each endpoint's limits on it, once all are registered; a new export or search has them by its name."""
    for endpoint in list(app.view_functions):
        view: Any = app.view_functions[endpoint]
        found, methods = rules(endpoint)
        for limit, key in found:
            # A list is a search only where something is searched for.
            exempt = not_searching if endpoint == "ListView.show" else None
            view = limiter.limit(limit, key_func=key, methods=methods, exempt_when=exempt)(view)
        app.view_functions[endpoint] = view
