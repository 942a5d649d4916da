"""Businesses with a way of their own from the form to the facts, by process or by movement; all others file as usual."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.security.hats import Hat
from app.views.filing import engagement as filing_engagement
from app.views.filing import entry as filing_entry
from app.views.filing import fits
from app.views.filing import inside as filing_inside
from app.views.filing import lead as filing_lead
from app.views.filing import organs as filing_organs
from app.views.filing import quotas as filing_quotas
from app.views.filing import records as filing_records
from app.views.filing import reform as filing_reform
from app.views.filing import sanding as filing_sanding
from app.views.filing.base import Filing, usual
from app.workflow.definition import Process

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


def filing(s: Session, form: Any, plan: Process, who: Hat) -> Filing:
    """The facts of a valid form.

    Raises:
        NotFound: a chosen line, unit or person is not the applicant's to choose.
        DuplicatePerson, NotSeated, AlreadySeated: the register says otherwise.
        InvalidInput: a choice or a day that the ledger would refuse at the approval.
    """
    made: Filing = (OWN.get(plan.process) or OWN.get(plan.movement) or usual)(s, form, plan, who)
    fits.demand(s, form, plan, made)
    return made
