"""示范城市的编办业务: totals and limits, 三定, a meeting of the commission, a certificate, plans, alarms; by the kernel's ways."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from app.cli.demo_accounts import DISTRICTS
from app.cli.demo_cases import EDUCATION, first_certificate
from app.cli.demo_desks import Desks, Facts
from app.queries import alarms as alarm_reads
from app.queries import commission as meetings
from app.queries import forecast_by, sanding, units
from app.workflow import commission, engine

ISSUER = "中共佛山市委机构编制委员会"
# Of each kind of establishment that a region has, a total; the city's above those of its districts.
TOTALS = ("11", "12", "22")
LIMITED = "34"
SURPLUS, ABSORBED = "佛山市民政局", "南海区水利局"
PLANNED = (("11", 1), ("11", 2))


def offices() -> Iterator[tuple[str, str, str, str]]:
    """Region, its name, who files and who reviews at its establishment office; the city last, whose totals hold all."""
    for stem, (name, code) in DISTRICTS.items():
        yield code, f"{name}区", stem, f"{stem}2"
    yield "440600", "佛山市", "bianban", "bianban2"


def numbered(d: Desks, what: str, n: int) -> Facts:
    """A document of this year, invented."""
    return {"document_no": f"佛编{what}〔{d.today.year}〕{n}号", "issuer": ISSUER, "start": d.day()}


def totals(d: Desks) -> None:
    """区域总量和机构限额 of the city and each district, a little above what is distributed."""
    for n, (code, _name, files, reviews) in enumerate(offices(), 1):
        office = "establishment" if files in DISTRICTS else ""
        for m, category in enumerate(TOTALS, 1):
            used = int(
                d.value(
                    "SELECT coalesce(sum(t.authorised), 0) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id"
                    " JOIN region r ON r.code = :r WHERE l.kind = 'establishment' AND l.category = :c"
                    " AND starts_with(t.scope_path, r.prefix)", r=code, c=category,
                )
            )  # fmt: skip
            if not used:
                continue
            facts = {"region": code, "category": category, "pool_kind": "total", "number": used + max(20, used // 50),
                     **numbered(d, "总", 10 * n + m)}  # fmt: skip
            case = d.file(files, "quota_pool", facts, office=office)
            d.decide(reviews, case, "review")
            if d.value("SELECT 1 FROM task WHERE application_id = :c AND code = 'city' AND state = 'open'", c=case):
                d.decide("bianban", case, "city")
        bodies = int(d.value("SELECT bodies_counted(:r, :c, kernel_today())", r=code, c=LIMITED))
        if bodies:
            facts = {"region": code, "category": LIMITED, "most": bodies + 2, **numbered(d, "限", n)}
            d.decide(reviews, d.file(files, "organ_limit", facts, office=office), "review")


def ending(d: Desks) -> None:
    """What has an end: a temporary number of 教育局 within half a year, and a district's plan of absorption that runs."""
    if (unit := d.unit(EDUCATION)) is not None:
        facts = {"line": d.line(unit), "purpose": "military", "number": 1, "how": "added", "last_on": d.day(150),
                 **numbered(d, "示范", 51)}  # fmt: skip
        d.decide("bianban2", d.file("bianban", "quota_part", facts, about=unit), "review")
    if (unit := d.unit(ABSORBED)) is not None:
        facts = {"line": d.line(unit), "until_on": f"{d.today.year + 3}-12-31", "targets": f"{d.today.year + 1}:2,{d.today.year + 2}:1",
                 **numbered(d, "南示范", 52)}  # fmt: skip
        case = d.file("nanhai", "absorb", facts, about=unit, office="establishment")
        d.decide("nanhai2", case, "review")
        d.decide("bianban", case, "city")


def numbers(d: Desks) -> dict[str, int]:
    """编制调整 under way: the city's own waits for its second official, a district's administrative one for the city."""
    made: dict[str, int] = {}
    for key, name, files, office, n in (
        ("review", EDUCATION, "bianban", "", 61), ("upwards", f"{DISTRICTS['chancheng'][0]}区教育局", "chancheng", "establishment", 62)
    ):  # fmt: skip
        if (unit := d.unit(name)) is not None:
            line = d.line(unit)
            more = int(d.value("SELECT authorised FROM ledger_total WHERE line_id = :l", l=line)) + 1
            facts = {"line": line, "authorised": more, **numbered(d, "示范", n)}
            made[key] = d.file(files, "quota", facts, about=unit, office=office)
    if "upwards" in made:
        d.decide("chancheng2", made["upwards"], "review")
    return made


def sanding_of(d: Desks, unit: int, document: str, start: str, less: int, older: bool = False) -> Facts:
    """A 三定 with the ledger's own numbers, but for ``less`` of the first line (AL16 finds it)."""
    with Session(d.look) as s:
        numbers, _leaders, names = sanding.ledger_numbers(s, unit, d.today)
    leaders = d.look.exec_driver_sql(
        "SELECT CASE WHEN l.scope_unit_id = l.unit_id THEN 'unit' ELSE 'department' END AS scope, l.role, l.level,"
        " sum(t.authorised)::int AS number FROM quota_line l JOIN ledger_total t ON t.line_id = l.id"
        " WHERE l.unit_id = %s AND l.kind = 'leadership' GROUP BY 1, 2, 3 ORDER BY 1 DESC, 3, 2", (unit,)
    ).all()  # fmt: skip
    duties = ["贯彻执行教育法律法规和方针政策，拟订本区域教育发展规划并组织实施。", "统筹管理基础教育、职业教育和校外培训。",
              "指导教师队伍建设，承担教师资格和职称工作。"]  # fmt: skip
    if not older:
        duties += ["负责学生资助和教育数字化工作。"]
    rows = sorted(numbers.items())
    quotas = [{"category": c, "number": str(x - (less if n == 0 else 0))} for n, (c, x) in enumerate(rows)]

    def written(items: list[dict[str, str]]) -> str:
        return json.dumps(items, ensure_ascii=False)

    return {
        "unit": unit, "document_no": document, "issuer": ISSUER, "start": start,
        "duties": written([{"text": x} for x in duties]),
        "departments": written([{"name": x, "duties": "承担机关日常工作。", "number": ""} for x in names]),
        "quotas": written(quotas),
        "leaders": written([{"scope": r.scope, "role": r.role, "level": r.level, "number": str(r.number)} for r in leaders]),
    }  # fmt: skip


def documents(d: Desks) -> dict[str, int]:
    """三定: a district's body with an older and the present text; the city's waits for the commission."""
    made: dict[str, int] = {}
    old = d.unit(f"{DISTRICTS['chancheng'][0]}区教育局")
    if old is not None:
        for number, start, less in (
            ("佛禅编示范〔2019〕15号", "2019-03-20", 3),
            ("佛禅编示范〔2024〕8号", "2024-06-01", 1),
        ):
            facts = sanding_of(d, old, number, start, less, older=less > 1)
            d.decide("chancheng2", d.file("chancheng", "sanding", facts, about=old, office="establishment"), "review")
    unit = d.unit(EDUCATION)
    if unit is not None:
        facts = sanding_of(d, unit, f"佛编示范〔{d.today.year}〕21号", d.day(), 0)
        made["sanding"] = d.file("bianban", "sanding", facts, about=unit)
        for key, matter in (
            ("matter", "关于设立市教育督导评估中心的请示"),
            ("waits", "关于调整市教育局内设机构设置的请示"),
        ):
            facts = {"unit": unit, "matter": matter, "ground": "按程序提请市委编委审议。"}
            made[key] = d.file("bianban", "commission_matter", facts, about=unit)
        for case in made.values():
            d.decide("bianban2", case, "review")
        meet(d, [made["matter"], made["sanding"]])
    return made


def meet(d: Desks, cases: list[int]) -> None:
    """One meeting of the commission: put on the agenda, recorded by one, settled by another, carried out."""
    meeting = int(d.call("bianban3", "SELECT commission_open(kernel_today(), '市委会议中心三楼')"))
    words = {}
    for case in cases:
        item = d.call("bianban3", "SELECT commission_put(:m, :c, '')", m=meeting, c=case)
        words[str(item)] = {"verdict": "approve", "resolution": "原则同意，由市委编办按程序办理"}
    minutes = "会议听取了市委编办的汇报，逐项审议并同意各项议题，要求严格控制编制总量，加强实名制管理。"
    d.call("bianban3", "SELECT commission_record(:m, '编委会委员七人', :t, cast(:w AS jsonb))", m=meeting, t=minutes,
           w=json.dumps(words, ensure_ascii=False))  # fmt: skip
    d.call("bianban2", "SELECT commission_settle(:m)", m=meeting)
    with d.database.transaction(d.who("bianban2")) as s:
        settled, items = meetings.meeting(s, meeting), meetings.agenda(s, meeting)
    for item in items:
        with d.database.transaction(d.who("bianban2"), case_id=item.application_id) as s:
            commission.carry_out(s, settled, item)


def certificate(d: Desks) -> int | None:
    """机构编制管理证 of 教育局, issued."""
    unit = d.unit(EDUCATION)
    if unit is None:
        return None
    case = d.file("clerk", "certificate", first_certificate(unit))
    d.decide("bianban2", case, "establishment", opinion="核对无误，准予发证。")
    return case


def plan(d: Desks) -> None:
    """用编打算: how many 教育局 means to take in next year and the year after."""
    unit = d.unit(EDUCATION)
    if unit is None:
        return
    with d.database.transaction(d.who("clerk")) as s:
        rows: dict[tuple[str, int], int | None] = {(category, d.today.year + n): 2 - n % 2 for category, n in PLANNED}
        forecast_by.keep_plan(s, units.unit(s, unit), rows, int(engine.me(s, 1) or 0))


def alarms(d: Desks) -> dict[str, int]:
    """One alarm in rectification: the plan of absorption that mends it waits for its second official; one is explained."""
    made: dict[str, int] = {}
    found: Any = d.look.exec_driver_sql(
        "SELECT a.id, a.unit_id, a.line_id FROM alarm a JOIN unit u ON u.id = a.unit_id JOIN alarm_rule r ON r.code = a.rule"
        " WHERE u.name = %s AND a.state = 'open' AND r.remedy = 'absorb' AND a.line_id IS NOT NULL ORDER BY a.id LIMIT 1",
        (SURPLUS,),
    ).one_or_none()
    if found:
        facts = {"line": found.line_id, "until_on": f"{d.today.year + 2}-12-31", "targets": f"{d.today.year + 1}:1",
                 **numbered(d, "示范", 71)}  # fmt: skip
        with d.database.transaction(d.who("bianban")) as s:
            made["rectified"] = d.draft(s, "absorb", {"estab_line": str(found.line_id)})
            alarm_reads.rectify(s, found.id, made["rectified"])
        d.file("bianban", "absorb", facts, about=found.unit_id, draft=made["rectified"])
    return made
