"""Stages: conditions, quorum, and the checks that are kept with each decision."""

from typing import Any

import pytest
from sqlalchemy import text

from app.domain import errors
from app.ledger.people import facts_of
from tests.workflow.trial import changed, publish
from tests.world import Body, World, person


def task(code: str, role: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "role": role, "title": f"审{code}", "days": 2, **more}


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    trials = {
        "by_category": [
            {"name": "初审", "when": "category in ('22', '23')", "tasks": [task("early", "human_resources")]},
            {"name": "并联", "tasks": [task("establishment", "establishment", on_approve="reserve"),
                                     task("money", "finance", when="region_kind == 'city' and category == '11'"),
                                     task("personnel", "personnel")]},
        ],
        "by_quorum": [
            {"name": "会签", "quorum": 1, "tasks": [task("money", "finance"), task("care", "social_insurance")]},
            {"name": "并联", "tasks": [task("establishment", "establishment", on_approve="reserve"),
                                     task("personnel", "personnel")]},
        ],
    }  # fmt: skip
    for prefix, (name, stages) in zip(("CA", "CB"), trials.items(), strict=True):
        publish(world, changed("recruit", name, prefix, stages=stages, checks=[]))
    return world.body("阶段局", quotas={"11": 3, "13": 2}, people={"11": 1})


def begun(world: World, body: Body, process: str, category: str = "11", **facts: Any) -> int:
    wanted = person(**facts)
    filed = {**facts_of(wanted, world.keys), "line": body.lines[category], "department": None}
    return world.submit(world.clerk(body), body, process, filed, name=wanted.name)


def open_codes(world: World, case: int) -> list[str]:
    with world.superuser.connect() as connection:
        query = "SELECT code FROM task WHERE application_id = :c AND state = 'open' ORDER BY id"
        return list(connection.execute(text(query), {"c": case}).scalars())


def test_a_stage_and_a_task_whose_condition_is_false_are_passed_over(world: World, body: Body) -> None:
    assert open_codes(world, begun(world, body, "by_category", "11")) == ["establishment", "money", "personnel"]
    assert open_codes(world, begun(world, body, "by_category", "13")) == ["establishment", "personnel"]


def test_a_case_goes_on_without_the_task_that_its_facts_do_not_need(world: World, body: Body) -> None:
    case = begun(world, body, "by_category", "13")
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("human_resources"), case, "personnel")
    assert world.state(case) == "awaiting"


def test_a_quorum_is_enough_and_closes_what_nobody_needs_any_more(world: World, body: Body) -> None:
    case = begun(world, body, "by_quorum")
    assert open_codes(world, case) == ["money", "care"]
    world.decide(world.office("finance"), case, "money")
    assert open_codes(world, case) == ["establishment", "personnel"]
    assert world.value("SELECT state FROM task WHERE application_id = :c AND code = 'care'", c=case) == "cancelled"


def decision(world: World, case: int, office: str) -> list[dict[str, Any]]:
    query = "SELECT d.checks FROM decision d JOIN office o ON o.id = d.office_id WHERE d.case_id = :c AND o.kind = :k"
    found: list[dict[str, Any]] = world.value(query, c=case, k=office)
    return found


def test_each_decision_keeps_what_its_office_checked_with_the_figures_of_that_moment(world: World, body: Body) -> None:
    case = world.recruit(body, facts=person(id_number=None))
    world.decide(world.office("establishment"), case, "establishment")
    world.decide(world.office("organisation"), case, "personnel", "return", "补材料")
    seat = {found["code"]: found for found in decision(world, case, "establishment")}
    assert set(seat) == {"usable_seat", "category_fits", "id_agrees", "identity_free"}
    assert seat["usable_seat"]["ok"] is True
    assert ["authorised", 3] in seat["usable_seat"]["figures"]
    assert ["occupied", 1] in seat["usable_seat"]["figures"]
    assert "第二十六条" in seat["usable_seat"]["article"]
    who = {found["code"]: found for found in decision(world, case, "organisation")}
    assert "usable_seat" not in who
    assert who["recruit_age"]["figures"][0][0] == "full_years"


def test_a_check_that_stops_refuses_submission_with_its_figures_and_files_nothing(world: World) -> None:
    full = world.body("满编局", quotas={"11": 1}, people={"11": 1})
    with pytest.raises(errors.CheckFailed) as refused:
        world.recruit(full)
    assert refused.value.facts["check"]["code"] == "usable_seat"
    assert ["usable", 0] in refused.value.facts["check"]["figures"]
    assert world.value("SELECT count(*) FROM case_record WHERE unit_id = :u AND status = 'filed'", u=full.id) == 0


def test_a_check_that_stops_refuses_an_approval_and_lets_the_case_be_rejected(world: World) -> None:
    """Seated elsewhere after the case was filed: whoever is asked to approve is told where."""
    body, other = world.body("先报局", quotas={"11": 2}), world.body("先入局", quotas={"11": 1})
    wanted = person("两处人")
    case = world.recruit(body, facts=wanted)
    seat(world, other, wanted)
    with pytest.raises(errors.CheckFailed) as refused:
        world.decide(world.office("establishment"), case, "establishment")
    assert refused.value.facts["check"]["code"] == "identity_free"
    assert ["unit", "先入局"] in refused.value.facts["check"]["figures"]
    assert world.figures(body.line) == (2, 0, 0)
    world.decide(world.office("establishment"), case, "establishment", "reject", "已在别处入编")
    assert world.state(case) == "rejected"


def seat(world: World, body: Body, who: Any) -> None:
    """Put a person on a seat past the kernel's lock on running cases, as an opening balance of another unit would."""
    with world.superuser.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO person (name, pinyin, pinyin_initials, id_type, id_cipher, id_index, id_mask, id_verified, sex,"
                " birth_on, personnel_class, state, unit_id, scope_path) SELECT name, '', '', 'resident', id_cipher, :i, :m,"
                " true, '1', birth_on, 'civil', 'serving', :u, :s FROM person LIMIT 1"
            ),
            {"i": world.keys.blind_index("resident", who.id_number), "m": "4406**********0000", "u": body.id,
             "s": body.scope_path},
        )  # fmt: skip
