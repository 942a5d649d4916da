"""展望的筛选、年龄结构与用编打算: which people are asked for, their ages, and entries planned against what falls vacant."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, request
from flask_babel import gettext as _

from app.domain import codes, errors
from app.queries import forecast_by, units
from app.queries.forecast import Forecast
from app.queries.forecast_by import CADRES, GROUPS, SEXES, Band, Key, Planned, Some
from app.views.place import row_number
from app.views.shell import hat, local, work
from app.workflow.engine import today


def asked() -> Some:
    """Which people the address asks for; what is no such group, sex or class answers 400."""
    group, sex, cadre = (request.args.get(k, "") for k in ("group", "sex", "cadre"))
    if (group and group not in GROUPS) or (sex and sex not in SEXES) or (cadre and cadre not in CADRES):
        abort(400)
    return Some(group, sex, cadre)


def filters(some: Some) -> list[dict[str, Any]]:
    """The three choices with what is chosen."""
    groups = {"administrative": _("Administrative"), "reference": _("Institutions managed as organs"),
              "institution": _("Institutions"), "workers": _("Workers"), "apart": _("Listed apart")}  # fmt: skip
    classes = {"senior": _("County level and above, senior titles"), "cadre": _("Other cadres"), "worker": _("Workers")}
    sexes = {x: codes.label("sex", x) for x in SEXES}
    return [
        {"name": name, "label": label, "kind": "select", "value": value,
         "options": [{"value": k, "label": v} for k, v in options.items()]}
        for name, label, value, options in (
            ("group", _("Kind of personnel"), some.group, groups),
            ("sex", _("Sex"), some.sex, sexes),
            ("cadre", _("Class of cadre"), some.cadre, classes),
        )
    ]  # fmt: skip


def shape_rows(bands: list[Band], years: int) -> dict[str, Any]:
    """Bands with their share in percent, the average age, and how many are 35 at most and 55 at least."""
    total = sum(b.number for b in bands)
    most = max([*(b.number for b in bands), 1])
    rows = [
        {"from": b.start, "to": b.start + 4, "men": b.men, "women": b.women, "number": b.number,
         "share": round(100 * b.number / total, 1), "width": round(100 * b.number / most, 1)}
        for b in bands
    ]  # fmt: skip
    return {
        "rows": rows,
        "total": total,
        "men": sum(b.men for b in bands),
        "women": sum(b.women for b in bands),
        "average": round(years / total, 1) if total else None,
        "young": sum(b.number for b in bands if b.start < 35),
        "old": sum(b.number for b in bands if b.start >= 55),
    }


def against_rows(found: Forecast, plans: dict[Key, Planned], first: int) -> list[dict[str, Any]]:
    """By category and year: who leaves, what is approved and meant, and what is vacant or too many with it."""
    return [
        {"label": codes.label("category", category), "years": years}
        for category, years in forecast_by.against(found, plans, first).items()
    ]


def may_plan(unit: Any) -> bool:
    """Whether the reader may plan for a body: its own people, and 编办 of the place."""
    who = hat()
    return who.unit_id == unit.id or who.office_kind == "establishment"


class BadNumbersError(ValueError):
    """A field of the plan's form that is no whole number from 0 to 999; the message names where it stands."""


def inputs(
    found: Forecast, plans: dict[Key, Planned], unit: Any, first: int, typed: Mapping[str, str] | None
) -> dict[str, Any]:
    """The form of one body: a field for each category and year, and who kept what stands in it, when.

    ``typed`` is what was sent and not understood: it stands in the fields again.
    """
    categories = sorted({line.category for _unit, line in found.lines.values()})
    rows, years = [], forecast_by.planned_years(first)
    for category in categories:
        cells = []
        for year in years:
            plan, name = plans.get((unit.id, category, year)), f"n-{category}-{year}"
            stands = "" if plan is None or plan.number is None else str(plan.number)
            said = _("kept by %(who)s on %(on)s", who=plan.who, on=local(plan.at).date()) if plan and plan.at else None
            cells.append({"name": name, "year": year, "said": said, "value": (typed or {}).get(name, stands),
                          "approved": plan.approved if plan else None})  # fmt: skip
        rows.append({"label": codes.label("category", category), "cells": cells})
    return {"unit": unit.id, "rows": rows, "years": list(years)}


def kept() -> Any:
    """Read the form, keep what changed, and go back to the body's page.

    Raises:
        NotFound: no such body in the reader's rows, or one for which he may not plan.
        BadNumbersError: a number that is none, or beyond 999.
    """
    unit_id = row_number(request.args.get("unit", ""))
    with work() as s:
        unit, now = units.unit(s, unit_id), today(s)
        if unit is None or not may_plan(unit):
            raise errors.NotFound(unit=unit_id)
        made = forecast_by.keep_plan(s, unit, rows_of(now), hat().user_id)
    flash(_("%(n)s numbers kept.", n=made) if made else _("Nothing was changed."), "success")
    return redirect(f"/forecast?unit={unit_id}#against")


def rows_of(now: dt.date) -> dict[tuple[str, int], int | None]:
    """The fields of the form by category and year; an empty one takes a number back."""
    found: dict[tuple[str, int], int | None] = {}
    years = {str(year) for year in forecast_by.planned_years(now.year + 1)}
    for name, value in request.form.items():
        parts, text = name.split("-"), value.strip()
        if parts[0] != "n":
            continue
        if len(parts) != 3 or parts[1] not in codes.CATEGORY or parts[2] not in years:
            abort(400)
        year = int(parts[2])
        if text and not (text.isdecimal() and text.isascii() and len(text) <= 3):
            raise BadNumbersError(
                _("%(category)s, %(year)s: write a whole number from 0 to 999, or leave the field empty. Nothing has been kept yet.",
                  category=codes.label("category", parts[1]), year=year))  # fmt: skip
        found[parts[1], year] = int(text) if text else None
    return found
