"""合得上: what was chosen and the day, looked at as a case is filed, where the ledger would refuse it only at its approval.

Each finding names its field. What only time can tell (who sits, what is vacant on the day) stays the checks' and the ledger's.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.domain.retirement import add_months
from app.views.fields.kinds import search_of
from app.views.filing.base import ROW, Filing
from app.workflow.acting import today
from app.workflow.definition import Process

# Movements that write a unit's next version: not before the present one.
VERSIONED = ("change_unit", "close_unit", "merge_unit", "move_department", "split_unit", "transfer_unit")
# Those about numbers of lines, and about where somebody sits or leads.
NUMBERED = (
    "set_quota",
    "set_part",
    "move_quota",
    "absorb",
    "close_line",
    "rekey_line",
    "open_unit",
    "sanding",
    "signboard",
    "temporary",
)
SEATED = ("vacate", "shift", "change_line", "absence_begin", "take_lead", "move_people")
UNITS, LINES = ("unit", "into", "parent", "scope", "department"), ("line", "into_line", "from_line")
# How long a permit is good at most, in months (app/ledger/kernel/055_permits.sql).
PERMIT_MONTHS = 24


def demand(s: Session, form: Any, plan: Process, made: Filing) -> None:
    """Refuse what cannot take effect as it was filled in.

    Raises:
        InvalidInput: the fields, each with the code of what is wrong; ``day``: the first day that would do.
    """
    wrong = _of_another_kind(s, form) | _outside(s, form)
    # A refusal has one day: a last day is looked at once the first one stands.
    late = _floor(s, form, plan, made) or _last(s, form, plan, made)
    if late is not None:
        wrong[late.field] = late.code
    if wrong:
        facts = {"day": late.day} if late else {}
        raise errors.InvalidInput(errors={name: [code] for name, code in wrong.items()}, **facts)


class Late(NamedTuple):
    """A day that does not do: its field, the code of what is wrong, and the day that this is measured by."""

    field: str
    code: str
    day: dt.date | None = None


def _numbers(given: Iterable[Any]) -> list[int]:
    return [int(x) for x in map(str, given) if ROW.fullmatch(x)]


def _person(made: Filing) -> list[int]:
    return _numbers([made.facts.get("person") or made.facts.get("engaged") or made.person_id])


def _of_another_kind(s: Session, form: Any) -> dict[str, str]:
    """Chosen rows that the field's own search would not have offered: another kind of line, a department for a body."""
    asked: dict[str, tuple[str, str, int]] = {}
    for field in form:
        at = search_of(field.render_kw)
        given = parse_qs(at.query)
        if at.path in ("/search/lines", "/search/units") and (chosen := _numbers([field.data])):
            unit = at.path.endswith("units")
            kind = given.get("node", ["legal"])[0] if unit else given.get("kind", ["establishment"])[0]
            asked[field.name] = ("unit" if unit else "line", kind, chosen[0])
    if not asked:
        return {}
    rows = s.execute(
        text(
            "SELECT 'line' AS what, id, kind FROM quota_line WHERE id = ANY(:l) UNION ALL"
            " SELECT 'unit', id, CASE WHEN status = 'active' THEN node ELSE status END FROM unit WHERE id = ANY(:u)"
        ),
        {
            "l": [n for what, _kind, n in asked.values() if what == "line"],
            "u": [n for what, _kind, n in asked.values() if what == "unit"],
        },
    )
    found = {(r.what, r.id): r.kind for r in rows}
    return {
        name: "other_kind"
        for name, (what, kind, n) in asked.items()
        if found.get((what, n)) != kind and (kind != "any" or (what, n) not in found)
    }


def _outside(s: Session, form: Any) -> dict[str, str]:
    """A department that is none of the body beside it."""
    out: dict[str, str] = {}
    for inner, outer in (("scope", "unit"), ("into_department", "lower_unit")):
        if inner in form and outer in form and len(pair := _numbers([form[inner].data, form[outer].data])) == 2:
            query = "SELECT a.legal_id = b.legal_id FROM unit a, unit b WHERE a.id = :a AND b.id = :b"
            if not s.execute(text(query), {"a": pair[0], "b": pair[1]}).scalar():
                out[inner] = "not_inside"
    return out


FLOOR = (
    "SELECT greatest((SELECT max(greatest(u.opened_on, CASE WHEN :versions THEN v.started_on END)) FROM unit u LEFT JOIN unit_version v"
    " ON v.unit_id = u.id AND v.ended_on IS NULL AND v.recorded_to IS NULL WHERE u.id = ANY(:units) OR u.id IN"
    " (SELECT unnest(ARRAY[l.unit_id, l.scope_unit_id]) FROM quota_line l WHERE l.id = ANY(:lines))),"
    " (SELECT max(q.started_on) FROM quota q WHERE q.line_id = ANY(:fixed) AND q.ended_on IS NULL AND q.recorded_to IS NULL),"
    " (SELECT max(o.started_on) FROM occupancy o WHERE o.recorded_to IS NULL AND o.ended_on IS NULL AND (o.kind = 'establishment'"
    " AND (o.person_id = ANY(:people) OR o.line_id = ANY(:sat)) OR o.kind = 'leadership' AND o.line_id = ANY(:led) AND o.person_id = ANY(:leaders))),"
    " (SELECT max(p.started_on) FROM quota_part p WHERE p.id = ANY(:parts) AND p.recorded_to IS NULL),"
    " (SELECT max(e.started_on) FROM engagement e WHERE e.person_id = ANY(:engaged) AND e.ended_on IS NULL AND e.recorded_to IS NULL),"
    " (SELECT max(a.started_on) FROM absence a WHERE a.person_id = ANY(:away) AND a.ended_on IS NULL AND a.recorded_to IS NULL),"
    " (SELECT max(g.started_on) FROM organ_limit g WHERE g.region_code = ANY(:limited) AND g.category = :category AND g.ended_on IS NULL AND g.recorded_to IS NULL),"
    " (SELECT max(g.started_on) FROM quota_pool g WHERE g.region_code = ANY(:totalled) AND g.category = :category AND g.kind = :pool"
    " AND g.ended_on IS NULL AND g.recorded_to IS NULL))"
)


def _day(form: Any, name: str) -> dt.date | None:
    day: dt.date | None = form[name].data if name in form else None
    return day


def _floor(s: Session, form: Any, plan: Process, made: Filing) -> Late | None:
    """The day on which it takes effect, where it lies before what it rests on."""
    start, end = _day(form, "start"), _day(form, "end")
    if start and end and end < start:
        return Late("end", "before_there", start)
    name = "start" if "start" in form else "end"
    movement, facts, begins = plan.movement, made.facts, _day(form, name)
    if begins is None:
        return None
    about = movement in (*VERSIONED, *NUMBERED)
    person = _person(made)
    listed = _numbers(str(facts.get("people") or "").split(",")) if movement in ("move_people", "split_unit") else []
    lines = _numbers([facts.get(n) for n in LINES])
    given = {
        "versions": movement in VERSIONED,
        "units": _numbers([facts.get(n) for n in UNITS]) if about or movement == "shift" else [],
        "lines": lines if about else [],
        "fixed": lines if movement in ("set_quota", "move_quota") else [],
        "people": listed or (person if movement in SEATED else []),
        "sat": _numbers([facts.get("line")]) if movement == "move_people" and not listed else [],
        "led": lines if movement == "leave_lead" else [],
        "leaders": person if movement == "leave_lead" else [],
        "parts": _numbers([facts.get("part")]) if movement == "end_part" else [],
        "engaged": person if movement == "engage_change" else [],
        "away": person if movement == "absence_end" else [],
        "limited": [str(facts.get("region"))] if movement == "organ_limit" else [],
        "totalled": [str(facts.get("region"))] if movement == "set_pool" else [],
    }
    if not any(v for k, v in given.items() if k != "versions"):
        return None
    kinds = {"category": str(facts.get("category") or ""), "pool": str(facts.get("pool_kind") or "total")}
    floor = s.execute(text(FLOOR), {**given, **kinds}).scalar()
    return Late(name, "before_there", floor) if floor is not None and begins < floor else None


def _last(s: Session, form: Any, plan: Process, made: Filing) -> Late | None:
    """A last day that ends nothing: before the first one, or not after the one that it extends."""
    start = _day(form, "start")
    for name in ("until_on", "engaged_until_on", "last_day_on", "plan_until_on", "last_on"):
        last = _day(form, name)
        if last is None:
            continue
        if plan.movement == "permit_grant":
            day = today(s)
            return None if day <= last <= add_months(day, PERMIT_MONTHS) else Late(name, "permit_period")
        after = _extended(s, plan, made)
        if after is not None and last <= after:
            return Late(name, "until_not_later", after)
        if start is not None and last < start:
            return Late(name, "until_before")
    return None


def _extended(s: Session, plan: Process, made: Filing) -> dt.date | None:
    table = {"absence_extend": "absence", "engage_change": "engagement"}.get(plan.movement)
    if table is None or not (person := _person(made)):
        return None
    query = f"SELECT max(until_on) FROM {table} WHERE person_id = :p AND ended_on IS NULL AND recorded_to IS NULL"
    last: dt.date | None = s.execute(text(query), {"p": person[0]}).scalar()
    return last
