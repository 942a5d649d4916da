"""编委会: the word of a settled meeting on one case, as the commission's task of that case."""

from typing import Any

from sqlalchemy.orm import Session

from app.workflow import engine


def title(meeting: Any) -> str:
    """The meeting as opinions and papers name it."""
    return f"编委会{meeting.year}年第{meeting.serial}次会议（{meeting.held_on}）"


def carry_out(session: Session, meeting: Any, item: Any, address: str = "") -> None:
    """Decide the case's task as the meeting did; each case is a transaction of its own.

    Args:
        session: under the identity of the official who stands for the minutes, or a colleague.
        meeting: a settled meeting.
        item: one of its agenda whose task is open and whose word is not to defer.
        address: from where.

    Raises:
        CommissionFirst: other facts were filed since the meeting.
        SelfApproval: the official filed the case; a colleague carries it out.
        DomainError: whatever the ledger refuses at the effect.
    """
    opinion = "：".join(x for x in (f"{title(meeting)}决定", item.resolution) if x)
    engine.decide(session, item.task, verdict=item.verdict, opinion=opinion, address=address)
