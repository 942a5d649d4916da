"""待确认事项的读: an office's, open ones by their days and done ones newest first; and those of one case."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

VIEWS = {
    "": "k.acknowledged_at IS NULL",
    "late": "k.acknowledged_at IS NULL AND k.due_on < kernel_today()",
    "done": "k.acknowledged_at IS NOT NULL",
}
WAYS = ("in", "out", "move", "change")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of an office's list."""

    office_id: int
    view: str = ""
    way: str = ""
    q: str = ""

    @property
    def condition(self) -> str:
        """The filters."""
        return (
            f"k.office_id = :o AND {VIEWS[self.view]} AND (:w = '' OR k.way = :w) AND (:q = '' OR strpos(k.person_name, :q)"
            " > 0 OR k.number = upper(:q) OR strpos(coalesce(unit_name(k.unit_id), ''), :q) > 0)"
        )

    @property
    def values(self) -> dict[str, Any]:
        """The filters' values."""
        return {"o": self.office_id, "w": self.way, "q": self.q}


def page(session: Session, asked: Asked, after: tuple[str, int] | None, limit: int) -> list[Any]:
    """One page; keyset on due day and id, or on the id among those done."""
    done = asked.view == "done"
    beyond = "k.id < :i" if done else "(k.due_on, k.id) > (cast(:d AS date), :i)"
    return list(
        session.execute(
            text(
                "SELECT k.id, k.number, k.title, k.way, k.person_name, k.id_mask, k.category, k.on_day, k.due_on,"
                " k.acknowledged_at, k.operator, k.note, unit_name(k.unit_id) AS unit FROM acknowledgement k"
                f" WHERE {asked.condition} AND {beyond if after else 'true'}"
                f" ORDER BY {'k.id DESC' if done else 'k.due_on, k.id'} LIMIT :n"
            ),
            {**asked.values, "d": after[0] if after else None, "i": after[1] if after else None, "n": limit},
        )
    )


def counts(session: Session, office_id: int) -> Any:
    """How many wait for an office, and how many of them are late."""
    return session.execute(
        text(
            "SELECT count(*) AS open, count(*) FILTER (WHERE due_on < kernel_today()) AS late FROM acknowledgement"
            " WHERE office_id = :o AND acknowledged_at IS NULL"
        ),
        {"o": office_id},
    ).one()


def of_case(session: Session, case_id: int) -> list[Any]:
    """What a case's effect has to be confirmed by, and whether it is."""
    return list(
        session.execute(
            text(
                "SELECT o.name AS office, k.title, k.due_on, k.acknowledged_at, k.operator, k.note,"
                " k.due_on < kernel_today() AS late FROM acknowledgement k JOIN office o ON o.id = k.office_id"
                " WHERE k.case_id = :c ORDER BY k.id"
            ),
            {"c": case_id},
        )
    )


def acknowledge(session: Session, ids: list[int], note: str) -> int:
    """Confirm some of the own office's; says how many were still open.

    Raises:
        NotFound: one of them is another office's, or there is none.
    """
    done = session.execute(text("SELECT acknowledge(:i, :n)"), {"i": ids, "n": note}).scalar_one()
    return int(done)
