"""Files of other offices: every format and encoding reads alike; every fault is named by row and column."""

import datetime as dt
import io
from typing import Any

import pytest
import xlsxwriter

from app.domain.crypto import KeyRing
from app.domain.id_number import check_digit
from app.domain.sources import KINDS
from app.exchange.roster import WorkbookRefused
from app.exchange.sources import Checked, Flaw, Flawed, check, dbf, read
from tests.exchange.payroll.lists import MONTH, months
from tests.world import id_number

HEAD = ["身份证号", "姓名", "单位", "应发金额", "编制类型", "经费形式", "月份"]
UNITS: dict[str, int | None] = {"测试局": 7, "11440600006940000X": 7, "重名局": None}
RARE = "𠮷"


def rows(n: int = 3, **changed: str) -> list[list[str]]:
    """Good rows; ``changed`` replaces cells of the second one by header."""
    made = [[id_number(), f"张三{i}", "测试局", "8000.50", "11", "1", f"{MONTH:%Y%m}"] for i in range(n)]
    for header, value in changed.items():
        made[1][HEAD.index(header)] = value
    return made


def as_csv(lines: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    return "".join(delimiter.join(line) + "\r\n" for line in [HEAD, *lines]).encode(encoding)


def as_xlsx(lines: list[list[Any]], head: list[str] | None = None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for y, line in enumerate([head or HEAD, *lines]):
            for x, value in enumerate(line):
                sheet.write(y, x, value)
    return out.getvalue()


def as_dbf(lines: list[list[str]]) -> bytes:
    return dbf.write(["SFZH", "XM", "DWMC", "YFJE", "BZLX", "JFXS", "NY"], lines, dt.date(2026, 1, 1))


def looked(content: bytes, keys: KeyRing, saved: dict[str, str] | None = None, kind: str = "payroll") -> Checked:
    return check(read("x", content), KINDS[kind], MONTH, saved=saved or {}, units=UNITS, keys=keys)


def wrong(checked: Checked) -> list[tuple[int, str, str]]:
    return [(f.row, f.column, f.code) for f in checked.flaws]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_same_list_reads_alike_in_every_encoding(encoding: str, delimiter: str, keys: KeyRing) -> None:
    lines = rows()
    checked = looked(as_csv(lines, encoding, delimiter), keys)
    assert checked.flaws == []
    assert [(r[0], r[3], r[4], r[7]) for r in checked.records] == [(i + 2, f"张三{i}", 7, 800050) for i in range(3)]
    assert [r[1] for r in checked.records] == [keys.blind_index("resident", line[0]) for line in lines]
    assert all(line[0] not in repr(checked.records) for line in lines)


def test_workbook_and_dbf_read_as_the_text_does(keys: KeyRing) -> None:
    lines = rows()
    numbers = [[*line[:3], float(line[3]), *line[4:]] for line in lines]
    expected = looked(as_csv(lines), keys).records
    assert looked(as_xlsx(numbers), keys).records == expected
    assert [r[1:] for r in looked(as_dbf(lines), keys).records] == [r[1:] for r in expected]


def test_a_name_beyond_gbk_reads_in_gb_18030_and_has_no_place_in_a_dbf(keys: KeyRing) -> None:
    lines = rows(**{"姓名": f"张{RARE}"})
    assert looked(as_csv(lines, "gb18030"), keys).records[1][3] == f"张{RARE}"
    with pytest.raises(dbf.NoPlace) as lost:
        as_dbf(lines)
    assert (lost.value.row, lost.value.found) == (2, f"张{RARE}")


def test_text_that_does_not_decode_is_named_by_its_row(keys: KeyRing) -> None:
    content = as_csv(rows(), "gb18030").split(b"\r\n")
    content[2] += b"\xff\xff"
    with pytest.raises(Flawed) as broken:
        read("x", b"\r\n".join(content))
    assert broken.value.flaw == Flaw(3, "", "encoding")
    table = bytearray(as_dbf(rows(**{"姓名": "一二三四五六"})))
    at = table.rindex("一二三四五六".encode("gbk"))
    table[at + 11 : at + 12] = b"\xff"  # half a character at the end of the field
    assert wrong(looked(bytes(table), keys)) == [(2, "XM", "encoding")]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"身份证号": "44069919900517001"}, "id_length"),
        ({"身份证号": "44069919901317001" + check_digit("44069919901317001")}, "id_birth"),
        ({"身份证号": ""}, "required"),
        ({"姓名": ""}, "required"),
        ({"单位": "没有的局"}, "unknown_unit"),
        ({"单位": "重名局"}, "ambiguous_unit"),
        ({"应发金额": "-1"}, "negative"),
        ({"应发金额": "八千"}, "bad_amount"),
        ({"应发金额": "NaN"}, "bad_amount"),
        ({"应发金额": "0.001"}, "bad_amount"),
        ({"编制类型": "99"}, "unknown_code"),
        ({"月份": months(3)[:7]}, "wrong_month"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(changed: dict[str, str], code: str, keys: KeyRing) -> None:
    checked = looked(as_csv(rows(**changed)), keys)
    column = next(iter(changed))
    assert (3, column, code) in wrong(checked)
    assert {f.row for f in checked.flaws} == {3}
    assert not any(f.found and f.found == changed[column] and column == "身份证号" for f in checked.flaws)


def test_a_wrong_check_digit_is_refused_and_shown_masked(keys: KeyRing) -> None:
    number = id_number()
    bad = number[:17] + ("0" if number[17] != "0" else "1")
    checked = looked(as_csv(rows(**{"身份证号": bad})), keys)
    assert wrong(checked) == [(3, "身份证号", "id_checksum")]
    assert checked.flaws[0].found == bad[:4] + "*" * 10 + bad[-4:]


def test_double_people_are_named_with_the_row_they_stand_in_first(keys: KeyRing) -> None:
    lines = rows(4)
    lines[3][0] = lines[0][0]
    checked = looked(as_csv(lines), keys)
    assert [(f.row, f.code, f.related) for f in checked.flaws] == [(5, "twice", 2)]
    lines[3][2] = "11440600006940000X"  # the same unit under its code
    assert [f.code for f in looked(as_csv(lines), keys).flaws] == ["twice"]


def test_columns_are_known_by_name_named_as_unused_or_refused(keys: KeyRing) -> None:
    extra = as_csv(rows()).replace("月份".encode(), "工号".encode())
    assert wrong(looked(extra, keys)) == [(1, "工号", "unknown_column")]
    assert looked(extra, keys, {"工号": ""}).flaws == []
    renamed = as_csv(rows()).replace("应发金额".encode(), "打卡数".encode())
    assert wrong(looked(renamed, keys)) == [(1, "打卡数", "unknown_column"), (1, "应发金额", "missing_field")]
    assert looked(renamed, keys, {"打卡数": "amount"}).flaws == []
    assert [c for _r, _n, c in wrong(looked(as_csv(rows()), keys, {"经费形式": "category"}))] == ["field_twice"]


def test_a_number_that_lost_its_digits_and_a_formula_are_refused(keys: KeyRing) -> None:
    lines: list[list[Any]] = [list(line) for line in rows()]
    lines[0][0] = 440699199005170011
    lines[1][3] = "=1+1"
    assert wrong(looked(as_xlsx(lines), keys)) == [(2, "身份证号", "number"), (3, "应发金额", "formula")]


@pytest.mark.parametrize("first", [["本表由财政局填报"], []])
def test_a_workbook_whose_first_sheet_is_another_one_names_both(first: list[str], keys: KeyRing) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, lines in (("说明", [first]), ("工资", [HEAD, *rows()])):
            sheet = book.add_worksheet(name)
            for y, line in enumerate(lines):
                sheet.write_row(y, 0, line)
    try:
        flaws = looked(out.getvalue(), keys).flaws
    except Flawed as broken:
        flaws = [broken.flaw]
    assert (flaws[0].row, flaws[0].column, flaws[0].code, flaws[0].found) == (1, "说明", "wrong_sheet", "工资")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"  \r\n", "empty"),
        (as_csv([]), "empty"),
        ("身份证号,身份证号\r\n1,2\r\n".encode(), "column_twice"),
        ("身份证号,,单位\r\n1,2,3\r\n".encode(), "no_header"),
        (as_csv(rows()) + b"1,2\r\n", "cells"),
        (as_csv(rows()) + b'"open', "broken"),
        (b"a,b\0c\r\n1,2\r\n", "unknown_format"),
        (as_dbf(rows())[:-200], "broken"),
        (as_dbf(rows())[:40], "broken"),
        (b"\x03\x7e\x01\x01" + b"\xff" * 60, "broken"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, code: str, keys: KeyRing) -> None:
    try:
        found = [f.code for f in looked(content, keys).flaws]
    except Flawed as broken:
        found = [broken.flaw.code]
    assert found == [code]


def test_a_zip_bomb_and_entities_are_refused() -> None:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", "x")
        bomb.writestr("xl/workbook.xml", b"0" * 50_000_000)
    with pytest.raises(WorkbookRefused) as refused:
        read("x", out.getvalue())
    assert refused.value.reason == "zip_bomb"


def test_a_report_keeps_two_hundred_errors_and_counts_the_others(keys: KeyRing) -> None:
    lines = rows(260)
    for line in lines:
        line[3] = "-1"
    checked = looked(as_csv(lines), keys)
    assert (len(checked.flaws), checked.more) == (200, 60)


def test_a_dbf_of_ours_reads_back_and_leaves_deleted_rows_out() -> None:
    lines = [["甲", "1"], ["乙", "22"], ["丙", ""]]
    content = bytearray(dbf.write(["XM", "SL"], lines, dt.date(2026, 1, 1)))
    headers, read_back = dbf.parse(bytes(content), 100)
    assert (headers, [cells for _n, cells in read_back]) == (["XM", "SL"], lines)
    content[32 * 3 + 1 + 5] = ord("*")  # the second row
    assert [cells[0] for _n, cells in dbf.parse(bytes(content), 100)[1]] == ["甲", "丙"]
