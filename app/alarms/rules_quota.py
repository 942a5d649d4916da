"""Rules on numbers with an end: temporary and lent ones, plans of absorption, totals of regions."""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import ORDINANCE, Rule

# A part of a line, with whom it concerns.
PART = (
    "SELECT 'part:' || q.line_id || ':' || q.purpose || ':' || q.document_no AS subject, l.unit_id, l.id AS line_id,"
    " NULL::bigint AS person_id, l.scope_path, jsonb_build_object('unit', u.name, 'category', l.category, 'purpose', q.purpose,"
    " 'number', q.number, 'last_on', q.last_on, 'document_no', q.document_no, 'surplus', greatest(0, t.occupied - t.authorised))"
    " AS facts FROM quota_part q JOIN quota_line l ON l.id = q.line_id JOIN ledger_total t ON t.line_id = l.id"
    " JOIN unit u ON u.id = l.unit_id WHERE q.recorded_to IS NULL"
)

RULES = (
    Rule(
        code="AL24",
        name="周转编制到期",
        level="warning",
        tells=("establishment", "unit"),
        article="本系统规定，依各地事业编制周转（周转池）管理办法的通行做法：有借有还，到期收回",
        params={"ahead": 30},
        remedy="quota_part_end",
        units="l.unit_id",
        select=f"{PART} AND q.ended_on IS NULL AND q.purpose = 'rotating'"
        " AND q.last_on <= cast(:today AS date) + cast(:ahead AS int) {only}",
        says=_l("%(unit)s: %(number)s numbers on loan (%(document_no)s) go back on %(last_on)s"),
    ),
    Rule(
        code="AL25",
        name="过渡期超编到期",
        level="error",
        tells=("establishment", "unit"),
        article="江西省 2009 年机构改革等文件：过渡期内允许超编，到期应当消化",
        remedy="absorb",
        units="l.unit_id",
        select=f"{PART} AND q.purpose = 'transition' AND q.last_on < :today AND t.occupied > t.authorised {{only}}",
        says=_l(
            "%(unit)s: the transition (%(document_no)s) ended on %(last_on)s, %(surplus)s people are above the number"
        ),
    ),
    Rule(
        code="AL31",
        name="临时编制到期未消化",
        level="warning",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第二十六条；本系统规定：临时编制到期收回，仍占用的为有期限的超编",
        remedy="absorb",
        units="l.unit_id",
        select=f"{PART} AND q.added AND q.purpose NOT IN ('transition', 'rotating') AND q.last_on < :today"
        " AND (t.occupied > t.authorised OR q.ended_on IS NULL) {only}",
        says=_l(
            "%(unit)s: temporary numbers (%(document_no)s) ended on %(last_on)s, %(surplus)s people are above the number"
        ),
    ),
    Rule(
        code="AL32",
        name="消化计划未达标",
        level="warning",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第二十六条；本系统规定：超编按消化计划逐年减少",
        units="a.unit_id",
        select="SELECT 'plan:' || a.id AS subject, a.unit_id, a.line_id, NULL::bigint AS person_id, a.scope_path,"
        " jsonb_build_object('unit', u.name, 'surplus', t.occupied - t.authorised, 'until_on', a.until_on,"
        " 'target', coalesce(g.n, 0), 'document_no', a.document_no) AS facts"
        " FROM absorption_plan a JOIN ledger_total t ON t.line_id = a.line_id JOIN unit u ON u.id = a.unit_id"
        " LEFT JOIN LATERAL (SELECT split_part(x, ':', 2)::int AS n FROM unnest(string_to_array(a.targets, ',')) x"
        "  WHERE split_part(x, ':', 1)::int < extract(year FROM cast(:today AS date)) ORDER BY x DESC LIMIT 1) g ON true"
        " WHERE a.ended_on IS NULL AND (a.until_on < :today AND t.occupied > t.authorised"
        "  OR t.occupied - t.authorised > g.n) {only}",
        says=_l(
            "%(unit)s: %(surplus)s people are above the number, by the plan %(target)s may be (%(document_no)s, until %(until_on)s)"
        ),
    ),
    Rule(
        code="AL33",
        name="编制总量超出",
        level="error",
        tells=("establishment",),
        article=f"{ORDINANCE}第十六条、第十七条",
        remedy="quota",
        units="x.unit_id",
        select="SELECT 'pool:' || q.region_code || ':' || q.category AS subject, x.unit_id, NULL::bigint AS line_id,"
        " NULL::bigint AS person_id, x.scope_path, jsonb_build_object('region', g.name, 'category', q.category, 'total', q.number,"
        " 'distributed', d.n, 'document_no', q.document_no) AS facts FROM quota_pool q JOIN region g ON g.code = q.region_code"
        " CROSS JOIN LATERAL (SELECT sum(t.authorised) AS n FROM ledger_total t JOIN quota_line l ON l.id = t.line_id"
        "  WHERE l.kind = 'establishment' AND l.category = q.category AND t.scope_path >= g.prefix AND t.scope_path < range_end(g.prefix)) d"
        # The body of the region that has most of it answers.
        " JOIN LATERAL (SELECT l.unit_id, l.scope_path FROM ledger_total t JOIN quota_line l ON l.id = t.line_id"
        "  WHERE l.kind = 'establishment' AND l.category = q.category AND t.scope_path >= g.prefix AND t.scope_path < range_end(g.prefix)"
        "  ORDER BY t.authorised DESC NULLS LAST, l.id LIMIT 1) x ON true"
        " WHERE q.kind = 'total' AND q.recorded_to IS NULL AND q.ended_on IS NULL AND d.n > q.number {only}",
        says=_l("%(region)s has %(distributed)s distributed of a total of %(total)s (%(document_no)s)"),
    ),
)
