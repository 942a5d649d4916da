"""译文: English msgids in the code, Chinese in ``translations``; nothing shown may lack its Chinese."""

import io
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = "zh_Hans"
FILE = ROOT / "translations" / LOCALE / "LC_MESSAGES" / "messages.po"
KEYWORDS: dict[str, tuple[int | tuple[int, int] | tuple[int, str], ...] | None] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}


def extracted() -> Catalog:
    """Every msgid that the code and the templates show."""
    mapping, options = parse_mapping_cfg(io.StringIO((ROOT / "babel.cfg").read_text(encoding="utf-8")))
    found = Catalog(project="Bianzhi", charset="utf-8", fuzzy=False)
    for name, _line, message, comments, context in extract_from_dir(
        ROOT, method_map=mapping, options_map=options, keywords=KEYWORDS, directory_filter=_ours
    ):
        # Places are files, not lines: an edit above a text must not change the catalogue.
        found.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return found


def _ours(directory: str) -> bool:
    path = Path(directory)
    return path == ROOT or "app" in path.relative_to(ROOT).parts[:1]


def catalogue() -> Catalog:
    """The Chinese catalogue as it stands."""
    if not FILE.exists():
        return Catalog(locale=LOCALE, charset="utf-8", fuzzy=False)
    with FILE.open("rb") as file:
        return read_po(file, locale=LOCALE)


def problems() -> list[str]:
    """Texts without Chinese, texts no longer used, placeholders that differ."""
    have, want = catalogue(), extracted()
    out = []
    for message in want:
        if not message.id:
            continue
        known = have.get(message.id, message.context)
        if known is None or not _text(known):
            out.append(f"无译文：{message.id!r}")
        elif known.fuzzy:
            out.append(f"译文待定：{message.id!r}")
        else:
            out += [f"占位符不一致：{message.id!r}：{error}" for error in known.check(have)]
    out += [f"不再使用：{m.id!r}" for m in have if m.id and want.get(m.id, m.context) is None]
    return out


def _text(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (list, tuple)) else bool(message.string)


def compile_all() -> None:
    """Write the binary catalogue where it is older than its source."""
    target = FILE.with_suffix(".mo")
    if FILE.exists() and (not target.exists() or target.stat().st_mtime < FILE.stat().st_mtime):
        with target.open("wb") as file:
            write_mo(file, catalogue())


@click.group("catalogue")
def catalogue_group() -> None:
    """The translations."""


@catalogue_group.command("check")
def check_command() -> None:
    """Fail when a text lacks its Chinese."""
    found = problems()
    for line in found:
        click.echo(line)
    if found:
        raise click.ClickException(f"{len(found)} 处译文问题；运行 flask catalogue update 后补全。")
    click.echo("译文完整。")


@catalogue_group.command("update")
def update_command() -> None:
    """Bring new texts into the catalogue and drop the unused."""
    have = catalogue()
    have.update(extracted(), no_fuzzy_matching=True)
    have.obsolete.clear()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("wb") as file:
        write_po(file, have, width=120, omit_header=False, sort_output=True, include_lineno=False)
    compile_all()
    click.echo(f"待译 {sum(1 for m in have if m.id and not _text(m))} 条。")
