"""The tables: columns and constraints only. ``from app.models import Unit`` is the one import path."""

from app.models.authority import (
    Account,
    ApiToken,
    CaseFacts,
    CaseRecord,
    CaseSecret,
    Credential,
    Decision,
    IndexAlias,
    Office,
    ProcessVersion,
    RateWindow,
    RecoveryCode,
    ScopeKey,
    SignIn,
    SignInAttempt,
)
from app.models.base import Base
from app.models.business import Application, ApplicationEvent, Task
from app.models.ledger import LedgerChain, LedgerEntry, LedgerSeal
from app.models.places import Code, CodeSet, Region, Unit, UnitVersion, User, WorkingDay
from app.models.seats import LedgerTotal, Occupancy, Person, Post, Quota, QuotaLine
from app.models.watch import Alarm, AlarmRule, AuditEvent, ImportBatch, Intake

__all__ = [
    "Account",
    "Alarm",
    "AlarmRule",
    "ApiToken",
    "Application",
    "ApplicationEvent",
    "AuditEvent",
    "Base",
    "CaseFacts",
    "CaseRecord",
    "CaseSecret",
    "Code",
    "CodeSet",
    "Credential",
    "Decision",
    "ImportBatch",
    "IndexAlias",
    "Intake",
    "LedgerChain",
    "LedgerEntry",
    "LedgerSeal",
    "LedgerTotal",
    "Occupancy",
    "Office",
    "Person",
    "Post",
    "ProcessVersion",
    "Quota",
    "QuotaLine",
    "RateWindow",
    "RecoveryCode",
    "Region",
    "ScopeKey",
    "SignIn",
    "SignInAttempt",
    "Task",
    "Unit",
    "UnitVersion",
    "User",
    "WorkingDay",
]
