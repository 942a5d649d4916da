"""The lists of units, people, seats and cases: columns, filters, orders; one query a page, by keyset."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries import days


@dataclass(frozen=True, slots=True)
class Order:
    """A column that a list may be sorted by; ``key`` is indexed, the row's id makes it unique."""

    key: str
    kind: str = "text"
    downwards: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One list. ``columns`` are keys of the select; ``orders`` by column, the first is the usual one."""

    name: str
    select: str
    where: str
    columns: tuple[str, ...]
    orders: dict[str, Order]
    search: str | None
    state: str
    states: tuple[str, ...]
    scoped: bool = True
    # A list of a day whose rows belong to a body (``x.unit_id``): in a region where that stood.
    by_unit: bool = False
    # Where a cell leads: by column, the beginning of the address and the key of the row's number in it.
    links: tuple[tuple[str, str, str], ...] = ()
    # Columns that are shown only when asked for.
    extra: tuple[str, ...] = ()


PLACE = Order('x.scope_path COLLATE "C"')

# How an absence stands today.
ABSENCE = "CASE WHEN x.ended_on IS NOT NULL THEN 'back' WHEN x.until_on < kernel_today() THEN 'overdue' ELSE 'away' END"
LISTS = {
    entry.name: entry
    for entry in (
        Listing(
            "units",
            "SELECT x.id, x.name, x.nature, x.grade, unit_name(x.parent_id) AS parent, r.name AS region, x.uscc,"
            " x.status AS state FROM unit x JOIN region r ON r.code = x.region_code",
            "x.node = 'legal'",
            ("name", "region", "parent", "nature", "grade", "uscc", "state"),
            {"region": PLACE, "name": Order('x.name COLLATE "C"')},
            "strpos(x.name, :q) > 0",
            "x.status",
            ("active", "closed"),
            links=(("name", "/unit/", "id"),),
            extra=("parent", "grade"),
        ),
        Listing(
            "people",
            "SELECT x.id, x.name, x.id_mask, x.sex, x.birth_on, x.education, x.work_started_on, x.rank, x.unit_id,"
            " u.name AS unit, d.name AS department, x.state"
            " FROM person x LEFT JOIN unit u ON u.id = x.unit_id LEFT JOIN unit d ON d.id = x.department_id",
            "true",
            (
                "name",
                "id_mask",
                "sex",
                "birth_on",
                "education",
                "work_started_on",
                "rank",
                "unit",
                "department",
                "state",
            ),
            {"unit": PLACE, "name": Order("x.name"), "birth_on": Order("x.birth_on", "date")},
            None,  # by people_named below
            "x.state",
            ("serving", "retired", "left", "outside"),
            links=(("name", "/person/", "id"), ("unit", "/unit/", "unit_id")),
            extra=("sex", "education", "work_started_on"),
        ),
        Listing(
            "posts",
            "SELECT x.id, x.number, l.kind, l.category, l.structure, l.role, l.level, l.unit_id, l.scope_unit_id,"
            " u.name AS unit, d.name AS scope_name, o.person_name AS holder, o.person_id,"
            " CASE WHEN x.surplus AND x.status = 'occupied' THEN 'surplus' ELSE x.status END AS state"
            " FROM post x JOIN quota_line l ON l.id = x.line_id LEFT JOIN unit u ON u.id = x.unit_id"
            " LEFT JOIN unit d ON d.id = l.scope_unit_id LEFT JOIN occupancy o ON o.post_id = x.id"
            " AND o.recorded_to IS NULL AND o.ended_on IS NULL",
            "true",
            ("unit", "line", "number", "holder", "state"),
            {"unit": PLACE},
            "strpos(u.name, :q) > 0",
            "x.status",
            ("vacant", "reserved", "occupied", "abolished"),
            links=(("unit", "/unit/", "unit_id"), ("holder", "/person/", "person_id")),
        ),
        Listing(
            "cases",
            "SELECT x.id, x.number, x.title, x.process, unit_name(x.unit_id) AS unit, x.submitted_at, x.effective_on,"
            " CASE WHEN x.decided_at IS NULL THEN x.due_on END AS due_on, x.still_since, x.state"
            " FROM application x",
            "true",
            ("number", "title", "process", "unit", "submitted_at", "due_on", "effective_on", "state"),
            {"submitted_at": Order("x.id", "bigint", downwards=True), "unit": PLACE},
            "(strpos(x.title, :q) > 0 OR x.number = upper(:q))",
            "x.state",
            ("draft", "running", "returned", "awaiting", "done", "rejected", "withdrawn"),
            scoped=False,
            links=(("number", "/case/", "id"), ("title", "/case/", "id")),
            extra=("effective_on",),
        ),
        Listing(
            "absences",
            "SELECT x.id, x.person_id, x.unit_id, p.name, p.id_mask, u.name AS unit, x.kind, x.host, x.started_on, x.until_on,"
            f" x.ended_on, {ABSENCE} AS state FROM absence x LEFT JOIN person p ON p.id = x.person_id"
            " LEFT JOIN unit u ON u.id = x.unit_id",
            "x.recorded_to IS NULL",
            ("name", "id_mask", "unit", "kind", "host", "started_on", "until_on", "ended_on", "state"),
            {"until_on": Order("x.until_on", "date"), "unit": PLACE},
            "strpos(p.name, :q) > 0",
            ABSENCE,
            ("away", "overdue", "back"),
            links=(("name", "/person/", "person_id"), ("unit", "/unit/", "unit_id")),
        ),
        Listing(
            "permits",
            "SELECT x.id, x.number, x.case_id, x.unit_id, u.name AS unit, l.kind, l.category, l.structure, l.role, l.level,"
            " l.scope_unit_id, d.name AS scope_name, x.purpose, x.approved, x.used, x.remaining, x.released, x.granted_on,"
            " x.last_on, CASE x.status WHEN 'open' THEN 'valid' WHEN 'used' THEN 'used_up' ELSE x.status END AS state"
            " FROM permit x JOIN quota_line l ON l.id = x.line_id JOIN unit d ON d.id = l.scope_unit_id"
            " JOIN unit u ON u.id = x.unit_id",
            "true",
            (
                "number",
                "unit",
                "line",
                "purpose",
                "approved",
                "used",
                "remaining",
                "released",
                "granted_on",
                "last_on",
                "state",
            ),
            {
                "granted_on": Order("x.id", "bigint", downwards=True),
                "unit": PLACE,
                "last_on": Order("x.last_on", "date"),
            },
            "(strpos(x.number, :q) > 0 OR strpos(u.name, :q) > 0)",
            "CASE x.status WHEN 'open' THEN 'valid' WHEN 'used' THEN 'used_up' ELSE x.status END",
            ("valid", "used_up", "lapsed", "cancelled"),
            links=(("number", "/case/", "case_id"), ("unit", "/unit/", "unit_id")),
            extra=("purpose", "granted_on"),
        ),
        Listing(
            "plans",
            "SELECT x.id, x.year AS plan_year, x.unit_id, unit_name(x.unit_id) AS unit, x.category, x.number AS planned,"
            " (SELECT coalesce(sum(m.approved - m.released), 0) FROM permit m JOIN quota_line l ON l.id = m.line_id"
            " WHERE m.unit_id = x.unit_id AND l.category = x.category AND m.year = x.year) AS permitted,"
            " n.case_id, n.approved_on, CASE WHEN x.year < extract(year FROM kernel_today()) THEN 'past' ELSE 'valid' END AS state"
            " FROM plan_line x LEFT JOIN plan n ON n.id = x.plan_id",
            "true",
            ("plan_year", "unit", "category", "planned", "permitted", "approved_on", "state"),
            {"approved_on": Order("x.id", "bigint", downwards=True), "unit": PLACE},
            "strpos(unit_name(x.unit_id), :q) > 0",
            "CASE WHEN x.year < extract(year FROM kernel_today()) THEN 'past' ELSE 'valid' END",
            ("valid", "past"),
            scoped=False,  # a competent department sees its plan's rows of the units below it
            links=(("plan_year", "/case/", "case_id"), ("unit", "/unit/", "unit_id")),
        ),
    )
}


# People for identities without the register: name, masked number, state; rank where pay is their business.
BRIEF = Listing(
    "people",
    "SELECT x.id, x.name, x.id_mask, x.rank, u.name AS unit, x.state FROM person_brief x"
    " LEFT JOIN unit u ON u.id = x.unit_id",
    "true",
    ("name", "id_mask", "rank", "unit", "state"),
    {"unit": PLACE, "name": Order("x.name")},
    "starts_with(x.name, :q)",
    "x.state",
    ("serving", "retired", "left", "outside"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of a list: filters, order, and the last row already seen."""

    low: str
    high: str
    q: str = ""
    state: str = ""
    sort: str = ""
    down: bool = False
    after: tuple[str, int] | None = None
    process: str = ""
    # A unit's own identity: its few cases are fetched by index, instead of walking the city's until enough are seen.
    unit_id: int | None = None
    # The day of a list that has days, as app/queries/days.py names it.
    moment: days.Moment | None = None
    # A region as a span of paths, for such a list: people and seats are those of the bodies that stood in it on the day.
    region: tuple[str, str] | None = None


OF_UNIT = (
    "x.id = ANY (ARRAY(SELECT a.id FROM application a WHERE a.scope_path >= :low AND a.scope_path < :high"
    " UNION SELECT k.application_id FROM task k WHERE k.unit_id = :unit))"
)
# Beyond this many rows a list says "more than": an exact count of a whole city would cost more than its page.
COUNTED = 10_000


# Whoever's name, initials or pinyin begins so; as ranges of the indexed columns, which row policies let through.
SPELLINGS = tuple(
    f"({{t}}.{column} >= {q} AND {{t}}.{column} < {q} || chr(1114111))"
    for column, q in (("name", ":q"), ("pinyin_initials", "lower(:q)"), ("pinyin", "lower(:q)"))
)
SPELT = f"({' OR '.join(SPELLINGS)})"
FEW = 500


def people_named(session: Session, q: str) -> list[int] | None:
    """The people in one's rows whose name, initials or pinyin begins so, by index; None for more than ``FEW``.

    The few are then sorted; of the many a page is found soon in the page's own order. One statement cannot do
    both well: its plan is made before the name is known.
    """
    query = " UNION ALL ".join(
        f"(SELECT p.id FROM person p WHERE {spelling.replace('{t}', 'p')} LIMIT {FEW + 1})" for spelling in SPELLINGS
    )
    found = session.execute(text(query), {"q": q}).scalars().all()
    return sorted(set(found)) if len(found) <= FEW else None


GONE = " AND x.unit_id <> ALL (:gone)"


def moved(session: Session, at: days.Moment, region: tuple[str, str]) -> tuple[list[int], list[int]]:
    """Bodies that stood in the region on the day and are elsewhere today, and those that stood elsewhere and are there today."""
    low, high = region
    rows = session.execute(
        text(
            "SELECT u.id, v.region_code || '.' AS stood, u.scope_path AS stands FROM unit u JOIN unit_version v ON v.unit_id = u.id"
            f" WHERE u.node <> 'department' AND v.region_code <> u.region_code AND {days.held('v', at)}"
        ),
        at.values,
    ).all()
    came = [r.id for r in rows if low <= r.stood < high and not low <= r.stands < high]
    gone = [r.id for r in rows if low <= r.stands < high and not low <= r.stood < high]
    return came, gone


def _conditions(session: Session, listing: Listing, asked: Asked) -> tuple[list[str], dict[str, Any]]:
    """What the filters demand, without the cursor, and its values."""
    # The range is stated as values too: the planner cannot see inside the policy (docs/architecture.md).
    # Cases are also seen through tasks, outside the range, so their list leaves the range to the policy.
    conditions, named = [listing.where], None
    came, gone = (
        moved(session, asked.moment, asked.region) if listing.by_unit and asked.moment and asked.region else ([], [])
    )
    if came:
        conditions.append(f"((x.scope_path >= :low AND x.scope_path < :high{GONE}) OR x.unit_id = ANY (:came))")
    elif gone:
        conditions.append(f"x.scope_path >= :low AND x.scope_path < :high{GONE}")
    elif listing.scoped:
        conditions.append("x.scope_path >= :low AND x.scope_path < :high")
    elif asked.unit_id and listing.name == "cases":
        conditions.append(OF_UNIT)
    if asked.q and listing.search is None:
        named = people_named(session, asked.q)
        conditions.append("x.id = ANY(:named)" if named is not None else SPELT.replace("{t}", "x"))
    elif asked.q:
        conditions.append(listing.search or "true")
    if asked.state:
        conditions.append(f"{listing.state} = :state")
    if asked.process:
        conditions.append("x.process = :process")
    return conditions, {
        "low": asked.low,
        "high": asked.high,
        "q": asked.q,
        "named": named,
        "state": asked.state,
        "process": asked.process,
        "unit": asked.unit_id,
        "came": came,
        "gone": gone,
        **(asked.moment.values if asked.moment else {}),
    }


def count(session: Session, listing: Listing, asked: Asked) -> int:
    """How many rows the filters leave; ``COUNTED + 1`` stands for more than that."""
    tables = listing.select[listing.select.rindex(" FROM ") :]
    conditions, values = _conditions(session, listing, asked)
    inner = f"SELECT 1{tables} WHERE {' AND '.join(conditions)} LIMIT {COUNTED + 1}"
    return int(session.execute(text(f"SELECT count(*) FROM ({inner}) AS found"), values).scalar_one())


def rows(session: Session, listing: Listing, asked: Asked, limit: int) -> list[Any]:
    """One page; ``cursor`` of its last row asks for the next."""
    order = listing.orders[asked.sort]
    conditions, values = _conditions(session, listing, asked)
    if asked.after:
        conditions.append(f"({order.key}, x.id) {'<' if asked.down else '>'} (cast(:key AS {order.kind}), :id)")
    way = "DESC" if asked.down else "ASC"
    query = listing.select.replace("SELECT ", f"SELECT cast({order.key} AS text) AS cursor, ", 1)
    key, number = asked.after or (None, None)
    return list(
        session.execute(
            text(f"{query} WHERE {' AND '.join(conditions)} ORDER BY {order.key} {way}, x.id {way} LIMIT :limit"),
            {**values, "limit": limit, "key": key, "id": number},
        )
    )
