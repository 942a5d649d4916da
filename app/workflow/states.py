"""状态与变迁: what may be done with a case and with a task, in which state, by whom, and what becomes of it.

The one table: the engine asks it, ``docs/workflow.md`` is printed from it. A step that it does not hold is refused with a
sentence (``WrongState``).
"""

from dataclasses import dataclass

from app.domain import errors

CASE = {
    "draft": "草稿",
    "running": "在办",
    "returned": "退回补正",
    "awaiting": "已批准，待生效",
    "done": "办结（已生效）",
    "rejected": "不予批准",
    "withdrawn": "已撤回或失效",
}
TASK = {"open": "待办", "approved": "同意", "returned": "退回", "rejected": "不同意", "cancelled": "无须办理"}
# The last approval leads on by the definition's effect: on arrival it waits, on a day it waits for it, else it is done.
ON = ("running", "awaiting", "done")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, who takes it, from which states, into which, and what it means."""

    title: str
    who: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    says: str


STEPS: dict[str, Step] = {
    "draft": Step("起草", "申报方", (), ("draft",), "从填写第一项起保存；此时部门看不到"),
    "copy": Step(
        "复制旧件", "申报方", ("running", "returned", "awaiting", "done", "rejected", "withdrawn"), ("draft",),
        "旧件不变，另生成新草稿，按现行版本办理",
    ),
    "submit": Step("提交", "申报方", ("draft",), ON, "须通过“停止”级核对；编号，打开第一个需要办理的环节"),
    "resubmit": Step(
        "补正后重新提交", "申报方", ("returned",), ON, "退回的部门重新办理；内容改变的，已同意的部门也重新办理"
    ),
    "withdraw": Step(
        "撤回", "申报方", ("draft", "running", "returned", "awaiting"), ("withdrawn",), "预留的编制释放，未办任务取消"
    ),
    "urge": Step("催办", "申报方", ("running",), ("running",), "每天一次（数据库约束）"),
    "answer": Step("材料已补正", "申报方", ("running",), ("running",), "只在要求补正、停表期间；恢复计时"),
    "arrive": Step("报到确认", "申报方", ("awaiting",), ("done",), "报到之日入编，不得晚于当日"),
    "approve": Step(
        "同意", "任务所在部门", ("running",), ON, "“停止”级核对须通过；写明预留的同时预留编制；会签的须两人，其中一人为负责人"
    ),
    "return": Step(
        "退回", "任务所在部门", ("running",), ("returned", "running"), "退申报方补正，或退更早的环节重新办理；预留保留"
    ),
    "reject": Step("不同意", "任务所在部门", ("running",), ("rejected",), "案件结束，预留释放"),
    "request_papers": Step("要求补正材料", "任务所在部门", ("running",), ("running",), "停表，直到申报方补正或本部门恢复"),
    "suspend": Step("依法中止", "任务所在部门", ("running",), ("running",), "停表，直到本部门恢复；须写明理由和依据"),
    "resume": Step("恢复办理", "停表的部门", ("running",), ("running",), "停表的工作日不计入时限"),
    "hand_over": Step("转办", "任务所在部门", ("running",), ("running",), "交给本部门在岗的同事"),
    "take_back": Step(
        "撤回自己的意见", "作出意见的人", ("running", "returned", "awaiting"), ("running",),
        "其后无人办理时；因该意见预留的编制释放，任务重新打开",
    ),
    "reroute": Step(
        "重新分办", "部门负责人；系统管理员（有 AL28 报警时）", ("running",), ON,
        "任务交给现在负责的部门，离任者手中的任务收回，无须办理的关闭",
    ),
    "effect": Step("到日生效", "系统", ("awaiting",), ("done",), "生效日到，自动入台账；不能生效的报警 AL27"),
    "lapse": Step("逾期未报到", "系统", ("awaiting",), ("withdrawn",), "超过报到期限两倍，预留释放"),
}  # fmt: skip

TASK_STEPS: tuple[Step, ...] = (
    Step("分办", "系统", (), ("open",), "条件成立且有人负责的任务；无人须办的跳过"),
    Step("同意", "任务所在部门", ("open",), ("approved", "open"), "会签的第一人同意后仍为待办，等待第二人"),
    Step("退回", "任务所在部门", ("open",), ("returned",), "重新办理时另开任务"),
    Step("不同意", "任务所在部门", ("open",), ("rejected",), "案件结束"),
    Step("取消", "系统", ("open",), ("cancelled",), "案件结束、达到法定同意数、退回更早环节或重新分办"),
    Step("不再有效", "系统", ("approved",), ("cancelled",), "内容改变、意见撤回或退回到该环节，重新办理"),
)


def demand(state: str, step: str) -> None:
    """Refuse a step that the table does not hold for this state.

    Raises:
        WrongState: with the case's state.
    """
    if state not in STEPS[step].before:
        raise errors.WrongState(state=state)
