"""到期生效: approved cases whose day has come."""

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from app.db import Database, Identity
from app.domain.errors import DomainError
from app.models import Application, ProcessVersion
from app.workflow import engine, flow, versions

# Why a case has ended that nobody arrived for; the applicant reads it as the result.
LAPSED = "未报到，编制已释放"
# 已批准未能生效: what the day brought, told to the establishment office.
NOT_EFFECTED = "AL27"


def due_cases(session: Session) -> list[int]:
    """Approved cases whose day has come, in date order; what waits for an arrival is the unit's to confirm."""
    return list(
        session.scalars(
            select(Application.id)
            .join(ProcessVersion, ProcessVersion.id == Application.process_version_id)
            .where(
                Application.state == "awaiting",
                Application.effective_on <= engine.today(session),
                ProcessVersion.definition["effect"].astext == "date",
            )
            .order_by(Application.effective_on, Application.id)
        )
    )


def effect_due(session: Session, case_id: int) -> None:
    """Post one approved case under its true date (a job's work)."""
    case = engine.locked(session, case_id)
    if case.state == "awaiting":
        engine.take_effect(session, case, versions.process_of(session, case), None)


def post_due(database: Database, identity: Identity) -> Iterator[tuple[int, DomainError | None]]:
    """Post every due case, each in a transaction of its own; yields each with what refused it, if anything did.

    A refused case stays approved and not effected, with one open alarm that ends when the case does; it keeps no other
    case back.
    """
    with database.transaction(identity) as session:
        cases = due_cases(session)
    for case_id in cases:
        refusal: DomainError | None = None
        try:
            with database.transaction(identity, case_id=case_id, rule=NOT_EFFECTED) as session:
                effect_due(session, case_id)
        except DomainError as refused:
            refusal = refused
        except OperationalError:  # the database itself: everything waits for the next run
            raise
        except DBAPIError:  # no rule of ours has a name for it
            refusal = DomainError()
            database.record(identity, refusal, case_id, NOT_EFFECTED)
        yield case_id, refusal


def escalate(database: Database, identity: Identity) -> int:
    """督办: bring what is beyond its time limit before the head of its office, once; says how many tasks."""
    with database.transaction(identity) as session:
        return int(session.execute(text("SELECT limits_escalate()")).scalar_one())


def tell_amber(database: Database, identity: Identity) -> int:
    """临期: tell each side once whose task ends within a working day; says how many were told."""
    with database.transaction(identity) as session:
        return int(session.execute(text("SELECT notices_amber()")).scalar_one())


def tell_late(database: Database, identity: Identity) -> int:
    """编制—人员—经费未衔接: an alarm for each office that has not confirmed in time; says how many are new."""
    with database.transaction(identity) as session:
        return int(session.execute(text("SELECT acknowledgements_late()")).scalar_one())


def lapse(session: Session, case_id: int) -> None:
    """到期未报到: free the reserved seat and end the case; one that has moved on meanwhile is left alone.

    Raises:
        NotAllowed: it has not waited twice as long as its version allows.
    """
    case = engine.locked(session, case_id)
    if case.state == "awaiting":
        engine.note(session, case, "lapsed", side="系统", opinion=LAPSED)
        flow.end(session, case, "withdrawn", "lapsed", LAPSED)


def lapse_due(database: Database, identity: Identity) -> Iterator[tuple[int, DomainError | None]]:
    """Raise the alarms of arrivals that are late, and end the cases that are too late, each in its own transaction."""
    with database.transaction(identity) as session:
        cases = list(session.execute(text("SELECT arrivals_late()")).scalars())
    for case_id in cases:
        refusal: DomainError | None = None
        try:
            with database.transaction(identity, case_id=case_id) as session:
                lapse(session, case_id)
        except DomainError as refused:
            refusal = refused
        yield case_id, refusal
