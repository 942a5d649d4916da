"""核机构: what ends, moves or is asked anew when an organ is changed, before it is applied for and before it is decided."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.grades import misfits
from app.queries import standing
from app.workflow.checks import Finding, Subject, check

# So many names are written out beside a figure; all of them stand on the page that its link leads to.
NAMED = 12


def standing_now(session: Session, unit: int, case: Subject) -> Any:
    """What hangs on the unit, counted once for all checks of a run."""
    return case.once("standing", lambda: standing.counts(session, unit, case.case_id))


def seen_at(unit: int, figures: Iterable[str]) -> dict[str, str]:
    """The pages that list what figures count."""
    return {name: f"/touched/{unit}/{name}" for name in figures if name in standing.LISTS}


def listed(names: str | None) -> list[str]:
    """Names that a query has joined."""
    return names.split("、") if names else []


def some(names: Sequence[str]) -> str:
    """The first names, and that there are more."""
    return "、".join(names[:NAMED]) + (f" 等 {len(names)} 人" if len(names) > NAMED else "")


@check("organ_consequences")
def organ_consequences(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """后果预告: people to be moved, seats to die, posts, cases, papers that the change touches; somebody has to look."""
    unit = case.number("unit")
    if unit is None:
        return None
    row = standing_now(session, unit, case)
    figures = tuple((name, int(getattr(row, name))) for name in standing.FIGURES if getattr(row, name))
    says = {"merge_unit": "ends_in_another", "move_department": "ends_in_another", "close_unit": "ends_alone"}.get(
        case.plan.movement, "goes_on"
    )
    see = seen_at(unit, (name for name, _n in figures))
    return Finding("organ_consequences", None if figures else True, figures, says if figures else None, see)


@check("organ_empty")
def organ_empty(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """撤销前清零: a unit does not end over its people, numbers or units (条例第九条 asks for the plan of its people)."""
    unit = case.number("unit")
    if unit is None:
        return None
    row = standing_now(session, unit, case)
    below = row.departments + row.bodies_below
    figures = (("people", int(row.people)), ("numbers", int(row.numbers + row.lead_numbers)), ("below", int(below)))
    says = "people_first" if row.people else "numbers_first" if row.numbers + row.lead_numbers else "below_first"
    empty = not (row.people or row.numbers or row.lead_numbers or below)
    see = seen_at(unit, ("people", "numbers")) | {
        "below": f"/touched/{unit}/{'departments' if row.departments else 'bodies_below'}"
    }
    return Finding("organ_empty", empty, figures, None if empty else says, {} if empty else see)


@check("organ_destination")
def organ_destination(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """在办业务去向: what is under way has somewhere to go, or is withdrawn."""
    unit = case.number("unit")
    if unit is None:
        return None
    row = standing_now(session, unit, case)
    ways = ("withdraw",) if case.plan.movement == "close_unit" else ("carry", "suspend", "withdraw")
    ok = not (row.cases or row.permits) or case.facts.get("cases") in ways
    return Finding("organ_destination", ok, (("cases", int(row.cases)), ("permits", int(row.permits))),
                   None if ok else "say_where", seen_at(unit, ("cases", "permits")))  # fmt: skip


@check("organ_leaders")
def organ_leaders(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """领导职务去向: of each post that somebody holds it is said whether its holder goes on in it or is taken off it, by name."""
    unit = case.number("unit")
    if unit is None:
        return None
    said = dict(part.split(":", 1) for part in str(case.facts.get("lead_lines") or "").split(",") if ":" in part)
    follow: list[str] = []
    off: list[str] = []
    unsaid: list[str] = []
    going = {"split_unit": case.numbers("split_departments"), "move_department": [unit]}.get(case.plan.movement)
    on: list[int] = []
    for post in standing.leaders(session, unit):
        if going is not None and post.scope_unit_id not in going:
            continue  # stays where it is
        own = post.own or going is not None
        way = said.get(str(post.line_id)) or (str(case.facts.get("leads") or "") if own else "off")
        (off if way == "off" else follow if way else unsaid).extend(listed(post.holders))
        on += [post.line_id] if way not in ("", "off") and post.holders else []
    if not (follow or off or unsaid):
        return None
    # Who goes on in a department that leaves, but sits in another one: along with the seat, unless another post keeps him.
    beside = standing.seated_beside(session, going, on) if going is not None else []
    along, bound = [x.name for x in beside if not x.kept_by], [f"{x.name}（{x.kept_by}）" for x in beside if x.kept_by]
    lost = [f"{x.name}（{x.post}）" for x in standing.posts_left(session, going)] if going is not None else []
    named = (("lead_follow", follow), ("lead_along", along), ("lead_bound", bound), ("lead_off", off), ("lead_lost", lost), ("lead_unsaid", unsaid))  # fmt: skip
    figures = tuple((label, some(names)) for label, names in named if names)
    unapproved = on and case.plan.movement == "move_department" and case.facts.get("seats") == "approved"
    says = "say_leaders" if unsaid else "leaders_bound" if bound else "posts_unapproved" if unapproved else None
    looked = None if off or along or lost else True
    return Finding("organ_leaders", False if says else looked, figures, says or ("leaders_along" if along else None),
                   dict.fromkeys((label for label, _names in figures), f"/touched/{unit}/leaders"))  # fmt: skip


@check("organ_surplus")
def organ_surplus(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """超编随转: what is beyond the numbers goes along with a last day of absorption; on approved seats there is room for all."""
    unit, into, seats = case.number("unit"), case.number("into"), str(case.facts.get("seats") or "")
    if unit is None or into is None or not seats:
        return None
    lines = standing.brought(session, unit, into)
    if seats == "approved":
        short = sum(max(0, x.occupied - max(0, x.there - x.sitting - x.kept)) for x in lines)
        return Finding(
            "organ_surplus", short == 0, (("short", short),) if short else (), "seats_short" if short else None
        )
    over = [(x, n) for x in lines if (n := x.occupied + x.sitting - (x.authorised or 0) - x.there) > 0]
    if not over:
        return None
    until = case.day("until_on")
    ok = all((until or x.until_on or case.today) > case.today for x, _n in over)
    figures: tuple[tuple[str, Any], ...] = (("surplus", sum(n for _x, n in over)),)
    if names := standing.surplus_names(session, unit, NAMED + 1):
        figures += (("surplus_now", some(names) if len(names) <= NAMED else "、".join(names[:NAMED]) + " 等"),)
    days = [until or x.until_on for x, _n in over if until or x.until_on]
    figures += (("absorbed_until", max(days)),) if days else ()
    if any(x.kept for x, _n in over):
        return Finding(
            "organ_surplus",
            False,
            (*figures, ("reserved", sum(x.kept for x, _n in over))),
            "surplus_reserved",
            seen_at(into, ("reserved",)),
        )
    return Finding(
        "organ_surplus",
        None if ok else False,
        figures,
        "surplus_goes_along" if ok else "say_until",
        seen_at(unit, ("surplus",)),
    )


@check("upgrade_levels")
def upgrade_levels(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """升格后职数层次: leadership numbers whose level is not that of the new grade have to be approved anew."""
    unit, grade = case.number("unit"), str(case.facts.get("grade") or "")
    if unit is None or not grade:
        return None
    rows = session.execute(
        text(
            "SELECT l.role, l.level, t.authorised FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
            " WHERE l.scope_unit_id = :u AND l.kind = 'leadership' AND t.authorised > 0 ORDER BY l.role, l.level"
        ),
        {"u": unit},
    ).all()
    odd = sum(r.authorised for r in rows if misfits(grade, r.role, r.level))
    return Finding("upgrade_levels", None if odd else True, (("lead_numbers", sum(r.authorised for r in rows)), ("odd_levels", odd)),
                   "approve_levels" if odd else None)  # fmt: skip


@check("organ_received", roles=("receiving_establishment",))
def organ_received(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """接收后果: what comes into the division, in sums, and how many bodies of its class the division may have."""
    if case.case_id is None:
        return None
    row = session.execute(text("SELECT * FROM case_brings(:c)"), {"c": case.case_id}).one_or_none()
    if row is None:
        return None
    names = ("people", "surplus", "numbers", "lead_numbers", "departments")
    figures = tuple((name, int(getattr(row, name))) for name in names if getattr(row, name))
    if row.most is None:
        return Finding("organ_received", None, figures, "comes_in")
    figures += (("bodies", int(row.bodies)), ("bodies_most", int(row.most)))
    full = row.bodies >= row.most
    return Finding("organ_received", False if full else None, figures, "over_limit" if full else "comes_in")


@check("organ_split")
def organ_split(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """分设: which departments go, with how many people; of a department, who goes, by name; and that somebody stays."""
    unit = case.number("unit")
    if unit is None:
        return None
    going, people = case.numbers("split_departments"), case.numbers("people")
    row = session.execute(text(SPLIT), {"u": unit, "d": going, "p": people}).one_or_none()
    if row is None:
        return None
    if row.node == "department":
        figures: tuple[tuple[str, Any], ...] = (
            ("people", row.here),
            ("who_goes", some(listed(row.names))),
        )
        wrong = "say_who" if not people else "not_of_it" if row.here < len(set(people)) else None
        return Finding("organ_split", wrong is None, figures, wrong, seen_at(unit, ("people",)))
    figures = (("departments", row.found), ("people", row.inside), ("people_stay", row.people - row.inside))
    wrong = "say_which" if not going else "not_of_it" if row.found < len(set(going)) else None
    return Finding("organ_split", wrong is None, figures, wrong, seen_at(unit, ("departments", "people")))


SPLIT = (
    "SELECT u.node, (SELECT count(*) FROM unit d WHERE d.id = ANY(:d) AND d.legal_id = u.id AND d.id <> u.id AND d.status = 'active')"
    " AS found, s.* FROM unit u CROSS JOIN LATERAL (SELECT count(*) AS people,"
    " count(*) FILTER (WHERE o.department_id = ANY(:d)) AS inside,"
    " count(*) FILTER (WHERE o.person_id = ANY(:p) AND o.department_id = u.id) AS here,"
    " string_agg(o.person_name, '、' ORDER BY o.id) FILTER (WHERE o.person_id = ANY(:p) AND o.department_id = u.id) AS names"
    " FROM occupancy o WHERE o.unit_id = u.legal_id AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL) s"
    " WHERE u.id = :u"
)


@check("people_room")
def people_room(session: Session, case: Subject, params: Mapping[str, Any]) -> Finding | None:
    """整建制转入: who goes, how many of them lead or are away, and whether as many seats are vacant there."""
    line, into = case.number("line"), case.number("into_line")
    if line is None:
        return None
    row = session.execute(text(GOING), {"l": line, "i": into, "p": case.numbers("people") or None}).one()
    figures: tuple[tuple[str, Any], ...] = (("people", row.people), ("leaders", row.leaders), ("away", row.away))
    figures = tuple((label, n) for label, n in figures if n)
    if into is None or row.usable is None:
        return Finding("people_room", None, figures)
    figures += (("usable", row.usable),)
    wrong = (
        "nobody_there"
        if not row.people
        else "into_closed"
        if row.closed
        else "room_short"
        if row.usable < row.people
        else None
    )
    if wrong == "room_short":
        figures += (("short", row.people - row.usable),)
    return Finding("people_room", wrong is None, figures, wrong)


GOING = (
    "WITH going AS (SELECT person_id, unit_id FROM occupancy WHERE line_id = :l AND kind = 'establishment' AND recorded_to IS NULL"
    " AND ended_on IS NULL AND (cast(:p AS bigint[]) IS NULL OR person_id = ANY(:p)))"
    " SELECT (SELECT count(*) FROM going) AS people,"
    " (SELECT count(*) FROM occupancy o JOIN going g USING (person_id) WHERE o.kind = 'leadership' AND o.unit_id = g.unit_id"
    " AND o.recorded_to IS NULL AND o.ended_on IS NULL) AS leaders,"
    " (SELECT count(*) FROM absence a JOIN going g USING (person_id) WHERE a.recorded_to IS NULL AND a.ended_on IS NULL) AS away,"
    " (SELECT greatest(0, t.authorised - t.occupied - t.reserved) FROM ledger_total t WHERE t.line_id = :i) AS usable,"
    " (SELECT closed_to_entry FROM quota_line WHERE id = :i) AS closed"
)
