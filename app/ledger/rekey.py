"""换钥: stored numbers move to another key, a batch at a time; stopped, it goes on where it was.

Runs as the owner. What is written names its key's version, so the rows still to do are those of another version.
The numbers stay what the ledger committed to: ``ledger verify`` is clean before, between and after.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.domain.crypto import KeyRing

AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Store:
    """A column of encrypted texts: its table and key, and what was authenticated with the text."""

    table: str
    key: str
    column: str
    bound_to: str


# Every place where the database holds a text under the encryption key.
STORES = (
    Store("person", "id", "id_cipher", "id_type"),
    Store("case_secret", "case_id", "id_cipher", "id_type"),
    Store("credential", "user_id", "totp_secret", "'totp:' || user_id"),
)
# A draft keeps its number, and what is typed of a protected column group, inside the form, as hexadecimal text.
DRAFTS = (
    "FROM (SELECT id, form, kept.* FROM application, (VALUES ('id_cipher', 'resident'), ('sealed', 'record')) AS kept(key, bound))"
    " a WHERE form ->> key IS NOT NULL"
)
RUNNING = (
    "FROM case_record c LEFT JOIN case_secret s ON s.case_id = c.case_id"
    " LEFT JOIN index_alias a ON a.old_index = c.person_key AND get_byte(a.new_index, 0) = :v"
    " WHERE c.status IN ('filed', 'reserved') AND get_byte(c.person_key, 0) <> :v"
)


def waiting(connection: Connection, purpose: str, version: int) -> int:
    """How many texts are not yet under this version of a key."""
    if purpose == "index":
        queries = ["SELECT count(*) FROM person WHERE get_byte(id_index, 0) <> :v", f"SELECT count(*) {RUNNING}"]
    else:
        queries = [f"SELECT count(*) FROM {s.table} WHERE get_byte({s.column}, 0) <> :v" for s in STORES]
        queries.append(f"SELECT count(*) {DRAFTS} AND get_byte(decode(form ->> key, 'hex'), 0) <> :v")
    return sum(int(connection.execute(text(q), {"v": version}).scalar_one()) for q in queries)


def encrypt_batch(connection: Connection, keys: KeyRing) -> int:
    """Move some texts to the newest encryption key; gives how many, 0 when all are there."""
    version = max(keys.ids)
    for s in STORES:
        rows = connection.execute(
            text(
                f"SELECT {s.key} AS id, {s.bound_to} AS bound, {s.column} AS cipher FROM {s.table}"
                f" WHERE get_byte({s.column}, 0) <> :v ORDER BY {s.key} LIMIT :n FOR UPDATE"
            ),
            {"v": version, "n": AT_ONCE},
        ).all()
        if rows:
            connection.execute(
                text(
                    f"UPDATE {s.table} t SET {s.column} = x.c FROM unnest(cast(:i AS bigint[]), cast(:c AS bytea[]))"
                    f" AS x(i, c) WHERE t.{s.key} = x.i"
                ),
                {"i": [r.id for r in rows], "c": [_again(keys, r.bound, bytes(r.cipher)) for r in rows]},
            )
            return len(rows)
    drafts = connection.execute(
        text(
            f"SELECT id, key, bound, form ->> key AS kept {DRAFTS}"
            " AND get_byte(decode(form ->> key, 'hex'), 0) <> :v ORDER BY id LIMIT :n"
        ),
        {"v": version, "n": AT_ONCE},
    ).all()
    for r in drafts:
        # Only where it still stands: whoever saves the draft meanwhile writes under the newest key himself.
        connection.execute(
            text("UPDATE application SET form = form || jsonb_build_object(cast(:k AS text), cast(:n AS text)) WHERE id = :i"
                 " AND form ->> :k = :o"),
            {"k": r.key, "n": _again(keys, r.bound, bytes.fromhex(r.kept)).hex(), "o": r.kept, "i": r.id},
        )  # fmt: skip
    return len(drafts)


def _again(keys: KeyRing, bound: str, cipher: bytes) -> bytes:
    return keys.encrypt(bound, keys.decrypt(bound, cipher))


def index_batch(connection: Connection, keys: KeyRing, version: int) -> int:
    """Move some people's search indexes (then the running cases') to a key; the former ones lead to the new."""
    rows = connection.execute(
        text(
            "SELECT id, id_type, id_cipher, id_index FROM person WHERE get_byte(id_index, 0) <> :v"
            " ORDER BY id LIMIT :n FOR UPDATE"
        ),
        {"v": version, "n": AT_ONCE},
    ).all()
    if rows:
        moved = [
            {"i": r.id, "old": bytes(r.id_index), "new": _indexed(keys, r.id_type, bytes(r.id_cipher), version)}
            for r in rows
        ]
        _alias(connection, moved)
        _index(connection, "person", "id_index", "id", moved)
        return len(rows)
    cases = connection.execute(
        text(
            f"SELECT c.case_id, c.person_key, a.new_index, s.id_type, s.id_cipher {RUNNING} ORDER BY c.case_id LIMIT :n FOR UPDATE OF c"
        ),
        {"v": version, "n": AT_ONCE},
    ).all()
    moved = [
        {
            "i": r.case_id,
            "old": bytes(r.person_key),
            # Somebody in the register has been led on already; a newcomer's number lies with the case.
            "new": r.new_index or _indexed(keys, r.id_type, bytes(r.id_cipher), version),
        }
        for r in cases
    ]
    if moved:
        _alias(connection, moved)
        _index(connection, "case_record", "person_key", "case_id", moved)
    return len(moved)


def _indexed(keys: KeyRing, id_type: str, cipher: bytes, version: int) -> bytes:
    return keys.blind_index(id_type, keys.decrypt(id_type, cipher), version)


def _index(connection: Connection, table: str, column: str, key: str, moved: list[dict[str, object]]) -> None:
    connection.execute(
        text(
            f"UPDATE {table} t SET {column} = x.n FROM unnest(cast(:i AS bigint[]), cast(:n AS bytea[])) AS x(i, n)"
            f" WHERE t.{key} = x.i"
        ),
        {"i": [m["i"] for m in moved], "n": [m["new"] for m in moved]},
    )


def _alias(connection: Connection, moved: list[dict[str, object]]) -> None:
    """Whoever still asks by the former index is led on, also over two changes of keys."""
    values = {"o": [m["old"] for m in moved], "n": [m["new"] for m in moved]}
    pairs = "unnest(cast(:o AS bytea[]), cast(:n AS bytea[])) AS x(o, n)"
    connection.execute(text(f"UPDATE index_alias a SET new_index = x.n FROM {pairs} WHERE a.new_index = x.o"), values)
    connection.execute(
        text(
            f"INSERT INTO index_alias (old_index, new_index) SELECT o, n FROM {pairs}"
            " ON CONFLICT (old_index) DO UPDATE SET new_index = excluded.new_index"
        ),
        values,
    )


def forget_aliases(connection: Connection, version: int) -> None:
    """After the last reader of a former index is gone."""
    connection.execute(text("DELETE FROM index_alias WHERE get_byte(old_index, 0) = :v"), {"v": version})
