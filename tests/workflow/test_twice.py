"""Double submit, back button, two tabs, stale page: the second is told what happened meanwhile, nothing happens twice."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.domain.workdays import city_today
from app.ledger.people import facts_of
from app.workflow import engine
from tests.security.conftest import Client
from tests.world import Body, World, person

Open = Callable[[str], Client]


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    world.account("zuzhi", "office_member", office=("organisation", "440600"))
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("bianban2", "office_member", office=("establishment", "440600"))
    return world.body("两页局", quotas={"11": 20})


def shown(page: str, case: int) -> tuple[str, str]:
    """The task and the version that a case's page would send."""
    task = re.search(rf"/case/{case}/decide/(\d+)", page)
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert task
    assert version
    return f"/case/{case}/decide/{task[1]}", version[1]


def test_the_second_of_two_deciders_is_told_who_was_first_and_keeps_what_he_typed(
    world: World, body: Body, client: Open
) -> None:
    case = world.recruit(body)
    first, second = client("bianban"), client("bianban2")
    url, version = shown(first.get(f"/case/{case}").get_data(as_text=True), case)
    stale = shown(second.get(f"/case/{case}").get_data(as_text=True), case)
    assert stale == (url, version)
    assert first.post(url, {"decision": "approve", "opinion": "同意", "version": version}).status_code == 302
    answer = second.post(url, {"decision": "return", "opinion": "我的长意见", "version": version})
    assert answer.status_code == 409
    said = answer.get_data(as_text=True)
    assert "其间：" in said
    assert "用bianban" in said
    again = first.post(url, {"decision": "approve", "opinion": "同意", "version": version})  # a double click
    assert again.status_code == 409
    assert world.value("SELECT count(*) FROM decision WHERE case_id = :c", c=case) == 1
    assert world.figures(body.line)[2] == world.value("SELECT count(*) FROM post WHERE reserved_case_id IS NOT NULL")


def test_a_page_that_shows_other_facts_decides_nothing(world: World, body: Body, client: Open) -> None:
    wanted = person()
    case, user = world.recruit(body, facts=wanted), client("zuzhi")
    url, version = shown(user.get(f"/case/{case}").get_data(as_text=True), case)
    world.decide(world.office("establishment"), case, "establishment", "return", "姓名有误")
    filed = {**facts_of(person("改后", id_number=wanted.id_number), world.keys), "line": body.line, "department": None}
    with world.database.transaction(world.clerk(body)) as session:
        engine.submit(session, case, facts=filed, person_id=None, person_name="改后", effective_on=None)
    answer = user.post(url, {"decision": "approve", "opinion": "同意改前", "version": version})
    assert answer.status_code == 409
    said = answer.get_data(as_text=True)
    assert "改正后重新提交" in said or "重新" in said
    assert "同意改前" in said
    assert world.value("SELECT count(*) FROM decision WHERE case_id = :c AND verdict = 'approve'", c=case) == 0
    fresh = shown(said, case)
    assert user.post(fresh[0], {"decision": "approve", "opinion": "同意", "version": fresh[1]}).status_code == 302


def test_what_the_applicant_does_twice_happens_once(world: World, body: Body, client: Open) -> None:
    clerk = f"clerk{body.id}"
    world.clerk(body)
    case = world.recruit(body)
    one, two = client(clerk), client(clerk)
    assert one.post(f"/case/{case}/act?kind=urge", {}).status_code == 302
    second = two.post(f"/case/{case}/act?kind=urge", {})
    assert second.status_code == 409
    assert "今天已经催办过" in second.get_data(as_text=True)
    world.approve_recruit(case)
    day = {"arrived_on": city_today().isoformat()}
    assert one.post(f"/case/{case}/act?kind=confirm_arrival", day).status_code == 302
    assert two.post(f"/case/{case}/act?kind=confirm_arrival", day).status_code == 409
    assert world.value("SELECT count(*) FROM occupancy WHERE entry_case_id = :c", c=case) == 1
    gone = world.recruit(body)
    assert one.post(f"/case/{gone}/act?kind=withdraw", {}).status_code == 302
    assert two.post(f"/case/{gone}/act?kind=withdraw", {}).status_code == 409
    assert world.value("SELECT count(*) FROM application_event WHERE application_id = :c AND kind = 'withdrawn'",
                       c=gone) == 1  # fmt: skip


def test_the_whole_way_of_stopping_answering_and_taking_back_by_the_pages(
    world: World, body: Body, client: Open
) -> None:
    case, keeper = world.recruit(body), client("bianban")
    page = keeper.get(f"/case/{case}").get_data(as_text=True)
    url, version = shown(page, case)
    empty = keeper.post(url, {"decision": "request_papers", "opinion": " ", "version": version})
    assert empty.status_code == 422
    asked = {"decision": "request_papers", "opinion": "请补学历证明", "version": version}
    assert keeper.post(url, asked).status_code == 302
    assert "停止计时" in keeper.get(f"/case/{case}").get_data(as_text=True)
    clerk = client(f"clerk{body.id}")
    assert "补正前停止计时：请补学历证明" in clerk.get("/").get_data(as_text=True)
    page = clerk.get(f"/case/{case}").get_data(as_text=True)
    assert "要求补正：请补学历证明" in page
    assert clerk.post(f"/case/{case}/act?kind=answer", {"opinion": "已送窗口"}).status_code == 302
    assert "已送窗口" in keeper.get(f"/case/{case}").get_data(as_text=True)
    assert keeper.post(url, {"decision": "approve", "opinion": "同意"}).status_code == 302
    page = keeper.get(f"/case/{case}").get_data(as_text=True)
    assert "撤回我的意见" in page
    assert "当时核对的内容和数字" in page
    assert keeper.post(url, {"decision": "take_back"}).status_code == 302
    assert world.figures(body.line)[2] == world.value(
        "SELECT count(*) FROM post WHERE reserved_case_id IS NOT NULL AND line_id = :l", l=body.line)  # fmt: skip
    copy = clerk.post(f"/case/{case}/act?kind=copy", {})
    assert copy.status_code == 302
    assert clerk.get(copy.location).status_code == 200


def draft_of(page: str) -> str:
    found = re.search(r'id="draft-id" value="(\d+)"', page)
    assert found
    return found[1]


def asked(body: Body, seats: int = 1) -> dict[str, str]:
    """The form of a permit: a business about nobody, so that no rule about a person stops a second one."""
    return {"line": str(body.line), "seats": str(seats), "numbering": "one", "purpose": "recruit"}


def filed(world: World, body: Body, process: str = "permit") -> int:
    return int(world.value("SELECT count(*) FROM application WHERE unit_id = :u AND process = :p AND state <> 'draft'",
                           u=body.id, p=process))  # fmt: skip


def test_a_draft_submitted_in_two_tabs_is_one_case(world: World, body: Body, client: Open) -> None:
    clerk = f"clerk{body.id}"
    world.clerk(body)
    one, two = client(clerk), client(clerk)
    one.get("/case/new/permit")
    kept = one.post("/case/new/permit", {**asked(body), "action": "save"})
    address = kept.location
    before = filed(world, body)
    for tab in (one, two):
        assert draft_of(tab.get(address).get_data(as_text=True)) in address
    assert one.post(address, {**asked(body), "action": "submit"}).status_code == 302
    second = two.post(address, {**asked(body, 2), "action": "submit"})
    assert second.status_code == 302
    assert "已提交过" in two.get(second.location).get_data(as_text=True)
    assert filed(world, body) == before + 1
    number = int(address.split("/")[2])
    assert world.value("SELECT facts::jsonb ->> 'seats' FROM case_record WHERE case_id = :c", c=number) == "1"
    # Saved in the other tab, by hand or by itself: what was filed is what the case shows.
    assert two.post(address, {**asked(body, 3), "action": "save"}).status_code == 302
    assert two.post(address, asked(body, 3), headers={"HX-Request": "true"}).status_code == 204
    assert world.value("SELECT form ->> 'seats' FROM application WHERE id = :c", c=number) == "1"


def test_two_submits_at_the_same_moment_file_once_and_keep_what_was_filed(
    world: World, body: Body, client: Open
) -> None:
    """Both pages were let in before either filed: the second waits for the row and finds the case gone on."""
    clerk = f"clerk{body.id}"
    world.clerk(body)
    tabs = [client(clerk), client(clerk)]
    tabs[0].get("/case/new/permit")
    address = tabs[0].post("/case/new/permit", {**asked(body), "action": "save"}).location
    number = int(address.split("/")[2])
    for tab in tabs:
        tab.get(address)
    before = filed(world, body)
    with world.superuser.connect() as held:  # both wait for the case's row, and go on together
        held.execute(text("SELECT 1 FROM application WHERE id = :c FOR UPDATE"), {"c": number})
        with ThreadPoolExecutor(2) as pool:
            sent = [pool.submit(tab.post, address, {**asked(body, n), "action": "submit"})
                    for n, tab in enumerate(tabs, 4)]  # fmt: skip
            while world.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                              " AND wait_event_type = 'Lock'") < 2:  # fmt: skip
                time.sleep(0.01)
            held.rollback()
            answers = [s.result() for s in sent]
    assert {a.status_code for a in answers} == {302}
    assert filed(world, body) == before + 1
    kept, facts = world.row("SELECT a.form ->> 'seats', r.facts::jsonb ->> 'seats' FROM application a JOIN case_record r"
                            " ON r.case_id = a.id WHERE a.id = :c", c=number)  # fmt: skip
    assert kept == facts
    assert world.value("SELECT count(*) FROM case_facts WHERE case_id = :c", c=number) == 1


def test_a_new_form_sent_twice_is_one_case(world: World, body: Body, client: Open) -> None:
    user = client(f"clerk{body.id}")
    page = user.get("/case/new/permit").get_data(as_text=True)
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once
    before = filed(world, body)
    form = {**asked(body), "once": once[1], "action": "submit"}
    first, second = user.post("/case/new/permit", form), user.post("/case/new/permit", form)
    assert first.status_code == second.status_code == 302
    assert first.location == second.location
    assert filed(world, body) == before + 1


def test_an_offices_own_draft_stands_on_its_desk_until_it_is_submitted(world: World, body: Body, client: Open) -> None:
    keeper = client("bianban")
    assert "本部门申报的业务" not in keeper.get("/").get_data(as_text=True)
    keeper.get("/case/new/quota")
    typed = {"any_line": body.line, "authorised": "21", "document_no": "佛编〔2026〕3号", "issuer": "市委编委",
             "start": city_today().isoformat()}  # fmt: skip
    draft = keeper.post("/case/new/quota", {"action": "draft", **typed})
    assert "本部门申报的业务" in keeper.get("/").get_data(as_text=True)
    keeper.get(draft.location)
    assert keeper.post(draft.location, {"action": "submit", **typed}).status_code == 302
    assert "本部门申报的业务" not in keeper.get("/").get_data(as_text=True)
    assert "已提交过" in keeper.get(draft.location, follow_redirects=True).get_data(as_text=True)  # back, after it went
