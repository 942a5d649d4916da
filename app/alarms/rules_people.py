"""Rules on people and the seats they sit on: 混编混岗, 到龄, 出编超期, 试用期, 处分期晋升, 兼任.

One SELECT each over all current occupancies; ages and terms by the law's own arithmetic (k_retires_on).
"""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import ORDINANCE, Rule
from app.queries.days import holds

# Who sits on which establishment seat today.
SEATS = " FROM occupancy o JOIN quota_line l ON l.id = o.line_id JOIN unit u ON u.id = o.unit_id JOIN person p ON p.id = o.person_id"
NOW = " WHERE o.kind = 'establishment' AND " + holds("o", ":today") + " {only}"
SEATED = SEATS + NOW
WHO = "u.id AS unit_id, o.line_id, o.person_id, o.scope_path"

# By the class of the person, which is that of the seat (k_personnel_class): few rows of one table, not a million pairs.
# 混编混岗: 编制类型 outside those of the body; a person's rank of another system than the seat's; a workman who leads; a leader who
# sits elsewhere and is not lent.
MIXED = (
    "SELECT 'category:' || l.id AS subject, u.id AS unit_id, l.id AS line_id, NULL::bigint AS person_id, l.scope_path,"
    " jsonb_build_object('case', 'category', 'unit', u.name, 'body', u.body, 'category', l.category, 'people', t.occupied) AS facts"
    " FROM quota_line l JOIN unit u ON u.id = l.unit_id JOIN ledger_total t ON t.line_id = l.id WHERE l.kind = 'establishment'"
    " AND t.occupied > 0 AND u.status = 'active' AND l.category <> ALL (CASE u.body WHEN 'organ'"
    " THEN ARRAY['11','12','13','14','15','31'] WHEN 'reference' THEN ARRAY['21','22','31'] ELSE ARRAY['22','23','31'] END) {only}"
    " UNION ALL SELECT 'identity:' || o.id, "
    + WHO
    + ", jsonb_build_object('case', 'identity', 'unit', u.name, 'person', p.name,"
    " 'rank', p.rank, 'category', l.category)"
    + SEATED
    + " AND (p.personnel_class = 'civil' AND p.rank >= '03' AND p.rank < '09'"
    " OR p.personnel_class IN ('public', 'support') AND (p.rank >= 'R' AND p.rank < 'S'"
    " OR p.rank >= '01B' AND p.rank < '01D' OR p.rank >= '02' AND p.rank < '03'))"
    " UNION ALL SELECT 'workman:' || x.id, u.id, x.line_id, x.person_id, o.scope_path, jsonb_build_object('case', 'workman',"
    " 'unit', u.name, 'person', p.name, 'category', l.category) FROM occupancy x JOIN occupancy o ON o.person_id = x.person_id"
    " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL JOIN quota_line l ON l.id = o.line_id"
    " JOIN unit u ON u.id = o.unit_id JOIN person p ON p.id = x.person_id WHERE x.kind = 'leadership' AND x.recorded_to IS NULL"
    " AND x.ended_on IS NULL AND l.category IN ('13', '14', '15', '23') {only}"
    " UNION ALL SELECT 'elsewhere:' || x.id, u.id, x.line_id, x.person_id, o.scope_path, jsonb_build_object('case', 'elsewhere',"
    " 'unit', u.name, 'person', p.name, 'other', v.name) FROM occupancy x JOIN occupancy o ON o.person_id = x.person_id"
    " AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL AND o.unit_id <> x.unit_id"
    " JOIN unit u ON u.id = o.unit_id JOIN unit v ON v.id = x.unit_id JOIN person p ON p.id = x.person_id"
    " WHERE x.kind = 'leadership' AND x.main AND x.nature = 'regular' AND x.recorded_to IS NULL AND x.ended_on IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM absence a WHERE a.person_id = x.person_id AND a.recorded_to IS NULL AND a.ended_on IS NULL) {only}"
)

# The age by law of those who sit on a seat: women of 县处级 and with a senior title by the men's table (组通字〔2015〕14号). Who
# comes into question is found by the stored days (099_forecast.sql), each one's day is reckoned here again.
RETIRES = (
    "SELECT 'person:' || q.person_id AS subject, unit_id, line_id, person_id, scope_path, jsonb_build_object('unit', q.unit,"
    " 'person', q.name, 'born', q.birth_on, 'reached_on', q.reached, 'until', q.reached + :grace) AS facts FROM (SELECT "
    + WHO
    + ", u.name AS unit, p.name, p.birth_on, k_retires_on(p.sex, p.birth_on, l.category IN ('13', '23'),"
    " coalesce(p.level >= '010' AND p.level < '014' OR p.rank >= '031' AND p.rank < '033', false)) AS reached"
    + SEATS
    + " JOIN due_retirement d ON d.person_id = o.person_id"
    + NOW
    + " AND {due}) q WHERE "
)
LATE, NEAR = "< :today - :grace", "BETWEEN :today AND :today + :ahead"

RULES = (
    Rule(
        code="AL10",
        name="混编混岗",
        level="warning",
        tells=("establishment", "unit"),
        article=f"{ORDINANCE}第十五条、第二十六条",
        remedy="change_line",
        units="u.id",
        select=MIXED,
        says=_l("Establishment and post do not match in %(unit)s"),
    ),
    Rule(
        code="AL11",
        name="出编超期未办",
        level="warning",
        tells=("establishment", "unit"),
        article="本系统规定：出编事项按期办结；省、市要求减员后五个工作日内更新",
        params={"late": 5},
        units="u.id",
        select="SELECT 'case:' || c.case_id AS subject, u.id AS unit_id, o.line_id, o.person_id, o.scope_path,"
        " jsonb_build_object('unit', u.name, 'person', p.name, 'number', a.number, 'end', c.facts::jsonb ->> 'end',"
        " 'late', :today - (c.facts::jsonb ->> 'end')::date) AS facts"
        " FROM case_record c JOIN application a ON a.id = c.case_id JOIN process_version v ON v.id = c.process_version_id"
        " JOIN occupancy o ON o.person_id = (c.facts::jsonb ->> 'person')::bigint AND o.kind = 'establishment'"
        " AND o.recorded_to IS NULL AND o.ended_on IS NULL JOIN unit u ON u.id = o.unit_id JOIN person p ON p.id = o.person_id"
        " WHERE c.status IN ('filed', 'reserved') AND v.requirements ? 'vacate'"
        r" AND c.facts::jsonb ->> 'end' ~ '^\d{4}-\d{2}-\d{2}$' AND workdays_after((c.facts::jsonb ->> 'end')::date, :late) < :today"
        " {only}",
        says=_l("%(person)s left %(unit)s on %(end)s by case %(number)s, and still holds the seat"),
    ),
    Rule(
        code="AL12",
        name="到龄未退",
        level="error",
        tells=("establishment", "unit"),
        article="《国务院关于渐进式延迟法定退休年龄的办法》；《实施弹性退休制度暂行办法》第四条；《公务员法》第九十二条",
        params={"grace": 30},
        remedy="retire",
        units="u.id",
        select=RETIRES.replace("{due}", f"d.retires_on {LATE}") + f"q.reached {LATE}",
        says=_l("%(person)s of %(unit)s reached the age by law on %(reached_on)s and still holds a seat"),
    ),
    Rule(
        code="AL13",
        name="达龄提前提醒",
        level="notice",
        tells=("unit",),
        article="《国务院关于渐进式延迟法定退休年龄的办法》",
        params={"ahead": 90, "grace": 0},
        remedy="retire",
        units="u.id",
        days=60,
        select=RETIRES.replace("{due}", f"d.retires_on {NEAR}") + f"q.reached {NEAR}",
        says=_l("%(person)s of %(unit)s reaches the age by law on %(reached_on)s"),
    ),
    Rule(
        code="AL18",
        name="处分期内晋升",
        level="error",
        article="《公务员法》第六十四条",
        remedy="person_correct",
        units="u.id",
        select="SELECT 'item:' || r.id AS subject, u.id AS unit_id, NULL::bigint AS line_id, r.person_id, r.scope_path,"
        " jsonb_build_object('unit', u.name, 'person', p.name, 'kind', r.kind, 'on', r.started_on, 'penalty_from', d.started_on,"
        " 'penalty_to', d.ended_on) AS facts FROM record_item d JOIN record_item r ON r.person_id = d.person_id"
        " AND r.kind IN ('rank', 'post') AND r.recorded_to IS NULL AND r.started_on > d.started_on"
        " AND (d.ended_on IS NULL OR r.started_on < d.ended_on) AND r.ended_on IS NULL"
        " AND EXISTS (SELECT 1 FROM record_item e WHERE e.person_id = r.person_id AND e.kind = r.kind AND e.recorded_to IS NULL"
        " AND e.ended_on = r.started_on) JOIN person p ON p.id = r.person_id JOIN unit u ON u.id = p.unit_id"
        " WHERE d.kind = 'discipline' AND d.recorded_to IS NULL {only}",
        says=_l("%(person)s was promoted on %(on)s while a discipline held from %(penalty_from)s"),
    ),
    Rule(
        code="AL38",
        name="试用期满未登记",
        level="notice",
        tells=("unit",),
        article="《公务员法》第三十四条；《事业单位人事管理条例》第十三条",
        params={"months": 12, "grace": 30},
        units="u.id",
        select="SELECT 'person:' || o.person_id AS subject, " + WHO + ", jsonb_build_object('unit', u.name, 'person', p.name,"
        " 'from', o.started_on, 'until', (o.started_on + make_interval(months => :months))::date) AS facts" + SEATED
        + " AND '0198' IN (p.level, p.rank) AND (o.started_on + make_interval(months => :months))::date + :grace < :today",
        says=_l("%(person)s of %(unit)s is on probation since %(from)s, over since %(until)s"),
    ),
    Rule(
        code="AL39",
        name="一人多个主要领导职务",
        level="warning",
        tells=("establishment",),
        article="立项文件（四）一人一编；本系统规定：兼任者注明一个主要职务",
        remedy="leader_leave",
        units="u.id",
        select="SELECT 'person:' || x.person_id AS subject, min(u.id) AS unit_id, NULL::bigint AS line_id, x.person_id,"
        " min(x.scope_path) AS scope_path, jsonb_build_object('person', min(p.name), 'unit', min(u.name), 'posts', count(*)) AS facts"
        " FROM occupancy x JOIN person p ON p.id = x.person_id JOIN unit u ON u.id = p.unit_id"
        " WHERE x.kind = 'leadership' AND x.main AND x.recorded_to IS NULL AND x.ended_on IS NULL {only}"
        " GROUP BY x.person_id HAVING count(*) > 1",
        says=_l("%(person)s of %(unit)s holds %(posts)s posts each marked as the main one"),
    ),
)  # fmt: skip
