"""A paper says what it was given and nothing that was typed becomes a command; its code proves it without the system."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pypdf import PdfReader

from app.domain import errors
from app.domain.crypto import KeyRing
from app.reports import render, signed
from app.reports.content import TITLES
from tests.exchange.attachments import samples

ROOT = Path(__file__).resolve().parents[2]
TYPED = '张#read("/etc/passwd") $x^2$ *粗* "引号" \\ <b> @a {#sys} [#eval("1+1")] //注'
PAPER: dict[str, Any] = {
    "format": 1, "kind": "entry_notice", "title": TITLES["entry_notice"], "number": "〔2026〕12号", "office": "某市委编办",
    "case": "LY2026-000001", "day": "2026-11-25", "date": "2026年11月25日", "unit": "某市某局", "person": "㐂𠮷",
    "footer": "入编通知单", "to": "某市某局", "body": ["自2026年11月25日起入编。"], "rows": [["姓名", "㐂𠮷"]],
}  # fmt: skip


def words(pdf: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


def packed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def printed() -> bytes:
    return render.pdf({**PAPER, "rows": [["姓名", "㐂𠮷"], ["说明", TYPED]]}, code="BZ1|x")


def test_a_paper_holds_all_its_words_on_a4_in_its_own_font(printed: bytes) -> None:
    said = words(printed)
    for text in (
        "入编通知单",
        "〔2026〕12号",
        "某市委编办",
        "LY2026-000001",
        "自2026年11月25日起入编。",
        "2026年11月25日",
    ):
        assert text in said
    reader = PdfReader(io.BytesIO(printed))
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)
    fonts = [f.get_object() for f in reader.pages[0]["/Resources"]["/Font"].values()]
    assert all("NotoSerifSC" in str(f["/BaseFont"]) for f in fonts)


def test_nothing_that_was_typed_is_a_command_of_the_typesetter(printed: bytes) -> None:
    said = words(printed)
    assert packed(TYPED) in said
    assert "root:" not in said


def test_a_character_that_no_font_draws_is_shown_by_its_code_and_a_rare_one_by_itself(printed: bytes) -> None:
    said = words(printed)
    assert "㐂〔U+20BB7〕" in said
    assert "𠮷" not in said


def test_printed_again_it_is_the_same_byte_for_byte_and_once_void_it_says_so() -> None:
    again = render.pdf(PAPER, code="BZ1|x")
    assert again == render.pdf(PAPER, code="BZ1|x")
    void = words(render.pdf(PAPER, code="BZ1|x", void="2026年11月26日：业务终结"))
    assert "作废" in void
    assert "业务终结" in void
    assert "作废" not in words(again)


def test_a_case_file_holds_what_can_be_pages_and_names_what_cannot() -> None:
    broken = b"%PDF-1.4\n" + b"\0" * 500 + b"startxref\n0\n%%EOF"
    files = [
        render.Enclosure("学历.pdf", "pdf", "1 KB", samples.PDF),
        render.Enclosure("身份证.png", "png", "1 KB", samples.PNG),
        render.Enclosure("照片.jpg", "jpeg", "1 KB", samples.JPEG),
        render.Enclosure("坏.pdf", "pdf", "1 KB", broken),
        render.Enclosure("坏.png", "png", "1 KB", samples.PNG[:40]),
        render.Enclosure("表.docx", "docx", "1 KB", samples.DOCX),
    ]
    pdf = render.pdf(PAPER, enclosures=files)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1 + 3
    said = words(pdf)
    assert said.count("附后，1页") == 3
    assert said.count("无法合并，见电子附件") == 2
    assert said.count("未合并，见电子附件") == 1
    assert all(f.name in said for f in files)


def test_scripts_and_links_of_an_enclosed_file_stay_out_of_the_case_file() -> None:
    active = samples.PDF.replace(
        b"/MediaBox[0 0 200 200]",
        b"/MediaBox[0 0 200 200]/AA<</O<</S/JavaScript/JS(app.alert(1))>>>>"
        b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://x.example)>>>>]",
    ).replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(2))>>")
    pdf = render.pdf(PAPER, enclosures=[render.Enclosure("a.pdf", "pdf", "1 KB", active)])
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 2
    assert b"JavaScript" not in pdf
    assert b"x.example" not in pdf


def test_typesetting_ends_in_time_or_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "SECONDS", 0.001)
    with pytest.raises(errors.PaperNotMade) as late:
        render.pdf(PAPER)
    assert late.value.facts["reason"] == "late"


def coded(keys: KeyRing) -> str:
    digest = signed.content_hash(signed.canonical(PAPER))
    line = signed.line_of(PAPER, digest)
    return signed.code(line, signed.sign(line, keys))


def test_the_code_is_read_as_it_was_signed_and_shows_no_whole_name(keys: KeyRing) -> None:
    said = coded(keys)
    for way in (said, f" {said}\r\n", said[:40] + "\r\n" + said[40:]):
        line = signed.read(way, keys.seal_public)
        assert (line.kind, line.number, line.unit, line.person) == ("入编通知单", "〔2026〕12号", "某市某局", "㐂*")
        assert signed.unpadded(line.hash) == signed.content_hash(signed.canonical(PAPER))
    assert "𠮷" not in said


def test_a_separator_in_a_field_shifts_nothing(keys: KeyRing) -> None:
    line = signed.line_of({**PAPER, "unit": "某局|假\n局"}, b"\0" * 32)
    assert signed.read(signed.code(line, signed.sign(line, keys)), keys.seal_public).unit == "某局｜假 局"


def test_whatever_is_changed_in_a_code_it_is_no_longer_ours(keys: KeyRing, tmp_path: Path) -> None:
    said = coded(keys)
    parts = said.split("|")
    forged = ["|".join([*parts[:n], parts[n] + "1", *parts[n + 1 :]]) for n in range(1, len(parts))]
    for text in ("", "BZ1", "x" * 5000, said.replace("BZ1", "BZ2"), said[:-4], "|".join(parts[:-1]), *forged):
        with pytest.raises(signed.NotAPaper):
            signed.read(text, keys.seal_public)
    with pytest.raises(signed.NotAPaper):
        signed.read(said, KeyRing.load(tmp_path).seal_public)


def test_the_script_proves_a_code_with_the_public_key_alone(keys: KeyRing, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(keys.seal_public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    script = str(ROOT / "scripts" / "verify_paper.py")

    def run(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, script, str(key)], input=text, capture_output=True, text=True, check=False
        )

    good = run(coded(keys) + "\n")
    assert good.returncode == 0
    assert "〔2026〕12号" in good.stdout
    assert run(coded(keys).replace("某市某局", "别局")).returncode == 1
    assert run("别的文字").returncode == 2
