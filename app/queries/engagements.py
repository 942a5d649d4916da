"""编外的读: a unit's cap and engagements on a day."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import Moment, held, moment


@dataclass(frozen=True, slots=True)
class Engaged:
    """控制数与实有: the cap (None: no document), its document, and how many are engaged."""

    cap: int | None
    document_no: str | None
    engaged: int

    @property
    def over(self) -> int:
        """超控制数: how many there are too many; none where no document allows a number."""
        return max(0, self.engaged - self.cap) if self.cap is not None else 0


def figures(session: Session, unit_id: int, on: dt.date | Moment) -> Engaged:
    """The cap of a unit and how many it engages on a day."""
    at = moment(on)
    row = session.execute(
        text(
            f"SELECT c.number, c.document_no, (SELECT count(*) FROM engagement e WHERE e.unit_id = :u AND {held('e', at)}) AS engaged"
            f" FROM (VALUES (1)) one LEFT JOIN staff_cap c ON c.unit_id = :u AND {held('c', at)}"
        ),
        {"u": unit_id, **at.values},
    ).one()
    return Engaged(row.number, row.document_no, int(row.engaged))


def people(
    session: Session, unit_id: int, on: dt.date | Moment, *, name: str = "", after: int = 0, limit: int = 50
) -> list[Any]:
    """Who is engaged on a day, by engagement; the name is the case's where the person is another unit's to see."""
    at = moment(on)
    return list(
        session.execute(
            text(
                "SELECT e.id, e.person_id, coalesce(p.name, a.person_name) AS name, p.id_mask, e.task, e.funding,"
                " e.started_on, e.until_on, e.until_on < :on AS late FROM engagement e LEFT JOIN person p ON p.id = e.person_id"
                f" LEFT JOIN application a ON a.id = e.case_id WHERE e.unit_id = :u AND {held('e', at)} AND e.id > :a"
                " AND starts_with(coalesce(p.name, a.person_name, ''), :q) ORDER BY e.id LIMIT :n"
            ),
            {"u": unit_id, **at.values, "q": name, "a": after, "n": limit},
        )
    )
