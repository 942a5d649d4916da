"""改革方案 in words: what each step says, what its trial answered, the figures side by side."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.db import CONSTRAINTS
from app.domain import codes, errors, reform
from app.domain.quota import Figures
from app.queries import reforms
from app.views.messages import sentence
from app.workflow.reform import LINES, REFERENCES

# What a person costs, in 分 a year, by region, funding and category.
Standards = Mapping[tuple[str, str, str], int]
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
            return _("Set up %(name)s", name=f.get("name"))
        case "open_department":
            return _("%(unit)s sets up %(name)s", unit=names.unit(f.get("parent")), name=f.get("name"))
        case "change_unit":
            return _("%(unit)s becomes %(name)s", unit=unit, name=f.get("name") or _("of another class or grade"))
        case "close_unit":
            return _("Abolish %(unit)s", unit=unit)
        case "merge_unit":
            into = names.unit(f.get("into"))
            if f.get("seats") == "along":
                return _("Merge %(unit)s into %(into)s, the numbers go along", unit=unit, into=into)
            return _("Merge %(unit)s into %(into)s, on seats approved there", unit=unit, into=into)
        case "move_department":
            return _("Move the department %(unit)s into %(into)s", unit=unit, into=names.unit(f.get("into")))
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
            return _("%(unit)s: %(label)s %(n)s", unit=unit, label=label, n=f.get("authorised"))
        case "set_leadership":
            label = f"{codes.label('level', f.get('level', ''))}（{codes.ROLE.get(f.get('role', ''), '—')}）"
            scope = names.unit(f["scope"]) if f.get("scope") else unit
            return _("%(unit)s: %(label)s %(n)s", unit=scope, label=label, n=f.get("authorised"))
    return kind_names().get(step.kind, step.kind)


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


def measures(found: Mapping[str, Any], standards: Standards, side: str) -> dict[str, int | None]:
    """The figures of one side of a trial by the name of the row that shows them."""
    part = found[side]
    people = found["people"] if side == "after" else {"moved": 0, "unseated": 0, "unled": 0}
    out: dict[str, int | None] = {
        _("Bodies touched"): reform.bodies(part),
        _("Internal departments"): reform.departments(part),
    }
    for body, count in sorted(part["bodies"].items(), key=lambda x: list(codes.BODY).index(x[0])):
        out[_("All of the region: %(kind)s", kind=codes.label("body", body))] = count
    for category, figures in reform.by_category(part).items():
        out |= _columns(codes.label("category", category), figures)
    out |= _columns(_("Leadership numbers"), reform.leadership(part))
    out |= {
        _("Lines over quota"): len(reform.surplus_lines(part, "establishment")),
        _("Leadership lines over quota"): len(reform.surplus_lines(part, "leadership")),
        _("People whose unit changes"): people["moved"],
        _("People without a seat"): people["unseated"],
        _("Leaders without a post"): people["unled"],
        _("Running cases of bodies that end"): reform.cases_of_ended(part),
    }
    for rule, count in found["alarms"].items():
        out[_("Alarms raised: %(rule)s", rule=rule)] = count if side == "after" else 0
    channels = reform.cost(part, standards)
    for funding, spent in channels.items():
        label = codes.label("funding", funding)
        out |= {
            _("%(label)s · people", label=label): spent.people,
            _("%(label)s · a year's cost (yuan)", label=label): spent.yuan,
        }
    known = [c.yuan for c in channels.values() if c.yuan is not None]
    out[_("A year's cost (yuan)")] = sum(known) if known else None
    out[_("People without a standard of cost")] = sum(c.without for c in channels.values())
    return out


def _columns(label: str, figures: Figures) -> dict[str, int | None]:
    names = (_("Authorised"), _("Occupied"), _("Vacant"), _("Over quota"))
    values = (figures.authorised, figures.occupied, figures.vacant, figures.surplus)
    return {f"{label} · {name}": value for name, value in zip(names, values, strict=True)}


def by_unit(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each body's lines before and after, as rows: the unit's name, whether it ends, what the line is, both figures."""
    called, ends = unit_names(found), {u["id"] for u in found["after"]["units"] if not u["open"]}
    sides = [{line["line"]: line for line in found[side]["lines"]} for side in ("before", "after")]
    rows = []
    for number in sorted({*sides[0], *sides[1]}, key=lambda n: ((sides[1].get(n) or sides[0][n])["unit"], n)):
        line = sides[1].get(number) or sides[0][number]
        if line["kind"] == "leadership":
            label = f"{codes.label('level', line['level'])}（{codes.ROLE.get(line['role'], line['role'])}）"
        else:
            structure = "" if line["structure"] == "none" else f"（{codes.label('structure', line['structure'])}）"
            label = codes.label("category", line["category"]) + structure
        figures = [
            Figures.of(x["authorised"], x["occupied"], x["reserved"]) if (x := side.get(number)) else None
            for side in sides
        ]
        rows.append({"unit": called.get(line["unit"], "—"), "ends": line["unit"] in ends, "label": label,
                     "was": figures[0], "now": figures[1]})  # fmt: skip
    return rows


def unit_names(found: Mapping[str, Any]) -> dict[int, str]:
    """The bodies of a trial by number; those that it set up have no row outside it."""
    return {unit["id"]: unit["name"] for side in ("after", "before") for unit in found[side]["units"]}


def compared(variants: Sequence[Any], standards: Standards) -> list[dict[str, Any]]:
    """Rows of the table: what stands, what each tried variant makes of it, and by how much it differs."""
    tried = [v for v in variants if v.tried]
    sides = [(measures(v.tried, standards, "before"), measures(v.tried, standards, "after")) for v in tried]
    wrong = {
        _("Lines over quota"),
        _("Leadership lines over quota"),
        _("People without a seat"),
        _("Running cases of bodies that end"),
    }
    labels = list(dict.fromkeys(label for before, after in sides for label in (*before, *after)))
    rows = []
    for label in labels:
        stood = [before.get(label, 0) for before, _after in sides]
        cells = []
        for before, after in sides:
            was, now = before.get(label, 0), after.get(label, 0)
            cells.append({"was": was, "now": now, "by": None if was is None or now is None else now - was})
        bad = label in wrong
        rows.append(
            {
                "bad": bad,
                "apart": len(set(stood)) > 1,
                "label": label,
                "before": stood[0] if len(set(stood)) == 1 else _("differs"),
                "cells": cells,
            }
        )
    return rows


def shares(found: Mapping[str, Any]) -> str | None:
    """By how much the bodies touched become fewer."""
    before, after = reform.bodies(found["before"]), reform.bodies(found["after"])
    less = reform.shrunk(before, after)
    return None if less is None else _("Bodies: %(b)s become %(a)s, %(p)s %% fewer", b=before, a=after, p=less)
