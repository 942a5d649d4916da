"""Many people moved in one statement: the same rows and entries as one by one, in the same order on each chain."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.ledger.steps import TODAY, ago, by_office, entered, findings, lead
from tests.ledger.test_kernel_units import department
from tests.world import World

ROWS = {
    "occupancy": "SELECT to_jsonb(x) - 'recorded_at' - 'recorded_to' || jsonb_build_object('known', recorded_to IS NULL) FROM occupancy x"
    " ORDER BY id",
    "post": "SELECT to_jsonb(x) FROM post x ORDER BY id",
    "person": "SELECT to_jsonb(x) FROM person x ORDER BY id",
    "total": "SELECT to_jsonb(x) FROM ledger_total x ORDER BY line_id",
    "quota": "SELECT to_jsonb(x) - 'id' - 'recorded_at' - 'recorded_to' FROM quota x ORDER BY id",
    "absence": "SELECT to_jsonb(x) - 'recorded_at' - 'recorded_to' FROM absence x ORDER BY id",
    "retirement": "SELECT to_jsonb(x) FROM due_retirement x ORDER BY person_id",
    "alarm": "SELECT to_jsonb(x) - 'id' - 'raised_at' - 'last_at' - 'closed_at' FROM alarm x ORDER BY id",
    "entry": "SELECT jsonb_build_array(chain_kind, chain_id, sequence, type, effective_on, payload, case_id, actor, scope_path)"
    " FROM ledger_entry ORDER BY chain_kind, chain_id, sequence",
}
SEQUENCES = ("occupancy", "quota", "post", "absence")


@contextmanager
def undone(world: World) -> Iterator[Connection]:
    with world.superuser.connect() as connection:
        begun = connection.begin()
        yield connection
        begun.rollback()


def moved(connection: Connection, facts: str, day: Any) -> Any:
    """All rows after the movement, or the refusal with its figures."""
    try:
        connection.execute(text("SELECT k_move_people(NULL, CAST(:f AS jsonb), :d)"), {"f": facts, "d": day})
    except DBAPIError as error:
        diag = error.orig.diag  # type: ignore[union-attr]
        return (diag.message_primary, diag.message_detail)
    return {name: connection.execute(text(query)).scalars().all() for name, query in ROWS.items()}


def both_ways(world: World, source: int, target: int, day: Any = TODAY, **more: Any) -> tuple[Any, Any, int]:
    """What comes of it one by one and together, and how many went together."""
    facts = json.dumps({"line": source, "into_line": target, **more})
    at = {s: world.value(f"SELECT nextval(pg_get_serial_sequence('{s}', 'id'))") for s in SEQUENCES}
    found = []
    for together in (False, True):
        with undone(world) as connection:
            for name, value in at.items():  # both give rows the same numbers
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), :v)"), {"v": value})
            if not together:
                signature = "bigint, bigint[], bigint, bigint, bigint, text, text, date, timestamptz"
                connection.execute(text(f"DROP FUNCTION k_move_together({signature})"))
                connection.execute(
                    text(f"CREATE FUNCTION k_move_together({signature}) RETURNS int LANGUAGE sql AS 'SELECT 0'")
                )
            else:
                connection.execute(text("CREATE TEMP TABLE seen AS SELECT 0 AS n"))
                connection.execute(text("CREATE FUNCTION pg_temp.count_rows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
                                        " UPDATE seen SET n = greatest(n, (SELECT count(*) FROM fresh)); RETURN NULL; END'"))  # fmt: skip
                connection.execute(text("CREATE TRIGGER zz_count AFTER INSERT ON occupancy REFERENCING NEW TABLE AS fresh"
                                        " FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.count_rows()"))  # fmt: skip
            found.append(moved(connection, facts, day))
            most = (
                0
                if not together or isinstance(found[-1], tuple)
                else connection.execute(text("SELECT n FROM seen")).scalar_one()
            )
    return found[0], found[1], most


def compared(world: World, source: int, target: int, day: Any = TODAY, **more: Any) -> int:
    alone, together, most = both_ways(world, source, target, day, **more)
    assert type(alone) is type(together)
    if isinstance(alone, dict):
        for name in ROWS:
            assert alone[name] == together[name], name
    else:
        assert alone == together
    return most


def test_a_line_moves_together_but_for_its_leaders_and_leaves_the_same_rows_and_entries(world: World) -> None:
    old = world.body(
        "同行旧局", quotas={"11": 12}, people={"11": 12}, leaders={"deputy:0132": 2}, departments=("办公室", "业务科")
    )
    new = world.body("同行新局", quotas={"11": 20}, people={"11": 3}, departments=("综合科",))
    assert compared(world, old.line, new.line) == 12
    assert compared(world, old.line, new.line, day=ago(400)) == 12
    assert compared(world, old.line, new.line, department=new.departments["综合科"]) == 12
    assert compared(world, old.line, new.line, people=",".join(map(str, old.people[3:7]))) == 4
    lead(world, old, old.lines["deputy:0132"], old.people[4])
    lent = {"person": old.people[7], "absence_kind": "secondment", "host_unit": new.id, "start": ago(9).isoformat(),
            "until_on": (TODAY + dt.timedelta(days=60)).isoformat()}  # fmt: skip
    case = world.submit(world.clerk(old), old, "secondment", lent, name="外借", person_id=old.people[7])
    world.decide(world.office("organisation"), case, "personnel")
    world.decide(world.office("establishment"), case, "establishment")
    # Four, then the leader alone, then seven, of whom one comes back from where he was lent to.
    assert compared(world, old.line, new.line) == 7
    by_office(world, "people_move", {"line": old.line, "into_line": new.line, "document_no": "佛编〔2026〕88号", "issuer": "市委编委",
                                     "start": TODAY.isoformat()}, about=old)  # fmt: skip
    assert world.figures(old.line)[1:] == (0, 0)
    assert world.figures(new.line)[1:] == (15, 0)
    assert findings(world) == []


@pytest.mark.parametrize("room", [0, 1, 5, 7])
def test_where_room_ends_the_same_person_is_refused_with_the_same_figures(world: World, room: int) -> None:
    old = world.body(f"满员旧局{room}", quotas={"11": 8}, people={"11": 8})
    new = world.body(f"满员新局{room}", quotas={"11": room + 2}, people={"11": 2})
    alone, together, _most = both_ways(world, old.line, new.line)
    assert alone == together
    assert alone[0] == "quota_exhausted"


def test_a_surplus_is_absorbed_one_by_one_before_the_rest_goes_together(world: World) -> None:
    old = world.body("超编旧局", quotas={"11": 6}, people={"11": 9})
    new = world.body("超编新局", quotas={"11": 20}, people={"11": 1})
    assert compared(world, old.line, new.line) == 6


def test_whom_a_single_movement_refuses_is_refused_as_it_would(world: World) -> None:
    old = world.body("后到旧局", quotas={"11": 6}, people={"11": 3})
    new = world.body("后到新局", quotas={"11": 9}, people={"11": 1})
    entered(world, old, ago(3))
    alone, together, _most = both_ways(world, old.line, new.line, day=ago(30))
    assert alone == together
    assert alone[0] == "before_entry"
    assert compared(world, old.line, new.line) == 4
    # Nobody could sit on a day before the seats there were.
    alone, together, _most = both_ways(world, old.line, new.line, department=old.id)
    assert alone == together
    assert alone[0] == "not_found"
    young = department(world, new, "后设科", ago(50))
    alone, together, _most = both_ways(world, old.line, new.line, day=ago(51), department=young)
    assert alone == together
    assert alone[0] == "not_yet_open"
