"""Cases of the rules on a unit and its parts, and of those that the kernel refuses and a query looks for all the same."""

import datetime as dt
import json
from collections.abc import Iterator

from app.domain.workdays import city_today
from tests.alarms.cases import case
from tests.alarms.cases_people import fake_case, say, seated
from tests.ledger.steps import by_office
from tests.world import World


@case("AL02")
def line_over(world: World) -> Iterator[int]:
    body, _person = seated(world, "逐类甲局", quotas={"11": 1, "13": 9})
    yield 0
    # Above the number of one kind, however many of another are free.
    say(world, "UPDATE ledger_total SET authorised = 0 WHERE line_id = :l", l=body.line)
    yield 1
    facts = json.dumps({"unit": body.name, "occupied": 1, "authorised": 0})
    say(world, "INSERT INTO alarm (rule, code, standing, state, unit_id, line_id, operator, facts, scope_path)"
        " VALUES ('AL02', 'surplus_line', true, 'open', :u, :l, 'x', :f, :s)", u=body.id, l=body.line, f=facts, s=body.scope_path)  # fmt: skip
    yield 1  # what the kernel's own alarm tells is not told twice
    say(world, "UPDATE alarm SET state = 'cleared', closed_at = now() WHERE line_id = :l", l=body.line)
    say(world, "UPDATE ledger_total SET authorised = 1 WHERE line_id = :l", l=body.line)
    yield 0


@case("AL03")
def leaders_over(world: World) -> Iterator[int]:
    body, _person = seated(world, "职数甲局", leaders={"deputy:0132": 2})
    line = body.lines["deputy:0132"]
    say(world, "UPDATE ledger_total SET occupied = 2 WHERE line_id = :l", l=line)
    yield 0
    say(world, "UPDATE ledger_total SET occupied = 3 WHERE line_id = :l", l=line)
    yield 1
    say(world, "UPDATE ledger_total SET occupied = 0 WHERE line_id = :l", l=line)
    yield 0


@case("AL06")
def one_person_under_two_numbers(world: World) -> Iterator[int]:
    _here, one = seated(world, "重号甲局")
    _there, other = seated(world, "重号乙局", region="440605")
    same = "UPDATE person SET name = '重名者', sex = '1', birth_on = '1980-02-03', work_started_on = :d WHERE id = :p"
    say(world, same, d=dt.date(2003, 7, 1), p=one)
    say(world, same, d=dt.date(2003, 7, 2), p=other)
    yield 0  # namesakes of one birthday
    say(world, same, d=dt.date(2003, 7, 1), p=other)
    yield 2  # each side is told
    say(world, same, d=dt.date(2003, 7, 2), p=other)
    say(world, "UPDATE person SET id_verified = false WHERE id = :p", p=other)
    yield 3  # and the number that nobody proved
    say(world, "UPDATE person SET id_verified = true, birth_on = birth_on + 1 WHERE id = :p", p=other)
    yield 0


@case("AL08")
def permit_past_its_day(world: World) -> Iterator[int]:
    body, _person = seated(world, "单期甲局")
    number = fake_case(world, body, "permit", {})
    permit = say(
        world,
        "INSERT INTO permit (case_id, line_id, unit_id, office_id, year, serial, number, approved, used, remaining, released, purpose,"
        " last_on, status, granted_on, scope_path) SELECT :c, :l, :u, min(id), 2026, 9901, '控编〔2026〕9901号', 2, 0, 2, 0, 'recruit',"
        " :d, 'open', :d, :s FROM office RETURNING id",
        c=number, l=body.line, u=body.id, d=city_today(), s=body.scope_path,
    )  # fmt: skip
    yield 0  # its last day is still its own
    say(world, "UPDATE permit SET last_on = last_on - 1 WHERE id = :i", i=permit)
    yield 1
    say(
        world,
        "UPDATE permit SET status = 'lapsed', remaining = 0, released = 2, ended_on = :d WHERE id = :i",
        i=permit,
        d=city_today(),
    )
    yield 0


@case("AL26")
def cut_without_a_plan(world: World) -> Iterator[int]:
    body = world.body("核减甲局", quotas={"11": 5}, people={"11": 3})
    by_office(world, "quota", {"line": body.line, "authorised": 3, "document_no": "佛编〔2026〕9926号", "issuer": "市委编委",
                               "start": city_today().isoformat()}, about=body)  # fmt: skip
    yield 0  # cut to those who sit
    # What the kernel lets pass only with a plan, as old data have it.
    say(
        world,
        "UPDATE quota SET authorised = 2 WHERE line_id = :l AND ended_on IS NULL AND recorded_to IS NULL",
        l=body.line,
    )
    say(world, "UPDATE ledger_total SET authorised = 2 WHERE line_id = :l", l=body.line)
    yield 1
    say(world, "INSERT INTO absorption_plan (line_id, unit_id, surplus, until_on, targets, document_no, started_on, case_id, scope_path)"
        " VALUES (:l, :u, 1, cast(:d AS date) + 1, '', '佛编〔2026〕9926号', :d, 0, :s)", l=body.line, u=body.id, d=city_today(), s=body.scope_path)  # fmt: skip
    yield 0


@case("AL45")
def departments_against_the_unit(world: World) -> Iterator[int]:
    body = world.body("内设甲局", quotas={"11": 3}, people={"11": 2}, departments=("办公室",))
    office = next(iter(body.departments.values()))
    allot = "UPDATE post SET department_id = :d WHERE id IN (SELECT id FROM post WHERE line_id = :l ORDER BY number LIMIT :n)"
    say(world, allot, d=office, l=body.line, n=2)
    content = {
        "quotas": [{"category": "11", "number": "3"}],
        "departments": [{"name": "办公室", "number": "3"}, {"name": "科"}],
    }
    sanding = say(
        world,
        "INSERT INTO sanding (unit_id, content, document_no, issuer, started_on, recorded_at, case_id, scope_path)"
        " VALUES (:u, :t, '佛编〔2020〕45号', '市委编委', '2020-01-01', now(), :c, :s) RETURNING id",
        u=body.id, t=json.dumps(content), c=fake_case(world, body, "retire", {}), s=body.scope_path,
    )  # fmt: skip
    yield 0  # two people on two seats of the office; departments of the document as many as the whole
    say(
        world,
        "UPDATE post SET department_id = NULL WHERE id = (SELECT max(id) FROM post WHERE department_id = :d)",
        d=office,
    )
    yield 1  # a department above its seats
    say(world, allot, d=office, l=body.line, n=3)
    say(world, "UPDATE ledger_total SET authorised = 2 WHERE line_id = :l", l=body.line)
    yield 1  # more seats shared out than the unit has
    say(world, "UPDATE ledger_total SET authorised = 3, occupied = 3 WHERE line_id = :l", l=body.line)
    yield 1  # heads against the total
    say(world, "UPDATE ledger_total SET occupied = 2 WHERE line_id = :l", l=body.line)
    say(
        world,
        """UPDATE sanding SET content = replace(content, '"number": "3"}, {', '"number": "4"}, {') WHERE id = :i""",
        i=sanding,
    )
    yield 1  # the departments of the document above its whole
    say(world, "UPDATE sanding SET recorded_to = now() WHERE id = :i", i=sanding)
    yield 0
