"""工资核对: lists brought in, what differs, the month's changes, the budget; by the reader's rights."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

PAGE = 50
EXPORT = 50_000

_BATCH = (
    "SELECT b.id, b.kind, b.region_code, r.name AS region, b.period, b.state, b.file_name, b.rows, b.held, b.report, b.loaded_at,"
    " operator_name(b.loaded_by) AS loader, b.office_id FROM source_batch b JOIN region r ON r.code = b.region_code"
)


def months(session: Session, before: int | None) -> list[Any]:
    """Payroll lists and the own office's files, the newest first; one more than a page holds."""
    query = f"{_BATCH} WHERE b.id < coalesce(:b, 9223372036854775807) ORDER BY b.id DESC LIMIT {PAGE + 1}"
    return list(session.execute(text(query), {"b": before}).all())


def feeds(session: Session, region: str) -> list[Any]:
    """Each kind of list with the newest month that holds for a region, and whether it is still fresh."""
    query = (
        "SELECT k.kind, f.period, f.rows, f.region_code, f.period + k.max_age >= kernel_today() AS fresh FROM source_kind k"
        " LEFT JOIN LATERAL (SELECT * FROM source_feed f WHERE f.name = k.kind AND f.state = 'loaded' AND (f.region_code = :r"
        " OR k.citywide AND f.region_code = (SELECT code FROM region WHERE kind = 'city')) ORDER BY f.period DESC LIMIT 1) f ON true"
    )
    return list(session.execute(text(query), {"r": region}).all())


def batch(session: Session, batch_id: int) -> Any | None:
    """One list, or None where the reader may not see it."""
    return session.execute(text(f"{_BATCH} WHERE b.id = :i"), {"i": batch_id}).one_or_none()


def newest(session: Session, region: str) -> Any | None:
    """The payroll of a region that was compared last."""
    query = f"{_BATCH} WHERE b.kind = 'payroll' AND b.state = 'accepted' AND b.region_code = :r ORDER BY b.period DESC LIMIT 1"
    return session.execute(text(query), {"r": region}).one_or_none()


def payees(session: Session, batch_id: int, *, admitted: bool, limit: int) -> list[Any]:
    """The rows of a payroll that may be paid from, or those that may not (不予统发)."""
    return list(
        session.execute(
            text(
                "SELECT r.row_no, r.name, r.id_mask, u.name AS unit, r.category, r.funding, r.amount FROM source_row r"
                " JOIN unit u ON u.id = r.unit_id WHERE r.batch_id = :b AND r.kind = 'payroll' AND r.admitted = :a"
                " ORDER BY r.row_no LIMIT :n"
            ),
            {"b": batch_id, "a": admitted, "n": limit},
        ).all()
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Which differences: by kind, state ('' is all that stand), unit."""

    kind: str = ""
    state: str = ""
    unit: int | None = None


_DIFFERENCE = (
    "SELECT d.id, d.kind, d.state, d.first_month, d.month, d.name, d.id_mask, d.person_id, d.unit_id, u.name AS unit, d.facts, d.note,"
    " d.found_at, d.closed_at, d.noted_at, d.region_code, operator_name(d.noted_by) AS noter, d.batch_id"
    " FROM pay_difference d JOIN unit u ON u.id = d.unit_id"
)
_WHERE = (
    " WHERE (:k = '' OR d.kind = :k) AND (CASE WHEN :s = '' THEN d.state <> 'closed' ELSE d.state = :s END)"
    " AND (cast(:u AS bigint) IS NULL OR d.unit_id = :u)"
)


def differences(session: Session, asked: Asked, after: int | None, limit: int) -> list[Any]:
    """Differences, the newest first, beyond a mark."""
    query = f"{_DIFFERENCE}{_WHERE} AND d.id < coalesce(:a, 9223372036854775807) ORDER BY d.id DESC LIMIT :n"
    return list(session.execute(text(query), {**_values(asked), "a": after, "n": limit}).all())


def _values(asked: Asked) -> dict[str, Any]:
    return {"k": asked.kind, "s": asked.state, "u": asked.unit}


def by_kind(session: Session, asked: Asked) -> dict[str, int]:
    """How many of each kind, whatever kind was asked for."""
    query = f"SELECT d.kind, count(*) FROM pay_difference d{_WHERE} GROUP BY d.kind"
    return {r[0]: r[1] for r in session.execute(text(query), _values(Asked(state=asked.state, unit=asked.unit)))}


def difference(session: Session, difference_id: int) -> Any | None:
    """One difference, or None where the reader may not see it."""
    return session.execute(text(f"{_DIFFERENCE} WHERE d.id = :i"), {"i": difference_id}).one_or_none()


def paid(session: Session, person_id: int) -> list[Any]:
    """What payrolls list for a person, by right; the newest months first."""
    return list(
        session.execute(
            text(
                "SELECT x.* FROM (SELECT source_period(r.batch_id) AS period, u.name AS unit, r.category, r.funding, r.amount, r.admitted"
                " FROM source_row r JOIN unit u ON u.id = r.unit_id WHERE r.person_id = :p AND r.kind = 'payroll') x"
                " WHERE x.period IS NOT NULL ORDER BY x.period DESC LIMIT 24"
            ),
            {"p": person_id},
        ).all()
    )


def unit_name(session: Session, unit_id: int) -> str | None:
    """A unit's name for the filter's chip, by right."""
    found: str | None = session.execute(text("SELECT name FROM unit WHERE id = :u"), {"u": unit_id}).scalar()
    return found


# 增减变: a seat that begins where another of the same person ends is a change; the end of the other is told by it.
_CHANGES = (
    " FROM (SELECT o.id, CASE WHEN p.id IS NULL THEN 'in' ELSE 'move' END AS change, o.started_on AS on_day, o.entry_way AS why,"
    " o.entry_case_id AS case_id, o.person_id, o.person_name, o.unit_id, o.line_id, o.scope_path FROM occupancy o LEFT JOIN occupancy p"
    " ON p.person_id = o.person_id AND p.kind = 'establishment' AND p.recorded_to IS NULL AND p.ended_on = o.started_on"
    " WHERE o.kind = 'establishment' AND o.recorded_to IS NULL AND o.started_on >= :m AND o.started_on < :n"
    " UNION ALL SELECT o.id, 'out', o.ended_on, o.exit_reason, o.exit_case_id, o.person_id, o.person_name, o.unit_id, o.line_id,"
    " o.scope_path FROM occupancy o WHERE o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on >= :m AND o.ended_on < :n"
    " AND NOT EXISTS (SELECT 1 FROM occupancy q WHERE q.person_id = o.person_id AND q.kind = 'establishment' AND q.recorded_to IS NULL"
    " AND q.started_on = o.ended_on)) c"
)


def changes(session: Session, month: dt.date, until: dt.date, after: tuple[str, int] | None, limit: int) -> list[Any]:
    """The month's entries, exits and changes by seat: what payroll takes over; by unit's path, beyond a mark.

    The page is cut first; then each of its rows asks for its own person, by a subquery of its own: a join has all people
    in reach walked for every row, since only a condition that stands inside reaches into ``person_brief``, a barrier.
    """
    query = (
        "SELECT c.*, (SELECT b.id_mask FROM person_brief b WHERE b.id = c.person_id) AS id_mask, a.number FROM (SELECT c.*, u.name AS unit, u.uscc, l.category, l.funding" + _CHANGES +
        " JOIN unit u ON u.id = c.unit_id JOIN quota_line l ON l.id = c.line_id"
        " WHERE cast(:p AS text) IS NULL OR (c.scope_path, c.id) > (:p, :i) ORDER BY c.scope_path, c.id LIMIT :l) c"
        " LEFT JOIN application a ON a.id = c.case_id ORDER BY c.scope_path, c.id"
    )  # fmt: skip
    path, row = after or (None, 0)
    values = {"m": month, "n": until, "p": path, "i": row, "l": limit}
    return list(session.execute(text(query), values).all())


def explain(session: Session, difference_id: int, note: str) -> None:
    """Keeps what a unit or an office says to a difference; refused where it may not, or the difference has ended."""
    session.execute(text("SELECT pay_explain(:d, :n)"), {"d": difference_id, "n": note})
