"""办理引擎: the only writer of cases, tasks and timeline; the caller owns the transaction.

Lock order: the application's row first, then the kernel's own (see docs/architecture.md). The kernel
decides whether a movement may happen; what is written here is the conversation around it.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.domain import errors
from app.domain.workdays import add_workdays
from app.models import Application, ApplicationEvent, Task, Unit, WorkingDay
from app.workflow.definition import Process, TaskPlan
from app.workflow.versions import latest, process_of

Facts = Mapping[str, str | int | None]


def today(session: Session) -> dt.date:
    """The kernel's day (Foshan time)."""
    return session.execute(text("SELECT kernel_today()")).scalar_one()


def me(session: Session, part: int) -> str | None:
    """One part of the transaction's identity (see 010_identity.sql), as the database named it at the beginning."""
    if "parts" not in session.info:
        session.connection()  # begins the transaction, and with it the identity
    parts: list[str] = session.info["parts"]
    return parts[part - 1] or None if part <= len(parts) else None


def locked(session: Session, case_id: int) -> Application:
    """The case, locked against every other step; a foreign case answers as an absent one."""
    case = session.scalars(select(Application).where(Application.id == case_id).with_for_update()).one_or_none()
    if case is None:
        raise errors.NotFound(case=case_id)
    return case


def locked_task(session: Session, task_id: int) -> tuple[Application, Task, list[Task]]:
    """A task with its case and the case's tasks, the case locked first; a foreign one answers as an absent one."""
    of = select(Task.application_id).where(Task.id == task_id).scalar_subquery()
    rows = session.execute(
        select(Application, Task).join(Task, Task.application_id == Application.id)
        .where(Application.id == of).with_for_update()
    ).all()  # fmt: skip
    task = next((t for _case, t in rows if t.id == task_id), None)
    if task is None:
        raise errors.NotFound(task=task_id)
    return rows[0][0], task, [t for _case, t in rows]


def operator(session: Session) -> str:
    """The name of whoever acts (and in whose place, under a delegation), asked once a transaction."""
    if "operator" not in session.info:
        session.info["operator"] = session.execute(text("SELECT acting_name()")).scalar_one() or "—"
    name: str = session.info["operator"]
    return name


def note(
    session: Session,
    case: Application,
    kind: str,
    *,
    side: str,
    opinion: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Add one step to the timeline, with its operator."""
    user = me(session, 1)
    session.add(
        ApplicationEvent(
            application_id=case.id,
            kind=kind,
            user_id=int(user) if user else None,
            operator=operator(session),
            side=side,
            opinion=opinion,
            facts=facts or {},
            scope_path=case.scope_path,
        )
    )


def mine(session: Session, case: Application) -> bool:
    """Whether the case was begun by the identity's own unit or office."""
    if case.office_id is not None:
        return str(case.office_id) == me(session, 7)
    # A competent department stands for its unit where it decides, not where the unit applies.
    return case.unit_id is not None and str(case.unit_id) == me(session, 6) and me(session, 3) != "supervisor"


def applicant(case: Application) -> str:
    """How the timeline names the applying side."""
    return "申报单位" if case.office_id is None else "申报部门"


def draft(
    session: Session,
    *,
    process: str,
    unit_id: int | None,
    scope_path: str,
    form: dict[str, Any],
    office_id: int | None = None,
) -> Application:
    """Begin a case; what was typed is kept from the first field on."""
    version_id, plan = latest(session, process)
    case = Application(
        process=process,
        process_version_id=version_id,
        unit_id=unit_id,
        office_id=office_id,
        scope_path=scope_path,
        title=plan.title,
        form=form,
        state="draft",
        stage=0,
        created_by=int(me(session, 1) or 0),
    )
    session.add(case)
    session.flush()  # the case's id goes into its address
    return case


def submit(
    session: Session,
    case_id: int,
    *,
    facts: Facts,
    person_id: int | None,
    person_name: str | None,
    effective_on: dt.date | None,
    unit_id: int | None = None,
) -> Application:
    """File the facts, number the case and hand the first stage's tasks to the responsible offices.

    Raises:
        WrongState: the case is neither a draft nor returned.
        RunningCase: the person is in another running case.
        NoOffice: nobody is responsible; the administrator has to act.
    """
    case = locked(session, case_id)
    if not mine(session, case):
        raise errors.NotFound(case=case_id)
    if case.state not in ("draft", "returned"):
        raise errors.WrongState(state=case.state)
    if case.state == "draft":  # a version published since the draft was begun is the one that cases take now
        case.process_version_id, plan = latest(session, case.process)
    else:
        plan = process_of(session, case)
    unit = session.get(Unit, unit_id) if case.office_id is not None and unit_id is not None else None
    if unit is not None:
        case.unit_id, case.scope_path = unit.id, unit.scope_path
    case.person_id, case.person_name, case.effective_on = person_id, person_name, effective_on
    about = person_name or (case.office_id and (facts.get("name") or (unit.name if unit else None)))
    case.title = f"{plan.title}：{about}" if about else plan.title
    again = case.state == "returned"
    session.flush()  # the kernel reads the row
    session.execute(
        text("SELECT case_file(:c, :f)"),
        {"c": case.id, "f": json.dumps(dict(facts), ensure_ascii=False, sort_keys=True)},
    )
    if case.number is None:
        case.number = session.execute(text("SELECT next_case_number(:p)"), {"p": plan.prefix}).scalar_one()
        case.submitted_at = func.now()
    case.state, case.changed_at = "running", func.now()
    note(session, case, "resubmitted" if again else "submitted", side=applicant(case))
    if again:
        session.flush()  # the state above must stand before the tasks are looked at
        reopen_returned(session, case, plan)
    else:
        open_stage(session, case, plan, 0)
    return case


def open_stage(session: Session, case: Application, plan: Process, stage: int) -> None:
    """Open a stage's tasks in parallel, each with its deadline in working days."""
    case.stage = stage
    handed = [open_task(session, case, task, stage) for task in plan.stages[stage].tasks]
    if not any(handed) and stage + 1 < len(plan.stages):
        open_stage(session, case, plan, stage + 1)


def open_task(session: Session, case: Application, task: TaskPlan, stage: int) -> bool:
    """Hand one task to the office or unit responsible; False where nobody is needed."""
    side = route(session, case, task.role)
    if side is None:
        return False
    office, unit = side
    session.add(
        Task(
            application_id=case.id,
            stage=stage,
            code=task.code,
            role=task.role,
            days=task.days,
            office_id=office,
            unit_id=unit,
            state="open",
            due_on=add_workdays(today(session), task.days, calendar(session)),
            scope_path=case.scope_path,
        )
    )
    session.flush()  # policies let the office see the case from here on
    return True


def route(session: Session, case: Application, role: str) -> tuple[int | None, int | None] | None:
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


def needed(session: Session, case: Application, task: TaskPlan) -> bool:
    """Whether somebody has to answer for a task in this case."""
    return route(session, case, task.role) is not None


def calendar(session: Session) -> dict[dt.date, bool]:
    """The published working days; a missing year counts Monday to Friday."""
    return {row.on: row.worked for row in session.scalars(select(WorkingDay))}


def reopen_returned(session: Session, case: Application, plan: Process) -> None:
    """After a correction: on from the first stage in which an approval of the present facts is missing.

    The offices that returned decide again; the others' approvals of other facts too, in earlier stages as well.
    """
    rows = session.scalars(select(Task).where(Task.application_id == case.id)).all()
    standing = set(session.execute(text("SELECT case_standing_sides(:c)"), {"c": case.id}).scalars())

    def missing(stage: int) -> list[TaskPlan]:
        good = {
            t.code
            for t in rows
            if t.stage == stage and t.state == "approved" and f"{t.office_id or ''}:{t.unit_id or ''}" in standing
        }
        return [t for t in plan.stages[stage].tasks if t.code not in good and needed(session, case, t)]

    stage = next((n for n in range(case.stage) if missing(n)), case.stage)
    again, case.stage = missing(stage), stage
    for old in rows:  # an approval of other facts, and whatever comes after the stage begun anew
        if (old.state == "approved" and old.stage == stage and old.code in {t.code for t in again}) or (
            old.state in ("open", "approved") and old.stage > stage
        ):
            old.state = "cancelled"
    still_open = {t.code for t in rows if t.stage == stage and t.state == "open"}
    for task in again:
        if task.code not in still_open:
            open_task(session, case, task, stage)


def decide(session: Session, task_id: int, *, verdict: str, opinion: str, address: str = "") -> Application:
    """One office decides its task; whoever closes the stage goes on to the next, or to the effect.

    Raises:
        NotFound: no such task, or another office's.
        AlreadyDecided: a colleague was first.
        QuotaExhausted, SurplusLine: the seat could not be reserved.
    """
    case, task, tasks = locked_task(session, task_id)
    if task.state != "open" or case.state != "running":
        raise errors.AlreadyDecided(state=task.state)
    if verdict not in ("approve", "return", "reject"):
        raise errors.InvalidInput(errors={"verdict": ["required"]})
    if not (str(task.office_id) == me(session, 7) or str(task.unit_id) == me(session, 6)):
        raise errors.NotYourOffice(task=task_id)
    if verdict != "approve" and not opinion.strip():
        raise errors.InvalidInput(errors={"opinion": ["required"]})
    plan = process_of(session, case)
    todo = next(t for t in plan.stages[task.stage].tasks if t.code == task.code)
    reserved = verdict == "approve" and todo.on_approve == "reserve"
    session.flush()  # what was written before stands for the kernel
    # One journey to the kernel: decision, reservation, closed task and step on record, or nothing.
    session.execute(
        text("SELECT case_settle(:t, :v, :o, :side, :r, :a)"),
        {"t": task.id, "v": verdict, "o": opinion, "side": todo.title, "r": reserved, "a": address},
    )
    set_committed_value(task, "state", {"approve": "approved", "return": "returned", "reject": "rejected"}[verdict])
    if verdict == "reject":
        _end(session, case, "rejected", "rejected", opinion)
    elif verdict == "return":
        case.state = "returned"
    else:
        _advance(session, case, plan, [t for t in tasks if t.stage == case.stage])
    return case


def _advance(session: Session, case: Application, plan: Process, tasks: list[Task]) -> None:
    """Go on when every task of the stage has been approved."""
    approved = {t.code for t in tasks if t.state == "approved"}
    if any(t.state == "open" for t in tasks) or any(
        t.code not in approved and needed(session, case, t) for t in plan.stages[case.stage].tasks
    ):
        return
    session.flush()  # the next tasks are routed by what stands
    if case.stage + 1 < len(plan.stages):
        open_stage(session, case, plan, case.stage + 1)
        return
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
        case.effective_on = on or today(session)
    else:
        # The name comes from the validated, published definition's closed list.
        session.execute(text(f"SELECT ledger_{plan.movement}(:c)"), {"c": case.id})
    case.state, case.finished_at, case.changed_at, case.result = "done", func.now(), func.now(), plan.result
    note(session, case, "effected", side="台账", facts={"on": str(on or case.effective_on or today(session))})


def arrive(session: Session, case_id: int, on: dt.date) -> Application:
    """报到: the unit confirms the day of arrival, the person enters the seat."""
    case = locked(session, case_id)
    plan = process_of(session, case)
    if case.state != "awaiting" or plan.effect != "arrival" or not mine(session, case):
        raise errors.WrongState(state=case.state)
    note(session, case, "arrived", side="申报单位", facts={"on": on.isoformat()})
    take_effect(session, case, plan, on)
    return case


def withdraw(session: Session, case_id: int) -> Application:
    """The applicant takes the case back; a reserved seat is free again."""
    case = locked(session, case_id)
    if not mine(session, case):
        raise errors.NotFound(case=case_id)
    if case.state not in ("draft", "running", "returned", "awaiting"):
        raise errors.WrongState(state=case.state)
    note(session, case, "withdrawn", side=applicant(case))
    if case.state == "draft":  # nothing was filed: the kernel does not know it
        case.state, case.finished_at, case.changed_at = "withdrawn", func.now(), func.now()
        return case
    _end(session, case, "withdrawn", "withdrawn", None)
    return case


def _end(session: Session, case: Application, state: str, reason: str, result: str | None) -> None:
    session.flush()  # the kernel reads the decision
    session.execute(text("SELECT case_close(:c, :r)"), {"c": case.id, "r": reason})
    for task in session.scalars(select(Task).where(Task.application_id == case.id, Task.state == "open")):
        task.state, task.closed_at = "cancelled", func.now()
    case.state, case.finished_at, case.changed_at, case.result = state, func.now(), func.now(), result


def hand_over(session: Session, task_id: int, user_id: int) -> None:
    """Hand an open task to a colleague of the same office."""
    case, task, _tasks = locked_task(session, task_id)
    if str(task.office_id) != me(session, 7):
        raise errors.NotFound(task=task_id)
    if task.state != "open":
        raise errors.AlreadyDecided(state=task.state)
    if not session.execute(text("SELECT office_has(:o, :u)"), {"o": task.office_id, "u": user_id}).scalar_one():
        raise errors.NotAllowed(user=user_id)
    task.assignee_id = user_id
    note(session, case, "handed_over", side="办理部门")
