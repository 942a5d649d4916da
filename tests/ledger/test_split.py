"""分设: a body or a department is split; who goes, who stays, and what the chains say of it."""

from typing import Any

from app.domain import errors
from tests.ledger.steps import TODAY, by_office, findings, lead, refusal
from tests.world import Body, World

DOCUMENT = {"document_no": "佛编〔2026〕71号", "issuer": "市委编委", "start": TODAY.isoformat()}


def split(world: World, body: Body, process: str = "unit_split", **facts: Any) -> int:
    return by_office(world, process, DOCUMENT | {"unit": body.id} | facts, about=body)


def made(world: World, name: str) -> Any:
    return world.row(
        "SELECT id, category, grade, parent_id, node FROM unit WHERE name = :n AND status = 'active'", n=name
    )


def test_a_body_gives_departments_with_people_and_numbers_to_a_new_body_and_goes_on(world: World) -> None:
    old = world.body("原教科局", people={"11": 3}, departments=("教育科", "科技科"))
    split(world, old, name="新教育局", split_departments=str(old.departments["教育科"]))
    new = made(world, "新教育局")
    assert new[1:] == world.row("SELECT category, grade, parent_id, node FROM unit WHERE id = :u", u=old.id)
    assert world.value("SELECT count(*) FROM person WHERE unit_id = :u", u=new[0]) == 3
    numbers = "SELECT coalesce(sum(t.authorised), 0) FROM quota_line l JOIN ledger_total t ON t.line_id = l.id WHERE l.unit_id = :u AND l.kind = 'establishment'"
    assert [world.value(numbers, u=u) for u in (old.id, new[0])] == [2, 3]
    assert world.value("SELECT status FROM unit WHERE id = :u", u=old.id) == "active"
    kinds = "SELECT kind FROM unit_succession WHERE from_unit_id = :u AND to_unit_id = :t"
    assert world.value(kinds, u=old.id, t=new[0]) == "split"
    said = "SELECT array_agg(DISTINCT type) FROM ledger_entry WHERE chain_kind = 'unit' AND chain_id = :u AND type LIKE 'unit.succe%'"
    assert (world.value(said, u=old.id), world.value(said, u=new[0])) == (["unit.succeeded"], ["unit.succeeds"])


def test_a_department_s_leader_goes_along_where_it_is_said(world: World) -> None:
    old = world.body("原农水局", people={"11": 1}, departments=("水利科",))
    office = old.departments["水利科"]
    facts = {
        "unit": old.id,
        "scope": office,
        "kind": "leadership",
        "role": "principal",
        "level": "0151",
        "authorised": 1,
    }
    by_office(world, "lead_new", DOCUMENT | facts, about=old)
    line = world.value("SELECT id FROM quota_line WHERE scope_unit_id = :d AND kind = 'leadership'", d=office)
    lead(world, old, line, old.people[0])
    split(world, old, name="新水利局", split_departments=str(office), leads="follow")
    assert world.value("SELECT s.name FROM occupancy o JOIN quota_line l ON l.id = o.line_id JOIN unit s ON s.id = l.scope_unit_id"
                       " WHERE o.person_id = :p AND o.kind = 'leadership' AND o.recorded_to IS NULL AND o.ended_on IS NULL", p=old.people[0]) == "水利科"  # fmt: skip


def posts(world: World, body: Body, *departments: str) -> list[int]:
    """A post of its leader for each department."""
    made = []
    for name in departments:
        facts = {
            "unit": body.id,
            "scope": body.departments[name],
            "kind": "leadership",
            "role": "principal",
            "level": "0151",
        }
        by_office(world, "lead_new", DOCUMENT | facts | {"authorised": 1}, about=body)
        made.append(
            world.value(
                "SELECT id FROM quota_line WHERE scope_unit_id = :d AND kind = 'leadership'", d=body.departments[name]
            )
        )
    return made


def leads(world: World, person: int) -> list[str]:
    """The departments that somebody leads, with their bodies."""
    return list(world.value(
        "SELECT coalesce(array_agg(b.name || s.name ORDER BY s.name), '{}') FROM occupancy o JOIN quota_line l ON l.id = o.line_id JOIN unit s"
        " ON s.id = l.scope_unit_id JOIN unit b ON b.id = l.unit_id WHERE o.person_id = :p AND o.kind = 'leadership'"
        " AND o.recorded_to IS NULL AND o.ended_on IS NULL", p=person))  # fmt: skip


def test_a_leader_who_sits_elsewhere_in_the_body_goes_along_with_seat_and_number(world: World) -> None:
    old = world.body("原林水局", people={"11": 2}, departments=("办公室", "林业科"))
    [line] = posts(world, old, "林业科")
    lead(world, old, line, old.people[0])
    split(world, old, name="新林业局", split_departments=str(old.departments["林业科"]), leads="follow")
    new = made(world, "新林业局")[0]
    assert leads(world, old.people[0]) == ["新林业局林业科"]
    assert world.value("SELECT unit_id FROM person WHERE id = :p", p=old.people[0]) == new
    assert world.value("SELECT count(*) FROM person WHERE unit_id = :u", u=old.id) == 1
    numbers = "SELECT t.authorised, t.occupied FROM quota_line l JOIN ledger_total t ON t.line_id = l.id WHERE l.unit_id = :u AND l.kind = 'establishment'"
    assert [tuple(world.row(numbers, u=u)) for u in (old.id, new)] == [(4, 1), (1, 1)]


def test_a_department_moved_to_another_body_takes_its_leader_along_from_where_he_sits(world: World) -> None:
    old = world.body("原水务局", people={"11": 2}, departments=("办公室", "水库科"))
    heir = world.body("接收水利局", quotas={"11": 1})
    [line] = posts(world, old, "水库科")
    lead(world, old, line, old.people[0])
    facts = {"unit": old.departments["水库科"], "into": heir.id, "seats": "along", "leads": "follow"}
    by_office(world, "department_move", DOCUMENT | facts, about=old)
    assert leads(world, old.people[0]) == ["接收水利局水库科"]
    assert world.figures(heir.line) == (2, 1, 0)
    assert world.figures(old.line) == (4, 1, 0)


def test_who_leads_two_departments_that_go_leads_both_there(world: World) -> None:
    old = world.body("原双科局", people={"11": 1}, departments=("甲科", "乙科"))
    for line in posts(world, old, "甲科", "乙科"):
        lead(world, old, line, old.people[0], main=int(line % 2))
    both = ",".join(str(d) for d in old.departments.values())
    split(world, old, name="新双科局", split_departments=both, leads="follow")
    assert leads(world, old.people[0]) == ["新双科局乙科", "新双科局甲科"]


def test_a_leader_with_another_post_that_stays_does_not_go_and_the_refusal_says_which(world: World) -> None:
    old = world.body("原兼任局", people={"11": 1}, departments=("办公室", "执法科"))
    office, field = posts(world, old, "办公室", "执法科")
    lead(world, old, office, old.people[0])
    lead(world, old, field, old.people[0], main=0)
    go = {"name": "新执法局", "split_departments": str(old.departments["执法科"])}
    found = refusal(split, world, old, leads="follow", **go)
    assert isinstance(found, errors.LeaderStays)
    assert found.facts["post"] == "办公室"
    split(world, old, **go, lead_lines=f"{field}:off")
    assert leads(world, old.people[0]) == ["原兼任局办公室"]


def test_a_department_is_split_by_its_people(world: World) -> None:
    old = world.body("内设分设局", people={"11": 3}, departments=("综合科",))
    office = old.departments["综合科"]
    by_office(
        world,
        "department_split",
        DOCUMENT | {"unit": office, "name": "新设财务科", "people": str(old.people[0])},
        about=old,
    )
    new = made(world, "新设财务科")
    assert new[4] == "department"
    assert [world.value("SELECT count(*) FROM person WHERE department_id = :d", d=d) for d in (office, new[0])] == [
        2,
        1,
    ]


def test_what_is_not_of_the_unit_or_not_said_is_refused_whole(world: World) -> None:
    old, other = (
        world.body("错分局", people={"11": 1}, departments=("甲科",)),
        world.body("旁局", departments=("乙科",)),
    )
    assert isinstance(refusal(split, world, old, name="错分新局"), errors.InvalidInput)
    foreign = refusal(split, world, old, name="错分新局", split_departments=str(other.departments["乙科"]))
    assert isinstance(foreign, errors.NotFound)
    stranger = {"unit": old.departments["甲科"], "name": "错分科", "people": "1"}
    assert isinstance(refusal(by_office, world, "department_split", DOCUMENT | stranger, about=old), errors.NotSeated)
    assert world.value("SELECT count(*) FROM unit WHERE name LIKE '错分%' AND name <> '错分局'") == 0


def test_after_all_of_it_the_chains_say_what_the_tables_say(world: World) -> None:
    assert findings(world) == []
