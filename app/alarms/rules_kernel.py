"""Rules whose breach the kernel itself meets: a refusal, or a watch of the job; raised at the event, in its transaction.

Codes: d9 of the design's domain text; articles of State Council decree 486 where one exists.
"""

from app.alarms.rule import Rule

RULES = (
    Rule(
        code="AL01",
        name="无空编入编",
        level="error",
        tells=("establishment",),
        article="《地方各级人民政府机构设置和编制管理条例》第二十六条",
    ),
    Rule(
        code="AL02",
        name="超编单位新进人",
        level="error",
        tells=("establishment", "unit"),
        article="《地方各级人民政府机构设置和编制管理条例》第二十六条",
    ),
    Rule(
        code="AL03",
        name="超领导职数任职",
        level="error",
        tells=("establishment", "unit"),
        article="《地方各级人民政府机构设置和编制管理条例》第二十条、第二十六条",
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
        article="《地方各级人民政府机构设置和编制管理条例》第十五条",
    ),
    Rule(
        code="AL06",
        name="一人多编、身份证重复或校验错",
        level="error",
        tells=("establishment",),
        article="立项文件（四）一人一编",
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
