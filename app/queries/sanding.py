"""机构文件的读: signboards, bodies counted against their limit, 三定 of a day, 沿革."""

import datetime as dt
from collections import Counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

ON = "{t}.started_on <= :on AND ({t}.ended_on IS NULL OR {t}.ended_on > :on)"
KNOWN = "{t}.recorded_to IS NULL"


def signboards(session: Session, unit_id: int, on: dt.date) -> list[Any]:
    """What a body bears on a day, and the body whose roof it shares as the second."""
    return list(
        session.execute(
            text(
                "SELECT s.*, s.unit_id <> :u AS guest, CASE WHEN s.unit_id <> :u THEN unit_name(s.unit_id) ELSE s.name END AS shown"
                f" FROM unit_signboard s WHERE :u IN (s.unit_id, s.partner_id) AND {(ON + ' AND ' + KNOWN).format(t='s')}"
                " ORDER BY s.started_on, s.id LIMIT 50"
            ),
            {"u": unit_id, "on": on},
        )
    )


def limits(session: Session, on: dt.date) -> list[Any]:
    """Each limit of a day in the reader's divisions with the bodies that count against it."""
    return list(
        session.execute(
            text(
                "SELECT m.*, g.name AS region, bodies_counted(m.region_code, m.category, :on) AS bodies FROM organ_limit m"
                f" JOIN region g ON g.code = m.region_code WHERE {(ON + ' AND ' + KNOWN).format(t='m')}"
                " ORDER BY m.region_code, m.category LIMIT 500"
            ),
            {"on": on},
        )
    )


def counted(session: Session, on: dt.date) -> list[Any]:
    """Bodies of each division by the documents, and legal bodies as such; of the reader's rows."""
    return list(
        session.execute(
            text(
                "SELECT g.code, g.name, bodies_counted(g.code, '', :on) AS bodies, x.legal FROM region g JOIN (SELECT region_code,"
                " count(*) AS legal FROM unit WHERE node = 'legal' AND opened_on <= :on AND (closed_on IS NULL OR closed_on > :on)"
                " GROUP BY region_code) x ON x.region_code = g.code ORDER BY g.code LIMIT 200"
            ),
            {"on": on},
        )
    )


def versions(session: Session, unit_id: int) -> list[Any]:
    """The versions of a body's 三定 as known today, the newest first."""
    return list(
        session.execute(
            text("SELECT * FROM sanding WHERE unit_id = :u AND recorded_to IS NULL ORDER BY started_on DESC, id DESC LIMIT 100"),
            {"u": unit_id},
        )
    )  # fmt: skip


def ledger_numbers(session: Session, unit_id: int, on: dt.date) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """What the ledger has on a day: numbers by category, leadership by scope and role, names of departments."""
    lines = session.execute(
        text(
            "SELECT l.kind, l.category, l.role, l.scope_unit_id = l.unit_id AS own, q.authorised FROM quota_line l JOIN quota q"
            f" ON q.line_id = l.id AND {(ON + ' AND ' + KNOWN).format(t='q')} WHERE l.unit_id = :u AND q.authorised IS NOT NULL"
        ),
        {"u": unit_id, "on": on},
    )
    quotas: Counter[str] = Counter()
    leaders: Counter[str] = Counter()
    for r in lines:
        if r.kind == "establishment":
            quotas[r.category] += r.authorised
        elif r.kind == "leadership":
            leaders[f"{'unit' if r.own else 'department'}:{r.role}"] += r.authorised
    departments = session.execute(
        text(
            "SELECT v.name FROM unit d JOIN unit_version v ON v.unit_id = d.id"
            f" AND {(ON + ' AND ' + KNOWN).format(t='v')} WHERE d.legal_id = :u AND d.node = 'department' ORDER BY d.segment"
        ),
        {"u": unit_id, "on": on},
    )
    return dict(quotas), dict(leaders), list(departments.scalars())


def past(session: Session, unit_id: int) -> list[Any]:
    """What documents tell of the years before the ledger."""
    return list(
        session.execute(
            text("SELECT * FROM unit_past WHERE unit_id = :u ORDER BY on_day, id LIMIT 500"), {"u": unit_id}
        )
    )
