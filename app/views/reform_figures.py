"""改革测算 on a page: figures before and after by group, the variants side by side, one variant phase by phase."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from app.alarms.registry import rules
from app.domain import codes, reform
from app.domain.quota import Figures

# A row of the table: its group and what it is called.
Key = tuple[str, str]
# What a person costs, in 分 a year, by region, funding and category.
Standards = Mapping[tuple[str, str, str], int]


def trouble() -> set[str]:
    """The rows that have to be zero before anything is filed."""
    return {
        _("Steps refused"),
        _("Lines over quota"),
        _("Leadership lines over quota"),
        _("Surplus people"),
        _("Surplus leaders"),
        _("People without a seat"),
        _("Running cases of bodies that end"),
    }


def measures(
    part: Mapping[str, Any],
    people: Mapping[str, int] | None,
    alarms: Mapping[str, int],
    refused: int,
    standards: Standards,
) -> dict[Key, int | None]:
    """The figures of one moment of a trial by the row that shows them; ``people`` none: before anything was done."""
    moved = people or {"moved": 0, "unseated": 0, "unled": 0}
    bodies, numbers, lead, who, wrong, money = (
        _("Bodies"), _("Establishment"), _("Leadership numbers"), _("Personnel"), _("To be settled"), _("Cost")
    )  # fmt: skip
    out: dict[Key, int | None] = {
        (bodies, _("Bodies touched")): reform.bodies(part),
        (bodies, _("Internal departments")): reform.departments(part),
    }
    for body, count in sorted(part["bodies"].items(), key=lambda x: list(codes.BODY).index(x[0])):
        out[bodies, _("All of the region: %(kind)s", kind=codes.label("body", body))] = count
    for category, figures in reform.by_category(part).items():
        out |= _columns(numbers, codes.label("category", category), figures)
    out |= _columns(numbers, _("All kinds"), reform.summed(x for x in part["lines"] if x["kind"] == "establishment"))
    for (role, level), figures in reform.by_post(part).items():
        out |= _columns(lead, f"{codes.label('level', level)}（{codes.ROLE.get(role, role)}）", figures)
    out |= _columns(lead, _("All posts"), reform.leadership(part))
    out |= {
        (who, _("People whose unit changes")): moved["moved"],
        (who, _("Leaders without a post")): moved["unled"],
        (wrong, _("Steps refused")): refused,
        (wrong, _("Lines over quota")): len(reform.surplus_lines(part, "establishment")),
        (wrong, _("Surplus people")): reform.surplus(part, "establishment"),
        (wrong, _("Leadership lines over quota")): len(reform.surplus_lines(part, "leadership")),
        (wrong, _("Surplus leaders")): reform.surplus(part, "leadership"),
        (wrong, _("People without a seat")): moved["unseated"],
        (wrong, _("Running cases of bodies that end")): reform.cases_of_ended(part),
    }
    for rule, count in alarms.items():
        out[wrong, f"{rule} {rules()[rule].name if rule in rules() else ''}"] = count
    channels = reform.cost(part, standards)
    for funding, spent in channels.items():
        label = codes.label("funding", funding)
        out |= {
            (money, _("%(label)s · people", label=label)): spent.people,
            (money, _("%(label)s · a year's cost (yuan)", label=label)): spent.yuan,
        }
    known = [c.yuan for c in channels.values() if c.yuan is not None]
    out[money, _("A year's cost (yuan)")] = sum(known) if known else None
    out[money, _("People without a standard of cost")] = sum(c.without for c in channels.values())
    return out


def _columns(group: str, label: str, figures: Figures) -> dict[Key, int | None]:
    names = (_("Authorised"), _("Occupied"), _("Vacant"), _("Over quota"))
    values = (figures.authorised, figures.occupied, figures.vacant, figures.surplus)
    return {(group, f"{label} · {name}"): value for name, value in zip(names, values, strict=True)}


def refused(found: Mapping[str, Any]) -> int:
    """How many steps of a trial were refused."""
    return sum(not step["ok"] for step in found["steps"])


def stood(found: Mapping[str, Any], standards: Standards) -> dict[Key, int | None]:
    """The figures before anything was done."""
    return measures(found["before"], None, dict.fromkeys(found["alarms"], 0), 0, standards)


def made(found: Mapping[str, Any], standards: Standards) -> dict[Key, int | None]:
    """The figures after a trial, or after one of its phases."""
    count = found["refused"] if "refused" in found else refused(found)
    return measures(found["after"], found["people"], found["alarms"], count, standards)


def _rows(columns: Sequence[tuple[dict[Key, int | None], dict[Key, int | None]]]) -> list[dict[str, Any]]:
    """Rows in their groups, of columns that each have a before and an after; a row that is zero throughout is left out."""
    keys = list(dict.fromkeys(key for before, after in columns for key in (*before, *after)))
    groups = list(dict.fromkeys(group for group, _label in keys))
    wrong = trouble()
    rows: list[dict[str, Any]] = []
    for group, label in sorted(keys, key=lambda key: groups.index(key[0])):
        was = [before.get((group, label), 0) for before, _after in columns]
        cells = []
        for before, after in columns:
            b, a = before.get((group, label), 0), after.get((group, label), 0)
            cells.append({"was": b, "now": a, "by": None if b is None or a is None else a - b})
        if not any(was) and not any(cell["now"] for cell in cells) and label not in wrong:
            continue
        known = [cell["now"] for cell in cells if cell["now"] is not None]
        rows.append(
            {
                "group": group if not rows or rows[-1]["of"] != group else "",
                "of": group,
                "bad": label in wrong,
                "apart": len(set(was)) > 1,
                "label": label,
                "before": was[0] if len(set(was)) == 1 else "—",
                "cells": cells,
                "differ": len(set(known)) > 1,
            }
        )
    return rows


def compared(variants: Sequence[Any], standards: Standards) -> list[dict[str, Any]]:
    """Rows of the table: what stands, what each tried variant makes of it, and by how much it differs."""
    return _rows([(stood(v.tried, standards), made(v.tried, standards)) for v in variants if v.tried])


def kinds_of(
    variants: Sequence[Any], counts: Mapping[tuple[int, str], int], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of the table: how many steps of each kind a variant has."""
    tried = [v for v in variants if v.tried]
    rows: list[dict[str, Any]] = []
    for kind, label in names.items():
        found = [counts.get((v.id, kind), 0) for v in tried]
        if any(found):
            rows.append({"group": "" if rows else _("Steps"), "bad": False, "apart": False, "label": label, "before": None,
                         "cells": [{"was": None, "now": n, "by": None} for n in found], "differ": len(set(found)) > 1})  # fmt: skip
    return rows


def by_phase(found: Mapping[str, Any], standards: Standards) -> list[dict[str, Any]]:
    """Rows of the table of one variant: what stands, and what each phase makes of what the one before left."""
    before, columns = stood(found, standards), []
    for phase in found.get("phases", ()):
        after = made(phase, standards)
        columns.append((before, after))
        before = after
    first = columns[0][0] if columns else {}
    rows = _rows(columns)
    for row in rows:  # beside the first phase stands what there was; beside the others what the phase before left
        row["before"], row["apart"], row["differ"] = first.get((row["of"], row["label"]), 0), False, False
    return rows


def by_unit(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each body's lines before and after, as rows: the unit's name, whether it ends, what the line is, both figures.

    Establishment comes first, then the posts of the body itself, then those of its departments, each under its name: a
    body has the same post as often as it has departments.
    """
    called, ends = unit_names(found), {u["id"] for u in found["after"]["units"] if not u["open"]}
    sides = [{line["line"]: line for line in found[side]["lines"]} for side in ("before", "after")]
    rows = []
    known = sides[0] | sides[1]
    for number in sorted(known, key=lambda n: _place(known[n])):
        line = known[number]
        if line["kind"] == "leadership":
            whose = line.get("scope_name") or (_("Internal department") if line.get("scope") else _("The body itself"))
            label = f"{whose} · {codes.label('level', line['level'])}（{codes.ROLE.get(line['role'], line['role'])}）"
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


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where a line stands among those of the bodies touched."""
    return line["unit"], line["kind"] == "leadership", line.get("scope") or 0, line["level"] or "", line["line"]


def unit_names(found: Mapping[str, Any]) -> dict[int, str]:
    """The bodies of a trial by number; those that it set up have no row outside it."""
    return {unit["id"]: unit["name"] for side in ("after", "before") for unit in found[side]["units"]}


def shares(found: Mapping[str, Any]) -> str | None:
    """By how much the bodies touched become fewer."""
    before, after = reform.bodies(found["before"]), reform.bodies(found["after"])
    less = reform.shrunk(before, after)
    return None if less is None else _("Bodies: %(b)s become %(a)s, %(p)s %% fewer", b=before, a=after, p=less)
