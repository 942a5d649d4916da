"""Role-scoped lists of units, people, seats and cases: filters, keyset paging, bounded sorting, export."""

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.views.shell import hat, work

PAGE = 50
EXPORT = 5000


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: its rows come in scope order, the keyset is (scope_path, id)."""

    title: Any
    select: str
    where: str
    columns: tuple[tuple[str, Any], ...]
    search: str
    states: tuple[str, ...] = ()
    link: str | None = None


LISTS = {
    "units": Listing(
        _l("Units"),
        "SELECT x.id, x.scope_path, x.name, x.nature, r.name AS region, x.status AS state FROM unit x"
        " JOIN region r ON r.code = x.region_code",
        "x.node = 'legal'",
        (("name", _l("Name")), ("region", _l("Region")), ("nature", _l("Nature")), ("state", _l("State"))),
        "strpos(x.name, :q) > 0",
        ("active", "closed"),
        "/unit/",
    ),
    "people": Listing(
        _l("Personnel"),
        "SELECT x.id, x.scope_path, x.name, x.id_mask, x.birth_on, unit_name(x.unit_id) AS unit,"
        " unit_name(x.department_id) AS department, x.state FROM person x",
        "true",
        (
            ("name", _l("Name")),
            ("id_mask", _l("Identity number")),
            ("birth_on", _l("Day of birth")),
            ("unit", _l("Unit")),
            ("department", _l("Internal department")),
            ("state", _l("State")),
        ),
        "(starts_with(x.name, :q) OR starts_with(x.pinyin_initials, lower(:q)))",
        ("serving", "retired", "left", "outside"),
    ),
    "posts": Listing(
        _l("Seats"),
        "SELECT x.id, x.scope_path, unit_name(x.unit_id) AS unit, x.number, l.kind, l.category, x.status AS state"
        " FROM post x JOIN quota_line l ON l.id = x.line_id",
        "true",
        (
            ("unit", _l("Unit")),
            ("number", _l("Seat")),
            ("category", _l("Category of establishment")),
            ("state", _l("State")),
        ),
        "strpos(unit_name(x.unit_id), :q) > 0",
        ("vacant", "reserved", "occupied", "abolished"),
    ),
    "cases": Listing(
        _l("Cases"),
        "SELECT x.id, x.scope_path, x.number, x.title, unit_name(x.unit_id) AS unit, x.submitted_at, x.state"
        " FROM application x",
        "true",
        (
            ("number", _l("Case")),
            ("title", _l("Business")),
            ("unit", _l("Unit")),
            ("submitted_at", _l("Submitted")),
            ("state", _l("State")),
        ),
        "(strpos(x.title, :q) > 0 OR x.number = :q)",
        ("draft", "running", "returned", "awaiting", "done", "rejected", "withdrawn"),
        "/case/",
    ),
}


class ListView(BaseView):
    """Read-only lists; parameters that are not understood answer 400."""

    route_base = "/list"
    default_view = "show"

    @expose("/<name>")
    @has_access
    def show(self, name: str) -> Any:
        """One page of a list."""
        listing, q, state, down = self._asked(name)
        after = request.args.get("after", "")
        path, _sep, number = after.rpartition("~")
        if after and not number.isdecimal():
            abort(400)
        rows = self._rows(listing, q, state, down, (path, int(number)) if after else None, PAGE + 1)
        keep = {k: v for k, v in (("q", q), ("state", state), ("sort", "-" if down else "")) if v}
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        columns = [
            {
                "key": k,
                "label": str(label),
                "sortable": i == 0,
                "align": None,
                "sorted": ("desc" if down else "asc") if i == 0 else None,
                "url": f"/list/{name}?" + urlencode({**keep, "sort": "" if down else "-"}),
            }
            for i, (k, label) in enumerate(listing.columns)
        ]
        chips = [
            {
                "label": _("Search") if k == "q" else _("State"),
                "value": v,
                "remove_url": f"/list/{name}?" + urlencode({x: y for x, y in keep.items() if x != k}),
            }
            for k, v in keep.items()
            if k != "sort"
        ]
        context = {
            "title": str(listing.title),
            "intro": None,
            "columns": columns,
            "chips": chips,
            "clear_url": f"/list/{name}",
            "rows": [
                {"cells": [self._cell(listing, r, k, i) for i, (k, _label) in enumerate(listing.columns)]}
                for r in rows[:PAGE]
            ],
            "filters": [
                {"name": "q", "label": _("Search"), "kind": "text", "value": q, "options": []},
                {
                    "name": "state",
                    "label": _("State"),
                    "kind": "select",
                    "value": state,
                    "options": [
                        {"value": "", "label": _("All")},
                        *({"value": v, "label": v} for v in listing.states),
                    ],
                },
            ],
            "keep": [],
            "prev_url": None,
            "total": None,
            "empty_text": None,
            "column_choices": None,
            "next_url": f"/list/{name}?" + urlencode({**keep, "after": f"{last.scope_path}~{last.id}"})
            if last
            else None,
            "export_url": f"/list/{name}/export?" + urlencode(keep),
        }
        return render_template("list.html", title=str(listing.title), listing=context)

    @expose("/<name>/export")
    @has_access
    def export(self, name: str) -> Any:
        """Exactly what the filters show, as a workbook; text cells only, so no formula runs."""
        import xlsxwriter

        listing, q, state, down = self._asked(name)
        rows = self._rows(listing, q, state, down, None, EXPORT)
        with work() as s:
            s.execute(
                text(
                    "SELECT record_audit('export', :a, jsonb_build_object('list', cast(:n AS text), 'rows', cast(:r AS int)))"
                ),
                {"a": request.remote_addr, "n": name, "r": len(rows)},
            )
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False})
        sheet = book.add_worksheet()
        for column, (key, label) in enumerate(listing.columns):
            sheet.write_string(0, column, str(label))
            for line, row in enumerate(rows, 1):
                value = getattr(row, key)
                sheet.write_string(line, column, "" if value is None else str(value))
        book.close()
        buffer.seek(0)
        return send_file(
            buffer,
            download_name=f"{name}.xlsx",
            as_attachment=True,
            mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    def _asked(self, name: str) -> tuple[Listing, str, str, bool]:
        listing = LISTS.get(name) or abort(404)
        q, state, sort = (
            request.args.get("q", "").strip(),
            request.args.get("state", ""),
            request.args.get("sort", ""),
        )
        if len(q) > 60 or (state and state not in listing.states) or sort not in ("", "-"):
            abort(400)
        return listing, q, state, sort == "-"

    def _rows(
        self, listing: Listing, q: str, state: str, down: bool, after: tuple[str, int] | None, limit: int
    ) -> list[Any]:
        who = hat()
        # The range is stated as values too: the planner cannot see inside the policy (docs/architecture.md).
        # Cases are also seen through tasks, outside the range, so their list leaves it to the policy.
        condition = [listing.where]
        if "application" not in listing.select:
            condition.append("x.scope_path >= :lo AND x.scope_path < :hi")
        if q:
            condition.append(listing.search)
        if state:
            condition.append(
                "state_of = :state".replace(
                    "state_of", "x.status" if "x.status AS state" in listing.select else "x.state"
                )
            )
        if after:
            condition.append(f"(x.scope_path, x.id) {'<' if down else '>'} (:path, :number)")
        order = "DESC" if down else "ASC"
        with work() as s:
            return list(
                s.execute(
                    text(
                        f"{listing.select} WHERE {' AND '.join(condition)} ORDER BY x.scope_path {order}, x.id {order} LIMIT :n"
                    ),
                    {
                        "lo": who.low,
                        "hi": who.high,
                        "q": q,
                        "state": state,
                        "n": limit,
                        "path": after[0] if after else "",
                        "number": after[1] if after else 0,
                    },
                )
            )

    def _cell(self, listing: Listing, row: Any, key: str, index: int) -> dict[str, Any]:
        value = getattr(row, key)
        shown = value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else value
        return {
            "text": None if key == "state" else shown,
            "state": value if key == "state" else None,
            "css": None,
            "url": f"{listing.link}{row.id}" if listing.link and index == 0 and shown else None,
        }
