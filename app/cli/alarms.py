"""``flask alarms``: run the rules, and write down what they say."""

from pathlib import Path

import click
from flask import current_app

from app.alarms import engine
from app.alarms.registry import rules
from app.cli import settings
from app.domain.workdays import city_today

ROOT = Path(__file__).resolve().parents[2]


@click.group("alarms")
def alarms_group() -> None:
    """The rules that are looked for."""


@alarms_group.command("run")
@click.option("--full", is_flag=True, help="All units, not only those that movements touched.")
def run(full: bool) -> None:
    """Walk the rules now; says what each found, and which were not run for want of data."""
    owner = settings.owner_url()
    if full:
        total = sum(1 for r in rules().values() if r.select)
        with click.progressbar(length=total, label="报警检查") as bar:
            outcome = engine.sweep(owner, "full", city_today(), step=lambda _code: bar.update(1))
    else:
        some = engine.touched(owner, city_today())
        if some is None:
            click.echo("没有待查单位。")
            return
        outcome = some
    for code, (found, raised, cleared) in sorted(outcome.counts.items()):
        if full or raised or cleared:
            click.echo(f"{code} {rules()[code].name}：现有 {found}，新增 {raised}，消除 {cleared}")
    for code, lacks in sorted(outcome.not_run.items()):
        where = "；".join(f"{x.region} {x.source} {f'止于 {x.last}（过期）' if x.last else '缺数据'}" for x in lacks)
        click.echo(f"{code} {rules()[code].name}：未运行（{where}）")
    if outcome.failed:
        raise click.ClickException("；".join(f"{code}: {why}" for code, why in sorted(outcome.failed.items())))


@alarms_group.command("docs")
def docs() -> None:
    """Write docs/alarms.md from the registry."""
    path = ROOT / "docs" / "alarms.md"
    path.write_text(current_app.extensions["alarm_docs"](current_app), encoding="utf-8")
    click.echo(str(path.relative_to(ROOT)))
