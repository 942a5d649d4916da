"""``flask keys``: make, rotate and retire the keys of identity numbers."""

import sys
from pathlib import Path

import click
from sqlalchemy import create_engine

from app.cli import settings
from app.domain import crypto
from app.domain.crypto import KeyRing
from app.ledger import rekey

PURPOSES = click.Choice(sorted(crypto.SIZES))
# What is written under the others never changes: their former keys stay for good.
KEPT_IN_ROWS = ("id", "index")
ROTATED = click.Choice(KEPT_IN_ROWS)


def _fail(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)


@click.group("keys")
def keys_group() -> None:
    """The keys: ``id`` encrypts numbers, ``index`` finds them, ``commit`` proves, ``file`` encrypts files."""


@keys_group.command("list")
def list_keys() -> None:
    """Each key's versions, which one writes, and what still waits for it."""
    directory, ring = settings.key_directory(), settings.key_ring()
    writing = {"id": max(ring.ids), "index": ring.index_version, "commit": max(ring.commits), "file": max(ring.files)}
    engine = create_engine(settings.owner_url())
    for purpose in sorted(crypto.SIZES):
        held = ", ".join(str(v) for v in crypto.versions(directory, purpose))
        rest = ""
        if purpose in KEPT_IN_ROWS:
            with engine.connect() as connection:
                rest = f"，尚有 {rekey.waiting(connection, purpose, writing[purpose])} 条用其他版本"
        click.echo(f"{purpose}：版本 {held}，现用 {writing[purpose]}{rest}")


@keys_group.command("new")
@click.argument("purpose", type=PURPOSES)
def new(purpose: str) -> None:
    """Make the next version of a key. Encryption and commitments use it after the service is restarted."""
    version = crypto.new_key(settings.key_directory(), purpose)
    click.echo(f"已生成 {purpose}-{version}.key。请先另行备份，再重启服务。")
    if purpose in KEPT_IN_ROWS:
        click.echo(f"然后执行 flask keys rotate {purpose}。")


@keys_group.command("rotate")
@click.argument("purpose", type=ROTATED)
def rotate(purpose: str) -> None:
    """Move what is stored to the newest key. May be stopped at any moment and called again."""
    directory = settings.key_directory()
    ring = KeyRing.load(directory)
    version = max(ring.ids if purpose == "id" else ring.indexes)
    engine = create_engine(settings.owner_url())
    with engine.connect() as connection:
        rest = rekey.waiting(connection, purpose, version)
    with click.progressbar(length=rest, label=f"更换 {purpose} 密钥", file=sys.stderr) as bar:
        done = 1
        while done:
            with engine.begin() as connection:
                if purpose == "id":
                    done = rekey.encrypt_batch(connection, ring)
                else:
                    done = rekey.index_batch(connection, ring, version)
            bar.update(done)
    if purpose == "index":
        (directory / crypto.ACTIVE_INDEX).write_text(str(version))
        click.echo(f"全部检索码已换到版本 {version}。请停止并重新启动服务（不要滚动重启），然后再执行一次本命令。")
    click.echo(f"完成。旧版本不再需要时执行 flask keys retire {purpose} 版本号。")


@keys_group.command("retire")
@click.argument("purpose", type=PURPOSES)
@click.argument("version", type=int)
def retire(purpose: str, version: int) -> None:
    """Put a former key out of use, once nothing stored needs it; the file is renamed, to be destroyed by the keeper."""
    directory = settings.key_directory()
    ring = KeyRing.load(directory)
    held = crypto.versions(directory, purpose)
    if version not in held:
        _fail(f"没有 {purpose} 的版本 {version}。现有：{', '.join(map(str, held))}。")
    if purpose == "commit":
        _fail("承诺密钥不能退出：台账中的历史流水永远要用它核验。新流水已用最新版本。")
    if purpose == "file":
        _fail("文件密钥不能退出：已存的附件和文书仍用它解密。新文件已用最新版本。")
    writing = max(ring.ids) if purpose == "id" else ring.index_version
    if version == writing:
        _fail(f"版本 {version} 正在使用。请先 flask keys new {purpose}、flask keys rotate {purpose}。")
    engine = create_engine(settings.owner_url())
    with engine.begin() as connection:
        rest = rekey.waiting(connection, purpose, writing)
        if rest:
            _fail(f"还有 {rest} 条用旧版本。请先执行 flask keys rotate {purpose}。")
        if purpose == "index":
            rekey.forget_aliases(connection, version)
    file: Path = held[version]
    file.rename(file.with_suffix(".key.retired"))
    click.echo(f"{file.name} 已改名为 {file.stem}.key.retired，服务重启后不再读取。确认备份策略后请销毁。")
