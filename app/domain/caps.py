"""职数组: groups of ranks or post grades and how many may hold them together, each number with the sum that says so.

A group is a share of the base or of a group before it, cut off, rounded or rounded up; or a number that a document gives.
The kernel reckons every group again (``k_reckoned``, 061_ranks.sql) and believes no number above its share, so whole
numbers alone are used: ``parts`` of ``whole``. Ratios are parameters of the definitions ``rank_quota`` and ``post_plan``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

ROUNDINGS = {"down": "⌊{}⌋", "half": "[{}]", "up": "⌈{}⌉"}
RULES = ("name", "low", "high", "of", "percent", "ratio", "typed", "rounding", "minimum", "plus", "less", "mark")


class MissingNumberError(ValueError):
    """A number that the scheme has to give is missing: its field and the group that it is for."""

    def __init__(self, field: str, group: str) -> None:
        super().__init__(field)
        self.field, self.group = field, group


@dataclass(frozen=True, slots=True)
class Group:
    """One group: holders of the codes from ``low`` to ``high`` (none: it is only reckoned with).

    ``of``: the group whose share it is, empty for the base; ``whole`` 0: the number is given, not reckoned. ``plus``:
    a group whose places may be used too (低等级可使用高等级的空额); ``less``: one whose number is taken away (其余). ``mark``:
    only people marked so count (特设岗位), and the number stands outside the base.
    """

    name: str
    low: str = ""
    high: str = ""
    of: str = ""
    parts: int = 0
    whole: int = 0
    rounding: str = "down"
    minimum: int = 0
    plus: str = ""
    less: str = ""
    mark: str = ""
    number: int = 0

    def holds(self, code: str | None) -> bool:
        """Whether a rank or grade belongs to the group."""
        return code is not None and self.low != "" and self.low <= code <= self.high


def rounded(parts: int, whole: int, of: int, rounding: str) -> int:
    """``of × parts / whole`` as a whole number, by whole numbers alone as the kernel does."""
    more = {"down": 0, "half": whole, "up": 2 * (whole - 1)}[rounding]
    return (2 * of * parts + more) // (2 * whole)


@dataclass(frozen=True, slots=True)
class Line:
    """一行推导: a group's most by the formula, what was cut off, and the sum in signs."""

    group: Group
    most: int
    cut: Fraction
    sum: str

    @property
    def number(self) -> int:
        """核定: what the document gives, never more than the most."""
        return self.group.number


def _share(group: Group) -> str:
    if group.whole == 1:
        return ""
    return f" × {group.parts * 100 / group.whole:g}%" if 100 % group.whole or group.whole == 100 else (
        f" × {group.parts}/{group.whole}"
    )  # fmt: skip


def derived(base: int, groups: Iterable[Group]) -> list[Line]:
    """Every group with its sum, in order; a group refers to groups before it.

    Raises:
        KeyError: a group refers to one that does not stand before it.
    """
    numbers: dict[str, int] = {"": base}
    out = []
    for g in groups:
        of, plus, less = numbers[g.of], numbers[g.plus] if g.plus else 0, numbers[g.less] if g.less else 0
        if g.whole:
            share = rounded(g.parts, g.whole, of, g.rounding)
            said = ROUNDINGS[g.rounding].format(f"{of}{_share(g)}") if g.whole > 1 else str(of)
            if g.minimum:
                said, share = f"max({g.minimum}, {said})", max(g.minimum, share)
            cut = max(Fraction(0), Fraction(of * g.parts, g.whole) - share)
        else:
            share, said, cut = g.number, str(g.number), Fraction(0)
        said += f" + {plus}" * bool(g.plus) + f" − {less}" * bool(g.less)
        most = max(0, share + plus - less)
        numbers[g.name] = g.number
        out.append(Line(g, most, cut, said if said == str(most) else f"{said} = {most}"))
    return out


def reckoned(base: int, rules: Sequence[Mapping[str, Any]], given: Mapping[str, int | None]) -> tuple[Group, ...]:
    """The groups of a scheme with their numbers: shares by the rules, given numbers from the scheme's own fields.

    A given number that may be missing (``typed: name?``) leaves its group out, and with it the groups that are its parts.

    Raises:
        MissingNumberError: a number that has to be given is not.
        ValueError: a rule cannot be read.
    """
    found: list[Group] = []
    gone: set[str] = set()
    for rule in rules:
        group = parsed(rule)
        field, optional = str(rule.get("typed", "")).removesuffix("?"), str(rule.get("typed", "")).endswith("?")
        if {group.of, group.plus, group.less} & gone or (optional and given.get(field) is None):
            gone.add(group.name)
            continue
        if field:
            number = given.get(field)
            if number is None:
                raise MissingNumberError(field, group.name)
            found.append(replace(group, number=number))
        else:
            found.append(replace(group, number=derived(base, [*found, group])[-1].most))
    return tuple(found)


def parsed(rule: Mapping[str, Any]) -> Group:
    """A rule of a definition's parameters as a group without its number.

    Raises:
        ValueError: it says neither share nor field, or something unknown.
    """
    unknown = set(rule) - set(RULES)
    given = [k for k in ("percent", "ratio", "typed") if k in rule]
    if unknown or len(given) != 1 or not rule.get("name") or rule.get("rounding", "down") not in ROUNDINGS:
        raise ValueError(str(rule.get("name", rule)))
    parts, whole = 0, 0
    if "percent" in rule:
        share = Fraction(str(rule["percent"]))
        parts, whole = share.numerator, 100 * share.denominator
    elif "ratio" in rule:
        parts, whole = (int(x) for x in str(rule["ratio"]).split("/"))
    if given[0] != "typed" and (whole < 1 or parts < 0):
        raise ValueError(str(rule["name"]))
    name, low, high, of, plus, less, mark = (
        str(rule.get(k, "")) for k in ("name", "low", "high", "of", "plus", "less", "mark")
    )
    rounding, minimum = str(rule.get("rounding", "down")), int(rule.get("minimum", 0))
    return Group(name, low, high, of, parts, whole, rounding, minimum, plus, less, mark)


def written(groups: Iterable[Group]) -> str:
    """The canonical text of groups, as it is filed and stands in the ledger."""
    return json.dumps([asdict(g) for g in groups], ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(text: str) -> tuple[Group, ...]:
    """The groups that such a text says."""
    return tuple(Group(**g) for g in json.loads(text))


def main_kind_holds(kind: str, least: int, posts: Mapping[str, int]) -> bool:
    """主体岗位: whether the main kind (管理、专技、工勤) has its least share in percent of all posts."""
    return posts.get(kind, 0) * 100 >= least * sum(posts.values())
