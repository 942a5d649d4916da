"""编制总览 of 编办: totals of regions, what is distributed, lent, ending and absorbed; and the same of one unit."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.domain import absorption, codes, quota
from app.queries import quota_desk, units
from app.queries.days import Moment
from app.views.day import address, asked, day_context, title
from app.views.region_words import own, whole
from app.views.shell import work
from app.workflow.engine import today


def category(code: str) -> str:
    """A category by its name."""
    return codes.label("category", code)


def purpose(code: str) -> str:
    """What a part of a number is for."""
    return codes.label("quota_purpose", code)


def pool_rows(pools: Sequence[Any], sums: Sequence[Any], loans: Sequence[Any]) -> list[dict[str, Any]]:
    """Totals and reserves beside what lies inside their region: distributed or lent, and the rest; what is overdue."""
    out = []
    for p in pools:
        inside = [r for r in (sums if p.kind == "total" else loans) if r.category == p.category]
        inside = [r for r in inside if r.prefix.startswith(p.prefix)]
        used = sum(int((r.authorised if p.kind == "total" else r.lent) or 0) for r in inside)
        late = 0 if p.kind == "total" else sum(int(r.late) for r in inside)
        out.append(
            {
                "region": whole(p.region_code, p.name),
                "category": category(p.category),
                "kind": _("Total of the region") if p.kind == "total" else _("Reserve to lend (周转编制)"),
                "number": p.number,
                "used": used,
                "rest": p.number - used,
                "late": late,
                "document_no": p.document_no,
            }
        )
    return out


def plan_row(r: Any) -> dict[str, Any]:
    """A plan with how far it has come."""
    gone = max(0, r.surplus - r.left)
    return {
        **r._asdict(),
        "category": category(r.category),
        "gone": gone,
        "percent": quota.percent(gone, r.surplus),
        "targets": absorption.shown(r.targets) if r.targets else None,
    }


def unit_context(s: Session, unit_id: int, at: Moment) -> dict[str, Any] | None:
    """What a unit's numbers are made of on a day, for ``_unit_numbers.html``; nothing where they are plain.

    Which lines are closed to entry is known of today alone.
    """
    parts, plans, closed = (
        quota_desk.parts(s, unit_id, at),
        quota_desk.plans(s, at, unit_id),
        quota_desk.closed(s, unit_id) if at.plain else [],
    )
    if not (parts or plans or closed):
        return None
    return {
        "parts": [
            {
                "line": category(p.category) if p.kind == "establishment" else _("Leadership quota"),
                "purpose": purpose(p.purpose),
                "number": None if p.number is None else p.number - p.taken,
                "added": p.added,
                "last_on": p.last_on,
                "late": p.late,
                "document_no": p.document_no,
            }
            for p in parts
        ],
        "plans": [plan_row(r) for r in plans],
        "closed": [category(r.category) for r in closed],
    }


class QuotaDeskView(BaseView):
    """The establishment office's view of all numbers in its region."""

    route_base = "/quota-desk"
    default_view = "index"

    @expose("")
    @has_access
    def index(self) -> Any:
        """Regions × categories, totals and reserves, numbers that end, surplus that is absorbed; all as of one day."""
        with work() as s:
            at = asked(today(s))
            sums, pools, loans = quota_desk.distributed(s, at), quota_desk.pools(s, at), quota_desk.lent(s, at)
            ends, plans = quota_desk.dated(s, at), quota_desk.plans(s, at)
        lines = [
            units.Line(n, "establishment", r.category, f"{own(r.code, r.name)} · {category(r.category)}", units.summed(r),
                       url=address(f"/ledger/{r.code}", at), note=_("%(n)s not fixed", n=r.unknown) if r.unknown else None)
            for n, r in enumerate(sums)
        ]  # fmt: skip
        return render_template(
            "quota_desk.html",
            title=title(_("Quota desk"), at),
            day=day_context(at, "/quota-desk"),
            lines=lines,
            total=quota.total([line.figures for line in lines]) if len(lines) > 1 else None,
            pools=pool_rows(pools, sums, loans),
            ends=[{**r._asdict(), "purpose": purpose(r.purpose), "category": category(r.category)} for r in ends],
            plans=[plan_row(r) for r in plans],
        )
