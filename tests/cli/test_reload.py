"""``deploy/gunicorn.conf.py``: while new workers load, the old ones serve; whoever is not of the group gets no answer."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

import pytest

from app.cli.settings import ROOT

# Says which code it is; loading waits for the file "go".
APP = """
import pathlib, time
here = pathlib.Path(__file__).parent
word = (here / "word").read_bytes()
while not (here / "go").exists():
    time.sleep(0.02)
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(word)))])
    return [word]
"""


@dataclass
class Served:
    """A gunicorn under the example's settings over a small application."""

    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def socket(self) -> Path:
        return self.directory / "web.sock"

    def asked(self) -> str:
        """One answer."""
        with socket(AF_UNIX, SOCK_STREAM) as opened:
            opened.settimeout(60)
            opened.connect(str(self.socket))
            asking = HTTPConnection("localhost")
            asking.sock = opened
            asking.request("GET", "/", headers={"Connection": "close"})
            return asking.getresponse().read().decode()

    def children(self) -> set[str]:
        pid = self.process.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def until(said: object) -> None:
    """Wait for something that comes (the suite's own limit ends what never does)."""
    while not said():  # type: ignore[operator]
        time.sleep(0.02)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "small.py").write_text(APP)
    (tmp_path / "word").write_text("old")
    (tmp_path / "go").touch()
    words = ["-m", "gunicorn", "-c", str(ROOT / "deploy/gunicorn.conf.py"), "--bind", f"unix:{tmp_path}/web.sock"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words, "--workers", "2", "--pythonpath", str(tmp_path), "small:app"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    found = Served(tmp_path, process)
    until(lambda: process.poll() is not None or (found.socket.exists() and len(found.children()) == 2))
    assert process.poll() is None, (tmp_path / "log").read_text()
    yield found
    process.send_signal(signal.SIGTERM)
    process.wait()


def test_while_new_workers_load_the_old_ones_answer(served: Served) -> None:
    assert served.asked() == "old"
    before = served.children()
    (served.directory / "go").unlink()
    (served.directory / "word").write_text("new")
    served.process.send_signal(signal.SIGHUP)
    until(lambda: len(served.children()) == 4)
    for _ in range(3):
        assert served.asked() == "old"
    assert before <= served.children()
    (served.directory / "go").touch()
    until(lambda: not before & served.children())
    assert served.asked() == "new"


def test_the_socket_is_open_to_the_group_alone(served: Served) -> None:
    mode = stat.S_IMODE(os.stat(served.socket).st_mode)
    assert mode & 0o007 == 0, oct(mode)
    assert mode & 0o060 == 0o060, oct(mode)
