"""改革方案 in words: what each step says, what its trial answered, the figures side by side."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.db import CONSTRAINTS
from app.domain import absorption, codes, errors
from app.queries import reforms
from app.views.messages import sentence
from app.workflow.reform import LINES, REFERENCES

BOARDS = {"co_located": "合署", "two_names": "一个机构两块牌子", "plate": "加挂牌子"}


def kind_names() -> dict[str, str]:
    """The kinds of steps by name, in the order of the menu."""
    return {
        "open_unit": _("Set up a unit"),
        "open_department": _("Set up an internal department"),
        "change_unit": _("Rename a unit, change its class or grade"),
        "close_unit": _("Abolish a unit or department"),
        "merge_unit": _("Merge a unit into another"),
        "move_department": _("Move an internal department to another unit"),
        "transfer_unit": _("Put a unit under another superior"),
        "signboard": _("Signboard: co-located, two names, plate"),
        "move_people": _("Move people to another line"),
        "set_quota": _("Fix an establishment number"),
        "move_quota": _("Move numbers between lines"),
        "set_leadership": _("Fix a leadership number"),
    }


def state_names() -> dict[str, tuple[str, str]]:
    """The states of a reform, each with its tone."""
    return {
        "draft": (_("Draft"), "blue"),
        "filed": (_("Filed"), "amber"),
        "effected": (_("Effected"), "green"),
        "dropped": (_("Thrown away"), "red"),
    }


class Names:
    """The names of what some steps speak of: rows by number, and what earlier steps make by key."""

    def __init__(self, s: Session, steps: Sequence[Any], more_units: Iterable[int] = ()) -> None:
        units, lines = set(more_units), set()
        for step in steps:
            for name, value in step.facts.items():
                first = str(value).partition(":")[0]
                if name in LINES and first.isdecimal() and ":" not in str(value):
                    lines.add(int(first))
                elif name in (*REFERENCES, *LINES) and first.isdecimal():
                    units.add(int(first))
        self.units, self.lines = reforms.unit_names(s, units), reforms.line_names(s, lines)
        self.made: dict[str, str] = {}
        for step in steps:
            if step.key:
                self.made[f"={step.key}"] = str(step.facts.get("name") or self.unit(step.facts.get("unit")))

    def unit(self, value: Any) -> str:
        """A unit; a dash for what is not the reader's to see."""
        return self.made.get(str(value)) or self.units.get(str(value), "—")

    def line(self, value: Any) -> str:
        """A line, there already or not."""
        if ":" not in str(value):
            return self.lines.get(str(value), "—")
        unit, category, _funding, structure = str(value).split(":")
        label = codes.label("category", category)
        return f"{self.unit(unit)} · {label}" + (
            "" if structure == "none" else f"（{codes.label('structure', structure)}）"
        )


def said(step: Any, names: Names) -> str:
    """One step in a sentence."""
    f = step.facts
    unit = names.unit(f.get("unit"))
    match step.kind:
        case "open_unit":
            return _("Set up %(name)s", name=f.get("name")) + _split(f, names)
        case "open_department":
            return _("%(unit)s sets up %(name)s", unit=names.unit(f.get("parent")), name=f.get("name")) + _split(
                f, names
            )
        case "change_unit":
            return _("%(unit)s becomes %(name)s", unit=unit, name=f.get("name") or _("of another class or grade"))
        case "close_unit":
            return _("Abolish %(unit)s", unit=unit)
        case "merge_unit":
            into = names.unit(f.get("into"))
            if f.get("seats") == "along":
                return _("Merge %(unit)s into %(into)s, the numbers go along", unit=unit, into=into) + _along(f)
            return _("Merge %(unit)s into %(into)s, on seats approved there", unit=unit, into=into) + _along(f)
        case "move_department":
            return _("Move the department %(unit)s into %(into)s", unit=unit, into=names.unit(f.get("into"))) + _along(
                f
            )
        case "transfer_unit":
            above = names.unit(f["parent"]) if f.get("parent") else codes.REGION.get(f.get("region", ""), "—")
            return _("Put %(unit)s under %(above)s", unit=unit, above=above)
        case "signboard":
            other = names.unit(f["partner"]) if f.get("partner") else f.get("board_name")
            return _(
                "%(unit)s: %(kind)s %(name)s", unit=unit, kind=BOARDS.get(f.get("signboard_kind", ""), "—"), name=other
            )
        case "move_people":
            people = str(f.get("people") or "all")
            who = _("everybody") if people == "all" else _("%(n)s people", n=people.count(",") + 1)
            line, into = names.line(f.get("line")), names.line(f.get("into_line"))
            return _("From %(line)s to %(into)s: %(who)s", line=line, into=into, who=who)
        case "move_quota":
            line, into = names.line(f.get("from_line")), names.line(f.get("line"))
            return _("From %(line)s to %(into)s: %(n)s numbers", line=line, into=into, n=f.get("number"))
        case "set_quota":
            label = codes.label("category", f.get("category", ""))
            return _("%(unit)s: %(label)s %(n)s", unit=unit, label=label, n=f.get("authorised")) + _along(f)
        case "set_leadership":
            label = f"{codes.label('level', f.get('level', ''))}（{codes.ROLE.get(f.get('role', ''), '—')}）"
            scope = names.unit(f["scope"]) if f.get("scope") else unit
            return _("%(unit)s: %(label)s %(n)s", unit=scope, label=label, n=f.get("authorised")) + _along(f)
    return kind_names().get(step.kind, step.kind)


def _split(f: Mapping[str, Any], names: Names) -> str:
    """What a unit that is set up is split off from."""
    if not f.get("split_from"):
        return ""
    return "；" + _("split off from %(unit)s", unit=names.unit(f["split_from"]))


def _along(f: Mapping[str, Any]) -> str:
    """What a step says beside its numbers: leaders, who is beyond the number, who is away."""
    parts = []
    if f.get("leads"):
        parts.append(
            _("leaders go on in their posts") if f["leads"] == "follow" else _("leaders are taken off their posts")
        )
    if f.get("lead_lines"):
        parts.append(_("%(n)s posts said line by line", n=str(f["lead_lines"]).count(",") + 1))
    if f.get("until_on"):
        targets = f"（{absorption.shown(f['targets'])}）" if f.get("targets") else ""
        parts.append(_("the surplus is absorbed until %(day)s", day=f["until_on"]) + targets)
    if f.get("absences") == "end":
        parts.append(_("absences end"))
    return "".join(f"；{part}" for part in parts)


class Filed:
    """A step as a case has filed it."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.kind, self.key, self.position = str(row["step"]), row.get("key"), int(row["n"])
        self.facts = {k: v for k, v in row.items() if k not in ("step", "key", "n")}


def filed(s: Session, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The phase and the steps that a case files, each in its sentence, as label and value."""
    steps = [Filed(row) for row in json.loads(str(facts.get("steps") or "[]"))]
    names = Names(s, steps)
    before = [{"label": _("Phase"), "value": facts["phase"]}] if facts.get("after") else []
    return before + [{"label": _("Step %(n)s", n=step.position), "value": said(step, names)} for step in steps]


def answered(result: Mapping[str, Any]) -> str:
    """Why a step was refused, in the sentence that the refusal has everywhere."""
    if "constraint" in result:
        return sentence(CONSTRAINTS.get(result["constraint"], errors.InvalidInput)())
    return sentence(errors.from_code(result["code"], result.get("facts") or {}))
