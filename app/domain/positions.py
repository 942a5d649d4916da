"""岗位: how the posts of a public institution divide into kinds and grades, in whole posts.

Source: 《事业单位岗位设置管理试行办法》(国人部发〔2006〕70号) and its implementing opinions, by second-hand texts; provincial
ratios differ, so every ratio is a parameter and the page marks it 未核. Posts of resettled officers (军转) may be left
out by the caller where the city says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# 主体岗位: the least share of the main kind in percent, by what the institution mainly does.
MAIN_KIND: Mapping[str, tuple[str, Decimal]] = {
    "management": ("management", Decimal(50)),
    "professional": ("professional", Decimal(70)),
    "health": ("professional", Decimal(80)),
    "service": ("workman", Decimal(50)),
}

# 高 : 中 : 初 by level of the institution (省规), and the national ratio.
GRADE_RATIO: Mapping[str, tuple[Fraction, ...]] = {
    "national": (Fraction(1), Fraction(3), Fraction(6)),
    "city": (Fraction(2), Fraction(4), Fraction(4)),
    "county": (Fraction(1), Fraction(3), Fraction(6)),
    "town": (Fraction(1, 2), Fraction(3), Fraction(13, 2)),
}

# 内部等级比例: grades 2:3:4, 5:6:7, 8:9:10, 11:12; grade 1 is the State's.
INNER_RATIO: Mapping[tuple[int, ...], tuple[int, ...]] = {
    (2, 3, 4): (1, 3, 6),
    (5, 6, 7): (2, 4, 4),
    (8, 9, 10): (3, 4, 3),
    (11, 12): (5, 5),
}

WORKMEN_TOP_TWO = Decimal(5)
WORKMEN_TOP_THREE = Decimal(25)


def split(posts: int, ratio: Sequence[Fraction | int]) -> tuple[int, ...]:
    """Posts by a ratio from the highest grade down: each share is cut off, the lowest takes the rest.

    Cut off, because the ratios are ceilings for the higher grades.
    """
    whole = sum(Fraction(r) for r in ratio)
    shares = [int(posts * Fraction(r) / whole) for r in ratio[:-1]]
    return (*shares, posts - sum(shares))


def grades(posts: int, level: str) -> tuple[int, int, int]:
    """高级、中级、初级 posts among professional posts, by the institution's level (city, county, town, national)."""
    high, middle, low = split(posts, GRADE_RATIO[level])
    return high, middle, low


def main_kind_holds(mainly: str, posts: Mapping[str, int]) -> bool:
    """Whether the main kind (管理、专技、工勤) has its least share of all posts."""
    kind, least = MAIN_KIND[mainly]
    return posts.get(kind, 0) * 100 >= least * sum(posts.values())


@dataclass(frozen=True, slots=True)
class WorkmenCaps:
    """工勤技能岗位: the most that grades 1–2 and 1–3 may have together."""

    top_two: int
    top_three: int


def workmen(posts: int) -> WorkmenCaps:
    """一、二级合计 ≤5%, 一、二、三级合计 ≤25% of the skilled posts, cut off."""
    return WorkmenCaps(int(posts * WORKMEN_TOP_TWO / 100), int(posts * WORKMEN_TOP_THREE / 100))
