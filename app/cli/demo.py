"""示范数据的装载: the invented city through the kernel, and accounts to try it with."""

import multiprocessing.queues
import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from app.alarms import engine as alarms
from app.cli import demo_papers, demo_payroll, demo_ranks, demo_reform, demo_work, settings
from app.cli.demo_accounts import ACCOUNTS, PASSWORD, accounts
from app.cli.demo_city import City
from app.cli.demo_desks import Desks
from app.domain.regions import foshan
from app.domain.workdays import city_today
from app.ledger import opening

__all__ = ["ACCOUNTS", "PASSWORD", "accounts", "enter", "is_unfinished", "load", "marker", "papers"]

SEED = 20240501
# What the marker of a whole city says: that its papers wait for the first start, or that nothing more is to be made.
WORKED, LOADED = "worked\n", "loaded\n"


def marker() -> Path:
    """The file that says this installation's database is a demonstration; an outside one has a file of its own."""
    outside = os.environ.get("DATABASE_URL")
    if not outside:
        return settings.var() / "demo"
    url = make_url(outside)
    return settings.var() / f"demo-{url.host or 'local'}-{url.port or 5432}-{url.database or settings.DATABASE}"


def load(people: int, *, idle: bool = False) -> None:
    """Load the city into a database without units, then the accounts; what was broken off is taken up again.

    ``idle``: nobody in it works, so no totals bind and nothing waits (for measurements).

    The marker comes first, so that the next start knows what was begun, and is filled at the end.
    """
    engine = create_engine(settings.owner_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        known = set(connection.execute(text("SELECT scope_path FROM unit WHERE node = 'legal'")).scalars())
        if known and not is_unfinished():
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
    if not idle:
        with engine.connect() as connection:
            desks(connection)
    engine.dispose()
    marker().write_text(LOADED if idle else WORKED, encoding="utf-8")


def desks(connection: Connection) -> dict[str, int]:
    """The work of the demonstration's people, each in transactions of the own."""
    with settings.databases() as (database, signin):
        owner, today = settings.owner_url(), city_today()
        return demo_work.work(
            Desks(database, signin, settings.key_ring(), connection, today), lambda: alarms.touched(owner, today)
        )


def papers(app: Flask) -> None:
    """Issue the demonstration's papers by its own pages at the first start after the loading, never in any other city.

    No connection stays open, since workers are forked after this.
    """
    if _marked() != WORKED:
        return
    engine = create_engine(settings.owner_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        demo_papers.issue(app, connection)
    engine.dispose()
    services = app.extensions["bianzhi"]
    services.database.engine.dispose()
    services.signin.engine.dispose()
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()
    marker().write_text(LOADED, encoding="utf-8")


def is_unfinished() -> bool:
    """Whether the loading of a demonstration was begun here and not ended."""
    return _marked() not in (None, WORKED, LOADED)


def _marked() -> str | None:
    """What the marker says; None where no demonstration was begun here."""
    return marker().read_text(encoding="utf-8") if marker().exists() else None


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
