"""No ID number and no key leaves by a page, an address, a log, a dump or the raw files of the database."""

import logging
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.domain.workdays import city_today
from tests.security.conftest import Client
from tests.security.test_routes import DOORS, VALUES
from tests.world import Body, World, id_number, person

TYPED = id_number()
DRAFTED = id_number()
WRONG = TYPED[:17] + ("0" if TYPED[17] != "0" else "1")
SEATED = person("在册者")
# Eighteen digits in a row, as an ID number is written; a mask has stars.
NUMBER = re.compile(rb"(?<!\d)[1-9]\d{16}[\dXx](?![\dA-Za-z])")


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """Everything that the application's process logs."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def body(world: World, logged: list[str]) -> Body:
    made = world.body("密钥局", quotas={"11": 9}, people={"11": 2})
    case = world.recruit(made, facts=SEATED)
    world.approve_recruit(case)
    world.arrive(world.clerk(made), case, city_today())
    world.account("clerk", "unit_clerk", unit=made.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("geren", "person", person_id=made.people[0])
    world.account("sysadmin", "system_admin")
    return made


def form(body: Body, number: str) -> dict[str, str]:
    return {
        "line": str(body.line), "person_name": "录入者", "id_type": "resident", "id_number": number,
        "birth_on": f"{number[6:10]}-{number[10:12]}-{number[12:14]}", "sex": "1" if int(number[16]) % 2 else "2",
        "entry_way": "2", "case": "",
    }  # fmt: skip


@pytest.fixture(scope="module")
def used(app: Flask, world: World, body: Body) -> list[tuple[str, bytes]]:
    """A day's work with ID numbers typed; every page that anybody then sees, with its address."""
    pages: list[tuple[str, bytes]] = []
    clerk = Client(app.test_client())
    clerk.sign_in("clerk")
    clerk.get("/case/new/recruit")
    clerk.post("/case/check/recruit", form(body, TYPED))
    assert "id_number-error" in clerk.post("/case/new/recruit", {**form(body, WRONG), "action": "submit"}).get_data(
        as_text=True
    )
    drafted = clerk.post("/case/new/recruit", {**form(body, DRAFTED), "action": "draft"})
    assert drafted.status_code in (200, 302)
    submitted = clerk.post("/case/new/recruit", {**form(body, TYPED), "action": "submit"})
    assert submitted.status_code == 302, submitted.get_data(as_text=True)
    for username in ("clerk", "bianban", "geren", "sysadmin"):
        user = Client(app.test_client())
        user.sign_in(username)
        for rule in app.url_map.iter_rules():
            if "GET" not in rule.methods or "static" in rule.endpoint or DOORS[rule.endpoint] & {"gone"}:
                continue
            for number in (1, 2, 3, body.id, body.line, body.people[0]):
                values = {a: VALUES.get(a, number) for a in rule.arguments}
                path = app.url_map.bind("localhost").build(rule.endpoint, values)
                answer = user.get(path)
                pages.append((path + (answer.location or ""), answer.get_data()))
                if not rule.arguments:
                    break
    return pages


def test_no_page_and_no_address_holds_a_number(used: list[tuple[str, bytes]], body: Body) -> None:
    drafts = [p for p, _ in used if "/case/" in p]
    assert drafts
    for address, page in used:
        assert not NUMBER.search(address.encode()), address
        # A clerk's own draft shows the clerk what was typed: in the form's field alone.
        found = [m for m in NUMBER.findall(page) if b'value="%s"' % m not in page]
        assert found == [], address


def test_no_log_line_holds_a_number(used: list[tuple[str, bytes]], logged: list[str]) -> None:
    logging.getLogger("bianzhi.test").warning("the handler hears this")
    assert any("hears this" in line for line in logged)
    for line in logged:
        assert not any(n in line for n in (TYPED, DRAFTED, WRONG, SEATED.id_number)), line


def copied(world: World) -> Iterator[bytes]:
    """Every table's content, as a dump writes it."""
    url = make_url(world.superuser_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        tables = cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace ="
                                " 'public'::regnamespace").fetchall()  # fmt: skip
        for (table,) in tables:
            with cursor.copy(f"COPY {table} TO STDOUT") as rows:
                yield from (bytes(row) for row in rows)


def test_neither_a_dump_nor_the_raw_files_hold_a_number_or_a_key(
    world: World, used: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    secrets = [n.encode() for n in (TYPED, DRAFTED, WRONG, SEATED.id_number)]
    ring = world.keys
    for key in (*ring.ids.values(), *ring.indexes.values(), *ring.commits.values(), ring.flask):
        secrets += [key, key.hex().encode()]
    dump = b"".join(copied(world))
    assert SEATED.name.encode() in dump, "the dump holds this city"
    assert [s for s in secrets if s in dump] == []
    with world.superuser.connect() as connection:
        oid = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
        data = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        connection.execute(text("CHECKPOINT"))
    if os.environ.get("TEST_DATABASE_URL"):
        assert not data.is_relative_to(
            tmp_path
        )  # an outside server's files are not ours to read: the dump stands for them
        return
    read = 0
    for file in (data / "base" / str(oid)).iterdir():
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue  # the server has cleared a dropped table away meanwhile
        read += SEATED.name.encode() in content
        assert [s for s in secrets if s in content] == [], file.name
    assert read, "the files that were read hold this city's rows"


def test_the_servers_log_holds_no_number(world: World, used: list[tuple[str, bytes]]) -> None:
    if os.environ.get("TEST_DATABASE_URL"):
        with world.superuser.connect() as connection:
            assert connection.execute(text("SHOW log_statement")).scalar_one() == "none"
            assert connection.execute(text("SHOW log_parameter_max_length_on_error")).scalar_one() == "0"
        return
    with world.superuser.connect() as connection:
        data = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    logs = [f for f in data.glob("*log*") if f.is_file()]  # where app/cli/embedded.py has the server write
    assert logs
    for file in logs:
        content = file.read_bytes()
        assert not any(n.encode() in content for n in (TYPED, DRAFTED, WRONG, SEATED.id_number)), file.name


def test_nothing_kept_in_version_control_is_a_secret() -> None:
    root = Path(__file__).resolve().parents[2]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.split(b"\0")
    names = [Path(os.fsdecode(n)) for n in listed if n]
    assert [n for n in names if n.suffix in (".key", ".pem", ".p12") or n.name in (".env", "roles.json")] == []
    for name in names:
        if (
            name.suffix in (".py", ".sql", ".yaml", ".md", ".toml", ".sh", ".html", ".js")
            and "vendor" not in name.parts
        ):
            assert b"PRIVATE " + b"KEY-----" not in (root / name).read_bytes(), name


def test_a_number_is_shown_masked_to_whoever_may_see_the_person(
    app: Flask, body: Body, client: Callable[..., Client]
) -> None:
    page = client("bianban").get("/list/people?q=在册者").get_data(as_text=True)
    assert "在册者" in page
    assert SEATED.id_number not in page
    assert f"{SEATED.id_number[:4]}**********{SEATED.id_number[-4:]}" in page
