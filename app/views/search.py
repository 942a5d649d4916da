"""Search-as-you-type: twenty answers at most, inside one's own rows."""

from typing import Any

from flask import jsonify, request
from flask_appbuilder import BaseView, expose, has_access
from sqlalchemy import text

from app.queries import units
from app.views.shell import hat, work


def term() -> str:
    """What was typed, bounded."""
    return request.args.get("q", "").strip()[:40]


class SearchView(BaseView):
    """JSON answers ``[{value, text, note}]`` for the search fields."""

    route_base = "/search"
    default_view = "lines"

    @expose("/lines")
    @has_access
    def lines(self) -> Any:
        """Lines of the own unit (of the region for an office)."""
        kind = "leadership" if request.args.get("kind") == "leadership" else "establishment"
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT l.*, t.authorised, t.occupied, t.reserved, s.name AS scope_name, u.name AS unit FROM quota_line l"
                    " JOIN ledger_total t ON t.line_id = l.id JOIN unit s ON s.id = l.scope_unit_id JOIN unit u ON u.id = l.unit_id"
                    " WHERE l.kind = :k AND (cast(:u AS bigint) IS NULL OR l.unit_id = :u) AND strpos(u.name || s.name, :q) > 0"
                    " ORDER BY l.scope_path, l.id LIMIT 20"
                ),
                {"k": kind, "u": hat().unit_id, "q": term()},
            ).all()
        items = []
        for r in rows:
            f = units.Figures.of(r.authorised, r.occupied, r.reserved)
            prefix = "" if hat().unit_id else f"{r.unit} · "
            items.append(
                {
                    "value": str(r.id),
                    "text": prefix + units.line_label(r),
                    "note": f"核定{f.authorised if f.authorised is not None else '未核定'} 实有{f.occupied} 可用{f.usable}",
                }
            )
        return jsonify(items)

    @expose("/departments")
    @has_access
    def departments(self) -> Any:
        """Internal departments of the own unit."""
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT id, name FROM unit WHERE legal_id = :u AND node = 'department' AND status = 'active'"
                    " AND strpos(name, :q) > 0 ORDER BY scope_path LIMIT 20"
                ),
                {"u": hat().unit_id, "q": term()},
            ).all()
        return jsonify([{"value": str(r.id), "text": r.name} for r in rows])

    @expose("/people")
    @has_access
    def people(self) -> Any:
        """Serving people in one's rows, by name or the initials of their pinyin."""
        who = hat()
        with work() as s:
            rows = s.execute(
                text(
                    "SELECT p.id, p.name, p.id_mask, unit_name(p.unit_id) AS unit FROM person p WHERE p.scope_path >= :lo"
                    " AND p.scope_path < :hi AND p.state = 'serving' AND (starts_with(p.name, :q) OR starts_with(p.pinyin_initials, lower(:q))"
                    " OR starts_with(p.pinyin, lower(:q))) ORDER BY p.scope_path, p.id LIMIT 20"
                ),
                {"lo": who.low, "hi": who.high, "q": term()},
            ).all()
        return jsonify([{"value": str(r.id), "text": r.name, "note": f"{r.id_mask} {r.unit or ''}"} for r in rows])
