"""Search-as-you-type: twenty answers at most, inside one's own rows."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, jsonify, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.quota import Figures
from app.domain.records import KINDS
from app.queries import cases, find, records, units
from app.queries.listings import SPELT, people_named
from app.views.record_sections import brief
from app.views.rows import states
from app.views.search_labels import part_label
from app.views.shell import hat, work


def term() -> str:
    """What was typed, bounded."""
    return request.args.get("q", "").strip()[:40]


def answer(items: list[dict[str, Any]]) -> Any:
    """At most twenty choices."""
    return jsonify({"results": items[:20]})


def body_of(s: Session, given: str) -> int | None:
    """The legal body of a chosen unit or department; None where nothing, or nothing of one's rows, is chosen."""
    if not (given.isdecimal() and len(given) <= 18):
        return None
    return s.execute(text("SELECT legal_id FROM unit WHERE id = :u"), {"u": int(given)}).scalar()


class SearchView(BaseView):
    """JSON answers ``{"results": [{value, text, note}]}`` for the search fields."""

    route_base = "/search"
    default_view = "lines"

    @expose("")
    @has_access
    def everything(self) -> Any:
        """The search box: units, people and cases in one's rows, ten of each."""
        if set(request.args) - {"q"}:
            abort(400)
        who, q = hat(), term()
        with work() as s:
            kinds = cases.process_titles(s)
            found = (
                {
                    "units": find.units(s, who.low, who.high, q),
                    "people": find.people(s, who.low, who.high, q),
                    "cases": find.cases(s, q),
                }
                if q
                else {}
            )
        groups = [
            {
                "label": _("Units"),
                "all_url": f"/list/units?{urlencode({'q': q})}",
                "rows": [
                    {"text": r.name, "url": f"/unit/{r.legal_id}", "note": r.note, "state": None}
                    for r in found.get("units", [])
                ],
            },
            {
                "label": _("Personnel"),
                "all_url": f"/list/people?{urlencode({'q': q})}",
                "rows": [
                    {
                        "text": r.name,
                        "url": f"/person/{r.id}",
                        "note": f"{r.id_mask} · {r.unit or '—'}",
                        "state": r.state,
                    }
                    for r in found.get("people", [])
                ],
            },
            {
                "label": _("Cases"),
                "all_url": f"/list/cases?{urlencode({'q': q})}",
                "rows": [
                    {
                        "text": r.title,
                        "url": f"/case/{r.id}",
                        "note": f"{r.number or '—'} · {kinds.get(r.process, r.process)} · {r.unit or '—'}",
                        "state": r.state,
                    }
                    for r in found.get("cases", [])
                ],
            },
        ]
        return render_template(
            "search.html", title=_("Search"), search_text=q, q=q, groups=groups, known=states(), most=find.MOST
        )

    @expose("/lines")
    @has_access
    def lines(self) -> Any:
        """Lines of the own unit (of the region for an office, by the unit's name)."""
        kind = request.args.get("kind", "establishment")
        if kind not in ("establishment", "leadership", "any"):
            abort(400)
        wanted, q, unit = None if kind == "any" else kind, term(), hat().unit_id
        with work() as s:
            own = unit or body_of(s, request.args.get("unit", ""))
            found = [(line, "") for line in units.lines_of(s, own, wanted)] if own else units.find_lines(s, q, wanted)
        items = []
        for line, prefix in found:
            f = line.figures
            fixed = _("not fixed") if f.authorised is None else f.authorised
            items.append(
                {
                    "value": str(line.id),
                    "text": f"{prefix}{line.label}",
                    "note": _("Authorised %(a)s, occupied %(o)s, usable %(u)s", a=fixed, o=f.occupied, u=f.usable),
                }
            )
        return answer([i for i in items if q in i["text"]] if own else items)

    @expose("/below")
    @has_access
    def below(self) -> Any:
        """Lines of the own unit and of the bodies below it, for a year's plan; an office's own search is ``lines``."""
        if hat().unit_id is None:
            return self.lines()
        with work() as s:
            rows = s.execute(text("SELECT * FROM lines_below(:q)"), {"q": term()}).all()
        items = []
        for r in rows:
            label = "".join((codes.label("category", r.category), f"（{codes.label('structure', r.structure)}）"
                             if r.structure != "none" else ""))  # fmt: skip
            usable = Figures.of(r.authorised, r.occupied, r.reserved).usable
            note = _("Authorised %(a)s, occupied %(o)s, usable %(u)s", a=r.authorised, o=r.occupied, u=usable)
            items.append({"value": str(r.line_id), "text": f"{r.unit_name} · {label}", "note": note})
        return answer(items)

    @expose("/permits")
    @has_access
    def permits(self) -> Any:
        """Permits in one's rows that are still valid, by number or unit; the newest first."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT m.id, m.number, m.remaining, m.last_on, u.name AS unit, l.category FROM permit m"
                    " JOIN unit u ON u.id = m.unit_id JOIN quota_line l ON l.id = m.line_id"
                    " WHERE m.status = 'open' AND m.last_on >= kernel_today()"
                    " AND (strpos(m.number, :q) > 0 OR strpos(u.name, :q) > 0) ORDER BY m.id DESC LIMIT 20"
                ),
                {"q": term()},
            ).all()
        return answer(
            [
                {
                    "value": str(r.id),
                    "text": r.number,
                    "note": f"{r.unit} · {codes.CATEGORY.get(r.category, r.category)} · "
                    + _("%(n)s left, until %(d)s", n=r.remaining, d=f"{r.last_on:%Y-%m-%d}"),
                }
                for r in rows
            ]
        )

    @expose("/departments")
    @has_access
    def departments(self) -> Any:
        """Internal departments of the own unit, or of the unit that an office has chosen."""
        with work() as s:
            unit = hat().unit_id or body_of(s, request.args.get("into") or request.args.get("unit", ""))
            rows = s.execute(
                text(
                    "SELECT id, name FROM unit WHERE legal_id = :u AND node = 'department' AND status = 'active'"
                    " AND strpos(name, :q) > 0 ORDER BY scope_path LIMIT 20"
                ),
                {"u": unit, "q": term()},
            ).all()
        return answer([{"value": str(r.id), "text": r.name} for r in rows])

    @expose("/items")
    @has_access
    def items(self) -> Any:
        """Items of a person's record that one may put right; one's own for a person. Never filtered by a text."""
        kind = KINDS.get(request.args.get("kind", "education"))
        if kind is None or request.args.get("q"):
            abort(400)
        who = hat()
        with work() as s:
            rows = records.present(s, who.person_id or request.args.get("person", 0, type=int), kind.name)
        return answer([{"value": str(r.id), "text": brief(kind, r.fields), "note": str(r.started_on)} for r in rows])

    @expose("/units")
    @has_access
    def units(self) -> Any:
        """Legal bodies in one's rows, or with ``node=department`` departments, by any part of the name (or the body's)."""
        who = hat()
        below = request.args.get("node") == "department"
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT u.id, u.name, r.name AS region, b.name AS body FROM unit u JOIN region r ON r.code = u.region_code"
                    " JOIN unit b ON b.id = u.legal_id"
                    " WHERE u.scope_path >= :lo AND u.scope_path < :hi AND u.node = :n AND u.status = 'active'"
                    " AND strpos(CASE WHEN u.id = b.id THEN u.name ELSE b.name || u.name END, :q) > 0"
                    " ORDER BY u.scope_path LIMIT 20"
                ),
                {"lo": who.low, "hi": who.high, "q": term(), "n": "department" if below else "legal"},
            ).all()
        return answer([{"value": str(r.id), "text": r.name, "note": r.body if below else r.region} for r in rows])

    @expose("/parts")
    @has_access
    def parts(self) -> Any:
        """Parts of numbers that can end, by any part of the unit's name."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT q.id, u.name, q.purpose, q.number - q.taken AS number, q.last_on, l.category FROM quota_part q"
                    " JOIN quota_line l ON l.id = q.line_id JOIN unit u ON u.id = l.unit_id WHERE q.ended_on IS NULL"
                    " AND q.recorded_to IS NULL AND strpos(u.name, :q) > 0 ORDER BY q.scope_path, q.id LIMIT 20"
                ),
                {"q": term()},
            ).all()
        return answer(
            [
                {
                    "value": str(r.id),
                    "text": part_label(r),
                    "note": " · ".join(str(x) for x in (r.number, r.last_on) if x is not None),
                }
                for r in rows
            ]
        )

    @expose("/people")
    @has_access
    def people(self) -> Any:
        """Serving people in one's rows, by name or the initials of their pinyin."""
        who = hat()
        with work() as s:
            named = people_named(s, term()) if term() else None
            spelt = SPELT.replace("{t}", "p") if term() else "true"
            rows = s.execute(
                text(
                    "SELECT p.id, p.name, p.id_mask, unit_name(p.unit_id) AS unit FROM person p"
                    " WHERE p.scope_path >= :lo AND p.scope_path < :hi AND p.state = 'serving'"
                    f" AND {spelt if named is None else 'p.id = ANY(:named)'} ORDER BY p.scope_path, p.id LIMIT 20"
                ),
                {"lo": who.low, "hi": who.high, "q": term(), "named": named},
            ).all()
        return answer([{"value": str(r.id), "text": r.name, "note": f"{r.id_mask} {r.unit or ''}"} for r in rows])

    @expose("/leads")
    @has_access
    def leads(self) -> Any:
        """Who leads what in the own unit today; ``value`` is line-person."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT o.line_id, o.person_id, o.person_name, l.*, d.name AS scope_name FROM occupancy o"
                    " JOIN quota_line l ON l.id = o.line_id JOIN unit d ON d.id = l.scope_unit_id"
                    " WHERE o.unit_id = :u AND o.kind = 'leadership' AND o.recorded_to IS NULL AND o.ended_on IS NULL"
                    " AND starts_with(o.person_name, :q) ORDER BY l.scope_path, o.id LIMIT 20"
                ),
                {"u": hat().unit_id, "q": term()},
            ).all()
        return answer(
            [{"value": f"{r.line_id}-{r.person_id}", "text": r.person_name, "note": units.line_label(r)} for r in rows]
        )

    @expose("/occupancies")
    @has_access
    def occupancies(self) -> Any:
        """Seats that people hold in one's rows, by the person's name."""
        who = hat()
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT o.id, o.person_name, o.started_on, unit_name(o.unit_id) AS unit FROM occupancy o"
                    " JOIN person p ON p.id = o.person_id WHERE p.scope_path >= :lo AND p.scope_path < :hi"
                    " AND starts_with(p.name, :q) AND o.kind = 'establishment' AND o.recorded_to IS NULL"
                    " ORDER BY p.scope_path, o.id LIMIT 20"
                ),
                {"lo": who.low, "hi": who.high, "q": term()},
            ).all()
        return answer(
            [{"value": str(r.id), "text": r.person_name, "note": f"{r.unit} {r.started_on:%Y-%m-%d}"} for r in rows]
        )

    @expose("/colleagues")
    @has_access
    def colleagues(self) -> Any:
        """Members of the own office, to hand a task to."""
        with work() as s:
            rows = s.execute(text("SELECT * FROM office_members() WHERE strpos(name, :q) > 0"), {"q": term()}).all()
        return answer([{"value": str(r.user_id), "text": r.name} for r in rows if r.user_id != hat().user_id])
