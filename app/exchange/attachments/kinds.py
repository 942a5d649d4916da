"""文件类型: what a file is, told by its content alone; never by its name, never by what the browser says.

The list is closed: PDF, JPEG, PNG, Word and Excel without macros, OFD (GB/T 33190). A library of signatures says what a
file is; what is to be shown inside a page is looked at once more, so that nothing of another kind hides under its head.
"""

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass

import puremagic

from app.domain import errors

MOST_BYTES = 20 * 1024 * 1024
# An Office file is a ZIP archive; these bounds are far above what a real one holds.
MOST_PARTS = 2_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 200
MOST_DESCRIPTION = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: its code, its usual ending, its media type, whether a page shows it."""

    code: str
    ending: str
    media: str
    shown: bool = False


KINDS = {
    kind.code: kind
    for kind in (
        Kind("pdf", ".pdf", "application/pdf", shown=True),
        Kind("jpeg", ".jpg", "image/jpeg", shown=True),
        Kind("png", ".png", "image/png", shown=True),
        Kind("docx", ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        Kind("xlsx", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Kind("ofd", ".ofd", "application/ofd"),
    )
}
PARTS = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
SIGNATURES = {"application/pdf": "pdf", "image/jpeg": "jpeg", "image/png": "png"}
HEADS = {"pdf": b"%PDF-", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
ACTIVE = re.compile(r"vbaProject|vbaData|activeX|macrosheets", re.IGNORECASE)
# What Windows takes for a device, whatever its ending.
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)")


def kind_of(content: bytes) -> str:
    """The code of a file's kind.

    Raises:
        FileRefused: empty, too large, of no kind that is taken, broken, with macros, or a ZIP bomb; ``reason`` says which.
    """
    if not content:
        raise errors.FileRefused(reason="empty")
    if len(content) > MOST_BYTES:
        raise errors.FileRefused(reason="too_large")
    if content.startswith(b"PK\x03\x04"):
        return packed(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise errors.FileRefused(reason="old_office")
    try:
        found = SIGNATURES.get(puremagic.magic_string(content)[0].mime_type)
    except (puremagic.PureError, ValueError, IndexError):
        found = None
    if found is None or not content.startswith(HEADS[found]):
        raise errors.FileRefused(reason="kind")
    if not whole(found, content):
        raise errors.FileRefused(reason="broken")
    return found


def whole(kind: str, content: bytes) -> bool:
    """Whether a file has the end that its head promises; a few words behind it are usual."""
    tail = content[-4096:]
    if kind == "pdf":
        return b"startxref" in tail and b"%%EOF" in tail
    if kind == "png":
        return content[12:16] == b"IHDR" and b"IEND" in tail
    return b"\xff\xd9" in content  # cameras put previews and films behind the picture


def packed(content: bytes) -> str:
    """Which Office document a ZIP archive is; nothing is unpacked but its description."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            bounded(parts, len(content))
            if any(ACTIVE.search(part.filename) for part in parts):
                raise errors.FileRefused(reason="macros")
            return described(archive, {part.filename for part in parts})
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise errors.FileRefused(reason="broken") from error


def bounded(parts: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what grows beyond measure when somebody opens it (parts may overlap: their sizes are summed up)."""
    unpacked = sum(part.file_size for part in parts)
    if (
        len(parts) > MOST_PARTS
        or unpacked > min(MOST_UNPACKED, MOST_RATIO * size)
        or sum(part.compress_size for part in parts) > size
    ):
        raise errors.FileRefused(reason="bomb")
    if any(part.flag_bits & 1 for part in parts) or len({part.filename for part in parts}) != len(parts):
        raise errors.FileRefused(reason="broken")


def described(archive: zipfile.ZipFile, names: set[str]) -> str:
    """The kind that an archive's own description declares."""
    if "OFD.xml" in names:
        if b"http://www.ofdspec.org/" in beginning(archive, "OFD.xml"):
            return "ofd"
    elif "[Content_Types].xml" in names:
        text = beginning(archive, "[Content_Types].xml")
        if b"macroEnabled" in text:
            raise errors.FileRefused(reason="macros")
        found = {kind for part, kind in PARTS.items() if part in text}
        if len(found) == 1:
            return found.pop()
    raise errors.FileRefused(reason="kind")


def beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    """The first megabyte of a part, whatever size it claims."""
    with archive.open(name) as part:
        return part.read(MOST_DESCRIPTION)


def plain_name(said: str) -> str:
    """A file's name as it was sent, without path, control or direction signs; 120 letters at most."""
    name = unicodedata.normalize("NFC", said).replace("\\", "/").rpartition("/")[2]
    name = "".join(
        "_" if c in '<>:"|?*' else c for c in name if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029"
    )
    return name.strip(" .")[:120]


def clean_name(said: str, kind: str) -> str:
    """The name under which a file is kept: its own, with the ending of what it is."""
    name = plain_name(said)
    stem, dot, ending = name.rpartition(".")
    stem = (stem if dot and len(ending) <= 5 else name).rstrip(" .")
    if not stem or DEVICES.match(stem):
        stem = f"附件{stem}"
    return stem + KINDS[kind].ending
