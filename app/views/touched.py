"""变更后果明细: the people, posts, numbers, cases behind each figure of what a change of an organ touches."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import codes, errors
from app.queries import standing, units
from app.views.check_texts import LABELS
from app.views.lists import PAGE
from app.views.place import some_number
from app.views.search import term
from app.views.shell import work


class TouchedView(BaseView):
    """What hangs on a unit, a figure at a time."""

    route_base = "/touched"
    default_view = "rows"

    @expose("/<int:unit_id>/<figure>")
    @has_access
    def rows(self, unit_id: int, figure: str) -> Any:
        """The rows behind one figure: by name, fifty a page."""
        if figure not in standing.LISTS:
            raise errors.NotFound()
        after, q = some_number(request.args.get("after", "")) or 0, term()
        if set(request.args) - {"after", "q"}:
            abort(400)
        with work() as s:
            unit = units.unit(s, unit_id)
            if unit is None:
                raise errors.NotFound(unit=unit_id)
            found = standing.rows(s, unit_id, figure, after=after, q=q, limit=PAGE + 1)
            counts = standing.counts(s, unit_id, None)
        base = f"/touched/{unit_id}/{figure}"
        keep = {"q": q} if q else {}
        return render_template(
            "touched.html",
            title=_("%(unit)s: %(figure)s", unit=unit.name, figure=LABELS[figure]),
            unit_url=f"/unit/{unit.legal_id}",
            figure=figure,
            q=q,
            tabs=[
                {"label": LABELS[name], "count": getattr(counts, name), "url": f"/touched/{unit_id}/{name}", "here": name == figure}
                for name in standing.FIGURES
                if getattr(counts, name) or name == figure
            ],
            rows=[self._row(r) for r in found[:PAGE]],
            pager={
                "prev_url": f"{base}?{urlencode(keep)}" if after else None,
                "next_url": f"{base}?{urlencode({**keep, 'after': found[PAGE - 1].id})}" if len(found) > PAGE else None,
                "total": None,
            },
        )  # fmt: skip

    def _row(self, row: Any) -> dict[str, Any]:
        """One row in words: what it is called, where, what kind of line, since or until when."""
        r = row._mapping
        notes = [str(r["place"])] if r.get("place") else []
        if r.get("kind"):
            notes.append(units.line_label(row))
        if r.get("authorised") is not None:
            notes.append(
                _(
                    "Authorised %(a)s, occupied %(o)s, reserved %(r)s",
                    a=r["authorised"],
                    o=r["occupied"],
                    r=r["reserved"],
                )
            )
        elif r.get("number") is not None:
            notes.append(_("Seat %(n)s", n=r["number"]) if r.get("kind") else _("%(n)s left", n=r["number"]))
        if r.get("surplus"):
            notes.append(_("Beyond the number"))
        if r.get("absence"):
            notes.append(codes.label("absence_kind", r["absence"]))
        return {
            "name": r["name"],
            "url": r["url"],
            "note": " · ".join(dict.fromkeys(notes)),
            "day": r.get("day"),
            "state": r.get("state"),
        }
