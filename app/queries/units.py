"""机构与台账的读: figures, the tree, one unit's page, search."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.leaders import RANKS_BEGAN
from app.domain.quota import Figures
from app.queries import days


@dataclass(frozen=True, slots=True)
class Line:
    """One quota line with its figures, as a row of a table."""

    id: int
    kind: str
    category: str
    label: str
    figures: Figures
    url: str | None = None
    note: str | None = None
    depth: int = 0


def line_label(row: Any) -> str:
    """How a line is called: its category, or the leadership position."""
    if row.kind == "leadership":
        scope = "" if row.scope_unit_id == row.unit_id else f"{row.scope_name} · "
        return f"{scope}{codes.label('level', row.level)}（{codes.ROLE.get(row.role, row.role)}）"
    structure = "" if row.structure == "none" else codes.label("structure", row.structure)
    return codes.CATEGORY.get(row.category, row.category) + (f"（{structure}）" if structure else "")


TODAY_LINES = (
    "SELECT l.*, t.authorised, t.occupied, t.reserved, s.name AS scope_name FROM quota_line l"
    " JOIN ledger_total t ON t.line_id = l.id JOIN unit s ON s.id = l.scope_unit_id"
)


def past_lines(at: days.Moment) -> str:
    """What stood on a day; a seat reserved then is not part of the history, what is approved for a day ahead is."""
    ahead = (
        (" + coalesce(e.steps, 0)", "greatest(0, t.reserved - coalesce(e.arrivals, 0))",
         f" JOIN ledger_total t ON t.line_id = l.id LEFT JOIN {days.EXPECTED} e ON e.line_id = l.id")
        if at.future else ("", "0", "")
    )  # fmt: skip
    number = days.NUMBER.format(now="q.authorised") if at.future else "q.authorised"
    return (
        f"SELECT l.*, {number} AS authorised, {ahead[1]} AS reserved, coalesce(v.name, s.name) AS scope_name, (SELECT count(*) FROM occupancy o"
        f" WHERE o.line_id = l.id AND {days.held('o', at)}){ahead[0]} AS occupied FROM quota_line l"
        f" JOIN unit s ON s.id = l.scope_unit_id JOIN quota q ON q.line_id = l.id AND {days.held('q', at)}{ahead[2]}"
        f" LEFT JOIN unit_version v ON v.unit_id = s.id AND {days.held('v', at)}"
    )


def lines_of(
    session: Session, unit_id: int, kind: str | None = None, on: "dt.date | days.Moment | None" = None
) -> list[Line]:
    """The lines of a legal body with today's figures, or those of a day."""
    at = days.moment(on) if on else None
    rows = session.execute(
        text(
            f"{TODAY_LINES if at is None or (at.plain and isinstance(on, days.Moment)) else past_lines(at)}"
            " WHERE l.unit_id = :u AND (cast(:k AS text) IS NULL OR l.kind = :k)"
            # 非领导职务 stand in the accounts of days before the ranks alone (app/domain/leaders.py).
            f" AND (l.role <> 'nonleading'{' OR cast(:on AS date) < :ranks' if at else ''})"
            " ORDER BY l.kind, s.scope_path, l.category, l.role DESC, l.id LIMIT 300"
        ),
        {"u": unit_id, "k": kind, "ranks": RANKS_BEGAN, **(at.values if at else {})},
    )
    return [
        Line(r.id, r.kind, r.category, line_label(r), Figures.of(r.authorised, r.occupied, r.reserved)) for r in rows
    ]


def find_lines(session: Session, q: str, kind: str | None) -> list[tuple[Line, str]]:
    """Twenty lines of bodies in scope by the body's name, each with the name to put before it."""
    rows = session.execute(
        text(
            "SELECT l.*, t.authorised, t.occupied, t.reserved, s.name AS scope_name, u.name AS unit FROM quota_line l"
            " JOIN ledger_total t ON t.line_id = l.id JOIN unit s ON s.id = l.scope_unit_id"
            " JOIN unit u ON u.id = l.unit_id WHERE (cast(:k AS text) IS NULL OR l.kind = :k)"
            " AND strpos(u.name, :q) > 0 ORDER BY l.scope_path, l.kind, l.id LIMIT 20"
        ),
        {"k": kind, "q": q},
    )
    return [
        (
            Line(r.id, r.kind, r.category, line_label(r), Figures.of(r.authorised, r.occupied, r.reserved)),
            f"{r.unit} · ",
        )
        for r in rows
    ]


def line(session: Session, line_id: int) -> Any:
    """One line with its figures and the name of what it belongs to; None when absent or out of scope."""
    return session.execute(
        text(
            "SELECT l.*, t.authorised, t.occupied, t.reserved, s.name AS scope_name, u.name AS unit FROM quota_line l"
            " JOIN ledger_total t ON t.line_id = l.id JOIN unit s ON s.id = l.scope_unit_id"
            " JOIN unit u ON u.id = l.unit_id WHERE l.id = :i"
        ),
        {"i": line_id},
    ).one_or_none()


def unit_of(session: Session, person_id: int | None) -> int | None:
    """The unit that a person sits in; None where the person is not the reader's to see."""
    return person_id and session.execute(text("SELECT unit_id FROM person WHERE id = :i"), {"i": person_id}).scalar()


def unit(session: Session, unit_id: int) -> Any:
    """One unit's row, or None when absent or out of scope."""
    return session.execute(
        text("SELECT u.*, r.name AS region_name FROM unit u JOIN region r ON r.code = u.region_code WHERE u.id = :u"),
        {"u": unit_id},
    ).one_or_none()


def roster(
    session: Session,
    unit_id: int,
    on: "dt.date | days.Moment",
    *,
    kind: str,
    after: tuple[int, int] = (0, 0),
    limit: int = 50,
) -> list[Any]:
    """Who sat on which seat on a day, by line and seat; keyset on both."""
    at = days.moment(on)
    return list(
        session.execute(
            text(
                "SELECT o.id, o.line_id, o.person_id, o.person_name, o.started_on, o.nature, o.home_unit, o.main,"
                " p.number AS seat, p.surplus, h.id_mask, h.rank, l.kind, l.category, l.structure, l.role, l.level, l.unit_id,"
                " l.scope_unit_id, coalesce(w.name, d.name) AS department, coalesce(v.name, s.name, d.name) AS scope_name,"
                # A seat held on in another department, or on another number, was entered when its case began it.
                " (SELECT min(x.started_on) FROM occupancy x WHERE x.person_id = o.person_id AND x.unit_id = o.unit_id"
                f" AND x.line_id = o.line_id AND x.entry_case_id IS NOT DISTINCT FROM o.entry_case_id AND {days.known('x', at)})"
                " AS entered_on,"
                " (SELECT string_agg(concat_ws('|', x.role, x.level), ',' ORDER BY x.id) FROM occupancy lead"
                " JOIN quota_line x ON x.id = lead.line_id WHERE lead.person_id = o.person_id AND lead.unit_id = :u"
                f" AND lead.kind = 'leadership' AND {days.held('lead', at)}) AS leads"
                " FROM occupancy o JOIN post p ON p.id = o.post_id JOIN quota_line l ON l.id = o.line_id"
                " LEFT JOIN person h ON h.id = o.person_id JOIN unit s ON s.id = l.scope_unit_id LEFT JOIN unit d ON d.id = o.department_id"
                f" LEFT JOIN unit_version v ON v.unit_id = s.id AND {days.held('v', at)}"
                f" LEFT JOIN unit_version w ON w.unit_id = d.id AND {days.held('w', at)}"
                f" WHERE o.unit_id = :u AND o.kind = :k AND {days.held('o', at)} AND (o.line_id, p.number) > (:line, :seat)"
                " ORDER BY o.line_id, p.number LIMIT :n"
            ),
            {**at.values, "u": unit_id, "k": kind, "line": after[0], "seat": after[1], "n": limit},
        )
    )


def positions(packed: str | None) -> str | None:
    """The leadership positions of a roster's row, in words."""
    if not packed:
        return None
    pairs = (part.split("|") for part in packed.split(","))
    return "、".join(f"{codes.label('level', level)}（{codes.ROLE.get(role, role)}）" for role, level in pairs)


def region_name(session: Session, region: str) -> str | None:
    """What a region is called; None for an unknown code."""
    name: str | None = session.execute(text("SELECT name FROM region WHERE code = :r"), {"r": region}).scalar()
    return name


def summed(row: Any) -> Figures:
    """Sums as the database added them line by line: vacancies and surplus never offset."""
    return sums(row.authorised, row.occupied, row.reserved, row.vacant, row.surplus)


def sums(*added: Any) -> Figures:
    """Figures from sums of authorised, occupied, reserved, vacant and surplus; nothing authorised is unknown."""
    authorised, occupied, reserved, vacant, surplus = (None if x is None else int(x) for x in added)
    if authorised is None:
        return Figures.of(None, occupied or 0, reserved or 0)
    free = max(0, (vacant or 0) - (reserved or 0))
    return Figures(authorised, occupied or 0, reserved or 0, vacant or 0, free, surplus or 0)


def permits(session: Session, unit_id: int, limit: int = 20) -> list[Any]:
    """The valid permits of a unit: what holds its seats without a name yet, the first to lapse first."""
    return list(
        session.execute(
            text(
                "SELECT m.number, m.case_id, m.remaining, m.approved, m.last_on, l.kind, l.category, l.structure, l.role,"
                " l.level, l.unit_id, l.scope_unit_id, '' AS scope_name FROM permit m JOIN quota_line l ON l.id = m.line_id"
                " WHERE m.unit_id = :u AND m.status = 'open' ORDER BY m.last_on, m.id LIMIT :n"
            ),
            {"u": unit_id, "n": limit},
        )
    )


def alarms(session: Session, unit_id: int | None = None, limit: int = 20) -> list[Any]:
    """The newest alarms in scope, of one unit or of all."""
    return list(
        session.execute(
            text(
                "SELECT a.*, r.name, r.level, r.basis, unit_name(a.unit_id) AS unit,"
                " coalesce(operator_name(a.user_id::int), '') AS operator_name FROM alarm a JOIN alarm_rule r ON r.code = a.rule"
                f" WHERE {'true' if unit_id is None else 'a.unit_id = :u'}"
                " ORDER BY (a.state = 'open') DESC, a.id DESC LIMIT :n"
            ),
            {"u": unit_id, "n": limit},
        )
    )
