"""Random histories: which movement of the kernel comes next, of whom and on which day, is a seed's to say.

Approvals are not the matter here (test_kernel_authority.py): in a city prepared for histories a movement finds its facts
without them.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from tests.ledger.steps import TODAY, ago
from tests.world import Body, World

UNAPPROVED = """
CREATE TABLE op (id bigint PRIMARY KEY, facts text NOT NULL);
ALTER TABLE alarm DROP CONSTRAINT fk_alarm_case_id;
ALTER TABLE notice DROP CONSTRAINT fk_notice_case_id;
CREATE OR REPLACE FUNCTION case_open_movement(p_case bigint, p_movement text) RETURNS case_record
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE r case_record;
BEGIN
  SELECT id, facts INTO r.case_id, r.facts FROM op WHERE id = p_case;
  r.process_version_id := (SELECT max(id) FROM process_version WHERE process = 'recruit');
  r.status := CASE WHEN EXISTS (SELECT 1 FROM post WHERE reserved_case_id = p_case) THEN 'reserved' ELSE 'filed' END;
  RETURN r;
END $$;
"""
LINES = (
    "SELECT l.id, l.unit_id, l.category, t.authorised, t.occupied, t.reserved, l.closed_to_entry AS closed, l.funding FROM quota_line l"
    " JOIN ledger_total t ON t.line_id = l.id JOIN unit u ON u.id = l.unit_id AND u.status = 'active'"
    " WHERE l.kind = 'establishment' ORDER BY l.id"
)
SEATS = (
    "SELECT o.id, o.person_id, o.line_id, o.unit_id, o.department_id FROM occupancy o WHERE o.recorded_to IS NULL"
    " AND o.ended_on IS NULL AND o.kind = '{}' ORDER BY o.id"
)
BODIES = "SELECT id, name, region_code AS region FROM unit WHERE node = 'legal' AND status = 'active' ORDER BY id"
DEPARTMENTS = (
    "SELECT id, legal_id, name, scope_path FROM unit WHERE node = 'department' AND status = 'active' ORDER BY id"
)
PARTS = "SELECT id, line_id, last_on FROM quota_part WHERE ended_on IS NULL AND recorded_to IS NULL ORDER BY id"
REGIONS = ("440600", "440604", "440605")
# How often each kind is tried; what is refused is not counted, so rare kinds stay rarer than this says.
WEIGHTS = {
    "enter": 12, "reserve": 2, "arrive": 2, "release": 1, "leave": 9, "move": 8, "change_line": 2, "number": 8, "cut": 3,
    "absorb": 1, "close_line": 1, "open_line": 2, "part": 3, "end_part": 1, "expire": 4, "move_quota": 3, "pool": 1,
    "lead": 6, "unlead": 3, "shift": 6, "correct": 4, "rename": 3, "open_body": 2, "new_line": 4, "open_department": 2,
    "close_department": 1, "merge_department": 2, "move_department": 2, "merge_body": 2, "transfer_body": 1,
    "move_people": 1, "rekey": 2,
}  # fmt: skip
FEWEST, MOST = 4, 9  # bodies


def prepare(world: World) -> list[Body]:
    """Bodies in two regions, one of them over its number, with departments and leaders; no approval is asked."""
    bodies = [
        world.body(name, region=region, quotas=quotas, people=people, leaders={"deputy:0132": 2},
                   departments=("一科", "二科"), start=ago(800))
        for name, region, quotas, people in (
            ("甲局", "440600", {"11": 8, "13": 3}, {"11": 6, "13": 2}),
            ("乙局", "440600", {"11": 5}, {"11": 8}),
            ("丙局", "440604", {"11": 6, "13": 2}, {"11": 4, "13": 2}),
        )
    ]  # fmt: skip
    with world.superuser.begin() as connection:
        connection.exec_driver_sql(UNAPPROVED)
        connection.exec_driver_sql("GRANT ALL ON op TO bianzhi_owner")
    return bodies


class History:
    """One random history in one transaction; ``back`` days ago is its own clock."""

    def __init__(self, connection: Connection, service: Identity, seed: int, back: int) -> None:
        self.connection, self.dice, self.back = connection, random.Random(seed), back
        connection.execute(text("SELECT begin_request(:t)"), {"t": service.token})
        self.serial = connection.execute(text("SELECT coalesce(max(id), 5000000) FROM op")).scalar_one()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.kind = ""

    def day(self) -> str:
        """Mostly on the history's own clock, which goes on with it; sometimes long before."""
        late = self.dice.random() < 0.1
        back = self.back + (self.dice.randint(0, 300) if late else -self.dice.randint(0, 3))
        return ago(max(0, back)).isoformat()

    def last_day(self) -> str:
        """The last day on which anything may have happened yet: what ends a unit comes after all that it holds."""
        return ago(max(0, self.back - 3)).isoformat()

    def one(self, query: str, **values: Any) -> Any:
        """Any one row of those that a query finds, in its order."""
        rows = self.connection.execute(text(query), values).all()
        return self.dice.choice(rows) if rows else None

    def all(self, query: str, **values: Any) -> Any:
        return self.connection.execute(text(query), values).all()

    def attempt(self, act: Callable[[], object]) -> None:
        """A movement, or nothing at all where it is refused."""
        kept = self.connection.begin_nested()
        try:
            act()
            kept.commit()
            self.done[self.kind] += 1
        except DBAPIError as refused:
            kept.rollback()
            if getattr(refused.orig, "sqlstate", None) not in ("BZ001", "23514", "23P01"):
                raise
            self.refused[f"{self.kind}: {str(refused.orig).splitlines()[0]}"] += 1

    def call(self, *movements: str, **facts: Any) -> None:
        """Movements of one case."""
        self.serial += 1
        values = {"c": self.serial, "d": facts.get("start")}
        self.connection.execute(text("INSERT INTO op VALUES (:i, :f)"), {"i": self.serial, "f": json.dumps(facts)})

        def act() -> None:
            for movement in movements:
                more = ", cast(:d AS date)" if movement == "occupy" else ""
                self.connection.execute(text(f"SELECT ledger_{movement}(:c{more})"), values)

        self.attempt(act)

    def decree(self, movement: str, start: str | None = None, **facts: Any) -> None:
        """A movement by a document of its own."""
        self.call(
            movement, start=start or self.day(), issuer="编委", document_no=f"佛编〔2026〕{self.serial}号", **facts
        )

    def department(self, unit: int) -> int | None:
        """A department of a body, or none."""
        return self.dice.choice([None, *(d.id for d in self.all(DEPARTMENTS) if d.legal_id == unit)])

    def step(self) -> None:
        """The next movement."""
        self.kind = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(self, self.kind)()

    # -- people -----------------------------------------------------------------------------------------------------

    def newcomer(self) -> dict[str, Any] | None:
        who, line = self.one("SELECT id FROM person WHERE state <> 'serving' ORDER BY id"), self.one(LINES)
        return who and {"person": who.id, "line": line.id, "department": self.department(line.unit_id)}

    def enter(self) -> None:
        if facts := self.newcomer():
            self.call("reserve", "occupy", start=self.day(), **facts)

    def reserve(self) -> None:
        if facts := self.newcomer():
            self.call("reserve", **facts)

    def arrive(self) -> None:
        if held := self.one("SELECT reserved_case_id AS id FROM post WHERE status = 'reserved' ORDER BY 1"):
            values = {"c": held.id, "d": self.day()}
            self.attempt(lambda: self.connection.execute(text("SELECT ledger_occupy(:c, cast(:d AS date))"), values))

    def release(self) -> None:
        if held := self.one("SELECT reserved_case_id AS id FROM post WHERE status = 'reserved' ORDER BY 1"):
            self.attempt(lambda: self.connection.execute(text("SELECT ledger_release_seat(:c)"), {"c": held.id}))

    def leave(self) -> None:
        if seat := self.one(SEATS.format("establishment")):
            self.call("vacate", person=seat.person_id, end=self.day(), reason="32")

    def move(self) -> None:
        if seat := self.one(SEATS.format("establishment")):
            self.call("reserve", "move", person=seat.person_id, line=self.one(LINES).id, start=self.day())

    def change_line(self) -> None:
        if seat := self.one(SEATS.format("establishment")):
            goals = [line.id for line in self.all(LINES) if line.unit_id == seat.unit_id and line.id != seat.line_id]
            if goals:
                self.call("reserve", "change_line", person=seat.person_id, line=self.dice.choice(goals),
                          start=self.day(), document_no="佛编〔2026〕1号")  # fmt: skip

    def shift(self) -> None:
        if seat := self.one(SEATS.format("establishment")):
            self.call("shift", person=seat.person_id, department=self.department(seat.unit_id), start=self.day())

    def correct(self) -> None:
        if seat := self.one(SEATS.format("establishment")):
            self.call("correct", occupancy=seat.id, start=self.day())

    def lead(self) -> None:
        seat = self.one(SEATS.format("establishment"))
        line = self.one("SELECT l.id FROM quota_line l JOIN unit u ON u.id = l.unit_id AND u.status = 'active'"
                        " WHERE l.kind = 'leadership' ORDER BY l.id")  # fmt: skip
        if seat and line:
            nature = self.dice.choice(("regular", "concurrent"))
            self.call("take_lead", person=seat.person_id, line=line.id, main=1, nature=nature, home_unit="某单位",
                      start=self.day())  # fmt: skip

    def unlead(self) -> None:
        if lead := self.one(SEATS.format("leadership")):
            self.call("leave_lead", person=lead.person_id, line=lead.line_id, end=self.day())

    # -- numbers ----------------------------------------------------------------------------------------------------

    def number(self) -> None:
        self.decree("set_quota", line=self.one(LINES).id, authorised=self.dice.randint(0, 14))

    def cut(self) -> None:
        line = self.one(LINES)
        self.decree("set_quota", line=line.id, authorised=max(0, line.occupied - self.dice.randint(1, 3)),
                    until_on=ago(-300).isoformat())  # fmt: skip

    def absorb(self) -> None:
        if over := [
            line for line in self.all(LINES) if line.authorised is not None and line.occupied > line.authorised
        ]:
            self.decree("absorb", line=self.dice.choice(over).id, until_on=ago(-300).isoformat(), targets="2027:0")

    def close_line(self) -> None:
        if line := self.one(LINES):
            self.decree("close_line", line=line.id, entry="closed")

    def open_line(self) -> None:
        if closed := [line for line in self.all(LINES) if line.closed]:
            self.decree("close_line", line=self.dice.choice(closed).id, entry="open")

    def part(self) -> None:
        """A mark inside a number, or numbers added until a day: mostly one that the history's clock will pass."""
        purpose = self.dice.choice(("military", "law", "rotating"))
        how = "inside" if purpose == "law" else "added"
        last = None if purpose == "law" else ago(self.back - self.dice.randint(3, 60)).isoformat()
        self.decree(
            "set_part", line=self.one(LINES).id, purpose=purpose, number=self.dice.randint(1, 3), how=how, last_on=last
        )

    def end_part(self) -> None:
        if part := self.one(PARTS):
            self.decree("end_part", part=part.id)

    def expire(self) -> None:
        """The job on the history's clock; sometimes it comes late."""
        clock = ago(self.back + self.dice.choice((0, 0, 0, -20)))
        due = [p for p in self.all(PARTS) if p.last_on and p.last_on < min(clock, TODAY)]
        if due:
            first = min(due, key=lambda p: (p.last_on, p.id)).id
            self.attempt(lambda: self.connection.execute(text("SELECT part_expire(:p)"), {"p": first}))

    def move_quota(self) -> None:
        source, goal = self.one(LINES), self.one(LINES)
        if source.id != goal.id and source.category == goal.category:
            self.decree("move_quota", from_line=source.id, line=goal.id, number=self.dice.randint(1, 2))

    def pool(self) -> None:
        kind = self.dice.choice(("total", "rotating"))
        self.decree("set_pool", region="440600", category=self.dice.choice(("11", "13")), pool_kind=kind,
                    number=self.dice.randint(2, 20) if kind == "rotating" else self.dice.randint(40, 120))  # fmt: skip

    def rekey(self) -> None:
        """经费形式变更: the number and the people of a line go into another one of the body."""
        line = self.one(LINES)
        self.decree("rekey_line", self.last_day(), line=line.id, new_category=line.category,
                    new_funding="2" if line.funding == "1" else "1")  # fmt: skip

    def new_line(self) -> None:
        """A body that was set up gets its numbers: one of its departments' leaders, or a category."""
        lines = {(line.unit_id, line.category) for line in self.all(LINES)}
        goals = [(b.id, c) for b in self.all(BODIES) for c in ("11", "13") if (b.id, c) not in lines]
        if goals and self.dice.random() < 0.7:
            unit, category = self.dice.choice(goals)
            self.decree("set_quota", unit=unit, kind="establishment", category=category, funding="1", structure="none",
                        authorised=self.dice.randint(2, 9))  # fmt: skip
        elif scope := self.one(DEPARTMENTS):
            self.decree("set_quota", unit=scope.legal_id, scope=scope.id, kind="leadership", role="deputy", level="0142",
                        authorised=self.dice.randint(1, 2))  # fmt: skip

    # -- bodies -----------------------------------------------------------------------------------------------------

    def rename(self) -> None:
        body = self.one(BODIES)
        self.decree("change_unit", unit=body.id, name=f"{body.name[:2]}{self.serial}")

    def open_body(self) -> None:
        if len(self.all(BODIES)) < MOST:
            self.decree("open_unit", node="legal", region=self.dice.choice(REGIONS), name=f"新{self.serial}局", body="organ",
                        nature="党政机关", category="34")  # fmt: skip

    def open_department(self) -> None:
        body = self.one(BODIES)
        if sum(d.legal_id == body.id for d in self.all(DEPARTMENTS)) < 4:
            self.decree("open_unit", node="department", parent=body.id, region=body.region, name=f"{self.serial}科")

    def close_department(self) -> None:
        used = {s.department_id for s in self.all(SEATS.format("establishment"))}
        if empty := [d for d in self.all(DEPARTMENTS) if d.id not in used]:
            self.decree("close_unit", self.last_day(), unit=self.dice.choice(empty).id)

    def merge_department(self) -> None:
        found = self.all(DEPARTMENTS)
        pairs = [(a.id, b.id) for a in found for b in found if a.legal_id == b.legal_id and a.id != b.id]
        if pairs:
            one, other = self.dice.choice(pairs)
            self.decree("merge_unit", self.last_day(), unit=one, into=other)

    def move_department(self) -> None:
        department, body = self.one(DEPARTMENTS), self.one(BODIES)
        if department and department.legal_id != body.id:
            self.decree("move_department", self.last_day(), unit=department.id, into=body.id, cases="withdraw",
                        seats=self.dice.choice(("along", "approved")))  # fmt: skip

    def merge_body(self) -> None:
        one, other = self.one(BODIES), self.one(BODIES)
        if one.id != other.id and len(self.all(BODIES)) > FEWEST:
            self.decree("merge_unit", self.last_day(), unit=one.id, into=other.id, cases="withdraw",
                        seats=self.dice.choice(("along", "along", "approved")))  # fmt: skip

    def transfer_body(self) -> None:
        body = self.one(BODIES)
        self.decree("transfer_unit", self.last_day(), unit=body.id, region=self.dice.choice(REGIONS))

    def move_people(self) -> None:
        source, goal = self.one(LINES), self.one(LINES)
        people = [s.person_id for s in self.all(SEATS.format("establishment")) if s.line_id == source.id]
        if people and source.id != goal.id:
            some = self.dice.sample(people, self.dice.randint(1, min(3, len(people))))
            self.decree(
                "move_people",
                self.last_day(),
                line=source.id,
                into_line=goal.id,
                people=",".join(map(str, sorted(some))),
            )
