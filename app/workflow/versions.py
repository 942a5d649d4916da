"""流程版本: the published definitions, parsed once and kept; a running case stays on its own."""

from collections.abc import Collection
from contextlib import suppress

from marshmallow import ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Application, ProcessVersion
from app.workflow.definition import Process, parse

# A published version never changes, so its parsed form is kept, by database and number.
_parsed: dict[tuple[str, int], Process] = {}


def read(session: Session, version_id: int) -> Process:
    """A version's parsed form; raises BadDefinition for one that does not read (any more)."""
    key = (str(session.get_bind().engine.url.database), version_id)
    if key not in _parsed:
        version = session.get_one(ProcessVersion, version_id)
        try:
            _parsed[key] = parse(dict(version.definition))
        except (ValidationError, KeyError, TypeError) as wrong:
            raise errors.BadDefinition(process=version.process, version=version.version) from wrong
    return _parsed[key]


def process_of(session: Session, case: Application) -> Process:
    """The definition that this case runs on."""
    return read(session, case.process_version_id)


def latest(session: Session, process: str) -> tuple[int, Process]:
    """The published version that new cases take; raises NotFound for an unknown process."""
    found = published(session, [process])
    if process not in found:
        raise errors.NotFound(process=process)
    return found[process]


def newest(session: Session) -> dict[str, tuple[int, Process]]:
    """The version that new cases take, of every process."""
    names = session.execute(text("SELECT DISTINCT process FROM process_version ORDER BY 1")).scalars().all()
    return published(session, names)


def published(session: Session, processes: Collection[str]) -> dict[str, tuple[int, Process]]:
    """The published versions that new cases take, in one statement where their definitions are known already."""
    rows = session.execute(
        text(
            "SELECT p AS process, v.id FROM unnest(cast(:p AS text[])) p"
            " CROSS JOIN LATERAL (SELECT process_in_force(p, kernel_today()) AS id) v WHERE v.id IS NOT NULL"
        ),
        {"p": list(processes)},
    ).all()
    out: dict[str, tuple[int, Process]] = {}
    for process, version_id in rows:
        with suppress(errors.BadDefinition):  # one that does not read is not offered; its cases are an alarm
            out[process] = (version_id, read(session, version_id))
    return out
