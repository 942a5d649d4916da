"""Every business of use of quota, entry and exit, from a clerk's form to the ledger, and what each of them refuses."""

import datetime as dt
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from app.domain.retirement import Track, add_months, statutory
from app.domain.workdays import city_today
from app.ledger.verify import Verifier
from tests.security.conftest import Client
from tests.world import Body, World, id_number, person

TODAY = city_today()
Open = Callable[..., Client]
OFFICES = {"establishment": "bianban", "organisation": "zuzhi", "human_resources": "renshe", "finance": "caizheng"}


def day(months: int = 0, days: int = 0) -> str:
    return (add_months(TODAY, months) + dt.timedelta(days=days)).isoformat()


@dataclass
class City:
    """An organ with people and leaders, an institution below it, and who decides."""

    world: World
    organ: Body
    centre: Body
    client: Open
    free: dict[int, list[int]] = field(default_factory=dict)

    def leaver(self, body: Body) -> int:
        """Somebody who serves in a body and is in no other test."""
        return self.free.setdefault(body.id, list(body.people)).pop()

    def clerk(self, body: Body) -> Client:
        return self.client("jiguan" if body is self.organ else "zhongxin")

    def value(self, query: str, **values: Any) -> Any:
        return self.world.value(query, **values)

    def sent(self, user: Client, process: str, form: dict[str, Any]) -> tuple[int | None, str]:
        """The filed case, or None and the page that says why not."""
        user.get(f"/case/new/{process}")
        answer = user.post(f"/case/new/{process}", {"action": "submit", **form})
        page = html.unescape(answer.get_data(as_text=True))
        found = re.fullmatch(r"/case/(\d+)", answer.location or "")
        return (int(found[1]), page) if found else (None, page)

    def filed(self, user: Client, process: str, form: dict[str, Any]) -> int:
        case, page = self.sent(user, process, form)
        marked = re.findall(r'id="([\w]+)-error"[^>]*>(.*?)</', page, re.S)
        assert case is not None, (marked, re.findall(r'role="alert".*?</div>', page, re.S)[:2])
        return case

    def decided(self, case: int, username: str = "") -> None:
        """Every office asked approves, in the order in which it is asked."""
        for _ in range(6):
            with self.world.superuser.connect() as connection:
                tasks = connection.execute(text(
                    "SELECT k.id, o.kind, k.unit_id FROM task k LEFT JOIN office o ON o.id = k.office_id"
                    " WHERE k.application_id = :c AND k.state = 'open' ORDER BY k.id"), {"c": case}).all()  # fmt: skip
            if not tasks:
                return
            for task in tasks:
                user = self.client(
                    username or OFFICES.get(task.kind) or ("jiguan" if task.unit_id == self.organ.id else "zhongxin")
                )
                user.get(f"/case/{case}")
                user.post(f"/case/{case}/decide/{task.id}", {"decision": "approve", "opinion": "同意"})
        raise AssertionError("tasks are still open")

    def arrived(self, user: Client, case: int) -> None:
        user.get(f"/case/{case}")
        user.post(f"/case/{case}/act?kind=confirm_arrival", {"arrived_on": TODAY.isoformat()})


@pytest.fixture(scope="module")
def places(world: World) -> tuple[Body, Body]:
    organ = world.body("机关局", quotas={"11": 60, "12": 9, "31": 5}, people={"11": 14}, leaders={"deputy:0132": 3})
    centre = world.body("中心", kind="institution", quotas={"22": 40, "23": 9}, people={"22": 8, "23": 2})
    with world.owner.begin() as connection:
        connection.execute(text("UPDATE unit SET parent_id = :t WHERE id = :b"), {"t": organ.id, "b": centre.id})
    for name, kind in OFFICES.items():
        world.account(kind, "office_member", office=(name, "440600"))
    world.account("zuzhi2", "office_member", office=("organisation", "440600"))
    world.account("jiguan", "unit_clerk", unit=organ.id)
    world.account("zhongxin", "unit_clerk", unit=centre.id)
    return organ, centre


_cities: dict[int, City] = {}


@pytest.fixture
def city(world: World, places: tuple[Body, Body], client: Open) -> City:
    made = _cities.setdefault(id(places), City(world, *places, client))
    made.client = client
    return made


def newcomer(body: Body, category: str, **more: Any) -> dict[str, Any]:
    number = id_number(dt.date(1995, 3, 2))
    born = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    return {"line": body.lines[category], "person_name": "欧阳新来", "id_type": "resident", "id_number": number, "sex": "1",
            "birth_on": born, "education": "21", "work_started_on": "2018-07-01", "rank": "", "level": "", **more}  # fmt: skip


SHOWN = {"publicity_on": day(-2), "publicity_end_on": day(-1)}
CONTRACT = {"contract_on": day(), "contract_end_on": day(36, -1)}
# Business: category of the line, what the form asks beside the person, the way of entry that the ledger keeps.
ENTRIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "recruit": ("11", {"entry_way": "213", "approval_no": "粤录〔2026〕1号", "report_on": day(), "probation_end_on": day(12, -1),
                       **SHOWN}, "213"),
    "hire": ("22", {"first_job": "yes", "probation_end_on": day(12, -1), **SHOWN, **CONTRACT}, "81"),
    "transfer_in": ("11", {"entry_way": "11", "rank": "R08", "origin_unit": "深圳市某局", "document_no": "调〔2026〕3号"}, "11"),
    "military": ("31", {"level": "0141", "rank": "R07", "origin_unit": "某部", "document_no": "安〔2026〕2号"}, "36"),
    "selected": ("11", {"entry_way": "82", "rank": "R10", "origin_unit": "某县委办", "document_no": "选〔2026〕5号"}, "82"),
    "placement": ("23", {"entry_way": "84", "origin_unit": "某部", "document_no": "置〔2026〕6号"}, "84"),
    "talent": ("22", {"talent_grade": "B 类", "document_no": "才〔2026〕7号", **CONTRACT}, "85"),
    "contract_civil": ("11", {"document_no": "聘〔2026〕8号", **CONTRACT}, "5"),
}  # fmt: skip


@pytest.mark.parametrize("process", ENTRIES)
def test_an_entry_goes_from_the_clerks_form_to_the_ledger(city: City, process: str) -> None:
    category, more, way = ENTRIES[process]
    body = city.centre if category in ("22", "23") else city.organ
    line, user = body.lines[category], city.clerk(body)
    before = city.world.figures(line)
    case = city.filed(user, process, newcomer(body, category, **more))
    city.decided(case)
    assert city.world.state(case) == "awaiting"
    assert city.world.figures(line) == (before[0], before[1], before[2] + 1)
    city.arrived(user, case)
    assert city.world.state(case) == "done"
    assert city.world.figures(line) == (before[0], before[1] + 1, before[2])
    assert city.world.row("SELECT entry_way, started_on, entry_case_id FROM occupancy WHERE line_id = :l AND recorded_to IS NULL"
                          " ORDER BY id DESC LIMIT 1", l=line) == (way, TODAY, case)  # fmt: skip
    # What the entry was filed with stays with its case: contract, probation, where the person comes from.
    kept = city.world.value("SELECT facts::jsonb FROM case_record WHERE case_id = :c", c=case)
    assert {k: v for k, v in more.items() if v} == {k: kept[k] for k, v in more.items() if v}


def test_an_appointment_is_filed_by_the_organisation_department_and_holds_from_its_day(city: City) -> None:
    line = city.organ.lines["11"]
    form = newcomer(city.organ, "11", level="0132", rank="R06", entry_way="37", document_no="佛任〔2026〕9号", issuer="市委",
                    start=day(0, -3))  # fmt: skip
    case = city.filed(city.client("zuzhi"), "appointed", form)
    with city.world.superuser.connect() as connection:
        codes = list(
            connection.execute(
                text("SELECT code FROM task WHERE application_id = :c ORDER BY code"), {"c": case}
            ).scalars()
        )
    assert codes == ["establishment", "review"]
    for name, code in (("bianban", "establishment"), ("zuzhi2", "review")):
        user = city.client(name)
        user.get(f"/case/{case}")
        user.post(f"/case/{case}/decide/{city.world.task(case, code)}", {"decision": "approve", "opinion": "同意"})
    assert city.world.state(case) == "done"
    assert city.world.row("SELECT started_on, entry_way FROM occupancy WHERE line_id = :l AND entry_case_id = :c",
                          l=line, c=case) == (TODAY - dt.timedelta(days=3), "37")  # fmt: skip
    assert city.sent(city.clerk(city.organ), "appointed", form)[0] is None


def test_whoever_was_dismissed_wrongly_comes_back_and_whoever_serves_does_not(city: City) -> None:
    who = city.leaver(city.organ)
    number = city.world.keys.decrypt("resident", bytes(city.value("SELECT id_cipher FROM person WHERE id = :p", p=who)))
    user = city.clerk(city.organ)
    form = {
        "id_number": number,
        "line": city.organ.lines["11"],
        "reinstate_ground": "2",
        "document_no": "复〔2026〕1号",
        "start": day(),
    }
    case, page = city.sent(user, "reinstate", form)
    assert case is None
    assert "占编" in page or "在编" in page
    gone = city.filed(
        user,
        "dismiss",
        {"person": who, "dismiss_ground": "1", "dismiss_exempt": "none", "document_no": "退〔2026〕1号", "end": day()},
    )
    city.decided(gone)
    assert city.value("SELECT state FROM person WHERE id = :p", p=who) == "left"
    back = city.filed(user, "reinstate", form)
    city.decided(back)
    assert city.world.row("SELECT state, unit_id FROM person WHERE id = :p", p=who) == ("serving", city.organ.id)
    assert city.value("SELECT entry_way FROM occupancy WHERE entry_case_id = :c", c=back) == "88"


def test_a_transfer_within_the_city_says_how_the_person_came_and_left(city: City) -> None:
    who = city.leaver(city.organ)
    number = city.world.keys.decrypt("resident", bytes(city.value("SELECT id_cipher FROM person WHERE id = :p", p=who)))
    case = city.filed(
        city.clerk(city.centre), "transfer", {"id_number": number, "line": city.centre.lines["22"], "start": day()}
    )
    city.decided(case)
    assert city.world.state(case) == "done"
    assert city.value("SELECT entry_way FROM occupancy WHERE entry_case_id = :c", c=case) == "87"
    assert (
        city.value("SELECT exit_reason FROM occupancy WHERE exit_case_id = :c AND recorded_to IS NULL", c=case) == "14"
    )


# Business: where, what the form asks beside the person, the reason that the ledger keeps, what becomes of the person.
EXITS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "transfer_out": ("11", {"exit_reason": "95", "destination": "广州市某局", "document_no": "调〔2026〕8号"}, "95", "left"),
    "retire": ("11", {}, "31", "retired"),
    "resign": ("11", {"applied_on": day(0, -5), "resign_bar": "none"}, "32", "left"),
    "dismiss": ("11", {"dismiss_ground": "5", "absent_days": "16", "dismiss_exempt": "none", "document_no": "退〔2026〕2号"}, "33", "left"),
    "contract_end": ("22", {"contract_ground": "16", "notice_on": day(0, -30)}, "92", "left"),
    "expel": ("22", {"document_no": "政处〔2026〕1号", "issuer": "市纪委监委", "decided_on": day()}, "34", "left"),
    "death": ("22", {"exit_reason": "96", "decided_on": day(0, -2), "document_no": "亡〔2026〕1号"}, "96", "left"),
    "election_leave": ("11", {"election_kind": "1", "decided_on": day(), "document_no": "人大〔2026〕1号"}, "36", "left"),
    "leave": ("11", {"grounds": "转任企业，人事关系一并转出"}, "37", "left"),
}  # fmt: skip


@pytest.mark.parametrize("process", EXITS)
def test_an_exit_goes_from_the_clerks_form_to_the_ledger(city: City, process: str) -> None:
    category, more, reason, state = EXITS[process]
    body = city.centre if category == "22" else city.organ
    who = city.leaver(body)
    line = city.value("SELECT line_id FROM occupancy WHERE person_id = :p AND recorded_to IS NULL", p=who)
    before = city.world.figures(line)
    case = city.filed(city.clerk(body), process, {"person": who, "end": day(), **more})
    city.decided(case)
    assert city.world.state(case) == "done"
    assert city.world.figures(line) == (before[0], before[1] - 1, before[2])
    assert city.world.row("SELECT exit_reason, ended_on FROM occupancy WHERE exit_case_id = :c AND recorded_to IS NULL",
                          c=case) == (reason, TODAY)  # fmt: skip
    assert city.value("SELECT state FROM person WHERE id = :p", p=who) == state


def entered(city: City, born: dt.date, work: dt.date) -> int:
    """A civil servant of this age and service, on a seat since today."""
    case = city.world.recruit(city.organ, who=city.world.clerk(city.organ),
                              facts=person("提前甲", id_number=id_number(born), work_started_on=work))  # fmt: skip
    city.world.approve_recruit(case)
    city.world.arrive(city.world.clerk(city.organ), case, TODAY)
    return int(city.value("SELECT person_id FROM application WHERE id = :c", c=case))


def test_early_retirement_needs_the_years_of_service_that_the_law_asks_for(city: City) -> None:
    user = city.clerk(city.organ)
    long, short = (
        entered(city, dt.date(1972, 1, 5), dt.date(1990, 7, 1)),
        entered(city, dt.date(1976, 1, 5), dt.date(2000, 7, 1)),
    )
    form = {"person": short, "early_ground": "1", "applied_on": day(0, -9), "end": day()}
    for ground, says in (("1", "尚不符合"), ("2", "尚不符合")):
        case, page = city.sent(user, "retire_early", form | {"early_ground": ground})
        assert case is None
        assert says in page
    case = city.filed(user, "retire_early", form | {"person": long})
    city.decided(case)
    assert city.world.row("SELECT state FROM person WHERE id = :p", p=long) == ("retired",)
    assert (
        city.value("SELECT exit_reason FROM occupancy WHERE exit_case_id = :c AND recorded_to IS NULL", c=case) == "93"
    )


def test_retirement_by_own_choice_keeps_the_former_age_and_the_three_months_notice(city: City) -> None:
    user, born = city.clerk(city.organ), add_months(TODAY, -12 * 60 - 2)
    who, young = entered(city, born, dt.date(1990, 7, 1)), entered(city, dt.date(1980, 2, 2), dt.date(2001, 7, 1))
    assert statutory(born, Track.MAN).on > TODAY
    for form, says in (
        ({"person": young, "notice_on": day(-4)}, "早于原法定退休年龄"),
        ({"person": who, "notice_on": day(-2)}, "不足 3 个月"),
    ):
        case, page = city.sent(user, "retire_flexible", {"end": day(), **form})
        assert case is None
        assert says in page
    case = city.filed(user, "retire_flexible", {"person": who, "notice_on": day(-3), "end": day()})
    city.decided(case)
    assert city.world.row("SELECT state FROM person WHERE id = :p", p=who) == ("retired",)


def test_a_recruitment_is_cancelled_within_the_probation_only_and_frees_the_seat(city: City) -> None:
    user, who, old = (
        city.clerk(city.organ),
        entered(city, dt.date(1996, 1, 5), dt.date(2020, 7, 1)),
        city.leaver(city.organ),
    )
    form = {"cancel_ground": "1", "end": day()}
    case, page = city.sent(user, "cancel_recruit", {"person": old, **form})
    assert case is None
    assert "试用期已于" in page
    case = city.filed(user, "cancel_recruit", {"person": who, **form})
    city.decided(case)
    assert (
        city.value("SELECT exit_reason FROM occupancy WHERE exit_case_id = :c AND recorded_to IS NULL", c=case) == "91"
    )


def test_whoever_was_expelled_is_never_recruited_again(city: City) -> None:
    who, user = entered(city, dt.date(1991, 1, 5), dt.date(2015, 7, 1)), city.clerk(city.organ)
    row = city.world.row("SELECT id_cipher, birth_on FROM person WHERE id = :p", p=who)
    number = city.world.keys.decrypt("resident", bytes(row[0]))
    gone = city.filed(
        user,
        "expel",
        {"person": who, "document_no": "政处〔2026〕2号", "issuer": "市监委", "decided_on": day(), "end": day()},
    )
    city.decided(gone)
    again = newcomer(city.organ, "11", entry_way="2", id_number=number, birth_on=row[1].isoformat(), sex="1")
    case, page = city.sent(user, "recruit", again)
    assert case is None
    assert "不得录用" in page


def test_an_exit_frees_the_leadership_positions_the_same_day(city: City) -> None:
    who, lead = city.leaver(city.organ), city.organ.lines["deputy:0132"]
    facts = {"person": who, "line": lead, "main": 1, "nature": "regular", "start": TODAY.isoformat()}
    case = city.world.submit(
        city.world.clerk(city.organ), city.organ, "leader", facts, person_id=who, effective_on=TODAY
    )
    city.world.approve_recruit(case)
    assert city.world.figures(lead)[1] == 1
    case = city.filed(
        city.clerk(city.organ), "resign", {"person": who, "applied_on": day(), "resign_bar": "none", "end": day()}
    )
    city.decided(case)
    assert city.world.figures(lead)[1] == 0


# Business, changed fields of a form that would do, and what the page says.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("recruit", {"line": "22"}, "不使用该类型编制"),
    ("recruit", {"publicity_on": day(0, -2)}, "公示时间不足"),
    ("recruit", {"publicity_end_on": day(0, 3)}, "公示尚未结束"),
    ("recruit", {"probation_end_on": day(6, -1)}, "试用期应为 12 个月"),
    ("recruit", {"entry_way": "81"}, ""),
    ("hire", {"line": "11"}, "不使用该类型编制"),
    ("hire", {"publicity_on": day(0, -3)}, "公示时间不足"),
    ("hire", {"contract_end_on": day(24, -1)}, "合同期限不足 3 年"),
    ("hire", {"probation_end_on": day(13, -1)}, "最长 12 个月"),
    ("hire", {"probation_end_on": day(6, -1)}, "试用期应为 12 个月"),
    ("transfer_in", {"entry_way": "14", "rank": "R08"}, "四级调研员以上"),
    ("transfer_in", {"origin_unit": ""}, ""),
    ("military", {"line": "23"}, "不使用该类型编制"),
    ("selected", {"line": "22"}, "不使用该类型编制"),
    ("placement", {"line": "11"}, "不使用该类型编制"),
    ("talent", {"line": "11"}, "不使用该类型编制"),
    ("contract_civil", {"contract_end_on": day(61)}, "超过 5 年"),
    ("contract_civil", {"contract_end_on": day(6)}, "不足 1 年"),
    ("retire_early", {"line": "centre", "early_ground": "1", "applied_on": day()}, "不使用该类型编制"),
    ("resign", {"resign_bar": "2"}, "不得辞去公职"),
    ("dismiss", {"absent_days": "15"}, "旷工天数未达到"),
    ("dismiss", {"dismiss_exempt": "3"}, "不得辞退"),
    ("contract_end", {"notice_on": day(0, -29)}, "距通知不足 30 日"),
    ("contract_end", {"notice_on": ""}, "请填写书面通知日期"),
    ("contract_end", {"contract_ground": "15", "absent_year_days": "30"}, "旷工天数未达到"),
    ("expel", {"decided_on": day(0, -1)}, "出编日不得晚于"),
    ("death", {"decided_on": day(0, 1)}, "还没有到"),
    ("election_leave", {"document_no": ""}, ""),
    ("transfer_out", {"exit_reason": "34"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("process", "changed", "says"), REFUSED, ids=lambda v: v if isinstance(v, str) else None)
def test_what_the_law_forbids_is_refused_with_a_sentence_and_nothing_is_filed(
    city: City, process: str, changed: dict[str, Any], says: str
) -> None:
    if process in ENTRIES:
        category, more, _way = ENTRIES[process]
        wanted = changed.get("line", category)
        body = next(b for b in (city.organ, city.centre) if wanted in b.lines)
        form = newcomer(body, wanted, **more, **({"entry_way": "2"} if "entry_way" not in more else {}))
        form |= {k: v for k, v in changed.items() if k != "line"}
    else:
        category, more, _reason, _state = EXITS.get(process, ("22", {}, "", ""))
        body = city.centre if category == "22" else city.organ
        serving = "SELECT max(id) FROM person WHERE unit_id = :u AND state = 'serving'"
        form = {"person": city.value(serving, u=body.id), "end": day(), **more}
        form |= {k: v for k, v in changed.items() if k != "line"}
    filed = "SELECT count(*) FROM case_record"
    before = city.value(filed)
    case, page = city.sent(city.clerk(body), process, form)
    assert case is None
    assert says in page
    assert city.value(filed) == before


def test_a_permit_is_asked_for_used_extended_and_cancelled_in_the_browser(city: City) -> None:
    user, line = city.clerk(city.organ), city.organ.lines["12"]
    too_many, page = city.sent(user, "permit", {"line": line, "seats": "10", "numbering": "one", "purpose": "recruit"})
    assert too_many is None
    assert "可用编制只有" in page
    case = city.filed(user, "permit", {"line": line, "seats": "3", "numbering": "one", "purpose": "recruit"})
    city.decided(case)
    permit, number = city.world.row("SELECT id, number FROM permit WHERE case_id = :c", c=case)
    assert city.world.figures(line) == (9, 0, 3)
    found = user.get("/search/permits", query_string={"q": number}).get_json()["results"]
    assert [r["value"] for r in found] == [str(permit)]
    entry = city.filed(user, "recruit_permit", newcomer(city.organ, "12", entry_way="2", permit_needed=permit))
    city.decided(entry)
    assert number in user.get(f"/case/{entry}").get_data(as_text=True)
    city.arrived(user, entry)
    assert city.world.row("SELECT used, remaining, released FROM permit WHERE id = :p", p=permit) == (1, 2, 0)
    # Another line's permit, and none at all.
    other, page = city.sent(user, "recruit_permit", newcomer(city.organ, "11", entry_way="2", permit_needed=permit))
    assert other is None
    assert "属于另一条编制线" in page
    none, page = city.sent(user, "recruit_permit", newcomer(city.organ, "12", entry_way="2"))
    assert none is None
    # A foreign permit answers as an absent one.
    foreign, page = city.sent(city.clerk(city.centre), "permit_cancel", {"permit_needed": permit, "grounds": "试试"})
    assert foreign is None
    short, page = city.sent(user, "permit_extend", {"permit_needed": permit, "last_on": day(1), "grounds": "招考推迟"})
    assert short is None
    assert "须晚于" in page
    city.decided(
        city.filed(user, "permit_extend", {"permit_needed": permit, "last_on": day(18), "grounds": "招考推迟"})
    )
    assert city.value("SELECT last_on FROM permit WHERE id = :p", p=permit).isoformat() == day(18)
    for path in ("/list/permits", "/list/permits?state=valid&sort=last_on", f"/unit/{city.organ.id}"):
        assert number in user.get(path).get_data(as_text=True), path
    assert number in city.client("bianban").get("/list/permits").get_data(as_text=True)
    assert number not in city.clerk(city.centre).get("/list/permits").get_data(as_text=True)
    city.decided(city.filed(user, "permit_cancel", {"permit_needed": permit, "grounds": "不再招录"}))
    assert city.world.row("SELECT status, used, remaining, released FROM permit WHERE id = :p", p=permit) == (
        "cancelled",
        1,
        0,
        2,
    )
    gone, page = city.sent(user, "recruit_permit", newcomer(city.organ, "12", entry_way="2", permit_needed=permit))
    assert gone is None
    assert "已不在有效期" in page


def test_a_plan_for_several_units_is_approved_and_warns_beyond_its_numbers(city: City) -> None:
    user = city.clerk(city.organ)
    found = {r["text"]: r["value"] for r in user.get("/search/below", query_string={"q": "中心"}).get_json()["results"]}
    assert {str(city.centre.lines["22"]), str(city.centre.lines["23"])} == set(found.values())
    rows = {"line1": city.organ.lines["31"], "number1": "1", "line2": city.centre.lines["23"], "number2": "2"}
    half, page = city.sent(user, "plan", {"plan_year": TODAY.year, **rows, "number2": ""})
    assert half is None
    assert "第 2 行缺编制线或人数" in page
    twice, page = city.sent(user, "plan", {"plan_year": TODAY.year, **rows, "line2": rows["line1"]})
    assert twice is None
    assert "合并为一行" in page
    case = city.filed(user, "plan", {"plan_year": TODAY.year, **rows})
    city.decided(case)
    assert city.world.state(case) == "done"
    shown = user.get("/list/plans").get_data(as_text=True)
    assert "中心" in shown
    assert "机关局" in shown
    # Two more than planned: the establishment office is warned, nobody is stopped.
    wide = city.filed(
        city.clerk(city.centre),
        "permit",
        {"line": city.centre.lines["23"], "seats": "4", "numbering": "each", "purpose": "hire"},
    )
    office = city.client("bianban")
    assert "超出年度计划余额" in office.get(f"/case/{wide}").get_data(as_text=True)
    city.decided(wide)
    with city.world.superuser.connect() as connection:
        serials = list(
            connection.execute(text("SELECT serial FROM permit WHERE case_id = :c ORDER BY 1"), {"c": wide}).scalars()
        )
    assert serials == list(range(serials[0], serials[0] + 4))


def test_afterwards_the_ledger_and_every_chain_agree(city: City) -> None:
    with city.world.owner.begin() as connection:  # the fixture set it past the kernel
        connection.execute(text("UPDATE unit SET parent_id = NULL WHERE id = :b"), {"b": city.centre.id})
    with city.world.superuser.connect() as connection:
        assert list(Verifier(connection, city.world.keys).findings()) == []
