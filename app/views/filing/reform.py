"""From a chosen phase of a variant to the facts of its case: the steps word for word, as they were tried."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.security.hats import Hat
from app.views.filing.base import Filing
from app.workflow.definition import Process

# A phase as a form posts it: "variant-phase".
LABEL = (
    "SELECT r.title || ' · ' || v.name || ' · 第' || CAST(:p AS text) || '期' AS name"
    " FROM reform_variant v JOIN reform r ON r.id = v.reform_id WHERE v.id = :i"
)
PHASE = (
    "SELECT r.id, r.region_code, r.title, CAST(reform_steps(v.id, :p) AS text) AS steps,"
    " (SELECT f.case_id FROM reform_phase f WHERE f.reform_id = r.id AND f.phase = (SELECT max(x.phase) FROM reform_step x"
    "  WHERE x.variant_id = v.id AND x.phase < :p)) AS after"
    " FROM reform_variant v JOIN reform r ON r.id = v.reform_id WHERE v.id = :v"
)


def facts_of_phase(
    s: Session,
    variant: int,
    phase: int,
    *,
    document_no: str,
    issuer: str,
    start: dt.date,
    over_limit_no: str | None = None,
) -> dict[str, Any]:
    """The facts of one phase's case.

    Raises:
        NotFound: no such variant in the office's reforms, or no step in this phase.
    """
    row = s.execute(text(PHASE), {"v": variant, "p": phase}).one_or_none()
    if row is None or row.steps == "[]":
        raise errors.NotFound(variant=variant)
    return {
        "name": row.title,
        "region": row.region_code,
        "variant": variant,
        "phase": phase,
        "after": row.after,
        "steps": row.steps,
        "document_no": document_no,
        "issuer": issuer,
        "over_limit_no": over_limit_no or None,
        "start": start.isoformat(),
    }


def phase_filing(s: Session, form: Any, _plan: Process, _who: Hat) -> Filing:
    """The filing of a reform's form."""
    variant, _dash, phase = str(form.reform_phase.data or "").partition("-")
    if not (variant.isdecimal() and phase.isdecimal()):
        raise errors.NotFound(variant=variant)
    facts = facts_of_phase(
        s,
        int(variant),
        int(phase),
        document_no=form.document_no.data,
        issuer=form.issuer.data,
        start=form.start.data,
        over_limit_no=form.over_limit_no.data,
    )
    return Filing(facts, None, None, None, form.start.data)


FILERS: dict[str, Callable[..., Any]] = {"reform": phase_filing}
