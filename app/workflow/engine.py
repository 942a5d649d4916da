"""办理引擎: the only writer of cases, tasks and timeline; the caller owns the transaction.

Lock order: the application's row first, then the kernel's own (see docs/architecture.md). The kernel
decides whether a movement may happen; what is written here is the conversation around it.
"""

import datetime as dt
import json
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.domain import errors
from app.models import Application, CaseRecord, Task, Unit
from app.workflow import checks, stages
from app.workflow.acting import Facts, applicant, calendar, locked, me, mine, note, operator, today
from app.workflow.definition import Process
from app.workflow.versions import latest, process_of

__all__ = [
    "Facts", "applicant", "arrive", "calendar", "decide", "draft", "hand_over", "locked", "me", "mine", "note", "operator",
    "submit", "take_effect", "today", "withdraw",
]  # fmt: skip


def locked_task(session: Session, task_id: int) -> tuple[Application, Task, list[Task], CaseRecord]:
    """A task with its case, the case's tasks and filed facts, the case locked first; a foreign one answers as absent."""
    of = select(Task.application_id).where(Task.id == task_id).scalar_subquery()
    rows = session.execute(
        select(Application, Task, CaseRecord, func.kernel_today()).join(Task, Task.application_id == Application.id)
        .join(CaseRecord, CaseRecord.case_id == Application.id)
        .where(Application.id == of).with_for_update(of=[Application, Task])
    ).all()  # fmt: skip
    task = next((row[1] for row in rows if row[1].id == task_id), None)
    if task is None:
        raise errors.NotFound(task=task_id)
    session.info["today"] = rows[0][3]
    return rows[0][0], task, [row[1] for row in rows], rows[0][2]


def draft(
    session: Session,
    *,
    process: str,
    unit_id: int | None,
    scope_path: str,
    form: dict[str, Any],
    office_id: int | None = None,
    person_id: int | None = None,
) -> Application:
    """Begin a case; what was typed is kept from the first field on. ``person_id``: a person's own application."""
    version_id, plan = latest(session, process)
    case = Application(
        process=process,
        process_version_id=version_id,
        unit_id=unit_id,
        office_id=office_id,
        person_id=person_id,
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
        CheckFailed: a check that stops is not passed.
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
    if plan.checks:
        held = "SELECT status = 'reserved' FROM case_record WHERE case_id = :c"
        reserved = bool(session.execute(text(held), {"c": case.id}).scalar())
        checks.demand(checks.run(session, subject(session, case, plan, facts, reserved=reserved)))
    note(session, case, "resubmitted" if again else "submitted", side=applicant(session, case))
    if again:
        session.flush()  # the state above must stand before the tasks are looked at
        stages.reopen(session, case, plan)
        rows = session.scalars(select(Task).where(Task.application_id == case.id).order_by(Task.id))
        _advance(session, case, plan, list(rows))
    elif not stages.open_from(session, case, plan, 0):
        _approved(session, case, plan)
    return case


def subject(
    session: Session, case: Application, plan: Process, facts: Facts, *, reserved: bool = False
) -> checks.Subject:
    """A filed case as its checks look at it."""
    return checks.Subject(plan, facts, case.unit_id, case.person_id, today(session), case.id, reserved)


def decide(session: Session, task_id: int, *, verdict: str, opinion: str, address: str = "") -> Application:
    """One office decides its task; whoever closes the stage goes on to the next, or to the effect.

    Raises:
        NotFound: no such task, or another office's.
        AlreadyDecided: a colleague was first.
        QuotaExhausted, SurplusLine: the seat could not be reserved.
        CheckFailed: a check that stops is not passed.
    """
    case, task, tasks, record = locked_task(session, task_id)
    if task.state != "open" or case.state != "running":
        raise errors.AlreadyDecided(state=task.state)
    if verdict not in ("approve", "return", "reject"):
        raise errors.InvalidInput(errors={"verdict": ["required"]})
    if not (str(task.office_id) == me(session, 7) or str(task.unit_id) == me(session, 6)):
        raise errors.NotYourOffice(task=task_id)
    if verdict != "approve" and not opinion.strip():
        raise errors.InvalidInput(errors={"opinion": ["required"]})
    plan = process_of(session, case)
    todo = plan.task(task.stage, task.code)
    reserved = verdict == "approve" and todo.on_approve == "reserve"
    session.flush()  # what was written before stands for the kernel
    found = _findings(session, case, plan, record, todo.role)
    # One journey to the kernel: decision, reservation, closed task and step on record, or nothing.
    session.execute(
        text("SELECT case_settle(:t, :v, :o, :side, :r, :a, cast(:c AS jsonb))"),
        {"t": task.id, "v": verdict, "o": opinion, "side": todo.title, "r": reserved, "a": address,
         "c": json.dumps([outcome.as_json() for outcome in found], ensure_ascii=False)},
    )  # fmt: skip
    if verdict == "approve":  # after the kernel: where it refuses too, its own word raises the alarm
        checks.demand(found)
    set_committed_value(task, "state", {"approve": "approved", "return": "returned", "reject": "rejected"}[verdict])
    if verdict == "reject":
        _end(session, case, "rejected", "rejected", opinion)
    elif verdict == "return":
        case.state = "returned"
    else:
        _advance(session, case, plan, tasks)
    return case


def _findings(
    session: Session, case: Application, plan: Process, record: CaseRecord, role: str
) -> list[checks.Outcome]:
    """What one side's checks say of the filed facts at this moment."""
    if not plan.checks:
        return []
    seen = subject(session, case, plan, json.loads(record.facts), reserved=record.status == "reserved")
    return checks.run(session, seen, role)


def _advance(session: Session, case: Application, plan: Process, tasks: list[Task]) -> None:
    """Go on when the stage has the approvals that it needs."""
    if not stages.is_over(plan, case.stage, tasks):
        return
    stages.cancel_open(tasks)  # a quorum was enough
    session.flush()  # the next tasks are routed by what stands
    if not stages.open_from(session, case, plan, case.stage + 1):
        _approved(session, case, plan)


def _approved(session: Session, case: Application, plan: Process) -> None:
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
    note(session, case, "withdrawn", side=applicant(session, case))
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
    case, task, _tasks, _record = locked_task(session, task_id)
    if str(task.office_id) != me(session, 7):
        raise errors.NotFound(task=task_id)
    if task.state != "open":
        raise errors.AlreadyDecided(state=task.state)
    if not session.execute(text("SELECT office_has(:o, :u)"), {"o": task.office_id, "u": user_id}).scalar_one():
        raise errors.NotAllowed(user=user_id)
    task.assignee_id = user_id
    note(session, case, "handed_over", side="办理部门")
