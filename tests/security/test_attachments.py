"""Files of a case: the applicant's to add, the case's to see, nobody else's to reach; shown so that they run nothing."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from werkzeug.test import TestResponse

from app.domain import errors
from app.domain.workdays import city_today
from app.workflow import engine
from tests.exchange.attachments import samples
from tests.security.conftest import Client
from tests.world import Body, World, person

Browser = Callable[..., Client]


@dataclass
class City:
    body: Body
    other: Body
    case: int
    foreign: int


@pytest.fixture(scope="module")
def city(world: World) -> City:
    body, other = world.body("附件局", people={"11": 1}), world.body("他局", region="440604", people={"11": 1})
    world.account("clerk", "unit_clerk", unit=body.id)
    world.account("colleague", "unit_clerk", unit=body.id)
    world.account("foreign", "unit_clerk", unit=other.id)
    world.account("bianban", "office_member", office=("establishment", "440600"))
    world.account("shenji", "auditor")
    return City(body, other, draft(world, body), draft(world, other))


def draft(world: World, body: Body) -> int:
    with world.database.transaction(world.clerk(body)) as s:
        return engine.draft(s, process="recruit", unit_id=body.id, scope_path=body.scope_path, form={}).id


def send(user: Client, case: int, *files: tuple[str, bytes], paper: str = "") -> TestResponse:
    user.get(f"/case/{case}")
    form = {"files": [(io.BytesIO(content), name) for name, content in files], "paper": paper}
    return user.post(f"/case/{case}/files", form, content_type="multipart/form-data")


def newest(world: World, case: int) -> int:
    return int(world.value("SELECT max(id) FROM attachment WHERE application_id = :c AND state = 'kept'", c=case))


def kept(world: World, case: int) -> int:
    return int(world.value("SELECT count(*) FROM attachment WHERE application_id = :c AND state = 'kept'", c=case))


def test_a_file_is_added_shown_in_the_page_and_opened_by_whoever_sees_the_case(
    world: World, city: City, client: Browser
) -> None:
    user = client("clerk")
    answer = send(
        user, city.case, ("../身份证.png", samples.PNG), ("学历.docx", samples.DOCX), ("体检.PDF", samples.PDF)
    )
    assert answer.status_code == 302
    assert kept(world, city.case) == 3
    for page in (user.get(f"/case/{city.case}/edit"), client("colleague").get(f"/case/{city.case}")):
        said = page.get_data(as_text=True)
        assert all(name in said for name in ("身份证.png", "学历.docx", "体检.pdf"))
    assert send(user, city.case, ("again.png", samples.PNG)).status_code == 302
    assert kept(world, city.case) == 3, "the same file twice is one"
    with world.superuser.connect() as connection:
        query = text("SELECT kind, id FROM attachment WHERE application_id = :c")
        numbers = {row.kind: row.id for row in connection.execute(query, {"c": city.case})}
    bianban = client("bianban")
    shown = {kind: bianban.get(f"/case/{city.case}/files/{number}") for kind, number in numbers.items()}
    for kind, content, media in (
        ("png", samples.PNG, "image/png"),
        ("pdf", samples.PDF, "application/pdf"),
        ("docx", samples.DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ):
        got = shown[kind]
        assert (got.status_code, got.mimetype, got.get_data()) == (200, media, content)
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in got.headers["Content-Security-Policy"]
        assert got.headers["Content-Disposition"].startswith("attachment" if kind == "docx" else "inline")
    assert "sandbox" in shown["png"].headers["Content-Security-Policy"]
    assert shown["pdf"].headers["X-Frame-Options"] == "SAMEORIGIN"
    seen = "SELECT count(*) FROM audit_event WHERE kind = 'view' AND (facts ->> 'attachment')::bigint = :a"
    assert world.value(seen, a=newest(world, city.case)) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("证书.pdf", samples.HTML, "按内容看"),
        ("证书.pdf", samples.SVG, "按内容看"),
        ("图.png", samples.PDF[:9] + samples.HTML, "损坏"),
        ("表.docx", samples.office(samples.MACRO), "宏"),
        ("空.pdf", b"", "空的"),
    ],
)
def test_a_disguised_file_is_refused_with_its_reason_and_on_record(
    world: World, city: City, client: Browser, name: str, content: bytes, said: str
) -> None:
    user, before = client("clerk"), kept(world, city.case)
    refusals = "SELECT count(*) FROM audit_event WHERE kind = 'refusal' AND facts ->> 'code' = 'file_refused'"
    noted = world.value(refusals)
    send(user, city.case, (name, content))
    page = user.get(f"/case/{city.case}/edit").get_data(as_text=True)
    assert name in page
    assert said in page
    assert kept(world, city.case) == before
    assert world.value(refusals) == noted + 1


def test_a_foreign_cases_file_answers_as_an_absent_one(world: World, city: City, client: Browser) -> None:
    send(client("foreign"), city.foreign, ("他人.pdf", samples.PDF))
    mine = newest(world, city.foreign)
    user = client("clerk")
    tries = [
        f"/case/{city.foreign}/files/{mine}",
        f"/case/{city.case}/files/{mine}",
        f"/case/{city.case}/files/99000000",
    ]
    pages = [user.get(path) for path in tries]
    assert [p.status_code for p in pages] == [404, 404, 404]
    assert all("他人" not in p.get_data(as_text=True) for p in pages)
    assert user.post(f"/case/{city.foreign}/files/{mine}/remove").status_code == 404
    assert user.post(f"/case/{city.case}/files/{mine}/remove").status_code == 404
    assert send(user, city.foreign, ("x.pdf", samples.PDF)).status_code == 404
    assert kept(world, city.foreign) == 1


def test_no_address_leads_to_a_file_by_its_hash_or_path(app: Flask, world: World, city: City, client: Browser) -> None:
    send(client("clerk"), city.case, ("a.pdf", samples.PDF))
    name = world.value("SELECT encode(sha256, 'hex') FROM attachment WHERE id = :i", i=newest(world, city.case))
    user = client("clerk")
    for path in (f"/files/{name}", f"/var/files/{name[:2]}/{name}", f"/static/../var/files/{name[:2]}/{name}",
                 f"/case/{city.case}/files/{name}", f"/static/%2e%2e/%2e%2e/var/files/{name}"):  # fmt: skip
        assert user.get(path).status_code in (400, 404), path
    folder = str(app.config["FILES"])
    assert not folder.startswith(str(app.static_folder))


def test_files_stay_as_they_are_while_the_offices_decide_and_are_the_applicants_again_when_asked_for(
    world: World, city: City, client: Browser
) -> None:
    case = world.recruit(city.body, facts=person("附件新"))
    user, bianban = client("clerk"), client("bianban")
    assert send(user, case, ("late.pdf", samples.PDF)).status_code == 409
    assert send(bianban, case, ("office.pdf", samples.PDF)).status_code == 409
    world.decide(world.office("establishment"), case, "establishment", "return", "请补学历证书")
    assert send(user, case, ("补.pdf", samples.PDF)).status_code == 302
    assert kept(world, case) == 1
    page = user.get(f"/case/{case}").get_data(as_text=True)
    assert "补.pdf" in page
    user.post(f"/case/{case}/files/{newest(world, case)}/remove")
    assert kept(world, case) == 0
    assert send(bianban, case, ("office.pdf", samples.PDF)).status_code == 409


def test_files_are_the_applicants_while_an_office_waits_for_papers_that_it_asked_for(
    world: World, city: City, client: Browser
) -> None:
    case, user = world.recruit(city.body, facts=person("补件")), client("clerk")
    world.decide(world.office("establishment"), case, "establishment", "request_papers", "请补体检结论")
    assert send(user, case, ("体检.pdf", samples.PDF)).status_code == 302
    assert kept(world, case) == 1
    assert send(client("bianban"), case, ("office.pdf", samples.PDF)).status_code == 409
    with world.database.transaction(world.clerk(city.body)) as s:
        s.execute(text("SELECT case_answer(:c, '已上传')"), {"c": case})
    assert send(user, case, ("late.png", samples.PNG)).status_code == 409
    assert kept(world, case) == 1


def test_a_case_takes_so_many_files_and_bytes(world: World, city: City) -> None:
    case = draft(world, city.body)
    add = text("SELECT attachment_add(:c, '', 'x.pdf', 'pdf', :s, sha256(cast(:n AS text)::bytea), false)")
    with world.database.transaction(world.clerk(city.body)) as s:
        for n in range(5):
            s.execute(add, {"c": case, "s": 20 * 1024 * 1024, "n": str(n)})
    with pytest.raises(errors.FileRefused) as full, world.database.transaction(world.clerk(city.body)) as s:
        s.execute(add, {"c": case, "s": 1, "n": "more"})
    other = draft(world, city.body)
    with world.database.transaction(world.clerk(city.body)) as s:
        for n in range(60):
            s.execute(add, {"c": other, "s": 1, "n": str(n)})
    with pytest.raises(errors.FileRefused) as many, world.database.transaction(world.clerk(city.body)) as s:
        s.execute(add, {"c": other, "s": 1, "n": "more"})
    assert (full.value.facts["reason"], many.value.facts["reason"]) == ("case_full", "too_many")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO attachment (application_id, paper, name, kind, size, sha256, scanned, uploaded_by, scope_path)"
        " VALUES (1, '', 'x', 'pdf', 1, sha256('x'), true, 1, '4406')",
        "UPDATE attachment SET sha256 = sha256('x')",
        "DELETE FROM attachment",
        "UPDATE paper SET state = 'archived'",
        "INSERT INTO paper (application_id, slot, name, copies, scope_path) VALUES (1, 1, 'x', 1, '4406')",
        "SELECT last FROM paper_counter",
    ],
)
def test_the_application_itself_writes_no_row_of_a_file_or_paper(world: World, city: City, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), world.database.transaction(
        world.clerk(city.body)
    ) as s:  # fmt: skip
        s.execute(text(statement))


def test_papers_are_received_compared_and_filed_by_an_office_of_the_case_step_by_step(
    world: World, city: City, client: Browser
) -> None:
    case = world.recruit(city.body, facts=person("材料新"))
    state = "SELECT string_agg(state, ',' ORDER BY slot) FROM paper WHERE application_id = :c"
    slots = world.value("SELECT count(*) FROM paper WHERE application_id = :c", c=case)
    assert world.value(state, c=case) == ",".join(["to_bring"] * slots)
    bianban, clerk = client("bianban"), client("clerk")
    page = bianban.get(f"/case/{case}").get_data(as_text=True)
    assert "paper-marks" in page
    assert "paper-marks" not in clerk.get(f"/case/{case}").get_data(as_text=True)

    def mark(step: str, was: str, *chosen: int) -> TestResponse:
        form = {"step": step, "slot": [str(n) for n in chosen], **{f"was-{n}": was for n in chosen}}
        return bianban.post(f"/case/{case}/papers", form)

    mark("receive", "to_bring", 1, 2)
    mark("verify", "received", 1)
    mark("archive", "verified", 1)
    mark("archive", "archived", 1)  # archived is the last word
    mark("verify", "to_bring", 3)  # no step is left out
    mark("receive", "to_bring", 1, 3)  # a stale page: of several, none
    assert world.value(state, c=case).split(",")[:3] == ["archived", "received", "to_bring"]
    mark("back", "received", 2)
    assert world.value(state, c=case).split(",")[1] == "to_bring"
    assert clerk.post(f"/case/{case}/papers", {"step": "receive", "slot": "2", "was-2": "to_bring"}).status_code == 403
    with pytest.raises(errors.NotFound), world.database.transaction(world.clerk(city.body)) as s:
        s.execute(text("SELECT paper_mark(:c, 2, 'to_bring', 'received')"), {"c": case})
    with pytest.raises(errors.NotFound), world.database.transaction(world.office("establishment", "440604")) as s:
        s.execute(text("SELECT paper_mark(:c, 2, 'to_bring', 'received')"), {"c": case})
    told = "SELECT count(*) FROM application_event WHERE application_id = :c AND kind LIKE 'paper%'"
    assert world.value(told, c=case) == 4


def test_a_case_in_effect_says_which_papers_have_not_come_and_one_that_came_to_nothing_asks_for_none(
    world: World, city: City, client: Browser
) -> None:
    clerk, says = client("clerk"), "下列纸质材料尚未交到：《编制使用申请表》"
    case, refused = (world.recruit(city.body, facts=person(name)) for name in ("材料迟", "不予办"))
    assert "不以收到纸质材料为前提" in clerk.get(f"/case/{case}").get_data(as_text=True)
    world.approve_recruit(case)
    assert says not in clerk.get(f"/case/{case}").get_data(as_text=True)
    world.arrive(world.clerk(city.body), case, city_today())
    assert says in clerk.get(f"/case/{case}").get_data(as_text=True)
    world.decide(world.office("establishment"), refused, "establishment", verdict="reject")
    page = clerk.get(f"/case/{refused}").get_data(as_text=True)
    assert "不以收到纸质材料为前提" not in page
    assert says not in page
