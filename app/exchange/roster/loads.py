"""建库文件: a checked workbook waits for a second official of 编办; then its units enter, each whole or not at all.

Of the workbook only what the ledger itself would hold is kept: identity numbers encrypted, and that until the decision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.db import Database, Identity
from app.domain import errors
from app.domain.crypto import KeyRing
from app.exchange.roster.figures import figures, line_label
from app.exchange.roster.intake import batch_of, known_people, known_rows, known_unit, seated_in
from app.exchange.roster.records import CellError, Preview, UnitBundle
from app.exchange.roster.texts import text as error_text
from app.models import Application, ImportBatch, Intake
from app.workflow import engine, versions

KEPT = 500
"""Errors kept of one unit; whoever has more mends these first."""


@dataclass(frozen=True, slots=True)
class File:
    """A received workbook: its name as shown, and the digest by which it is known again."""

    name: str
    digest: str

    @classmethod
    def of(cls, name: str, content: bytes) -> File:
        """The file of an upload; a path in its name is dropped."""
        bare = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
        return cls(bare[-100:] or "—", hashlib.sha256(content).hexdigest())


def regions_of(session: Session) -> tuple[str, ...]:
    """The divisions that the identity's office answers for."""
    rows = session.execute(
        text("SELECT code FROM region WHERE prefix >= scope_part(4) AND prefix < scope_part(5) ORDER BY prefix")
    )
    return tuple(rows.scalars())


def receive(session: Session, file: File, preview: Preview, parents: dict[str, int], keys: KeyRing) -> int:
    """Keep a checked file: its clean units as batches, of the others the errors alone."""
    stray = [asdict(error) for error in preview.errors if not error.unit_code]
    intake = Intake(
        file_name=file.name,
        file_hash=file.digest,
        state="checked",
        office_id=int(engine.me(session, 7) or 0),
        report={"errors": stray[:KEPT], "more": max(0, len(stray) - KEPT)},
        loaded_by=int(engine.me(session, 1) or 0),
        scope_path=engine.me(session, 4),
    )
    session.add(intake)
    session.flush()  # the units name it
    held: set[str] = set()
    seated = seated_in(preview)
    for bundle in preview.units:
        found = list(bundle.errors)
        if not bundle.held:
            found = known_unit(session, bundle) + known_people(session, bundle, keys)
        waits = bool(bundle.unit and bundle.unit.parent_code in held)
        if found or waits or bundle.held:
            held.add(bundle.code)
        batch = None if bundle.code in held else batch_of(bundle, parents, keys, seated).text()
        session.add(_unit(intake, file, bundle, found, batch))
        session.flush()  # in the order of the file: parents first
    return intake.id


def _unit(intake: Intake, file: File, bundle: UnitBundle, found: list[CellError], batch: str | None) -> ImportBatch:
    counted = figures(bundle.lines, bundle.people, bundle.leaders) if not bundle.errors else ()
    names = {d.code: d.name for d in bundle.departments}
    return ImportBatch(
        intake_id=intake.id,
        file_name=file.name,
        file_hash=file.digest,
        unit_code=bundle.code,
        unit_name=bundle.unit.name if bundle.unit else bundle.code,
        state="quarantine" if batch is None else "checked",
        people=len(bundle.people),
        errors={"errors": [error_text(e) for e in found[:KEPT]]},
        report={
            "parent": bundle.unit.parent_code if bundle.unit else None,
            "errors": [asdict(e) for e in found[:KEPT]],
            "more": max(0, len(found) - KEPT),
            "findings": [asdict(f) for f in bundle.findings[:KEPT]],
            "figures": [
                {
                    "label": line_label(f.line, names),
                    "kind": f.kind,
                    "authorised": f.line.authorised,
                    "occupied": f.occupied,
                    "vacant": f.vacant,
                    "surplus": f.surplus,
                }
                for f in counted
            ],
        },
        batch=batch,
        user_id=intake.loaded_by,
        scope_path=intake.scope_path,
    )


def locked(session: Session, intake_id: int) -> Intake:
    """The file, locked against every other step; one of another region answers as an absent one."""
    found = session.scalars(select(Intake).where(Intake.id == intake_id).with_for_update()).one_or_none()
    if found is None:
        raise errors.NotFound(intake=intake_id)
    return found


def _own(session: Session, intake_id: int, state: str) -> Intake:
    intake = locked(session, intake_id)
    if str(intake.office_id) != engine.me(session, 7):
        raise errors.NotYourOffice()
    if intake.state != state:
        raise errors.WrongState(state=intake.state)
    return intake


def units_of(session: Session, intake_id: int, state: str | None = None) -> list[ImportBatch]:
    """The units of a file in its order: parents first."""
    query = select(ImportBatch).where(ImportBatch.intake_id == intake_id).order_by(ImportBatch.id)
    return list(session.scalars(query.where(ImportBatch.state == state) if state else query))


def file_units(session: Session, intake_id: int) -> int:
    """申请建库: each clean unit becomes a case of its own, its batch fixed by its hash; how many.

    Raises:
        WrongState: the file was filed, withdrawn or decided already, or has no clean unit.
    """
    intake = _own(session, intake_id, "checked")
    waiting = units_of(session, intake_id, "checked")
    if not waiting:
        raise errors.WrongState(state=intake.state)
    cases: dict[str, int] = {}
    for unit in waiting:
        batch = json.loads(unit.batch or "{}")
        parent = cases.get(str(unit.report.get("parent")))
        if parent is not None:
            batch["units"][0]["parent_case"] = parent
        unit.batch = json.dumps(batch, ensure_ascii=False)
        unit.case_id = cases[unit.unit_code] = _file_case(session, intake, unit)
        unit.state = "filed"
    intake.state, intake.filed_by, intake.filed_at = "filed", int(engine.me(session, 1) or 0), func.now()
    return len(waiting)


def _file_case(session: Session, intake: Intake, unit: ImportBatch) -> int:
    case = engine.draft(
        session, process="opening", unit_id=None, scope_path=intake.scope_path, form={}, office_id=intake.office_id
    )
    digest = hashlib.sha256((unit.batch or "").encode()).hexdigest()
    facts = {"batch": digest, "region": engine.me(session, 11)}
    session.execute(text("SELECT case_file(:c, :f)"), {"c": case.id, "f": json.dumps(facts)})
    prefix = versions.process_of(session, case).prefix
    case.number = session.execute(text("SELECT next_case_number(:p)"), {"p": prefix}).scalar_one()
    case.title = f"建库：{unit.unit_name}"
    case.state, case.submitted_at, case.changed_at = "running", func.now(), func.now()
    engine.note(session, case, "submitted", side=engine.applicant(session, case))
    return case.id


def withdraw(session: Session, intake_id: int) -> None:
    """Take a file back before it is filed, or as its own office after it; nothing of it has entered."""
    intake = locked(session, intake_id)
    intake = _own(session, intake_id, "filed" if intake.state == "filed" else "checked")
    for unit in _running(session, intake_id):
        engine.withdraw(session, unit.case_id or 0)
    _empty(session, intake, "withdrawn")


def _running(session: Session, intake_id: int) -> list[ImportBatch]:
    """The filed units whose case still runs; a single one may have been withdrawn on its own page."""
    filed = units_of(session, intake_id, "filed")
    return [unit for unit in filed if engine.locked(session, unit.case_id or 0).state == "running"]


def reject(session: Session, intake_id: int, opinion: str, address: str) -> None:
    """The second official refuses the whole file.

    Raises:
        SelfApproval: who filed it may not decide it.
    """
    intake = _own(session, intake_id, "filed")
    if str(intake.filed_by) == engine.me(session, 1):
        raise errors.SelfApproval()
    for unit in _running(session, intake_id):
        _decide(session, unit, "reject", opinion, address)
    _decided(session, intake, opinion)
    _empty(session, intake, "rejected")


def _empty(session: Session, intake: Intake, state: str) -> None:
    """What is not going to enter is not kept either."""
    session.flush()
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.intake_id == intake.id, ImportBatch.state.in_(("checked", "filed")))
        .values(state=state, batch=None)
    )
    intake.state = state


def _decided(session: Session, intake: Intake, opinion: str) -> None:
    intake.decided_by, intake.decided_at, intake.opinion = int(engine.me(session, 1) or 0), func.now(), opinion


def _decide(session: Session, unit: ImportBatch, verdict: str, opinion: str, address: str) -> Application:
    case = engine.locked(session, unit.case_id or 0)
    session.execute(
        text("SELECT case_decide(:c, :v, :o, '{}', :a)"), {"c": case.id, "v": verdict, "o": opinion, "a": address}
    )
    engine.note(session, case, verdict, side="复核", opinion=opinion)
    if verdict == "reject":
        session.flush()  # the kernel reads the row
        session.execute(text("SELECT case_close(:c, 'rejected')"), {"c": case.id})
        case.state, case.finished_at, case.result = "rejected", func.now(), opinion
    return case


def approve(database: Database, identity: Identity, intake_id: int, opinion: str, address: str) -> Iterator[int]:
    """The second official's word: each unit enters in a transaction of its own; yields the units' ids.

    Whoever broke off can call it again: units that have entered or were held back are not touched.

    Raises:
        SelfApproval, NotYourOffice, WrongState: before anything was done.
    """
    with database.transaction(identity) as session:
        intake = _own(session, intake_id, "filed")
        if str(intake.filed_by) == engine.me(session, 1):
            raise errors.SelfApproval()
        waiting = [unit.id for unit in units_of(session, intake_id, "filed")]
    for unit_id in waiting:
        try:
            with database.transaction(identity) as session:
                _enter(session, unit_id, opinion, address)
        except errors.DomainError as refusal:
            with database.transaction(identity) as session:
                _hold(session, unit_id, refusal, address)
        yield unit_id
    with database.transaction(identity) as session:
        intake = _own(session, intake_id, "filed")
        _decided(session, intake, opinion)
        intake.state = "done"


class _Known(errors.DuplicatePerson):
    """People of the unit whom the register has come to seat since the file was checked."""

    def __init__(self, found: list[CellError]) -> None:
        super().__init__()
        self.found = found


def _enter(session: Session, unit_id: int, opinion: str, address: str) -> None:
    unit = session.scalars(select(ImportBatch).where(ImportBatch.id == unit_id).with_for_update()).one()
    if unit.state != "filed":
        return
    batch = unit.batch or ""
    rows = [(bytes.fromhex(p["person_index"]), p["row"], p["id_mask"]) for p in json.loads(batch)["people"]]
    found = known_rows(session, rows, unit.unit_code)
    if found:
        raise _Known(found)
    case = _decide(session, unit, "approve", opinion, address)
    session.flush()  # the kernel reads the row
    done = session.execute(text("SELECT ledger_open_balance(:c, :b)"), {"c": case.id, "b": batch}).scalar_one()
    case.state, case.finished_at, case.changed_at = "done", func.now(), func.now()
    case.result = versions.process_of(session, case).result
    engine.note(session, case, "effected", side="台账", facts={"unit": done["unit"], "people": done["people"]})
    unit.state, unit.batch = "entered", None
    unit.report = {**unit.report, "unit": done["unit"]}


def _hold(session: Session, unit_id: int, refusal: errors.DomainError, address: str) -> None:
    unit = session.get_one(ImportBatch, unit_id)
    found = [replace(e, unit_code=unit.unit_code) for e in refusal.found] if isinstance(refusal, _Known) else []
    case = engine.locked(session, unit.case_id or 0)
    if case.state == "running":
        _decide(session, unit, "reject", "台账未予登记，见建库结果", address)
    facts: dict[str, Any] = {k: str(v) for k, v in refusal.facts.items()}
    unit.report = {
        **unit.report,
        "errors": [asdict(e) for e in found[:KEPT]],
        "refusal": None if found else {"code": refusal.code, "facts": facts},
    }
    unit.errors = {"errors": [error_text(e) for e in found[:KEPT]] or [f"台账拒绝：{refusal}"]}
    unit.state, unit.batch = "quarantine", None
