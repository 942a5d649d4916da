"""报警的读: by right, filtered, the newest first; one with its life; figures by rule and unit; the steps of its life."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

STATES = {
    "": "x.state = 'open'",
    "late": "x.state = 'open' AND x.due_on < (SELECT kernel_today())",
    "accepted": "x.state = 'accepted'",
    "ended": "x.state NOT IN ('open', 'accepted')",
}
PLACE = text("SELECT scope_path FROM unit WHERE id = :u")
TABS = ("", "late", "accepted")
LEVELS = ("error", "warning", "notice")
COLUMNS = (
    "x.id, x.rule, x.code, x.standing, x.state, x.unit_id, x.case_id, x.facts, x.raised_at, x.last_at, x.times, x.closed_at,"
    " x.handled_note, x.due_on, x.answered_at, x.escalated, x.accepted_until, x.person_id, x.line_id, x.remedy_case_id, x.subject,"
    " r.name, r.level, r.basis, r.remedy, unit_name(x.unit_id) AS unit, a.number,"
    " coalesce(operator_name(x.user_id), '') AS operator, operator_name(x.handled_by) AS handler,"
    " x.state = 'open' AND NOT alarm_ends_itself(x) AS to_handle, kernel_today() AS today FROM alarm x"
    " JOIN alarm_rule r ON r.code = x.rule LEFT JOIN application a ON a.id = x.case_id"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of the list."""

    view: str = ""
    rule: str = ""
    level: str = ""
    unit: str = ""
    q: str = ""

    @property
    def condition(self) -> str:
        """The filters."""
        return (
            f"{STATES[self.view]} AND (:r = '' OR x.rule = :r) AND (:l = '' OR r.level = :l)"
            " AND (cast(:u AS bigint) IS NULL OR x.unit_id = :u)"
            " AND (:q = '' OR strpos(coalesce(unit_name(x.unit_id), ''), :q) > 0)"
        )

    @property
    def values(self) -> dict[str, Any]:
        """The filters' values."""
        return {"r": self.rule, "q": self.q, "l": self.level, "u": int(self.unit) if self.unit else None}


def page(session: Session, asked: Asked, after: int | None, limit: int) -> list[Any]:
    """One page; keyset on the id."""
    return list(
        session.execute(
            text(
                f"SELECT {COLUMNS} WHERE {asked.condition} AND (cast(:a AS bigint) IS NULL OR x.id < :a)"
                " ORDER BY x.id DESC LIMIT :n"
            ),
            {**asked.values, "a": after, "n": limit},
        )
    )


def one(session: Session, alarm_id: int) -> Any | None:
    """One alarm, if the reader may see it."""
    return session.execute(text(f"SELECT {COLUMNS} WHERE x.id = :i"), {"i": alarm_id}).one_or_none()


def life(session: Session, alarm_id: int) -> list[Any]:
    """Its steps, the first first."""
    return list(
        session.execute(
            text(
                "SELECT e.id, e.at, e.kind, e.note, e.facts, e.user_id, coalesce(operator_name(e.user_id), '') AS who,"
                " a.number FROM (SELECT *, (facts ->> 'case')::bigint AS named FROM alarm_event WHERE alarm_id = :i"
                " ORDER BY id LIMIT 200) e LEFT JOIN application a ON a.id = e.named ORDER BY e.id"
            ),
            {"i": alarm_id},
        )
    )


def concerning(
    session: Session, *, unit: int | None, person: int | None, line: int | None, case: int | None, limit: int = 10
) -> list[Any]:
    """与本件有关的未结报警: open ones of the case, its person, its line, its unit as a whole; the gravest first.

    One index for each: joined by OR, the planner would read all alarms.
    """
    asked = "SELECT * FROM alarm WHERE state = 'open' AND"
    return list(
        session.execute(
            text(
                f"WITH x AS (({asked} case_id = :c LIMIT 50) UNION ({asked} person_id = :p LIMIT 50) UNION"
                f" ({asked} unit_id = :u AND (line_id = :l OR person_id IS NULL AND line_id IS NULL AND case_id IS NULL)"
                " ORDER BY id DESC LIMIT 50)) SELECT x.*, r.name, r.level, r.basis, unit_name(x.unit_id) AS unit,"
                " coalesce(operator_name(x.user_id::int), '') AS operator_name FROM x JOIN alarm_rule r ON r.code = x.rule"
                " ORDER BY array_position(ARRAY['error', 'warning', 'notice'], r.level), x.id DESC LIMIT :n"
            ),
            {"c": case, "p": person, "l": line, "u": unit, "n": limit},
        )
    )


@dataclass(frozen=True, slots=True)
class Within:
    """Which alarms the figures count: raised from a day to a day (both within; none: all), of a range of places."""

    first: dt.date | None = None
    last: dt.date | None = None
    low: str = ""
    high: str = "~"

    @property
    def values(self) -> dict[str, Any]:
        """As parameters; days are the city's."""
        return {"f": self.first, "t": self.last, "lo": self.low, "hi": self.high}


_WITHIN = (
    " WHERE (cast(:f AS date) IS NULL OR x.raised_at >= cast(:f AS timestamp) AT TIME ZONE city_zone())"
    " AND (cast(:t AS date) IS NULL OR x.raised_at < cast(cast(:t AS date) + 1 AS timestamp) AT TIME ZONE city_zone())"
    ' AND x.scope_path COLLATE "C" >= :lo AND x.scope_path COLLATE "C" < :hi'
)
# Without a period, what was raised and tried is that of the last year.
_LATELY = "(cast(:f AS date) IS NOT NULL OR cast(:t AS date) IS NOT NULL OR x.raised_at > now() - interval '365 days')"
FIGURES = (
    "count(*) FILTER (WHERE x.state = 'open') AS open,"
    " count(*) FILTER (WHERE x.state = 'open' AND x.due_on < (SELECT kernel_today())) AS late,"
    " count(*) FILTER (WHERE x.state = 'accepted') AS accepted,"
    " count(*) FILTER (WHERE x.state NOT IN ('open', 'accepted')) AS ended,"
    f" count(*) FILTER (WHERE {_LATELY}) AS raised, coalesce(sum(x.times) FILTER (WHERE {_LATELY}), 0) AS times,"
    " avg(extract(epoch FROM x.closed_at - x.raised_at) / 86400) FILTER (WHERE x.closed_at IS NOT NULL) AS days"
)


def counts(session: Session) -> dict[str, str]:
    """How many stand in each part of the list; beyond 999 nobody counts."""
    found = session.execute(
        text(
            "SELECT "
            + ", ".join(f"(SELECT count(*) FROM (SELECT 1 FROM alarm x WHERE {STATES[k]} LIMIT 1000) y)" for k in TABS)
        )
    ).one()
    return {k: str(n) if n < 1000 else "999+" for k, n in zip(TABS, found, strict=True)}


def by_rule(session: Session, within: Within) -> list[Any]:
    """Of each rule that has any: how many are open, late, accepted, ended, were raised, and the mean of days to the end."""
    return list(
        session.execute(
            text(
                f"SELECT r.code, r.name, r.level, y.* FROM (SELECT x.rule, {FIGURES} FROM alarm x{_WITHIN} GROUP BY x.rule) y"
                " JOIN alarm_rule r ON r.code = y.rule ORDER BY r.code"
            ),
            within.values,
        )
    )


def by_region(session: Session, within: Within) -> list[Any]:
    """The same by the city's own bodies and by district with its towns."""
    return list(
        session.execute(
            text(
                # Which division a place belongs to is read once, as one object: joined, it would be looked up for every alarm.
                "SELECT g.code, g.name, y.* FROM (SELECT (SELECT jsonb_object_agg(p.code, CASE p.kind WHEN 'town' THEN p.parent_code"
                f" ELSE p.code END) FROM region p) ->> split_part(x.scope_path, '.', 1) AS division, {FIGURES} FROM alarm x{_WITHIN}"
                " GROUP BY 1) y JOIN region g ON g.code = y.division ORDER BY g.code"
            ),
            within.values,
        )
    )


def by_unit(session: Session, within: Within, limit: int = 200) -> list[Any]:
    """The units with the most open ones."""
    return list(
        session.execute(
            text(
                # Named are those alone that are shown.
                f"SELECT y.*, unit_name(y.unit_id) AS unit FROM (SELECT x.unit_id, {FIGURES} FROM alarm x{_WITHIN}"
                " AND x.unit_id IS NOT NULL GROUP BY x.unit_id ORDER BY open DESC, raised DESC, x.unit_id LIMIT :n) y"
                " ORDER BY y.open DESC, y.raised DESC, y.unit_id"
            ),
            {**within.values, "n": limit},
        )
    )


def runs(session: Session) -> dict[str, Any]:
    """When each rule ran last, and what it lacked."""
    return {r.rule: r for r in session.execute(text("SELECT * FROM alarm_runs()"))}


def rule_params(session: Session) -> dict[str, dict[str, int]]:
    """What was set here, by rule."""
    return {r.code: r.params for r in session.execute(text("SELECT code, params FROM alarm_rule"))}


def last_sweep(session: Session) -> Any | None:
    """The last full run: asked for, running or done, with how many of its rules are done."""
    return session.execute(
        text(
            "SELECT s.*, alarm_progress(s.id) AS done FROM alarm_sweep s WHERE s.kind IN ('full', 'night') ORDER BY s.id DESC LIMIT 1"
        )
    ).one_or_none()


def region_names(session: Session) -> dict[str, str]:
    """Cities and districts by code."""
    return {r.code: r.name for r in session.execute(text("SELECT code, name FROM region WHERE kind <> 'town'"))}


def accounts(session: Session, alarm_id: int | None, limit: int = 200) -> list[Any]:
    """责任追究记录, of one alarm or the newest of all; a corrected one names what replaced it."""
    return list(
        session.execute(
            text(
                "SELECT k.*, x.rule, r.name, unit_name(k.unit_id) AS unit, coalesce(operator_name(k.recorded_by), '') AS who,"
                " (SELECT n.id FROM accountability n WHERE n.corrects_id = k.id) AS replaced_by, a.number"
                " FROM accountability k JOIN alarm x ON x.id = k.alarm_id JOIN alarm_rule r ON r.code = x.rule"
                " LEFT JOIN application a ON a.id = k.case_id WHERE (cast(:i AS bigint) IS NULL OR k.alarm_id = :i)"
                " ORDER BY k.id DESC LIMIT :n"
            ),
            {"i": alarm_id, "n": limit},
        )
    )


def handle(session: Session, alarm_id: int, note: str, address: str | None) -> None:
    """Mark an alarm as handled, with a word on it.

    Raises:
        NotFound: none in reach; AlreadyDecided: it has ended; InvalidInput: no word.
    """
    session.execute(text("SELECT alarm_handle(:i, :n, :a)"), {"i": alarm_id, "n": note, "a": address})


def explain(session: Session, alarm_id: int, note: str) -> None:
    """说明.

    Raises:
        NotAllowed: neither told nor 编办; otherwise as ``handle``.
    """
    session.execute(text("SELECT alarm_explain(:i, :n)"), {"i": alarm_id, "n": note})


def propose(session: Session, alarm_id: int, note: str, document_no: str, until: dt.date | None) -> None:
    """认可: the first official's proposal, with document and last day.

    Raises:
        NotAllowed: not 编办, or an alarm that somebody handles; InvalidInput: document, day or reason is missing.
    """
    session.execute(
        text("SELECT alarm_propose(:i, :n, :d, :u)"), {"i": alarm_id, "n": note, "d": document_no, "u": until}
    )


def settle(session: Session, alarm_id: int, accept: bool, note: str, address: str | None) -> None:
    """认可: the second official's word.

    Raises:
        SamePerson: it was proposed by oneself; NotFound: nothing is proposed.
    """
    session.execute(text("SELECT alarm_settle(:i, :y, :n, :a)"), {"i": alarm_id, "y": accept, "n": note, "a": address})


def rectify(session: Session, alarm_id: int, case_id: int) -> None:
    """整改: the draft that mends it.

    Raises:
        NotFound: no draft of one's own for this unit.
    """
    session.execute(text("SELECT alarm_rectify(:i, :c)"), {"i": alarm_id, "c": case_id})


def ask_sweep(session: Session, address: str | None) -> int:
    """A full run on demand.

    Raises:
        NotAllowed: no head of 编办.
    """
    return int(session.execute(text("SELECT alarm_sweep_ask(:a)"), {"a": address}).scalar_one())


def set_rule(session: Session, code: str, params: dict[str, int], address: str | None) -> None:
    """A rule's parameters.

    Raises:
        NotAllowed: not the city's head of 编办; InvalidInput: no small whole numbers.
    """
    session.execute(
        text("SELECT alarm_set_rule(:r, cast(:p AS jsonb), :a)"), {"r": code, "p": json.dumps(params), "a": address}
    )


def account_for(session: Session, facts: dict[str, Any], address: str | None) -> int:
    """责任追究: one record, or a correction of one.

    Raises:
        NotAllowed: not 编办; NotFound: no such alarm in reach; InvalidInput: something is missing.
    """
    return int(
        session.execute(
            text("SELECT accountability_add(cast(:f AS jsonb), :a)"), {"f": json.dumps(facts), "a": address}
        ).scalar_one()
    )
