"""一个人的经历: seats, positions, absences of a person with the names that units had then, as far as the reader sees them."""

import datetime as dt
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.days import holds

MOST = 200
# The name that a unit had when something began; outside one's rows the present one.
NAMED = (
    "coalesce((SELECT v.name FROM unit_version v WHERE v.unit_id = {u} AND "
    + holds("v", "{d}")
    + " LIMIT 1), unit_name({u}))"
)


def seats(s: Session, person_id: int) -> list[Any]:
    """Every seat held, establishment and leadership, the oldest first."""
    unit = NAMED.format(u="o.unit_id", d="o.started_on")
    department = NAMED.format(u="o.department_id", d="o.started_on")
    return list(
        s.execute(
            text(
                f"SELECT o.kind, o.nature, o.home_unit, o.main, o.started_on, o.ended_on, o.entry_case_id, {unit} AS unit,"
                f" {department} AS department, l.category, l.structure, l.role, l.level, l.unit_id, l.scope_unit_id,"
                " l.kind AS line_kind, unit_name(l.scope_unit_id) AS scope_name FROM occupancy o"
                " LEFT JOIN quota_line l ON l.id = o.line_id WHERE o.person_id = :p AND o.recorded_to IS NULL"
                " ORDER BY o.started_on, o.id LIMIT :n"
            ),
            {"p": person_id, "n": MOST},
        )
    )


def absences(s: Session, person_id: int) -> list[Any]:
    """借调、挂职、长期病假…, the oldest first."""
    return list(
        s.execute(
            text(
                "SELECT kind, host, unit_name(host_unit_id) AS host_unit, started_on, until_on, ended_on FROM absence"
                " WHERE person_id = :p AND recorded_to IS NULL ORDER BY started_on, id LIMIT :n"
            ),
            {"p": person_id, "n": MOST},
        )
    )


def items_on(s: Session, person_id: int, kinds: tuple[str, ...], on: dt.date | None) -> list[Any]:
    """Items of some kinds as known now, the oldest first; with a day those that had begun by then."""
    return list(
        s.execute(
            text(
                "SELECT kind, column_group, fields, started_on, ended_on, case_id FROM record_item WHERE person_id = :p"
                " AND kind = ANY (:k) AND recorded_to IS NULL AND (cast(:d AS date) IS NULL OR started_on <= :d)"
                " ORDER BY started_on, id LIMIT :n"
            ),
            {"p": person_id, "k": list(kinds), "d": on, "n": MOST},
        )
    )


def photo(s: Session, person_id: int, on: dt.date | None = None) -> str | None:
    """The hash of a person's picture (on a day); None where there is none or the reader may not see it."""
    return s.execute(
        text(
            "SELECT fields ->> 'sha256' FROM record_item WHERE person_id = :p AND kind = 'photo' AND recorded_to IS NULL"
            " AND CASE WHEN cast(:d AS date) IS NULL THEN ended_on IS NULL ELSE started_on <= :d"
            " AND (ended_on IS NULL OR ended_on > :d) END ORDER BY started_on DESC LIMIT 1"
        ),
        {"p": person_id, "d": on},
    ).scalar()


def person(s: Session, person_id: int) -> Any:
    """The register's row; None for somebody whom the reader does not see."""
    return s.execute(
        text(
            "SELECT id, name, sex, birth_on, ethnicity, political, education, degree, native_place, work_started_on, level,"
            " rank, state, unit_id, unit_name(unit_id) AS unit FROM person WHERE id = :i"
        ),
        {"i": person_id},
    ).one_or_none()
