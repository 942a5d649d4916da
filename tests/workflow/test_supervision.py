"""效能监督: figures by office and business, each reader within the own ranges, and the cases behind them."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from app.domain.workdays import city_today
from app.queries.supervision import UNITS, Behind, Picture, behind, office_names, picture
from app.workflow import due
from tests.ledger.steps import ago
from tests.security.conftest import Client
from tests.statements import heard
from tests.world import Body, World

CITY, DISTRICT = "440600", "440604"
TODAY = city_today()


@pytest.fixture(scope="module")
def bodies(world: World) -> dict[str, Body]:
    """Two of the city's cases and one of a district's are decided, in 1, 9 and 4 days; one of each waits."""
    made = {"市": world.body("督办市局", start=ago(400)), "区": world.body("督办区局", region=DISTRICT, start=ago(400)),
            "暗": world.body("督办暗局", start=ago(400))}  # fmt: skip
    for side, days in (("市", 1), ("市", 9), ("区", 4), ("暗", 2)):
        case = world.recruit(made[side])
        world.approve_recruit(case, region=DISTRICT if side == "区" else CITY)
        with world.superuser.begin() as connection:
            connection.execute(text("UPDATE time_record SET spent = :d, allowed = 5 WHERE application_id = :c"),
                               {"d": days, "c": case})  # fmt: skip
    for side in ("市", "区"):
        world.recruit(made[side])
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE unit SET not_networked = true WHERE id = :u"), {"u": made["暗"].id})
        connection.execute(
            text("UPDATE task SET due_on = kernel_today() - 1 WHERE state = 'open' AND code = 'personnel'")
        )
    world.account("bian", "office_member", office=("establishment", CITY))
    world.account("qubian", "office_member", office=("establishment", DISTRICT))
    world.account("zutou", "office_head", office=("organisation", CITY))
    world.account("zuzhi", "office_member", office=("organisation", CITY))
    world.account("jijian", "inspector", region=DISTRICT)
    world.account("zhen", "town_officer", region="440604100")
    return made


def seen(world: World, username: str, *, whole: bool = True) -> tuple[Picture, dict[str, int]]:
    with world.database.transaction(world.identity(username)) as session:
        return picture(session, TODAY, TODAY, whole=whole), {n: i for i, n in office_names(session).items()}


def test_the_establishment_office_and_inspection_count_what_lies_in_their_ranges(
    world: World, bodies: dict[str, Body]
) -> None:
    found, offices = seen(world, "bian")
    whole = found.processes["recruit"].times
    # A unit 不上网 is in nobody's figures but its own people's.
    assert (whole.number, whole.median, whole.ninety, round(whole.timely or 0)) == (3, 4, 9, 67)
    city = found.offices[offices["佛山市委编办"]]
    assert (city.times.number, city.times.mean, city.timely) == (2, 5.0, 1)
    for username in ("qubian", "jijian"):
        found, _offices = seen(world, username)
        assert found.processes["recruit"].times.number == 1, username
        assert found.processes["recruit"].waiting == {"green": 1, "red": 1}, username
        assert sum(line.times.number for line in found.offices.values()) == 2


def test_a_month_that_is_over_is_summed_by_the_job_and_says_the_same(world: World, bodies: dict[str, Body]) -> None:
    """For every reader, with a unit 不上网 in the region; and anew where a record goes."""
    last = TODAY.replace(day=1) - dt.timedelta(days=1)

    def figures() -> list[Any]:
        out = []
        for username in ("bian", "qubian", "jijian", "zutou"):
            with world.database.transaction(world.identity(username)) as session:
                for since, until in ((last.replace(day=1), TODAY), (last - dt.timedelta(days=9), last), (last, TODAY)):
                    found = picture(session, since, until, whole=username != "zutou")
                    out.append([{k: v.times for k, v in part.items() if v.times.number}
                                for part in (found.offices, found.processes)])  # fmt: skip
        return out

    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE time_record SET closed_on = :d WHERE id % 3 < 2"), {"d": last})
    raw = figures()
    due.escalate(world.database, world.service("svc-worker"))
    assert world.value("SELECT count(*) FROM time_month WHERE month = :m", m=last.replace(day=1)) > 0
    assert figures() == raw
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE time_record SET closed_on = kernel_today()"))
    assert world.value("SELECT count(*) FROM time_month") == 0


def test_the_head_of_another_office_counts_its_own_and_others_nothing(world: World, bodies: dict[str, Body]) -> None:
    found, offices = seen(world, "zutou", whole=False)
    assert [i for i, line in found.offices.items() if line.times.number] == [
        world.value("SELECT id FROM office WHERE kind = 'organisation' AND region_code = :r", r=CITY)
    ]
    assert found.processes["recruit"].times.number == 2
    assert found.processes["recruit"].waiting == {"red": 1}
    assert UNITS not in found.offices
    assert offices
    for username in ("zuzhi", "zhen"):
        assert seen(world, username)[0] == Picture({}, {}, True)


def test_the_cases_behind_a_figure_are_the_readers_own_and_the_longest_first(
    world: World, bodies: dict[str, Body]
) -> None:
    with world.database.transaction(world.identity("bian")) as session:
        whole = behind(session, Behind(TODAY, TODAY), None, 10)
        assert [r.spent for r in whole] == [9, 4, 1]
        first = behind(session, Behind(TODAY, TODAY), None, 1)[0]
        assert [r.spent for r in behind(session, Behind(TODAY, TODAY), (first.spent, first.record), 10)] == [4, 1]
        assert [r.spent for r in behind(session, Behind(TODAY, TODAY, late=True), None, 10)] == [9]
        assert behind(session, Behind(TODAY, TODAY, process="retire"), None, 10) == []
        assert behind(session, Behind(ago(9), ago(3)), None, 10) == []
    with world.database.transaction(world.identity("zutou")) as session:
        for office in (None, UNITS, 1):  # whatever the address says, a head sees the own office's
            assert [r.spent for r in behind(session, Behind(TODAY, TODAY, office=office), None, 10)] == [9, 1]
    with world.database.transaction(world.identity("zuzhi")) as session:
        assert behind(session, Behind(TODAY, TODAY), None, 10) == []


def statements(app: Flask, ask: Callable[[], Any]) -> int:
    """How many statements a page sends."""
    with heard(app) as said:
        ask()
    return len(said)


def rows(answer: Any) -> list[tuple[Any, ...]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    return [tuple(row) for row in book.get_sheet_by_index(0).to_python()]


def test_the_pages_show_the_figures_lead_to_the_cases_and_give_them_away_as_workbooks(
    world: World, bodies: dict[str, Body], client: Callable[..., Client]
) -> None:
    user = client("bian")
    page = user.get("/supervision").get_data(as_text=True)
    assert "66.7" in page
    assert "process=recruit" in page
    assert "/supervision" in user.get("/").get_data(as_text=True)
    figures = rows(user.get("/supervision/export"))
    assert [r[2:7] for r in figures if r[2] == "3"] == [("3", "4.7", "4", "9", "66.7")]
    shown = user.get("/supervision/cases?process=recruit&late=1").get_data(as_text=True)
    assert shown.count('bz-strong" href="/case/') == 1
    assert [r[5] for r in rows(user.get("/supervision/cases/export?process=recruit"))[1:]] == ["9", "4", "1"]
    assert (
        world.value("SELECT count(*) FROM audit_event WHERE kind = 'export' AND facts ->> 'list' LIKE 'supervision%'")
        == 2
    )
    for bad in (
        "?from=x",
        "?from=2026-02-01&to=2026-01-01",
        "/cases?office=-1",
        "/cases?after=1",
        "?q=1",
        "/cases?process=a-b",
    ):
        assert user.get(f"/supervision{bad}").status_code == 400, bad
    for username in ("zuzhi", "zhen"):
        for path in ("", "/export", "/cases", "/cases/export"):
            assert client(username).get(f"/supervision{path}").status_code == 404, (username, path)


def test_the_number_of_statements_does_not_grow_with_the_cases(
    app: Flask, world: World, bodies: dict[str, Body], client: Callable[..., Client]
) -> None:
    user = client("bian")
    before = statements(app, lambda: user.get("/supervision"))
    cases = statements(app, lambda: user.get("/supervision/cases"))
    for _n in range(3):
        world.approve_recruit(world.recruit(bodies["市"]))
    assert statements(app, lambda: user.get("/supervision")) == before
    assert statements(app, lambda: user.get("/supervision/cases")) == cases
    assert before <= 12
