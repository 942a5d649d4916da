"""Looking ahead: the stored days are the law's, the sums are those of people one by one, and everybody sees his own."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from app.alarms.rules_people import RULES
from app.domain import retirement
from app.domain.retirement import Track, statutory, track_of
from app.queries import forecast
from app.queries.forecast import Place
from tests.ledger import steps
from tests.ledger.steps import TODAY, ago
from tests.security.conftest import Client, app, client
from tests.world import World

__all__ = ["app", "client"]  # the fixtures are shared

CITY = Place("4406", "4407")
# One row a person, as a reader of the register would reckon it.
SEATED = text(
    "SELECT p.id, p.sex, p.birth_on, p.level, p.rank, l.category, l.id AS line FROM person p JOIN occupancy o"
    " ON o.person_id = p.id AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL"
    " JOIN quota_line l ON l.id = o.line_id"
)


def reckoned(world: World) -> dict[int, tuple[dt.date, dt.date, int]]:
    """Earliest day, day by law and line of everybody who sits, by the domain's rule."""
    out = {}
    with world.superuser.connect() as connection:
        for r in connection.execute(SEATED):
            senior = (r.level or "")[:4] in ("0121", "0122", "0131", "0132")
            track = track_of(r.sex, worker=r.category in retirement.WORKER_CATEGORIES, senior=senior)
            rule = statutory(r.birth_on, track)
            out[r.id] = (rule.earliest_on, rule.on, r.line)
    return out


def stored(world: World) -> dict[int, tuple[dt.date, dt.date, int]]:
    """The derived rows."""
    with world.superuser.connect() as connection:
        rows = connection.execute(text("SELECT person_id, earliest_on, retires_on, line_id FROM due_retirement"))
        return {r.person_id: (r.earliest_on, r.retires_on, r.line_id) for r in rows}


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Any]:
    """Bodies of several categories with people of all ages; one person past the age, one past it by a week only."""
    first = world.body("展望局", quotas={"11": 12, "13": 4}, people={"11": 10, "13": 4}, departments=("一科",))
    school = world.body("展望学校", quotas={"22": 6}, people={"22": 6}, kind="institution", region="440604")
    everybody = [*first.people, *school.people]
    with world.owner.begin() as connection:
        for n, person in enumerate(everybody):
            born = dt.date(1965 + n * 37 % 30, 1 + n % 12, 1 + n)
            connection.execute(text("UPDATE person SET sex = :s, birth_on = :b, level = :l WHERE id = :p"),
                               {"s": "12"[n % 2], "b": born, "l": "0132" if n % 5 == 1 else None, "p": person})  # fmt: skip
    return {"first": first, "school": school, "everybody": everybody}


def test_the_stored_days_are_those_of_the_law_and_follow_every_movement(world: World, bodies: dict[str, Any]) -> None:
    assert stored(world) == reckoned(world)
    assert len(stored(world)) == len(bodies["everybody"])
    first = bodies["first"]
    steps.leave(world, first, first.people[0], ago(3))
    assert first.people[0] not in stored(world)
    came = steps.entered(world, first, ago(2))
    assert came in stored(world)
    assert stored(world) == reckoned(world)
    before = stored(world)
    with world.owner.begin() as connection:
        connection.execute(text("SELECT k_forecast_rebuild()"))
    assert stored(world) == before


def test_the_kernel_and_the_domain_reckon_the_same_day_for_every_month_of_birth(world: World) -> None:
    births = [dt.date(year, month, 31 if month == 1 else 15) for year in range(1960, 2001) for month in range(1, 13)]
    ways = {
        Track.MAN: ("1", False, False),
        Track.WOMAN_CADRE: ("2", False, False),
        Track.WOMAN_WORKER: ("2", True, False),
    }
    with world.superuser.connect() as connection:
        for track, (sex, worker, senior) in ways.items():
            rows = connection.execute(
                text(
                    "SELECT k_retires_on(:s, b, :w, :n) AS day FROM unnest(cast(:b AS date[])) WITH ORDINALITY x(b, i) ORDER BY i"
                ),
                {"s": sex, "w": worker, "n": senior, "b": births},
            ).scalars()
            assert list(rows) == [statutory(born, track).on for born in births]


def test_the_months_are_the_people_one_by_one(world: World, bodies: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        found = forecast.forecast(session, CITY, TODAY)
        bands = {b.band: b.n for b in forecast.ages(session, CITY)}
    end = forecast.end_of(TODAY)
    due = Counter(day.replace(day=1) for _e, day, _line in reckoned(world).values() if TODAY <= day < end)
    assert found.months == due
    assert sum(found.of_year(year) for year in found.years) == due.total()
    assert found.early.total() == sum(1 for early, _d, _l in reckoned(world).values() if TODAY <= early < end)
    assert sum(bands.values()) == len(reckoned(world))
    for number, (_unit, line) in found.lines.items():
        assert line.leaving.total() == sum(
            1 for _e, d, at in reckoned(world).values() if at == number and TODAY <= d < end
        )
        vacant, over = line.after(TODAY.year + 10)
        assert vacant - over == (line.authorised or 0) - line.occupied + line.leaving.total()


def plainly(world: World, what: str, days: list[dt.date], low: str, high: str, but: str = "-") -> dict[int, int]:
    """How many of the derived rows lie in each span, counted one by one, without those below one path."""
    query = (
        f"SELECT width_bucket({what}, cast(:d AS date[])) AS span, count(*) AS n FROM due_retirement WHERE {what} >= :a AND {what} < :b"
        " AND scope_path >= :low AND scope_path < :high AND NOT starts_with(scope_path, :but) GROUP BY 1"
    )
    with world.superuser.connect() as connection:
        values = {"d": days, "a": days[0], "b": days[-1], "low": low, "high": high, "but": but}
        return {r.span: r.n for r in connection.execute(text(query), values)}


COLUMNS = {"birth": "birth_on", "early": "earliest_on", "law": "retires_on", "late": "latest_on"}


def counted(world: World, what: str, days: list[dt.date], low: str, high: str) -> dict[int, int]:
    """The same as the city's office is told."""
    with world.database.transaction(world.office("establishment")) as session:
        if what in ("early", "late"):
            rows = session.execute(text("SELECT * FROM forecast_band(:l, :h, :d)"), {"l": low, "h": high, "d": days})
            return {r.span: n for r in rows if (n := r.earliest if what == "early" else r.latest)}
        rows = session.execute(
            text("SELECT * FROM k_due_asked(:w, :l, :h, :d)"), {"w": what, "l": low, "h": high, "d": days}
        )
        return {r.span: r.n for r in rows}


@pytest.fixture
def asked(world: World) -> Any:
    """What the pages' functions ask, so that a test may ask it for any days."""
    with world.superuser.begin() as connection:
        connection.execute(text("CREATE FUNCTION k_due_asked(text, text, text, date[]) RETURNS TABLE (span int, n bigint) LANGUAGE sql STABLE"
                                " SECURITY DEFINER AS 'SELECT * FROM k_due($1, $2, $3, $4)'"))  # fmt: skip
        connection.execute(text("GRANT EXECUTE ON FUNCTION k_due_asked TO bianzhi_app"))
    yield
    with world.superuser.begin() as connection:
        connection.execute(text("DROP FUNCTION k_due_asked"))


def test_sums_by_month_never_differ_from_the_rows_counted_one_by_one(
    world: World, bodies: dict[str, Any], asked: Any
) -> None:
    first = bodies["first"]
    spans = {
        "months": [dt.date(year, month, 1) for year in range(1950, 2071, 3) for month in (1, 7)],
        "cut": [dt.date(1955, 3, 9), dt.date(1970, 3, 1), dt.date(1979, 6, 11), dt.date(1979, 6, 20), dt.date(2031, 2, 28), dt.date(2060, 1, 31)],
    }  # fmt: skip
    places = [
        ("4406", "4407"),
        ("440600", "440600/"),
        ("440604", "440604/"),
        (first.scope_path, first.scope_path + "/"),
        ("4409", "4410"),
    ]

    def compared(but: str = "-") -> int:
        total = 0
        for what, column in COLUMNS.items():
            for days in spans.values():
                for low, high in places:
                    found = counted(world, what, days, low, high)
                    assert found == plainly(world, column, days, low, high, but), (what, days, low)
                    total += sum(found.values())
        return total

    whole = compared()
    assert whole > 0
    steps.entered(world, first, ago(1))
    steps.leave(world, first, first.people[3], ago(1))
    other = world.body("展望新局", quotas={"11": 3})
    steps.transfer(world, first, other, first.people[4])
    compared()
    steps.transfer(world, other, first, first.people[4])
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE person SET birth_on = birth_on - 400 WHERE id = :p"), {"p": first.people[5]})
        connection.execute(text("SELECT k_due_recount()"))
        connection.execute(text("UPDATE person SET birth_on = birth_on + 30 WHERE id = :p"), {"p": first.people[5]})
    compared()
    # What is rolled back was never counted.
    with world.owner.connect() as connection:
        connection.execute(text("UPDATE person SET birth_on = birth_on - 4000"))
        connection.rollback()
    before = compared()
    # A body 不上网 is taken out of every sum.
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": first.id})
    try:
        assert compared(but=first.scope_path) < before
    finally:
        with world.superuser.begin() as connection:
            connection.execute(text("UPDATE unit SET not_networked = false WHERE id = :u"), {"u": first.id})


def test_the_job_draws_the_sums_together_once_there_are_many(world: World, bodies: dict[str, Any]) -> None:
    ask = "SELECT count(*) FILTER (WHERE NOT summed), (SELECT sum(n) FROM due_count WHERE what = 'law') FROM due_count"
    with world.owner.begin() as connection:
        connection.execute(text("SELECT k_due_recount()"))
        for sign in (1, -1):
            connection.execute(
                text("INSERT INTO due_count (what, month, place, personnel_class, n, summed)"
                     " SELECT 'law', DATE '2030-01-01', '440600', 'civil', :s, false FROM generate_series(1, 10001)"), {"s": sign},
            )  # fmt: skip
        people = connection.execute(text("SELECT count(*) FROM due_retirement")).scalar_one()
        assert tuple(connection.execute(text(ask)).one()) == (20002, people)
        connection.execute(text("SELECT k_due_sum()"))
        assert tuple(connection.execute(text(ask)).one()) == (0, people)


def test_who_is_overdue_is_whom_the_alarm_finds(world: World, bodies: dict[str, Any]) -> None:
    late, near = bodies["first"].people[1], bodies["first"].people[2]
    with world.owner.begin() as connection:
        for person, least, most in ((late, 40, 110), (near, 1, 30)):
            births = (TODAY.replace(year=TODAY.year - 61, day=1) + dt.timedelta(days=n) for n in range(500))
            born = next(b for b in births if least <= (TODAY - statutory(b, Track.MAN).on).days <= most)
            connection.execute(
                text("UPDATE person SET sex = '1', birth_on = :b WHERE id = :p"), {"b": born, "p": person}
            )
    rule = next(r for r in RULES if r.code == "AL12")
    with world.superuser.connect() as connection:
        query = rule.select.replace("{only}", "")
        subjects = connection.execute(text(query), {"today": TODAY, **rule.params}).all()
    with world.database.transaction(world.office("establishment")) as session:
        assert forecast.overdue(session, CITY, TODAY, rule.params["grace"]) == len(subjects)
        assert late in {s.person_id for s in subjects}
        assert near not in {s.person_id for s in subjects}
        past = forecast.people(session, CITY, dt.date(1949, 10, 1), TODAY, "", None, 100)
        assert {late, near} <= {p.person_id for p in past}
        assert forecast.overdue(session, CITY, TODAY) == len(past)
    assert rule.params["grace"] == forecast.GRACE


def test_every_reader_sees_the_range_and_the_classes_that_are_his(world: World, bodies: dict[str, Any]) -> None:
    def seen(who: Any) -> set[int]:
        with world.database.transaction(who) as session:
            rows = forecast.people(session, CITY, dt.date(1949, 10, 1), dt.date(2190, 1, 1), "", None, 500)
            total = sum(b.n for b in forecast.ages(session, CITY))
            assert total == len(rows)
            return {r.person_id for r in rows}

    everybody = set(stored(world))
    school, first = set(bodies["school"].people), bodies["first"]
    assert seen(world.office("establishment")) == everybody
    assert seen(world.office("establishment", "440604")) == school
    assert seen(world.clerk(first)) == everybody - school
    assert not seen(world.office("organisation")) & school
    assert seen(world.office("finance")) == set()


def test_the_list_goes_on_where_it_stopped(world: World, bodies: dict[str, Any]) -> None:
    with world.database.transaction(world.office("establishment")) as session:
        span = (dt.date(1949, 10, 1), dt.date(2190, 1, 1))
        whole = [r.person_id for r in forecast.people(session, CITY, *span, "", None, 500)]
        paged: list[int] = []
        mark = None
        while page := forecast.people(session, CITY, *span, "", mark, 4):
            paged += [r.person_id for r in page]
            mark = (page[-1].retires_on, page[-1].person_id)
    assert paged == whole


def test_the_pages_answer_and_refuse_nonsense(world: World, bodies: dict[str, Any], client: Any) -> None:
    world.account("bianban", "office_member", office=("establishment", "440600"))
    office: Client = client("bianban")
    body = bodies["first"]
    for path in ("/forecast", "/forecast?region=440604", f"/forecast?unit={body.id}", "/forecast/export",
                 f"/forecast/people?to={TODAY}"):  # fmt: skip
        assert office.get(path).status_code == 200, path
    for path in ("/forecast?unit=x", "/forecast/people?to=x", "/forecast/people?to=2030-01-01&after=x",
                 "/forecast/people?to=2030-01-01&category=zz", "/forecast/people?to=2030-01-01&after=2026-01-01~x"):  # fmt: skip
        assert office.get(path).status_code == 400, path
    for path in ("/forecast?region=9", "/forecast?unit=999999"):
        assert office.get(path).status_code == 404, path
    page = office.get(f"/forecast?unit={body.id}").get_data(as_text=True)
    assert "展望局" in page
