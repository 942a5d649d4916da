"""示范数据的装载: the invented city through the kernel, and accounts to try it with."""

import multiprocessing.queues
import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from app.cli import demo_payroll, demo_ranks, demo_reform, seeds, settings
from app.cli.demo_city import City
from app.domain.regions import foshan
from app.domain.workdays import city_today
from app.ledger import opening
from app.security import passwords

SEED = 20240501
PASSWORD = "Bianzhi-2026"  # noqa: S105 - the demonstration's, printed at its start


@dataclass(frozen=True, slots=True)
class Stands:
    """What a demonstration account stands for; ``place`` is a unit's name, an office's kind or a region's name."""

    name: str
    kind: str
    label: str
    place: str = ""
    region: str = "440600"


PEOPLE = {
    "clerk": Stands("李申报", "unit_clerk", "佛山市教育局 申报员", "佛山市教育局"),
    "clerk2": Stands("陈申报", "unit_clerk", "佛山市财政局 申报员（调出单位）", "佛山市财政局"),
    "bianban": Stands("张编办", "office_member", "市委编办 经办人", "establishment"),
    "bianban2": Stands("周复核", "office_member", "市委编办 复核人", "establishment"),
    "bianban3": Stands("吴主任", "office_head", "市委编办 负责人", "establishment"),
    "zuzhi": Stands("王组织", "office_member", "市委组织部 经办人", "organisation"),
    "renshe": Stands("赵人社", "office_member", "市人社局 经办人", "human_resources"),
    "chancheng": Stands("何禅城", "office_member", "禅城区委编办 经办人", "establishment", "440604"),
    "caizheng": Stands("钱财政", "office_member", "市财政局 查阅人（只读）", "finance"),
    "zhenjie": Stands("梁镇街", "town_officer", "祖庙街道 编制专干（只读）", "祖庙街道"),
    "jijian": Stands("郑监督", "inspector", "全市 纪检监察、审计（只读）", "佛山市"),
    "geren": Stands("本人", "person", "市教育局一名工作人员（本人）", "佛山市教育局"),
    "sysadmin": Stands("系管理", "system_admin", "系统管理员"),
    "secadmin": Stands("安管理", "security_admin", "安全保密管理员"),
    "auditor": Stands("审计员", "auditor", "安全审计员"),
}
ACCOUNTS = tuple((username, stands.label) for username, stands in PEOPLE.items())
# The column an account's place goes to, and how that is found by name.
PLACES = {
    "unit_clerk": ("unit_id", "SELECT id FROM unit WHERE name = :place"),
    "office_head": ("office_id", "SELECT id FROM office WHERE kind = :place AND region_code = :region"),
    "office_member": ("office_id", "SELECT id FROM office WHERE kind = :place AND region_code = :region"),
    "town_officer": ("region_code", "SELECT code FROM region WHERE name = :place"),
    "inspector": ("region_code", "SELECT code FROM region WHERE name = :place"),
    "person": (
        "person_id",
        "SELECT p.id FROM person p JOIN unit u ON u.id = p.unit_id WHERE u.name = :place ORDER BY p.id LIMIT 1",
    ),
}


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
        demo_ranks.ranks(connection)
    with engine.execution_options(isolation_level="READ COMMITTED").connect() as connection:
        demo_reform.reforms(connection)
        demo_payroll.month(connection, settings.key_ring())
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
    with settings.databases() as (database, signin):
        identity = signin.open_service("svc-opening")
        for batch in City(people, SEED, settings.key_ring(), city_today()).batches(region):
            if f"{batch.region}.{batch.units[0]['segment']}" in known:
                continue
            with database.transaction(identity) as session:
                opening.enter(session, batch, note="示范数据")
            _entered.put(len(batch.people))


def accounts(connection: Connection) -> None:
    """The accounts of ``PEOPLE``; what each stands for is found by name."""
    password = passwords.hashed(PASSWORD)
    for username, stands in PEOPLE.items():
        user = seeds.ensure_user(connection, username, stands.name, password)
        column, query = PLACES.get(stands.kind, ("unit_id", None))
        place = (
            connection.execute(text(query), {"place": stands.place, "region": stands.region}).scalar_one()
            if query
            else None
        )
        connection.execute(
            text(
                f"INSERT INTO account (user_id, kind, {column}, started_on)"
                " SELECT :u, :k, :place, DATE '2024-01-01' WHERE NOT EXISTS (SELECT 1 FROM account WHERE user_id = :u)"
            ),
            {"u": user, "k": stands.kind, "place": place},
        )
