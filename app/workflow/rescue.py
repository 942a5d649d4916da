"""不停摆: a case never hangs. What stands without a task goes on; what nobody can go on with is an alarm (AL28)."""

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from app.db import Database, Identity
from app.domain.errors import BadDefinition, DomainError
from app.models import Application, ProcessVersion, Task
from app.workflow import flow, versions
from app.workflow.acting import locked

NOBODY = "AL28"


def without_task(session: Session) -> list[int]:
    """Running cases in which nobody has anything to decide: their last task was re-routed away."""
    open_task = exists().where(Task.application_id == Application.id, Task.state == "open")
    return list(session.scalars(select(Application.id).where(Application.state == "running", ~open_task)))


def unreadable(session: Session) -> list[int]:
    """Versions on which cases still run and which do not read any more."""
    used = select(Application.process_version_id).where(Application.state.in_(("running", "returned", "awaiting")))
    bad = []
    for version in session.scalars(select(ProcessVersion.id).where(ProcessVersion.id.in_(used))):
        try:
            versions.read(session, version)
        except BadDefinition:
            bad.append(version)
    return bad


def go_on(session: Session, case_id: int) -> None:
    """Open what a case still lacks, or take it to its effect where it lacks nothing."""
    case = locked(session, case_id)
    if case.state == "running":
        flow.reopened(session, case, versions.process_of(session, case))


def watch(database: Database, identity: Identity) -> int:
    """A job's round: cases without a task go on, each in a transaction of its own; how many nobody can go on with."""
    with database.transaction(identity) as session:
        waiting = without_task(session)
    for case_id in waiting:
        try:
            with database.transaction(identity, case_id=case_id, rule=NOBODY) as session:
                go_on(session, case_id)
        except DomainError:  # on record with its alarm
            continue
    with database.transaction(identity) as session:
        return int(session.execute(text("SELECT watch_stuck(:v)"), {"v": unreadable(session)}).scalar_one())
