"""Retirement dates for every month of birth 1960–2000 × table, by a walk through the decision's text, month after month.

《关于实施渐进式延迟法定退休年龄的决定》: 从2025年1月1日起，男职工和原法定退休年龄为五十五周岁的女职工，法定退休年龄每四个月延迟
一个月，分别逐步延迟至六十三周岁和五十八周岁；原法定退休年龄为五十周岁的女职工，每二个月延迟一个月，逐步延迟至五十五周岁。
The walk counts months on its fingers and knows nothing of the formula; rows printed in the decision's tables are checked beside it.
"""

import datetime as dt
from collections.abc import Iterator

import pytest

from app.domain.retirement import Track, statutory

MAN, CADRE, WORKER = Track.MAN, Track.WOMAN_CADRE, Track.WOMAN_WORKER
# Former age, months that share a step, and the age at which the delay stops.
TEXT = {MAN: (60, 4, 63), CADRE: (55, 4, 58), WORKER: (50, 2, 55)}
Month = tuple[int, int]


def following(month: Month) -> Month:
    """The next month."""
    return (month[0], month[1] + 1) if month[1] < 12 else (month[0] + 1, 1)


def walk(track: Track) -> Iterator[tuple[Month, Month, int]]:
    """Month of birth, month of retirement, months of delay, one month of birth after the other."""
    former, share, last = TEXT[track]
    born, delay, in_step = (1960, 1), 0, 0
    while born <= (2000, 12):
        if (born[0] + former, born[1]) >= (2025, 1):
            if in_step == 0 and delay < (last - former) * 12:
                delay += 1
            in_step = (in_step + 1) % share
        retires = (born[0] + former, born[1])
        for _month in range(delay):
            retires = following(retires)
        yield born, retires, delay
        born = following(born)


@pytest.mark.parametrize("track", list(TEXT))
def test_every_month_of_birth_retires_when_the_decision_says(track: Track) -> None:
    rows = list(walk(track))
    assert len(rows) == 41 * 12
    for born, retires, delay in rows:
        for day in (1, 28):
            found = statutory(dt.date(*born, day), track)
            assert ((found.on.year, found.on.month), found.delay) == (retires, delay), born


# Printed in the tables of the decision and in its published examples (cases B-1 … B-18).
PRINTED = {
    MAN: {(1963, 12): (2023, 12), (1964, 12): (2024, 12), (1965, 1): (2025, 2), (1965, 4): (2025, 5), (1965, 5): (2025, 7),
          (1965, 12): (2026, 3), (1966, 11): (2027, 5), (1970, 6): (2031, 11), (1976, 8): (2039, 7), (1976, 9): (2039, 9),
          (1995, 12): (2058, 12)},
    CADRE: {(1969, 12): (2024, 12), (1970, 1): (2025, 2), (1971, 4): (2026, 8), (1981, 8): (2039, 7), (1981, 9): (2039, 9)},
    WORKER: {(1974, 12): (2024, 12), (1975, 1): (2025, 2), (1975, 3): (2025, 5), (1984, 10): (2039, 9), (1984, 11): (2039, 11)},
}  # fmt: skip


@pytest.mark.parametrize("track", list(TEXT))
def test_the_walk_passes_through_the_printed_rows(track: Track) -> None:
    walked = {born: retires for born, retires, _delay in walk(track)}
    assert {born: walked[born] for born in PRINTED[track]} == PRINTED[track]
