"""消化计划: how many may still be beyond the number at the end of each year, as people write it and as it is kept.

Kept as ``2027:3,2028:0``: year after year, each year once, the number never rising. Written as anybody would:
``2027年末3名、2028年末0名``, full-width figures and signs, one year a line.
"""

import datetime as dt
import itertools
import re
import unicodedata

MOST_YEARS = 20
STORED = rf"^20[0-9]{{2}}:[0-9]{{1,5}}(,20[0-9]{{2}}:[0-9]{{1,5}}){{0,{MOST_YEARS - 1}}}$"
_BREAK = re.compile(r"[,，、;；。\n\r]+")
# Between year and number stands something: a sign, a word, a blank; "20273" is neither.
_PART = re.compile(
    r"(20[0-9]{2})(?=[^0-9])\s*(?:年\s*(?:年?\s*[末底])?)?\s*[:=为剩余至\-—]?\s*([0-9]{1,5})\s*[名人个]?"
)


def read(written: str) -> str | None:
    """What was written, as it is kept; None where it cannot be told what is meant."""
    parts = [p.strip() for p in _BREAK.split(unicodedata.normalize("NFKC", written)) if p.strip()]
    found = [_PART.fullmatch(p) for p in parts]
    if not parts or len(parts) > MOST_YEARS or None in found:
        return None
    return ",".join(f"{m[1]}:{int(m[2])}" for m in found if m)


def years(kept: str) -> list[tuple[int, int]]:
    """Year and number of each part of what is kept."""
    return [(int(year), int(n)) for year, _colon, n in (part.partition(":") for part in kept.split(","))]


def shown(kept: str) -> str:
    """What is kept, as a person reads it (and may write it again)."""
    return "、".join(f"{year}年末{n}名" for year, n in years(kept)) if re.fullmatch(STORED, kept) else kept


def problem(
    kept: str | None, start: dt.date | None = None, until: dt.date | None = None, surplus: int | None = None
) -> str | None:
    """The code of what is wrong with the numbers of a plan, the first of it; None where nothing is.

    Args:
        kept: the numbers as they are kept.
        start: first day of the plan.
        until: its last day, by which nobody is beyond the number any more.
        surplus: how many are beyond the number as the plan begins.
    """
    if not kept:
        return None
    if not re.fullmatch(STORED, kept):
        return "targets_form"
    said = years(kept)
    pairs = list(itertools.pairwise(said))
    if any(later <= sooner for (sooner, _n), (later, _m) in pairs):
        return "targets_order"
    if any(more > before for (_y, before), (_z, more) in pairs):
        return "targets_more"
    if start is not None and said[0][0] < start.year:
        return "targets_before"
    if until is not None and said[-1][0] > until.year:
        return "targets_after"
    if until is not None and any(y == until.year and n and until == dt.date(y, 12, 31) for y, n in said):
        return "targets_left"
    return "targets_above" if surplus is not None and max(n for _y, n in said) > surplus else None


def plan_problem(
    kept: str | None, start: dt.date | None, until: dt.date | None, surplus: int | None = None
) -> str | None:
    """The code of what is wrong with a plan, its days or its numbers; None where nothing is, or no plan is meant.

    ``plan_ended`` is about its last day, everything else about its numbers; the arguments are those of ``problem``.
    """
    if until is None:
        return "targets_without_plan" if kept else None
    if start is not None and until <= start:
        return "plan_ended"
    return problem(kept, start, until, surplus)
