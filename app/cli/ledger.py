"""``flask ledger verify`` and ``flask ledger seal``."""

import datetime as dt
import sys
from pathlib import Path

import click
from sqlalchemy import create_engine

from app.cli import settings
from app.ledger import seal as sealing
from app.ledger.finding import Finding
from app.ledger.verify import Verifier


@click.group("ledger")
def ledger_group() -> None:
    """The proofs of the ledger."""


@ledger_group.command("verify")
@click.option("--seal", "sealed", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Compare too.")
def verify(sealed: Path | None) -> None:
    """Walk all chains, replay them against the tables. Exit status: 0 clean, 1 something differs, 2 not a seal."""
    keys = settings.key_ring()
    engine = create_engine(settings.owner_url())
    found: list[Finding] = []
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        verifier = Verifier(connection, keys)
        with click.progressbar(length=verifier.chains(), label="核验台账", file=sys.stderr) as bar:
            verifier.step = bar.update
            found += verifier.findings()
        found += sealing.recorded(connection, keys)
        if sealed is not None:
            try:
                header, heads = sealing.read(sealed, keys)
            except sealing.SealRefused as refusal:
                click.echo(f"封存文件不可用：{refusal}。", err=True)
                sys.exit(2)
            with click.progressbar(length=len(heads), label="对照封存", file=sys.stderr) as bar:
                found += sealing.compare(connection, heads, bar.update)
            click.echo(f"封存于 {header.sealed_at}：{header.chains} 条链，{header.entries} 条流水。")
    for finding in found:
        click.echo(finding.sentence())
    if found:
        click.echo(f"发现 {len(found)} 处不符。", err=True)
        sys.exit(1)
    click.echo("台账与流水一致。")


@ledger_group.command("seal")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the seal.")
def seal(output: Path | None) -> None:
    """Write the signed root of all chain heads to a file, to be kept elsewhere."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    file = output or settings.var() / "seals" / f"{stamp}.seal.gz"
    engine = create_engine(settings.owner_url())
    with engine.begin() as connection:
        header = sealing.seal(connection, settings.key_ring(), file)
    click.echo(f"已封存 {header.chains} 条链、{header.entries} 条流水：{file}。请另存他处。")
