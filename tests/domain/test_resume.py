"""简历: lines of periods without overlap; each day says what held on it; gaps are said."""

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.resume import UNKNOWN, Span, resume, together

D = dt.date


def lines(*found: object) -> list[tuple[str, str]]:
    return [(line.period, line.text) for line in found]  # type: ignore[attr-defined]


def test_a_way_is_told_in_periods_with_the_gaps_said() -> None:
    made = resume(
        [Span(D(2016, 1, 1), D(2020, 5, 1), "甲局办公室"), Span(D(2020, 5, 1), None, "乙局")],
        [
            Span(D(2018, 3, 1), D(2020, 5, 1), "科长"),
            Span(D(2021, 1, 1), None, "副局长"),
            Span(D(2016, 1, 1), None, "一级科员"),
        ],
        D(2026, 1, 1),
        since=D(2015, 7, 1),
        beside=[Span(D(2020, 5, 1), D(2021, 1, 1), "挂职西藏林芝")],
    )
    assert lines(*made) == [
        ("2015.07—2016.01", UNKNOWN),
        ("2016.01—2018.03", "甲局办公室 一级科员"),
        ("2018.03—2020.05", "甲局办公室 科长、一级科员"),
        ("2020.05—2021.01", "乙局 一级科员（挂职西藏林芝）"),
        ("2021.01—　　　", "乙局 副局长、一级科员"),
    ]


def test_a_department_that_the_place_names_is_not_named_by_the_position_again() -> None:
    assert (
        together(["甲局办公室"], ["办公室 · 乡科级正职（正职）", "一级主任科员"])
        == "甲局办公室 乡科级正职（正职）、一级主任科员"
    )
    assert together(["甲局办公室"], ["办公室主任"]) == "甲局办公室 主任"
    assert together(["甲局"], ["甲局局长", "防汛指挥部副总指挥"]) == "甲局 局长、防汛指挥部副总指挥"
    assert together(["甲局综合科"], ["科长", "办公室主任"]) == "甲局综合科 科长、办公室主任"
    assert together([], ["办公室"]) == "办公室"
    assert lines(
        *resume([Span(D(2016, 1, 1), None, "甲局办公室")], [Span(D(2016, 1, 1), None, "办公室主任")], D(2026, 1, 1))
    ) == [("2016.01—　　　", "甲局办公室 主任")]


def test_what_lies_after_the_day_is_not_told() -> None:
    made = resume([Span(D(2016, 1, 1), None, "甲局"), Span(D(2030, 1, 1), None, "丙局")], [], D(2026, 1, 1))
    assert lines(*made) == [("2016.01—　　　", "甲局")]
    assert resume([], [], D(2026, 1, 1)) == []
    left = resume([Span(D(2016, 1, 1), D(2020, 1, 1), "甲局")], [], D(2026, 1, 1))
    assert lines(*left) == [("2016.01—2020.01", "甲局")]


DAYS = st.dates(D(2000, 1, 1), D(2025, 12, 31))
SPANS = st.lists(
    st.builds(lambda a, b, t: Span(min(a, b), max(a, b), t), DAYS, DAYS, st.sampled_from(["甲", "乙", "丙"])),
    max_size=6,
)


@given(SPANS, SPANS, DAYS)
def test_each_day_says_what_held_on_it_and_no_day_is_told_twice(
    places: list[Span], titles: list[Span], day: dt.date
) -> None:
    made = resume(places, titles, D(2026, 1, 1))
    for before, after in pairwise(made):
        assert before.end is not None
        assert before.end <= after.start
    there = [line for line in made if line.start <= day and (line.end is None or day < line.end)]
    held = [s.text for s in (*places, *titles) if s.on(day)]
    assert len(there) <= 1
    if held:
        assert all(text in there[0].text for text in held)
