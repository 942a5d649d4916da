"""展望: who reaches the age when, what falls vacant, how old those are who sit, and numbers for the yearly plan."""

import datetime as dt
from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes
from app.domain.retirement import add_months
from app.domain.workdays import city_today
from app.queries import days, forecast, places
from app.queries.forecast import Forecast, Line, Place
from app.views.auditing import record_export
from app.views.day import day_of
from app.views.lists import EXPORT, PAGE, workbook
from app.views.place import place, row_number
from app.views.shell import hat, work
from app.workflow.engine import today

BODIES = 100


def place_of(s: Any) -> tuple[Place, dict[str, str], str]:
    """The place in the address with the parameters that say so and its name."""
    low, high, keep, name = place(s)
    return Place(low, high), keep, name


class ForecastView(BaseView):
    """Ten years ahead."""

    route_base = "/forecast"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Months, years with their band, vacancies by category, ages, numbers to plan with."""
        with work() as s:
            where, keep, name = place_of(s)
            now = today(s)
            found = forecast.forecast(s, where, now)
            bands = forecast.ages(s, where)
            planned = plan_rows(found, now.year + 1)
            names = forecast.bodies(s, [unit for unit, *_rest in planned[:BODIES]])
            names_of_regions = places.regions(s, days.moment(now)) if hat().office_id and "unit" not in keep else []
        totals = [found.of_year(year) for year in found.years]
        return render_template(
            "forecast.html",
            title=_("Looking ahead"),
            place=name,
            keep=keep,
            today=now,
            overdue=found.overdue,
            overdue_url=address(keep, to=now),
            years=[
                {"year": year, "number": n, "width": round(100 * n / max([*totals, 1]), 1), "early": found.early[year],
                 "late": found.late[year], "url": address(keep, **{"from": max(now, dt.date(year, 1, 1)), "to": dt.date(year + 1, 1, 1)})}
                for year, n in zip(found.years, totals, strict=True)
            ],
            months=month_rows(found, keep),
            categories=category_rows(found, keep),
            band_years=found.years[:5],
            ages=[{"from": b.band, "to": b.band + 4, "number": b.n,
                   "width": round(100 * b.n / max([*(x.n for x in bands), 1]), 1)} for b in bands],
            plan=[{"unit": names.get(unit, ""), "unit_url": f"/forecast?unit={unit}", "category": codes.label("category", c),
                   "leaving": leaving, "usable": usable, "proposed": n} for unit, c, leaving, usable, n in planned[:BODIES]],
            plan_year=now.year + 1,
            plan_more=len(planned) > BODIES,
            plan_total=sum(n for *_rest, n in planned),
            plan_url="/case/new/plan" if hat().unit_id else None,
            regions=[{"code": r.code, "name": r.name} for r in names_of_regions],
            export_url=f"/forecast/export?{urlencode(keep)}",
        )  # fmt: skip

    @expose("/people")
    @has_access
    def people(self) -> Any:
        """Who reaches the age within some days, the next first."""
        since, until = day_of("from") or dt.date(1949, 10, 1), day_of("to") or forecast.end_of(city_today())
        category, after = request.args.get("category", ""), request.args.get("after", "")
        if category and category not in codes.CATEGORY:
            abort(400)
        mark = None
        if after:
            day, _sep, number = after.partition("~")
            try:
                mark = (dt.date.fromisoformat(day), row_number(number))
            except ValueError:
                abort(400)
        with work() as s:
            where, keep, name = place_of(s)
            rows = forecast.people(s, where, since, until, category, mark, PAGE + 1)
        more = {"from": since, "to": until, **({"category": category} if category else {})}
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return render_template(
            "forecast_people.html",
            title=_("Reach the age from %(a)s to before %(b)s", a=since, b=until),
            place=name,
            back_url=f"/forecast?{urlencode(keep)}",
            rows=[{"name": r.name, "url": f"/person/{r.person_id}", "id_masked": r.id_mask, "unit": r.unit,
                   "unit_url": f"/unit/{r.unit_id}", "category": codes.label("category", r.category), "born": r.birth_on,
                   "earliest": r.earliest_on, "day": r.retires_on, "latest": r.latest_on} for r in rows[:PAGE]],
            pager={"prev_url": address(keep, **more) if after else None, "total": None,
                   "next_url": address(keep, **more, after=f"{last.retires_on}~{last.person_id}") if last else None},
        )  # fmt: skip

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Everybody who reaches the age within ten years (5,000 at most) with the days, as a workbook."""
        with work() as s:
            where, keep, name = place_of(s)
            now = today(s)
            rows = forecast.people(s, where, dt.date(1949, 10, 1), forecast.end_of(now), "", None, EXPORT)
            record_export(s, "forecast", len(rows), keep)
        head = [_("Person"), _("Identity number"), _("Unit"), _("Kind of establishment"), _("Day of birth"), _("Earliest day"),
                _("Day by law"), _("Latest day")]  # fmt: skip
        cells = [[r.name, r.id_mask, r.unit, codes.label("category", r.category), r.birth_on, r.earliest_on, r.retires_on,
                  r.latest_on] for r in rows]  # fmt: skip
        return workbook(f"{name} {_('Looking ahead')} {now}", head, cells)


def address(keep: dict[str, str], **more: object) -> str:
    """The list behind a figure."""
    return f"/forecast/people?{urlencode({**keep, **{k: str(v) for k, v in more.items()}})}"


def month_rows(found: Forecast, keep: dict[str, str]) -> list[dict[str, Any]]:
    """A year a row, its months as cells that lead to their people."""
    out = []
    for year in found.years:
        cells = []
        for first in (dt.date(year, month, 1) for month in range(1, 13)):
            n = found.months[first]
            span = {"from": max(first, found.today), "to": add_months(first, 1)}
            cells.append((n, address(keep, **span) if n else None))
        out.append({"year": year, "cells": cells, "total": sum(n for n, _url in cells)})
    return out


def category_rows(found: Forecast, keep: dict[str, str]) -> list[dict[str, Any]]:
    """By category: today's figures, who leaves in the next years, and vacancy and surplus at their ends if nobody enters."""
    of: dict[str, list[Line]] = defaultdict(list)
    for _unit, line in found.lines.values():
        of[line.category].append(line)
    return [
        {
            "label": codes.label("category", category),
            "occupied": sum(line.occupied for line in lines),
            "vacant": sum(line.after(found.today.year - 1)[0] for line in lines),
            "surplus": sum(line.after(found.today.year - 1)[1] for line in lines),
            "years": [
                {"leaving": sum(line.leaving[year] for line in lines), "vacant": sum(line.after(year)[0] for line in lines),
                 "surplus": sum(line.after(year)[1] for line in lines)}
                for year in found.years[:5]
            ],
        }
        for category, lines in sorted(of.items())
    ]  # fmt: skip


def plan_rows(found: Forecast, year: int) -> list[tuple[int, str, int, int, int]]:
    """Numbers for a year's plan by body and category: leaving, usable, proposed; the most first."""
    of: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for unit, line in found.lines.values():
        of[unit, line.category].append(line)
    rows = [
        (
            unit,
            category,
            sum(x.leaving[year] for x in lines),
            sum(x.usable for x in lines),
            sum(x.proposed(year) for x in lines),
        )
        for (unit, category), lines in of.items()
    ]
    return sorted((r for r in rows if r[4] or r[2]), key=lambda r: (-r[4], -r[2], r[0], r[1]))
