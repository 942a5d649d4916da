"""到期生效: approved cases whose day has come."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Application
from app.workflow import engine


def due_cases(session: Session) -> list[int]:
    """Approved cases whose day has come, in date order."""
    return list(
        session.scalars(
            select(Application.id)
            .where(
                Application.state == "awaiting",
                Application.effective_on <= engine.today(session),
                Application.process != "recruit",
            )
            .order_by(Application.effective_on, Application.id)
            .limit(200)
        )
    )


def effect_due(session: Session, case_id: int) -> None:
    """Post one approved case under its true date (a job's work)."""
    case = engine.locked(session, case_id)
    if case.state == "awaiting":
        engine.take_effect(session, case, engine.process_of(session, case), None)
