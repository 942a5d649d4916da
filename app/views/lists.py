"""Role-scoped lists of units, people, seats and cases: filters, bounded sorting, keyset paging, export."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes
from app.domain.regions import span
from app.domain.workdays import add_workdays, city_today
from app.queries import cases, units
from app.queries.listings import BRIEF, COUNTED, LISTS, Asked, Listing, count, rows
from app.queries.listings_day import on_day
from app.views import region_words
from app.views.auditing import record_export
from app.views.day import address, day_context, title
from app.views.day import asked as asked_day
from app.views.rows import states
from app.views.sheets import workbook
from app.views.shell import hat, local, work
from app.workflow import engine

PAGE = 50
EXPORT = 5000
# Columns of numbers of people and seats.
COUNTS = ("approved", "used", "remaining", "released", "planned", "permitted")
PARAMETERS = {"q", "state", "sort", "after", "region", "process", "cols", "on", "known"}


def titles() -> dict[str, str]:
    """The lists' titles."""
    return {"units": _("Units"), "people": _("Personnel"), "posts": _("Seats"), "cases": _("Cases"),
            "permits": _("Permits"), "plans": _("Yearly plans"), "absences": _("Away from their seats")}  # fmt: skip


def labels(name: str) -> dict[str, str]:
    """The columns' labels in one list: a unit's name is no person's."""
    return {
        "name": _("Name of the unit") if name == "units" else _("Full name"),
        "region": _("Region"),
        "nature": _("Nature"),
        "parent": _("Superior unit"),
        "grade": _("Grade of unit"),
        "uscc": _("Unified social credit code"),
        "id_mask": _("Identity number"),
        "birth_on": _("Day of birth"),
        "rank": _("Rank"),
        "unit": _("Unit"),
        "department": _("Internal department"),
        "line": _("Establishment line"),
        "number": _("Number"),
        "holder": _("Holder"),
        "title": _("Business"),
        "submitted_at": _("Submitted"),
        "process": _("Kind of business"),
        "due_on": _("Due"),
        "effective_on": _("Takes effect"),
        "sex": _("Sex"),
        "education": _("Education"),
        "work_started_on": _("Start of work"),
        "state": _("State"),
        "purpose": _("What the seats are for"),
        "approved": _("Seats approved"),
        "used": _("Used"),
        "remaining": _("Remaining"),
        "released": _("Released"),
        "granted_on": _("Granted on"),
        "last_on": _("Valid until"),
        "kind": _("Kind of absence"),
        "host": _("Host"),
        "started_on": _("From"),
        "until_on": _("Last day away"),
        "ended_on": _("Returned on"),
        "plan_year": _("Year of the plan"),
        "category": _("Kind of establishment"),
        "planned": _("Planned"),
        "permitted": _("On permits"),
        "approved_on": _("Approved on"),
    }


def empty_texts() -> dict[str, tuple[str, str | None, str | None]]:
    """What an empty list says to do: text, address, name of the button."""
    return {
        "units": (_("No unit is in your range yet. The establishment office opens units."), None, None),
        "people": (_("Nobody is on the register yet. People enter by recruitment or transfer."), None, None),
        "posts": (_("No seat has been authorised yet. The establishment office authorises them."), None, None),
        "cases": (_("No case yet."), "/case/start", _("Start a business")),
        "absences": (_("Nobody is away. Absences are applied for by the unit."), "/case/start", _("Start a business")),
        "permits": (
            _("No permit yet. A permit holds seats before anybody is named."),
            "/case/start",
            _("Start a business"),
        ),
        "plans": (
            _("No plan yet. A plan says how many people are to come within a year."),
            "/case/start",
            _("Start a business"),
        ),
    }


def shown(row: Any, key: str, kinds: dict[str, str]) -> str | None:
    """A cell's text; ``kinds`` are the names of the businesses."""
    if key == "line":
        return units.line_label(row)
    value = getattr(row, key)
    if key in ("rank", "sex", "education", "category"):
        return codes.label(key, value) if value else None
    if key == "kind":
        return codes.label("absence_kind", value)
    if key == "grade":
        return codes.label("unit_grade", value) if value else None
    if key == "purpose":
        return codes.label("permit_purpose", value)
    if key == "process":
        return kinds.get(value, value)
    if isinstance(value, dt.datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    if key == "state":
        return states()[value][0]
    return None if value is None else str(value)


def light(row: Any, near: dt.date) -> str:
    """How a case's deadline looks: amber from one working day before it (``near``), red after it."""
    if row.due_on is None or row.still_since is not None or row.due_on > near:
        return "bz-number"
    return "bz-number bz-red bz-strong" if row.due_on < city_today() else "bz-number bz-amber bz-strong"


class ListView(BaseView):
    """Read-only lists; parameters that are not understood answer 400."""

    route_base = "/list"
    default_view = "show"

    @expose("/<name>")
    @has_access
    def show(self, name: str) -> Any:
        """One page of a list."""
        listing, asked, keep = self._asked(name)
        at = asked_day(city_today())
        with work() as s:
            found, number = rows(s, listing, asked, PAGE + 1), count(s, listing, asked)
            kinds = cases.process_titles(s)
            near = add_workdays(engine.today(s), 1, engine.calendar(s)) if name == "cases" else None
        page, known, columns = found[:PAGE], labels(name), keep.get("cols") or usual_columns(listing)
        chips = self._chips(name, keep, kinds)
        text_, start, button = empty_texts()[name]
        context = {
            "title": title(titles()[name], at),
            "intro": None,
            "day": day_context(at, f"/list/{name}", **{k: keep.get(k) for k in ("q", "state", "region")})
            if on_day(name, at)
            else None,
            "columns": [self._column(listing, asked, key, known[key], keep) for key in columns],
            "rows": [
                {"cells": [self._cell(listing, r, k, kinds, near, address("", at)) for k in columns]} for r in page
            ],
            "filters": self._filters(listing, asked, keep, kinds),
            "chips": chips,
            "clear_url": f"/list/{name}",
            "keep": [
                (k, v)
                for k in ("sort", "on", "known", "cols")
                if k in keep
                for v in (keep[k] if k == "cols" else [keep[k]])
            ],
            "prev_url": address_of(name, keep) if asked.after else None,
            "next_url": address_of(name, {**keep, "after": f"{page[-1].cursor}~{page[-1].id}"})
            if len(found) > PAGE
            else None,
            "total": _("more than %(n)s", n=COUNTED) if number > COUNTED else number,
            "empty_text": _("Nothing fits these filters.") if chips else text_,
            "empty_url": start if not chips and may_start() else None,
            "empty_action": button,
            "column_choices": [{"key": k, "label": known[k], "shown": k in columns} for k in listing.columns],
            "export_url": address_of(f"{name}/export", keep) if page else None,
            "export_limit": EXPORT if number > EXPORT else None,
        }
        return render_template("list.html", title=context["title"], listing=context)

    @expose("/<name>/export")
    @has_access
    def export(self, name: str) -> Any:
        """What the filters and columns show (5,000 rows at most), as a workbook."""
        listing, asked, keep = self._asked(name)
        known, columns = labels(name), keep.get("cols") or usual_columns(listing)
        with work() as s:
            found, kinds = rows(s, listing, asked, EXPORT), cases.process_titles(s)
            record_export(s, name, len(found), keep)
        return workbook(
            title(titles()[name], asked_day(city_today())),
            [known[k] for k in columns],
            [[shown(r, k, kinds) for k in columns] for r in found],
        )

    def _asked(self, name: str) -> tuple[Listing, Asked, dict[str, Any]]:
        """The list and what is asked of it; 404 for an unknown list, 400 for an unknown value."""
        listing, who, args = LISTS.get(name) or abort(404), hat(), request.args
        if name == "people" and "register" not in who.sees:
            listing = BRIEF
        if set(args) - PARAMETERS:
            abort(400)
        at = asked_day(city_today())
        if not at.plain:
            if name == "people" and not {"seat", "register"} & set(who.sees):
                abort(400)
            listing = on_day(name, at) or abort(400)
        q, state, sort, process = (args.get(k, "").strip() for k in ("q", "state", "sort", "process"))
        usual = next(iter(listing.orders))
        key = sort.removeprefix("-") or usual
        if len(q) > 60 or (state and state not in listing.states) or key not in listing.orders:
            abort(400)
        if process and not (name == "cases" and process.isidentifier() and len(process) <= 40):
            abort(400)
        cols = [c for c in args.getlist("cols") if c]
        if set(cols) - set(listing.columns):
            abort(400)
        low, high, region = who.low, who.high, args.get("region", "")
        if region:
            if region not in region_words.filters() or not listing.scoped:
                abort(400)
            first, end = span(region)
            low, high = max(low, first), min(high, end)
        after, mark = None, args.get("after", "")
        if mark:
            value, _sep, number = mark.rpartition("~")
            if not number.isdecimal() or len(number) > 18 or len(value) > 200 or not self._fits(listing, key, value):
                abort(400)
            after = (value, int(number))
        down = sort.startswith("-") if sort else listing.orders[usual].downwards
        keep: dict[str, Any] = {"q": q, "state": state, "region": region, "process": process, "sort": sort}
        keep |= at.parameters
        keep["cols"] = [c for c in listing.columns if c in cols]
        asked = Asked(low, high, q, state, key, down, after, process, who.unit_id, None if at.plain else at,
                      span(region) if region and not at.plain else None)  # fmt: skip
        return listing, asked, {k: v for k, v in keep.items() if v}

    def _chips(self, name: str, keep: dict[str, Any], kinds: dict[str, str]) -> list[dict[str, Any]]:
        words = {"q": _("Search"), "state": _("State"), "region": _("Region"), "process": _("Kind of business")}
        values = {
            "q": keep.get("q"),
            "state": states()[keep["state"]][0] if "state" in keep else None,
            "region": region_words.filters().get(keep.get("region", "")),
            "process": kinds.get(keep.get("process", ""), keep.get("process")),
        }
        return [
            {"label": words[k], "value": v, "remove_url": address_of(name, {x: y for x, y in keep.items() if x != k})}
            for k, v in values.items()
            if v
        ]

    def _fits(self, listing: Listing, key: str, value: str) -> bool:
        """Whether a cursor's value is one that this order could have given."""
        kind = listing.orders[key].kind
        if kind == "bigint":
            return value.isdecimal() and len(value) <= 18
        if kind == "date":
            try:
                dt.date.fromisoformat(value)
            except ValueError:
                return False
        return True

    def _column(self, listing: Listing, asked: Asked, key: str, label: str, keep: dict[str, Any]) -> dict[str, Any]:
        sortable, current = key in listing.orders, asked.sort == key
        back = "" if current and asked.down else "-" if current else ""
        return {
            "key": key,
            "label": label,
            "sortable": sortable,
            "align": "end" if key in COUNTS or (key == "number" and listing.name == "posts") else None,
            "sorted": ("desc" if asked.down else "asc") if current else None,
            "url": address_of(listing.name, {**keep, "sort": back + key}) if sortable else None,
        }

    def _filters(
        self, listing: Listing, asked: Asked, keep: dict[str, Any], kinds: dict[str, str]
    ) -> list[dict[str, Any]]:
        hints = {
            "units": _("Part of the unit's name"),
            "people": _("Name, pinyin or its initials"),
            "posts": _("Part of the unit's name"),
            "cases": _("Case number or name"),
            "absences": _("Part of the person's name"),
            "permits": _("Permit number or part of the unit's name"),
            "plans": _("Part of the unit's name"),
        }
        out: list[dict[str, Any]] = [
            {"name": "q", "label": hints[listing.name], "kind": "text", "value": asked.q, "options": []},
            {
                "name": "state",
                "label": _("State"),
                "kind": "select",
                "value": asked.state,
                "options": [{"value": v, "label": states()[v][0]} for v in listing.states],
            },
        ]
        if listing.name == "cases":
            options = [{"value": k, "label": v} for k, v in kinds.items()]
            label = _("Kind of business")
            out.append(
                {"name": "process", "label": label, "kind": "select", "value": asked.process, "options": options}
            )
        if hat().office_id and listing.scoped:
            inside = {k: v for k, v in region_words.filters().items() if k.startswith(hat().low)}
            options = [{"value": k, "label": v} for k, v in inside.items()]
            value = keep.get("region", "")
            out.append({"name": "region", "label": _("Region"), "kind": "select", "value": value, "options": options})
        return out

    def _cell(
        self, listing: Listing, row: Any, key: str, kinds: dict[str, str], near: dt.date | None, on: str
    ) -> dict[str, Any]:
        value = shown(row, key, kinds)
        link = next((f"{start}{getattr(row, of)}" for at, start, of in listing.links if at == key), None)
        leads = value and link and not link.endswith("None")
        return {
            "text": value,
            "state": row.state if key == "state" else None,
            "css": light(row, near)
            if near and key == "due_on"
            else "bz-number"
            if key in ("id_mask", "uscc", "number") or key.endswith(("_on", "_at"))
            else None,
            "url": f"{link}{on}" if leads else None,
        }


def usual_columns(listing: Listing) -> list[str]:
    """The columns shown when nobody has chosen any."""
    return [c for c in listing.columns if c not in listing.extra]


def address_of(name: str, keep: dict[str, Any]) -> str:
    """The address of a list with these parameters."""
    query = urlencode(keep, doseq=True)
    return f"/list/{name}?{query}" if query else f"/list/{name}"


def may_start() -> bool:
    """Whether this hat has businesses of its own to start."""
    return bool(hat().unit_id) or hat().office_kind in ("establishment", "organisation", "human_resources")
