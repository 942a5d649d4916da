"""职级: the twelve ranks of general civil servants, the grades they span, and which of them a body has.

Sources: 《公务员法》第十七至十九条; 《公务员职务与职级并行规定》第六至十条. How many a body may have of each: ``caps``.
"""

from collections.abc import Mapping

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


def numbered(code: str) -> bool:
    """Whether a rank or post grade has approved numbers: ranks down to 四级主任科员, posts of institutions.

    一、二级科员 have none (第十二条), other series of ranks and workers of organs have rules of their own.
    """
    return "R01" <= code <= "R10" or code.startswith(("03", "06", "07", "08"))
