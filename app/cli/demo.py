"""示范数据的装载: the invented city through the kernel, and accounts to try it with."""

from pathlib import Path

import click
from sqlalchemy import create_engine, text

from app.cli import seeds, settings
from app.cli.demo_city import City
from app.db import Database, SignInDatabase
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
    """The file that says this installation is a demonstration."""
    return settings.var() / "demo"


def load(people: int) -> None:
    """Load the city where the database has no unit yet, then the accounts."""
    engine = create_engine(settings.owner_url())
    with engine.connect() as connection:
        if connection.execute(text("SELECT EXISTS (SELECT 1 FROM unit)")).scalar():
            click.echo("数据库中已有机构，不再装载示范数据。")
            return
    database = Database(settings.app_url())
    identity = SignInDatabase(settings.signin_url()).open_service("svc-opening")
    city = City(people, SEED, settings.key_ring(), city_today())
    with click.progressbar(city.batches(), length=len(city.bodies), label="装载示范城市") as batches:
        for batch in batches:
            with database.transaction(identity) as session:
                opening.enter(session, batch, note="示范数据")
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
        accounts(connection)
    marker().touch()
    engine.dispose()


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
