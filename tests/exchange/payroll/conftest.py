"""Clients who sign in as people do, see tests/security/conftest.py."""

from tests.security.conftest import app, client

__all__ = ["app", "client"]
