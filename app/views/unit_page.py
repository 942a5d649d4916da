"""单位页: a unit as of a day, its roster, and its disclosure page."""

from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes, errors, quota
from app.queries import days, history, sanding, units
from app.views import engagements, inside, movements, quota_desk, unit_then
from app.views.alarm_texts import alarm_rows
from app.views.auditing import record_export
from app.views.day import address, asked, day_context, title, words
from app.views.fields.sanding import SIGNBOARDS
from app.views.rows import states
from app.views.sheets import workbook
from app.views.shell import hat, work
from app.workflow.engine import today


def seat_after() -> tuple[int, int]:
    """The last seat already shown, ``line-number``; a bad one answers 400."""
    line, _dash, seat = (request.args.get("after") or "0-0").partition("-")
    if not (line.isdecimal() and seat.isdecimal() and len(line) <= 18 and len(seat) <= 9):
        abort(400)
    return int(line), int(seat)


class UnitView(BaseView):
    """A unit's page as of a day."""

    route_base = "/unit"
    default_view = "show"

    @expose("/<int:unit_id>")
    @has_access
    def show(self, unit_id: int) -> Any:
        """Figures, documents, departments, leaders, roster with seat numbers, history: all as of one day."""
        whole = request.args.get("all") == "yes"
        with work() as s:
            row = units.unit(s, unit_id)
            now = today(s)
            at, after = asked(now), seat_after()
            if row is None:
                return unit_then.page(s, unit_id, at)
            on, past = at.on, not at.plain
            then = history.unit_on(s, row.legal_id, at)
            lines = units.lines_of(s, row.legal_id, None, at)
            limit = ROSTER_WHOLE if whole else ROSTER_PAGE
            people = units.roster(s, row.legal_id, at, kind="establishment", after=after, limit=limit + 1)
            leaders = units.roster(s, row.legal_id, at, kind="leadership", limit=200)
            departments = history.departments_on(s, row.legal_id, at)
            documents = history.documents(s, row.legal_id, at)
            seated = history.seated(s, row.legal_id, at)
            moved = history.movements(s, "unit", row.legal_id, at if past else None)
            expected = days.expected(s, at, row.legal_id) if at.future else []
            then, departments = unit_then.foreseen(s, then, departments, expected, row.legal_id)
            alarms = [] if past else units.alarms(s, row.legal_id, 10)
            boards = sanding.signboards(s, row.legal_id, at)
            permits = [] if past else units.permits(s, row.legal_id)
            within = inside.unit_context(s, row.legal_id, at)
            off_quota = engagements.unit_context(s, row.legal_id, at)
            made_of = quota_desk.unit_context(s, row.legal_id, at)
        figures = [line for line in lines if line.kind == "establishment"]
        base = address(f"/unit/{unit_id}", at) if past else f"/unit/{unit_id}?"
        return render_template(
            "unit.html",
            title=title((then or row).name, at),
            day=day_context(at, f"/unit/{unit_id}"),
            expected=expected,
            unit={
                "id": row.legal_id,
                "name": (then or row).name,
                "code": (then or row).uscc,
                "now_named": row.name if then and then.name != row.name else None,
                "status": "active" if then is not None or row.closed_on is None else "closed",
            },
            crumbs=unit_then.crumbs(then or row, row.name, at) if hat().office_id else [],
            on=on,
            is_past=past,
            difference_url=f"/difference?unit={row.legal_id}" + (f"&from={on}" if on < now else ""),
            forecast_url=f"/forecast?unit={row.legal_id}",
            not_yet=then is None,
            facts=unit_facts(then or row, row),
            figures=figures,
            total=quota.total([line.figures for line in figures]) if len(figures) > 1 else None,
            documents=[
                {"label": d.document_no, "number": d.issuer, "issued_on": d.since, "url": None} for d in documents
            ],
            departments=[
                {
                    "name": d.name,
                    "url": None,
                    "note": " · ".join(x for x in (d.above, _("%(n)s people", n=d.people)) if x),
                    "figures": quota.Figures.of(d.allotted, d.people, 0) if d.allotted else None,
                }
                for d in departments
            ],
            leaders=leadership([line for line in lines if line.kind == "leadership"], leaders),
            roster=roster_context(people, base, limit, after, seated),
            whole_url=f"{base}&all=yes#roster" if seated > len(people[:limit]) else None,
            export_url=address(f"/unit/{unit_id}/export", at) if people else None,
            events=movements.timeline(moved, links=True, people=True),
            alarms=alarm_rows(alarms),
            permits=[
                {
                    "number": p.number,
                    "url": f"/case/{p.case_id}",
                    "line": units.line_label(p),
                    "left": p.remaining,
                    "approved": p.approved,
                    "last_on": p.last_on,
                }
                for p in permits
            ],
            inside=within,
            signboards=[{"name": b.shown, "kind": dict(SIGNBOARDS)[b.kind]} for b in boards],
            legal_id=row.legal_id,
            engaged=off_quota,
            numbers=made_of,
        )

    @expose("/<int:unit_id>/export")
    @has_access
    def export(self, unit_id: int) -> Any:
        """The roster of a day as a workbook, with the columns of the page."""
        with work() as s:
            row = units.unit(s, unit_id)
            if row is None:
                raise errors.NotFound(unit=unit_id)
            at = asked(today(s))
            then = history.unit_on(s, row.legal_id, at)
            people = units.roster(s, row.legal_id, at, kind="establishment", limit=ROSTER_WHOLE)
            record_export(s, "roster", len(people), {"unit": str(row.legal_id), "on": words(at)})
        head = [
            _("Seat"),
            _("Category of establishment"),
            _("Person"),
            _("ID number"),
            _("Department"),
            _("Position and rank"),
            _("Entered"),
            _("State"),
        ]
        keys = ("seat_no", "category", "person", "id_masked", "department", "position", "entered_on")
        lines = [
            [*(r[k] for k in keys), states()[r["state"]][0]]
            for r in roster_context(people, "", ROSTER_WHOLE, (0, 0), 0)["rows"]
        ]
        return workbook(f"{(then or row).name} {_('Roster')} {words(at)}", head, lines)


ROSTER_PAGE = 50
ROSTER_WHOLE = 5000


def unit_facts(then: Any, row: Any) -> list[dict[str, Any]]:
    """What a unit was on the day, by the words of the code lists."""
    found = [
        (_("Region"), then.region_name),
        (_("Superior body"), getattr(then, "parent_name", None)),
        (_("Nature"), then.nature),
        (_("Class of unit"), codes.label("unit_category", then.category)),
        (_("Grade of unit"), codes.label("unit_grade", then.grade)),
        (_("Short name"), then.short_name if then.short_name != then.name else None),
        (_("Unified social credit code"), then.uscc),
        (_("Opened on"), row.opened_on.isoformat()),
        (_("Closed on"), row.closed_on.isoformat() if row.closed_on else None),
    ]
    return [{"label": label, "value": value} for label, value in found if value]


def leadership(lines: list[units.Line], people: list[Any]) -> list[dict[str, Any]]:
    """Each leadership quota with who holds it."""
    return [
        {
            "label": line.label,
            "figures": line.figures,
            "holders": [
                {"name": p.person_name, "url": f"/person/{p.person_id}" if p.id_mask else None, "note": holder_note(p)}
                for p in people
                if p.line_id == line.id
            ],
        }
        for line in lines
    ]


def holder_note(p: Any) -> str:
    """How a leader holds a position, where that is not the usual way: 兼任、挂职, and from which unit."""
    nature = codes.label("appointment_nature", p.nature) if p.nature and p.home_unit else ""
    return "，".join(x for x in (nature, p.home_unit) if x)


def roster_context(people: list[Any], base: str, limit: int, after: tuple[int, int], total: int) -> dict[str, Any]:
    """A roster's page and the address of the next."""
    rows = [
        {
            "seat_no": p.seat,
            "category": units.line_label(p),
            "state": "surplus" if p.surplus else "occupied",
            "person": p.person_name,
            "person_url": f"/person/{p.person_id}" if p.id_mask else None,
            "id_masked": p.id_mask,
            "department": p.department,
            "position": " · ".join(x for x in (units.positions(p.leads), codes.RANK.get(p.rank, p.rank)) if x) or None,
            "entered_on": p.entered_on,
        }
        for p in people[:limit]
    ]
    last = people[limit - 1] if len(people) > limit else None
    return {
        "rows": rows,
        "total": total,
        "prev_url": f"{base}#roster" if after != (0, 0) else None,
        "next_url": f"{base}&after={last.line_id}-{last.seat}#roster" if last else None,
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
            row, at = units.unit(s, who.unit_id), asked(today(s))
            then = history.unit_on(s, who.unit_id, at) or row
            lines = units.lines_of(s, who.unit_id, None, at)
            people = units.roster(s, who.unit_id, at, kind="establishment", limit=ROSTER_WHOLE)
            departments = history.departments_on(s, who.unit_id, at)
            documents = history.documents(s, who.unit_id, at)
        return render_template(
            "disclosure.html",
            title=title(_("Disclosure page"), at),
            day=day_context(at, "/disclosure"),
            unit={"name": then.name, "code": then.uscc},
            as_of=at.on,
            public=False,
            facts=[
                {"label": _("Region"), "value": then.region_name},
                {"label": _("Nature"), "value": then.nature},
            ],
            lines=[line for line in lines if line.kind == "establishment"],
            total=None,
            leaders=[line for line in lines if line.kind == "leadership"],
            departments=[{"name": d.name, "note": _("%(n)s people", n=d.people), "figures": None} for d in departments],
            documents=[{"label": d.document_no, "number": d.issuer, "issued_on": d.since} for d in documents],
            report_url="/case/new/objection",
            note=_("Only this unit and the offices responsible for it see this page."),
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
