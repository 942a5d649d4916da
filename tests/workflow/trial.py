"""Definitions made for a test, published as a deployment does."""

import copy
import json
from typing import Any

from sqlalchemy import text

from app.workflow.definition import as_json, parse
from app.workflow.validation import load
from tests.world import World


def changed(process: str, name: str, prefix: str, **more: Any) -> dict[str, Any]:
    """A shipped definition under another name, with other parts."""
    raw = copy.deepcopy(next(raw for raw, plan in load() if plan.process == process))
    return raw | {"process": name, "prefix": prefix, "version": 1, **more}


def publish(world: World, definition: dict[str, Any]) -> int:
    """Publish a definition; returns the version's id."""
    plan = parse(definition)
    with world.owner.begin() as connection:
        return int(
            connection.execute(
                text("SELECT publish_version(:p, :v, cast(:d AS jsonb), cast(:r AS jsonb))"),
                {"p": plan.process, "v": plan.version, "d": as_json(definition), "r": json.dumps(plan.requirements)},
            ).scalar_one()
        )
