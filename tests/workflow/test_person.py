"""The person's record on the page and on paper: timeline, photo, pay by sort, the form of an appointment by right."""

import datetime as dt
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import text

from app.domain import errors
from app.domain.workdays import city_today
from app.ledger.records import record_facts
from app.reports import signed
from app.workflow import engine
from tests.exchange.attachments import samples
from tests.ledger.steps import ago, entered, findings, lead, raw_case, refusal, scheme
from tests.security.conftest import Client, once
from tests.workflow.test_records import decide, page, sent
from tests.world import Body, World, id_number

Open = Callable[..., Client]
TODAY = city_today()


@pytest.fixture(scope="module")
def organ(world: World) -> Body:
    made = world.body(
        "档案局",
        quotas={"11": 12},
        people={"11": 3},
        leaders={"principal:0131": 1, "deputy:0132": 1},
        departments=("人事科",),
    )
    scheme(world, made, day=ago(900))
    world.account("clerk", "unit_clerk", unit=made.id)
    for name, kind in (("zuzhi", "organisation"), ("bianban", "establishment"), ("renshe", "human_resources")):
        world.account(name, "office_member", office=(kind, "440600"))
    world.account("self", "person", person_id=made.people[0])
    return made


@pytest.fixture(scope="module")
def client(app: Flask, organ: Body) -> Open:
    return once(app)


def filed(
    world: World, client: Open, process: str, who: int, decider: str = "zuzhi", code: str = "personnel", **fields: Any
) -> int:
    """Filed by the unit and approved; the case."""
    answer = sent(client("clerk"), process, person=who, **fields)
    assert answer.status_code == 302, re.sub("<[^>]+>", " ", page(answer))
    case = int(answer.location.rpartition("/")[2])
    assert decide(world, client(decider), case, code).status_code == 302
    assert world.state(case) == "done"
    return case


def printed(user: Client, who: int, on: dt.date = TODAY, **typed: str) -> str:
    """The words of the form as printed."""
    user.get(f"/person/{who}/appointment")
    answer = user.post(f"/person/{who}/appointment", {"on": on.isoformat(), **typed})
    assert answer.mimetype == "application/pdf", page(answer)
    return "".join("".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(answer.get_data())).pages)


def test_the_form_of_an_appointment_says_what_ledger_and_record_know_on_a_day(
    world: World, organ: Body, client: Open
) -> None:
    who, basic = organ.people[0], {"political": "01", "party_on": "1999-07-01", "ethnicity": "11", "native_place": "广东南海",
                                   "birthplace": "广东顺德", "health": "1", "speciality": "公文写作"}  # fmt: skip
    filed(world, client, "info_basic", who, start=ago(400).isoformat(), **basic)
    filed(world, client, "info_education", who, education="21", degree="4", school="中山大学", major="行政管理", study="1",
          highest="yes", start=ago(400).isoformat())  # fmt: skip
    filed(world, client, "info_family", who, relation="04", relative="何家人", relative_born_on="1980-03-01",
          relative_political="13", work_unit="某学校", post_held="教师", start=ago(300).isoformat())  # fmt: skip
    filed(world, client, "assessment", who, year=TODAY.year - 1, result="1", start=ago(200).isoformat())
    filed(world, client, "award", who, award="三等功", issuer="市委", start=ago(100).isoformat())
    promoted = sent(client("clerk"), "rank_promote", person=who, rank="R10", basis="26", start=ago(500).isoformat())
    decide(world, client("zuzhi"), int(promoted.location.rpartition("/")[2]), "organisation")
    said = printed(client("clerk"), who, take="人事科科长", leave="无", reason="工作需要")
    for word in ("干部任免审批表", "满族", "广东南海", "广东顺德", "1999.07", "中山大学行政管理", "三等功", "人事科科长",
                 "工作需要", "何家人", "群众", "某学校教师", f"{TODAY.year - 1}年优秀", "（经历未登记）", "档案局人事科",
                 f"{ago(500):%Y.%m}—档案局人事科四级主任科员", "公文写作"):  # fmt: skip
        assert word in said, word
    # On an earlier day: what had begun by then.
    before = printed(client("clerk"), who, ago(450))
    assert "三等功" not in before
    assert "中山大学" not in before
    assert "四级主任科员" in before
    # 编办 has no right to family, assessments, disciplines: it says so.
    office = printed(client("bianban"), who)
    assert "何家人" not in office
    assert "优秀" not in office
    assert "无权查看" in office
    assert world.value("SELECT count(*) FROM audit_event WHERE kind = 'view' AND facts ->> 'form' = 'appointment'"
                       " AND (facts ->> 'person')::bigint = :p", p=who) == 3  # fmt: skip
    stranger = world.body("外单位", people={"11": 1})
    assert client("clerk").get(f"/person/{stranger.people[0]}/appointment").status_code == 404
    assert client("clerk").get(f"/person/{who}/appointment?case=x").status_code == 400
    assert client("clerk").get(f"/person/{who}/appointment?case=99999").status_code == 404
    assert "请" in page(client("clerk").post(f"/person/{who}/appointment", {"on": "昨天"}))


def test_in_a_case_the_form_is_a_numbered_paper_whose_words_open_by_right_alone(
    world: World, organ: Body, client: Open
) -> None:
    who = organ.people[0]
    facts = {"person": who, "line": organ.lines["principal:0131"], "nature": "regular", "home_unit": None, "main": 1,
             "start": TODAY.isoformat()}  # fmt: skip
    case = world.submit(world.identity("clerk"), organ, "leader", facts, person_id=who, effective_on=TODAY)
    address = f"/person/{who}/appointment?case={case}"
    # The office without the right to family and assessments prints for reference, without a number.
    client("bianban").get(address)
    bare = client("bianban").post(address, {"on": TODAY.isoformat()})
    assert bare.mimetype == "application/pdf"
    assert world.value("SELECT count(*) FROM issued_paper WHERE kind = 'appointment_form'") == 0
    assert client("clerk").post(f"/case/{case}/issue", {"kind": "appointment_form"}).status_code == 400
    client("clerk").get(address)
    issued = client("clerk").post(address, {"on": TODAY.isoformat(), "take": "三级主任科员", "reason": "任职年限已满"})
    assert issued.status_code == 302, page(issued)
    paper = issued.location
    content, signature, number = world.row(
        "SELECT content, signature, number FROM issued_paper WHERE application_id = :c AND kind = 'appointment_form'",
        c=case,
    )
    assert "何家人" not in content
    assert "三级主任科员" in content
    for reader in ("clerk", "zuzhi"):
        answer = client(reader).get(paper)
        assert answer.mimetype == "application/pdf"
        said = "".join("".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(answer.get_data())).pages)
        assert "何家人" in said
        assert number in said
    assert client("bianban").get(paper).status_code == 403
    assert number in page(client("clerk").get(f"/case/{case}"))
    line = signed.line_of(json.loads(content), signed.content_hash(content))
    checked = client("clerk")
    checked.get("/check/")
    assert number in page(checked.post("/check/", {"code": signed.code(line, bytes(signature))}))
    # Once it stands, the page prints for reference; when the case is withdrawn, the paper is void and says so.
    with world.database.transaction(world.identity("clerk")) as session:
        engine.withdraw(session, case)
    assert world.value("SELECT void_reason FROM issued_paper WHERE application_id = :c", c=case) == "ended"
    void = client("clerk").get(paper)
    said = "".join("".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(void.get_data())).pages)
    assert "作废" in said
    assert "何家人" not in said


def test_everything_dated_stands_in_one_timeline_by_right(world: World, organ: Body, client: Open) -> None:
    who = organ.people[0]
    lead(world, organ, organ.lines["principal:0131"], who, ago(30))
    shown = page(client("clerk").get(f"/person/{who}"))
    life = shown[shown.index('id="life"') : shown.index("</section>", shown.index('id="life"'))]
    order = [life.index(word) for word in ("县处级正职", "三等功", "家庭成员", "四级主任科员", "档案局人事科")]
    assert order == sorted(order)
    assert "何家人" not in life  # protected: folded in its own section
    office = page(client("bianban").get(f"/person/{who}"))
    assert "何家人" not in office
    assert "家庭成员" not in office[office.index('id="life"') : office.index("</section>", office.index('id="life"'))]
    assert "任免审批表" in office
    assert "何家人" in page(client("self").get("/card"))


def test_a_photo_comes_as_a_file_of_a_case_and_is_shown_by_right(world: World, organ: Body, client: Open) -> None:
    who, user = organ.people[0], client("clerk")
    assert user.get(f"/person/{who}/photo").status_code == 404
    assert "先保存草稿" in page(sent(user, "photo", person=who))
    user.get("/case/new/photo")
    kept = user.post("/case/new/photo", {"action": "save", "person": who, "start": TODAY.isoformat()})
    case = int(re.search(r"/case/(\d+)/edit", kept.location)[1])  # type: ignore[index]
    user.get(f"/case/{case}/edit")
    user.post(
        f"/case/{case}/files", {"files": (io.BytesIO(samples.JPEG), "照片.jpg")}, content_type="multipart/form-data"
    )
    answer = user.post(f"/case/{case}/edit", {"action": "submit", "person": who, "start": TODAY.isoformat()})
    assert answer.status_code == 302, page(answer)
    assert decide(world, client("zuzhi"), case, "personnel").status_code == 302
    for looker, address in ((user, f"/person/{who}/photo"), (client("self"), "/card/photo")):
        answer = looker.get(address)
        assert (answer.status_code, answer.mimetype, answer.get_data()) == (200, "image/jpeg", samples.JPEG)
    assert f'src="/person/{who}/photo"' in page(user.get(f"/person/{who}"))
    assert "干部任免审批表" in printed(user, who)
    other = world.body("邻局", people={"11": 1})
    world.account("neighbour", "unit_clerk", unit=other.id)
    assert client("neighbour").get(f"/person/{who}/photo").status_code == 404
    # A hash that is no picture of the case is refused by the kernel.
    facts = record_facts(world.keys, "photo", {"sha256": "0" * 64}, person=organ.people[1], start=TODAY)
    raw = raw_case(world, world.identity("clerk"), "photo", facts, unit=organ.id, scope=organ.scope_path)
    with world.database.transaction(world.identity("zuzhi")) as s:
        s.execute(text("SELECT case_decide(:c, 'approve', '', '{}', '')"), {"c": raw})
    with pytest.raises(errors.InvalidInput), world.database.transaction(world.identity("zuzhi")) as s:
        s.execute(text("SELECT ledger_record(:c)"), {"c": raw})
    assert findings(world) == []


def test_allowances_are_kept_by_sort_one_of_each_at_a_time(world: World, client: Open) -> None:
    school = world.body("津贴校", quotas={"22": 5}, people={"22": 1}, kind="institution")
    world.account("teacher", "unit_clerk", unit=school.id)
    who, user = school.people[0], client("teacher")

    def done(**fields: Any) -> int:
        answer = sent(user, "allowance", person=who, **fields)
        assert answer.status_code == 302, re.sub("<[^>]+>", " ", page(answer))
        case = int(answer.location.rpartition("/")[2])
        assert decide(world, client("renshe"), case, "human_resources").status_code == 302
        return int(world.value("SELECT max(id) FROM record_item WHERE case_id = :c", c=case))

    first = done(pay_item="34", amount="300", start=ago(100).isoformat())
    done(pay_item="31", amount="900", start=ago(100).isoformat())
    assert "先选" in page(sent(user, "allowance", person=who, pay_item="34", amount="400"))
    facts = record_facts(world.keys, "allowance", {"pay_item": "34", "amount": 1}, person=who, start=TODAY)
    raw = raw_case(world, world.identity("teacher"), "allowance", facts, unit=school.id, scope=school.scope_path)
    with world.database.transaction(world.identity("renshe")) as s:
        s.execute(text("SELECT case_decide(:c, 'approve', '', '{}', '')"), {"c": raw})

    def post() -> None:
        with world.database.transaction(world.identity("renshe")) as s:
            s.execute(text("SELECT ledger_record(:c)"), {"c": raw})

    assert isinstance(refusal(post), errors.ItemsOverlap)
    done(item=first, pay_item="34", amount="300", start=ago(100).isoformat(), end=ago(10).isoformat())
    done(pay_item="34", amount="400", start=ago(10).isoformat())
    shown = page(user.get(f"/person/{who}"))
    assert "交通补贴" in shown
    assert "住房补贴" in shown
    assert "交通补贴" not in page(client("bianban").get(f"/person/{who}"))
    assert findings(world) == []


def test_the_card_names_each_field_of_the_ledger_and_how_the_seat_was_come_by(
    world: World, organ: Body, client: Open
) -> None:
    who = entered(world, organ, ago(40))
    lead(world, organ, organ.lines["deputy:0132"], who, ago(30))
    with world.superuser.begin() as c:
        c.execute(text("UPDATE person SET ethnicity = '11', political = '01', native_place = '广东佛山', degree = '4' WHERE id = :p"), {"p": who})  # fmt: skip
        # What entries from elsewhere file.
        c.execute(
            text("UPDATE case_record r SET facts = (r.facts::jsonb || '{\"document_no\": \"佛组〔2026〕3号\", \"origin_unit\": \"某市某局\"}')::text"
                 " FROM occupancy o WHERE o.person_id = :p AND o.kind = 'establishment' AND r.case_id = o.entry_case_id"), {"p": who})  # fmt: skip
    shown = page(client("clerk").get(f"/person/{who}"))
    for value in ("满族", "中共党员", "广东佛山", "全额拨款", "佛组〔2026〕3号", "某市某局", "部门副职", "入编文号"):
        assert value in shown, value
    assert "非领导" in page(client("clerk").get(f"/person/{organ.people[1]}"))


def test_start_of_work_way_of_entry_and_an_unproved_number_are_put_right_by_the_establishment_office(
    world: World, organ: Body, client: Open
) -> None:
    who = organ.people[2]
    world.account("fuhe", "office_member", office=("establishment", "440600"))
    with world.superuser.begin() as c:
        c.execute(text("UPDATE person SET id_verified = false, id_proof = '某所证明' WHERE id = :p"), {"p": who})
    born = world.value("SELECT birth_on FROM person WHERE id = :p", p=who)
    number = id_number(born)
    answer = sent(client("bianban"), "person_correct", person=who, work_started_on="2012-09-01", entry_way="36",
                  id_number=number, document_no="佛编认〔2026〕1号")  # fmt: skip
    assert answer.status_code == 302, re.sub("<[^>]+>", " ", page(answer))
    case = int(answer.location.rpartition("/")[2])
    decide(world, client("fuhe"), case, "review")
    started, way, proved, proof = world.row(
        "SELECT work_started_on, entry_way, id_verified, id_proof FROM person WHERE id = :p", p=who
    )
    assert (started, way, proved, proof) == (dt.date(2012, 9, 1), "36", True, None)
    assert [f for f in findings(world) if f"({who})" in f and "人员" in f] == []
