"""单位内部事项的读: who is away and who is here from elsewhere, the year's verification, certificates."""

import datetime as dt
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries import days

# Where a unit stands in a round, from its row and its case; ``due`` is the day of the question.
STATE = (
    "CASE WHEN v.confirmed_at IS NOT NULL THEN 'confirmed' WHEN a.state IN ('running', 'awaiting') THEN 'signing'"
    " WHEN v.due_on < kernel_today() THEN 'overdue' ELSE 'unconfirmed' END"
)
STATES = ("unconfirmed", "overdue", "signing", "confirmed")


def away(session: Session, unit_id: int, at: "days.Moment | None" = None) -> list[Any]:
    """The unit's own people who are away today, or were on a day, whoever is due first; 200 at most."""
    held = days.held("a", at) if at is not None else "a.recorded_to IS NULL AND a.ended_on IS NULL"
    return list(
        session.execute(
            text(
                "SELECT a.id, a.person_id, p.name, p.id_mask, a.kind, a.host, a.started_on, a.until_on FROM absence a"
                f" JOIN person p ON p.id = a.person_id WHERE a.unit_id = :u AND {held} ORDER BY a.until_on, a.id LIMIT 200"
            ),
            {"u": unit_id, **(at.values if at is not None else {})},
        )
    )


def hosted(session: Session, unit_id: int, at: "days.Moment") -> list[Any]:
    """Who is lent to the unit on a day: name, masked number, days, and no more."""
    return list(session.execute(text("SELECT * FROM hosted_people(:u, :on, :known)"), {"u": unit_id, **at.values}))


def certificates(session: Session, unit_id: int, on: dt.date) -> list[Any]:
    """The unit's certificates issued up to a day, the valid one first."""
    return list(
        session.execute(
            text(
                "SELECT number, reason, issued_on, (ended_on IS NULL OR ended_on > :d) AS valid, ended_on,"
                " CASE WHEN verified_year < extract(year FROM cast(:d AS date)) OR :d = kernel_today() THEN verified_year END"
                " AS verified_year FROM certificate WHERE unit_id = :u AND issued_on <= :d ORDER BY valid DESC, id DESC LIMIT 5"
            ),
            {"u": unit_id, "d": on},
        )
    )


def due_back(session: Session, unit_id: int, until: dt.date) -> list[Any]:
    """Own people whose last day away comes by a day, or has passed; twenty at most."""
    return list(
        session.execute(
            text(
                "SELECT a.person_id, p.name, a.kind, a.until_on FROM absence a JOIN person p ON p.id = a.person_id"
                " WHERE a.unit_id = :u AND a.recorded_to IS NULL AND a.ended_on IS NULL AND a.until_on <= :d"
                " ORDER BY a.until_on, a.id LIMIT 20"
            ),
            {"u": unit_id, "d": until},
        )
    )


def rounds(session: Session) -> list[Any]:
    """Every round, the newest first, with how many of its units (in the reader's rows) have confirmed."""
    return list(
        session.execute(
            text(
                "SELECT r.id, r.year, r.region_code, g.name AS region, r.due_on, count(v.id) AS units,"
                " count(v.confirmed_at) AS confirmed FROM verification_round r JOIN region g ON g.code = r.region_code"
                " JOIN verification v ON v.round_id = r.id GROUP BY r.id, g.name ORDER BY r.year DESC, r.region_code LIMIT 60"
            )
        )
    )


def round_of(session: Session, round_id: int) -> Any:
    """One round with the figures of its progress; None where no unit of it is in the reader's rows."""
    return session.execute(
        text(
            "SELECT r.id, r.year, g.name AS region, r.due_on, count(*) AS units, "
            + ", ".join(f"count(*) FILTER (WHERE x.state = '{state}') AS {state}" for state in STATES)
            + " FROM verification_round r JOIN region g ON g.code = r.region_code JOIN LATERAL (SELECT "
            + STATE
            + " AS state FROM verification v LEFT JOIN application a ON a.id = v.case_id WHERE v.round_id = r.id) x ON true"
            " WHERE r.id = :r GROUP BY r.id, g.name"
        ),
        {"r": round_id},
    ).one_or_none()


def progress(session: Session, round_id: int, state: str, after: str, limit: int) -> list[Any]:
    """Units of a round, of one state or of all, by place; keyset on the path."""
    return list(
        session.execute(
            text(
                f"SELECT v.id, v.scope_path, u.name, u.id AS unit_id, {STATE} AS state, v.people, v.differences, v.confirmed_at,"
                " v.case_id, (SELECT count(*) FROM verification_mark m WHERE m.verification_id = v.id) AS marks"
                " FROM verification v JOIN unit u ON u.id = v.unit_id LEFT JOIN application a ON a.id = v.case_id"
                f" WHERE v.round_id = :r AND v.scope_path > :a AND (:s = '' OR {STATE} = :s)"
                " ORDER BY v.scope_path LIMIT :n"
            ),
            {"r": round_id, "s": state, "a": after, "n": limit},
        )
    )


def of_unit(session: Session, unit_id: int) -> list[Any]:
    """A unit's verifications, the newest year first."""
    return list(
        session.execute(
            text(
                f"SELECT v.id, v.year, v.due_on, {STATE} AS state, v.people, v.differences, v.confirmed_at, v.case_id"
                " FROM verification v LEFT JOIN application a ON a.id = v.case_id WHERE v.unit_id = :u"
                " ORDER BY v.year DESC LIMIT 20"
            ),
            {"u": unit_id},
        )
    )


def verification(session: Session, verification_id: int) -> Any:
    """One verification with its unit and state; a foreign one is absent."""
    return session.execute(
        text(
            f"SELECT v.*, u.name, {STATE} AS state, a.state AS case_state, a.number FROM verification v"
            " JOIN unit u ON u.id = v.unit_id LEFT JOIN application a ON a.id = v.case_id WHERE v.id = :i"
        ),
        {"i": verification_id},
    ).one_or_none()


def marks(session: Session, verification_id: int) -> list[Any]:
    """The differences of a verification, each with the case that mends it."""
    return list(
        session.execute(
            text(
                "SELECT m.id, m.person_id, m.person_name, m.kind, m.business, m.note, m.case_id, a.title, a.state AS case_state"
                " FROM verification_mark m LEFT JOIN application a ON a.id = m.case_id WHERE m.verification_id = :i"
                " ORDER BY m.id LIMIT 500"
            ),
            {"i": verification_id},
        )
    )


def by_case(session: Session, case_id: int) -> Any:
    """The verification that a case confirms; none for another business."""
    return session.execute(text("SELECT id, year FROM verification WHERE case_id = :c"), {"c": case_id}).one_or_none()
