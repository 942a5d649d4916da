"""What comes in as a file is what it says by its content, has a plain name, and is kept whole, once and unreadable."""

import hashlib
import io
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.domain import errors
from app.domain.crypto import KeyRing
from app.exchange.attachments import FileGoneError, ScannerGoneError, Store, kind_of, scan, take
from app.exchange.attachments.kinds import MOST_BYTES, clean_name
from tests.exchange.attachments import samples as a


@pytest.mark.parametrize(
    ("content", "kind"),
    [(a.PDF, "pdf"), (a.PNG, "png"), (a.JPEG, "jpeg"), (a.DOCX, "docx"), (a.XLSX, "xlsx"), (a.OFD, "ofd")],
)
def test_a_file_is_known_by_its_content(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


def bomb() -> bytes:
    return a.packed({"[Content_Types].xml": a.WORD, "word/document.xml": b"\0" * (30 * 1024 * 1024)})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (a.PDF + b"\0" * MOST_BYTES, "too_large"),
        (a.HTML, "kind"),
        (a.SVG, "kind"),
        (b"\n" + a.PDF, "kind"),
        (b"%PDF-1.4\n" + a.HTML, "broken"),
        (a.PNG[:30] + a.HTML, "broken"),
        (b"MZ\x90\0" + b"\0" * 200, "kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_office"),
        (b"PK\x03\x04" + b"\0" * 60, "broken"),
        (a.packed({"a.txt": "x"}), "kind"),
        (a.office(a.MACRO), "macros"),
        (a.office(a.WORD, **{"word/vbaProject.bin": "x"}), "macros"),
        (a.office(a.WORD + '"/><Override ContentType="' + a.SHEET), "kind"),
        (a.packed({"OFD.xml": "<html/>"}), "kind"),
        (bomb(), "bomb"),
        (a.packed({f"{n}": "x" for n in range(2_100)} | {"[Content_Types].xml": a.WORD}), "bomb"),
    ],
)
def test_what_is_of_no_kind_broken_active_or_a_bomb_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(errors.FileRefused) as refusal:
        kind_of(content)
    assert refusal.value.facts["reason"] == reason


@pytest.mark.parametrize(
    ("said", "kind", "kept"),
    [
        ("学历证书.PDF", "pdf", "学历证书.pdf"),
        ("../../etc/passwd", "pdf", "passwd.pdf"),
        ("C:\\Users\\x\\证件.exe", "png", "证件.png"),
        ("a\u202egnp.exe", "jpeg", "agnp.jpg"),
        ("x\r\nSet-Cookie: a.pdf", "pdf", "xSet-Cookie_ a.pdf"),
        ("", "docx", "附件.docx"),
        ("...", "docx", "附件.docx"),
        ("con.pdf", "pdf", "附件con.pdf"),
        ("\0\x1f<>.pdf", "pdf", "__.pdf"),
        ("长" * 300, "pdf", "长" * 120 + ".pdf"),
    ],
)
def test_a_name_holds_no_path_sign_or_other_ending(said: str, kind: str, kept: str) -> None:
    assert clean_name(said, kind) == kept


def test_a_file_is_kept_once_unreadable_and_given_back_as_it_came(tmp_path: Path, keys: KeyRing) -> None:
    store = Store(tmp_path, keys)
    digest = store.put(a.PDF)
    assert digest == hashlib.sha256(a.PDF).digest()
    assert store.put(a.PDF) == digest
    assert [d for d, _place in store.names()] == [digest]
    lying = store.path(digest).read_bytes()
    assert b"PDF" not in lying
    assert store.path(digest).stat().st_mode & 0o077 == 0
    assert store.get(digest) == a.PDF
    assert not list(tmp_path.rglob(".new-*"))


def test_a_file_that_was_changed_swapped_or_taken_away_is_never_shown_and_heals_when_it_comes_again(
    tmp_path: Path, keys: KeyRing
) -> None:
    store = Store(tmp_path, keys)
    one, other = store.put(a.PDF), store.put(a.PNG)
    place = store.path(one)
    for damage in (place.read_bytes()[:-1] + b"\0\0", store.path(other).read_bytes(), b""):
        place.write_bytes(damage)
        with pytest.raises(FileGoneError):
            store.get(one)
    store.put(a.PDF)
    assert store.get(one) == a.PDF
    place.unlink()
    with pytest.raises(FileGoneError):
        store.get(one)


@contextmanager
def scanner(verdict: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A clamd that speaks its protocol and always says the same."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line, line.makefile("rb") as said:
                assert said.read(10) == b"zINSTREAM\0"
                content = b""
                while (length := struct.unpack("!I", said.read(4))[0]) != 0:
                    content += said.read(length)
                seen.append(content)
                line.sendall(verdict)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"tcp://127.0.0.1:{door.getsockname()[1]}", seen
        thread.join()


def test_the_scanner_sees_the_whole_file_and_what_it_finds_is_not_kept(tmp_path: Path, keys: KeyRing) -> None:
    store, large = Store(tmp_path, keys), a.PDF.replace(b"endobj\n", b"endobj\n" + b" " * 200_000, 1)
    with scanner(b"stream: OK\0") as (address, seen):
        taken = take(store, "a.pdf", io.BytesIO(large), address)
    assert seen == [large]
    assert taken.scanned
    assert store.get(taken.digest) == large
    with (
        scanner(b"stream: Eicar-Test-Signature FOUND\0") as (address, _seen),
        pytest.raises(errors.FileRefused) as found,
    ):
        take(store, "b.png", io.BytesIO(a.PNG), address)
    assert found.value.facts == {"reason": "virus", "found": "Eicar-Test-Signature"}
    assert len(list(store.names())) == 1


def test_a_scanner_that_is_gone_or_gives_no_verdict_lets_nothing_through(tmp_path: Path, keys: KeyRing) -> None:
    store = Store(tmp_path / "files", keys)
    with (
        scanner(b"INSTREAM size limit exceeded. ERROR\0") as (address, _seen),
        pytest.raises(errors.FileRefused) as limit,
    ):
        take(store, "a.pdf", io.BytesIO(a.PDF), address)
    with pytest.raises(errors.FileRefused) as gone:
        take(store, "a.pdf", io.BytesIO(a.PDF), f"unix:{tmp_path}/nobody")
    assert limit.value.facts["reason"] == gone.value.facts["reason"] == "scanner_gone"
    with pytest.raises(ScannerGoneError):
        scan("tcp://127.0.0.1:1", a.PDF)
    assert list(store.names()) == []
    assert not take(store, "a.pdf", io.BytesIO(a.PDF)).scanned
