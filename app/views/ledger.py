"""台账: the tree of regions, units and departments with their figures."""

from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes, quota
from app.queries import days, history, units
from app.views.day import address, asked, day_context, title
from app.views.shell import work
from app.workflow.engine import today


class LedgerView(BaseView):
    """The tree of regions and units with their figures."""

    route_base = "/ledger"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """The city's level and its districts with their sums; what is below opens on demand."""
        with work() as s:
            at = asked(today(s))
            rows, kinds = units.whole(s, at)
        nodes = top_regions(rows, at)
        lines = [
            units.Line(n, "region", "", str(node["label"]), node["lines"][0]["figures"], url=node["children_url"])
            for n, node in enumerate(nodes)
        ]
        total = quota.total([units.summed(r) for r in rows])
        return render_template(
            "ledger.html",
            title=title(_("Ledger"), at),
            nodes=nodes,
            lines=lines if len(lines) > 1 else [],
            total=total,
            categories=[{"label": codes.label("category", r.category), "figures": units.summed(r)} for r in kinds],
            day=day_context(at, "/ledger"),
            difference_url=f"/difference?from={at.on}" if at.on < at.today else "/difference",
        )

    @expose("/<region>")
    @has_access
    def region(self, region: str) -> Any:
        """What is below a region: its towns, then its own units; a page of its own where no script asks."""
        after = request.args.get("after", "")
        if len(after) > 60 or not all(c.isdecimal() or c == "." for c in after):
            abort(400)
        with work() as s:
            at = asked(today(s))
            towns = [r for r in units.regions(s, at) if r.kind == "town" and r.parent_code == region]
            rows = units.region_units(s, region, after, 201, at)
            name = units.region_name(s, region)
        if name is None:
            abort(404)
        nodes = [region_node(r.code, r.name, r.units, [units.summed(r)], at) for r in towns if not after]
        nodes += [
            {
                "id": f"u{r.id}",
                "label": r.name,
                "kind": "unit",
                "note": None,
                "url": address(f"/unit/{r.id}", at),
                "children_url": address(f"/ledger/unit/{r.id}", at) if r.departments else None,
                "open": False,
                "children": [],
                "lines": [{"label": None, "figures": units.summed(r)}],
            }
            for r in rows[:200]
        ]
        if len(rows) > 200:
            more = address(f"/ledger/{region}", at, after=rows[199].scope_path)
            nodes.append({"id": more, "label": _("More units"), "kind": "unit", "children_url": more, "lines": []})
        return below(name, nodes, at, f"/ledger/{region}")

    @expose("/unit/<int:unit_id>")
    @has_access
    def departments(self, unit_id: int) -> Any:
        """The internal departments of a unit with the seats meant for them and their people."""
        with work() as s:
            row, at = units.unit(s, unit_id), asked(today(s))
            if row is None:
                abort(404)
            rows = history.departments_on(s, unit_id, at, at.today)
        nodes = [
            {
                "id": f"d{n}",
                "label": d.name,
                "kind": "department",
                "note": _("%(n)s people", n=d.people),
                "url": None,
                "children_url": None,
                "lines": [{"label": None, "figures": quota.Figures.of(d.allotted, d.people, 0)}] if d.allotted else [],
            }
            for n, d in enumerate(rows)
        ]
        return below(row.name, nodes, at, f"/ledger/unit/{unit_id}")


def below(name: str, nodes: list[dict[str, Any]], at: days.Moment, path: str) -> str:
    """A part of the tree: alone for the script that asked, else as a page with its way back."""
    if request.headers.get("HX-Request"):
        return render_template("_ledger_nodes.html", nodes=nodes)
    crumbs = [{"label": _("Ledger"), "url": address("/ledger", at)}, {"label": name, "url": None}]
    return render_template(
        "ledger.html",
        title=title(name, at),
        nodes=nodes,
        lines=[],
        total=None,
        day=day_context(at, path),
        crumbs=crumbs,
    )


def top_regions(rows: list[Any], at: days.Moment | None = None) -> list[dict[str, Any]]:
    """The city's own level and the districts, each with the sum of its towns inside."""
    nodes = []
    for r in rows:
        if r.kind == "town" and any(o.kind != "town" for o in rows):
            continue
        inside = [o for o in rows if o.code == r.code or (r.kind == "district" and o.parent_code == r.code)]
        label = _("%(name)s (city level)", name=r.name) if r.kind == "city" else r.name
        nodes.append(region_node(r.code, label, sum(o.units for o in inside), [units.summed(o) for o in inside], at))
    return nodes


def region_node(
    code: str, label: str, number: int, figures: list[quota.Figures], at: days.Moment | None = None
) -> dict[str, Any]:
    """A region as a node of the tree, with the sum of what is inside."""
    return {
        "id": code,
        "label": label,
        "kind": "region",
        "note": _("%(n)s units", n=number),
        "url": None,
        "children_url": address(f"/ledger/{code}", at) if at else f"/ledger/{code}",
        "open": False,
        "children": [],
        "lines": [{"label": None, "figures": quota.total(figures)}],
    }
