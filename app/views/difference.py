"""两日之差: what changed between two days in the city, a region or a body, by number, by body, by person and seat."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes
from app.queries import difference
from app.queries.difference import KINDS, Between
from app.views import changes
from app.views.auditing import record_export
from app.views.day import day_of
from app.views.lists import EXPORT, PAGE
from app.views.place import place, row_number
from app.views.region_words import own
from app.views.sheets import download
from app.views.shell import work
from app.workflow.engine import today


def kinds() -> dict[str, str]:
    """What can happen to a person between two days."""
    return {"in": _("Came in"), "out": _("Left"), "moved": _("Moved to another unit"), "changed": _("Changed the seat")}


class DifferenceView(BaseView):
    """The difference of two days."""

    route_base = "/difference"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Numbers before and after, units, and a page of the people of one kind."""
        kind, after = self._wanted()
        with work() as s:
            between, keep, where = self._asked(s)
            counted, rows = difference.people(s, between, kind, after, PAGE + 1)
            by = "category" if "unit" in keep else "unit" if "region" in keep else "region"
            lines, parts = difference.lines(s, between, by), changes.tables(s, between)
        last = rows[PAGE - 1].person_id if len(rows) > PAGE else None
        return render_template(
            "difference.html",
            title=_("From %(a)s to %(b)s", a=between.since, b=between.until),
            place=where,
            between=between,
            keep=keep,
            by=by,
            lines=[line_context(r, by, between) for r in lines],
            parts=[table | {"exports": exports(keep, table["key"])} for table in parts if table["rows"]],
            kinds=[{"key": k, "label": label, "number": counted[k], "active": k == kind,
                    "url": f"/difference?{urlencode({**keep, 'kind': k})}#people"} for k, label in kinds().items()],
            people=[person_context(r) for r in rows[:PAGE]],
            pager={
                "total": counted[kind],
                "prev_url": f"/difference?{urlencode({**keep, 'kind': kind})}#people" if after else None,
                "next_url": f"/difference?{urlencode({**keep, 'kind': kind, 'after': last})}#people" if last else None,
            },
            exports=exports({**keep, "kind": kind}, "people") if rows else [],
        )  # fmt: skip

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """One part of the page (5,000 rows at most), as a workbook or CSV: the people of one kind, or one table of the rest."""
        kind, _after = self._wanted()
        part, form = request.args.get("part") or "people", request.args.get("form") or "xlsx"
        if form not in ("xlsx", "csv") or part not in ("people", *changes.PARTS):
            abort(400)
        with work() as s:
            between, keep, where = self._asked(s)
            if part == "people":
                _counts, rows = difference.people(s, between, kind, 0, EXPORT)
                head = [_("Person"), _("Identity number"), _("Seat before"), _("Seat after"), _("Day")]
                cells = [
                    [p["name"], p["id_masked"], p["before"], p["after"], p["on"]] for p in map(person_context, rows)
                ]
                what, keep = kinds()[kind], {**keep, "kind": kind}
            else:
                table = changes.table(s, between, part, EXPORT)
                head, what = table["head"], table["title"]
                cells = [[c["text"] for c in row] for row in table["rows"]]
            record_export(s, "difference", len(cells), {**keep, "part": part}, form)
        return download(f"{where} {what} {between.since}–{between.until}", head, cells, form)

    def _wanted(self) -> tuple[str, int]:
        """The kind of change and the last person already shown; 400 for what is no such thing."""
        kind, after = request.args.get("kind") or KINDS[0], request.args.get("after") or "0"
        if kind not in KINDS:
            abort(400)
        return kind, row_number(after)

    def _asked(self, s: Any) -> tuple[Between, dict[str, str], str]:
        """The two days and the place, the parameters that say so, and the place's name.

        Without days: from the end of last year to today. The first day comes before the second; both have been.
        """
        now = today(s)
        until = day_of("to") or now
        since = day_of("from") or dt.date(until.year - 1, 12, 31)
        if since >= until or until > now:
            abort(400)
        low, high, kept, name = place(s)
        unit = int(kept["unit"]) if "unit" in kept else None
        return (
            Between(since, until, low, high, unit),
            {"from": since.isoformat(), "to": until.isoformat(), **kept},
            name,
        )


def line_context(row: Any, by: str, between: Between) -> dict[str, Any]:
    """One group of lines with its numbers on both days, and where it leads."""
    span = urlencode({"from": between.since, "to": between.until})
    label = row.name if by == "unit" else own(row.key, row.name) if by == "region" else codes.label("category", row.key)
    url = {"region": f"/difference?{span}&region={row.key}", "unit": f"/difference?{span}&unit={row.key}"}.get(by)
    keys = ("authorised", "occupied", "vacant", "surplus")
    pairs = [(int(getattr(row, f"{k}_1")), int(getattr(row, f"{k}_2"))) for k in keys]
    return {"label": label, "url": url, "pairs": pairs, "same": all(a == b for a, b in pairs)}


def exports(keep: dict[str, str], part: str) -> list[tuple[str, str]]:
    """The two forms in which a part of the page is given out."""
    return [
        (label, f"/difference/export?{urlencode({**keep, 'part': part, 'form': form})}")
        for form, label in (("xlsx", "XLSX"), ("csv", "CSV"))
    ]


def person_context(row: Any) -> dict[str, Any]:
    """A person with the seat of the first day and that of the second, in words."""

    def seat(n: int) -> str | None:
        if getattr(row, f"number_{n}") is None:
            return None
        structure, department = getattr(row, f"structure_{n}"), getattr(row, f"department_{n}")
        category = codes.label("category", getattr(row, f"category_{n}"))
        if structure != "none":
            category = f"{category}（{codes.label('structure', structure)}）"
        parts = (getattr(row, f"unit_{n}"), department, category, f"{_('Seat')} {getattr(row, f'number_{n}')}")
        return " · ".join(x for x in parts if x)

    return {"name": row.name, "id_masked": row.id_mask, "before": seat(1), "after": seat(2),
            "on": row.started_2 or row.ended_1,
            "url": f"/person/{row.person_id}" if row.id_mask else None}  # fmt: skip
