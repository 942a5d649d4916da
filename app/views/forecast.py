"""展望: who reaches the age when, what falls vacant, how old those are who sit, and numbers for the yearly plan."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes
from app.domain.retirement import add_months
from app.domain.workdays import city_today
from app.queries import days, forecast, forecast_by, places, units
from app.queries.forecast import Forecast, Line, Place
from app.views import forecast_by as parts
from app.views import region_words
from app.views.auditing import record_export
from app.views.day import day_of
from app.views.lists import EXPORT, PAGE
from app.views.place import day_and_row, place
from app.views.sheets import workbook
from app.views.shell import hat, work
from app.workflow.engine import today

BODIES = 30
# Years of which the page shows vacancies by category, this one first; plans are for as many from the next one on.
SHOWN = forecast_by.AHEAD


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
        return self._page()

    def _page(self, typed: Mapping[str, str] | None = None, mistake: str | None = None) -> str:
        """The page of a place; ``typed`` and ``mistake`` where a plan was sent that is not understood."""
        some = parts.asked()
        with work() as s:
            where, keep, name = place_of(s)
            now = today(s)
            found = forecast_by.forecast(s, where, now, some) if some else forecast.forecast(s, where, now, ahead=SHOWN)
            bands = [] if some else forecast.ages(s, where)
            shape = forecast_by.shape(s, where, some) if some else ([], 0)
            planned = plan_rows(found, now.year + 1) if some.whole_lines else []
            names = forecast.bodies(s, [unit for unit, *_rest in planned[:BODIES]])
            plans = forecast_by.planned(s, where, now.year + 1) if some.whole_lines else {}
            body = units.unit(s, int(keep["unit"])) if "unit" in keep else None
            names_of_regions = places.regions(s, days.moment(now)) if hat().office_id and "unit" not in keep else []
        whole, keep = keep, {**keep, **some.parameters}
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
            categories=category_rows(found) if some.whole_lines else [],
            filters=[*region_filter(names_of_regions, keep.get("region")), *parts.filters(some)],
            clear_url=f"/forecast?{urlencode(whole)}" if some else None,
            whole_lines=some.whole_lines,
            shape=parts.shape_rows(*shape),
            shape_url=f"/forecast/shape?{urlencode(keep)}",
            against=parts.against_rows(found, plans, now.year + 1) if some.whole_lines else [],
            mistake=mistake,
            against_years=list(forecast_by.planned_years(now.year + 1)),
            inputs=parts.inputs(found, plans, body, now.year + 1, typed) if body is not None and parts.may_plan(body) else None,
            band_years=found.years[:SHOWN],
            ages=[{"from": b.band, "to": b.band + 4, "number": b.n,
                   "width": round(100 * b.n / max([*(x.n for x in bands), 1]), 1)} for b in bands],
            plan=[{"unit": names.get(unit, ""), "unit_url": f"/forecast?unit={unit}", "category": codes.label("category", c),
                   "leaving": leaving, "usable": usable, "proposed": n} for unit, c, leaving, usable, n in planned[:BODIES]],
            plan_year=now.year + 1,
            plan_more=len(planned) > BODIES,
            plan_total=sum(n for *_rest, n in planned),
            plan_url="/case/new/plan" if hat().unit_id else None,
            export_url=f"/forecast/export?{urlencode(keep)}",
        )  # fmt: skip

    @expose("/people")
    @has_access
    def people(self) -> Any:
        """Who reaches the age within some days, the next first."""
        since, until = day_of("from") or dt.date(1949, 10, 1), day_of("to") or forecast.end_of(city_today())
        category = request.args.get("category", "")
        if category and category not in codes.CATEGORY:
            abort(400)
        after, some = day_and_row(), parts.asked()
        with work() as s:
            where, keep, name = place_of(s)
            rows = forecast_by.people(s, where, since, until, some, after, PAGE + 1, category)
        more = {"from": since, "to": until, **({"category": category} if category else {}), **some.parameters}
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return render_template(
            "forecast_people.html",
            title=_("Reach the age from %(a)s to before %(b)s", a=since, b=until),
            place=name,
            back_url=f"/forecast?{urlencode({**keep, **some.parameters})}",
            rows=[{"name": r.name, "url": f"/person/{r.person_id}", "id_masked": r.id_mask, "unit": r.unit,
                   "unit_url": f"/unit/{r.unit_id}", "category": codes.label("category", r.category), "born": r.birth_on,
                   "earliest": r.earliest_on, "day": r.retires_on, "latest": r.latest_on} for r in rows[:PAGE]],
            pager={"prev_url": address(keep, **more) if after else None, "total": None,
                   "next_url": address(keep, **more, after=f"{last.retires_on}_{last.person_id}") if last else None},
        )  # fmt: skip

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Everybody who reaches the age within ten years (5,000 at most) with the days, as a workbook."""
        some, first = parts.asked(), dt.date(1949, 10, 1)
        with work() as s:
            where, keep, name = place_of(s)
            now = today(s)
            rows = forecast_by.people(s, where, first, forecast.end_of(now), some, None, EXPORT)
            record_export(s, "forecast", len(rows), {**keep, **some.parameters})
        head = [_("Person"), _("Identity number"), _("Unit"), _("Kind of establishment"), _("Day of birth"), _("Earliest day"),
                _("Day by law"), _("Latest day")]  # fmt: skip
        cells = [[r.name, r.id_mask, r.unit, codes.label("category", r.category), r.birth_on, r.earliest_on, r.retires_on,
                  r.latest_on] for r in rows]  # fmt: skip
        return workbook(f"{name} {_('Looking ahead')} {now}", head, cells)

    @expose("/shape")
    @has_access
    def shape(self) -> Any:
        """Age structure of those who sit: bands by sex, shares, the average; for some of the people or for all."""
        some = parts.asked()
        with work() as s:
            where, keep, name = place_of(s)
            bands, years = forecast_by.shape(s, where, some)
        return render_template(
            "forecast_shape.html",
            title=_("Age structure"),
            place=name,
            filters=parts.filters(some),
            keep=list(keep.items()),
            shape=parts.shape_rows(bands, years),
            back_url=f"/forecast?{urlencode({**keep, **some.parameters})}",
        )

    @expose("/plan", methods=["POST"])
    @has_access
    def plan(self) -> Any:
        """Keep the entries that a body means to make, year by year, in the name of whoever asks."""
        try:
            return parts.kept()
        except parts.BadNumbersError as mistake:
            return self._page(request.form, str(mistake)), 422


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


def region_filter(regions: Sequence[Any], chosen: str | None) -> list[dict[str, Any]]:
    """The choice of a region, where there is one to make."""
    options = [{"value": r.code, "label": region_words.reached(r.code, r.name)} for r in regions]
    every = _("Everything in your range")
    return [{"name": "region", "label": _("Region"), "kind": "select", "value": chosen, "options": options, "every": every}] if options else []  # fmt: skip


def category_rows(found: Forecast) -> list[dict[str, Any]]:
    """By category: today's figures, who leaves in the next years, and vacancy and surplus at their ends if nobody enters."""
    of: dict[str, list[Line]] = defaultdict(list)
    for _unit, line in found.lines.values():
        of[line.category].append(line)
    years, rows = found.years[:SHOWN], []
    for category, lines in sorted(of.items()):
        # Each line's 空编 and 超编 today and at the ends of the years, reckoned once.
        ends = list(
            zip(*([line.after(year) for year in (found.today.year - 1, *years)] for line in lines), strict=True)
        )
        sums = [(sum(vacant for vacant, _over in end), sum(over for _vacant, over in end)) for end in ends]
        rows.append(
            {
                "label": codes.label("category", category),
                "occupied": sum(line.occupied for line in lines),
                "vacant": sums[0][0],
                "surplus": sums[0][1],
                "years": [
                    {"leaving": sum(line.leaving[year] for line in lines), "vacant": vacant, "surplus": over}
                    for year, (vacant, over) in zip(years, sums[1:], strict=True)
                ],
            }
        )
    return rows


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
