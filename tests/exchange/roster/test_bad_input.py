"""Bad rosters: refused with sheet, row, column, what was found and what is allowed; nothing half stored."""

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import roster, settings
from app.domain.workdays import city_today
from tests.data.make_cases import Book
from tests.world import World

TODAY = city_today()


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(settings, "app_url", lambda: world.app_url)
    monkeypatch.setattr(settings, "signin_url", lambda: world.signin_url)
    monkeypatch.setattr(settings, "key_ring", lambda: world.keys)

    def go(what: Book | Path, *options: str) -> Result:
        file = what.save(tmp_path) if isinstance(what, Book) else what
        return CliRunner().invoke(roster.import_group, ["roster", str(file), *options])

    return go


def small(name: str, quota: int = 3, people: int = 2) -> Book:
    """One unit with a line and people; each book has its own."""
    book = Book(name)
    book.unit("U", f"坏例{name}局")
    book.department("D", "U", "办公室")
    book.line("U", "11", quota)
    book.lead("U", "正职", "0141", 1)
    for _ in range(people):
        book.person("U", "11", "D")
    return book


def change(**cells: Any) -> Callable[[Book], None]:
    def do(book: Book) -> None:
        book.rows["人员"][0].update(cells)

    return do


def twice(book: Book) -> None:
    book.rows["人员"].append(dict(book.rows["人员"][0]))


def wrong_digit(book: Book) -> None:
    number = book.rows["人员"][0]["证件号码"]
    book.rows["人员"][0]["证件号码"] = number[:-1] + ("0" if number[-1] != "0" else "1")


def stranger_leads(book: Book) -> None:
    name, number, _sex, _born = book.identity()
    book.leader("U", "正职", "0141", (name, number))


def no_home(book: Book) -> None:
    name, number, _sex, _born = book.identity()
    book.leader("U", "正职", "0141", (name, number), nature="挂职")


def number_for_id(book: Book) -> None:
    book.rows["人员"][0]["证件号码"] = int(book.rows["人员"][0]["证件号码"][:15])


@pytest.mark.parametrize(
    ("spoil", "sheet", "column", "says"),
    [
        (wrong_digit, "人员", "证件号码", "校验"),
        (change(出生日期="1980-01-01"), "人员", "证件号码", "出生"),
        (change(性别="7"), "人员", "性别", "7"),
        (change(编制类型代码="77"), "人员", "编制类型代码", "77"),
        (change(入编日期=(TODAY + dt.timedelta(days=3)).isoformat()), "人员", "入编日期", "尚未到"),
        (change(入编日期="1976-01-01"), "人员", "入编日期", "十六"),
        (change(姓名=""), "人员", "姓名", "必填"),
        (change(单位编码="ZZ"), "人员", "单位编码", "ZZ"),
        (change(内设机构编码="ZZ"), "人员", "内设机构编码", "ZZ"),
        (twice, "人员", "证件号码", "第"),
        (number_for_id, "人员", "证件号码", "数字格式"),
        (stranger_leads, "领导", "任职性质", "没有占编"),
        (no_home, "领导", "占编单位", "占编单位"),
        (lambda b: b.rows["编制"][0].update(核定数="many"), "编制", "核定数", "many"),
        (lambda b: b.rows["单位"][0].update(行政区划代码="999999"), "单位", "行政区划代码", "999999"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_and_its_unit_held_back(
    world: World, run: Callable[..., Result], spoil: Callable[[Book], None], sheet: str, column: str, says: str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    book = small(request.node.callspec.id[:30])
    number = str(book.rows["人员"][0]["证件号码"])
    spoil(book)
    before = world.value("SELECT count(*) FROM person")
    shown = run(book)
    assert shown.exit_code == 1, shown.output
    errors = [x for x in shown.output.splitlines() if x.startswith("错误")]
    assert any(sheet in e and column in e and says in e for e in errors), errors
    assert number not in shown.output
    done = run(book, "--commit")
    assert done.exit_code == 1, done.output
    if column != "单位编码":
        assert world.value("SELECT count(*) FROM person") == before
        assert number not in str(world.row("SELECT errors FROM import_batch ORDER BY id DESC LIMIT 1"))


def test_a_unit_with_an_error_waits_and_the_others_enter(world: World, run: Callable[..., Result]) -> None:
    book = small("双局")
    book.unit("V", "同册好局")
    book.line("V", "11", 2)
    book.person("V", "11")
    wrong_digit(book)
    done = run(book, "--commit")
    assert done.exit_code == 1
    assert "已入库 1 个单位、1 人；隔离 1 个单位" in done.output
    assert world.value("SELECT count(*) FROM unit WHERE name = '坏例双局局'") == 0
    assert world.value("SELECT count(*) FROM unit WHERE name = '同册好局'") == 1
    state, errors = world.row("SELECT state, errors FROM import_batch WHERE unit_name = '坏例双局局'")
    assert state == "quarantine"
    assert "证件号码" in errors["errors"][0]


def test_a_person_or_unit_already_in_the_ledger_is_named_by_row(world: World, run: Callable[..., Result]) -> None:
    first = small("先入")
    assert run(first, "--commit").exit_code == 0
    again = run(first, "--commit")
    assert again.exit_code == 1
    assert "已在台账中" in again.output
    second = small("后入")
    second.rows["人员"][0] = {**first.rows["人员"][0]}
    shown = run(second, "--commit")
    assert shown.exit_code == 1
    assert "人员" in shown.output
    assert "已在 坏例先入局 占编" in shown.output
    assert world.value("SELECT count(*) FROM unit WHERE name = '坏例后入局'") == 0


def test_more_people_than_seats_enter_on_surplus_seats_with_an_alarm(world: World, run: Callable[..., Result]) -> None:
    done = run(small("超编", quota=1, people=3), "--commit")
    assert done.exit_code == 0, done.output
    line = world.value(
        "SELECT l.id FROM quota_line l JOIN unit u ON u.id = l.unit_id WHERE u.name = '坏例超编局' AND l.kind = 'establishment'"
    )
    assert world.figures(line) == (1, 3, 0)
    assert world.value("SELECT count(*) FROM post WHERE line_id = :l AND surplus", l=line) == 2
    assert world.value("SELECT facts ->> 'surplus' FROM alarm WHERE line_id = :l AND rule = 'AL02'", l=line) == "2"


def test_a_failed_check_digit_enters_only_with_a_proof_and_raises_an_alarm(
    world: World, run: Callable[..., Result]
) -> None:
    book = small("存疑")
    wrong_digit(book)
    book.rows["人员"][0]["存疑证明"] = "户籍证明〔2019〕3号"
    done = run(book, "--commit")
    assert done.exit_code == 0, done.output
    query = "SELECT count(*) FROM alarm a JOIN unit u ON u.id = a.unit_id WHERE a.code = 'id_unverified' AND u.name = '坏例存疑局'"
    assert world.value(query) == 1
    assert world.value("SELECT count(*) FROM person WHERE NOT id_verified") == 1


def test_files_that_are_no_workbook_are_refused_whole(run: Callable[..., Result], tmp_path: Path) -> None:
    text = tmp_path / "a.xlsx"
    text.write_text("not a workbook")
    empty_zip = tmp_path / "b.xlsx"
    with zipfile.ZipFile(empty_zip, "w") as z:
        z.writestr("hello.txt", "x")
    bomb = tmp_path / "c.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", "<a/>")
        z.writestr("xl/workbook.xml", "<a/>" + " " * 60_000_000)
    large = tmp_path / "d.xlsx"
    with large.open("wb") as f:
        f.write(b"PK\x03\x04")
        f.truncate(200 * 1024 * 1024)
    for file in (text, empty_zip, bomb, large):
        shown = run(file, "--commit")
        assert shown.exit_code == 2, (file.name, shown.output)
        assert shown.output.strip(), file.name


def test_formulas_and_entities_are_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    good = small("公式").save(tmp_path)

    def rewritten(name: str, edit: Callable[[str, bytes], bytes]) -> Path:
        out = tmp_path / name
        with zipfile.ZipFile(good) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.namelist():
                new.writestr(entry, edit(entry, old.read(entry)))
        return out

    def formula(entry: str, raw: bytes) -> bytes:
        return raw.replace(b"<v>3</v>", b"<f>1+2</f><v>3</v>", 1) if entry == "xl/worksheets/sheet2.xml" else raw

    def entity(entry: str, raw: bytes) -> bytes:
        doctype = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet'
        return raw.replace(b"<worksheet", doctype, 1) if entry == "xl/worksheets/sheet1.xml" else raw

    shown = run(rewritten("f.xlsx", formula))
    assert shown.exit_code == 1
    assert "公式" in shown.output
    shown = run(rewritten("e.xlsx", entity))
    assert shown.exit_code == 2
    assert "root:" not in shown.output


def test_missing_sheets_and_changed_headers_are_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    import xlsxwriter

    file = tmp_path / "h.xlsx"
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("单位").write_string(0, 0, "别的表头")
    shown = run(file)
    assert shown.exit_code == 2
    assert "编制" in shown.output or "单位" in shown.output


def test_an_x_typed_small_is_the_same_person(world: World, run: Callable[..., Result]) -> None:
    from app.domain.id_number import check_digit

    bodies = (f"44069919810304{serial:03d}" for serial in range(1, 999, 2))
    number = next(b + "X" for b in bodies if check_digit(b) == "X")
    cells = {"证件号码": number, "出生日期": "1981-03-04", "性别": "1"}
    first, second = small("大写", people=1), small("小写", people=1)
    change(**cells)(first)
    change(**{**cells, "证件号码": number.lower()})(second)
    assert run(first, "--commit").exit_code == 0
    assert "已在 坏例大写局 占编" in run(second, "--commit").output


def test_leaders_with_a_passport_or_a_seat_in_another_unit_of_the_file_lead_as_that_person(
    world: World, run: Callable[..., Result]
) -> None:
    book = small("外籍")
    change(姓名="John Smith", 证件类型="护照", 证件号码="e12345678")(book)
    book.leader("U", "正职", "0141", ("John Smith", "E12345678"))
    book.unit("V", "坏例外籍邻局")
    book.lead("V", "正职", "0141", 1)
    book.leader("V", "正职", "0141", ("John Smith", "E12345678"), nature="兼任", home="坏例外籍局")
    done = run(book, "--commit")
    assert done.exit_code == 0, done.output
    held = "SELECT count(*) FROM occupancy o JOIN person p ON p.id = o.person_id WHERE p.name = 'John Smith' AND o.kind = :k"
    assert world.value(held, k="leadership") == 2
    assert world.value(held, k="establishment") == 1
    assert world.value("SELECT count(*) FROM person WHERE name = 'John Smith'") == 1


def test_a_leader_marked_as_of_the_unit_without_a_seat_names_the_three_ways_out(run: Callable[..., Result]) -> None:
    book = small("无席")
    stranger_leads(book)
    shown = run(book).output
    for way in ("兼任", "挂职", "上级管理", "占编单位"):
        assert way in shown
