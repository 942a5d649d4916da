"""办理: what an office (or a unit that is asked) does with its task: decide, take back, stop the clock, hand over."""

import json

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.db import KEPT
from app.domain import errors
from app.models import Application, CaseRecord, Task
from app.workflow import checks, flow, stages, states
from app.workflow.acting import locked, me, note
from app.workflow.definition import Process
from app.workflow.versions import process_of

CLOCK = ("request_papers", "suspend", "resume")


def locked_task(session: Session, task_id: int) -> tuple[Application, Task, list[Task], CaseRecord]:
    """A task with its case, the case's tasks and filed facts, the case locked first; a foreign one answers as absent."""
    of = select(Task.application_id).where(Task.id == task_id).scalar_subquery()
    rows = session.execute(
        select(Application, Task, CaseRecord, func.kernel_today()).join(Task, Task.application_id == Application.id)
        .join(CaseRecord, CaseRecord.case_id == Application.id)
        .where(Application.id == of).with_for_update(of=[Application, Task]),
        execution_options=KEPT,
    ).all()  # fmt: skip
    task = next((row[1] for row in rows if row[1].id == task_id), None)
    if task is None:
        raise errors.NotFound(task=task_id)
    session.info["today"] = rows[0][3]
    return rows[0][0], task, [row[1] for row in rows], rows[0][2]


def decide(
    session: Session,
    task_id: int,
    *,
    verdict: str,
    opinion: str,
    address: str = "",
    to: str | None = None,
    revision: str = "",
) -> Application:
    """One office decides its task; whoever closes the stage goes on to the next, or to the effect.

    Args:
        session: the transaction, under the identity of whoever decides.
        task_id: the open task.
        verdict: approve, return, reject; or for the clock request_papers, suspend, resume.
        opinion: the reason; none is needed to approve.
        address: from where.
        to: for a return, the name of the earlier stage it goes to; none: to the applicant.
        revision: which revision of the facts whoever decides has seen; empty where nothing is claimed.

    Raises:
        NotFound: no such task, or another office's.
        AlreadyDecided: a colleague was first.
        QuotaExhausted, SurplusLine: the seat could not be reserved.
        CheckFailed: a check that stops is not passed.
        FactsChanged: the applicant has filed other facts since.
        SecondPerson: the task takes two people, one of them the head.
        ClockState: the clock stands already, or runs.
    """
    case, task, tasks, record = locked_task(session, task_id)
    if task.state != "open" or case.state != "running":
        raise errors.AlreadyDecided(state=task.state)
    if revision and revision != str(record.revision):
        raise errors.FactsChanged()
    if verdict not in ("approve", "return", "reject", *CLOCK):
        raise errors.InvalidInput(errors={"verdict": ["required"]})
    if not (str(task.office_id) == me(session, 7) or str(task.unit_id) == me(session, 6)):
        raise errors.NotYourOffice(task=task_id)
    if verdict != "approve" and not opinion.strip():
        raise errors.InvalidInput(errors={"opinion": ["required"]})
    plan = process_of(session, case)
    todo = plan.task(task.stage, task.code)
    session.flush()  # what was written before stands for the kernel
    if verdict in CLOCK:
        session.execute(
            text("SELECT case_clock(:t, :v, :o, :side, :a)"),
            {"t": task.id, "v": verdict, "o": opinion, "side": todo.title, "a": address},
        )
        return case
    back = stages.earlier(plan, task.stage, to) if verdict == "return" and to else None
    found = _findings(session, case, plan, record, todo.role)
    # One journey to the kernel: decision, reservation, closed task and step on record, or nothing.
    state = session.execute(
        text("SELECT case_settle(:t, :v, :o, :side, :r, :a, cast(:c AS jsonb), :two)"),
        {"t": task.id, "v": verdict, "o": opinion, "side": todo.title, "a": address, "two": todo.countersign,
         "r": verdict == "approve" and todo.on_approve == "reserve",
         "c": json.dumps([outcome.as_json() for outcome in found], ensure_ascii=False)},
        execution_options=KEPT,
    ).scalar_one()  # fmt: skip
    if verdict == "approve":  # after the kernel: where it refuses too, its own word raises the alarm
        checks.demand(found)
    set_committed_value(task, "state", state)
    if verdict == "reject":
        flow.end(session, case, "rejected", "rejected", opinion)
    elif back is not None:
        stages.send_back(session, case, plan, tasks, back)
        note(session, case, "sent_back", side=todo.title, facts={"stage": plan.stages[back].name})
    elif verdict == "return":
        case.state = "returned"
    elif state == "approved":
        flow.advance(session, case, plan, tasks)
    return case


def _findings(
    session: Session, case: Application, plan: Process, record: CaseRecord, role: str
) -> list[checks.Outcome]:
    """What one side's checks say of the filed facts at this moment."""
    if not plan.checks:
        return []
    seen = flow.subject(session, case, plan, json.loads(record.facts), reserved=record.status == "reserved")
    return checks.run(session, seen, role)


def take_back(session: Session, task_id: int, *, opinion: str = "", address: str = "") -> Application:
    """撤回自己的意见: while nobody acted on the case since, one's own last word; what it reserved is free again.

    Raises:
        NotFound: no such task in sight.
        NotYourOffice: somebody else's word.
        ActedSince: the case went on since.
        WrongState: the case has ended.
    """
    case, task, _tasks, _record = locked_task(session, task_id)
    states.demand(case.state, "take_back")
    plan = process_of(session, case)
    session.flush()
    session.execute(
        text("SELECT case_take_back(:t, :o, :side, :a)"),
        {"t": task.id, "o": opinion, "side": plan.task(task.stage, task.code).title, "a": address},
    )
    session.expire_all()  # the kernel changed the case's rows
    if task.state != "open":
        case.state, case.stage = "running", max(case.stage, task.stage)
        flow.reopened(session, case, plan)
    return case


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
    name = session.execute(text("SELECT operator_name(:u)"), {"u": user_id}).scalar_one()
    note(session, case, "handed_over", side="办理部门", facts={"receiver": name})


def reroute(session: Session, case_id: int, *, reason: str, address: str = "") -> Application:
    """重新分办, by the head of an office with a task in the case: each open task to whoever is responsible now.

    Raises:
        StillResponsible: nobody else is; NoOffice: nobody is at all.
    """
    case = locked(session, case_id)
    session.execute(text("SELECT case_reroute(:c, :r, :a)"), {"c": case.id, "r": reason, "a": address})
    session.expire_all()
    flow.advance(session, case, process_of(session, case), stages.tasks_of(session, case))
    return case
