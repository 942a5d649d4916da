"""编外人员 on other pages: what the unit's page says of them, and the search of their forms."""

from typing import Any

from flask_appbuilder import BaseView, expose, has_access
from sqlalchemy.orm import Session

from app.domain import codes
from app.queries import engagements
from app.queries.days import Moment
from app.security.hats import Hat
from app.views.search import answer, term
from app.views.shell import hat, work
from app.workflow.engine import today

SHOWN = 50


def unit_context(s: Session, unit_id: int, at: Moment) -> dict[str, Any] | None:
    """Cap and people of ``_unit_engaged.html``; nothing where a unit has neither."""
    found = engagements.figures(s, unit_id, at)
    if found.cap is None and not found.engaged:
        return None
    funding = codes.code_set("engage_funding")
    return {
        "figures": found,
        "rows": [
            {**r._asdict(), "funding": funding.get(r.funding, r.funding)}
            for r in engagements.people(s, unit_id, at, limit=SHOWN)
        ],
        "more": max(0, found.engaged - SHOWN),
        "end_url": "/case/new/engage_end" if _own(hat(), unit_id) and at.plain else None,
    }


def _own(who: Hat, unit_id: int) -> bool:
    return who.unit_id == unit_id and who.kind in ("unit_clerk", "unit_head")


class EngagedView(BaseView):
    """Own people engaged without a seat, by name, answered as ``SearchView`` does."""

    route_base = "/engaged"
    default_view = "show"

    @expose("/")
    @has_access
    def show(self) -> Any:
        """Twenty of the own unit's, by the beginning of the name."""
        q = term()
        with work() as s:
            rows = engagements.people(s, hat().unit_id or 0, today(s), name=q, limit=20)
        return answer([{"value": str(r.person_id), "text": r.name, "note": f"{r.task} · {r.until_on}"} for r in rows])
