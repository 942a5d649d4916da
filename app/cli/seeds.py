"""种子数据: regions, offices, alarm rules, service accounts, published processes; planting twice changes nothing."""

import json
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.alarms import registry
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

SERVICES = (("svc-opening", "建库专户", "establishment"), ("svc-worker", "后台作业", "establishment"))


def plant(connection: Connection) -> None:
    """Plant everything a new city needs before its first person."""
    plant_places(connection)
    plant_codes(connection)
    plant_calendar(connection)
    registry.plant(connection)
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
