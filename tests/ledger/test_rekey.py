"""Keys are replaced while the ledger stays what it was: nothing lost, nobody taken for a stranger, old keys to destroy."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.domain import crypto, errors
from app.domain.crypto import KeyRing
from app.domain.workdays import city_today
from app.ledger import rekey
from app.ledger.people import facts_of
from app.ledger.verify import Verifier
from app.workflow import engine
from tests.world import World, person


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekey, "AT_ONCE", 2)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, keys: KeyRing) -> Path:
    """The keys of the world under test, as files; each test adds versions."""
    tmp_path = tmp_path_factory.mktemp("kept")
    for purpose, held in (("id", keys.ids), ("index", keys.indexes), ("commit", keys.commits)):
        for version, key in held.items():
            (tmp_path / f"{purpose}-{version}.key").write_bytes(key)
    return tmp_path


def differences(world: World, ring: KeyRing) -> list[str]:
    with world.owner.connect() as connection:
        return [f.sentence() for f in Verifier(connection, ring).findings()]


def run(world: World, step: Callable[..., int], *values: object) -> Iterator[int]:
    done = 1
    while done:
        with world.owner.begin() as connection:
            done = step(connection, *values)
        yield done


def test_rotation_of_the_encryption_key_can_stop_anywhere_and_ends_without_the_old_key(
    world: World, directory: Path
) -> None:
    body = world.body("换钥局", people={"11": 3})
    waiting = world.recruit(body, facts=person("候编"))
    with world.database.transaction(world.clerk(body)) as s:
        cipher = world.keys.encrypt("resident", "440699199001011234").hex()
        drafted = engine.draft(
            s, process="recruit", unit_id=body.id, scope_path=body.scope_path, form={"id_cipher": cipher, "x": "y"}
        ).id
    crypto.new_key(directory, "id")
    ring = KeyRing.load(directory)
    with world.owner.connect() as connection:
        assert rekey.waiting(connection, "id", 2) == 5
    steps = run(world, rekey.encrypt_batch, ring)
    assert next(steps) == 2
    assert differences(world, ring) == []
    assert sum(run(world, rekey.encrypt_batch, ring)) == 3
    without = dataclasses.replace(ring, ids={2: ring.ids[2]})
    assert differences(world, without) == []
    form = world.value("SELECT form FROM application WHERE id = :i", i=drafted)
    assert without.decrypt("resident", bytes.fromhex(form["id_cipher"])) == "440699199001011234"
    assert form["x"] == "y"
    world.approve_recruit(waiting)
    world.arrive(world.clerk(body), waiting, city_today())
    assert differences(world, without) == []


def test_during_a_change_of_the_search_key_nobody_known_is_taken_for_a_stranger(world: World, directory: Path) -> None:
    body = world.body("检索局", quotas={"11": 20}, people={"11": 1})
    known, running = person("在编"), person("在办")
    case = world.recruit(body, facts=known)
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, city_today())
    open_case = world.recruit(body, facts=running)
    crypto.new_key(directory, "index")
    ring = KeyRing.load(directory)
    assert ring.index_version == 1, "the new key rules only when every index has moved"
    list(run(world, rekey.index_batch, ring, 2))
    with world.owner.connect() as connection:
        assert rekey.waiting(connection, "index", 2) == 0
    (directory / crypto.ACTIVE_INDEX).write_text("2")
    moved = KeyRing.load(directory)
    for held in (ring, moved):  # a process of before and one of after
        index = held.blind_index("resident", known.id_number)
        with world.database.transaction(world.clerk(body)) as s:
            assert s.execute(text("SELECT name FROM find_person(:i)"), {"i": index}).scalar_one() == "在编"
        filed = {**facts_of(running, held), "line": body.line, "department": None}
        with pytest.raises(errors.RunningCase):
            world.submit(world.clerk(body), body, "recruit", filed, name=running.name)
    world.approve_recruit(open_case)
    world.arrive(world.clerk(body), open_case, city_today())
    assert differences(world, moved) == []
    with world.owner.begin() as connection:
        rekey.forget_aliases(connection, 1)
    assert differences(world, dataclasses.replace(moved, indexes={2: moved.indexes[2]})) == []


def test_a_second_change_of_the_search_key_leads_the_first_index_on(world: World, directory: Path) -> None:
    body = world.body("再换局", people={"11": 1})
    first = world.value("SELECT id_index FROM person WHERE id = :p", p=body.people[0])
    for version in range(max(crypto.versions(directory, "index")) + 1, 5):
        crypto.new_key(directory, "index")
        list(run(world, rekey.index_batch, KeyRing.load(directory), version))
    with world.database.transaction(world.clerk(body)) as s:
        assert s.execute(text("SELECT id FROM find_person(:i)"), {"i": bytes(first)}).scalar_one() == body.people[0]


def test_new_entries_are_committed_to_under_the_newest_key_and_old_ones_still_hold(
    world: World, directory: Path
) -> None:
    body = world.body("承诺局", people={"11": 1})
    crypto.new_key(directory, "commit")
    ring = KeyRing.load(directory)
    newcomer = person("新诺")
    assert facts_of(newcomer, ring)["commit_name"] == ring.commit("name", "新诺", 2)
    case = world.submit(
        world.clerk(body), body, "recruit", {**facts_of(newcomer, ring), "line": body.line, "department": None},
        name="新诺",
    )  # fmt: skip
    world.approve_recruit(case)
    world.arrive(world.clerk(body), case, city_today())
    with world.owner.connect() as connection:
        found = [f for f in Verifier(connection, ring).findings() if f.column == "name"]
    assert found == []
    assert not ring.holds("9:00", "name", "新诺"), "an unknown version proves nothing"
    assert not ring.holds(ring.commit("name", "新诺"), "name", "旧诺")


def test_the_hashed_facts_of_a_case_hold_no_encrypted_number(world: World) -> None:
    body = world.body("案密局")
    case = world.recruit(body)
    facts = world.value("SELECT facts FROM case_record WHERE case_id = :c", c=case)
    assert "id_cipher" not in facts
    assert "commit_id" in facts
    with world.database.transaction(world.clerk(body)) as s, pytest.raises(Exception, match="permission denied"):
        s.execute(text("SELECT * FROM case_secret"))
