"""Who answers for a role in a case: the same side for the task, the decision and the movement; nobody else."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Identity
from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import ago, approve, call, raw_case, refusal
from tests.world import Body, World

CITY, DISTRICT, OTHER = "440600", "440604", "440605"
TOWN = "440604100"


def publish(world: World, process: str, roles: list[list[str]], required: list[str], movement: str = "vacate",
            applicant: str = "unit") -> None:  # fmt: skip
    """A process of these stages of roles, for the tests of this module."""
    definition: dict[str, Any] = {
        "process": process, "version": 1, "title": "试", "prefix": "SY", "guide": "试", "applicant": applicant,
        "effect": "approval", "fields": ["person", "end"], "papers": ["无"], "result": "完",
        "stages": [{"name": "一", "tasks": [{"code": r, "role": r, "title": r, "days": 2} for r in stage]}
                   for stage in roles],
        "requirements": {movement: [{"role": r} for r in required]},
    }  # fmt: skip
    if movement == "move":
        definition["requirements"]["reserve"] = [{"role": "establishment"}]
        definition["stages"][-1]["tasks"][0]["on_approve"] = "reserve"
    with world.owner.begin() as connection:
        connection.execute(
            text("SELECT publish_version(:p, 1, cast(:d AS jsonb), cast(:r AS jsonb))"),
            {"p": process, "d": json.dumps(definition), "r": json.dumps(definition["requirements"])},
        )


def publish_all(world: World) -> None:
    for role in ("unit_head", "supervisor", "city_establishment", "city_personnel"):
        publish(world, f"try_{role}", [[role], ["establishment", "personnel"]], [role, "establishment", "personnel"])
    publish(world, "try_unit", [["unit"], ["establishment"]], ["unit", "establishment"])
    publish(world, "try_alone", [["supervisor"]], ["supervisor"])
    publish(
        world, "try_move", [["source_unit", "source_establishment", "source_personnel"], ["establishment", "personnel"]],
        ["source_unit", "source_establishment", "source_personnel", "establishment", "personnel"], "move",
    )  # fmt: skip


@pytest.fixture(scope="module")
def places(world: World) -> dict[str, Body]:
    """A department with a body below it, a district's and a town's body; the lead of the first is named."""
    publish_all(world)
    made = {
        "厅": world.body("主管甲局", people={"11": 3}, start=ago(900)),
        "区": world.body("区乙局", region=DISTRICT, quotas={"11": 6}, people={"11": 4}, start=ago(900)),
        "镇": world.body("镇丙办", region=TOWN, quotas={"11": 4}, people={"11": 3}, start=ago(900)),
        "外": world.body("外丁局", region=OTHER, quotas={"11": 8}, people={"11": 4}, start=ago(900)),
        "校": world.body("下属戊校", region=DISTRICT, kind="institution", quotas={"22": 6}, people={"22": 4},
                        start=ago(900)),
    }  # fmt: skip
    with world.superuser.begin() as connection:
        connection.execute(
            text("UPDATE unit SET parent_id = :p WHERE id = :u"), {"p": made["厅"].id, "u": made["校"].id}
        )
    world.account("ting-zhuguan", "supervisor", unit=made["厅"].id)
    world.account("qu-shouzhang", "unit_head", unit=made["区"].id)
    return made


def side(world: World, case: int, role: str) -> tuple[str | None, int | None, bool]:
    """Where the kernel sends a role: an office's kind and region, a unit, or nobody."""
    row = world.row(
        "SELECT o.kind || o.region_code, s.unit, s.skipped FROM case_record r, LATERAL case_side(:k, r, case_movement(r)) s"
        " LEFT JOIN office o ON o.id = s.office WHERE r.case_id = :c",
        c=case, k=role,
    )  # fmt: skip
    return (row[0], row[1], row[2])


def leaving(world: World, body: Body, who: int, process: str, **facts: Any) -> int:
    """A unit's case about one of its people."""
    filed = {"person": who, "end": ago(1).isoformat(), "reason": "32", **facts}
    return world.submit(world.clerk(body), body, process, filed, name="试")


def open_codes(world: World, case: int) -> list[str]:
    with world.superuser.connect() as connection:
        return list(
            connection.execute(
                text("SELECT code FROM task WHERE application_id = :c AND state = 'open' ORDER BY code"), {"c": case}
            ).scalars()
        )


def test_a_units_head_answers_first_where_there_is_one(world: World, places: dict[str, Body]) -> None:
    body = places["区"]
    case = leaving(world, body, body.people[0], "try_unit_head")
    assert open_codes(world, case) == ["unit_head"]
    # Another clerk of the unit sees the task and may not close it: it is asked of the head.
    world.account("qu-clerk2", "unit_clerk", unit=body.id)
    assert isinstance(refusal(world.decide, world.identity("qu-clerk2"), case, "unit_head"), errors.NotYourOffice)
    world.decide(world.identity("qu-shouzhang"), case, "unit_head")
    assert open_codes(world, case) == ["establishment", "personnel"]
    world.approve_recruit(case, region=DISTRICT)
    assert world.state(case) == "done"


def test_a_unit_without_another_head_than_who_filed_is_not_asked(world: World, places: dict[str, Body]) -> None:
    body = places["镇"]
    case = leaving(world, body, body.people[0], "try_unit_head")
    assert open_codes(world, case) == ["establishment", "personnel"]
    world.approve_recruit(case, region=DISTRICT)  # a town's matters are its district's
    assert world.state(case) == "done"
    # The head himself files: his word is the filing, nobody else of the unit is asked.
    head = world.identity("qu-shouzhang")
    own = places["区"]
    filed = {"person": own.people[1], "end": ago(1).isoformat(), "reason": "32"}
    case = world.submit(head, own, "try_unit_head", filed, name="试")
    assert open_codes(world, case) == ["establishment", "personnel"]


def test_the_competent_department_answers_and_its_clerk_does_not(world: World, places: dict[str, Body]) -> None:
    body, above = places["校"], places["厅"]
    case = leaving(world, body, body.people[0], "try_supervisor")
    assert side(world, case, "supervisor") == (None, above.id, False)
    assert isinstance(refusal(world.decide, world.clerk(above), case, "supervisor"), errors.NotYourOffice)
    who = world.identity("ting-zhuguan")
    world.decide(who, case, "supervisor")
    world.approve_recruit(case, region=DISTRICT, personnel="human_resources")
    assert world.state(case) == "done"
    # It decides, and applies for nobody: not even for the unit it stands for.
    with pytest.raises(DBAPIError, match="row-level security"):
        world.submit(who, above, "leave", {"person": above.people[0], "end": ago(1).isoformat(), "reason": "32"})


def test_nobody_is_asked_where_no_department_is_above(world: World, places: dict[str, Body]) -> None:
    body = places["区"]
    case = leaving(world, body, body.people[2], "try_supervisor")
    assert side(world, case, "supervisor") == (None, None, True)
    assert open_codes(world, case) == ["establishment", "personnel"]


def test_a_movement_that_nobody_was_asked_about_is_refused(world: World, places: dict[str, Body]) -> None:
    body = places["外"]
    facts = {"person": body.people[0], "end": ago(1).isoformat(), "reason": "32"}
    case = raw_case(world, world.clerk(body), "try_alone", facts, unit=body.id, scope=body.scope_path)
    found = refusal(call, world, world.clerk(body), "SELECT ledger_vacate(:c)", c=case)
    assert found.facts["missing"] == "nobody is asked"


def test_the_units_own_word_is_another_clerks(world: World, places: dict[str, Body]) -> None:
    body = places["外"]
    case = leaving(world, body, body.people[2], "try_unit")
    assert isinstance(refusal(world.decide, world.clerk(body), case, "unit"), errors.SelfApproval)
    world.account("wai-clerk2", "unit_clerk", unit=body.id)
    world.decide(world.identity("wai-clerk2"), case, "unit")
    world.decide(world.office("establishment", OTHER), case, "establishment")
    assert world.state(case) == "done"


@pytest.mark.parametrize("role", ["city_establishment", "city_personnel"])
def test_the_city_is_asked_about_a_districts_matter_and_not_twice_about_its_own(
    world: World, places: dict[str, Body], role: str
) -> None:
    kind = "establishment" if role == "city_establishment" else "organisation"
    town, own = places["镇"], places["厅"]
    case = leaving(world, town, town.people[1], f"try_{role}")
    assert side(world, case, role) == (f"{kind}{CITY}", None, False)
    assert open_codes(world, case) == [role]
    # The district's word does not stand for the city's.
    assert isinstance(refusal(world.decide, world.office(kind, DISTRICT), case, role), errors.DomainError)
    world.decide(world.office(kind, CITY), case, role)
    with world.database.transaction(world.clerk(town)) as session:
        engine.withdraw(session, case)
    case = leaving(world, own, own.people[0], f"try_{role}")
    assert side(world, case, role) == (None, None, True)
    assert open_codes(world, case) == ["establishment", "personnel"]
    with world.database.transaction(world.clerk(own)) as session:
        engine.withdraw(session, case)


def test_the_citys_word_is_demanded_by_the_movement_itself(world: World, places: dict[str, Body]) -> None:
    body = places["镇"]
    facts = {"person": body.people[2], "end": ago(1).isoformat(), "reason": "32"}
    case = raw_case(world, world.clerk(body), "try_city_establishment", facts, unit=body.id, scope=body.scope_path)
    with world.superuser.begin() as connection:  # the offices see the case by a task
        for role, kind, region in (
            ("establishment", "establishment", DISTRICT), ("personnel", "organisation", DISTRICT),
            ("city_establishment", "establishment", CITY),
        ):  # fmt: skip
            connection.execute(
                text("INSERT INTO task (application_id, stage, code, role, office_id, state, scope_path) SELECT :c, 0, :k,"
                     " :k, id, 'open', :s FROM office WHERE kind = :o AND region_code = :r"),
                {"c": case, "k": role, "s": body.scope_path, "o": kind, "r": region},
            )  # fmt: skip
    for kind in ("establishment", "organisation"):
        approve(world, world.office(kind, DISTRICT), case)
    found = refusal(call, world, world.clerk(body), "SELECT ledger_vacate(:c)", c=case)
    assert found.facts["missing"] == "city_establishment"
    # Nobody but the city's office may say it.
    assert isinstance(refusal(approve, world, world.office("finance", CITY), case), errors.NotYourOffice)
    approve(world, world.office("establishment", CITY), case)
    call(world, world.clerk(body), "SELECT ledger_vacate(:c)", c=case)
    assert world.value("SELECT status FROM case_record WHERE case_id = :c", c=case) == "effected"


def move(world: World, source: Body, target: Body, who: int) -> int:
    facts = {"person": who, "line": target.line, "department": None, "start": ago(0).isoformat()}
    return world.submit(world.clerk(target), target, "try_move", facts, name="调")


def test_between_districts_the_offices_of_both_act(world: World, places: dict[str, Body]) -> None:
    source, target = places["外"], places["区"]
    case = move(world, source, target, source.people[1])
    assert open_codes(world, case) == ["source_establishment", "source_personnel", "source_unit"]
    assert side(world, case, "source_establishment") == (f"establishment{OTHER}", None, False)
    assert side(world, case, "personnel") == (f"organisation{DISTRICT}", None, False)
    world.decide(world.clerk(source), case, "source_unit")
    world.decide(world.office("establishment", OTHER), case, "source_establishment")
    world.decide(world.office("organisation", OTHER), case, "source_personnel")
    world.approve_recruit(case, region=DISTRICT)
    assert world.state(case) == "done"


def test_inside_one_district_no_office_is_asked_twice(world: World, places: dict[str, Body]) -> None:
    source, target = places["镇"], places["区"]
    case = move(world, source, target, source.people[1])
    assert open_codes(world, case) == ["source_unit"]
    assert side(world, case, "source_personnel")[2] is True


def forged(world: World, who: Identity, case: int, **columns: Any) -> errors.DomainError:
    """A task written past the engine."""
    names = ", ".join(columns)
    values = ", ".join(f":{n}" for n in columns)
    return refusal(
        call, world, who,
        f"INSERT INTO task (application_id, stage, code, state, scope_path, {names}) SELECT id, 9, 'x', 'open', scope_path,"
        f" {values} FROM application WHERE id = :c", c=case, **columns,
    )  # fmt: skip


def test_a_task_is_handed_to_no_side_that_its_role_does_not_name(world: World, places: dict[str, Body]) -> None:
    body = places["区"]
    case = leaving(world, body, body.people[3], "try_city_personnel")
    office = world.value("SELECT id FROM office WHERE kind = 'organisation' AND region_code = :r", r=CITY)
    for columns in (
        {"role": "establishment", "office_id": office},  # another role's office
        {"role": "source_unit", "unit_id": places["外"].id},  # a role that the process does not have
        {"role": "", "office_id": office},
    ):
        assert isinstance(forged(world, world.clerk(body), case, **columns), errors.NotAllowed), columns
