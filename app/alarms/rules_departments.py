"""Rules on a unit and its parts: departments against the whole, a number cut below those who sit."""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import ORDINANCE, Rule
from app.queries.days import holds

# Seats meant for departments against the number of the line; people of a department against its seats, where the line's seats
# are shared out at all; people counted seat by seat against the line's total; in the 三定, departments against the whole.
SUMS = """
WITH meant AS (
  SELECT x.line_id, x.department_id, count(*) AS n FROM post x
   WHERE x.department_id IS NOT NULL AND x.status <> 'abolished' {only} GROUP BY 1, 2),
sits AS (
  SELECT x.line_id, x.department_id, count(*) AS n FROM occupancy x WHERE x.kind = 'establishment' AND {held} {only} GROUP BY 1, 2),
line AS (
  SELECT x.id, x.unit_id, x.category, x.scope_path, t.authorised, t.occupied, u.name, m.n AS allotted, s.n AS seated
    FROM quota_line x JOIN ledger_total t ON t.line_id = x.id JOIN unit u ON u.id = x.unit_id
    LEFT JOIN (SELECT line_id, sum(n)::int AS n FROM meant GROUP BY 1) m ON m.line_id = x.id
    LEFT JOIN (SELECT line_id, sum(n)::int AS n FROM sits GROUP BY 1) s ON s.line_id = x.id
   WHERE x.kind = 'establishment' AND u.status = 'active' {only})
SELECT 'allotted:' || l.id AS subject, l.unit_id, l.id AS line_id, NULL::bigint AS person_id, l.scope_path,
    jsonb_build_object('case', 'allotted', 'unit', l.name, 'category', l.category, 'authorised', l.authorised, 'allotted', l.allotted)
    AS facts FROM line l WHERE l.allotted > l.authorised
UNION ALL SELECT 'department:' || l.id || ':' || s.department_id, l.unit_id, l.id, NULL, l.scope_path, jsonb_build_object('case',
    'department', 'unit', l.name, 'department', d.name, 'category', l.category, 'allotted', coalesce(m.n, 0), 'people', s.n)
  FROM line l JOIN sits s ON s.line_id = l.id AND s.department_id IS NOT NULL JOIN unit d ON d.id = s.department_id
  LEFT JOIN meant m ON m.line_id = s.line_id AND m.department_id = s.department_id
 WHERE l.allotted IS NOT NULL AND s.n > coalesce(m.n, 0)
UNION ALL SELECT 'people:' || l.id, l.unit_id, l.id, NULL, l.scope_path, jsonb_build_object('case', 'people', 'unit', l.name,
    'category', l.category, 'occupied', l.occupied, 'people', coalesce(l.seated, 0))
  FROM line l WHERE l.occupied <> coalesce(l.seated, 0)
UNION ALL SELECT 'sanding:' || x.unit_id, x.unit_id, NULL, NULL, x.scope_path, jsonb_build_object('case', 'sanding', 'unit', u.name,
    'document_no', x.document_no, 'authorised', q.n, 'allotted', d.n)
  FROM sanding x JOIN unit u ON u.id = x.unit_id AND u.status = 'active'
  CROSS JOIN LATERAL (SELECT coalesce(sum(nullif(r ->> 'number', '')::int), 0) AS n
    FROM jsonb_array_elements(x.content::jsonb -> 'quotas') r) q
  CROSS JOIN LATERAL (SELECT coalesce(sum(nullif(r ->> 'number', '')::int), 0) AS n
    FROM jsonb_array_elements(coalesce(x.content::jsonb -> 'departments', '[]')) r) d
 WHERE x.ended_on IS NULL AND x.recorded_to IS NULL AND x.started_on <= :today AND d.n > q.n {only}
"""
# The number in force is lower than the one before it, somebody sits above it, and no plan says how that ends.
CUT = (
    "SELECT 'line:' || x.id AS subject, x.unit_id, x.id AS line_id, NULL::bigint AS person_id, x.scope_path,"
    " jsonb_build_object('unit', u.name, 'category', x.category, 'before', b.authorised, 'authorised', q.authorised,"
    " 'occupied', t.occupied, 'document_no', q.document_no) AS facts"
    " FROM quota_line x JOIN ledger_total t ON t.line_id = x.id AND t.occupied > t.authorised JOIN unit u ON u.id = x.unit_id"
    " JOIN quota q ON q.line_id = x.id AND q.recorded_to IS NULL AND q.ended_on IS NULL"
    " JOIN quota b ON b.line_id = x.id AND b.recorded_to IS NULL AND b.ended_on = q.started_on AND b.authorised > q.authorised"
    " WHERE x.kind = 'establishment' AND NOT EXISTS (SELECT 1 FROM absorption_plan a WHERE a.line_id = x.id AND a.ended_on IS NULL)"
    " {only}"
)

RULES = (
    Rule(
        code="AL26",
        name="核定变更未先核减人员",
        level="warning",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第二十六条；本系统规定：核减到实有人数以下的，须有消化计划",
        remedy="absorb",
        units="x.unit_id",
        select=CUT,
        says=_l("%(unit)s: cut from %(before)s to %(authorised)s (%(document_no)s) with %(occupied)s people and no plan of absorption"),
        stated={"before": _l("Authorised before")},
    ),
    Rule(
        code="AL45",
        name="内设机构合计与单位不符",
        level="warning",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第十三条、第二十八条；三定规定：内设机构编制合计不超过单位核定编制",
        remedy="quota",
        units="x.unit_id",
        select=SUMS.replace("{held}", holds("x", ":today")),
        says=_l("Departments and the whole of %(unit)s do not agree"),
        stated={"department": _l("Internal department")},
    ),
)  # fmt: skip
