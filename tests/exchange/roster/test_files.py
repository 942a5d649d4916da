"""Whole files and odd cells: what a workbook may be, how names, numbers and days are read, and how large it may grow."""

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from app.exchange.roster import Preview, WorkbookRefused, check, read_workbook, refusal_text, text
from app.exchange.roster.layout import HEADERS
from app.exchange.roster.records import NAMED
from tests.data.make_cases import Book
from tests.exchange.roster.test_bad_input import change, small

FULL_WIDTH = {ord("0") + n: 0xFF10 + n for n in range(10)}


def checked(book: Book, directory: Path) -> Preview:
    return check(read_workbook(book.save(directory)))


def texts(preview: Preview) -> list[str]:
    return [text(error) for error in preview.errors]


def rewritten(file: Path, name: str, edit: Callable[[str, bytes], bytes], **extra: bytes) -> Path:
    """The workbook with its parts edited, and more parts."""
    out = file.with_name(name)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, edit(part, old.read(part)))
        for part, content in extra.items():
            new.writestr(part.replace("__", "/"), content)
    return out


def on_people(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda part, raw: raw.replace(old, new) if part == "xl/worksheets/sheet3.xml" else raw


def on_workbook(old: str, new: str) -> Callable[[str, bytes], bytes]:
    return lambda part, raw: raw.replace(old.encode(), new.encode()) if part == "xl/workbook.xml" else raw


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"%PDF-1.7\n%\xe2\xe3", "不是 .xlsx"), ("单位,编制\n".encode(), "不是 .xlsx"), (b"", "不是 .xlsx"),
     (b"PK\x03\x04" + bytes(64), "不是 .xlsx"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "旧版 .xls，或设有打开口令")],
)  # fmt: skip
def test_another_kind_of_file_is_refused_whatever_its_name(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "名册.xlsx"
    file.write_bytes(content)
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(file)
    assert says in refusal_text(refused.value)


@pytest.mark.parametrize(
    ("edit", "extra", "says"),
    [
        (lambda _part, raw: raw, {"xl__vbaProject.bin": b"x"}, "宏"),
        (lambda part, raw: raw.replace(b"spreadsheetml.sheet.main", b"macroEnabled.main") if "Types" in part else raw, {}, "宏"),
        (on_workbook('name="人员"', 'name="人员" state="veryHidden"'), {}, "“人员”中 人员 被隐藏"),
        (on_people(b'<row r="3"', b'<row r="3" hidden="1"'), {}, "“人员”中 A3 被隐藏"),
        (on_people(b"<sheetData>", b'<cols><col min="5" max="6" hidden="1"/></cols><sheetData>'), {}, "“人员”中 E2 被隐藏"),
        (on_people(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="B2:B3"/></mergeCells>'), {}, "B2:B3 是合并"),
        (lambda part, raw: raw.replace(b"<sst", b'<!DOCTYPE s [<!ENTITY a "x">]><sst') if "shared" in part else raw, {}, "实体"),
    ],
)  # fmt: skip
def test_what_nobody_sees_is_not_entered(
    tmp_path: Path, edit: Callable[[str, bytes], bytes], extra: dict[str, bytes], says: str
) -> None:
    file = rewritten(small("看不见").save(tmp_path), "改.xlsx", edit, **extra)
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(file)
    assert says in refusal_text(refused.value)


@pytest.mark.parametrize(("sheet", "column"), [("单位", "单位编码"), ("编制", "文号"), ("人员", "籍贯")])
def test_a_control_character_is_refused_and_never_kept(tmp_path: Path, sheet: str, column: str) -> None:
    book = small("控制符")
    book.rows[sheet][0][column] = "aQQQ"
    file = rewritten(book.save(tmp_path), "零.xlsx", lambda _part, raw: raw.replace(b"QQQ", b"_x0000_"))
    preview = check(read_workbook(file))
    assert any(f"“{sheet}”表第 2 行“{column}”" in e and "不可见" in e for e in texts(preview))
    assert "\0" not in "".join(texts(preview)) + "".join(unit.code for unit in preview.units)


def test_hidden_columns_and_rows_without_content_do_no_harm(tmp_path: Path) -> None:
    empty = on_people(b"<sheetData>", b'<cols><col min="12" max="12" hidden="1"/></cols><sheetData>')
    assert check(read_workbook(rewritten(small("空列").save(tmp_path), "空.xlsx", empty))).errors == ()


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ({"姓名": "李 明"}, "姓名", "中间有空格"),
        ({"姓名": "李\u3000明"}, "姓名", "中间有空格"),
        ({"姓名": "李明 "}, "姓名", "首尾有空格"),
        ({"姓名": "李\u200b明"}, "姓名", "不可见"),
        ({"姓名": "李明1"}, "姓名", "汉字"),
        ({"姓名": "=1+1"}, "姓名", "汉字"),
        ({"姓名": "李"}, "姓名", "2 至 50"),
        ({"姓名": "·李明"}, "姓名", "间隔号"),
        ({"姓名": "李\ue000"}, "姓名", "自造字"),
        ({"入编日期": "２０１８-06-01"}, "入编日期", "yyyy-mm-dd"),
        ({"入编日期": "2018-02-30"}, "入编日期", "yyyy-mm-dd"),
        ({"入编日期": "2018.6.1"}, "入编日期", "yyyy-mm-dd"),
        ({"入编日期": 43252}, "入编日期", "yyyy-mm-dd"),
        ({"入编日期": "1899-12-31"}, "入编日期", "yyyy-mm-dd"),
        ({"性别": "１"}, "性别", "代码表"),
    ],
)
def test_an_odd_cell_is_named_with_what_is_allowed(
    tmp_path: Path, cells: dict[str, Any], column: str, says: str
) -> None:
    book = small("怪格")
    change(**cells)(book)
    found = texts(checked(book, tmp_path))
    assert len(found) == 1, found
    assert found[0].startswith(f"“人员”表第 2 行“{column}”")
    assert says in found[0]


def test_full_width_digits_in_a_number_are_refused_and_masked(tmp_path: Path) -> None:
    book = small("全角")
    number = str(book.rows["人员"][0]["证件号码"]).translate(FULL_WIDTH)
    change(证件号码=number)(book)
    (found,) = texts(checked(book, tmp_path))
    assert "证件号码" in found
    assert number not in found


@pytest.mark.parametrize("dot", ["·", "•", "・", "．"])
def test_a_name_of_two_parts_is_kept_with_the_one_dot(tmp_path: Path, dot: str) -> None:
    book = small("间隔号")
    change(姓名=f"买买提{dot}阿不都")(book)
    (unit,) = checked(book, tmp_path).clean
    assert unit.people[0].name == "买买提·阿不都"


def test_a_foreign_document_may_bear_a_latin_name_and_a_resident_card_may_not(tmp_path: Path) -> None:
    book = small("外文")
    change(姓名="John Smith", 证件类型="护照", 证件号码="E12345678")(book)
    (unit,) = checked(book, tmp_path).clean
    assert unit.people[0].name == "John Smith"
    change(证件类型="居民身份证")(book)
    assert any("姓名" in e for e in texts(checked(book, tmp_path)))


def test_a_number_is_kept_as_it_is_looked_up(tmp_path: Path) -> None:
    book = small("小写")
    row = book.rows["人员"][0]
    ends_in_x = next(
        n for n in (b + "X" for b in (f"440699{row['出生日期'].replace('-', '')}{s:03d}" for s in range(0, 999, 2)))
        if _valid(n)
    )  # fmt: skip
    change(证件号码=ends_in_x.lower(), 性别="2")(book)
    (unit,) = checked(book, tmp_path).clean
    assert unit.people[0].id_number == ends_in_x


def _valid(number: str) -> bool:
    from app.domain.id_number import problems

    return problems(number) == []


@pytest.mark.parametrize("since_1904", [False, True])
def test_days_may_be_dates_of_either_calendar_and_blank_rows_at_the_end_do_not_count(
    tmp_path: Path, since_1904: bool
) -> None:
    book = small("日期格")
    file = tmp_path / "日期.xlsx"
    with xlsxwriter.Workbook(file, {"date_1904": since_1904}) as made:
        days = made.add_format({"num_format": "yyyy-mm-dd"})
        for sheet, headers in HEADERS.items():
            page = made.add_worksheet(sheet)
            page.write_row(0, 0, headers)
            for line, row in enumerate(book.rows[sheet], 1):
                for place, header in enumerate(headers):
                    value = row.get(header, "")
                    if header.endswith("日期") and value:
                        page.write_datetime(line, place, dt.datetime.fromisoformat(value), days)
                    elif value:
                        page.write(line, place, value) if isinstance(value, int) else page.write_string(
                            line, place, value
                        )
            for line in range(300):
                page.write_blank(len(book.rows[sheet]) + 1 + line, 3, None, days)
    preview = check(read_workbook(file))
    assert preview.errors == ()
    assert preview.units[0].people[0].started_on == dt.date(2018, 6, 1)
    assert len(preview.units[0].people) == 2


def test_a_file_of_repeated_rows_names_a_few_of_them_each(tmp_path: Path) -> None:
    book = small("重复")
    book.rows["人员"] = [dict(book.rows["人员"][0]) for _ in range(3000)]
    preview = checked(book, tmp_path)
    assert len(preview.errors) == 3000
    assert max(len(error.related) for error in preview.errors) <= NAMED
    assert "…" not in texts(preview)[0]


def test_a_tree_deeper_than_any_city_is_refused(tmp_path: Path) -> None:
    book = Book("深树")
    book.unit("N0", "深树零局")
    for n in range(1, 200):
        book.unit(f"N{n}", f"深树{n}局", parent=f"N{n - 1}")
    assert any("20 层" in e for e in texts(checked(book, tmp_path)))


def test_a_leader_known_by_a_passport_and_one_from_another_unit_of_the_file_enter(tmp_path: Path) -> None:
    book = small("外籍")
    change(姓名="John Smith", 证件类型="护照", 证件号码="E12345678")(book)
    book.leader("U", "正职", "0141", ("John Smith", "E12345678"))
    assert texts(checked(book, tmp_path)) == []
