"""示范城市的工资核对: one month of the city's payroll with the lists beside it, a few lines of which say something else."""

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from app.cli import settings
from app.db import Database, Identity
from app.domain.crypto import KeyRing
from app.domain.id_number import check_digit
from app.domain.sources import KINDS
from app.domain.workdays import city_today
from app.exchange.sources import check, enter, read, units_of
from app.exchange.sources.check import RESIDENT
from app.queries import budget

# The city's own bodies: the demonstration's finance office and clerks belong to them.
REGION = "440600"
# What one person costs a year, in yuan, by category: invented figures for an invented document.
STANDARDS = {"11": 186_000, "12": 204_000, "13": 118_000, "22": 158_000}
DOCUMENT = "佛财示范〔{year}〕1号"
PEOPLE = text(
    "SELECT p.name, p.id_cipher, p.birth_on, u.name AS unit, l.category, l.funding FROM occupancy o"
    " JOIN person p ON p.id = o.person_id JOIN unit u ON u.id = o.unit_id JOIN quota_line l ON l.id = o.line_id"
    " WHERE o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL AND u.region_code = :r"
    " AND o.started_on < :m ORDER BY o.scope_path, o.id"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A person as a list of another office names him."""

    number: str
    name: str
    unit: str
    category: str
    funding: str
    amount: str


@dataclass(frozen=True, slots=True)
class Loader:
    """Brings a list in as its page does: read, mapped, checked row by row, entered whole."""

    database: Database
    keys: KeyRing
    month: dt.date

    def enter(self, who: Identity, kind: str, headers: list[str], rows: list[list[str]]) -> None:
        """One list by one office.

        Raises:
            RuntimeError: a line has an error; the demonstration is then not what it says.
        """
        out = io.StringIO()
        csv.writer(out).writerows([headers, *rows])
        name, content = f"{KINDS[kind].title}{self.month:%Y%m}.csv", out.getvalue().encode()
        with self.database.transaction(who) as s:
            checked = check(read(name, content), KINDS[kind], self.month, saved={}, units=units_of(s), keys=self.keys)
            if checked.flaws:
                raise RuntimeError(f"{kind}: {checked.flaws[0]}")
            enter(s, KINDS[kind], self.month, (name, content), checked, None)


def month(connection: Connection, keys: KeyRing) -> None:
    """Standards, social insurance, pensions and the payroll of last month, by the offices that keep them."""
    users: dict[str, int] = dict(
        connection.execute(text("SELECT username, id FROM ab_user WHERE username IN ('caizheng', 'renshe')")).all()
    )  # fmt: skip
    if len(users) < 2 or connection.execute(text("SELECT count(*) FROM source_batch")).scalar():
        return
    period = (city_today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    lines = [
        Line(keys.decrypt(RESIDENT, bytes(r.id_cipher)), r.name, r.unit, r.category, r.funding, _pay(r.category, r.birth_on))
        for r in connection.execute(PEOPLE, {"r": REGION, "m": period})
    ]  # fmt: skip
    with settings.databases() as (database, signin):
        finance, people = (signin.open_session(users[name]) for name in ("caizheng", "renshe"))
        with database.transaction(finance) as s:
            for year in {period.year, city_today().year}:
                for category, amount in STANDARDS.items():
                    budget.set_standard(s, year, "1", category, amount * 100, DOCUMENT.format(year=year))
        hand_in(Loader(database, keys, period), finance, people, lines)


def hand_in(lists: Loader, finance: Identity, people: Identity, lines: list[Line]) -> None:
    """The lists of one month, each by the office that keeps it; payroll comes last and is compared."""
    paid, insured, pensioners = planted(lines)
    lists.enter(people, "social_insurance", ["身份证号", "姓名", "单位"], [[x.number, x.name, x.unit] for x in insured])
    if pensioners:
        lists.enter(people, "pension", ["身份证号", "姓名", "领取开始日期"],
             [[x.number, x.name, lists.month.isoformat()] for x in pensioners])  # fmt: skip
    lists.enter(finance, "payroll", ["身份证号", "姓名", "单位", "编制类型", "经费形式", "应发金额", "月份"],
         [[x.number, x.name, x.unit, x.category, x.funding, x.amount, f"{lists.month:%Y-%m}"] for x in paid])  # fmt: skip


def planted(lines: list[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    """The payroll, the insured and the pensioners, with a few differences of each kind that one month can show."""
    of: dict[str, list[Line]] = {}
    for line in lines:
        of.setdefault(line.unit, []).append(line)
    # Bodies with enough people, the demonstration clerk's first: he finds one of several kinds at his own.
    large = sorted(
        (unit for unit, people in of.items() if len(people) >= 12), key=lambda u: (u not in ("佛山市教育局", "佛山市财政局"), u)
    )  # fmt: skip
    if len(large) < 3:  # a small city: its lists say what the roster says
        return lines, lines, []
    home, other, third = large[:3]
    changes: dict[str, Line | None] = {}  # by number; None: not on the payroll
    changes[of[home][2].number] = None
    changes[of[other][2].number] = None
    changes[of[home][3].number] = replace(of[home][3], category="22" if of[home][3].category != "22" else "11")
    changes[of[home][4].number] = replace(of[home][4], name=of[home][4].name[0] + "某")
    changes[of[third][2].number] = replace(of[third][2], unit=other)
    strangers = [
        Line(_nobody(n), name, unit, "11", "1", "9600.00")
        for n, (name, unit) in enumerate((("路过", home), ("过路", third)))
    ]
    twice = replace(of[third][5], unit=other, amount="3200.00")
    paid = [line for line in (changes.get(x.number, x) for x in lines) if line] + [twice, strangers[0]]
    uninsured = {of[home][6].number, of[third][6].number}
    insured = [x for x in lines if x.number not in uninsured] + [strangers[1]]
    return paid, insured, [of[other][7], of[third][7]]


def _pay(category: str, born: dt.date) -> str:
    """A month's pay that grows with age: invented."""
    base = {"11": 7600, "12": 8200, "13": 4900, "22": 6900}.get(category, 6000)
    return f"{base + 130 * (2000 - born.year) + 7 * born.day}.00"


def _nobody(serial: int) -> str:
    """The number of somebody whom the city has not: the last serials of a day, which its own people do not come to."""
    body = f"44069919700101{990 + serial:03d}"
    return body + check_digit(body)
