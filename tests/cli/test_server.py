"""What ``make run`` refuses, in words that help; what stays whole when it is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from flask import Flask

from app.cli import embedded, server
from wsgi import refuse_other_machines


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_only_this_machine_may_be_served(host: str) -> None:
    with pytest.raises(click.ClickException, match=r"只在本机"):
        server.main.main(["--host", host], standalone_mode=False)


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(click.ClickException, match=rf"{taken.getsockname()[1]} 已被占用.*PORT="):
            server.expect_free("127.0.0.1", taken.getsockname()[1])


def test_a_second_server_of_one_directory_is_told_which_one_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "WORKERS_LEAVE_WITHIN", 0)
    with server.alone(tmp_path), pytest.raises(click.ClickException, match=rf"已在运行（进程 {os.getpid()}）"):
        server.alone(tmp_path).__enter__()
    with server.alone(tmp_path):
        pass


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7, 127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 403),
        ("", {}, 200),  # a unix socket: the proxy in front of it names the peer
    ],
)
def test_a_demonstration_under_another_server_answers_this_machine_only(
    peer: str, headers: dict[str, str], status: int
) -> None:
    app = Flask("demo")
    app.before_request(refuse_other_machines)
    app.add_url_rule("/", view_func=lambda: "here")
    assert app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": peer}).status_code == status


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["plain", "有 空格 的目录", "d" * 120])
def test_the_embedded_server_starts_in_any_directory_and_again_after_a_kill(tmp_path: Path, name: str) -> None:
    import psycopg

    var = tmp_path / name
    try:
        for _again in range(2):
            found = embedded.start(var, fsync="off", shared_buffers="16MB", max_connections="20")
            with psycopg.connect(host=found.socket_dir, user="postgres", dbname="postgres") as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
                connection.execute("INSERT INTO kept VALUES (1)")
            kill(int((var / "pg/postmaster.pid").read_text().split()[0]))
        found = embedded.start(var, fsync="off", shared_buffers="16MB", max_connections="20")
        with psycopg.connect(host=found.socket_dir, user="postgres", dbname="postgres") as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (2,)
    finally:
        embedded.stop(var)
    assert not (var / "pg/postmaster.pid").exists()


def test_a_pid_file_that_names_another_process_is_no_server(tmp_path: Path) -> None:
    data = tmp_path / "pg"
    data.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n")
        embedded.stop(tmp_path)
        time.sleep(0.1)
        assert other.poll() is None
        other.kill()


def test_a_directory_that_takes_no_cluster_is_told_with_the_program_s_own_reason(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "letter").write_text("kept")
    with pytest.raises(embedded.StartError, match=r"pg.+not empty"):
        embedded.start(tmp_path)
    assert (tmp_path / "pg" / "letter").read_text() == "kept"
