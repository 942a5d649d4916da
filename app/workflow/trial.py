"""试运行: an invented case walked through a definition, on paper: no session, no row, no office is asked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.workdays import add_workdays
from app.workflow.definition import Process, Stage, TaskPlan

WORDS = ("approve", "return", "reject")


@dataclass(frozen=True, slots=True)
class TaskStep:
    """One task as the invented case meets it; ``state`` is open, skipped, waiting, or the word given."""

    key: str
    role: str
    title: str
    state: str
    word: str
    due_on: dt.date | None


@dataclass(frozen=True, slots=True)
class StageStep:
    """One stage; ``state`` is skipped, open, approved, returned, rejected, or waiting for those before it."""

    name: str
    state: str
    tasks: tuple[TaskStep, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """Where the invented case stands: ``state`` is running, returned, rejected or approved; ``ready_on`` its latest day."""

    stages: tuple[StageStep, ...]
    state: str
    ready_on: dt.date | None


def facts_asked(plan: Process) -> list[str]:
    """The facts on which any stage or task depends, in the order in which they are met."""
    conditions = [c for s in plan.stages for c in (s.when, *(t.when for t in s.tasks)) if c is not None]
    return list(dict.fromkeys(name for c in conditions for name in sorted(c.names)))


def typed(facts: Mapping[str, str]) -> dict[str, str | int | bool | None]:
    """Facts as a case has them: whole numbers as such, an empty one missing."""
    known: dict[str, str | int | bool | None] = {}
    for name, text in facts.items():
        word = text.strip()
        # Codes such as 11 are texts; the yes-or-no facts of a case's setting are what a condition takes as true.
        yes_or_no = name.startswith("has_") or name == "cross_region"
        known[name] = (word not in ("", "0", "否")) if yes_or_no else word or None
    return known


def walk(
    plan: Process,
    facts: Mapping[str, str],
    words: Mapping[str, str],
    calendar: Mapping[dt.date, bool],
    today: dt.date,
) -> Walk:
    """The way of one invented case.

    Args:
        plan: the definition.
        facts: what the case tells, as typed.
        words: the decision of each task, by ``stage-code``; none is undecided.
        calendar: published working days.
        today: the day of submission.
    """
    known, steps, state, begun = typed(facts), [], "approved", today
    for number, stage in enumerate(plan.stages):
        if stage.when is not None and not stage.when.holds(known):
            steps.append(StageStep(stage.name, "skipped", ()))
            continue
        asked = [t for t in stage.tasks if t.when is None or t.when.holds(known)]
        open_now = state == "approved"
        tasks = tuple(_task(number, t, words, t in asked, open_now, calendar, begun) for t in stage.tasks)
        if open_now:
            state = _outcome(stage, [t for t in tasks if t.state != "skipped"])
            begun = max((t.due_on for t in tasks if t.due_on), default=begun)
        steps.append(StageStep(stage.name, _stage_state(state) if open_now else "waiting", tasks))
    return Walk(tuple(steps), state, begun if state in ("approved", "running") else None)


def _task(
    number: int,
    plan: TaskPlan,
    words: Mapping[str, str],
    asked: bool,
    open_now: bool,
    calendar: Mapping[dt.date, bool],
    begun: dt.date,
) -> TaskStep:
    key = f"{number}-{plan.code}"
    word = words.get(key, "")
    word = word if word in WORDS and asked and open_now else ""
    state = "skipped" if not asked else word or ("open" if open_now else "waiting")
    due_on = add_workdays(begun, plan.days, dict(calendar)) if asked and open_now else None
    return TaskStep(key, plan.role, plan.title, state, word, due_on)


def _outcome(stage: Stage, tasks: list[TaskStep]) -> str:
    """What the words of a stage lead to: a rejection ends, a return goes back, all (or the quorum) go on."""
    said = [t.word for t in tasks]
    if "reject" in said:
        return "rejected"
    if "return" in said:
        return "returned"
    enough = min(stage.quorum or len(tasks), len(tasks))
    return "approved" if said.count("approve") >= enough else "running"


def _stage_state(state: str) -> str:
    return "open" if state == "running" else state
