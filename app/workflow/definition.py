"""流程定义: a process as data, validated before it is published."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, fields, post_load, validate

PROCESSES = Path(__file__).parent / "processes"
ROLES = (
    "establishment",
    "personnel",
    "source_unit",
    "organisation",
    "human_resources",
    "finance",
    "social_insurance",
)
MOVEMENTS = (
    "reserve",
    "occupy",
    "vacate",
    "move",
    "take_lead",
    "leave_lead",
    "correct",
    "set_quota",
    "open_unit",
    "change_unit",
    "close_unit",
    "open_balance",
    "shift",
    "change_line",
    "absence_begin",
    "absence_extend",
    "absence_end",
    "verify_year",
    "certificate",
    "none",
)


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task of a stage: which office, what it answers for, in how many working days."""

    code: str
    role: str
    title: str
    days: int
    on_approve: str | None


@dataclass(frozen=True, slots=True)
class Stage:
    """阶段: its tasks run in parallel, the next begins when all have approved."""

    name: str
    tasks: tuple[TaskPlan, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """A whole definition. ``effect`` says when it takes effect: on arrival, on a date, on the last approval."""

    process: str
    version: int
    title: str
    prefix: str
    guide: str
    applicant: str
    effect: str
    fields: tuple[str, ...]
    stages: tuple[Stage, ...]
    papers: tuple[str, ...]
    result: str
    requirements: dict[str, Any]

    @property
    def movement(self) -> str:
        """The movement that ends a case; ``reserve`` only prepares it."""
        return next(name for name in self.requirements if name != "reserve")


class TaskSchema(Schema):
    """A task as written in YAML."""

    code = fields.Str(required=True)
    role = fields.Str(required=True, validate=validate.OneOf(ROLES))
    title = fields.Str(required=True)
    days = fields.Int(required=True, validate=validate.Range(1, 60))
    on_approve = fields.Str(load_default=None, validate=validate.OneOf(["reserve"]))

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> TaskPlan:
        """The frozen task."""
        return TaskPlan(**data)


class StageSchema(Schema):
    """A stage as written in YAML."""

    name = fields.Str(required=True)
    tasks = fields.List(fields.Nested(TaskSchema), required=True, validate=validate.Length(min=1))

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Stage:
        """The frozen stage."""
        return Stage(data["name"], tuple(data["tasks"]))


class RequirementSchema(Schema):
    """An approval without which a movement never happens."""

    role = fields.Str(required=True, validate=validate.OneOf(ROLES))
    people = fields.Int(load_default=1, validate=validate.Range(1, 3))


class ProcessSchema(Schema):
    """A process as written in YAML; unknown keys are refused."""

    process = fields.Str(required=True)
    version = fields.Int(required=True)
    title = fields.Str(required=True)
    prefix = fields.Str(required=True, validate=validate.Length(2, 2))
    guide = fields.Str(required=True)
    applicant = fields.Str(required=True, validate=validate.OneOf(["unit", "establishment"]))
    effect = fields.Str(required=True, validate=validate.OneOf(["arrival", "date", "approval"]))
    fields_ = fields.List(fields.Str(), data_key="fields", attribute="fields", required=True)
    stages = fields.List(fields.Nested(StageSchema), required=True)
    papers = fields.List(fields.Str(), required=True)
    result = fields.Str(required=True)
    requirements = fields.Dict(
        fields.Str(validate=validate.OneOf(MOVEMENTS)),
        fields.List(fields.Nested(RequirementSchema), validate=validate.Length(min=1)),
        required=True,
    )

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Process:
        """The frozen process."""
        for name in ("fields", "stages", "papers"):
            data[name] = tuple(data[name])
        return Process(**data)


def parse(definition: dict[str, Any]) -> Process:
    """A definition from its data; raises ``marshmallow.ValidationError`` naming what is wrong."""
    process = ProcessSchema().load(definition)
    if not isinstance(process, Process):
        raise TypeError
    return process


def shipped() -> list[tuple[dict[str, Any], Process]]:
    """The definitions that come with the system, with their raw data, by name."""
    raw = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(PROCESSES.glob("*.yaml"))]
    return [(data, parse(data)) for data in raw]


def as_json(definition: dict[str, Any]) -> str:
    """The text that is published and hashed."""
    return json.dumps(definition, ensure_ascii=False, sort_keys=True)
