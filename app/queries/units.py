"""机构与台账的读: figures, the tree, one unit's page, search."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import codes
from app.domain.quota import Figures


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
# What stood on a past day, as known today; a seat reserved then is not part of the history.
PAST_LINES = (
    "SELECT l.*, q.authorised, 0 AS reserved, s.name AS scope_name, (SELECT count(*) FROM occupancy o"
    " WHERE o.line_id = l.id AND o.recorded_to IS NULL AND o.started_on <= :d"
    " AND (o.ended_on IS NULL OR o.ended_on > :d)) AS occupied FROM quota_line l JOIN unit s ON s.id = l.scope_unit_id"
    " JOIN quota q ON q.line_id = l.id AND q.recorded_to IS NULL AND q.started_on <= :d"
    " AND (q.ended_on IS NULL OR q.ended_on > :d)"
)


def lines_of(session: Session, unit_id: int, kind: str | None = None, on: dt.date | None = None) -> list[Line]:
    """The lines of a legal body with today's figures, or those of a past day."""
    rows = session.execute(
        text(
            f"{PAST_LINES if on else TODAY_LINES}"
            " WHERE l.unit_id = :u AND (cast(:k AS text) IS NULL OR l.kind = :k)"
            " ORDER BY l.kind, s.scope_path, l.category, l.role DESC, l.id LIMIT 300"
        ),
        {"u": unit_id, "k": kind, "d": on},
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
    session: Session, unit_id: int, on: dt.date, *, kind: str, after: tuple[int, int] = (0, 0), limit: int = 50
) -> list[Any]:
    """Who sat on which seat on a day, by line and seat; keyset on both."""
    return list(
        session.execute(
            text(
                "SELECT o.id, o.line_id, o.person_id, o.person_name, o.started_on, o.nature, o.home_unit, o.main,"
                " p.number AS seat, p.surplus, h.id_mask, h.rank, l.kind, l.category, l.structure, l.role, l.level, l.unit_id,"
                " l.scope_unit_id, d.name AS department, coalesce(s.name, d.name) AS scope_name,"
                # A seat held on in another department, or on another number, was entered when its case began it.
                " (SELECT min(x.started_on) FROM occupancy x WHERE x.person_id = o.person_id AND x.unit_id = o.unit_id"
                " AND x.line_id = o.line_id AND x.entry_case_id IS NOT DISTINCT FROM o.entry_case_id AND x.recorded_to IS NULL)"
                " AS entered_on,"
                " (SELECT string_agg(concat_ws('|', x.role, x.level), ',' ORDER BY x.id) FROM occupancy lead"
                " JOIN quota_line x ON x.id = lead.line_id WHERE lead.person_id = o.person_id AND lead.unit_id = :u"
                " AND lead.kind = 'leadership' AND lead.recorded_to IS NULL AND lead.started_on <= :d"
                " AND (lead.ended_on IS NULL OR lead.ended_on > :d)) AS leads"
                " FROM occupancy o JOIN post p ON p.id = o.post_id JOIN quota_line l ON l.id = o.line_id"
                " LEFT JOIN person h ON h.id = o.person_id JOIN unit s ON s.id = l.scope_unit_id LEFT JOIN unit d ON d.id = o.department_id"
                " WHERE o.unit_id = :u AND o.kind = :k AND o.recorded_to IS NULL AND o.started_on <= :d"
                " AND (o.ended_on IS NULL OR o.ended_on > :d) AND (o.line_id, p.number) > (:line, :seat)"
                " ORDER BY o.line_id, p.number LIMIT :n"
            ),
            {"u": unit_id, "k": kind, "d": on, "line": after[0], "seat": after[1], "n": limit},
        )
    )


def positions(packed: str | None) -> str | None:
    """The leadership positions of a roster's row, in words."""
    if not packed:
        return None
    pairs = (part.split("|") for part in packed.split(","))
    return "、".join(f"{codes.label('level', level)}（{codes.ROLE.get(role, role)}）" for role, level in pairs)


def regions(session: Session) -> list[Any]:
    """Regions in the reader's scope with the sums of their establishment lines, by category."""
    return list(
        session.execute(
            text(
                "SELECT r.code, r.name, r.kind, r.parent_code, sum(t.authorised) AS authorised, sum(t.occupied) AS occupied, sum(t.reserved) AS reserved,"
                " sum(greatest(0, t.authorised - t.occupied)) AS vacant, sum(greatest(0, t.occupied - t.authorised)) AS surplus,"
                " count(DISTINCT l.unit_id) AS units FROM region r JOIN unit u ON u.region_code = r.code AND u.node = 'legal'"
                " JOIN quota_line l ON l.unit_id = u.id AND l.kind = 'establishment' JOIN ledger_total t ON t.line_id = l.id"
                ' GROUP BY r.code, r.name, r.kind, r.prefix ORDER BY r.prefix COLLATE "C"'
            )
        )
    )


def region_name(session: Session, region: str) -> str | None:
    """What a region is called; None for an unknown code."""
    name: str | None = session.execute(text("SELECT name FROM region WHERE code = :r"), {"r": region}).scalar()
    return name


def region_units(session: Session, region: str, after: str = "", limit: int = 50) -> list[Any]:
    """Legal bodies of a region with their sums, by scope path."""
    return list(
        session.execute(
            text(
                "SELECT u.id, u.name, u.scope_path, EXISTS (SELECT 1 FROM unit d WHERE d.legal_id = u.id"
                " AND d.node = 'department' AND d.status = 'active') AS departments, sum(t.authorised) AS authorised, sum(t.occupied) AS occupied,"
                " sum(t.reserved) AS reserved, sum(greatest(0, t.authorised - t.occupied)) AS vacant,"
                " sum(greatest(0, t.occupied - t.authorised)) AS surplus FROM unit u"
                " LEFT JOIN quota_line l ON l.unit_id = u.id AND l.kind = 'establishment'"
                " LEFT JOIN ledger_total t ON t.line_id = l.id"
                " WHERE u.region_code = :r AND u.node = 'legal' AND u.status = 'active' AND u.scope_path > :a"
                " GROUP BY u.id ORDER BY u.scope_path LIMIT :n"
            ),
            {"r": region, "a": after, "n": limit},
        )
    )


def summed(row: Any) -> Figures:
    """Sums as the database added them line by line: vacancies and surplus never offset."""
    occupied, reserved, vacant = int(row.occupied or 0), int(row.reserved or 0), int(row.vacant or 0)
    if row.authorised is None:
        return Figures.of(None, occupied, reserved)
    return Figures(int(row.authorised), occupied, reserved, vacant, max(0, vacant - reserved), int(row.surplus or 0))


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
