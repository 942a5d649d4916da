"""改革: tried by the real kernel without a trace, filed as one case, effected as it was tried."""

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.views.filing_reform import facts_of_phase
from app.workflow import engine
from tests.ledger.steps import TODAY
from tests.world import World

CITY = "440600"
OFFICE = "establishment440600"


class Desk:
    """An establishment office that drafts, tries and files."""

    def __init__(self, world: World, region: str = CITY) -> None:
        self.world, self.region = world, region
        self.who = world.office("establishment", region)
        for name, kind in ((f"second{region}", "office_member"), (f"head{region}", "office_head")):
            world.account(name, kind, office=("establishment", region))
        self.second, self.head = world.identity(f"second{region}"), world.identity(f"head{region}")

    def call(self, function: str, *values: Any, who: Identity | None = None) -> Any:
        names = ", ".join(f"CAST(:v{n} AS {'jsonb' if isinstance(v, dict) else 'text' if isinstance(v, str) else 'bigint'})"
                          for n, v in enumerate(values))  # fmt: skip
        given = {f"v{n}": json.dumps(v) if isinstance(v, dict) else v for n, v in enumerate(values)}
        with self.world.database.transaction(who or self.who) as s:
            return s.execute(text(f"SELECT {function}({names})"), given).scalar_one()

    def begin(self, title: str) -> tuple[int, int]:
        """A reform and its first variant."""
        reform = self.call("reform_begin", title)
        return reform, self.world.value("SELECT id FROM reform_variant WHERE reform_id = :r", r=reform)

    def step(self, variant: int, kind: str, phase: int = 1, **facts: Any) -> str | None:
        """Adds a step; what later steps call the unit that it makes."""
        with self.world.database.transaction(self.who) as s:
            row = s.execute(
                text("SELECT reform_step_put(:v, NULL, :k, CAST(:f AS jsonb), :p, '')"),
                {"v": variant, "k": kind, "f": json.dumps(facts), "p": phase},
            ).scalar_one()
        key = self.world.value("SELECT key FROM reform_step WHERE id = :i", i=row)
        return f"={key}" if key else None

    def attempt(self, variant: int) -> dict[str, Any]:
        found: dict[str, Any] = self.call("reform_try", variant)
        return found

    def file(self, variant: int, phase: int = 1, start: dt.date = TODAY) -> int:
        with self.world.database.transaction(self.who) as s:
            facts = facts_of_phase(s, variant, phase, document_no="佛编〔2026〕改1号", issuer="市委编委", start=start)
            prefix = s.execute(text("SELECT prefix FROM region WHERE code = :r"), {"r": self.region}).scalar_one()
            office = int(engine.me(s, 7) or 0)
            case = engine.draft(s, process="reform", unit_id=None, office_id=office, scope_path=prefix, form={})
            engine.submit(s, case.id, facts=facts, person_id=None, person_name=None, effective_on=start)
            return case.id

    def approve(self, case: int) -> None:
        self.world.decide(self.second, case, "review")
        self.world.decide(self.head, case, "review")


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    return Desk(world)


def opened(desk: Desk, variant: int, name: str) -> str:
    key = desk.step(
        variant, "open_unit", name=name, region=CITY, body="organ", category="34", grade="107", nature="党政机关"
    )
    assert key
    return key


def everything(world: World) -> dict[str, Any]:
    """Every row that a movement could have written, as numbers and hashes."""
    tables = ("unit", "unit_version", "quota_line", "quota", "post", "occupancy", "ledger_total", "ledger_entry",
              "application", "case_record", "task", "alarm", "notice", "number_series", "acknowledgement")  # fmt: skip
    ask = "SELECT md5(coalesce(string_agg(x::text, '|' ORDER BY x::text), '')) FROM {} x"
    found = {t: world.value(ask.format(t)) for t in tables}
    # The trial itself is on record, in the chains of the audit.
    found["heads"] = world.value(ask.format("ledger_chain") + " WHERE chain_kind IN ('unit', 'person', 'region')")
    return found


def test_a_trial_finds_the_figures_names_each_refusal_and_leaves_no_trace(world: World, desk: Desk) -> None:
    old = world.body("试算旧局", people={"11": 2})
    _reform, variant = desk.begin("试算")
    new = opened(desk, variant, "试算新局")
    desk.step(variant, "set_quota", unit=new, category="11", funding="1", structure="none", authorised=7)
    desk.step(variant, "set_quota", unit=old.id, category="11", funding="1", structure="none", authorised=1)
    desk.step(variant, "close_unit", unit=old.id)
    desk.step(variant, "set_quota", unit="=u9", category="11", funding="1", structure="none", authorised=1)
    desk.step(variant, "set_leadership", unit=new, role="principal", level="0131", authorised=1)
    before = everything(world)
    found = desk.attempt(variant)
    assert everything(world) == before
    assert [(s["ok"], s.get("code")) for s in found["steps"]] == [
        (True, None), (True, None), (False, "quota_below_use"), (False, "unit_not_empty"), (False, "reform_key"), (True, None),
    ]  # fmt: skip
    assert found["after"]["bodies"]["organ"] == found["before"]["bodies"]["organ"] + 1
    assert sum(x["authorised"] for x in found["after"]["lines"] if x["kind"] == "establishment") == 12
    assert found["people"] == found["people"] | {"moved": 0, "unseated": 0}
    assert (
        world.value(
            "SELECT tried -> 'steps' -> 2 -> 'facts' ->> 'occupied' FROM reform_variant WHERE id = :v", v=variant
        )
        == "2"
    )


def test_what_was_tried_is_what_takes_effect_after_two_more_people(world: World, desk: Desk) -> None:
    old = world.body("合局甲", people={"11": 0}, quotas={"11": 3})
    reform, variant = desk.begin("并入新局")
    new = opened(desk, variant, "合局新")
    office = desk.step(variant, "open_department", parent=new, name="办公室")
    desk.step(variant, "set_quota", unit=new, category="11", funding="1", structure="none", authorised=3)
    desk.step(variant, "set_quota", unit=old.id, category="11", funding="1", structure="none", authorised=0)
    desk.step(variant, "close_unit", unit=old.id)
    assert office
    tried = desk.attempt(variant)
    assert all(s["ok"] for s in tried["steps"])
    case = desk.file(variant)
    with pytest.raises(errors.WrongState):
        desk.step(variant, "close_unit", unit=old.id)  # what was filed stands still
    with pytest.raises(errors.CaseNotApproved), world.database.transaction(desk.who) as s:
        s.execute(text("SELECT ledger_reform(:c)"), {"c": case})
    desk.approve(case)
    assert world.state(case) == "done"
    assert world.value("SELECT state FROM reform WHERE id = :r", r=reform) == "effected"
    made = world.value("SELECT id FROM unit WHERE name = '合局新'")
    after = {(x["category"], x["authorised"], x["occupied"]) for x in tried["after"]["lines"] if x["unit"] != old.id}
    assert after == {world.row("SELECT l.category, t.authorised, t.occupied FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
                               " WHERE l.unit_id = :u", u=made)}  # fmt: skip
    assert world.row("SELECT status, closed_on FROM unit WHERE id = :u", u=old.id) == ("closed", TODAY)
    assert world.value("SELECT count(*) FROM unit WHERE parent_id = :u AND node = 'department'", u=made) == 1
    assert world.value("SELECT count(*) FROM acknowledgement WHERE case_id = :c", c=case) == 3
