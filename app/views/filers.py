"""Businesses with a way of their own from the form to the facts, by process or by movement; ``filing`` asks here first."""

from collections.abc import Callable, Mapping
from typing import Any

from app.views import (
    filing_engagement,
    filing_entry,
    filing_inside,
    filing_lead,
    filing_organs,
    filing_quotas,
    filing_records,
    filing_reform,
    filing_sanding,
)

# One line for each piece: **filing_<piece>.FILERS.
OWN: Mapping[str, Callable[..., Any]] = {
    **filing_entry.FILERS,
    **filing_inside.FILERS,
    **filing_engagement.FILERS,
    **filing_records.FILERS,
    **filing_sanding.FILERS,
    **filing_lead.FILERS,
    **filing_organs.FILERS,
    **filing_quotas.FILERS,
    **filing_reform.FILERS,
}
