"""搜索框的读: units, people and cases by what was typed, ten of each at most."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.listings import SPELT, people_named

MOST = 10


def units(session: Session, low: str, high: str, q: str) -> list[Any]:
    """Legal bodies and departments by any part of the name, or by the whole social credit code."""
    return list(
        session.execute(
            text(
                "SELECT u.legal_id, u.name, CASE WHEN u.node = 'legal' THEN r.name ELSE unit_name(u.legal_id) END AS note"
                " FROM unit u JOIN region r ON r.code = u.region_code WHERE u.scope_path >= :lo AND u.scope_path < :hi"
                " AND u.status = 'active' AND (strpos(u.name, :q) > 0 OR u.uscc = upper(:q) OR EXISTS (SELECT 1 FROM unit_signboard b"
                " WHERE b.unit_id = u.id AND strpos(b.name, :q) > 0 AND b.ended_on IS NULL AND b.recorded_to IS NULL))"
                " ORDER BY (u.node = 'legal') DESC, length(u.name), u.scope_path LIMIT :n"
            ),
            {"lo": low, "hi": high, "q": q, "n": MOST},
        )
    )


def people(session: Session, low: str, high: str, q: str) -> list[Any]:
    """People by name, by pinyin or by the initials of it."""
    named = people_named(session, q)
    wanted = "p.id = ANY(:named)" if named is not None else SPELT.replace("{t}", "p")
    return list(
        session.execute(
            text(
                "SELECT p.id, p.name, p.id_mask, p.state, unit_name(p.unit_id) AS unit FROM person p"
                f" WHERE p.scope_path >= :lo AND p.scope_path < :hi AND {wanted} ORDER BY p.scope_path, p.id LIMIT :n"
            ),
            {"lo": low, "hi": high, "q": q, "named": named, "n": MOST},
        )
    )


def cases(session: Session, q: str) -> list[Any]:
    """Cases by their number or by part of their title, the newest first."""
    return list(
        session.execute(
            text(
                "SELECT a.id, a.number, a.title, a.state, a.process, unit_name(a.unit_id) AS unit FROM application a"
                " WHERE a.number = upper(:q) OR strpos(a.title, :q) > 0 ORDER BY a.id DESC LIMIT :n"
            ),
            {"q": q, "n": MOST},
        )
    )
