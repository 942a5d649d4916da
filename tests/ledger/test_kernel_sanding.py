"""The bodies' documents in the kernel: signboards counted as documents say, limits, 三定 by version, earlier history."""

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from app.domain.sanding import parse
from app.domain.workdays import city_today
from app.ledger.verify import Verifier
from app.workflow import engine
from tests.ledger.steps import findings
from tests.world import Body, World

TODAY = city_today()
CITY = "440600"
DOCUMENT = {"document_no": "佛编〔2026〕31号", "issuer": "市委编委"}


@pytest.fixture(scope="module")
def office(world: World) -> tuple[World, Any, Any]:
    """Two officials of 编办: one files, the other decides."""
    world.office("establishment")
    world.account("second", "office_member", office=("establishment", CITY))
    return world, world.identity("second"), world.office("establishment")


def done(
    office: tuple[World, Any, Any], process: str, body: Body | None, facts: dict[str, Any], on: dt.date = TODAY
) -> int:
    """File by one, approve by the other: in effect on its day."""
    world, files, decides = office
    with world.database.transaction(files) as s:
        prefix = s.execute(text("SELECT prefix FROM region WHERE code = :r"), {"r": CITY}).scalar_one()
        case = engine.draft(s, process=process, form={}, unit_id=None, office_id=int(engine.me(s, 7) or 0),
                            scope_path=body.scope_path if body else prefix).id  # fmt: skip
        filed = facts | ({} if process == "unit_past" else {"start": on.isoformat(), **DOCUMENT})
        engine.submit(
            s, case, facts=filed, person_id=None, person_name=None, effective_on=on, unit_id=body.id if body else None
        )
    world.decide(decides, case, "review")
    return case


def board(kind: str, counts: str = "yes", **more: Any) -> dict[str, Any]:
    return {"signboard_kind": kind, "counts": counts, "partner": None, "board_name": None, **more}


def bodies(world: World, category: str = "", on: dt.date = TODAY) -> int:
    return int(world.value("SELECT bodies_counted(:r, :c, :d)", r=CITY, c=category, d=on))


def rows(*of: dict[str, Any]) -> str:
    return json.dumps(of, ensure_ascii=False)


SANDING = {
    "duties": rows({"text": "贯彻执行方针政策。"}),
    "departments": rows({"name": "办公室", "duties": "文秘", "number": "2"}),
    "quotas": rows({"category": "11", "number": "6"}),
    "leaders": rows({"scope": "unit", "role": "principal", "level": "0131", "number": "1"}),
}
TEAM = {"temporary_kind": "team", "board_name": "攻坚专班", "until_on": (TODAY + dt.timedelta(days=30)).isoformat()}


def test_co_location_two_names_and_plates_count_as_their_documents_say(office: tuple[World, Any, Any]) -> None:
    world = office[0]
    one, two, three = (world.body(f"合{n}委", quotas={"11": 1}) for n in "甲乙丙")
    before = bodies(world)
    earlier = TODAY - dt.timedelta(days=10)
    done(office, "signboard", one, board("co_located", partner=two.id) | {"unit": one.id}, earlier)
    assert (bodies(world), bodies(world, on=earlier - dt.timedelta(days=1))) == (before - 1, before)
    done(office, "signboard", one, board("plate", board_name="合甲办公室") | {"unit": one.id})
    done(office, "signboard", one, board("two_names", board_name="合甲局") | {"unit": one.id})
    assert bodies(world) == before - 1
    done(office, "signboard", one, board("two_names", "no", board_name="合甲署") | {"unit": one.id})
    assert bodies(world) == before
    with pytest.raises(errors.CoLocatedTwice):  # a second host of a guest would make a chain
        done(office, "signboard", three, board("co_located", partner=two.id) | {"unit": three.id})
    with pytest.raises(errors.DuplicateUnit):
        done(office, "signboard", one, board("plate", board_name="合甲办公室") | {"unit": one.id})
    with pytest.raises(errors.InvalidInput):
        done(office, "signboard", one, board("plate", "no", board_name="另一牌") | {"unit": one.id})
    hung = world.value("SELECT id FROM unit_signboard WHERE unit_id = :u AND kind = 'co_located'", u=one.id)
    done(office, "signboard_end", one, {"unit": one.id, "signboard": hung})
    assert (bodies(world), bodies(world, on=TODAY - dt.timedelta(days=1))) == (before + 1, before - 1)
    assert findings(world) == []


def test_a_body_beyond_the_limit_is_refused_with_its_figures_unless_the_upper_level_approved(
    office: tuple[World, Any, Any],
) -> None:
    world = office[0]
    there = bodies(world, "3902")
    done(office, "organ_limit", None, {"region": CITY, "category": "3902", "most": there + 1})
    opened = {"region": CITY, "node": "legal", "nature": "群团", "body": "organ", "category": "3902", "grade": "13"}
    done(office, "unit_open", None, opened | {"name": "限额甲团委"})
    with pytest.raises(errors.DomainError) as refused:
        done(office, "unit_open", None, opened | {"name": "限额乙团委"})
    assert refused.value.code in ("organ_limit", "check_failed")
    done(office, "unit_open", None, opened | {"name": "限额乙团委", "over_limit_no": "粤编〔2026〕1号"})
    assert bodies(world, "3902") == there + 2
    later = done(office, "organ_limit", None, {"region": CITY, "category": "3902", "most": there + 5})
    assert world.row("SELECT count(*) FILTER (WHERE recorded_to IS NULL) AS known, count(*) AS all FROM organ_limit"
                     " WHERE category = '3902'") == (2, 3)  # fmt: skip
    assert world.value("SELECT most FROM organ_limit WHERE case_id = :c", c=later) == there + 5


def test_the_kernel_itself_refuses_a_body_beyond_the_limit(office: tuple[World, Any, Any]) -> None:
    """A second case, approved while the first had not taken effect, finds no room left."""
    world = office[0]
    one = world.body("限额丙会", quotas={"11": 1})
    category = world.value("SELECT category FROM unit WHERE id = :u", u=one.id)
    done(office, "organ_limit", None, {"region": CITY, "category": category, "most": bodies(world, category)})
    with pytest.raises(errors.OrganLimit) as refused:
        done(office, "signboard", one, board("two_names", "no", board_name="限额丙局") | {"unit": one.id})
    assert refused.value.facts["bodies"] == refused.value.facts["most"] + 1
    done(office, "organ_limit", None, {"region": CITY, "category": category, "most": 9000})


def test_a_sanding_has_versions_that_hold_on_their_days(office: tuple[World, Any, Any]) -> None:
    world = office[0]
    body = world.body("三定甲局", quotas={"11": 6})
    first = TODAY - dt.timedelta(days=30)
    done(office, "sanding", body, SANDING | {"unit": body.id}, first)
    done(office, "sanding", body, SANDING | {"unit": body.id, "quotas": rows({"category": "11", "number": "7"})})
    with world.superuser.connect() as c:
        kept = list(c.execute(text("SELECT content, started_on, ended_on FROM sanding WHERE unit_id = :u AND recorded_to IS NULL"
                                   " ORDER BY started_on"), {"u": body.id}))  # fmt: skip
    assert [(parse(r.content).total, r.started_on, r.ended_on) for r in kept] == [(6, first, TODAY), (7, TODAY, None)]
    with pytest.raises(errors.BadDay):
        done(office, "sanding", body, SANDING | {"unit": body.id}, first)
    with pytest.raises(errors.InvalidInput):
        done(office, "sanding", body, SANDING | {"unit": body.id, "duties": "[]"})
    assert findings(world) == []


def test_earlier_history_lies_before_the_ledger_and_makes_no_entry(office: tuple[World, Any, Any]) -> None:
    world = office[0]
    body = world.body("沿革甲局", quotas={"11": 1})
    entries = "SELECT count(*) FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u"
    before = world.value(entries, u=body.id)
    row = {
        "day": "1988-05-01",
        "document_no": "佛府〔1988〕5号",
        "document": "通知",
        "name": "沿革办",
        "parent": "市政府",
    }
    done(office, "unit_past", body, {"unit": body.id, "past": rows(row)})
    assert world.value("SELECT unit_name FROM unit_past WHERE unit_id = :u", u=body.id) == "沿革办"
    assert world.value(entries, u=body.id) == before
    with pytest.raises(errors.BadDay):
        done(office, "unit_past", body, {"unit": body.id, "past": rows(row | {"day": "2999-01-01"})})


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("unit_signboard", "counts_as_one = NOT counts_as_one"),
        ("unit_signboard", "name = name || '改'"),
        ("sanding", "content = replace(content, '6', '9')"),
        ("sanding", "started_on = started_on - 1"),
        ("temporary_body", "until_on = until_on + 30"),
    ],
)
def test_a_changed_document_is_found_and_named(office: tuple[World, Any, Any], table: str, change: str) -> None:
    world = office[0]
    name = f"改{table}{len(change)}局"
    body = world.body(name, quotas={"11": 6})
    done(office, "sanding", body, SANDING | {"unit": body.id})
    done(office, "signboard", body, board("two_names", "no", board_name=f"{name}牌") | {"unit": body.id})
    done(office, "temporary", body, TEAM | {"unit": body.id})
    assert findings(world) == []
    with world.superuser.connect() as c:
        c.execute(text(f"UPDATE {table} SET {change} WHERE unit_id = :u"), {"u": body.id})
        found = list(Verifier(c, world.keys).findings())
        c.rollback()
    assert [(f.table, name in f.whose) for f in found] == [(table, True)]


@pytest.mark.parametrize(
    ("table", "change"),
    [("organ_limit", "most = most + 1"), ("organ_limit", "ended_on = started_on"), ("unit_past", "unit_name = '别名'")],
)
def test_a_row_that_differs_from_what_its_case_filed_is_found(
    office: tuple[World, Any, Any], table: str, change: str
) -> None:
    world = office[0]
    body = world.body(f"档{table}{len(change)}局", quotas={"11": 1})
    done(office, "organ_limit", None, {"region": CITY, "category": "3903", "most": 50})
    row = {"day": "1988-05-01", "name": "旧名"}
    done(office, "unit_past", body, {"unit": body.id, "past": rows(row, row | {"day": "1999-01-01"})})
    assert findings(world) == []
    with world.superuser.connect() as c:
        c.execute(text(f"UPDATE {table} SET {change} WHERE id = (SELECT max(id) FROM {table} WHERE true)"))
        found = list(Verifier(c, world.keys).findings())
        c.rollback()
    assert {f.table for f in found} == {table}


def test_a_temporary_body_is_set_up_extended_and_dissolved_and_never_has_a_line(office: tuple[World, Any, Any]) -> None:
    world = office[0]
    body = world.body("临时甲局", quotas={"11": 1})
    done(office, "temporary", body, TEAM | {"unit": body.id})
    with pytest.raises(errors.DuplicateUnit):
        done(office, "temporary", body, TEAM | {"unit": body.id})
    made = world.value("SELECT id FROM temporary_body WHERE unit_id = :u", u=body.id)
    assert (
        world.value("SELECT count(*) FROM unit WHERE name = '攻坚专班'") == 0
    )  # no unit, so nothing to fix a quota for
    with pytest.raises(errors.InvalidInput):
        done(office, "temporary_extend", body, {"unit": body.id, "temporary": made, "until_on": TEAM["until_on"]})
    later = (TODAY + dt.timedelta(days=60)).isoformat()
    done(office, "temporary_extend", body, {"unit": body.id, "temporary": made, "until_on": later})
    made = world.value("SELECT id FROM temporary_body WHERE unit_id = :u AND recorded_to IS NULL", u=body.id)
    done(office, "temporary_end", body, {"unit": body.id, "temporary": made, "closes": "yes"})
    ended = world.row(
        "SELECT until_on, ended_on FROM temporary_body WHERE unit_id = :u AND recorded_to IS NULL", u=body.id
    )
    assert (ended[0].isoformat(), ended[1]) == (later, TODAY)
    assert findings(world) == []


def test_a_credit_code_with_a_wrong_check_character_is_refused(office: tuple[World, Any, Any]) -> None:

    opened = {"region": CITY, "node": "legal", "nature": "党政机关", "body": "organ", "category": "35", "grade": "107"}
    done(
        office, "unit_open", None, opened | {"name": "代码甲委", "uscc": "91350100M000100Y43"}
    )  # the standard's example
    for wrong in ("91350100M000100Y44", "9135O100M000100Y43", "91350100M000100Y4"):
        with pytest.raises(errors.BadUscc):
            done(office, "unit_open", None, opened | {"name": "代码乙委", "uscc": wrong})
