"""A small city for tests: bodies, accounts and cases in few words, all through the real kernel."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.cli import seeds
from app.db import Database, Identity, SignInDatabase
from app.domain.crypto import KeyRing
from app.domain.id_number import check_digit
from app.ledger import opening
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of
from app.models import Application
from app.workflow import engine

PASSWORD = "Correct-Horse-9"
CHEAP = "scrypt:1024:8:1"
HASH = generate_password_hash(PASSWORD, method=CHEAP)
_serial = count()
_bodies = count()


def id_number(born: dt.date = dt.date(1990, 5, 17), sex: str = "1", division: str = "440699") -> str:
    """A valid number of nobody: the division does not exist. Each call gives another."""
    n = next(_serial)
    born = born + dt.timedelta(days=n // 400)
    body = f"{division}{born:%Y%m%d}{(n % 400) * 2 + (1 if sex == '1' else 0):03d}"
    return body + check_digit(body)


def person(name: str = "测试甲", **changed: Any) -> PersonFacts:
    """A person that fits every check; ``changed`` replaces facts."""
    sex = changed.get("sex", "1")
    number = changed.pop("id_number", None) or id_number(sex=sex)
    born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    facts: dict[str, Any] = {
        "sex": sex,
        "birth_on": born,
        "work_started_on": dt.date(2015, 7, 1),
        "rank": "R11",
        "education": "21",
        "entry_way": "2",
    }
    return PersonFacts(name=name, id_number=number, **(facts | changed))


@dataclass
class Body:
    """An opened legal body: its ids by what they are."""

    id: int
    name: str
    scope_path: str
    lines: dict[str, int] = field(default_factory=dict)
    departments: dict[str, int] = field(default_factory=dict)
    people: list[int] = field(default_factory=list)

    @property
    def line(self) -> int:
        """The first establishment line."""
        return next(iter(self.lines.values()))


class World:
    """One city's database with every way into it that tests need."""

    def __init__(self, *, app_url: str, signin_url: str, owner_url: str, superuser_url: str, keys: KeyRing) -> None:
        self.app_url, self.signin_url, self.owner_url = app_url, signin_url, owner_url
        self.superuser_url, self.keys = superuser_url, keys
        self.database = Database(app_url)
        self.signin = SignInDatabase(signin_url)
        self.superuser: Engine = create_engine(superuser_url)
        self.owner: Engine = create_engine(owner_url)
        self._identities: dict[str, Identity] = {}

    def dispose(self) -> None:
        """Close every connection."""
        for engine_ in (self.database.engine, self.signin.engine, self.superuser, self.owner):
            engine_.dispose()

    # -- places ---------------------------------------------------------------------------------------------------

    def body(
        self,
        name: str,
        *,
        region: str = "440600",
        quotas: dict[str, int] | None = None,
        people: dict[str, int] | None = None,
        leaders: dict[str, int] | None = None,
        departments: tuple[str, ...] = (),
        start: dt.date = dt.date(2015, 1, 1),
        kind: str = "organ",
    ) -> Body:
        """Open a body: quotas and holders by category, leadership seats by ``role:level``."""
        quotas = {"11": 5} if quotas is None else quotas
        common = {"region": region, "body": kind, "start": start.isoformat(), "nature": "党政机关", "category": "34"}
        document = {"document_no": "佛编〔2015〕1号", "issuer": "市委编委", "start": start.isoformat()}
        batch = Batch(region)
        batch.units.append({**common, "key": "u", "node": "legal", "name": name})
        for n, title in enumerate(departments):
            batch.units.append({**common, "key": f"d{n}", "parent_key": "u", "node": "department", "name": title})
        for category, number in quotas.items():
            structure = "professional" if category == "22" else "none"
            batch.lines.append(
                {**document, "key": category, "unit_key": "u", "kind": "establishment", "category": category,
                 "funding": "1", "structure": structure, "authorised": number}
            )  # fmt: skip
        for position, number in (leaders or {}).items():
            role, level = position.split(":")
            batch.lines.append(
                {**document, "key": position, "unit_key": "u", "scope_key": "u", "kind": "leadership", "category": "",
                 "funding": "", "structure": "none", "role": role, "level": level, "authorised": number}
            )  # fmt: skip
        # Names come back from body to body; days of birth do not, or two people would look like one (AL06).
        born = dt.date(1990, 5, 17) + dt.timedelta(days=next(_bodies) % 200)
        for category, number in (people or {}).items():
            for n in range(number):
                batch.people.append(
                    {**facts_of(person(f"{name[-2:]}{n}", id_number=id_number(born)), self.keys), "line_key": category,
                     "department_key": "d0" if departments else None,
                     "start": max(start, dt.date(2016, 1, 1)).isoformat()}
                )  # fmt: skip
        with self.database.transaction(self.service("svc-opening")) as session:
            result = opening.enter(session, batch, note="测试")
            ids = {key: int(value) for key, value in result["units"].items()}
            rows = session.execute(
                text("SELECT id, kind, category, role, level FROM quota_line WHERE unit_id = :u ORDER BY id"),
                {"u": ids["u"]},
            ).all()
            body = Body(
                ids["u"],
                name,
                session.execute(text("SELECT scope_path FROM unit WHERE id = :u"), {"u": ids["u"]}).scalar_one(),
                {r.category or f"{r.role}:{r.level}": r.id for r in rows},
                {title: ids[f"d{n}"] for n, title in enumerate(departments)},
                list(
                    session.execute(
                        text("SELECT id FROM person WHERE unit_id = :u ORDER BY id"), {"u": ids["u"]}
                    ).scalars()
                ),
            )
        return body

    # -- who ------------------------------------------------------------------------------------------------------

    def service(self, username: str) -> Identity:
        """A named service's identity."""
        if username not in self._identities:
            self._identities[username] = self.signin.open_service(username)
        return self._identities[username]

    def account(self, username: str, kind: str, *, unit: int | None = None, office: tuple[str, str] | None = None,
                person_id: int | None = None, region: str | None = None) -> int:  # fmt: skip
        """A user (made when missing) with one more account; returns the account's id."""
        with self.owner.begin() as connection:
            user = seeds.ensure_user(connection, username, f"用{username}", HASH)
            office_id = None
            if office:
                office_id = connection.execute(
                    text("SELECT id FROM office WHERE kind = :k AND region_code = :r"), {"k": office[0], "r": office[1]}
                ).scalar_one()
            return int(
                connection.execute(
                    text(
                        "INSERT INTO account (user_id, kind, unit_id, office_id, person_id, region_code, started_on)"
                        " VALUES (:u, :k, :n, :o, :p, :r, DATE '2020-01-01') RETURNING id"
                    ),
                    {"u": user, "k": kind, "n": unit, "o": office_id, "p": person_id, "r": region},
                ).scalar_one()
            )

    def identity(self, username: str, account_id: int | None = None) -> Identity:
        """An open session of a user."""
        with self.owner.connect() as connection:
            user = connection.execute(text("SELECT id FROM ab_user WHERE username = :u"), {"u": username}).scalar_one()
        return self.signin.open_session(user, account_id=account_id)

    def clerk(self, body: Body, username: str | None = None) -> Identity:
        """A clerk of a body."""
        name = username or f"clerk{body.id}"
        if name not in self._identities:
            self.account(name, "unit_clerk", unit=body.id)
            self._identities[name] = self.identity(name)
        return self._identities[name]

    def office(self, kind: str, region: str = "440600", username: str | None = None) -> Identity:
        """A member of an office."""
        name = username or f"{kind}{region}"
        if name not in self._identities:
            self.account(name, "office_member", office=(kind, region))
            self._identities[name] = self.identity(name)
        return self._identities[name]

    # -- cases ----------------------------------------------------------------------------------------------------

    def submit(self, who: Identity, body: Body, process: str, facts: dict[str, Any], *, name: str | None = None,
               person_id: int | None = None, effective_on: dt.date | None = None) -> int:  # fmt: skip
        """Draft and submit a case of a body; returns its id."""
        with self.database.transaction(who) as session:
            case = engine.draft(session, process=process, unit_id=body.id, scope_path=body.scope_path, form={})
            engine.submit(session, case.id, facts=facts, person_id=person_id, person_name=name,
                          effective_on=effective_on)  # fmt: skip
            return case.id

    def recruit(self, body: Body, *, line: int | None = None, who: Identity | None = None,
                facts: PersonFacts | None = None) -> int:  # fmt: skip
        """Submit a recruitment (招聘 where the line is no civil one) to a line of a body; returns the case's id."""
        wanted = facts or person()
        filed = {**facts_of(wanted, self.keys), "line": line or body.line, "department": None}
        category = self.value("SELECT category FROM quota_line WHERE id = :l", l=filed["line"])
        process = "hire" if category in ("13", "14", "15", "22", "23") else "recruit"
        return self.submit(who or self.clerk(body), body, process, filed, name=wanted.name)

    def task(self, case_id: int, code: str) -> int:
        """The open task of a case with this code."""
        with self.superuser.connect() as connection:
            return int(
                connection.execute(
                    text("SELECT id FROM task WHERE application_id = :c AND code = :k AND state = 'open'"),
                    {"c": case_id, "k": code},
                ).scalar_one()
            )

    def decide(self, who: Identity, case_id: int, code: str, verdict: str = "approve", opinion: str = "同意") -> None:
        """One office decides its task."""
        task = self.task(case_id, code)
        with self.database.transaction(who, case_id=case_id) as session:
            engine.decide(session, task, verdict=verdict, opinion=opinion)

    def approve_recruit(self, case_id: int, region: str = "440600", personnel: str = "organisation") -> None:
        """Both offices approve."""
        self.decide(self.office("establishment", region), case_id, "establishment")
        self.decide(self.office(personnel, region), case_id, "personnel")

    def arrive(self, who: Identity, case_id: int, on: dt.date) -> None:
        """The unit confirms the arrival."""
        with self.database.transaction(who, case_id=case_id) as session:
            engine.arrive(session, case_id, on)

    def state(self, case_id: int) -> str:
        """The state of a case."""
        with Session(self.superuser) as session:
            return session.get_one(Application, case_id).state

    def figures(self, line_id: int) -> tuple[int | None, int, int]:
        """Authorised, occupied, reserved of a line."""
        return self.row("SELECT authorised, occupied, reserved FROM ledger_total WHERE line_id = :l", l=line_id)

    def row(self, query: str, **values: Any) -> Any:
        """One row, as the superuser sees it."""
        with self.superuser.connect() as connection:
            return tuple(connection.execute(text(query), values).one())

    def value(self, query: str, **values: Any) -> Any:
        """One value, as the superuser sees it."""
        return self.row(query, **values)[0]
