"""A person's record for reading: the items that hold, those that ended, those that were put right."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 200


def items(session: Session, person_id: int) -> list[Any]:
    """Every version of every item that the reader may see, the newest first; versions a later end replaced are left out.

    A version that a correction replaced stays: what was believed, and until when.
    """
    return list(
        session.execute(
            text(
                "SELECT i.id, i.kind, i.column_group, i.started_on, i.ended_on, i.fields, i.recorded_at, i.recorded_to, i.case_id"
                " FROM record_item i WHERE i.person_id = :p AND (i.recorded_to IS NULL OR NOT EXISTS (SELECT 1 FROM record_item n"
                "  WHERE n.person_id = i.person_id AND n.kind = i.kind AND n.recorded_at = i.recorded_to"
                "  AND n.started_on = i.started_on AND n.fields = i.fields))"
                " ORDER BY i.recorded_to IS NOT NULL, i.ended_on IS NOT NULL, i.started_on DESC, i.id DESC LIMIT :n"
            ),
            {"p": person_id, "n": MOST},
        )
    )


def present(session: Session, person_id: int, kind: str) -> list[Any]:
    """The items of one kind as they stand, to choose one that has to be put right."""
    return list(
        session.execute(
            text(
                "SELECT id, fields, started_on, ended_on FROM record_item WHERE person_id = :p AND kind = :k"
                " AND recorded_to IS NULL ORDER BY started_on DESC, id DESC LIMIT 50"
            ),
            {"p": person_id, "k": kind},
        )
    )


def private(session: Session, case_id: int) -> Any:
    """What a case filed of a protected group, where the reader may see it; None otherwise."""
    return session.execute(
        text("SELECT column_group, fields FROM case_private WHERE case_id = :c ORDER BY revision DESC LIMIT 1"),
        {"c": case_id},
    ).one_or_none()
