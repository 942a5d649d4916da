"""建库文件: the files of a region and the units of one, as 编办 sees them."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

PAGE = 30

_FILE = (
    "SELECT i.id, i.file_name, i.state, i.loaded_at, i.filed_at, i.decided_at, i.opinion, i.report, i.office_id,"
    " i.filed_by, o.name AS office, operator_name(i.loaded_by) AS loader, operator_name(i.filed_by) AS filer,"
    " operator_name(i.decided_by) AS decider FROM intake i JOIN office o ON o.id = i.office_id"
)


def files(session: Session, before: int | None) -> list[Any]:
    """The newest files first, one more than a page holds."""
    query = (
        f"WITH f AS ({_FILE} WHERE i.id < coalesce(:b, 9223372036854775807) ORDER BY i.id DESC LIMIT {PAGE + 1})"
        " SELECT f.*, count(b.id) AS units, count(b.id) FILTER (WHERE b.state = 'quarantine') AS held,"
        " coalesce(sum(b.people) FILTER (WHERE b.state <> 'quarantine'), 0) AS people FROM f LEFT JOIN import_batch b ON b.intake_id = f.id"
        " GROUP BY f.id, f.file_name, f.state, f.loaded_at, f.filed_at, f.decided_at, f.opinion, f.report, f.office_id,"
        " f.filed_by, f.office, f.loader, f.filer, f.decider ORDER BY f.id DESC"
    )
    return list(session.execute(text(query), {"b": before}).all())


def file(session: Session, intake_id: int) -> Any | None:
    """One file, or None where the identity may not see it."""
    return session.execute(text(f"{_FILE} WHERE i.id = :i"), {"i": intake_id}).one_or_none()


def units(session: Session, intake_id: int) -> list[Any]:
    """The units of a file, parents first, each with its figures, errors and remarks."""
    query = (
        "SELECT b.id, b.unit_code, b.unit_name, b.state, b.people, b.report, b.case_id, a.number FROM import_batch b"
        " LEFT JOIN application a ON a.id = b.case_id WHERE b.intake_id = :i ORDER BY b.id"
    )
    return list(session.execute(text(query), {"i": intake_id}).all())
