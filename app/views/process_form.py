"""流程设计的表单: a definition as rows of inputs, and back; what a section holds is declared once.

Names of inputs are paths (``stages-0-tasks-1-title``); every post carries the whole definition, so that no script is
needed to add, move or take away a row.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml
from flask_babel import lazy_gettext as _l

PATH = re.compile(r"[a-z_]+(?:-(?:\d{1,2}|[a-z_]+)){0,4}\Z")
MOST_ROWS = 40

Definition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One input: ``kind`` is text, area, lines, number, tick, params, or the name of a list of choices."""

    name: str
    label: Any
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind; ``single`` where a row is one value."""

    key: str
    label: Any
    help: Any
    columns: tuple[Column, ...]
    single: bool = False


GENERAL = (
    Column("title", _l("Name of the business")),
    Column("family", _l("Group"), "families"),
    Column("codes", _l("Codes of the catalogue, by comma"), "codes"),
    Column("prefix", _l("Letters of the case number (two)")),
    Column("applicant", _l("Who applies"), "applicants"),
    Column("effect", _l("Takes effect"), "effects"),
    Column("guide", _l("Guide"), "area"),
    Column("who", _l("Who may apply, and when"), "area"),
    Column("basis", _l("Legal basis, one a line"), "lines"),
    Column("days-statutory", _l("Statutory working days"), "number"),
    Column("days-promised", _l("Promised working days"), "number"),
    Column("arrival_days", _l("Days until arrival is confirmed"), "number"),
    Column("result", _l("What the applicant is told at the end"), "area"),
)
SECTIONS = (
    Section("fields", _l("Fields of the form"), None, (Column("", _l("Field"), "fields"),), single=True),
    Section(
        "papers",
        _l("Papers to bring"),
        None,
        (
            Column("name", _l("Paper")),
            Column("copies", _l("Copies"), "number"),
            Column("upload", _l("Upload asked"), "tick"),
            Column("original", _l("Original to be shown"), "tick"),
        ),
    ),
    Section(
        "checks",
        _l("Checks"),
        _l("“Stop” refuses submission and approval; “warn” is shown to the offices."),
        (
            Column("code", _l("Check"), "checks"),
            Column("level", _l("Effect"), "levels"),
            Column("article", _l("Article")),
            Column("params", _l("Parameters, as most: 35"), "params"),
        ),
    ),
    Section(
        "requirements",
        _l("Approvals required"),
        _l("The ledger itself refuses the movement without these approvals, whatever the stages say."),
        (
            Column("movement", _l("Ledger movement"), "movements"),
            Column("role", _l("Office"), "roles"),
            Column("people", _l("Officials"), "number"),
        ),
    ),
    Section(
        "after",
        _l("After the effect, to be acknowledged"),
        None,
        (Column("role", _l("Office"), "roles"), Column("title", _l("What for")), Column("days", _l("Days"), "number")),
    ),
    Section("outputs", _l("Papers that are issued"), None, (Column("", _l("Paper"), "outputs"),), single=True),
)
STAGE = (
    Column("name", _l("Name of the stage")),
    Column("when", _l("Only when")),
    Column("quorum", _l("Approvals that suffice (empty: all)"), "number"),
)
TASK = (
    Column("code", _l("Name in letters")),
    Column("role", _l("Office"), "roles"),
    Column("title", _l("What it answers for")),
    Column("days", _l("Days"), "number"),
    Column("on_approve", _l("At approval"), "on_approve"),
    Column("when", _l("Only when")),
    Column("countersign", _l("The head countersigns"), "tick"),
)
NUMBER = re.compile(r"-?\d{1,6}\Z")


def shown(value: Any, kind: str) -> str:
    """A value of a definition as its input shows it."""
    if value is None or value is False:
        return ""
    if kind == "lines":
        return "\n".join(value)
    if kind == "codes":
        return ", ".join(value)
    if kind == "params":
        if not isinstance(value, dict):
            return str(value)
        return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).strip()[1:-1]
    return "1" if value is True else str(value)


def _value(text: str, kind: str) -> Any:
    text = text.replace("\r\n", "\n").strip()
    if kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if kind == "codes":
        return [code.strip() for code in re.split("[,，、 ]", text) if code.strip()]
    if kind == "params":
        return _params(text)
    if kind == "tick":
        return bool(text)
    # What is no number stays as typed: the check says so beside it, and nothing typed is lost.
    return _scalar(text) if kind == "number" else text


def _params(text: str) -> Any:
    """Parameters as in YAML, without the outer braces; what is none stays as typed, and the check says so."""
    try:
        found = yaml.safe_load("{" + text + "}")
    except yaml.YAMLError:
        return text
    return found if isinstance(found, dict) and not any(v is None for v in found.values()) else text


def _scalar(text: str) -> Any:
    return int(text) if NUMBER.match(text) else text


def nested(posted: Mapping[str, str]) -> Definition:
    """The posted paths as dictionaries and lists; row numbers only order the rows."""
    root: Definition = {}
    for path, text in posted.items():
        if not PATH.match(path):
            continue
        at = root
        *parts, last = path.split("-")
        for part in parts:
            below = at.setdefault(part, {})
            if not isinstance(below, dict):
                break
            at = below
        else:
            at[last] = text
    return root


def _rows(found: Any) -> list[Any]:
    """Numbered rows in their order."""
    if not isinstance(found, dict):
        return []
    return [found[n] for n in sorted((k for k in found if k.isdecimal()), key=int)][:MOST_ROWS]


def _read(row: Any, columns: tuple[Column, ...]) -> Definition:
    """One row; empty inputs are left out."""
    if not isinstance(row, dict):
        return {}
    typed = {c.name: _value(str(row.get(c.name, "")), c.kind) for c in columns}
    return {k: v for k, v in typed.items() if v not in ("", [], {}, False)}


def read(posted: Mapping[str, str], kept: Definition) -> Definition:
    """The definition as posted; what the form does not show (``version``) stays as it was kept."""
    tree = nested(posted)
    out: Definition = {k: kept[k] for k in ("process", "version") if k in kept}
    for column in GENERAL:
        first, _dash, second = column.name.partition("-")
        found = tree.get(first, "")
        value = _value(str(found.get(second, "") if isinstance(found, dict) else found), column.kind)
        if value in ("", [], False):
            continue
        if second:
            out.setdefault(first, {})[second] = value
        else:
            out[first] = value
    for section in SECTIONS:
        rows = _rows(tree.get(section.key))
        if section.single:
            out[section.key] = [str(row).strip() for row in rows if isinstance(row, str) and row.strip()]
        else:
            out[section.key] = [_read(row, section.columns) for row in rows]
    for optional in ("checks", "after", "outputs"):
        if not out[optional]:
            del out[optional]
    grouped: dict[str, list[Definition]] = {}
    for row in out["requirements"]:
        movement = row.pop("movement", "")
        grouped.setdefault(movement, []).append(row)
    out["requirements"] = grouped
    out["stages"] = [
        {**_read(row, STAGE), "tasks": [_read(task, TASK) for task in _rows(row.get("tasks"))]}
        for row in _rows(tree.get("stages"))
        if isinstance(row, dict)
    ]
    return out


def laid_out(definition: Definition) -> dict[str, list[Any]]:
    """The rows of every section as the page shows them."""
    out = {s.key: list(definition.get(s.key) or []) for s in SECTIONS if s.key != "requirements"}
    # Definitions of the first form named a paper by its name alone.
    out["papers"] = [{"name": p} if isinstance(p, str) else p for p in out["papers"]]
    out["requirements"] = [
        {"movement": movement, **row}
        for movement, rows in (definition.get("requirements") or {}).items()
        for row in rows
    ]
    out["stages"] = list(definition.get("stages") or [])
    return out


ACTION = re.compile(r"(add|remove|up|down):([a-z_]+(?:-\d{1,2}-tasks)?)(?:-(\d{1,2}))?\Z")


def acted(definition: Definition, action: str) -> Definition:
    """The definition after a button: a row more, a row less, or a row moved; an unknown button changes nothing."""
    found = ACTION.match(action)
    if not found:
        return definition
    verb, path, number = found[1], found[2], int(found[3] or 0)
    layout = laid_out(deepcopy(definition))
    if path.endswith("-tasks"):
        stage = int(path.split("-")[1])
        rows = layout["stages"][stage]["tasks"] if stage < len(layout["stages"]) else []
    elif path in layout:
        rows = layout[path]
    else:
        return definition
    if verb == "add" and len(rows) < MOST_ROWS:
        single = any(s.key == path and s.single for s in SECTIONS)
        rows.append("" if single else {"tasks": [{}]} if path == "stages" else {})
    elif verb == "remove" and number < len(rows):
        del rows[number]
    elif verb in ("up", "down"):
        other = number + (1 if verb == "down" else -1)
        if 0 <= other < len(rows) and number < len(rows):
            rows[number], rows[other] = rows[other], rows[number]
    out = {**definition, **{k: v for k, v in layout.items() if k != "requirements"}}
    grouped: dict[str, list[Definition]] = {}
    for row in layout["requirements"]:
        grouped.setdefault(row.get("movement", ""), []).append({k: v for k, v in row.items() if k != "movement"})
    return {**out, "requirements": grouped}


def flat(definition: Any, at: str = "") -> dict[str, str]:
    """Every leaf by its path, to compare two versions; rows go by their key or name, not by their number."""
    if isinstance(definition, dict):
        pairs = [(str(k), v) for k, v in definition.items()]
    else:
        pairs = [(_row_name(v, n), v) for n, v in enumerate(definition)]
    out: dict[str, str] = {}
    for key, value in pairs:
        path = f"{at} › {key}" if at else key
        if isinstance(value, dict | list):
            out |= flat(value, path)
        else:
            out[path] = "" if value is None else str(value)
    return out


def _row_name(row: Any, number: int) -> str:
    if not isinstance(row, dict):
        return str(row)
    return str(row.get("code") or row.get("name") or row.get("role") or number + 1)


def differences(old: Definition, new: Definition) -> list[tuple[str, str | None, str | None]]:
    """What differs: path, before, after (None where it did not or does not exist)."""
    a, b = (flat({k: v for k, v in d.items() if k != "version"}) for d in (old, new))
    return [(path, a.get(path), b.get(path)) for path in {**a, **b} if a.get(path) != b.get(path)]
