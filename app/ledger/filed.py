"""Rows that stand on the facts of an effected case alone: limits on the number of bodies, earlier history.

They are no movement of a unit or person, so no chain bears them; the facts, whose hash every approval names, do.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from app.ledger.finding import Finding

LIMITS = (
    "SELECT coalesce(m.id, 0) AS id, r.case_id, coalesce(m.region_code, r.f ->> 'region') AS whose FROM (SELECT * FROM organ_limit"
    " WHERE recorded_to IS NULL) m FULL JOIN (SELECT c.case_id, c.facts::jsonb AS f FROM case_record c JOIN process_version v ON"
    " v.id = c.process_version_id WHERE c.status = 'effected' AND v.requirements ? 'organ_limit') r ON r.case_id = m.case_id"
    " WHERE (m.region_code, m.category, m.most::text, m.document_no, m.issuer, m.started_on::text) IS DISTINCT FROM"
    " (r.f ->> 'region', r.f ->> 'category', r.f ->> 'most', r.f ->> 'document_no', coalesce(r.f ->> 'issuer', ''), r.f ->> 'start')"
    # Each ends where the next of its kind begins, and the last one holds on.
    " OR m.ended_on IS DISTINCT FROM (SELECT min(n.started_on) FROM organ_limit n WHERE n.recorded_to IS NULL AND n.id <> m.id"
    " AND n.region_code = m.region_code AND n.category = m.category AND n.case_id > m.case_id)"
)
PAST = (
    "SELECT coalesce(x.id, 0) AS id, r.case_id, r.f ->> 'unit' AS whose FROM (SELECT c.case_id, c.facts::jsonb AS f FROM case_record c"
    " JOIN process_version v ON v.id = c.process_version_id WHERE c.status = 'effected' AND v.requirements ? 'duties') r"
    " FULL JOIN (SELECT case_id, min(id) AS id, min(unit_id) AS unit_id, jsonb_agg(jsonb_build_array(on_day::text, document_no,"
    " document_name, unit_name, parent_name, detail) ORDER BY id) AS rows FROM unit_past GROUP BY case_id) x"
    " ON x.case_id = r.case_id WHERE x.unit_id::text IS DISTINCT FROM r.f ->> 'unit' OR x.rows IS DISTINCT FROM (SELECT jsonb_agg("
    "jsonb_build_array(p ->> 'day', coalesce(p ->> 'document_no', ''), coalesce(p ->> 'document', ''), coalesce(p ->> 'name', ''),"
    " coalesce(p ->> 'parent', ''), coalesce(p ->> 'detail', '')) ORDER BY n) FROM jsonb_array_elements((r.f ->> 'past')::jsonb)"
    " WITH ORDINALITY y(p, n))"
)


def findings(connection: Connection) -> Iterator[Finding]:
    """Rows that differ from what their case filed, and cases without their rows."""
    for table, query, whose in (("organ_limit", LIMITS, "区划"), ("unit_past", PAST, "单位")):
        for r in connection.execute(text(query)):
            yield Finding(f"{whose} {r.whose}", table, str(r.id), "*", "与申请件不一致", f"申请件 {r.case_id} 所载")
