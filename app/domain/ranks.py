"""职级: the twelve ranks of general civil servants, the grades they span, and the numbers a body may have of each.

Sources: 《公务员法》第十七至十九条; 《公务员职务与职级并行规定》第六至十二条. The text of articles 11 and 12 was not at
hand: the ratios are second-hand, parameters that an administrator may change, and the page marks them 未核.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

ORDER = tuple(f"R{n:02d}" for n in range(1, 13))
"""From 一级巡视员 (R01) down to 二级科员 (R12); names are in the code list ``rank``."""

# 对应级别 (第八条): the highest and the lowest of the 27 grades; grade 1 is the highest.
GRADES: Mapping[str, tuple[int, int]] = {
    "R01": (8, 13),
    "R02": (10, 15),
    "R03": (11, 17),
    "R04": (12, 18),
    "R05": (13, 19),
    "R06": (14, 20),
    "R07": (15, 21),
    "R08": (16, 22),
    "R09": (17, 23),
    "R10": (18, 24),
    "R11": (18, 26),
    "R12": (19, 27),
}

# 领导职务对应的最低职级 (第九条); 乡科级副职 by the sequence of the article, second-hand.
LOWEST_OF_LEVEL: Mapping[str, str] = {
    "0121": "R01",
    "0122": "R02",
    "0131": "R04",
    "0132": "R06",
    "0141": "R08",
    "0142": "R10",
}

# 职级设置规格 (第十条): the highest rank that a kind of body has.
HIGHEST_OF_BODY: Mapping[str, str] = {"city": "R02", "county": "R04", "town": "R04"}


def fits_grade(rank: str, grade: int) -> bool:
    """Whether a person of this rank may have this grade (级别, 1–27)."""
    high, low = GRADES[rank]
    return high <= grade <= low


def next_rank(rank: str) -> str | None:
    """逐级晋升 (《公务员法》第四十九条): the rank above; None for the highest."""
    place = ORDER.index(rank)
    return ORDER[place - 1] if place else None


def is_higher(one: str, other: str) -> bool:
    """Whether one rank stands above another."""
    return ORDER.index(one) < ORDER.index(other)


def exists_in(rank: str, body: str) -> bool:
    """Whether a body (city, county, town) has this rank at all (第十条); leading teams have their own."""
    return not is_higher(rank, HIGHEST_OF_BODY[body])


@dataclass(frozen=True, slots=True)
class Cap:
    """职数组: a group of ranks that together may not exceed a share of ``base``.

    ``base`` is empty for the body's posts, else the name of the group of which this one is a part (其中).
    """

    name: str
    ranks: tuple[str, ...]
    percent: Decimal
    base: str = ""


def _cap(name: str, low: int, high: int, percent: int, base: str = "") -> Cap:
    return Cap(name, ORDER[low - 1 : high], Decimal(percent), base)


_OFFICERS = (
    _cap("一至四级主任科员", 7, 10, 60),
    _cap("一、二级主任科员", 7, 8, 50, "一至四级主任科员"),
)
CAPS: Mapping[str, tuple[Cap, ...]] = {
    "city": (
        _cap("二级巡视员", 2, 2, 1),
        _cap("一至四级调研员", 3, 6, 20),
        _cap("一、二级调研员", 3, 4, 40, "一至四级调研员"),
        _cap("一级调研员", 3, 3, 50, "一、二级调研员"),
        *_OFFICERS,
    ),
    "county": (
        _cap("二级调研员", 4, 4, 2),
        _cap("三、四级调研员", 5, 6, 10),
        _cap("三级调研员", 5, 5, 40, "三、四级调研员"),
        *_OFFICERS,
    ),
    # 县（区）领导班子: of the team's leadership posts, not of the body's.
    "county_team": (_cap("二级巡视员", 2, 2, 10), _cap("一、二级调研员", 3, 4, 20)),
}
"""职级职数比例 (第十二条, 未核) of organs of a prefecture-level city, of a county or district and its towns."""
VERIFIED = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """核定: the number of one group, and the fraction left over, which goes into the shared pool (统筹)."""

    cap: Cap
    number: int
    remainder: Decimal


def allowances(posts: int, caps: tuple[Cap, ...]) -> dict[str, Allowance]:
    """职级职数 of a body with so many posts of the general class (行政编制 less technical and enforcement posts).

    Fractions are cut off, as the regulation says nothing of them (a setting of this system); what is cut off is
    ``remainder``. A part is a share of its group's whole number, not of the fraction.
    """
    found: dict[str, Allowance] = {}
    for cap in caps:
        whole = Decimal(found[cap.base].number if cap.base else posts)
        exact = whole * cap.percent / 100
        number = int(exact.to_integral_value(ROUND_FLOOR))
        found[cap.name] = Allowance(cap, number, exact - number)
    return found


@dataclass(frozen=True, slots=True)
class Excess:
    """超职级职数: a group that holds more people than it may."""

    cap: Cap
    number: int
    holders: int


def excesses(holders: Mapping[str, int], allowed: Mapping[str, Allowance]) -> list[Excess]:
    """The groups over their number; a higher group's unused number is not lent to a lower one (practice differs).

    ``holders`` are people by rank; whether leaders who also hold a rank count is the city's rule, so the caller
    leaves them in or out.
    """
    found = []
    for allowance in allowed.values():
        count = sum(holders.get(rank, 0) for rank in allowance.cap.ranks)
        if count > allowance.number:
            found.append(Excess(allowance.cap, allowance.number, count))
    return found


def room(rank: str, holders: Mapping[str, int], allowed: Mapping[str, Allowance], leaving: str | None = None) -> bool:
    """Whether one more person of this rank fits into every group it belongs to; ``leaving`` is the rank given up."""
    after = dict(holders)
    after[rank] = after.get(rank, 0) + 1
    if leaving is not None:
        after[leaving] = after.get(leaving, 0) - 1
    return all(rank not in e.cap.ranks for e in excesses(after, allowed))


def pool(bodies: list[Mapping[str, Allowance]]) -> dict[str, int]:
    """统筹: whole numbers that the cut-off fractions of several bodies make together, by group."""
    sums: dict[str, Decimal] = {}
    for allowed in bodies:
        for name, allowance in allowed.items():
            if not allowance.cap.base:
                sums[name] = sums.get(name, Decimal(0)) + allowance.remainder
    return {name: int(value) for name, value in sums.items()}
