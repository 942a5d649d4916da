"""规则总表: every rule of every piece, by code; planted into ``alarm_rule`` by deployment."""

import importlib
import json
import pkgutil
from functools import cache

from sqlalchemy import Connection, text

import app.alarms
from app.alarms.rule import Rule


@cache
def rules() -> dict[str, Rule]:
    """All rules by code, in the codes' order.

    Raises:
        ValueError: two rules of one code.
    """
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(app.alarms.__path__):
        if module.name.startswith("rules"):
            for rule in importlib.import_module(f"app.alarms.{module.name}").RULES:
                if rule.code in found:
                    raise ValueError(f"{rule.code}: {module.name}")
                found[rule.code] = rule
    return dict(sorted(found.items()))


def plant(connection: Connection) -> None:
    """The registry's rules into the table; what 编办 set (``params``) stays."""
    connection.execute(
        text(
            "INSERT INTO alarm_rule (code, name, level, basis, tells, answer_days, remedy)"
            " SELECT x.code, x.name, x.level, x.basis, ARRAY(SELECT jsonb_array_elements_text(x.tells)), x.days, x.remedy"
            " FROM jsonb_to_recordset(cast(:r AS jsonb)) AS x(code text, name text, level text, basis text, tells jsonb,"
            " days int, remedy text) ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level,"
            " basis = excluded.basis, tells = excluded.tells, answer_days = excluded.answer_days, remedy = excluded.remedy"
        ),
        {
            "r": json.dumps(
                [
                    {"code": r.code, "name": r.name, "level": r.level, "basis": r.article, "tells": r.tells,
                     "days": r.days, "remedy": r.remedy}
                    for r in rules().values()
                ]
            )
        },
    )  # fmt: skip
