"""阶段: which tasks a case needs now, whom they are handed to, and when a stage is over.

A stage or task whose condition is false is not opened; nor is one that nobody has to answer (``route``). A stage is over
when all that were opened have approved, or its quorum.
"""

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.domain import errors
from app.domain.workdays import add_workdays
from app.models import Application, CaseRecord, Task
from app.workflow.acting import calendar, today
from app.workflow.definition import Process, Stage, TaskPlan

Side = tuple[int | None, int | None]


def known_facts(session: Session, case: Application, plan: Process) -> dict[str, Any]:
    """What conditions may ask of a filed case; nothing is read for a process without conditions."""
    if not plan.conditional:
        return {}
    filed, setting = session.execute(
        select(text("facts::jsonb"), func.case_setting(case.id)).select_from(CaseRecord)
        .where(CaseRecord.case_id == case.id)
    ).one()  # fmt: skip
    return {**filed, **setting}


def applies(stage: Stage, task: TaskPlan, facts: dict[str, Any]) -> bool:
    """Whether the conditions of a stage and of its task hold."""
    return (stage.when is None or stage.when.holds(facts)) and (task.when is None or task.when.holds(facts))


def route(session: Session, case: Application, role: str) -> Side | None:
    """Who answers for a role in this case, office or unit (032_routing.sql); None where nobody is needed.

    Raises:
        NotSeated: the person to leave a unit sits nowhere.
        NoOffice: nobody is responsible; the administrator has to act.
    """
    side = session.execute(text("SELECT * FROM case_route(:c, :r)"), {"c": case.id, "r": role}).one()
    if side.skipped:
        return None
    if side.office_id is None and side.unit_id is None:
        if role.startswith("source_"):
            raise errors.NotSeated(person=case.person_name)
        raise errors.NoOffice(role=role)
    return side.office_id, side.unit_id


def open_task(session: Session, case: Application, task: TaskPlan, stage: int, side: Side) -> None:
    """Hand one task to whoever is responsible, with its deadline in working days."""
    session.add(
        Task(
            application_id=case.id,
            stage=stage,
            code=task.code,
            role=task.role,
            days=task.days,
            office_id=side[0],
            unit_id=side[1],
            state="open",
            due_on=add_workdays(today(session), task.days, calendar(session)),
            scope_path=case.scope_path,
        )
    )
    session.flush()  # policies let the office see the case from here on


def tasks_of(session: Session, case: Application) -> list[Task]:
    """All tasks of a case, oldest first."""
    return list(session.scalars(select(Task).where(Task.application_id == case.id).order_by(Task.id)))


def open_from(session: Session, case: Application, plan: Process, first: int, tasks: list[Task]) -> bool:
    """Open the first stage from ``first`` on in which anybody is asked; False where no stage is left.

    What was approved there before the case was sent back to an earlier stage stands.
    """
    facts = known_facts(session, case, plan)
    stands = {(t.stage, t.code) for t in tasks if t.state == "approved"}
    for number in range(first, len(plan.stages)):
        stage, opened = plan.stages[number], False
        case.stage = number
        for task in stage.tasks:
            if (number, task.code) in stands or not applies(stage, task, facts):
                continue
            if (side := route(session, case, task.role)) is not None:
                open_task(session, case, task, number, side)
                opened = True
        if opened:
            return True
    return False


def earlier(plan: Process, stage: int, name: str) -> int:
    """The number of an earlier stage by its name; raises InvalidInput for any other."""
    for number, planned in enumerate(plan.stages[:stage]):
        if planned.name == name:
            return number
    raise errors.InvalidInput(errors={"to": ["required"]})


def send_back(session: Session, case: Application, plan: Process, tasks: list[Task], to: int) -> None:
    """退回到指定环节: an earlier stage decides again; what other offices of later stages approved stands."""
    for task in tasks:
        if (task.stage == to and task.state == "approved") or (task.stage >= to and task.state == "open"):
            task.state = "cancelled"
    session.flush()
    open_from(session, case, plan, to, [t for t in tasks if t.stage > to])


def is_over(plan: Process, stage: int, tasks: list[Task]) -> bool:
    """Whether a stage's tasks have given it what it needs; open ones may be left where a quorum is enough."""
    latest = {t.code: t.state for t in sorted(tasks, key=lambda t: t.id) if t.stage == stage and t.state != "cancelled"}
    needed = min(plan.stages[stage].quorum or len(latest), len(latest))
    approved = sum(state == "approved" for state in latest.values())
    return approved >= needed and not {"returned", "rejected"} & set(latest.values())


def cancel_open(tasks: list[Task]) -> None:
    """Close what nobody needs to decide any more."""
    for task in tasks:
        if task.state == "open":
            task.state, task.closed_at = "cancelled", func.now()


def reopen(session: Session, case: Application, plan: Process) -> None:
    """After a correction: on from the first stage in which an approval of the present facts is missing.

    The offices that returned decide again; the others' approvals of other facts too, in earlier stages as well.
    """
    rows = tasks_of(session, case)
    standing = set(session.execute(text("SELECT case_standing_sides(:c)"), {"c": case.id}).scalars())
    facts = known_facts(session, case, plan)

    def missing(number: int) -> list[tuple[TaskPlan, Side]]:
        stage, out = plan.stages[number], []
        good = {
            t.code
            for t in rows
            if t.stage == number and t.state == "approved" and f"{t.office_id or ''}:{t.unit_id or ''}" in standing
        }
        if stage.quorum is not None and len(good) >= stage.quorum:
            return []
        for task in stage.tasks:
            if task.code not in good and applies(stage, task, facts):
                side = route(session, case, task.role)
                if side is not None:
                    out.append((task, side))
        return out

    again: list[tuple[TaskPlan, Side]] = []
    for number in range(case.stage + 1):
        again = missing(number)
        if again or number == case.stage:
            case.stage = number
            break
    stage, codes = case.stage, {task.code for task, _side in again}
    for old in rows:  # an approval of other facts, and whatever comes after the stage begun anew
        if (old.state == "approved" and old.stage == stage and old.code in codes) or (
            old.state in ("open", "approved") and old.stage > stage
        ):
            old.state = "cancelled"
    still_open = {t.code for t in rows if t.stage == stage and t.state == "open"}
    for task, side in again:
        if task.code not in still_open:
            open_task(session, case, task, stage, side)
