"""The child process that prints: bounded in time and memory, without database, keys or network.

Reads one line of JSON (the job and the sizes of the files behind it) and those files from standard input, writes the PDF to
standard output. What strangers uploaded is opened here and nowhere else.
"""

import io
import json
import resource
import struct
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CPU_SECONDS, MEMORY = 40, 3 * 1024**3


def coverage(fonts: list[Path]) -> set[int]:
    """The characters that one of the fonts draws: read from its table ``cmap``, format 12 (OpenType 1.9)."""
    drawn: set[int] = set()
    for file in fonts:
        font = file.read_bytes()
        count = struct.unpack(">H", font[4:6])[0]
        tables = dict(struct.unpack(">4s4xI4x", font[12 + 16 * n : 28 + 16 * n]) for n in range(count))
        begin = tables[b"cmap"]
        for n in range(struct.unpack(">H", font[begin + 2 : begin + 4])[0]):
            place = begin + struct.unpack(">I", font[begin + 8 + 8 * n : begin + 12 + 8 * n])[0]
            form, groups = struct.unpack(">H10xI", font[place : place + 16])
            if form == 12:
                body = font[place + 16 : place + 16 + 12 * groups]
                for first, last, _glyph in struct.iter_unpack(">III", body):
                    drawn.update(range(first, last + 1))
    return drawn


def drawable(value: Any, drawn: set[int]) -> Any:
    """The data with a mark for each character that no font draws, ``〔U+20BB7〕``: a name never loses one unseen."""
    if isinstance(value, str):
        return "".join(letter(c, drawn) for c in unicodedata.normalize("NFC", value))
    if isinstance(value, list):
        return [drawable(v, drawn) for v in value]
    if isinstance(value, dict):
        return {k: v if k == "qr" else drawable(v, drawn) for k, v in value.items()}
    return value


def letter(c: str, drawn: set[int]) -> str:
    """One character, its mark, or nothing for what is no character at all."""
    if ord(c) in drawn or c in "\n ":
        return c
    if unicodedata.category(c) in ("Cc", "Cf"):
        return ""
    return f"〔U+{ord(c):04X}〕"


def typeset(template: str, inputs: dict[str, str], directory: Path, fonts: list[Path]) -> bytes:
    """A template of ours, rendered; it reaches nothing outside ``directory``."""
    import typst

    (directory / template).write_bytes((HERE / "typst" / template).read_bytes())
    made = typst.compile(
        str(directory / template), root=str(directory), font_paths=[str(f.parent) for f in fonts],
        ignore_system_fonts=True, sys_inputs=inputs, package_path=str(directory), package_cache_path=str(directory),
    )  # fmt: skip
    if not isinstance(made, bytes):
        raise TypeError(template)
    return made


def paper(
    data: dict[str, Any], directory: Path, fonts: list[Path], layout: str = "paper", picture: bytes = b""
) -> bytes:
    """One paper; a photo that cannot be drawn leaves its place empty."""
    ending = "png" if picture.startswith(b"\x89PNG") else "jpg"
    if picture:
        (directory / f"photo.{ending}").write_bytes(picture)
    said = drawable(data, coverage(fonts))
    for shown in ([f"photo.{ending}"] if picture else []) + [""]:
        try:
            inputs = {"data": json.dumps(said | {"photo": shown}, ensure_ascii=False)}
            return typeset(f"{layout}.typ", inputs, directory, fonts)
        except RuntimeError:
            if not shown:
                raise
    raise AssertionError


def bundle(
    data: dict[str, Any], files: list[tuple[dict[str, str], bytes]], directory: Path, fonts: list[Path]
) -> bytes:
    """A case file: its front, then the files that can be pages; the front says of each whether it follows."""
    from pypdf import PdfReader, PdfWriter

    pages, rows = PdfWriter(), []
    for number, (about, content) in enumerate(files, start=1):
        rows.append(
            [str(number), about["name"], about["size"], appended(pages, about["kind"], content, directory, fonts)]
        )
    out = PdfWriter()
    out.append(PdfReader(io.BytesIO(paper(data | {"files": rows}, directory, fonts))))
    if pages.pages:
        whole = io.BytesIO()
        pages.write(whole)
        out.append(PdfReader(whole))
    out.compress_identical_objects()
    result = io.BytesIO()
    out.write(result)
    return result.getvalue()


def appended(pages: Any, kind: str, content: bytes, directory: Path, fonts: list[Path]) -> str:
    """Put a file's pages behind the others; what became of it, in words."""
    from pypdf import PdfReader, PdfWriter

    if kind not in ("pdf", "jpeg", "png"):
        return "未合并，见电子附件"
    try:
        if kind != "pdf":
            ending = "jpg" if kind == "jpeg" else "png"
            (directory / f"picture.{ending}").write_bytes(content)
            content = typeset("picture.typ", {"ending": ending}, directory, fonts)
        alone = PdfWriter()
        alone.append(PdfReader(io.BytesIO(content)), import_outline=False)
        for page in alone.pages:  # forms, links and scripts stay in the file itself
            page.pop("/Annots", None)
            page.pop("/AA", None)
        count = len(alone.pages)
        checked = io.BytesIO()
        alone.write(checked)
        pages.append(PdfReader(checked), import_outline=False)
    except Exception:
        return "无法合并，见电子附件"
    return f"附后，{count} 页"


def main() -> None:
    """Do one job."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = json.loads(sys.stdin.buffer.readline())
    fonts = sorted((HERE / "fonts").glob("*.ttf")) + [
        f for d in job["fonts"] for f in sorted(Path(d).glob("*.[ot]tf")) if Path(d).is_dir()
    ]
    files = [(about, sys.stdin.buffer.read(int(about["bytes"]))) for about in job["files"]]
    with tempfile.TemporaryDirectory(prefix="paper-") as made:
        directory = Path(made)
        if job["bundle"]:
            pdf = bundle(job["data"], files, directory, fonts)
        else:
            pdf = paper(job["data"], directory, fonts, job["layout"], files[0][1] if files else b"")
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
