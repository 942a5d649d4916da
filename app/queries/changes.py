"""两日之差的其余: organs and departments, leadership numbers and positions, groups of ranks and posts, departments' seats."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import caps
from app.domain.leaders import RANKS_BEGAN
from app.queries.days import Moment, holds, period
from app.queries.difference import Between, touched
from app.queries.history import departments_on

MOST = 201


def within(alias: str) -> str:
    """The rows of a table with periods that began or ended between the days."""
    return (
        f"{alias}.recorded_to IS NULL AND (({alias}.started_on > :a AND {alias}.started_on <= :b)"
        f" OR ({alias}.ended_on > :a AND {alias}.ended_on <= :b))"
    )


# What is compared of a department, and of a body beside it: a department is in the region of its body, which says so itself.
OWN = ("name", "parent_id", "grade", "category", "nature", "uscc", "body")
COMPARED = (*OWN, "region_code")
ALONG = (
    "coalesce(w.node, v.node) = 'department' AND CASE WHEN v.unit_id IS NULL THEN w.opened_on <= :a"
    " WHEN w.unit_id IS NULL THEN v.closed_on IS NULL OR v.closed_on > :b"
    f" ELSE ({', '.join(f'v.{c}' for c in OWN)}) IS NOT DISTINCT FROM ({', '.join(f'w.{c}' for c in OWN)}) END"
)


def organs(session: Session, between: Between, limit: int = MOST) -> list[Any]:
    """Bodies and departments that opened, ended, were merged, moved, renamed, graded or classed otherwise; by place.

    A department that only went along with its body is not told apart. Each row has what stood before and after (``…_1``, ``…_2``), and by what succession it went on or began (``into``,
    ``out_of``). A body that came from another division, or went there, is seen from the side that it is on on that day.
    """
    columns = ", ".join(f"v.{c} AS {c}_1, w.{c} AS {c}_2" for c in COMPARED)
    differs = " OR ".join(f"v.{c} IS DISTINCT FROM w.{c}" for c in COMPARED)
    there = f"({between.there('v')} OR {between.there('w')})"
    if between.unit is not None:
        there = "(v.legal_id = :unit OR w.legal_id = :unit)"
    heirs = (
        "(SELECT string_agg(unit_called(s.{other}, {day}, NULL), '、' ORDER BY s.id) FROM unit_succession s"
        " WHERE s.{own} = coalesce(w.unit_id, v.unit_id) AND s.happened_on > :a AND s.happened_on <= :b)"
    )
    return list(
        session.execute(
            text(
                "WITH t AS MATERIALIZED (SELECT changed_units(:a, :b) AS ids)"
                " SELECT coalesce(w.unit_id, v.unit_id) AS id, coalesce(w.node, v.node) AS node,"
                " coalesce(w.legal_id, v.legal_id) AS legal_id, coalesce(w.opened_on, v.opened_on) AS opened_on,"
                f" coalesce(w.closed_on, v.closed_on) AS closed_on, {columns},"
                " (SELECT r.name FROM region r WHERE r.code = v.region_code) AS region_1,"
                " (SELECT r.name FROM region r WHERE r.code = w.region_code) AS region_2,"
                " unit_called(v.parent_id, :a, NULL) AS parent_1, unit_called(w.parent_id, :b, NULL) AS parent_2,"
                f" {heirs.format(other='to_unit_id', own='from_unit_id', day=':b')} AS into,"
                f" {heirs.format(other='from_unit_id', own='to_unit_id', day=':a')} AS out_of,"
                " unit_called(coalesce(w.legal_id, v.legal_id), CASE WHEN w.unit_id IS NULL THEN cast(:a AS date) ELSE :b END, NULL) AS legal"
                " FROM (SELECT d.* FROM day_units(:a, NULL, NULL, (SELECT ids FROM t)) d) v"
                " FULL JOIN (SELECT d.* FROM day_units(:b, NULL, NULL, (SELECT ids FROM t)) d) w ON w.unit_id = v.unit_id"
                f" WHERE ({differs}) AND {there} AND NOT ({ALONG}) ORDER BY coalesce(w.scope_path, v.scope_path) LIMIT :n"
            ),
            {**between.values, "n": limit},
        )
    )


def boards(session: Session, between: Between, limit: int = MOST) -> list[Any]:
    """合署、两块牌子、加挂牌子 that stand on one of the days alone, by body; ``begun`` or ended, with its day."""
    there = between.there("s") if between.unit is None else ":unit IN (s.unit_id, s.partner_id)"
    return list(
        session.execute(
            text(
                "SELECT s.unit_id, unit_called(s.unit_id, :b, NULL) AS unit, s.kind, s.document_no, s.counts_as_one,"
                " CASE WHEN s.kind = 'co_located' THEN unit_called(s.partner_id, :b, NULL) ELSE s.name END AS shown,"
                " s.started_on > :a AS begun, CASE WHEN s.started_on > :a THEN s.started_on ELSE s.ended_on END AS on_day"
                f" FROM unit_signboard s WHERE s.recorded_to IS NULL AND {there}"
                f" AND ({period('s', ':a')}) <> ({period('s', ':b')})"
                " ORDER BY s.scope_path, s.id LIMIT :n"
            ),
            {**between.values, "n": limit},
        )
    )


LINE = (
    "l.id AS line_id, l.kind, l.category, l.structure, l.role, l.level, l.unit_id, l.scope_unit_id,"
    " unit_called(l.unit_id, :b, NULL) AS unit, unit_called(l.scope_unit_id, :b, NULL) AS scope_name"
)
# 非领导职务 stand in the accounts of days before the ranks alone (app/domain/leaders.py).
LEADING = f"l.kind = 'leadership' AND (l.role <> 'nonleading' OR cast(:a AS date) < DATE '{RANKS_BEGAN}')"


def leadership(session: Session, between: Between, limit: int = MOST) -> list[Any]:
    """Leadership numbers that are not the same on both days, each with how many held one; by place."""
    held = "(SELECT count(*) FROM occupancy o WHERE o.line_id = l.id AND {})"
    return list(
        session.execute(
            text(
                f"SELECT {LINE}, x.authorised AS authorised_1, y.authorised AS authorised_2,"
                f" {held.format(holds('o', ':a'))} AS held_1, {held.format(holds('o', ':b'))} AS held_2"
                f" FROM (SELECT DISTINCT q.line_id FROM quota q WHERE {within('q')}) t JOIN quota_line l ON l.id = t.line_id"
                f" LEFT JOIN quota x ON x.line_id = l.id AND {holds('x', ':a')}"
                f" LEFT JOIN quota y ON y.line_id = l.id AND {holds('y', ':b')}"
                f" WHERE {LEADING} AND {between.there('l')} AND x.authorised IS DISTINCT FROM y.authorised"
                " ORDER BY l.scope_path, l.id LIMIT :n"
            ),
            {**between.values, "n": limit},
        )
    )


def positions(session: Session, between: Between, limit: int = MOST) -> list[Any]:
    """领导职务 taken and left: who holds a position on one of the days alone; by place, then by person.

    Somebody who holds the same position on both days is not there, whatever was put right in between.
    """
    return list(
        session.execute(
            text(
                f"WITH ends AS MATERIALIZED ({touched('leadership', between.there('o'))}),"
                " alone AS (SELECT person_id, line_id, max(id) AS id, bool_and(later) AS taken FROM ends"
                " GROUP BY person_id, line_id HAVING bool_and(later) OR NOT bool_or(later))"
                f" SELECT x.person_id, x.taken, o.person_name AS name, h.id_mask, o.nature, o.home_unit,"
                f" CASE WHEN x.taken THEN o.started_on ELSE o.ended_on END AS on_day, {LINE}"
                " FROM alone x JOIN occupancy o ON o.id = x.id JOIN quota_line l ON l.id = x.line_id"
                " LEFT JOIN person h ON h.id = x.person_id ORDER BY l.scope_path, l.id, x.person_id LIMIT :n"
            ),
            {**between.values, "n": limit},
        )
    )


@dataclass(frozen=True, slots=True)
class Group:
    """A group of ranks or posts whose number is another one; none: it was not approved on that day."""

    unit: str
    unit_id: int
    kind: str
    name: str
    before: int | None
    after: int | None
    document_no: str


def ranks(session: Session, between: Between, limit: int = MOST) -> list[Group]:
    """职级职数 and 岗位数 of schemes that began or ended between the days, group by group where the number differs."""
    # Numbers that several bodies share stand with the first of them.
    there = between.there("c") if between.unit is None else "c.members @> ARRAY[cast(:unit AS bigint)]"
    rows = session.execute(
        text(
            f"WITH t AS (SELECT DISTINCT c.unit_id, c.kind FROM scheme c WHERE {within('c')} AND {there})"
            " SELECT t.unit_id, t.kind, unit_called(t.unit_id, :b, NULL) AS unit, x.groups AS groups_1, y.groups AS groups_2,"
            " x.base AS base_1, y.base AS base_2, coalesce(y.document_no, x.document_no) AS document_no FROM t"
            f" LEFT JOIN scheme x ON x.unit_id = t.unit_id AND x.kind = t.kind AND {holds('x', ':a')}"
            f" LEFT JOIN scheme y ON y.unit_id = t.unit_id AND y.kind = t.kind AND {holds('y', ':b')}"
            " ORDER BY t.unit_id, t.kind LIMIT :n"
        ),
        {**between.values, "n": limit},
    )
    return [g for r in rows for g in _groups(r)]


def _groups(row: Any) -> Iterable[Group]:
    def numbers(base: int | None, groups: str | None) -> dict[str, int]:
        return {} if groups is None else {x.group.name: x.number for x in caps.derived(base or 0, caps.read(groups))}

    before, after = numbers(row.base_1, row.groups_1), numbers(row.base_2, row.groups_2)
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield Group(row.unit, row.unit_id, row.kind, name, before.get(name), after.get(name), row.document_no)


@dataclass(frozen=True, slots=True)
class Department:
    """A department with its people and the seats meant for it on both days; none: it did not stand."""

    name: str
    before: str | None
    people: tuple[int | None, int | None]
    allotted: tuple[int | None, int | None]


def departments(session: Session, between: Between) -> list[Department]:
    """The departments of the body looked at whose people, seats or name are not the same on both days."""
    if between.unit is None:
        return []
    today = session.execute(text("SELECT kernel_today()")).scalar_one()
    first, second = (
        {d.id: d for d in departments_on(session, between.unit, Moment(day, today))}
        for day in (between.since, between.until)
    )
    found = []
    for key in dict.fromkeys((*second, *first)):
        x, y = first.get(key), second.get(key)
        people = (x.people if x else None, y.people if y else None)
        allotted = (x.allotted if x else None, y.allotted if y else None)
        renamed = bool(x and y and x.name != y.name)
        if renamed or people[0] != people[1] or allotted[0] != allotted[1]:
            name = (y or x).name  # type: ignore[union-attr]
            found.append(Department(name, x.name if x and renamed else None, people, allotted))
    return found
