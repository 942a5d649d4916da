"""打印: a paper's content as PDF, made in a process of its own (app/reports/child.py) with an end to its time."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import segno

from app.domain import errors

ROOT = Path(__file__).resolve().parents[2]
SECONDS, WAIT = 45, 20
# A typesetting takes a processor for a moment: two at a time in a worker, the other threads serve on.
_turns = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes behind a case file's front."""

    name: str
    kind: str
    size: str
    content: bytes


def qr(text: str) -> str:
    """A QR code as SVG; level M survives a stamp on its corner."""
    out = BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", border=1, svgns=True, xmldecl=True)
    return out.getvalue().decode()


def pdf(
    content: Mapping[str, Any],
    *,
    code: str = "",
    void: str | None = None,
    enclosures: Sequence[Enclosure] | None = None,
    fonts: Sequence[str] = (),
    layout: str = "paper",
    picture: bytes | None = None,
) -> bytes:
    """The paper, or with ``enclosures`` (even none) the case file; ``layout`` names its template, ``picture`` is a photo in it.

    ``void`` is the sentence of the 作废 mark; ``fonts`` are directories of the installation's own further fonts.

    Raises:
        PaperNotMade: too many are being made, or it took too long.
    """
    data = {**content, "void": void, "code": code, "qr": qr(code) if code else ""}
    files = list(enclosures or ())
    if picture is not None:
        files.append(Enclosure("picture", "", "", picture))
    job = {
        "layout": layout,
        "bundle": enclosures is not None,
        "data": data,
        "fonts": list(fonts),
        "files": [{"name": f.name, "kind": f.kind, "size": f.size, "bytes": len(f.content)} for f in files],
    }
    said = json.dumps(job, ensure_ascii=False).encode() + b"\n" + b"".join(f.content for f in files)
    if not _turns.acquire(timeout=WAIT):
        raise errors.PaperNotMade(reason="busy")
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell, nothing typed among its arguments
            [sys.executable, "-I", str(Path(__file__).with_name("child.py"))],
            input=said, capture_output=True, timeout=SECONDS, check=False, cwd=ROOT, env={"LANG": "C.UTF-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise errors.PaperNotMade(reason="late") from late
    finally:
        _turns.release()
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise errors.PaperNotMade(reason=done.stderr.decode(errors="replace")[-300:])
    return done.stdout
