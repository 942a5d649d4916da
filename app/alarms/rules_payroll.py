"""Rules on the lists of other offices: 吃空饷 (国办发〔2014〕65 号 GP01–GP06), pay without a seat and a seat without pay.

The comparison itself (098_payroll.sql) keeps what differs; a rule names the sources without which it is 未运行, and who answers.
"""

from flask_babel import lazy_gettext as _l

from app.alarms.rule import Rule, Source
from app.domain.sources import KINDS

PAID = "国办发〔2014〕65 号：机关事业单位“吃空饷”问题集中治理"
ROSTER = "本系统规定：工资统发以实名制在编名册为准，未入编的不予统发"

SOURCES = {k.name: Source(k.name, k.title, k.max_age, k.citywide) for k in KINDS.values()}
PAYROLL = SOURCES["payroll"]

SELECT = (
    "SELECT 'pay:' || d.subject AS subject, d.unit_id, NULL::bigint AS line_id, d.person_id, d.scope_path, pay_facts(d) AS facts"
    " FROM pay_difference d JOIN unit u ON u.id = d.unit_id WHERE d.state <> 'closed' AND pay_rule(d.kind) = '{code}'"
    " AND u.region_code = ANY(:regions) {only}"
)
SAYS = _l("%(person)s, %(unit)s, %(month)s: payroll and roster do not agree")


def _rule(code: str, name: str, level: str, article: str, *sources: str, remedy: str | None = None,
          params: dict[str, int] | None = None) -> Rule:  # fmt: skip
    return Rule(
        code=code, name=name, level=level, article=article, tells=("establishment", "unit"),  # type: ignore[arg-type]
        sources=(PAYROLL, *(SOURCES[s] for s in sources)), remedy=remedy, params=params or {},
        select=SELECT.replace("{code}", code), units="d.unit_id", says=SAYS,
    )  # fmt: skip


RULES = (
    _rule("AL20", "工资统发与在编名册差异", "warning", ROSTER, params={"percent": 0}),
    _rule("AL21", "领取养老待遇仍在发工资", "error", PAID, "pension", remedy="retire"),
    _rule("AL36", "在编未列入工资统发", "warning", ROSTER),
    _rule("AL37", "多来源身份、参保不一致", "warning", "立项文件（四）一人一编；本系统规定：各来源以身份证号核对", "social_insurance"),
    _rule("GP01", "挂名未到岗仍发薪", "error", PAID, "attendance", params={"months": 6}),
    _rule("GP02", "旷工逾期仍发薪", "error", f"{PAID}；《公务员法》第八十八条；《事业单位人事管理条例》第十五条", "attendance",
          params={"run": 15, "year": 30}),
    _rule("GP03", "出编、离退后仍发薪", "error", PAID),
    _rule("GP04", "死亡、失踪仍发薪", "error", PAID, "death", remedy="death"),
    _rule("GP05", "受刑罚、强制措施未停减薪", "error", PAID, "judgment"),
    _rule("GP06", "双份领薪、在企业参保", "error", PAID, "enterprise_insurance"),
)  # fmt: skip
