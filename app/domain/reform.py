"""改革测算: what a trial's figures say, before and after. Lines and units never offset one another."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from app.domain.quota import Figures, percent, total


def summed(lines: Iterable[Mapping[str, Any]]) -> Figures:
    """The sum of some lines."""
    return total([Figures.of(x["authorised"], x["occupied"], x["reserved"]) for x in lines])


def by_category(found: Mapping[str, Any]) -> dict[str, Figures]:
    """Establishment figures by category, in the order of the codes."""
    lines = [line for line in found["lines"] if line["kind"] == "establishment"]
    return {c: summed(x for x in lines if x["category"] == c) for c in sorted({x["category"] for x in lines})}


def leadership(found: Mapping[str, Any]) -> Figures:
    """Leadership figures."""
    return summed(x for x in found["lines"] if x["kind"] == "leadership")


def by_post(found: Mapping[str, Any]) -> dict[tuple[str, str], Figures]:
    """Leadership figures by role and level, the highest level first."""
    lines = [line for line in found["lines"] if line["kind"] == "leadership"]
    kinds = sorted({(x["role"], x["level"]) for x in lines}, key=lambda x: (x[1], x[0]))
    return {k: summed(x for x in lines if (x["role"], x["level"]) == k) for k in kinds}


def surplus(found: Mapping[str, Any], kind: str) -> int:
    """How many hold a seat or post beyond its line's number."""
    return sum(int(x["occupied"]) - int(x["authorised"] or 0) for x in surplus_lines(found, kind))


def surplus_lines(found: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """Lines with more holders than their number."""
    return [x for x in found["lines"] if x["kind"] == kind and x["occupied"] > (x["authorised"] or 0)]


def bodies(found: Mapping[str, Any]) -> int:
    """Legal bodies of those touched that stand; 合署 counts once, several names of one body too."""
    return sum(1 for unit in found["units"] if unit["counts"])


def cases_of_ended(found: Mapping[str, Any]) -> int:
    """Running cases of bodies that stand no longer."""
    return sum(int(unit["cases"]) for unit in found["units"] if not unit["open"])


def departments(found: Mapping[str, Any]) -> int:
    """Internal departments of the bodies touched."""
    return sum(int(unit["departments"]) for unit in found["units"] if unit["open"])


def cost(found: Mapping[str, Any], yearly: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """People and a year's cost by funding channel; a channel without a standard costs nothing here."""
    out: dict[str, tuple[int, int]] = {}
    for line in found["lines"]:
        if line["kind"] == "establishment" and line["occupied"]:
            people, amount = out.get(line["funding"], (0, 0))
            out[line["funding"]] = people + line["occupied"], amount + line["occupied"] * yearly.get(line["funding"], 0)
    return dict(sorted(out.items()))


def shrunk(before: int, after: int) -> Decimal | None:
    """By how many percent a number fell, two decimals; none where it did not."""
    return percent(before - after, before) if after < before else None
