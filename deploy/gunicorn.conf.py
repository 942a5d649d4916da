"""Gunicorn for a city in service: python -m gunicorn -c deploy/gunicorn.conf.py 'wsgi:create_app()'."""

import os
import signal
import time
from typing import Any

bind = "unix:/run/bianzhi/web.sock"
umask = 0o007  # of the socket: the service's user and its group, which the proxy's user belongs to
workers = 4  # about twice the processors
worker_class = "gthread"
threads = 4
timeout = 60  # a worker that does not stir; a request may take longer
graceful_timeout = 30  # systemctl reload: running requests end, new workers serve the new code
accesslog = None  # the application writes its own, without what people typed
proxy_protocol = False
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Loaded: the worker's file, which its master holds too, is no longer empty."""
    os.write(worker.tmp.fileno(), b".")


def when_ready(server: Any) -> None:
    """At a reload a worker is told to go only once as many younger ones have loaded.

    Loading takes seconds, and gunicorn alone would let nobody be answered meanwhile. What does not load within
    ``graceful_timeout`` is not waited for.
    """
    end = server.kill_worker

    def kill_worker(pid: int, number: int) -> None:
        mine = server.WORKERS.get(pid)
        until = time.monotonic() + server.cfg.graceful_timeout
        # Without listeners the server itself stops.
        while number == signal.SIGTERM and mine and server.LISTENERS and time.monotonic() < until:
            loaded = [w for w in server.WORKERS.values() if w.age > mine.age and os.fstat(w.tmp.fileno()).st_size]
            if len(loaded) >= server.num_workers:
                break
            server.reap_workers()
            time.sleep(0.1)
        end(pid, number)

    server.kill_worker = kill_worker
