"""业务与状态的说明: ``docs/businesses.md`` and ``docs/workflow.md``, written from the definitions and the table of states."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from flask_babel import force_locale

from app.views import check_texts, process_choices
from app.views.forms import fields_of
from app.workflow import codes, states
from app.workflow.definition import Process
from app.workflow.validation import load

MADE = "<!-- 由 flask processes docs 从流程定义生成，不手工修改。 -->"


def written(app: Flask) -> dict[str, str]:
    """The documents by their file names."""
    with app.test_request_context(), force_locale("zh_Hans"):
        plans = [plan for _raw, plan in load()]
        return {"businesses.md": businesses(plans), "workflow.md": workflow()}


def write(app: Flask, folder: Path) -> list[Path]:
    """Write the documents into a folder; returns what was written."""
    out = []
    for name, content in written(app).items():
        (folder / name).write_text(content, encoding="utf-8")
        out.append(folder / name)
    return out


def businesses(plans: list[Process]) -> str:
    """Each business with everything that its definition says of it, by family."""
    lines = [
        "# 业务目录", "", MADE, "",
        f"共 {len(plans)} 项业务。代码见领域说明（c）；一项业务可办几个代码，一个代码可有几项业务。", "",
    ]  # fmt: skip
    for family, label in process_choices.families():
        members = [p for p in plans if p.family == family]
        if members:
            lines += [f"## {label}", ""]
            for plan in sorted(members, key=lambda p: (p.codes, p.process)):
                lines += [*_business(plan), ""]
    lines += ["## 代码一览", "", "| 代码 | 业务 | 办理流程，或没有流程的原因 |", "|---|---|---|"]
    for code, title in codes.CODES.items():
        by = "、".join(f"{p.title}（`{p.process}`）" for p in plans if code in p.codes)
        lines.append(f"| {code} | {title} | {by or codes.reason(code)} |")
    return "\n".join(lines).rstrip() + "\n"


def _business(plan: Process) -> Iterator[str]:
    choices = process_choices.all_choices()
    said = {name: _words(choices[name]) for name in ("applicants", "effects", "outputs", "movements", "roles")}
    yield f"### {plan.title}（{'、'.join(plan.codes) or '—'}）"
    yield ""
    yield plan.guide
    yield ""
    yield "| 项目 | 内容 |"
    yield "|---|---|"
    rows: list[tuple[str, Iterable[str]]] = [
        ("流程", [f"`{plan.process}` 第 {plan.version} 版，编号 {plan.prefix}"]),
        ("申报", [f"{said['applicants'](plan.applicant)}：{plan.who}"]),
        ("依据", plan.basis),
        ("时限", [f"承诺 {plan.days.promised} 个工作日，法定 {plan.days.statutory} 个工作日"]),
        ("表单", ["、".join(_labels(plan))]),
        ("材料", [f"{p.name}（{p.note}）" if p.note else p.name for p in plan.papers]),
        ("核对", [_check(plan, n) for n in range(len(plan.checks))]),
        ("办理", [_stage(plan, n, said["roles"]) for n in range(len(plan.stages))]),
        ("台账", ["、".join(said["movements"](m) for m in plan.requirements) + "；" + said["effects"](plan.effect)]),
        ("办结后", [f"{said['roles'](a.role)}：{a.title}（{a.days} 个工作日）" for a in plan.after]),
        ("文书", ["、".join(said["outputs"](o) for o in plan.outputs)]),
        ("结果", [plan.result]),
    ]
    for label, parts in rows:
        content = "<br>".join(part for part in parts if part)
        yield f"| {label} | {content.replace('|', '/') or '—'} |"


def _words(known: process_choices.Pairs) -> Callable[[str], str]:
    names = dict(known)
    return lambda code: str(names.get(code, code))


def _labels(plan: Process) -> list[str]:
    made: dict[str, Any] = {**fields_of(plan)}
    return [str(field.args[0]) if field.args else name for name, field in made.items()]


def _check(plan: Process, number: int) -> str:
    check = plan.checks[number]
    level = "不通过即停止" if check.level == "stop" else "提示"
    return f"{check_texts.TITLES[check.code]}（{level}；{check.article}）"


def _stage(plan: Process, number: int, role: Callable[[str], str]) -> str:
    stage = plan.stages[number]
    tasks = []
    for task in stage.tasks:
        more = [f"{task.days} 天"]
        more += ["同意时预留编制"] * (task.on_approve == "reserve") + ["负责人会签"] * task.countersign
        more += [f"仅当 `{task.when.source}`"] if task.when else []
        tasks.append(f"{role(task.role)} {task.title}（{'，'.join(more)}）")
    head = f"{number + 1}. {stage.name}" + (f"（{stage.quorum} 项同意即可）" if stage.quorum else "")
    head += f"（仅当 `{stage.when.source}`）" if stage.when else ""
    return f"{head}：{' ∥ '.join(tasks)}"


def workflow() -> str:
    """The states of cases and tasks and every step between them."""

    def named(codes: tuple[str, ...], words: dict[str, str]) -> str:
        return "、".join(words[code] for code in codes) or "—"

    lines = [
        "# 办理状态与变迁", "", MADE, "",
        "案件和任务只按下表变化；表中没有的一步，系统以一句话拒绝。每一步都是一个事务，按“案件、案卷、编制线、席位、人员、账链”的顺序加锁，"
        "并在时间线上记下何人、代表何部门、何时、从何地址、何意见、核对了什么及当时的数字。", "",
        "## 案件", "", "| 状态 | 代码 |", "|---|---|", *(f"| {label} | `{code}` |" for code, label in states.CASE.items()), "",
        "| 步骤 | 由谁 | 之前 | 之后 | 说明 |", "|---|---|---|---|---|",
        *(f"| {s.title} | {s.who} | {named(s.before, states.CASE)} | {named(s.after, states.CASE)} | {s.says} |"
          for s in states.STEPS.values()), "",
        "## 任务", "", "| 状态 | 代码 |", "|---|---|", *(f"| {label} | `{code}` |" for code, label in states.TASK.items()), "",
        "| 步骤 | 由谁 | 之前 | 之后 | 说明 |", "|---|---|---|---|---|",
        *(f"| {s.title} | {s.who} | {named(s.before, states.TASK)} | {named(s.after, states.TASK)} | {s.says} |"
          for s in states.TASK_STEPS),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
