"""办结用时: figures of how long things took, from how often each number of working days occurred."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """How many, on average, the median, the days within which nine in ten were done, and the share in time (%)."""

    number: int
    mean: float | None = None
    median: float | None = None
    ninety: int | None = None
    timely: float | None = None


def at(counts: Mapping[int, int], place: int) -> int:
    """The value at a place (from 1) of the ordered row."""
    for days in sorted(counts):
        place -= counts[days]
        if place <= 0:
            return days
    raise IndexError(place)


def times(counts: Mapping[int, int], timely: int) -> Times:
    """The figures of a distribution: days → how often; ``timely`` of them within the limit.

    The median of an even number is the mean of the two in the middle; the ninetieth percentile is the smallest number
    of days within which at least nine in ten were done (nearest rank).
    """
    number = sum(counts.values())
    if number == 0:
        return Times(0)
    mean = sum(days * n for days, n in counts.items()) / number
    median = (at(counts, (number + 1) // 2) + at(counts, number // 2 + 1)) / 2
    return Times(number, mean, median, at(counts, -(-number * 9 // 10)), 100 * timely / number)
