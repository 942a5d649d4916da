"""机构文件的读: signboards, bodies counted against their limit, 三定 of a day, 沿革."""

import datetime as dt
from collections import Counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import Moment, held, holds, known, moment


def signboards(session: Session, unit_id: int, at: Moment) -> list[Any]:
    """What a body bears on a day, and the body whose roof it shares as the second."""
    return list(
        session.execute(
            text(
                "SELECT s.*, s.unit_id <> :u AS guest, CASE WHEN s.unit_id <> :u THEN unit_name(s.unit_id) ELSE s.name END AS shown"
                f" FROM unit_signboard s WHERE :u IN (s.unit_id, s.partner_id) AND {held('s', at)}"
                " ORDER BY s.started_on, s.id LIMIT 50"
            ),
            {"u": unit_id} | at.values,
        )
    )


def boards_of(session: Session, unit_ids: list[int], at: Moment) -> dict[int, list[Any]]:
    """What each of some bodies bears on a day, as ``signboards`` says of one: names, and bodies under the same roof."""
    rows = session.execute(
        text(
            "SELECT x.id AS bearer, s.kind, s.counts_as_one, CASE s.unit_id WHEN x.id THEN CASE s.kind WHEN 'co_located'"
            " THEN unit_called(s.partner_id, :on, :known) ELSE s.name END ELSE unit_called(s.unit_id, :on, :known) END AS shown"
            " FROM unnest(cast(:ids AS bigint[])) x(id) JOIN unit_signboard s ON x.id IN (s.unit_id, s.partner_id)"
            f" WHERE {held('s', at)} ORDER BY x.id, s.started_on, s.id LIMIT 2000"
        ),
        {"ids": unit_ids} | at.values,
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.bearer, []).append(row)
    return found


def limits(session: Session, on: dt.date) -> list[Any]:
    """Each limit of a day in the reader's divisions with the bodies that count against it."""
    return list(
        session.execute(
            text(
                "SELECT m.*, g.name AS region, bodies_counted(m.region_code, m.category, :on) AS bodies FROM organ_limit m"
                f" JOIN region g ON g.code = m.region_code WHERE {held('m', moment(on))}"
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
                "SELECT g.code, g.name, coalesce(b.bodies, 0) AS bodies, x.legal FROM region g JOIN (SELECT region_code,"
                " count(*) AS legal FROM unit WHERE node = 'legal' AND opened_on <= :on AND (closed_on IS NULL OR closed_on > :on)"
                " GROUP BY region_code) x ON x.region_code = g.code"
                " LEFT JOIN bodies_by_region('', :on) b ON b.region_code = g.code ORDER BY g.code LIMIT 200"
            ),
            {"on": on},
        )
    )


def versions(session: Session, unit_id: int, at: Moment) -> list[Any]:
    """The versions of a body's 三定 as known then, the newest first."""
    return list(
        session.execute(
            text(f"SELECT v.* FROM sanding v WHERE unit_id = :u AND {known('v', at)} ORDER BY started_on DESC, id DESC LIMIT 100"),
            {"u": unit_id, "known": at.known_to},
        )
    )  # fmt: skip


def ledger_numbers(
    session: Session, unit_id: int, on: dt.date | Moment
) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """What the ledger has on a day: numbers by category, leadership by scope and role, names of departments."""
    at = moment(on)
    lines = session.execute(
        text(
            "SELECT l.kind, l.category, l.role, l.scope_unit_id = l.unit_id AS own, q.authorised FROM quota_line l JOIN quota q"
            f" ON q.line_id = l.id AND {held('q', at)} WHERE l.unit_id = :u AND q.authorised IS NOT NULL"
        ),
        {"u": unit_id} | at.values,
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
            f" AND {held('v', at)} WHERE d.legal_id = :u AND d.node = 'department' ORDER BY d.segment"
        ),
        {"u": unit_id} | at.values,
    )
    return dict(quotas), dict(leaders), list(departments.scalars())


def past(session: Session, unit_id: int) -> list[Any]:
    """What documents tell of the years before the ledger."""
    return list(
        session.execute(
            text("SELECT * FROM unit_past WHERE unit_id = :u ORDER BY on_day, id LIMIT 500"), {"u": unit_id}
        )
    )


def lineage(session: Session, unit_id: int) -> tuple[list[Any], list[Any]]:
    """沿革: the versions of a body and of all that it came from and became, and who goes on as whom.

    Returns:
        Versions (of forty bodies at most, in the order of their first day), and successions.
    """
    near = session.execute(
        text(
            "WITH RECURSIVE near(id) AS (SELECT cast(:u AS bigint) UNION SELECT CASE WHEN s.from_unit_id = n.id THEN s.to_unit_id"
            " ELSE s.from_unit_id END FROM near n JOIN unit_succession s ON n.id IN (s.from_unit_id, s.to_unit_id))"
            " SELECT id FROM near LIMIT 40"
        ),
        {"u": unit_id},
    ).scalars()
    ids = list(near)
    successions = session.execute(
        text(
            "SELECT s.from_unit_id, s.to_unit_id, s.kind, s.happened_on, (SELECT r.facts::jsonb ->> 'document_no' FROM case_record r"
            " WHERE r.case_id = s.case_id) AS document_no FROM unit_succession s WHERE s.from_unit_id = ANY(:ids)"
            " AND s.to_unit_id = ANY(:ids) ORDER BY s.happened_on, s.id LIMIT 200"
        ),
        {"ids": ids},
    ).all()
    return _lineage(session, ids), list(successions)


def _lineage(session: Session, ids: list[int]) -> list[Any]:
    rows = session.execute(
        text(
            "SELECT v.id, v.unit_id, v.name, v.grade, v.category, v.subordination, v.started_on, v.ended_on, u.closed_on, u.node,"
            " e.fields ->> 'document_no' AS document_no, x.document_no AS closed_by, p.name AS parent FROM unit_version v JOIN unit u ON u.id = v.unit_id"
            " LEFT JOIN unit p ON p.id = u.parent_id LEFT JOIN LATERAL (SELECT r.facts::jsonb AS fields FROM ledger_entry l"
            " JOIN case_record r ON r.case_id = l.case_id WHERE l.chain_kind = 'unit' AND l.chain_id = v.unit_id"
            " AND l.type IN ('unit.opened', 'unit.changed') AND (l.fields ->> 'version')::bigint = v.id LIMIT 1) e ON true"
            " LEFT JOIN LATERAL (SELECT r.facts::jsonb ->> 'document_no' AS document_no FROM ledger_entry l JOIN case_record r"
            " ON r.case_id = l.case_id WHERE l.chain_kind = 'unit' AND l.chain_id = v.unit_id AND l.type = 'unit.closed'"
            " ORDER BY l.sequence DESC LIMIT 1) x ON u.closed_on IS NOT NULL"
            " WHERE v.unit_id = ANY(:ids) AND v.recorded_to IS NULL AND (v.ended_on IS NULL OR v.ended_on > v.started_on)"
            " ORDER BY v.started_on, v.id LIMIT 400"
        ),
        {"ids": ids},
    ).all()
    return list(rows)


def documents(session: Session, unit_id: int) -> list[Any]:
    """What documents fixed for a body, by day: 三定, signboards, quota, then leadership post by post; each with its number.

    A number is a row of a line as ``units.line_label`` calls it; a body's own posts come before those of its departments.
    """
    return list(
        session.execute(
            text(
                "SELECT e.effective_on AS on_day, e.type, e.fields ->> 'document_no' AS document_no, e.fields ->> 'kind' AS kind,"
                " e.fields ->> 'category' AS category, (e.fields ->> 'authorised')::int AS authorised, e.fields ->> 'name' AS name,"
                " e.fields ->> 'structure' AS structure, e.fields ->> 'role' AS role, e.fields ->> 'level' AS level,"
                " e.chain_id AS unit_id, coalesce((e.fields ->> 'scope')::bigint, e.chain_id) AS scope_unit_id, d.name AS scope_name"
                " FROM ledger_entry e LEFT JOIN unit d ON d.id = (e.fields ->> 'scope')::bigint AND d.id <> e.chain_id"
                " WHERE e.chain_kind = 'unit' AND e.chain_id = :u AND e.type IN ('quota.set', 'sanding.published', 'signboard.set',"
                " 'signboard.ended') ORDER BY e.effective_on, kind NULLS FIRST, d.scope_path NULLS FIRST, level, e.sequence LIMIT 500"
            ),
            {"u": unit_id},
        )
    )


def temporary(session: Session, unit_id: int, at: Moment) -> list[Any]:
    """Temporary bodies that a body leads, with how many people of the reader's rows are lent to each by name."""
    return list(
        session.execute(
            text(
                f"SELECT b.*, (SELECT count(*) FROM absence a WHERE a.host = b.name AND {holds('a', ':on')}) AS lent"
                " FROM temporary_body b"
                f" WHERE b.unit_id = :u AND {held('b', at)} ORDER BY b.until_on, b.id LIMIT 50"
            ),
            {"u": unit_id} | at.values,
        )
    )


# 变更换证: the body was named, classed or graded anew since its certificate was issued, or bears another signboard.
STALE = (
    "SELECT c.id, c.number, c.issued_on, c.unit_id, u.name, u.scope_path, x.since FROM certificate c JOIN unit u ON u.id = c.unit_id"
    " AND u.status = 'active' JOIN LATERAL (SELECT max(d) AS since FROM (SELECT max(v.started_on) FROM unit_version v"
    " WHERE v.unit_id = c.unit_id AND v.recorded_to IS NULL UNION ALL SELECT max(greatest(b.started_on, b.ended_on))"
    " FROM unit_signboard b WHERE b.unit_id = c.unit_id AND b.recorded_to IS NULL) y(d)) x ON x.since > c.issued_on WHERE c.valid"
)


def stale_certificates(session: Session, after: str = "") -> list[Any]:
    """Certificates that no longer say what the body is, by place; 201 at most, keyset on the path."""
    return list(
        session.execute(
            text(f"SELECT * FROM ({STALE}) z WHERE z.scope_path > :a ORDER BY z.scope_path LIMIT 201"), {"a": after}
        )
    )


def certificate(session: Session, unit_id: int, at: Moment) -> Any:
    """The certificate of a body that was valid on a day; None where there was none."""
    return session.execute(
        text(
            "SELECT * FROM certificate WHERE unit_id = :u AND issued_on <= :on AND (ended_on IS NULL OR ended_on > :on)"
            " ORDER BY id DESC LIMIT 1"
        ),
        {"u": unit_id, "on": at.on},
    ).one_or_none()
