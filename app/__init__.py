"""Bianzhi 编制: the establishment and real-name system of a city."""

from typing import Any


def create_app(**overrides: Any) -> Any:
    """The web application; see app/factory.py for how it is put together."""
    from app.factory import build

    return build(**overrides)
