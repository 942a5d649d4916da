"""流程版本: the published definitions, parsed once and kept; a running case stays on its own."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.models import Application, ProcessVersion
from app.workflow.definition import Process, parse

# A published version never changes, so its parsed form is kept.
_parsed: dict[int, Process] = {}


def process_of(session: Session, case: Application) -> Process:
    """The definition that this case runs on."""
    known = _parsed.get(case.process_version_id)
    if known is None:
        version = session.get_one(ProcessVersion, case.process_version_id)
        known = _parsed[version.id] = parse(dict(version.definition))
    return known


def latest(session: Session, process: str) -> tuple[int, Process]:
    """The published version that new cases take; raises NotFound for an unknown process."""
    found = published(session, [process])
    if process not in found:
        raise errors.NotFound(process=process)
    return found[process]


def published(session: Session, processes: Collection[str]) -> dict[str, tuple[int, Process]]:
    """The published versions that new cases take, in one statement where their definitions are known already."""
    newest = session.execute(
        text(
            "SELECT p AS process, v.id FROM unnest(cast(:p AS text[])) p"
            " CROSS JOIN LATERAL (SELECT process_in_force(p, kernel_today()) AS id) v WHERE v.id IS NOT NULL"
        ),
        {"p": list(processes)},
    ).all()
    for _process, version_id in newest:
        if version_id not in _parsed:
            _parsed[version_id] = parse(dict(session.get_one(ProcessVersion, version_id).definition))
    return {process: (version_id, _parsed[version_id]) for process, version_id in newest}
