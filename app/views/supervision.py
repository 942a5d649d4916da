"""效能监督: how long offices and businesses take, what waits, and the cases behind each figure."""

import datetime as dt
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain.workdays import city_today
from app.queries import cases
from app.queries.supervision import UNITS, Behind, Line, behind, office_names, picture
from app.security.hats import Hat
from app.views.auditing import record_export
from app.views.place import some_number
from app.views.rows import states
from app.views.sheets import workbook
from app.views.shell import hat, work

PAGE = 50
EXPORT = 5000
LONGEST = dt.timedelta(days=366 * 5)
LIGHTS = ("green", "amber", "red", "still")


def may_supervise(who: Hat) -> bool:
    """Heads of offices, the establishment office, inspection and audit (k_supervises in 089_supervision.sql)."""
    return who.kind in ("office_head", "inspector") or (
        who.office_kind == "establishment" and who.office_id is not None
    )


def of_all(who: Hat) -> bool:
    """Whether everything in the ranges is counted, and not the own office alone."""
    return who.kind == "inspector" or who.office_kind == "establishment"


def period() -> tuple[dt.date, dt.date]:
    """The days that the address names, both included; this year's up to today where it names none."""
    today = city_today()
    try:
        since = dt.date.fromisoformat(request.args.get("from") or dt.date(today.year, 1, 1).isoformat())
        until = dt.date.fromisoformat(request.args.get("to") or today.isoformat())
    except ValueError:
        abort(400)
    if until < since or until - since > LONGEST:
        abort(400)
    return since, until


def address(path: str, since: dt.date, until: dt.date, **more: Any) -> str:
    """An address of these pages for a period."""
    named = {
        "from": since.isoformat(),
        "to": until.isoformat(),
        **{k: v for k, v in more.items() if v not in (None, "")},
    }
    return f"/supervision{path}?{urlencode(named)}"


def presets() -> list[dict[str, str]]:
    """Periods that are asked for again and again."""
    today = city_today()
    first = today.replace(day=1)
    last = first - dt.timedelta(days=1)
    return [
        {"label": label, "url": address("", since, until)}
        for label, since, until in (
            (_("This month"), first, today),
            (_("Last month"), last.replace(day=1), last),
            (_("This year"), dt.date(today.year, 1, 1), today),
            (_("Last year"), dt.date(today.year - 1, 1, 1), dt.date(today.year - 1, 12, 31)),
        )
    ]


def row(label: str, line: Line, since: dt.date, until: dt.date, **key: Any) -> dict[str, Any]:
    """One line of a table; ``key`` names it in the addresses behind its figures."""
    figures = line.times
    return {
        "label": label,
        "number": figures.number,
        "mean": None if figures.mean is None else f"{figures.mean:.1f}",
        "median": None if figures.median is None else f"{figures.median:g}",
        "ninety": figures.ninety,
        "timely": None if figures.timely is None else f"{figures.timely:.1f}",
        "late": figures.number - line.timely,
        "waiting": {light: line.waiting[light] for light in LIGHTS},
        "url": address("/cases", since, until, **key) if figures.number else None,
        "late_url": address("/cases", since, until, **key, late=1) if figures.number > line.timely else None,
    }


def tables(who: Hat, since: dt.date, until: dt.date) -> list[dict[str, Any]]:
    """By office, and by business."""
    with work() as s:
        found, kinds, names = picture(s, since, until, whole=of_all(who)), cases.process_titles(s), office_names(s)
    names = {**names, UNITS: _("Units (consent, head of unit, competent department)")}
    own = {} if of_all(who) else {"office": who.office_id}
    return [
        {
            "title": _("By office"),
            "hint": _("Tasks closed in the period, in working days from their opening; days on which the clock stood still do not count."),
            "head": _("Office"),
            "rows": [row(names[i], found.offices[i], since, until, office=i) for i in names if i in found.offices],
        },
        {
            "title": _("By business"),
            "hint": _("Cases decided in the period, in working days from their submission to the last decision.")
            if of_all(who)
            else _("Tasks of this office, by business."),
            "head": _("Business"),
            "rows": sorted(
                (row(kinds.get(p, p), line, since, until, process=p, **own) for p, line in found.processes.items()),
                key=lambda r: (-r["number"], r["label"]),
            ),
        },
    ]  # fmt: skip


def heads() -> list[str]:
    """The columns after the name."""
    return [_("Finished ones"), _("Average"), _("Median"), _("9 in 10 within"), _("In time (%)"), _("Late"), _("Running"),
            _("Amber"), _("Red"), _("Clock stopped")]  # fmt: skip


class SupervisionView(BaseView):
    """Figures of time by office and by business."""

    route_base = "/supervision"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Both tables for the period of the address."""
        who = self._who({"from", "to"})
        since, until = period()
        return render_template(
            "supervision.html",
            title=_("Supervision of time limits"),
            since=since,
            until=until,
            presets=presets(),
            heads=heads(),
            tables=tables(who, since, until),
            export_url=address("/export", since, until),
        )

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """Both tables as a workbook."""
        who = self._who({"from", "to"})
        since, until = period()
        lines = [
            [table["title"], r["label"], r["number"], r["mean"], r["median"], r["ninety"], r["timely"], r["late"],
             sum(r["waiting"].values()), r["waiting"]["amber"], r["waiting"]["red"], r["waiting"]["still"]]
            for table in tables(who, since, until) for r in table["rows"]
        ]  # fmt: skip
        with work() as s:
            record_export(s, "supervision", len(lines), {"from": since.isoformat(), "to": until.isoformat()})
        return workbook(_("Supervision of time limits"), [_("Table"), _("Office or business"), *heads()], lines)

    @expose("/cases")
    @has_access
    def cases(self) -> Any:
        """The cases behind a figure, the longest first."""
        asked, who = self._behind()
        with work() as s:
            found, kinds, names = behind(s, asked, self._after(), PAGE + 1), cases.process_titles(s), office_names(s)
        page, more = found[:PAGE], self._named(asked)
        last = page[-1] if len(found) > PAGE else None
        narrowed = [kinds.get(asked.process, asked.process), names.get(asked.office or 0, ""),
                    _("late") if asked.late else ""]  # fmt: skip
        return render_template(
            "supervision_cases.html",
            title=_("Cases behind the figure"),
            narrowed=[x for x in narrowed if x],
            since=asked.since,
            until=asked.until,
            whole=asked.office is None and of_all(who),
            rows=[
                {
                    "url": f"/case/{r.id}",
                    "number": r.number,
                    "title": r.title,
                    "unit": r.unit,
                    "process": kinds.get(r.process, r.process),
                    "office": r.office,
                    "spent": r.spent,
                    "allowed": r.allowed,
                    "closed_on": r.closed_on,
                    "state": r.state,
                }
                for r in page
            ],
            back_url=address("", asked.since, asked.until),
            export_url=address("/cases/export", asked.since, asked.until, **more) if page else None,
            page={
                "total": None,
                "prev_url": address("/cases", asked.since, asked.until, **more) if request.args.get("after") else None,
                "next_url": address("/cases", asked.since, asked.until, **more, after=f"{last.spent}_{last.record}")
                if last
                else None,
            },
        )

    @expose("/cases/export")
    @has_access
    def cases_export(self) -> Any:
        """The cases behind a figure (5,000 rows at most) as a workbook."""
        asked, _who = self._behind()
        with work() as s:
            found, kinds = behind(s, asked, None, EXPORT), cases.process_titles(s)
            keep = {"from": asked.since.isoformat(), "to": asked.until.isoformat()}
            record_export(
                s, "supervision_cases", len(found), {**keep, **{k: str(v) for k, v in self._named(asked).items()}}
            )
        head = [_("Case number"), _("Business"), _("Kind of business"), _("Unit"), _("Office"), _("Working days"),
                _("Allowed"), _("Closed"), _("State")]  # fmt: skip
        return workbook(
            _("Cases behind the figure"),
            head,
            [[r.number, r.title, kinds.get(r.process, r.process), r.unit, r.office, r.spent, r.allowed, r.closed_on,
              states()[r.state][0]] for r in found],
        )  # fmt: skip

    @staticmethod
    def _who(known: set[str]) -> Hat:
        who = hat()
        if not may_supervise(who):
            abort(404)
        if set(request.args) - known:
            abort(400)
        return who

    def _behind(self) -> tuple[Behind, Hat]:
        who = self._who({"from", "to", "office", "process", "late", "after"})
        asked, args = Behind(*period()), request.args
        office, process, late = args.get("office", ""), args.get("process", ""), args.get("late", "")
        if late not in ("", "1"):
            abort(400)
        if process and not (process.isidentifier() and len(process) <= 40):
            abort(400)
        return replace(asked, office=some_number(office), process=process, late=bool(late)), who

    @staticmethod
    def _named(asked: Behind) -> dict[str, Any]:
        named = {"office": None if asked.office is None else str(asked.office), "process": asked.process,
                 "late": "1" if asked.late else ""}  # fmt: skip
        return {k: v for k, v in named.items() if v}

    @staticmethod
    def _after() -> tuple[int, int] | None:
        mark = request.args.get("after")
        if not mark:
            return None
        days, _sep, record = mark.partition("_")
        if not (days.isdecimal() and record.isdecimal() and len(days) <= 9 and len(record) <= 18):
            abort(400)
        return int(days), int(record)
