"""流程定义: a process as data, validated before it is published.

``parse`` reads a published version, old ones too: what version 1 of the form did not say is filled in by ``upgraded``.
What a new definition has to fulfil beyond its form stands in ``app.workflow.validation``.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from app.workflow.expression import Condition, ExpressionError, condition

PROCESSES = Path(__file__).parent / "processes"
ROLES = (
    "establishment",
    "commission",
    "personnel",
    "source_unit",
    "organisation",
    "human_resources",
    "finance",
    "social_insurance",
    "unit",
    "unit_head",
    "supervisor",
    "city_establishment",
    "city_personnel",
    "source_establishment",
    "source_personnel",
    "receiving_establishment",
)
MOVEMENTS = (
    "reserve",
    "occupy",
    "vacate",
    "move",
    "take_lead",
    "leave_lead",
    "correct",
    "record",
    "set_quota",
    "set_part",
    "end_part",
    "set_pool",
    "move_quota",
    "absorb",
    "close_line",
    "open_unit",
    "change_unit",
    "close_unit",
    "transfer_unit",
    "merge_unit",
    "move_department",
    "split_unit",
    "move_people",
    "reform",
    "network",
    "open_balance",
    "permit_plan",
    "permit_grant",
    "permit_extend",
    "permit_cancel",
    "shift",
    "change_line",
    "absence_begin",
    "absence_extend",
    "absence_end",
    "verify_year",
    "certificate",
    "signboard",
    "organ_limit",
    "temporary",
    "sanding",
    "duties",
    "rank_quota",
    "post_plan",
    "set_cap",
    "engage",
    "engage_change",
    "rekey_line",
    "none",
)
FAMILIES = ("entry", "exit", "inside", "quota_use", "verification", "organ", "quota", "leadership", "correction")
APPLICANTS = ("unit", "person", "establishment", "organisation", "human_resources")
OUTPUTS = (
    "quota_use",
    "entry_notice",
    "exit_notice",
    "lead_use",
    "payroll_notice",
    "receipt",
    "papers_list",
    "approval_sheet",
    "service_proof",
    # No numbered paper: a print of protected data from the person's own record.
    "appointment_form",
    "reply",
)
# Fields of a form whose name among the facts differs.
FACT_NAMES = {
    "rank_set": "body_set", "cap_number": "number", "rekeyed_line": "line", "post_set": "body_set", "any_line": "line",
    "lead_line": "line", "unit_name": "name", "unit_category": "category", "exit_reason": "reason",
    "permit_needed": "permit", "hosted_kind": "absence_kind", "away_kind": "absence_kind", "away": "person",
    "estab_line": "line", "plan_until_on": "until_on", "to_line": "line", "part_number": "number",
    "last_day_on": "last_on", "part_how": "how", "line_entry": "entry", "superior": "parent", "seats_go": "seats",
    "running_cases": "cases", "partner_unit": "partner", "temporary_name": "board_name", "into_department": "into",
    "lower_unit": "unit", "new_name": "name", "new_grade": "grade", "moved": "number", "pool_number": "number",
    "absorbed_on": "until_on",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paper:
    """材料: what has to be handed in, in how many copies, as a file, and on paper in the original."""

    name: str
    copies: int = 1
    upload: bool = False
    original: bool = False

    @property
    def note(self) -> str:
        """How it has to be handed in, as the guide says it."""
        said = [f"{self.copies} 份"] if self.copies > 1 else []
        return "，".join(said + ["须核对原件"] * self.original + ["可上传"] * self.upload)


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """A check by its code (app.workflow.checks): whether it stops the case or warns, and the article it rests on."""

    code: str
    level: str
    article: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task of a stage: which office, what it answers for, in how many working days, and when it is needed."""

    code: str
    role: str
    title: str
    days: int
    on_approve: str | None
    when: Condition | None
    countersign: bool
    # 退回到指定环节: the earlier stage that a return goes to; none: to the applicant.
    return_to: str | None


@dataclass(frozen=True, slots=True)
class Stage:
    """阶段: its tasks run in parallel, the next begins when all (or ``quorum`` of them) have approved."""

    name: str
    tasks: tuple[TaskPlan, ...]
    quorum: int | None
    when: Condition | None


@dataclass(frozen=True, slots=True)
class AfterPlan:
    """办结后的事项: what an office acknowledges once the movement has taken effect."""

    role: str
    title: str
    days: int


@dataclass(frozen=True, slots=True)
class Days:
    """办理时限 of the whole in working days: by law, and as promised."""

    statutory: int
    promised: int


@dataclass(frozen=True, slots=True)
class Process:
    """A whole definition. ``effect`` says when it takes effect: on arrival, on a date, on the last approval."""

    process: str
    codes: tuple[str, ...]
    version: int
    title: str
    family: str
    prefix: str
    guide: str
    who: str
    basis: tuple[str, ...]
    applicant: str
    effect: str
    days: Days
    fields: tuple[str, ...]
    papers: tuple[Paper, ...]
    checks: tuple[CheckPlan, ...]
    stages: tuple[Stage, ...]
    after: tuple[AfterPlan, ...]
    outputs: tuple[str, ...]
    arrival_days: int | None
    result: str
    requirements: dict[str, Any]

    @property
    def movement(self) -> str:
        """The movement that ends a case; ``reserve`` only prepares it."""
        return next(name for name in self.requirements if name != "reserve")

    @property
    def conditional(self) -> bool:
        """Whether any stage or task depends on the case's facts."""
        return any(s.when or any(t.when for t in s.tasks) for s in self.stages)

    def task(self, stage: int, code: str) -> TaskPlan:
        """The plan of one task; raises StopIteration for a code that the stage does not have."""
        return next(t for t in self.stages[stage].tasks if t.code == code)


class ConditionField(fields.Str):
    """An expression, checked as it is read."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        try:
            return condition(super()._deserialize(value, attr, data, **more))
        except ExpressionError as wrong:
            raise ValidationError(str(wrong)) from wrong


class Shape(Schema):
    """A part of a definition, read into its frozen form; unknown keys are refused."""

    made: Callable[..., Any]

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Any:
        """The frozen part."""
        return type(self).made(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


def days_field(most: int = 60, **more: Any) -> fields.Int:
    """A number of working days."""
    return fields.Int(strict=True, validate=validate.Range(1, most), **more)


def word(**more: Any) -> fields.Str:
    """A text that says something."""
    return fields.Str(validate=validate.Length(1, 500), **more)


class PaperSchema(Shape):
    """A paper as written in YAML."""

    made = Paper
    name = word(required=True)
    copies = fields.Int(strict=True, load_default=1, validate=validate.Range(1, 9))
    upload = fields.Bool(load_default=False)
    original = fields.Bool(load_default=False)


class CheckSchema(Shape):
    """A check as written in YAML."""

    made = CheckPlan
    code = word(required=True)
    level = fields.Str(required=True, validate=validate.OneOf(["stop", "warn"]))
    article = word(required=True)
    params = fields.Dict(fields.Str(), fields.Raw(), load_default=dict)


class TaskSchema(Shape):
    """A task as written in YAML."""

    made = TaskPlan
    code = word(required=True)
    role = fields.Str(required=True, validate=validate.OneOf(ROLES))
    title = word(required=True)
    days = days_field(required=True)
    on_approve = fields.Str(load_default=None, validate=validate.OneOf(["reserve"]))
    when = ConditionField(load_default=None)
    countersign = fields.Bool(load_default=False)
    return_to = fields.Str(load_default=None)


class StageSchema(Shape):
    """A stage as written in YAML."""

    made = Stage
    name = word(required=True)
    tasks = fields.List(fields.Nested(TaskSchema), required=True, validate=validate.Length(min=1))
    quorum = fields.Int(strict=True, load_default=None, validate=validate.Range(1, 9))
    when = ConditionField(load_default=None)


class AfterSchema(Shape):
    """What is acknowledged after the effect, as written in YAML."""

    made = AfterPlan
    role = fields.Str(required=True, validate=validate.OneOf(ROLES))
    title = word(required=True)
    days = days_field(required=True)


class DaysSchema(Shape):
    """Time limits as written in YAML."""

    made = Days
    statutory = days_field(365, required=True)
    promised = days_field(365, required=True)


class RequirementSchema(Schema):
    """An approval without which a movement never happens."""

    role = fields.Str(required=True, validate=validate.OneOf(ROLES))
    people = fields.Int(load_default=1, validate=validate.Range(1, 3))


class ProcessSchema(Shape):
    """A process as written in YAML."""

    made = Process
    process = fields.Str(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,39}$"))
    codes = fields.List(fields.Str(validate=validate.Regexp(r"^[A-K][0-9]{2}$")), required=True)
    version = fields.Int(required=True, strict=True, validate=validate.Range(1))
    title = word(required=True)
    family = fields.Str(required=True, validate=validate.OneOf(FAMILIES))
    prefix = fields.Str(required=True, validate=validate.Regexp(r"^[A-Z]{2}$"))
    guide = word(required=True)
    who = word(required=True)
    basis = fields.List(word(), required=True, validate=validate.Length(min=1))
    applicant = fields.Str(required=True, validate=validate.OneOf(APPLICANTS))
    effect = fields.Str(required=True, validate=validate.OneOf(["arrival", "date", "approval"]))
    days = fields.Nested(DaysSchema, required=True)
    fields_ = fields.List(fields.Str(), data_key="fields", attribute="fields", required=True)
    papers = fields.List(fields.Nested(PaperSchema), required=True)
    checks = fields.List(fields.Nested(CheckSchema), load_default=list)
    stages = fields.List(fields.Nested(StageSchema), required=True)
    after = fields.List(fields.Nested(AfterSchema), load_default=list)
    outputs = fields.List(fields.Str(validate=validate.OneOf(OUTPUTS)), load_default=list)
    arrival_days = days_field(365, load_default=None)
    result = word(required=True)
    requirements = fields.Dict(
        fields.Str(validate=validate.OneOf(MOVEMENTS)),
        fields.List(fields.Nested(RequirementSchema), validate=validate.Length(min=1)),
        required=True,
    )


def upgraded(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition of the first form, as the second one writes it; cases that run on it stay on what it asks."""
    if "family" in definition:
        return definition
    stages = definition.get("stages", [])
    days = sum(max(t["days"] for t in stage["tasks"]) for stage in stages) or 1
    return {
        **definition,
        "codes": [],
        "family": "correction",
        "who": "依照该版本办事指南。",
        "basis": ["该版本未列依据"],
        "days": {"statutory": days, "promised": days},
        "papers": [{"name": name} for name in definition.get("papers", [])],
        "arrival_days": None,
    }


def parse(definition: dict[str, Any]) -> Process:
    """A definition from its data; raises ``marshmallow.ValidationError`` naming what is wrong."""
    process = ProcessSchema().load(upgraded(definition))
    if not isinstance(process, Process):
        raise TypeError
    return process


def as_json(definition: dict[str, Any]) -> str:
    """The text that is published and hashed."""
    return json.dumps(definition, ensure_ascii=False, sort_keys=True)
