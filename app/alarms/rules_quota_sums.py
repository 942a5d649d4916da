"""Rules on the numbers themselves: sums over a unit, seats against numbers, documents, the year's verification."""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import ORDINANCE, Rule

RULES = (
    Rule(
        code="AL15",
        name="核定无文号",
        level="error",
        article=f"{ORDINANCE}第二十条；《广东省行政机构设置和编制管理条例》第四条",
        remedy="quota",
        units="l.unit_id",
        select="SELECT 'quota:' || q.id AS subject, u.id AS unit_id, l.id AS line_id, NULL::bigint AS person_id, l.scope_path,"
        " jsonb_build_object('unit', u.name, 'authorised', q.authorised, 'from', q.started_on) AS facts"
        " FROM quota q JOIN quota_line l ON l.id = q.line_id JOIN unit u ON u.id = l.unit_id"
        " WHERE q.recorded_to IS NULL AND q.ended_on IS NULL AND btrim(q.document_no) = '' {only}",
        says=_l("A number of %(unit)s since %(from)s names no document"),
    ),
    Rule(
        code="AL40",
        name="席位与核定数不符",
        level="warning",
        article=f"{ORDINANCE}第二十八条；立项文件（四）",
        units="l.unit_id",
        select="SELECT 'line:' || l.id AS subject, u.id AS unit_id, l.id AS line_id, NULL::bigint AS person_id, l.scope_path,"
        " jsonb_build_object('unit', u.name, 'category', l.category, 'authorised', t.authorised, 'seats', s.n, 'allotted', s.allotted)"
        " AS facts FROM quota_line l JOIN ledger_total t ON t.line_id = l.id JOIN unit u ON u.id = l.unit_id"
        " LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE NOT p.surplus) AS n, count(*) FILTER (WHERE p.department_id IS NOT NULL)"
        " AS allotted FROM post p WHERE p.line_id = l.id AND p.status <> 'abolished') s ON true"
        " WHERE u.status = 'active' AND t.authorised IS NOT NULL AND l.kind <> 'rank' AND (s.n <> t.authorised) {only}",
        says=_l("Seats of %(unit)s and its authorised number differ: %(seats)s against %(authorised)s"),
    ),
    Rule(
        code="AL41",
        name="核查差异未处理",
        level="warning",
        tells=("unit", "establishment"),
        article="中央编办发〔2009〕39 号：加快推进机构编制实名制管理",
        params={"late": 20},
        units="u.id",
        select="SELECT 'verification:' || v.id AS subject, u.id AS unit_id, NULL::bigint AS line_id, NULL::bigint AS person_id,"
        " v.scope_path, jsonb_build_object('unit', u.name, 'year', v.year, 'open', count(*)) AS facts"
        " FROM verification v JOIN unit u ON u.id = v.unit_id JOIN verification_mark m ON m.verification_id = v.id"
        " WHERE v.confirmed_at < cast(:today AS timestamp) - make_interval(days => :late) AND NOT EXISTS (SELECT 1 FROM case_record c"
        " WHERE c.case_id = m.case_id AND c.status = 'effected') {only} GROUP BY v.id, u.id, u.name, v.year, v.scope_path",
        says=_l("%(open)s differences of %(unit)s from the verification of %(year)s are not mended"),
    ),
    Rule(
        code="AL42",
        name="单位实有合计超过核定合计",
        level="error",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第二十六条；《广东省行政机构设置和编制管理条例》第六条",
        remedy="quota",
        units="l.unit_id",
        select="SELECT 'unit:' || u.id AS subject, u.id AS unit_id, NULL::bigint AS line_id, NULL::bigint AS person_id, u.scope_path,"
        " jsonb_build_object('unit', u.name, 'authorised', sum(t.authorised), 'occupied', sum(t.occupied),"
        " 'surplus', sum(t.occupied) - sum(coalesce(t.authorised, 0))) AS facts"
        " FROM quota_line l JOIN ledger_total t ON t.line_id = l.id JOIN unit u ON u.id = l.unit_id"
        " WHERE l.kind = 'establishment' AND u.status = 'active' AND l.category <> '31' {only}"
        " GROUP BY u.id, u.name, u.scope_path HAVING sum(t.occupied) > sum(coalesce(t.authorised, 0))",
        says=_l("%(unit)s has %(occupied)s people for %(authorised)s numbers in all"),
    ),
)  # fmt: skip
