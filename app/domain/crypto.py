"""密钥与承诺: ID numbers encrypted (SM4-GCM), found by a blind index (HMAC-SM3), committed to (HMAC-SHA256).

Keys live in files outside the database and carry a version, so that they can be rotated.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

VERSION = 1
SIZES = {"flask": 32, "id-1": 16, "index-1": 32, "commit-1": 32}


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The installation's keys; the database never sees one."""

    flask: bytes
    id_key: bytes
    index_key: bytes
    commit_key: bytes
    seal_key: Ed25519PrivateKey

    @classmethod
    def load(cls, directory: Path) -> "KeyRing":
        """Read the key files, making what is missing (0600 in a directory 0700)."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw = {name: _file(directory / f"{name}.key", size) for name, size in SIZES.items()}
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
        return cls(raw["flask"], raw["id-1"], raw["index-1"], raw["commit-1"], key)

    @property
    def seal_public(self) -> Ed25519PublicKey:
        """The key that anybody may check a seal with."""
        return self.seal_key.public_key()

    def encrypt(self, id_type: str, number: str) -> bytes:
        """Version, nonce, tag and cipher of an identity number; the document's type is authenticated."""
        nonce = secrets.token_bytes(12)
        encryptor = Cipher(algorithms.SM4(self.id_key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(id_type.encode())
        body = encryptor.update(number.encode()) + encryptor.finalize()
        return bytes([VERSION]) + nonce + encryptor.tag + body

    def decrypt(self, id_type: str, blob: bytes) -> str:
        """The number again; raises ``cryptography.exceptions.InvalidTag`` for a changed one."""
        nonce, tag, body = blob[1:13], blob[13:29], blob[29:]
        decryptor = Cipher(algorithms.SM4(self.id_key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(id_type.encode())
        return (decryptor.update(body) + decryptor.finalize()).decode()

    def blind_index(self, id_type: str, number: str) -> bytes:
        """What finds a number without showing it."""
        mac = HMAC(self.index_key, hashes.SM3())
        mac.update(f"{id_type}:{number}".encode())
        return mac.finalize()

    def commit(self, field: str, value: str | None) -> str:
        """A keyed commitment to one locked field, ``version:hex``; absent differs from empty."""
        text = "-" if value is None else f"={value}"
        message = f"{len(field)}:{field}{text}".encode()
        return f"{VERSION}:{hmac.digest(self.commit_key, message, hashlib.sha256).hex()}"


def _file(path: Path, size: int) -> bytes:
    if not path.exists():
        _write(path, secrets.token_bytes(size))
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    # A second process may be first: what stands there then is kept.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(content)
