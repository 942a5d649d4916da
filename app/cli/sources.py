"""``flask sources load FILE``: a list of another office that is larger than a page takes."""

import datetime as dt
import sys
from pathlib import Path

import click

from app.cli import settings
from app.domain.sources import KINDS
from app.exchange.roster import WorkbookRefused, refusal_text
from app.exchange.sources import Checked, Flawed, check, enter, read, units_of

SHOWN = 200


@click.group("sources")
def sources_group() -> None:
    """Lists of other offices: payroll, social insurance, attendance, deaths …"""


@sources_group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(sorted(KINDS)), required=True)
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="2026-11")
@click.option("--region", required=True, help="440600: the region whose office keeps the list.")
@click.option("--column", "columns", multiple=True, help="HEADER=field, or HEADER= for a column that is not used.")
def load(file: Path, kind: str, month: dt.datetime, region: str, columns: tuple[str, ...]) -> None:
    """Check a list and enter it whole. Exit status: 0 entered, 1 refused with its errors, 2 the file cannot be read."""
    saved = {header: field for header, _sign, field in (c.partition("=") for c in columns)}
    content = file.read_bytes()
    with settings.databases() as (database, signin):
        identity = signin.open_service("svc-opening")
        with database.transaction(identity) as session:
            units = units_of(session)
        try:
            checked = check(
                read(file.name, content), KINDS[kind], month.date(), saved=saved, units=units, keys=settings.key_ring()
            )
        except WorkbookRefused as refusal:
            click.echo(refusal_text(refusal), err=True)
            sys.exit(2)
        except Flawed as broken:
            checked = Checked([], {})
            checked.wrong(broken.flaw)
        if checked.flaws:
            for flaw in checked.flaws[:SHOWN]:
                click.echo(f"第 {flaw.row} 行 {flaw.column}：{flaw.code} {flaw.found}", err=True)
            if checked.more:
                click.echo(f"另有 {checked.more} 处。", err=True)
            sys.exit(1)
        with database.transaction(identity) as session:
            batch = enter(session, KINDS[kind], month.date(), (file.name, content), checked, None, region)
    click.echo(f"已导入 {len(checked.records)} 行，批次 {batch}。")
