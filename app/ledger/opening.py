"""建库: one legal body with its departments, lines, people and leaders enters as an opening balance."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

OPENING_REGION = "SELECT process_in_force('opening', kernel_today()) AS id"


@dataclass(slots=True)
class Batch:
    """What enters together or not at all; rows are the kernel's own facts, ``key`` names them inside."""

    region: str
    units: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    leaders: list[dict[str, Any]] = field(default_factory=list)
    allotments: list[dict[str, Any]] = field(default_factory=list)

    def text(self) -> str:
        """The batch as the approval's hash covers it."""
        return json.dumps(
            {
                "units": self.units,
                "lines": self.lines,
                "allotments": self.allotments,
                "people": self.people,
                "leaders": self.leaders,
            },
            ensure_ascii=False,
        )


def enter(session: Session, batch: Batch, *, note: str) -> dict[str, Any]:
    """File, approve (as 编办's opening service) and post one opening balance; the caller owns the transaction.

    Raises:
        DomainError: the kernel refused the batch; nothing of it stands.
    """
    content = batch.text()
    digest = hashlib.sha256(content.encode()).hexdigest()
    case_id = session.execute(
        text(
            "INSERT INTO application (process, process_version_id, unit_id, scope_path, title, state, created_by,"
            " submitted_at, finished_at, result) SELECT 'opening', v.id, NULL, r.prefix, :title, 'done',"
            " scope_number(1)::int, now(), now(), :note FROM region r,"
            f" ({OPENING_REGION}) v WHERE r.code = :region RETURNING id"
        ),
        {"title": f"建库：{batch.units[0]['name']}", "note": note, "region": batch.region},
    ).scalar_one()
    session.execute(text("SELECT case_file(:c, :f)"), {"c": case_id, "f": json.dumps({"batch": digest})})
    session.execute(text("SELECT case_decide(:c, 'approve', :n, '{}', 'local')"), {"c": case_id, "n": note})
    result = session.execute(text("SELECT ledger_open_balance(:c, :b)"), {"c": case_id, "b": content}).scalar_one()
    return {"case": case_id, **result}
