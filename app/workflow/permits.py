"""控编单到期: permits past their last day give their rest back; a job's work."""

from collections.abc import Iterator

from sqlalchemy import text

from app.db import Database, Identity


def lapse_due(database: Database, identity: Identity) -> Iterator[int]:
    """End each permit whose last day has passed, in a transaction of its own; yields the permits that ended.

    What running cases have taken stays theirs. A second run finds nothing to do.
    """
    with database.transaction(identity) as session:
        found = session.execute(
            text("SELECT id FROM permit WHERE status = 'open' AND last_on < kernel_today() ORDER BY id")
        ).scalars()
        due = list(found)
    for permit in due:
        with database.transaction(identity) as session:
            if session.execute(text("SELECT permit_lapse(:p)"), {"p": permit}).scalar_one():
                yield permit
