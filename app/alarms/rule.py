"""A rule: what it forbids, by which article, who answers, and the one query that finds it.

Each piece of the system states its rules in ``app/alarms/rules_<piece>.py`` as ``RULES``; ``registry.py`` gathers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ORDINANCE = "《地方各级人民政府机构设置和编制管理条例》"

Level = Literal["error", "warning", "notice"]
Told = Literal["establishment", "unit", "office", "auditor", "system_admin"]


@dataclass(frozen=True, slots=True)
class Source:
    """数据来源 that a rule rests on: rows of ``source_feed`` by this name.

    ``max_age`` is how many days after the end of its period a load may be old; ``citywide`` says that a load for the city
    covers its districts too (the police's deaths), else each region loads its own.
    """

    name: str
    title: str
    max_age: int
    citywide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """报警规则. Its query is one SELECT over the whole city (columns: ``subject, unit_id, line_id, person_id, scope_path, facts``).

    ``select`` runs as the owner, one statement for all units: no loop, no row policy. In it
    ``{only}`` becomes nothing, or ``AND <units> = ANY(:units)`` when only the units touched by movements are looked at;
    ``:today`` is the day; each of ``params`` is bound as ``:name``; with ``sources``, ``:regions`` are the regions whose data
    are there and fresh. ``subject`` tells one finding of the rule from another and never changes while it stands
    (``line:12``, ``person:7``). ``unit_id`` is the legal body that answers. Without ``select`` the kernel raises it at the
    event (k_alarm_raise, refusals); with both (``refused``) it does so, and the query finds what came to stand all the same.

    ``near`` is another form of the query for touched units, where that of the whole city would walk the whole city.

    ``facts`` is a jsonb object with the values and the threshold; ``says`` (lazy text) is filled with it. ``stated`` names
    the facts to a reader where the common labels (app/views/alarm_texts.py) do not.
    """

    code: str
    name: str
    level: Level
    article: str
    tells: tuple[Told, ...] = ("establishment",)
    days: int = 10
    params: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    remedy: str | None = None
    select: str | None = None
    near: str | None = None
    refused: bool = False
    units: str | None = None
    says: Any = None
    stated: Mapping[str, Any] = field(default_factory=dict)

    def statement(self, *, touched: bool) -> str:
        """The query, over all units or those in ``:units``."""
        return ((touched and self.near) or self.select or "").replace(
            "{only}", f"AND {self.units} = ANY(:units)" if touched else ""
        )
