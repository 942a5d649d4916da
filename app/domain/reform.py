"""改革测算: what a trial's figures say, before and after. Lines and units never offset one another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Cost:
    """What the people of a funding channel cost a year, in 分; ``without`` of them have no standard and are not in it."""

    people: int
    amount: int
    without: int

    @property
    def yuan(self) -> int | None:
        """In 元, cut off; not known where nobody has a standard."""
        return None if self.people == self.without else self.amount // 100


def cost(found: Mapping[str, Any], standards: Mapping[tuple[str, str, str], int]) -> dict[str, Cost]:
    """A year's cost by funding channel. ``standards``: 分 a year by region, funding and category (经费测算)."""
    regions = {unit["id"]: unit.get("region", "") for unit in found["units"]}
    out: dict[str, Cost] = {}
    for line in found["lines"]:
        if line["kind"] == "establishment" and line["occupied"]:
            people, was = line["occupied"], out.get(line["funding"], Cost(0, 0, 0))
            each = standards.get((regions[line["unit"]], line["funding"], line["category"]))
            amount, without = (was.amount, people) if each is None else (was.amount + people * each, 0)
            out[line["funding"]] = Cost(was.people + people, amount, was.without + without)
    return dict(sorted(out.items()))


def shrunk(before: int, after: int) -> Decimal | None:
    """By how many percent a number fell, two decimals; none where it did not."""
    return percent(before - after, before) if after < before else None
