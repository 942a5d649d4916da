"""台账: the tree, a unit on any day, the disclosure page, one's own card."""

import datetime as dt
from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text

from app.domain import errors
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


class LedgerView(BaseView):
    """The tree of regions and units with their figures."""

    route_base = "/ledger"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Regions in scope; their units open on demand."""
        with work() as s:
            rows = units.regions(s)
        nodes = [
            {
                "id": r.code,
                "label": r.name,
                "kind": "region",
                "note": _("%(n)s units", n=r.units),
                "url": None,
                "children_url": f"/ledger/{r.code}",
                "open": False,
                "children": [],
                "lines": [{"label": _("Establishment"), "figures": units.summed(r)}],
            }
            for r in rows
        ]
        return render_template(
            "ledger.html", title=_("Ledger"), nodes=nodes, lines=[], total=None, filters=[], keep=[], chips=[]
        )

    @expose("/<region>")
    @has_access
    def region(self, region: str) -> Any:
        """The units of one region, for the tree."""
        with work() as s:
            rows = units.region_units(s, region, request.args.get("after", ""), 200)
        nodes = [
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
            for r in rows
        ]
        return render_template("_ledger_nodes.html", nodes=nodes)


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
            after = request.args.get("after", 0, type=int)
            lines = units.lines_of(s, row.legal_id)
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
                {"name": d.name, "url": None, "note": _("%(n)s people", n=d.people), "figures": None}
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
            "id_masked": None,
            "department": p.department,
            "position": None,
            "rank": None,
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
        "next_url": f"{base}&after={people[49].id}" if len(people) > 50 else None,
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
                    "position": None,
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
                    "SELECT p.*, unit_name(p.unit_id) AS unit, unit_name(p.department_id) AS department FROM person p"
                    " WHERE p.id = :i"
                ),
                {"i": who.person_id},
            ).one_or_none()
            if p is None:
                raise errors.NotFound()
            rows = s.execute(
                text(
                    "SELECT o.*, unit_name(o.unit_id) AS unit FROM occupancy o WHERE o.person_id = :i"
                    " AND o.recorded_to IS NULL ORDER BY o.started_on DESC"
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
                "number": None,
                "unit": seat.unit,
                "department": p.department,
                "category": None,
                "entered_on": seat.started_on,
                "document": None,
                "state": "occupied",
            }
            if seat
            else None,
            positions=[
                {
                    "title": _("Leadership position"),
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
            reveal_url=None,
            report_url=None,
            printouts=[],
        )
