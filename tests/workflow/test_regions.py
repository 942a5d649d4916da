"""跨区 and 上报: offices of two regions act in one case and see that case, not each other's ledger."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.domain import errors
from app.workflow import engine
from tests.ledger.steps import TODAY, ago, call, file, findings, refusal, review
from tests.security.conftest import Client
from tests.world import Body, World

CITY, HERE, THERE = "440600", "440604", "440605"
OFFICES = (("establishment", HERE), ("organisation", HERE), ("establishment", THERE), ("organisation", THERE))


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Body]:
    made = {
        "来": world.body("调入区局", region=HERE, quotas={"11": 5, "22": 3}, people={"11": 1}, start=ago(400)),
        "去": world.body("调出区局", region=THERE, quotas={"11": 5}, people={"11": 3}, start=ago(400)),
        "市": world.body("市管局", quotas={"11": 5}, start=ago(400)),
    }
    for kind, region in OFFICES:
        world.account(f"{kind}-{region}", "office_member", office=(kind, region))
    return made


def moving(world: World, bodies: dict[str, Body], who: int) -> int:
    facts = {"person": who, "line": bodies["来"].lines["11"], "department": None, "start": TODAY.isoformat()}
    case = world.submit(world.clerk(bodies["来"]), bodies["来"], "transfer", facts, name="跨区", effective_on=TODAY)
    world.decide(world.clerk(bodies["去"]), case, "source_unit")
    return case


def test_the_offices_of_both_districts_act_and_no_word_may_be_missing(world: World, bodies: dict[str, Body]) -> None:
    case = moving(world, bodies, bodies["去"].people[0])
    steps = (("establishment", HERE, "establishment"), ("organisation", HERE, "personnel"),
             ("organisation", THERE, "source_personnel"), ("establishment", THERE, "source_establishment"))  # fmt: skip
    for kind, region, code in steps:
        assert world.state(case) == "running"
        found = refusal(call, world, world.service("svc-worker"), "SELECT ledger_move(:c)", c=case)
        assert isinstance(found, errors.CaseNotApproved)
        world.decide(world.office(kind, region), case, code)
    assert world.state(case) == "done"
    assert findings(world) == []


def test_each_sees_the_case_and_what_it_needs_and_not_the_others_ledger(
    world: World, bodies: dict[str, Body], client: Callable[..., Client]
) -> None:
    who = bodies["去"].people[1]
    case = moving(world, bodies, who)
    mask = world.value("SELECT id_mask FROM person WHERE id = :p", p=who)
    for region, own, foreign in ((HERE, bodies["来"], bodies["去"]), (THERE, bodies["去"], bodies["来"])):
        for kind in ("establishment", "organisation"):
            user = client(f"{kind}-{region}")
            page = user.get(f"/case/{case}")
            assert page.status_code == 200
            shown = page.get_data(as_text=True)
            assert mask in shown, (kind, region)
            assert 'id="decision"' in shown
            # The figures of the line that is entered are shown to those who keep it.
            assert ("核定" in shown) == (region == HERE), (kind, region)
            assert user.get(f"/unit/{own.id}").status_code == 200
            assert user.get(f"/unit/{foreign.id}").status_code == 404
            assert user.get(f"/unit/{foreign.id}/export").status_code == 404
            assert user.get(f"/person/{foreign.people[-1]}").status_code == 404
            beyond = user.get(f"/ledger/{THERE if region == HERE else HERE}").get_data(as_text=True)
            assert foreign.name not in beyond
            assert foreign.name not in user.get("/list/units").get_data(as_text=True)
    with world.database.transaction(world.clerk(bodies["来"])) as session:
        engine.withdraw(session, case)


def quota(world: World, body: Body, line: int, region: str) -> int:
    facts = {
        "line": line,
        "authorised": 9,
        "document_no": "佛编〔2026〕9号",
        "issuer": "市委编委",
        "start": TODAY.isoformat(),
    }
    return file(world, "quota", facts, about=body, region=region)


def test_a_districts_administrative_establishment_is_raised_with_the_citys_word(
    world: World, bodies: dict[str, Body]
) -> None:
    body = bodies["来"]
    case = quota(world, body, body.lines["11"], HERE)
    review(world, case, HERE)
    assert world.state(case) == "running"
    found = refusal(call, world, world.office("establishment", HERE), "SELECT ledger_set_quota(:c)", c=case)
    assert found.facts["missing"] == "city_establishment"
    world.decide(world.office("establishment", CITY), case, "city")
    assert world.state(case) == "done"
    assert world.figures(body.lines["11"])[0] == 9


@pytest.mark.parametrize(("side", "category", "region"), [("来", "22", HERE), ("市", "11", CITY)])
def test_what_is_a_districts_own_or_the_citys_asks_nobody_above(
    world: World, bodies: dict[str, Body], side: str, category: str, region: str
) -> None:
    case = quota(world, bodies[side], bodies[side].lines[category], region)
    review(world, case, region)
    assert world.state(case) == "done"
    with world.superuser.connect() as connection:
        query = text("SELECT code FROM task WHERE application_id = :c")
        assert connection.execute(query, {"c": case}).scalars().all() == ["review"]


def test_whoever_takes_a_body_in_has_its_word_beside_the_city_and_sees_sums_alone(
    world: World, bodies: dict[str, Body], client: Callable[..., Client]
) -> None:
    body = world.body("下放接收局", region=CITY, people={"11": 3}, departments=("综合科",), start=ago(400))
    facts = {
        "unit": body.id,
        "region": THERE,
        "document_no": "佛编〔2026〕91号",
        "issuer": "市委编委",
        "start": TODAY.isoformat(),
    }
    case = file(world, "unit_transfer", facts, about=body)
    roles = "SELECT array_agg(role ORDER BY role) FROM task WHERE application_id = :c AND state = 'open'"
    assert world.value(roles, c=case) == ["establishment", "receiving_establishment"]
    user = client(f"establishment-{THERE}")
    page = user.get(f"/case/{case}").get_data(as_text=True)
    for said in ("接收的机构", "人数 <b>3</b>", "内设机构 <b>1</b>", 'id="decision"'):
        assert said in page
    assert user.get(f"/unit/{body.id}").status_code == 404
    assert user.get(f"/touched/{body.id}/people").status_code == 404
    review(world, case)
    assert world.state(case) == "running"
    found = refusal(call, world, world.office("establishment", CITY), "SELECT ledger_transfer_unit(:c)", c=case)
    assert found.facts["missing"] == "receiving_establishment"
    world.decide(world.office("establishment", THERE), case, "receiving")
    assert world.state(case) == "done"
    assert user.get(f"/unit/{body.id}").status_code == 200
    assert findings(world) == []


def test_inside_one_region_nobody_has_to_receive(world: World, bodies: dict[str, Body]) -> None:
    old, heir = world.body("区内并入局", region=HERE), world.body("区内承接局", region=HERE)
    facts = {"unit": old.id, "into": heir.id, "seats": "along", "document_no": "佛编〔2026〕92号", "issuer": "区委编委",
             "start": TODAY.isoformat()}  # fmt: skip
    case = file(world, "unit_merge", facts, about=old, region=HERE)
    roles = "SELECT array_agg(role ORDER BY role) FROM task WHERE application_id = :c"
    assert world.value(roles, c=case) == ["city_establishment", "establishment"]


def test_a_people_line_of_another_district_is_received_by_its_office(world: World, bodies: dict[str, Body]) -> None:
    source = world.body("跨区整转中心", region=CITY, quotas={"22": 2}, people={"22": 2}, start=ago(400))
    facts = {"line": source.lines["22"], "into_line": bodies["来"].lines["22"], "document_no": "佛编〔2026〕93号",
             "issuer": "市委编委", "start": TODAY.isoformat()}  # fmt: skip
    case = file(world, "people_move", facts, about=source)
    assert (
        world.value("SELECT count(*) FROM task WHERE application_id = :c AND role = 'receiving_establishment'", c=case)
        == 1
    )
    with world.database.transaction(world.office("establishment", HERE)) as session:
        brought = session.execute(text("SELECT people, numbers FROM case_brings(:c)"), {"c": case}).one()
        assert tuple(brought) == (2, 2)
        assert session.execute(text("SELECT count(*) FROM case_line(:c)"), {"c": case}).scalar_one() == 0
    with world.database.transaction(world.office("establishment", THERE)) as session:
        assert session.execute(text("SELECT count(*) FROM case_brings(:c)"), {"c": case}).scalar_one() == 0
