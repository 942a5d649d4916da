"""密钥与承诺: ID numbers and files encrypted (SM4-GCM), numbers found by a blind index (HMAC-SM3), committed to (HMAC-SHA256).

Keys live in files outside the database, one file a version: ``id-2.key`` is the second encryption key. What is
written carries the version of its key, so that a key can be replaced while the system runs (``flask keys``).
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

# Bytes of a key, by what it is for.
SIZES = {"id": 16, "index": 32, "commit": 32, "file": 16}
ACTIVE_INDEX = "index.active"


class UnknownKey(ValueError):  # noqa: N818 - names what is missing
    """A text was written under a key that this installation does not hold."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The installation's keys by version; the database never sees one.

    New texts are encrypted and committed to under the newest key. Numbers are indexed under ``index_version``,
    which moves only when every stored index has moved (else a known person would look unknown).
    """

    # Never in a trace or a log.
    flask: bytes = field(repr=False)
    ids: Mapping[int, bytes] = field(repr=False)
    indexes: Mapping[int, bytes] = field(repr=False)
    commits: Mapping[int, bytes] = field(repr=False)
    files: Mapping[int, bytes] = field(repr=False)
    index_version: int
    seal_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def load(cls, directory: Path) -> "KeyRing":
        """Read the key files, making what is missing (0600 in a directory 0700)."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for purpose in SIZES:
            if not versions(directory, purpose):
                new_key(directory, purpose)
        ids, indexes, commits, files = ({v: f.read_bytes() for v, f in versions(directory, p).items()} for p in SIZES)
        active = directory / ACTIVE_INDEX
        index_version = int(active.read_text()) if active.exists() else min(indexes)
        seal = directory / "seal-1.pem"
        if not seal.exists():
            _write(
                seal,
                Ed25519PrivateKey.generate().private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            )
        key = serialization.load_pem_private_key(seal.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(seal.name)
        flask = directory / "flask.key"
        if not flask.exists():
            _write(flask, secrets.token_bytes(32))
        return cls(flask.read_bytes(), ids, indexes, commits, files, index_version, key)

    @property
    def seal_public(self) -> Ed25519PublicKey:
        """The key that anybody may check a seal with."""
        return self.seal_key.public_key()

    def encrypt(self, id_type: str, number: str) -> bytes:
        """Version, nonce, tag and cipher of an identity number; the document's type is authenticated."""
        return _lock(self.ids, id_type.encode(), number.encode())

    def decrypt(self, id_type: str, blob: bytes) -> str:
        """The number again.

        Raises:
            cryptography.exceptions.InvalidTag: the text was changed.
            UnknownKey: the key of its version is not here.
        """
        return _unlock(self.ids, "id", id_type.encode(), blob).decode()

    def encrypt_file(self, name: str, content: bytes) -> bytes:
        """A file as it lies on the disk; its name is authenticated, so that no other can be put in its place."""
        return _lock(self.files, name.encode(), content)

    def decrypt_file(self, name: str, blob: bytes) -> bytes:
        """The file again; raises as ``decrypt``."""
        return _unlock(self.files, "file", name.encode(), blob)

    def blind_index(self, id_type: str, number: str, version: int | None = None) -> bytes:
        """What finds a number without showing it: the key's version, then the keyed hash."""
        version = self.index_version if version is None else version
        if version not in self.indexes:
            raise UnknownKey(f"index-{version}")
        mac = HMAC(self.indexes[version], hashes.SM3())
        mac.update(f"{id_type}:{number}".encode())
        return bytes([version]) + mac.finalize()

    def commit(self, name: str, value: str | None, version: int | None = None) -> str:
        """A keyed commitment to one locked field, ``version:hex``; absent differs from empty."""
        version = max(self.commits) if version is None else version
        if version not in self.commits:
            raise UnknownKey(f"commit-{version}")
        text = "-" if value is None else f"={value}"
        message = f"{len(name)}:{name}{text}".encode()
        return f"{version}:{hmac.digest(self.commits[version], message, hashlib.sha256).hex()}"

    def holds(self, commitment: object, name: str, value: str | None) -> bool:
        """Whether a commitment of any version was made to this value; False for no commitment, or where its key is not here."""
        if not isinstance(commitment, str):
            return False
        version = commitment.partition(":")[0]
        known = version.isascii() and version.isdecimal() and int(version) in self.commits
        return known and hmac.compare_digest(self.commit(name, value, int(version)), commitment)


def _lock(keys: Mapping[int, bytes], label: bytes, plain: bytes) -> bytes:
    version, nonce = max(keys), secrets.token_bytes(12)
    encryptor = Cipher(algorithms.SM4(keys[version]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(label)
    body = encryptor.update(plain) + encryptor.finalize()
    return bytes([version]) + nonce + encryptor.tag + body


def _unlock(keys: Mapping[int, bytes], purpose: str, label: bytes, blob: bytes) -> bytes:
    key = keys.get(blob[0]) if blob else None
    if key is None:
        raise UnknownKey(f"{purpose}-{blob[0] if blob else 0}")
    nonce, tag, body = blob[1:13], blob[13:29], blob[29:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(label)
    return decryptor.update(body) + decryptor.finalize()


def versions(directory: Path, purpose: str) -> dict[int, Path]:
    """The key files of one purpose by version, oldest first."""
    pattern = re.compile(rf"{re.escape(purpose)}-(\d+)\.key")
    found = ((pattern.fullmatch(file.name), file) for file in directory.iterdir())
    return dict(sorted((int(match[1]), file) for match, file in found if match))


def new_key(directory: Path, purpose: str) -> int:
    """Make the next version of a key; gives its number (255 at most: one byte of what is written names it)."""
    version = max(versions(directory, purpose), default=0) + 1
    if version > 255:
        raise UnknownKey(f"{purpose}-{version}")
    _write(directory / f"{purpose}-{version}.key", secrets.token_bytes(SIZES[purpose]))
    return version


def _write(path: Path, content: bytes) -> None:
    # A second process may be first: what stands there then is kept.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(content)
