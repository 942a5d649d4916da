"""A direct change of any ledger table, even by the database's superuser, is found and named."""

import datetime as dt
import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.cli import ledger as command
from app.cli import settings as installation
from app.domain.canonical import entry_hash, utc_instant
from app.domain.workdays import city_today
from app.ledger import seal as sealing
from app.ledger.finding import Finding
from app.ledger.people import facts_of
from app.ledger.records import record_facts
from app.ledger.verify import UNCOVERED, Verifier
from app.workflow import engine
from tests.world import Body, World, person

TODAY = city_today()
TABLES = ("unit", "unit_version", "quota_line", "quota", "ledger_total", "post", "person", "occupancy", "permit", "plan",
          "plan_line",
          "record_item", "ledger_entry", "ledger_chain")  # fmt: skip
# A value that no row holds, for columns where a constraint names the values allowed.
OTHER = {
    "kind": "CASE kind WHEN 'establishment' THEN 'rank' WHEN 'contact' THEN 'pay' ELSE 'establishment' END",
    "node": "CASE node WHEN 'legal' THEN 'department' ELSE 'legal' END",
    "state": "CASE state WHEN 'left' THEN 'retired' ELSE 'left' END",
    "personnel_class": "CASE personnel_class WHEN 'other' THEN 'public' ELSE 'other' END",
    "nature": "CASE nature WHEN 'regular' THEN 'superior' ELSE 'regular' END",
    "chain_kind": "'region'",
    "body": "CASE body WHEN 'organ' THEN 'institution' ELSE 'organ' END",
    "payload": "payload || ' '",
}
# Derived by the database from another column, or the row's own number of a table keyed by others.
DERIVED = {("ledger_entry", "fields"), ("ledger_entry", "id"), ("post", "id")}


def check(connection: Connection, world: World) -> list[Finding]:
    return list(Verifier(connection, world.keys).findings())


@pytest.fixture(scope="module")
def city(world: World) -> Body:
    """A city in which everything has happened once."""
    one = world.body(
        "甲局",
        quotas={"11": 8, "13": 1},
        people={"11": 4, "13": 2},
        leaders={"principal:0131": 1, "deputy:0132": 2},
        departments=("办公室", "人事科"),
    )
    two = world.body("乙局", quotas={"11": 3}, people={"11": 1})
    world.body("丙局", quotas={"11": 1}, people={"11": 2})
    entered = world.recruit(one)
    world.approve_recruit(entered)
    world.arrive(world.clerk(one), entered, TODAY - dt.timedelta(days=3))
    waiting, dropped = world.recruit(one), world.recruit(one)
    for case in (waiting, dropped):
        world.decide(world.office("establishment"), case, "establishment")
    with world.database.transaction(world.clerk(one)) as session:
        engine.withdraw(session, dropped)
    move = {"person": one.people[0], "line": two.line, "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(two), two, "transfer", move, name="调", effective_on=TODAY)
    world.decide(world.clerk(one), case, "source_unit")
    world.approve_recruit(case)
    surplus = [
        p for p in one.people if world.value("SELECT line_id FROM occupancy WHERE person_id = :p LIMIT 1", p=p)
        == one.lines["13"]
    ]  # fmt: skip
    leave = {"person": surplus[0], "end": TODAY.isoformat(), "reason": "31"}
    case = world.submit(world.clerk(one), one, "retire", leave, person_id=surplus[0], effective_on=TODAY)
    world.approve_recruit(case, personnel="human_resources")
    lead = {"person": one.people[1], "line": one.lines["principal:0131"], "main": 1, "nature": "regular",
            "start": TODAY.isoformat()}  # fmt: skip
    case = world.submit(world.clerk(one), one, "leader", lead, person_id=one.people[1], effective_on=TODAY)
    world.approve_recruit(case)
    for mobile, day in (("13800000001", 9), ("13800000002", 2)):
        facts = record_facts(world.keys, "contact", {"mobile": mobile}, person=one.people[1],
                             start=TODAY - dt.timedelta(days=day))  # fmt: skip
        case = world.submit(world.clerk(one), one, "info_contact", facts, person_id=one.people[1])
        world.decide(world.office("organisation"), case, "personnel")
    use_of_quota(world, one)
    return one


def use_of_quota(world: World, body: Body) -> None:
    """A plan; a permit of which one seat is used, one taken and given back; another extended and cancelled."""
    office, clerk = world.office("establishment"), world.clerk(body)

    def approved(process: str, **facts: Any) -> int:
        case = world.submit(clerk, body, process, facts)
        world.decide(office, case, "establishment")
        return case

    approved("plan", plan_year=TODAY.year, line1=body.line, number1=2)
    later = (TODAY + dt.timedelta(days=500)).isoformat()
    for process in ("", "permit_extend", "permit_cancel"):
        if not process:
            case = approved("permit", line=body.line, seats=2, numbering="each", purpose="recruit")
            with world.superuser.connect() as connection:
                first, second = connection.execute(
                    text("SELECT id FROM permit WHERE case_id = :c ORDER BY id"), {"c": case}
                ).scalars()
        else:
            approved(process, permit=second, **({"last_on": later} if process == "permit_extend" else {}))
    for end in ("arrive", "withdraw"):
        if end == "withdraw":
            case = approved("permit", line=body.line, seats=1, purpose="recruit")
            first = world.value("SELECT id FROM permit WHERE case_id = :c", c=case)
        who = person()
        entry = world.submit(
            clerk, body, "recruit", {**facts_of(who, world.keys), "line": body.line, "permit": first}, name=who.name
        )
        world.approve_recruit(entry)
        if end == "arrive":
            world.arrive(clerk, entry, TODAY)
        else:
            with world.database.transaction(clerk) as session:
                engine.withdraw(session, entry)


def test_a_city_in_which_everything_went_by_the_kernel_is_clean(world: World, city: Body) -> None:
    with world.superuser.connect() as connection:
        assert check(connection, world) == []


def columns(connection: Connection, table: str) -> list[tuple[str, str]]:
    rows = connection.execute(
        text(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :t"
            " AND table_schema = 'public' ORDER BY ordinal_position"
        ),
        {"t": table},
    )
    return [(r.column_name, r.data_type) for r in rows]


def altered(column: str, kind: str) -> str:
    """An expression that gives a column another value of its type."""
    if column in OTHER:
        return OTHER[column]
    return {
        "text": f"coalesce({column}, '') || 'x'",
        "bigint": f"coalesce({column}, 0) + 1000000",
        "integer": f"coalesce({column}, 0) + 1",
        "boolean": f"NOT {column}",
        "date": f"coalesce({column}, DATE '2020-01-01') - 1",
        "timestamp with time zone": f"coalesce({column}, now()) - interval '1 second'",
        "jsonb": f"{column} || '{{\"forged\": 1}}'",
        "bytea": f"set_byte({column}, length({column}) - 1, (get_byte({column}, length({column}) - 1) + 1) % 256)",
    }[kind]


def tampered(world: World, statement: str, **values: Any) -> list[Finding] | None:
    """What verify says after a superuser's statement, rolled back afterwards; None where the database refused it."""
    with world.superuser.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        try:
            done = connection.execute(text(statement), values)
        except DBAPIError:
            return None
        assert done.rowcount == 1
        found = check(connection, world)
        connection.rollback()
        return found


def rows(world: World, table: str) -> list[str]:
    with world.superuser.connect() as connection:
        return list(connection.execute(text(f"SELECT ctid::text FROM {table} ORDER BY ctid")).scalars())


@pytest.mark.parametrize("table", TABLES)
def test_every_covered_column_is_watched(world: World, city: Body, table: str) -> None:
    """One row of each table, every column in turn."""
    with world.superuser.connect() as connection:
        all_columns = columns(connection, table)
    missed, refused = [], []
    for column, kind in all_columns:
        if column in UNCOVERED.get(table, ()) or (table, column) in DERIVED:
            continue
        statement = f"UPDATE {table} SET {column} = {altered(column, kind)} WHERE ctid = :c"
        outcomes = [tampered(world, statement, c=c) for c in (rows(world, table)[0], rows(world, table)[-1])]
        if all(o is None for o in outcomes):
            refused.append(column)
        elif any(o == [] for o in outcomes):
            missed.append(column)
    assert missed == []
    assert len(refused) < len(all_columns) / 2, f"the test itself is refused too often: {refused}"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_change_of_any_row_is_found_and_its_table_named(world: World, city: Body, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(TABLES))
    place = data.draw(st.sampled_from(rows(world, table)))
    verb = data.draw(st.sampled_from(("UPDATE", "DELETE", "INSERT")))
    if verb == "DELETE":
        found = tampered(world, f"DELETE FROM {table} WHERE ctid = :c", c=place)
    else:
        with world.superuser.connect() as connection:
            possible = [
                c for c in columns(connection, table)
                if c[0] not in UNCOVERED.get(table, ()) and (table, c[0]) not in DERIVED
            ]  # fmt: skip
        column, kind = data.draw(st.sampled_from(possible))
        if verb == "UPDATE":
            statement = f"UPDATE {table} SET {column} = {altered(column, kind)} WHERE ctid = :c"
        else:
            kept = [c for c, _k in possible if c not in ("id", column)]
            key = "id, " if any(c == "id" for c, _k in possible) else ""
            number = "(SELECT max(id) + 1000 FROM " + table + "), " if key else ""
            statement = (
                f"INSERT INTO {table} ({key}{', '.join([*kept, column]) if column != 'id' else ', '.join(kept)})"
                f" OVERRIDING SYSTEM VALUE SELECT {number}{', '.join(kept)}"
                f"{', ' + altered(column, kind) if column != 'id' else ''} FROM {table} WHERE ctid = :c"
            )
        found = tampered(world, statement, c=place)
    assert found is None or found != []


# What a copied row needs to pass every unique key; everything else stays as it is.
COPIED = {
    "unit": {"id": "id + 1000000", "scope_path": "scope_path || '9'", "uscc": "NULL"},
    "unit_version": {"id": "id + 1000000", "recorded_to": "now()"},
    "quota_line": {"id": "id + 1000000", "level": "level || 'x'"},
    "quota": {"id": "id + 1000000", "recorded_to": "now()"},
    "ledger_total": {"line_id": "line_id + 1000000"},
    "post": {"id": "id + 1000000", "number": "number + 1000", "status": "'vacant'", "abolished_on": "NULL",
             "reserved_case_id": "NULL", "permit_id": "NULL"},
    "permit": {"id": "id + 1000000", "serial": "serial + 1000"},
    "plan": {"id": "id + 1000000"},
    "plan_line": {"id": "id + 1000000", "category": "category || 'x'"},
    "person": {"id": "id + 1000000", "id_index": "id_index || '\\x00'"},
    "occupancy": {"id": "id + 1000000", "recorded_to": "now()"},
    "record_item": {"id": "id + 1000000", "recorded_to": "now()"},
    "ledger_entry": {"id": "id + 1000000", "sequence": "sequence + 1000"},
    "ledger_chain": {"chain_id": "chain_id + 1000000"},
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_a_row_put_in_or_taken_away_is_found_in_every_table(world: World, city: Body, table: str) -> None:
    """Past every unique key, so that the database itself has nothing against it."""
    with world.superuser.connect() as connection:
        kept = [c for c, _kind in columns(connection, table) if (table, c) != ("ledger_entry", "fields")]
    values = ", ".join(COPIED[table].get(c, c) for c in kept)
    found = tampered(world, f"INSERT INTO {table} ({', '.join(kept)}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table}"
                            " WHERE ctid = :c", c=rows(world, table)[0])  # fmt: skip
    assert found, "refused" if found is None else "not found"
    assert {table, "ledger_entry"} & {f.table for f in found}
    for place in (rows(world, table)[0], rows(world, table)[-1]):
        assert tampered(world, f"DELETE FROM {table} WHERE ctid = :c", c=place)


def test_a_changed_name_is_found_with_person_table_and_column(world: World, city: Body) -> None:
    found = tampered(world, "UPDATE person SET name = '冒名' WHERE id = :p", p=city.people[2])
    assert found is not None
    assert [(f.table, f.column, f.found) for f in found if f.table == "person"] == [("person", "name", "冒名")]
    assert "冒名" in found[0].whose


def test_a_decision_taken_away_is_found_by_its_case(world: World, city: Body) -> None:
    found = tampered(
        world, "DELETE FROM decision WHERE id = (SELECT min(id) FROM decision WHERE office_id IS NOT NULL)"
    )
    assert found is not None
    assert found[0].table == "decision"


UNCHAINED = {
    "an effected case called open": "UPDATE case_record SET status = 'filed' WHERE case_id = (SELECT max(case_id) FROM"
    " case_record WHERE status = 'effected')",
    "an effected case called ended": "UPDATE case_record SET status = 'closed' WHERE case_id = (SELECT max(case_id) FROM"
    " case_record WHERE status = 'effected')",
    "a waiting case without its reservation": "UPDATE case_record SET status = 'filed' WHERE status = 'reserved'",
    "an open case called effected": "UPDATE case_record SET status = 'effected' WHERE case_id ="
    " (SELECT min(case_id) FROM case_record WHERE status = 'closed')",
    "facts changed with their hash": "UPDATE case_record SET facts = '{}', facts_hash = encode(sha256('{}'), 'hex')"
    " WHERE case_id = (SELECT max(case_id) FROM case_record)",
    "a filed revision changed": "UPDATE case_facts SET facts = facts || ' ' WHERE case_id = (SELECT max(case_id) FROM case_facts)",
    "a filed revision taken away": "DELETE FROM case_facts WHERE case_id = (SELECT max(case_id) FROM case_facts)",
    "another filer": "UPDATE case_record SET filed_by = filed_by + 1 WHERE case_id = (SELECT max(case_id) FROM case_record)",
    "a word on other facts": "UPDATE decision SET facts_hash = 'x' WHERE id = (SELECT max(id) FROM decision)",
    "an approval turned": "UPDATE decision SET verdict = 'return' WHERE id = (SELECT max(d.id) FROM decision d"
    " JOIN case_record c ON c.case_id = d.case_id WHERE c.status = 'effected')",
    "a definition loosened": "UPDATE process_version SET requirements = '{}' WHERE id = (SELECT max(id) FROM process_version)",
    "a standing alarm taken away": "DELETE FROM alarm WHERE id = (SELECT min(id) FROM alarm WHERE standing AND state = 'open')",
    "a standing alarm ended": "UPDATE alarm SET state = 'cleared' WHERE id = (SELECT min(id) FROM alarm WHERE standing"
    " AND state = 'open')",
}  # fmt: skip


@pytest.mark.parametrize("what", UNCHAINED)
def test_what_movements_rest_on_is_checked_against_them(world: World, city: Body, what: str) -> None:
    """Cases, facts, decisions, definitions and standing alarms stand in no chain; what contradicts one is found."""
    assert tampered(world, UNCHAINED[what])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_payload_of_any_shape_is_a_finding_and_no_crash(world: World, city: Body, data: st.DataObject) -> None:
    with world.superuser.connect() as connection:
        entries = connection.execute(text("SELECT DISTINCT ON (chain_kind, type) id, fields FROM ledger_entry ORDER BY"
                                          " chain_kind, type, id")).all()  # fmt: skip
    entry = data.draw(st.sampled_from(entries))
    key, odd = (
        data.draw(st.sampled_from(sorted(entry.fields))),
        data.draw(st.sampled_from(("x", "1,x", 7, None, [], {}))),
    )
    fewer = {k: v for k, v in entry.fields.items() if k != key}
    shape = data.draw(st.sampled_from(({}, [], "x", None, 1, fewer, {**entry.fields, key: odd})))
    if shape == entry.fields:
        return
    assert tampered(world, "UPDATE ledger_entry SET payload = :p WHERE id = :i", p=json.dumps(shape), i=entry.id)


def test_a_chain_rewritten_whole_is_found_by_the_seal_alone(world: World, city: Body, tmp_path: Any) -> None:
    file = tmp_path / "kept.seal.gz"
    with world.owner.begin() as connection:
        sealing.seal(connection, world.keys, file)
    header, heads = sealing.read(file, world.keys)
    assert header.chains == len(heads)
    with world.superuser.connect() as connection:
        assert list(sealing.compare(connection, heads)) == []
        # The last document number is changed with its row, its entry, the hash and the head: all fits together.
        connection.execute(text("SET session_replication_role = replica"))
        e = connection.execute(
            text("SELECT * FROM ledger_entry WHERE type = 'unit.opened' AND chain_id = :u"),
            {"u": city.departments["人事科"]},
        ).one()
        payload = e.payload.replace("人事科", "监督科")
        hashed = entry_hash(
            fmt=e.format, chain=f"unit:{e.chain_id}", sequence=e.sequence, type=e.type,
            effective_on=e.effective_on.isoformat(), recorded_at=utc_instant(e.recorded_at), case=str(e.case_id),
            actor=e.actor, payload=payload, prev=e.prev_hash,
        )  # fmt: skip
        connection.execute(
            text("UPDATE ledger_entry SET payload = :p, hash = :h WHERE id = :i"),
            {"p": payload, "h": hashed, "i": e.id},
        )
        for table, key in (("unit", "id"), ("unit_version", "unit_id")):
            connection.execute(
                text(f"UPDATE {table} SET name = '监督科', short_name = '监督科' WHERE {key} = :u"), {"u": e.chain_id}
            )
        connection.execute(
            text("UPDATE ledger_chain SET hash = :h WHERE chain_kind = 'unit' AND chain_id = :u"),
            {"h": hashed, "u": e.chain_id},
        )
        assert check(connection, world) == []
        found = list(sealing.compare(connection, heads))
        assert [(f.table, f.sequence) for f in found] == [("ledger_entry", 1)]
        assert "监督科" in found[0].whose


def test_a_seal_changed_after_its_signing_is_refused(world: World, city: Body, tmp_path: Any) -> None:
    import gzip

    file = tmp_path / "changed.seal.gz"
    with world.owner.begin() as connection:
        sealing.seal(connection, world.keys, file)
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    file.write_bytes(
        gzip.compress("\n".join([*lines[:-1], lines[-1][:-1] + ("1" if lines[-1].endswith("0") else "0")]).encode())
    )
    with pytest.raises(sealing.SealRefused):
        sealing.read(file, world.keys)
    file.write_bytes(b"no seal")
    with pytest.raises(sealing.SealRefused):
        sealing.read(file, world.keys)


def test_the_command_says_by_its_exit_status_whether_the_ledger_is_clean(
    world: World, city: Body, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "owner_url", lambda: world.owner_url)
    monkeypatch.setattr(installation, "key_ring", lambda: world.keys)
    run, file = CliRunner(), tmp_path / "now.seal.gz"
    assert run.invoke(command.ledger_group, ["seal", "--output", str(file)]).exit_code == 0
    assert run.invoke(command.ledger_group, ["verify", "--seal", str(file)]).exit_code == 0
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE person SET name = name || '改' WHERE id = :p"), {"p": city.people[3]})
    shown = run.invoke(command.ledger_group, ["verify"])
    assert shown.exit_code == 1
    assert "person" in shown.output
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE person SET name = rtrim(name, '改') WHERE id = :p"), {"p": city.people[3]})
    bad = tmp_path / "bad"
    bad.write_bytes(b"x")
    assert run.invoke(command.ledger_group, ["verify", "--seal", str(bad)]).exit_code == 2


def test_no_id_number_is_printed(world: World, city: Body) -> None:
    wanted = person()
    found = tampered(
        world, "UPDATE person SET id_cipher = :b WHERE id = :p", p=city.people[1],
        b=world.keys.encrypt("resident", wanted.id_number),
    )  # fmt: skip
    assert found is not None
    assert wanted.id_number not in " ".join(f.sentence() for f in found)
