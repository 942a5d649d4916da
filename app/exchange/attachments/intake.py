"""收附件: one uploaded file, from the reader's hands to the store."""

from dataclasses import dataclass
from typing import IO

from app.domain import errors
from app.exchange.attachments.kinds import MOST_BYTES, clean_name, kind_of
from app.exchange.attachments.scan import ScannerGoneError, scan
from app.exchange.attachments.store import Store


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that lies in the store."""

    name: str
    kind: str
    size: int
    digest: bytes
    scanned: bool


def take(store: Store, said: str, stream: IO[bytes], scanner: str = "") -> Taken:
    """Look at a file, have it scanned, keep it.

    Raises:
        FileRefused: for what it is, for what the scanner found, or because the scanner does not answer.
    """
    content = stream.read(MOST_BYTES + 1)
    kind = kind_of(content)
    if scanner:
        try:
            found = scan(scanner, content)
        except ScannerGoneError as gone:
            raise errors.FileRefused(reason="scanner_gone") from gone
        if found is not None:
            raise errors.FileRefused(reason="virus", found=found[:100])
    return Taken(clean_name(said, kind), kind, len(content), store.put(content), bool(scanner))
