"""A filled city of an older state is brought to the present: its rows stay provable, its running cases end on their own version.

An older state is made from the present one: the chain of migrations up to an earlier revision, filled with the rows of a city,
as far as that revision has a table and a column for them. So whatever a later revision adds has to be made by its migration,
over rows, as in an installation. The kernel of that time cannot be had again: rows are those that the present one writes.
"""

import copy
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import create_engine, text

from app.cli import deploy
from app.domain.crypto import KeyRing
from app.workflow import engine
from app.workflow.definition import parse
from app.workflow.validation import load
from tests.architecture.test_deployment import SCHEMA, read
from tests.conftest import PASSWORDS, _connect, _url, standing
from tests.ledger.steps import TODAY, findings
from tests.workflow.filings import City, Filing
from tests.workflow.trial import publish
from tests.world import World

# The first in which a case's number lies beside its facts (0002): the audit was not chained yet, most tables were not there.
# And one that has all of the establishment side, with more kinds of business done (the first whose meetings stand in the chain:
# of an earlier one the present kernel cannot write them as they were).
FIRST, LATER = "0002", "0029"
MORE = ("permit", "secondment", "leader", "quota_part", "quota_pool", "certificate", "commission_matter", "rank_quota", "info_family",
        "info_education", "engage", "unit_change", "department_open", "objection")  # fmt: skip
# What no later revision adds to or takes from.
KEPT = ("person", "occupancy", "post", "unit", "quota_line", "quota", "ledger_entry", "ledger_total", "application", "task", "decision",
        "application_event", "case_record", "case_secret")  # fmt: skip
COLUMNS = """
SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'alembic_version' GROUP BY 1 ORDER BY 1
"""


def task(code: str, role: str, title: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "role": role, "title": title, "days": 3, **more}


RESERVES = task("establishment", "establishment", "核空编", on_approve="reserve")
# How five businesses went before: one side after the other, fewer of them.
BEFORE: dict[str, list[list[dict[str, Any]]]] = {
    "recruit": [[RESERVES], [task("personnel", "personnel", "审人选")]],
    "transfer": [
        [task("source_unit", "source_unit", "同意调出")],
        [RESERVES],
        [task("personnel", "personnel", "审批")],
    ],
    "retire": [[task("personnel", "personnel", "审批退休")], [task("establishment", "establishment", "核销编制")]],
    "quota": [[task("review", "establishment", "复核")]],
    "sanding": [[task("review", "establishment", "复核")], [task("second", "organisation", "会签")]],
}
NEEDED = {
    "recruit": {"reserve": ["establishment"], "occupy": ["establishment", "personnel"]},
    "transfer": {"reserve": ["establishment"], "move": ["source_unit", "establishment", "personnel"]},
    "retire": {"vacate": ["personnel", "establishment"]},
    "quota": {"set_quota": ["establishment"]},
    "sanding": {"sanding": ["establishment"]},
}


def older(world: World) -> dict[str, int]:
    """The city as it was when only the former versions were published; their ids."""
    shipped = {plan.process: raw for raw, plan in load()}
    with world.superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM process_version WHERE process = ANY(:p)"), {"p": list(BEFORE)})
    made = {}
    for name, stages in BEFORE.items():
        raw = shipped[name] | {
            "version": shipped[name]["version"] - 1, "checks": [], "after": [],
            "stages": [{"name": f"第{n}步", "tasks": tasks} for n, tasks in enumerate(stages, 1)],
            "requirements": {k: [{"role": r} for r in roles] for k, roles in NEEDED[name].items()},
        }  # fmt: skip
        assert parse(raw).version >= 1
        made[name] = publish(world, raw)
    return made


def walked(city: City, process: str, filing: Filing, stages: int) -> int:
    """A case with so many stages behind it."""
    case = city.submit(process, filing)
    for _stage in range(stages):
        for found in city.open_tasks(case):
            city.world.decide(city.who(city.deciders(found)[0]), case, found.code)
    return case


@dataclass
class Filled:
    """A city of the former versions: a case in every stage of five businesses, one returned, one a draft."""

    city: City
    versions: dict[str, int]
    cases: dict[tuple[str, int], int]
    returned: tuple[int, Filing]
    drafted: tuple[int, Filing]


@pytest.fixture(scope="module")
def filled(world: World) -> Filled:
    versions = older(world)
    city = City(world)
    cases = {
        (process, n): walked(city, process, city.filing(process), n)
        for process, stages in BEFORE.items()
        for n in range(len(stages) + (process == "recruit"))  # one that waits for the arrival, too
    }
    again, begun = city.filing("recruit"), city.filing("recruit")
    back = walked(city, "recruit", again, 0)
    world.decide(city.who(city.offices["establishment"][0]), back, "establishment", "return", "请补正")
    with world.database.transaction(city.who(city.applicant(parse_of("recruit"), begun))) as s:
        draft = engine.draft(s, process="recruit", form={}, unit_id=begun.body.id, scope_path=begun.body.scope_path).id
    return Filled(city, versions, cases, (back, again), (draft, begun))


def parse_of(process: str) -> Any:
    return next(plan for _raw, plan in load() if plan.process == process)


@dataclass
class Upgraded:
    """The city after its upgrade, and how many rows of what it had before."""

    city: City
    world: World
    had: dict[str, int]


@pytest.fixture(scope="module", params=[FIRST, LATER])
def upgraded(
    request: pytest.FixtureRequest, filled: Filled, world: World, admin_url: str, keys: KeyRing
) -> Iterator[Upgraded]:
    if request.param == LATER:
        for process in MORE:
            filled.city.finished(process, filled.city.filing(process))
    name = "u_" + hashlib.sha256(f"{request.param}{os.getpid()}".encode()).hexdigest()[:16]
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with _connect(admin_url) as server:
        server.execute(drop)
        deploy.ensure_database(admin_url, name, PASSWORDS if os.environ.get("TEST_DATABASE_URL") else None)
        owner = create_engine(_url(admin_url, name, deploy.OWNER))
        with owner.begin() as connection:
            connection.execute(text("SET LOCAL bianzhi.deployment = 'on'"))
            command.upgrade(deploy.alembic_config(connection), request.param)
        owner.dispose()
        with _connect(admin_url, str(world.superuser.url.database)) as of, _connect(admin_url, name) as to:
            had = bring(of, to)
        deploy.upgrade(_url(admin_url, name, deploy.OWNER))
        deploy.guard(_url(admin_url, name))
        made = standing(admin_url, name, keys)
        city = copy.copy(filled.city)
        city.world, city.who = made, cache(made.identity)
        yield Upgraded(city, made, had)
        made.dispose()
        server.execute(drop)


def bring(of: psycopg.Connection, to: psycopg.Connection) -> dict[str, int]:
    """Every row for which there is a table, as far as there is a column; how many of each table."""
    to.execute("SET session_replication_role = replica")
    here, there = (dict(c.execute(COLUMNS).fetchall()) for c in (of, to))
    had = {}
    for table in sorted({*here} & {*there}):
        known = here[table].split(", ")
        names = sql.SQL(", ").join(sql.SQL(c) for c in there[table].split(", ") if c in known)
        into = sql.Identifier(table)
        to.execute(sql.SQL("DELETE FROM {}").format(into))
        with (
            of.cursor().copy(sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(names, into)) as rows,
            to.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(into, names)) as taken,
        ):
            for data in rows:
                taken.write(data)
        had[table] = to.execute(sql.SQL("SELECT count(*) FROM {}").format(into)).fetchone()[0]  # type: ignore[index]
    if "audit_archive" not in there:  # the audit was not chained: its chains had no heads
        to.execute("DELETE FROM ledger_chain WHERE chain_kind = 'audit'")
    last = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
    reached = dict(of.execute(last).fetchall())
    for name, _value in to.execute(last).fetchall():
        if reached.get(name):
            to.execute("SELECT setval(%s, %s)", (name, reached[name]))
    return had


def test_the_rows_of_an_older_city_stay_and_are_provable(upgraded: Upgraded) -> None:
    now = {t: upgraded.world.value(f"SELECT count(*) FROM {t}") for t in KEPT}
    assert now == {t: upgraded.had[t] for t in KEPT}
    assert now["ledger_entry"] > 50
    assert findings(upgraded.world) == []


def test_an_upgraded_city_has_the_structure_of_a_new_one(upgraded: Upgraded, world: World) -> None:
    with upgraded.world.superuser.connect() as brought, world.superuser.connect() as new:
        assert read(brought, SCHEMA) == read(new, SCHEMA)


def test_what_a_later_revision_derives_is_derived_for_the_people_who_were_there(
    upgraded: Upgraded, world: World
) -> None:
    due = "SELECT count(*), min(born), max(born) FROM (SELECT birth_on AS born FROM due_retirement) x"
    sums = "SELECT sum(n), min(month), max(month) FROM due_count WHERE what = (SELECT min(what) FROM due_count)"
    for query in (due, sums):
        assert upgraded.world.row(query) == world.row(query)


@pytest.mark.parametrize("process", BEFORE)
def test_a_case_in_every_stage_ends_on_the_version_that_it_was_begun_on(
    upgraded: Upgraded, filled: Filled, process: str
) -> None:
    world, city = upgraded.world, upgraded.city
    present = world.row(
        "SELECT id, shipped_version FROM process_version WHERE id = process_in_force(:p, kernel_today())", p=process
    )
    assert present == (present[0], parse_of(process).version)
    assert present[0] != filled.versions[process]
    for (kind, stages), case in filled.cases.items():
        if kind != process:
            continue
        city.approve_all(case)
        if world.state(case) == "awaiting":
            unit = world.value("SELECT unit_id FROM application WHERE id = :c", c=case)
            world.arrive(city.who(f"clerk{unit}"), case, TODAY)
        ended(upgraded, filled, process, case, f"after {stages} stages")


def ended(upgraded: Upgraded, filled: Filled, process: str, case: int, when: str) -> None:
    """Done, on the former version, by the former sides alone, stage after stage."""
    version = upgraded.world.value("SELECT process_version_id FROM application WHERE id = :c", c=case)
    assert (upgraded.world.state(case), version) == ("done", filled.versions[process]), when
    with upgraded.world.superuser.connect() as connection:
        query = text("SELECT stage, code FROM task WHERE application_id = :c AND state = 'approved' ORDER BY stage, id")
        asked = [tuple(row) for row in connection.execute(query, {"c": case})]
    assert asked == [(n, t["code"]) for n, tasks in enumerate(BEFORE[process]) for t in tasks], when


def test_what_was_returned_is_filed_again_on_its_version(upgraded: Upgraded, filled: Filled) -> None:
    case, filing = filled.returned
    upgraded.city.submit("recruit", filing, case=case)
    upgraded.city.approve_all(case)
    upgraded.world.arrive(upgraded.city.who(f"clerk{filing.body.id}"), case, TODAY)
    ended(upgraded, filled, "recruit", case, "returned")


def test_what_is_filed_after_the_upgrade_takes_the_present_version_a_draft_too(
    upgraded: Upgraded, filled: Filled
) -> None:
    world, city = upgraded.world, upgraded.city
    draft, filing = filled.drafted
    city.submit("recruit", filing, case=draft)
    assert (
        world.value("SELECT process_version_id FROM application WHERE id = :c", c=draft) != filled.versions["recruit"]
    )
    assert [t.stage for t in city.open_tasks(draft)] == [0, 0]  # both offices at once, as it is now
    city.approve_all(draft)
    assert world.state(draft) == "awaiting"


def test_what_went_on_after_the_upgrade_is_provable(upgraded: Upgraded) -> None:
    assert findings(upgraded.world) == []
