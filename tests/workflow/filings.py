"""A filing of every shipped business: the facts as its form files them, on a body of its own; for tests that drive all."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import text

from app.domain.retirement import add_months
from app.ledger.people import facts_of
from app.ledger.records import record_facts
from app.views.fields.entry import REASONS
from app.views.fields.records import KIND_OF
from app.views.filing.reform import facts_of_phase
from app.workflow import engine, validation, verifying
from app.workflow.definition import Process
from tests.ledger.steps import TODAY, by_office, entered, lead, scheme_facts, seat
from tests.workflow import filings_engagement, filings_organs
from tests.world import Body, World, id_number, person

CITY = "440600"
KINDS = ("establishment", "organisation", "human_resources", "finance", "social_insurance")
# 期初 has no form and no stages: every body of these tests comes in through it.
PLANS: dict[str, Process] = {plan.process: plan for _raw, plan in validation.load() if plan.stages}
DOCUMENT = {"document_no": "佛编〔2026〕8号", "issuer": "市委编委"}
serial = count()


def day(months: int = 0, days: int = 0) -> str:
    return (add_months(TODAY, months) + dt.timedelta(days=days)).isoformat()


@dataclass
class Filing:
    """What is submitted, by whom, and what may be filed instead after a return."""

    facts: dict[str, Any]
    body: Body
    person_id: int | None = None
    name: str | None = None
    effective_on: dt.date | None = None
    about: int | None = None
    other: dict[str, Any] = field(default_factory=dict)
    case: int | None = None  # a draft that is there already


class City:
    """A world with three people in each office: two members and the head."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.offices: dict[str, list[str]] = {}
        for kind in KINDS:
            names = [f"{kind}{CITY}", f"{kind}2", f"{kind}h"]
            world.office(kind)
            for name, hat in ((names[1], "office_member"), (names[2], "office_head")):
                world.account(name, hat, office=(kind, CITY))
            self.offices[kind] = names
        world.account("sysadmin", "system_admin")
        self.who = cache(world.identity)

    def user(self, username: str) -> int:
        return int(self.world.value("SELECT id FROM ab_user WHERE username = :u", u=username))

    def body(self, category: str = "11", people: int = 2, **more: Any) -> Body:
        """A body with room, and its clerk; civil ones have leaders and a second category."""
        n = next(serial)
        if category == "11":
            more = {"quotas": {"11": 6, "12": 3}, "leaders": {"principal:0131": 1, "deputy:0132": 1}} | more
        else:
            more = {"quotas": {category: 10}, "kind": "institution"} | more
        made = self.world.body(f"模{n:04d}局", people={category: people}, departments=("办公室", "业务科"), **more)
        self.world.clerk(made)
        return made

    def applicant(self, plan: Process, filing: Filing) -> str:
        """The user who applies."""
        if plan.applicant == "unit":
            return f"clerk{filing.body.id}"
        if plan.applicant == "person":
            return f"person{filing.person_id}"
        return self.offices[plan.applicant][1]

    # -- filing ---------------------------------------------------------------------------------------------------

    def filing(self, process: str) -> Filing:
        """The facts of one case of a business, on a fresh body."""
        plan = PLANS[process]
        made = (BY_PROCESS.get(process) or BY_MOVEMENT[plan.movement])(self, plan)
        if plan.applicant == "person":
            self.world.account(f"person{made.person_id}", "person", person_id=made.person_id)
        if "start" in made.facts or "end" in made.facts:
            made.effective_on = dt.date.fromisoformat(made.facts.get("start") or made.facts["end"])
        return made

    def submit(self, process: str, filing: Filing, facts: dict[str, Any] | None = None, case: int | None = None) -> int:
        """Draft (where there is none) and submit."""
        plan, world = PLANS[process], self.world
        who = self.who(self.applicant(plan, filing))
        by_office = plan.applicant not in ("unit", "person")
        with world.database.transaction(who, case_id=case) as s:
            if case is None:
                prefix = s.execute(text("SELECT prefix FROM region WHERE code = :r"), {"r": CITY}).scalar_one()
                case = engine.draft(
                    s, process=process, form={},
                    unit_id=None if by_office else filing.body.id,
                    office_id=int(engine.me(s, 7) or 0) if by_office else None,
                    scope_path=filing.body.scope_path if filing.about or not by_office else prefix,
                    person_id=filing.person_id if plan.applicant == "person" else None,
                ).id  # fmt: skip
            engine.submit(s, case, facts=facts or filing.facts, person_id=filing.person_id, person_name=filing.name,
                          effective_on=filing.effective_on, unit_id=filing.about)  # fmt: skip
        return case

    def open_tasks(self, case: int) -> list[Any]:
        with self.world.superuser.connect() as c:
            return list(c.execute(text(
                "SELECT t.id, t.stage, t.code, t.unit_id, o.kind AS office, t.first_decision_id FROM task t"
                " LEFT JOIN office o ON o.id = t.office_id WHERE t.application_id = :c AND t.state = 'open' ORDER BY t.id"),
                {"c": case}))  # fmt: skip

    def deciders(self, task: Any) -> list[str]:
        """The users who answer for a task."""
        if task.office:
            return self.offices[task.office]
        with self.world.superuser.connect() as c:
            return list(c.execute(text(
                "SELECT u.username FROM account a JOIN ab_user u ON u.id = a.user_id WHERE a.unit_id = :u ORDER BY a.id"),
                {"u": task.unit_id}).scalars())  # fmt: skip

    def convene(self, case: int, verdict: str = "approve") -> None:
        """A meeting of the commission that says this of the case: recorded by one, settled by the other."""
        one, two = self.offices["establishment"][:2]
        calls = (
            (one, "SELECT commission_record(:m, '编委会委员五人', '研究了议题。', jsonb_build_object(cast(:i AS text),"
                  " jsonb_build_object('verdict', cast(:v AS text), 'resolution', '照办')))"),
            (two, "SELECT commission_settle(:m)"),
        )  # fmt: skip
        with self.world.database.transaction(self.who(one)) as s:
            meeting = s.execute(text("SELECT commission_open(kernel_today(), '')")).scalar_one()
            item = s.execute(text("SELECT commission_put(:m, :c, '')"), {"m": meeting, "c": case}).scalar_one()
        for name, call in calls:
            with self.world.database.transaction(self.who(name)) as s:
                s.execute(text(call), {"m": meeting, "i": item, "v": verdict})

    def approve_all(self, case: int) -> None:
        """Every task approved by the first who answers for it, the head where two are needed."""
        while tasks := self.open_tasks(case):
            task = tasks[0]
            names = self.deciders(task)
            name = names[-1] if task.first_decision_id else names[0]
            if task.code == "commission":
                self.convene(case)
            with self.world.database.transaction(self.who(name), case_id=case) as s:
                engine.decide(s, task.id, verdict="approve", opinion="经核，属实")

    def finished(self, process: str, filing: Filing) -> int:
        """A case from filing to its end, without a turn."""
        case = self.submit(process, filing, case=filing.case) if not filing.case else filing.case
        self.approve_all(case)
        if self.world.state(case) == "awaiting":
            self.world.arrive(self.who(self.applicant(PLANS[process], filing)), case, TODAY)
        return case

    # -- what businesses begin from -------------------------------------------------------------------------------

    def permit(self, body: Body) -> int:
        self.finished("permit", Filing(seats(body), body))
        return int(self.world.value("SELECT id FROM permit WHERE unit_id = :u", u=body.id))

    def away(self) -> tuple[Body, int]:
        made = self.filing("secondment")
        self.finished("secondment", made)
        return made.body, made.facts["person"]

    def scheme(self, body: Body, kind: str) -> None:
        """Approved numbers of ranks or posts, so that somebody may be promoted."""
        process = {"rank": "rank_quota", "post": "post_plan"}[kind]
        self.finished(process, Filing(scheme_facts(self.world, body, process, **POSTS[kind]), body))


def seats(body: Body) -> dict[str, Any]:
    return {"line": body.line, "seats": 2, "numbering": "one", "purpose": "recruit"}


NEWCOMERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "recruit": ("11", "2", {}),
    "recruit_permit": ("11", "2", {}),
    "transfer_in": ("11", "11", {}),
    "military": ("11", "36", {}),
    "selected": ("11", "83", {}),
    "placement": ("22", "84", {}),
    "talent": ("22", "85", {"contract_on": day(0, -3), "contract_end_on": day(60)}),
    "contract_civil": ("11", "5", {"contract_on": day(), "contract_end_on": day(36)}),
    "appointed": ("11", "37", {"start": day(0, -3), **DOCUMENT}),
    "hire": ("22", "81", {"publicity_on": day(0, -20), "publicity_end_on": day(0, -5), "contract_on": day(0, -3),
                          "contract_end_on": day(60), "probation_end_on": day(6), "first_job": "0"}),
}  # fmt: skip


def newcomer(city: City, plan: Process) -> Filing:
    category, way, more = NEWCOMERS[plan.process]
    body = city.body(category, 1)
    standing = {"level": "0132", "rank": "R06"} if plan.process == "appointed" else {}
    who = person("新来甲", entry_way=way, **standing)
    facts = {**facts_of(who, city.world.keys), "line": body.line, "department": None, **more}
    other = {} if category == "22" else {"line": body.lines["12"]}
    if plan.process == "recruit_permit":
        facts |= {"permit": city.permit(body)}
        other = {}
    about = body.id if plan.applicant == "organisation" else None
    return Filing(facts, body, name="新来甲", about=about, other=other)


LEAVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "transfer_out": ("11", {"destination": "广州市某局", **DOCUMENT}),
    "retire": ("11", {}),
    "resign": ("11", {"applied_on": day(0, -5), "resign_bar": "none"}),
    "resign_own": ("11", {"applied_on": day(0, -5), "resign_bar": "none", "reason": "32"}),
    "dismiss": ("11", {"dismiss_ground": "5", "absent_days": 16, "dismiss_exempt": "none", **DOCUMENT}),
    "contract_end": ("22", {"contract_ground": "16", "notice_on": day(0, -30)}),
    "expel": ("22", {"decided_on": day(), **DOCUMENT}),
    "death": ("22", {"decided_on": day(0, -2), **DOCUMENT}),
    "election_leave": ("11", {"election_kind": "1", "decided_on": day(), **DOCUMENT}),
    "leave": ("11", {"grounds": "转任企业"}),
    "retire_early": ("11", {"early_ground": "1", "applied_on": day(0, -9)}),
    "retire_flexible": ("11", {"notice_on": day(-3)}),
    "cancel_recruit": ("11", {"cancel_ground": "1"}),
}
# Those whose age or day of entry the law asks for come in first.
BORN = {
    "retire_early": (dt.date(TODAY.year - 54, 1, 5), dt.date(TODAY.year - 36, 7, 1)),
    "retire_flexible": (add_months(TODAY, -12 * 60 - 2), dt.date(TODAY.year - 36, 7, 1)),
    "cancel_recruit": (dt.date(1996, 1, 5), dt.date(2020, 7, 1)),
}


def leaver(city: City, plan: Process) -> Filing:
    category, more = LEAVERS[plan.process]
    body = city.body(category)
    who = body.people[0]
    if plan.process in BORN:
        born, work = BORN[plan.process]
        who = entered(city.world, body, who=person("进出甲", id_number=id_number(born), work_started_on=work))
    facts = {"person": who, "end": day(), "reason": REASONS.get(plan.process, ("",))[0], **more}
    return Filing(facts, body, who, "离任甲", other={"end": day(0, 2)})


def transfer(city: City, plan: Process) -> Filing:
    source, body = city.body(), city.body(people=0)
    facts = {"person": source.people[0], "line": body.line, "department": None, "start": day(), "reason": "11"}
    return Filing(facts, body, name="调动甲", other={"line": body.lines["12"]})


def reinstate(city: City, plan: Process) -> Filing:
    gone = city.filing("dismiss")
    city.finished("dismiss", gone)
    facts = {"person": gone.facts["person"], "line": gone.body.line, "department": None, "reinstate_ground": "2",
             "entry_way": "88", "start": day(), **DOCUMENT}  # fmt: skip
    return Filing(facts, gone.body, name="复职甲", other={"line": gone.body.lines["12"]})


POSTS: dict[str, dict[str, int]] = {
    "rank": {},
    "post": {"management_posts": 2, "professional_posts": 8, "workman_posts": 0},
}


def numbers(city: City, plan: Process) -> Filing:
    kind = {"rank_quota": "rank", "post_plan": "post"}[plan.process]
    body = city.body("22" if kind == "post" else "11")
    facts = scheme_facts(city.world, body, plan.process, day=TODAY - dt.timedelta(days=9), **POSTS[kind])
    return Filing(facts, body, other={"document_no": "佛组〔2020〕2号"})


RECORDS: dict[str, dict[str, Any]] = {
    "appointment": {"position": "市防汛指挥部副总指挥", "nature": "concurrent", "document_no": "佛委任〔2026〕9号"},
    "basic": {"political": "01", "ethnicity": "11", "native_place": "广东南海"},
    "education": {
        "education": "14",
        "degree": "301",
        "school": "中山大学",
        "major": "行政管理",
        "study": "2",
        "highest": "yes",
    },
    "title": {"title_name": "高级工程师", "title_grade": "12", "issuer": "省人社厅"},
    "contact": {"mobile": "13800138000", "email": "jia@example.cn"},
    "family": {"relation": "04", "relative": "何家人", "work_unit": "某学校"},
    "award": {"award": "三等功", "issuer": "市委", "document_no": "佛委〔2026〕1号"},
    "assessment": {"year": TODAY.year - 1, "result": "1"},
    "rank": {"rank": "R10", "basis": "26"},
    "post": {"post_grade": "0342"},
    "discipline": {"penalty": "01", "cause": "违反工作纪律", "issuer": "市监委", "document_no": "佛监〔2026〕3号"},
    "allowance": {"pay_item": "34", "amount": 300},
    "pay": {"pay_grade": 5, "base_pay": 4100, "allowance": 3210},
}


def item(city: City, plan: Process) -> Filing:
    kind = KIND_OF[plan.process]
    public = kind in ("post", "pay", "allowance") or plan.process == "discipline_public"
    body = city.body("22" if public else "11")
    who = body.people[0]
    start = TODAY - dt.timedelta(days=20)
    facts = record_facts(city.world.keys, kind, RECORDS[kind], person=who, start=start)
    if kind in ("rank", "post"):
        city.scheme(body, kind)
        facts |= RECORDS[kind]
    if kind == "discipline":
        facts |= RECORDS[kind] | {"end": day(5)}
    about = body.id if plan.applicant in KINDS else None
    return Filing(facts, body, who, "信息甲", about=about, other={"start": day(0, -10)})


def photo(city: City, plan: Process) -> Filing:
    """A draft with a picture among its files, submitted."""
    body, digest = city.body(), b"\x07" * 32
    who = body.people[0]
    facts = record_facts(city.world.keys, "photo", {"sha256": digest.hex()}, person=who, start=TODAY)
    with city.world.database.transaction(city.who(f"clerk{body.id}")) as s:
        case = engine.draft(s, process="photo", unit_id=body.id, scope_path=body.scope_path, form={}).id
        s.execute(text("SELECT attachment_add(:c, '', '照片.jpg', 'jpeg', 1000, :h, false)"), {"c": case, "h": digest})
        engine.submit(s, case, facts=facts, person_id=who, person_name="照片甲", effective_on=TODAY)
    return Filing(facts, body, who, "照片甲", case=case)


def shift(city: City, plan: Process) -> Filing:
    body = city.body()
    facts = {"person": body.people[0], "department": body.departments["业务科"], "start": day()}
    return Filing(facts, body, body.people[0], "内调甲", other={"start": day(0, 3)})


def change_line(city: City, plan: Process) -> Filing:
    body = city.body()
    facts = {"person": body.people[0], "line": body.lines["12"], "start": day(), **DOCUMENT}
    return Filing(facts, body, body.people[0], "变更甲", other={"start": day(0, 3)})


ABSENT: dict[str, dict[str, Any]] = {
    "secondment": {"absence_kind": "secondment", "host": "省某厅", "host_post": "administrative", "start": day(0, -5),
                   "until_on": day(0, 60), "host_unit": None},
    "attachment": {"absence_kind": "aid", "host": "西藏林芝", "host_unit": None, "start": day(), "until_on": day(0, 700)},
    "long_leave": {"absence_kind": "sick_leave", "start": day(0, -3), "until_on": day(0, 200)},
}  # fmt: skip


def absence(city: City, plan: Process) -> Filing:
    body = city.body()
    facts = {"person": body.people[0], **ABSENT[plan.process]}
    return Filing(facts, body, body.people[0], "离岗甲", other={"until_on": day(0, 90)})


def absence_change(city: City, plan: Process) -> Filing:
    body, who = city.away()
    if plan.process == "absence_return":
        return Filing({"person": who, "end": day()}, body, who, "离岗甲", other={"end": day(0, 2)})
    facts = {"person": who, "until_on": day(0, 120), "ground": "工作需要"}
    return Filing(facts, body, who, "离岗甲", other={"until_on": day(0, 110)})


def certificate(city: City, plan: Process) -> Filing:
    body = city.body(people=0)
    return Filing({"certificate_reason": "first", "year": None, "ground": "新办", "unit": body.id}, body,
                  other={"ground": "新办，已备齐"})  # fmt: skip


def roster(city: City, plan: Process) -> Filing:
    """A year's round, the body's roster in it; confirming it files the case."""
    body, world = city.body(), city.world
    with world.owner.begin() as connection:
        number = connection.execute(text(
            "WITH made AS (INSERT INTO verification_round (year, region_code, office_id, due_on, units, opened_by)"
            " SELECT :y, region_code, id, :d, 1, (SELECT min(id) FROM ab_user) FROM office WHERE kind = 'establishment'"
            " AND region_code = :c ON CONFLICT (region_code, year) DO UPDATE SET units = verification_round.units + 1 RETURNING id)"
            " INSERT INTO verification (round_id, unit_id, year, due_on, scope_path) SELECT id, :u, :y, :d, :s FROM made"
            " RETURNING id"),
            {"u": body.id, "y": TODAY.year, "d": TODAY, "s": body.scope_path, "c": CITY}).scalar_one()  # fmt: skip
    with world.database.transaction(city.who(f"clerk{body.id}")) as s:
        case = verifying.confirm(s, number)
    return Filing({"verification": number}, body, case=case)


def permit(city: City, plan: Process) -> Filing:
    body = city.body(people=0)
    return Filing(seats(body), body, other={"seats": 1})


def permit_change(city: City, plan: Process) -> Filing:
    body = city.body(people=0)
    facts = {"permit": city.permit(body), "grounds": "招考延期"}
    if plan.process == "permit_extend":
        facts |= {"last_on": day(20)}
    return Filing(facts, body, other={"grounds": "招考再延期"})


def year_plan(city: City, plan: Process) -> Filing:
    body = city.body(people=0)
    return Filing({"plan_year": TODAY.year, "line1": body.line, "number1": 2, **DOCUMENT}, body, other={"number1": 1})


def leader(city: City, plan: Process) -> Filing:
    body = city.body()
    line, who = body.lines["principal:0131"], body.people[0]
    if plan.process == "leader_leave":
        lead(city.world, body, line, who)
        return Filing({"person": who, "line": line, "end": day()}, body, who, "领导甲", other={"end": day(0, 2)})
    facts = {"person": who, "line": line, "nature": "regular", "home_unit": None, "main": 1, "start": day()}
    return Filing(facts, body, who, "领导甲", other={"line": body.lines["deputy:0132"]})


def correction(city: City, plan: Process) -> Filing:
    body, world = city.body(), city.world
    who = body.people[0]
    if plan.process == "correction":
        facts = {"occupancy": seat(world, who), "start": "2017-03-01", **DOCUMENT}
        return Filing(facts, body, who, "更正甲", about=body.id, other={"start": "2017-04-01"})
    number = world.keys.decrypt("resident", bytes(world.value("SELECT id_cipher FROM person WHERE id = :p", p=who)))
    born = {"birth_on": dt.date(1989, 3, 4)} if plan.process == "birth_determine" else {}
    made = facts_of(person("更正后", id_number=number, **born), world.keys)
    del made["person_index"], made["id_cipher"]
    last = world.value("SELECT max(sequence) FROM ledger_entry WHERE chain_kind = 'person' AND chain_id = :p", p=who)
    facts = {**made, "person": who, "corrects": last, **DOCUMENT}
    if born:
        facts |= {"birth_record": "school", "recorded_on": "2005-09-01"}
    return Filing(facts, body, who, "更正后", about=body.id if plan.applicant == "establishment" else None,
                  other={"document_no": "佛编〔2026〕9号"})  # fmt: skip


def quota(city: City, plan: Process) -> Filing:
    body = city.body()
    facts = {"start": day(), **DOCUMENT} | {
        "quota": {"line": body.line, "authorised": 8},
        "quota_new": {"unit": body.id, "category": "13", "funding": "1", "structure": "none", "authorised": 1},
        "lead_new": {"unit": body.id, "scope": body.id, "kind": "leadership", "role": "deputy", "level": "0141",
                     "authorised": 1},
    }[plan.process]  # fmt: skip
    return Filing(facts, body, about=body.id, other={"authorised": 7 if plan.process == "quota" else 2})


def number(city: City, plan: Process) -> Filing:
    """Parts, totals, moves, plans of absorption, closed lines."""
    body, later = city.body(), (TODAY + dt.timedelta(days=400)).isoformat()
    facts: dict[str, Any] = {"start": day(), **DOCUMENT, "document_no": f"佛编〔2026〕{1000 + next(serial)}号"}
    if plan.process == "quota_part_end":
        part = {"line": body.line, "purpose": "military", "number": 1, "how": "added", "last_on": later}
        case = by_office(city.world, "quota_part", facts | part, about=body)
        facts |= {
            "part": city.world.value("SELECT id FROM quota_part WHERE case_id = :c AND recorded_to IS NULL", c=case)
        }
    elif plan.process == "absorb":
        cut = {
            "line": body.line,
            "authorised": 1,
            "until_on": later,
            "document_no": f"佛编〔2026〕{1000 + next(serial)}号",
        }
        by_office(city.world, "quota", facts | cut, about=body)
        facts |= {"line": body.line, "until_on": later, "targets": "2027:0"}
    else:
        facts |= {
            "quota_part": {"line": body.line, "purpose": "veteran", "number": 2, "how": "inside"},
            "quota_pool": {"region": CITY, "category": "15", "pool_kind": "total", "number": 5000},
            "quota_move": {"from_line": body.line, "line": city.body().line, "number": 1},
            "line_close": {"line": body.line, "entry": "closed"},
        }[plan.process]
    return Filing(facts, body, about=None if plan.process == "quota_pool" else body.id,
                  other={"document_no": f"佛编〔2026〕{1000 + next(serial)}号"})  # fmt: skip


def reform(city: City, plan: Process) -> Filing:
    """A reform of one step, drafted by the office."""
    body = city.body()
    with city.world.database.transaction(city.who(city.offices["establishment"][1])) as s:
        made = s.execute(text("SELECT reform_begin('改革方案')")).scalar_one()
        variant = s.execute(text("SELECT id FROM reform_variant WHERE reform_id = :r"), {"r": made}).scalar_one()
        step = f'{{"unit": "{body.id}", "name": "改革{next(serial):04d}局"}}'
        put = "SELECT reform_step_put(:v, NULL, 'change_unit', CAST(:f AS jsonb), 1, '')"
        s.execute(text(put), {"v": variant, "f": step})
        facts = facts_of_phase(s, variant, 1, document_no="佛编〔2026〕9号", issuer="市委编委", start=TODAY)
    return Filing(facts, body, other={"document_no": "佛编〔2026〕10号"})


def network(city: City, plan: Process) -> Filing:
    body = city.body()
    with city.world.owner.begin() as connection:
        for user in city.offices["establishment"]:
            connection.execute(text(
                "INSERT INTO named_access (account_id, unit_id, started_on) SELECT a.id, :n, kernel_today() FROM account a"
                " JOIN ab_user u ON u.id = a.user_id WHERE u.username = :u"), {"n": body.id, "u": user})  # fmt: skip
    return Filing({"unit": body.id, "network": "hidden", **DOCUMENT}, body, about=body.id,
                  other={"document_no": "佛密〔2026〕2号"})  # fmt: skip


def objection(city: City, plan: Process) -> Filing:
    body = city.body()
    if plan.applicant == "establishment":
        facts = {"matter": "研究某事项", "unit": body.id, "ground": "按程序提请"}
        if plan.process == "outside_decision":
            facts = {"region": CITY, "matter": "关于某事项的批复", "decided_on": day(0, -3), **DOCUMENT}
        about = body.id if plan.process == "commission_matter" else None
        return Filing(facts, body, about=about, other={"matter": "研究另一事项"})
    who = body.people[0]
    facts: dict[str, Any] = {"claim": "出生日期应为五月"}
    facts |= {"person": who} if plan.applicant == "person" else {"objected": "person", "about_person": who}
    return Filing(facts, body, who, "异议甲", other={"claim": "出生日期应为六月"})


def document_of_body(city: City, plan: Process) -> Filing:
    """Signboards, 三定, earlier history, limits."""
    body = city.body(people=0)
    facts = SANDING[plan.process] | {"unit": body.id}
    if plan.process in ("signboard", "signboard_end"):
        facts |= {"board_name": f"牌子{next(serial):04d}"} if plan.process == "signboard" else {}
    if plan.process == "signboard_end":
        hung = city.filing("signboard")
        city.finished("signboard", hung)
        body = hung.body
        board = city.world.value("SELECT id FROM unit_signboard WHERE unit_id = :u", u=body.id)
        facts = {"unit": body.id, "signboard": int(board), "start": day(), **DOCUMENT}
    if plan.movement == "temporary":
        facts |= {"board_name": f"专班{next(serial):04d}"} if plan.process == "temporary" else {}
        if plan.process != "temporary":
            begun = city.filing("temporary")
            city.finished("temporary", begun)
            body = begun.body
            facts = {"unit": body.id, "start": day(), **DOCUMENT} | SANDING[plan.process]
            facts["temporary"] = int(city.world.value("SELECT id FROM temporary_body WHERE unit_id = :u", u=body.id))
    if plan.process == "organ_limit":
        del facts["unit"]
        return Filing(facts, body, other={"most": 901})
    other = {"document_no": "佛编〔2026〕11号"}
    if plan.process == "unit_past":
        other = {"past": facts["past"].replace("1988", "1989")}
    return Filing(facts, body, about=body.id, other=other)


def rows(**values: Any) -> str:
    return json.dumps([values], ensure_ascii=False)


SANDING: dict[str, dict[str, Any]] = {
    "signboard": {"signboard_kind": "plate", "partner": None, "counts": "yes", "start": day(), **DOCUMENT},
    "signboard_end": {},
    "temporary": {"temporary_kind": "team", "until_on": day(3), "start": day(), **DOCUMENT},
    "temporary_extend": {"until_on": day(9)},
    "temporary_end": {"closes": "yes"},
    "sanding": {"duties": rows(text="负责全市某项工作。"), "departments": rows(name="办公室", duties="文秘", number="2"),
                "quotas": rows(category="11", number="6"), "start": day(), **DOCUMENT,
                "leaders": rows(scope="unit", role="principal", level="0131", number="1")},
    "organ_limit": {"region": CITY, "category": "38", "most": 900, "start": day(), **DOCUMENT},
    "unit_past": {"past": rows(day="1988-05-01", document_no="佛府〔1988〕5号", document="关于设立的通知", name="某办公室",
                               parent="市政府", detail="")},
}  # fmt: skip

Maker = Callable[[City, Process], Filing]


def proof(city: City, plan: Process) -> Filing:
    body = city.body()
    facts: dict[str, Any] = {"proof_purpose": "办理居住证", "person": body.people[0]}
    return Filing(facts, body, body.people[0], "证明甲", other={"proof_purpose": "子女入学"})


BY_PROCESS: dict[str, Maker] = {"own_proof": proof, "photo": photo, "reinstate": reinstate, "leader_leave": leader}
BY_MOVEMENT: dict[str, Maker] = {
    "occupy": newcomer,
    "reform": reform,
    "move": transfer,
    "vacate": leaver,
    "record": item,
    "shift": shift,
    "change_line": change_line,
    "absence_begin": absence,
    **dict.fromkeys(("absence_extend", "absence_end"), absence_change),
    "certificate": certificate,
    "verify_year": roster,
    "permit_grant": permit,
    **dict.fromkeys(("permit_extend", "permit_cancel"), permit_change),
    "permit_plan": year_plan,
    **dict.fromkeys(("take_lead", "leave_lead"), leader),
    "correct": correction,
    "set_quota": quota,
    "set_part": number,
    "end_part": number,
    "set_pool": number,
    "move_quota": number,
    "absorb": number,
    "close_line": number,
    "open_unit": filings_organs.organ,
    "change_unit": filings_organs.organ,
    "close_unit": filings_organs.organ,
    "transfer_unit": filings_organs.organ,
    "merge_unit": filings_organs.organ,
    "move_department": filings_organs.organ,
    "move_people": filings_organs.organ,
    "split_unit": filings_organs.organ,
    "network": network,
    "signboard": document_of_body,
    "organ_limit": document_of_body,
    "sanding": document_of_body,
    "temporary": document_of_body,
    "duties": document_of_body,
    "rank_quota": numbers,
    "post_plan": numbers,
    "none": objection,
    **dict.fromkeys(("set_cap", "engage", "engage_change", "rekey_line"), filings_engagement.off_quota),
}
