"""``flask files``: whether every attachment and issued paper lies where it should, and what nothing points to any more."""

import json
import sys
import time
from typing import Any

import click
from sqlalchemy import create_engine, text

from app.cli import settings
from app.domain.crypto import KeyRing
from app.exchange.attachments import FileGoneError, Store
from app.reports import signed

NEEDED = text(
    "SELECT sha256 AS hash, 'attachment' AS what, id FROM attachment WHERE state = 'kept'"
    " UNION ALL SELECT file_hash, 'issued_paper', id FROM issued_paper WHERE file_hash IS NOT NULL"
)
PAPERS = text("SELECT id, kind, number, content, content_hash, signature FROM issued_paper ORDER BY id")
# What an upload has put down may not have its row yet.
A_DAY = 24 * 3600


def _store() -> Store:
    return Store(settings.files_directory(), settings.key_ring())


@click.group("files")
def files_group() -> None:
    """Attachments and issued papers on disk."""


def unlike(row: Any, keys: KeyRing) -> bool:
    """Whether an issued paper is no longer what was signed: its content, its hash or its signature was changed by hand."""
    digest = signed.content_hash(row.content)
    if digest != bytes(row.content_hash):
        return True
    try:
        signed.read(
            signed.code(signed.line_of(json.loads(row.content), digest), bytes(row.signature)), keys.seal_public
        )
    except ValueError:
        return True
    return False


@files_group.command("check")
def check() -> None:
    """Read every file that a row names, prove every issued paper; exit status 1 names what is gone or changed."""
    store, good, bad = _store(), 0, 0
    with create_engine(settings.owner_url()).connect() as connection:
        for row in connection.execute(PAPERS, execution_options={"stream_results": True}):
            if unlike(row, settings.key_ring()):
                bad += 1
                click.echo(f"与签名不符：issued_paper {row.id}（{row.kind} {row.number}）")
        for row in connection.execute(NEEDED, execution_options={"stream_results": True}):
            try:
                store.get(bytes(row.hash))
                good += 1
            except FileGoneError:
                bad += 1
                click.echo(f"缺失或损坏：{row.what} {row.id}，{bytes(row.hash).hex()}")
    click.echo(f"文件 {good} 个完好，发现问题 {bad} 处。")
    sys.exit(1 if bad else 0)


@files_group.command("sweep")
def sweep() -> None:
    """Delete files that no row needs: attachments that were removed, papers whose issue was broken off."""
    with create_engine(settings.owner_url()).connect() as connection:
        needed = {bytes(row.hash) for row in connection.execute(NEEDED)}
    gone = 0
    for digest, place in _store().names():
        if digest not in needed and place.stat().st_mtime < time.time() - A_DAY:
            place.unlink()
            gone += 1
    click.echo(f"已删除 {gone} 个无人引用的文件。")
