"""An export proves itself to a stranger: no program, no database, only the file and the public key."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.canonical import entry_hash
from app.ledger import export as exporting
from app.ledger import seal as sealing
from tests.world import World

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_export.py"
Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def kept(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An early seal, then a later export, and the key."""
    place = tmp_path_factory.mktemp("kept")
    files = {"seal": place / "early.seal.gz", "export": place / "all.jsonl.gz", "key": place / "seal.pem"}
    one = world.body("导出局", quotas={"11": 6}, people={"11": 3}, departments=("办公室",))
    with world.owner.begin() as connection:
        sealing.seal(connection, world.keys, files["seal"])
    world.approve_recruit(world.recruit(one))
    with world.database.transaction(world.clerk(one)) as session:
        session.execute(text("SELECT audit_note('view', '10.0.0.1', '{\"person\": 1, \"before\": {\"状态\": true}}')"))
    with world.owner.begin() as connection:
        exporting.write(connection, world.keys, files["export"])
    files["key"].write_bytes(exporting.public_key(world.keys))
    return files


def run(export: Path, key: Path, *more: str, place: Path) -> subprocess.CompletedProcess[str]:
    """The script alone: another directory, no path to the program, no settings of the environment."""
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(export), str(key), *more],
        cwd=place, env={"PYTHONPATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def lines_of(file: Path) -> Lines:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines()]


def rehashed(lines: Lines) -> None:
    """What a forger would do: hashes and links made anew from the changed entry on, the heads too."""
    last: dict[str, dict[str, Any]] = {}
    for line in lines:
        e = line.get("entry")
        if e is None:
            continue
        e["prev"] = last[e["chain"]]["hash"] if e["chain"] in last else e["prev"]
        e["hash"] = entry_hash(
            fmt=e["format"], chain=e["chain"], sequence=e["sequence"], type=e["type"], effective_on=e["effective_on"],
            recorded_at=e["recorded_at"], case=e["case"], actor=e["actor"], payload=e["payload"], prev=e["prev"],
        )  # fmt: skip
        last[e["chain"]] = e
    for line in lines:
        if "head" in line:
            kind, number, sequence, _hash = line["head"].split(" ")
            line["head"] = f"{kind} {number} {sequence} {last[f'{kind}:{number}']['hash']}"


def entries(lines: Lines, kind: str) -> Lines:
    return [line["entry"] for line in lines if line.get("entry", {}).get("chain", "").startswith(kind)]


def change_payload(lines: Lines) -> None:
    e = entries(lines, "person:")[0]
    e["payload"] = e["payload"].replace('"', '"x', 1)


def change_time(lines: Lines) -> None:
    entries(lines, "audit:")[-1]["recorded_at"] = "2020-01-01T00:00:00.000000Z"


def drop_last(lines: Lines) -> None:
    del lines[-1]


def drop_chain(lines: Lines) -> None:
    name = entries(lines, "unit:")[0]["chain"]
    lines[:] = [x for x in lines if x.get("entry", {}).get("chain") != name]


def swap(lines: Lines) -> None:
    places = [n for n, x in enumerate(lines) if x.get("entry", {}).get("chain", "").startswith("person:")]
    lines[places[0]], lines[places[1]] = lines[places[1]], lines[places[0]]


def rewrite_whole(lines: Lines) -> None:
    change_time(lines)
    rehashed(lines)


def rewrite_with_root(lines: Lines) -> None:
    rewrite_whole(lines)
    lines[0]["seal"]["root"] = sealing.merkle_root([x["head"] for x in lines if "head" in x])


def hide_as_run(lines: Lines) -> None:
    for n, line in enumerate(lines):
        e = line.get("entry")
        if e and e["chain"].startswith("unit:"):
            lines[n] = {"left": {"chain": e["chain"], "first": e["sequence"], "last": e["sequence"], "prev": e["prev"],
                                 "hash": e["hash"]}}  # fmt: skip


TAMPER: list[Callable[[Lines], None]] = [change_payload, change_time, drop_last, drop_chain, swap, rewrite_whole,
                                         rewrite_with_root, hide_as_run]  # fmt: skip


def test_an_untouched_export_is_proved_by_file_and_key_alone(kept: dict[str, Path], tmp_path: Path) -> None:
    done = run(kept["export"], kept["key"], "--seal", str(kept["seal"]), place=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("PROVED\n")
    lines = lines_of(kept["export"])
    assert entries(lines, "audit:")
    assert f"{sum('head' in x for x in lines)} chains" in done.stdout


def test_the_script_imports_the_standard_library_and_cryptography_only() -> None:
    wanted = [line.split()[1].split(".")[0] for line in SCRIPT.read_text(encoding="utf-8").splitlines()
              if line.startswith(("import ", "from "))]  # fmt: skip
    assert {m for m in wanted if m not in sys.stdlib_module_names} == {"cryptography"}


@pytest.mark.parametrize("change", TAMPER, ids=lambda f: f.__name__)
def test_a_changed_export_is_found(kept: dict[str, Path], tmp_path: Path, change: Callable[[Lines], None]) -> None:
    lines = lines_of(kept["export"])
    change(lines)
    file = tmp_path / "changed.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(json.dumps(x, ensure_ascii=False) for x in lines).encode()))
    done = run(file, kept["key"], place=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.endswith("DIFFERS\n")


def test_an_export_that_the_owner_of_the_key_sealed_anew_is_found_by_the_seal_kept_elsewhere(
    world: World, kept: dict[str, Path], tmp_path: Path
) -> None:
    lines = lines_of(kept["export"])
    e = entries(lines, "unit:")[0]
    e["recorded_at"] = "2020-01-01T00:00:00.000000Z"
    rehashed(lines)
    heads = [x["head"] for x in lines if "head" in x]
    h = lines[0]["seal"] | {"root": sealing.merkle_root(heads)}
    message = f"bianzhi-seal {h['format']} {h['sealed_at']} {h['chains']} {h['entries']} {h['root']}"
    lines[0]["seal"] = h | {"signature": world.keys.seal_key.sign(message.encode()).hex()}
    file = tmp_path / "resealed.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(json.dumps(x, ensure_ascii=False) for x in lines).encode()))
    assert run(file, kept["key"], place=tmp_path).returncode == 0
    done = run(file, kept["key"], "--seal", str(kept["seal"]), place=tmp_path)
    assert done.returncode == 1
    assert "early.seal.gz" in done.stdout


def test_another_key_proves_nothing_and_no_export_is_said_to_be_none(kept: dict[str, Path], tmp_path: Path) -> None:
    from app.domain.crypto import KeyRing

    other = tmp_path / "other.pem"
    other.write_bytes(exporting.public_key(KeyRing.load(tmp_path / "keys")))
    assert run(kept["export"], other, place=tmp_path).returncode == 1
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"x")
    assert run(nothing, kept["key"], place=tmp_path).returncode == 2
