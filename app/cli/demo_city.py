"""示范城市: a deterministic Foshan of invented people: organs, institutions, towns, lines and leaders."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

from app.cli.demo_accounts import DISTRICTS
from app.domain.crypto import KeyRing
from app.domain.id_number import check_digit
from app.domain.regions import Division, foshan
from app.ledger.opening import Batch
from app.ledger.people import PersonFacts, facts_of

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文区"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华慧建国文辉力永健世广志义兴良海山仁波宁贵福生龙元全胜学祥才发武新利清飞彬富顺信子杰佳嘉琼勤珍贞莉岚苑婷雪梅燕红倩雅晨宇浩凯"
# 4406 99 is no division: these people cannot exist.
DIVISION = "440699"
# Years of birth, and the days of their months' first four weeks. The stride shares no divisor with their number.
YOUNGEST, OLDEST = 24, 58
DAYS, STRIDE = (OLDEST - YOUNGEST + 1) * 12 * 28, 7919
ORGANS = [
    "委办公室",
    "人民政府办公室",
    "委组织部",
    "委宣传部",
    "委统战部",
    "委政法委员会",
    "发展和改革局",
    "教育局",
    "科学技术局",
    "工业和信息化局",
    "民政局",
    "司法局",
    "财政局",
    "人力资源和社会保障局",
    "自然资源局",
    "生态环境局",
    "住房和城乡建设局",
    "交通运输局",
    "水利局",
    "农业农村局",
    "商务局",
    "文化广电旅游体育局",
    "卫生健康局",
    "审计局",
    "统计局",
    "市场监督管理局",
    "应急管理局",
    "医疗保障局",
    "总工会",
    "妇女联合会",
]
JUDICIAL = ("公安局", "人民法院", "人民检察院")
INSTITUTIONS = [
    "第一中学",
    "第二中学",
    "实验中学",
    "实验小学",
    "中心小学",
    "第一幼儿园",
    "人民医院",
    "中医院",
    "妇幼保健院",
    "疾病预防控制中心",
    "图书馆",
    "文化馆",
    "博物馆",
    "公共资源交易中心",
    "不动产登记中心",
    "政务服务中心",
    "人才服务中心",
    "市政设施管理处",
    "园林绿化管理处",
    "环境监测站",
]
TOWN_BODIES = ("党政机关", "公共服务中心", "综合治理中心", "中心小学", "初级中学", "社区卫生服务中心")
# Seats left on the first line of some bodies, so that every outcome can be tried; below zero: over the quota. What the city's
# people file takes some (app/cli/demo_cases.py): 财政局 has one left once somebody has gone, as the README says.
SPARE = {
    "佛山市教育局": 7,
    "佛山市财政局": 0,
    "佛山市第一中学": 6,
    **{f"{name}区教育局": 2 for name, _code in DISTRICTS.values()},
    "佛山市民政局": -2,
    "佛山市实验小学": -1,
    "禅城区司法局": 0,
    "南海区水利局": -3,
}
# From when the numbers of the opening balance hold.
FIXED_ON = dt.date(2012, 1, 1)
DEPARTMENTS = ("办公室", "综合科", "业务一科", "业务二科", "人事科", "监督科")


@dataclass(frozen=True, slots=True)
class Body:
    """One legal body of the plan and its share of the people."""

    region: Division
    name: str
    kind: str
    weight: int


def bodies(scale: int) -> list[Body]:
    """Every legal body; ``scale`` repeats schools and hospitals for larger cities."""
    out: list[Body] = []
    for region in foshan():
        if region.kind == "town":
            out += [
                Body(region, f"{region.name}{n}", "organ" if n == "党政机关" else "institution", 5) for n in TOWN_BODIES
            ]
            continue
        out += [Body(region, f"{region.name}{n}", "organ", 3) for n in ORGANS]
        out += [Body(region, f"{region.name}{n}", "judicial", 9) for n in JUDICIAL]
        for turn in range(scale):
            mark = "" if turn == 0 else f"第{turn + 1}"
            out += [Body(region, f"{region.name}{mark}{n}", "institution", 9) for n in INSTITUTIONS]
    return out


class City:
    """The plan made batches, one legal body at a time; the same seed gives the same city.

    What a body holds depends on its place in the plan alone, so several processes may make and load parts of it.
    """

    def __init__(self, people: int, seed: int, keys: KeyRing, today: dt.date) -> None:
        self.people, self.seed, self.keys, self.today = people, seed, keys, today
        self.bodies = bodies(max(1, people // 60_000))
        self.serial = 0

    def batches(self, region: str) -> Iterator[Batch]:
        """One batch for each legal body of one division, in the order of the plan."""
        weights = sum(b.weight for b in self.bodies)
        segment, done, due = 0, 0, 0.0
        for index, body in enumerate(self.bodies):
            due += self.people * body.weight / weights
            if body.region.code == region:
                segment += 1
                self.serial = done
                yield self._batch(index, body, f"{segment:04d}", round(due) - done)
            done = round(due)

    def _batch(self, index: int, body: Body, segment: str, count: int) -> Batch:
        rng = random.Random(self.seed * 100_003 + index)  # noqa: S311 - a demo, not a secret
        organ = body.kind != "institution"
        category = {"organ": "11", "judicial": "12", "institution": "22"}[body.kind]
        opened = "2010-01-01"
        batch = Batch(body.region.code)
        common = {
            "region": body.region.code,
            "nature": "党政机关" if organ else "事业单位",
            "category": "34" if organ else "42",
            "grade": {"city": "107", "district": "109"}.get(body.region.kind, "110"),
            "subordination": {"city": "41", "district": "71"}.get(body.region.kind, "81"),
            "body": "organ" if organ else "institution",
            "start": opened,
        }
        batch.units.append({**common, "key": "u", "node": "legal", "segment": segment, "name": body.name})
        departments = [f"d{i}" for i in range(1, 1 + min(len(DEPARTMENTS), max(1, count // 12)))]
        for i, key in enumerate(departments):
            batch.units.append(
                {
                    **common,
                    "key": key,
                    "parent_key": "u",
                    "node": "department",
                    "segment": f"{i + 1:04d}",
                    "name": DEPARTMENTS[i],
                }
            )
        self._lines(batch, body, category, count, departments, rng)
        lines = [line for line in batch.lines if line["kind"] == "establishment"]
        for line in lines:
            for _ in range(line["holders"]):
                batch.people.append(self._person(line["key"], rng, departments, line["category"]))
            del line["holders"]
        self._leaders(batch, departments, rng)
        return batch

    def _lines(
        self,
        batch: Batch,
        body: Body,
        category: str,
        count: int,
        departments: list[str],
        rng: random.Random,
    ) -> None:
        # The number's year is that of the day from which the document holds.
        document = f"佛编〔{FIXED_ON.year}〕{rng.randint(1, 99)}号"
        base = {
            "unit_key": "u",
            "document_no": document,
            "issuer": "中共佛山市委机构编制委员会",
            "start": FIXED_ON.isoformat(),
        }
        workers = count // 15 if category != "22" else 0
        plan = [
            (category, "none" if category != "22" else "professional", count - workers),
            ("13", "none", workers),
        ]
        for i, (code, structure, people) in enumerate(plan):
            if people == 0:
                continue
            usual = rng.choice((0, 1, 1, 2, 3))
            authorised = people + (SPARE.get(body.name, usual) if i == 0 else usual)
            batch.lines.append(
                {
                    **base,
                    "key": f"e{i}",
                    "kind": "establishment",
                    "category": code,
                    "funding": "1",
                    "structure": structure,
                    "authorised": max(0, authorised),
                    "holders": people,
                }
            )
        level = {"city": ("0131", "0132"), "district": ("0141", "0142")}.get(body.region.kind, ("0141", "0142"))
        posts = [("u", "principal", level[0], 1), ("u", "deputy", level[1], 3 if count > 20 else 2)]
        posts += [(d, "principal", "0141", 1) for d in departments] + [(d, "deputy", "0142", 1) for d in departments]
        for i, (scope, role, rank, number) in enumerate(posts):
            batch.lines.append(
                {
                    **base,
                    "key": f"l{i}",
                    "kind": "leadership",
                    "category": "",
                    "funding": "",
                    "structure": "none",
                    "scope_key": scope,
                    "role": role,
                    "level": rank,
                    "authorised": number,
                }
            )

    def _person(self, line: str, rng: random.Random, departments: list[str], category: str) -> dict[str, object]:
        civil, worker = category in ("11", "12"), category == "13"
        sex, born, number = self._born(rng.choice("12"), 49 if worker else 54)
        started = dt.date(max(2012, born.year + 22), rng.randint(1, 12), rng.randint(1, 28))
        started = min(started, self.today - dt.timedelta(days=30))
        if born.year > self.today.year - 27 and self.serial % 8 == 0:
            # Some of the young came last month, so that payroll has somebody to add.
            started = (self.today.replace(day=1) - dt.timedelta(days=1)).replace(day=1 + born.day % 20)
        name = rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2, 2))))
        facts = PersonFacts(
            name=name,
            id_number=number,
            sex=sex,
            birth_on=born,
            work_started_on=started,
            level=None,
            rank=rng.choice(("R09", "R10", "R11", "R12"))
            if civil
            else rng.choice(("0420", "0430", "0440") if worker else ("0331", "0341", "0342")),
            education=rng.choice(("14", "21", "21", "31")),
            entry_way="81" if category == "22" else "2",
        )
        return {
            **facts_of(facts, self.keys),
            "line_key": line,
            "department_key": rng.choice(departments),
            "start": started.isoformat(),
        }

    def _born(self, sex: str, oldest: int) -> tuple[str, dt.date, str]:
        """Sex, birth and number of the next person: each goes to another day, and no day is come to twice in one round.

        Women beyond the age at which they retire are a few, for the alarms (``oldest``); the others are men.
        """
        turn, day = divmod(self.serial, DAYS)
        self.serial += 1
        year, day = divmod(day * STRIDE % DAYS, 12 * 28)
        born = dt.date(self.today.year - YOUNGEST - year, 1 + day // 28, 1 + day % 28)
        if self.today.year - born.year > oldest and self.serial % 40:
            sex = "1"
        body = f"{DIVISION}{born:%Y%m%d}{2 * turn + (sex == '1'):03d}"
        return sex, born, body + check_digit(body)

    def _leaders(self, batch: Batch, departments: list[str], rng: random.Random) -> None:
        free = [p for p in batch.people if p["line_key"] == "e0"]
        for line in batch.lines:
            if line["kind"] != "leadership" or not free or rng.random() < 0.08:
                continue
            for _ in range(line["authorised"]):
                if not free:
                    break
                person = free.pop()
                batch.leaders.append(
                    {
                        "person_index": person["person_index"],
                        "line_key": line["key"],
                        "nature": "regular",
                        "main": 1,
                        "start": max(str(person["start"]), "2020-01-01"),
                    }
                )
