"""The code lists."""

import datetime as dt

import pytest

from app.domain import codes
from app.domain.codes import Code, CodeSet, allowed, code_set, code_sets, label, resolve

EDITIONS = CodeSet(
    "x",
    "试",
    "本系统",
    (
        Code("1", "甲", ("子", "丑")),
        Code("2", "乙", ("丑",)),
        Code("3", "组", selectable=False),
        Code("4", "旧", ended_on=dt.date(2019, 6, 1)),
    ),
)


def test_every_list_is_complete_and_unambiguous() -> None:
    for s in code_sets().values():
        assert s.title, s.name
        assert s.source, s.name
        assert s.codes, s.name
        assert len(s) == len(set(s)), s.name
        assert all(isinstance(c.code, str) and c.name == c.name.strip() != "" for c in s.codes), s.name
        names = [c.name for c in s.codes]
        assert len(names) == len(set(names)), f"two codes of one name in {s.name}"
        spoken = [a for c in s.codes for a in c.aliases]
        assert not set(spoken) & set(names), f"an alias is another code's name in {s.name}"
        assert s.verified or "（未核）" in s.cited
        assert not s.source.startswith("/"), s.name


def test_lists_in_doubt_say_what_is_in_doubt() -> None:
    doubtful = {s.name for s in code_sets().values() if not s.verified}
    assert {"education", "subordination", "unit_nature", "system_class", "family"} <= doubtful
    assert "GB/T 12404" in code_set("subordination").remark


@pytest.mark.parametrize(
    ("name", "size"),
    [("sex", 4), ("marital", 8), ("ethnicity", 60), ("political", 13), ("management", 15), ("discipline", 7), ("admin_level", 6)],
)  # fmt: skip
def test_lists_have_their_published_length(name: str, size: int) -> None:
    assert len(code_set(name)) == size


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("category", "11", "行政编制"), ("category", "23", "事业工勤编制"), ("level", "0131", "县处级正职"),
        ("rank", "R10", "四级主任科员"), ("entry_way", "36", "军转干部安置"), ("entry_way", "37", "选举登记"),
        ("exit_reason", "31", "离退休"), ("ethnicity", "56", "基诺族"), ("management", "B5", "在机关工作的事业编制人员"),
        ("education", "21", "大学本科毕业"), ("degree", "212", "管理学博士"), ("unit_category", "3480", "政府派出机关"),
    ],
)  # fmt: skip
def test_codes_are_called_as_published(name: str, code: str, text: str) -> None:
    assert label(name, code) == text
    assert code_set(name)[code] == text


def test_an_unknown_code_stands_for_itself_and_nothing_for_nothing() -> None:
    assert label("sex", "7") == "7"
    assert label("sex", None) == ""
    assert label("sex", "") == ""
    with pytest.raises(KeyError):
        label("no such list", "1")


def test_what_may_be_entered_leaves_out_heads_and_ended_values() -> None:
    assert "91" not in allowed("category")
    assert "1" not in allowed("exit_reason")
    assert {c for c, _n in EDITIONS.choices()} == {"1", "2", "4"}
    assert {c for c, _n in EDITIONS.choices(dt.date(2019, 5, 31))} == {"1", "2", "4"}
    assert {c for c, _n in EDITIONS.choices(dt.date(2019, 6, 1))} == {"1", "2"}
    assert EDITIONS["4"] == "旧"


def test_a_text_is_understood_by_code_name_or_one_codes_alias() -> None:
    assert resolve(EDITIONS, "1") == resolve(EDITIONS, "甲") == resolve(EDITIONS, "子") == "1"
    assert resolve(EDITIONS, "丑") is None
    assert resolve(EDITIONS, "组") is resolve(EDITIONS, "3") is None
    assert resolve(codes.EDUCATION, "本科") == "21"
    assert resolve(codes.SUBORDINATION, "省") == "20"
    assert resolve(codes.REGION, "禅城区") == "440604"
    assert resolve({"a": "同", "b": "同"}, "同") is None


def test_every_seat_category_has_its_image_outside() -> None:
    images = {c.code: c.exchange for c in codes.CATEGORY.codes if c.selectable}
    assert images == {"11": "1", "12": "1", "13": "4", "14": "4", "15": "4", "21": "2", "22": "3", "23": "3", "31": "4"}
    assert codes.CATEGORY.value("91").exchange is None
