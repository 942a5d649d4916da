"""到期编制: temporary and lent numbers past their last day go back; a job's work."""

from collections.abc import Iterator

from sqlalchemy import text

from app.db import Database, Identity
from app.domain.errors import DomainError


def expire_due(database: Database, identity: Identity) -> Iterator[tuple[int, int, DomainError | None]]:
    """End each part whose day has passed, earliest first, in a transaction of its own.

    Yields the part, how many numbers went and what refused it, if anything did: one that cannot end keeps no other back.
    Seats kept for running cases stay until those end; whoever then sits beyond the number is surplus with an alarm.
    """
    with database.transaction(identity) as session:
        parts = list(session.execute(text("SELECT parts_due()")).scalars())
    for part in parts:
        try:
            with database.transaction(identity) as session:
                gone = int(session.execute(text("SELECT part_expire(:p)"), {"p": part}).scalar_one())
        except DomainError as refused:
            yield part, 0, refused
        else:
            yield part, gone, None
