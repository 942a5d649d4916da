"""核验: all chains walked and replayed against the tables; whatever differs is named.

Runs as the owner, in one read-only snapshot, some chains at a time, so that memory stays bounded.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, text

from app.domain.canonical import utc_instant
from app.domain.crypto import KeyRing, UnknownKey
from app.domain.id_number import mask
from app.ledger import audit, filed, links
from app.ledger.evidence import evidence
from app.ledger.finding import Finding
from app.ledger.records import committed
from app.ledger.replay import apply
from app.ledger.replay_state import Entry, Row, State

UNITS_AT_ONCE, PEOPLE_AT_ONCE = 100, 2000

# Columns that no entry covers: descriptive, corrected without a movement, or derived for search.
UNCOVERED = {
    "person": ("pinyin", "pinyin_initials", "id_proof", "ethnicity", "political", "education", "degree",
               "native_place", "entry_way"),
}  # fmt: skip
ROWS = {
    "unit": "SELECT * FROM unit WHERE id BETWEEN :a AND :b",
    "unit_version": "SELECT * FROM unit_version WHERE unit_id BETWEEN :a AND :b",
    "unit_succession": "SELECT * FROM unit_succession WHERE from_unit_id BETWEEN :a AND :b",
    "quota_line": "SELECT * FROM quota_line WHERE unit_id BETWEEN :a AND :b",
    "quota": "SELECT q.* FROM quota q JOIN quota_line l ON l.id = q.line_id WHERE l.unit_id BETWEEN :a AND :b",
    "ledger_total": "SELECT t.* FROM ledger_total t JOIN quota_line l ON l.id = t.line_id"
    " WHERE l.unit_id BETWEEN :a AND :b",
    "permit": "SELECT * FROM permit WHERE unit_id BETWEEN :a AND :b",
    "plan": "SELECT * FROM plan WHERE unit_id BETWEEN :a AND :b",
    "plan_line": "SELECT p.* FROM plan_line p JOIN plan n ON n.id = p.plan_id WHERE n.unit_id BETWEEN :a AND :b",
    "post": "SELECT p.* FROM post p JOIN quota_line l ON l.id = p.line_id WHERE l.unit_id BETWEEN :a AND :b",
    "occupancy": "SELECT o.*, p.number AS seat, p.line_id AS seat_line FROM occupancy o"
    " LEFT JOIN post p ON p.id = o.post_id WHERE o.unit_id BETWEEN :a AND :b",
    # What is still to be confirmed is an office's list, not the ledger's.
    "verification": "SELECT id, unit_id, year, case_id, people, differences, head_sequence, head_hash, confirmed_by,"
    " confirmed_at, scope_path FROM verification WHERE confirmed_at IS NOT NULL AND unit_id BETWEEN :a AND :b",
    "staff_cap": "SELECT * FROM staff_cap WHERE unit_id BETWEEN :a AND :b",
    "quota_part": "SELECT q.* FROM quota_part q JOIN quota_line l ON l.id = q.line_id WHERE l.unit_id BETWEEN :a AND :b",
    "absorption_plan": "SELECT * FROM absorption_plan WHERE unit_id BETWEEN :a AND :b",
    "certificate": "SELECT * FROM certificate WHERE unit_id BETWEEN :a AND :b",
    "unit_signboard": "SELECT * FROM unit_signboard WHERE unit_id BETWEEN :a AND :b",
    "temporary_body": "SELECT * FROM temporary_body WHERE unit_id BETWEEN :a AND :b",
    "sanding": "SELECT * FROM sanding WHERE unit_id BETWEEN :a AND :b",
    "scheme": "SELECT * FROM scheme WHERE unit_id BETWEEN :a AND :b",
}
OF_REGION = {
    "quota_pool": "SELECT * FROM quota_pool WHERE region_code::bigint BETWEEN :a AND :b",
    "meeting": "SELECT id, office_id, region_code, year, serial, held_on, meeting_mark(nonce, 'place', place) AS place, state,"
    " meeting_mark(nonce, 'members', members) AS members, meeting_mark(nonce, 'minutes', minutes) AS minutes, opened_by, recorded_by,"
    " settled_by, settled_at, scope_path FROM meeting WHERE region_code::bigint BETWEEN :a AND :b",
    "agenda_item": "SELECT i.id, i.meeting_id, m.region_code, i.application_id, i.position, meeting_mark(m.nonce, 'note', i.note) AS note,"
    " meeting_mark(m.nonce, 'verdict', i.verdict) AS verdict, meeting_mark(m.nonce, 'resolution', i.resolution) AS resolution, i.facts_hash FROM agenda_item i"
    " JOIN meeting m ON m.id = i.meeting_id WHERE m.region_code::bigint BETWEEN :a AND :b",
    "issued_paper": "SELECT i.id, i.application_id, i.office_id, o.region_code, i.year, i.serial, i.number,"
    " encode(sha256(convert_to(i.content, 'UTF8')), 'hex') AS content, encode(i.content_hash, 'hex') AS content_hash, i.issued_by,"
    " i.voided_at IS NOT NULL AS void, i.void_reason, i.void_case_id FROM issued_paper i JOIN office o ON o.id = i.office_id"
    " WHERE i.kind = 'reply' AND o.region_code::bigint BETWEEN :a AND :b",
}
PEOPLE = "SELECT * FROM person WHERE id BETWEEN :a AND :b"
RECORD = "SELECT * FROM record_item WHERE person_id BETWEEN :a AND :b"
ABSENCES = "SELECT * FROM absence WHERE person_id BETWEEN :a AND :b"
ENGAGED = "SELECT * FROM engagement WHERE person_id BETWEEN :a AND :b"
SEATS = ROWS["occupancy"].replace("o.unit_id", "o.person_id")
HEADS = "SELECT chain_id, sequence, hash FROM ledger_chain WHERE chain_kind = :k AND chain_id BETWEEN :a AND :b"
ENTRIES = "SELECT * FROM ledger_entry WHERE chain_kind = :k AND chain_id BETWEEN :a AND :b ORDER BY chain_id, sequence"


def plain(value: Any) -> Any:
    """A database value as the chain writes it."""
    if isinstance(value, dt.datetime):
        return utc_instant(value)
    return value.isoformat() if isinstance(value, dt.date) else value


class Verifier:
    """One verification over one connection; ``step`` is told how many chains are done."""

    def __init__(self, connection: Connection, keys: KeyRing, step: Callable[[int], None] = lambda _n: None) -> None:
        self.connection, self.keys, self.step = connection, keys, step
        self.scopes: dict[int, str] = {}
        self.places: set[str] = set()
        self.regions: dict[int, str] = {}
        self.classes: dict[int, str] = {}

    def chains(self) -> int:
        """How many chains there are, for a progress bar."""
        return int(self.connection.execute(text("SELECT count(*) FROM ledger_chain")).scalar_one())

    def findings(self) -> Iterator[Finding]:
        """Everything that differs: units, people, approvals, definitions, audit."""
        self.scopes = {r.id: r.scope_path for r in self.connection.execute(text("SELECT id, scope_path FROM unit"))}
        self.places = set(self.scopes.values())
        self.regions = {int(r.code): r.prefix for r in self.connection.execute(text("SELECT code, prefix FROM region"))}
        self.classes = {
            r.id: r.of
            for r in self.connection.execute(text("SELECT id, k_personnel_class(category) AS of FROM quota_line"))
        }
        for a, b in self._ranges("unit", "unit", UNITS_AT_ONCE):
            yield from self._block("unit", a, b)
        for a, b in self._ranges("person", "person", PEOPLE_AT_ONCE):
            yield from self._block("person", a, b)
        yield from self._block("region", 0, 2**62)
        yield from self._orphans()
        yield from evidence(self.connection)
        yield from filed.findings(self.connection)
        yield from audit.findings(self.connection, step=self.step)

    def _ranges(self, kind: str, table: str, size: int) -> Iterator[tuple[int, int]]:
        """Ranges of ids that hold about ``size`` chains or rows each; together they hold every id."""
        rows = self.connection.execute(
            text(
                f"SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM (SELECT id FROM {table} UNION"
                " SELECT chain_id FROM ledger_chain WHERE chain_kind = :k UNION"
                " SELECT chain_id FROM ledger_entry WHERE chain_kind = :k) x) y WHERE n % :s = 0 ORDER BY id"
            ),
            {"k": kind, "s": size},
        ).scalars()
        low = -(2**62)
        for high in rows:
            yield low, high
            low = high + 1
        yield low, 2**62

    def _block(self, kind: str, a: int, b: int) -> Iterator[Finding]:
        values = {"k": kind, "a": a, "b": b}
        states: dict[int, State] = {}
        heads = {r.chain_id: (r.sequence, r.hash) for r in self.connection.execute(text(HEADS), values)}
        last: dict[int, tuple[int, str]] = {}
        for r in self.connection.execute(text(ENTRIES), values):
            for column, found, right in links.broken(r, *last.get(r.chain_id, (0, ""))):
                yield self._of(kind, r.chain_id, "ledger_entry", r.id, column, found, right, r.sequence)
            last[r.chain_id] = (r.sequence, r.hash)
            entry = Entry(
                kind, r.chain_id, r.sequence, r.type, r.effective_on.isoformat(), utc_instant(r.recorded_at),
                r.case_id, r.scope_path, r.fields,
            )  # fmt: skip
            try:
                known = apply(states.setdefault(r.chain_id, State()), entry)
            except (KeyError, TypeError, ValueError, AttributeError):  # a payload of another shape
                known = False
            if not known:
                yield self._of(kind, r.chain_id, "ledger_entry", r.id, "type", r.type, "已知的流水类型", r.sequence)
                continue
            scope = self._scope(entry, states[r.chain_id])
            if r.scope_path != scope:
                yield self._of(kind, r.chain_id, "ledger_entry", r.id, "scope_path", r.scope_path, scope, r.sequence)
        for chain in sorted({*heads, *last}):
            if heads.get(chain) != last.get(chain):
                found, due = heads.get(chain), last.get(chain)
                yield self._of(kind, chain, "ledger_chain", chain, "hash", _head(found), _head(due))
        if kind != "person":
            for table, query in (ROWS if kind == "unit" else OF_REGION).items():
                rows = {self._key(table, r): self._row(table, r) for r in self._all(query, values)}
                yield from self._compare(kind, states, table, rows)
        else:
            yield from self._people(states, values)
        self.step(len(heads))

    def _scope(self, e: Entry, state: State) -> str | None:
        """Whose rows an entry belongs to: its unit's, for a person the seat's; a registration names any unit."""
        if e.kind == "region":
            return self.regions.get(e.chain)
        if e.kind == "unit":
            return self.scopes.get(e.chain)
        if e.type.startswith(("person.", "record.", "absence.", "engagement.")):
            return e.scope_path if e.scope_path in self.places else None
        seat = state.table("occupancy").get(e.fields["occupancy"], {})
        return self.scopes.get(seat.get("department_id") or seat.get("unit_id") or 0)

    def _all(self, query: str, values: dict[str, Any]) -> Iterator[Row]:
        return (dict(r) for r in self.connection.execute(text(query), values).mappings())

    def _key(self, table: str, row: Row) -> Any:
        return {"post": lambda: (row["line_id"], row["number"]), "ledger_total": lambda: row["line_id"]}.get(
            table, lambda: row["id"]
        )()

    def _row(self, table: str, row: Row) -> Row:
        out = {k: plain(v) for k, v in row.items()}
        if table == "post":
            del out["id"]
        elif table == "occupancy":
            del out["post_id"], out["person_name"]
            if out.pop("seat_line") != out["line_id"]:
                out["seat"] = None
        return out

    def _compare(self, kind: str, states: dict[int, State], table: str, rows: dict[Any, Row]) -> Iterator[Finding]:
        """Rows against what the chains made; in both directions."""
        seen = set()
        for chain, state in states.items():
            for key, due in state.table(table).items():
                seen.add(key)
                if table == "plan_line":  # of any unit below the plan's own
                    due = due | {"scope_path": self.scopes.get(due.get("unit_id") or 0)}
                if table == "occupancy":
                    due = due | {"scope_path": self.scopes.get(due.get("department_id") or due.get("unit_id") or 0)}
                found = rows.get(key)
                if table == "occupancy":  # a leadership seat's class is the holder's then, which no entry bears
                    of = self.classes.get(due.get("line_id") or 0) if due.get("kind") == "establishment" else None
                    due = due | {"personnel_class": of or (found or {}).get("personnel_class")}
                at = state.touched[table, key]
                if found is None:
                    yield self._of(kind, chain, table, key, "*", "无此行", "有此行", at)
                    continue
                for column in sorted({*found, *due}):
                    if found.get(column) != due.get(column):
                        shown, right = found.get(column), due.get(column)
                        yield self._of(kind, chain, table, key, column, shown, right, at)
        for key, row in rows.items():
            if key not in seen:
                unit = row.get("unit_id") or row.get("id") or 0
                owner = {"person": row.get("person_id"), "region": int(row.get("region_code") or 0)}.get(kind, unit)
                yield self._of(kind, owner or 0, table, key, "*", "有此行", "无此行（无流水）")

    def _people(self, states: dict[int, State], values: dict[str, Any]) -> Iterator[Finding]:
        rows = {r["id"]: r for r in self._all(PEOPLE, values)}
        seats = {}
        for r in self._all(SEATS, values):
            who, name = r["person_id"], r["person_name"]
            now = rows.get(who, {}).get("name")
            ever = states[who].table("name") if who in states else {}
            if not any(self.keys.holds(c, "name", name) for c in ever) or (r["recorded_to"] is None and name != now):
                yield self._of("person", who, "occupancy", r["id"], "person_name", name, now)
            seats[r["id"]] = self._row("occupancy", r)
        yield from self._compare("person", states, "occupancy", seats)
        yield from self._record(states, rows, values)
        away = {r["id"]: self._row("absence", r) for r in self._all(ABSENCES, values)}
        yield from self._compare("person", states, "absence", away)
        engaged = {r["id"]: self._row("engagement", r) for r in self._all(ENGAGED, values)}
        yield from self._compare("person", states, "engagement", engaged)
        for chain, state in states.items():
            made = state.table("person").get(chain)
            if made is None or chain not in rows:
                yield self._of(
                    "person", chain, "person", chain, "*", "有此行" if chain in rows else "无此行", "登记与人员各一"
                )
                continue
            yield from self._person(rows[chain], made, state)
        for chain in rows.keys() - states.keys():
            yield self._of("person", chain, "person", chain, "*", "有此行", "无此行（无流水）")

    def _record(self, states: dict[int, State], people: dict[int, Row], values: dict[str, Any]) -> Iterator[Finding]:
        """Items of the record against their entries, their fields against the commitment, their place against the person's."""
        items = {}
        for r in self._all(RECORD, values):
            row = {k: plain(v) for k, v in r.items()}
            fields, whose = row.pop("fields"), people.get(r["person_id"], {})
            if not committed(self.keys, r["commitment"], r["kind"], fields):
                yield self._of("person", r["person_id"], "record_item", r["id"], "fields", "已改动", "与承诺一致的值")
            for column in ("scope_path", "personnel_class"):
                if (found := row.pop(column)) != (due := whose.get(column)):
                    yield self._of("person", r["person_id"], "record_item", r["id"], column, found, due)
            items[r["id"]] = row
        yield from self._compare("person", states, "record_item", items)

    def _person(self, row: Row, made: Row, state: State) -> Iterator[Finding]:
        """The locked fields against their commitments, the place against the seats."""
        at = state.touched["person", row["id"]]
        try:
            number = self.keys.decrypt(row["id_type"], bytes(row["id_cipher"]))
        except (InvalidTag, ValueError, IndexError):
            number = None
        if number is None:
            yield self._of("person", row["id"], "person", row["id"], "id_cipher", "不能解密", "登记的证件号码", at)
        locked = {k: plain(row[k]) for k in ("name", "sex", "birth_on", "work_started_on", "level", "rank")}
        for column, value in locked.items():
            if not self.keys.holds(made.get(f"commit_{column}"), column, value):
                yield self._of("person", row["id"], "person", row["id"], column, value, "与登记时的承诺一致的值", at)
        if number is not None:
            kept = f"{row['id_type']}:{number}"
            wrong = {
                "id_cipher": not self.keys.holds(made.get("commit_id"), "id", kept),
                "id_index": not self._indexed(row, number),
                "id_mask": row["id_mask"] != mask(number),
            }
            for column in (c for c, bad in wrong.items() if bad):
                yield self._of("person", row["id"], "person", row["id"], column, "另一号码", "登记的证件号码", at)
        due: Row = {"id_type": made.get("id_type"), "id_verified": bool(made.get("verified")), **self._place(state)}
        for column, right in due.items():
            if plain(row[column]) != right:
                yield self._of("person", row["id"], "person", row["id"], column, row[column], right, at)

    def _indexed(self, row: Row, number: str) -> bool:
        """Whether the index is the number's, under the key that it names."""
        index = bytes(row["id_index"])
        try:
            return index == self.keys.blind_index(row["id_type"], number, index[0] if index else 0)
        except UnknownKey:
            return False

    def _place(self, state: State) -> Row:
        """Where the seats say that a person is; nothing for one who never sat."""
        seats = [o for o in state.table("occupancy").values() if o.get("kind") == "establishment"]
        valid = [o for o in seats if o["recorded_to"] is None]
        if not valid:
            return {"state": "outside", "unit_id": None, "department_id": None, "personnel_class": "other"}
        now = max(valid, key=lambda o: (o["ended_on"] is None, o["ended_on"] or "", o["started_on"], o["id"]))
        left = "retired" if str(now["exit_reason"] or "").startswith(("31", "93")) else "left"
        return {
            "state": "serving" if now["ended_on"] is None else left,
            "unit_id": now["unit_id"],
            "department_id": now["department_id"],
            "scope_path": self.scopes.get(now["department_id"] or now["unit_id"]),
            "personnel_class": self.classes.get(now["line_id"]),
        }

    def _orphans(self) -> Iterator[Finding]:
        """Rows that belong to no unit or person, and so to no block."""
        for table, kinds in (
            ("ledger_entry", "'unit', 'person', 'region'"),
            ("ledger_chain", "'unit', 'person', 'region', 'audit'"),
        ):
            for r in self.connection.execute(
                text(f"SELECT chain_kind, chain_id FROM {table} WHERE chain_kind NOT IN ({kinds})")
            ):
                yield Finding(f"{r.chain_kind}:{r.chain_id}", table, "*", "chain_kind", "有此行", "无此类链")
        for table, column, parent in (("quota", "line_id", "quota_line"), ("ledger_total", "line_id", "quota_line"),
                                      ("post", "line_id", "quota_line"), ("plan_line", "plan_id", "plan")):  # fmt: skip
            key = "line_id" if table == "ledger_total" else "id"
            for r in self.connection.execute(
                text(
                    f"SELECT t.{key} AS id FROM {table} t LEFT JOIN {parent} l ON l.id = t.{column} WHERE l.id IS NULL"
                )
            ):
                yield Finding("台账", table, str(r.id), "*", "有此行", "无此行（无所属的行）")

    def _of(self, kind: str, chain: int, table: str, row: Any, column: str, found: Any, due: Any,
            sequence: int | None = None) -> Finding:  # fmt: skip
        """A finding with the name of its unit, person or region."""
        key, word = {"unit": ("id", "单位"), "region": ("code::bigint", "区划")}.get(kind, ("id", "人员"))
        name = self.connection.execute(text(f"SELECT name FROM {kind} WHERE {key} = :i"), {"i": chain}).scalar()
        whose = f"{word} {name or ''}({chain})"
        key = "-".join(map(str, row)) if isinstance(row, tuple) else str(row)
        return Finding(whose, table, key, column, str(found), str(due), sequence, f"{kind}:{chain}")


def _head(head: tuple[int, str] | None) -> str:
    return "无" if head is None else f"{head[0]}:{head[1][:16]}"
