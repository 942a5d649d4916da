"""台账: the tree, a unit on any day, the disclosure page, one's own card."""

import datetime as dt
from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import codes, errors, quota
from app.queries import units
from app.views.rows import alarm_rows, case_rows
from app.views.shell import hat, work
from app.workflow.engine import today


def shown_day(default: dt.date) -> dt.date:
    """The day in ``?on=``; a bad one answers 400."""
    value = request.args.get("on")
    if not value:
        return default
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        abort(400)


def seat_after() -> tuple[int, int]:
    """The last seat already shown, ``line-number``; a bad one answers 400."""
    line, _dash, seat = (request.args.get("after") or "0-0").partition("-")
    if not (line.isdecimal() and seat.isdecimal() and len(line) <= 18 and len(seat) <= 9):
        abort(400)
    return int(line), int(seat)


class LedgerView(BaseView):
    """The tree of regions and units with their figures."""

    route_base = "/ledger"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """The city's level and its districts with their sums; what is below opens on demand."""
        with work() as s:
            rows = units.regions(s)
        nodes = []
        for r in rows:
            if r.kind == "town" and any(o.kind != "town" for o in rows):
                continue
            inside = [o for o in rows if o.code == r.code or (r.kind == "district" and o.parent_code == r.code)]
            label = _("%(name)s (city level)", name=r.name) if r.kind == "city" else r.name
            nodes.append(region_node(r.code, label, sum(o.units for o in inside), [units.summed(o) for o in inside]))
        lines = [
            units.Line(n, "region", "", str(node["label"]), node["lines"][0]["figures"]) for n, node in enumerate(nodes)
        ]
        total = quota.total([units.summed(r) for r in rows])
        return render_template(
            "ledger.html",
            title=_("Ledger"),
            nodes=nodes,
            lines=lines if len(lines) > 1 else [],
            total=total,
            filters=[],
            keep=[],
            chips=[],
        )

    @expose("/<region>")
    @has_access
    def region(self, region: str) -> Any:
        """What is below a region: its towns, then its own units."""
        with work() as s:
            towns = [r for r in units.regions(s) if r.kind == "town" and r.parent_code == region]
            rows = units.region_units(s, region, request.args.get("after", ""), 201)
        nodes = [
            region_node(r.code, r.name, r.units, [units.summed(r)]) for r in towns if not request.args.get("after")
        ]
        nodes += [
            {
                "id": f"u{r.id}",
                "label": r.name,
                "kind": "unit",
                "note": None,
                "url": f"/unit/{r.id}",
                "children_url": None,
                "open": False,
                "children": [],
                "lines": [{"label": _("Establishment"), "figures": units.summed(r)}],
            }
            for r in rows[:200]
        ]
        if len(rows) > 200:
            after = f"/ledger/{region}?after={rows[199].scope_path}"
            nodes.append({"id": after, "label": _("More units"), "kind": "unit", "children_url": after, "lines": []})
        return render_template("_ledger_nodes.html", nodes=nodes)


def region_node(code: str, label: str, number: int, figures: list[quota.Figures]) -> dict[str, Any]:
    """A region as a node of the tree, with the sum of what is inside."""
    return {
        "id": code,
        "label": label,
        "kind": "region",
        "note": _("%(n)s units", n=number),
        "url": None,
        "children_url": f"/ledger/{code}",
        "open": False,
        "children": [],
        "lines": [{"label": _("Establishment"), "figures": quota.total(figures)}],
    }


class UnitView(BaseView):
    """A unit's page as of a day."""

    route_base = "/unit"
    default_view = "show"

    @expose("/<int:unit_id>")
    @has_access
    def show(self, unit_id: int) -> Any:
        """Figures, departments, leaders, roster with seat numbers."""
        with work() as s:
            row = units.unit(s, unit_id)
            if row is None:
                raise errors.NotFound(unit=unit_id)
            now = today(s)
            on = shown_day(now)
            after = seat_after()
            lines = units.lines_of(s, row.legal_id, None, None if on == now else on)
            people = units.roster(s, row.legal_id, on, kind="establishment", after=after, limit=51)
            leaders = units.roster(s, row.legal_id, on, kind="leadership", limit=200)
            departments = units.departments(s, row.legal_id)
            alarms = units.alarms(s, row.legal_id, 10)
        return render_template(
            "unit.html",
            title=row.name,
            unit={
                "name": row.name,
                "code": row.uscc,
                "other_names": [],
                "status": "active" if row.status == "active" else "abolished",
            },
            on=on,
            is_past=on != now,
            today_url=f"/unit/{unit_id}",
            facts=[
                {"label": _("Region"), "value": row.region_name},
                {"label": _("Nature"), "value": row.nature},
                {"label": _("Opened on"), "value": row.opened_on.isoformat()},
            ],
            figures=[line for line in lines if line.kind == "establishment"],
            total=None,
            documents=[],
            departments=[
                {
                    "name": d.name,
                    "url": None,
                    "note": _("%(n)s people", n=d.people),
                    "figures": quota.Figures.of(d.allotted, d.people, 0) if d.allotted else None,
                }
                for d in departments
            ],
            leaders=[line for line in lines if line.kind == "leadership"],
            leader_posts=[
                {
                    "title": units.line_label(p),
                    "person": p.person_name,
                    "person_url": None,
                    "note": p.home_unit,
                }
                for p in leaders
            ],
            roster=roster_context(people, f"/unit/{unit_id}?on={on}"),
            events=[],
            alarms=alarm_rows(alarms),
            printouts=[],
            actions=[],
        )


def roster_context(people: list[Any], base: str) -> dict[str, Any]:
    """A roster's page: fifty rows and the address of the next fifty."""
    rows = [
        {
            "seat_no": p.seat,
            "category": units.line_label(p),
            "state": "surplus" if p.surplus else "occupied",
            "person": p.person_name,
            "person_url": None,
            "id_masked": p.id_mask,
            "reveal_url": f"/reveal/{p.person_id}" if p.id_mask and "document" in hat().sees else None,
            "department": p.department,
            "position": units.positions(p.leads),
            "rank": codes.RANK.get(p.rank, p.rank),
            "entered_on": p.started_on,
        }
        for p in people[:50]
    ]
    return {
        "rows": rows,
        "filters": [],
        "keep": [],
        "chips": [],
        "clear_url": None,
        "prev_url": None,
        "total": None,
        "next_url": f"{base}&after={people[49].line_id}-{people[49].seat}" if len(people) > 50 else None,
        "export_url": None,
    }


class DisclosureView(BaseView):
    """信息公开: a unit sees exactly its own data."""

    route_base = "/disclosure"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """The own unit's establishment and roster."""
        who = hat()
        if not who.unit_id:
            abort(404)
        with work() as s:
            row = units.unit(s, who.unit_id)
            on = today(s)
            lines = units.lines_of(s, who.unit_id)
            people = units.roster(s, who.unit_id, on, kind="establishment", limit=500)
        return render_template(
            "disclosure.html",
            title=_("Disclosure page"),
            unit={"name": row.name, "code": row.uscc},
            as_of=on,
            public=False,
            facts=[
                {"label": _("Region"), "value": row.region_name},
                {"label": _("Nature"), "value": row.nature},
            ],
            lines=[line for line in lines if line.kind == "establishment"],
            total=None,
            leaders=[line for line in lines if line.kind == "leadership"],
            departments=[],
            documents=[],
            report_url=None,
            note=None,
            people=[
                {
                    "seat_no": p.seat,
                    "person": p.person_name,
                    "department": p.department,
                    "position": units.positions(p.leads),
                    "category": units.line_label(p),
                }
                for p in people
            ],
        )


class CardView(BaseView):
    """本人卡: what the register says about me."""

    route_base = "/card"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Own seat, positions and cases."""
        who = hat()
        with work() as s:
            p = s.execute(
                text(
                    "SELECT p.id, p.name, p.id_mask, p.birth_on, unit_name(p.unit_id) AS unit,"
                    " unit_name(p.department_id) AS department FROM person p"
                    " WHERE p.id = :i"
                ),
                {"i": who.person_id},
            ).one_or_none()
            if p is None:
                raise errors.NotFound()
            rows = s.execute(
                text(
                    "SELECT o.*, unit_name(o.unit_id) AS unit, l.category, l.structure, l.role, l.level, l.scope_unit_id,"
                    " unit_name(l.scope_unit_id) AS scope_name, p.number FROM occupancy o"
                    " LEFT JOIN quota_line l ON l.id = o.line_id LEFT JOIN post p ON p.id = o.post_id"
                    " WHERE o.person_id = :i AND o.recorded_to IS NULL ORDER BY o.started_on DESC"
                ),
                {"i": who.person_id},
            ).all()
            about = s.execute(
                text("SELECT id, number, title, state FROM application WHERE person_id = :i ORDER BY id DESC LIMIT 20"),
                {"i": who.person_id},
            ).all()
        seat = next((r for r in rows if r.kind == "establishment" and r.ended_on is None), None)
        return render_template(
            "card.html",
            title=_("My card"),
            own=True,
            person={"name": p.name, "id_masked": p.id_mask, "unit": p.unit, "unit_url": None, "status": None},
            facts=[
                {"label": _("Day of birth"), "value": p.birth_on.isoformat()},
                {"label": _("Internal department"), "value": p.department},
            ],
            seat={
                "number": seat.number,
                "unit": seat.unit,
                "department": p.department,
                "category": units.line_label(seat) if seat.category else None,
                "entered_on": seat.started_on,
                "document": None,
                "state": "occupied",
            }
            if seat
            else None,
            positions=[
                {
                    "title": units.line_label(r) if r.role else _("Leadership position"),
                    "unit": r.unit,
                    "level": None,
                    "from_on": r.started_on,
                    "until_on": r.ended_on,
                    "document": None,
                }
                for r in rows
                if r.kind == "leadership"
            ],
            events=[],
            cases=case_rows(list(about)),
            reveal_url=f"/reveal/{p.id}",
            report_url=None,
            printouts=[],
        )
