"""Random histories through the kernel's movements: any day by stored periods is that day by replay of the entries.

The suite effects 1,500 movements of every kind (two histories of 750), refused ones not counted; BIANZHI_LONG=1 effects
10,000 (ten of 1,000).
"""

import datetime as dt
import os
import random
from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from app.domain.canonical import utc_instant
from app.ledger.replay_day import Day, DayReplay
from app.ledger.replay_state import Entry
from app.queries import days, places
from app.queries.days import Moment
from tests.ledger import history
from tests.ledger.history import History
from tests.ledger.steps import TODAY, ago, findings
from tests.world import World

LONG = bool(os.environ.get("BIANZHI_LONG"))
HISTORIES, OPERATIONS = (10, 1000) if LONG else (2, 750)
PROBES = 100
# Movements in one transaction: the rows of totals and heads are rewritten each time, and only a commit lets the old go.
BLOCK = 50
# Nobody sits in a unit or department that is not there on that day, nor in another body's department.
HOMELESS = """
SELECT o.person_id, o.unit_id, o.department_id FROM occupancy o WHERE {held} AND (
  NOT EXISTS (SELECT 1 FROM unit_version v WHERE v.unit_id = coalesce(o.department_id, o.unit_id) AND {version})
  OR (SELECT legal_id FROM unit WHERE id = coalesce(o.department_id, o.unit_id)) <> o.unit_id)
"""
# Nobody sits on a seat after its end, or before it was made (an opening balance may bring older days).
OUTLIVED = """
SELECT o.line_id, p.number, o.started_on, o.ended_on, p.created_on, p.abolished_on FROM occupancy o JOIN post p ON p.id = o.post_id
 WHERE o.recorded_to IS NULL AND o.ended_on IS DISTINCT FROM o.started_on AND (p.abolished_on < coalesce(o.ended_on, 'infinity')
   OR o.started_on < p.created_on)
"""


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

    def rows(query: str, alias: str) -> list[tuple[object, ...]]:
        found = connection.execute(text(f"{query} WHERE {days.held(alias, at)}"), at.values)
        return [tuple(row) for row in found]

    seats = rows(
        "SELECT o.line_id, p.number, o.person_id, o.department_id FROM occupancy o JOIN post p ON p.id = o.post_id", "o"
    )
    versions = rows("SELECT unit_id, name, parent_id, region_code FROM unit_version v", "v")
    parts: dict[object, tuple[int, int]] = {}
    for line, number in rows("SELECT line_id, coalesce(number, 0) FROM quota_part q", "q"):
        n, whole = parts.get(line, (0, 0))
        parts[line] = (n + 1, whole + number)
    return Day(dict(rows("SELECT line_id, authorised FROM quota q", "q")), Counter(line for line, *_ in seats),
               {(line, number): (who, where) for line, number, who, where in seats}, {u: name for u, name, *_ in versions},
               {u: (parent, region) for u, _name, parent, region in versions}, parts)  # fmt: skip


@pytest.mark.timeout(7200 if LONG else 600)
def test_any_day_by_stored_periods_is_that_day_by_replay(world: World) -> None:
    history.prepare(world)
    service, total, done = world.service("svc-worker"), 0, Counter[str]()

    @settings(max_examples=HISTORIES, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    @given(seed=st.integers(min_value=1, max_value=2**32))
    def live(seed: int) -> None:
        nonlocal total
        for block in range(0, OPERATIONS, BLOCK):
            with world.superuser.begin() as connection:
                # The clock of all histories together runs from the bodies' opening to today.
                back = 790 - 790 * total // (HISTORIES * OPERATIONS)
                told = History(connection, service, seed + block, back)
                while told.done.total() < BLOCK:
                    told.step()
                    assert told.refused.total() < 20 * BLOCK, told.refused
                total += BLOCK
                done.update(told.done)

    live()
    assert total >= HISTORIES * OPERATIONS
    assert set(done) == set(history.WEIGHTS), done
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
            at = Moment(on, TODAY, known)
            assert replay.day(on.isoformat()) == stored(connection, at), (on, known)
            homeless = HOMELESS.format(held=days.held("o", at), version=days.held("v", at))
            assert connection.execute(text(homeless), at.values).all() == [], (on, known)
        assert connection.execute(text(OUTLIVED)).all() == []
    assert n == len(told)


def check_sums(world: World) -> None:
    """The city is the sum of its regions, they of their units, and units of their lines, on days and as known."""
    with world.superuser.connect() as connection:
        moments = (
            connection.execute(text("SELECT recorded_at FROM ledger_entry WHERE id % 97 = 0 ORDER BY id DESC LIMIT 5"))
            .scalars()
            .all()
        )
    with world.database.transaction(world.office("establishment")) as session:
        for n, known in enumerate((None, *moments)):
            at = Moment(ago(150 * n), TODAY, known)
            lines = session.execute(
                text(f"SELECT unit_id, authorised, occupied FROM {days.lines(at)} d"), at.values
            ).all()
            regions, categories = places.whole(session, at)
            for field in ("authorised", "occupied", "surplus", "vacant"):
                assert sum(getattr(r, field) or 0 for r in regions) == sum(getattr(c, field) or 0 for c in categories)
            for region in regions:
                below = places.bodies(session, at, region=region.code, limit=200)
                for field in ("authorised", "occupied", "surplus", "vacant"):
                    assert sum(getattr(u, field) or 0 for u in below) == (getattr(region, field) or 0), (
                        region,
                        field,
                        at,
                    )
                for unit in below:
                    own = [line for line in lines if line.unit_id == unit.id]
                    assert sum(line.occupied for line in own) == (unit.own_occupied or 0)
                    assert sum(line.authorised or 0 for line in own) == (unit.own_authorised or 0)
            people = session.execute(
                text(f"SELECT count(*) FROM occupancy o WHERE o.kind = 'establishment' AND {days.held('o', at)}"),
                at.values,
            )
            assert sum(line.occupied for line in lines) == people.scalar_one()
