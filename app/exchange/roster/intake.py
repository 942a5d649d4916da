"""名册入库: each clean unit of a checked roster enters as one opening balance, whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import Database, Identity
from app.domain.crypto import KeyRing
from app.domain.errors import DomainError
from app.domain.id_number import mask
from app.exchange.roster.layout import HEADER_OF
from app.exchange.roster.records import PEOPLE, UNITS, CellError, Preview, RosterLeader, RosterPerson, UnitBundle
from app.exchange.roster.texts import text as error_text
from app.ledger import opening
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of

BODIES = {"4": "institution"}  # first digit of the class; everything else counts as an organ


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one unit: its id when it entered, else the errors that hold it back."""

    code: str
    name: str
    unit_id: int | None
    people: int
    errors: tuple[str, ...]


def seated_in(preview: Preview) -> dict[str, RosterPerson]:
    """Everybody whom the file seats, by document number: a leader from another unit is known by that row."""
    return {person.id_number: person for bundle in preview.units for person in bundle.people}


def batch_of(
    bundle: UnitBundle, parents: Mapping[str, int], keys: KeyRing, seated: Mapping[str, RosterPerson]
) -> Batch:
    """The opening balance of one unit; ``parents`` are the ids of the bodies above it by their code."""
    unit = bundle.unit
    if unit is None:
        raise ValueError(bundle.code)
    batch = Batch(unit.region_code)
    body = BODIES.get(unit.category[:1], "organ")
    for row in (unit, *bundle.departments):
        legal = row is unit
        batch.units.append(
            {
                "key": row.code,
                "parent_key": None if legal else row.parent_code,
                "parent": parents.get(row.parent_code or "") if legal else None,
                "node": "legal" if legal else "department",
                "region": unit.region_code,
                "name": row.name,
                "short_name": row.short_name or row.name,
                "uscc": row.uscc,
                "nature": row.nature,
                "category": row.category,
                "grade": row.grade,
                "subordination": row.subordination,
                "body": body,
                "start": row.opened_on.isoformat(),
            }
        )
    names: dict[Any, str] = {}
    for number, line in enumerate(bundle.lines):
        fixed = {"authorised": line.authorised, "start": line.effective_on.isoformat()}
        if line.is_allotment:
            continue
        key = names[line.post_key if line.kind == "leadership" else line.seat_key] = f"l{number}"
        batch.lines.append(
            {
                **fixed,
                "key": key,
                "unit_key": unit.code,
                "scope_key": line.scope_code or unit.code,
                "kind": line.kind,
                "category": line.category,
                "funding": line.funding,
                "structure": line.structure or "none",
                "role": line.role,
                "level": line.level,
                "document_no": line.document_no,
                "issuer": line.issuer,
            }
        )
    for line in bundle.lines:
        if line.is_allotment and line.authorised:
            batch.allotments.append(
                {
                    "line_key": names[line.seat_key],
                    "department_key": line.scope_code,
                    "authorised": line.authorised,
                    "start": line.effective_on.isoformat(),
                }
            )
    for person in bundle.people:
        batch.people.append(
            {
                **facts_of(_facts(person), keys),
                "ethnicity": person.ethnicity,
                "political": person.political,
                "degree": person.degree,
                "native_place": person.native_place,
                "line_key": names[person.seat_key],
                "department_key": person.department_code,
                "start": person.started_on.isoformat(),
                "row": person.row,
            }
        )
    here = {p.id_number for p in bundle.people}
    for leader in bundle.leaders:
        there = seated.get(leader.id_number)
        facts = facts_of(_facts(there) if there else _outsider(leader), keys)
        batch.leaders.append(
            {
                **({"person_index": facts["person_index"]} if leader.id_number in here else facts),
                "line_key": names[leader.post_key],
                "nature": leader.nature,
                "home_unit": leader.home_unit,
                "main": int(leader.main),
                "start": leader.started_on.isoformat(),
            }
        )
    return batch


def _facts(person: RosterPerson) -> PersonFacts:
    return PersonFacts(
        name=person.name,
        id_number=person.id_number,
        sex=person.sex,
        birth_on=person.birth_on,
        id_type=person.id_type,
        work_started_on=person.work_started_on,
        level=person.level,
        rank=person.rank,
        education=person.education,
        entry_way=person.entry_way,
        verified=not person.unverified,
        proof=person.proof,
    )


def _outsider(leader: RosterLeader) -> PersonFacts:
    """Somebody who leads here and sits elsewhere: birth and sex are those of the number."""
    n = leader.id_number
    return PersonFacts(
        name=leader.name,
        id_number=n,
        sex="1" if int(n[16]) % 2 else "2",
        birth_on=dt.date(int(n[6:10]), int(n[10:12]), int(n[12:14])),
    )


def known_parents(session: Session) -> dict[str, int]:
    """Bodies that are in the ledger already, by the social credit code that a file names as 上级编码."""
    rows = session.execute(
        text("SELECT uscc, id FROM unit WHERE node = 'legal' AND status = 'active' AND uscc IS NOT NULL")
    )
    return {row.uscc: row.id for row in rows}


def known_people(session: Session, bundle: UnitBundle, keys: KeyRing) -> list[CellError]:
    """Rows whose person the city's register already seats somewhere."""
    rows = [(keys.blind_index(p.id_type, p.id_number), p.row, mask(p.id_number)) for p in bundle.people]
    return known_rows(session, rows, bundle.code)


def known_rows(session: Session, rows: list[tuple[bytes, int, str]], unit_code: str) -> list[CellError]:
    """The same of rows given by blind index, number of the row and masked number; other regions' people count too."""
    index = {key: (row, masked) for key, row, masked in rows}
    found = session.execute(
        text("SELECT id_index AS key, unit FROM serving_among(:i)"),
        {"i": list(index)},
    )
    column = HEADER_OF[PEOPLE]["id_number"]
    out = []
    for r in found:
        row, masked = index[bytes(r.key)]
        out.append(CellError(PEOPLE, row, column, masked, "known_person", (r.unit or "—",), (), unit_code))
    return sorted(out, key=lambda error: error.row)


def known_unit(session: Session, bundle: UnitBundle) -> list[CellError]:
    """The unit itself, where one of its name or code is there already."""
    unit = bundle.unit
    if unit is None:
        return []
    there = session.execute(
        text(
            "SELECT name FROM unit WHERE status = 'active' AND node = 'legal'"
            " AND ((name = :n AND region_code = :r) OR uscc = :u)"
        ),
        {"n": unit.name, "r": unit.region_code, "u": unit.uscc},
    ).scalar()
    if there is None:
        return []
    return [CellError(UNITS, unit.row, HEADER_OF[UNITS]["name"], unit.name, "known_unit", (there,), (), bundle.code)]


def commit(
    database: Database, identity: Identity, preview: Preview, keys: KeyRing, file: Path, parents: Mapping[str, int]
) -> Iterator[Outcome]:
    """Enter the clean units one by one; hold back the others, in quarantine with their list of errors."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    entered: dict[str, int] = {}
    seated = seated_in(preview)
    for bundle in preview.units:
        errors, refusal = list(bundle.errors), ""
        outcome: Outcome | None = None
        if _waits(bundle, preview, entered):
            refusal = "上级单位未能入库"
        elif not bundle.held:
            try:
                with database.transaction(identity) as session:
                    errors = known_unit(session, bundle) + known_people(session, bundle, keys)
                    if not errors:
                        outcome = _enter(
                            session,
                            bundle,
                            batch_of(bundle, {**parents, **entered}, keys, seated),
                            entered,
                            file.name,
                            digest,
                        )
            except DomainError as error:
                outcome, refusal = None, f"台账拒绝：{error}"
                entered.pop(bundle.code, None)
        if outcome is None:
            with database.transaction(identity) as session:
                outcome = _hold(session, bundle, errors, refusal, file.name, digest)
        yield outcome


def _waits(bundle: UnitBundle, preview: Preview, entered: dict[str, int]) -> bool:
    above = bundle.unit.parent_code if bundle.unit else None
    return bool(above) and any(b.code == above for b in preview.units) and above not in entered


def _enter(
    session: Session, bundle: UnitBundle, batch: Batch, entered: dict[str, int], name: str, digest: str
) -> Outcome:
    done = opening.enter(session, batch, note=f"名册导入 {name}")
    _record(session, bundle, "entered", [], name, digest, int(done["case"]))
    entered[bundle.code] = int(done["unit"])
    return Outcome(bundle.code, _name(bundle), int(done["unit"]), int(done["people"]), ())


def _hold(
    session: Session, bundle: UnitBundle, errors: list[CellError], refusal: str, name: str, digest: str
) -> Outcome:
    shown = [error_text(replace(e, unit_code=bundle.code)) for e in errors] + ([refusal] if refusal else [])
    _record(session, bundle, "quarantine", shown, name, digest, None)
    return Outcome(bundle.code, _name(bundle), None, len(bundle.people), tuple(shown))


def _name(bundle: UnitBundle) -> str:
    return bundle.unit.name if bundle.unit else bundle.code


def _record(
    session: Session, bundle: UnitBundle, state: str, errors: list[str], name: str, digest: str, case: int | None
) -> None:
    region = bundle.unit.region_code if bundle.unit else None
    session.execute(
        text(
            "INSERT INTO import_batch (file_name, file_hash, unit_code, unit_name, state, people, errors, case_id,"
            " user_id, scope_path) SELECT :f, :h, :c, :n, :s, :p, cast(:e AS jsonb), :k, scope_number(1),"
            " coalesce((SELECT prefix FROM region WHERE code = :r), scope_part(4))"
        ),
        {
            "f": name,
            "h": digest,
            "c": bundle.code,
            "n": _name(bundle),
            "s": state,
            "p": len(bundle.people),
            "e": json.dumps({"errors": errors}, ensure_ascii=False),
            "k": case,
            "r": region,
        },
    )
