"""文件库: files outside the database and the web's reach, each under the SHA-256 of its content, encrypted.

Encrypted (SM4-GCM, the key ring's ``file`` key) because copies of identity cards and of medical reports lie here, and
because a backup of this directory travels like one of the database, whose identity numbers are encrypted too. The
content's hash is the name, so the same file is kept once, and a changed one does not decrypt.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag

from app.domain.crypto import KeyRing, UnknownKey


class FileGoneError(Exception):
    """A file is not where it should be, cannot be decrypted, or is not what it was."""


class Store:
    """One directory of files."""

    def __init__(self, directory: Path, keys: KeyRing) -> None:
        self.directory, self.keys = directory, keys

    def path(self, digest: bytes) -> Path:
        """Where the file of a hash lies."""
        name = digest.hex()
        return self.directory / name[:2] / name

    def put(self, content: bytes) -> bytes:
        """Keep a file; its hash. Whole or not at all, whoever writes the same at the same moment."""
        digest = hashlib.sha256(content).digest()
        place = self.path(digest)
        if place.exists() and self.holds(digest):
            return digest
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.keys.encrypt_file(place.name, content))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return digest

    def get(self, digest: bytes) -> bytes:
        """The content of a hash; raises FileGoneError."""
        place = self.path(digest)
        try:
            content = self.keys.decrypt_file(place.name, place.read_bytes())
        except (OSError, InvalidTag, UnknownKey) as error:
            raise FileGoneError(place.name) from error
        if hashlib.sha256(content).digest() != digest:
            raise FileGoneError(place.name)
        return content

    def holds(self, digest: bytes) -> bool:
        """Whether the file of a hash can be read; a damaged one is written anew when it comes again."""
        try:
            self.get(digest)
        except FileGoneError:
            return False
        return True

    def names(self) -> Iterator[tuple[bytes, Path]]:
        """Every file that is kept, with its hash."""
        for place in self.directory.glob("??/" + "[0-9a-f]" * 64):
            yield bytes.fromhex(place.name), place
