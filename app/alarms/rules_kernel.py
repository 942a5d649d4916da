"""Rules whose breach the kernel itself meets: a refusal, or a watch of the job; raised at the event, in its transaction.

Codes: those of the usual list of 违规报警; articles of State Council decree 486 where one exists. A refusal leaves no state behind;
where the state could stand all the same (loaded data, a job that failed, a hand in the database), a query looks for it too.
"""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import ORDINANCE, Rule

# A line above its number of which the kernel's own alarm (k_surplus_alarm) does not tell.
OVER = (
    "SELECT 'line:' || l.id AS subject, l.unit_id, l.id AS line_id, NULL::bigint AS person_id, l.scope_path,"
    " jsonb_build_object('unit', u.name, 'category', nullif(l.category, ''), 'role', nullif(l.role, ''), 'authorised', t.authorised,"
    " 'occupied', t.occupied, 'surplus', t.occupied - t.authorised) AS facts"
    " FROM ledger_total t JOIN quota_line l ON l.id = t.line_id JOIN unit u ON u.id = l.unit_id"
    " WHERE t.occupied > t.authorised AND l.kind = '{kind}' {only} AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.line_id = l.id"
    " AND a.standing AND a.state IN ('open', 'accepted'))"
)
# Whose number was never proved; and who may be one person under two numbers: name, sex and day of birth are the same, and the
# first day of work too, or one of the numbers is not proved. The unique index and the exclusion constraints stop all others.
TWICE = (
    "WITH same AS MATERIALIZED ({same}) SELECT 'unproved:' || p.id AS subject, p.unit_id, NULL::bigint AS line_id, p.id AS person_id, p.scope_path,"
    " jsonb_build_object('case', 'unproved', 'unit', u.name, 'person', p.name) AS facts"
    " FROM person p JOIN unit u ON u.id = p.unit_id WHERE p.state = 'serving' AND NOT p.id_verified {only}"
    " AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.rule = 'AL06' AND a.code = 'id_unverified' AND a.person_id = p.id"
    " AND a.state = 'open')"
    " UNION ALL (SELECT DISTINCT ON (p.id) 'twin:' || p.id, p.unit_id, NULL::bigint, p.id, p.scope_path, jsonb_build_object('case', 'twin',"
    " 'unit', u.name, 'person', p.name, 'born', p.birth_on, 'other', CASE WHEN v.not_networked THEN NULL ELSE v.name END,"
    " 'region', CASE WHEN v.not_networked THEN NULL ELSE g.name END)"
    # By the index, however many the planner expects: as a rule there are none.
    " FROM same x CROSS JOIN LATERAL (SELECT * FROM person z WHERE z.birth_on = x.birth_on AND z.name = x.name AND z.sex = x.sex"
    " AND z.state = 'serving' OFFSET 0) p"
    " JOIN person q ON q.birth_on = p.birth_on AND q.name = p.name AND q.sex = p.sex AND q.id <> p.id"
    " AND q.state = 'serving' AND (q.work_started_on = p.work_started_on OR NOT q.id_verified OR NOT p.id_verified)"
    " JOIN unit u ON u.id = p.unit_id JOIN unit v ON v.id = q.unit_id JOIN region g ON g.code = v.region_code"
    " WHERE true {only} ORDER BY p.id, q.id)"
)
# Of the whole city by one walk along an index (a second of a million people); of some units by looking each of their people up.
SAME = (
    "SELECT birth_on, name, sex FROM person WHERE state = 'serving' AND work_started_on IS NOT NULL"
    " GROUP BY birth_on, name, work_started_on, sex HAVING count(*) > 1"
    " UNION SELECT birth_on, name, sex FROM person WHERE NOT id_verified AND state = 'serving'"
)
LOOKED_UP = "SELECT birth_on, name, sex FROM person p WHERE state = 'serving' {only}"

RULES = (
    Rule(
        code="AL01",
        name="无空编入编",
        level="error",
        tells=("establishment",),
        article=f"{ORDINANCE}第二十六条",
    ),
    Rule(
        code="AL02",
        name="超编单位新进人",
        level="error",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第二十六条",
        refused=True,
        remedy="absorb",
        units="l.unit_id",
        select=OVER.replace("{kind}", "establishment"),
        says=_l("%(unit)s: %(occupied)s people on %(authorised)s numbers of one kind"),
    ),
    Rule(
        code="AL03",
        name="超领导职数任职",
        level="error",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第二十条、第二十六条",
        refused=True,
        remedy="leader_leave",
        units="l.unit_id",
        select=OVER.replace("{kind}", "leadership"),
        says=_l("%(unit)s: %(occupied)s leaders on %(authorised)s numbers"),
    ),
    Rule(
        code="AL04",
        name="超职级职数、岗位结构比例",
        level="error",
        tells=("establishment", "unit"),
        article="《公务员职务与职级并行规定》第十一条、第十二条",
    ),
    Rule(
        code="AL05",
        name="跨类型用编",
        level="error",
        tells=("establishment",),
        article=f"{ORDINANCE}第十五条",
    ),
    Rule(
        code="AL06",
        name="一人多编、身份证重复或校验错",
        level="error",
        tells=("establishment",),
        article="立项文件（四）一人一编",
        refused=True,
        remedy="person_correct",
        units="p.unit_id",
        select=TWICE.replace("{same}", SAME),
        near=TWICE.replace("{same}", LOOKED_UP),
        says=_l("%(person)s of %(unit)s"),
        stated={"other": _l("Also on a seat in"), "region": _l("Region of the other")},
    ),
    Rule(
        code="AL07",
        name="无控编单入编",
        level="error",
        tells=("establishment",),
        article="机构编制实名制：凭控编单办理入编的流程，须先取得编办核准的控编单",
    ),
    Rule(
        code="AL08",
        name="控编单过期、超量或不符",
        level="error",
        tells=("establishment", "unit"),
        article="机构编制实名制：控编单在有效期内、核准数内、本编制线上使用",
        refused=True,
        remedy="permit_cancel",
        units="m.unit_id",
        # The job gives the seats of a lapsed permit back on the day after its last; where it could not, they stay kept.
        select="SELECT 'permit:' || m.id AS subject, m.unit_id, m.line_id, NULL::bigint AS person_id, m.scope_path,"
        " jsonb_build_object('unit', u.name, 'permit', m.number, 'until', m.last_on, 'remaining', m.remaining) AS facts"
        " FROM permit m JOIN unit u ON u.id = m.unit_id WHERE m.status = 'open' AND m.last_on < :today {only}",
        says=_l("Permit %(permit)s of %(unit)s was valid until %(until)s and still keeps %(remaining)s seats"),
        stated={"permit": _l("Permit"), "remaining": _l("Seats kept")},
    ),
    Rule(
        code="AL14",
        name="借调、挂职等离岗超期",
        level="warning",
        tells=("establishment", "unit"),
        article="《公务员法》第七十二条；借调期限按本系统参数（默认 6 个月、累计 12 个月）",
    ),
    Rule(
        code="AL17",
        name="手工改库或越权操作",
        level="error",
        tells=("auditor", "establishment"),
        article="立项文件（二）禁止手工直接修改数据库",
    ),
    Rule(
        code="AL22",
        name="年度核查、管理证年审逾期",
        level="notice",
        tells=("establishment", "unit"),
        article="中央编办发〔2009〕39 号：加快推进机构编制实名制管理",
    ),
    Rule(
        code="AL27",
        name="已批准未能生效",
        level="error",
        tells=("establishment", "unit"),
        article="本系统规定：批准事项到生效日自动入账，不能入账的由编办处理",
    ),
    Rule(
        code="AL28",
        name="业务无人可办",
        level="error",
        tells=("system_admin", "establishment"),
        article="本系统规定：经办部门无人、经办人已离任、无人负责或流程定义有误的，由系统管理员处理，案件可重新分办",
    ),
    Rule(
        code="AL29",
        name="编制—人员—经费未衔接",
        level="warning",
        tells=("office", "establishment"),
        article="本系统规定：入编、出编生效后财政、人社、社保按期确认",
    ),
    Rule(
        code="AL30",
        name="批准后未报到",
        level="warning",
        tells=("unit", "establishment"),
        article="本系统规定：批准后按期确认报到，逾期释放所留编制",
    ),
)
