"""重放到某日: a day of the ledger from its entries alone, as known up to a moment; the proof of what pages read by periods.

Entries are added in the order in which they were recorded; what has been added so far is what is known. Nothing here reads
a table of the ledger but ``ledger_entry``.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from app.ledger.replay import apply
from app.ledger.replay_state import Entry, Row, State


@dataclass(frozen=True, slots=True)
class Day:
    """A day: numbers, their parts and people by line, who sat where in which department, how units were named and placed."""

    authorised: dict[int, int | None]
    occupied: Counter[int]
    seats: dict[tuple[int, int], tuple[int, int | None]]
    names: dict[int, str]
    # Superior and region of a unit; how many parts a line's number has, and of how much together.
    places: dict[int, tuple[int | None, str]]
    parts: dict[int, tuple[int, int]]


@dataclass(slots=True)
class DayReplay:
    """What the entries added so far say, chain by chain."""

    units: dict[int, State] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """One more entry is known; those of people repeat what their units' say, and tell of no day."""
        if entry.kind == "unit":
            apply(self.units.setdefault(entry.chain, State()), entry)

    def day(self, on: str) -> Day:
        """A day by what is known so far."""
        found = Day({}, Counter(), {}, {}, {}, {})
        for state in self.units.values():
            for row in held(state, "quota", on):
                found.authorised[row["line_id"]] = row["authorised"]
            for row in held(state, "occupancy", on):
                found.occupied[row["line_id"]] += 1
                found.seats[row["line_id"], row["seat"]] = (row["person_id"], row["department_id"])
            for row in held(state, "unit_version", on):
                found.names[row["unit_id"]] = row["name"]
                found.places[row["unit_id"]] = (row["parent_id"], row["region_code"])
            for row in held(state, "quota_part", on):
                n, number = found.parts.get(row["line_id"], (0, 0))
                found.parts[row["line_id"]] = (n + 1, number + (row["number"] or 0))
        return found


def held(state: State, table: str, on: str) -> list[Row]:
    """The rows of one chain's table that hold on a day and have not been replaced."""
    return [row for row in state.table(table).values() if row.get("recorded_to") is None and _covers(row, on)]


def _covers(row: dict[str, Any], on: str) -> bool:
    """Whether a period holds on a day; days are texts, and compare as such."""
    return bool(row["started_on"] <= on and (row["ended_on"] is None or row["ended_on"] > on))
