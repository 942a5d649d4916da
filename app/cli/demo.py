"""示范数据的装载: the invented city through the kernel, and accounts to try it with."""

import multiprocessing.queues
import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import click
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from app.cli import seeds, settings
from app.cli.demo_city import City
from app.db import Database, SignInDatabase
from app.domain.regions import foshan
from app.domain.workdays import city_today
from app.ledger import opening
from app.security import passwords

SEED = 20240501
PASSWORD = "Bianzhi-2026"  # noqa: S105 - the demonstration's, printed at its start
ACCOUNTS = (
    ("clerk", "佛山市教育局 申报员"),
    ("clerk2", "佛山市财政局 申报员（调出单位）"),
    ("bianban", "市委编办 经办人"),
    ("bianban2", "市委编办 复核人"),
    ("zuzhi", "市委组织部 经办人"),
    ("renshe", "市人社局 经办人"),
    ("chancheng", "禅城区委编办 经办人"),
    ("geren", "市教育局一名工作人员（本人）"),
    ("sysadmin", "系统管理员"),
    ("secadmin", "安全保密管理员"),
    ("auditor", "安全审计员"),
)


def marker() -> Path:
    """The file that says this installation's database is a demonstration; an outside one has a file of its own."""
    outside = os.environ.get("DATABASE_URL")
    if not outside:
        return settings.var() / "demo"
    url = make_url(outside)
    return settings.var() / f"demo-{url.host or 'local'}-{url.port or 5432}-{url.database or settings.DATABASE}"


def load(people: int) -> None:
    """Load the city into a database without units, then the accounts; what was broken off is taken up again.

    The marker comes first, so that the next start knows what was begun, and is filled at the end.
    """
    engine = create_engine(settings.owner_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        known = set(connection.execute(text("SELECT scope_path FROM unit WHERE node = 'legal'")).scalars())
        if known and not marker().exists():
            click.echo("数据库中已有机构，不再装载示范数据。")
            return
        marker().touch()
        enter(connection, people, known)
        connection.execute(text("ANALYZE"))
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        accounts(connection)
    engine.dispose()
    marker().write_text("loaded\n", encoding="utf-8")


def is_unfinished() -> bool:
    """Whether the loading of a demonstration was begun here and not ended."""
    return marker().exists() and marker().read_text(encoding="utf-8") != "loaded\n"


def enter(connection: Connection, people: int, known: set[str]) -> None:
    """The invented city through the kernel, but for the bodies that stand already.

    The divisions are shared out among as many processes as there are processors: legal bodies of one division wait
    for each other, those of two do not. Each body is one transaction: it enters whole or not at all.
    """
    context = multiprocessing.get_context("spawn")
    entered = context.SimpleQueue()
    with (
        ProcessPoolExecutor(os.cpu_count(), context, _begin, (entered,)) as pool,
        click.progressbar(length=people, label="装载示范城市") as progress,
    ):
        waiting = {pool.submit(_enter_division, people, division.code, known) for division in foshan()}
        planned = 0
        while waiting:
            done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            while not entered.empty():
                progress.update(entered.get())
            for division in done:
                division.result()
            # Plans made for empty tables do not serve full ones.
            if progress.pos > 3 * planned:
                connection.execute(text("ANALYZE"))
                planned = progress.pos


_entered: "multiprocessing.queues.SimpleQueue[int]"


def _begin(entered: "multiprocessing.queues.SimpleQueue[int]") -> None:
    """Where a process of the load tells how many people have entered."""
    global _entered
    _entered = entered


def _enter_division(people: int, region: str, known: set[str]) -> None:
    """Every legal body of one division, each in its own transaction."""
    database = Database(settings.app_url(), pool_size=1)
    signin = SignInDatabase(settings.signin_url())
    identity = signin.open_service("svc-opening")
    for batch in City(people, SEED, settings.key_ring(), city_today()).batches(region):
        if f"{batch.region}.{batch.units[0]['segment']}" in known:
            continue
        with database.transaction(identity) as session:
            opening.enter(session, batch, note="示范数据")
        _entered.put(len(batch.people))
    database.engine.dispose()
    signin.engine.dispose()


def accounts(connection: object) -> None:
    """The accounts of ``ACCOUNTS``; what each stands for is found by name."""
    execute = connection.execute  # type: ignore[attr-defined]
    password = passwords.hashed(PASSWORD)
    names = {
        "clerk": "李申报",
        "clerk2": "陈申报",
        "bianban": "张编办",
        "bianban2": "周复核",
        "zuzhi": "王组织",
        "renshe": "赵人社",
        "chancheng": "何禅城",
        "geren": "本人",
        "sysadmin": "系管理",
        "secadmin": "安管理",
        "auditor": "审计员",
    }
    units = {"clerk": "佛山市教育局", "clerk2": "佛山市财政局"}
    offices = {
        "bianban": ("establishment", "440600"),
        "bianban2": ("establishment", "440600"),
        "zuzhi": ("organisation", "440600"),
        "renshe": ("human_resources", "440600"),
        "chancheng": ("establishment", "440604"),
    }
    kinds = {"sysadmin": "system_admin", "secadmin": "security_admin", "auditor": "auditor"}
    for username, _label in ACCOUNTS:
        user = seeds.ensure_user(connection, username, names[username], password)  # type: ignore[arg-type]
        unit = office = person = None
        kind = kinds.get(username, "office_member")
        if username in units:
            kind = "unit_clerk"
            unit = execute(text("SELECT id FROM unit WHERE name = :n"), {"n": units[username]}).scalar_one()
        elif username in offices:
            office = execute(
                text("SELECT id FROM office WHERE kind = :k AND region_code = :r"),
                dict(zip("kr", offices[username], strict=True)),
            ).scalar_one()
        elif username == "geren":
            kind = "person"
            person = execute(
                text(
                    "SELECT p.id FROM person p JOIN unit u ON u.id = p.unit_id WHERE u.name = '佛山市教育局'"
                    " ORDER BY p.id LIMIT 1"
                )
            ).scalar_one()
        execute(
            text(
                "INSERT INTO account (user_id, kind, unit_id, office_id, person_id, started_on)"
                " SELECT :u, :k, :n, :o, :p, DATE '2024-01-01' WHERE NOT EXISTS (SELECT 1 FROM account WHERE user_id = :u)"
            ),
            {"u": user, "k": kind, "n": unit, "o": office, "p": person},
        )
