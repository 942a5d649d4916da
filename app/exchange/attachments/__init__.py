"""附件: what may come in as a file, where it lies, who looks at it first."""

from app.exchange.attachments.intake import Taken, take
from app.exchange.attachments.kinds import KINDS, MOST_BYTES, Kind, kind_of, plain_name
from app.exchange.attachments.scan import ScannerGoneError, scan
from app.exchange.attachments.store import FileGoneError, Store

__all__ = [
    "KINDS",
    "MOST_BYTES",
    "FileGoneError",
    "Kind",
    "ScannerGoneError",
    "Store",
    "Taken",
    "kind_of",
    "plain_name",
    "scan",
    "take",
]
