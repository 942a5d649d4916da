"""入库: a checked list enters whole in the caller's transaction; one with errors leaves its report."""

import datetime as dt
import hashlib
import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.sources import KINDS, Kind
from app.exchange.sources.check import Checked

CHUNK = 20_000
ARRAYS = ("int[]", "bytea[]", "text[]", "text[]", "bigint[]", "text[]", "text[]", "bigint[]", "date[]", "date[]", "text[]",
          "int[]", "int[]", "int[]")  # fmt: skip
_ROWS = text(
    "SELECT source_rows(:b, " + ", ".join(f"cast(:a{i} AS {kind})" for i, kind in enumerate(ARRAYS)) + ")"
)  # fmt: skip


def units_of(session: Session) -> dict[str, int | None]:
    """Legal bodies of the ranges by social credit code and by name; None where two bear one name."""
    found: dict[str, int | None] = {}
    rows = session.execute(
        text("SELECT id, name, short_name, uscc FROM unit WHERE node = 'legal' AND status = 'active'")
    )
    for row in rows:
        for name in {row.name, row.short_name, row.uscc or row.name}:
            found[name] = row.id if name not in found else None
    return found


def enter(session: Session, kind: Kind, month: dt.date, file: tuple[str, bytes], checked: Checked, address: str | None,
          region: str | None = None) -> int:  # fmt: skip
    """The list as a batch that stands; returns its id."""
    batch = int(
        session.execute(
            text("SELECT source_begin(:k, :m, :f, :h, :r)"),
            {"k": kind.name, "m": month, "f": file[0][:200], "h": hashlib.sha256(file[1]).hexdigest(), "r": region},
        ).scalar_one()
    )
    for at in range(0, len(checked.records), CHUNK):
        columns: list[Any] = [list(c) for c in zip(*checked.records[at : at + CHUNK], strict=True)]
        session.execute(_ROWS, {"b": batch, **{f"a{i}": column for i, column in enumerate(columns)}})
    session.execute(
        text("SELECT source_finish(:b, cast(:r AS jsonb), :a)"),
        {"b": batch, "r": json.dumps(checked.report(), ensure_ascii=False), "a": address},
    )
    return batch


def refuse(session: Session, kind: Kind, month: dt.date, file: tuple[str, bytes], checked: Checked) -> int:
    """The errors of a file as a refused batch; returns its id."""
    return int(
        session.execute(
            text("SELECT source_refuse(:k, :m, :f, :h, :n, cast(:r AS jsonb))"),
            {
                "k": kind.name,
                "m": month,
                "f": file[0][:200],
                "h": hashlib.sha256(file[1]).hexdigest(),
                "n": len(checked.records),
                "r": json.dumps(checked.report(), ensure_ascii=False),
            },
        ).scalar_one()
    )


def saved_mapping(session: Session, kind: str) -> dict[str, str]:
    """What the office's people named for its files of a kind, by column."""
    found = session.execute(
        text("SELECT columns FROM source_mapping WHERE kind = :k AND office_id = scope_number(7)"), {"k": kind}
    ).scalar()
    return dict(found or {})


def save_mapping(session: Session, kind: str, columns: dict[str, str]) -> None:
    """Keeps it for the next file."""
    if kind not in KINDS:
        raise ValueError(kind)
    session.execute(
        text(
            "INSERT INTO source_mapping (office_id, kind, columns) VALUES (scope_number(7), :k, cast(:c AS jsonb))"
            " ON CONFLICT (office_id, kind) DO UPDATE SET columns = excluded.columns"
        ),
        {"k": kind, "c": json.dumps(columns, ensure_ascii=False)},
    )
