"""杀毒: clamd looks at each file before it is kept, where the installation names one (its protocol: clamd(8), INSTREAM)."""

import socket
import struct
from urllib.parse import urlsplit

SECONDS = 30
PIECE = 64 * 1024


class ScannerGoneError(Exception):
    """The scanner that the installation demands does not answer, or answers what is no verdict."""


def scan(address: str, content: bytes) -> str | None:
    """The name of what was found, or None.

    ``address`` is ``unix:/run/clamav/clamd.ctl`` or ``tcp://127.0.0.1:3310``.

    Raises:
        ScannerGoneError: nobody there, too slow, or no verdict; the file must not be kept then.
    """
    try:
        with opened(address) as line:
            line.sendall(b"zINSTREAM\0")
            for begin in range(0, len(content), PIECE):
                part = content[begin : begin + PIECE]
                line.sendall(struct.pack("!I", len(part)) + part)
            line.sendall(struct.pack("!I", 0))
            said = answer(line)
    except (OSError, ValueError) as error:
        raise ScannerGoneError(address) from error
    if said == "stream: OK":
        return None
    if said.startswith("stream: ") and said.endswith(" FOUND"):
        return said.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerGoneError(said[:200])


def opened(address: str) -> socket.socket:
    """A connection to the scanner."""
    if address.startswith("unix:"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(SECONDS)
        try:
            line.connect(address.removeprefix("unix:"))
        except OSError:
            line.close()
            raise
        return line
    place = urlsplit(address)
    return socket.create_connection((place.hostname or "127.0.0.1", place.port or 3310), timeout=SECONDS)


def answer(line: socket.socket) -> str:
    """What stands before the closing null."""
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096:
        more = line.recv(4096)
        if not more:
            break
        said += more
    return said.rstrip(b"\0").decode(errors="replace").strip()
