"""``flask files``: whether every attachment and issued paper lies where it should, and what nothing points to any more."""

import sys
import time

import click
from sqlalchemy import create_engine, text

from app.cli import settings
from app.exchange.attachments import FileGoneError, Store

NEEDED = text(
    "SELECT sha256 AS hash, 'attachment' AS what, id FROM attachment WHERE state = 'kept'"
    " UNION ALL SELECT file_hash, 'issued_paper', id FROM issued_paper WHERE file_hash IS NOT NULL"
)
# What an upload has put down may not have its row yet.
A_DAY = 24 * 3600


def _store() -> Store:
    return Store(settings.files_directory(), settings.key_ring())


@click.group("files")
def files_group() -> None:
    """Attachments and issued papers on disk."""


@files_group.command("check")
def check() -> None:
    """Read every file that a row names; exit status 1 names what is gone or changed."""
    store, good, bad = _store(), 0, 0
    with create_engine(settings.owner_url()).connect() as connection:
        for row in connection.execution_options(stream_results=True).execute(NEEDED):
            try:
                store.get(bytes(row.hash))
                good += 1
            except FileGoneError:
                bad += 1
                click.echo(f"缺失或损坏：{row.what} {row.id}，{bytes(row.hash).hex()}")
    click.echo(f"文件 {good} 个完好，{bad} 个缺失或损坏。")
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
