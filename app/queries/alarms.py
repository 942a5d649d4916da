"""报警的读: by right, filtered, the newest first; and how many there are by rule."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

STATES = {"": "x.state = 'open'", "ended": "x.state <> 'open'"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of the list."""

    view: str = ""
    rule: str = ""
    q: str = ""

    @property
    def condition(self) -> str:
        """The filters."""
        return (
            f"{STATES[self.view]} AND (:r = '' OR x.rule = :r) AND (:q = '' OR strpos(coalesce(unit_name(x.unit_id), ''),"
            " :q) > 0)"
        )

    @property
    def values(self) -> dict[str, Any]:
        """The filters' values."""
        return {"r": self.rule, "q": self.q}


def page(session: Session, asked: Asked, after: int | None, limit: int) -> list[Any]:
    """One page; keyset on the id."""
    return list(
        session.execute(
            text(
                "SELECT x.id, x.rule, x.code, x.standing, x.state, x.unit_id, x.case_id, x.facts, x.raised_at, x.last_at,"
                " x.times, x.closed_at, x.handled_note, r.name, r.level, r.basis, unit_name(x.unit_id) AS unit, a.number,"
                " coalesce(operator_name(x.user_id), '') AS operator, operator_name(x.handled_by) AS handler,"
                " x.state = 'open' AND NOT alarm_ends_itself(x) AS to_handle FROM alarm x"
                " JOIN alarm_rule r ON r.code = x.rule LEFT JOIN application a ON a.id = x.case_id"
                f" WHERE {asked.condition} AND (cast(:a AS bigint) IS NULL OR x.id < :a) ORDER BY x.id DESC LIMIT :n"
            ),
            {**asked.values, "a": after, "n": limit},
        )
    )


def by_rule(session: Session) -> list[Any]:
    """Of each rule that has any: how many are open, and how many were raised in the last 365 days, how often."""
    return list(
        session.execute(
            text(
                "SELECT r.code, r.name, r.level, count(*) FILTER (WHERE x.state = 'open') AS open,"
                " count(*) FILTER (WHERE x.raised_at > now() - interval '365 days') AS raised,"
                " coalesce(sum(x.times) FILTER (WHERE x.raised_at > now() - interval '365 days'), 0) AS times"
                " FROM alarm x JOIN alarm_rule r ON r.code = x.rule GROUP BY r.code, r.name, r.level ORDER BY r.code"
            )
        )
    )


def handle(session: Session, alarm_id: int, note: str, address: str | None) -> None:
    """Mark an alarm as handled, with a word on it.

    Raises:
        NotFound: none in reach; AlreadyDecided: it has ended; InvalidInput: no word.
    """
    session.execute(text("SELECT alarm_handle(:i, :n, :a)"), {"i": alarm_id, "n": note, "a": address})
