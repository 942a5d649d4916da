"""种子数据: regions, offices, alarm rules, service accounts, published processes; planting twice changes nothing."""

import json
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db import refusal_of
from app.domain.codes import code_sets
from app.domain.errors import FactsChanged
from app.domain.regions import foshan
from app.domain.workdays import published
from app.workflow import definition, validation

# Cases began no earlier; older holidays decide no deadline.
FIRST_YEAR = 2024
OFFICES = {
    "establishment": "委编办",
    "organisation": "委组织部",
    "human_resources": "人力资源和社会保障局",
    "finance": "财政局",
    "social_insurance": "社会保险基金管理局",
}

# d9 of the design's domain text; articles of State Council decree 486 where one exists.
# The last says whom an open alarm is told (091_alarms.sql).
ALARM_RULES = (
    ("AL01", "无空编入编", "error", "《地方各级人民政府机构设置和编制管理条例》第二十六条", ("establishment",)),
    (
        "AL02",
        "超编单位新进人",
        "error",
        "《地方各级人民政府机构设置和编制管理条例》第二十六条",
        ("establishment", "unit"),
    ),
    (
        "AL03",
        "超领导职数任职",
        "error",
        "《地方各级人民政府机构设置和编制管理条例》第二十条、第二十六条",
        ("establishment", "unit"),
    ),
    (
        "AL04",
        "超职级职数、岗位结构比例",
        "error",
        "《公务员职务与职级并行规定》第十一条、第十二条",
        ("establishment", "unit"),
    ),
    ("AL05", "跨类型用编", "error", "《地方各级人民政府机构设置和编制管理条例》第十五条", ("establishment",)),
    ("AL06", "一人多编、身份证重复或校验错", "error", "立项文件（四）一人一编", ("establishment",)),
    (
        "AL07",
        "无控编单入编",
        "error",
        "机构编制实名制：凭控编单办理入编的流程，须先取得编办核准的控编单",
        ("establishment",),
    ),
    (
        "AL08",
        "控编单过期、超量或不符",
        "error",
        "机构编制实名制：控编单在有效期内、核准数内、本编制线上使用",
        ("establishment", "unit"),
    ),
    (
        "AL10",
        "混编混岗",
        "warning",
        "《地方各级人民政府机构设置和编制管理条例》第十五条、第二十六条",
        ("establishment", "unit"),
    ),
    (
        "AL14",
        "借调、挂职等离岗超期",
        "warning",
        "《公务员法》第七十二条；借调期限按本系统参数（默认 6 个月、累计 12 个月）",
        ("establishment", "unit"),
    ),
    ("AL17", "手工改库或越权操作", "error", "立项文件（二）禁止手工直接修改数据库", ("auditor", "establishment")),
    (
        "AL22",
        "年度核查、管理证年审逾期",
        "notice",
        "中央编办发〔2009〕39 号：加快推进机构编制实名制管理",
        ("establishment", "unit"),
    ),
    (
        "AL27",
        "已批准未能生效",
        "error",
        "本系统规定：批准事项到生效日自动入账，不能入账的由编办处理",
        ("establishment", "unit"),
    ),
    (
        "AL28",
        "业务无人可办",
        "error",
        "本系统规定：经办部门无人、经办人已离任、无人负责或流程定义有误的，由系统管理员处理，案件可重新分办",
        ("system_admin", "establishment"),
    ),
    (
        "AL29",
        "编制—人员—经费未衔接",
        "warning",
        "本系统规定：入编、出编生效后财政、人社、社保按期确认",
        ("office", "establishment"),
    ),
    (
        "AL30",
        "批准后未报到",
        "warning",
        "本系统规定：批准后按期确认报到，逾期释放所留编制",
        ("unit", "establishment"),
    ),
)

SERVICES = (("svc-opening", "建库专户", "establishment"), ("svc-worker", "后台作业", "establishment"))


def plant(connection: Connection) -> None:
    """Plant everything a new city needs before its first person."""
    plant_places(connection)
    plant_codes(connection)
    plant_calendar(connection)
    connection.execute(
        text(
            "INSERT INTO alarm_rule (code, name, level, basis, tells) VALUES (:c, :n, :l, :b, :t) ON CONFLICT (code)"
            " DO UPDATE SET name = excluded.name, level = excluded.level, basis = excluded.basis, tells = excluded.tells"
        ),
        [dict(zip("cnlbt", (*rule[:4], list(rule[4])), strict=True)) for rule in ALARM_RULES],
    )
    for username, name, office in SERVICES:
        user = ensure_user(connection, username, name, None)
        connection.execute(
            text(
                "INSERT INTO account (user_id, kind, office_id, started_on) SELECT :u, 'service', o.id, DATE '2020-01-01'"
                " FROM office o JOIN region r ON r.code = o.region_code AND r.kind = 'city' WHERE o.kind = :o"
                " AND NOT EXISTS (SELECT 1 FROM account a WHERE a.user_id = :u)"
            ),
            {"u": user, "o": office},
        )
    for raw, process in validation.load():
        publish(connection, raw, process)


def publish(connection: Connection, raw: dict[str, Any], process: definition.Process) -> None:
    """Publish a shipped definition; publishing the same twice changes nothing.

    Raises:
        DefinitionsRefused: this version was published with another content.
    """
    try:
        connection.execute(
            text("SELECT publish_version(:p, :v, cast(:d AS jsonb), cast(:r AS jsonb))"),
            {
                "p": process.process,
                "v": process.version,
                "d": definition.as_json(raw),
                "r": json.dumps(process.requirements),
            },
        )
    except DBAPIError as error:
        if not isinstance(refusal_of(error.orig), FactsChanged):
            raise
        raise validation.DefinitionsRefused([validation.published_otherwise(process)]) from error


def plant_places(connection: Connection) -> None:
    """Regions, the city before its districts, and the offices of city and districts."""
    divisions = foshan()
    connection.execute(
        text(
            "INSERT INTO region (code, kind, name, parent_code, prefix) SELECT * FROM unnest(cast(:c AS text[]),"
            " cast(:k AS text[]), cast(:n AS text[]), cast(:p AS text[]), cast(:x AS text[]))"
            " ON CONFLICT (code) DO UPDATE SET name = excluded.name"
        ),
        {
            "c": [d.code for d in divisions],
            "k": [d.kind for d in divisions],
            "n": [d.name for d in divisions],
            "p": [d.parent for d in divisions],
            "x": [d.prefix for d in divisions],
        },
    )
    offices = [(k, d.code, d.name + title) for d in divisions if d.kind != "town" for k, title in OFFICES.items()]
    connection.execute(
        text(
            "INSERT INTO office (kind, region_code, name) SELECT * FROM unnest(cast(:k AS text[]), cast(:r AS text[]),"
            " cast(:n AS text[])) ON CONFLICT ON CONSTRAINT uq_office_kind DO UPDATE SET name = excluded.name"
        ),
        {"k": [o[0] for o in offices], "r": [o[1] for o in offices], "n": [o[2] for o in offices]},
    )


def plant_codes(connection: Connection) -> None:
    """The code lists; a value that is no longer in one is ended, never deleted."""
    lists = code_sets().values()
    connection.execute(
        text(
            "INSERT INTO code_set (name, title, source) SELECT * FROM unnest(cast(:n AS text[]), cast(:t AS text[]),"
            " cast(:s AS text[])) ON CONFLICT (name) DO UPDATE SET title = excluded.title, source = excluded.source"
        ),
        {"n": [s.name for s in lists], "t": [s.title for s in lists], "s": [s.cited for s in lists]},
    )
    rows = [(s.name, c.code, c.name, c.exchange, n, c.ended_on) for s in lists for n, c in enumerate(s.codes, 1)]
    values = {name: [row[place] for row in rows] for place, name in enumerate("scnxpe")}
    connection.execute(
        text(
            "INSERT INTO code (code_set, code, name, exchange, position, ended_on) SELECT * FROM unnest("
            "cast(:s AS text[]), cast(:c AS text[]), cast(:n AS text[]), cast(:x AS text[]), cast(:p AS int[]),"
            " cast(:e AS date[])) ON CONFLICT ON CONSTRAINT uq_code_value DO UPDATE SET name = excluded.name,"
            " exchange = excluded.exchange, position = excluded.position, ended_on = excluded.ended_on"
        ),
        values,
    )
    connection.execute(
        text(
            "UPDATE code SET ended_on = current_date WHERE ended_on IS NULL AND (code_set, code) NOT IN"
            " (SELECT * FROM unnest(cast(:s AS text[]), cast(:c AS text[])))"
        ),
        {"s": values["s"], "c": values["c"]},
    )


def plant_calendar(connection: Connection) -> None:
    """The State Council's published holidays and make-up days; other days follow the weekday."""
    days = published(FIRST_YEAR)
    connection.execute(
        text(
            'INSERT INTO working_day ("on", worked) SELECT * FROM unnest(cast(:d AS date[]), cast(:w AS boolean[]))'
            ' ON CONFLICT ("on") DO UPDATE SET worked = excluded.worked'
        ),
        {"d": list(days), "w": list(days.values())},
    )


def ensure_user(connection: Connection, username: str, name: str, password_hash: str | None) -> int:
    """A user of this name; a service account has no password and cannot sign in."""
    row = connection.execute(text("SELECT id FROM ab_user WHERE username = :u"), {"u": username}).one_or_none()
    if row is not None:
        return int(row.id)
    return int(
        connection.execute(
            text(
                "INSERT INTO ab_user (id, first_name, last_name, username, password, active, email, created_on)"
                " VALUES (nextval('ab_user_id_seq'), :f, :l, :u, :p, true, :e, now()) RETURNING id"
            ),
            {
                "f": name[1:],
                "l": name[:1],
                "u": username,
                "p": password_hash,
                "e": f"{username}@bianzhi.local",
            },
        ).scalar_one()
    )
