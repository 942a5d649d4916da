"""改革: tried by the real kernel without a trace, filed as one case, effected as it was tried."""

import datetime as dt
import json
import threading
import time
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.db import Identity
from app.domain import errors
from app.queries import reforms
from app.views.filing.reform import facts_of_phase
from app.workflow import engine
from tests.ledger.steps import TODAY, by_office, findings
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
        names = ", ".join(f"CAST(:v{n} AS {'jsonb' if isinstance(v, dict) else 'text' if isinstance(v, str) else 'int' if function == 'reform_step_move' and n else 'bigint'})"
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


def test_a_trial_gives_way_to_an_entry_that_is_running_and_never_holds_it_up(world: World, desk: Desk) -> None:
    body = world.body("让路局", people={"11": 1})
    case = world.recruit(body)
    world.approve_recruit(case)
    _reform, variant = desk.begin("让路")
    desk.step(variant, "set_quota", unit=body.id, category="11", funding="1", structure="none", authorised=9)
    with world.database.transaction(world.clerk(body), case_id=case) as s:
        engine.arrive(s, case, TODAY)
        with pytest.raises(errors.ReformBusy):
            desk.attempt(variant)
    found = desk.attempt(variant)
    assert (found["before"]["lines"][0]["occupied"], found["after"]["lines"][0]["authorised"]) == (2, 9)


def test_a_trial_that_takes_too_long_is_ended_with_the_reason_and_nothing_of_it_remains(
    world: World, desk: Desk
) -> None:
    old, new = world.body("超时旧局", quotas={"11": 3}, people={"11": 3}), world.body("超时新局")
    _reform, variant = desk.begin("超时")
    desk.step(variant, "merge_unit", unit=str(old.id), into=str(new.id), seats="along")
    with world.superuser.begin() as connection:  # a step that goes on for longer than anybody waits
        connection.execute(
            text(
                "CREATE FUNCTION slow_step() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'"
            )
        )
        connection.execute(
            text("CREATE TRIGGER slow_step BEFORE INSERT ON occupancy FOR EACH ROW EXECUTE FUNCTION slow_step()")
        )
    before = everything(world)
    try:
        with pytest.raises(errors.ReformSlow) as slow, world.database.transaction(desk.who) as s:
            reforms.attempt(s, variant, None, 1)
    finally:
        with world.superuser.begin() as connection:
            connection.execute(text("DROP FUNCTION slow_step CASCADE"))
    assert slow.value.facts == {"seconds": 1}
    assert everything(world) == before
    assert world.value("SELECT tried IS NULL FROM reform_variant WHERE id = :v", v=variant)
    with world.database.transaction(desk.who) as s:
        reforms.attempt(s, variant, None, 60)
    assert world.value("SELECT tried -> 'people' ->> 'moved' FROM reform_variant WHERE id = :v", v=variant) == "3"


def test_of_two_reforms_of_one_unit_the_second_is_refused_at_its_step_and_nothing_of_it_remains(
    world: World, desk: Desk
) -> None:
    body = world.body("争局", quotas={})
    cases = []
    for title in ("先到", "后到"):
        _reform, variant = desk.begin(title)
        opened(desk, variant, f"{title}新设局")
        desk.step(variant, "close_unit", unit=body.id)
        cases.append(desk.file(variant))
        world.decide(desk.second, cases[-1], "review")
    task = world.task(cases[1], "review")
    refused: list[errors.DomainError] = []

    def second() -> None:
        try:
            with world.database.transaction(desk.head, case_id=cases[1]) as s:
                engine.decide(s, task, verdict="approve", opinion="同意")
        except errors.DomainError as no:
            refused.append(no)

    with world.database.transaction(desk.head, case_id=cases[0]) as s:
        engine.decide(s, world.task(cases[0], "review"), verdict="approve", opinion="同意")
        s.flush()
        waits = threading.Thread(target=second)
        waits.start()
        while not world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            time.sleep(0.01)
    waits.join()
    assert [(no.code, no.facts["step"]) for no in refused] == [("not_found", 2)]
    assert world.value("SELECT string_agg(name, ',') FROM unit WHERE name LIKE '%到新设局'") == "先到新设局"
    assert world.state(cases[1]) == "running"


def test_a_connection_that_dies_in_the_middle_of_an_effect_leaves_nothing_of_it(world: World, desk: Desk) -> None:
    body = world.body("断局", quotas={"11": 2})
    _reform, variant = desk.begin("断线")
    opened(desk, variant, "断线新设局")
    desk.step(variant, "change_unit", unit=body.id, name="断线改名局")
    case = desk.file(variant)
    world.decide(desk.second, case, "review")
    before = everything(world)

    def cut_off() -> None:
        with world.database.transaction(desk.head, case_id=case) as s:
            engine.decide(s, world.task(case, "review"), verdict="approve", opinion="同意")
            s.flush()
            world.value("SELECT pg_terminate_backend(:p)", p=s.execute(text("SELECT pg_backend_pid()")).scalar())
            s.execute(text("SELECT 1"))

    with pytest.raises(OperationalError):
        cut_off()
    assert everything(world) == before
    world.decide(desk.head, case, "review")
    assert world.state(case) == "done"


def test_phases_take_effect_in_their_order_and_know_what_earlier_ones_made(world: World, desk: Desk) -> None:
    reform, variant = desk.begin("两期")
    new = opened(desk, variant, "两期新设局")
    desk.step(variant, "set_quota", phase=2, unit=new, category="22", funding="1", structure="none", authorised=4)
    with pytest.raises(errors.FactsChanged):
        desk.file(variant, phase=2)  # before the first is filed
    first, second = desk.file(variant), desk.file(variant, phase=2)
    world.decide(desk.second, second, "review")
    with pytest.raises(errors.ReformOrder):
        world.decide(desk.head, second, "review")
    desk.approve(first)
    assert world.value("SELECT state FROM reform WHERE id = :r", r=reform) == "filed"
    world.decide(desk.head, second, "review")
    assert world.value("SELECT state FROM reform WHERE id = :r", r=reform) == "effected"
    assert world.value("SELECT t.authorised FROM ledger_total t JOIN quota_line l ON l.id = t.line_id JOIN unit u"
                       " ON u.id = l.unit_id WHERE u.name = '两期新设局'") == 4  # fmt: skip


def test_a_rejected_reform_is_a_draft_again(world: World, desk: Desk) -> None:
    body = world.body("驳回局")
    reform, variant = desk.begin("驳回")
    desk.step(variant, "change_unit", unit=body.id, name="驳回新名局")
    case = desk.file(variant)
    world.decide(desk.second, case, "review", "reject", "理由不足")
    assert world.row("SELECT state, filed_variant_id FROM reform WHERE id = :r", r=reform) == ("draft", None)
    desk.step(variant, "close_unit", unit=body.id)


def test_a_districts_administrative_numbers_go_to_the_city_and_its_reform_stays_inside_it(
    world: World, desk: Desk
) -> None:
    district = Desk(world, "440604")
    own, city = world.body("区内局", region="440604"), world.body("市属局")
    asked = []
    for category in ("11", "22"):
        _reform, variant = district.begin("区改革")
        district.step(variant, "set_quota", unit=own.id, category=category, funding="1", structure="none", authorised=6)
        case = district.file(variant)
        asked.append(
            world.value("SELECT string_agg(code, ',' ORDER BY code) FROM task WHERE application_id = :c", c=case)
        )
    assert asked == ["city,review", "review"]
    _reform, variant = district.begin("越界")
    district.step(variant, "change_unit", unit=city.id, name="越界局")
    for step in (district.attempt, district.file):
        with pytest.raises(errors.NotFound):
            step(variant)


def test_no_unit_reads_or_writes_a_reform_and_no_office_writes_a_row_of_it(world: World, desk: Desk) -> None:
    body = world.body("旁观局")
    clerk, personnel = world.clerk(body), world.office("organisation")
    reform, variant = desk.begin("不外传")
    desk.step(variant, "change_unit", unit=body.id, name="不外传局")
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("reform_try", (variant,)), ("reform_drop", (reform,)), ("reform_variant_add", (reform, "乙", None)),
        ("reform_variant_drop", (variant,)),
    ]  # fmt: skip
    for who in (clerk, personnel, world.office("establishment", "440605")):
        for function, values in calls:
            with pytest.raises(errors.NotFound):
                desk.call(function, *values, who=who)
        with world.database.transaction(who) as s:
            for table in ("reform", "reform_variant", "reform_step"):
                assert s.execute(text(f"SELECT count(*) FROM {table} WHERE id > 0")).scalar() == 0
    with pytest.raises(errors.NotAllowed):
        desk.call("reform_begin", "冒名", who=clerk)
    for statement in (
        "UPDATE reform SET state = 'effected'", "INSERT INTO reform_step (variant_id, position, kind, facts) VALUES (1, 1, 'x', '{}')",
        "DELETE FROM reform_step", "UPDATE reform_variant SET tried = NULL", "SELECT k_reform_steps(1, '[]', '{}', now()::date, '', '{}', false)",
    ):  # fmt: skip
        with pytest.raises((ProgrammingError, errors.DomainError)), world.database.transaction(desk.who) as s:
            s.execute(text(statement))
    with world.database.transaction(desk.who) as s:  # other steps than those of the variant are not filed
        facts = facts_of_phase(s, variant, 1, document_no="佛编〔2026〕2号", issuer="市委编委", start=TODAY)
        prefix, office = "4406", int(engine.me(s, 7) or 0)
        case = engine.draft(s, process="reform", unit_id=None, office_id=office, scope_path=prefix, form={}).id
    forged = facts | {"steps": facts["steps"].replace("不外传局", "外传局")}
    with pytest.raises(errors.FactsChanged), world.database.transaction(desk.who) as s:
        engine.submit(s, case, facts=forged, person_id=None, person_name=None, effective_on=TODAY)


def test_steps_are_moved_copied_and_taken_out_and_their_names_go_along(world: World, desk: Desk) -> None:
    reform, variant = desk.begin("编排")
    new = opened(desk, variant, "编排局")
    desk.step(variant, "set_quota", unit=new, category="11", funding="1", structure="none", authorised=3)
    desk.step(variant, "set_leadership", unit=new, role="principal", level="0131", authorised=1)
    other = desk.call("reform_variant_add", reform, "方案二", variant)
    steps = "SELECT string_agg(kind, ',' ORDER BY position), array_agg(position ORDER BY position) FROM reform_step WHERE variant_id = :v"
    first = world.value("SELECT id FROM reform_step WHERE variant_id = :v AND position = 1", v=other)
    desk.call("reform_step_move", first, 2)
    assert world.row(steps, v=other) == ("set_quota,open_unit,set_leadership", [1, 2, 3])
    assert [s.get("code") for s in desk.attempt(other)["steps"]] == ["reform_key", None, None]
    desk.call("reform_step_move", first, 1)
    assert [s["ok"] for s in desk.attempt(other)["steps"]] == [True] * 3
    desk.call("reform_step_move", first, None)
    assert [s.get("code") for s in desk.attempt(other)["steps"]] == ["reform_key"] * 2
    assert world.row(steps, v=variant) == ("open_unit,set_quota,set_leadership", [1, 2, 3])


def test_departments_bodies_and_people_move_and_later_steps_know_what_came_of_them(world: World, desk: Desk) -> None:
    one = world.body("挪甲局", people={"11": 2}, departments=("业务科",))
    two, above = world.body("挪乙局", people={"11": 1}), world.body("挪上级局")
    _reform, variant = desk.begin("挪动")
    moved = desk.step(variant, "move_department", unit=one.departments["业务科"], into=two.id, seats="along")
    desk.step(variant, "set_leadership", unit=two.id, scope=moved, role="principal", level="0141", authorised=1)
    back = world.value("SELECT person_id FROM occupancy WHERE unit_id = :u", u=two.id)
    desk.step(variant, "move_people", line=two.line, into_line=f"{one.id}:11:1:none", people=str(back))
    desk.step(variant, "transfer_unit", unit=two.id, parent=above.id)
    desk.step(variant, "move_quota", from_line=above.line, line=f"{one.id}:11:1:none", number=2)
    desk.step(variant, "move_people", line=two.line, into_line=f"{one.id}:22:1:none", people="all")
    found = desk.attempt(variant)
    assert [s.get("code") for s in found["steps"]] == [None, None, None, None, None, "reform_line"]
    assert found["people"]["ways"] == [[one.id, two.id, 2], [two.id, one.id, 1]]
    last = world.value("SELECT max(id) FROM reform_step WHERE variant_id = :v", v=variant)
    desk.call("reform_step_move", last, None)
    desk.approve(desk.file(variant))
    seated = "SELECT count(*) FROM occupancy WHERE unit_id = :u AND recorded_to IS NULL AND ended_on IS NULL AND kind = 'establishment'"
    assert (world.value(seated, u=one.id), world.value(seated, u=two.id)) == (1, 2)
    assert (world.figures(above.line)[0], world.figures(one.line)[0]) == (3, 5)
    assert world.value("SELECT parent_id FROM unit WHERE id = :u", u=two.id) == above.id
    assert world.value("SELECT s.name FROM quota_line l JOIN unit s ON s.id = l.scope_unit_id WHERE l.unit_id = :u"
                       " AND l.kind = 'leadership'", u=two.id) == "业务科"  # fmt: skip


def test_the_limit_of_bodies_is_asked_of_the_whole_and_not_on_the_way(world: World, desk: Desk) -> None:
    old = [world.body(f"限额旧{n}局", quotas={}) for n in "甲乙"]
    document = {"document_no": "粤编〔2026〕3号", "issuer": "省委编委", "start": TODAY.isoformat()}
    there = world.value("SELECT bodies_counted(:r, '34', :d)", r=CITY, d=TODAY)
    by_office(world, "organ_limit", {"region": CITY, "category": "34", "most": there} | document)
    refused = []
    for closed in (0, 1, 2):
        _reform, variant = desk.begin(f"限额{closed}")
        opened(desk, variant, f"限额新{closed}局")  # for a moment there is one too many
        for body in old[:closed]:
            desk.step(variant, "close_unit", unit=body.id)
        refused.append([(s["n"], s["code"]) for s in desk.attempt(variant)["steps"] if not s["ok"]])
    assert refused == [[(0, "organ_limit")], [], []]
    by_office(world, "organ_limit", {"region": CITY, "category": "34", "most": 9000} | document)


def test_after_all_this_the_ledger_proves_itself(world: World) -> None:
    assert findings(world) == []
