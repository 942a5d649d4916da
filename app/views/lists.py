"""Role-scoped lists of units, people, seats and cases: filters, bounded sorting, keyset paging, export."""

import datetime as dt
import io
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request, send_file
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import codes
from app.domain.regions import foshan
from app.queries import units
from app.queries.listings import BRIEF, LISTS, Asked, Listing, rows
from app.views.rows import states
from app.views.shell import hat, local, work

PAGE = 50
EXPORT = 5000


def titles() -> dict[str, str]:
    """The lists' titles."""
    return {"units": _("Units"), "people": _("Personnel"), "posts": _("Seats"), "cases": _("Cases")}


def labels() -> dict[str, str]:
    """The columns' labels."""
    return {
        "name": _("Full name"),
        "region": _("Region"),
        "nature": _("Nature"),
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
        "state": _("State"),
    }


def shown(listing: Listing, row: Any, key: str) -> str | None:
    """A cell's text."""
    if key == "line":
        return units.line_label(row)
    value = getattr(row, key)
    if key == "rank":
        return codes.RANK.get(value, value)
    if isinstance(value, dt.datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    if key == "state":
        return states()[value][0]
    return None if value is None else str(value)


class ListView(BaseView):
    """Read-only lists; parameters that are not understood answer 400."""

    route_base = "/list"
    default_view = "show"

    @expose("/<name>")
    @has_access
    def show(self, name: str) -> Any:
        """One page of a list."""
        listing, asked, keep = self._asked(name)
        with work() as s:
            found = rows(s, listing, asked, PAGE + 1)
        page, known = found[:PAGE], labels()
        context = {
            "title": titles()[name],
            "intro": None,
            "columns": [self._column(listing, asked, key, known[key], keep) for key in listing.columns],
            "rows": [{"cells": [self._cell(listing, r, k, i) for i, k in enumerate(listing.columns)]} for r in page],
            "filters": self._filters(listing, asked, keep),
            "chips": [
                {
                    "label": {"q": _("Search"), "state": _("State"), "region": _("Region")}[k],
                    "value": states()[v][0] if k == "state" else region_names().get(v, v) if k == "region" else v,
                    "remove_url": f"/list/{name}?" + urlencode({x: y for x, y in keep.items() if x != k}),
                }
                for k, v in keep.items()
                if k != "sort"
            ],
            "clear_url": f"/list/{name}",
            "keep": [{"name": "sort", "value": keep["sort"]}] if "sort" in keep else [],
            "prev_url": f"/list/{name}?" + urlencode(keep) if asked.after else None,
            "next_url": f"/list/{name}?" + urlencode({**keep, "after": f"{page[-1].cursor}~{page[-1].id}"})
            if len(found) > PAGE
            else None,
            "total": None,
            "empty_text": None,
            "column_choices": None,
            "export_url": f"/list/{name}/export?" + urlencode(keep),
        }
        return render_template("list.html", title=titles()[name], listing=context)

    @expose("/<name>/export")
    @has_access
    def export(self, name: str) -> Any:
        """What the filters show (5,000 rows at most), as a workbook; text cells only, so no formula runs."""
        import xlsxwriter

        listing, asked, _keep = self._asked(name)
        known = labels()
        with work() as s:
            found = rows(s, listing, asked, EXPORT)
            s.execute(
                text(
                    "SELECT record_audit('export', :a, jsonb_build_object('list', cast(:n AS text), 'rows', cast(:r AS int)))"
                ),
                {"a": request.remote_addr, "n": name, "r": len(found)},
            )
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False})
        sheet = book.add_worksheet()
        for column, key in enumerate(listing.columns):
            sheet.write_string(0, column, known[key])
            for line, row in enumerate(found, 1):
                sheet.write_string(line, column, shown(listing, row, key) or "")
        book.close()
        buffer.seek(0)
        return send_file(
            buffer,
            download_name=f"{titles()[name]}.xlsx",
            as_attachment=True,
            mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    def _asked(self, name: str) -> tuple[Listing, Asked, dict[str, str]]:
        """The list and what is asked of it; 404 for an unknown list, 400 for an unknown value."""
        listing, who, args = LISTS.get(name) or abort(404), hat(), request.args
        if name == "people" and "register" not in who.sees:
            listing = BRIEF
        if set(args) - {"q", "state", "sort", "after", "region"}:
            abort(400)
        q, state, sort = args.get("q", "").strip(), args.get("state", ""), args.get("sort", "")
        usual = next(iter(listing.orders))
        key = sort.removeprefix("-") or usual
        if len(q) > 60 or "\0" in q or (state and state not in listing.states) or key not in listing.orders:
            abort(400)
        low, high, region = who.low, who.high, args.get("region", "")
        if region:
            if region not in region_names():
                abort(400)
            low, high = max(low, region), min(high, region[:-1] + chr(ord(region[-1]) + 1))
        after, mark = None, args.get("after", "")
        if mark:
            value, _sep, number = mark.rpartition("~")
            if not number.isdecimal() or len(number) > 18 or len(value) > 200 or not self._fits(listing, key, value):
                abort(400)
            after = (value, int(number))
        down = sort.startswith("-") if sort else listing.orders[usual].downwards
        keep = {"q": q, "state": state, "region": region, "sort": sort}
        return listing, Asked(low, high, q, state, key, down, after), {k: v for k, v in keep.items() if v}

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
        return "\0" not in value

    def _column(self, listing: Listing, asked: Asked, key: str, label: str, keep: dict[str, str]) -> dict[str, Any]:
        sortable, current = key in listing.orders, asked.sort == key
        back = "" if current and asked.down else "-" if current else ""
        return {
            "key": key,
            "label": label,
            "sortable": sortable,
            "align": None,
            "sorted": ("desc" if asked.down else "asc") if current else None,
            "url": f"/list/{listing.name}?" + urlencode({**keep, "sort": back + key}) if sortable else None,
        }

    def _filters(self, listing: Listing, asked: Asked, keep: dict[str, str]) -> list[dict[str, Any]]:
        every = {"value": "", "label": _("All")}
        out: list[dict[str, Any]] = [
            {"name": "q", "label": _("Search"), "kind": "text", "value": asked.q, "options": []},
            {
                "name": "state",
                "label": _("State"),
                "kind": "select",
                "value": asked.state,
                "options": [every, *({"value": v, "label": states()[v][0]} for v in listing.states)],
            },
        ]
        if hat().office_id and listing.scoped:
            inside = {k: v for k, v in region_names().items() if k.startswith(hat().low)}
            out.append(
                {
                    "name": "region",
                    "label": _("Region"),
                    "kind": "select",
                    "value": keep.get("region", ""),
                    "options": [every, *({"value": k, "label": v} for k, v in inside.items())],
                }
            )
        return out

    def _cell(self, listing: Listing, row: Any, key: str, index: int) -> dict[str, Any]:
        value = shown(listing, row, key)
        return {
            "text": value,
            "state": row.state if key == "state" else None,
            "css": None,
            "url": f"{listing.link}{row.id}"
            if listing.link and (index == 0 or key == "title") and value
            else f"/reveal/{row.id}"
            if key == "id_mask" and value and "document" in hat().sees
            else None,
        }


def region_names() -> dict[str, str]:
    """Regions by what their units' scope begins with; the city itself is its own level only."""
    return {d.code if d.kind == "city" else d.prefix: "市本级" if d.kind == "city" else d.name for d in foshan()}
