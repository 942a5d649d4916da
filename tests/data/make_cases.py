"""Writes the published cases as roster workbooks. People are invented: division 440699 does not exist.

Run ``python -m tests.data.make_cases``; the workbooks are kept beside this file.
"""

import datetime as dt
from itertools import count
from pathlib import Path
from typing import Any

import xlsxwriter

from app.domain.id_number import check_digit
from app.exchange.roster.layout import HEADERS

HERE = Path(__file__).parent
SHEETS = ("单位", "编制", "人员", "领导")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "一二三四五六七八九十甲乙丙丁戊己庚辛"


class Book:
    """One workbook in the making: rows as dictionaries by header."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[str, list[dict[str, Any]]] = {sheet: [] for sheet in SHEETS}
        self.people = count()

    def add(self, sheet: str, **row: Any) -> None:
        """A row by its headers; all cells are text but counts."""
        unknown = set(row) - set(HEADERS[sheet])
        assert not unknown, unknown
        self.rows[sheet].append(row)

    def unit(self, code: str, name: str, region: str = "440605121", *, kind: str = "3480", grade: str = "109",
             nature: str = "1", under: str = "81", opened: str = "2001-01-01", parent: str = "") -> None:  # fmt: skip
        self.add("单位", 单位编码=code, 上级编码=parent, 节点="法人单位", 行政区划代码=region, 名称=name, 机构性质=nature,
                 机构类别=kind, 机构级别=grade, 隶属关系=under, 设立日期=opened)  # fmt: skip

    def department(self, code: str, parent: str, name: str, region: str = "440605121") -> None:
        self.add(
            "单位",
            单位编码=code,
            上级编码=parent,
            节点="内设机构",
            行政区划代码=region,
            名称=name,
            设立日期="2001-01-01",
        )

    def line(self, unit: str, category: str, number: int | None, *, department: str = "", document: str = "编〔2018〕1号",
             issuer: str = "县委编委", structure: str = "", on: str = "2018-01-01") -> None:  # fmt: skip
        self.add("编制", 单位编码=unit, 类型="编制", 编制类型代码=category, 经费形式="1", 结构=structure, 范围编码=department,
                 核定数=number, 文号=document, 发文机关=issuer, 生效日期=on)  # fmt: skip

    def lead(self, unit: str, role: str, level: str, number: int, *, scope: str = "", document: str = "编〔2018〕1号",
             issuer: str = "县委编委", on: str = "2018-01-01") -> None:  # fmt: skip
        self.add("编制", 单位编码=unit, 类型="领导职数", 范围编码=scope, 正副职=role, 职务层次=level, 核定数=number, 文号=document,
                 发文机关=issuer, 生效日期=on)  # fmt: skip

    def identity(self) -> tuple[str, str, str, str]:
        """Name, number, sex and birth of the next invented person of this book."""
        n = next(self.people)
        born = dt.date(1975, 1, 1) + dt.timedelta(days=97 * n)
        salt = sum(map(ord, self.name)) % 400
        body = f"440699{born:%Y%m%d}{(salt * 2 + n % 2) % 1000:03d}"
        name = SURNAMES[n % len(SURNAMES)] + GIVEN[n // len(SURNAMES) % len(GIVEN)] + GIVEN[n % len(GIVEN)]
        return name, body + check_digit(body), "1" if int(body[16]) % 2 else "2", born.isoformat()

    def person(self, unit: str, category: str, department: str = "", *, started: str = "2018-06-01",
               structure: str = "") -> tuple[str, str]:  # fmt: skip
        name, number, sex, born = self.identity()
        self.add("人员", 单位编码=unit, 内设机构编码=department, 姓名=name, 证件类型="居民身份证", 证件号码=number, 性别=sex,
                 出生日期=born, 编制类型代码=category, 经费形式="1", 结构=structure, 入编日期=started)  # fmt: skip
        return name, number

    def leader(self, unit: str, role: str, level: str, who: tuple[str, str], *, nature: str = "本单位",
               home: str = "", started: str = "2019-01-01") -> None:  # fmt: skip
        self.add("领导", 单位编码=unit, 正副职=role, 职务层次=level, 证件号码=who[1], 姓名=who[0], 任职日期=started,
                 主职="是" if nature == "本单位" else "否", 任职性质=nature, 占编单位=home)  # fmt: skip

    def save(self, directory: Path = HERE) -> Path:
        path = directory / f"{self.name}.xlsx"
        with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
            book.set_properties({"created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)})
            for sheet in SHEETS:
                page = book.add_worksheet(sheet)
                for column, header in enumerate(HEADERS[sheet]):
                    page.write_string(0, column, header)
                    for line, row in enumerate(self.rows[sheet], 1):
                        value = row.get(header, "")
                        if isinstance(value, int):
                            page.write_number(line, column, value)
                        elif value:
                            page.write_string(line, column, value)
        return path


def yuguopu() -> Book:
    """A1: a town's organ, 24 and 23, its departments, workers apart; an accountant who only helps is not counted."""
    book = Book("a1_雨过铺镇")
    book.unit("YGP", "雨过铺镇机关")
    rooms = {
        "D1": ("党政办公室", 10, 9),
        "D2": ("经济开发办公室", 3, 3),
        "D3": ("社会事务办公室", 2, 2),
        "D4": ("民政所", 1, 1),
    }
    for code, (name, _fixed, _there) in rooms.items():
        book.department(code, "YGP", name)
    book.line("YGP", "11", 24)
    book.line("YGP", "13", 3)
    book.lead("YGP", "正职", "0141", 4)
    book.lead("YGP", "副职", "0142", 4)
    for code, (_name, fixed, _there) in rooms.items():
        book.line("YGP", "11", fixed, department=code)
    heads = [book.person("YGP", "11") for _ in range(8)]
    for n, who in enumerate(heads):
        book.leader("YGP", "正职" if n < 4 else "副职", "0141" if n < 4 else "0142", who)
    for code, (_name, _fixed, there) in rooms.items():
        for _ in range(there):
            book.person("YGP", "11", code)
    for _ in range(3):
        book.person("YGP", "13")
    return book


def petitions() -> Book:
    """A3: 78 after four were taken away."""
    book = Book("a3_信访局")
    book.unit("XFJ", "信访局", "440600", kind="34", grade="107", under="41")
    book.line("XFJ", "11", 78, document="湘办〔2019〕66号", issuer="省委办公厅、省政府办公厅", on="2019-03-01")
    return book


def government_office() -> Book:
    """A5: 63, six of them for the retired cadres' section, and, apart, 3; both directors sit elsewhere.

    Of the 19 leaders of section level the page names the first few; the rest is cut off and not made up.
    """
    book = Book("a5_政府办公室")
    book.unit("ZFB", "市人民政府办公室", "440600", kind="34", grade="107", under="41")
    book.unit("JRB", "市金融工作办公室", "440600", kind="34", grade="107", under="41")
    book.line("ZFB", "11", 63)
    book.line("JRB", "11", 3)
    for code, name in (("LTX", "离退休干部工作科"), ("YJB", "应急办公室"), ("DCS", "政务督查室")):
        book.department(code, "ZFB", name, "440600")
    book.line("ZFB", "11", 6, department="LTX")
    for code in ("YJB", "DCS"):
        book.lead("ZFB", "正职", "0132", 1, scope=code)
    book.lead("ZFB", "其他", "0141", 19)
    for unit in ("ZFB", "JRB"):
        book.lead(unit, "正职", "0131", 1)
        book.lead(unit, "副职", "0132", 1)
        name, number, _sex, _born = book.identity()
        book.leader(unit, "正职", "0131", (name, number), nature="兼任", home="市人民政府")
    return book


PROVINCE = {"交通运输厅": 76, "水利厅": 89, "国土资源厅": 95, "住房和城乡建设厅": 77, "民政厅": 80, "煤炭行业管理办公室": 25,
            "粮食局": 46, "省政府办公厅": 195, "农业厅": 125, "财政厅": 169, "统计局": 102}  # fmt: skip


def province() -> Book:
    """A7: eleven bodies, 1079 in all, four of them over a hundred."""
    book = Book("a7_十一厅局")
    for n, (name, number) in enumerate(PROVINCE.items()):
        book.unit(f"S{n:02d}", name, "440600", kind="34", grade="105", under="20")
        book.line(f"S{n:02d}", "11", number, document="赣编〔2009〕1号", issuer="省委编委", on="2009-08-31")
    return book


def towns() -> Book:
    """A8: five towns and eight sub-districts, 272 in all, 20.92 each; the split is invented, its sum is published."""
    book = Book("a8_镇街平均")
    for n in range(13):
        book.unit(f"T{n:02d}", f"第{n + 1}镇街", "440604", under="81" if n < 5 else "83")
        book.line(f"T{n:02d}", "11", 21 if n < 12 else 20)
    return book


def shuikou() -> Book:
    """A10: 58 in six bodies, 30 of them administrative; the split of the other 28 is invented."""
    book = Book("a10_水口镇")
    book.unit("SK0", "水口镇人民政府")
    book.line("SK0", "11", 30)
    for n, (name, number) in enumerate(
        {
            "农业服务中心": 10,
            "劳动就业和社会保障服务所": 5,
            "文化服务中心": 4,
            "退役军人服务站": 3,
            "综合行政执法大队": 6,
        }.items(),
        1,
    ):
        book.unit(f"SK{n}", f"水口镇{name}", kind="42", grade="110", nature="9", parent="SK0")
        book.line(f"SK{n}", "22", number, structure="专技")
    return book


SHUNDE = ("纪委机关和政务监察和审计局", "委办公室", "委组织部", "委宣传部", "委政法委员会", "委社会工作部", "发展规划和统计局", "经济促进局",
          "教育局", "公安局", "财税局", "人力资源和社会保障局", "国土城建和水利局", "卫生和人口计划生育局", "市场安全监管局",
          "环境运输和城市管理局")  # fmt: skip


def shunde() -> Book:
    """A15: sixteen bodies; the heads are district leaders, who lead here and sit elsewhere."""
    book = Book("a15_顺德大部制")
    for n, name in enumerate(SHUNDE):
        book.unit(f"SD{n:02d}", f"顺德区{name}", "440606", kind="34", grade="107", under="71", opened="2009-09-14")
        book.line(f"SD{n:02d}", "11", 30, document="粤机编〔2009〕1号", issuer="省委编委", on="2009-09-14")
        book.lead(f"SD{n:02d}", "正职", "0131", 1, on="2009-09-14")
        name_, number, _sex, _born = book.identity()
        book.leader(f"SD{n:02d}", "正职", "0131", (name_, number), nature="兼任", home="顺德区委", started="2009-09-14")
    return book


BOOKS = (yuguopu, petitions, government_office, province, towns, shuikou, shunde)

if __name__ == "__main__":
    for make in BOOKS:
        make().save()
