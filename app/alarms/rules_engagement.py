"""Rules on staff without seats."""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import Rule
from app.queries.days import holds

ENGAGED = holds("e", ":today")
OVER = (
    "SELECT 'unit:' || u.id AS subject, u.id AS unit_id, NULL::bigint AS line_id, NULL::bigint AS person_id, u.scope_path,"
    " jsonb_build_object('unit', u.name, 'cap', c.number, 'engaged', x.n, 'document_no', c.document_no) AS facts"
    " FROM staff_cap c JOIN unit u ON u.id = c.unit_id JOIN LATERAL (SELECT count(*) AS n FROM engagement e"
    f" WHERE e.unit_id = u.id AND {ENGAGED}) x ON x.n > c.number"
    " WHERE c.recorded_to IS NULL AND c.ended_on IS NULL AND u.status = 'active' {only}"
)
LATE = (
    "SELECT 'engagement:' || e.person_id AS subject, u.id AS unit_id, NULL::bigint AS line_id, e.person_id, e.scope_path,"
    " jsonb_build_object('unit', u.name, 'until', e.until_on) AS facts FROM engagement e JOIN unit u ON u.id = e.unit_id"
    " WHERE e.recorded_to IS NULL AND e.ended_on IS NULL AND e.until_on < :today {only}"
)

RULES = (
    Rule(
        code="AL23",
        name="编外超控制数",
        level="warning",
        tells=("establishment", "unit"),
        article="本系统规定：编外聘用不超过核定的控制数",
        remedy="engage_end",
        select=OVER,
        units="u.id",
        says=_l("%(unit)s engages %(engaged)s people without seats, %(cap)s are allowed (%(document_no)s)"),
        stated={"cap": _l("Staff allowed without seats"), "engaged": _l("Engaged now")},
    ),
    Rule(
        code="AL47",
        name="编外合同期满未续",
        level="notice",
        tells=("unit",),
        article="本系统规定：编外合同期满须续聘或解聘",
        remedy="engage_extend",
        select=LATE,
        units="e.unit_id",
        says=_l("An engagement of %(unit)s ended on %(until)s by its contract and was neither extended nor ended"),
    ),
)
