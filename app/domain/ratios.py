"""比例参数: the ratio sets of a definition (``rank_quota``, ``post_plan``), read from the parameters of its check.

An administrator changes them as a new version of the definition: two people, from a day on, old versions kept
(docs/decisions/0018).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain import caps

MARKS = ("leaders", "special", "military")


@dataclass(frozen=True, slots=True)
class RatioSet:
    """一套比例: for which regions it is the usual one, what its base is, who does not count, and the rules of its groups."""

    key: str
    title: str
    regions: tuple[str, ...]
    base: str
    categories: tuple[str, ...]
    leave_out: tuple[str, ...]
    rules: tuple[dict[str, Any], ...]


def _words(value: Any) -> tuple[str, ...]:
    return tuple(x for x in str(value or "").split(",") if x)


def sets(params: Mapping[str, Any]) -> dict[str, RatioSet]:
    """The sets by their keys.

    Raises:
        ValueError: the parameters cannot be read, or a group refers to one that does not stand before it.
    """
    out = {}
    try:
        for key, made in params["sets"].items():
            rules = tuple(
                {**rule, "ratio": made.get(rule["ratio"], rule["ratio"])} if "ratio" in rule else dict(rule)
                for rule in made.get("groups", params.get("groups", ()))
            )
            found = RatioSet(key, made["title"], _words(made.get("regions")), made.get("base", "establishment"),
                             _words(made.get("categories", params["categories"])),
                             _words(made.get("leave_out", params.get("leave_out"))), rules)  # fmt: skip
            known = {""}
            for group in map(caps.parsed, rules):
                if not {group.of, group.plus, group.less} <= known or group.name in known:
                    raise ValueError(group.name)
                known.add(group.name)
            if not rules or set(found.leave_out) - set(MARKS) or found.base not in ("establishment", "leadership"):
                raise ValueError(key)
            out[key] = found
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(str(wrong)) from wrong
    if not out:
        raise ValueError("sets")
    return out


def usual(known: Mapping[str, RatioSet], region_kind: str) -> str | None:
    """The set that a unit of such a region usually has."""
    return next((s.key for s in known.values() if region_kind in s.regions), None)
