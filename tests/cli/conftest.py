"""The application over a city, see tests/security/conftest.py."""

from tests.security.conftest import app

__all__ = ["app"]
