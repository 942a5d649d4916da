"""A state machine's ledger: bodies opened anew, a step done in the model and in the ledger, what must hold after each."""

import datetime as dt
import random
from itertools import count
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.ledger.people import PersonFacts
from app.workflow import due, engine
from tests.ledger.model_people import Model
from tests.ledger.model_rows import Line, Number, Refused, Seat, Stay
from tests.ledger.steps import TODAY, ago, file, filer, review
from tests.world import Body, World

OPENED = ago(400)
# Few days, with their neighbours, so that what happens meets on them.
DAYS = [OPENED - dt.timedelta(days=1), OPENED, *(ago(n) for n in (300, 201, 200, 199, 120, 100, 99, 30, 2, 1, 0, -1))]
days = st.sampled_from(DAYS)
LATER = TODAY + dt.timedelta(days=300)
NUMBERS = {"甲": {"11": (3, 2), "13": (2, 1), "deputy:0132": (2, 0)}, "乙": {"11": (3, 1), "deputy:0132": (1, 0)},
           "丙": {"11": (2, 4)}}  # fmt: skip
LINES = [f"{body}{key}" for body, of in NUMBERS.items() for key in of]
SEATS, POSITIONS = [n for n in LINES if "deputy" not in n], [n for n in LINES if "deputy" in n]
NATURES = ("regular", "regular", "regular", "concurrent", "superior")
_city = count()

PLENTY = 1_000_000
# What other bodies of the city have of a category, and what is lent to them.
OTHERS = text("""
SELECT (SELECT coalesce(sum(t.authorised), 0) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id
    WHERE l.kind = 'establishment' AND l.category = :c AND l.id <> ALL (:lines)),
  (SELECT coalesce(sum(p.number - p.taken), 0) FROM quota_part p JOIN quota_line l ON l.id = p.line_id
    WHERE p.purpose = 'rotating' AND p.ended_on IS NULL AND p.recorded_to IS NULL AND l.category = :c AND l.id <> ALL (:lines))
""")
BOTH_AXES = text("""
SELECT l.id, x.n,
  (SELECT count(*) FROM occupancy o WHERE o.line_id = l.id AND o.recorded_at <= x.at AND (o.recorded_to IS NULL OR
    o.recorded_to > x.at) AND o.started_on <= x.day AND (o.ended_on IS NULL OR o.ended_on > x.day)) AS held,
  (SELECT q.authorised FROM quota q WHERE q.line_id = l.id AND q.recorded_at <= x.at AND (q.recorded_to IS NULL OR
    q.recorded_to > x.at) AND q.started_on <= x.day AND (q.ended_on IS NULL OR q.ended_on > x.day)) AS authorised,
  (SELECT ARRAY[count(*), coalesce(sum(p.number), 0)] FROM quota_part p WHERE p.line_id = l.id AND p.recorded_at <= x.at
    AND (p.recorded_to IS NULL OR p.recorded_to > x.at) AND p.started_on <= x.day
    AND (p.ended_on IS NULL OR p.ended_on > x.day)) AS parts
FROM quota_line l CROSS JOIN unnest(cast(:days AS date[]), cast(:moments AS timestamptz[])) WITH ORDINALITY x(day, at, n)
WHERE l.id = ANY(:lines) ORDER BY l.id, x.n
""")
NOW = text("""
SELECT l.id, t.authorised, t.occupied, t.reserved, l.closed_to_entry AS closed,
  (SELECT ARRAY[count(*), coalesce(sum(p.number - p.taken), 0)] FROM quota_part p WHERE p.line_id = l.id
    AND p.ended_on IS NULL AND p.recorded_to IS NULL) AS parts,
  (SELECT array_agg(a.surplus || ' ' || a.until_on) FROM absorption_plan a WHERE a.line_id = l.id AND a.ended_on IS NULL) AS plans,
  (SELECT count(*) FROM alarm a WHERE a.line_id = l.id AND a.standing AND a.state = 'open') AS alarms,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.status <> 'abolished') AS seats,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.status = 'occupied') AS taken,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.status = 'reserved') AS kept,
  (SELECT count(*) FROM post p WHERE p.line_id = l.id AND p.surplus AND p.status <> 'abolished') AS surplus
FROM quota_line l JOIN ledger_total t ON t.line_id = l.id WHERE l.id = ANY(:lines)
""")


class Ledger(RuleBasedStateMachine):
    """Three bodies with six lines, one of them over its number; one category has a total, another one a reserve."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(TODAY)
        self.bodies: dict[str, Body] = {}
        self.line: dict[str, int] = {}
        self.waiting: list[tuple[str, int, int]] = []  # reserved: line, case, person
        self.newcomers: dict[int, PersonFacts] = {}
        self.real: dict[int, int] = {}  # the model's number of a person: the ledger's
        self.moments: list[Any] = []

    @initialize()
    def open_bodies(self) -> None:
        city = next(_city)
        self.grant("total", "13", PLENTY)
        for name, of in NUMBERS.items():
            body = self.bodies[name] = self.world.body(
                f"{name}{city}", start=OPENED,
                quotas={k: n for k, (n, _) in of.items() if "deputy" not in k},
                people={k: p for k, (_, p) in of.items() if "deputy" not in k},
                leaders={k: n for k, (n, _) in of.items() if "deputy" in k},
            )  # fmt: skip
            for key, (number, _people) in of.items():
                line = self.line[name + key] = body.lines[key]
                seats = [Seat(n, OPENED) for n in range(1, number + 1)]
                with self.world.superuser.connect() as connection:
                    held = connection.exec_driver_sql(
                        "SELECT o.person_id, o.started_on, p.number, p.surplus FROM occupancy o JOIN post p"
                        f" ON p.id = o.post_id WHERE o.line_id = {line} ORDER BY p.number"
                    ).all()
                for who, start, n, surplus in held:
                    self.real[who] = who
                    seats += [Seat(n, start, surplus=True)] if surplus else []
                    self.model.stays.append(Stay(start, None, 0, who, name + key, n))
                lead = "deputy" in key
                self.model.lines[name + key] = Line(
                    name, "" if lead else key, lead, [Number(OPENED, None, 0, number)], seats
                )
        self.share()
        self.grant("total", "13", self.model.used("total", "13") + 3)
        self.grant("rotating", "11", self.model.used("rotating", "11") + 2)
        self.remember()

    def share(self) -> None:
        """What bodies of other examples have of the totals, which are the region's."""
        with self.world.superuser.connect() as connection:
            for category in ("11", "13"):
                values = {"c": category, "lines": list(self.line.values())}
                total, lent = connection.execute(OTHERS, values).one()
                self.model.others |= {("total", category): int(total), ("rotating", category): int(lent)}

    def pool(self, kind: str, category: str, number: int, document: str) -> dict[str, Any]:
        """The facts of a region's number."""
        return {"region": "440600", "category": category, "pool_kind": kind, "number": number, "document_no": document,
                "start": TODAY.isoformat()}  # fmt: skip

    def grant(self, kind: str, category: str, number: int) -> None:
        """A region's number at the beginning of an example."""
        review(self.world, file(self.world, "quota_pool", self.pool(kind, category, number, f"开{next(_city)}")))
        self.model.pools[kind, category] = number

    def remember(self) -> None:
        self.moments.append(self.world.value("SELECT clock_timestamp()"))

    def both(self, real: Any, step: str, *args: object) -> bool:
        """Do a step in the model and in the ledger: both accept it or both refuse it."""
        expected, got = None, None
        try:
            self.model.attempt(step, *args)
        except Refused as refused:
            expected = refused
        try:
            real()
        except errors.DomainError as refusal:
            got = refusal
        assert (expected is None) == (got is None), f"{step}{args}: the model {expected!r}, the ledger {got!r}"
        if got is None:
            self.remember()
        return got is None

    # -- the ledger's side of a step --------------------------------------------------------------------------------

    def clerk(self, line: str) -> Identity:
        return self.world.clerk(self.bodies[line[0]])

    def effect(self, case: int, last: Any) -> Any:
        """The last approval; what then waits for a future day is posted too early on purpose."""

        def act() -> None:
            last()
            if self.world.state(case) == "awaiting":
                with self.world.database.transaction(self.world.service("svc-worker")) as session:
                    due.effect_due(session, case)

        return act

    def personnel(self, line: str) -> Identity:
        return self.world.office("human_resources" if line.endswith("13") else "organisation")

    def withdraw(self, who: Identity, case: int) -> None:
        with self.world.database.transaction(who) as session:
            engine.withdraw(session, case)

    def by_office(self, process: str, facts: dict[str, Any], line: str | None, day: dt.date, step: str,
                  *args: object) -> None:  # fmt: skip
        w = self.world
        case = file(w, process, facts, about=self.bodies[line[0]] if line else None, day=day)
        done = self.effect(case, lambda: w.decide(w.office("establishment"), case, "review"))
        if not self.both(done, step, *args):
            self.withdraw(filer(w), case)

    def by_unit(self, process: str, facts: dict[str, Any], line: str, day: dt.date, step: str, *args: object,
                personnel: Identity | None = None) -> None:  # fmt: skip
        w, body = self.world, self.bodies[line[0]]
        case = w.submit(self.clerk(line), body, process, facts, effective_on=day)
        w.decide(personnel or w.office("organisation"), case, "personnel")
        done = self.effect(case, lambda: w.decide(w.office("establishment"), case, "establishment"))
        if not self.both(done, step, *args):
            self.withdraw(self.clerk(line), case)

    def some(self, data: st.DataObject, among: list[Any]) -> Any:
        assume(among)
        return data.draw(st.sampled_from(among))

    def busy(self) -> set[int]:
        """Who is in a running case."""
        return {p for _line, _case, p in self.waiting}

    # -- what must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def the_figures_are_equal(self) -> None:
        """Authorised, occupied, reserved, vacant, surplus; the seats behind them; the standing alarm."""
        with self.world.superuser.connect() as connection:
            rows = {r.id: r for r in connection.execute(NOW, {"lines": list(self.line.values())})}
        for name, number in self.line.items():
            r = rows[number]
            vacant, surplus = max(0, r.authorised - r.occupied), max(0, r.occupied - r.authorised)
            figures = self.model.figures(name)
            assert (r.authorised, r.occupied, r.reserved, vacant, surplus) == figures, name
            assert (r.seats, r.taken, r.kept) == (max(r.authorised, r.occupied), r.occupied, r.reserved), name
            assert r.surplus == surplus, name
            line, parts = self.model.lines[name], self.model.open_parts(name)
            assert (r.closed, list(r.parts)) == (line.closed, [len(parts), sum(p.rest for p in parts)]), name
            assert (r.plans or []) == ([f"{line.plan[0]} {line.plan[1]}"] if line.plan else []), name
            assert r.alarms == (surplus > 0), name

    @invariant()
    def the_past_is_equal_on_both_axes(self) -> None:
        """Some days, as known after some step; chosen anew after each step, the same in each run."""
        if not self.moments:
            return
        chance = random.Random(len(self.moments))
        asked = [(chance.choice(DAYS), chance.randrange(len(self.moments))) for _ in range(5)]
        asked += [(day, len(self.moments) - 1) for day in chance.sample(DAYS, 3)]
        with self.world.superuser.connect() as connection:
            rows = connection.execute(
                BOTH_AXES,
                {
                    "days": [day for day, _step in asked],
                    "moments": [self.moments[step] for _day, step in asked],
                    "lines": list(self.line.values()),
                },
            ).all()
        names = {line: name for name, line in self.line.items()}
        for r in rows:
            day, step = asked[r.n - 1]
            name, model = names[r.id], self.model
            expected = model.held(name, day, step), model.authorised(name, day, step), model.parts_on(name, day, step)
            assert (r.held, r.authorised, tuple(r.parts)) == expected, (name, day, step)
