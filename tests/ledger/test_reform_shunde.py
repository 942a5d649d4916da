"""佛山市顺德区 2009 大部制 (《佛山市顺德区党政机构改革方案》, 2009-09-14): 41 bodies become 16, drafted, tried, approved, and read from both days.

The sixteen and the numbers are published; how the forty-one were called is filled in where it is not.
"""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.reform import bodies, by_category, shrunk
from app.queries import units
from tests.ledger.steps import TODAY, findings
from tests.ledger.test_reform import Desk
from tests.world import Body, World

DISTRICT = "440606"
# The sixteen, and with whom five of them work under one roof (合署, counted as one).
AFTER = {
    "纪委机关": ("政务监察和审计局",), "委办公室": ("政府办公室", "决策咨询和政策研究室"), "委组织部": (), "委宣传部": ("文体旅游局",),
    "委政法委员会": ("司法局",), "委社会工作部": ("民政宗教和外事侨务局",), "发展规划和统计局": (), "经济促进局": (), "教育局": (), "公安局": (),
    "财税局": (), "人力资源和社会保障局": (), "国土城建和水利局": (), "卫生和人口计划生育局": (), "市场安全监管局": (), "环境运输和城市管理局": (),
}  # fmt: skip
SHUNDE = tuple(AFTER)
BEFORE = (
    "纪委机关 监察局 审计局 信访局", "委办公室 政府办公室 政策研究室", "委组织部 机构编制委员会办公室",
    "委宣传部 文体广电新闻出版局 旅游局", "委政法委员会 司法局 社会治安综合治理委员会办公室",
    "委统一战线工作部 委农村工作部 民政宗教局 外事侨务局", "发展和改革局 统计局 规划局", "经济贸易局 科学技术局 农业局", "教育局",
    "公安局", "财政局 地方税务局", "人事局 劳动和社会保障局", "国土资源局 建设局 水利局", "卫生局 人口和计划生育局",
    "工商行政管理局 质量技术监督局 安全生产监督管理局", "环境保护局 交通局",
)  # fmt: skip


@pytest.fixture(scope="module")
def old(world: World) -> dict[str, list[Body]]:
    """The forty-one, by the body that they become."""
    return {
        new: [
            world.body(f"顺德区{name}", region=DISTRICT, quotas={"11": 4, "13": 1}, people={"11": 2, "13": 1},
                       leaders={"principal:0131": 1}, departments=("办公室",))
            for name in names.split()
        ]
        for new, names in zip(SHUNDE, BEFORE, strict=True)
    }  # fmt: skip


def standing(world: World, day: dt.date) -> int:
    """Bodies of the district on a day, 合署 counted once, as the ledger knows it today."""
    return int(world.value("SELECT bodies_counted(:r, '', :d)", r=DISTRICT, d=day))


def drafted(desk: Desk, old: dict[str, list[Body]]) -> int:
    """Sixteen bodies set up, each given its leader's number, and the forty-one merged into them."""
    _reform, variant = desk.begin("顺德区党政机构改革方案")
    for name, parts in old.items():
        key = desk.step(variant, "open_unit", name=f"顺德区{name}", region=DISTRICT, body="organ", category="34", grade="107",
                        nature="党政机关")  # fmt: skip
        for partner in AFTER[name]:
            other = desk.step(variant, "open_unit", name=f"顺德区{partner}", region=DISTRICT, body="organ", category="34",
                              grade="107", nature="党政机关")  # fmt: skip
            desk.step(variant, "signboard", unit=key, signboard_kind="co_located", partner=other, counts="yes")
        desk.step(variant, "set_leadership", unit=key, role="principal", level="0131", authorised=1)
        for part in parts:
            desk.step(variant, "merge_unit", unit=part.id, into=key, seats="along")
    return variant


def test_forty_one_bodies_become_sixteen_and_both_days_can_be_read(world: World, old: dict[str, list[Body]]) -> None:
    desk, parts = Desk(world, DISTRICT), [b for of in old.values() for b in of]
    assert len(parts) == 41
    variant = drafted(desk, old)
    tried = desk.attempt(variant)
    assert [s for s in tried["steps"] if not s["ok"]] == []
    assert (bodies(tried["before"]), bodies(tried["after"])) == (41, 16)
    assert str(shrunk(41, 16)) == "60.98"  # 缩减六成; not 近三分之二
    assert tried["people"] == tried["people"] | {"moved": 123, "unseated": 0, "unled": 0}
    assert {c: (f.authorised, f.occupied) for c, f in by_category(tried["after"]).items()} == {
        "11": (164, 82),
        "13": (41, 41),
    }
    assert standing(world, TODAY) == 41

    case = desk.file(variant)
    desk.approve(case)
    assert world.state(case) == "running"  # administrative numbers of a district: the city's word is missing
    world.decide(world.office("establishment"), case, "city")
    assert world.state(case) == "done"
    assert (standing(world, TODAY - dt.timedelta(days=1)), standing(world, TODAY)) == (41, 16)

    # What was tried is what there is, line by line.
    now = {line["line"] for line in tried["after"]["lines"]}
    assert len(now) > 41
    made: dict[str, Any] = {}
    with world.superuser.connect() as c:
        for row in c.execute(text("SELECT u.name, l.kind, l.category, t.authorised, t.occupied FROM unit u JOIN quota_line l ON"
                                  " l.unit_id = u.id JOIN ledger_total t ON t.line_id = l.id WHERE u.region_code = :r"
                                  " AND u.status = 'active'"), {"r": DISTRICT}):  # fmt: skip
            made[f"{row.name} {row.kind} {row.category}"] = (row.authorised, row.occupied)
    called = {u["id"]: u["name"] for u in tried["after"]["units"] if u["open"]}
    assert made == {f"{called[x['unit']]} {x['kind']} {x['category']}": (x["authorised"], x["occupied"])
                    for x in tried["after"]["lines"] if x["unit"] in called}  # fmt: skip

    # The heads are members of the district's committee: they lead and take no seat of the body.
    for name, other in zip(SHUNDE[:3], SHUNDE[3:6], strict=True):
        row = world.row("SELECT id, scope_path FROM unit WHERE name = :n AND status = 'active'", n=f"顺德区{name}")
        body, line = (
            Body(row[0], name, row[1]),
            world.value("SELECT id FROM quota_line WHERE unit_id = :u AND kind = 'leadership'", u=row[0]),
        )
        seats = "SELECT sum(occupied) FROM ledger_total t JOIN quota_line l ON l.id = t.line_id WHERE l.unit_id = :u AND l.kind = 'establishment'"
        before = world.value(seats, u=body.id)
        facts = {"person": old[other][0].people[0], "line": line, "nature": "concurrent", "home_unit": "顺德区委", "main": 1,
                 "start": TODAY.isoformat()}  # fmt: skip
        case = world.submit(world.clerk(body), body, "leader", facts, effective_on=TODAY)
        world.decide(world.office("establishment", DISTRICT), case, "establishment")
        # 正职 of this grade are the city's cadres (干部管理权限).
        region = world.value("SELECT o.region_code FROM task t JOIN office o ON o.id = t.office_id WHERE t.application_id = :c"
                             " AND t.code = 'personnel'", c=case)  # fmt: skip
        world.decide(world.office("organisation", region), case, "personnel")
        assert world.figures(line) == (1, 1, 0)
        assert world.value(seats, u=body.id) == before

    # A body that is no more: closed, and its past as it was.
    gone = parts[0]
    with world.database.transaction(desk.who) as s:
        was = units.lines_of(s, gone.id, "establishment", TODAY - dt.timedelta(days=1))
        assert [(x.category, x.figures.authorised, x.figures.occupied) for x in was] == [("11", 4, 2), ("13", 1, 1)]
        assert len(units.roster(s, gone.id, TODAY - dt.timedelta(days=1), kind="establishment")) == 3
        assert units.unit(s, gone.id).status == "closed"
    assert findings(world) == []
