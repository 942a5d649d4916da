"""Lists as other offices write them, for people whom a test city has."""

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from app.db import Identity
from app.domain.sources import KINDS
from app.exchange.sources import check, enter, read, units_of
from tests import DAY
from tests.world import Body, World

MONTH = (DAY.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
BEFORE = (MONTH - dt.timedelta(days=1)).replace(day=1)
NEXT = DAY.replace(day=1)


def day(offset: int) -> str:
    """A day counted from the first of the month."""
    return (MONTH + dt.timedelta(days=offset)).isoformat()


def months(back: int, days: int = 0) -> str:
    """The first day of the month so many months before the next one, and some days on."""
    index = NEXT.year * 12 + NEXT.month - 1 - back
    return (dt.date(index // 12, index % 12 + 1, 1) + dt.timedelta(days=days)).isoformat()


@dataclass(frozen=True)
class Payee:
    """One line of a payroll."""

    person: int
    number: str
    name: str
    unit: str
    category: str = "11"
    funding: str = "1"
    amount: str = "8000.00"


def payees(world: World, body: Body) -> list[Payee]:
    """Everybody of a body as a payroll would list them."""
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT p.id, p.name, p.id_cipher, l.category, l.funding FROM person p JOIN occupancy o ON o.person_id = p.id"
                " AND o.kind = 'establishment' AND o.recorded_to IS NULL JOIN quota_line l ON l.id = o.line_id"
                " WHERE o.unit_id = :u ORDER BY p.id"
            ),
            {"u": body.id},
        ).all()
    return [
        Payee(r.id, world.keys.decrypt("resident", bytes(r.id_cipher)), r.name, body.name, r.category, r.funding)
        for r in rows
    ]


def stranger(number: str, unit: str, name: str = "路人") -> Payee:
    """Somebody whom the ledger does not know."""
    return Payee(0, number, name, unit)


def payroll(lines: list[Payee]) -> bytes:
    """The list as UTF-8 CSV."""
    return table(
        ["身份证号", "姓名", "单位", "应发金额", "编制类型", "经费形式"],
        [[p.number, p.name, p.unit, p.amount, p.category, p.funding] for p in lines],
    )


def table(headers: list[str], rows: list[list[str]]) -> bytes:
    """A CSV of these cells."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows(rows)
    return out.getvalue().encode()


def load(world: World, who: Identity, kind: str, month: dt.date, content: bytes) -> int:
    """Reads, checks and enters a list; returns its batch."""
    with world.database.transaction(who) as session:
        units = units_of(session)
        checked = check(read("x", content), KINDS[kind], month, saved={}, units=units, keys=world.keys)
        assert not checked.flaws, checked.flaws
        return enter(session, KINDS[kind], month, ("测试.csv", content), checked, "127.0.0.1")


def differences(world: World, month: dt.date = MONTH, state: str = "open") -> set[tuple[Any, ...]]:
    """What stands: kind, masked number."""
    with world.superuser.connect() as connection:
        rows = connection.execute(
            text("SELECT kind, name FROM pay_difference WHERE state = :s AND month = :m"), {"s": state, "m": month}
        ).all()
    return {tuple(r) for r in rows}


__all__ = [
    "BEFORE",
    "MONTH",
    "NEXT",
    "Payee",
    "day",
    "differences",
    "load",
    "months",
    "payees",
    "payroll",
    "replace",
    "stranger",
    "table",
]
