"""办理引擎: the only writer of cases, tasks and timeline; the caller owns the transaction.

Lock order: the application's row first, then the kernel's own (see docs/architecture.md). The kernel
decides whether a movement may happen; what is written here is the conversation around it.

This module is the engine's face: ``applying`` holds the applicant's steps, ``deciding`` the offices', ``flow`` how a case
goes on after a step, ``stages`` whom its tasks go to, ``acting`` who acts in the transaction.
"""

from app.workflow.acting import Facts, applicant, calendar, locked, me, mine, note, operator, today
from app.workflow.applying import answer, arrive, copied, draft, submit, urge, withdraw
from app.workflow.deciding import CLOCK, decide, hand_over, reroute, take_back
from app.workflow.flow import reopened, subject, take_effect

__all__ = [
    "CLOCK",
    "Facts",
    "answer",
    "applicant",
    "arrive",
    "calendar",
    "copied",
    "decide",
    "draft",
    "hand_over",
    "locked",
    "me",
    "mine",
    "note",
    "operator",
    "reopened",
    "reroute",
    "subject",
    "submit",
    "take_back",
    "take_effect",
    "today",
    "urge",
    "withdraw",
]
