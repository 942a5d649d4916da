"""The application over a city, as the security tests have it."""

from tests.security.conftest import app, client

__all__ = ["app", "client"]
