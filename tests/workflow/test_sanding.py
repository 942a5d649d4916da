"""The bodies' documents from form to ledger and page: 三定 to its print, signboards, limits, 沿革, whose rows they are."""

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from app.domain.workdays import city_today
from app.views.lineage_picture import Link, Stretch, lanes, picture
from tests.security.conftest import Client
from tests.world import Body, World

TODAY = city_today()
FORM = {
    "duties-0-text": "贯彻执行方针政策。",
    "duties-1-text": "承办市委、市政府交办的其他事项。",
    "departments-0-name": "办公室",
    "departments-0-duties": "文电、会务。",
    "departments-0-number": "2",
    "quotas-0-category": "11",
    "quotas-0-number": "6",
    "leaders-0-scope": "unit",
    "leaders-0-role": "principal",
    "leaders-0-level": "0131",
    "leaders-0-number": "1",
    "document_no": "佛编〔2026〕41号",
    "issuer": "市委编委",
    "start": TODAY.isoformat(),
    "action": "submit",
}


@pytest.fixture(scope="module")
def body(world: World) -> Body:
    made = world.body("文件甲局", quotas={"11": 8}, leaders={"principal:0131": 1}, departments=("办公室", "业务科"))
    world.office("establishment")
    world.account("second", "office_member", office=("establishment", "440600"))
    world.clerk(made, "jia")
    world.clerk(world.body("文件乙局", quotas={"11": 3}), "yi")
    return made


def approved(world: World, answer: Any) -> int:
    """The case that a form has led to, approved by the other official."""
    assert answer.status_code == 302, answer.get_data(as_text=True)[:3000]
    case = int(re.search(r"/case/(\d+)", answer.headers["Location"])[1])  # type: ignore[index]
    world.decide(world.office("establishment"), case, "review")
    return case


def test_a_sanding_goes_from_its_form_to_the_page_and_to_print(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    assert 'name="duties-0-text"' in desk.get("/case/new/sanding").get_data(as_text=True)
    bad = desk.post("/case/new/sanding", FORM | {"unit": body.id, "quotas-0-number": "六"})
    assert bad.status_code in (200, 422)
    said = bad.get_data(as_text=True)
    assert "第 1 行" in said
    assert "承办市委、市政府交办的其他事项。" in said  # nothing typed is lost
    case = approved(world, desk.post("/case/new/sanding", FORM | {"unit": body.id}))
    assert world.state(case) == "done"
    page = desk.get(f"/sanding/{body.id}").get_data(as_text=True)
    assert "佛编〔2026〕41号" in page
    assert page.index("<td>行政编制</td>")  # by its name
    assert "业务科" in page  # a department of the ledger that the document does not name
    before = desk.get(f"/sanding/{body.id}?on={TODAY - dt.timedelta(days=1)}").get_data(as_text=True)
    assert "佛编〔2026〕41号" not in before
    paper = desk.get(f"/sanding/{body.id}/print")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    second = FORM | {"unit": body.id, "quotas-0-number": "8", "document_no": "佛编〔2026〕42号"}
    approved(world, desk.post("/case/new/sanding", second))
    old, new = (world.value("SELECT id FROM sanding WHERE document_no = :d AND recorded_to IS NULL", d=f"佛编〔2026〕{n}号")
                for n in (41, 42))  # fmt: skip
    compared = desk.get(f"/sanding/{body.id}?version={new}&against={old}").get_data(as_text=True)
    assert re.search(r"<del>行政编制[^<]*6</del>", compared)
    assert re.search(r"<ins>行政编制[^<]*8</ins>", compared)
    assert desk.get(f"/sanding/{body.id}?version=x").status_code == 400
    assert desk.get(f"/sanding/{body.id}?version=999999").status_code == 404


def test_a_unit_sees_its_own_document_and_no_other_units(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    own, other = client("jia"), client("yi")
    for path in (f"/sanding/{body.id}", f"/lineage/{body.id}"):
        assert own.get(path).status_code == 200
        assert other.get(path).status_code == 404
    assert other.get(f"/sanding/{body.id}/print").status_code == 404
    assert own.get("/limits").status_code == 403
    assert own.get("/case/new/sanding").status_code in (403, 404)


def test_signboards_stand_on_the_page_are_found_by_name_and_count(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    form = {"unit": body.id, "signboard_kind": "two_names", "board_name": "文件甲委员会", "counts": "no", "action": "submit",
            "document_no": "佛编〔2026〕43号", "issuer": "市委编委", "start": TODAY.isoformat()}  # fmt: skip
    assert desk.post("/case/new/signboard", form | {"signboard_kind": "plate"}).status_code in (200, 422)
    assert desk.post("/case/new/signboard", form | {"signboard_kind": "co_located"}).status_code in (200, 422)
    approved(world, desk.post("/case/new/signboard", form))
    assert "文件甲委员会" in desk.get(f"/unit/{body.id}").get_data(as_text=True)
    assert f"/unit/{body.id}" in desk.get("/search?q=文件甲委员").get_data(as_text=True)
    row = re.search(
        r"佛山市本级</th><td[^>]*>(\d+)</td><td[^>]*>(\d+)</td>", desk.get("/limits").get_data(as_text=True)
    )
    assert row is not None
    assert int(row[2]) == int(row[1]) + 1
    ended = {"unit": body.id, "board_name": "文件甲委员会", "document_no": "佛编〔2026〕44号", "action": "submit",
             "start": TODAY.isoformat()}  # fmt: skip
    approved(world, desk.post("/case/new/signboard_end", ended))
    assert "文件甲委员会" not in desk.get(f"/unit/{body.id}").get_data(as_text=True)


def test_a_limit_is_registered_and_stops_one_body_too_many_in_the_form(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    form = {"region": "440600", "unit_category": "3901", "most": "0", "document_no": "粤编〔2026〕1号", "issuer": "省委编委",
            "start": TODAY.isoformat(), "action": "submit"}  # fmt: skip
    approved(world, desk.post("/case/new/organ_limit", form))
    assert "粤编〔2026〕1号" in desk.get("/limits").get_data(as_text=True)
    opened = {"region": "440600", "unit_name": "文件总工会", "short_name": "", "uscc": "", "body": "organ", "unit_category": "3901",
              "grade": "107", "document_no": "佛编〔2026〕45号", "start": TODAY.isoformat(), "action": "submit"}  # fmt: skip
    refused = desk.post("/case/new/unit_open", opened)
    assert (refused.status_code, "已达机构限额" in refused.get_data(as_text=True)) == (200, True)
    approved(world, desk.post("/case/new/unit_open", opened | {"over_limit_no": "粤编〔2026〕2号"}))


def test_earlier_history_stands_in_the_table_marked_as_no_ledger(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    form = {"unit": body.id, "past-0-day": "1988-05-01", "past-0-document_no": "佛府〔1988〕5号", "past-0-document": "关于设立的通知",
            "past-0-name": "文件办公室", "past-0-parent": "市政府", "past-0-detail": "", "action": "submit"}  # fmt: skip
    approved(world, desk.post("/case/new/unit_past", form))
    page = desk.get(f"/lineage/{body.id}").get_data(as_text=True)
    assert page.index("文件办公室") < page.index("佛编〔2026〕41号")
    assert "据文件补录" in page
    assert page.count('<svg class="bz-lineage"') == 1


def test_the_picture_gives_each_body_a_lane_and_each_succession_a_curve() -> None:
    day = dt.date(2009, 9, 14)
    old, new = Stretch(1, "甲局<b>", dt.date(1990, 1, 1), day), Stretch(2, "乙局", day, None)
    drawn = str(picture([old, new], [Link(1, 2, day)], 2, dt.date(2026, 1, 1), "沿革"))
    assert lanes([new, old]) == {1: 0, 2: 1}
    assert drawn.count("<path") == 1
    assert "甲局&lt;b&gt;" in drawn
    assert picture([], [], 1, day, "沿革") == ""


def test_a_certificate_is_printed_and_a_change_of_its_body_overtakes_it(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    own = client("jia")
    assert own.get(f"/certificates/{body.id}").status_code == 404
    case = world.submit(world.identity("jia"), body, "certificate",
                        {"certificate_reason": "first", "year": None, "ground": "新办", "unit": body.id})  # fmt: skip
    world.decide(world.office("establishment"), case, "establishment")
    paper = own.get(f"/certificates/{body.id}")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert client("yi").get(f"/certificates/{body.id}").status_code == 404
    assert "文件甲局" not in own.get("/certificates/stale").get_data(as_text=True).partition("<main")[2]
    with world.superuser.connect() as c:  # issued before what changed since
        c.execute(text("UPDATE certificate SET issued_on = issued_on - 40 WHERE unit_id = :u"), {"u": body.id})
        late = "SELECT max(greatest(started_on, ended_on)) > (SELECT issued_on FROM certificate WHERE unit_id = :u) FROM unit_signboard"
        assert c.execute(text(late), {"u": body.id}).scalar()
        c.commit()
    assert "文件甲局" in own.get("/certificates/stale").get_data(as_text=True)
    # Of a past day: the certificate and the figures of that day, which it says.
    then = TODAY - dt.timedelta(days=20)
    old = own.get(f"/certificates/{body.id}?on={then}")
    said = "".join(p.extract_text() for p in PdfReader(io.BytesIO(old.get_data())).pages)
    assert f"{then.year}年{then.month}月{then.day}日" in "".join(said.split())
    assert own.get(f"/certificates/{body.id}?on={TODAY - dt.timedelta(days=60)}").status_code == 404
    assert f"/certificates/{body.id}?on={then}" in own.get(f"/unit/{body.id}?on={then}").get_data(as_text=True)


def test_a_temporary_body_stands_on_its_leaders_page_until_it_ends(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    desk = client("second")
    form = {"unit": body.id, "temporary_kind": "headquarters", "temporary_name": "防汛指挥部", "issuer": "市政府", "action": "submit",
            "document_no": "佛府〔2026〕61号", "start": TODAY.isoformat(), "until_on": (TODAY + dt.timedelta(days=9)).isoformat()}  # fmt: skip
    approved(world, desk.post("/case/new/temporary", form))
    assert "防汛指挥部" in desk.get(f"/sanding/{body.id}").get_data(as_text=True)
    longer = form | {"until_on": (TODAY + dt.timedelta(days=90)).isoformat(), "document_no": "佛府〔2026〕62号"}
    approved(world, desk.post("/case/new/temporary_extend", longer))
    approved(world, desk.post("/case/new/temporary_end", form | {"document_no": "佛府〔2026〕63号"}))
    assert "防汛指挥部" not in desk.get(f"/sanding/{body.id}").get_data(as_text=True)
    assert "/case/" not in (desk.post("/case/new/temporary_end", form).headers.get("Location") or "")


def test_the_history_goes_from_what_a_body_came_from_to_what_it_became(
    world: World, body: Body, client: Callable[..., Client]
) -> None:
    old, new = world.body("沿革原局", quotas={"11": 1}), world.body("沿革后局", quotas={"11": 1})
    with world.superuser.connect() as c:
        case = c.execute(text("SELECT min(id) FROM application")).scalar_one()
        for a, b in ((old, body), (body, new)):
            c.execute(
                text("INSERT INTO unit_succession (from_unit_id, to_unit_id, kind, happened_on, case_id, recorded_at, scope_path)"
                     " VALUES (:a, :b, 'merge', kernel_today(), :c, now(), :s)"),
                {"a": a.id, "b": b.id, "c": case, "s": a.scope_path},
            )  # fmt: skip
        c.commit()
    desk = client("second")
    for start in (old, body, new):  # forward and back alike
        page = desk.get(f"/lineage/{start.id}").get_data(as_text=True)
        assert page.count("<path d=") == 2
        assert "沿革原局" in page
        assert "并入 沿革后局" in page
