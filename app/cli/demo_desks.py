"""示范城市的办公桌: the demonstration's people at work, each under the own identity, through the engine alone."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.cli.demo_city import DIVISION
from app.db import Database, Identity, SignInDatabase
from app.domain.crypto import KeyRing
from app.domain.id_number import check_digit
from app.ledger.people import PersonFacts, facts_of
from app.queries import units
from app.workflow import engine, versions
from app.workflow.definition import FACT_NAMES

Facts = dict[str, Any]


@dataclass
class Desks:
    """Everybody's desk. ``look`` reads as the owner what a clerk would pick from a list; it never writes."""

    database: Database
    signin: SignInDatabase
    keys: KeyRing
    look: Connection
    today: dt.date
    known: dict[tuple[str, str], Identity] = field(default_factory=dict)
    strangers: int = 0

    # -- who and where --------------------------------------------------------------------------------------------

    def who(self, username: str, office: str = "") -> Identity:
        """An open session of a demonstration user; under the hat of an office of this kind where one is named."""
        if (username, office) not in self.known:
            rows = self.look.execute(
                text(
                    "SELECT u.id, a.id AS account FROM ab_user u JOIN account a ON a.user_id = u.id"
                    " LEFT JOIN office o ON o.id = a.office_id WHERE u.username = :u AND (:k = '' OR o.kind = :k) ORDER BY a.id"
                ),
                {"u": username, "k": office},
            ).all()
            self.known[username, office] = self.signin.open_session(rows[0].id, account_id=rows[0].account)
        return self.known[username, office]

    def value(self, query: str, **values: Any) -> Any:
        """One value, or None."""
        return self.look.execute(text(query), values).scalar()

    def unit(self, name: str) -> int | None:
        """A body by its name; a small city may lack it."""
        found: int | None = self.value("SELECT id FROM unit WHERE name = :n AND node = 'legal'", n=name)
        return found

    def line(self, unit: int) -> int:
        """The first line of establishment of a body."""
        return int(self.value("SELECT min(id) FROM quota_line WHERE unit_id = :u AND kind = 'establishment'", u=unit))

    def department(self, unit: int) -> int | None:
        """The first department of a body."""
        found: int | None = self.value("SELECT min(id) FROM unit WHERE parent_id = :u AND node = 'department'", u=unit)
        return found

    def seated(self, unit: int, nth: int) -> Any:
        """The nth of those who sit on the first line of a body and lead nothing; a small city may lack them."""
        return self.look.execute(
            text(
                "SELECT p.id, p.name, o.department_id, p.id_cipher FROM occupancy o JOIN person p ON p.id = o.person_id"
                " WHERE o.line_id = :l AND o.recorded_to IS NULL AND o.ended_on IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM occupancy x WHERE x.person_id = p.id AND x.kind = 'leadership'"
                "   AND x.recorded_to IS NULL AND x.ended_on IS NULL)"
                " AND NOT EXISTS (SELECT 1 FROM account a WHERE a.person_id = p.id)"
                " AND o.started_on < :t ORDER BY p.id DESC OFFSET :n LIMIT 1"
            ),
            {"l": self.line(unit), "n": nth, "t": self.today - dt.timedelta(days=60)},
        ).one_or_none()

    def stranger(self, name: str, born: int, **more: Any) -> PersonFacts:
        """Somebody whom the city has not: the last serials of a day, which its own people do not come to."""
        self.strangers += 1
        birth = dt.date(self.today.year - born, 1 + self.strangers % 12, 1 + self.strangers % 28)
        sex = "12"[self.strangers % 2]
        body = f"{DIVISION}{birth:%Y%m%d}{900 + 2 * self.strangers + (sex == '1'):03d}"
        facts: Facts = {
            "work_started_on": dt.date(birth.year + 23, 7, 1),
            "education": "21",
            "rank": "R12",
            "entry_way": "2",
        }
        return PersonFacts(name=name, id_number=body + check_digit(body), sex=sex, birth_on=birth, **(facts | more))

    def newcomer(self, person: PersonFacts, unit: int, **more: Any) -> Facts:
        """The facts of an entry into the first line and department of a body."""
        return {**facts_of(person, self.keys), "line": self.line(unit), "department": self.department(unit), **more}

    def day(self, days: int = 0) -> str:
        """A day from today, as facts write it."""
        return (self.today + dt.timedelta(days=days)).isoformat()

    # -- steps ----------------------------------------------------------------------------------------------------

    def file(self, username: str, process: str, facts: Facts, *, name: str | None = None, office: str = "",
             about: int | None = None, draft: int | None = None, apart: tuple[str, ...] = ()) -> int:  # fmt: skip
        """Fill a form in and submit it; returns the case. ``about``: the body that an office's own case is about.

        ``draft``: one that stands already. ``apart``: what the form asks but the facts do not keep.
        """
        day = facts.get("start") or facts.get("end")
        with self.database.transaction(self.who(username, office), case_id=draft) as s:
            plan = versions.latest(s, process)[1]
            typed = {n: _typed(facts.get(FACT_NAMES.get(n, n))) for n in plan.fields if n != "id_number"}
            if "id_cipher" in facts and "id_number" in plan.fields:
                typed["id_cipher"] = facts["id_cipher"]
            filed = {k: v for k, v in facts.items() if k not in apart}
            if draft is None:
                draft = self.draft(s, process, typed)
            engine.submit(
                s, draft, facts=filed, person_name=name, unit_id=about,
                person_id=int(facts["person"]) if facts.get("person") and process != "transfer" else None,
                effective_on=dt.date.fromisoformat(day) if day else None,
            )  # fmt: skip
        return draft

    def draft(self, s: Session, process: str, form: Facts) -> int:
        """A draft of the unit or office that acts, as its own page makes one."""
        unit = units.unit(s, int(own)) if (own := engine.me(s, 6)) else None
        return engine.draft(s, process=process, form=form, unit_id=unit.id if unit else None,
                            office_id=None if unit else int(engine.me(s, 7) or 0),
                            scope_path=unit.scope_path if unit else str(engine.me(s, 4))).id  # fmt: skip

    def decide(self, username: str, case: int, code: str, verdict: str = "approve", opinion: str = "经核，符合规定，同意。",
               office: str = "") -> None:  # fmt: skip
        """One side's word on its open task of a case."""
        task = self.value(
            "SELECT id FROM task WHERE application_id = :c AND code = :k AND state = 'open'", c=case, k=code
        )
        with self.database.transaction(self.who(username, office), case_id=case) as s:
            engine.decide(s, int(task), verdict=verdict, opinion=opinion)

    def arrive(self, username: str, case: int, on: dt.date) -> None:
        """The unit confirms the day of arrival."""
        with self.database.transaction(self.who(username), case_id=case) as s:
            engine.arrive(s, case, on)

    def call(self, username: str, query: str, office: str = "", **values: Any) -> Any:
        """A function of the kernel, in one transaction of one person."""
        with self.database.transaction(self.who(username, office)) as s:
            return s.execute(text(query), values).scalar()


def _typed(value: Any) -> Any:
    """A fact as the form's field keeps it."""
    return str(value) if isinstance(value, int) else value
