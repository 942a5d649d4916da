"""数据来源: lists that other offices keep (工资统发、社保、考勤、死亡 …), their fields, who brings them in, how long they hold."""

import datetime as dt
from dataclasses import dataclass

PAYROLL = "payroll"


@dataclass(frozen=True, slots=True)
class Field:
    """栏目: what it is called here, by which headers files name it, and whether a file must have it."""

    name: str
    title: str
    headers: tuple[str, ...]
    required: bool = False


ID = Field(
    "id_number",
    "身份证号",
    ("身份证号", "证件号码", "身份证号码", "公民身份号码", "社会保障号码", "SFZH", "SFZHM", "ZJHM"),
    True,
)
NAME = Field("name", "姓名", ("姓名", "人员姓名", "XM"), True)
UNIT = Field(
    "unit", "单位", ("单位", "单位编码", "统一社会信用代码", "单位代码", "单位名称", "DWBM", "DWDM", "DWMC"), True
)
MONTH = Field("month", "月份", ("月份", "发放月份", "工资月份", "所属期", "NY", "FFYF", "GZYF"))


def _since(title: str, *headers: str) -> Field:
    return Field("since", title, (title, *headers), True)


@dataclass(frozen=True, slots=True)
class Kind:
    """一种来源: ``offices`` bring it in for their region; a load holds ``max_age`` days beyond the end of its month.

    A *cumulative* list tells what happened (a death); loads of later months add to it. Another replaces the one of its month.
    *Citywide*: what the city's office loads covers the districts too.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    offices: tuple[str, ...]
    max_age: int
    cumulative: bool = False
    citywide: bool = False


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind(
            PAYROLL,
            "工资统发名册",
            (
                ID,
                NAME,
                UNIT,
                Field("amount", "应发金额", ("应发金额", "应发合计", "应发工资", "金额", "YFJE", "YFHJ"), True),
                Field("category", "编制类型", ("编制类型", "编制类型代码", "编制类别", "BZLX")),
                Field("funding", "经费形式", ("经费形式", "经费渠道", "JFXS")),
                MONTH,
            ),
            ("finance", "human_resources"),
            31,
        ),
        Kind(
            "social_insurance", "在职参保", (ID, NAME, UNIT, MONTH), ("social_insurance", "human_resources"), 62
        ),
        Kind(
            "attendance",
            "考勤",
            (
                ID,
                NAME,
                UNIT,
                Field("days", "出勤天数", ("出勤天数", "实际出勤", "CQTS"), True),
                Field("run_days", "连续旷工天数", ("连续旷工天数", "LXKG")),
                Field("year_days", "年累计旷工天数", ("年累计旷工天数", "累计旷工天数", "LJKG")),
                MONTH,
            ),
            ("establishment", "human_resources"),
            31,
        ),
        Kind(
            "death", "死亡", (ID, NAME, _since("死亡日期", "注销日期", "SWRQ")), ("establishment", "human_resources"), 62,
            cumulative=True, citywide=True,
        ),
        Kind(
            "judgment",
            "判刑、强制措施",
            (
                ID,
                NAME,
                Field("note", "类别", ("类别", "判决或措施", "LB"), True),
                _since("开始日期", "判决日期", "措施日期", "KSRQ"),
                Field("until", "结束日期", ("结束日期", "解除日期", "JSRQ")),
            ),
            ("establishment", "human_resources"), 62,
            cumulative=True, citywide=True,
        ),
        Kind(
            "pension", "养老待遇", (ID, NAME, _since("领取开始日期", "待遇起始日期", "LQRQ")),
            ("social_insurance", "human_resources"), 62, citywide=True,
        ),
        Kind(
            "enterprise_insurance",
            "企业参保",
            (ID, NAME, Field("note", "参保企业", ("参保企业", "企业名称", "单位名称", "QYMC"), True), _since("参保日期", "CBRQ")),
            ("social_insurance", "human_resources"), 62, citywide=True,
        ),
    )
}  # fmt: skip

JUDGED = {"判刑": "sentence", "强制措施": "custody"}
"""What a line of the list of judgments says (国办发〔2014〕65 号: 受刑罚、被采取强制措施)."""


def month_of(value: dt.date) -> dt.date:
    """The first day of a day's month."""
    return value.replace(day=1)


def month_after(month: dt.date) -> dt.date:
    """The first day of the next month."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
