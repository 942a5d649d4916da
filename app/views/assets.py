"""样式、脚本和页面: sent compressed; styles and scripts are kept by the browser until they change."""

import gzip
import hashlib
import secrets
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

YEAR = 365 * 24 * 3600
TEXTS = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
SMALL, NOISE = 1000, 128


@cache
def _version(path: str, _changed: float) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


@cache
def _packed(path: str, _changed: float) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)


def packed_page(page: bytes) -> bytes:
    """A page compressed, of a length that tells nothing.

    A page holds a form's token beside what a reader typed; whoever could make a browser ask often and see the lengths
    might guess the token (BREACH). So a file name of random length, which every reader skips (RFC 1952, FNAME),
    stands in the header; and a cookie that is ``SameSite`` is not sent with another site's requests at all.
    """
    name = b"p" * (1 + secrets.randbelow(NOISE))
    body = zlib.compressobj(5, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = b"\x1f\x8b\x08\x08" + bytes(4) + b"\x00\xff" + name + b"\x00"
    return head + body.compress(page) + body.flush() + struct.pack("<II", zlib.crc32(page), len(page) & 0xFFFFFFFF)


def pack_page(response: Response) -> Response:
    """Compress what a person reads, where the browser takes it."""
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    page = response.get_data()
    if len(page) > SMALL and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(packed_page(page))
        response.headers["Content-Encoding"] = "gzip"
    return response


class PagesAlone(SecureCookieSessionInterface):
    """The session's cookie goes with pages; a style is the same for everybody.

    With ``Vary: Cookie`` a browser would ask for all of them again after each sign-in.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """As Flask does, but for static files."""
        if request.endpoint != "static":
            super().save_session(app, session, response)


def install_assets(app: Flask) -> None:
    """Addresses of static files carry their content's hash; with it a browser asks once a version."""
    app.session_interface = PagesAlone()
    app.after_request(pack_page)
    root = Path(app.static_folder or "").resolve()

    found: dict[str, Path] = {}  # a page names some thirty; only files that are there are kept

    def file_of(name: str) -> Path | None:
        if name not in found:
            path = (root / name).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                return None
            found[name] = path
        return found[name] if found[name].is_file() else None

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        path = file_of(str(values.get("filename", ""))) if endpoint == "static" else None
        if path is not None:
            values.setdefault("v", _version(str(path), path.stat().st_mtime))

    @app.after_request
    def pack(response: Response) -> Response:
        if request.endpoint != "static" or response.status_code not in (200, 304):
            return response
        path = file_of((request.view_args or {}).get("filename", ""))
        if path is None:
            return response
        if request.args.get("v") == _version(str(path), path.stat().st_mtime):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        if response.status_code == 200 and response.mimetype in TEXTS:
            response.headers.add("Vary", "Accept-Encoding")
            if "gzip" in request.headers.get("Accept-Encoding", "") and "Range" not in request.headers:
                response.direct_passthrough = False
                response.set_data(_packed(str(path), path.stat().st_mtime))
                response.headers["Content-Encoding"] = "gzip"
        return response
