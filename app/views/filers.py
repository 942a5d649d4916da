"""Businesses with a way of their own from the form to the facts: modules ``filing_<piece>`` with a table ``FILERS``."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

Filer = Callable[..., Any]


@cache
def _known() -> dict[str, Filer]:
    """The tables of all pieces, read when the first form is filed: they stand on ``filing`` themselves."""
    package = importlib.import_module("app.views")
    found: dict[str, Filer] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("filing_"):
            found |= importlib.import_module(f"app.views.{module.name}").FILERS
    return found


def own(process: str, movement: str) -> Filer | None:
    """The way of a process, or else of its movement; None where ``filing``'s common one serves."""
    return _known().get(process) or _known().get(movement)
