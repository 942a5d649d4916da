"""Rules of the bodies' documents: limits on their number, 三定 against the ledger."""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import ORDINANCE, Rule

# Numbers of each open 三定 by category, beside the ledger's of the same body.
DIFFERS = """
SELECT 'unit:' || u.id AS subject, u.id AS unit_id, NULL::bigint AS line_id, NULL::bigint AS person_id, u.scope_path,
    jsonb_build_object('document_no', max(d.document_no), 'differences', count(*), 'sanding_total', sum(x.said),
      'ledger_total', sum(x.found)) AS facts
  FROM sanding d JOIN unit u ON u.id = d.unit_id AND u.status = 'active'
  JOIN LATERAL (SELECT coalesce(a.category, b.category), coalesce(a.n, 0) AS said, coalesce(b.n, 0) AS found
      FROM (SELECT q ->> 'category' AS category, sum((q ->> 'number')::int) AS n
          FROM jsonb_array_elements(d.content::jsonb -> 'quotas') q GROUP BY 1) a
      FULL JOIN (SELECT l.category, sum(t.authorised) AS n FROM quota_line l JOIN ledger_total t ON t.line_id = l.id
          WHERE l.unit_id = d.unit_id AND l.kind = 'establishment' AND t.authorised IS NOT NULL GROUP BY 1) b
        ON a.category = b.category
    WHERE coalesce(a.n, 0) <> coalesce(b.n, 0)) x ON true
 WHERE d.ended_on IS NULL AND d.recorded_to IS NULL AND d.started_on <= :today {only}
 GROUP BY u.id
"""
# A division over a limit answers through its establishment's first body of the class.
OVER = """
SELECT 'limit:' || m.region_code || ':' || m.category AS subject, u.id AS unit_id, NULL::bigint AS line_id,
    NULL::bigint AS person_id, u.scope_path, jsonb_build_object('region', g.name, 'most', m.most, 'bodies', b.n,
      'document_no', m.document_no) AS facts
  FROM organ_limit m JOIN region g ON g.code = m.region_code
  CROSS JOIN LATERAL (SELECT bodies_counted(m.region_code, m.category, :today) AS n) b
  JOIN LATERAL (SELECT id, scope_path FROM unit WHERE region_code = m.region_code AND node = 'legal' AND status = 'active'
      AND category = m.category ORDER BY opened_on DESC, id DESC LIMIT 1) u ON true
 WHERE m.ended_on IS NULL AND m.recorded_to IS NULL AND b.n > m.most {only}
"""

LATE = """
SELECT 'temporary:' || u.id || ':' || b.name AS subject, u.id AS unit_id, NULL::bigint AS line_id, NULL::bigint AS person_id,
    u.scope_path, jsonb_build_object('name', b.name, 'until', b.until_on, 'document_no', b.document_no) AS facts
  FROM temporary_body b JOIN unit u ON u.id = b.unit_id
 WHERE b.ended_on IS NULL AND b.recorded_to IS NULL AND b.until_on < :today {only}
"""

RULES = (
    Rule(
        code="AL34",
        name="临时机构逾期未撤",
        level="warning",
        tells=("establishment", "unit"),
        article="本系统规定：临时机构到期须撤销或经批准延期",
        remedy="temporary_end",
        select=LATE,
        units="u.id",
        says=_l("%(name)s was to end on %(until)s (%(document_no)s)"),
    ),
    Rule(
        code="AL09",
        name="机构超限额",
        level="error",
        tells=("establishment",),
        article=f"{ORDINANCE}第二十六条",
        select=OVER,
        units="u.id",
        says=_l("%(region)s: %(bodies)s bodies, at most %(most)s (%(document_no)s)"),
    ),
    Rule(
        code="AL16",
        name="核定与三定不一致",
        level="warning",
        tells=("establishment", "unit"),
        article="三定规定是核定编制和领导职数的依据",
        remedy="sanding",
        select=DIFFERS,
        units="u.id",
        says=_l("三定 (%(document_no)s) has %(sanding_total)s where the ledger has %(ledger_total)s"),
    ),
)
