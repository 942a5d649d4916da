"""台账: the tree of regions, units and departments with their figures."""

from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes, quota
from app.queries import days, history, places, sanding, units
from app.views import region_words
from app.views.auditing import record_export
from app.views.day import address, asked, day_context, title, words
from app.views.fields.sanding import SIGNBOARDS
from app.views.place import place
from app.views.sheets import download
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
            rows, kinds = places.whole(s, at)
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
            exports=exports(at),
            difference_url=f"/difference?from={at.on}" if at.on < at.today else "/difference",
        )

    @expose("/export")
    @has_access
    def export(self) -> Any:
        """机构编制台账汇总: bodies of a region, or of the reader's range, with their numbers of the day, as a workbook or CSV."""
        form = request.args.get("form", "xlsx")
        if form not in ("xlsx", "csv"):
            abort(400)
        with work() as s:
            at, (low, high, keep, name) = asked(today(s)), place(s)
            rows = places.table(s, at, low, high, ROWS)
            record_export(s, "ledger", len(rows), {**keep, "on": words(at)}, form)
        head = [_("Region"), _("Superior body"), _("Unit"), _("Unified social credit code"), _("Class of unit"), _("Grade of unit"),
                _("Category of establishment"), _("Authorised"), _("Occupied"), _("Vacant"), _("Over quota")]  # fmt: skip
        lines = [
            [r.region, r.parent, r.name, r.uscc, codes.label("unit_category", r.unit_category) if r.unit_category else None,
             codes.label("unit_grade", r.grade) if r.grade else None, codes.label("category", r.category) if r.category else None,
             r.authorised, r.occupied, r.vacant, r.surplus] for r in rows
        ]  # fmt: skip
        return download(f"{name} {_('Ledger')} {words(at)}", head, lines, form)

    @expose("/<region>")
    @has_access
    def region(self, region: str) -> Any:
        """What is below a region: its towns, then its own units; a page of its own where no script asks."""
        after = after_path()
        with work() as s:
            at = asked(today(s))
            towns = [r for r in places.regions(s, at) if r.kind == "town" and r.parent_code == region]
            rows = places.bodies(s, at, region=region, after=after, limit=BODIES + 1)
            boards = sanding.boards_of(s, [r.id for r in rows], at)
            name = units.region_name(s, region)
        if name is None:
            abort(404)
        nodes = [region_node(r.code, r.name, r.units, [units.summed(r)], at) for r in towns if not after]
        nodes += body_nodes(rows, boards, at, f"/ledger/{region}")
        return below(region_words.reached(region, name), nodes, at, f"/ledger/{region}", exports(at, region=region))

    @expose("/unit/<int:unit_id>")
    @has_access
    def departments(self, unit_id: int) -> Any:
        """Below a body: the bodies it is the superior of, then its departments with the seats meant for them."""
        path, after = f"/ledger/unit/{unit_id}", after_path()
        with work() as s:
            at = asked(today(s))
            there, row = places.stood(s, at, unit_id), units.unit(s, unit_id)
            if there is None and row is None:
                abort(404)
            bodies, boards, rows = [], {}, []
            if there is not None:
                bodies = places.bodies(s, at, region=there.region_code, parent=unit_id, after=after, limit=BODIES + 1)
                boards = sanding.boards_of(s, [r.id for r in bodies], at)
                if not after:
                    rows = history.departments_on(s, unit_id, at) if there.own else places.departments(s, at, unit_id)
        nodes = body_nodes(bodies, boards, at, path)
        nodes += [
            {
                "id": f"d{n}",
                "label": d.name,
                "kind": "department",
                "note": None if d.people is None else _("%(n)s people", n=d.people),
                "url": None,
                "children_url": None,
                "lines": [{"label": None, "figures": quota.Figures.of(d.allotted, d.people, 0)}] if d.allotted else [],
            }
            for n, d in enumerate(rows)
        ]
        return below((there or row).name, nodes, at, path)


# Rows that go out at once.
ROWS = 30_000
# Bodies shown at once; what is more opens below them.
BODIES = 100


def after_path() -> str:
    """The place of the last body already shown; nonsense answers 400."""
    after = request.args.get("after", "")
    if len(after) > 60 or not all(c.isdecimal() or c == "." for c in after):
        abort(400)
    return after


def body_nodes(rows: list[Any], boards: dict[int, list[Any]], at: days.Moment, path: str) -> list[dict[str, Any]]:
    """Bodies as nodes: their own figures, those with whatever is below them, and the signboards they bear."""
    nodes = [
        {
            "id": f"u{r.id}",
            "label": r.name,
            "kind": "unit",
            "note": body_note(r, at),
            "boards": [board_text(b) for b in boards.get(r.id, ())],
            "url": address(f"/unit/{r.id}", at),
            "children_url": address(f"/ledger/unit/{r.id}", at) if r.departments or r.bodies else None,
            "open": False,
            "children": [],
            "lines": body_lines(r),
        }
        for r in rows[:BODIES]
    ]
    if len(rows) > BODIES:
        more = address(path, at, after=rows[BODIES - 1].scope_path)
        nodes.append({"id": more, "label": _("More units"), "kind": "unit", "children_url": more, "lines": []})
    return nodes


def body_note(row: Any, at: days.Moment) -> str | None:
    """What became of a body since the day: ended, or in another range now."""
    if row.closed_on is not None and row.closed_on > at.on:
        return _("ended on %(on)s", on=row.closed_on)
    return None if row.own else _("elsewhere today")


def body_lines(row: Any) -> list[dict[str, Any]]:
    """A body's bar; with bodies below it a second one, of all together."""
    if not row.bodies:
        return [{"label": None, "figures": units.summed(row)}]
    own = quota.Figures.of(None, 0, 0)
    if row.own_occupied is not None:
        own = units.sums(row.own_authorised, row.own_occupied, row.own_reserved, row.own_vacant, row.own_surplus)
    return [
        {"label": _("Itself"), "figures": own},
        {"label": _("With the %(n)s bodies below it", n=row.bodies), "figures": units.summed(row)},
    ]


def board_text(board: Any) -> str:
    """A signboard in words: its kind and the name, which is no body of its own."""
    return f"{dict(SIGNBOARDS)[board.kind]}：{board.shown}"


def exports(at: days.Moment, **keep: str) -> list[tuple[str, str]]:
    """The two forms in which the ledger of a place and a day goes out."""
    return [(form.upper(), address("/ledger/export", at, form=form, **keep)) for form in ("xlsx", "csv")]


def below(
    name: str, nodes: list[dict[str, Any]], at: days.Moment, path: str, forms: list[tuple[str, str]] | None = None
) -> str:
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
        exports=forms or [],
    )


def top_regions(rows: list[Any], at: days.Moment | None = None) -> list[dict[str, Any]]:
    """The city's own level and the districts, each with the sum of its towns inside."""
    nodes = []
    for r in rows:
        if r.kind == "town" and any(o.kind != "town" for o in rows):
            continue
        inside = [o for o in rows if o.code == r.code or (r.kind == "district" and o.parent_code == r.code)]
        label = region_words.reached(r.code, r.name)
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
