"""数据来源的时效: for which regions a rule's outside data are there and fresh; where they are not, it is 未运行."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.alarms.rule import Rule, Source


@dataclass(frozen=True, slots=True)
class Lack:
    """缺数据 or 数据过期: a source that a region lacks; ``last`` is the newest period that was loaded, if any."""

    source: str
    region: str
    last: dt.date | None

    def as_json(self) -> dict[str, str | None]:
        """As ``alarm_run.reason`` keeps it."""
        return {"source": self.source, "region": self.region, "last": self.last.isoformat() if self.last else None}


def _last(connection: Connection, source: Source) -> dict[str, dt.date]:
    rows = connection.execute(
        text(
            "SELECT region_code, max(period) AS last FROM source_feed WHERE name = :n AND state = 'loaded' GROUP BY region_code"
        ),
        {"n": source.name},
    )
    return {row.region_code: row.last for row in rows}


def standing(connection: Connection, rule: Rule, today: dt.date) -> tuple[list[str], list[Lack]]:
    """The regions (city, districts, and the towns of each) in which each source of a rule is fresh, and what lacks elsewhere.

    Only regions that have a unit of their own or in a town count as lacking.
    """
    places = connection.execute(
        text(
            "SELECT r.code, r.kind, r.parent_code, EXISTS (SELECT 1 FROM unit u JOIN region t ON t.code = u.region_code"
            " WHERE u.status = 'active' AND r.code = CASE t.kind WHEN 'town' THEN t.parent_code ELSE t.code END) AS used"
            " FROM region r ORDER BY r.code"
        )
    ).all()
    city = next((p.code for p in places if p.kind == "city"), None)
    keepers = [p for p in places if p.kind != "town"]
    fresh, lacks = {p.code for p in keepers}, []
    for source in rule.sources:
        last = _last(connection, source)
        for place in keepers:
            days = [last.get(place.code), last.get(city or "") if source.citywide else None]
            newest = max((d for d in days if d), default=None)
            if newest is None or newest < today - dt.timedelta(days=source.max_age):
                fresh.discard(place.code)
                if place.used:
                    lacks.append(Lack(source.name, place.code, newest))
    return [p.code for p in places if p.code in fresh or (p.kind == "town" and p.parent_code in fresh)], lacks
