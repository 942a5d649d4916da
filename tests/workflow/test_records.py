"""信息变更、职级、岗位、处分、考核、奖励、工资: each from the form over HTTP to the ledger, its checks and its refusals."""

import html
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.records import record_facts
from app.workflow import engine
from tests.ledger.steps import ago, approve, call, findings, raw_case, refusal, scheme
from tests.security.conftest import Client, once
from tests.world import Body, World

Open = Callable[..., Client]
TODAY = city_today()


@pytest.fixture(scope="module")
def organ(world: World) -> Body:
    made = world.body("职级局", quotas={"11": 12}, people={"11": 6}, leaders={"principal:0131": 1, "deputy:0132": 1})
    scheme(world, made)
    world.account("clerk", "unit_clerk", unit=made.id)
    return made


@pytest.fixture(scope="module")
def school(world: World) -> Body:
    made = world.body("岗位校", quotas={"22": 10}, people={"22": 4}, kind="institution")
    scheme(world, made, "post_plan", management_posts=0, professional_posts=10, workman_posts=0)
    world.account("teacher", "unit_clerk", unit=made.id)
    return made


@pytest.fixture(scope="module", autouse=True)
def offices(world: World) -> None:
    world.account("buzhang", "office_head", office=("organisation", "440600"))
    for name, kind in (("zuzhi", "organisation"), ("zuzhi2", "organisation"), ("renshe", "human_resources"),
                       ("renshe2", "human_resources"), ("caizheng", "finance"), ("bianban", "establishment")):  # fmt: skip
        world.account(name, "office_member", office=(kind, "440600"))


@pytest.fixture(scope="module")
def client(app: Flask) -> Open:
    return once(app)


def page(answer: Any) -> str:
    """What an answer says: a page, or the sheets of a workbook."""
    raw = answer.get_data()
    if raw.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    return html.unescape(raw.decode())


def sent(user: Client, process: str, **fields: Any) -> Any:
    user.get(f"/case/new/{process}")
    return user.post(f"/case/new/{process}", {"action": "submit", "start": TODAY.isoformat(), **fields})


def filed(user: Client, process: str, **fields: Any) -> int:
    answer = sent(user, process, **fields)
    assert answer.status_code == 302, re.findall(r'(?:-error"[^>]*>|alert[^>]*>)(.{0,300})', page(answer), re.S)
    return int(answer.location.rpartition("/")[2])


def decide(world: World, user: Client, case: int, code: str, verdict: str = "approve") -> Any:
    task = world.task(case, code)
    user.get(f"/case/{case}")
    return user.post(f"/case/{case}/decide/{task}", {"decision": verdict, "opinion": "经核对，属实"})


def done(world: World, case: int) -> bool:
    return world.state(case) == "done"


def newest(world: World, person: int, kind: str) -> Any:
    return world.row(
        "SELECT fields, started_on, ended_on FROM record_item WHERE person_id = :p AND kind = :k AND recorded_to IS NULL"
        " ORDER BY id DESC LIMIT 1", p=person, k=kind)  # fmt: skip


INFO: list[tuple[str, str, dict[str, Any]]] = [
    ("info_basic", "basic", {"political": "01", "ethnicity": "11", "native_place": "广东南海"}),
    ("info_education", "education", {"education": "14", "degree": "301", "school": "中山大学", "major": "行政管理",
                                     "study": "2", "highest": "yes"}),
    ("info_title", "title", {"title_name": "高级工程师", "title_grade": "12", "issuer": "省人社厅"}),
    ("info_contact", "contact", {"mobile": "13800138000", "email": "jia@example.cn", "address": "祖庙路1号"}),
    ("info_family", "family", {"relation": "04", "relative": "何家人", "work_unit": "某学校"}),
    ("award", "award", {"award": "三等功", "issuer": "市委", "document_no": "佛委〔2026〕1号"}),
    ("assessment", "assessment", {"year": TODAY.year - 1, "result": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(("process", "kind", "fields"), INFO)
def test_a_change_of_information_goes_from_the_form_to_the_record(
    world: World, organ: Body, client: Open, process: str, kind: str, fields: dict[str, Any]
) -> None:
    who = organ.people[0]
    case = filed(client("clerk"), process, person=who, **fields)
    assert decide(world, client("zuzhi"), case, "personnel").status_code == 302
    assert done(world, case)
    kept, since, until = newest(world, who, kind)
    assert {k: str(v) for k, v in kept.items()} == {k: str(v) for k, v in fields.items()}
    assert (since, until) == (TODAY, None)
    card = page(client("clerk").get(f"/person/{who}"))
    shown = {"basic": "中共党员", "education": "硕士研究生毕业", "title": "高级工程师", "contact": "13800138000",
             "family": "何家人", "award": "三等功", "assessment": "优秀"}[kind]  # fmt: skip
    assert shown in card


@pytest.mark.parametrize(
    ("process", "fields", "field"),
    [
        ("info_education", {"education": "14", "study": "1", "highest": "no"}, "school"),
        ("info_education", {"education": "99x", "school": "某校", "study": "1", "highest": "no"}, "education"),
        ("info_contact", {"mobile": "不详"}, "mobile"),
        ("info_contact", {"mobile": "13800138000", "email": "x"}, "email"),
        ("info_family", {"relation": "04"}, "relative"),
        ("assessment", {"year": "一九九九", "result": "1"}, "year"),
        ("award", {"award": "记功"}, "issuer"),
        ("pay_change", {"base_pay": "-1", "allowance": "5"}, "base_pay"),
    ],
)
def test_a_form_with_a_bad_field_marks_it_and_files_nothing(
    world: World, organ: Body, client: Open, process: str, fields: dict[str, Any], field: str
) -> None:
    answer = sent(client("clerk"), process, person=organ.people[1], **fields)
    assert answer.status_code == 200
    assert re.search(rf'id="{field}-error"', page(answer))
    assert world.value("SELECT count(*) FROM case_record c JOIN application a ON a.id = c.case_id WHERE a.person_id = :p",
                       p=organ.people[1]) == 0  # fmt: skip


def test_what_is_protected_is_in_no_draft_fact_list_export_or_search(world: World, organ: Body, client: Open) -> None:
    who, secret = organ.people[2], "13912345678"
    user = client("clerk")
    user.get("/case/new/info_contact")
    kept = user.post(
        "/case/new/info_contact", {"action": "save", "person": who, "mobile": secret, "start": TODAY.isoformat()}
    )
    draft = int(re.search(r"/case/(\d+)/edit", kept.location)[1])  # type: ignore[index]
    assert secret not in world.value("SELECT form::text FROM application WHERE id = :c", c=draft)
    assert secret in page(user.get(f"/case/{draft}/edit"))  # its own clerk goes on where he was
    answer = user.post(
        f"/case/{draft}/edit", {"action": "submit", "person": who, "mobile": secret, "start": TODAY.isoformat()}
    )
    assert answer.status_code == 302
    decide(world, client("zuzhi"), draft, "personnel")
    assert done(world, draft)
    # 编办 sees the case and has the group; the inspector sees the case and has not.
    world.account("jijian", "inspector", region="440600")
    assert secret in page(client("bianban").get(f"/case/{draft}"))
    reader = client("jijian")
    seen = page(reader.get(f"/case/{draft}"))
    assert "信息变更" in seen or "联系方式" in seen
    for address in (f"/case/{draft}", f"/person/{who}", "/list/people", "/list/people/export", "/list/cases",
                    "/list/cases/export", f"/unit/{organ.id}"):  # fmt: skip
        assert secret not in page(reader.get(address)), address
    for address in ("/list/people", "/list/people/export", "/list/cases/export", f"/unit/{organ.id}"):
        assert secret not in page(user.get(address)), address
    assert f"/person/{who}" not in page(user.get(f"/search?q={secret}"))
    assert "******" in page(reader.get(f"/person/{who}"))


def test_a_correction_shows_what_was_recorded_before(world: World, organ: Body, school: Body, client: Open) -> None:
    who, user = organ.people[0], client("clerk")
    wrong = world.value(
        "SELECT id FROM record_item WHERE person_id = :p AND kind = 'title' AND recorded_to IS NULL", p=who
    )
    choices = user.get(f"/search/items?kind=title&person={who}").get_json()["results"]
    assert [c["value"] for c in choices] == [str(wrong)]
    assert user.get(f"/search/items?kind=title&person={who}&q=高").status_code == 400
    case = filed(user, "info_title", person=who, item=wrong, title_name="工程师", title_grade="2")
    decide(world, client("zuzhi"), case, "personnel")
    card = page(user.get(f"/person/{who}"))
    assert "工程师" in card
    assert "曾这样登记" in card
    assert client("teacher").get(f"/search/items?kind=title&person={who}").get_json()["results"] == []


def promote(client: Open, person: int, rank: str, **more: Any) -> Any:
    return sent(client("clerk"), "rank_promote", person=person, rank=rank, basis="26", **more)


def test_a_rank_is_promoted_step_by_step_after_its_years(world: World, organ: Body, client: Open) -> None:
    who = organ.people[3]
    assert "逐级" in page(promote(client, who, "R09"))
    # Since when R11 is held is not recorded, so somebody has to look; the check does not stop.
    case = filed(client("clerk"), "rank_promote", person=who, rank="R10", basis="26", start=ago(300).isoformat())
    assert world.state(case) == "running"
    assert decide(world, client("zuzhi"), case, "organisation").status_code == 302
    assert done(world, case)
    assert world.value("SELECT rank FROM person WHERE id = :p", p=who) == "R10"
    too_soon = page(promote(client, who, "R09"))
    assert "最早" in too_soon or "不早于" in too_soon
    assert findings(world) == []


def test_a_promotion_needs_a_vacancy_in_every_group_it_enters(world: World, client: Open) -> None:
    """2 posts: ⌊2 × 60%⌋ = 1 may be 一至四级主任科员; the sum stands beside the form, and without approval what to do."""
    small = world.body("小编局", quotas={"11": 2}, people={"11": 2})
    world.account("small", "unit_clerk", unit=small.id)
    user = client("small")
    assert "职级职数核定" in page(sent(user, "rank_promote", person=small.people[0], rank="R10", basis="26"))
    scheme(world, small)
    case = filed(user, "rank_promote", person=small.people[0], rank="R10", basis="26")
    waiting = page(sent(user, "rank_promote", person=small.people[1], rank="R10", basis="26"))
    assert "⌊2 × 60%⌋ = 1" in waiting
    assert decide(world, client("zuzhi"), case, "organisation").status_code == 302
    assert "⌊2 × 60%⌋ = 1" in page(sent(user, "rank_promote", person=small.people[1], rank="R10", basis="26"))


def test_a_discipline_bars_promotion_until_its_day_and_is_known_by_right(
    world: World, organ: Body, client: Open
) -> None:
    who = organ.people[5]
    case = filed(client("zuzhi"), "discipline", person=who, penalty="01", cause="违反工作纪律", issuer="市纪委监委",
                 document_no="佛纪〔2026〕3号", start=ago(30).isoformat())  # fmt: skip
    assert "不能自己办理" in page(decide(world, client("zuzhi"), case, "review")) or not done(world, case)
    assert decide(world, client("zuzhi2"), case, "review").status_code == 302
    fields, since, until = newest(world, who, "discipline")
    assert (fields["penalty"], since) == ("01", ago(30))
    assert until is not None
    assert (until - since).days in range(180, 186)  # 警告: six months
    assert "处分" in page(promote(client, who, "R10"))
    assert world.value("SELECT count(*) FROM application WHERE person_id = :p AND process = 'rank_promote' AND state <> 'draft'",
                       p=who) == 0  # fmt: skip
    # 编办 has no right to know of it: not the case, not the item, not the entry.
    office = client("bianban")
    assert office.get(f"/case/{case}").status_code == 404
    shown = page(office.get(f"/person/{who}"))
    assert "违反工作纪律" not in shown
    assert "佛纪" not in shown
    assert "违反工作纪律" in page(client("zuzhi").get(f"/person/{who}"))
    wrong = page(
        sent(client("zuzhi"), "discipline", person=who, penalty="07", cause="错误", issuer="市纪委", document_no="1")
    )
    assert "不适用" in wrong or "没有这种处分" in wrong


def test_a_post_is_appointed_within_the_structure(world: World, school: Body, client: Open) -> None:
    """10 professional posts of a city's school, 2 : 4 : 4: two may be 高级; and the class of personnel is looked at."""
    rows = world.row("SELECT rank, personnel_class FROM person WHERE id = :p", p=school.people[0])
    assert rows[1] == "public"
    case = filed(
        client("teacher"), "post_appoint", person=school.people[0], post_grade="0342", start=ago(20).isoformat()
    )
    assert decide(world, client("renshe"), case, "human_resources").status_code == 302
    assert world.value("SELECT rank FROM person WHERE id = :p", p=school.people[0]) == "0342"
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE person SET rank = '0323' WHERE id = ANY(:p)"), {"p": school.people[1:3]})
    full = page(sent(client("teacher"), "post_appoint", person=school.people[3], post_grade="0323"))
    assert "⌊10 × 2/10⌋ = 2" in full
    with world.superuser.begin() as connection:
        connection.execute(text("UPDATE person SET rank = 'R11' WHERE id = ANY(:p)"), {"p": school.people[1:3]})


def test_classes_keep_to_their_own_business(world: World, organ: Body, school: Body, client: Open) -> None:
    assert sent(client("teacher"), "rank_promote", person=school.people[3], rank="R10").status_code == 200
    assert sent(client("clerk"), "post_appoint", person=organ.people[1], post_grade="0860").status_code == 200
    assert sent(client("clerk"), "post_appoint", person=school.people[3], post_grade="0860").status_code == 200
    assert world.value("SELECT count(*) FROM application WHERE unit_id = :u AND process IN ('post_appoint', 'rank_promote')"
                       " AND state = 'running'", u=organ.id) == 0  # fmt: skip


def test_pay_is_fixed_by_human_resources_and_seen_by_right(world: World, school: Body, client: Open) -> None:
    who = school.people[0]
    case = filed(client("teacher"), "pay_change", person=who, pay_grade="5", base_pay="4100", allowance="3210")
    assert decide(world, client("renshe"), case, "human_resources").status_code == 302
    assert newest(world, who, "pay")[0] == {"pay_grade": 5, "base_pay": 4100, "allowance": 3210}
    assert "4100" not in page(client("bianban").get(f"/person/{who}"))
    assert "4100" not in page(client("bianban").get(f"/case/{case}"))
    assert "4100" in page(client("teacher").get(f"/person/{who}"))
    assert "4100" in page(client("renshe").get(f"/case/{case}"))


def test_an_individuals_change_goes_through_the_unit(world: World, organ: Body, client: Open) -> None:
    who, other = organ.people[4], organ.people[5]
    world.account("oneself", "person", person_id=who)
    me = client("oneself")
    start = page(me.get("/case/start"))
    assert "联系方式变更（本人申请）" in start
    assert "职级晋升" not in start
    assert me.get("/case/new/info_contact").status_code == 404
    answer = sent(me, "own_contact", mobile="13711112222")
    assert answer.status_code == 302
    case = int(answer.location.rpartition("/")[2])
    assert world.state(case) == "running"
    assert "13711112222" in page(me.get(f"/case/{case}"))
    assert client("clerk").get(f"/case/{case}/edit").status_code == 404  # it is not the unit's to change
    assert decide(world, client("clerk"), case, "unit", "return").status_code == 302
    assert world.state(case) == "returned"
    me.get(f"/case/{case}/edit")
    again = {"action": "submit", "mobile": "13711113333", "start": TODAY.isoformat()}
    assert me.post(f"/case/{case}/edit", again).status_code == 302
    assert decide(world, client("clerk"), case, "unit").status_code == 302
    assert decide(world, client("zuzhi"), case, "personnel").status_code == 302
    assert newest(world, who, "contact")[0]["mobile"] == "13711113333"
    assert "13711113333" in page(me.get("/card"))
    assert me.get(f"/person/{other}").status_code in (403, 404, 302)
    # A second one is withdrawn by whom it belongs to.
    case = int(
        sent(me, "own_education", education="21", school="某大学", study="2", highest="no").location.rpartition("/")[2]
    )
    me.get(f"/case/{case}")
    assert me.post(f"/case/{case}/act?kind=withdraw").status_code == 302
    assert world.state(case) == "withdrawn"
    assert findings(world) == []


def test_a_person_files_for_nobody_else(world: World, organ: Body) -> None:
    facts = record_facts(world.keys, "contact", {"mobile": "13711112222"}, person=organ.people[0], start=TODAY)
    who = world.identity("oneself")
    with world.database.transaction(who) as session:
        case = engine.draft(session, process="own_contact", unit_id=organ.id, scope_path=organ.scope_path, form={},
                            person_id=organ.people[4])  # fmt: skip
        number = case.id

    def submit() -> None:
        with world.database.transaction(who) as session:
            engine.submit(session, number, facts=facts, person_id=organ.people[4], person_name="某", effective_on=TODAY)

    assert isinstance(refusal(submit), errors.NotFound)


def test_a_position_is_recorded_with_its_seat_and_ends_with_it(world: World, organ: Body, client: Open) -> None:
    who, line = organ.people[1], organ.lines["deputy:0132"]
    case = filed(client("clerk"), "leader", lead_line=line, person=who, position="副局长", way="1", nature="regular", main="y",
                 document_no="佛组任〔2026〕5号")  # fmt: skip
    for user, code in (("bianban", "establishment"), ("zuzhi", "personnel")):
        assert decide(world, client(user), case, code).status_code == 302
    fields, since, until = newest(world, who, "appointment")
    assert (fields["position"], fields["level"], since, until) == ("副局长", "0132", TODAY, None)
    assert world.value("SELECT level FROM person WHERE id = :p", p=who) == "0132"
    assert "副局长" in page(client("clerk").get(f"/person/{who}"))
    case = int(sent(client("clerk"), "leader_leave", lead=f"{line}-{who}", end=TODAY.isoformat(), exit_reason="3",
                    start="").location.rpartition("/")[2])  # fmt: skip
    for user, code in (("bianban", "establishment"), ("zuzhi", "personnel")):
        assert decide(world, client(user), case, code).status_code == 302
    assert newest(world, who, "appointment")[2] == TODAY
    assert world.value("SELECT level FROM person WHERE id = :p", p=who) is None
    assert findings(world) == []


def test_nobody_under_a_discipline_takes_a_higher_position(world: World, organ: Body, client: Open) -> None:
    """Refused in the form and, past every form, in the kernel."""
    who, line = organ.people[5], organ.lines["deputy:0132"]
    assert world.value("SELECT count(*) FROM record_item WHERE person_id = :p AND kind = 'discipline'", p=who) == 1
    answer = sent(client("clerk"), "leader", lead_line=line, person=who, position="副局长", nature="regular", main="y",
                  document_no="佛组任〔2026〕6号")  # fmt: skip
    assert "处分影响期" in page(answer)
    facts = {"person": who, "line": line, "nature": "regular", "main": 1, "start": TODAY.isoformat()}
    case = raw_case(world, world.identity("clerk"), "leader", facts, unit=organ.id, scope=organ.scope_path)
    for name in ("bianban", "zuzhi"):
        approve(world, world.identity(name), case)
    found = refusal(call, world, world.identity("zuzhi"), "SELECT ledger_take_lead(:c)", c=case)
    assert isinstance(found, errors.UnderDiscipline)
    assert found.facts["until"]
    found = refusal(call, world, world.identity("bianban"), "SELECT ledger_take_lead(:c)", c=case)
    assert found.facts == {}  # whoever may not know of a discipline is not told its day


def test_a_day_of_birth_is_determined_by_two_people_and_put_right(world: World, organ: Body, client: Open) -> None:
    who = organ.people[2]
    was = world.value("SELECT birth_on FROM person WHERE id = :p", p=who)
    same = sent(client("clerk"), "birth_determine", person=who, birth_on=was.isoformat(), birth_record="school",
                recorded_on="2005-09-01", document_no="认〔2026〕1号")  # fmt: skip
    assert "登记的就是这一天" in page(same)
    case = int(sent(client("clerk"), "birth_determine", person=who, birth_on="1989-03-04", birth_record="school",
                    recorded_on="2005-09-01", document_no="认〔2026〕1号").location.rpartition("/")[2])  # fmt: skip
    assert decide(world, client("zuzhi"), case, "personnel").status_code == 302
    assert world.state(case) == "running"
    assert world.value("SELECT count(*) FROM task WHERE application_id = :c AND code = 'establishment'", c=case) == 0
    assert decide(world, client("buzhang"), case, "personnel").status_code == 302
    assert decide(world, client("bianban"), case, "establishment").status_code == 302
    assert world.value("SELECT birth_on::text FROM person WHERE id = :p", p=who) == "1989-03-04"
    assert findings(world) == []


def test_an_individual_resigns_through_the_unit(world: World, organ: Body, client: Open) -> None:
    who = organ.people[3]
    world.account("cizhi", "person", person_id=who)
    asked = {"applied_on": ago(10).isoformat(), "resign_bar": "", "destination": "自谋职业", "end": TODAY.isoformat()}
    page_ = client("cizhi").get("/case/new/resign_own")
    bar = re.search(r'name="resign_bar".*?<option[^>]*value="([^"]+)"', page(page_), re.S)
    answer = sent(client("cizhi"), "resign_own", **{**asked, "resign_bar": bar[1] if bar else ""})
    assert answer.status_code == 302, re.findall(r'(?:-error"[^>]*>|alert[^>]*>)(.{0,200})', page(answer), re.S)
    case = int(answer.location.rpartition("/")[2])
    for user, code in (("clerk", "unit"), ("zuzhi", "personnel"), ("bianban", "establishment")):
        assert decide(world, client(user), case, code).status_code == 302
    assert done(world, case)
    assert world.value("SELECT state FROM person WHERE id = :p", p=who) == "left"
    assert findings(world) == []
