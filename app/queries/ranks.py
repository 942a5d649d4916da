"""职级职数与岗位: the approved groups of a unit on a day, the sum behind each number, who holds them, what is free."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import caps
from app.queries.days import Moment, held, moment

HOLDERS = 200
CATEGORIES = {"rank": {"11", "12", "21"}, "post": {"22", "23"}}


@dataclass(frozen=True, slots=True)
class Group:
    """One group with its figures: the line of the derivation, holders, running cases that want in."""

    line: caps.Line
    held: int
    waiting: int

    @property
    def name(self) -> str:
        """The group's name."""
        return self.line.group.name

    @property
    def free(self) -> int:
        """空缺: the number less the holders; below zero where there are too many."""
        return self.line.number - self.held

    @property
    def room(self) -> int:
        """What is left for another case."""
        return self.free - self.waiting


@dataclass(frozen=True, slots=True)
class Standing:
    """A scheme on a day: its row, its groups with their figures, how many people's rank of that day is not recorded."""

    row: Any
    groups: tuple[Group, ...]
    unknown: int


def setting(s: Session, unit_id: int) -> Any:
    """The level of government that a unit belongs to."""
    return s.execute(
        text("SELECT r.kind FROM unit u JOIN region r ON r.code = u.region_code WHERE u.id = :u"), {"u": unit_id}
    ).one_or_none()


def kinds(s: Session, unit_id: int) -> tuple[str, ...]:
    """Which numbers a unit may have by the establishment that it holds: ranks of civil servants, posts of institutions."""
    held = set(
        s.execute(
            text("SELECT DISTINCT category FROM quota_line WHERE unit_id = :u AND kind = 'establishment'"),
            {"u": unit_id},
        ).scalars()
    )
    return tuple(kind for kind, known in CATEGORIES.items() if held & known)


def base(
    s: Session, unit_id: int, *, pooled: bool, kind: str, categories: tuple[str, ...]
) -> list[tuple[int, str, int | None]]:
    """The units of a scheme (the unit and, pooled, those below it), each with its authorised number; None without one."""
    rows = s.execute(text("SELECT * FROM scheme_setting(:u, :p)"), {"u": unit_id, "p": pooled}).all()
    out: dict[int, tuple[int, str, int | None]] = {}
    for r in rows:
        counts = r.kind == kind and (kind == "leadership" or r.category in categories) and r.authorised is not None
        before = out.get(r.unit_id, (r.unit_id, r.unit_name, None))
        out[r.unit_id] = (*before[:2], (before[2] or 0) + int(r.authorised)) if counts else before
    return list(out.values())


def scheme(s: Session, unit_id: int, kind: str, on: "dt.date | Moment") -> Any:
    """The scheme that holds for a unit on a day, its own or a shared one, as known then."""
    at = moment(on)
    return s.execute(
        text(
            "SELECT c.*, (SELECT string_agg(unit_name(m), '、' ORDER BY m) FROM unnest(c.members) m) AS names FROM scheme c"
            f" WHERE c.members @> ARRAY[cast(:u AS bigint)] AND c.kind = :k AND {held('c', at)} ORDER BY c.id DESC LIMIT 1"
        ),
        {"u": unit_id, "k": kind, **at.values},
    ).one_or_none()


def standing(s: Session, row: Any, on: "dt.date | Moment", but: int | None = None) -> Standing:
    """A scheme's groups with their figures on a day; ``but``: a case that does not count as waiting."""
    found = {
        r.place: r
        for r in s.execute(
            text("SELECT * FROM scheme_held(:s, :on, :known, :c)"), {"s": row.id, "c": but, **moment(on).values}
        )
    }
    lines = caps.derived(row.base, caps.read(row.groups))
    groups = tuple(
        Group(line, found[n].held if n in found else 0, found[n].waiting if n in found else 0)
        for n, line in enumerate(lines, start=1)
    )
    return Standing(row, groups, max((r.unknown for r in found.values()), default=0))


def holders(
    s: Session, row: Any, on: "dt.date | Moment", groups: tuple[caps.Group, ...], brief: int, whole: int = 0
) -> dict[int, list[Any]]:
    """Who holds each group's ranks on a day, as far as the reader sees them: a few of each, of one group (``whole``) more."""
    found: dict[int, list[Any]] = {}
    for r in s.execute(
        text(
            "SELECT * FROM (SELECT g.place, h.person_id, p.name, h.code,"
            " row_number() OVER (PARTITION BY g.place ORDER BY h.code, h.person_id) AS n"
            " FROM scheme_people(cast(:m AS bigint[]), :k, :on, :known) h JOIN person p ON p.id = h.person_id"
            " JOIN scheme_groups(:g) g ON scheme_counts(cast(:o AS text[]), g.low, g.high, g.mark, h.code, h.mark, h.leads)) x"
            " WHERE n <= CASE WHEN place = :w THEN :most ELSE :b END ORDER BY place, n"
        ),
        {"m": list(row.members), "k": row.kind, "o": list(row.leave_out), "g": caps.written(groups),
         "w": whole, "most": HOLDERS, "b": brief, **moment(on).values},
    ):  # fmt: skip
        found.setdefault(r.place, []).append(r)
    return found


def held_by(
    s: Session, members: list[int], kind: str, leave_out: list[str], on: dt.date, groups: tuple[caps.Group, ...]
) -> list[int]:
    """How many of the reader's people hold each group of a scheme that is not there yet."""
    return list(
        s.execute(
            text(
                "SELECT (SELECT count(*) FROM scheme_people(cast(:m AS bigint[]), :k, :d, NULL) h WHERE scheme_counts(cast(:o AS text[]),"
                " g.low, g.high, g.mark, h.code, h.mark, h.leads)) FROM scheme_groups(:g) g ORDER BY g.place"
            ),
            {"m": members, "k": kind, "d": on, "o": leave_out, "g": caps.written(groups)},
        ).scalars()
    )


def roles(s: Session, unit_id: int) -> dict[int, tuple[str, bool]]:
    """The leadership lines of a unit: role, and whether of a department."""
    rows = s.execute(
        text(
            "SELECT id, role, scope_unit_id <> unit_id AS inner FROM quota_line WHERE unit_id = :u AND kind = 'leadership'"
        ),
        {"u": unit_id},
    )
    return {r.id: (r.role, r.inner) for r in rows}


def leaders(s: Session, unit_id: int, on: "dt.date | Moment") -> Any:
    """实有领导人数: leadership positions held on a day, and how many people hold them (兼任 counts once)."""
    at = moment(on)
    return s.execute(
        text(
            "SELECT count(*) AS positions, count(DISTINCT person_id) AS people,"
            " count(DISTINCT person_id) FILTER (WHERE nature <> 'regular') AS elsewhere FROM occupancy o"
            f" WHERE unit_id = :u AND kind = 'leadership' AND {held('o', at)}"
        ),
        {"u": unit_id, **at.values},
    ).one()
