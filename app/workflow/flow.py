"""进程: how a case goes on after a step: the next stage, the effect, the end."""

import datetime as dt

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.models import Application, Task
from app.workflow import checks, stages
from app.workflow.acting import Facts, note, today
from app.workflow.definition import Process


def subject(
    session: Session, case: Application, plan: Process, facts: Facts, *, reserved: bool = False
) -> checks.Subject:
    """A filed case as its checks look at it."""
    return checks.Subject(plan, facts, case.unit_id, case.person_id, today(session), case.id, reserved)


def advance(session: Session, case: Application, plan: Process, tasks: list[Task]) -> None:
    """Go on when the stage has the approvals that it needs."""
    if not stages.is_over(plan, case.stage, tasks):
        return
    stages.cancel_open(tasks)  # a quorum was enough
    session.flush()  # the next tasks are routed by what stands
    if not stages.open_from(session, case, plan, case.stage + 1, tasks):
        approved(session, case, plan)


def reopened(session: Session, case: Application, plan: Process) -> None:
    """Open what is missing of the approvals of the present facts, and go on where nothing is."""
    session.flush()  # the state must stand before the tasks are looked at
    stages.reopen(session, case, plan)
    advance(session, case, plan, stages.tasks_of(session, case))


def approved(session: Session, case: Application, plan: Process) -> None:
    """Everybody asked has approved: the effect, now or on its day."""
    case.state = "awaiting"
    note(session, case, "approved", side="系统")
    due = case.effective_on is None or case.effective_on <= today(session)
    if plan.effect == "approval" or (plan.effect == "date" and due):
        take_effect(session, case, plan, None)


def take_effect(session: Session, case: Application, plan: Process, on: dt.date | None) -> None:
    """Post the case's movement to the ledger; the figures change in this transaction."""
    session.flush()  # the kernel reads the state below it
    if plan.movement == "occupy":
        case.person_id = session.execute(
            text("SELECT ledger_occupy(:c, :d)"), {"c": case.id, "d": on or today(session)}
        ).scalar_one()
        case.effective_on = on or case.effective_on or today(session)
    else:
        # The name comes from the validated, published definition's closed list.
        session.execute(text(f"SELECT ledger_{plan.movement}(:c)"), {"c": case.id})
        session.refresh(case, ["unit_id", "scope_path"])  # a body that went elsewhere took its cases along
    case.state, case.finished_at, case.changed_at, case.result = "done", func.now(), func.now(), plan.result
    note(session, case, "effected", side="台账", facts={"on": str(on or case.effective_on or today(session))})


def end(session: Session, case: Application, state: str, reason: str, result: str | None) -> None:
    """End a case that will not take effect; what it reserved is free again."""
    session.flush()  # the kernel reads the decision
    session.execute(text("SELECT case_close(:c, :r)"), {"c": case.id, "r": reason})
    for task in session.scalars(select(Task).where(Task.application_id == case.id, Task.state == "open")):
        task.state, task.closed_at = "cancelled", func.now()
    case.state, case.finished_at, case.changed_at, case.result = state, func.now(), func.now(), result
