"""Cases of the rules on bodies' documents: limits on their number, 三定 against the ledger."""

import json
from collections.abc import Iterator

from app.domain.workdays import city_today
from tests.alarms.cases import case
from tests.alarms.cases_people import fake_case, say, seated
from tests.world import World


@case("AL09")
def over_the_limit(world: World) -> Iterator[int]:
    body, _person = seated(world, "限额甲局", region="440608")
    number = fake_case(world, body, "retire", {})
    made = say(
        world,
        "INSERT INTO organ_limit (region_code, category, most, document_no, issuer, started_on, recorded_at, case_id)"
        " VALUES ('440608', '34', bodies_counted('440608', '34', kernel_today()), '粤编〔2020〕1号', '省委编委', '2020-01-01', now(), :c)"
        " RETURNING id",
        c=number,
    )
    yield 0
    say(world, "UPDATE organ_limit SET most = most - 1 WHERE id = :i", i=made)
    yield 1
    say(world, "UPDATE organ_limit SET most = most + 1 WHERE id = :i", i=made)
    yield 0


@case("AL16")
def sanding_differs(world: World) -> Iterator[int]:
    body, _person = seated(world, "三定甲局")  # five of category 11
    number = fake_case(world, body, "retire", {})
    content = json.dumps({"quotas": [{"category": "11", "number": 5}]})
    made = say(
        world,
        "INSERT INTO sanding (unit_id, content, document_no, issuer, started_on, recorded_at, case_id, scope_path)"
        " VALUES (:u, :t, '佛编〔2020〕1号', '市委编委', '2020-01-01', now(), :c, :s) RETURNING id",
        u=body.id, t=content, c=number, s=body.scope_path,
    )  # fmt: skip
    yield 0
    say(world, "UPDATE sanding SET content = replace(content, '5', '6') WHERE id = :i", i=made)
    yield 1
    say(world, "UPDATE sanding SET recorded_to = now() WHERE id = :i", i=made)
    yield 0


@case("AL34")
def temporary_body_past_its_end(world: World) -> Iterator[int]:
    body, _person = seated(world, "临时甲局")
    made = say(
        world,
        "INSERT INTO temporary_body (unit_id, kind, name, document_no, issuer, started_on, until_on, recorded_at, scope_path)"
        " VALUES (:u, 'team', '某专班', '佛编〔2026〕1号', '市委编委', date '2020-01-01', :d, now(), :s) RETURNING id",
        u=body.id, d=city_today(), s=body.scope_path,
    )  # fmt: skip
    yield 0  # its last day still belongs to it
    say(world, "UPDATE temporary_body SET until_on = until_on - 1 WHERE id = :i", i=made)
    yield 1
    say(world, "UPDATE temporary_body SET ended_on = :d WHERE id = :i", i=made, d=city_today())
    yield 0
