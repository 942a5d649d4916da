"""名册导入: reads a roster workbook, checks it unit by unit, and shows what would be imported."""

from app.exchange.roster.package import WorkbookRefused
from app.exchange.roster.preview import check
from app.exchange.roster.reader import read_content, read_workbook
from app.exchange.roster.records import (
    CellError,
    Finding,
    Preview,
    RosterLeader,
    RosterLine,
    RosterPerson,
    RosterUnit,
    UnitBundle,
    Workbook,
)
from app.exchange.roster.texts import finding_text, refusal_text, text

__all__ = [
    "CellError",
    "Finding",
    "Preview",
    "RosterLeader",
    "RosterLine",
    "RosterPerson",
    "RosterUnit",
    "UnitBundle",
    "Workbook",
    "WorkbookRefused",
    "check",
    "finding_text",
    "read_content",
    "read_workbook",
    "refusal_text",
    "text",
]
