"""``flask import roster FILE.xlsx``: preview, or with ``--commit`` the entry of every unit without error."""

import sys
from pathlib import Path

import click

from app.cli import settings
from app.exchange.roster import (
    Preview,
    WorkbookRefused,
    check,
    finding_text,
    intake,
    read_workbook,
    refusal_text,
    text,
)

SHOWN = 200


@click.group("import")
def import_group() -> None:
    """Legacy data."""


@import_group.command("roster")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Enter the units without error; without it nothing is written.")
def roster(file: Path, commit: bool) -> None:
    """Check a roster workbook. Exit status: 0 all fine, 1 units are held back, 2 the file cannot be read."""
    with settings.databases() as (database, signin):
        identity = signin.open_service("svc-opening")
        with database.transaction(identity) as session:
            parents = intake.known_parents(session)
        try:
            preview = check(read_workbook(file), known_units=parents)
        except WorkbookRefused as refusal:
            click.echo(refusal_text(refusal), err=True)
            sys.exit(2)
        show(preview)
        if not commit:
            click.echo("以上为预览，没有写入数据。加 --commit 入库。")
            sys.exit(1 if preview.errors else 0)
        outcomes = intake.commit(database, identity, preview, settings.key_ring(), file, parents)
        with click.progressbar(outcomes, length=len(preview.units), label="名册入库", file=sys.stderr) as bar:
            done = list(bar)
    held = 0
    for outcome in done:
        if outcome.unit_id is None:
            held += 1
            click.echo(f"未入库：{outcome.code} {outcome.name}（{outcome.people} 人），原因：")
            for line in outcome.errors[:SHOWN]:
                click.echo(f"  {line}")
    people = sum(o.people for o in done if o.unit_id is not None)
    click.echo(f"已入库 {len(done) - held} 个单位、{people} 人；隔离 {held} 个单位。")
    sys.exit(1 if held or any(not e.unit_code for e in preview.errors) else 0)


def show(preview: Preview) -> None:
    """Units, errors by row and column, and what is accepted but should be looked at."""
    for bundle in preview.units:
        mark = "有误" if bundle.held else "可入库"
        name = bundle.unit.name if bundle.unit else "—"
        click.echo(f"{mark}：{bundle.code} {name}，编制线 {len(bundle.lines)} 条，人员 {len(bundle.people)} 人")
    for error in preview.errors[:SHOWN]:
        click.echo(f"错误：{text(error)}")
    for finding in preview.findings[:SHOWN]:
        click.echo(f"提示：{finding_text(finding)}")
    more = max(0, len(preview.errors) - SHOWN) + max(0, len(preview.findings) - SHOWN)
    if more:
        click.echo(f"另有 {more} 条未列出。")
