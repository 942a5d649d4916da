"""Table (g) of the domain text, row by row: what each identity sees of units, people, seats and cases."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from app.db import Identity
from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.records import record_facts
from app.security.columns import GROUPS, PROTECTED, RULES
from app.workflow import engine
from tests.ledger.steps import refusal, transfer
from tests.world import Body, World, person

TODAY = city_today()
CITY, DISTRICT, OTHER = "440600", "440604", "440605"


@dataclass
class City:
    """Bodies by what they are, and the town's code."""

    town: str
    bodies: dict[str, Body] = field(default_factory=dict)

    def people(self, *names: str) -> set[int]:
        """The people of some bodies."""
        return {p for n in names for p in self.bodies[n].people}


@pytest.fixture(scope="module")
def city(world: World) -> City:
    town = world.value("SELECT code FROM region WHERE kind = 'town' AND parent_code = :d ORDER BY code LIMIT 1",
                       d=DISTRICT)  # fmt: skip
    made = City(town)
    for name, region, kind, category in (
        ("市教育局", CITY, "organ", "11"), ("市直学校", CITY, "institution", "22"), ("区直局", DISTRICT, "organ", "11"),
        ("区属学校", DISTRICT, "institution", "22"), ("邻区学校", OTHER, "institution", "22"), ("镇政府", town, "organ", "11"),
    ):  # fmt: skip
        made.bodies[name] = world.body(name, region=region, kind=kind, quotas={category: 4}, people={category: 2})
    with world.superuser.begin() as connection:
        for school in ("市直学校", "区属学校", "邻区学校"):
            connection.execute(text("UPDATE unit SET parent_id = :p WHERE id = :u"),
                               {"p": made.bodies["市教育局"].id, "u": made.bodies[school].id})  # fmt: skip
    return made


def seen(world: World, who: Identity | None, table: str, column: str = "id") -> set[int]:
    with world.database.transaction(who) as session:
        return set(session.execute(text(f"SELECT {column} FROM {table}")).scalars())


def units(world: World, who: Identity, city: City) -> set[str]:
    ids = seen(world, who, "unit")
    return {name for name, body in city.bodies.items() if body.id in ids}


ALL = {"市教育局", "市直学校", "区直局", "区属学校", "邻区学校", "镇政府"}


def test_the_citys_establishment_office_sees_the_whole_city(world: World, city: City) -> None:
    who = world.office("establishment", CITY)
    assert units(world, who, city) == ALL
    assert seen(world, who, "person") >= city.people(*ALL)


def test_a_districts_establishment_office_sees_its_district_with_its_towns(world: World, city: City) -> None:
    who = world.office("establishment", DISTRICT)
    assert units(world, who, city) == {"区直局", "区属学校", "镇政府"}
    assert seen(world, who, "person") == city.people("区直局", "区属学校", "镇政府")


def test_a_towns_officer_sees_the_own_town(world: World, city: City) -> None:
    world.account("town", "town_officer", region=city.town)
    who = world.identity("town")
    assert units(world, who, city) == {"镇政府"}
    assert seen(world, who, "person") == city.people("镇政府")
    assert seen(world, who, "occupancy", "person_id") == city.people("镇政府")


def test_the_organisation_department_sees_civil_posts_of_its_own_authority(world: World, city: City) -> None:
    of_city, of_district = world.office("organisation", CITY), world.office("organisation", DISTRICT)
    assert seen(world, of_city, "person") == city.people("市教育局")
    assert seen(world, of_district, "person") == city.people("区直局", "镇政府")
    assert seen(world, of_city, "occupancy", "person_id") == city.people("市教育局")


def test_human_resources_sees_institutions_and_support_staff(world: World, city: City) -> None:
    who = world.office("human_resources", CITY)
    schools = city.people("市直学校", "区属学校", "邻区学校")
    assert seen(world, who, "person") == schools
    assert seen(world, who, "occupancy", "person_id") == schools
    entries = seen(world, who, "ledger_entry WHERE chain_kind = 'person'", "chain_id")
    assert entries == schools


def test_finance_sees_seats_and_pay_fields_and_no_register(world: World, city: City) -> None:
    who = world.office("finance", DISTRICT)
    inside = city.people("区直局", "区属学校", "镇政府")
    assert seen(world, who, "person") == set()
    assert seen(world, who, "occupancy", "person_id") == inside
    assert seen(world, who, "person_brief") == inside
    assert seen(world, who, "person_brief", "rank") == {"R11"}
    assert seen(world, who, "application") == set()


def test_social_insurance_sees_the_least(world: World, city: City) -> None:
    who = world.office("social_insurance", DISTRICT)
    assert seen(world, who, "person") == seen(world, who, "occupancy") == seen(world, who, "application") == set()
    assert seen(world, who, "ledger_entry") == seen(world, who, "alarm") == set()
    assert seen(world, who, "person_brief") == city.people("区直局", "区属学校", "镇政府")
    for column in ("rank", "level", "work_started_on"):
        assert seen(world, who, "person_brief", column) == {None}
    with world.database.transaction(who) as session:
        rows = session.execute(text("SELECT name, id_mask, state FROM person_brief")).all()
    assert all(r.name and "*" in r.id_mask and r.state == "serving" for r in rows)


def test_a_competent_department_sees_its_own_bodies_wherever_they_sit(world: World, city: City) -> None:
    world.account("jiaoyu", "supervisor", unit=city.bodies["市教育局"].id)
    who = world.identity("jiaoyu")
    system = {"市教育局", "市直学校", "区属学校", "邻区学校"}
    assert units(world, who, city) == system
    assert seen(world, who, "person") == city.people(*system)
    # Its range has holes: what lies between its bodies is not seen, by the index's hull or otherwise.
    assert seen(world, who, "post", "unit_id") == {city.bodies[n].id for n in system}


def test_a_unit_sees_its_own_people_alone(world: World, city: City) -> None:
    assert seen(world, world.clerk(city.bodies["区直局"]), "person") == city.people("区直局")


def test_a_person_sees_the_own_rows_and_the_own_units_figures(world: World, city: City) -> None:
    me = city.bodies["区直局"].people[0]
    world.account("me", "person", person_id=me)
    who = world.identity("me")
    assert seen(world, who, "person") == seen(world, who, "occupancy", "person_id") == {me}
    assert units(world, who, city) == {"区直局"}
    assert seen(world, who, "ledger_total", "line_id") != set()


def test_inspection_reads_its_range_and_writes_nothing(world: World, city: City) -> None:
    world.account("jijian", "inspector", region=DISTRICT)
    who = world.identity("jijian")
    assert units(world, who, city) == {"区直局", "区属学校", "镇政府"}
    body = city.bodies["区直局"]
    case = world.recruit(body)
    assert case in seen(world, who, "application")
    assert seen(world, who, f"application_event WHERE application_id = {case}") != set()
    with world.database.transaction(who) as session:
        changed = session.execute(text("UPDATE application SET title = '改' WHERE id = :c RETURNING id"), {"c": case})
        assert changed.all() == [], "the policy finds no row of theirs to change"
    for call in ("SELECT case_decide(:c, 'approve', '', '{}', '')", "SELECT case_close(:c, 'withdrawn')",
                 "SELECT case_file(:c, '{}')"):  # fmt: skip
        with world.database.transaction(who) as session:
            assert refused(session, call, c=case)


def refused(session: object, statement: str, **values: object) -> bool:
    from sqlalchemy.exc import DBAPIError

    try:
        with session.begin_nested():  # type: ignore[attr-defined]
            session.execute(text(statement), values)  # type: ignore[attr-defined]
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", "") in ("42501", "BZ001")
    return False


@pytest.mark.parametrize("kind", ["system_admin", "security_admin", "auditor", None])
def test_administrators_and_the_public_see_no_business_row(world: World, city: City, kind: str | None) -> None:
    if kind:
        world.account(f"a-{kind}", kind)
    who = world.identity(f"a-{kind}") if kind else None
    for table in ("unit", "person", "person_brief", "occupancy", "post", "ledger_entry", "application", "case_facts"):
        assert seen(world, who, table, "1") == set(), table


def test_cases_honour_the_personnel_class_of_the_person(world: World, city: City) -> None:
    civil = world.recruit(city.bodies["市教育局"], facts=person("新公务员"))
    teacher = world.recruit(city.bodies["市直学校"], facts=person("新教师"))
    world.office("human_resources", DISTRICT)
    assert seen(world, world.office("organisation", CITY), "application") & {civil, teacher} == {civil}
    assert seen(world, world.office("human_resources", CITY), "application") & {civil, teacher} == {teacher}
    for table in ("case_facts", "case_record"):
        assert seen(world, world.office("human_resources", CITY), table, "case_id") & {civil, teacher} == {teacher}


def test_the_old_unit_sees_its_own_period_only(world: World, city: City) -> None:
    source = world.body("调出局", quotas={"11": 2}, people={"11": 1})
    target = world.body("调入局", quotas={"11": 2})
    who = source.people[0]
    transfer(world, source, target, who)
    old = world.clerk(source)
    assert who not in seen(world, old, "person")
    with world.database.transaction(old) as session:
        rows = session.execute(
            text("SELECT unit_id, ended_on, person_name FROM occupancy WHERE person_id = :p AND recorded_to IS NULL"),
            {"p": who},
        ).all()
    assert [(r.unit_id, r.ended_on) for r in rows] == [(source.id, TODAY)]
    assert isinstance(refusal(reveal, world, old, who, "核对人员信息"), errors.NotFound)
    assert reveal(world, world.clerk(target), who, "核对人员信息")


@pytest.mark.parametrize("table", ["person", "occupancy", "post", "quota_line", "application"])
def test_a_list_walks_the_index_by_the_range_whatever_the_policy_adds(world: World, city: City, table: str) -> None:
    account = world.account("zhuguan", "supervisor", unit=city.bodies["市教育局"].id)
    for who in (world.office("organisation", DISTRICT), world.identity("zhuguan", account)):
        with world.database.transaction(who) as session:
            low, high = session.execute(text("SELECT scope_part(4), scope_part(5)")).one()
            session.execute(text("SET LOCAL enable_seqscan = off"))
            session.execute(text("SET LOCAL enable_sort = off"))
            plan = "\n".join(
                session.execute(
                    text(f"EXPLAIN SELECT id FROM {table} x WHERE scope_path >= :lo AND scope_path < :hi"
                         " ORDER BY scope_path, id LIMIT 50"), {"lo": low, "hi": high},
                ).scalars()
            )  # fmt: skip
        assert f"using ix_{table}_scope" in plan, plan
        assert "Index Cond: ((scope_path >=" in plan.replace("'", ""), plan


# -- columns -------------------------------------------------------------------------------------------------------


ASK = "SELECT ask_reveal(:p, :g, :r, '10.0.0.9')"


def reveal(world: World, who: Identity, person_id: int, reason: str, group: str = "document") -> str:
    with world.database.transaction(who) as session:
        session.execute(text(ASK), {"p": person_id, "g": group, "r": reason})
    with world.database.transaction(who) as session:
        kept = session.execute(text("SELECT * FROM reveal_person(:p, :g)"), {"p": person_id, "g": group}).one()
    return world.keys.decrypt(kept.id_type, bytes(kept.value))


def test_the_rules_in_the_database_are_those_declared(world: World) -> None:
    with world.superuser.connect() as connection:
        rows = connection.execute(text("SELECT kind, office_kind, classes, groups FROM identity_rule")).all()
    declared = {(k, o, s.classes, ",".join(s.groups)) for (k, o), s in RULES.items()}
    assert {tuple(r) for r in rows} == declared
    assert {g for s in RULES.values() for g in s.groups} == set(GROUPS)


@pytest.mark.parametrize("column", PROTECTED["person"])
def test_no_identity_selects_a_protected_column(world: World, city: City, column: str) -> None:
    for who in (world.office("establishment", CITY), world.clerk(city.bodies["区直局"]), world.service("svc-worker")):
        with world.database.transaction(who) as session:
            assert refused(session, f"SELECT {column} FROM person")
            assert refused(session, f"SELECT count(*) FROM person WHERE {column} IS NOT NULL")


def test_a_reveal_gives_the_number_and_writes_who_what_and_why(world: World, city: City) -> None:
    body = city.bodies["区直局"]
    number = reveal(world, world.clerk(body), body.people[0], "核对档案")
    assert number[-4:] == world.value("SELECT right(id_mask, 4) FROM person WHERE id = :p", p=body.people[0])
    facts, address = world.row("SELECT facts, address FROM audit_event WHERE kind = 'reveal' ORDER BY id DESC LIMIT 1")
    assert facts == {"person": body.people[0], "group": "document", "reason": "核对档案"}
    assert address == "10.0.0.9"


def test_a_number_is_not_read_in_the_transaction_that_can_still_take_the_record_back(world: World, city: City) -> None:
    body = city.bodies["区直局"]
    who, values = world.clerk(body), {"p": body.people[1], "g": "document", "r": "核对档案"}
    read = "SELECT * FROM reveal_person(:p, :g)"

    def at_once(early: str) -> None:
        with world.database.transaction(who) as session:
            for statement in (ASK, early, read):
                session.execute(text(statement), values)

    for early in ("SELECT 1", "SET CONSTRAINTS ALL IMMEDIATE"):  # the second links the event ahead of the commit
        assert isinstance(refusal(at_once, early), errors.NotAllowed)
    assert (
        world.value("SELECT count(*) FROM audit_event WHERE kind = 'reveal' AND person_id = :p", p=body.people[1]) == 0
    )
    with world.database.transaction(who) as session:
        session.execute(text(ASK), values)
    for other in (world.office("establishment", CITY), world.office("organisation", CITY)):
        with pytest.raises((errors.NotAllowed, errors.NotFound)), world.database.transaction(other) as session:
            session.execute(text(read), values)  # one's own asking opens it, not another's
    with world.database.transaction(who) as session:
        assert session.execute(text(read), values).one().value


@pytest.mark.parametrize("reason", ["", "   ", "查", None])
def test_a_reveal_without_a_reason_is_refused(world: World, city: City, reason: str) -> None:
    body = city.bodies["区直局"]
    assert isinstance(refusal(reveal, world, world.clerk(body), body.people[0], reason), errors.InvalidInput)


def test_a_reveal_needs_range_class_and_group(world: World, city: City) -> None:
    teacher, civil = city.bodies["市直学校"].people[0], city.bodies["市教育局"].people[0]
    why = "核对人员信息"
    for who, whom, error in (
        (world.clerk(city.bodies["区直局"]), civil, errors.NotFound),  # out of range
        (world.office("organisation", CITY), teacher, errors.NotFound),  # another class
        (world.office("finance", CITY), civil, errors.NotAllowed),  # no right to the column
        (world.office("social_insurance", CITY), civil, errors.NotAllowed),
    ):
        assert isinstance(refusal(reveal, world, who, whom, why), error)
    assert reveal(world, world.office("organisation", CITY), civil, why)
    assert isinstance(
        refusal(reveal, world, world.office("establishment", CITY), civil, why, "family"), errors.NotAllowed
    )


def test_looking_people_up_by_number_is_exact_counted_and_on_record(world: World, city: City) -> None:
    world.account("digger", "unit_clerk", unit=city.bodies["区直局"].id)
    who = world.identity("digger")
    index = world.value("SELECT id_index FROM person WHERE id = :p", p=city.bodies["市教育局"].people[0])

    def look(times: int) -> None:
        with world.database.transaction(who) as session:
            session.execute(text("SELECT find_person(:i) FROM generate_series(1, :n)"), {"i": index, "n": times}).all()

    look(3)
    assert world.value("SELECT count(*) FROM audit_event e JOIN ab_user u ON u.id = e.user_id AND u.username = 'digger'"
                       " WHERE e.kind = 'search.document'") == 3  # fmt: skip
    assert isinstance(refusal(look, 200), errors.TooOften)


# -- 不上网 ----------------------------------------------------------------------------------------------------------

SCOPED_TABLES = ("unit", "unit_version", "quota_line", "quota", "ledger_total", "post", "person", "person_brief",
                 "occupancy", "ledger_entry", "application", "task", "application_event", "case_record", "alarm")  # fmt: skip


def whole(table: str) -> str:
    """A row as one value; of people, what may be selected."""
    return "(id, name, id_mask)::text" if table == "person" else f"{table}::text"


def test_a_unit_that_is_not_for_the_network_is_seen_by_named_accounts_only(world: World, city: City) -> None:
    office = world.office("establishment", OTHER)

    def everything() -> dict[str, list[object]]:
        with world.database.transaction(office) as session:
            rows = {
                t: session.execute(text(f"SELECT {whole(t)} FROM {t} ORDER BY 1")).scalars().all()
                for t in SCOPED_TABLES
            }
            rows["totals"] = session.execute(
                text("SELECT sum(authorised), sum(occupied), count(*) FROM ledger_total")
            ).all()  # type: ignore[assignment]
        return rows  # type: ignore[return-value]

    before = everything()
    secret = world.body("保密局", region=OTHER, quotas={"11": 5}, people={"11": 2}, departments=("一处",))
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": secret.id})
    case = world.recruit(secret)
    assert everything() == before, "no row and no total differs from a city without the unit"
    with world.database.transaction(office) as session:
        assert session.execute(text("SELECT unit_name(:u)"), {"u": secret.id}).scalar() is None
        index = world.value("SELECT id_index FROM person WHERE id = :p", p=secret.people[0])
        assert session.execute(text("SELECT count(*) FROM find_person(:i)"), {"i": index}).scalar() == 0
        assert refused(session, "SELECT case_file(:c, '{}')", c=case)
    # Its own clerk works as everybody does.
    assert seen(world, world.clerk(secret), "person") == set(secret.people)
    # An account named for it, from its next request on.
    account = world.value("SELECT a.id FROM account a JOIN ab_user u ON u.id = a.user_id WHERE u.username = :n",
                          n=f"establishment{OTHER}")  # fmt: skip
    with world.owner.begin() as connection:
        connection.execute(
            text("INSERT INTO named_access (account_id, unit_id, started_on) VALUES (:a, :u, kernel_today())"),
            {"a": account, "u": secret.id},
        )
    assert secret.id in seen(world, office, "unit")
    assert case in seen(world, office, "application")
    assert secret.id not in seen(world, world.office("establishment", CITY), "unit")


def test_a_named_access_reaches_a_unit_outside_the_range(world: World, city: City) -> None:
    account = world.account("zhiming", "office_member", office=("organisation", DISTRICT))
    who, body = world.identity("zhiming"), city.bodies["市教育局"]
    assert body.id not in seen(world, who, "unit")
    with world.owner.begin() as connection:
        connection.execute(
            text("INSERT INTO named_access (account_id, unit_id, started_on, ended_on)"
                 " VALUES (:a, :u, kernel_today(), kernel_today() + 1)"), {"a": account, "u": body.id},
        )  # fmt: skip
    assert seen(world, who, "unit") & {b.id for b in city.bodies.values()} == {
        city.bodies[n].id for n in ("区直局", "区属学校", "镇政府", "市教育局")
    }
    assert seen(world, who, "person") == city.people("区直局", "镇政府", "市教育局")


# -- 人员信息项 ------------------------------------------------------------------------------------------------------

ITEMS: dict[str, dict[str, object]] = {
    "basic": {"political": "01"},
    "contact": {"mobile": "13800138001"},
    "family": {"relation": "04", "relative": "某家属"},
    "pay": {"base_pay": 4100, "allowance": 1},
    "discipline": {"penalty": "01", "cause": "某事", "issuer": "市纪委", "document_no": "1"},
}
PROCESS = {"basic": "info_basic", "contact": "info_contact", "family": "info_family", "pay": "pay_change"}


def item(world: World, body: Body, kind: str, category: str, region: str) -> None:
    """One item of a kind for the first person of a body, through the business of the kind."""
    who, office = body.people[0], "organisation" if category == "11" else "human_resources"
    facts = record_facts(world.keys, kind, ITEMS[kind], person=who, start=TODAY)
    if kind == "discipline":
        process = "discipline" if category == "11" else "discipline_public"
        filer = world.office(office, region, username=f"cf{office}{region}")
        with world.database.transaction(filer) as session:
            case = engine.draft(session, process=process, unit_id=None, office_id=int(engine.me(session, 7) or 0),
                                scope_path=body.scope_path, form={})  # fmt: skip
            engine.submit(
                session, case.id, facts=facts, person_id=who, person_name="某", effective_on=TODAY, unit_id=body.id
            )
            number, code = case.id, "review"
    else:
        number = world.submit(world.clerk(body), body, PROCESS[kind], facts, person_id=who, effective_on=TODAY)
        code = "human_resources" if kind == "pay" else "personnel"
    world.decide(world.office(office, region), number, code)


@pytest.fixture(scope="module")
def recorded(world: World, city: City) -> City:
    """A civil servant of the city and one of a district, a teacher of the district: one item of each kind that there is."""
    for name, category, region in (("市教育局", "11", CITY), ("区直局", "11", DISTRICT), ("区属学校", "22", DISTRICT)):
        for kind in ITEMS:
            if kind != "pay" or category == "22":
                item(world, city.bodies[name], kind, category, region)
    return city


REGISTER, CONTACT, FAMILY, PAY, DISCIPLINE = "register", "contact", "family", "pay", "discipline"
# Row by row of table (g): whose items of which groups.
SEEN: dict[str, dict[str, set[str]]] = {
    "establishment": {"市教育局": {REGISTER, CONTACT}, "区直局": {REGISTER, CONTACT}, "区属学校": {REGISTER, CONTACT}},
    "establishment区": {"区直局": {REGISTER, CONTACT}, "区属学校": {REGISTER, CONTACT}},
    "organisation": {"市教育局": {REGISTER, CONTACT, FAMILY, DISCIPLINE}},
    "organisation区": {"区直局": {REGISTER, CONTACT, FAMILY, DISCIPLINE}},
    "human_resources区": {"区属学校": {REGISTER, CONTACT, FAMILY, PAY, DISCIPLINE}},
    "finance区": {"区属学校": {PAY}},
    "social_insurance区": {},
    "unit": {"区直局": {REGISTER, CONTACT, FAMILY, DISCIPLINE}},
    "person": {"区直局": {REGISTER, CONTACT, FAMILY, DISCIPLINE}},
    "supervisor": {"市教育局": {REGISTER}, "区属学校": {REGISTER}},
    "inspector": {"区直局": {REGISTER}, "区属学校": {REGISTER}},
    "town": {},
}


def who_is(world: World, city: City, name: str) -> Identity:
    kind, region = name.removesuffix("区"), DISTRICT if name.endswith("区") else CITY
    made: dict[str, dict[str, object]] = {
        "person": {"person_id": city.bodies["区直局"].people[0]},
        "supervisor": {"unit": city.bodies["市教育局"].id},
        "inspector": {"region": DISTRICT},
        "town": {"region": city.town},
    }
    if kind == "unit":
        return world.clerk(city.bodies["区直局"])
    if kind not in made:
        return world.office(kind, region)
    world.account(f"g_{kind}", {"town": "town_officer"}.get(kind, kind), **made[kind])  # type: ignore[arg-type]
    return world.identity(f"g_{kind}")


@pytest.mark.parametrize("name", SEEN)
def test_items_of_the_record_are_seen_by_range_class_and_group(world: World, recorded: City, name: str) -> None:
    who = who_is(world, recorded, name)
    owners = {body.people[0]: title for title, body in recorded.bodies.items()}
    with world.database.transaction(who) as session:
        rows = session.execute(text("SELECT person_id, column_group FROM record_item")).all()
        private = set(session.execute(text("SELECT column_group FROM case_private")).scalars())
        entries = set(
            session.execute(text("SELECT type FROM ledger_entry WHERE starts_with(type, 'record.')")).scalars()
        )
    found: dict[str, set[str]] = {}
    for r in rows:
        found.setdefault(owners[r.person_id], set()).add(r.column_group)
    assert found == SEEN[name]
    groups = set().union(*SEEN[name].values())
    assert private <= groups
    assert entries <= {f"record.{g}" for g in groups}


def test_a_case_of_a_discipline_is_known_by_right_alone(world: World, recorded: City) -> None:
    cases = {name: seen(world, who_is(world, recorded, name), "application WHERE process LIKE 'discipline%'")
             for name in ("establishment", "inspector", "supervisor", "finance区", "unit", "organisation", "organisation区")}  # fmt: skip
    assert [name for name in ("establishment", "inspector", "supervisor", "finance区") if cases[name]] == []
    assert all(cases[name] for name in ("unit", "organisation", "organisation区"))


def test_without_the_right_nobody_is_told_of_a_discipline(world: World, recorded: City) -> None:
    person_id = recorded.bodies["区直局"].people[0]
    for name, answer in (("organisation区", True), ("unit", True), ("establishment区", None), ("inspector", None)):
        with world.database.transaction(who_is(world, recorded, name)) as session:
            told = session.execute(text("SELECT person_barred(:p, kernel_today())"), {"p": person_id}).scalar()
        assert told is answer, name
