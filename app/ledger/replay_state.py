"""重放的状态: one entry as read, and the rows that the entries so far add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as read: where it stands, when it took effect and was written, for which case, what it says."""

    kind: str
    chain: int
    sequence: int
    type: str
    effective_on: str
    recorded_at: str
    case_id: int | None
    scope_path: str
    fields: Fields


@dataclass(slots=True)
class State:
    """What the entries so far have made: rows by table and key."""

    rows: dict[str, dict[Any, Row]] = field(default_factory=dict)
    # The entry that last touched a row, to name it beside a difference.
    touched: dict[tuple[str, Any], int] = field(default_factory=dict)

    def table(self, name: str) -> dict[Any, Row]:
        """The rows of a table so far."""
        return self.rows.setdefault(name, {})

    def put(self, e: Entry, table: str, key: Any, row: Row) -> Row:
        """A new row."""
        self.touched[table, key] = e.sequence
        self.table(table)[key] = row
        return row

    def change(self, e: Entry, table: str, key: Any, **values: Any) -> Row:
        """Change a row; a row that no entry made appears with only these values and will differ."""
        self.touched[table, key] = e.sequence
        row = self.table(table).setdefault(key, {})
        row.update(values)
        return row

    def copy(self, e: Entry, table: str, old: Any, new: Any, **values: Any) -> Row:
        """Close a row's recorded period and add its next version."""
        before = self.change(e, table, old, recorded_to=e.recorded_at)
        after = {**before, "id": new, "recorded_at": e.recorded_at, "recorded_to": None, **values}
        return self.put(e, table, new, after)


def numbers(text: str | None) -> list[int]:
    """Seat numbers as an entry lists them."""
    return [int(n) for n in text.split(",")] if text else []


def days(text: str | None) -> dict[int, str]:
    """Days of seats as an entry lists them, by number."""
    return {int(n): day for n, _, day in (pair.partition(":") for pair in text.split(","))} if text else {}


def count(s: State, e: Entry, line: int, **steps: int) -> None:
    """Steps of a line's totals."""
    total = s.change(e, "ledger_total", line)
    for name, step in steps.items():
        total[name] = (total.get(name) or 0) + step


def permit(s: State, e: Entry, permit: int, *, used: int = 0, released: int = 0) -> None:
    """Steps of a permit's counts."""
    row = s.change(e, "permit", permit)
    row["used"] = row.get("used", 0) + used
    row["released"] = row.get("released", 0) + released
    row["remaining"] = row.get("remaining", 0) - used - released
    if used and row["remaining"] == 0 and row.get("status") == "open":
        row["status"] = "used"
