"""报警规则的说明: ``docs/alarms.md``, written from the registry (``flask alarms docs``)."""

from flask import Flask
from flask_babel import force_locale

from app.alarms.registry import rules
from app.alarms.rule import Rule
from app.domain import codes
from app.views.alarms import level_names
from app.workflow.validation import load

MADE = "<!-- 由 flask alarms docs 从规则总表生成，不手工修改。 -->"
TOLD = {
    "establishment": "编办",
    "unit": "单位",
    "office": "所涉部门",
    "auditor": "安全审计员",
    "system_admin": "系统管理员",
}
NAMES = {"late": "超期", "grace": "宽限", "ahead": "提前", "months": "月数", "percent": "变动百分比", "run": "连续旷工日数",
         "year": "年累计旷工日数"}  # fmt: skip


def written(app: Flask) -> str:
    """The document."""
    with app.test_request_context(), force_locale("zh_Hans"):
        titles = {plan.process: plan.title for _raw, plan in load()}
        levels = {k: str(v) for k, v in level_names().items()}
        lines = [
            "# 报警规则", "", MADE, "",
            f"共 {len(rules())} 条。“事发即报”由内核在事项当时报出；“检查”由规则查询得出：业务生效后一分钟内查所涉单位，每夜查全部，也可随时全量检查。"
            "所依数据缺失或过期的规则显示“未运行”，不显示“没有发现”。参数由市编办负责人在“规则与运行”页修改，修改留痕。", "",
            "| 代码 | 名称 | 级别 | 依据 | 告知 | 答复 | 发现方式 | 参数 | 数据来源 | 整改业务 |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *(_line(rule, levels, titles) for rule in rules().values()), "",
            "责任追究方式：" + "、".join(name for _code, name in codes.code_set("accountability").choices()) + "。", "",
        ]  # fmt: skip
        return "\n".join(lines)


def _line(rule: Rule, levels: dict[str, str], titles: dict[str, str]) -> str:
    cells = (
        rule.code,
        rule.name,
        levels[rule.level],
        rule.article,
        "、".join(TOLD[t] for t in rule.tells),
        f"{rule.days} 个工作日",
        "事发即报、检查" if rule.refused else "检查" if rule.select else "事发即报",
        "，".join(f"{NAMES.get(k, k)} {v}" for k, v in rule.params.items()) or "—",
        "、".join(s.title for s in rule.sources) or "—",
        titles.get(rule.remedy or "", "—"),
    )
    return f"| {' | '.join(cells)} |"
