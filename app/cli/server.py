"""``make run``: database, deployment, demonstration city, web server and the daily job, in one command."""

import datetime as dt
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli import catalogue, commands, demo, deploy, embedded, jobs, nightly, settings
from app.domain.errors import DomainError

REQUEST_LOG = "requests.log"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Workers of a server that was killed notice it within this time, and let the directory go.
WORKERS_LEAVE_WITHIN = 5


def run_job(server: int) -> None:
    """The daily job, now and then every ten minutes, while the server lives; by night the proofs (app/cli/nightly.py).

    Every minute mail leaves, and the rules look at what movements touched.
    """
    due_at = mail_at = 0.0
    while os.getppid() == server:
        if time.monotonic() >= mail_at:
            try:
                jobs.mail_once()
            except (SQLAlchemyError, DomainError, OSError, KeyError, ValueError) as error:
                click.echo(f"邮件未能发送：{type(error).__name__}", err=True)
            try:
                jobs.alarms_once()
            except SQLAlchemyError as error:
                click.echo(f"报警检查失败：{type(error).__name__}", err=True)
            mail_at = time.monotonic() + 60
        if time.monotonic() >= due_at:
            try:
                jobs.effect_once()
                nightly.keep_watch(settings.owner_url(), settings.key_ring(), dt.datetime.now(dt.UTC))
            except (SQLAlchemyError, DomainError) as error:
                click.echo(f"后台作业失败：{type(error).__name__}", err=True)
            due_at = time.monotonic() + 600
        time.sleep(0.5)


@contextmanager
def job() -> Iterator[None]:
    """The daily job as a process of its own: workers are forked from this one, which therefore has no second thread."""
    words = f"from app.cli.server import run_job; run_job({os.getpid()})"
    master = os.getpid()
    # Its own session: Ctrl-C is for the server, which then ends this.
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", words], cwd=deploy.ROOT, start_new_session=True)
    try:
        yield
    finally:
        if os.getpid() == master:
            process.terminate()
            process.wait()
        else:
            process.returncode = 0  # no child of a worker's: nothing for it to complain of at its end


@click.command()
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=8080, type=click.IntRange(1, 65535))
@click.option("--people", default=20_000)
def main(host: str, port: int, people: int) -> None:
    """Prepare everything and serve."""
    if host not in LOOPBACK:
        raise click.ClickException("示范系统只在本机 (127.0.0.1) 提供服务。")
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    master = os.getpid()
    with alone(settings.var()):
        expect_free(host, port)
        try:
            prepare(people)
            click.echo(f"\n  编制 Bianzhi：http://{address(host, port)}/\n  示范账户（口令均为 {demo.PASSWORD}）：")
            for username, label in demo.ACCOUNTS:
                click.echo(f"    {username:<10} {label}")
            click.echo("  按 Ctrl-C 停止。\n")
            sys.stdout.flush()
            serve(host, port)
        finally:
            # Workers, forked from here, pass this line too when they end.
            if os.getpid() == master and not os.environ.get("DATABASE_URL"):
                embedded.stop(settings.var())


def prepare(people: int) -> None:
    """Database, deployment, catalogue, city."""
    commands.bring_up()
    catalogue.compile_all()
    if demo.is_unfinished() or commands.is_empty():
        demo.load(people)


def address(host: str, port: int) -> str:
    """Host and port as an address writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """One server for one directory; a second one is told so."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "server.lock").open("a+") as held:
        until = time.monotonic() + WORKERS_LEAVE_WITHIN
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    held.seek(0)
                    raise click.ClickException(
                        f"本目录的示范系统已在运行（进程 {held.read().strip() or '未知'}）。请先按 Ctrl-C 停止它；"
                        "要同时运行两个，请另克隆一份并用 make run PORT=… 指定端口。"
                    ) from None
                time.sleep(0.2)
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def expect_free(host: str, port: int) -> None:
    """Refuse a port that is taken, before anything is set up."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise click.ClickException(
                f"普通用户不能使用端口 {port}。请用 make run PORT=8080 之类 1024 以上的端口。"
            ) from None
        except OSError:
            raise click.ClickException(
                f"端口 {port} 已被占用。请停止占用它的程序，或用 make run PORT=… 换一个端口。"
            ) from None


def serve(host: str, port: int) -> None:
    """Gunicorn until it is told to stop."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        """Gunicorn with settings from here alone: no file and no variable of the environment changes them."""

        def load_config(self) -> None:
            """Two workers of four threads: what two cores carry."""
            for key, value in {
                "bind": address(host, port),
                "workers": 2,
                "threads": 4,
                "accesslog": None,
                "loglevel": "warning",
                "preload_app": True,  # the workers share what is loaded; no connection is open before they fork
                "control_socket_disable": True,
                # A closed terminal ends the trial; for gunicorn it would mean to load anew.
                "when_ready": lambda _arbiter: signal.signal(
                    signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM)
                ),
            }.items():
                self.cfg.set(key, value)

        def load(self) -> object:
            """The application, once for all workers; its log is kept out of the terminal."""
            from wsgi import create_app

            app = create_app(LOG_STREAM=(settings.var() / REQUEST_LOG).open("a", buffering=1, encoding="utf-8"))
            demo.papers(app)
            return app

    (settings.var() / REQUEST_LOG).unlink(missing_ok=True)
    with job():
        Server().run()


if __name__ == "__main__":
    main()
