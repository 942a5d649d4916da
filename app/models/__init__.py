"""The tables: columns and constraints only. ``from app.models import Unit`` is the one import path."""

from app.models.authority import (
    Account,
    CaseFacts,
    CaseRecord,
    Decision,
    GrantRequest,
    IdentityRule,
    Lookup,
    NamedAccess,
    Office,
    ProcessVersion,
    ScopeKey,
    SignIn,
)
from app.models.base import Base
from app.models.business import Application, ApplicationEvent, Task
from app.models.ledger import LedgerChain, LedgerEntry, LedgerSeal
from app.models.places import Code, CodeSet, Region, Unit, UnitVersion, User, WorkingDay
from app.models.seats import LedgerTotal, Occupancy, Person, Post, Quota, QuotaLine
from app.models.watch import Alarm, AlarmRule, AuditEvent, ImportBatch

__all__ = [
    "Account",
    "Alarm",
    "AlarmRule",
    "Application",
    "ApplicationEvent",
    "AuditEvent",
    "Base",
    "CaseFacts",
    "CaseRecord",
    "Code",
    "CodeSet",
    "Decision",
    "GrantRequest",
    "IdentityRule",
    "ImportBatch",
    "LedgerChain",
    "LedgerEntry",
    "LedgerSeal",
    "LedgerTotal",
    "Lookup",
    "NamedAccess",
    "Occupancy",
    "Office",
    "Person",
    "Post",
    "ProcessVersion",
    "Quota",
    "QuotaLine",
    "Region",
    "ScopeKey",
    "SignIn",
    "Task",
    "Unit",
    "UnitVersion",
    "User",
    "WorkingDay",
]
