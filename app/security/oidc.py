"""统一身份认证: the organisation's OpenID Connect provider says who it is; who that is here, our own users say.

Authorisation code with PKCE, state and nonce; the statement's signature, issuer, audience and time are checked by
Authlib. The configured claim names a user of ours; nobody is registered by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, request
from flask_babel import gettext as _
from joserfc.errors import JoseError
from requests import RequestException

# What a provider's absent or broken answer raises on its way through Authlib.
UNUSABLE = (RequestException, JoseError, ValueError, KeyError, RuntimeError)
# RFC 8176: ways of proof that are, or come with, a second factor.
STRONG = frozenset({"mfa", "otp", "hwk", "sc", "fpt", "face"})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider and how it names our users."""

    metadata_url: str  # …/.well-known/openid-configuration
    client_id: str
    client_secret: str
    claim: str = "sub"
    scope: str = "openid profile"
    back: str | None = None  # our address as the provider knows it; without, as the request names it


def install(app: Flask) -> None:
    """Make the provider's client where one is configured."""
    found: Provider | None = app.config["OIDC"]
    app.extensions["bianzhi_oidc"] = None
    if found is not None:
        app.extensions["bianzhi_oidc"] = OAuth(app).register(
            "oidc",
            server_metadata_url=found.metadata_url,
            client_id=found.client_id,
            client_secret=found.client_secret,
            client_kwargs={"scope": found.scope, "code_challenge_method": "S256", "timeout": 10},
        )


def client() -> Any:
    """The provider's client, or None."""
    return current_app.extensions["bianzhi_oidc"]


def back_address() -> str:
    """Where the provider sends people back to."""
    found: Provider = current_app.config["OIDC"]
    return found.back or request.host_url.rstrip("/") + "/login/oidc/back"


def depart(*, again: bool = False) -> Any:
    """The redirect to the provider; its own description is read at the first one. ``again``: it has to ask once more.

    Raises:
        OAuthError: it does not answer.
    """
    try:
        return client().authorize_redirect(back_address(), **({"prompt": "login"} if again else {}))
    except UNUSABLE as error:
        raise OAuthError(error="unreachable") from error


def stated() -> tuple[str, bool]:
    """The user name that the provider's checked statement gives, and whether a second factor was used.

    Raises:
        OAuthError: refused, not answered, not signed for us and now, or without the claim.
    """
    found: Provider = current_app.config["OIDC"]
    try:
        token: Mapping[str, Any] = client().authorize_access_token()
    except UNUSABLE as error:
        raise OAuthError(error="unusable") from error
    claims = token.get("userinfo") or {}
    name = claims.get(found.claim)
    if not isinstance(name, str) or not name or "\0" in name:
        raise OAuthError(error="no_name")
    ways = claims.get("amr")
    return name, isinstance(ways, list) and bool(STRONG & {w for w in ways if isinstance(w, str)})


def unmapped() -> str:
    """Known elsewhere, not here."""
    return _(
        "Your organisation knows you, but this system has no user of that name in force. "
        "Ask the system administrator for one."
    )
