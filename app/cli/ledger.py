"""``flask ledger …``: verify, seal, export, the public key, the nightly job, months of the audit that leave."""

import sys
from pathlib import Path

import click
from sqlalchemy import create_engine, text

from app.cli import nightly, settings
from app.ledger import export as exporting
from app.ledger import seal as sealing

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTPUT = click.Path(dir_okay=False, path_type=Path)


@click.group("ledger")
def ledger_group() -> None:
    """The proofs of the ledger and the audit."""


@ledger_group.command("verify")
@click.option("--seal", "sealed", type=FILE, help="Verify everything, and compare with this seal.")
@click.option("--since", type=FILE, help="Prove this seal's heads and walk only what came after it.")
def verify(sealed: Path | None, since: Path | None) -> None:
    """Walk all chains, replay them against the tables. Exit status: 0 clean, 1 something differs, 2 not a seal."""
    keys, found = settings.key_ring(), None
    if sealed or since:
        try:
            found = sealing.read(since or sealed or Path(), keys)
        except sealing.SealRefused as refusal:
            click.echo(f"封存文件不可用：{refusal}。", err=True)
            sys.exit(2)
        click.echo(f"封存于 {found[0].sealed_at}：{found[0].chains} 条链，{found[0].entries} 条流水。")
    url = settings.owner_url()
    with click.progressbar(length=nightly.chains(url), label="核验台账与审计", file=sys.stderr) as bar:
        run = nightly.verify(url, keys, found, only_since=since is not None, step=bar.update)
    nightly.keep(url, run, nightly.operator())
    _answer(run)


def _answer(run: nightly.Run) -> None:
    for finding in run.findings:
        click.echo(finding.sentence())
    if run.findings:
        click.echo(f"发现 {len(run.findings)} 处不符。", err=True)
        sys.exit(1)
    click.echo("台账、审计与流水一致。" if run.kind == "full" else f"封存以来的 {run.entries} 条流水一致。")


@ledger_group.command("seal")
@click.option("--output", type=OUTPUT, help="Where to write the seal.")
def seal(output: Path | None) -> None:
    """Write the signed root of all chain heads to a file, to be kept elsewhere."""
    file = output or nightly.seal_file()
    engine = create_engine(settings.owner_url())
    with engine.begin() as connection:
        header = sealing.seal(connection, settings.key_ring(), file)
    engine.dispose()
    click.echo(f"已封存 {header.chains} 条链、{header.entries} 条流水：{file}。请另存他处。")


@ledger_group.command("export")
@click.argument("file", type=OUTPUT)
def export(file: Path) -> None:
    """Write every entry of ledger and audit under a seal, for scripts/verify_export.py."""
    engine = create_engine(settings.owner_url())
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        header = exporting.write(connection, settings.key_ring(), file)
    with engine.begin() as connection:
        connection.execute(
            text("SELECT audit_write('ledger.exported', NULL, NULL, :o, NULL, jsonb_build_object('rows',"
                 " cast(:n AS bigint), 'root', cast(:r AS text)))"),
            {"o": nightly.operator(), "n": header.entries, "r": header.root},
        )  # fmt: skip
    engine.dispose()
    click.echo(f"已导出 {header.chains} 条链、{header.entries} 条流水：{file}。")


@ledger_group.command("key")
@click.argument("file", type=OUTPUT)
def key(file: Path) -> None:
    """Write the public key that seals and exports are checked with."""
    file.write_bytes(exporting.public_key(settings.key_ring()))
    click.echo(f"公钥：{file}。请与封存文件一同交由他处保管。")


@ledger_group.command("nightly")
def night() -> None:
    """Verify everything now and put the result on record; partitions and the seal as they are due. Exit as verify."""
    import datetime as dt

    url, keys = settings.owner_url(), settings.key_ring()
    nightly.keep_watch(url, keys, dt.datetime.now(dt.UTC), nightly.operator())
    run = nightly.verify_all(url, keys)
    nightly.keep(url, run, nightly.operator())
    _answer(run)


@ledger_group.command("detach-audit")
@click.option("--months", default=36, show_default=True, type=click.IntRange(6, 600), help="Months that are kept.")
@click.option("--directory", required=True, type=click.Path(file_okay=False, path_type=Path), help="For the files.")
@click.option("--drop", is_flag=True, help="Delete the detached table too; the file is then all there is.")
def detach(months: int, directory: Path, drop: bool) -> None:
    """Export months of the audit that are older, then detach them; what they held of each chain stays on record."""
    directory.mkdir(parents=True, exist_ok=True)
    limit = nightly.months_before(months)
    engine = create_engine(settings.owner_url())
    with engine.begin() as connection:
        old = connection.execute(
            text(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                " WHERE i.inhparent = 'audit_event'::regclass AND c.relname ~ '^event_[0-9]{6}$' AND c.relname < :l"
                " ORDER BY 1"
            ),
            {"l": limit},
        ).scalars()
        for partition in old.all():
            connection.execute(text(f'LOCK TABLE audit."{partition}" IN ACCESS EXCLUSIVE MODE'))
            file = directory / f"{partition}.jsonl.gz"
            rows, digest = exporting.write_month(connection, partition, file)
            connection.execute(text("SELECT audit_detach(:p, :h)"), {"p": partition, "h": digest})
            if drop:
                connection.execute(text(f'DROP TABLE audit."kept_{partition}"'))
            click.echo(f"{partition}：{rows} 条，{file}（SHA-256 {digest}）。")
    engine.dispose()
