"""The lists of units, people, seats and cases: columns, filters, orders; one query a page, by keyset."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


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
    search: str
    state: str
    states: tuple[str, ...]
    scoped: bool = True
    # Where a cell leads: by column, the beginning of the address and the key of the row's number in it.
    links: tuple[tuple[str, str, str], ...] = ()
    # Columns that are shown only when asked for.
    extra: tuple[str, ...] = ()


PLACE = Order('x.scope_path COLLATE "C"')

LISTS = {
    entry.name: entry
    for entry in (
        Listing(
            "units",
            "SELECT x.id, x.name, x.nature, r.name AS region, x.uscc, x.status AS state FROM unit x"
            " JOIN region r ON r.code = x.region_code",
            "x.node = 'legal'",
            ("name", "region", "nature", "uscc", "state"),
            {"region": PLACE, "name": Order('x.name COLLATE "C"')},
            "strpos(x.name, :q) > 0",
            "x.status",
            ("active", "closed"),
            links=(("name", "/unit/", "id"),),
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
            "(starts_with(x.name, :q) OR starts_with(x.pinyin_initials, lower(:q)) OR starts_with(x.pinyin, lower(:q)))",
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
            " (SELECT min(k.due_on) FROM task k WHERE k.application_id = x.id AND k.state = 'open') AS due_on, x.state"
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
    )
}


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


# Beyond this many rows a list says "more than": an exact count of a whole city would cost more than its page.
COUNTED = 10_000


def _conditions(listing: Listing, asked: Asked) -> list[str]:
    """What the filters demand, without the cursor."""
    # The range is stated as values too: the planner cannot see inside the policy (docs/architecture.md).
    # Cases are also seen through tasks, outside the range, so their list leaves the range to the policy.
    conditions = [listing.where]
    if listing.scoped:
        conditions.append("x.scope_path >= :low AND x.scope_path < :high")
    if asked.q:
        conditions.append(listing.search)
    if asked.state:
        conditions.append(f"{listing.state} = :state")
    if asked.process:
        conditions.append("x.process = :process")
    return conditions


def _values(asked: Asked) -> dict[str, Any]:
    return {
        "low": asked.low,
        "high": asked.high,
        "q": asked.q,
        "state": asked.state,
        "process": asked.process,
    }


def count(session: Session, listing: Listing, asked: Asked) -> int:
    """How many rows the filters leave; ``COUNTED + 1`` stands for more than that."""
    tables = listing.select[listing.select.rindex(" FROM ") :]
    inner = f"SELECT 1{tables} WHERE {' AND '.join(_conditions(listing, asked))} LIMIT {COUNTED + 1}"
    return int(session.execute(text(f"SELECT count(*) FROM ({inner}) AS found"), _values(asked)).scalar_one())


def rows(session: Session, listing: Listing, asked: Asked, limit: int) -> list[Any]:
    """One page; ``cursor`` of its last row asks for the next."""
    order = listing.orders[asked.sort]
    conditions = _conditions(listing, asked)
    if asked.after:
        conditions.append(f"({order.key}, x.id) {'<' if asked.down else '>'} (cast(:key AS {order.kind}), :id)")
    way = "DESC" if asked.down else "ASC"
    query = listing.select.replace("SELECT ", f"SELECT cast({order.key} AS text) AS cursor, ", 1)
    key, number = asked.after or (None, None)
    return list(
        session.execute(
            text(f"{query} WHERE {' AND '.join(conditions)} ORDER BY {order.key} {way}, x.id {way} LIMIT :limit"),
            {**_values(asked), "limit": limit, "key": key, "id": number},
        )
    )
