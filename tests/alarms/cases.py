"""The three cases of each rule: a near miss, a hit, and its mending; ``cases_<piece>.py`` state them, one function a rule.

A case is a generator: it prepares, then yields how many alarms of its rule have to stand after a run; first none (the near
miss), then some (the hit), at last none again (mended).
"""

from collections.abc import Callable, Iterator

from tests.world import World

Case = Callable[[World], Iterator[int]]
CASES: dict[str, Case] = {}


def case(code: str) -> Callable[[Case], Case]:
    """State the three cases of a rule."""

    def stated(made: Case) -> Case:
        assert code not in CASES, code
        CASES[code] = made
        return made

    return stated
