"""Short words for the businesses of the ledger, each through the real engine and the real decisions."""

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from app.db import Identity
from app.domain import caps, errors, ratios
from app.domain.workdays import city_today
from app.ledger import opening
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of
from app.ledger.verify import Verifier
from app.workflow import engine, validation
from tests.world import Body, World

_documents = itertools.count(100)
# The city's day, as the kernel has it.
TODAY = city_today()


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def filer(world: World, region: str = "440600") -> Identity:
    """The official of an establishment office who files; another one decides."""
    return world.office("establishment", region, username=f"filer{region}")


def file(world: World, process: str, facts: dict[str, Any], *, about: Body | None = None, day: dt.date | None = None,
         region: str = "440600") -> int:  # fmt: skip
    """An establishment office's own case, filed and waiting for its second official."""
    with world.database.transaction(filer(world, region)) as session:
        prefix = session.execute(text("SELECT prefix FROM region WHERE code = :r"), {"r": region}).scalar_one()
        case = engine.draft(session, process=process, unit_id=None, office_id=int(engine.me(session, 7) or 0),
                            scope_path=about.scope_path if about else prefix, form={})  # fmt: skip
        engine.submit(session, case.id, facts=facts, person_id=None, person_name=None, effective_on=day or TODAY,
                      unit_id=about.id if about else None)  # fmt: skip
        return case.id


def review(world: World, case: int, region: str = "440600") -> None:
    world.decide(world.office("establishment", region), case, "review")


def by_office(world: World, process: str, facts: dict[str, Any], *, about: Body | None = None,
              day: dt.date | None = None, region: str = "440600") -> int:  # fmt: skip
    """File and approve; a refusal of the kernel comes out of here."""
    case = file(world, process, facts, about=about, day=day, region=region)
    review(world, case, region)
    return case


def act(
    world: World, process: str, about: Body | None, day: dt.date = TODAY, place: str = "440600", **facts: Any
) -> int:
    """A business of 编办 by a document of its own, filed and approved."""
    document = {"document_no": f"佛编〔2026〕{next(_documents)}号", "issuer": "市委编委", "start": day.isoformat()}
    return by_office(world, process, document | facts, about=about, day=day, region=place)


def received(world: World, case: int, region: str = "440604") -> None:
    """The word of the district that takes a body, department or people in."""
    world.decide(world.office("establishment", region), case, "receiving")


def allotted(
    world: World, line: int, departments: Iterable[int], seats: int, day: dt.date = dt.date(2016, 1, 1)
) -> None:
    """Seats of a line meant for each of some departments, in the name of the last case."""
    with world.owner.begin() as connection:
        case = connection.execute(text("SELECT max(case_id) FROM case_record")).scalar_one()
        for department in departments:
            connection.execute(text("SELECT k_allot(:c, :l, :d, :n, :s)"),
                               {"c": case, "l": line, "d": department, "n": seats, "s": day})  # fmt: skip


def set_quota(world: World, body: Body, line: int, number: int | None, day: dt.date = TODAY) -> int:
    return act(world, "quota", body, day, line=line, authorised=number)


def reserved(world: World, body: Body, *, line: int | None = None, who: PersonFacts | None = None,
             personnel: str = "organisation") -> int:  # fmt: skip
    """A recruitment approved by both offices: a seat waits for an arrival."""
    case = world.recruit(body, line=line, facts=who)
    world.approve_recruit(case, personnel=personnel)
    return case


def entered(world: World, body: Body, day: dt.date = TODAY, **more: Any) -> int:
    """A person taken in from ``day``; returns its id."""
    case = reserved(world, body, **more)
    world.arrive(world.clerk(body), case, day)
    return int(world.value("SELECT person_id FROM application WHERE id = :c", c=case))


def by_unit(world: World, body: Body, process: str, facts: dict[str, Any], day: dt.date = TODAY,
            personnel: str = "organisation") -> int:  # fmt: skip
    """A unit's case with the usual two offices, which takes effect on the last approval."""
    case = world.submit(world.clerk(body), body, process, facts, effective_on=day)
    world.approve_recruit(case, personnel=personnel)
    return case


def leave(world: World, body: Body, who: int, day: dt.date = TODAY, reason: str = "32", **more: Any) -> int:
    facts = {"person": who, "end": day.isoformat(), "reason": reason}
    return by_unit(world, body, "leave", facts, day, **more)


def lead(world: World, body: Body, line: int, who: int, day: dt.date = TODAY, *, nature: str = "regular",
         home: str | None = None, main: int = 1) -> int:  # fmt: skip
    facts = {"person": who, "line": line, "nature": nature, "home_unit": home, "main": main, "start": day.isoformat()}
    return by_unit(world, body, "leader", facts, day)


def stop_leading(world: World, body: Body, line: int, who: int, day: dt.date = TODAY) -> int:
    return by_unit(world, body, "leader_leave", {"line": line, "person": who, "end": day.isoformat()}, day)


def wanted(world: World, source: Body, target: Body, who: int, day: dt.date = TODAY, line: int | None = None) -> int:
    """A transfer that the source unit has agreed to."""
    facts = {"person": who, "line": line or target.line, "department": None, "start": day.isoformat()}
    case = world.submit(world.clerk(target), target, "transfer", facts, name="调", effective_on=day)
    world.decide(world.clerk(source), case, "source_unit")
    return case


def transfer(world: World, source: Body, target: Body, who: int, day: dt.date = TODAY, line: int | None = None) -> int:
    case = wanted(world, source, target, who, day, line)
    world.approve_recruit(case)
    return case


def seat(world: World, who: int, kind: str = "establishment") -> int:
    """The occupancy that a person holds now."""
    return int(
        world.value(
            "SELECT id FROM occupancy WHERE person_id = :p AND kind = :k AND recorded_to IS NULL"
            " ORDER BY ended_on IS NULL DESC, started_on DESC LIMIT 1", p=who, k=kind)
    )  # fmt: skip


def correct_start(world: World, body: Body, occupancy: int, day: dt.date) -> int:
    return by_office(world, "correction", {"occupancy": occupancy, "start": day.isoformat()}, about=body)


def open_batch(world: World, batch: Batch) -> dict[str, Any]:
    with world.database.transaction(world.service("svc-opening")) as session:
        return opening.enter(session, batch, note="测试")


def call(world: World, who: Identity | None, statement: str, **values: Any) -> Any:
    """One statement of the app role under an identity, committed."""
    with world.database.transaction(who) as session:
        found = session.execute(text(statement), values)
        return found.scalar() if found.returns_rows else None


def raw_case(world: World, who: Identity, process: str, facts: dict[str, Any], *, unit: int | None, scope: str) -> int:
    """A case of which the engine knows nothing: the row and the filed facts alone, as an injected statement has it."""
    with world.database.transaction(who) as session:
        case = session.execute(
            text(
                "INSERT INTO application (process, process_version_id, unit_id, office_id, scope_path, title, state, created_by)"
                " SELECT :p, id, :u, scope_number(7), :s, '件', 'running', scope_number(1)::int FROM process_version WHERE process = :p"
                " ORDER BY version DESC LIMIT 1 RETURNING id"
            ),
            {"p": process, "u": unit, "s": scope},
        ).scalar_one()
        session.execute(text("SELECT case_file(:c, :f)"), {"c": case, "f": json.dumps(facts, ensure_ascii=False)})
        return int(case)


def approve(world: World, who: Identity, case: int) -> None:
    """A decision alone, without the engine."""
    call(world, who, "SELECT case_decide(:c, 'approve', '', '{}', '')", c=case)


def refusal(act: Any, *args: Any, **named: Any) -> errors.DomainError:
    """The refusal of an act; it is an error of the test when there is none."""
    try:
        act(*args, **named)
    except errors.DomainError as found:
        return found
    raise AssertionError("accepted")


def findings(world: World) -> list[str]:
    """What verification says: every chain replayed against every table."""
    with world.superuser.connect() as connection:
        return [f.sentence() for f in Verifier(connection, world.keys).findings()]


def newcomer_facts(world: World, who: PersonFacts) -> dict[str, Any]:
    return facts_of(who, world.keys)


def digest(batch: Batch) -> str:
    return hashlib.sha256(batch.text().encode()).hexdigest()


def scheme_facts(world: World, body: Body, process: str = "rank_quota", key: str = "city", *, day: dt.date = dt.date(2020, 1, 1),
                 together: tuple[Body, ...] = (), apart: int = 0, **given: int) -> dict[str, Any]:  # fmt: skip
    """The facts of approved rank numbers or of a plan of posts, reckoned as the form does."""
    plan = next(plan for _raw, plan in validation.load() if plan.process == process)
    chosen = ratios.sets(next(c.params for c in plan.checks if c.code.endswith("_ratios")))[key]
    members = sorted([body.id, *(b.id for b in together)])
    whole = world.value(
        "SELECT coalesce(sum(authorised), 0) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id WHERE l.unit_id = ANY (:m)"
        " AND l.kind = :k AND (l.kind = 'leadership' OR l.category = ANY (:c))",
        m=members, k=chosen.base, c=list(chosen.categories))  # fmt: skip
    base = int(whole) - apart
    return {"unit": body.id, "members": ",".join(map(str, members)), "body_set": key, "basis": chosen.base, "base": base,
            "apart": apart, "categories": ",".join(chosen.categories), "leave_out": ",".join(chosen.leave_out) or None,
            "groups": caps.written(caps.reckoned(base, chosen.rules, given)), "document_no": "佛组〔2020〕1号",
            "issuer": "市委组织部", "start": day.isoformat(), **given}  # fmt: skip


def scheme(world: World, body: Body, process: str = "rank_quota", key: str = "city", *, region: str = "440600",
           facts: dict[str, Any] | None = None, **more: Any) -> int:  # fmt: skip
    """File and approve; the scheme's id. A refusal of the kernel comes out of here."""
    made = scheme_facts(world, body, process, key, **more) | (facts or {})
    case = world.submit(world.clerk(body), body, process, made, effective_on=dt.date.fromisoformat(made["start"]))
    first = "organisation" if process == "rank_quota" else "human_resources"
    world.decide(world.office(first, region), case, first)
    world.decide(world.office("establishment", region), case, "establishment")
    return int(
        world.value(
            "SELECT max(id) FROM scheme WHERE case_id = :c AND recorded_to IS NULL AND ended_on IS NULL", c=case
        )
    )
