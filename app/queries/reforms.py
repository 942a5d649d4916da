"""改革方案的读: reforms of the office, their variants and steps, the names of all that the steps speak of."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.domain import errors
from app.domain.workdays import city_today
from app.queries import budget
from app.queries.units import line_label

CANCELLED = "57014"  # query_canceled: here by statement_timeout

LIST = (
    "SELECT r.*, g.name AS region, operator_name(r.created_by) AS author,"
    " (SELECT count(*) FROM reform_variant v WHERE v.reform_id = r.id) AS variants"
    " FROM reform r JOIN region g ON g.code = r.region_code WHERE r.state <> 'dropped' ORDER BY r.id DESC LIMIT 100"
)
ONE = "SELECT r.*, g.name AS region FROM reform r JOIN region g ON g.code = r.region_code WHERE r.id = :r"
VARIANTS = (
    "SELECT v.*, (SELECT count(*) FROM reform_step s WHERE s.variant_id = v.id) AS steps,"
    " (SELECT array_agg(DISTINCT s.phase ORDER BY s.phase) FROM reform_step s WHERE s.variant_id = v.id) AS phases,"
    " v.tried_hash IS NOT DISTINCT FROM reform_hash(reform_steps(v.id, NULL)) AS fresh"
    " FROM reform_variant v WHERE v.reform_id = :r ORDER BY v.id"
)
CASES = (
    "SELECT p.phase, p.start, p.case_id, a.number, a.state FROM reform_phase p JOIN application a ON a.id = p.case_id"
    " WHERE p.reform_id = :r ORDER BY p.phase"
)


def all_of(session: Session) -> list[Any]:
    """The office's reforms, the newest first."""
    return list(session.execute(text(LIST)))


def one(session: Session, reform: int) -> Any:
    """One reform, or None where it is not the office's."""
    return session.execute(text(ONE), {"r": reform}).one_or_none()


def variants(session: Session, reform: int) -> list[Any]:
    """The variants of a reform with what their last trials found, and whether the steps are still those tried."""
    return list(session.execute(text(VARIANTS), {"r": reform}))


def kinds(session: Session, reform: int) -> dict[tuple[int, str], int]:
    """How many steps of each kind each variant of a reform has."""
    rows = session.execute(
        text(
            "SELECT s.variant_id, s.kind, count(*) AS n FROM reform_step s JOIN reform_variant v ON v.id = s.variant_id"
            " WHERE v.reform_id = :r GROUP BY 1, 2"
        ),
        {"r": reform},
    )
    return {(r.variant_id, r.kind): r.n for r in rows}


def variant(session: Session, variant_id: int) -> Any:
    """One variant with the state of its reform; None where it is not the office's."""
    return session.execute(
        text(
            "SELECT v.*, r.title, r.state, r.region_code, r.filed_variant_id, g.name AS region, v.tried_hash IS NOT DISTINCT FROM reform_hash(reform_steps(v.id, NULL))"
            " AS fresh FROM reform_variant v JOIN reform r ON r.id = v.reform_id JOIN region g ON g.code = r.region_code"
            " WHERE v.id = :v"
        ),
        {"v": variant_id},
    ).one_or_none()


def steps(session: Session, variant_id: int) -> list[Any]:
    """The steps of a variant in the order in which they are done."""
    return list(
        session.execute(
            text("SELECT * FROM reform_step WHERE variant_id = :v ORDER BY phase, position"), {"v": variant_id}
        )
    )


def step(session: Session, step_id: int) -> Any:
    """One step; None where it is not the office's."""
    return session.execute(text("SELECT * FROM reform_step WHERE id = :i"), {"i": step_id}).one_or_none()


def cases(session: Session, reform: int) -> list[Any]:
    """The cases that the phases became."""
    return list(session.execute(text(CASES), {"r": reform}))


def attempt(session: Session, variant_id: int, until: int | None, seconds: int) -> None:
    """试算 of a variant, or of its phases up to one, by the kernel; what it found is kept beside the variant.

    Raises:
        ReformBusy: somebody works on these units; ReformSlow: no result within so many seconds. Nothing has changed.
    """
    session.execute(text("SELECT set_config('statement_timeout', :ms, true)"), {"ms": str(1000 * seconds)})
    try:
        session.execute(text("SELECT reform_try(:v, :u)"), {"v": variant_id, "u": until})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != CANCELLED:
            raise
        raise errors.ReformSlow(seconds=seconds) from error
    session.execute(text("SELECT set_config('statement_timeout', '0', true)"))


def unit_names(session: Session, ids: Iterable[int]) -> dict[str, str]:
    """Names of units by their number as text, one query for all."""
    rows = session.execute(text("SELECT id, name FROM unit WHERE id = ANY (:i)"), {"i": list(ids)})
    return {str(r.id): r.name for r in rows}


def people_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Names of people, as far as they are the reader's."""
    rows = session.execute(text("SELECT id, name FROM person WHERE id = ANY (:i)"), {"i": list(ids)})
    return {r.id: r.name for r in rows}


def line_names(session: Session, ids: Iterable[int]) -> dict[str, str]:
    """Lines with their unit's name."""
    rows = session.execute(
        text(
            "SELECT l.*, u.name AS unit, s.name AS scope_name FROM quota_line l JOIN unit u ON u.id = l.unit_id"
            " JOIN unit s ON s.id = l.scope_unit_id WHERE l.id = ANY (:i)"
        ),
        {"i": list(ids)},
    )
    return {str(r.id): f"{r.unit} · {line_label(r)}" for r in rows}


def find_units(session: Session, q: str, department: bool) -> list[Any]:
    """Twenty units in reach by any part of the name."""
    return list(
        session.execute(
            text(
                "SELECT u.id, u.name, CASE WHEN u.node = 'department' THEN l.name ELSE g.name END AS note FROM unit u"
                " JOIN unit l ON l.id = u.legal_id JOIN region g ON g.code = u.region_code"
                " WHERE u.status = 'active' AND (u.node = 'department') = :d AND strpos(u.name, :q) > 0"
                " ORDER BY u.scope_path LIMIT 20"
            ),
            {"q": q, "d": department},
        )
    )


def standards(session: Session, region: str) -> tuple[dict[tuple[str, str, str], int], list[str]]:
    """What a person costs this year, in 分, by region, funding and category; and the documents that say so for a region."""
    known = budget.in_force(session, city_today().year)
    documents = sorted({x.document_no for x in known if x.code == region})
    return {(x.code, x.funding, x.category): x.amount for x in known}, documents
