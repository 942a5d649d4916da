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
    link: str | None = None


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
            link="/unit/",
        ),
        Listing(
            "people",
            "SELECT x.id, x.name, x.id_mask, x.birth_on, x.rank, u.name AS unit, d.name AS department, x.state"
            " FROM person x LEFT JOIN unit u ON u.id = x.unit_id LEFT JOIN unit d ON d.id = x.department_id",
            "true",
            ("name", "id_mask", "birth_on", "rank", "unit", "department", "state"),
            {"unit": PLACE, "name": Order("x.name"), "birth_on": Order("x.birth_on", "date")},
            "(starts_with(x.name, :q) OR starts_with(x.pinyin_initials, lower(:q)) OR starts_with(x.pinyin, lower(:q)))",
            "x.state",
            ("serving", "retired", "left", "outside"),
        ),
        Listing(
            "posts",
            "SELECT x.id, x.number, l.kind, l.category, l.structure, l.role, l.level, l.unit_id, l.scope_unit_id,"
            " u.name AS unit, d.name AS scope_name, o.person_name AS holder,"
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
        ),
        Listing(
            "cases",
            "SELECT x.id, x.number, x.title, unit_name(x.unit_id) AS unit, x.submitted_at, x.state FROM application x",
            "true",
            ("number", "title", "unit", "submitted_at", "state"),
            {"submitted_at": Order("x.id", "bigint", downwards=True), "unit": PLACE},
            "(strpos(x.title, :q) > 0 OR x.number = upper(:q))",
            "x.state",
            ("draft", "running", "returned", "awaiting", "done", "rejected", "withdrawn"),
            scoped=False,
            link="/case/",
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


def rows(session: Session, listing: Listing, asked: Asked, limit: int) -> list[Any]:
    """One page; ``cursor`` of its last row asks for the next."""
    order = listing.orders[asked.sort]
    # The range is stated as values too: the planner cannot see inside the policy (docs/architecture.md).
    # Cases are also seen through tasks, outside the range, so their list leaves the range to the policy.
    conditions = [listing.where]
    if listing.scoped or asked.after is None:
        conditions.append("x.scope_path >= :low AND x.scope_path < :high" if listing.scoped else "true")
    if asked.q:
        conditions.append(listing.search)
    if asked.state:
        conditions.append(f"{listing.state} = :state")
    if asked.after:
        conditions.append(f"({order.key}, x.id) {'<' if asked.down else '>'} (cast(:key AS {order.kind}), :id)")
    way = "DESC" if asked.down else "ASC"
    query = listing.select.replace(" FROM ", f", cast({order.key} AS text) AS cursor FROM ", 1)
    return list(
        session.execute(
            text(f"{query} WHERE {' AND '.join(conditions)} ORDER BY {order.key} {way}, x.id {way} LIMIT :limit"),
            {
                "low": asked.low,
                "high": asked.high,
                "q": asked.q,
                "state": asked.state,
                "limit": limit,
                "key": asked.after[0] if asked.after else None,
                "id": asked.after[1] if asked.after else None,
            },
        )
    )
