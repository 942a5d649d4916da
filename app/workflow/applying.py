"""申请: what the applying side does: draft, submit, correct, withdraw, urge, answer, confirm an arrival, copy."""

import datetime as dt
import json
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Application, Unit
from app.workflow import checks, flow, stages, states
from app.workflow.acting import Facts, applicant, locked, me, mine, note
from app.workflow.versions import latest, process_of


def draft(
    session: Session,
    *,
    process: str,
    unit_id: int | None,
    scope_path: str,
    form: dict[str, Any],
    office_id: int | None = None,
    person_id: int | None = None,
    once: str = "",
) -> Application:
    """Begin a case; what was typed is kept from the first field on. ``person_id``: a person's own application.

    ``once``: the mark of the sheet that it was typed on; the same sheet sent again is the same case.
    """
    if once:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:o, 740004))"), {"o": once})
        side = Application.unit_id == unit_id if office_id is None else Application.office_id == office_id
        sheet = (side, Application.created_by == int(me(session, 1) or 0), Application.form["once"].astext == once)
        if (begun := session.scalars(select(Application).where(*sheet)).first()) is not None:
            return begun
        form = {**form, "once": once}
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
    again = case.state == "returned"
    states.demand(case.state, "resubmit" if again else "submit")
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
        checks.demand(checks.run(session, flow.subject(session, case, plan, facts, reserved=reserved)))
    note(session, case, "resubmitted" if again else "submitted", side=applicant(session, case))
    if again:
        flow.reopened(session, case, plan)
    elif not stages.open_from(session, case, plan, 0, []):
        flow.approved(session, case, plan)
    return case


def arrive(session: Session, case_id: int, on: dt.date) -> Application:
    """报到: the unit confirms the day of arrival, the person enters the seat."""
    case = locked(session, case_id)
    plan = process_of(session, case)
    if plan.effect != "arrival" or not mine(session, case):
        raise errors.WrongState(state=case.state)
    states.demand(case.state, "arrive")
    note(session, case, "arrived", side="申报单位", facts={"on": on.isoformat()})
    flow.take_effect(session, case, plan, on)
    return case


def withdraw(session: Session, case_id: int) -> Application:
    """The applicant takes the case back; a reserved seat is free again."""
    case = locked(session, case_id)
    if not mine(session, case):
        raise errors.NotFound(case=case_id)
    states.demand(case.state, "withdraw")
    note(session, case, "withdrawn", side=applicant(session, case))
    if case.state == "draft":  # nothing was filed: the kernel does not know it
        case.state, case.finished_at, case.changed_at = "withdrawn", func.now(), func.now()
        return case
    flow.end(session, case, "withdrawn", "withdrawn", None)
    return case


def urge(session: Session, case_id: int) -> None:
    """催办: the applicant reminds the offices whose turn it is, once a day.

    Raises:
        NotFound: another unit's case.
        WrongState: nothing waits for an office.
        UrgedToday: it has been urged today (a constraint: two clicks at once are one reminder).
    """
    case = locked(session, case_id)
    if not mine(session, case):
        raise errors.NotFound(case=case_id)
    states.demand(case.state, "urge")
    note(session, case, "urged", side=applicant(session, case))


def answer(session: Session, case_id: int, said: str) -> None:
    """补正: the applicant has brought the papers asked for; the clock goes on.

    Raises:
        NotFound: another unit's case.
        ClockState: no papers are asked for.
    """
    case = locked(session, case_id)
    if not mine(session, case):
        raise errors.NotFound(case=case_id)
    session.flush()
    session.execute(text("SELECT case_answer(:c, :o)"), {"c": case.id, "o": said})


def copied(session: Session, case_id: int) -> Application:
    """A new draft with what an old case of one's own had in its form; it runs on today's version of the process.

    Raises:
        NotFound: another unit's case, or a process that takes no cases any more.
    """
    old = session.get(Application, case_id)
    if old is None or not mine(session, old):
        raise errors.NotFound(case=case_id)
    _version, plan = latest(session, old.process)
    known = {*plan.fields, "id_cipher"}
    case = draft(
        session,
        process=old.process,
        unit_id=old.unit_id if old.office_id is None else None,
        scope_path=old.scope_path,
        form={name: value for name, value in old.form.items() if name in known},
        office_id=old.office_id,
        person_id=old.person_id if plan.applicant == "person" else None,
    )
    note(session, case, "copied", side=applicant(session, case), facts={"from": old.number or str(old.id)})
    return case
