"""Random histories through the kernel's movements: any day by stored periods is that day by replay of the entries.

The suite effects 1,500 movements (two histories of 750), refused ones not counted; BIANZHI_LONG=1 effects 10,000 (ten of
1,000). Approvals are not the
matter here (test_kernel_authority.py): in this module's own city a movement finds its facts without them.
"""

import datetime as dt
import json
import os
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.domain.canonical import utc_instant
from app.ledger.replay_day import Day, DayReplay
from app.ledger.replay_state import Entry
from app.queries import days, places
from app.queries.days import Moment
from tests.ledger.steps import TODAY, ago, findings
from tests.world import Body, World

HISTORIES, OPERATIONS = (10, 1000) if os.environ.get("BIANZHI_LONG") else (2, 750)
PROBES = 100
# Movements in one transaction: the rows of totals and heads are rewritten each time, and only a commit lets the old go.
BLOCK = 50
UNAPPROVED = """
CREATE TABLE op (id bigint PRIMARY KEY, facts text NOT NULL);
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


class History:
    """One random history: which movement comes next, of whom and on which day, is a seed's to say."""

    def __init__(self, connection: Connection, bodies: list[Body], seed: int, back: int) -> None:
        self.connection, self.bodies, self.dice, self.back = connection, bodies, random.Random(seed), back
        self.lines = {line: body for body in bodies for key, line in body.lines.items() if ":" not in key}
        self.leads = {line: body for body in bodies for key, line in body.lines.items() if ":" in key}
        self.serial = connection.execute(text("SELECT coalesce(max(id), 0) FROM op")).scalar_one() + 5_000_000
        self.done = 0
        self.refused: Counter[str] = Counter()

    def day(self) -> str:
        """Mostly on the history's own clock, which goes on with it; sometimes long before."""
        late = self.dice.random() < 0.1
        back = self.back + (self.dice.randint(0, 300) if late else -self.dice.randint(0, 3))
        return ago(max(0, back)).isoformat()

    def one(self, query: str, **values: Any) -> Any:
        """Any one row of those that a query finds."""
        rows = self.connection.execute(text(query), values).all()
        return self.dice.choice(rows) if rows else None

    def call(self, *movements: str, **facts: Any) -> None:
        """Movements of one case, or nothing at all where one of them is refused."""
        self.serial += 1
        self.connection.execute(text("INSERT INTO op VALUES (:i, :f)"), {"i": self.serial, "f": json.dumps(facts)})
        kept = self.connection.begin_nested()
        try:
            for movement in movements:
                more = ", cast(:d AS date)" if movement == "occupy" else ""
                self.connection.execute(
                    text(f"SELECT ledger_{movement}(:c{more})"), {"c": self.serial, "d": facts.get("start")}
                )
            kept.commit()
            self.done += 1
        except DBAPIError as refused:
            kept.rollback()
            if getattr(refused.orig, "sqlstate", None) not in ("BZ001", "23514", "23P01"):
                raise
            self.refused[str(refused.orig).splitlines()[0]] += 1

    def step(self) -> None:
        """The next movement."""
        dice, day, line = self.dice, self.day(), self.dice.choice(list(self.lines))
        body = self.lines[line]
        seat = self.one("SELECT id, person_id, line_id FROM occupancy WHERE recorded_to IS NULL AND ended_on IS NULL"
                        " AND kind = 'establishment'")  # fmt: skip
        match dice.choice(("enter",) * 4 + ("leave",) * 3 + ("move",) * 3 + ("number",) * 3 + ("lead",) * 2
                          + ("unlead", "shift", "shift", "correct", "rename")):  # fmt: skip
            case "enter":
                who = self.one("SELECT id FROM person WHERE state <> 'serving'")
                if who:
                    self.call(
                        "reserve", "occupy", person=who.id, line=line, department=self.department(body), start=day
                    )
            case "leave" if seat:
                self.call("vacate", person=seat.person_id, end=day, reason="32")
            case "move" if seat:
                self.call("reserve", "move", person=seat.person_id, line=line, start=day)
            case "number":
                self.call("set_quota", line=line, authorised=dice.randint(0, 14), start=day, issuer="编委",
                          document_no=f"佛编〔2026〕{self.serial}号")  # fmt: skip
            case "lead" if seat:
                self.call("take_lead", person=seat.person_id, line=dice.choice(list(self.leads)), main=1,
                          nature=dice.choice(("regular", "concurrent")), start=day)  # fmt: skip
            case "unlead":
                lead = self.one("SELECT person_id, line_id FROM occupancy WHERE recorded_to IS NULL AND ended_on IS NULL"
                                " AND kind = 'leadership'")  # fmt: skip
                if lead:
                    self.call("leave_lead", person=lead.person_id, line=lead.line_id, end=day)
            case "shift" if seat:
                self.call(
                    "shift", person=seat.person_id, department=self.department(self.lines[seat.line_id]), start=day
                )
            case "correct" if seat:
                self.call("correct", occupancy=seat.id, start=day)
            case "rename":
                self.call("change_unit", unit=body.id, name=f"{body.name}{self.serial}", short_name=body.name, start=day,
                          document_no=f"佛编〔2026〕{self.serial}号")  # fmt: skip

    def department(self, body: Body) -> int | None:
        """A department of a body, or none."""
        return self.dice.choice([None, *body.departments.values()])


def entries(world: World) -> list[Entry]:
    """Every entry of units in the order of its recording."""
    query = "SELECT * FROM ledger_entry WHERE chain_kind = 'unit' ORDER BY recorded_at, id"
    with world.superuser.connect() as connection:
        return [
            Entry("unit", r.chain_id, r.sequence, r.type, r.effective_on.isoformat(), utc_instant(r.recorded_at),
                  r.case_id, r.scope_path, r.fields)
            for r in connection.execute(text(query))
        ]  # fmt: skip


def stored(connection: Connection, at: Moment) -> Day:
    """A day by the periods of the tables, through the fragments that every page uses."""
    authorised = connection.execute(
        text(f"SELECT line_id, authorised FROM quota q WHERE {days.held('q', at)}"), at.values
    )
    seats = connection.execute(
        text(f"SELECT o.line_id, p.number, o.person_id, o.department_id FROM occupancy o JOIN post p ON p.id = o.post_id"
             f" WHERE {days.held('o', at)}"), at.values,
    ).all()  # fmt: skip
    names = connection.execute(text(f"SELECT unit_id, name FROM unit_version v WHERE {days.held('v', at)}"), at.values)
    found = Day({r.line_id: r.authorised for r in authorised}, DayReplay().day("").occupied,
                {(r.line_id, r.number): (r.person_id, r.department_id) for r in seats}, {r.unit_id: r.name for r in names})  # fmt: skip
    found.occupied.update(r.line_id for r in seats)
    return found


@pytest.fixture(scope="module")
def city(world: World) -> list[Body]:
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


def test_any_day_by_stored_periods_is_that_day_by_replay(world: World, city: list[Body]) -> None:
    token = world.service("svc-worker").token
    total = 0

    @settings(max_examples=HISTORIES, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    @given(seed=st.integers(min_value=1, max_value=2**32))
    def live(seed: int) -> None:
        nonlocal total
        for block in range(0, OPERATIONS, BLOCK):
            with world.superuser.begin() as connection:
                connection.execute(text("SELECT begin_request(:t)"), {"t": token})
                # The clock of all histories together runs from the bodies' opening to today.
                history = History(connection, city, seed + block, 790 - 790 * total // (HISTORIES * OPERATIONS))
                while history.done < BLOCK:
                    history.step()
                total += BLOCK
                assert history.refused.total() < 20 * BLOCK, history.refused

    live()
    assert total >= HISTORIES * OPERATIONS
    check_days(world)
    check_sums(world)
    assert [said for said in findings(world) if not said.startswith("申请件")] == []  # no case stands behind these


def check_days(world: World) -> None:
    """A hundred days, each as known at a moment of its own, between the first entry and now."""
    dice, told = random.Random(7), entries(world)
    first, last = told[0].recorded_at, told[-1].recorded_at
    start, end = dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last) + dt.timedelta(seconds=1)
    moments = sorted(start + (end - start) * dice.random() for _ in range(PROBES - 20)) + [end] * 20
    replay, n = DayReplay(), 0
    with world.superuser.connect() as connection:
        for known in moments:
            while n < len(told) and told[n].recorded_at < utc_instant(known):
                replay.add(told[n])
                n += 1
            on = ago(dice.randint(-5, 900))
            made, found = replay.day(on.isoformat()), stored(connection, Moment(on, TODAY, known))
            assert (made.authorised, made.occupied, made.seats, made.names) == (
                found.authorised, found.occupied, found.seats, found.names), (on, known)  # fmt: skip
    assert n == len(told)


def check_sums(world: World) -> None:
    """Regions are the sums of their units, and units of their lines and of their departments, on days and as known."""
    with world.superuser.connect() as connection:
        moments = (
            connection.execute(text("SELECT recorded_at FROM ledger_entry WHERE id % 97 = 0 ORDER BY id DESC LIMIT 5"))
            .scalars()
            .all()
        )
    with world.database.transaction(world.office("establishment")) as session:
        for n, known in enumerate((None, *moments)):
            at = Moment(ago(150 * n), TODAY, known)
            lines = session.execute(text(f"SELECT unit_id, occupied FROM {days.lines(at)} d"), at.values).all()
            for region in places.regions(session, at):
                below = places.bodies(session, at, region=region.code, limit=200)
                assert sum(u.occupied or 0 for u in below) == region.occupied
                assert sum(u.surplus or 0 for u in below) == (region.surplus or 0)
                for unit in below:
                    assert sum(line.occupied for line in lines if line.unit_id == unit.id) == (unit.own_occupied or 0)
            people = session.execute(
                text(f"SELECT count(*) FROM occupancy o WHERE o.kind = 'establishment' AND {days.held('o', at)}"),
                at.values,
            )
            assert sum(line.occupied for line in lines) == people.scalar_one()
