"""``make run``: database, deployment, demonstration city, web server and the daily job, in one command."""

import datetime as dt
import os
import signal
import sys
import threading

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli import catalogue, commands, demo, deploy, embedded, nightly, settings
from app.db import Database, SignInDatabase
from app.domain.errors import DomainError
from app.workflow import due

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def effect_once() -> int:
    """Post the approved cases whose day has come, each in its own transaction, under the worker's name."""
    database = Database(settings.app_url(), pool_size=1)
    identity = SignInDatabase(settings.signin_url()).open_service("svc-worker")
    with database.transaction(identity) as session:
        cases = due.due_cases(session)
    done = 0
    for case_id in cases:
        try:
            with database.transaction(identity, case_id=case_id) as session:
                due.effect_due(session, case_id)
            done += 1
        except DomainError as refusal:
            # The case stays approved and not effected; the alarm has been recorded with it.
            click.echo(f"案件 {case_id} 未能生效：{refusal.code}", err=True)
    database.engine.dispose()
    return done


def run_job(stop: threading.Event) -> None:
    """The daily job: now and then every ten minutes; by night the proofs (app/cli/nightly.py)."""
    while not stop.is_set():
        try:
            effect_once()
            nightly.keep_watch(settings.owner_url(), settings.key_ring(), dt.datetime.now(dt.UTC))
        except (SQLAlchemyError, DomainError) as error:
            click.echo(f"后台作业失败：{type(error).__name__}", err=True)
        stop.wait(600)


@click.command()
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=8080)
@click.option("--people", default=20_000)
def main(host: str, port: int, people: int) -> None:
    """Prepare everything and serve."""
    if host not in LOOPBACK:
        raise click.ClickException("示范系统只在本机 (127.0.0.1) 提供服务。")
    settings.prepare()
    deploy.upgrade(settings.owner_url())
    deploy.guard(settings.admin_url())
    catalogue.compile_all()
    if commands.is_empty():
        demo.load(people)
    click.echo(f"\n  编制 Bianzhi：http://{host}:{port}/\n  示范账户（口令均为 {demo.PASSWORD}）：")
    for username, label in demo.ACCOUNTS:
        click.echo(f"    {username:<10} {label}")
    click.echo("  按 Ctrl-C 停止。\n")
    sys.stdout.flush()
    serve(host, port)


def serve(host: str, port: int) -> None:
    """Gunicorn until it is told to stop; then the embedded database stops too."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        """Gunicorn with settings from here."""

        def load_config(self) -> None:
            """Two workers of four threads: what two cores carry."""
            for key, value in {
                "bind": f"{host}:{port}",
                "workers": 2,
                "threads": 4,
                "accesslog": None,
                "loglevel": "warning",
                "control_socket_disable": True,
            }.items():
                if key in self.cfg.settings:
                    self.cfg.set(key, value)

        def load(self) -> object:
            """The application, in each worker."""
            from wsgi import create_app

            return create_app()

    stop = threading.Event()
    parent = os.getpid()

    def job() -> None:
        if os.getpid() == parent:
            run_job(stop)

    threading.Thread(target=job, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        Server().run()
    finally:
        stop.set()
        if os.getpid() == parent and not os.environ.get("DATABASE_URL"):
            embedded.stop(settings.var())


if __name__ == "__main__":
    main()
