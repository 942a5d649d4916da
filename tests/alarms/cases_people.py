"""Cases of the rules on people and seats. Facts that no business would let pass are written as the owner, as legacy data have them."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.domain.workdays import city_today
from tests.alarms.cases import case
from tests.world import Body, World


def say(world: World, statement: str, **values: Any) -> Any:
    """One statement as the owner."""
    with world.owner.begin() as c:
        result = c.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


def born(world: World, person: int, reached: dt.date, *, later: bool) -> None:
    """Gives a man the day of birth by which he reaches the age by law on this day, or the next (``later``) or last one before
    it on which anybody does.
    """
    day = say(
        world,
        "SELECT d::date FROM generate_series(cast(:r AS date) - interval '64 years', cast(:r AS date) - interval '59 years',"
        " interval '1 day') d, k_retires_on('1', d::date, false, false) x WHERE CASE WHEN :l THEN x >= :r ELSE x <= :r END"
        " ORDER BY abs(x - :r) LIMIT 1",
        r=reached, l=later,
    )  # fmt: skip
    say(world, "UPDATE person SET sex = '1', birth_on = :d WHERE id = :p", d=day, p=person)


def seated(world: World, name: str, **kwargs: Any) -> tuple[Body, int]:
    """A body with one person on a seat."""
    body = world.body(name, people={"11": 1}, **kwargs)
    return body, body.people[0]


def leave(world: World, person: int) -> None:
    """The person is no longer on any seat."""
    say(
        world,
        "UPDATE occupancy SET ended_on = :d WHERE person_id = :p AND recorded_to IS NULL",
        d=city_today(),
        p=person,
    )


@case("AL10")
def mixed(world: World) -> Iterator[int]:
    body, person = seated(world, "混岗甲局")
    say(world, "UPDATE person SET rank = 'R10' WHERE id = :p", p=person)
    yield 0
    say(world, "UPDATE person SET rank = '0850' WHERE id = :p", p=person)
    say(world, "UPDATE unit SET body = 'institution' WHERE id = :u", u=body.id)
    yield 2
    say(world, "UPDATE person SET rank = 'R10' WHERE id = :p", p=person)
    say(world, "UPDATE unit SET body = 'organ' WHERE id = :u", u=body.id)
    yield 0


def fake_case(world: World, body: Body, process: str, facts: dict[str, Any]) -> int:
    """A filed case with these facts, as old data have it."""
    kept = json.dumps(facts)
    return int(
        say(
            world,
            "WITH v AS (SELECT id, process FROM process_version WHERE process = :k ORDER BY version DESC LIMIT 1),"
            " a AS (INSERT INTO application (process, process_version_id, unit_id, state, created_by, title, scope_path)"
            " SELECT v.process, v.id, :u, 'running', (SELECT min(id) FROM ab_user), '', :s FROM v RETURNING id, process_version_id)"
            " INSERT INTO case_record (case_id, process_version_id, unit_id, facts, facts_hash, revision, status, filed_by)"
            " SELECT id, process_version_id, :u, :f, '', 1, 'filed', (SELECT min(id) FROM ab_user) FROM a RETURNING case_id",
            k=process, u=body.id, s=body.scope_path, f=kept,
        )
    )  # fmt: skip


@case("AL11")
def exit_late(world: World) -> Iterator[int]:
    body, person = seated(world, "出编甲局")
    late = say(world, "SELECT max(d)::date FROM generate_series(cast(:t AS date) - 30, cast(:t AS date), interval '1 day') d"
               " WHERE workdays_after(d::date, 5) >= :t AND workdays_after(d::date - 1, 5) < :t", t=city_today())  # fmt: skip
    number = fake_case(world, body, "retire", {"person": person, "end": late.isoformat()})
    yield 0
    facts = json.dumps({"person": person, "end": (late - dt.timedelta(days=1)).isoformat()})
    say(world, "UPDATE case_record SET facts = :f WHERE case_id = :c", f=facts, c=number)
    yield 1
    leave(world, person)
    yield 0


@case("AL12")
def overdue(world: World) -> Iterator[int]:
    _body, person = seated(world, "到龄甲局")
    born(world, person, city_today() - dt.timedelta(days=30), later=True)
    yield 0
    born(world, person, city_today() - dt.timedelta(days=31), later=False)
    yield 1
    leave(world, person)
    yield 0


@case("AL13")
def ahead(world: World) -> Iterator[int]:
    _body, person = seated(world, "到龄乙局")
    born(world, person, city_today() + dt.timedelta(days=91), later=True)
    yield 0
    born(world, person, city_today() + dt.timedelta(days=90), later=False)
    yield 1
    leave(world, person)
    yield 0


@case("AL18")
def promoted_under_discipline(world: World) -> Iterator[int]:
    body, person = seated(world, "处分甲局")
    item = (
        "INSERT INTO record_item (person_id, kind, column_group, single, started_on, ended_on, fields, commitment, case_id,"
        " recorded_at, scope_path, personnel_class) VALUES (:p, :k, :g, :s, :b, :e, '{}', '', 0, now(), :q, 'civil') RETURNING id"
    )
    common = {"p": person, "q": body.scope_path}
    say(world, item, k="discipline", g="discipline", s=False, b=dt.date(2024, 1, 10), e=dt.date(2025, 1, 10), **common)
    say(world, item, k="rank", g="pay", s=True, b=dt.date(2020, 1, 1), e=dt.date(2025, 1, 10), **common)
    later = say(world, item, k="rank", g="pay", s=True, b=dt.date(2025, 1, 10), e=None, **common)
    yield 0
    say(
        world,
        "UPDATE record_item SET ended_on = ended_on - 1 WHERE person_id = :p AND kind = 'rank' AND ended_on IS NOT NULL",
        p=person,
    )
    say(world, "UPDATE record_item SET started_on = started_on - 1 WHERE id = :i", i=later)
    yield 1
    say(world, "UPDATE record_item SET recorded_to = now() WHERE id = :i", i=later)
    yield 0


@case("AL38")
def probation(world: World) -> Iterator[int]:
    _body, person = seated(world, "试用甲局")
    over = say(world, "SELECT (cast(:t AS date) - 30 - interval '12 months')::date", t=city_today())
    say(world, "UPDATE person SET rank = '0198' WHERE id = :p", p=person)
    start = "UPDATE occupancy SET started_on = :d WHERE person_id = :p"
    say(world, start, d=over + dt.timedelta(days=1), p=person)
    yield 0
    say(world, start, d=over - dt.timedelta(days=3), p=person)
    yield 1
    say(world, "UPDATE person SET rank = 'R12' WHERE id = :p", p=person)
    yield 0


@case("AL39")
def two_main_posts(world: World) -> Iterator[int]:
    body, person = seated(world, "兼任甲局", leaders={"deputy:0132": 2})
    lead = (
        "INSERT INTO occupancy (person_id, person_name, post_id, line_id, unit_id, kind, main, nature, started_on, recorded_at,"
        " scope_path, personnel_class) SELECT :p, '', id, line_id, unit_id, 'leadership', true, 'regular', date '2020-01-01', now(),"
        " :s, 'civil' FROM post WHERE line_id = :l ORDER BY id OFFSET :n LIMIT 1 RETURNING id"
    )
    values = {"p": person, "s": body.scope_path, "l": body.lines["deputy:0132"]}
    say(world, lead, n=0, **values)
    yield 0
    second = say(world, lead, n=1, **values)
    yield 1
    say(world, "UPDATE occupancy SET main = false WHERE id = :i", i=second)
    yield 0


@case("AL15")
def no_document(world: World) -> Iterator[int]:
    body, _person = seated(world, "文号甲局")
    yield 0
    say(world, "UPDATE quota SET document_no = ' ' WHERE line_id = :l", l=body.line)
    yield 1
    say(world, "UPDATE quota SET document_no = '佛编〔2020〕1号' WHERE line_id = :l", l=body.line)
    yield 0


@case("AL40")
def seats_differ(world: World) -> Iterator[int]:
    body, _person = seated(world, "席位甲局")
    yield 0
    say(world, "UPDATE post SET surplus = true WHERE id = (SELECT min(id) FROM post WHERE line_id = :l)", l=body.line)
    yield 1
    say(world, "UPDATE post SET surplus = false WHERE line_id = :l", l=body.line)
    yield 0


@case("AL41")
def differences_stay(world: World) -> Iterator[int]:
    body, person = seated(world, "核查甲局")
    number = fake_case(world, body, "retire", {"person": person})
    verification = say(
        world,
        "WITH r AS (INSERT INTO verification_round (year, region_code, office_id, due_on, units, opened_by) SELECT 2025, '440600',"
        " min(o.id), now(), 1, (SELECT min(id) FROM ab_user) FROM office o RETURNING id), v AS (INSERT INTO verification (round_id,"
        " unit_id, year, due_on, case_id, people, differences, head_sequence, head_hash, confirmed_by, confirmed_at, scope_path)"
        " SELECT id, :u, 2025, now(), :c, 1, 1, 1, 'x', (SELECT min(id) FROM ab_user), cast(:t AS timestamp) - interval '20 days', :s"
        " FROM r RETURNING id) INSERT INTO verification_mark (verification_id, person_id, person_name, kind, case_id, marked_by, scope_path)"
        " SELECT id, :p, '', 'left', :c, (SELECT min(id) FROM ab_user), :s FROM v RETURNING verification_id",
        u=body.id, c=number, p=person, s=body.scope_path, t=city_today(),
    )  # fmt: skip
    yield 0
    say(
        world, "UPDATE verification SET confirmed_at = confirmed_at - interval '1 second' WHERE id = :i", i=verification
    )
    yield 1
    say(world, "UPDATE case_record SET status = 'effected' WHERE case_id = :c", c=number)
    yield 0


@case("AL42")
def over_in_all(world: World) -> Iterator[int]:
    body = world.body("合计甲局", quotas={"11": 2, "13": 1}, people={"11": 3})
    yield 0  # one line is over, the unit as a whole is not
    say(world, "UPDATE ledger_total SET authorised = 0 WHERE line_id = :l", l=body.lines["13"])
    yield 1
    say(world, "UPDATE ledger_total SET authorised = 3 WHERE line_id = :l", l=body.lines["11"])
    yield 0
