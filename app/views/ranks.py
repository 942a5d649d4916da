"""职数页: leadership numbers, rank numbers and the plan of posts of a unit on a day, each number with the sum behind it."""

from typing import Any

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.domain import caps, codes, errors, leaders, ratios
from app.models import Application
from app.queries import history, ranks, units
from app.queries.days import Moment
from app.views.day import address, asked, day_context, title
from app.views.shell import hat, work
from app.views.unit_page import leadership
from app.workflow import versions
from app.workflow.checks.lead import RATIOS
from app.workflow.engine import today

BRIEF = 20
BUSINESS = {"rank": "rank_quota", "post": "post_plan"}


def group_asked() -> tuple[str, int]:
    """The group whose holders are all asked for, ``rank-3``; a bad one answers 400."""
    kind, _dash, place = (request.args.get("group") or "-0").partition("-")
    if kind not in ("", *BUSINESS) or not place.isdecimal() or len(place) > 3:
        abort(400)
    return kind, int(place)


class RanksView(BaseView):
    """The numbers of one unit on a day."""

    route_base = "/ranks"
    default_view = "show"

    @expose("/<int:unit_id>")
    @has_access
    def show(self, unit_id: int) -> Any:
        """Leadership, ranks, posts: number, derivation line by line, holders, what is free."""
        kind, place = group_asked()
        with work() as s:
            row = units.unit(s, unit_id)
            if row is None:
                raise errors.NotFound(unit=unit_id)
            at = asked(today(s))
            then = history.unit_on(s, row.legal_id, at)
            roles = ranks.roles(s, row.legal_id)
            lines = units.lines_of(s, row.legal_id, "leadership", at)
            people = units.roster(s, row.legal_id, at, kind="leadership", limit=200)
            counted = ranks.leaders(s, row.legal_id, at)
            usual = ranks.kinds(s, row.legal_id)
            parts = [part(s, row.legal_id, k, at, place if k == kind else 0) for k in BUSINESS]
            parts = [shown for shown in parts if shown["scheme"] is not None or shown["kind"] in usual]
            level = ranks.setting(s, row.legal_id).kind
        path = f"/ranks/{row.legal_id}"
        here = address(path, at)
        return render_template(
            "ranks.html",
            title=title(_("Numbers of leaders, ranks and posts"), at),
            day=day_context(at, path),
            unit={"name": (then or row).name, "url": address(f"/unit/{row.legal_id}", at)},
            is_past=not at.plain,
            leaders=[
                {**shown, "hint": hint(level, *roles[line.id], line.figures.authorised)}
                for line, shown in zip(lines, leadership(lines, people), strict=True)
            ],
            counted=counted,
            parts=parts,
            base=f"{here}&" if "?" in here else f"{here}?",
            may_apply=bool(hat().unit_id),
        )


def hint(level: str, role: str, inner: bool, number: int | None) -> str | None:
    """(d3) The usual number of such leaders, where the line's differs from it."""
    found = leaders.usual(level, "department" if inner else "unit", role)
    if found is None or number is None or found[0] <= number <= found[1]:
        return None
    usual = str(found[0]) if found[0] == found[1] else f"{found[0]}–{found[1]}"
    return _("Usually %(usual)s (not verified; the document holds)", usual=usual)


def part(s: Any, unit_id: int, kind: str, at: Moment, whole: int) -> dict[str, Any]:
    """One kind of numbers: the scheme that holds, its derivation, its holders; or what to do where none holds."""
    row = ranks.scheme(s, unit_id, kind, at)
    out: dict[str, Any] = {"kind": kind, "business": BUSINESS[kind], "scheme": row, "groups": [], "unknown": 0}
    if row is None:
        return out
    standing = ranks.standing(s, row, at)
    groups = []
    everybody = ranks.holders(s, row, at, tuple(g.line.group for g in standing.groups), BRIEF, whole)
    for n, group in enumerate(standing.groups, start=1):
        held = everybody.get(n, [])
        groups.append(
            {
                "place": n,
                "name": group.name,
                "range": codes_of(group.line.group),
                "of": group.line.group.of or None,
                "sum": group.line.sum,
                "cut": f"{float(group.line.cut):.2f}" if group.line.cut else None,
                "number": group.line.number,
                "lower": group.line.number != group.line.most,
                "counts": bool(group.line.group.low),
                "held": group.held,
                "waiting": group.waiting if at.plain else 0,
                "free": group.free,
                "holders": [
                    {"name": h.name, "code": codes.label("rank", h.code), "url": f"/person/{h.person_id}"} for h in held
                ],
                "more": group.held - len(held) if held else 0,
            }
        )
    params = parameters(s, row)
    return out | {
        "groups": groups,
        "unknown": standing.unknown,
        "ratios": params[0],
        "article": params[1],
        "left_out": [LEFT_OUT()[mark] for mark in row.leave_out],
        "categories": "、".join(codes.CATEGORY.get(c, c) for c in row.categories.split(",") if c),
    }


def LEFT_OUT() -> dict[str, str]:  # noqa: N802 - a table in the reader's language
    """Whose ranks or posts do not count, in words."""
    return {
        "leaders": _("leaders who hold a rank beside their position"),
        "special": _("holders of special posts"),
        "military": _("resettled officers"),
    }


def parameters(s: Any, row: Any) -> tuple[str, str]:
    """The title of the ratio set that a scheme was reckoned by, and the article it rests on.

    Both stand in the version that its own case ran on. A scheme that came with 建库, or whose case the reader does not
    see, has none of its own: there the business as it is now names the set. A set that no version knows is said to be so.
    """
    case = s.get(Application, row.case_id)  # who shares the numbers may not see the case that fixed them
    plan = versions.process_of(s, case) if case else None
    if plan is None or plan.process != BUSINESS[row.kind]:
        plan = versions.latest(s, BUSINESS[row.kind])[1]
    planned = next((c for c in plan.checks if c.code in RATIOS), None)
    try:
        found = ratios.sets(planned.params).get(row.body) if planned else None
    except ValueError:
        found = None
    title = found.title if found else _("A set that the business does not name any more")
    return title, planned.article if planned else ""


def codes_of(group: caps.Group) -> str:
    """The ranks or grades of a group, in words."""
    if not group.low:
        return ""
    low, high = codes.label("rank", group.low), codes.label("rank", group.high)
    return low if group.low == group.high else f"{low} – {high}"
