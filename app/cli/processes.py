"""``flask processes``: what the definitions say, checked and written down."""

from pathlib import Path

import click
from flask import current_app

from app.workflow import validation

ROOT = Path(__file__).resolve().parents[2]


@click.group("processes")
def processes_group() -> None:
    """The definitions of businesses."""


@processes_group.command("check")
def check() -> None:
    """Say every fault of the shipped definitions, with file and line."""
    try:
        click.echo(f"{len(validation.load())} 份流程定义，没有错误。")
    except validation.DefinitionsRefused as error:
        raise click.ClickException(str(error)) from error


@processes_group.command("docs")
def docs() -> None:
    """Write docs/businesses.md and docs/workflow.md from the definitions and the table of states."""
    for path in current_app.extensions["process_docs"](current_app, ROOT / "docs"):
        click.echo(str(path.relative_to(ROOT)))
