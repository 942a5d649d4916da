"""Rules of leadership, ranks and posts that a query finds: 高配 without its document, groups over their number, stale bases."""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import Rule

RULES = (
    Rule(
        code="AL35",
        name="高配无文件依据",
        level="warning",
        tells=("establishment", "unit"),
        article="机构编制实名制填表口径：高配须有准许高于岗位规格的文件（未核）",
        remedy="leader",
        units="x.unit_id",
        # The register's level is above every position held, and no item of the record that holds names its document.
        select="SELECT 'person:' || p.id AS subject, min(x.unit_id) AS unit_id, NULL::bigint AS line_id, p.id AS person_id,"
        " p.scope_path, jsonb_build_object('person', p.name, 'level',"
        " (SELECT name FROM code WHERE code_set = 'level' AND code = p.level), 'post_level',"
        " (SELECT name FROM code WHERE code_set = 'level' AND code = min(l.level))) AS facts"
        " FROM occupancy x JOIN quota_line l ON l.id = x.line_id JOIN person p ON p.id = x.person_id"
        " WHERE x.kind = 'leadership' AND x.recorded_to IS NULL AND x.ended_on IS NULL AND p.level IS NOT NULL {only}"
        " AND NOT EXISTS (SELECT 1 FROM record_item i WHERE i.person_id = p.id AND i.kind = 'appointment'"
        " AND i.recorded_to IS NULL AND i.ended_on IS NULL AND i.fields ->> 'level' = p.level"
        " AND coalesce(i.fields ->> 'over_document_no', '') <> '')"
        " GROUP BY p.id HAVING min(l.level) > p.level",
        stated={"post_level": _l("Level of the position")},
        says=_l("%(person)s: level %(level)s above the position's %(post_level)s, and no document is named"),
    ),
    Rule(
        code="AL43",
        name="职级（岗位）现有人数超过核定数",
        level="error",
        tells=("establishment", "unit"),
        article="《公务员职务与职级并行规定》第十一条、第十二条；《事业单位岗位设置管理试行办法》（国人部发〔2006〕70号）",
        remedy="rank_quota",
        units="(SELECT m FROM unnest(c.members) m WHERE m = ANY(:units) LIMIT 1)",
        # People are counted by scheme and rank first, in one pass; then the few rows by group.
        select="WITH c AS (SELECT c.* FROM scheme c WHERE c.recorded_to IS NULL AND c.ended_on IS NULL {only}),"
        " led AS (SELECT DISTINCT person_id FROM occupancy WHERE kind = 'leadership' AND nature = 'regular'"
        " AND recorded_to IS NULL AND ended_on IS NULL),"
        " marked AS (SELECT person_id, kind, fields ->> 'mark' AS mark FROM record_item WHERE kind IN ('rank', 'post')"
        " AND recorded_to IS NULL AND ended_on IS NULL AND fields ->> 'mark' IS NOT NULL),"
        " held AS (SELECT m.id, p.rank AS code, coalesce(k.mark, '') AS mark, led.person_id IS NOT NULL AS leads, count(*) AS n"
        " FROM (SELECT id, kind, unnest(members) AS member FROM c) m JOIN person p ON p.unit_id = m.member AND p.state = 'serving'"
        " LEFT JOIN led ON led.person_id = p.id LEFT JOIN marked k ON k.person_id = p.id AND k.kind = m.kind"
        " WHERE p.rank IS NOT NULL GROUP BY 1, 2, 3, 4)"
        " SELECT 'group:' || c.unit_id || ':' || c.kind || ':' || g.name AS subject, c.unit_id, NULL::bigint AS line_id,"
        " NULL::bigint AS person_id, c.scope_path,"
        " jsonb_build_object('unit', u.name, 'group', g.name, 'number', g.number, 'held', sum(h.n)) AS facts"
        " FROM c JOIN unit u ON u.id = c.unit_id CROSS JOIN LATERAL scheme_groups(c.groups) g JOIN held h ON h.id = c.id"
        " AND g.low <> '' AND h.code BETWEEN g.low AND g.high AND CASE WHEN g.mark <> '' THEN h.mark = g.mark"
        " ELSE h.mark <> ALL (c.leave_out) AND NOT (h.leads AND 'leaders' = ANY (c.leave_out)) END"
        " GROUP BY c.unit_id, c.kind, c.scope_path, u.name, g.name, g.number HAVING sum(h.n) > g.number",
        stated={"group": _l("Group of ranks or grades"), "number": _l("Authorised"), "held": _l("Held by")},
        says=_l("%(unit)s: %(group)s has %(held)s people, approved are %(number)s"),
    ),
    Rule(
        code="AL44",
        name="编制数变动后未重新核定职数",
        level="notice",
        tells=("unit", "establishment"),
        article="《公务员职务与职级并行规定》第十一条：职级职数按编制数核定",
        days=30,
        remedy="rank_quota",
        units="(SELECT m FROM unnest(c.members) m WHERE m = ANY(:units) LIMIT 1)",
        select="SELECT 'scheme:' || c.unit_id || ':' || c.kind AS subject, c.unit_id, NULL::bigint AS line_id,"
        " NULL::bigint AS person_id, c.scope_path,"
        " jsonb_build_object('unit', u.name, 'base', c.base + c.apart, 'now', coalesce(x.now, 0)) AS facts"
        " FROM scheme c JOIN unit u ON u.id = c.unit_id CROSS JOIN LATERAL ("
        "SELECT sum(t.authorised)::int AS now FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
        " WHERE l.unit_id = ANY (c.members) AND l.kind = c.basis"
        " AND (c.basis = 'leadership' OR l.category = ANY (string_to_array(c.categories, ',')))) x"
        " WHERE c.recorded_to IS NULL AND c.ended_on IS NULL AND x.now IS DISTINCT FROM c.base + c.apart {only}",
        stated={"base": _l("Base"), "now": _l("Authorised")},
        says=_l("%(unit)s: the numbers were reckoned from %(base)s, authorised are %(now)s now"),
    ),
)
