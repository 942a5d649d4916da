"""The keeper's commands, as ``flask …``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import psycopg
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from app.cli import demo as city
from app.cli import deploy, embedded, settings
from app.cli.accounts import accounts_group
from app.cli.alarms import alarms_group
from app.cli.catalogue import catalogue_group
from app.cli.files import files_group
from app.cli.keys import keys_group
from app.cli.ledger import ledger_group
from app.cli.processes import processes_group
from app.cli.roster import import_group
from app.cli.sources import sources_group
from app.workflow import validation


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """What a command cannot have is said in one sentence.

    Raises:
        ClickException: the database is not prepared, does not answer, or did not start.
    """
    try:
        yield
    except validation.DefinitionsRefused as error:
        raise click.ClickException(f"流程定义有误，未部署任何内容：\n{error}") from error
    except deploy.PreparationError as error:
        raise click.ClickException(
            f"{error}。请数据库管理员先运行 deploy/roles.sql（见 docs/operations.md）。"
        ) from error
    except (psycopg.OperationalError, OperationalError) as error:
        cause = str(getattr(error, "orig", error)).strip()
        raise click.ClickException(f"数据库不可用（DATABASE_URL）：{cause}") from error
    except embedded.StartError as error:
        raise click.ClickException(f"内嵌数据库未能启动，其日志末尾为：\n{error}") from error


def bring_up() -> None:
    """Make the database what this version needs."""
    with in_one_sentence():
        validation.load()  # before anything is changed
        settings.prepare()
        deploy.upgrade(settings.owner_url())
        deploy.guard(settings.admin_url())
        deploy.write_down(settings.owner_url(), settings.key_ring(), settings.structure_file())


@click.command("deploy")
def deploy_command() -> None:
    """Make roles, schema, kernel, policies and seeds what this version needs."""
    bring_up()
    click.echo("部署完成。")


@click.command("roles")
def roles_command() -> None:
    """Print the three roles' passwords as psql variables, for deploy/roles.sql."""
    for role, password in settings.passwords().items():
        click.echo(f"\\set {role} '{password}'")


@click.group("demo")
def demo_group() -> None:
    """The demonstration city."""


@demo_group.command("load")
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(2_000, 1_000_000))
@click.option("--idle", is_flag=True, help="Without the work of its offices.")
def demo_load(people: int, idle: bool) -> None:
    """Load the invented city through the kernel (an empty database only)."""
    city.load(people, idle=idle)


@click.command("effect-due")
def effect_due() -> None:
    """Post every approved case whose day has come (every ten minutes; the trial's server does so by itself)."""
    from app.cli.jobs import effect_once

    click.echo(f"已生效 {effect_once()} 件。")


@click.command("mail-send")
def mail_send() -> None:
    """Send the notices that wait as mail (every minute; the trial's server does so by itself)."""
    from app.cli.jobs import mail_once

    try:
        server = settings.mail_server()
    except (KeyError, ValueError, OSError) as error:
        why = f"缺少 {error.args[0]}" if isinstance(error, KeyError) else str(error)
        raise click.ClickException(f"邮件设置有误：{why}（见 docs/operations.md）。") from error
    if server is None:
        raise click.ClickException("未配置邮件服务器（MAIL_HOST，见 docs/operations.md）。")
    click.echo(f"已发送 {mail_once()} 封。")


@click.command("alarms-due")
def alarms_due() -> None:
    """Look at the units that movements touched, and make the full run that somebody asked for (every minute)."""
    from app.cli.jobs import alarms_once

    alarms_once()


@click.command("keep-watch")
def keep_watch() -> None:
    """Do what the hour asks (every ten minutes): partitions, reminders, seal; by night the proofs and all alarm rules."""
    import datetime as dt

    from app.cli import nightly

    done = nightly.keep_watch(settings.owner_url(), settings.key_ring(), dt.datetime.now(dt.UTC))
    click.echo(f"已完成：{'、'.join(done)}。" if done else "目前没有到期的工作。")


def register(app: Flask) -> None:
    """Add the commands to the application's ``flask``."""
    for command in (
        accounts_group,
        deploy_command,
        roles_command,
        demo_group,
        effect_due,
        mail_send,
        alarms_due,
        keep_watch,
        catalogue_group,
        ledger_group,
        processes_group,
        alarms_group,
        keys_group,
        files_group,
        import_group,
        sources_group,
    ):
        app.cli.add_command(spoken(command))


def spoken(command: click.Command) -> click.Command:
    """A command that says in one sentence when it cannot have the database."""
    plainly = command.invoke

    def invoke(context: click.Context) -> Any:
        with in_one_sentence():
            return plainly(context)

    setattr(command, "invoke", invoke)  # noqa: B010 - click calls it by name
    return command


def is_empty() -> bool:
    """Whether the city has no unit yet."""
    engine = create_engine(settings.owner_url())
    with engine.connect() as connection:
        return not connection.execute(text("SELECT EXISTS (SELECT 1 FROM unit)")).scalar()
