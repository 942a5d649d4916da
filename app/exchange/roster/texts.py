"""说明文字: for each code one sentence that says what is wrong, why, and what to do.

The English sentences are the message ids. Pages pass their own gettext function; without one
the Chinese of ``CHINESE`` is used, which the catalogue takes over as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.exchange.roster.package import WorkbookRefused
from app.exchange.roster.records import NAMED, CellError, Finding
from app.exchange.roster.sentences import CHINESE, ERRORS, FINDINGS, JOIN, PLACE, REFUSALS

Gettext = Callable[[str], str]
SHOWN_VALUES = NAMED - 1


def chinese(message: str) -> str:
    """The Chinese of a message id, or the message itself."""
    return CHINESE.get(message, message)


def text(error: CellError, _: Gettext = chinese) -> str:
    """What is wrong with a cell, for whoever has to mend it."""
    facts = {
        "sheet": error.sheet,
        "row": error.row,
        "column": error.column,
        "found": error.found,
        "allowed": _listed(error.allowed),
        "related": _related(error, _),
    }
    return _(PLACE) % facts + _(ERRORS[error.code]) % facts


def finding_text(finding: Finding, _: Gettext = chinese) -> str:
    """What was accepted and should be looked at."""
    facts = {"sheet": finding.sheet, "row": finding.row, "unit": finding.unit_code, **finding.facts}
    return _(FINDINGS[finding.code]) % {name: _shown(fact) for name, fact in facts.items()}


def refusal_text(refusal: WorkbookRefused, _: Gettext = chinese) -> str:
    """Why a file was refused as a whole."""
    facts = {name: _shown(fact) for name, fact in refusal.facts.items()}
    if isinstance(limit := refusal.facts.get("limit"), int):
        facts["megabytes"] = str(limit // (1024 * 1024))
    return _(REFUSALS[refusal.reason]) % facts


def _shown(fact: Any) -> str:
    return "—" if fact is None else str(fact)


def _listed(values: tuple[str, ...]) -> str:
    more = "…" if len(values) > SHOWN_VALUES else ""
    return "、".join(values[:SHOWN_VALUES]) + more


def _related(error: CellError, _: Gettext) -> str:
    return "、".join(_(JOIN) % {"sheet": sheet, "row": row} for sheet, row in error.related[:SHOWN_VALUES])
