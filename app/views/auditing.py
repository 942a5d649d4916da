"""What pages put on record: exports with their filter and number of rows."""

import json
import re
from collections.abc import Mapping

from flask import request
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.security.services import services

LIKE_A_NUMBER = re.compile(r"[0-9Xx]{8,}")  # a document's number may have been typed into a search


def record(s: Session, kind: str, facts: Mapping[str, object]) -> None:
    """One event of this request; kinds and facts are listed in docs/security-audit.md."""
    s.execute(
        text("SELECT audit_note(:k, :a, cast(:f AS jsonb))"),
        {"k": kind, "a": request.remote_addr, "f": json.dumps(facts, ensure_ascii=False, default=str)},
    )


def record_export(s: Session, name: str, rows: int, keep: Mapping[str, str | list[str]], form: str = "xlsx") -> None:
    """An export: what list, which filter, how many rows; a number that was searched for only by its keyed hash."""
    said = {key: value if isinstance(value, str) else ",".join(value) for key, value in keep.items()}
    shown = {
        key: services().keys.commit("filter", value) if LIKE_A_NUMBER.search(value) else value
        for key, value in said.items()
    }
    record(s, "export", {"list": name, "rows": rows, "format": form, "filter": shown})
