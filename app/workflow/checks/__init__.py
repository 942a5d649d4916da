"""核对: what is looked at before a case is submitted and with every decision, by code.

A check is a function over a session and a ``Subject``; a definition names it by its code with a level: ``stop`` refuses
submission and approval, ``warn`` is shown beside the decision. A check asks the database as the reader it runs for: what
he may not see answers ``None``, no finding. The modules of this package register their checks as they are imported; words
for the codes stand with the views (``app/views/check_texts``).
"""

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain import errors
from app.domain.workdays import sensible
from app.queries import units
from app.workflow.definition import CheckPlan, Process

# Who is asked for consent or files for himself looks after his own side, not after seats and ages.
BY_CONSENT = ("source_unit", "unit", "unit_head", "receiving_establishment")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a check looks at: the facts typed so far, or (``case_id``) those of a filed case."""

    plan: Process
    facts: Mapping[str, Any]
    unit_id: int | None
    person_id: int | None
    today: dt.date
    case_id: int | None = None
    # Whether the case holds its seat already.
    reserved: bool = False
    # What one check of a run has read and another one asks for again.
    found: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, name: str, read: Callable[[], Any]) -> Any:
        """What ``read`` gives, asked once for all checks of a run."""
        if name not in self.found:
            self.found[name] = read()
        return self.found[name]

    def number(self, name: str) -> int | None:
        """A fact that is a whole number; None where it is not (yet) one."""
        given = self.facts.get(name)
        value = "" if given is None else str(given)
        return int(value) if value.isdecimal() and len(value) <= 18 else None  # a row's number has no more

    def numbers(self, name: str) -> list[int]:
        """A fact that lists rows by number."""
        return [int(x) for x in str(self.facts.get(name) or "").split(",") if x.isdecimal() and len(x) <= 18]

    def day(self, name: str) -> dt.date | None:
        """A fact that is a day; None where it is not (yet) one, or none that anything happens on."""
        value = self.facts.get(name)
        found = dt.date.fromisoformat(value) if isinstance(value, str) and value else None
        return found if found is not None and sensible(found) else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: ``ok`` (None: somebody has to look), figures by label code, the sentence's code.

    ``see``: the page that lists what a figure counts, by the figure's label code.
    """

    code: str
    ok: bool | None
    figures: tuple[tuple[str, Any], ...] = ()
    says: str | None = None
    see: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finding with what the definition says of its check."""

    check: CheckPlan
    finding: Finding

    @property
    def stops(self) -> bool:
        """Whether the case may not go on."""
        return self.check.level == "stop" and self.finding.ok is False

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a decision."""
        return {
            "code": self.finding.code,
            "level": self.check.level,
            "article": self.check.article,
            "ok": self.finding.ok,
            "figures": [
                [label, value.isoformat() if isinstance(value, dt.date) else value]
                for label, value in self.finding.figures
            ],
            "says": self.finding.says,
        } | ({"see": dict(self.finding.see)} if self.finding.see else {})


Check = Callable[[Session, Subject, Mapping[str, Any]], Finding | None]
_checks: dict[str, tuple[Check, tuple[str, ...] | None]] = {}


def check(code: str, *, roles: tuple[str, ...] | None = None) -> Callable[[Check], Check]:
    """Register a check; ``roles`` are the sides that look at it when they decide (none: every office)."""

    def register(function: Check) -> Check:
        if code in _checks:
            raise ValueError(f"check {code} is there twice")
        _checks[code] = (function, roles)
        return function

    return register


def known() -> frozenset[str]:
    """The codes of all checks."""
    return frozenset(_checks)


def run(session: Session, subject: Subject, role: str | None = None) -> list[Outcome]:
    """The findings of a definition's checks, in its order; ``role`` narrows them to what that side looks at."""
    out: list[Outcome] = []
    for planned in subject.plan.checks:
        function, roles = _checks[planned.code]
        if role is not None and (role not in roles if roles else role in BY_CONSENT):
            continue
        found = function(session, subject, planned.params)
        if found is not None:
            out.append(Outcome(planned, found))
    return out


def demand(outcomes: list[Outcome]) -> None:
    """Refuse where a check that stops is not passed.

    Raises:
        CheckFailed: the first of them, with its figures.
    """
    for outcome in outcomes:
        if outcome.stops:
            raise errors.CheckFailed(check=outcome.as_json())


def line_of(session: Session, subject: Subject) -> Any:
    """The line that a case is about, with its figures, as far as the reader may see it; None without one.

    Read once for all checks of a run.
    """
    return subject.once("line", lambda: _line_of(session, subject))


def _line_of(session: Session, subject: Subject) -> Any:
    if subject.case_id is not None:
        row = session.execute(text("SELECT * FROM case_line(:c)"), {"c": subject.case_id}).one_or_none()
        if row is not None:
            return row
    number = subject.number("line")
    if number is None and (person := subject.number("person")) is not None:
        number = session.execute(
            text(
                "SELECT line_id FROM occupancy WHERE person_id = :p AND kind = 'establishment'"
                " AND recorded_to IS NULL AND ended_on IS NULL"
            ),
            {"p": person},
        ).scalar()
    return units.line(session, number) if number is not None else None


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
