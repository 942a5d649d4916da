"""The published cases, imported as a keeper imports them, give the published figures."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import roster, settings
from app.domain.quota import Figures, average, change_fits, percent, total, within
from app.domain.workdays import city_today
from app.ledger.verify import Verifier
from app.queries import history, units
from app.queries.units import Line
from tests.data import make_cases
from tests.ledger.steps import set_quota
from tests.world import World

DATA = Path(make_cases.__file__).parent


@pytest.fixture(scope="module")
def imported(world: World) -> Iterator[World]:
    """All workbooks of tests/data, entered by the command itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "app_url", lambda: world.app_url)
        patch.setattr(settings, "signin_url", lambda: world.signin_url)
        patch.setattr(settings, "key_ring", lambda: world.keys)
        for file in sorted(DATA.glob("*.xlsx")):
            preview = CliRunner().invoke(roster.import_group, ["roster", str(file)])
            assert preview.exit_code == 0, preview.output
            done = CliRunner().invoke(roster.import_group, ["roster", str(file), "--commit"])
            assert done.exit_code == 0, done.output
            assert "隔离 0 个单位" in done.output
        yield world


def lines(world: World, name: str, kind: str = "establishment") -> dict[str, Line]:
    unit = world.value("SELECT id FROM unit WHERE name = :n AND node = 'legal'", n=name)
    with world.database.transaction(world.office("establishment")) as session:
        return {line.label: line for line in units.lines_of(session, unit, kind)}


def brief(f: Figures) -> tuple[int | None, int, int, int]:
    return f.authorised, f.occupied, f.vacant, f.surplus


def test_workbooks_are_those_that_the_script_writes(tmp_path: Path) -> None:
    from app.exchange.roster import read_workbook

    for make in make_cases.BOOKS:
        fresh = make().save(tmp_path)
        assert read_workbook(fresh) == read_workbook(DATA / fresh.name), fresh.name


def test_a1_a_towns_organ_and_its_workers_are_counted_apart(imported: World) -> None:
    found = lines(imported, "雨过铺镇机关")
    assert brief(found["行政编制"].figures) == (24, 23, 1, 0)
    assert brief(found["机关工勤编制"].figures) == (3, 3, 0, 0)
    both = total([line.figures for line in found.values()])
    assert brief(both) == (27, 26, 1, 0)
    leads = total([line.figures for line in lines(imported, "雨过铺镇机关", "leadership").values()])
    assert brief(leads) == (8, 8, 0, 0)


def departments(session: Any, unit: int) -> list[Any]:
    return history.departments_on(session, unit, city_today())


@pytest.mark.parametrize(
    ("room", "fixed", "there", "vacant"),
    [("党政办公室", 10, 9, 1), ("经济开发办公室", 3, 3, 0), ("社会事务办公室", 2, 2, 0), ("民政所", 1, 1, 0)],
)
def test_a1_each_department_has_its_published_figures(
    imported: World, room: str, fixed: int, there: int, vacant: int
) -> None:
    unit = imported.value("SELECT id FROM unit WHERE name = '雨过铺镇机关'")
    with imported.database.transaction(imported.office("establishment")) as session:
        row = next(d for d in departments(session, unit) if d.name == room)
    assert (row.allotted, row.people) == (fixed, there)
    assert max(0, row.allotted - row.people) == vacant


def test_a1_the_parts_add_up_to_the_whole(imported: World) -> None:
    unit = imported.value("SELECT id FROM unit WHERE name = '雨过铺镇机关'")
    with imported.database.transaction(imported.office("establishment")) as session:
        rooms = departments(session, unit)
    assert 8 + sum(r.allotted for r in rooms) == 24
    assert 8 + sum(r.people for r in rooms) == 23


def test_a3_after_the_reduction_there_are_78(imported: World) -> None:
    assert brief(lines(imported, "信访局")["行政编制"].figures) == (78, 0, 78, 0)
    document = imported.value("SELECT document_no FROM quota WHERE authorised = 78")
    assert document == "湘办〔2019〕66号"


def test_a3_from_82_the_document_takes_four_and_the_history_keeps_both(imported: World) -> None:
    body = imported.body("信访局改革前", quotas={"11": 82}, start=dt.date(2015, 1, 1))
    set_quota(imported, body, body.line, 78, dt.date(2019, 3, 1))
    rows = "SELECT string_agg(authorised::text, ',' ORDER BY started_on) FROM quota WHERE line_id = :l AND recorded_to IS NULL"
    assert imported.value(rows, l=body.line) == "82,78"
    assert imported.figures(body.line) == (78, 0, 0)
    assert change_fits(82, -4, imported.figures(body.line)[0] or 0)


def test_a5_a_leader_who_sits_elsewhere_takes_a_leadership_seat_and_no_other(imported: World) -> None:
    assert brief(lines(imported, "市人民政府办公室")["行政编制"].figures) == (63, 0, 63, 0)
    assert brief(lines(imported, "市金融工作办公室")["行政编制"].figures) == (3, 0, 3, 0)
    both = [lines(imported, name)["行政编制"].figures for name in ("市人民政府办公室", "市金融工作办公室")]
    assert total(both).authorised == 66
    lead = lines(imported, "市人民政府办公室", "leadership")
    assert lead["乡科级正职（其他）"].figures.authorised == 19
    assert brief(lead["县处级正职（正职）"].figures) == (1, 1, 0, 0)


def test_a5_six_of_the_63_are_meant_for_one_purpose_and_add_nothing(imported: World) -> None:
    unit = imported.value("SELECT id FROM unit WHERE name = '市人民政府办公室'")
    with imported.database.transaction(imported.office("establishment")) as session:
        row = next(d for d in departments(session, unit) if d.name == "离退休干部工作科")
    assert (row.allotted, row.people) == (6, 0)
    assert within(63, [row.allotted])


def test_a7_eleven_bodies_have_1079_and_four_of_them_more_than_a_hundred(imported: World) -> None:
    numbers = {}
    for name in make_cases.PROVINCE:
        numbers[name] = lines(imported, name)["行政编制"].figures.authorised or 0
    assert sum(numbers.values()) == 1079
    assert sorted((n for n in numbers.values() if n > 100), reverse=True) == [195, 169, 125, 102]
    assert sum(n for n in numbers.values() if n <= 100) == 488


def test_a8_the_average_of_thirteen_is_20_92(imported: World) -> None:
    total = imported.value(
        "SELECT sum(t.authorised) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id JOIN unit u ON u.id = l.unit_id"
        " WHERE u.name LIKE '第%镇街'"
    )
    assert total == 272
    assert average(total, 5 + 8) == Decimal("20.92")


def test_a10_the_parts_below_the_government_have_the_other_28(imported: World) -> None:
    rest = imported.value(
        "SELECT sum(t.authorised) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id JOIN unit u ON u.id = l.unit_id"
        " JOIN unit p ON p.id = u.parent_id WHERE p.name = '水口镇人民政府' AND l.category = '22'"
    )
    assert rest == 28
    own = brief(lines(imported, "水口镇人民政府")["行政编制"].figures)[0]
    assert own == 30
    assert own + rest == 58


def test_a15_sixteen_bodies_are_led_by_people_who_sit_elsewhere(imported: World) -> None:
    names = [f"顺德区{n}" for n in make_cases.SHUNDE]
    bodies = imported.value(
        "SELECT count(*) FROM unit WHERE node = 'legal' AND name LIKE '顺德区%' AND status = 'active'"
    )
    assert bodies == len(names) == 1 + 5 + 10
    fewer = percent(41 - bodies, 41) or Decimal(0)
    assert Decimal(60) < fewer < Decimal("66.67")  # 缩减六成 holds, 近三分之二 does not
    for name in names:
        assert brief(lines(imported, name)["行政编制"].figures) == (30, 0, 30, 0)
        assert brief(lines(imported, name, "leadership")["县处级正职（正职）"].figures) == (1, 1, 0, 0)


def test_what_was_imported_is_proved_by_its_chains(imported: World) -> None:
    with imported.superuser.connect() as connection:
        assert list(Verifier(connection, imported.keys).findings()) == []
        entered = connection.execute(text("SELECT count(*) FROM import_batch WHERE state = 'entered'")).scalar_one()
    assert entered == 50
