"""``flask accounts first``: the three administrators of a new installation, who admit everybody else."""

import secrets
import sys

import click
from sqlalchemy import Connection, create_engine, text

from app.cli import seeds, settings
from app.security import passwords

KINDS = ("system_admin", "security_admin", "auditor")
ANY = "SELECT EXISTS (SELECT 1 FROM account WHERE kind IN ('system_admin', 'security_admin', 'auditor'))"


def first(connection: Connection, names: dict[str, str]) -> dict[str, str]:
    """Make one user for each of the three duties; gives their passwords, to be changed at the first sign-in.

    ``names`` are user names by duty (三员分立: three people). Later administrators are granted by two people.
    """
    given = {}
    for kind, username in names.items():
        word = secrets.token_urlsafe(12)
        user = seeds.ensure_user(connection, username, username, passwords.hashed(word))
        connection.execute(
            text("INSERT INTO account (user_id, kind, started_on) VALUES (:u, :k, kernel_today())"),
            {"u": user, "k": kind},
        )
        connection.execute(
            text(
                "INSERT INTO credential (user_id, must_change) VALUES (:u, true)"
                " ON CONFLICT (user_id) DO UPDATE SET must_change = true"
            ),
            {"u": user},
        )
        given[username] = word
    return given


@click.group("accounts")
def accounts_group() -> None:
    """The users of this installation."""


@accounts_group.command("first")
@click.argument("system")
@click.argument("security")
@click.argument("auditor")
def first_command(system: str, security: str, auditor: str) -> None:
    """Make the three administrators of a new installation: three user names, three people."""
    names = dict(zip(KINDS, (system, security, auditor), strict=True))
    engine = create_engine(settings.owner_url())
    with engine.begin() as connection:
        if connection.execute(text(ANY)).scalar_one():
            click.echo("已有管理员。以后的管理员由系统管理员提出、安全保密管理员批准。", err=True)
            sys.exit(1)
        known = connection.execute(
            text("SELECT username FROM ab_user WHERE username = ANY(:n)"), {"n": list(names.values())}
        ).scalars()
        taken = [*known, *(n for n in names.values() if list(names.values()).count(n) > 1)]
        if taken:
            click.echo(f"三员须为三个新用户，用户名不能重复：{'、'.join(sorted(set(taken)))}。", err=True)
            sys.exit(1)
        given = first(connection, names)
    click.echo("已建立三名管理员。口令只显示这一次，首次登录时必须修改：")
    for kind, username in names.items():
        click.echo(f"  {kind:<15} {username:<20} {given[username]}")
