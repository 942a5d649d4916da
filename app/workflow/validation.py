"""流程校核: what a definition has to fulfil before it is published, each fault with file, line and reason.

A process that can hang, that asks for what does not exist, or whose movement the kernel would refuse for ever is not
published. The reasons are in the words of whoever writes definitions.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from app.domain.sides import PASSED_OVER
from app.workflow import checks
from app.workflow.definition import FACT_NAMES, PROCESSES, Process, TaskPlan, parse
from app.workflow.expression import SETTING, Condition

Place = tuple[str | int, ...]
# Movements that fill a seat kept for them (050_seats.sql).
NEED_RESERVATION = ("occupy", "move")
# Facts that a form's own filer adds to its fields.
FILED = frozenset({"line", "person", "department", "unit", "reason", "occupancy", "nature", "scope"})
OFFICES = ("establishment", "commission", "personnel", "organisation", "human_resources", "finance", "social_insurance")
# The safe loader, in C where libyaml is there: seventy definitions are read at each start.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Who knows the forms' fields: announced by the views as they are imported; where nobody did, none is looked for.
_fields: list[Callable[[], Iterable[str]]] = []


def announce_fields(known: Callable[[], Iterable[str]]) -> None:
    """Say who knows the fields of forms (the views above this layer do)."""
    _fields[:] = [known]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a definition."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} 第 {self.line} 行：{self.reason}"


class DefinitionsRefused(ValueError):  # noqa: N818 - a refusal is named after what is refused
    """Definitions that are not published; the text lists every fault."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class Lines:
    """Where each part of a YAML text stands."""

    def __init__(self, node: yaml.Node | None) -> None:
        self.known: dict[Place, int] = {(): 1}
        self.twice: list[tuple[Place, int]] = []
        if node is not None:
            self._walk(node, ())

    def _walk(self, node: yaml.Node, place: Place) -> None:
        self.known.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                inner = (*place, str(key.value))
                self.known[inner] = key.start_mark.line + 1
                if key.value in seen:
                    self.twice.append((inner, key.start_mark.line + 1))
                seen.add(key.value)
                self._walk(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self._walk(value, (*place, number))

    def of(self, place: Place) -> int:
        """The line of a part, or of the nearest part around it."""
        while place not in self.known:
            place = place[:-1]
        return self.known[place]


SAID: tuple[tuple[str, Callable[[str, re.Match[str]], str]], ...] = (
    (r"^Missing data", lambda key, _m: f"缺少“{key}”"),
    (r"^Unknown field", lambda key, _m: f"没有“{key}”这一项"),
    (r"^Must be one of: (.*)\.$", lambda key, m: f"“{key}”不存在，只能是：{m[1].replace(', ', '、')}"),
    (r"^String does not match", lambda key, _m: f"“{key}”的格式不对"),
    (r"^(Not a valid|Invalid|Field may not)", lambda key, _m: f"“{key}”填的不是该项要的内容"),
    (r"^(Shorter|Longer|Length|Must be)", lambda key, _m: f"“{key}”超出允许的范围"),
)


def _flat(messages: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Marshmallow's nested messages, each with its place."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            # A mapping's field says which side of an entry is wrong; that is no place in the text.
            yield from _flat(inner, place if key in ("key", "value", "_schema") and place else (*place, key))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield place, str(message)


def _chinese(place: Place, message: str) -> str:
    key = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
    for pattern, words in SAID:
        found = re.search(pattern, message)
        if found:
            return words(key, found)
    return message


def problems_of(file: str, content: str, fields: Iterable[str] | None = None) -> tuple[Process | None, list[Problem]]:
    """A definition's parsed form, and its faults; ``fields`` are the form fields that exist (none: those announced)."""
    try:
        lines = Lines(yaml.compose(content, Loader=LOADER))
        raw = yaml.load(content, Loader=LOADER)  # noqa: S506 - both loaders are the safe one
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        return None, [Problem(file, mark.line + 1 if mark else 1, "不是完整的 YAML 文本")]
    if not isinstance(raw, dict):
        return None, [Problem(file, 1, "应是一份流程定义")]
    found = [Problem(file, line, f"“{place[-1]}”写了两次") for place, line in lines.twice]
    try:
        plan = parse({"family": None, **raw})
    except ValidationError as wrong:
        return None, found + [
            Problem(file, lines.of(place), _chinese(place, message)) for place, message in _flat(wrong.messages)
        ]
    known = set(fields) if fields is not None else {name for ask in _fields for name in ask()}
    return plan, found + [
        Problem(file, lines.of(place), reason) for place, reason in faults(plan, known, Path(file).stem)
    ]


def problems_in(raw: dict[str, Any]) -> list[tuple[Place, str]]:
    """The faults of a definition that is no file: a draft of the administrator's; each with its place."""
    try:
        plan = parse({"family": None, **raw})
    except ValidationError as wrong:
        return [(place, _chinese(place, message)) for place, message in _flat(wrong.messages)]
    known = {name for ask in _fields for name in ask()}
    return list(faults(plan, known, plan.process))


def faults(plan: Process, fields: set[str], stem: str) -> Iterator[tuple[Place, str]]:
    """What is wrong with a definition that has the right form: the place and the reason."""
    if plan.process != stem:
        yield ("process",), f"文件名应与流程名一致：{plan.process}.yaml"
    for number, name in enumerate(plan.fields):
        if fields and name not in fields:
            yield ("fields", number), f"表单没有“{name}”这个字段"
    for number, planned in enumerate(plan.checks):
        if planned.code not in checks.known():
            yield ("checks", number, "code"), f"没有“{planned.code}”这项核对"
    for number, after in enumerate(plan.after):
        if after.role not in OFFICES:
            yield ("after", number, "role"), f"办结后的事项只能交给部门，不能是“{after.role}”"
    if plan.days.promised > plan.days.statutory:
        yield ("days",), "承诺时限长于法定时限"
    if (needed := sum(max((t.days for t in stage.tasks), default=0) for stage in plan.stages)) > plan.days.promised:
        yield ("days",), f"各环节时限依次相加为 {needed} 个工作日，长于承诺时限"
    if (plan.arrival_days is not None) != (plan.effect == "arrival"):
        yield ("effect",), "按报到生效的须写 arrival_days，其余的不写"
    yield from _stages(plan)
    yield from _movements(plan)


def _stages(plan: Process) -> Iterator[tuple[Place, str]]:
    """Stages in order: no name or code twice, no way back to what comes later, conditions on known facts."""
    known = {FACT_NAMES.get(n, n) for n in plan.fields} | set(SETTING) | FILED
    names = [stage.name for stage in plan.stages]
    for number, stage in enumerate(plan.stages):
        place: Place = ("stages", number)
        if names.index(stage.name) != number:
            yield (*place, "name"), f"环节“{stage.name}”有两个"
        if stage.quorum is not None and stage.quorum > len(stage.tasks):
            yield (*place, "quorum"), f"“{stage.name}”只有 {len(stage.tasks)} 项，达不到 {stage.quorum} 项同意"
        yield from _condition((*place, "when"), stage.when, known)
        codes = [task.code for task in stage.tasks]
        for n, task in enumerate(stage.tasks):
            inner: Place = (*place, "tasks", n)
            if codes.index(task.code) != n:
                yield (*inner, "code"), f"“{stage.name}”中“{task.code}”有两项"
            if task.return_to is not None and task.return_to not in names[:number]:
                reason = "流程会循环：只能退回到更早的环节" if task.return_to in names else "没有这个环节"
                yield (*inner, "return_to"), f"“{task.title}”退回到“{task.return_to}”：{reason}"
            yield from _condition((*inner, "when"), task.when, known)


def _condition(place: Place, when: Condition | None, known: set[str]) -> Iterator[tuple[Place, str]]:
    for name in sorted(when.names - known) if when else ():
        yield place, f"条件里的“{name}”不是本事项的情况"


def _movements(plan: Process) -> Iterator[tuple[Place, str]]:
    """The movement, its reservation, and that each approval the kernel demands comes from a task nobody passes over."""
    ends = [name for name in plan.requirements if name != "reserve"]
    if len(ends) != 1:
        yield ("requirements",), "除预留编制外，一个流程只办一项台账变动"
        return
    if not plan.stages and plan.movement == "open_balance":  # approved unit by unit with its own batch
        return
    keepers = [(s, t) for s, stage in enumerate(plan.stages) for t in stage.tasks if t.on_approve == "reserve"]
    if plan.movement in NEED_RESERVATION and "reserve" not in plan.requirements:
        yield ("requirements", plan.movement), f"“{plan.movement}”须先预留编制，定义里没有 reserve"
    elif ("reserve" in plan.requirements) != (len(keepers) == 1):
        yield ("requirements",), "预留编制须有且只有一项任务写 on_approve: reserve"
    for name, required in plan.requirements.items():
        for number, one in enumerate(required):
            place: Place = ("requirements", name, number, "role")
            until = keepers[0][0] if name == "reserve" and keepers else len(plan.stages) - 1
            yield from _asked(plan, place, one["role"], one["people"], until)
        if all(one["role"] in PASSED_OVER for one in required):
            yield ("requirements", name), "每个批准方都可能无须经办，须至少有一个必经的部门"
    for s, task in keepers:
        if task.role not in {one["role"] for one in plan.requirements.get("reserve", [])}:
            yield ("stages", s), f"“{task.title}”预留编制，但 reserve 的要求里没有“{task.role}”"


def _asked(plan: Process, place: Place, role: str, people: int, until: int) -> Iterator[tuple[Place, str]]:
    """Whether a required approval is asked for, of as many people, by a task that is always opened."""
    holders: list[tuple[int, TaskPlan]] = [
        (s, t) for s, stage in enumerate(plan.stages) for t in stage.tasks if t.role == role and s <= until
    ]
    if not holders:
        yield place, f"要求“{role}”批准，但没有任务交给它，案件会一直办不结"
        return
    kept = [
        t for s, t in holders
        if t.when is None and plan.stages[s].when is None
        and (plan.stages[s].quorum is None or plan.stages[s].quorum == len(plan.stages[s].tasks))
    ]  # fmt: skip
    if not kept:
        yield place, f"要求“{role}”批准，但它的任务有条件或可凑数跳过，案件会一直办不结"
    elif people > 1 and not any(t.countersign for t in kept):
        yield place, f"要求“{role}”{people} 人批准，但任务没有写 countersign: true"
    elif people > 2:
        yield place, "一个部门最多要求两人批准（经办、负责人会签）"
    elif people == 1 and any(t.countersign for t in kept):
        yield place, f"“{role}”的任务要负责人会签，要求里须写 people: 2"


def published_otherwise(plan: Process) -> Problem:
    """The fault of a shipped definition whose version was published with another content."""
    file = PROCESSES / f"{plan.process}.yaml"
    lines = Lines(yaml.compose(file.read_text(encoding="utf-8"), Loader=LOADER))
    reason = f"第 {plan.version} 版已经发布，内容与此不同：已发布的版本不改，请提高 version"
    return Problem(file.name, lines.of(("version",)), reason)


def load(folder: Path = PROCESSES, fields: Iterable[str] | None = None) -> list[tuple[dict[str, Any], Process]]:
    """The definitions of a folder with their raw data, by name.

    Raises:
        DefinitionsRefused: any of them has a fault; none is loaded.
    """
    out: list[tuple[dict[str, Any], Process]] = []
    wrong: list[Problem] = []
    for file in sorted(folder.glob("*.yaml")):
        content = file.read_text(encoding="utf-8")
        plan, found = problems_of(file.name, content, fields)
        wrong += found
        if plan is not None:
            out.append((yaml.load(content, Loader=LOADER), plan))  # noqa: S506 - both loaders are the safe one
    if wrong:
        raise DefinitionsRefused(wrong)
    return out
