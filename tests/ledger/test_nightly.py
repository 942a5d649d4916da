"""By night the proofs are walked; what differs is on record and raises an alarm that names it."""

import datetime as dt
import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import deploy, nightly
from app.cli import ledger as command
from app.cli import settings as installation
from app.ledger import audit, since
from app.ledger import seal as sealing
from app.security import structure
from tests import DAY
from tests.world import Body, World


@pytest.fixture
def installed(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """The commands work on this city."""
    monkeypatch.setattr(installation, "owner_url", lambda: world.owner_url)
    monkeypatch.setattr(installation, "key_ring", lambda: world.keys)
    monkeypatch.setattr(installation, "var", lambda: tmp_path)
    deploy.write_down(world.owner_url, world.keys, installation.structure_file())
    return world


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    return world.body("夜核局", quotas={"11": 5}, people={"11": 2})


def at(hour: int, days: int = 0) -> dt.datetime:
    """A moment by the city's clock, some days from the suite's."""
    return dt.datetime.combine(DAY + dt.timedelta(days=days), dt.time(hour), nightly.CITY_CLOCK)


def test_the_job_seals_once_a_day_and_verifies_once_a_night(installed: World, body: Body) -> None:
    url, keys = installed.owner_url, installed.keys
    with installed.owner.begin() as connection:
        connection.execute(text("SELECT audit_partitions(3)"))  # the template may be of an earlier month
    assert nightly.keep_watch(url, keys, at(1)) == ["seal"]
    assert nightly.keep_watch(url, keys, at(2)) == ["verify", "alarms"]
    assert nightly.keep_watch(url, keys, at(3)) == []
    assert installed.value("SELECT differences FROM verification_run ORDER BY id DESC LIMIT 1") == 0
    assert installed.value("SELECT operator FROM verification_run ORDER BY id DESC LIMIT 1") == "svc-worker"
    assert nightly.keep_watch(url, keys, at(3, days=2)) == ["seal", "verify", "alarms"]
    assert list((installation.var() / "seals").glob("*.seal.gz"))


HAND_MADE = [
    ("policy", "person.seen", "DROP POLICY seen ON person"),
    ("policy", "person.more", "CREATE POLICY more ON person FOR SELECT TO bianzhi_app USING (true)"),
    ("table", "person", "GRANT SELECT (id_cipher) ON person TO bianzhi_app"),
    ("table", "account", "ALTER TABLE account DISABLE ROW LEVEL SECURITY"),
    ("table", "occupancy", "GRANT UPDATE ON occupancy TO bianzhi_app"),
    ("trigger", "audit_event.audit_keep", "ALTER TABLE audit_event DISABLE TRIGGER audit_keep"),
    ("trigger", "account.audit_change", "DROP TRIGGER audit_change ON account"),
    ("event trigger", "bianzhi_ddl", "ALTER EVENT TRIGGER bianzhi_ddl DISABLE"),
    ("function", "kernel_today()", "CREATE OR REPLACE FUNCTION kernel_today() RETURNS date LANGUAGE sql STABLE"
     " AS $$ SELECT date '2020-01-01' $$"),
    ("function", "audit_write(text,bigint,bigint,text,text,jsonb)", "GRANT EXECUTE ON FUNCTION"
     " audit_write(text, bigint, bigint, text, text, jsonb) TO bianzhi_app"),
    ("constraint", "occupancy.ex_occupancy_person", "ALTER TABLE occupancy DROP CONSTRAINT ex_occupancy_person"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "statement"), HAND_MADE)
def test_a_door_that_was_changed_by_hand_is_named(
    installed: World, body: Body, kind: str, name: str, statement: str
) -> None:
    file = installation.structure_file()
    with installed.superuser.connect() as connection:
        assert list(structure.findings(connection, installed.keys, file)) == []
        connection.exec_driver_sql(statement)
        found = {(f.table, f.row) for f in structure.findings(connection, installed.keys, file)}
        connection.rollback()
    assert (kind, name) in found


def test_a_role_that_may_pass_policies_is_named(installed: World, body: Body, roles_alone: None) -> None:
    with installed.superuser.connect() as connection:
        connection.exec_driver_sql("ALTER ROLE bianzhi_app BYPASSRLS")  # never committed: roles are all cities'
        found = structure.findings(connection, installed.keys, installation.structure_file())
        assert [(f.table, f.row) for f in found] == [("role", "bianzhi_app")]
        connection.rollback()


@pytest.mark.parametrize("change", ["absent", "forged", "garbled"])
def test_a_record_of_the_structure_that_is_absent_or_forged_is_a_difference(
    installed: World, body: Body, change: str
) -> None:
    file = installation.structure_file()
    kept = json.loads(file.read_text(encoding="utf-8"))
    forged = kept | {"structure": kept["structure"].replace("person.seen", "person.sean")}
    if change == "absent":
        file.unlink()
    else:
        file.write_text(json.dumps(forged) if change == "forged" else "{", encoding="utf-8")
    run = nightly.verify_all(installed.owner_url, installed.keys)
    assert [(f.table, f.row) for f in run.findings] == [("structure", "structure.json")]


def test_seals_may_be_hourly(installed: World, body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIANZHI_SEAL_HOURS", "1")
    before = installed.value("SELECT max(sealed_at) FROM ledger_seal")
    done = nightly.keep_watch(installed.owner_url, installed.keys, before + dt.timedelta(minutes=59), "x")
    assert "seal" not in done
    done = nightly.keep_watch(installed.owner_url, installed.keys, before + dt.timedelta(minutes=61), "x")
    assert "seal" in done


def test_a_hand_edit_raises_one_alarm_that_office_and_auditor_see(installed: World, body: Body) -> None:
    world = installed
    world.account("shenji", "auditor")
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE person SET level = '0199' WHERE id = :p"), {"p": body.people[0]})
    try:
        for _night in (1, 2):  # the same difference is one alarm, however often it is found
            shown = CliRunner().invoke(command.ledger_group, ["nightly"])
            assert shown.exit_code == 1, shown.output
    finally:
        with world.superuser.begin() as connection:
            connection.execute(
                text("UPDATE person SET level = o.level FROM (SELECT level FROM person WHERE id <> :p AND unit_id = :u"
                     " LIMIT 1) o WHERE id = :p"), {"p": body.people[0], "u": body.id},
            )  # fmt: skip
    for who in (world.office("establishment"), world.identity("shenji")):
        with world.database.transaction(who) as session:
            facts = session.execute(text("SELECT facts FROM alarm WHERE code = 'tampered_ledger'")).scalars().all()
        assert [(f["chain"], f["table"], f["column"]) for f in facts] == [
            (f"person:{body.people[0]}", "person", "level")
        ]
        assert f"({body.people[0]})" in facts[0]["sentence"]
        assert "0199" not in facts[0]["sentence"]
    kept = world.value("SELECT findings FROM verification_run ORDER BY id DESC LIMIT 1")
    assert kept[0]["column"] == "level"
    assert kept[0]["found"] is None  # what stands in a person's row is not the auditor's


def test_since_a_seal_only_later_entries_are_walked(installed: World, body: Body, tmp_path: Path) -> None:
    world, file, run = installed, tmp_path / "s.seal.gz", CliRunner()
    assert run.invoke(command.ledger_group, ["seal", "--output", str(file)]).exit_code == 0
    header, _heads = sealing.read(file, world.keys)
    case = world.recruit(body)
    world.decide(world.office("establishment"), case, "establishment")
    assert run.invoke(command.ledger_group, ["verify", "--since", str(file)]).exit_code == 0
    walked, kind, root = world.row("SELECT entries, kind, seal_root FROM verification_run ORDER BY id DESC LIMIT 1")
    assert (kind, root) == ("since", header.root)
    assert 0 < walked < 20
    for statement in (
        # An entry before the seal: its head is no longer the sealed one; one after it; a chain's head.
        "UPDATE ledger_entry SET hash = repeat('0', 64) WHERE id = (SELECT max(e.id) FROM ledger_entry e WHERE"
        f" chain_kind = 'person' AND chain_id = {body.people[0]})",
        "UPDATE audit_event SET kind = 'x' WHERE id = (SELECT max(id) FROM audit_event)",
        f"UPDATE ledger_chain SET hash = repeat('0', 64) WHERE chain_kind = 'person' AND chain_id = {body.people[1]}",
        "DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event)",
    ):
        with world.superuser.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            assert connection.execute(text(statement)).rowcount == 1
            assert list(since.findings(connection, sealing.read(file, world.keys)[1])), statement
            connection.rollback()


def test_months_that_leave_are_exported_first_and_the_chains_still_hold(
    installed: World, body: Body, tmp_path: Path
) -> None:
    world = installed
    with world.superuser.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE audit.event_202001 PARTITION OF audit_event FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')"
            )
        )
        connection.execute(text("ALTER TABLE audit.event_202001 OWNER TO bianzhi_owner"))
        for n in range(40):
            connection.execute(
                text("INSERT INTO audit_event (recorded_at, kind, user_id, operator, facts)"
                     " VALUES (cast(:t AS timestamptz), 'view', :n, 'alt', '{}')"),
                {"t": f"2020-01-{n % 28 + 1:02d}", "n": n},
            )  # fmt: skip
    last = world.value("SELECT max(sequence) FROM audit_event WHERE kind = 'view' AND operator = 'alt'")
    shown = CliRunner().invoke(command.ledger_group, ["detach-audit", "--directory", str(tmp_path), "--drop"])
    assert shown.exit_code == 0, shown.output
    lines = gzip.decompress((tmp_path / "event_202001.jsonl.gz").read_bytes()).decode().splitlines()
    assert len(lines) == 40
    assert max(json.loads(line)["entry"]["sequence"] for line in lines) == last
    assert world.value("SELECT count(*) FROM audit_event WHERE operator = 'alt'") == 0
    assert world.value("SELECT facts ->> 'rows' FROM audit_event WHERE kind = 'audit.detached'") == "40"
    with world.superuser.connect() as connection:
        assert list(audit.findings(connection)) == []
        # A run that never was would hide deleted events: the links on both sides speak against it.
        connection.execute(
            text("UPDATE audit_archive SET hash = repeat('0', 64) WHERE id = (SELECT min(id) FROM audit_archive)")
        )
        assert list(audit.findings(connection)) != []
        connection.rollback()


def test_a_month_without_partition_loses_nothing(installed: World, body: Body) -> None:
    with installed.owner.begin() as connection:
        now = connection.execute(text("SELECT to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM')")).scalar_one()
    with installed.superuser.begin() as connection:
        connection.execute(text(f"ALTER TABLE audit_event DETACH PARTITION audit.event_{now}"))
        connection.execute(text(f"ALTER TABLE audit.event_{now} RENAME TO aside"))
    with installed.database.transaction(installed.office("establishment")) as session:
        session.execute(text("SELECT audit_note('view', NULL, '{\"late\": 1}')"))
    assert (
        installed.value("SELECT tableoid::regclass::text FROM audit_event WHERE facts ? 'late'") == "audit.event_other"
    )
    with installed.owner.begin() as connection:
        assert connection.execute(text("SELECT audit_partitions(3)")).scalar_one() == 1
    assert (
        installed.value("SELECT tableoid::regclass::text FROM audit_event WHERE facts ? 'late'") == f"audit.event_{now}"
    )
    with pytest.raises(Exception, match="append-only"), installed.owner.begin() as connection:
        connection.execute(text("DELETE FROM audit_event WHERE facts ? 'late'"))


def test_a_changed_door_raises_the_auditors_alarm(installed: World, body: Body) -> None:
    with installed.owner.begin() as connection:
        connection.exec_driver_sql("GRANT DELETE ON code TO bianzhi_app")
    run = nightly.verify_all(installed.owner_url, installed.keys)
    nightly.keep(installed.owner_url, run, "svc-worker")
    with installed.owner.begin() as connection:
        connection.exec_driver_sql("REVOKE DELETE ON code FROM bianzhi_app")
    installed.account("kanmen", "auditor")
    with installed.database.transaction(installed.identity("kanmen")) as session:
        said = session.execute(
            text("SELECT facts ->> 'sentence' FROM alarm WHERE facts ->> 'chain' = 'structure'")
        ).all()
    assert [s for (s,) in said] == ["数据库结构：table code 的 * 与部署时不符"]
    left = nightly.verify_all(installed.owner_url, installed.keys).findings
    assert [f for f in left if f.chain == structure.CHAIN] == []
